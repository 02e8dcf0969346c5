/*
 * One rule of a netlink dump: its list of expressions comes in and is executed symbolically, a struct rs_rule goes into its
 * chain. An expression that is not understood ends the reading of the rule with an undecided verdict.
 */
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "ruleset/exec.h"

static const struct {
	const char *name;
	expr_fn *fn;
} expressions[] = {{"payload", expr_payload}, {"meta", expr_meta}, {"cmp", expr_cmp}, {"immediate", expr_immediate},
        {"counter", expr_counter}, {"lookup", expr_lookup}, {"ct", expr_ct}, {"bitwise", expr_bitwise},
        {"byteorder", expr_byteorder}, {"range", expr_range}, {"log", expr_log}, {"limit", expr_limit},
        {"match", expr_match}, {"target", expr_target}, {"nat", expr_nat}, {"masq", expr_masq}, {"redir", expr_redir},
        {"reject", expr_reject}, {"fib", expr_fib}, {"rt", expr_rt}, {"socket", expr_socket}, {"exthdr", expr_exthdr},
        {"numgen", expr_numgen}, {"hash", expr_hash}, {"osf", expr_osf}, {"tunnel", expr_tunnel}, {"xfrm", expr_xfrm},
        {"queue", expr_queue}, {"tproxy", expr_tproxy}, {"synproxy", expr_synproxy}, {"fwd", expr_fwd},
        {"last", expr_last}, {"notrack", expr_notrack}, {"dup", expr_dup}, {"flow_offload", expr_flow_offload},
        {"quota", expr_quota}, {"connlimit", expr_connlimit}, {"dynset", expr_dynset}, {"objref", expr_objref}};

static expr_fn *expression_find(const char *name)
{
	for (size_t i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++)
		if (strcmp(expressions[i].name, name) == 0)
			return expressions[i].fn;
	return NULL;
}

/* Whatever an expression that is not understood does, it may also be a verdict. */
static void not_understood(struct exec *x, const char *name)
{
	char *text = xasprintf("expression %s", name);
	builder_undecided(&x->b, RS_UNKNOWN, text);
	free(text);
	x->done = true;
}

static void execute(struct exec *x, const struct nlattr *expressions_attr)
{
	struct attr_list list = attr_list(expressions_attr);
	const struct nlattr *attr;
	int more = 0;
	while (!x->done && (more = attr_list_next(&list, &attr)) > 0) {
		const struct nlattr *tb[NFTA_EXPR_MAX + 1];
		char name[RULESET_MAX_NAME + 1];
		if (!attrs_nested(attr, tb, NFTA_EXPR_MAX + 1) || !attr_name(tb[NFTA_EXPR_NAME], name)) {
			not_understood(x, "without a name");
			return;
		}
		expr_fn *fn = expression_find(name);
		if (fn == NULL || !fn(x, tb[NFTA_EXPR_DATA]))
			not_understood(x, name);
	}
	if (more < 0)
		not_understood(x, "of a broken list");
}

static void exec_init(struct exec *x, struct netlink *nl, enum rs_family family, size_t chain, uint64_t handle)
{
	*x = (struct exec){.nl = nl, .family = family, .table = nl->rs->chain[chain].table};
	builder_begin(&x->b, nl->rs, chain, handle);
	size_t nothing = source_add(
	        x, (struct source){.field = FIELD_NONE, .text = xstrdup("register"), .width = REGISTER_BYTES});
	for (size_t i = 0; i < REGISTER_BYTES; i++)
		x->reg[i] = (struct byte_symbol){(int)nothing, (uint8_t)i, 0xff, 0};
}

static void exec_fini(struct exec *x)
{
	for (size_t i = 0; i < x->n_source; i++) {
		free(x->source[i].text);
		free(x->source[i].map);
	}
	free(x->source);
}

static void scan_expression(struct netlink *nl, enum rs_family family, const char *table, const struct nlattr *attr)
{
	const struct nlattr *tb[NFTA_EXPR_MAX + 1], *dynset[NFTA_DYNSET_MAX + 1];
	char name[RULESET_MAX_NAME + 1], set[RULESET_MAX_NAME + 1];
	size_t index;
	if (attrs_nested(attr, tb, NFTA_EXPR_MAX + 1) && attr_name(tb[NFTA_EXPR_NAME], name) &&
	        strcmp(name, "dynset") == 0 && attrs_nested(tb[NFTA_EXPR_DATA], dynset, NFTA_DYNSET_MAX + 1) &&
	        attr_name(dynset[NFTA_DYNSET_SET_NAME], set) && name_index_find(&nl->sets, family, table, set, &index))
		nl->fills_set = nl->rs->set[index].dynamic = true;
}

int netlink_rule_scan(struct netlink *nl, enum rs_family family, const void *attrs, size_t len, struct error *err)
{
	const struct nlattr *tb[NFTA_RULE_MAX + 1], *attr;
	char table[RULESET_MAX_NAME + 1];
	if (!attrs_parse(attrs, len, tb, NFTA_RULE_MAX + 1) || !attr_name(tb[NFTA_RULE_TABLE], table))
		return error_set(err, ERR_FORMAT, NULL, "a rule without table or chain");
	struct attr_list list = attr_list(tb[NFTA_RULE_EXPRESSIONS]);
	while (attr_list_next(&list, &attr) > 0)
		scan_expression(nl, family, table, attr);
	return 0;
}

int netlink_rule(struct netlink *nl, enum rs_family family, const void *attrs, size_t len, struct error *err)
{
	const struct nlattr *tb[NFTA_RULE_MAX + 1];
	char table[RULESET_MAX_NAME + 1], chain[RULESET_MAX_NAME + 1];
	uint64_t handle = 0;
	size_t index;
	struct exec x;
	if (!attrs_parse(attrs, len, tb, NFTA_RULE_MAX + 1) || !attr_name(tb[NFTA_RULE_TABLE], table) ||
	        !attr_name(tb[NFTA_RULE_CHAIN], chain))
		return error_set(err, ERR_FORMAT, NULL, "a rule without table or chain");
	if (!name_index_find(&nl->chains, family, table, chain, &index))
		return error_set(err, ERR_FORMAT, NULL, "a rule of chain '%.64s', which the dump does not have", chain);
	attr_u64(tb[NFTA_RULE_HANDLE], &handle);
	exec_init(&x, nl, family, index, handle);
	execute(&x, tb[NFTA_RULE_EXPRESSIONS]);
	if (x.b.rule.comment == NULL)
		x.b.rule.comment = userdata_comment(tb[NFTA_RULE_USERDATA]);
	exec_fini(&x);
	return builder_end(&x.b, err);
}
