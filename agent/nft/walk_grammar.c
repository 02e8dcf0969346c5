/*
 * The grammar of batches that the privileged side lets through: what the encoder writes, and no more. No attribute here
 * names another table, a chain to go to, an object or a handle; no number sets anything of a packet.
 */
#include "nft/walk_grammar.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_log.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <string.h>

#include "portcullis/compile.h"
#include "portcullis/nft.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ANY UINT32_MAX
#define NAME_MAX_LEN (NFT_NAME_MAXLEN - 1)
#define KEY_MAX 64 /* NFT_DATA_VALUE_MAXLEN */
#define EXPRESSIONS_MAX 128 /* of a rule: NFT_RULE_MAXEXPRS */
#define LIST_MAX 4096 /* elements of a message */

#define OWN(t) WORD(t, OWN_TABLE)
#define WORD(t, w) .type = (t), .value = NFT_VALUE_WORD, .required = true, .word = (w)
#define NAME(t, r) .type = (t), .value = NFT_VALUE_NAME, .required = (r), .lo = 1, .hi = NAME_MAX_LEN
#define U32(t, r, l, h) .type = (t), .value = NFT_VALUE_U32, .required = (r), .lo = (l), .hi = (h), .mask = ANY
#define BITS(t, r, m) .type = (t), .value = NFT_VALUE_U32, .required = (r), .lo = 0, .hi = ANY, .mask = (m)
#define U8(t) .type = (t), .value = NFT_VALUE_U8
#define U64(t) .type = (t), .value = NFT_VALUE_U64
#define BYTES(t, r, h) .type = (t), .value = NFT_VALUE_BYTES, .required = (r), .lo = 1, .hi = (h)
#define NEST(t, r, a) .type = (t), .value = NFT_VALUE_NEST, .required = (r), .inner = (a), .n_inner = COUNT(a)
#define LIST(t, r, h, a) .type = (t), .value = NFT_VALUE_LIST, .required = (r), .hi = (h), .inner = (a), .n_inner = 1
#define EXPRESSION(t) .type = (t), .value = NFT_VALUE_EXPRESSION
#define KEEP(k) .keep = (k)

static const struct nft_attribute data_value[] = {{BYTES(NFTA_DATA_VALUE, true, KEY_MAX)}};

/* ---- expressions ---- */

static const struct nft_attribute meta[] = {{U32(NFTA_META_DREG, true, 0, ANY)}, {U32(NFTA_META_KEY, true, 0, ANY)}};
static const struct nft_attribute ct[] = {{U32(NFTA_CT_DREG, true, 0, ANY)}, {U32(NFTA_CT_KEY, true, 0, ANY)}};
static const struct nft_attribute payload[] = {
        {U32(NFTA_PAYLOAD_DREG, true, 0, ANY)},
        {U32(NFTA_PAYLOAD_BASE, true, NFT_PAYLOAD_NETWORK_HEADER, NFT_PAYLOAD_TRANSPORT_HEADER)},
        {U32(NFTA_PAYLOAD_OFFSET, true, 0, 255)},
        {U32(NFTA_PAYLOAD_LEN, true, 1, 16)},
};
static const struct nft_attribute cmp[] = {
        {U32(NFTA_CMP_SREG, true, 0, ANY)},
        {U32(NFTA_CMP_OP, true, NFT_CMP_EQ, NFT_CMP_GTE)},
        {NEST(NFTA_CMP_DATA, true, data_value)},
};
static const struct nft_attribute bitwise[] = {
        {U32(NFTA_BITWISE_SREG, true, 0, ANY)},
        {U32(NFTA_BITWISE_DREG, true, 0, ANY)},
        {U32(NFTA_BITWISE_LEN, true, 1, 16)},
        {NEST(NFTA_BITWISE_MASK, true, data_value)},
        {NEST(NFTA_BITWISE_XOR, true, data_value)},
};
static const struct nft_attribute lookup[] = {
        {NAME(NFTA_LOOKUP_SET, true), KEEP(NFT_KEEP_LOOKUP)},
        {U32(NFTA_LOOKUP_SREG, true, 0, ANY)},
};
static const struct nft_attribute counter[] = {{U64(NFTA_COUNTER_BYTES)}, {U64(NFTA_COUNTER_PACKETS)}};
static const struct nft_attribute limit[] = {
        {U64(NFTA_LIMIT_RATE)},
        {U64(NFTA_LIMIT_UNIT)},
        {U32(NFTA_LIMIT_BURST, true, 0, ANY)},
        {U32(NFTA_LIMIT_TYPE, true, NFT_LIMIT_PKTS, NFT_LIMIT_PKTS)},
        {U32(NFTA_LIMIT_FLAGS, true, 0, 0)},
};
static const struct nft_attribute log_[] = {
        {.type = NFTA_LOG_PREFIX, .value = NFT_VALUE_NAME, .lo = 1, .hi = NF_LOG_PREFIXLEN - 1},
};
static const struct nft_attribute reject[] = {
        {U32(NFTA_REJECT_TYPE, true, NFT_REJECT_ICMP_UNREACH, NFT_REJECT_ICMPX_UNREACH)},
        {U8(NFTA_REJECT_ICMP_CODE)},
};
static const struct nft_attribute verdict_code[] = {{U32(NFTA_VERDICT_CODE, true, NF_DROP, NF_ACCEPT)}};
static const struct nft_attribute verdict[] = {{NEST(NFTA_DATA_VERDICT, true, verdict_code)}};
static const struct nft_attribute immediate[] = {
        {U32(NFTA_IMMEDIATE_DREG, true, NFT_REG_VERDICT, NFT_REG_VERDICT)},
        {NEST(NFTA_IMMEDIATE_DATA, true, verdict)},
};

