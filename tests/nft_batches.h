#ifndef PORTCULLIS_TESTS_NFT_BATCHES_H
#define PORTCULLIS_TESTS_NFT_BATCHES_H

/* Batches of messages to the kernel, put together attribute by attribute. */
#include <linux/netfilter.h>

#include "nft_wire.h"
#include "portcullis/alloc.h"
#include "portcullis/compile.h"
#include "portcullis/nft.h"

#define WIRE_MAX ((size_t)4 << 20)
struct wire {
	uint8_t *b;
	size_t len, message, nest[600], depth;
};

static inline void end_message(struct wire *w)
{
	struct nlmsghdr h;
	if (w->len == w->message)
		return;
	memcpy(&h, w->b + w->message, sizeof(h));
	h.nlmsg_len = (uint32_t)(w->len - w->message);
	memcpy(w->b + w->message, &h, sizeof(h));
	w->message = w->len;
}

static inline void message_as(struct wire *w, uint16_t type, uint16_t flags, uint8_t family, uint16_t resource)
{
	struct nlmsghdr h = {.nlmsg_type = type, .nlmsg_flags = flags};
	struct nfgenmsg g = {.nfgen_family = family, .version = NFNETLINK_V0, .res_id = resource};
	end_message(w);
	memcpy(w->b + w->len, &h, sizeof(h));
	memcpy(w->b + w->len + sizeof(h), &g, sizeof(g));
	w->len += sizeof(h) + sizeof(g);
}

static inline void message(struct wire *w, unsigned type, unsigned flags)
{
	message_as(w, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), (uint16_t)(NLM_F_REQUEST | flags), NFPROTO_INET, 0);
}

static inline void bytes(struct wire *w, uint16_t type, const void *data, size_t len)
{
	ck_assert_uint_lt(w->len + len + 8, WIRE_MAX);
	w->len += put_attribute(w->b + w->len, type, data, len);
}

static inline void name(struct wire *w, uint16_t type, const char *text)
{
	bytes(w, type, text, strlen(text) + 1);
}

static inline void number(struct wire *w, uint16_t type, uint32_t value)
{
	const uint8_t b[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};
	bytes(w, type, b, sizeof(b));
}

static inline void open_nest(struct wire *w, uint16_t type)
{
	w->nest[w->depth++] = w->len;
	bytes(w, (uint16_t)(type | NLA_F_NESTED), "", 0);
}

static inline void close_nest(struct wire *w)
{
	struct nlattr a;
	size_t at = w->nest[--w->depth];
	memcpy(&a, w->b + at, sizeof(a));
	a.nla_len = (uint16_t)(w->len - at);
	memcpy(w->b + at, &a, sizeof(a));
}

#define CREATE NLM_F_CREATE
#define NEW (NLM_F_CREATE | NLM_F_EXCL)
#define APPEND (NLM_F_CREATE | NLM_F_APPEND)

static inline void table(struct wire *w, unsigned type, unsigned flags, const char *of)
{
	message(w, type, flags);
	name(w, NFTA_TABLE_NAME, of);
}

static inline void begin(struct wire *w)
{
	table(w, NFT_MSG_NEWTABLE, CREATE, OWN_TABLE);
	table(w, NFT_MSG_DELTABLE, 0, OWN_TABLE);
	table(w, NFT_MSG_NEWTABLE, CREATE, OWN_TABLE);
}

static inline void hook(struct wire *w, uint32_t where, uint32_t priority)
{
	open_nest(w, NFTA_CHAIN_HOOK);
	number(w, NFTA_HOOK_HOOKNUM, where);
	number(w, NFTA_HOOK_PRIORITY, priority);
	close_nest(w);
}

static inline void chain_as(
        struct wire *w, const char *of, uint32_t where, uint32_t priority, uint32_t policy, const char *type)
{
	message(w, NFT_MSG_NEWCHAIN, NEW);
	name(w, NFTA_CHAIN_TABLE, of);
	name(w, NFTA_CHAIN_NAME, "forward");
	hook(w, where, priority);
	number(w, NFTA_CHAIN_POLICY, policy);
	name(w, NFTA_CHAIN_TYPE, type);
}

static inline void chain(struct wire *w)
{
	chain_as(w, OWN_TABLE, NF_INET_FORWARD, 0, NF_ACCEPT, "filter");
}

static inline void begin_chain(struct wire *w)
{
	begin(w);
	chain(w);
}

static inline void rule_open(struct wire *w)
{
	begin_chain(w);
	message(w, NFT_MSG_NEWRULE, APPEND);
	name(w, NFTA_RULE_TABLE, OWN_TABLE);
	name(w, NFTA_RULE_CHAIN, "forward");
	open_nest(w, NFTA_RULE_EXPRESSIONS);
}

static inline void expression_open(struct wire *w, const char *which)
{
	open_nest(w, NFTA_LIST_ELEM);
	name(w, NFTA_EXPR_NAME, which);
	open_nest(w, NFTA_EXPR_DATA);
}

static inline void expression_close(struct wire *w)
{
	close_nest(w);
	close_nest(w);
}

static inline void verdict(struct wire *w, uint32_t reg, uint32_t code, const char *to)
{
	expression_open(w, "immediate");
	number(w, NFTA_IMMEDIATE_DREG, reg);
	open_nest(w, NFTA_IMMEDIATE_DATA);
	open_nest(w, NFTA_DATA_VERDICT);
	number(w, NFTA_VERDICT_CODE, code);
	if (to != NULL)
		name(w, NFTA_VERDICT_CHAIN, to);
	close_nest(w);
	close_nest(w);
	expression_close(w);
}

static inline void set_as(struct wire *w, const char *of, uint32_t flags)
{
	message(w, NFT_MSG_NEWSET, NEW);
	name(w, NFTA_SET_TABLE, of);
	name(w, NFTA_SET_NAME, "s");
	number(w, NFTA_SET_FLAGS, flags);
	number(w, NFTA_SET_KEY_TYPE, 7);
	number(w, NFTA_SET_KEY_LEN, 4);
	number(w, NFTA_SET_ID, 1);
}

static inline void elements_open(struct wire *w, const char *of, const char *set)
{
	message(w, NFT_MSG_NEWSETELEM, NEW);
	name(w, NFTA_SET_ELEM_LIST_TABLE, of);
	name(w, NFTA_SET_ELEM_LIST_SET, set);
	open_nest(w, NFTA_SET_ELEM_LIST_ELEMENTS);
}

static inline void key(struct wire *w)
{
	open_nest(w, NFTA_SET_ELEM_KEY);
	number(w, NFTA_DATA_VALUE, 0x0a000001);
	close_nest(w);
}

static inline void set_open(struct wire *w)
{
	begin(w);
	set_as(w, OWN_TABLE, NFT_SET_INTERVAL);
	elements_open(w, OWN_TABLE, "s");
	open_nest(w, NFTA_LIST_ELEM);
	key(w);
}

/* ---- what is in order ---- */

static inline void good_rule(struct wire *w)
{
	rule_open(w);
	verdict(w, NFT_REG_VERDICT, NF_DROP, NULL);
	close_nest(w);
}

static inline void good_set(struct wire *w)
{
	set_open(w);
	close_nest(w);
	close_nest(w);
}

static inline struct wire wire_new(void (*make)(struct wire *w))
{
	struct wire w = {.b = xcalloc(1, WIRE_MAX)};
	make(&w);
	end_message(&w);
	ck_assert_uint_eq(w.depth, 0);
	return w;
}

#endif
