/*
 * Counters of the own table: the bytes of a dump come in, packets and bytes of its rules and of its sets' elements go out,
 * and into a table, or the messages for one, that is to go on counting. Messages of other tables, and what does not count,
 * are passed over; bytes that are no netlink messages are refused.
 */
#include <endian.h>
#include <libmnl/libmnl.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "nft/encode.h"
#include "portcullis/alloc.h"

#define ATTRIBUTES 16

/* A counter as it is read. A set of one field has the ends of its intervals as elements: they count nothing. */
struct found {
	struct nft_counter c;
	bool counts, open; /* open: where its key ends is not told */
	const struct nlattr *packets, *bytes; /* where they were found */
};

struct reader {
	const char *table;
	uint64_t handle;
	const struct nft_counters *renew; /* what is found gets its numbers from here; NULL: it is kept */
	bool *taken; /* which of these were */
	const char **plain; /* names of sets without intervals, which stand before all elements */
	size_t n_plain, cap_plain;
	struct found *found;
	size_t n, cap;
};

/* Attributes of an attribute or a message, each by its number; the last of several counts. */
static void parse(const void *bytes, size_t len, const struct nlattr *tb[ATTRIBUTES])
{
	const struct nlattr *a = bytes;
	int left = (int)len;
	memset(tb, 0, ATTRIBUTES * sizeof(*tb));
	for (; mnl_attr_ok(a, left); a = mnl_attr_next(a)) {
		if (mnl_attr_get_type(a) < ATTRIBUTES)
			tb[mnl_attr_get_type(a)] = a;
		left -= MNL_ALIGN(a->nla_len);
	}
}

static void parse_nest(const struct nlattr *nest, const struct nlattr *tb[ATTRIBUTES])
{
	parse(nest != NULL ? mnl_attr_get_payload(nest) : NULL, nest != NULL ? mnl_attr_get_payload_len(nest) : 0, tb);
}

/* The first attribute of a list, or the one behind a; NULL: there is none. */
static const struct nlattr *list_next(const struct nlattr *list, const struct nlattr *a)
{
	const char *end = (const char *)mnl_attr_get_payload(list) + mnl_attr_get_payload_len(list);
	const struct nlattr *next = a != NULL ? mnl_attr_next(a) : mnl_attr_get_payload(list);
	return mnl_attr_ok(next, (int)(end - (const char *)next)) ? next : NULL;
}

/* NULL where there is no text with a NUL at its end. */
static const char *text_of(const struct nlattr *a)
{
	size_t len = a != NULL ? mnl_attr_get_payload_len(a) : 0;
	const char *p = len > 0 ? mnl_attr_get_payload(a) : NULL;
	return p != NULL && p[len - 1] == '\0' ? p : NULL;
}

static uint64_t number_of(const struct nlattr *a)
{
	uint64_t value = 0;
	if (a != NULL && mnl_attr_get_payload_len(a) == sizeof(value))
		memcpy(&value, mnl_attr_get_payload(a), sizeof(value));
	return be64toh(value);
}

static bool read_counter(const struct nlattr *expression, struct found *out)
{
	const struct nlattr *tb[ATTRIBUTES];
	parse_nest(expression, tb);
	const char *name = text_of(tb[NFTA_EXPR_NAME]);
	if (name == NULL || strcmp(name, "counter") != 0)
		return false;
	parse_nest(tb[NFTA_EXPR_DATA], tb);
	out->packets = tb[NFTA_COUNTER_PACKETS];
	out->bytes = tb[NFTA_COUNTER_BYTES];
	out->c.packets = number_of(out->packets);
	out->c.bytes = number_of(out->bytes);
	return true;
}

static bool read_counter_of_list(const struct nlattr *list, struct found *out)
{
	for (const struct nlattr *a = list_next(list, NULL); a != NULL; a = list_next(list, a))
		if (read_counter(a, out))
			return true;
	return false;
}

static int compare(const void *a, const void *b)
{
	const struct nft_counter *x = a, *y = b;
	int order;
	if (x->set == NULL || y->set == NULL) {
		if (x->set != NULL || y->set != NULL)
			return x->set != NULL ? 1 : -1;
		order = strcmp(x->chain, y->chain);
		return order != 0 ? order : strcmp(x->comment, y->comment);
	}
	order = strcmp(x->set, y->set);
	if (order == 0 && x->len != y->len)
		order = x->len < y->len ? -1 : 1;
	return order != 0 ? order : memcmp(x->key, y->key, x->len);
}

static const struct nft_counter *counter_find(const struct nft_counters *c, const struct nft_counter *like)
{
	return c->n > 0 ? bsearch(like, c->counter, c->n, sizeof(*c->counter), compare) : NULL;
}

