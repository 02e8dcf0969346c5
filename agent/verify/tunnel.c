/*
 * Questions about IPsec on the walk (`meta ipsec`, `rt ipsec`, `ipsec in reqid`, iptables' `-m policy`): a piece comes in,
 * cut policy by policy in the order in which the kernel looks them up, out go the parts for which the answer is yes and
 * no. What a policy requires the packets have, for the kernel drops others; what no policy catches is plain, for the
 * kernel drops what comes out of a tunnel without one. Where that does not say enough the part goes both ways under an
 * atom that names the reason. (net/xfrm/xfrm_policy.c, net/netfilter/xt_policy.c, nft_xfrm.c, nft_meta.c, nft_rt.c)
 */
#include <stdlib.h>

#include "verify/run.h"

const char *ipsec_open_text(enum ipsec_open why)
{
	static const char *const texts[OPEN_N] = {[OPEN_NOT_READ] = "IPsec policies were not read",
	        [OPEN_UNREADABLE] = "IPsec policies cannot be read",
	        [OPEN_IF_ID] = "policy of a virtual interface (if_id)",
	        [OPEN_MARK] = "policy with a mark",
	        [OPEN_PORTS] = "policy with ports that cannot be compared",
	        [OPEN_DEVICE] = "policy of one interface",
	        [OPEN_SUB] = "policy of the second list (sub)",
	        [OPEN_TRANSLATED] = "policy on a translated address",
	        [OPEN_OPTIONAL] = "optional template",
	        [OPEN_BLOCK] = "blocking policy",
	        [OPEN_TEMPLATE] = "template that leaves it open",
	        [OPEN_TRANSPORT] = "transport mode outside its policy",
	        [OPEN_ASSOCIATIONS] = "security associations without a policy"};

	return texts[why];
}

enum answer { ANSWER_NO, ANSWER_YES, ANSWER_OPEN };

static enum answer answer_of(bool yes)
{
	return yes ? ANSWER_YES : ANSWER_NO;
}

/** One address of a tunnel; without it in the template any would do. */
static enum answer ask_address(const struct rs_ipsec_part *part, const struct ipsec_template *tmpl, bool source)
{
	u128 end = source ? tmpl->source : tmpl->destination, asked = source ? part->source : part->destination,
	     mask = source ? part->source_mask : part->destination_mask;

	if (tmpl->mode != IPSEC_TUNNEL || tmpl->family != part->family || end == 0)
		return ANSWER_OPEN;
	return answer_of((end & mask) == (asked & mask));
}

static enum answer ask_key(
        const struct rs_ipsec *q, const struct rs_ipsec_part *part, const struct ipsec_template *tmpl, unsigned key)
{
	switch (key) {
	case RS_IPSEC_MODE:
		return part->mode == IPSEC_OTHER_MODE ? ANSWER_OPEN : answer_of(part->mode == tmpl->mode);
	case RS_IPSEC_PROTO:
		return answer_of(part->proto == tmpl->proto);
	case RS_IPSEC_REQID:
		/* On the way in a template without a number takes any; on the way out only an association without one. */
		return tmpl->reqid == 0 && !q->out ? ANSWER_OPEN : answer_of(part->reqid == tmpl->reqid);
	case RS_IPSEC_SOURCE:
		return ask_address(part, tmpl, true);
	case RS_IPSEC_DESTINATION:
		return ask_address(part, tmpl, false);
	default:
		return ANSWER_OPEN; /* the SPI is the association's */
	}
}

/** Does a transformation that the template asks for have what the question wants? */
static enum answer ask_part(
        const struct rs_ipsec *q, const struct rs_ipsec_part *part, const struct ipsec_template *tmpl)
{
	enum answer all = ANSWER_YES;

	/* nft goes on only where there are such addresses, whatever it wants of them. */
	if (part->tunnels_only &&
	        (tmpl->mode == IPSEC_TRANSPORT || (tmpl->mode == IPSEC_TUNNEL && tmpl->family != part->family)))
		return ANSWER_NO;
	for (unsigned key = 1; key <= RS_IPSEC_SPI; key <<= 1) {
		enum answer a = ask_key(q, part, tmpl, key);

		if (((part->asked | part->inverted) & key) == 0)
			continue;
		if (a != ANSWER_OPEN && (part->inverted & key) != 0)
			a = answer_of(a == ANSWER_NO);
		if (a == ANSWER_NO)
			return ANSWER_NO;
		all = a == ANSWER_OPEN ? ANSWER_OPEN : all;
	}
	return all;
}

/** The transformations of a packet: on its way in the outermost, which was the last to be made, comes first. */
static const struct ipsec_template *template_at(const struct rs_ipsec *q, const struct ipsec_policy *p, size_t i)
{
	return &p->template[q->out ? i : p->n_template - 1 - i];
}

static enum answer ask_some(const struct rs_ipsec *q, const struct ipsec_policy *p)
{
	enum answer some = ANSWER_NO;

