/*
 * What the server tells of itself (RFC 6470): sessions that begin and end, changes of datastores and what becomes of
 * confirmed commits come in, the XML of a notification goes out and is kept in the journal. What the journal does not
 * take, it counts; subscribers are told all the same.
 */
#include "netconf/event.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/changes.h"
#include "netconf/session.h"
#include "portcullis/alloc.h"
#include "portcullis/clock.h"
#include "portcullis/log.h"
#include "portcullis/text.h"

#define NS_EVENT "urn:ietf:params:xml:ns:yang:ietf-netconf-notifications"
#define PATH_MODULES 4
/* A key may be as long as a message, and ten thousand notifications may wait. */
#define PATH_LEN_MAX 4096u

static void leaf(struct text *t, const char *name, const char *value)
{
	text_addf(t, "<%s>", name);
	text_add_xml(t, value);
	text_addf(t, "</%s>", name);
}

static void number(struct text *t, const char *name, uint32_t value)
{
	text_addf(t, "<%s>%u</%s>", name, value, name);
}

static void begin(struct text *t, const char *element)
{
	text_addf(t, "<%s xmlns=\"" NS_EVENT "\">", element);
}

static char *end(struct text *t, const char *element)
{
	text_addf(t, "</%s>", element);
	return text_take(t);
}

static void session_parameters(struct text *t, const struct event_by *by)
{
	unsigned char address[16];
	leaf(t, "username", by->user);
	number(t, "session-id", by->session);
	/* The model has no place for a name. */
	if (inet_pton(AF_INET, by->source, address) == 1 || inet_pton(AF_INET6, by->source, address) == 1)
		leaf(t, "source-host", by->source);
}

static void changed_by(struct text *t, const struct event_by *by)
{
	text_add(t, "<changed-by>");
	if (by->session == 0)
		text_add(t, "<server/>");
	else
		session_parameters(t, by);
	text_add(t, "</changed-by>");
}

char *event_session_start(const struct event_by *by)
{
	struct text t = {0};
	begin(&t, "netconf-session-start");
	session_parameters(&t, by);
	return end(&t, "netconf-session-start");
}

char *event_session_end(const struct event_by *by, enum event_end reason, uint32_t killed_by)
{
	static const char *const reasons[] = {
	        [EVENT_END_DROPPED] = "dropped",
	        [EVENT_END_CLOSED] = "closed",
	        [EVENT_END_KILLED] = "killed",
	        [EVENT_END_TIMEOUT] = "timeout",
	        [EVENT_END_OTHER] = "other",
	};
	struct text t = {0};
	begin(&t, "netconf-session-end");
	session_parameters(&t, by);
	if (reason == EVENT_END_KILLED && killed_by != 0)
		number(&t, "killed-by", killed_by);
	leaf(&t, "termination-reason", reasons[reason]);
	return end(&t, "netconf-session-end");
}

/* A string and the end of its predicate. XPath 1.0 has no way to write one with both quotation marks. */
static bool add_literal(struct text *t, const char *value)
{
	char quote = strchr(value, '\'') == NULL ? '\'' : '"';
	text_addf(t, "%c%s%c]", quote, value, quote);
	return strchr(value, quote) == NULL;
}

/* Steps of an instance-identifier in XML, root first, every name with the prefix of its module. */
static bool add_steps(struct text *t, const struct lyd_node *node)
{
	const struct lyd_node *key = node->schema->nodetype == LYS_LIST ? lyd_child(node) : NULL;
	bool fits = node->parent == NULL || add_steps(t, lyd_parent(node));
	const char *prefix = node->schema->module->prefix;
	text_addf(t, "/%s:%s", prefix, LYD_NAME(node));
	for (; fits && key != NULL && lysc_is_key(key->schema); key = key->next) {
		text_addf(t, "[%s:%s=", prefix, LYD_NAME(key));
		fits = add_literal(t, lyd_get_value(key));
	}
	if (fits && node->schema->nodetype == LYS_LEAFLIST) {
		text_add(t, "[.=");
		fits = add_literal(t, lyd_get_value(node));
	}
	return fits;
}

/* What the prefixes of the steps stand for. */
static void add_namespaces(struct text *t, const struct lyd_node *node)
{
	const struct lys_module *seen[PATH_MODULES];
	size_t n = 0;
	for (; node != NULL && n < PATH_MODULES; node = lyd_parent(node)) {
		const struct lys_module *m = node->schema->module;
		bool known = false;
		for (size_t i = 0; i < n; i++)
			known |= seen[i] == m;
		if (known)
			continue;
		seen[n++] = m;
		text_addf(t, " xmlns:%s=\"%s\"", m->prefix, m->ns);
	}
}

/* node NULL: somewhere else. */
static void add_edit(struct text *t, const struct lyd_node *node, const char *operation)
{
	struct text path = {0};
	text_add(t, "<edit>");
	if (node != NULL && add_steps(&path, node) && path.len <= PATH_LEN_MAX) {
		text_add(t, "<target");
		add_namespaces(t, node);
		text_add(t, ">");
		text_add_xml(t, path.s);
		text_add(t, "</target>");
	}
	leaf(t, "operation", operation);
	text_add(t, "</edit>");
	text_fini(&path);
}

