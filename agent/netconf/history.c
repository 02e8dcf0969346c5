/*
 * The history of commits: numbers come in, out go the list of commits, what one of them changed, and running as it was
 * after one. What is no longer kept is refused.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/changes.h"
#include "config/datastore.h"
#include "netconf/nacm.h"
#include "netconf/reply.h"
#include "netconf/row.h"
#include "netconf/state.h"

#define SHOWN_MAX 100000

struct lyd_node *state_history(struct rows *b, struct netconf *n)
{
	struct journal_entry *entry = NULL;
	struct lyd_node *root;
	size_t n_entry = 0;
	char number[24];

	b->module = ly_ctx_get_module_implemented(n->ctx, "portcullis");
	root = row_container(b, NULL, "history");
	if (!b->failed && config_history(n->config, 0, SHOWN_MAX, &entry, &n_entry, &b->err) != 0)
		b->failed = true;
	for (size_t i = n_entry; i-- > 0 && !b->failed;) {
		snprintf(number, sizeof(number), "%" PRIu64, entry[i].number);
		struct lyd_node *row = row_list(b, root, "commit", number);
		row_time(b, row, "time", entry[i].wall_s);
		row_leaf(b, row, "datastore", entry[i].datastore);
		row_leaf(b, row, "user", entry[i].user);
		if (entry[i].session != 0)
			row_number(b, row, "session-id", entry[i].session);
		row_leaf(b, row, "comment", entry[i].comment);
		row_bool(b, row, "content-kept", entry[i].kept);
	}
	journal_entries_free(entry, n_entry);
	return root;
}

static bool number_read(const struct call *call, uint64_t *out)
{
	const char *value = child_value(call->rpc, "number");

	*out = value != NULL ? strtoull(value, NULL, 10) : 0;
	return value != NULL;
}

struct nc_server_reply *rpc_rollback_to(const struct call *call)
{
	struct error err;
	uint64_t number;

	if (!number_read(call, &number)) {
		(void)error_set(
		        &err, ERR_INVALID, NULL, "no <number> is given; the history lists those of the commits");
		return reply_error(call, &err);
	}
	return reply_result(call,
	        config_rollback(call->n->config, &call->actor, number, child_value(call->rpc, "comment"), &err), &err);
}

struct shown {
	struct rows *b;
	struct lyd_node *output;
};

static bool show(void *ctx, enum tree_operation operation, const struct lyd_node *old, const struct lyd_node *new)
{
	static const char *const names[] = {"create", "delete", "modify", "move"};
	const struct shown *s = ctx;
	char *path = tree_path(new != NULL ? new : old);
	struct lyd_node *row = row_list_keys(s->b, s->output, "change", NULL, 0);

	row_leaf(s->b, row, "operation", names[operation]);
	row_leaf(s->b, row, "path", path);
	if (old != NULL && old->schema->nodetype == LYS_LEAF)
		row_leaf(s->b, row, "old", lyd_get_value(old));
	if (new != NULL &&new->schema->nodetype == LYS_LEAF)
		row_leaf(s->b, row, "new", lyd_get_value(new));
	free(path);
	return !s->b->failed;
}

struct nc_server_reply *rpc_commit_changes(const struct call *call)
{
	struct lyd_node *before = NULL, *after = NULL, *output = NULL;
	struct rows b = {.output = true};
	uint64_t number = 0;

	number_read(call, &number);
	if (config_contents(call->n->config, number, &before, &after, &b.err) != 0)
		b.failed = true;
	else if (lyd_dup_single(call->rpc, NULL, 0, &output) != LY_SUCCESS) {
		b.failed = true;
		(void)error_set(&b.err, ERR_INTERNAL, NULL, "the reply cannot be built");
	}
	/* Of what may not be read a change tells nothing. */
	nacm_prune(call->view, &before);
	nacm_prune(call->view, &after);
	if (!b.failed)
		tree_changes(before, after, show, &(struct shown){&b, output});
	lyd_free_siblings(before);
	lyd_free_siblings(after);
	return reply_built(call, &b, output);
}