	for (size_t i = 0; i < p->n_template && some != ANSWER_YES; i++) {
		enum answer a = ask_part(q, &q->part[0], template_at(q, p, i));

		some = a == ANSWER_NO ? some : a;
	}
	return some;
}

static enum answer ask_strict(const struct rs_ipsec *q, const struct ipsec_policy *p)
{
	enum answer all = ANSWER_YES;

	if (q->n != p->n_template)
		return ANSWER_NO;
	/* In which order the match compares several on the way in has changed between kernels. */
	if (q->n > 1 && !q->out)
		return ANSWER_OPEN;
	for (size_t i = 0; i < q->n; i++) {
		enum answer a = ask_part(q, &q->part[i], template_at(q, p, i));

		if (a == ANSWER_NO)
			return ANSWER_NO;
		all = a == ANSWER_OPEN ? ANSWER_OPEN : all;
	}
	return all;
}

/** A packet as the policy wants it. @param why  set where the answer is open. */
static enum answer ask_policy(const struct rs_ipsec *q, const struct ipsec_policy *p, enum ipsec_open *why)
{
	size_t optional = 0;

	*why = OPEN_BLOCK;
	if (p->block)
		return ANSWER_OPEN;
	for (size_t i = 0; i < p->n_template; i++)
		optional += p->template[i].optional;
	*why = OPEN_OPTIONAL;
	if (optional == p->n_template && optional > 0)
		return ANSWER_OPEN;
	if (q->none || p->n_template == 0)
		return answer_of(q->none && p->n_template == 0);
	if (q->n == 0)
		return ANSWER_YES;
	if (optional > 0)
		return ANSWER_OPEN;
	*why = OPEN_TEMPLATE;
	if (q->strict)
		return ask_strict(q, p);
	if (q->at == RS_IPSEC_ANYWHERE)
		return ask_some(q, p);
	return (size_t)q->at < p->n_template ? ask_part(q, &q->part[0], template_at(q, p, (size_t)q->at)) : ANSWER_NO;
}

/** A question on its way through the policies. */
struct asking {
	struct run *run;
	const struct test *test;
	const struct rs_ipsec *q;
	enum ipsec_direction direction;
	struct cell cell; /**< the piece as the kernel looks it up */
	struct cell shift; /**< axis.lo: what makes the piece of it */
	bool blurred[AXIS_N];
	struct pieces plain, taken;
	struct pieces *hit, *rest;
};

static void asking_start(struct asking *a, const struct piece *piece)
{
	const struct packet_set *set = a->run->set;
	uint32_t why;

	/* On the way in the kernel looks at what arrived, on the way out at what the chain sees. */
	a->cell = a->q->out ? piece->cell : piece_origin(a->run, piece);
	for (int i = 0; i < AXIS_N; i++) {
		a->shift.axis[i].lo = piece->cell.axis[i].lo - a->cell.axis[i].lo;
		a->blurred[i] = a->q->out && run_axis_blurred(a->run, piece, (enum axis)i, &why);
	}
	if (!proto_has_ports(set->proto))
		a->blurred[AXIS_SPORT] = a->blurred[AXIS_DPORT] = true;
	/* The answer comes to the address that the device put in. */
	if (!a->q->out && set->translated && set->phase == PHASE_REPLY)
		a->blurred[AXIS_DESTINATION] = a->blurred[AXIS_DPORT] = true;
	a->direction = a->q->out ? IPSEC_OUT : set->path == PATH_INPUT ? IPSEC_IN : IPSEC_FORWARD;
	a->run->pending.n = 0;
	pieces_add(&a->run->pending, piece);
}

/** Can it not be told whether the policy catches the packets of its box? */
static bool is_unsure(const struct asking *a, const struct ipsec_policy *p, enum ipsec_open *why)
{
	const struct range *range[AXIS_N] = {[AXIS_SOURCE] = &p->source,
	        [AXIS_DESTINATION] = &p->destination,
	        [AXIS_SPORT] = &p->source_ports,
	        [AXIS_DPORT] = &p->ports};

	*why = p->sub                 ? OPEN_SUB
	       : p->if_id != 0        ? OPEN_IF_ID
	       : p->mark_mask != 0    ? OPEN_MARK
	       : p->masked_ports      ? OPEN_PORTS
	       : p->ifname[0] != '\0' ? OPEN_DEVICE
	                              : OPEN_N;
	for (int i = 0; i < AXIS_N && *why == OPEN_N; i++) {
		bool port = i == AXIS_SPORT || i == AXIS_DPORT;
		u128 max = port ? UINT16_MAX : family_max(p->family);

		if (a->blurred[i] && (range[i]->lo > 0 || range[i]->hi < max))
			*why = port ? OPEN_PORTS : OPEN_TRANSLATED;
	}
	return *why != OPEN_N;
}

