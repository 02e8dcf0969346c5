/*
 * What a rule does: verdicts, address translation, rejects, statements, and the conditions that count or remember (limit,
 * quota, connection counts, dynamic sets). Verdicts that the model does not follow are named, never guessed.
 */
#include <linux/netfilter.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "ruleset/exec.h"

static void verdict_reached(struct exec *x)
{
	builder_reached(&x->b);
	x->done = true;
}

bool expr_immediate(struct exec *x, const struct nlattr *data)
{
	const struct nlattr *tb[NFTA_IMMEDIATE_MAX + 1], *inner[NFTA_DATA_MAX + 1];
	uint32_t reg;
	const uint8_t *bytes;
	size_t len;
	if (!attrs_nested(data, tb, NFTA_IMMEDIATE_MAX + 1) || !attr_u32(tb[NFTA_IMMEDIATE_DREG], &reg))
		return false;
	if (reg == NFT_REG_VERDICT) {
		char *text;
		if (!attrs_nested(tb[NFTA_IMMEDIATE_DATA], inner, NFTA_DATA_MAX + 1) ||
		        !verdict_parse(x->nl, x->family, x->table, inner[NFTA_DATA_VERDICT], &x->b.rule.verdict, &text))
			return false;
		if (text != NULL)
			builder_undecided(&x->b, RS_UNKNOWN, text);
		free(text);
		if (x->b.rule.verdict.code != RS_CONTINUE)
			verdict_reached(x);
		return true;
	}
	if (!attr_data(tb[NFTA_IMMEDIATE_DATA], &bytes, &len) || register_offset(reg, len) < 0)
		return false;
	size_t at = (size_t)register_offset(reg, len);
	for (size_t i = 0; i < len || (at + i) % 4 != 0; i++)
		x->reg[at + i] = (struct byte_symbol){.source = BYTE_CONSTANT, .value = i < len ? bytes[i] : 0};
	return true;
}

static bool constant_number(const struct exec *x, uint32_t reg, size_t len, u128 *out)
{
	uint8_t bytes[16];
	if (!register_constant(x, reg, len, bytes))
		return false;
	*out = 0;
	for (size_t i = 0; i < len; i++)
		*out = *out << 8 | bytes[i];
	return true;
}

/* Data of a map as it is, from this byte on. @return its map; NULL: something else. */
static const struct nat_map *map_at(const struct exec *x, uint32_t reg, size_t len, size_t byte)
{
	int at = register_offset(reg, len), source = at < 0 ? BYTE_CONSTANT : x->reg[at].source;
	if (source == BYTE_CONSTANT)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		const struct byte_symbol *r = &x->reg[(size_t)at + i];
		if (r->source != source || r->mask != 0xff || r->value != 0 || r->index != byte + i)
			return NULL;
	}
	return x->source[source].map;
}

/* Both ends come from the place that the map's data has for them. */
static const struct nat_map *map_part(
        const struct exec *x, uint32_t reg, uint32_t reg_max, size_t len, bool port, struct nat *nat)
{
	struct target_layout layout;
	const struct nat_map *map = map_at(x, reg, len, 0);
	if (map == NULL && port)
		map = map_at(x, reg, len, nat->family == 10 ? 16 : 4);
	if (map == NULL || !target_layout_of(&x->nl->raw[map->set], &layout))
		return NULL;
	size_t byte = port ? layout.port_at : 0;
	if ((port ? layout.port : layout.address) != len || map_at(x, reg, len, byte) != map ||
	        map_at(x, reg_max, len, byte + (layout.range ? layout.size : 0)) != map)
		return NULL;
	*(port ? &nat->port_mapped : &nat->address_mapped) = true;
	return map;
}

/* max registers are absent or the same when there is one value. */
static void nat_read(struct exec *x, struct nat *nat, const struct nlattr *lo, const struct nlattr *hi, size_t len,
        bool *has, u128 *out_lo, u128 *out_hi)
{
	uint32_t reg, reg_max;
	if (!attr_u32(lo, &reg))
		return;
	*has = true;
	if (!attr_u32(hi, &reg_max))
		reg_max = reg;
	if (constant_number(x, reg, len, out_lo) && constant_number(x, reg_max, len, out_hi))
		return;
	/* Address and port may come from one map, but not from two. */
	struct text t = {0};
	const struct nat_map *map = map_part(x, reg, reg_max, len, has == &nat->has_port, nat);
	nat->map = nat->known || nat->map == map ? map : NULL;
	nat->known = false;
	register_print(&t, x, reg, len);
	if (strcmp(text_str(&t), text_str(&nat->text)) != 0)
		text_addf(&nat->text, "%s%s", nat->text.len > 0 ? ":" : "", text_str(&t));
	text_fini(&t);
}

