/*
 * Rules of the own table as netlink messages: matches, log, counter and verdict come in, the kernel's expressions go out
 * as nft would have written them. Ranges of numbers in host order, verdicts but accept and drop, and prefixes and
 * comments that are too long, are refused.
 */
#include <libmnl/libmnl.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/udata.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_log.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nft/encode.h"

#define LIMIT_BURST 5 /* nft's own when the text has none */
#define LIMIT_SECOND 1

/* A rule in the making, and what its matches so far say about the packet. */
struct builder {
	const struct nft_encoder *e;
	const char *of; /* for errors */
	struct nftnl_rule *rule;
	uint8_t nfproto, l4proto; /* 0: anything */
};

static struct nftnl_expr *add(struct builder *b, const char *name)
{
	struct nftnl_expr *x = nftnl_expr_alloc(name);
	if (x == NULL)
		abort();
	nftnl_rule_add_expr(b->rule, x);
	return x;
}

static void put_load(struct builder *b, const struct nft_field *f, uint32_t len, uint32_t reg)
{
	struct nftnl_expr *x;
	switch (f->load) {
	case NFT_LOAD_META:
		x = add(b, "meta");
		nftnl_expr_set_u32(x, NFTNL_EXPR_META_KEY, f->key);
		nftnl_expr_set_u32(x, NFTNL_EXPR_META_DREG, reg);
		break;
	case NFT_LOAD_CT:
		x = add(b, "ct");
		nftnl_expr_set_u32(x, NFTNL_EXPR_CT_KEY, f->key);
		nftnl_expr_set_u32(x, NFTNL_EXPR_CT_DREG, reg);
		break;
	default:
		x = add(b, "payload");
		nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_BASE,
		        f->load == NFT_LOAD_NETWORK ? NFT_PAYLOAD_NETWORK_HEADER : NFT_PAYLOAD_TRANSPORT_HEADER);
		nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_OFFSET, f->key);
		nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_LEN, len);
		nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_DREG, reg);
		break;
	}
}

