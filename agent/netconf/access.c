/*
 * Access control in the server: a session comes in, what the rules of running say to its user goes out. The rules are
 * compiled when running has changed and they with it; each session then looks at them anew with its next rpc. Denials are
 * counted here.
 */
#include "netconf/access.h"

#include <stdlib.h>
#include <string.h>

#include "config/datastore.h"
#include "netconf/cut.h"
#include "netconf/nacm.h"
#include "netconf/row.h"
#include "netconf/session.h"
#include "portcullis/alloc.h"
#include "portcullis/log.h"

#define ACM "ietf-netconf-acm"

void access_init(struct access *a)
{
	*a = (struct access){0};
	pthread_mutex_init(&a->mutex, NULL);
}

void access_fini(struct access *a)
{
	nacm_unref(a->nacm);
	free(a->source);
	pthread_mutex_destroy(&a->mutex);
}

/* Most commits leave the rules alone: then they stay, and what sessions have found out with them. */
static void compile(struct netconf *n)
{
	struct access *a = &n->access;
	struct lyd_node *nacm = config_get_top(n->config, DATASTORE_RUNNING, ACM, "nacm");
	struct error err;
	char *source = NULL;
	if (tree_print(nacm, &source, &err) != 0)
		log_error("netconf: access rules: %s", err.text);
	if (a->nacm == NULL || source == NULL || a->source == NULL || strcmp(a->source, source) != 0) {
		nacm_unref(a->nacm);
		a->nacm = nacm_compile(n->ctx, nacm);
	}
	free(a->source);
	a->source = source;
	lyd_free_siblings(nacm);
}

struct nacm *access_rules(struct netconf *n)
{
	struct access *a = &n->access;
	/* Before the rules are read: a change in between is seen the next time. */
	uint64_t version = config_version(n->config);
	pthread_mutex_lock(&a->mutex);
	if (a->nacm == NULL || a->version != version) {
		compile(n);
		a->version = version;
	}
	struct nacm *nacm = nacm_ref(a->nacm);
	pthread_mutex_unlock(&a->mutex);
	return nacm;
}

static void view_renew(struct nacm_view **view, const struct session *s, struct nacm *rules)
{
	const struct nacm_user user = {s->user, s->uid == 0, (const char *const *)s->groups.name, s->groups.n};
	if (*view != NULL && nacm_view_rules(*view) == rules)
		return;
	nacm_view_free(*view);
	*view = nacm_view_new(rules, &user);
}

struct nacm_view *access_view(struct session *s)
{
	struct nacm *rules = access_rules(s->n);
	view_renew(&s->view, s, rules);
	nacm_unref(rules);
	return s->view;
}

struct notice *access_notice(struct session *s, struct nacm *rules, struct cuts *cuts, struct notice *notice)
{
	const struct lys_module *m = ly_ctx_get_module_implemented(s->n->ctx, notice->module);
	const struct lysc_node *node = m != NULL ? lys_find_child(NULL, m, notice->name, 0, LYS_NOTIF, 0) : NULL;
	view_renew(&s->notification_view, s, rules);
	bool may = node == NULL || nacm_notifies(s->notification_view, node);
	struct notice *left = may ? cuts_for(cuts, s->n->ctx, notice, s->notification_view) : NULL;
	if (left == NULL)
		atomic_fetch_add(&s->n->access.denied_notifications, 1);
	return left;
}

static bool hide(void *ctx, struct lyd_node **tree)
{
	return nacm_prune(((struct session *)ctx)->view, tree);
}

/* result: of a look at the rules. */
static int told(struct session *s, int result, const struct error *err)
{
	if (result == 0)
		return 0;
	atomic_fetch_add(&s->n->access.denied_data_writes, 1);
	log_info("netconf: session %u of %s: denied: %s: %s", atomic_load(&s->id), s->user, err->where, err->text);
	return -1;
}

static int may_write(void *ctx, const struct lyd_node *before, const struct lyd_node *after, struct error *err)
{
	struct session *s = ctx;
	return told(s, nacm_may_write(s->view, before, after, err), err);
}

static const enum nacm_op ops[] = {[RIGHT_READ] = NACM_READ,
        [RIGHT_CREATE] = NACM_CREATE,
        [RIGHT_UPDATE] = NACM_UPDATE,
        [RIGHT_DELETE] = NACM_DELETE};

static bool permits(void *ctx, enum config_right right, const struct lyd_node *node)
{
	struct nacm_view *view = ((struct session *)ctx)->view;
	return right == RIGHT_READ ? nacm_reads(view, node) : nacm_permits(view, node, ops[right]);
}

static int deny(void *ctx, enum config_right right, const struct lyd_node *node, struct error *err)
{
	struct session *s = ctx;
	return told(s, nacm_deny(s->view, node, ops[right], err), err);
}

struct config_access access_of(struct session *s)
{
	return (struct config_access){s, hide, may_write, permits, deny};
}

void access_add_state(struct rows *b, struct netconf *n, struct lyd_node **tree)
{
	struct lyd_node *nacm;
	b->module = ly_ctx_get_module_implemented(n->ctx, ACM);
	LY_LIST_FOR(*tree, nacm)
	{
		if (nacm->schema->module == b->module)
			break;
	}
	if (nacm == NULL) {
		nacm = row_container(b, NULL, "nacm");
		if (nacm == NULL)
			return;
		if (lyd_insert_sibling(*tree, nacm, tree) != LY_SUCCESS)
			abort(); /* out of memory */
	}
	row_number(b, nacm, "denied-operations", (uint32_t)atomic_load(&n->access.denied_operations));
	row_number(b, nacm, "denied-data-writes", (uint32_t)atomic_load(&n->access.denied_data_writes));
	row_number(b, nacm, "denied-notifications", (uint32_t)atomic_load(&n->access.denied_notifications));
}
