/*
 * A replacement of the own table as two transactions: the batch that the kernel has and the one that it is to have come in,
 * out go one that adds the sets which are new, and one that exchanges the rules and takes out the sets which are old. What is
 * no batch of an encoder's, or removes the table, is refused.
 */
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "nft/netlink.h"
#include "portcullis/alloc.h"
#include "portcullis/compile.h"
#include "portcullis/nft.h"

#define WHERE "inet " OWN_TABLE
#define ATTRIBUTES 16
#define FIRST_CONTENT 3 /* behind the table being made, deleted and made */

struct message {
	const uint8_t *at;
	size_t len; /* with its padding */
	uint16_t type;
	const char *name; /* of a set or chain; of elements: their set's */
	const struct nft_object *object; /* NULL: not known */
};

struct messages {
	struct message *item;
	size_t n, cap;
	const struct message **named; /* sets and chains, by type and name */
	size_t n_named;
};

/* ---- read ---- */

static const char *text_of(const struct nlattr *a)
{
	if (a == NULL || mnl_attr_get_payload_len(a) == 0)
		return NULL;
	const char *text = mnl_attr_get_payload(a);
	return text[mnl_attr_get_payload_len(a) - 1] == '\0' ? text : NULL;
}

static int message_read(struct message *m, struct error *err)
{
	const struct nlattr *attr[ATTRIBUTES] = {NULL};
	nft_netlink_attributes((const void *)m->at, sizeof(struct nfgenmsg), attr, ATTRIBUTES);
	switch (m->type) {
	case NFT_MSG_NEWSET:
		m->name = text_of(attr[NFTA_SET_NAME]);
		break;
	case NFT_MSG_NEWSETELEM:
		m->name = text_of(attr[NFTA_SET_ELEM_LIST_SET]);
		break;
	case NFT_MSG_NEWCHAIN:
		m->name = text_of(attr[NFTA_CHAIN_NAME]);
		break;
	default:
		return 0;
	}
	return m->name != NULL ? 0 : error_set(err, ERR_FORMAT, WHERE, "a set or chain of its batch has no name");
}

static int check_begin(const struct messages *list, struct error *err)
{
	static const uint16_t first[FIRST_CONTENT] = {NFT_MSG_NEWTABLE, NFT_MSG_DELTABLE, NFT_MSG_NEWTABLE};
	for (size_t i = 0; i < FIRST_CONTENT; i++)
		if (list->n <= i || list->item[i].type != first[i])
			return error_set(err, ERR_FORMAT, WHERE, "a batch does not put a table in place");
	return 0;
}

static int name_cmp(const void *a, const void *b)
{
	const struct message *x = *(const struct message *const *)a, *y = *(const struct message *const *)b;
	return x->type != y->type ? (int)x->type - (int)y->type : strcmp(x->name, y->name);
}

static void messages_sort(struct messages *list)
{
	list->named = xcalloc(list->n, sizeof(*list->named));
	for (size_t i = FIRST_CONTENT; i < list->n; i++)
		if (list->item[i].type == NFT_MSG_NEWSET || list->item[i].type == NFT_MSG_NEWCHAIN)
			list->named[list->n_named++] = &list->item[i];
	qsort(list->named, list->n_named, sizeof(*list->named), name_cmp);
}

static int messages_read(const struct nft_batch *b, struct messages *out, struct error *err)
{
	struct nlmsghdr h;
	if (nft_netlink_check(b->bytes, b->len, err) != 0)
		return -1;
	for (size_t at = 0; at < b->len; at += nft_netlink_aligned(h.nlmsg_len)) {
		memcpy(&h, b->bytes + at, sizeof(h));
		out->item = xgrow(out->item, out->n, &out->cap, sizeof(*out->item));
		struct message *m = &out->item[out->n];
		*m = (struct message){.at = b->bytes + at,
		        .len = nft_netlink_aligned(h.nlmsg_len),
		        .type = (uint16_t)NFNL_MSG_TYPE(h.nlmsg_type),
		        .object = b->object != NULL && out->n < b->n ? &b->object[out->n] : NULL};
		if (message_read(m, err) != 0)
			return -1;
		out->n++;
	}
	if (check_begin(out, err) != 0)
		return -1;
	messages_sort(out);
	return 0;
}

/* A set of that name is the same; a chain is where all is alike but the number of its message. */
static bool stays(const struct messages *other, const struct message *m)
{
	const struct message *const *found = bsearch(&m, other->named, other->n_named, sizeof(*other->named), name_cmp);
	if (found == NULL || m->type == NFT_MSG_NEWSET)
		return found != NULL;
	return (*found)->len == m->len &&
	       memcmp((*found)->at + NLMSG_HDRLEN, m->at + NLMSG_HDRLEN, m->len - NLMSG_HDRLEN) == 0;
}

/* ---- write ---- */

static int put(struct nft_batch *to, size_t *cap, const void *bytes, size_t len, const struct nft_object *object,
        struct error *err)
{
	static const struct nft_object table = {.kind = NFT_OBJECT_TABLE, .from = SIZE_MAX};
	struct nft_bytes b = {to->bytes, to->len, *cap};
	int result = nft_bytes_add(&b, bytes, len, NFT_BATCH_MAX, err);
	to->bytes = b.data;
	to->len = b.len;
	*cap = b.cap;
	if (result != 0)
		return -1;
	if (to->n % 64 == 0)
		to->object = xrealloc(to->object, to->n + 64, sizeof(*to->object));
	to->object[to->n++] = object != NULL ? *object : table;
	return 0;
}