static void put_compare(struct builder *b, uint32_t op, const uint8_t *data, uint32_t len)
{
	struct nftnl_expr *x = add(b, "cmp");
	nftnl_expr_set_u32(x, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(x, NFTNL_EXPR_CMP_OP, op);
	nftnl_expr_set(x, NFTNL_EXPR_CMP_DATA, data, len);
}

static void put_mask(struct builder *b, const uint8_t *mask, uint32_t len)
{
	static const uint8_t zero[16];
	struct nftnl_expr *x = add(b, "bitwise");
	nftnl_expr_set_u32(x, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(x, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	nftnl_expr_set_u32(x, NFTNL_EXPR_BITWISE_LEN, len);
	nftnl_expr_set(x, NFTNL_EXPR_BITWISE_MASK, mask, len);
	nftnl_expr_set(x, NFTNL_EXPR_BITWISE_XOR, zero, len);
}

static void put_equal(struct builder *b, enum rs_field field, uint8_t value)
{
	put_load(b, nft_field(field), 1, NFT_REG_1);
	put_compare(b, NFT_CMP_EQ, &value, 1);
}

/* An address is only in packets of its family, which nothing else may have asked for; a protocol says its family. */
static void put_dependencies(struct builder *b, const struct nft_field *f)
{
	bool said = f->l4proto != 0 && b->l4proto == f->l4proto;
	if (f->nfproto != 0 && b->nfproto == 0 && !said) {
		put_equal(b, RS_FIELD_NFPROTO, f->nfproto);
		b->nfproto = f->nfproto;
	}
	if (f->l4proto != 0 && b->l4proto == 0) {
		put_equal(b, RS_FIELD_L4PROTO, f->l4proto);
		b->l4proto = f->l4proto;
	}
}

/* Bits that all values of a range have in common, where the range is all values with them; or -1. */
static int prefix_length(struct range r, uint32_t bits)
{
	u128 differ = r.lo ^ r.hi;
	int n = (int)bits;
	while (differ != 0) {
		if ((differ & 1) == 0 || (r.lo & 1) != 0)
			return -1;
		differ >>= 1;
		r.lo >>= 1;
		n--;
	}
	return n;
}

static bool is_address(enum rs_field field)
{
	return field >= RS_FIELD_IP_SADDR && field <= RS_FIELD_IP6_DADDR;
}

static bool is_interface(enum rs_field field)
{
	return field == RS_FIELD_IIFNAME || field == RS_FIELD_OIFNAME;
}

/* Whole bytes of an address or a name are compared alone; other prefixes of addresses under a mask. */
static void put_prefix(
        struct builder *b, const struct own_match *m, const struct nft_field *f, uint32_t bits, const uint8_t *value)
{
	uint8_t mask[16];
	if (bits % 8 == 0) {
		put_load(b, f, bits / 8, NFT_REG_1);
		put_compare(b, NFT_CMP_EQ, value, bits / 8);
		return;
	}
	put_load(b, f, f->len, NFT_REG_1);
	nft_field_put(f, ~(m->range.lo ^ m->range.hi), mask);
	put_mask(b, mask, f->len);
	put_compare(b, NFT_CMP_EQ, value, f->len);
}

static void learn(struct builder *b, const struct own_match *m)
{
	if (m->range.lo != m->range.hi)
		return;
	if (m->field[0] == RS_FIELD_NFPROTO)
		b->nfproto = (uint8_t)m->range.lo;
	else if (m->field[0] == RS_FIELD_L4PROTO)
		b->l4proto = (uint8_t)m->range.lo;
}

static int put_range(struct builder *b, const struct own_match *m, const struct nft_field *f)
{
	uint8_t lo[16], hi[16];
	int bits = prefix_length(m->range, 8 * f->len);
	nft_field_put(f, m->range.lo, lo);
	nft_field_put(f, m->range.hi, hi);
	if (m->range.lo == m->range.hi) {
		put_load(b, f, f->len, NFT_REG_1);
		put_compare(b, NFT_CMP_EQ, lo, f->len);
	} else if (f->number) {
		return error_set(b->e->err, ERR_UNSUPPORTED, b->of, "the own table matches no range of %s",
		        rs_field_name(m->field[0]));
	} else if (bits > 0 && (is_address(m->field[0]) || (is_interface(m->field[0]) && bits % 8 == 0))) {
		put_prefix(b, m, f, (uint32_t)bits, lo);
	} else {
		put_load(b, f, f->len, NFT_REG_1);
		put_compare(b, NFT_CMP_GTE, lo, f->len);
		put_compare(b, NFT_CMP_LTE, hi, f->len);
	}
	learn(b, m);
	return 0;
}

static int put_bits(struct builder *b, const struct own_match *m, const struct nft_field *f)
{
	static const uint8_t zero[16];
	uint8_t mask[16];
	if (f->len > sizeof(m->bits))
		return error_set(b->e->err, ERR_UNSUPPORTED, b->of, "%s has no bits", rs_field_name(m->field[0]));
	nft_field_put(f, m->bits, mask);
	put_load(b, f, f->len, NFT_REG_1);
	put_mask(b, mask, f->len);
	put_compare(b, NFT_CMP_NEQ, zero, f->len);
	return 0;
}

static int put_lookup(struct builder *b, const struct own_match *m)
{
	uint32_t reg = NFT_REG32_00;
	if (m->set >= b->e->table->n_set)
		return error_set(b->e->err, ERR_INTERNAL, b->of, "it looks into a set that the table has not");
	const struct own_set *set = &b->e->table->set[m->set];
	if (set->n_field != m->n_field)
		return error_set(b->e->err, ERR_INTERNAL, b->of, "it looks into set %s by %zu fields, which has %zu",
		        set->name, m->n_field, set->n_field);
	for (size_t i = 0; i < m->n_field; i++) {
		const struct nft_field *f = nft_field(m->field[i]);
		/* The first register of the kernel has its old name in what nft writes. */
		put_load(b, f, f->len, i == 0 ? (uint32_t)NFT_REG_1 : reg);
		reg += (f->len + 3) / 4;
	}
	struct nftnl_expr *x = add(b, "lookup");
	nftnl_expr_set_u32(x, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
	nftnl_expr_set_str(x, NFTNL_EXPR_LOOKUP_SET, set->name);
	return 0;
}

static int put_match(struct builder *b, const struct own_match *m)
{
	if (m->n_field == 0 || m->n_field > OWN_PARTS || (m->kind != OWN_SET && m->n_field != 1))
		return error_set(b->e->err, ERR_INTERNAL, b->of, "one of its matches has %zu fields", m->n_field);
	for (size_t i = 0; i < m->n_field; i++) {
		if (nft_field(m->field[i]) == NULL)
			return error_set(b->e->err, ERR_UNSUPPORTED, b->of, "the own table does not match on field %d",
			        (int)m->field[i]);
		put_dependencies(b, nft_field(m->field[i]));
	}
	switch (m->kind) {
	case OWN_RANGE:
		return put_range(b, m, nft_field(m->field[0]));
	case OWN_BITS:
		return put_bits(b, m, nft_field(m->field[0]));
	default:
		return put_lookup(b, m);
	}
}

static int put_log(struct builder *b, const struct own_rule *rule)
{
	if (rule->log_rate > 0) {
		struct nftnl_expr *limit = add(b, "limit");
		nftnl_expr_set_u64(limit, NFTNL_EXPR_LIMIT_RATE, rule->log_rate);
		nftnl_expr_set_u64(limit, NFTNL_EXPR_LIMIT_UNIT, LIMIT_SECOND);
		nftnl_expr_set_u32(limit, NFTNL_EXPR_LIMIT_BURST, LIMIT_BURST);
		nftnl_expr_set_u32(limit, NFTNL_EXPR_LIMIT_TYPE, NFT_LIMIT_PKTS);
		nftnl_expr_set_u32(limit, NFTNL_EXPR_LIMIT_FLAGS, 0);
	}
	struct nftnl_expr *log = add(b, "log");
	if (rule->log_prefix == NULL || rule->log_prefix[0] == '\0')
		return 0;
	if (strlen(rule->log_prefix) >= NF_LOG_PREFIXLEN)
		return error_set(b->e->err, ERR_LIMIT, b->of,
		        "the log prefix \"%s\" is longer than %d bytes: shorten it", rule->log_prefix,
		        NF_LOG_PREFIXLEN - 1);
	nftnl_expr_set_str(log, NFTNL_EXPR_LOG_PREFIX, rule->log_prefix);
	return 0;
}

/* A packet of TCP alone is answered with a reset, any other with ICMP port unreachable, of its family where that is known. */
static void put_reject(struct builder *b)
{
	struct nftnl_expr *x = add(b, "reject");
	uint32_t type = NFT_REJECT_ICMPX_UNREACH;
	uint8_t code = NFT_REJECT_ICMPX_PORT_UNREACH;
	if (b->l4proto == PROTO_TCP) {
		type = NFT_REJECT_TCP_RST;
		code = 0;
	} else if (b->nfproto == NFPROTO_IPV4) {
		type = NFT_REJECT_ICMP_UNREACH;
		code = ICMP_PORT_UNREACH;
	} else if (b->nfproto == NFPROTO_IPV6) {
		type = NFT_REJECT_ICMP_UNREACH;
		code = ICMPV6_PORT_UNREACH;
	}
	nftnl_expr_set_u32(x, NFTNL_EXPR_REJECT_TYPE, type);
	nftnl_expr_set_u8(x, NFTNL_EXPR_REJECT_CODE, code);
}

static int put_verdict(struct builder *b, const struct own_rule *rule)
{
	if (rule->verdict == RS_CONTINUE)
		return 0;
	if (rule->verdict != RS_ACCEPT && rule->verdict != RS_DROP)
		return error_set(b->e->err, ERR_UNSUPPORTED, b->of, "the own table only accepts, drops and rejects");
	if (rule->verdict == RS_DROP && rule->reject) {
		put_reject(b);
		return 0;
	}
	struct nftnl_expr *x = add(b, "immediate");
	nftnl_expr_set_u32(x, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(x, NFTNL_EXPR_IMM_VERDICT, rule->verdict == RS_ACCEPT ? NF_ACCEPT : NF_DROP);
	return 0;
}

/* What a rule of the kernel does of a rule of the own table. */
enum part { PART_LOG = 1, PART_VERDICT = 2 };

static int put_rule(struct builder *b, const struct own_rule *rule, unsigned parts)
{
	int result = 0;
	for (size_t i = 0; result == 0 && i < rule->n_match; i++)
		result = put_match(b, &rule->match[i]);
	if (result == 0 && (parts & PART_VERDICT) && rule->counts) {
		struct nftnl_expr *x = add(b, "counter");
		nftnl_expr_set_u64(x, NFTNL_EXPR_CTR_PACKETS, rule->packets);
		nftnl_expr_set_u64(x, NFTNL_EXPR_CTR_BYTES, rule->bytes);
	}
	if (result == 0 && (parts & PART_LOG))
		result = put_log(b, rule);
	if (result == 0 && (parts & PART_VERDICT))
		result = put_verdict(b, rule);
	return result;
}

static int encode_part(struct nft_encoder *e, const struct nft_object *object, const char *of, unsigned parts)
{
	const struct own_chain *chain = &e->table->chain[object->chain];
	const struct own_rule *rule = &chain->rule[object->rule];
	struct nftnl_udata_buf *data;
	/* Of two the one that decides is the rule; the text has it the same. */
	if (nft_comment((parts & PART_VERDICT) ? rule->comment : NULL, of, &data, e->err) != 0)
		return -1;
	struct builder b = {.e = e, .of = of, .rule = nftnl_rule_alloc()};
	if (b.rule == NULL)
		abort();
	nftnl_rule_set_str(b.rule, NFTNL_RULE_TABLE, OWN_TABLE);
	nftnl_rule_set_str(b.rule, NFTNL_RULE_CHAIN, chain->name);
	if (data != NULL) {
		nftnl_rule_set_data(b.rule, NFTNL_RULE_USERDATA, nftnl_udata_buf_data(data), nftnl_udata_buf_len(data));
		nftnl_udata_buf_free(data);
	}
	int result = put_rule(&b, rule, parts);
	if (result == 0) {
		struct nlmsghdr *m = nft_encoder_begin(e, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
		nftnl_rule_nlmsg_build_payload(m, b.rule);
		result = nft_encoder_end(e, m, object);
	}
	nftnl_rule_free(b.rule);
	return result;
}

int nft_encode_rule(struct nft_encoder *e, size_t chain, size_t index)
{
	const struct own_rule *rule = &e->table->chain[chain].rule[index];
	const struct nft_object object = {.kind = NFT_OBJECT_RULE, .chain = chain, .rule = index, .from = rule->from};
	char of[256];
	snprintf(of, sizeof(of), "rule %zu of chain %s", index + 1, e->table->chain[chain].name);
	if (!rule->log)
		return encode_part(e, &object, of, PART_VERDICT);
	if (rule->verdict == RS_CONTINUE)
		return encode_part(e, &object, of, PART_LOG | PART_VERDICT);
	return encode_part(e, &object, of, PART_LOG) == 0 ? encode_part(e, &object, of, PART_VERDICT) : -1;
}
