/*
 * Required flows against a ruleset: in come flows and the model, out goes one finding per flow: verdict, decider,
 * witness and what does not pass. Legs that ask the same question are answered once. An unreadable ruleset is a verdict,
 * not an error.
 */
#include "portcullis/verify.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "verify/ahead.h"
#include "verify/blame.h"
#include "verify/findings.h"
#include "verify/flow_index.h"
#include "verify/leg_index.h"
#include "verify/place.h"

#define VERIFY_MAX_FLOWS 10000000u
#define REMAINDER_MAX_CELLS 4096 /* before they are joined; a few of them are shown */
/* Answers that are kept, and parts of wide ones: flows that ask the same lie near each other. */
#define MEMO_MAX 512
#define MEMO_MAX_SHARES 131072
#define FEW_LEGS 8 /* of one flow, for which no memory is asked */

/** Answers to the last questions. */
struct memo {
	struct leg_index asked;
	struct leg_result *result; /**< as many */
	size_t cap, n_share;
};

struct verifier {
	const struct ruleset *rs;
	struct engine *engine;
	struct outcomes scratch;
	struct memo memo;
	struct memo rounded; /**< answers to wider questions, of which many legs are parts */
	struct ranges **siblings; /**< lists that keys point to, each once */
	size_t n_siblings, cap_siblings;
};

/** The place of a question's answer, which the caller fills where *is_new. */
static size_t memo_find(struct memo *m, const struct leg_key *key, bool *is_new)
{
	size_t i = leg_index_find(&m->asked, key, is_new);

	if (*is_new) {
		m->result = xgrow(m->result, i, &m->cap, sizeof(*m->result));
		m->result[i] = (struct leg_result){0};
	}
	return i;
}

static void memo_forget(struct memo *m)
{
	for (size_t i = 0; i < m->asked.n; i++)
		leg_result_fini(&m->result[i]);
	m->n_share = 0;
	leg_index_forget(&m->asked);
}

static void memo_trim(struct memo *m)
{
	if (m->asked.n > MEMO_MAX || m->n_share > MEMO_MAX_SHARES)
		memo_forget(m);
}

static void memo_fini(struct memo *m)
{
	memo_forget(m);
	leg_index_fini(&m->asked);
	free(m->result);
}

/** An answer in parts takes long, so it is given to all questions that cannot be told apart, and cut to each of them. */
static void leg_rounded(struct verifier *v, const struct leg_key *key, const struct cell *wide, struct leg_result *out)
{
	struct leg_key rounded = *key;
	struct leg_result *r;
	bool is_new;
	size_t i;

	memo_trim(&v->rounded);
	rounded.cell = *wide;
	i = memo_find(&v->rounded, &rounded, &is_new);
	r = &v->rounded.result[i];
	if (is_new) {
		leg_check(v->engine, &rounded, false, &v->scratch, r);
		v->rounded.n_share += r->n_share;
	}
	leg_result_cut(r, &key->cell, out);
}

/** @return where the answer is, until the next flow is asked for. */
static size_t memo_leg(struct verifier *v, const struct leg_key *key)
{
	struct leg_result *r;
	struct cell wide;
	bool is_new;
	size_t i = memo_find(&v->memo, key, &is_new);

	if (!is_new)
		return i;
	r = &v->memo.result[i];
	leg_check(v->engine, key, !key->translated, &v->scratch, r);
	if (r->limit == engine_in_parts) {
		leg_result_fini(r);
		if (engine_round(v->engine, key->family, &key->cell, &wide))
			leg_rounded(v, key, &wide, r);
		else
			leg_check(v->engine, key, false, &v->scratch, r);
	}
	free(r->share);
	r->share = NULL;
	r->n_share = 0;
	return i;
}

/** The same list again where there is one. Takes the ranges over. */
static const struct ranges *siblings_keep(struct verifier *v, struct ranges *list)
{
	for (size_t i = 0; i < v->n_siblings; i++) {
		if (ranges_equal(v->siblings[i], list)) {
			ranges_fini(list);
			return v->siblings[i];
		}
	}
	v->siblings = xgrow(v->siblings, v->n_siblings, &v->cap_siblings, sizeof(*v->siblings));
	v->siblings[v->n_siblings] = xmalloc(sizeof(*list));
	*v->siblings[v->n_siblings] = *list;
	return v->siblings[v->n_siblings++];
}

static void siblings_fini(struct verifier *v)
{
	for (size_t i = 0; i < v->n_siblings; i++) {
		ranges_fini(v->siblings[i]);
		free(v->siblings[i]);
	}
	free(v->siblings);
}

