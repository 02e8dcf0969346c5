/*
 * Sets of the own table and their elements as netlink messages: what nft lists from the kernel is what it would have put
 * there itself. Keys of fields that are numbers in host order, and names and comments that are too long, are refused.
 */
#include <libmnl/libmnl.h>
#include <libnftnl/expr.h>
#include <libnftnl/set.h>
#include <libnftnl/udata.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "nft/encode.h"
#include "nft/work.h"

/* What nft notes about a key of several fields: that it was written by its types; kind 13 is a concatenation. */
#define TYPEOF_CONCATENATION 13
#define TYPE_BITS 6
/* nft's flag of an element that ends with the largest key (NFTNL_SET_ELEM_F_INTERVAL_OPEN). */
#define ELEMENT_OPEN 1

static struct nftnl_expr *counter(uint64_t packets, uint64_t bytes)
{
	struct nftnl_expr *x = nftnl_expr_alloc("counter");
	if (x == NULL)
		abort();
	nftnl_expr_set_u64(x, NFTNL_EXPR_CTR_PACKETS, packets);
	nftnl_expr_set_u64(x, NFTNL_EXPR_CTR_BYTES, bytes);
	return x;
}

static void put_userdata(struct nftnl_set *s, const struct own_set *set)
{
	struct nftnl_udata_buf *data = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);
	if (data == NULL)
		abort();
	bool alone = set->n_field == 1;
	nftnl_udata_put_u32(
	        data, NFTNL_UDATA_SET_KEYBYTEORDER, alone ? (uint32_t)nft_field(set->field[0])->order : NFT_ORDER_NONE);
	if (!alone) {
		struct nftnl_udata *nest = nftnl_udata_nest_start(data, NFTNL_UDATA_SET_KEY_TYPEOF);
		nftnl_udata_put_u32(data, NFTNL_UDATA_SET_TYPEOF_EXPR, TYPEOF_CONCATENATION);
		nftnl_udata_put(data, NFTNL_UDATA_SET_TYPEOF_DATA, 0, NULL);
		nftnl_udata_nest_end(data, nest);
	}
	nftnl_set_set_data(s, NFTNL_SET_USERDATA, nftnl_udata_buf_data(data), nftnl_udata_buf_len(data));
	nftnl_udata_buf_free(data);
}

static void put_key_type(struct nftnl_set *s, const struct own_set *set)
{
	uint32_t type = 0, flags = nft_set_is_interval(set) ? NFT_SET_INTERVAL : 0;
	uint8_t field_len[OWN_PARTS];
	for (size_t i = 0; i < set->n_field; i++) {
		const struct nft_field *f = nft_field(set->field[i]);
		type = type << TYPE_BITS | f->type;
		field_len[i] = (uint8_t)f->len;
	}
	if (set->n_field > 1 && flags != 0) {
		flags |= NFT_SET_CONCAT;
		nftnl_set_set_data(s, NFTNL_SET_DESC_CONCAT, field_len, (uint32_t)set->n_field);
	}
	nftnl_set_set_u32(s, NFTNL_SET_FLAGS, flags);
	nftnl_set_set_u32(s, NFTNL_SET_KEY_TYPE, type);
	nftnl_set_set_u32(s, NFTNL_SET_KEY_LEN, (uint32_t)nft_key_length(set));
}

static int encode_declaration(struct nft_encoder *e, size_t index)
{
	const struct own_set *set = &e->table->set[index];
	const struct nft_object object = {.kind = NFT_OBJECT_SET, .set = index, .from = SIZE_MAX};
	struct nftnl_set *s = nftnl_set_alloc();
	if (s == NULL)
		abort();
	struct nlmsghdr *m = nft_encoder_begin(e, NFT_MSG_NEWSET, NLM_F_CREATE | NLM_F_EXCL);
	nftnl_set_set_str(s, NFTNL_SET_TABLE, OWN_TABLE);
	nftnl_set_set_str(s, NFTNL_SET_NAME, set->name);
	nftnl_set_set_u32(s, NFTNL_SET_ID, (uint32_t)index + 1);
	put_key_type(s, set);
	put_userdata(s, set);
	if (set->counts)
		nftnl_set_add_expr(s, counter(0, 0));
	nftnl_set_nlmsg_build_payload(m, s);
	nftnl_set_free(s);
	return nft_encoder_end(e, m, &object);
}

/* Elements of one set, put into as many messages as they need. */
struct list {
	struct nft_encoder *e;
	const struct own_set *set;
	size_t index;
	struct nlmsghdr *m; /* NULL: none is begun */
	struct nlattr *nest;
	int n; /* in the message */
	bool interval;
	struct nft_work work;
	size_t first; /* the next element of the own set when the message began */
};

static void list_begin(struct list *l, size_t first)
{
	l->m = nft_encoder_begin(l->e, NFT_MSG_NEWSETELEM, NLM_F_CREATE | NLM_F_EXCL);
	mnl_attr_put_strz(l->m, NFTA_SET_ELEM_LIST_TABLE, OWN_TABLE);
	mnl_attr_put_strz(l->m, NFTA_SET_ELEM_LIST_SET, l->set->name);
	l->nest = mnl_attr_nest_start(l->m, NFTA_SET_ELEM_LIST_ELEMENTS);
	l->n = 0;
	l->first = first;
}

static int list_end(struct list *l)
{
	const struct nft_object object = {
	        .kind = NFT_OBJECT_ELEMENTS, .set = l->index, .first = l->first, .from = SIZE_MAX};
	mnl_attr_nest_end(l->m, l->nest);
	int result = nft_encoder_end(l->e, l->m, &object);
	l->m = NULL;
	return result;
}

