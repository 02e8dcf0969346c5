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

struct slot {
	uint32_t generation; /**< when it was asked; 0: never */
	bool holds; /**< the statement, or: there is one end */
	struct kind kind;
	struct outcome end;
};

struct uniform {
	struct slot slot[KINDS];
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

	memcpy(k.iif, set->iif, strnlen(set->iif, sizeof(k.iif) - 1));
	memcpy(k.oif, set->oif, strnlen(set->oif, sizeof(k.oif) - 1));
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

/** The kind's place, which the caller fills where *is_new. */
static struct slot *slot_of(struct uniform *u, const struct packet_set *set, bool *is_new)
{
	struct kind kind = kind_of(set);
	struct slot *s = &u->slot[kind_hash(&kind)];

	*is_new = s->generation != u->generation || memcmp(&s->kind, &kind, sizeof(kind)) != 0;
	if (*is_new) {
		s->generation = u->generation;
		s->kind = kind;
	}
	return s;
}

const struct outcome *uniform_find(struct uniform *u, const struct packet_set *set,
        void (*walk)(void *ctx, const struct packet_set *all, struct outcomes *out), void *ctx)
{
	bool is_new;
	struct slot *s;

	if (set->nat.wanted)
		return NULL;
	s = slot_of(u, set, &is_new);
	if (is_new) {
		struct packet_set all = everything(set);
		struct outcomes *o = &u->scratch;

		walk(ctx, &all, o);
		s->holds = o->n == 1 && o->limit == NULL && !o->forked && o->item[0].notes == 0;
		if (s->holds)
			s->end = o->item[0];
	}
	return s->holds ? &s->end : NULL;
}

bool uniform_holds(struct uniform *u, const struct packet_set *set, bool (*ask)(void *ctx), void *ctx)
{
	bool is_new, holds;
	struct slot *s = slot_of(u, set, &is_new);

	if (!is_new)
		return s->holds;
	/* What is asked for meanwhile may take the slot. */
	holds = ask(ctx);
	slot_of(u, set, &is_new)->holds = holds;
	return holds;
}