static bool nat_finish(struct exec *x, struct nat *nat)
{
	verdict_reached(x);
	builder_nat(&x->b, nat);
	return true;
}

bool expr_nat(struct exec *x, const struct nlattr *data)
{
	const struct nlattr *tb[NFTA_NAT_MAX + 1];
	uint32_t type, family;
	struct nat nat = {.known = true, .family = -1};
	if (!attrs_nested(data, tb, NFTA_NAT_MAX + 1) || !attr_u32(tb[NFTA_NAT_TYPE], &type) ||
	        !attr_u32(tb[NFTA_NAT_FAMILY], &family) || type > NFT_NAT_DNAT)
		return false;
	nat.code = type == NFT_NAT_DNAT ? RS_NAT_DST : RS_NAT_SRC;
	nat.word = type == NFT_NAT_DNAT ? "dnat" : "snat";
	attr_u32(tb[NFTA_NAT_FLAGS], &nat.flags);
	if (family == NFPROTO_IPV4 || family == NFPROTO_IPV6) {
		nat.family = (int)family;
		/* The kernel passes over packets of the other family. */
		builder_need_nfproto(&x->b, nat.family);
	}
	nat.known = nat.family != -1 || tb[NFTA_NAT_REG_ADDR_MIN] == NULL;
	nat_read(x, &nat, tb[NFTA_NAT_REG_ADDR_MIN], tb[NFTA_NAT_REG_ADDR_MAX], nat.family == 2 ? 4 : 16,
	        &nat.has_address, &nat.address_lo, &nat.address_hi);
	nat_read(x, &nat, tb[NFTA_NAT_REG_PROTO_MIN], tb[NFTA_NAT_REG_PROTO_MAX], 2, &nat.has_port, &nat.port_lo,
	        &nat.port_hi);
	return nat_finish(x, &nat);
}

bool expr_masq(struct exec *x, const struct nlattr *data)
{
	const struct nlattr *tb[NFTA_MASQ_MAX + 1];
	struct nat nat = {.known = true, .family = -1, .code = RS_NAT_SRC, .word = "masquerade"};
	if (!attrs_nested(data, tb, NFTA_MASQ_MAX + 1))
		return false;
	attr_u32(tb[NFTA_MASQ_FLAGS], &nat.flags);
	nat_read(x, &nat, tb[NFTA_MASQ_REG_PROTO_MIN], tb[NFTA_MASQ_REG_PROTO_MAX], 2, &nat.has_port, &nat.port_lo,
	        &nat.port_hi);
	return nat_finish(x, &nat);
}

bool expr_redir(struct exec *x, const struct nlattr *data)
{
	const struct nlattr *tb[NFTA_REDIR_MAX + 1];
	struct nat nat = {.known = true, .family = -1, .code = RS_NAT_DST, .word = "redirect"};
	if (!attrs_nested(data, tb, NFTA_REDIR_MAX + 1))
		return false;
	attr_u32(tb[NFTA_REDIR_FLAGS], &nat.flags);
	nat_read(x, &nat, tb[NFTA_REDIR_REG_PROTO_MIN], tb[NFTA_REDIR_REG_PROTO_MAX], 2, &nat.has_port, &nat.port_lo,
	        &nat.port_hi);
	return nat_finish(x, &nat);
}

bool expr_reject(struct exec *x, const struct nlattr *data)
{
	const struct nlattr *tb[NFTA_REJECT_MAX + 1];
	uint32_t type;
	uint8_t code = 0;
	if (!attrs_nested(data, tb, NFTA_REJECT_MAX + 1) || !attr_u32(tb[NFTA_REJECT_TYPE], &type))
		return false;
	attr_u8(tb[NFTA_REJECT_ICMP_CODE], &code);
	verdict_reached(x);
	x->b.rule.verdict = (struct rs_verdict){.code = RS_DROP, .reject = true};
	bool six = x->family == RS_IP6 || (x->family != RS_IP && x->b.nfproto == 10);
	const struct symbol *names = type == NFT_REJECT_ICMPX_UNREACH ? symbols_reject_icmpx
	                             : six                            ? symbols_reject_icmpv6
	                                                              : symbols_reject_icmp;
	const char *word = type == NFT_REJECT_ICMPX_UNREACH ? "icmpx" : six ? "icmpv6" : "icmp";
	const char *name = symbol_name(names, code);
	if (type == NFT_REJECT_TCP_RST)
		x->b.rule.reject_with = xstrdup("tcp reset");
	else if (name == NULL)
		x->b.rule.reject_with = xasprintf("%s %u", word, code);
	else if (strcmp(name, "port-unreachable") != 0)
		x->b.rule.reject_with = xasprintf("%s %s", word, name);
	return true;
}

