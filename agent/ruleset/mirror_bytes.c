/*
 * What the mirror knows as messages of a dump: they go out in the order of the kernel's lists, as they came, elements
 * behind new headers. Nothing is refused.
 */
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "ruleset/mirror.h"

static void pad(struct text *to)
{
	static const char zero[NLMSG_ALIGNTO] = {0};

	text_addn(to, zero, NLMSG_ALIGN(to->len) - to->len);
}

static void put(struct text *to, const void *bytes, size_t len)
{
	text_addn(to, bytes, len);
	pad(to);
}

static void put_name(struct text *to, uint16_t type, const uint8_t *name, size_t len)
{
	struct nlattr a = {.nla_len = (uint16_t)(sizeof(a) + len + 1), .nla_type = type};

	put(to, &a, sizeof(a));
	text_addn(to, (const char *)name, len);
	put(to, "", 1);
}

/* Elements are kept one by one and listed behind a header again, as many as an attribute holds. */
static void put_elements(struct text *to, const struct mirror_object *set)
{
	const struct mirror_object *table = set->parent, *o = set->part[MIRROR_ELEMENT].first;

	while (o != NULL) {
		size_t start = to->len, nest;
		struct nlmsghdr h = {.nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWSETELEM};
		struct nfgenmsg g = {.nfgen_family = table->key[0], .version = NFNETLINK_V0};
		struct nlattr a = {.nla_type = NFTA_SET_ELEM_LIST_ELEMENTS | NLA_F_NESTED};

		put(to, &h, sizeof(h));
		put(to, &g, sizeof(g));
		put_name(to, NFTA_SET_ELEM_LIST_TABLE, table->key + 1, table->key_len - 1);
		put_name(to, NFTA_SET_ELEM_LIST_SET, set->key, set->key_len);
		nest = to->len;
		put(to, &a, sizeof(a));
		do {
			put(to, o->message, o->len);
			o = o->next;
		} while (o != NULL && to->len - nest + o->len < MIRROR_LIST_MAX);
		a.nla_len = (uint16_t)(to->len - nest);
		memcpy(to->s + nest, &a, sizeof(a));
		h.nlmsg_len = (uint32_t)(to->len - start);
		memcpy(to->s + start, &h, sizeof(h));
	}
}

void mirror_put_set(struct text *to, const struct mirror_object *set, bool header)
{
	if (header)
		put(to, set->message, set->len);
	put_elements(to, set);
}

static void put_generation(struct text *to, uint32_t generation)
{
	const uint8_t id[4] = {(uint8_t)(generation >> 24), (uint8_t)(generation >> 16), (uint8_t)(generation >> 8),
	        (uint8_t)generation};
	struct nlattr a = {.nla_len = (uint16_t)(sizeof(a) + sizeof(id)), .nla_type = NFTA_GEN_ID};
	struct nfgenmsg g = {.version = NFNETLINK_V0};
	struct nlmsghdr h = {
	        .nlmsg_len = (uint32_t)(sizeof(h) + sizeof(g) + sizeof(a) + sizeof(id)),
	        .nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN,
	};

	put(to, &h, sizeof(h));
	put(to, &g, sizeof(g));
	put(to, &a, sizeof(a));
	put(to, id, sizeof(id));
}

static void put_all(struct text *to, const struct mirror_object *o)
{
	for (; o != NULL; o = o->next)
		put(to, o->message, o->len);
}

static void put_parts(struct text *to, const struct mirror *m, enum mirror_kind kind)
{
	for (const struct mirror_object *t = m->store.table.first; t != NULL; t = t->next)
		put_all(to, t->part[kind].first);
}

void mirror_put_frame(struct text *to, const struct mirror *m)
{
	put_generation(to, m->generation);
	put_all(to, m->store.table.first);
	put_parts(to, m, MIRROR_CHAIN);
	put_parts(to, m, MIRROR_SET);
	for (const struct mirror_object *table = m->store.table.first; table != NULL; table = table->next)
		for (const struct mirror_object *o = table->part[MIRROR_SET].first; o != NULL; o = o->next)
			put_elements(to, o);
	put_parts(to, m, MIRROR_FLOWTABLE);
}

uint8_t *mirror_bytes(const struct mirror *m, size_t *len)
{
	struct text t = {0};

	*len = 0;
	if (!m->known)
		return NULL;
	mirror_put_frame(&t, m);
	for (const struct mirror_object *table = m->store.table.first; table != NULL; table = table->next)
		for (const struct mirror_object *c = table->part[MIRROR_CHAIN].first; c != NULL; c = c->next)
			put_all(&t, c->part[MIRROR_RULE].first);
	*len = t.len;
	return (uint8_t *)text_take(&t);
}
