/*
 * What is no opening: in come the required flows and the allowances of a site, out go the packets that they need, as
 * boxes of one family and protocol. Allowances that have expired are left out.
 */
#include "verify/needed.h"

#include <stdlib.h>

#include "portcullis/alloc.h"

bool needed_has_ports(uint8_t proto)
{
	return proto == PROTO_TCP || proto == PROTO_UDP || proto == PROTO_SCTP || proto == PROTO_DCCP ||
	       proto == PROTO_UDPLITE;
}

static void needed_add(struct needed_list *out, enum family family, uint8_t proto, const struct cell *cell)
{
	out->item = xgrow(out->item, out->n, &out->cap, sizeof(*out->item));
	out->item[out->n++] = (struct needed){family, proto, *cell};
}

static bool is_icmp(uint8_t proto)
{
	return proto == PROTO_ICMP || proto == PROTO_ICMPV6;
}

static void needed_flows(struct needed_list *out, const struct flows *flows)
{
	for (size_t i = 0; i < flows->n; i++) {
		const struct flow *f = &flows->flow[i];
		struct cell c = {0};

		for (size_t k = 0; k < f->n_leg; k++) {
			if (!is_icmp(f->proto)) {
				c.axis[AXIS_SPORT] = (struct range){f->source_ports.lo, f->source_ports.hi};
				c.axis[AXIS_DPORT] = (struct range){f->ports.lo, f->ports.hi};
			}
			c.axis[AXIS_SOURCE] = f->leg[k].source;
			c.axis[AXIS_DESTINATION] = f->leg[k].destination;
			needed_add(out, f->family, f->proto, &c);
			if (!f->leg[k].translated)
				continue;
			/* A filter sees the translated packets, and cannot but let these in. */
			c.axis[AXIS_DESTINATION] = f->leg[k].inside;
			if (!is_icmp(f->proto))
				c.axis[AXIS_DPORT] = (struct range){f->inside_ports.lo, f->inside_ports.hi};
			needed_add(out, f->family, f->proto, &c);
		}
	}
}

/** Prefixes of one family; none at all means every address. */
static void allowance_side(const struct prefix *prefix, size_t n, enum family family, struct ranges *out)
{
	for (size_t i = 0; i < n; i++)
		if (prefix[i].family == family)
			ranges_add(out, prefix[i].range.lo, prefix[i].range.hi);
	if (n == 0)
		ranges_add(out, 0, family_max(family));
	ranges_normalise(out);
}

static void needed_allowance(struct needed_list *out, const struct allowance *a, enum family family)
{
	static const uint8_t with_ports[] = {PROTO_TCP, PROTO_UDP, PROTO_SCTP, PROTO_DCCP, PROTO_UDPLITE};
	bool all_ports = a->ports.lo == 0 && a->ports.hi == UINT16_MAX;
	/* "icmp" is what each family calls so. */
	uint8_t proto = a->proto == PROTO_ICMP && family == FAMILY_IPV6 ? PROTO_ICMPV6 : a->proto;
	struct ranges source = {0}, destination = {0};

	allowance_side(a->source, a->n_source, family, &source);
	allowance_side(a->destination, a->n_destination, family, &destination);
	for (size_t i = 0; i < source.n; i++) {
		for (size_t k = 0; k < destination.n; k++) {
			struct cell c = {
			        {source.item[i], destination.item[k], {0, UINT16_MAX}, {a->ports.lo, a->ports.hi}}};

			if (is_icmp(proto))
				c.axis[AXIS_DPORT].lo = 0;
			if (all_ports || proto != PROTO_ANY)
				needed_add(out, family, proto, &c);
			/* Ports narrow it to what has ports. */
			for (size_t p = 0; !all_ports && proto == PROTO_ANY && p < sizeof(with_ports); p++)
				needed_add(out, family, with_ports[p], &c);
		}
	}
	ranges_fini(&source);
	ranges_fini(&destination);
}

/** What is needed of one family and protocol: neighbours in the list. */
struct needed_kind {
	enum family family;
	uint8_t proto;
	const struct needed *first;
	size_t n;
	struct box_index *index;
};

static int needed_cmp(const void *a, const void *b)
{
	const struct needed *x = a, *y = b;
	int order = (int)x->family - (int)y->family;

	return order != 0 ? order : (int)x->proto - (int)y->proto;
}

static struct range needed_side(const void *ctx, size_t i, enum axis axis)
{
	return ((const struct needed *)ctx)[i].cell.axis[axis];
}

static void kinds_build(struct needed_list *list)
{
	if (list->n > 0)
		qsort(list->item, list->n, sizeof(*list->item), needed_cmp);
	/* Two families and the number of protocols bound them. */
	list->kind = xcalloc(2 * 256, sizeof(*list->kind));
	for (size_t first = 0, end; first < list->n; first = end) {
		const struct needed *item = &list->item[first];

		for (end = first + 1; end < list->n && needed_cmp(item, &list->item[end]) == 0;)
			end++;
		list->kind[list->n_kind++] = (struct needed_kind){
		        item->family, item->proto, item, end - first, box_index_new(end - first, needed_side, item)};
	}
}

void needed_find(const struct site *site, const struct flows *flows, int64_t now, struct needed_list *out)
{
	*out = (struct needed_list){0};
	needed_flows(out, flows);
	for (size_t i = 0; i < site->n_allowance; i++) {
		const struct allowance *a = &site->allowance[i];

		if (a->expires != 0 && a->expires <= now)
			continue;
		needed_allowance(out, a, FAMILY_IPV4);
		needed_allowance(out, a, FAMILY_IPV6);
	}
	kinds_build(out);
}

void needed_fini(struct needed_list *list)
{
	for (size_t i = 0; i < list->n_kind; i++)
		box_index_free(list->kind[i].index);
	free(list->kind);
	free(list->item);
	*list = (struct needed_list){0};
}

/** A visit of one kind. */
struct tour {
	const struct needed_kind *kind;
	bool (*visit)(void *ctx, const struct cell *needed);
	void *ctx;
	bool goes_on;
};

static bool tour_visit(void *ctx, size_t i)
{
	struct tour *t = ctx;

	return t->goes_on = t->visit(t->ctx, &t->kind->first[i].cell);
}

void needed_each(const struct needed_list *list, enum family family, uint8_t proto, const struct cell *cell,
        struct positions *scratch, bool (*visit)(void *ctx, const struct cell *needed), void *ctx)
{
	struct tour t = {.visit = visit, .ctx = ctx, .goes_on = true};

	for (size_t i = 0; i < list->n_kind && t.goes_on; i++) {
		t.kind = &list->kind[i];
		if (t.kind->family == family && (t.kind->proto == proto || t.kind->proto == PROTO_ANY))
			box_index_each(t.kind->index, cell, scratch, tour_visit, &t);
	}
}
