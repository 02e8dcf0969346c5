/*
 * Elements that a dump lists twice: the messages of one set's dump come in, out goes whether two elements have the same key.
 * Keys are compared by 64 bits of a hash; two different ones of the same hash only make a dump be made once more.
 */
#include "nft/repeated.h"

#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "nft/netlink.h"
#include "portcullis/alloc.h"

#define MULTIPLIER 0x9e3779b97f4a7c15u

/** Hashes seen so far: linear probing, at most half full; 0 is free. */
struct seen {
	uint64_t *slot;
	size_t n, n_slot;
};

static uint64_t mix(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t part;

	for (; len >= sizeof(part); len -= sizeof(part), p += sizeof(part)) {
		memcpy(&part, p, sizeof(part));
		h = (h ^ part) * MULTIPLIER;
		h ^= h >> 29;
	}
	for (; len > 0; len--)
		h = (h ^ *p++) * MULTIPLIER;
	return h ^ h >> 32;
}

/** Attributes one after the other. */
struct attrs {
	const uint8_t *at;
	size_t left;
};

static const struct nlattr *attrs_next(struct attrs *a)
{
	const struct nlattr *attr = (const struct nlattr *)(const void *)a->at;
	size_t len;

	if (a->left < sizeof(*attr) || attr->nla_len < sizeof(*attr) || attr->nla_len > a->left)
		return NULL;
	len = nft_netlink_aligned(attr->nla_len);
	a->at += len < a->left ? len : a->left;
	a->left -= len < a->left ? len : a->left;
	return attr;
}

static struct attrs attrs_in(const struct nlattr *nest)
{
	return (struct attrs){mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest)};
}

/** What tells elements of one set apart: key, end of the key, and whether an interval ends here. */
static uint64_t element_hash(const struct nlattr *element)
{
	struct attrs attrs = attrs_in(element);
	const struct nlattr *attr;
	uint64_t h = 1;

	while ((attr = attrs_next(&attrs)) != NULL) {
		uint16_t type = mnl_attr_get_type(attr);

		if (type == NFTA_SET_ELEM_KEY || type == NFTA_SET_ELEM_KEY_END || type == NFTA_SET_ELEM_FLAGS)
			h = mix(h * MULTIPLIER + type, mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));
	}
	return h != 0 ? h : 1;
}

static bool slot_take(uint64_t *slot, size_t n_slot, uint64_t hash)
{
	size_t i = (size_t)hash & (n_slot - 1);

	for (; slot[i] != 0; i = (i + 1) & (n_slot - 1))
		if (slot[i] == hash)
			return false;
	slot[i] = hash;
	return true;
}

static void seen_grow(struct seen *s)
{
	size_t n_slot = s->n_slot == 0 ? 64 : s->n_slot * 2;
	uint64_t *slot = xcalloc(n_slot, sizeof(*slot));

	for (size_t i = 0; i < s->n_slot; i++)
		if (s->slot[i] != 0)
			slot_take(slot, n_slot, s->slot[i]);
	free(s->slot);
	s->slot = slot;
	s->n_slot = n_slot;
}

/** @return false: it was there before. */
static bool seen_add(struct seen *s, uint64_t hash)
{
	if (2 * s->n >= s->n_slot)
		seen_grow(s);
	s->n++;
	return slot_take(s->slot, s->n_slot, hash);
}

static bool message_repeats(struct seen *s, const struct nlmsghdr *m)
{
	const size_t header = nft_netlink_aligned(sizeof(*m)) + nft_netlink_aligned(sizeof(struct nfgenmsg));
	struct attrs attrs = {(const uint8_t *)m + header, m->nlmsg_len > header ? m->nlmsg_len - header : 0};
	const struct nlattr *list, *element;

	while ((list = attrs_next(&attrs)) != NULL) {
		struct attrs elements = attrs_in(list);

		if (mnl_attr_get_type(list) != NFTA_SET_ELEM_LIST_ELEMENTS)
			continue;
		while ((element = attrs_next(&elements)) != NULL)
			if (!seen_add(s, element_hash(element)))
				return true;
	}
	return false;
}

bool elements_repeated(const uint8_t *data, size_t len)
{
	struct seen seen = {0};
	bool repeated = false;

	for (size_t at = 0; at < len && !repeated;) {
		const struct nlmsghdr *m = (const struct nlmsghdr *)(const void *)(data + at);

		repeated = message_repeats(&seen, m);
		at += nft_netlink_aligned(m->nlmsg_len);
	}
	free(seen.slot);
	return repeated;
}