static void counter_fini(struct nft_counter *c)
{
	free(c->set);
	free(c->chain);
	free(c->comment);
}

static void number_put(const struct nlattr *a, uint64_t value)
{
	const uint64_t number = htobe64(value);
	if (a != NULL && mnl_attr_get_payload_len(a) == sizeof(number))
		memcpy(mnl_attr_get_payload(a), &number, sizeof(number));
}

/* Of several rules with one comment the first has all of it: like nft_counters_apply(). */
static void renew(struct reader *r, struct found *f)
{
	const struct nft_counter *from = counter_find(r->renew, &f->c);
	if (from != NULL && (f->c.set == NULL || memcmp(from->key_end, f->c.key_end, f->c.len) == 0)) {
		bool taken = f->c.set == NULL && r->taken[from - r->renew->counter];
		r->taken[from - r->renew->counter] = true;
		number_put(f->packets, taken ? 0 : from->packets);
		number_put(f->bytes, taken ? 0 : from->bytes);
	}
	counter_fini(&f->c);
}

static void add(struct reader *r, struct found *f)
{
	if (r->renew != NULL) {
		renew(r, f);
		return;
	}
	if (r->n == r->cap) {
		r->cap = r->cap == 0 ? 64 : r->cap * 2;
		r->found = xrealloc(r->found, r->cap, sizeof(*r->found));
	}
	r->found[r->n++] = *f;
}

static size_t read_key(const struct nlattr *data, uint8_t out[64])
{
	const struct nlattr *tb[ATTRIBUTES];
	parse_nest(data, tb);
	const struct nlattr *value = tb[NFTA_DATA_VALUE];
	size_t len = value != NULL ? mnl_attr_get_payload_len(value) : 0;
	if (len == 0 || len > 64)
		return 0;
	memcpy(out, mnl_attr_get_payload(value), len);
	return len;
}

static bool is_own(const struct reader *r, const struct nlattr *table)
{
	const char *name = text_of(table);
	return name != NULL && strcmp(name, r->table) == 0;
}

static void read_set(struct reader *r, const struct nlattr *tb[ATTRIBUTES])
{
	const char *name = text_of(tb[NFTA_SET_NAME]);
	uint32_t flags = 0;
	if (tb[NFTA_SET_FLAGS] != NULL && mnl_attr_get_payload_len(tb[NFTA_SET_FLAGS]) == sizeof(flags))
		memcpy(&flags, mnl_attr_get_payload(tb[NFTA_SET_FLAGS]), sizeof(flags));
	if (!is_own(r, tb[NFTA_SET_TABLE]) || name == NULL || (be32toh(flags) & NFT_SET_INTERVAL) != 0)
		return;
	r->plain = xgrow(r->plain, r->n_plain, &r->cap_plain, sizeof(*r->plain));
	r->plain[r->n_plain++] = name;
}

static bool is_plain(const struct reader *r, const char *set)
{
	for (size_t i = 0; i < r->n_plain; i++)
		if (strcmp(r->plain[i], set) == 0)
			return true;
	return false;
}

/* Type, length and text, one behind the other. nft numbers comments of rules and of elements alike. */
static char *read_comment(const struct nlattr *userdata)
{
	const uint8_t *p = userdata != NULL ? mnl_attr_get_payload(userdata) : NULL;
	size_t len = userdata != NULL ? mnl_attr_get_payload_len(userdata) : 0;
	for (size_t at = 0; len - at >= 2 && at < len && p[at + 1] <= len - at - 2; at += 2 + (size_t)p[at + 1])
		if (p[at] == NFTNL_UDATA_RULE_COMMENT && p[at + 1] > 0 && p[at + 1 + p[at + 1]] == '\0')
			return xstrdup((const char *)p + at + 2);
	return NULL;
}

/* Without the digest of its content: a box goes on counting where there is one more beside it. */
static char *set_name(const char *name)
{
	size_t len = strlen(name), digest = OWN_SET_DIGEST;
	bool has = len > digest + 1 && name[len - digest - 1] == '-' &&
	           strspn(name + len - digest, "0123456789abcdef") == digest;
	return xstrndup(name, has ? len - digest - 1 : len);
}