static const struct nft_statement statements[] = {
        {"counter", counter, COUNT(counter)}, /* first: the only one of sets */
        {"meta", meta, COUNT(meta)},
        {"ct", ct, COUNT(ct)},
        {"payload", payload, COUNT(payload)},
        {"cmp", cmp, COUNT(cmp)},
        {"bitwise", bitwise, COUNT(bitwise)},
        {"lookup", lookup, COUNT(lookup)},
        {"limit", limit, COUNT(limit)},
        {"log", log_, COUNT(log_)},
        {"reject", reject, COUNT(reject)},
        {"immediate", immediate, COUNT(immediate)},
};

const struct nft_statement *nft_grammar_statement(const char *name, bool in_set)
{
	for (size_t i = 0; i < (in_set ? 1 : COUNT(statements)); i++)
		if (strcmp(statements[i].name, name) == 0)
			return &statements[i];
	return NULL;
}

/* ---- messages ---- */

static const struct nft_attribute table[] = {
        {OWN(NFTA_TABLE_NAME)},
        {BYTES(NFTA_TABLE_USERDATA, false, NFT_USERDATA_MAXLEN)},
};
/* Without a name this message would delete every table of the family. */
static const struct nft_attribute deleted_table[] = {{OWN(NFTA_TABLE_NAME)}};

static const struct nft_attribute field_len[] = {{U32(NFTA_SET_FIELD_LEN, true, 1, 16), KEEP(NFT_KEEP_FIELD)}};
static const struct nft_attribute field[] = {{NEST(NFTA_LIST_ELEM, false, field_len)}};
static const struct nft_attribute description[] = {{LIST(NFTA_SET_DESC_CONCAT, true, OWN_PARTS, field)}};
static const struct nft_attribute set[] = {
        {OWN(NFTA_SET_TABLE)},
        {NAME(NFTA_SET_NAME, true), KEEP(NFT_KEEP_SET)},
        {BITS(NFTA_SET_FLAGS, true, NFT_SET_INTERVAL | NFT_SET_CONCAT)},
        {U32(NFTA_SET_KEY_TYPE, true, 0, ANY)},
        {U32(NFTA_SET_KEY_LEN, true, 1, KEY_MAX)},
        {U32(NFTA_SET_ID, true, 0, ANY)},
        {NEST(NFTA_SET_DESC, false, description)},
        {BYTES(NFTA_SET_USERDATA, false, NFT_USERDATA_MAXLEN)},
        {EXPRESSION(NFTA_SET_EXPR)},
};

static const struct nft_attribute deleted_set[] = {
        {OWN(NFTA_SET_TABLE)},
        {NAME(NFTA_SET_NAME, true), KEEP(NFT_KEEP_LOOKUP)},
};

