/* links: netconf config */
/*
 * Access rules from a client: any bytes as the content of the container nacm. Rules that a commit would take are compiled and
 * asked about every operation, about a tree that is read and about one that is written; what is left of a tree that was
 * pruned stays when it is pruned again. Printed and read again the rules are the same.
 */
#include <stdlib.h>
#include <string.h>

#include "config/acm_path.h"
#include "config/datastore.h"
#include "config/draft.h"
#include "netconf/nacm.h"
#include "portcullis/alloc.h"
#include "portcullis/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEAD "<nacm xmlns='urn:ietf:params:xml:ns:yang:ietf-netconf-acm' xmlns:p='urn:portcullis:yang:portcullis'>"

static const char content[] =
        "{\"portcullis:group\":[{\"name\":\"a\",\"id\":1,\"address\":[\"10.0.0.0/8\",\"fd00::/8\"]}],"
        "\"portcullis:zone\":[{\"name\":\"a\",\"interface\":[\"eth0\"]},{\"name\":\"b\",\"interface\":[\"eth1\"]}]}";

static struct ly_ctx *ctx;
static struct model model;

static void ck(bool right)
{
	if (!right)
		abort();
}

static struct lyd_node *sample(void)
{
	struct lyd_node *tree = NULL;
	struct error err;
	ck(tree_parse(ctx, content, &tree, &err) == 0);
	return tree;
}

static void ask(struct nacm_view *view)
{
	struct lyd_node *before = sample(), *after = NULL;
	const struct lys_module *module;
	struct error err = {0};
	uint32_t i = 0;
	while ((module = ly_ctx_get_module_iter(ctx, &i)) != NULL) {
		const struct lysc_node *node = NULL;
		while (module->implemented && (node = lys_getnext(node, NULL, module->compiled, 0)) != NULL)
			if (node->nodetype == LYS_RPC)
				(void)nacm_executes(view, node);
			else if (node->nodetype == LYS_NOTIF)
				(void)nacm_notifies(view, node);
			else
				(void)nacm_reads_all(view, node);
	}
	if (nacm_may_write(view, before, after, &err) != 0)
		ck(err.code == ERR_DENIED && err.text[0] != '\0');
	ck(nacm_may_write(view, before, before, &err) == 0);
	nacm_prune(view, &before);
	ck(!nacm_prune(view, &before));
	lyd_free_siblings(before);
}

/* What was set comes back, paths with their prefixes as well. */
static void ck_spelling(const struct lyd_node *root)
{
	struct lyd_node *again = NULL;
	struct error err;
	char *xml = NULL, *first = NULL, *second = NULL;
	ck(lyd_print_mem(&xml, root, LYD_XML, LYD_PRINT_WITHSIBLINGS) == LY_SUCCESS);
	if (xml != NULL) {
		ck(lyd_parse_data_mem(ctx, xml, LYD_XML, LYD_PARSE_ONLY | LYD_PARSE_STRICT, 0, &again) == LY_SUCCESS);
		ck(tree_print(root, &first, &err) == 0 && tree_print(again, &second, &err) == 0);
		ck(strcmp(first, second) == 0);
	}
	lyd_free_siblings(again);
	free(xml);
	free(first);
	free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const groups[] = {"g", "x"};
	const struct nacm_user user = {"alice", false, groups, 2};
	char *rules = xstrndup((const char *)data, size), *xml = xasprintf(HEAD "%s</nacm>", rules);
	struct draft draft;
	struct errors faults = {0};
	struct error err = {0};
	if (ctx == NULL) {
		log_init("fuzz_nacm", LOG_LEVEL_ERROR, false);
		ck(context_server_new(SOURCE_DIR "/yang", &ctx, &err) == 0);
		model_init(&model, ctx);
	}
	draft_init(&draft, &model, NULL);
	if (edit_apply(&draft, xml, EDIT_REPLACE, NULL, &faults, &err) == 0 && draft_validate(&draft, &err) == 0) {
		if (acm_check(draft.root, &err) == 0)
			ck_spelling(draft.root);
		else
			ck(err.code == ERR_INVALID && err.where[0] != '\0' && err.text[0] != '\0');
		const struct lyd_node *top = draft.root;
		while (top != NULL && strcmp(LYD_NAME(top), "nacm") != 0)
			top = top->next;
		struct nacm *nacm = nacm_compile(ctx, top);
		struct nacm_view *view = nacm_view_new(nacm, &user);
		ask(view);
		nacm_view_free(view);
		nacm_unref(nacm);
	}
	errors_fini(&faults);
	draft_fini(&draft);
	free(xml);
	free(rules);
	return 0;
}