/* Edits on their way into a notification. */
struct edits {
	struct text *t;
	bool tops; /* of the topmost nodes */
	const struct lyd_node *top; /* the last of them */
	size_t n;
};

static const struct lyd_node *top_of(const struct lyd_node *node)
{
	while (node->parent != NULL)
		node = lyd_parent(node);
	return node;
}

/* The same place in the trees before and after. */
static bool is_same(const struct lyd_node *a, const struct lyd_node *b)
{
	bool entry = (a->schema->nodetype & (LYS_LIST | LYS_LEAFLIST)) != 0;
	return a->schema == b->schema && (!entry || lyd_compare_single(a, b, 0) == LY_SUCCESS);
}

static bool on_edit(void *ctx, enum tree_operation operation, const struct lyd_node *old, const struct lyd_node *new)
{
	static const char *const operations[] = {
	        [TREE_CREATE] = "create",
	        [TREE_DELETE] = "delete",
	        [TREE_MODIFY] = "replace",
	        [TREE_MOVE] = "merge",
	};
	struct edits *e = ctx;
	const struct lyd_node *node = new != NULL ? new : old;
	const char *name = operations[operation];
	if (e->tops && node->parent != NULL) {
		node = top_of(node);
		name = operations[TREE_MOVE];
		if (e->top != NULL && is_same(e->top, node))
			return true;
		e->top = node;
	}
	if (e->n++ == EVENT_EDITS)
		return false;
	add_edit(e->t, node, name);
	return true;
}

static void add_edits(struct text *t, const struct lyd_node *before, const struct lyd_node *after, struct edits *e)
{
	e->n = 0;
	e->t = t;
	tree_changes(before, after, on_edit, e);
}

char *event_config_change(
        const struct event_by *by, enum datastore d, const struct lyd_node *before, const struct lyd_node *after)
{
	struct text t = {0};
	struct edits e = {0};
	begin(&t, "netconf-config-change");
	changed_by(&t, by);
	leaf(&t, "datastore", datastore_name(d));
	size_t head = t.len;
	add_edits(&t, before, after, &e);
	if (e.n == 0) {
		text_fini(&t);
		return NULL;
	}
	if (e.n > EVENT_EDITS) {
		t.len = head;
		e.tops = true;
		add_edits(&t, before, after, &e);
	}
	if (e.n > EVENT_EDITS)
		add_edit(&t, NULL, "merge");
	return end(&t, "netconf-config-change");
}

char *event_confirmed(const struct event_by *by, enum config_news what, uint32_t timeout_s)
{
	static const char *const events[] = {
	        [CONFIG_UNCONFIRMED] = "start",
	        [CONFIG_EXTENDED] = "extend",
	        [CONFIG_CONFIRMED] = "complete",
	        [CONFIG_CANCELLED] = "cancel",
	        [CONFIG_TIMED_OUT] = "timeout",
	};
	struct text t = {0};
	begin(&t, "netconf-confirmed-commit");
	if (what != CONFIG_TIMED_OUT)
		session_parameters(&t, by);
	leaf(&t, "confirm-event", events[what]);
	if (what == CONFIG_UNCONFIRMED || what == CONFIG_EXTENDED)
		number(&t, "timeout", timeout_s);
	return end(&t, "netconf-confirmed-commit");
}

void netconf_notify_event(struct netconf *n, char *content)
{
	int64_t now = clock_wall_ms();
	uint64_t event = 0;
	struct error err;
	if (n->options.journal != NULL && journal_event_add(n->options.journal, now, content, &event, &err) != 0)
		log_debug("netconf: a notification is not kept for replay: %s", err.text);
	struct notice *notice = notice_of(now, content, event);
	session_tell(n, notice);
	notice_unref(notice);
	free(content);
}

static struct event_by by_actor(struct netconf *n, const struct config_actor *actor)
{
	struct event_by by = {.session = actor->session};
	snprintf(by.user, sizeof(by.user), "%s", actor->user != NULL ? actor->user : "");
	pthread_mutex_lock(&n->mutex);
	for (const struct session *s = n->session; s != NULL && by.session != 0; s = s->next)
		if (atomic_load(&s->id) == by.session)
			memcpy(by.source, s->source, sizeof(by.source));
	pthread_mutex_unlock(&n->mutex);
	return by;
}

static void on_changed(void *ctx, const struct config_actor *actor, enum datastore d, const struct lyd_node *before,
        const struct lyd_node *after)
{
	struct netconf *n = ctx;
	struct event_by by = by_actor(n, actor);
	char *content = event_config_change(&by, d, before, after);
	if (content != NULL)
		netconf_notify_event(n, content);
}

static void on_confirmed(void *ctx, enum config_news what, const struct config_actor *actor, uint32_t timeout_s)
{
	struct netconf *n = ctx;
	struct event_by by = by_actor(n, actor);
	netconf_notify_event(n, event_confirmed(&by, what, timeout_s));
}

void event_watch(struct netconf *n)
{
	config_on_changed(n->config, on_changed, n);
	config_on_confirmed(n->config, on_confirmed, n);
}

void event_unwatch(struct netconf *n)
{
	config_on_changed(n->config, NULL, NULL);
	config_on_confirmed(n->config, NULL, NULL);
}