/* Takes the element; next: which of the own set begins here or later. */
static int list_put(struct list *l, size_t next, struct nftnl_set_elem *x)
{
	if (l->m == NULL)
		list_begin(l, next);
	nftnl_set_elem_nlmsg_build(l->m, x, ++l->n);
	nftnl_set_elem_free(x);
	return l->m->nlmsg_len < NFT_MESSAGE_FULL ? 0 : list_end(l);
}

static struct nftnl_set_elem *element_new(const struct list *l, const uint8_t *key)
{
	struct nftnl_set_elem *x = nftnl_set_elem_alloc();
	if (x == NULL)
		abort();
	nftnl_set_elem_set(x, NFTNL_SET_ELEM_KEY, key, (uint32_t)nft_key_length(l->set));
	return x;
}

/* Where the interval before it ended: the kernel's tree of intervals has both ends as elements. */
static int put_end(struct list *l, size_t next, u128 key)
{
	uint8_t bytes[16];
	nft_field_put(nft_field(l->set->field[0]), key, bytes);
	struct nftnl_set_elem *x = element_new(l, bytes);
	nftnl_set_elem_set_u32(x, NFTNL_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
	return list_put(l, next, x);
}

static u128 largest(const struct own_set *set)
{
	uint32_t len = nft_field(set->field[0])->len;
	return U128_MAX >> (128 - 8 * len);
}

/* The privileged side refuses the same, but does not know what the set is for. */
static int count_work(struct list *l, const uint8_t *lo, const uint8_t *hi)
{
	size_t at = 0;
	for (size_t i = 0; i < l->work.n_field; i++) {
		l->e->work += nft_work_add(&l->work, i, lo + at, hi + at);
		at += nft_netlink_aligned(l->work.len[i]);
	}
	if (l->e->work > NFT_BATCH_WORK)
		return error_set(l->e->err, ERR_LIMIT, l->set->name,
		        "its %zu elements would hold the kernel too long: use prefixes in place of ranges of "
		        "addresses, and "
		        "fewer ranges of ports",
		        l->set->n_element);
	return 0;
}

static int put_start(struct list *l, size_t which)
{
	const struct own_element *element = &l->set->element[which];
	uint8_t key[NFT_KEY_MAX], key_end[NFT_KEY_MAX];
	struct nftnl_udata_buf *data;
	nft_key_put(l->set, element, false, key);
	nft_key_put(l->set, element, true, key_end);
	if (count_work(l, key, key_end) != 0 || nft_comment(element->comment, l->set->name, &data, l->e->err) != 0)
		return -1;
	struct nftnl_set_elem *x = element_new(l, key);
	if (l->set->n_field > 1 && l->interval) {
		nftnl_set_elem_set(x, NFTNL_SET_ELEM_KEY_END, key_end, (uint32_t)nft_key_length(l->set));
	} else if (l->interval && element->key[0].hi == largest(l->set)) {
		if (data == NULL)
			data = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);
		if (data == NULL)
			abort();
		nftnl_udata_put_u32(data, NFTNL_UDATA_SET_ELEM_FLAGS, ELEMENT_OPEN);
	}
	if (data != NULL) {
		nftnl_set_elem_set(x, NFTNL_SET_ELEM_USERDATA, nftnl_udata_buf_data(data), nftnl_udata_buf_len(data));
		nftnl_udata_buf_free(data);
	}
	/* The kernel would make one that begins at nothing; this one can be set later (nft_counters_renew()). */
	if (l->set->counts)
		nftnl_set_elem_add_expr(x, counter(element->packets, element->bytes));
	return list_put(l, which, x);
}

static int encode_elements(struct nft_encoder *e, size_t index)
{
	const struct own_set *set = &e->table->set[index];
	struct list l = {.e = e, .set = set, .index = index, .interval = nft_set_is_interval(set)};
	/* Both ends of the intervals are elements. */
	bool ends = l.interval && set->n_field == 1;
	int result = 0;
	for (size_t i = 0; l.interval && !ends && i < set->n_field; i++)
		l.work.len[l.work.n_field++] = nft_field(set->field[i])->len;
	if (ends && set->n_element > 0 && set->element[0].key[0].lo != 0)
		result = put_end(&l, 0, 0);
	for (size_t i = 0; result == 0 && i < set->n_element; i++) {
		result = put_start(&l, i);
		if (result == 0 && ends && set->element[i].key[0].hi != largest(set))
			result = put_end(&l, i + 1, set->element[i].key[0].hi + 1);
	}
	if (result == 0 && l.m != NULL)
		result = list_end(&l);
	return result;
}

int nft_encode_set(struct nft_encoder *e, size_t index)
{
	const struct own_set *set = &e->table->set[index];
	size_t len = strlen(set->name);
	if (len == 0 || len >= NFT_SET_MAXNAMELEN)
		return error_set(e->err, ERR_LIMIT, "inet " OWN_TABLE,
		        "a set's name has %zu bytes: 1 to %d are allowed", len, NFT_SET_MAXNAMELEN - 1);
	if (set->n_field == 0 || set->n_field > OWN_PARTS)
		return error_set(e->err, ERR_UNSUPPORTED, set->name, "its key has %zu fields", set->n_field);
	for (size_t i = 0; i < set->n_field; i++) {
		const struct nft_field *f = nft_field(set->field[i]);
		if (f == NULL || f->number)
			return error_set(e->err, ERR_UNSUPPORTED, set->name, "a set of the own table has no key of %s",
			        rs_field_name(set->field[i]));
	}
	return encode_declaration(e, index) == 0 ? encode_elements(e, index) : -1;
}