static bool unknown_verdict(struct exec *x, const char *text)
{
	verdict_reached(x);
	builder_undecided(&x->b, RS_UNKNOWN, text);
	return true;
}

bool expr_queue(struct exec *x, const struct nlattr *data)
{
	(void)data;
	return unknown_verdict(x, "queue");
}

bool expr_tproxy(struct exec *x, const struct nlattr *data)
{
	(void)data;
	return unknown_verdict(x, "tproxy");
}

bool expr_synproxy(struct exec *x, const struct nlattr *data)
{
	(void)data;
	return unknown_verdict(x, "synproxy");
}

bool expr_fwd(struct exec *x, const struct nlattr *data)
{
	(void)data;
	return unknown_verdict(x, "fwd");
}

bool expr_counter(struct exec *x, const struct nlattr *data)
{
	(void)data;
	builder_statement(&x->b, "counter");
	return true;
}

bool expr_last(struct exec *x, const struct nlattr *data)
{
	(void)data;
	builder_statement(&x->b, "last");
	return true;
}

static void log_flags_text(struct text *t, uint32_t flags)
{
	static const struct symbol names[] = {
	        {"tcp sequence", 1}, {"tcp options", 2}, {"ip options", 4}, {"skuid", 8}, {"ether", 32}, {NULL, 0}};
	if ((flags & 0x2f) == 0x2f) {
		text_add(t, " flags all");
		return;
	}
	for (const struct symbol *s = names; s->name != NULL; s++)
		if (flags & s->value)
			text_addf(t, " flags %s", s->name);
}

bool expr_log(struct exec *x, const struct nlattr *data)
{
	const struct nlattr *tb[NFTA_LOG_MAX + 1];
	char prefix[RULESET_MAX_NAME + 1];
	uint32_t level, flags = 0;
	struct text t = {0};
	if (!attrs_nested(data, tb, NFTA_LOG_MAX + 1))
		return false;
	text_add(&t, "log");
	if (attr_name(tb[NFTA_LOG_PREFIX], prefix))
		text_addf(&t, " prefix \"%s\"", prefix);
	if (tb[NFTA_LOG_GROUP] != NULL && mnl_attr_get_payload_len(tb[NFTA_LOG_GROUP]) == 2) {
		const uint8_t *group = mnl_attr_get_payload(tb[NFTA_LOG_GROUP]);
		text_addf(&t, " group %u", group[0] * 256u + group[1]);
	} else if (attr_u32(tb[NFTA_LOG_LEVEL], &level) && level != 4) {
		const char *name = symbol_name(symbols_log_level, level);
		text_addf(&t, " level %s", name != NULL ? name : "?");
	}
	attr_u32(tb[NFTA_LOG_FLAGS], &flags);
	log_flags_text(&t, flags);
	builder_statement(&x->b, text_str(&t));
	text_fini(&t);
	return true;
}

bool expr_notrack(struct exec *x, const struct nlattr *data)
{
	(void)data;
	builder_notrack(&x->b);
	return true;
}

bool expr_dup(struct exec *x, const struct nlattr *data)
{
	(void)data;
	builder_statement(&x->b, "dup");
	return true;
}

bool expr_flow_offload(struct exec *x, const struct nlattr *data)
{
	const struct nlattr *tb[NFTA_FLOW_MAX + 1];
	char name[RULESET_MAX_NAME + 1];
	if (!attrs_nested(data, tb, NFTA_FLOW_MAX + 1) || !attr_name(tb[NFTA_FLOW_TABLE_NAME], name))
		return false;
	char *text = xasprintf("flow add @%s", name);
	builder_tracks(&x->b);
	builder_statement(&x->b, text);
	builder_may_end(&x->b, text);
	free(text);
	return true;
}

