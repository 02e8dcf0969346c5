/*
 * What a ruleset does with forwarded packets that no rule singles out: in comes the model, out goes whether it denies by
 * default, accepts everything, or only seems to deny because a rule accepts before the policy can. It looks at new packets
 * of any address and interface; where a bound is reached nothing is claimed.
 */
#include "verify/default.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "verify/blame.h"
#include "verify/needed.h"
#include "verify/program.h"

#define POINTS 8
#define TCP_SYN 2
#define PROTO_GRE 47

static const enum rs_hook hooks[] = {RS_HOOK_PREROUTING, RS_HOOK_FORWARD, RS_HOOK_POSTROUTING};

const char *default_kind_name(enum default_kind k)
{
	static const char *const names[] = {[DEFAULT_DENY] = "deny",
	        [DEFAULT_ACCEPT] = "accept",
	        [DEFAULT_ALLOW_ALL] = "allow-all",
	        [DEFAULT_DENY_IN_NAME] = "deny-in-name-only"};

	return names[k];
}

static bool rule_can_drop(const struct ruleset *rs, const struct rs_rule *r)
{
	if (r->verdict.code == RS_DROP || r->verdict.code == RS_UNKNOWN || r->undecided != NULL)
		return true;
	for (size_t i = 0; r->vmap && i < rs->set[r->vmap_set].n_element; i++) {
		enum rs_verdict_code code = rs->set[r->vmap_set].element[i].verdict.code;

		if (code == RS_DROP || code == RS_UNKNOWN)
			return true;
	}
	return r->vmap && rs->set[r->vmap_set].undecided;
}

static bool sees(const struct rs_chain *c, enum family f)
{
	return c->family == RS_INET || c->family == (f == FAMILY_IPV4 ? RS_IP : RS_IP6);
}

/** Some rule that a forwarded packet of the family may meet drops, or a chain of another layer could. */
static bool something_drops(const struct ruleset *rs, enum family f)
{
	for (size_t i = 0; i < rs->n_chain; i++) {
		const struct rs_chain *c = &rs->chain[i];

		if (c->family == RS_BRIDGE || c->family == RS_NETDEV) {
			if (c->base)
				return true;
			continue;
		}
		if (!sees(c, f) || (c->base && (c->hook == RS_HOOK_INPUT || c->hook == RS_HOOK_OUTPUT)))
			continue;
		for (size_t k = 0; k < c->n_rule; k++)
			if (rule_can_drop(rs, &c->rule[k]))
				return true;
	}
	return false;
}

/** A base chain on the way whose policy is drop, or SIZE_MAX. */
static size_t drop_policy(const struct engine *e, enum family f)
{
	for (size_t h = 0; h < sizeof(hooks) / sizeof(hooks[0]); h++) {
		const struct base_list *list = &e->base[f == FAMILY_IPV4 ? 0 : 1][hooks[h]];

		for (size_t i = 0; i < list->n; i++)
			if (e->rs->chain[list->chain[i]].policy == RS_DROP)
				return list->chain[i];
	}
	return SIZE_MAX;
}

static struct packet_set question(enum family f, uint8_t proto)
{
	struct packet_set set = {.family = f,
	        .proto = proto,
	        .tcp_flags = proto == PROTO_TCP ? TCP_SYN : 0,
	        .icmp_type = proto == PROTO_ICMP     ? 8
	                     : proto == PROTO_ICMPV6 ? 128
	                                             : 0,
	        .path = PATH_FORWARD,
	        .phase = PHASE_NEW,
	        .iif = "",
	        .oif = ""};

	set.cell.axis[AXIS_SOURCE] = set.cell.axis[AXIS_DESTINATION] = (struct range){0, family_max(f)};
	if (needed_has_ports(proto))
		set.cell.axis[AXIS_SPORT] = set.cell.axis[AXIS_DPORT] = (struct range){0, UINT16_MAX};
	return set;
}

