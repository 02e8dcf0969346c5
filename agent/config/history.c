/*
 * Commits that are over: numbers come in, out go the list of commits, the trees before and after one, and a running that is
 * what it was after one. What the journal keeps no more is refused.
 */
#include <stdio.h>
#include <stdlib.h>

#include "config/store.h"
#include "portcullis/alloc.h"

static int no_journal(struct error *err)
{
	return error_set(err, ERR_UNAVAILABLE, NULL, "no journal is kept, so there is no history");
}

int config_history(
        struct config *c, uint64_t before, size_t max, struct journal_entry **out, size_t *n, struct error *err)
{
	*out = NULL;
	*n = 0;
	return c->journal != NULL ? journal_history(c->journal, before, max, out, n, err) : 0;
}

int config_contents(
        struct config *c, uint64_t number, struct lyd_node **before, struct lyd_node **after, struct error *err)
{
	char *old = NULL, *new = NULL;
	int result;

	*before = *after = NULL;
	if (c->journal == NULL)
		return no_journal(err);
	result = journal_contents(c->journal, number, &old, &new, err);
	if (result == 0)
		result = tree_parse(c->ctx, old, before, err);
	if (result == 0)
		result = tree_parse(c->ctx, new, after, err);
	free(old);
	free(new);
	if (result == 0)
		return 0;
	lyd_free_siblings(*before);
	lyd_free_siblings(*after);
	*before = *after = NULL;
	return -1;
}

static int go_back(
        struct config *c, const struct config_actor *actor, uint64_t number, const char *comment, struct error *err)
{
	struct lyd_node *root = NULL;
	struct version *now;
	struct draft draft = {0};
	char *json = NULL;
	int result = check_writable(c, actor, DATASTORE_RUNNING, err);

	if (result == 0)
		result = journal_contents(c->journal, number, NULL, &json, err);
	if (result == 0)
		result = tree_parse(c->ctx, json, &root, err);
	if (result == 0) {
		now = version_current(c, DATASTORE_RUNNING);
		draft_of_tree(&draft, &c->model, now, &root);
		version_unref(now);
		result = config_check_draft_access(actor, &draft, err);
	}
	if (result == 0)
		result = running_change(c, actor, &draft, comment, err);
	draft_fini(&draft);
	free(json);
	return result;
}

int config_rollback(
        struct config *c, const struct config_actor *actor, uint64_t number, const char *comment, struct error *err)
{
	const char *said = comment != NULL ? comment : "";
	char *text;
	int result;

	if (c->journal == NULL)
		return no_journal(err);
	text = xasprintf("rollback to commit %llu%s%s", (unsigned long long)number, said[0] != '\0' ? ": " : "", said);
	pthread_mutex_lock(&c->writer);
	result = go_back(c, actor, number, text, err);
	pthread_mutex_unlock(&c->writer);
	free(text);
	return result;
}