/* "1 mbytes": the largest unit that divides the number. */
static void bytes_text(struct text *t, uint64_t bytes)
{
	static const char *const units[] = {"bytes", "kbytes", "mbytes"};
	size_t unit = 0;
	while (unit < 2 && bytes > 0 && bytes % 1024 == 0) {
		bytes /= 1024;
		unit++;
	}
	text_addf(t, "%llu %s", (unsigned long long)bytes, units[unit]);
}

void limit_text(struct text *t, uint64_t rate, const char *unit, bool over, bool in_bytes, uint32_t burst)
{
	text_addf(t, "limit rate %s", over ? "over " : "");
	if (in_bytes)
		bytes_text(t, rate);
	else
		text_addf(t, "%llu", (unsigned long long)rate);
	text_addf(t, "/%s", unit);
	if (in_bytes && burst > 0) {
		text_add(t, " burst ");
		bytes_text(t, burst);
	} else if (!in_bytes && burst != 5 && burst > 0) {
		text_addf(t, " burst %u packets", burst);
	}
}

bool expr_limit(struct exec *x, const struct nlattr *data)
{
	static const struct symbol units[] = {
	        {"second", 1}, {"minute", 60}, {"hour", 3600}, {"day", 86400}, {"week", 604800}, {NULL, 0}};
	const struct nlattr *tb[NFTA_LIMIT_MAX + 1];
	uint64_t rate = 0, unit = 0;
	uint32_t burst = 0, type = NFT_LIMIT_PKTS, flags = 0;
	struct text t = {0};
	if (!attrs_nested(data, tb, NFTA_LIMIT_MAX + 1))
		return false;
	attr_u64(tb[NFTA_LIMIT_RATE], &rate);
	attr_u64(tb[NFTA_LIMIT_UNIT], &unit);
	attr_u32(tb[NFTA_LIMIT_BURST], &burst);
	attr_u32(tb[NFTA_LIMIT_TYPE], &type);
	attr_u32(tb[NFTA_LIMIT_FLAGS], &flags);
	const char *name = symbol_name(units, unit);
	limit_text(&t, rate, name != NULL ? name : "?", flags & NFT_LIMIT_F_INV, type == NFT_LIMIT_PKT_BYTES, burst);
	builder_atom(&x->b, "limit", text_str(&t));
	text_fini(&t);
	return true;
}

bool expr_quota(struct exec *x, const struct nlattr *data)
{
	const struct nlattr *tb[NFTA_QUOTA_MAX + 1];
	uint64_t bytes = 0;
	uint32_t flags = 0;
	struct text t = {0};
	if (!attrs_nested(data, tb, NFTA_QUOTA_MAX + 1))
		return false;
	attr_u64(tb[NFTA_QUOTA_BYTES], &bytes);
	attr_u32(tb[NFTA_QUOTA_FLAGS], &flags);
	text_addf(&t, "quota %s", flags & NFT_QUOTA_F_INV ? "over " : "");
	bytes_text(&t, bytes);
	builder_atom(&x->b, "quota", text_str(&t));
	text_fini(&t);
	return true;
}

bool expr_connlimit(struct exec *x, const struct nlattr *data)
{
	const struct nlattr *tb[NFTA_CONNLIMIT_MAX + 1];
	uint32_t count = 0, flags = 0;
	if (!attrs_nested(data, tb, NFTA_CONNLIMIT_MAX + 1))
		return false;
	attr_u32(tb[NFTA_CONNLIMIT_COUNT], &count);
	attr_u32(tb[NFTA_CONNLIMIT_FLAGS], &flags);
	char *text = xasprintf("ct count %s%u", flags & NFT_CONNLIMIT_F_INV ? "over " : "", count);
	builder_tracks(&x->b);
	builder_atom(&x->b, "ct count", text);
	free(text);
	return true;
}

