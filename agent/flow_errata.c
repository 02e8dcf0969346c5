/*
 * In: a requirement and an errata policy. Out: its variants with the transports and ports that hold under the policy; a
 * variant keeps its number, and what a list of ports or transports brings in addition gets numbers behind the pack's
 * own. Nothing is refused: an erratum that does not say exactly what to put for what leaves the variants as they are.
 */
#include <stdlib.h>
#include <string.h>

#include "flow_derive.h"
#include "portcullis/alloc.h"

#define LIST_MAX 16

/* What an erratum names on one side: port ranges, or protocols as ranges of one number. */
struct values {
	struct port_range item[LIST_MAX];
	size_t n;
};

/* What one side has and the other has not. */
struct exchange {
	const struct values *from;
	struct values removed, added;
	bool transports;
	bool advisory;
};

static bool same(struct port_range a, struct port_range b)
{
	return a.lo == b.lo && a.hi == b.hi;
}

static bool values_have(const struct values *v, struct port_range wanted)
{
	for (size_t i = 0; i < v->n; i++)
		if (same(v->item[i], wanted))
			return true;
	return false;
}

static bool value_parse(const char *s, bool transports, struct port_range *out)
{
	static const uint8_t known[] = {PROTO_TCP, PROTO_UDP};

	if (!transports)
		return !port_range_parse(s, out, NULL);
	for (size_t i = 0; i < sizeof(known); i++) {
		*out = (struct port_range){known[i], known[i]};
		if (!strcmp(s, proto_name(known[i])))
			return true;
	}
	return false;
}

/* "135,49152-65535" or "tcp,udp". @return false for anything else. */
static bool values_parse(const char *s, bool transports, struct values *out)
{
	char *copy = xstrdup(s), *save = NULL;
	bool known = true;

	out->n = 0;
	for (char *word = strtok_r(copy, ", ", &save); word && known; word = strtok_r(NULL, ", ", &save)) {
		struct port_range value;

		known = out->n < LIST_MAX && value_parse(word, transports, &value);
		if (known && !values_have(out, value))
			out->item[out->n++] = value;
	}
	free(copy);
	return known && out->n;
}

static struct port_range value_of(const struct flow_variant *v, bool transports)
{
	return transports ? (struct port_range){v->proto, v->proto} : v->ports;
}

static void variant_set(struct flow_variant *v, const struct exchange *x, struct port_range value)
{
	if (x->transports)
		v->proto = (uint8_t)value.lo;
	else
		v->ports = value;
	v->advisory = v->advisory || x->advisory;
}

/* The variants among the first n that an exchange of ports is about are of one protocol; of transports, all. */
static bool concerns(const struct exchange *x, const struct flow_variant *v, uint8_t proto)
{
	return x->transports || v->proto == proto;
}

/* Does the pack have everything that the erratum puts something else for. */
static bool has_all(const struct exchange *x, const struct flow_variants *list, uint8_t proto)
{
	for (size_t k = 0; k < x->from->n; k++) {
		bool found = false;

		for (size_t i = 0; i < list->n && !found; i++)
			found = concerns(x, &list->item[i], proto) &&
			        same(value_of(&list->item[i], x->transports), x->from->item[k]);
		if (!found)
			return false;
	}
	return true;
}

static void variants_put(struct flow_variants *list, const struct flow_variant *v)
{
	list->item = xgrow(list->item, list->n, &list->cap, sizeof(*list->item));
	list->item[list->n++] = *v;
}

static void replace(const struct exchange *x, uint8_t proto, struct flow_variants *list)
{
	for (size_t i = 0; i < list->n; i++) {
		struct flow_variant *v = &list->item[i];

		for (size_t k = 0; concerns(x, v, proto) && k < x->removed.n; k++) {
			if (same(value_of(v, x->transports), x->removed.item[k])) {
				variant_set(v, x, x->added.item[k]);
				break;
			}
		}
	}
}