static const struct nft_attribute key[] = {{BYTES(NFTA_DATA_VALUE, true, KEY_MAX), KEEP(NFT_KEEP_KEY)}};
static const struct nft_attribute key_end[] = {{BYTES(NFTA_DATA_VALUE, true, KEY_MAX), KEEP(NFT_KEEP_KEY_END)}};
static const struct nft_attribute element[] = {
        {NEST(NFTA_SET_ELEM_KEY, true, key)},
        {NEST(NFTA_SET_ELEM_KEY_END, false, key_end)},
        {BITS(NFTA_SET_ELEM_FLAGS, false, NFT_SET_ELEM_INTERVAL_END)},
        {BYTES(NFTA_SET_ELEM_USERDATA, false, NFT_USERDATA_MAXLEN)},
        {EXPRESSION(NFTA_SET_ELEM_EXPR)},
};
static const struct nft_attribute any_element[] = {{NEST(NFTA_LIST_ELEM, false, element), KEEP(NFT_KEEP_ELEMENT)}};
static const struct nft_attribute elements[] = {
        {OWN(NFTA_SET_ELEM_LIST_TABLE)},
        {NAME(NFTA_SET_ELEM_LIST_SET, true), KEEP(NFT_KEEP_SET_OF)},
        {LIST(NFTA_SET_ELEM_LIST_ELEMENTS, true, LIST_MAX, any_element)},
};

static const struct nft_attribute hook[] = {
        {U32(NFTA_HOOK_HOOKNUM, true, NF_INET_LOCAL_IN, NF_INET_LOCAL_OUT)},
        {U32(NFTA_HOOK_PRIORITY, true, 0, 0)},
};
/* Hook, policy and type go together; the walk sees to that. */
static const struct nft_attribute chain[] = {
        {OWN(NFTA_CHAIN_TABLE)},
        {NAME(NFTA_CHAIN_NAME, true), KEEP(NFT_KEEP_CHAIN)},
        {NEST(NFTA_CHAIN_HOOK, false, hook), KEEP(NFT_KEEP_BASE)},
        {U32(NFTA_CHAIN_POLICY, false, NF_ACCEPT, NF_ACCEPT), KEEP(NFT_KEEP_BASE)},
        {.type = NFTA_CHAIN_TYPE, .value = NFT_VALUE_WORD, .word = "filter", KEEP(NFT_KEEP_BASE)},
        {BYTES(NFTA_CHAIN_USERDATA, false, NFT_USERDATA_MAXLEN)},
};

static const struct nft_attribute deleted_chain[] = {{OWN(NFTA_CHAIN_TABLE)}, {NAME(NFTA_CHAIN_NAME, true)}};

static const struct nft_attribute any_expression[] = {{EXPRESSION(NFTA_LIST_ELEM)}};
static const struct nft_attribute rule[] = {
        {OWN(NFTA_RULE_TABLE)},
        {NAME(NFTA_RULE_CHAIN, true)},
        {LIST(NFTA_RULE_EXPRESSIONS, true, EXPRESSIONS_MAX, any_expression)},
        {BYTES(NFTA_RULE_USERDATA, false, NFT_USERDATA_MAXLEN)},
};
/* Of all chains of the table, which no attribute but its name says. */
static const struct nft_attribute deleted_rules[] = {{OWN(NFTA_RULE_TABLE)}};

#define NEW (NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL)
static const struct nft_grammar messages[] = {
        {NFT_MSG_NEWTABLE, NLM_F_REQUEST | NLM_F_CREATE, table, COUNT(table)},
        {NFT_MSG_DELTABLE, NLM_F_REQUEST, deleted_table, COUNT(deleted_table)},
        {NFT_MSG_NEWSET, NEW, set, COUNT(set)},
        {NFT_MSG_NEWSETELEM, NEW, elements, COUNT(elements)},
        {NFT_MSG_NEWCHAIN, NEW, chain, COUNT(chain)},
        {NFT_MSG_NEWRULE, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_APPEND, rule, COUNT(rule)},
        {NFT_MSG_DELRULE, NLM_F_REQUEST, deleted_rules, COUNT(deleted_rules)},
        {NFT_MSG_DELCHAIN, NLM_F_REQUEST, deleted_chain, COUNT(deleted_chain)},
        {NFT_MSG_DELSET, NLM_F_REQUEST, deleted_set, COUNT(deleted_set)},
};

const struct nft_grammar *nft_grammar(uint16_t type)
{
	for (size_t i = 0; i < COUNT(messages); i++)
		if (messages[i].type == type)
			return &messages[i];
	return NULL;
}