static void read_element(struct reader *r, const char *set, bool plain, const struct nlattr *element)
{
	const struct nlattr *tb[ATTRIBUTES];
	struct found f = {0};
	parse_nest(element, tb);
	f.c.len = read_key(tb[NFTA_SET_ELEM_KEY], f.c.key);
	f.open = !plain && read_key(tb[NFTA_SET_ELEM_KEY_END], f.c.key_end) != f.c.len;
	if (plain)
		memcpy(f.c.key_end, f.c.key, f.c.len);
	f.counts = read_counter(tb[NFTA_SET_ELEM_EXPR], &f) ||
	           (tb[NFTA_SET_ELEM_EXPRESSIONS] != NULL && read_counter_of_list(tb[NFTA_SET_ELEM_EXPRESSIONS], &f));
	if (f.c.len == 0 || (!f.counts && !f.open))
		return;
	f.c.set = set_name(set);
	f.c.comment = read_comment(tb[NFTA_SET_ELEM_USERDATA]);
	add(r, &f);
}

static void read_elements(struct reader *r, const struct nlattr *tb[ATTRIBUTES])
{
	const char *set = text_of(tb[NFTA_SET_ELEM_LIST_SET]);
	const struct nlattr *list = tb[NFTA_SET_ELEM_LIST_ELEMENTS];
	if (!is_own(r, tb[NFTA_SET_ELEM_LIST_TABLE]) || set == NULL || list == NULL)
		return;
	const bool plain = is_plain(r, set);
	for (const struct nlattr *a = list_next(list, NULL); a != NULL; a = list_next(list, a))
		read_element(r, set, plain, a);
}

static void read_rule(struct reader *r, const struct nlattr *tb[ATTRIBUTES])
{
	struct found f = {.counts = true};
	const char *chain = text_of(tb[NFTA_RULE_CHAIN]);
	if (!is_own(r, tb[NFTA_RULE_TABLE]) || chain == NULL || tb[NFTA_RULE_EXPRESSIONS] == NULL ||
	        !read_counter_of_list(tb[NFTA_RULE_EXPRESSIONS], &f))
		return;
	f.c.comment = read_comment(tb[NFTA_RULE_USERDATA]);
	if (f.c.comment == NULL)
		return;
	f.c.chain = xstrdup(chain);
	add(r, &f);
}

/* Where one interval ends and the next begins the end is first. */
static int compare_found(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	int order = compare(&x->c, &y->c);
	return order != 0 ? order : (int)x->counts - (int)y->counts;
}

/* An interval ends before the next element of its set, or with the largest key. */
static void find_end(struct nft_counter *c, const struct nft_counter *next)
{
	if (next == NULL || next->set == NULL || strcmp(next->set, c->set) != 0 || next->len != c->len) {
		memset(c->key_end, 0xff, c->len);
		return;
	}
	memcpy(c->key_end, next->key, c->len);
	for (size_t i = c->len; i-- > 0;)
		if (c->key_end[i]-- != 0)
			break;
}

static void put(struct nft_counters *out, const struct nft_counter *c)
{
	struct nft_counter *last = out->n > 0 ? &out->counter[out->n - 1] : NULL;
	if (last == NULL || compare(c, last) != 0) {
		out->counter[out->n++] = *c;
		return;
	}
	last->packets += c->packets;
	last->bytes += c->bytes;
	struct nft_counter same = *c;
	counter_fini(&same);
}

/* Sorted, ends of intervals found and their elements gone, counters of one name added up. */
static void settle(struct reader *r, struct nft_counters *out)
{
	if (r->n == 0)
		return;
	qsort(r->found, r->n, sizeof(*r->found), compare_found);
	out->cap = r->n;
	out->counter = xcalloc(out->cap, sizeof(*out->counter));
	for (size_t i = 0; i < r->n; i++) {
		struct found *f = &r->found[i];
		if (f->counts && f->open && f->c.set != NULL)
			find_end(&f->c, i + 1 < r->n ? &r->found[i + 1].c : NULL);
		if (f->counts)
			put(out, &f->c);
		else
			counter_fini(&f->c);
	}
	free(r->found);
}

static void read_table(struct reader *r, const struct nlattr *tb[ATTRIBUTES])
{
	if (is_own(r, tb[NFTA_TABLE_NAME]))
		r->handle = number_of(tb[NFTA_TABLE_HANDLE]);
}

/* Of messages that are whole. */
static void read_messages(struct reader *r, const uint8_t *bytes, size_t len)
{
	static void (*const readers[NFT_MSG_MAX])(struct reader * r, const struct nlattr *tb[ATTRIBUTES]) = {
	        [NFT_MSG_NEWTABLE] = read_table,
	        [NFT_MSG_NEWSET] = read_set,
	        [NFT_MSG_NEWSETELEM] = read_elements,
	        [NFT_MSG_NEWRULE] = read_rule,
	};
	const size_t head = sizeof(struct nlmsghdr) + sizeof(struct nfgenmsg);
	struct nlmsghdr m;
	for (size_t at = 0; at < len; at += nft_netlink_aligned(m.nlmsg_len)) {
		const struct nlattr *tb[ATTRIBUTES];
		struct nfgenmsg family;
		memcpy(&m, bytes + at, sizeof(m));
		memcpy(&family, bytes + at + sizeof(m), sizeof(family));
		unsigned type = NFNL_MSG_TYPE(m.nlmsg_type);
		if (family.nfgen_family != NFPROTO_INET || type >= NFT_MSG_MAX || readers[type] == NULL)
			continue;
		parse(bytes + at + head, m.nlmsg_len - head, tb);
		readers[type](r, tb);
	}
}

