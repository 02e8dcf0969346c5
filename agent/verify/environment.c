/*
 * What is concrete for a set of packets in one base chain: in come the set and the chain, out go the values of the fields
 * that are no axis, those that nobody knows, and what connection tracking has done so far. Nothing is refused.
 */
#include <string.h>

#include "verify/run.h"

#define CONNTRACK_PRIORITY (-200)
#define NFPROTO_VALUE(family) ((family) == FAMILY_IPV4 ? 2u : 10u)

static void set_interface(struct environment *env, enum rs_field f, const char *name, bool present)
{
	env->value[f] = present ? ifname_value(name) : 0;
	if (present && name[0] == '\0')
		env->unknown |= 1u << f;
}

bool proto_has_ports(uint8_t proto)
{
	return proto == PROTO_TCP || proto == PROTO_UDP || proto == PROTO_SCTP || proto == 33 || proto == 136;
}

uint32_t packet_missing_fields(const struct packet_set *set)
{
	uint32_t missing = 0;

	if (set->family == FAMILY_IPV4)
		missing |= 1u << RS_FIELD_IP6_SADDR | 1u << RS_FIELD_IP6_DADDR;
	else
		missing |= 1u << RS_FIELD_IP_SADDR | 1u << RS_FIELD_IP_DADDR;
	if (set->proto != PROTO_TCP)
		missing |= 1u << RS_FIELD_TCP_FLAGS;
	if (set->proto != PROTO_ICMP)
		missing |= 1u << RS_FIELD_ICMP_TYPE | 1u << RS_FIELD_ICMP_CODE;
	if (set->proto != PROTO_ICMPV6)
		missing |= 1u << RS_FIELD_ICMPV6_TYPE | 1u << RS_FIELD_ICMPV6_CODE;
	return missing;
}

/**
 * ICMP messages that begin no connection. Conntrack takes errors for part of the connection that they quote, leaves
 * those between neighbours alone, and calls the others invalid (nf_conntrack_proto_icmp.c, _icmpv6.c).
 */
static void environment_message(struct environment *env, const struct packet_set *set)
{
	static const uint8_t opens4[] = {8, 13, 15, 17}, errors4[] = {3, 4, 5, 11, 12}, opens6[] = {128, 139},
	                     errors6[] = {1, 2, 3, 4, 137}, neighbour6[] = {130, 131, 132, 133, 134, 135, 136, 143};
	bool four = set->proto == PROTO_ICMP;

	if (set->phase != PHASE_NEW || (!four && set->proto != PROTO_ICMPV6) ||
	        memchr(four ? opens4 : opens6, set->icmp_type, four ? sizeof(opens4) : sizeof(opens6)) != NULL)
		return;
	if (!four && memchr(neighbour6, set->icmp_type, sizeof(neighbour6)) != NULL)
		env->untracked_now = !env->untracked_yet;
	else if (memchr(four ? errors4 : errors6, set->icmp_type, 5) != NULL)
		env->perhaps_related = !env->untracked_yet;
	else
		env->untracked_yet = true;
}

/** Of equal priority with chains that translate the first packet: their order is that of the kernel's own hook. */
static bool ties_with_nat(const struct engine *e, const struct packet_set *set, const struct rs_chain *c)
{
	const struct base_list *list = &e->base[set->family == FAMILY_IPV6][c->hook];
	bool before = c->hook == RS_HOOK_PREROUTING || c->hook == RS_HOOK_OUTPUT;

	if (set->phase != PHASE_NEW || c->type == RS_CHAIN_NAT || c->hook == RS_HOOK_FORWARD ||
	        c->priority != (before ? NAT_DST_PRIORITY : NAT_SRC_PRIORITY))
		return false;
	for (size_t i = 0; i < list->n; i++)
		if (e->rs->chain[list->chain[i]].type == RS_CHAIN_NAT)
			return true;
	return false;
}

static void environment_tracking(
        struct environment *env, const struct engine *e, const struct packet_set *set, const struct rs_chain *c)
{
	bool reply = set->phase == PHASE_REPLY, before = c->hook == RS_HOOK_PREROUTING || c->hook == RS_HOOK_OUTPUT;
	bool behind = c->hook == RS_HOOK_POSTROUTING || c->hook == RS_HOOK_INPUT;

	env->value[RS_FIELD_CT_STATE] = set->phase == PHASE_NEW ? 8 : 2;
	env->value[RS_FIELD_CT_STATUS] = set->phase == PHASE_NEW ? 0 : 2 | 8; /* seen-reply, confirmed */
	env->value[RS_FIELD_CT_DIRECTION] = reply;
	env->untracked_yet = before && c->type != RS_CHAIN_NAT && c->priority < CONNTRACK_PRIORITY;
	env->tracking_unsure = before && c->type != RS_CHAIN_NAT && c->priority == CONNTRACK_PRIORITY;
	environment_message(env, set);
	env->source_may_blur = set->phase == PHASE_NEW && behind;
	/* Of equal priority with the translation itself: nobody says which comes first. */
	env->destination_blurred = set->nat.wanted && set->phase == PHASE_ESTABLISHED && before &&
	                           c->type != RS_CHAIN_NAT && c->priority == NAT_DST_PRIORITY;
	env->source_blurred =
	        set->nat.wanted && reply && behind && c->type != RS_CHAIN_NAT && c->priority == NAT_SRC_PRIORITY;
	if (ties_with_nat(e, set, c)) {
		env->destination_blurred = env->destination_blurred || before;
		env->source_blurred = env->source_blurred || behind;
	}
	if (!set->translated || c->type == RS_CHAIN_NAT)
		return;
	env->source_blurred = env->source_blurred || (!reply && behind && c->priority >= NAT_SRC_PRIORITY);
	env->destination_blurred = env->destination_blurred || (reply && before && c->priority <= NAT_DST_PRIORITY);
}

/** Echo, and what else asks and answers, has one code (RFC 792, RFC 950, RFC 4443). */
static bool code_is_zero(const struct packet_set *set)
{
	static const uint8_t four[] = {0, 8, 13, 14, 15, 16, 17, 18}, six[] = {128, 129};

	return set->proto == PROTO_ICMP ? memchr(four, set->icmp_type, sizeof(four)) != NULL
	                                : memchr(six, set->icmp_type, sizeof(six)) != NULL;
}

void environment_set(struct run *run, const struct rs_chain *c)
{
	const struct packet_set *set = run->set;
	struct environment *env = &run->env;

	memset(env, 0, sizeof(*env));
	env->missing = packet_missing_fields(set);
	env->portless = !proto_has_ports(set->proto);
	env->value[RS_FIELD_NFPROTO] = NFPROTO_VALUE(set->family);
	env->value[RS_FIELD_L4PROTO] = set->proto;
	env->value[RS_FIELD_TCP_FLAGS] = set->tcp_flags;
	env->value[RS_FIELD_ICMP_TYPE] = env->value[RS_FIELD_ICMPV6_TYPE] = set->icmp_type;
	if (run->e->sets_mark)
		env->unknown |= 1u << RS_FIELD_MARK;
	if (!code_is_zero(set))
		env->unknown |= 1u << RS_FIELD_ICMP_CODE | 1u << RS_FIELD_ICMPV6_CODE;
	set_interface(env, RS_FIELD_IIFNAME, set->iif, set->path != PATH_OUTPUT);
	set_interface(env, RS_FIELD_OIFNAME, set->oif,
	        set->path != PATH_INPUT && c->hook != RS_HOOK_PREROUTING && c->hook != RS_HOOK_INPUT);
	environment_tracking(env, run->e, set, c);
}