/** The piece's packets that the policy speaks of, as the piece has them. @return false: none. */
static bool policy_box(const struct asking *a, const struct ipsec_policy *p, bool ports, struct cell *box)
{
	const struct cell wanted = {{p->source, p->destination, p->source_ports, p->ports}};
	struct cell part = wanted;

	for (int i = 0; i < AXIS_N; i++)
		if (a->blurred[i] || (!ports && (i == AXIS_SPORT || i == AXIS_DPORT)))
			part.axis[i] = a->cell.axis[i];
	if (!cell_intersect(&a->cell, &part, box))
		return false;
	for (int i = 0; i < AXIS_N; i++) {
		box->axis[i].lo += a->shift.axis[i].lo;
		box->axis[i].hi += a->shift.axis[i].lo;
	}
	return true;
}

/** Hand on what was taken. */
static void give(struct asking *a, enum answer answer, enum ipsec_open why)
{
	for (size_t i = 0; i < a->taken.n; i++) {
		if (answer == ANSWER_OPEN)
			run_fork(a->run, a->test->atom + (uint32_t)why, &a->taken.item[i], a->hit, a->rest);
		else
			pieces_add(answer == ANSWER_YES ? a->hit : a->rest, &a->taken.item[i]);
	}
	a->taken.n = 0;
}

static bool is_asked(const struct asking *a, const struct ipsec_policy *p)
{
	const struct packet_set *set = a->run->set;

	return p->direction == a->direction && p->family == set->family && (p->proto == 0 || p->proto == set->proto);
}

static void ask_policies(struct asking *a, const struct ipsec_policies *policies)
{
	struct run *run = a->run;
	struct cell box;

	for (size_t i = 0; i < policies->n && run->pending.n > 0 && run->out->limit == NULL; i++) {
		const struct ipsec_policy *p = &policies->policy[i];
		enum ipsec_open unsure, why;

		if (!is_asked(a, p) || !policy_box(a, p, true, &box))
			continue;
		pending_take(run, &box, &a->taken);
		if (is_unsure(a, p, &unsure)) {
			give(a, ANSWER_OPEN, unsure);
		} else if (p->n_template == 0 && !p->block) {
			for (size_t k = 0; k < a->taken.n; k++)
				pieces_add(&a->plain, &a->taken.item[k]);
			a->taken.n = 0;
		} else {
			enum answer answer = ask_policy(a->q, p, &why);

			give(a, answer, why);
		}
	}
	run->work += policies->n / 8;
}

static bool has_transport(const struct ipsec_policy *p)
{
	for (size_t i = 0; i < p->n_template; i++)
		if (p->template[i].mode != IPSEC_TUNNEL)
			return true;
	return false;
}

/**
 * What no policy wants otherwise is plain. The kernel also lets in what a security association in transport mode protects
 * though no policy asks for that: between the hosts of a policy that does so for other packets, and where associations
 * exist without policies between any.
 */
static void ask_plain(struct asking *a, const struct ipsec_policies *policies)
{
	struct run *run = a->run;
	bool local = a->direction == IPSEC_IN && policies->n_association > 0, any = false;
	struct cell box;

	for (size_t i = 0; i < a->plain.n; i++)
		pieces_add(&run->pending, &a->plain.item[i]);
	for (size_t i = 0; i < policies->n && local && run->out->limit == NULL; i++) {
		const struct ipsec_policy *p = &policies->policy[i];

		any = any || p->direction == IPSEC_IN;
		if (p->direction != IPSEC_IN || p->family != run->set->family || !has_transport(p) ||
		        !policy_box(a, p, false, &box))
			continue;
		pending_take(run, &box, &a->taken);
		give(a, ANSWER_OPEN, OPEN_TRANSPORT);
	}
	for (size_t i = 0; i < run->pending.n; i++)
		pieces_add(&a->taken, &run->pending.item[i]);
	give(a, local && !any ? ANSWER_OPEN : answer_of(a->q->none), OPEN_ASSOCIATIONS);
}

void ipsec_split(
        struct run *run, const struct test *t, const struct piece *piece, struct pieces *hit, struct pieces *rest)
{
	const struct ipsec_policies *policies = run->e->rs->policies;
	struct asking a = {.run = run, .test = t, .q = t->match->ipsec, .hit = hit, .rest = rest};

	if (policies == NULL || policies->unreadable != NULL) {
		run_fork(run, t->atom + (policies == NULL ? OPEN_NOT_READ : OPEN_UNREADABLE), piece, hit, rest);
	} else if (run->set->path == (a.q->out ? PATH_INPUT : PATH_OUTPUT)) {
		/* What begins here did not come through IPsec, and what ends here does not leave. */
		pieces_add(a.q->none ? hit : rest, piece);
	} else {
		asking_start(&a, piece);
		ask_policies(&a, policies);
		ask_plain(&a, policies);
	}
	free(a.plain.item);
	free(a.taken.item);
}