bool expr_dynset(struct exec *x, const struct nlattr *data)
{
	static const char *const ops[] = {"add", "update", "delete"};
	const struct nlattr *tb[NFTA_DYNSET_MAX + 1], *expr[NFTA_EXPR_MAX + 1];
	char set[RULESET_MAX_NAME + 1], name[RULESET_MAX_NAME + 1];
	uint32_t op, reg;
	size_t index, len = 4;
	if (!attrs_nested(data, tb, NFTA_DYNSET_MAX + 1) || !attr_name(tb[NFTA_DYNSET_SET_NAME], set) ||
	        !attr_u32(tb[NFTA_DYNSET_OP], &op) || op > 2 || !attr_u32(tb[NFTA_DYNSET_SREG_KEY], &reg))
		return false;
	bool counts = tb[NFTA_DYNSET_EXPR] == NULL && tb[NFTA_DYNSET_EXPRESSIONS] == NULL;
	if (attrs_nested(tb[NFTA_DYNSET_EXPR], expr, NFTA_EXPR_MAX + 1) && attr_name(expr[NFTA_EXPR_NAME], name))
		counts = strcmp(name, "counter") == 0 || strcmp(name, "last") == 0;
	if (name_index_find(&x->nl->sets, x->family, x->table, set, &index))
		len = x->nl->raw[index].key_len;
	struct text t = {0};
	text_addf(&t, "%s @%s { ", ops[op], set);
	register_print(&t, x, reg, len);
	if (!counts)
		text_addf(&t, " %s", attr_name(expr[NFTA_EXPR_NAME], name) ? name : "...");
	text_add(&t, " }");
	if (attr_name(expr[NFTA_EXPR_NAME], name) && strcmp(name, "connlimit") == 0)
		builder_tracks(&x->b);
	if (counts)
		builder_statement(&x->b, text_str(&t));
	else
		builder_atom(&x->b, attr_name(expr[NFTA_EXPR_NAME], name) ? name : "dynset", text_str(&t));
	text_fini(&t);
	return true;
}

static const struct {
	uint32_t type;
	const char *word;
	enum { OBJECT_STATEMENT, OBJECT_ATOM, OBJECT_UNKNOWN } what;
} objects[] = {{NFT_OBJECT_COUNTER, "counter", OBJECT_STATEMENT}, {NFT_OBJECT_QUOTA, "quota", OBJECT_ATOM},
        {NFT_OBJECT_CT_HELPER, "ct helper set", OBJECT_STATEMENT}, {NFT_OBJECT_LIMIT, "limit", OBJECT_ATOM},
        {NFT_OBJECT_CONNLIMIT, "ct count", OBJECT_ATOM}, {NFT_OBJECT_TUNNEL, "tunnel", OBJECT_STATEMENT},
        {NFT_OBJECT_CT_TIMEOUT, "ct timeout set", OBJECT_STATEMENT},
        {NFT_OBJECT_SECMARK, "meta secmark set", OBJECT_STATEMENT},
        {NFT_OBJECT_CT_EXPECT, "ct expectation set", OBJECT_ATOM}, {NFT_OBJECT_SYNPROXY, "synproxy", OBJECT_UNKNOWN}};

bool object_act(struct builder *b, uint32_t type, const char *what)
{
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
		if (objects[i].type != type)
			continue;
		bool bare = strstr(objects[i].word, "set") != NULL;
		char *text = xasprintf("%s%s %s", objects[i].word, bare ? "" : " name", what);
		if (strncmp(objects[i].word, "ct ", 3) == 0)
			builder_tracks(b);
		if (objects[i].what == OBJECT_STATEMENT)
			builder_statement(b, text);
		else if (objects[i].what == OBJECT_ATOM)
			builder_atom(b, objects[i].word, text);
		else
			builder_undecided(b, RS_UNKNOWN, text);
		free(text);
		return objects[i].what != OBJECT_UNKNOWN;
	}
	builder_undecided(b, RS_UNKNOWN, what);
	return false;
}

bool expr_objref(struct exec *x, const struct nlattr *data)
{
	const struct nlattr *tb[NFTA_OBJREF_MAX + 1];
	char name[RULESET_MAX_NAME + 1];
	uint32_t type = NFT_OBJECT_UNSPEC, reg;
	size_t index;
	struct text t = {0};
	if (!attrs_nested(data, tb, NFTA_OBJREF_MAX + 1))
		return false;
	if (attr_name(tb[NFTA_OBJREF_IMM_NAME], name)) {
		attr_u32(tb[NFTA_OBJREF_IMM_TYPE], &type);
		text_addf(&t, "\"%s\"", name);
	} else if (attr_name(tb[NFTA_OBJREF_SET_NAME], name) && attr_u32(tb[NFTA_OBJREF_SET_SREG], &reg) &&
	           name_index_find(&x->nl->sets, x->family, x->table, name, &index)) {
		/* A packet in no element ends the rule. */
		if (!lookup_act(x, reg, index, false))
			return false;
		type = x->nl->raw[index].object_type;
		register_print(&t, x, reg, x->nl->raw[index].key_len);
		text_addf(&t, " map @%s", name);
	} else {
		return false;
	}
	if (!object_act(&x->b, type, text_str(&t)))
		x->done = true;
	text_fini(&t);
	return true;
}