/** Does a policy decide any of them, as far as is known? *accept: the rule that accepts some. */
static bool policy_decides(const struct outcomes *o, const struct outcome **accept)
{
	for (size_t i = 0; i < o->n; i++) {
		if (o->item[i].code == OUTCOME_DROP && o->item[i].rule == OUTCOME_POLICY)
			return true;
		if (o->item[i].code == OUTCOME_ACCEPT && o->item[i].rule != OUTCOME_POLICY)
			*accept = &o->item[i];
	}
	return o->limit != NULL;
}

static u128 draw(uint64_t *seed)
{
	u128 value = 0;

	for (int i = 0; i < 4; i++) {
		*seed = *seed * 6364136223846793005u + 1442695040888963407u;
		value = value << 32 | (uint32_t)(*seed >> 32);
	}
	return value;
}

/** Single packets first: in a ruleset that denies, one of them meets the policy, and that costs next to nothing. */
static bool policy_meets_points(
        struct engine *e, const struct packet_set *whole, struct outcomes *o, const struct outcome **accept)
{
	struct packet_set point = *whole;
	uint64_t seed = 5061;

	for (int n = 0; n < POINTS; n++) {
		for (int a = 0; a < AXIS_N; a++) {
			u128 width = whole->cell.axis[a].hi;
			u128 at = draw(&seed) & width;

			point.cell.axis[a] = (struct range){at, at};
		}
		engine_run(e, &point, o, NULL, NULL);
		if (policy_decides(o, accept))
			return true;
	}
	return false;
}

/** No packet of any protocol meets the policy. */
static bool policy_is_idle(struct engine *e, enum family f, struct blame *accepts)
{
	const uint8_t protos[] = {PROTO_TCP, PROTO_UDP, f == FAMILY_IPV4 ? PROTO_ICMP : PROTO_ICMPV6, PROTO_GRE};
	struct outcomes o = {0};
	bool idle = true;

	for (size_t i = 0; i < sizeof(protos) && idle; i++) {
		struct packet_set set = question(f, protos[i]);
		const struct outcome *accept = NULL;

		idle = !policy_meets_points(e, &set, &o, &accept);
		if (!idle)
			break;
		engine_run(e, &set, &o, NULL, NULL);
		accept = NULL;
		idle = !policy_decides(&o, &accept) && accept != NULL;
		if (idle && !accepts->present)
			blame_fill(e->rs, accept->chain, accept->rule, OUTCOME_ACCEPT, accepts);
	}
	outcomes_fini(&o);
	return idle;
}

void default_find(struct engine *e, enum family f, struct default_finding *out)
{
	size_t chain = drop_policy(e, f);

	memset(out, 0, sizeof(*out));
	if (chain == SIZE_MAX) {
		out->kind = something_drops(e->rs, f) ? DEFAULT_ACCEPT : DEFAULT_ALLOW_ALL;
		return;
	}
	out->kind = policy_is_idle(e, f, &out->accepts) ? DEFAULT_DENY_IN_NAME : DEFAULT_DENY;
	if (out->kind == DEFAULT_DENY_IN_NAME)
		blame_fill(e->rs, chain, OUTCOME_POLICY, OUTCOME_DROP, &out->policy);
}

void default_fini(struct default_finding *d)
{
	blame_fini(&d->accepts);
	blame_fini(&d->policy);
}

char *default_caveat(const struct default_finding *d, enum family f)
{
	const char *name = f == FAMILY_IPV4 ? "IPv4" : "IPv6";

	if (d->kind == DEFAULT_ALLOW_ALL)
		return xasprintf("every forwarded %s packet passes: nothing in the ruleset drops one", name);
	if (d->kind != DEFAULT_DENY_IN_NAME)
		return NULL;
	return xasprintf(
	        "default deny of forwarded %s packets is one in name only: %s %s %s accepts (handle %llu: %s) before "
	        "the policy drop of %s %s %s can drop one",
	        name, rs_family_name(d->accepts.family), d->accepts.table, d->accepts.chain,
	        (unsigned long long)d->accepts.handle, d->accepts.text, rs_family_name(d->policy.family),
	        d->policy.table, d->policy.chain);
}