static void take_away(const struct exchange *x, uint8_t proto, struct flow_variants *list)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		if (!concerns(x, &list->item[i], proto) ||
		        !values_have(&x->removed, value_of(&list->item[i], x->transports)))
			list->item[n++] = list->item[i];
	list->n = n;
}

/* Beside each variant with the first value of the old side: the same with the new value. */
static void bring_in(const struct exchange *x, uint8_t proto, struct flow_variants *list, uint32_t *number)
{
	size_t n = list->n;

	for (size_t i = 0; i < n; i++) {
		struct flow_variant v = list->item[i];

		if (!concerns(x, &v, proto) || !same(value_of(&v, x->transports), x->from->item[0]))
			continue;
		for (size_t k = 0; k < x->added.n; k++) {
			v.number = ++*number;
			variant_set(&v, x, x->added.item[k]);
			variants_put(list, &v);
		}
	}
}

static void exchange_apply(const struct exchange *x, uint8_t proto, struct flow_variants *list, uint32_t *number)
{
	if (!has_all(x, list, proto))
		return;
	if (x->removed.n == x->added.n) {
		replace(x, proto, list);
		return;
	}
	bring_in(x, proto, list, number);
	take_away(x, proto, list);
}

static void erratum_apply(
        const char *from_text, const char *to_text, struct exchange *x, struct flow_variants *list, uint32_t *number)
{
	struct values from, to;

	if (!values_parse(from_text, x->transports, &from) || !values_parse(to_text, x->transports, &to))
		return;
	x->from = &from; /* cppcheck-suppress autoVariables; taken back below */
	for (size_t i = 0; i < from.n; i++)
		if (!values_have(&to, from.item[i]))
			x->removed.item[x->removed.n++] = from.item[i];
	for (size_t i = 0; i < to.n; i++)
		if (!values_have(&from, to.item[i]))
			x->added.item[x->added.n++] = to.item[i];
	exchange_apply(x, PROTO_TCP, list, number);
	if (!x->transports)
		exchange_apply(x, PROTO_UDP, list, number);
	x->from = NULL;
}

/*
 * The pack's flows hold what corrections of high confidence say; other corrections rest in the errata. So `all` goes
 * from the printed value to the effective one where the confidence is less, and `printed` back where it is high.
 */
static void policy_apply(
        const struct requirement *r, enum errata_policy policy, struct flow_variants *list, uint32_t *number)
{
	for (size_t i = 0; i < r->n_erratum; i++) {
		const struct erratum *e = &r->erratum[i];
		bool all = policy == ERRATA_ALL, high = e->confidence == CONFIDENCE_HIGH;
		struct exchange x = {.transports = !strcmp(e->field, "transport"), .advisory = all};

		if (high != all && (x.transports || !strcmp(e->field, "port")))
			erratum_apply(all ? e->as_printed : e->effective, all ? e->effective : e->as_printed, &x, list,
			        number);
	}
}

/* No document prints the requirement. */
static bool is_absent_in_print(const struct requirement *r)
{
	for (size_t i = 0; i < r->n_erratum; i++)
		if (!strcmp(r->erratum[i].field, "row") && !strcmp(r->erratum[i].as_printed, "absent"))
			return true;
	return false;
}

void flow_variants_build(const struct requirement *r, enum errata_policy policy, struct flow_variants *out)
{
	uint32_t number = (uint32_t)r->n_flow;
	bool advisory = requirement_is_advisory(r);

	*out = (struct flow_variants){0};
	if (policy == ERRATA_PRINTED && is_absent_in_print(r))
		return;
	for (size_t i = 0; i < r->n_flow; i++) {
		const struct requirement_flow *f = &r->flow[i];
		struct flow_variant v = {(uint32_t)i + 1, f->proto, f->ports, f->source_ports, advisory};

		variants_put(out, &v);
	}
	if (policy != ERRATA_HIGH)
		policy_apply(r, policy, out, &number);
}
