/*
 * One end for all packets of a kind: a packet set comes in, out goes the end that its kind is known to meet, or none. A
 * kind is everything of a set but its addresses and ports. Sets that need a translation have no kind.
 */
#include "verify/uniform.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "verify/run.h"

#define KINDS 512 /* that are remembered; a power of two */

/** Compared byte by byte: without padding. */
struct kind {
	char iif[IFNAME_SIZE], oif[IFNAME_SIZE];
	uint8_t family, proto, tcp_flags, icmp_type, path, phase, translated, mixed_tracking;
};

struct uniform {
	struct {
		uint32_t generation; /**< when it was asked; 0: never */
		bool one_end;
		struct kind kind;
		struct outcome end;
	} slot[KINDS];
	uint32_t generation;
	struct outcomes scratch;
};

struct uniform *uniform_new(void)
{
	struct uniform *u = xcalloc(1, sizeof(*u));

	u->generation = 1;
	return u;
}

void uniform_free(struct uniform *u)
{
	if (u == NULL)
		return;
	outcomes_fini(&u->scratch);
	free(u);
}

void uniform_forget(struct uniform *u)
{
	if (++u->generation == 0) {
		memset(u->slot, 0, sizeof(u->slot));
		u->generation = 1;
	}
}

static struct kind kind_of(const struct packet_set *set)
{
	struct kind k = {.family = (uint8_t)set->family,
	        .proto = set->proto,
	        .tcp_flags = set->tcp_flags,
	        .icmp_type = set->icmp_type,
	        .path = (uint8_t)set->path,
	        .phase = (uint8_t)set->phase,
	        .translated = set->translated,
	        .mixed_tracking = set->mixed_tracking};

	strncpy(k.iif, set->iif, sizeof(k.iif) - 1);
	strncpy(k.oif, set->oif, sizeof(k.oif) - 1);
	return k;
}

static size_t kind_hash(const struct kind *k)
{
	uint64_t h = 0, part;

	_Static_assert(sizeof(*k) % sizeof(part) == 0, "read in whole parts");
	for (size_t i = 0; i < sizeof(*k); i += sizeof(part)) {
		memcpy(&part, (const char *)k + i, sizeof(part));
		h = (h ^ part) * 0x9e3779b97f4a7c15u;
		h ^= h >> 32;
	}
	return (size_t)h & (KINDS - 1);
}

static struct packet_set everything(const struct packet_set *set)
{
	struct packet_set all = *set;
	const struct range address = {0, family_max(set->family)}, port = {0, UINT16_MAX};

	all.cell.axis[AXIS_SOURCE] = all.cell.axis[AXIS_DESTINATION] = address;
	/* What has no ports has none here either. */
	if (proto_has_ports(set->proto))
		all.cell.axis[AXIS_SPORT] = all.cell.axis[AXIS_DPORT] = port;
	return all;
}

const struct outcome *uniform_find(struct uniform *u, const struct packet_set *set,
        void (*walk)(void *ctx, const struct packet_set *all, struct outcomes *out), void *ctx)
{
	struct kind kind = kind_of(set);
	size_t i = kind_hash(&kind);

	if (set->nat.wanted)
		return NULL;
	if (u->slot[i].generation != u->generation || memcmp(&u->slot[i].kind, &kind, sizeof(kind)) != 0) {
		struct packet_set all = everything(set);
		struct outcomes *o = &u->scratch;

		walk(ctx, &all, o);
		u->slot[i].generation = u->generation;
		u->slot[i].kind = kind;
		u->slot[i].one_end = o->n == 1 && o->limit == NULL && !o->forked && o->item[0].notes == 0;
		if (u->slot[i].one_end)
			u->slot[i].end = o->item[0];
	}
	return u->slot[i].one_end ? &u->slot[i].end : NULL;
}
