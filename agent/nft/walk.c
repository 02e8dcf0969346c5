/*
 * The privileged side's guard: the bytes of a batch come in, and the word whether they replace, exchange or remove the table
 * `inet portcullis` and do nothing else. Whatever the grammar does not know is refused, as are cut messages, attributes
 * that come twice and more than may hold the kernel. It reads each byte once and allocates nothing.
 */
#include "nft/walk.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "nft/netlink.h"
#include "nft/walk_grammar.h"
#include "nft/work.h"
#include "portcullis/compile.h"
#include "portcullis/nft.h"

#define WHERE "privileged process"
#define EXPRESSION_NAME_MAX 16

/* Bytes of a message, or of an attribute in it. */
struct span {
	const uint8_t *p;
	size_t len;
};

/* What a batch does, which its second message says: the first makes sure that there is a table. */
enum form {
	FORM_REPLACE, /* deletes the table, and makes it anew where more follows */
	FORM_ADD, /* sets with their elements */
	FORM_EXCHANGE, /* deletes all rules, then chains and sets, and makes other chains and rules */
	FORM_WITHDRAW /* deletes sets that no rule looks into */
};

struct walk {
	struct error *err;
	size_t message; /* number of the one under the eye, from 0 */
	enum form form;
	int stage; /* of an exchange: how far it is */
	size_t n_rule, n_set, n_chain, n_element, n_chain_deleted, n_set_deleted;
	uint64_t n_search; /* for a set by its name, which goes through all sets */
	struct span chain; /* name of the chain that is made */
	size_t n_base; /* NFT_KEEP_BASE of it */
	bool in_set; /* expressions are those of sets */
	struct span set; /* name of the set that was made last */
	struct nft_work work; /* on that set */
	uint64_t total; /* on all of them */
	struct span key, key_end; /* of the element under the eye */
};

__attribute__((format(printf, 3, 4))) static int refuse(
        const struct walk *w, enum error_code code, const char *format, ...)
{
	char what[256];
	va_list args;
	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	return error_set(w->err, code, WHERE, "message %zu of the batch is not let through: %s", w->message, what);
}

static int walk_nest(struct walk *w, struct span s, const struct nft_attribute *grammar, size_t n);