/* One of the three in the making. */
struct writer {
	struct nft_batch *to;
	size_t cap;
	struct error *err;
};

static int copy(struct writer *w, const struct message *m)
{
	return put(w->to, &w->cap, m->at, m->len, m->object, w->err);
}

/* Deletion by name in our table; NULL: of all that the table has of it. */
static int put_delete(struct writer *w, uint16_t type, uint16_t table, uint16_t attribute, const char *name)
{
	_Alignas(8) char room[128 + NFT_NAME_MAXLEN];
	if (name != NULL && strlen(name) >= NFT_NAME_MAXLEN)
		return error_set(w->err, ERR_FORMAT, WHERE, "a name of its batch is longer than the kernel's");
	struct nlmsghdr *m = nftnl_nlmsg_build_hdr(room, type, NFPROTO_INET, 0, 0);
	mnl_attr_put_strz(m, table, OWN_TABLE);
	if (name != NULL)
		mnl_attr_put_strz(m, attribute, name);
	return put(w->to, &w->cap, room, nft_netlink_aligned(m->nlmsg_len), NULL, w->err);
}

/* Elements stand behind their set. */
static int write_first(struct writer *w, const struct messages *old, const struct messages *next)
{
	bool fresh = false;
	int result = 0;
	for (size_t i = FIRST_CONTENT; result == 0 && i < next->n; i++) {
		const struct message *m = &next->item[i];
		if (m->type == NFT_MSG_NEWSET)
			fresh = !stays(old, m);
		if (!fresh || (m->type != NFT_MSG_NEWSET && m->type != NFT_MSG_NEWSETELEM))
			continue;
		if (w->to->n == 0)
			result = copy(w, &next->item[0]);
		if (result == 0)
			result = copy(w, m);
	}
	return result;
}

static int write_withdrawal(struct writer *w, const struct messages *old, const struct messages *next)
{
	int result = 0;
	for (size_t i = FIRST_CONTENT; result == 0 && i < next->n; i++) {
		const struct message *m = &next->item[i];
		if (m->type != NFT_MSG_NEWSET || stays(old, m))
			continue;
		if (w->to->n == 0)
			result = copy(w, &next->item[0]);
		if (result == 0)
			result = put_delete(w, NFT_MSG_DELSET, NFTA_SET_TABLE, NFTA_SET_NAME, m->name);
	}
	return result;
}

/* A chain is deleted only without rules, a set when no rule looks into it. */
static int write_deletions(struct writer *w, const struct messages *old, const struct messages *next)
{
	int result = put_delete(w, NFT_MSG_DELRULE, NFTA_RULE_TABLE, 0, NULL);
	for (size_t i = FIRST_CONTENT; result == 0 && i < old->n; i++)
		if (old->item[i].type == NFT_MSG_NEWCHAIN && !stays(next, &old->item[i]))
			result = put_delete(w, NFT_MSG_DELCHAIN, NFTA_CHAIN_TABLE, NFTA_CHAIN_NAME, old->item[i].name);
	for (size_t i = FIRST_CONTENT; result == 0 && i < old->n; i++)
		if (old->item[i].type == NFT_MSG_NEWSET && !stays(next, &old->item[i]))
			result = put_delete(w, NFT_MSG_DELSET, NFTA_SET_TABLE, NFTA_SET_NAME, old->item[i].name);
	return result;
}

static int write_second(struct writer *w, const struct messages *old, const struct messages *next)
{
	int result = copy(w, &next->item[0]);
	if (result == 0)
		result = write_deletions(w, old, next);
	for (size_t i = FIRST_CONTENT; result == 0 && i < next->n; i++) {
		const struct message *m = &next->item[i];
		if (m->type == NFT_MSG_NEWRULE || (m->type == NFT_MSG_NEWCHAIN && !stays(old, m)))
			result = copy(w, m);
	}
	return result;
}

static void messages_fini(struct messages *list)
{
	free(list->item);
	free(list->named);
}

int nft_batch_exchange(
        const struct nft_batch *old, const struct nft_batch *next, struct nft_exchange *out, struct error *err)
{
	struct messages have = {0}, want = {0};
	memset(out, 0, sizeof(*out));
	int result = messages_read(old, &have, err);
	if (result == 0)
		result = messages_read(next, &want, err);
	if (result == 0)
		result = write_first(&(struct writer){&out->first, 0, err}, &have, &want);
	if (result == 0)
		result = write_second(&(struct writer){&out->second, 0, err}, &have, &want);
	if (result == 0)
		result = write_withdrawal(&(struct writer){&out->withdrawal, 0, err}, &have, &want);
	messages_fini(&have);
	messages_fini(&want);
	if (result != 0)
		nft_exchange_fini(out);
	else
		out->first.table = out->second.table = next->table;
	return result;
}

void nft_exchange_fini(struct nft_exchange *x)
{
	if (x == NULL)
		return;
	nft_batch_fini(&x->first);
	nft_batch_fini(&x->second);
	nft_batch_fini(&x->withdrawal);
}