static bool same_origin(const struct flow_leg *a, const struct flow_leg *b)
{
	return a->translated && b->translated && a->source.lo == b->source.lo && a->source.hi == b->source.hi &&
	       strcmp(a->iif, b->iif) == 0;
}

/** Where the packets of leg i may rightly be led to on other legs; those of one source range lie side by side. */
static const struct ranges *siblings_find(struct verifier *v, const struct flow *flow, size_t i)
{
	struct ranges list = {0};
	size_t first = i;

	while (first > 0 && same_origin(&flow->leg[first - 1], &flow->leg[i]))
		first--;
	for (size_t k = first; k < flow->n_leg && same_origin(&flow->leg[k], &flow->leg[i]); k++)
		if (k != i)
			ranges_add(&list, flow->leg[k].inside.lo, flow->leg[k].inside.hi);
	ranges_normalise(&list);
	return siblings_keep(v, &list);
}

struct leg_key flow_leg_key(const struct flow *flow, size_t i)
{
	static const struct ranges none;
	struct leg_key k = {.family = flow->family, .proto = flow->proto, .path = flow->path};
	const struct flow_leg *leg = &flow->leg[i];

	/* Ports that the protocol does not have would only make equal questions look different. */
	if (flow->proto != PROTO_ICMP && flow->proto != PROTO_ICMPV6) {
		k.cell.axis[AXIS_SPORT] = (struct range){flow->source_ports.lo, flow->source_ports.hi};
		k.cell.axis[AXIS_DPORT] = (struct range){flow->ports.lo, flow->ports.hi};
	}
	k.cell.axis[AXIS_SOURCE] = leg->source;
	k.cell.axis[AXIS_DESTINATION] = leg->destination;
	memcpy(k.iif, leg->iif, sizeof(k.iif));
	memcpy(k.oif, leg->oif, sizeof(k.oif));
	if (leg->translated) {
		k.translated = true;
		k.inside = leg->inside;
		k.shift = (int)flow->inside_ports.lo - (int)flow->ports.lo;
		k.siblings = &none;
	}
	return k;
}

/** What the legs of one flow say together. */
struct sum {
	bool passes, dropped, maybe, misdirected;
	const char *limit;
	const struct share *first; /**< the share to blame */
	size_t first_leg;
};

static void sum_leg(struct sum *sum, const struct leg_result *r, size_t leg)
{
	sum->passes = sum->passes || r->passes;
	sum->dropped = sum->dropped || r->dropped;
	sum->maybe = sum->maybe || r->maybe;
	sum->misdirected = sum->misdirected || r->misdirected;
	if (sum->limit == NULL)
		sum->limit = r->limit;
	if (!r->has_first || (sum->first != NULL && !share_before(&r->first, sum->first)))
		return;
	sum->first = &r->first;
	sum->first_leg = leg;
}

static enum verdict sum_verdict(const struct sum *sum)
{
	if (sum->limit != NULL)
		return VERDICT_INDETERMINATE;
	if (sum->misdirected)
		return VERDICT_MISDIRECTED;
	if (!sum->dropped && !sum->maybe)
		return VERDICT_CONFORMANT;
	if (sum->dropped && sum->passes)
		return VERDICT_PARTIAL;
	return sum->maybe ? VERDICT_INDETERMINATE : VERDICT_BLOCKED;
}

static void add_atoms(const struct verifier *v, const struct atoms *atoms, char ***list, size_t *n, bool assumption)
{
	for (size_t i = 0; i < atoms->n; i++)
		names_add(list, n,
		        assumption ? engine_atom_assumption(v->engine, atoms->id[i])
		                   : engine_atom_name(v->engine, atoms->id[i]));
}

static int name_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/** What none of the first n cells has of one. */
static void add_beside(struct cells *all, size_t n, const struct cell *cell, struct cells *scratch)
{
	if (n == 0) {
		cells_add(all, cell);
		return;
	}
	scratch->n = 0;
	cells_add(scratch, cell);
	for (size_t i = 0; i < n; i++)
		if (!cells_subtract(scratch, &all->item[i], VERIFY_MAX_BOXES))
			break;
	for (size_t i = 0; i < scratch->n; i++)
		cells_add(all, &scratch->item[i]);
}

