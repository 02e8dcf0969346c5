/*
 * The server about itself: RFC 6022's netconf-state with sessions, locks, schemas and counters, and the event streams of
 * RFC 5277. Everything is read from what the server holds, under its mutex; nothing is remembered here.
 */
#include <libnetconf2/session_server.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netconf/state.h"
#include "portcullis/log.h"

#define MONITORING "ietf-netconf-monitoring"

static void add_capabilities(struct rows *b, struct lyd_node *root, const struct ly_ctx *ctx)
{
	union {
		const struct ly_ctx *in;
		struct ly_ctx *out;
	} c = {ctx}; /* the library's prototype lacks the const */
	struct lyd_node *list = row_container(b, root, "capabilities");
	const char **capability = nc_server_get_cpblts_version(c.out, LYS_VERSION_1_0);
	for (size_t i = 0; capability != NULL && capability[i] != NULL; i++) {
		row_leaf(b, list, "capability", capability[i]);
		lydict_remove(ctx, capability[i]);
	}
	free(capability);
}

static void add_lock(struct rows *b, struct lyd_node *datastore, struct netconf *n, enum datastore d)
{
	uint32_t holder = config_lock_holder(n->config, d);
	int64_t since = 0;
	if (holder == 0)
		return;
	pthread_mutex_lock(&n->mutex);
	for (const struct session *s = n->session; s != NULL; s = s->next)
		if (atomic_load(&s->id) == holder)
			since = s->lock_wall[d];
	pthread_mutex_unlock(&n->mutex);
	struct lyd_node *lock = row_container(b, row_container(b, datastore, "locks"), "global-lock");
	row_number(b, lock, "locked-by-session", holder);
	row_time(b, lock, "locked-time", since);
}

static void add_datastores(struct rows *b, struct lyd_node *root, struct netconf *n)
{
	struct lyd_node *list = row_container(b, root, "datastores");
	for (int d = DATASTORE_RUNNING; d < DATASTORE_N; d++)
		add_lock(b, row_list(b, list, "datastore", datastore_name((enum datastore)d)), n, (enum datastore)d);
}

static void add_schemas(struct rows *b, struct lyd_node *root, const struct ly_ctx *ctx)
{
	struct lyd_node *list = row_container(b, root, "schemas");
	const struct lys_module *m;
	uint32_t i = 0;
	while ((m = ly_ctx_get_module_iter(ctx, &i)) != NULL) {
		const char *revision = m->revision != NULL ? m->revision : "";
		for (int yin = 0; yin < 2; yin++) {
			struct lyd_node *row = row_list(b, list, "schema", m->name, revision, yin ? "yin" : "yang");
			row_leaf(b, row, "namespace", m->ns);
			row_leaf(b, row, "location", "NETCONF");
		}
	}
}

static void add_counters(struct rows *b, struct lyd_node *node, struct session_counters *c)
{
	row_number(b, node, "in-rpcs", atomic_load(&c->in_rpcs));
	row_number(b, node, "in-bad-rpcs", atomic_load(&c->in_bad_rpcs));
	row_number(b, node, "out-rpc-errors", atomic_load(&c->out_rpc_errors));
	row_number(b, node, "out-notifications", atomic_load(&c->out_notifications));
}

static void add_session(struct rows *b, struct lyd_node *list, struct session *s)
{
	char id[16];
	snprintf(id, sizeof(id), "%u", atomic_load(&s->id));
	struct lyd_node *row = row_list(b, list, "session", id);
	row_leaf(b, row, "transport", s->relayed ? MONITORING ":netconf-ssh" : "portcullis-transport:unix");
	row_leaf(b, row, "username", s->user);
	row_leaf(b, row, "source-host", s->source);
	row_time(b, row, "login-time", s->login_wall);
	add_counters(b, row, &s->counters);
}

/* In the order of their ids: the list of the server has the newest first. */
static void add_sessions(struct rows *b, struct lyd_node *root, struct netconf *n)
{
	struct lyd_node *list = row_container(b, root, "sessions");
	unsigned last = 0;
	pthread_mutex_lock(&n->mutex);
	for (;;) {
		struct session *next = NULL;
		for (struct session *s = n->session; s != NULL; s = s->next)
			if (atomic_load(&s->id) > last &&
			        (next == NULL || atomic_load(&s->id) < atomic_load(&next->id)))
				next = s;
		if (next == NULL || b->failed)
			break;
		last = atomic_load(&next->id);
		add_session(b, list, next);
	}
	pthread_mutex_unlock(&n->mutex);
}

static void add_statistics(struct rows *b, struct lyd_node *root, struct netconf *n)
{
	struct lyd_node *node = row_container(b, root, "statistics");
	row_time(b, node, "netconf-start-time", n->started_wall);
	row_number(b, node, "in-bad-hellos", atomic_load(&n->in_bad_hellos));
	row_number(b, node, "in-sessions", atomic_load(&n->in_sessions));
	row_number(b, node, "dropped-sessions", atomic_load(&n->dropped_sessions));
	add_counters(b, node, &n->counters);
}

struct lyd_node *state_monitoring(struct rows *b, struct netconf *n)
{
	b->module = ly_ctx_get_module_implemented(n->ctx, MONITORING);
	struct lyd_node *root = row_container(b, NULL, "netconf-state");
	add_capabilities(b, root, n->ctx);
	add_datastores(b, root, n);
	add_schemas(b, root, n->ctx);
	add_sessions(b, root, n);
	add_statistics(b, root, n);
	return root;
}

struct lyd_node *state_streams(struct rows *b, const struct netconf *n)
{
	struct journal *journal = n->options.journal;
	int64_t created = 0, aged = 0;
	struct error err;
	b->module = ly_ctx_get_module_implemented(n->ctx, "nc-notifications");
	struct lyd_node *root = row_container(b, NULL, "netconf");
	struct lyd_node *row = row_list(b, row_container(b, root, "streams"), "stream", "NETCONF");
	row_leaf(b, row, "description",
	        "All notifications: of conformance, ruleset, journal, own table, sessions and changes of the "
	        "configuration");
	row_bool(b, row, "replaySupport", journal != NULL);
	if (journal == NULL)
		return root;
	if (journal_events_span(journal, &created, &aged, &err) != 0)
		log_error("netconf: the log of events: %s", err.text);
	row_time(b, row, "replayLogCreationTime", created);
	row_time(b, row, "replayLogAgedTime", aged);
	return root;
}
