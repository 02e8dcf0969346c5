/*
 * Notifications of changes, cut: one comes in, what a user may know of it goes out; the same for all who may read the same.
 * Its text is that of event.c, from now or from the journal. What cannot be read any more, since the models have changed
 * since, is told to nobody but those who may read everything.
 */
#include "netconf/cut.h"

#include <stdlib.h>
#include <string.h>

#include "config/acm_path.h"
#include "config/datastore.h"
#include "portcullis/alloc.h"
#include "portcullis/log.h"

#define MODULE "ietf-netconf-notifications"
#define NAME "netconf-config-change"

struct cut_edit {
	const char *from, *to; /* in the notice's head */
	enum { CUT_NAMELESS, CUT_UNKNOWN, CUT_TARGET } kind;
	struct acm_path path; /* of the target */
	bool stands_for_more;
};

/* For everybody who may read just these edits. */
struct cut {
	bool *stays;
	struct notice *notice; /* NULL: of no edit */
};

static void target_read(const struct ly_ctx *ctx, const struct lyd_node *node, struct cut_edit *out)
{
	const char *target = tree_value(node, "target"), *operation = tree_value(node, "operation");
	struct error err = {0};
	out->kind = CUT_NAMELESS;
	if (target == NULL)
		return;
	out->kind = acm_path_parse(ctx, target, &out->path, &err) == 0 ? CUT_TARGET : CUT_UNKNOWN;
	/* An entry of a list at the top that moved looks the same. */
	out->stands_for_more = out->kind == CUT_TARGET && out->path.node != NULL && out->path.node->parent == NULL &&
	                       operation != NULL && strcmp(operation, "merge") == 0;
}

/* Where the next edit is in the text: no value holds "<". */
static bool next_edit(const char **at, struct cut_edit *out)
{
	static const char open[] = "<edit>", shut[] = "</edit>";
	out->from = strstr(*at, open);
	out->to = out->from != NULL ? strstr(out->from, shut) : NULL;
	if (out->to == NULL)
		return false;
	*at = out->to += strlen(shut);
	return true;
}

static struct lyd_node *parse(const struct ly_ctx *ctx, const char *content)
{
	struct lyd_node *tree = NULL;
	struct ly_in *in = NULL;
	if (ly_in_new_memory(content, &in) != LY_SUCCESS)
		abort(); /* out of memory */
	if (lyd_parse_op(ctx, NULL, in, LYD_XML, LYD_TYPE_NOTIF_YANG, &tree, NULL) != LY_SUCCESS) {
		log_debug("netconf: a change of the configuration cannot be read: %.200s", ly_errmsg(ctx));
		ly_err_clean((struct ly_ctx *)(uintptr_t)ctx, NULL);
		lyd_free_all(tree);
		tree = NULL;
	}
	ly_in_free(in, 0);
	return tree;
}

/* The edits; none when they cannot be read. */
static void edits_read(struct cuts *cuts, const struct ly_ctx *ctx, const struct notice *notice)
{
	const char *content = notice->head + notice->content, *at = content;
	struct lyd_node *tree = parse(ctx, content);
	const struct lyd_node *node;
	size_t cap = 0;
	LY_LIST_FOR(lyd_child(tree), node)
	{
		struct cut_edit edit = {0};
		if (strcmp(LYD_NAME(node), "edit") != 0)
			continue;
		if (!next_edit(&at, &edit))
			break;
		target_read(ctx, node, &edit);
		cuts->edit = xgrow(cuts->edit, cuts->n, &cap, sizeof(*cuts->edit));
		cuts->edit[cuts->n++] = edit;
	}
	lyd_free_all(tree);
}

/* @return whether an edit that names a node stays. */
static bool choose(const struct cuts *cuts, struct nacm_view *view, bool *stays)
{
	bool any = false;
	for (size_t i = 0; i < cuts->n; i++) {
		const struct cut_edit *e = &cuts->edit[i];
		stays[i] = e->kind == CUT_TARGET && nacm_reads_path(view, &e->path) &&
		           (!e->stands_for_more || nacm_reads_below(view, e->path.node));
		any |= stays[i];
	}
	for (size_t i = 0; i < cuts->n; i++)
		stays[i] |= any && cuts->edit[i].kind == CUT_NAMELESS;
	return any;
}

static struct notice *notice_cut(const struct cuts *cuts, const struct notice *notice, const bool *stays)
{
	const char *at = notice->head + notice->content;
	struct text t = {0};
	for (size_t i = 0; i < cuts->n; i++) {
		const struct cut_edit *e = &cuts->edit[i];
		text_addn(&t, at, (size_t)((stays[i] ? e->to : e->from) - at));
		at = e->to;
	}
	text_add(&t, at);
	struct notice *out = notice_of(notice->wall_ms, text_str(&t), notice->event);
	text_fini(&t);
	return out;
}

struct notice *cuts_for(struct cuts *cuts, const struct ly_ctx *ctx, struct notice *notice, struct nacm_view *view)
{
	if (nacm_permits_all(view) || strcmp(notice->name, NAME) != 0 || strcmp(notice->module, MODULE) != 0)
		return notice;
	if (!cuts->is_read)
		edits_read(cuts, ctx, notice);
	cuts->is_read = true;
	struct cut new = {.stays = xcalloc(cuts->n + 1, sizeof(bool))};
	bool any = choose(cuts, view, new.stays);
	for (size_t i = 0; i < cuts->n_cut; i++)
		if (memcmp(cuts->cut[i].stays, new.stays, cuts->n * sizeof(bool)) == 0) {
			free(new.stays);
			return cuts->cut[i].notice;
		}
	if (any)
		new.notice = memchr(new.stays, 0, cuts->n * sizeof(bool)) == NULL ? notice_ref(notice)
		                                                                  : notice_cut(cuts, notice, new.stays);
	cuts->cut = xgrow(cuts->cut, cuts->n_cut, &cuts->cap_cut, sizeof(*cuts->cut));
	cuts->cut[cuts->n_cut++] = new;
	return new.notice;
}

void cuts_fini(struct cuts *cuts)
{
	for (size_t i = 0; i < cuts->n; i++)
		acm_path_fini(&cuts->edit[i].path);
	for (size_t i = 0; i < cuts->n_cut; i++) {
		free(cuts->cut[i].stays);
		notice_unref(cuts->cut[i].notice);
	}
	free(cuts->edit);
	free(cuts->cut);
	*cuts = (struct cuts){0};
}