/** Parts of all legs, disjoint, joined where possible, at most VERIFY_MAX_REMAINDER of them. */
static void fill_remainder(const struct verifier *v, const size_t *leg, size_t n_leg, struct evidence *e)
{
	struct cells all = {0}, part = {0};

	for (size_t i = 0; i < n_leg && !e->remainder_cut; i++) {
		const struct leg_result *r = &v->memo.result[leg[i]];

		/* Two legs may hold the same addresses on different interfaces. */
		for (size_t k = 0; k < r->rest.n; k++)
			add_beside(&all, i == 0 ? 0 : all.n, &r->rest.item[k], &part);
		e->remainder_cut = r->rest_cut || all.n > REMAINDER_MAX_CELLS;
	}
	if (n_leg > 1)
		cells_merge(&all);
	e->remainder_cut = e->remainder_cut || all.n > VERIFY_MAX_REMAINDER;
	e->n_remainder = all.n > VERIFY_MAX_REMAINDER ? VERIFY_MAX_REMAINDER : all.n;
	e->remainder = xmalloc(e->n_remainder * sizeof(*e->remainder) + 1);
	for (size_t i = 0; i < e->n_remainder; i++)
		e->remainder[i] = cell_box(&all.item[i]);
	cells_fini(&all);
	cells_fini(&part);
}

static void fill_evidence(struct verifier *v, const struct sum *sum, enum verdict verdict, const size_t *leg,
        size_t n_leg, struct evidence *e)
{
	for (size_t i = 0; i < n_leg; i++) {
		const struct leg_result *r = &v->memo.result[leg[i]];

		add_atoms(v, verdict == VERDICT_CONFORMANT ? &r->remark : &r->open, &e->atom, &e->n_atom, false);
		add_atoms(v, &r->assumed, &e->assumed, &e->n_assumed, true);
	}
	if (e->n_atom > 0)
		qsort(e->atom, e->n_atom, sizeof(*e->atom), name_cmp);
	if (e->n_assumed > 0)
		qsort(e->assumed, e->n_assumed, sizeof(*e->assumed), name_cmp);
	if (sum->limit != NULL) {
		e->reason = xstrdup(sum->limit);
		return;
	}
	if (sum->first != NULL) {
		const struct leg_key *key = &v->memo.asked.key[leg[sum->first_leg]];
		struct packet_set set = share_packets(key, sum->first);
		const struct outcome *o = witness_find(v->engine, &set, sum->first, &v->scratch, &e->witness);

		if (o != NULL)
			blame_fill(v->rs, o->chain, o->rule, o->code, &e->blame);
		else
			blame_fill(v->rs, sum->first->chain, sum->first->rule, sum->first->code, &e->blame);
		e->has_witness = true;
		if (verdict == VERDICT_MISDIRECTED && (!e->blame.present || e->blame.policy))
			e->reason = xstrdup(
			        "no rule translates the published address to the listener's own address and port");
		fill_remainder(v, leg, n_leg, e);
	}
}

static enum verdict check_flow(struct verifier *v, const struct flow *flow, struct evidence *e)
{
	size_t few[FEW_LEGS], *leg = flow->n_leg <= FEW_LEGS ? few : xcalloc(flow->n_leg, sizeof(*leg));
	struct sum sum = {0};
	enum verdict verdict;

	memo_trim(&v->memo);
	for (size_t i = 0; i < flow->n_leg; i++) {
		struct leg_key key = flow_leg_key(flow, i);

		if (key.translated)
			key.siblings = siblings_find(v, flow, i);
		leg[i] = memo_leg(v, &key);
	}
	for (size_t i = 0; i < flow->n_leg; i++)
		sum_leg(&sum, &v->memo.result[leg[i]], i);
	verdict = sum_verdict(&sum);
	fill_evidence(v, &sum, verdict, leg, flow->n_leg, e);
	if (leg != few)
		free(leg);
	return verdict;
}

static enum verdict state_verdict(enum flow_state s)
{
	static const enum verdict verdict[] = {
	        [FLOW_CHECK] = VERDICT_UNKNOWN,
	        [FLOW_WAIVED] = VERDICT_WAIVED,
	        [FLOW_UNBOUND] = VERDICT_UNBOUND,
	        [FLOW_NOT_TRANSIT] = VERDICT_NOT_TRANSIT,
	        [FLOW_NEEDS_RANGE] = VERDICT_NEEDS_RANGE,
	        [FLOW_NO_COMMON_FAMILY] = VERDICT_NO_COMMON_FAMILY,
	};

	return verdict[s];
}

/** Is there anything to look at: an unbound row can be waived too. */
static bool is_looked_at(const struct flow *flow)
{
	return flow->state == FLOW_CHECK || (flow->state == FLOW_WAIVED && flow->n_leg > 0);
}