static uint32_t big_endian(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The next attribute of s, which it is taken from; its flags must say whether it nests. */
static int attribute_next(struct walk *w, struct span *s, bool *nested, uint16_t *type, struct span *value)
{
	struct nlattr a;
	if (s->len < sizeof(a))
		return refuse(w, ERR_FORMAT, "%zu bytes are left over", s->len);
	memcpy(&a, s->p, sizeof(a));
	size_t whole = nft_netlink_aligned(a.nla_len);
	if (a.nla_len < sizeof(a) || whole > s->len)
		return refuse(w, ERR_FORMAT, "an attribute of %u bytes in %zu", a.nla_len, s->len);
	if (a.nla_type & NLA_F_NET_BYTEORDER)
		return refuse(w, ERR_FORMAT, "attribute %u tells a byte order", a.nla_type & NLA_TYPE_MASK);
	*nested = (a.nla_type & NLA_F_NESTED) != 0;
	*type = (uint16_t)(a.nla_type & NLA_TYPE_MASK);
	*value = (struct span){s->p + sizeof(a), a.nla_len - sizeof(a)};
	s->p += whole;
	s->len -= whole;
	return 0;
}

static int walk_text(const struct walk *w, struct span s, const struct nft_attribute *g)
{
	size_t len = s.len > 0 ? strnlen((const char *)s.p, s.len) : 0;
	if (s.len == 0 || len + 1 != s.len)
		return refuse(w, ERR_FORMAT, "attribute %u is no text that ends with its NUL", g->type);
	if (g->value == NFT_VALUE_WORD && strcmp((const char *)s.p, g->word) != 0)
		return refuse(w, ERR_DENIED, "attribute %u is not \"%s\"", g->type, g->word);
	if (g->value == NFT_VALUE_NAME && (len < g->lo || len > g->hi))
		return refuse(w, ERR_FORMAT, "the text of attribute %u has %zu bytes", g->type, len);
	return 0;
}

static int walk_number(const struct walk *w, struct span s, const struct nft_attribute *g)
{
	size_t size = g->value == NFT_VALUE_U8 ? 1 : g->value == NFT_VALUE_U32 ? 4 : 8;
	if (s.len != size)
		return refuse(w, ERR_FORMAT, "the number of attribute %u has %zu bytes, not %zu", g->type, s.len, size);
	if (g->value != NFT_VALUE_U32)
		return 0;
	uint32_t value = big_endian(s.p);
	if (value < g->lo || value > g->hi || (value & ~g->mask) != 0)
		return refuse(w, ERR_DENIED, "attribute %u has the value %u", g->type, value);
	return 0;
}

/* Its name comes first, for the name says what the rest may be. */
static int walk_expression(struct walk *w, struct span s)
{
	char name[EXPRESSION_NAME_MAX] = "";
	bool nested = false;
	uint16_t type = 0;
	struct span value;
	if (attribute_next(w, &s, &nested, &type, &value) != 0)
		return -1;
	if (nested || type != NFTA_EXPR_NAME || value.len == 0 || value.len > sizeof(name) ||
	        strnlen((const char *)value.p, value.len) + 1 != value.len)
		return refuse(w, ERR_FORMAT, "an expression does not begin with its name");
	memcpy(name, value.p, value.len);
	const struct nft_statement *known = nft_grammar_statement(name, w->in_set);
	if (known == NULL)
		return refuse(w, ERR_DENIED, "an expression that the own table has not");
	if (s.len == 0 && known->n > 0 && !known->attribute[0].required)
		return 0;
	if (attribute_next(w, &s, &nested, &type, &value) != 0)
		return -1;
	if (!nested || type != NFTA_EXPR_DATA || s.len != 0)
		return refuse(w, ERR_FORMAT, "the expression %s is not a name and what belongs to it", known->name);
	return walk_nest(w, value, known->attribute, known->n);
}

/* What is needed to know how long the kernel would work on a set. */
static int keep(struct walk *w, struct span s, const struct nft_attribute *g)
{
	switch (g->keep) {
	case NFT_KEEP_SET:
		w->set = s;
		w->n_search++;
		w->work = (struct nft_work){0};
		break;
	case NFT_KEEP_CHAIN:
		w->chain = s;
		break;
	case NFT_KEEP_BASE:
		w->n_base++;
		break;
	case NFT_KEEP_FIELD:
		if (w->work.n_field < NFT_WORK_FIELDS)
			w->work.len[w->work.n_field++] = big_endian(s.p);
		break;
	case NFT_KEEP_SET_OF:
		if (s.len != w->set.len || memcmp(s.p, w->set.p, s.len) != 0)
			return refuse(w, ERR_DENIED, "its elements are for another set than the one made last");
		w->n_search++;
		break;
	case NFT_KEEP_LOOKUP:
		w->n_search++;
		break;
	case NFT_KEEP_KEY:
		w->key = s;
		break;
	case NFT_KEEP_KEY_END:
		w->key_end = s;
		break;
	default:
		break;
	}
	return 0;
}

static int element_count(struct walk *w)
{
	struct span lo = w->key, hi = w->key_end.len > 0 ? w->key_end : w->key;
	size_t at = 0;
	for (size_t i = 0; i < w->work.n_field; i++) {
		size_t len = w->work.len[i];
		if (len > lo.len || at > lo.len - len || hi.len != lo.len)
			return refuse(w, ERR_FORMAT, "a key is shorter than the fields of its set");
		w->total += nft_work_add(&w->work, i, lo.p + at, hi.p + at);
		at += nft_netlink_aligned(len);
	}
	if (w->total > NFT_BATCH_WORK)
		return refuse(w, ERR_LIMIT,
		        "its intervals would hold the kernel too long: use prefixes and fewer port ranges");
	return 0;
}

static int walk_element(struct walk *w, struct span s, const struct nft_attribute *g)
{
	w->key = w->key_end = (struct span){0};
	return walk_nest(w, s, g->inner, g->n_inner) == 0 ? element_count(w) : -1;
}

static bool nests(enum nft_value value)
{
	return value == NFT_VALUE_NEST || value == NFT_VALUE_LIST || value == NFT_VALUE_EXPRESSION;
}

static int walk_list(struct walk *w, struct span s, const struct nft_attribute *g);

/* How deep it goes is the grammar's depth, for that has no circle. */
static int walk_value(struct walk *w, struct span s, bool nested, const struct nft_attribute *g)
{
	if (nested != nests(g->value))
		return refuse(w, ERR_FORMAT, "attribute %u nests, or does not where it must", g->type);
	switch (g->value) {
	case NFT_VALUE_WORD:
	case NFT_VALUE_NAME:
		return walk_text(w, s, g);
	case NFT_VALUE_U8:
	case NFT_VALUE_U32:
	case NFT_VALUE_U64:
		return walk_number(w, s, g);
	case NFT_VALUE_NEST:
		return g->keep == NFT_KEEP_ELEMENT ? walk_element(w, s, g) : walk_nest(w, s, g->inner, g->n_inner);
	case NFT_VALUE_LIST:
		return walk_list(w, s, g);
	case NFT_VALUE_EXPRESSION:
		return walk_expression(w, s);
	default:
		if (s.len < g->lo || s.len > g->hi)
			return refuse(w, ERR_FORMAT, "attribute %u has %zu bytes", g->type, s.len);
		return 0;
	}
}

static int walk_list(struct walk *w, struct span s, const struct nft_attribute *g)
{
	bool nested = false;
	uint16_t type = 0;
	struct span value;
	uint32_t n = 0;
	while (s.len > 0) {
		if (attribute_next(w, &s, &nested, &type, &value) != 0)
			return -1;
		if (++n > g->hi)
			return refuse(w, ERR_LIMIT, "attribute %u lists more than %u", g->type, g->hi);
		if (walk_value(w, value, nested, &g->inner[0]) != 0)
			return -1;
	}
	if (w->in_set && g->type == NFTA_SET_ELEM_LIST_ELEMENTS)
		w->n_element += n;
	return 0;
}

/* The kernel takes the last of several attributes of one type: here there is never more than one. */
static int walk_nest(struct walk *w, struct span s, const struct nft_attribute *grammar, size_t n)
{
	uint32_t seen = 0;
	bool nested = false;
	uint16_t type = 0;
	struct span value;
	while (s.len > 0) {
		size_t i = 0;
		if (attribute_next(w, &s, &nested, &type, &value) != 0)
			return -1;
		while (i < n && grammar[i].type != type)
			i++;
		if (i == n)
			return refuse(w, ERR_DENIED, "an attribute %u, which the own table needs nowhere there", type);
		if (seen & 1u << i)
			return refuse(w, ERR_FORMAT, "attribute %u comes twice", type);
		seen |= 1u << i;
		if (walk_value(w, value, nested, &grammar[i]) != 0 || keep(w, value, &grammar[i]) != 0)
			return -1;
	}
	for (size_t i = 0; i < n; i++)
		if (grammar[i].required && !(seen & 1u << i))
			return refuse(w, ERR_FORMAT, "attribute %u is missing", grammar[i].type);
	return 0;
}

static int form_find(struct walk *w, uint16_t type)
{
	switch (type) {
	case NFT_MSG_DELTABLE:
		w->form = FORM_REPLACE;
		return 0;
	case NFT_MSG_NEWSET:
		w->form = FORM_ADD;
		return 0;
	case NFT_MSG_DELRULE:
		w->form = FORM_EXCHANGE;
		return 0;
	case NFT_MSG_DELSET:
		w->form = FORM_WITHDRAW;
		return 0;
	default:
		return refuse(w, ERR_DENIED,
		        "it has type %u, but a batch begins with the table being made, deleted and made, or goes on "
		        "with sets that are added or with a deletion",
		        type);
	}
}

/* Each kind stands behind the one that it needs gone or there. */
static int exchange_stage(uint16_t type)
{
	switch (type) {
	case NFT_MSG_DELCHAIN:
		return 1;
	case NFT_MSG_DELSET:
		return 2;
	case NFT_MSG_NEWCHAIN:
		return 3;
	case NFT_MSG_NEWRULE:
		return 4;
	default:
		return -1;
	}
}

static int check_exchange(struct walk *w, uint16_t type)
{
	int stage = exchange_stage(type);
	if (stage < w->stage)
		return refuse(w, ERR_DENIED,
		        "it has type %u out of its turn: rules, chains and sets are deleted, then chains and rules "
		        "made",
		        type);
	w->stage = stage;
	return 0;
}

/* A table that is replaced is made again: only then there is something to put into it. */
static int check_replace(const struct walk *w, uint16_t type)
{
	bool makes = type == NFT_MSG_NEWTABLE;
	if (w->message == 2 && !makes)
		return refuse(w, ERR_DENIED,
		        "it has type %u, but a batch begins with the table being made, deleted and made", type);
	if (w->message > 2 && (makes || type == NFT_MSG_DELTABLE))
		return refuse(w, ERR_DENIED, "the table is made or deleted once more");
	if (type == NFT_MSG_DELRULE || type == NFT_MSG_DELCHAIN || type == NFT_MSG_DELSET)
		return refuse(
		        w, ERR_DENIED, "it has type %u, but a table that is made anew has nothing to delete", type);
	return 0;
}

static int check_order(struct walk *w, uint16_t type)
{
	if (w->message == 0 && type != NFT_MSG_NEWTABLE)
		return refuse(w, ERR_DENIED,
		        "it has type %u, but a batch begins with the table being made, deleted and made", type);
	if (w->message == 0)
		return 0;
	if (w->message == 1)
		return form_find(w, type);
	switch (w->form) {
	case FORM_REPLACE:
		return check_replace(w, type);
	case FORM_ADD:
		return type == NFT_MSG_NEWSET || type == NFT_MSG_NEWSETELEM
		               ? 0
		               : refuse(w, ERR_DENIED, "it has type %u, but behind sets are only sets", type);
	case FORM_EXCHANGE:
		return check_exchange(w, type);
	default:
		return type == NFT_MSG_DELSET
		               ? 0
		               : refuse(w, ERR_DENIED, "it has type %u, but sets alone are taken out", type);
	}
}

static int count(struct walk *w, uint16_t type)
{
	const struct {
		uint16_t type;
		size_t *n;
		size_t max;
		const char *what;
	} limits[] = {
	        {NFT_MSG_NEWRULE, &w->n_rule, NFT_BATCH_RULES, "rules"},
	        {NFT_MSG_NEWSET, &w->n_set, NFT_BATCH_SETS, "sets"},
	        {NFT_MSG_NEWCHAIN, &w->n_chain, NFT_BATCH_CHAINS, "chains"},
	        {NFT_MSG_DELSET, &w->n_set_deleted, NFT_BATCH_SETS, "sets that go"},
	        {NFT_MSG_DELCHAIN, &w->n_chain_deleted, NFT_BATCH_CHAINS, "chains that go"},
	};
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (limits[i].type == type && ++*limits[i].n > limits[i].max)
			return refuse(w, ERR_LIMIT,
			        "more than %zu %s would hold the kernel too long: use groups and address sets",
			        limits[i].max, limits[i].what);
	if (w->n_element > NFT_BATCH_ELEMENTS)
		return refuse(w, ERR_LIMIT, "more than %zu elements would hold the kernel too long: join prefixes",
		        NFT_BATCH_ELEMENTS);
	/* Those that go are passed by, too, until the transaction ends. */
	size_t n_set = w->n_set + w->n_set_deleted;
	if (w->n_search * n_set > NFT_BATCH_SEARCHES)
		return refuse(w, ERR_LIMIT,
		        "%zu sets that are named %llu times would hold the kernel too long: use fewer rules with lists",
		        n_set, (unsigned long long)w->n_search);
	return 0;
}

/* No packet comes by where there is no hook: what is there is for readers. */
static int check_chain(const struct walk *w)
{
	if (w->n_base == NFT_BASE_PARTS || (w->n_base == 0 && strcmp((const char *)w->chain.p, OWN_ORIGIN) == 0))
		return 0;
	return refuse(w, ERR_FORMAT, "a hook, a type or a policy is missing, which only chain " OWN_ORIGIN " has not");
}

static int walk_message(struct walk *w, const struct nlmsghdr *m, const uint8_t *at)
{
	struct nfgenmsg family;
	const size_t head = sizeof(*m) + sizeof(family);
	uint16_t type = (uint16_t)NFNL_MSG_TYPE(m->nlmsg_type);
	if (NFNL_SUBSYS_ID(m->nlmsg_type) != NFNL_SUBSYS_NFTABLES)
		return refuse(w, ERR_DENIED, "type 0x%04x is not one of nf_tables", m->nlmsg_type);
	const struct nft_grammar *g = nft_grammar(type);
	if (g == NULL)
		return refuse(w, ERR_DENIED, "type %u is none of those that make a table", type);
	if (m->nlmsg_flags != g->flags)
		return refuse(w, ERR_DENIED, "its flags are 0x%x, not 0x%x", m->nlmsg_flags, g->flags);
	memcpy(&family, at + sizeof(*m), sizeof(family));
	if (family.nfgen_family != NFPROTO_INET || family.version != NFNETLINK_V0 || family.res_id != 0)
		return refuse(w, ERR_DENIED, "its family is %u, not inet", family.nfgen_family);
	if (check_order(w, type) != 0)
		return -1;
	w->n_base = 0;
	w->in_set = type == NFT_MSG_NEWSET || type == NFT_MSG_NEWSETELEM;
	if (walk_nest(w, (struct span){at + head, m->nlmsg_len - head}, g->attribute, g->n) != 0)
		return -1;
	if (type == NFT_MSG_NEWCHAIN && check_chain(w) != 0)
		return -1;
	return count(w, type);
}

int nft_batch_walk(uint8_t *bytes, size_t len, size_t *n, struct error *err)
{
	struct walk w = {.err = err};
	if (len > NFT_BATCH_MAX)
		return refuse(&w, ERR_LIMIT, "more than %zu MB", NFT_BATCH_MAX >> 20);
	for (size_t at = 0; at < len; w.message++) {
		struct nlmsghdr m;
		if (len - at < sizeof(m) + sizeof(struct nfgenmsg))
			return refuse(&w, ERR_FORMAT, "%zu bytes are left over", len - at);
		memcpy(&m, bytes + at, sizeof(m));
		if (m.nlmsg_len < sizeof(m) + sizeof(struct nfgenmsg) || m.nlmsg_len > len - at ||
		        nft_netlink_aligned(m.nlmsg_len) > len - at)
			return refuse(&w, ERR_FORMAT, "its length is %u, with %zu bytes left", m.nlmsg_len, len - at);
		if (walk_message(&w, &m, bytes + at) != 0)
			return -1;
		m.nlmsg_seq = (uint32_t)w.message + NFT_BATCH_FIRST;
		m.nlmsg_pid = 0;
		memcpy(bytes + at, &m, sizeof(m));
		at += nft_netlink_aligned(m.nlmsg_len);
	}
	if (w.message < 2)
		return refuse(&w, ERR_FORMAT, "it is missing: a batch makes the table and does something to it");
	*n = w.message;
	return 0;
}