int nft_counters_read(const uint8_t *bytes, size_t len, const char *table, struct nft_counters *out, struct error *err)
{
	struct reader r = {.table = table};
	memset(out, 0, sizeof(*out));
	if (nft_netlink_check(bytes, len, err) != 0)
		return -1;
	read_messages(&r, bytes, len);
	settle(&r, out);
	out->table = r.handle;
	free(r.plain);
	return 0;
}

void nft_counters_renew(const struct nft_counters *c, uint8_t *bytes, size_t len)
{
	struct reader r = {.table = OWN_TABLE, .renew = c, .taken = xcalloc(c->n + 1, sizeof(*r.taken))};
	struct error err;
	if (nft_netlink_check(bytes, len, &err) == 0)
		read_messages(&r, bytes, len);
	free(r.plain);
	free(r.taken);
}

void nft_counters_fini(struct nft_counters *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n; i++)
		counter_fini(&c->counter[i]);
	free(c->counter);
	memset(c, 0, sizeof(*c));
}

static void apply_to_set(const struct nft_counters *c, struct own_set *set)
{
	char *name = set_name(set->name);
	for (size_t i = 0; i < set->n_element; i++) {
		struct own_element *e = &set->element[i];
		struct nft_counter like = {.set = name, .len = nft_key_length(set)};
		uint8_t key[NFT_KEY_MAX];
		nft_key_put(set, e, false, key);
		memcpy(like.key, key, like.len);
		nft_key_put(set, e, true, key);
		const struct nft_counter *found = counter_find(c, &like);
		if (found == NULL || memcmp(found->key_end, key, like.len) != 0)
			continue;
		e->packets = found->packets;
		e->bytes = found->bytes;
	}
	free(name);
}

static bool is_key(const struct own_set *set)
{
	for (size_t i = 0; i < set->n_field; i++)
		if (nft_field(set->field[i]) == NULL)
			return false;
	return set->n_field > 0 && nft_key_length(set) <= sizeof(((struct nft_counter *)NULL)->key);
}

/* Counters of several rules with one comment are one number: the first of them goes on with it. */
static void apply_to_chain(const struct nft_counters *c, struct own_chain *chain, bool *taken)
{
	for (size_t i = 0; i < chain->n_rule; i++) {
		struct own_rule *rule = &chain->rule[i];
		struct nft_counter like = {.comment = rule->comment, .chain = (char *)(uintptr_t)chain->name};
		if (!rule->counts || rule->comment == NULL)
			continue;
		const struct nft_counter *found = counter_find(c, &like);
		if (found == NULL || taken[found - c->counter])
			continue;
		taken[found - c->counter] = true;
		rule->packets = found->packets;
		rule->bytes = found->bytes;
	}
}

void nft_counters_apply(const struct nft_counters *c, struct own_table *t)
{
	for (size_t i = 0; i < t->n_set; i++)
		if (t->set[i].counts && is_key(&t->set[i]))
			apply_to_set(c, &t->set[i]);
	bool *taken = xcalloc(c->n + 1, sizeof(*taken));
	for (size_t i = 0; i < t->n_chain; i++)
		apply_to_chain(c, &t->chain[i], taken);
	free(taken);
}

bool nft_counter_key(const struct nft_counter *c, const enum rs_field *field, size_t n, struct range *out)
{
	struct own_set set = {.n_field = n};
	if (n == 0 || n > OWN_PARTS)
		return false;
	memcpy(set.field, field, n * sizeof(*field));
	if (c->set == NULL || !is_key(&set) || c->len != nft_key_length(&set))
		return false;
	for (size_t i = 0, at = 0; i < n; i++) {
		const struct nft_field *f = nft_field(field[i]);
		out[i] = (struct range){0, 0};
		for (uint32_t k = 0; k < f->len; k++) {
			out[i].lo = out[i].lo << 8 | c->key[at + k];
			out[i].hi = out[i].hi << 8 | c->key_end[at + k];
		}
		at += nft_netlink_aligned(f->len);
	}
	return true;
}