static void verify_flow(struct verifier *v, const struct flow *flow, const char *why, struct finding *f)
{
	struct evidence e = {0};

	if (!is_looked_at(flow)) {
		f->verdict = state_verdict(flow->state);
	} else if (v->rs == NULL) {
		f->verdict = VERDICT_UNKNOWN;
		e.reason = xstrdup(why != NULL ? why : "the ruleset cannot be read");
	} else if (v->rs->legacy != NULL) {
		f->verdict = VERDICT_INDETERMINATE;
		e.reason = xasprintf("iptables-legacy tables exist that nf_tables does not show: %s", v->rs->legacy);
	} else if (flow->n_leg == 0 || flow->path == PATH_NONE) {
		f->verdict = VERDICT_INDETERMINATE;
		e.reason = xstrdup("the path of this flow through the device is not known");
	} else {
		f->verdict = check_flow(v, flow, &e);
	}
	finding_say(f, &e);
	/* A waived flow keeps what was found: the waiver says that nobody needs to act, not that it passes. */
	if (flow->state == FLOW_WAIVED)
		f->verdict = VERDICT_WAIVED;
}

/** A bound that was met may not be met again. */
static bool has_met_a_bound(const struct finding *before)
{
	return before->evidence->reason != NULL && strncmp(before->evidence->reason, "more than", 9) == 0;
}

/** May the flow be found otherwise than before. */
static bool is_touched(const struct difference *d, const struct flow *flow, const struct finding *before)
{
	if (has_met_a_bound(before))
		return true;
	for (size_t i = 0; i < flow->n_leg; i++) {
		struct leg_key key = flow_leg_key(flow, i);

		if (difference_touches_leg(d, &key))
			return true;
	}
	return false;
}

/** Keep the findings that a difference leaves alone. @return how many others there are: their places. */
static size_t findings_keep(const struct flows *flows, const struct difference *difference, struct flow_index *index,
        const struct findings *before, struct findings *out, struct place *others)
{
	bool *near = difference != NULL && index != NULL ? xcalloc(flows->n, sizeof(*near)) : NULL;
	size_t n = 0;

	if (near != NULL)
		flow_index_touch(index, difference, near);
	for (size_t i = 0; i < flows->n; i++) {
		const struct flow *flow = &flows->flow[i];
		bool same = near != NULL && !near[i] && !has_met_a_bound(&before->finding[i]);

		if (!same && difference != NULL && is_looked_at(flow))
			same = !is_touched(difference, flow, &before->finding[i]);
		if (same)
			finding_copy(&out->finding[i], &before->finding[i]);
		else
			others[n++] = place_of(flows, i);
	}
	free(near);
	return n;
}

/** The flows lie in memory in another order than they are looked at. */
static void flows_ahead(const struct flows *flows, const struct place *place, size_t i, size_t n)
{
	if (i + 2 * AHEAD < n)
		ahead(&flows->flow[place[i + 2 * AHEAD].flow], sizeof(*flows->flow));
	if (i + AHEAD < n)
		ahead(flows->flow[place[i + AHEAD].flow].leg, sizeof(*flows->flow->leg));
}

size_t findings_find(struct engine *engine, const struct flows *flows, const struct ruleset *rs, const char *why,
        const struct difference *difference, struct flow_index *index, const struct findings *before,
        struct findings *out)
{
	struct verifier v = {.rs = rs, .engine = engine};
	struct place *place = xmalloc(flows->n * sizeof(*place) + 1);
	size_t n, looked_at = 0;

	/* Each is written as a whole: cleared memory would be written twice. */
	out->finding = xmalloc(flows->n * sizeof(*out->finding) + 1);
	out->n = flows->n;
	n = findings_keep(flows, difference, index, before, out, place);
	places_sort(place, n);
	for (size_t i = 0; i < n; i++) {
		const struct flow *flow = &flows->flow[place[i].flow];

		flows_ahead(flows, place, i, n);
		verify_flow(&v, flow, why, &out->finding[place[i].flow]);
		looked_at += is_looked_at(flow);
	}
	free(place);
	memo_fini(&v.memo);
	memo_fini(&v.rounded);
	siblings_fini(&v);
	outcomes_fini(&v.scratch);
	return looked_at;
}

int findings_check(const struct flows *flows, struct error *err)
{
	if (flows->n > VERIFY_MAX_FLOWS)
		return error_set(err, ERR_LIMIT, "verify", "%zu flows, at most %u are verified: split the deployment",
		        flows->n, VERIFY_MAX_FLOWS);
	return 0;
}

int verify_flows(const struct flows *flows, const struct ruleset *rs, const char *why, const struct site *site,
        int64_t now, struct findings *out, struct error *err)
{
	memset(out, 0, sizeof(*out));
	if (findings_check(flows, err) != 0)
		return -1;
	struct engine *engine = rs != NULL ? engine_new(rs, site, now) : NULL;
	findings_find(engine, flows, rs, why, NULL, NULL, NULL, out);
	engine_free(engine);
	return 0;
}

void findings_fini(struct findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		finding_fini(&f->finding[i]);
	free(f->finding);
	memset(f, 0, sizeof(*f));
}
