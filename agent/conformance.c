/*
 * What a verification means: severities, counts and the overall state from findings; problems raised and cleared per
 * cause from one verification to the next. Pure but for the state that is carried on.
 */
#include "portcullis/conformance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance_tell.h"
#include "portcullis/alloc.h"

struct flow_verdict_memory {
	struct flow_id id;
	enum verdict verdict;
	int64_t changed_ms;
};

struct told_flow {
	struct flow_id id;
	uint32_t problem;
	char *label, *rule, *witness;
};

static const char *const severity_names[] = {"none", "info", "warning", "major", "critical"};
static const char *const overall_names[] = {"ok", "degraded", "violated", "incomplete", "cannot-tell"};
static const char *const cause_names[] = {"start", "ruleset", "deployment", "catalog", "routes", "assumption"};
static const char *const change_names[] = {"violated", "cleared", "overall", "unreadable", "readable", "opening",
        "opening-closed", "test", "journal-unwritable", "journal-writable", "firewall-deviation", "firewall-restored",
        "firewall-commit", "rollback", "rollback-failed", "flow-violated", "flow-cleared"};

const char *severity_name(enum severity s)
{
	return severity_names[s];
}

const char *overall_name(enum overall o)
{
	return overall_names[o];
}

const char *cause_kind_name(enum cause_kind k)
{
	return cause_names[k];
}

const char *change_kind_name(enum change_kind k)
{
	return change_names[k];
}

int overall_exit_code(enum overall o)
{
	switch (o) {
	case OVERALL_OK:
		return 0;
	case OVERALL_DEGRADED:
	case OVERALL_VIOLATED:
		return 1;
	case OVERALL_INCOMPLETE:
	case OVERALL_CANNOT_TELL:
		break;
	}
	return 2;
}

/* The severity of each verdict for a requirement that is needed, and at most for one that is not. */
static const struct {
	enum severity required, at_most;
} severities[VERDICT_N] = {
        [VERDICT_CONFORMANT] = {SEVERITY_NONE, SEVERITY_NONE},
        [VERDICT_PARTIAL] = {SEVERITY_MAJOR, SEVERITY_WARNING},
        [VERDICT_BLOCKED] = {SEVERITY_CRITICAL, SEVERITY_WARNING},
        [VERDICT_INDETERMINATE] = {SEVERITY_WARNING, SEVERITY_INFO},
        [VERDICT_UNKNOWN] = {SEVERITY_MAJOR, SEVERITY_WARNING},
        [VERDICT_MISDIRECTED] = {SEVERITY_CRITICAL, SEVERITY_WARNING},
        [VERDICT_WAIVED] = {SEVERITY_NONE, SEVERITY_NONE},
        [VERDICT_UNBOUND] = {SEVERITY_INFO, SEVERITY_NONE},
        [VERDICT_NOT_TRANSIT] = {SEVERITY_NONE, SEVERITY_NONE},
        [VERDICT_NEEDS_RANGE] = {SEVERITY_INFO, SEVERITY_INFO},
        [VERDICT_NO_COMMON_FAMILY] = {SEVERITY_INFO, SEVERITY_INFO},
};

enum severity finding_severity(const struct flow *flow, const struct finding *finding)
{
	bool optional = flow->requirement != NULL && flow->requirement->optional;
	bool lesser = optional || flow->basis == BASIS_INFERRED || flow->advisory;
	enum severity s = lesser ? severities[finding->verdict].at_most : severities[finding->verdict].required;

	return flow->advisory && s > SEVERITY_INFO ? SEVERITY_INFO : s;
}

void summary_build(const struct flows *flows, const struct findings *findings, const struct openings *openings,
        const struct ruleset *rs, struct summary *out)
{
	bool violated = false, degraded = false, incomplete = false, cannot_tell = rs == NULL;

	memset(out, 0, sizeof(*out));
	out->n_flow = flows->n;
	for (size_t i = 0; i < flows->n; i++) {
		enum verdict v = findings->finding[i].verdict;
		enum severity s = finding_severity(&flows->flow[i], &findings->finding[i]);
		out->count[v]++;
		if (v == VERDICT_UNKNOWN || v == VERDICT_INDETERMINATE)
			cannot_tell = true;
		else if (v == VERDICT_UNBOUND)
			incomplete = incomplete || s != SEVERITY_NONE;
		else if (s >= SEVERITY_MAJOR)
			violated = true;
		else if (s == SEVERITY_WARNING)
			degraded = true;
	}
	if (openings != NULL) {
		out->openings = openings->n;
		for (size_t i = 0; i < openings->n; i++)
			out->unacknowledged_openings += !openings->opening[i].acknowledged;
	}
	if (rs != NULL) {
		out->rules = rs->n_rule;
		out->undecoded_rules = rs->n_undecoded;
	}
	out->overall = violated      ? OVERALL_VIOLATED
	               : cannot_tell ? OVERALL_CANNOT_TELL
	               : incomplete  ? OVERALL_INCOMPLETE
	               : degraded    ? OVERALL_DEGRADED
	                             : OVERALL_OK;
}

/* Changes */

void change_fini(struct change *c)
{
	free(c->label);
	free(c->rule);
	free(c->witness);
	free(c->reason);
	memset(c, 0, sizeof(*c));
}

void change_copy(struct change *out, const struct change *in)
{
	*out = *in;
	out->label = xstrdup(in->label);
	out->rule = xstrdup(in->rule);
	out->witness = xstrdup(in->witness);
	out->reason = xstrdup(in->reason);
}

void changes_fini(struct changes *c)
{
	for (size_t i = 0; i < c->n; i++)
		change_fini(&c->change[i]);
	free(c->change);
	memset(c, 0, sizeof(*c));
}

/* One more change with the next sequence number; strings may be NULL. */
struct change *conformance_tell(struct conformance *c, struct changes *out, enum change_kind kind,
        const struct cause *cause, int64_t now_wall, const char *label, const char *rule, const char *witness)
{
	out->change = xgrow(out->change, out->n, &out->cap, sizeof(*out->change));
	struct change *change = &out->change[out->n++];
	memset(change, 0, sizeof(*change));
	change->kind = kind;
	change->sequence = ++c->sequence;
	change->cause = *cause;
	change->old_overall = change->new_overall = c->overall;
	change->label = xstrdup(label != NULL ? label : "");
	change->rule = xstrdup(rule != NULL ? rule : "");
	change->witness = xstrdup(witness != NULL ? witness : "");
	change->reason = xstrdup("");
	change->wall_s = now_wall;
	change->wall_ms = c->wall_ms;
	return change;
}

/* State */

void conformance_init(struct conformance *c, uint64_t sequence, uint32_t next_problem_id)
{
	memset(c, 0, sizeof(*c));
	c->readable = true;
	c->sequence = sequence;
	c->next_problem_id = next_problem_id > 0 ? next_problem_id : 1;
}

void problem_fini(struct problem *p)
{
	free(p->flow);
	free(p->label);
	free(p->rule);
	free(p->witness);
}

static void told_flow_fini(struct told_flow *f)
{
	free(f->label);
	free(f->rule);
	free(f->witness);
}

void conformance_fini(struct conformance *c)
{
	for (size_t i = 0; i < c->n_problem; i++)
		problem_fini(&c->problem[i]);
	free(c->problem);
	free(c->memory);
	told_openings_free(c->opening, c->n_opening);
	for (size_t i = 0; i < c->n_flow; i++)
		told_flow_fini(&c->flow[i]);
	free(c->flow);
	memset(c, 0, sizeof(*c));
}

void conformance_restore(struct conformance *c, struct problem *problem, size_t n, enum overall overall, bool readable)
{
	c->problem = problem;
	c->n_problem = c->cap_problem = n;
	c->overall = overall;
	c->readable = readable;
}

static int memory_cmp(const void *key, const void *item)
{
	return flow_id_cmp(key, &((const struct flow_verdict_memory *)item)->id);
}

static const struct flow_verdict_memory *memory_find(const struct conformance *c, const struct flow_id *id)
{
	return c->n_memory == 0 ? NULL : bsearch(id, c->memory, c->n_memory, sizeof(*c->memory), memory_cmp);
}

int64_t conformance_changed_ms(const struct conformance *c, const struct flow_id *id)
{
	const struct flow_verdict_memory *m = memory_find(c, id);
	return m != NULL ? m->changed_ms : 0;
}

/* Flows are sorted by id, so the new memory is too. @return whether a verdict changed. */
static bool remember(struct conformance *c, const struct flows *flows, const struct findings *findings, int64_t now_ms)
{
	bool changed = c->n_memory != flows->n;
	struct flow_verdict_memory *memory = xcalloc(flows->n, sizeof(*memory));
	for (size_t i = 0; i < flows->n; i++) {
		const struct flow_verdict_memory *old = memory_find(c, &flows->flow[i].id);
		bool same = old != NULL && old->verdict == findings->finding[i].verdict;
		memory[i] = (struct flow_verdict_memory){
		        flows->flow[i].id, findings->finding[i].verdict, same ? old->changed_ms : now_ms};
		changed = changed || !same;
	}
	free(c->memory);
	c->memory = memory;
	c->n_memory = flows->n;
	return changed;
}

/* Something that a person has to look at; `unknown` is told once for the whole ruleset instead. */
static bool is_problem(const struct flow *flow, const struct finding *finding)
{
	return finding->verdict != VERDICT_UNKNOWN && finding_severity(flow, finding) >= SEVERITY_WARNING;
}

static int flow_key_cmp(const void *key, const void *item)
{
	return flow_id_cmp(key, &((const struct flow *)item)->id);
}

static bool still_broken(const struct flow_id *id, const struct flows *flows, const struct findings *findings)
{
	const struct flow *flow =
	        flows->n == 0 ? NULL : bsearch(id, flows->flow, flows->n, sizeof(*flows->flow), flow_key_cmp);
	return flow != NULL && is_problem(flow, &findings->finding[flow - flows->flow]);
}

static void clear_problems(struct conformance *c, const struct flows *flows, const struct findings *findings,
        const struct cause *cause, int64_t now_wall, struct changes *out)
{
	size_t kept_problems = 0;
	for (size_t i = 0; i < c->n_problem; i++) {
		struct problem *p = &c->problem[i];
		size_t kept = 0;
		for (size_t j = 0; j < p->n_flow; j++)
			if (still_broken(&p->flow[j], flows, findings))
				p->flow[kept++] = p->flow[j];
		p->n_flow = kept;
		if (kept > 0) {
			c->problem[kept_problems++] = *p;
			continue;
		}
		struct change *change =
		        conformance_tell(c, out, CHANGE_CLEARED, cause, now_wall, p->label, p->rule, p->witness);
		change->problem_id = p->id;
		change->affected = p->n_flow_raised;
		change->severity = p->severity;
		change->verdict = VERDICT_CONFORMANT;
		problem_fini(p);
	}
	c->n_problem = kept_problems;
}

static int id_cmp(const void *a, const void *b)
{
	return flow_id_cmp(a, b);
}

/* The number of the problem that has a flow, or 0. */
static uint32_t problem_of(const struct conformance *c, const struct flow_id *id)
{
	for (size_t i = 0; i < c->n_problem; i++)
		if (bsearch(id, c->problem[i].flow, c->problem[i].n_flow, sizeof(*id), id_cmp) != NULL)
			return c->problem[i].id;
	return 0;
}

char *blame_print(const struct blame *b)
{
	if (!b->present)
		return xstrdup("");
	if (b->policy)
		return xasprintf("%s %s %s policy %s", rs_family_name(b->family), b->table, b->chain,
		        b->verdict == RS_ACCEPT ? "accept" : "drop");
	return xasprintf("%s %s %s handle %llu: %s", rs_family_name(b->family), b->table, b->chain,
	        (unsigned long long)b->handle, b->text != NULL ? b->text : "");
}

static void raise_problem(struct conformance *c, const struct flows *flows, const struct findings *findings,
        const struct cause *cause, int64_t now_ms, int64_t now_wall, struct changes *out)
{
	struct problem p = {.cause = *cause, .since_ms = now_ms, .since_wall = now_wall};
	size_t cap = 0, worst = SIZE_MAX;
	for (size_t i = 0; i < flows->n; i++) {
		const struct flow *flow = &flows->flow[i];
		if (!is_problem(flow, &findings->finding[i]) || problem_of(c, &flow->id) != 0)
			continue;
		enum severity s = finding_severity(flow, &findings->finding[i]);
		if (worst == SIZE_MAX || s > p.severity) {
			worst = i;
			p.severity = s;
		}
		p.flow = xgrow(p.flow, p.n_flow, &cap, sizeof(*p.flow));
		p.flow[p.n_flow++] = flow->id;
	}
	if (worst == SIZE_MAX)
		return;
	const struct finding *finding = &findings->finding[worst];
	p.id = c->next_problem_id++;
	p.n_flow_raised = p.n_flow;
	p.verdict = finding->verdict;
	p.label = xstrdup(flows->flow[worst].label);
	p.rule = blame_print(&finding->evidence->blame);
	p.witness = finding->evidence->has_witness ? packet_print(&finding->evidence->witness) : xstrdup("");
	struct change *change = conformance_tell(c, out, CHANGE_VIOLATED, cause, now_wall, p.label, p.rule, p.witness);
	change->problem_id = p.id;
	change->affected = p.n_flow;
	change->severity = p.severity;
	change->verdict = p.verdict;
	c->problem = xgrow(c->problem, c->n_problem, &c->cap_problem, sizeof(*c->problem));
	c->problem[c->n_problem++] = p;
}

/* Flows one by one */

static struct told_flow told_flow_of(uint32_t problem, const struct flow *flow, const struct finding *finding)
{
	const struct evidence *e = finding->evidence;

	return (struct told_flow){flow->id, problem, xstrdup(flow->label), blame_print(&e->blame),
	        e->has_witness ? packet_print(&e->witness) : xstrdup("")};
}

/* Before a restart the flows of problems were told one by one as now. */
static void restore_flows(struct conformance *c, const struct flows *flows, const struct findings *findings)
{
	c->flow = xcalloc(CONFORMANCE_FLOWS_TOLD, sizeof(*c->flow));
	for (size_t i = 0; i < flows->n && c->n_flow < CONFORMANCE_FLOWS_TOLD; i++) {
		uint32_t problem = problem_of(c, &flows->flow[i].id);
		if (problem != 0)
			c->flow[c->n_flow++] = told_flow_of(problem, &flows->flow[i], &findings->finding[i]);
	}
}

static struct change *tell_flow(struct conformance *c, struct changes *out, enum change_kind kind,
        const struct told_flow *f, const struct cause *cause, int64_t now_wall)
{
	struct change *change = conformance_tell(c, out, kind, cause, now_wall, f->label, f->rule, f->witness);

	change->problem_id = f->problem;
	change->affected = 1;
	change->verdict = VERDICT_CONFORMANT;
	return change;
}

/* Those told before `before` (NULL: all others) that are not in *now. @return where to go on. */
static size_t clear_flows(struct conformance *c, size_t k, const struct flow_id *before, const struct cause *cause,
        int64_t now_wall, struct changes *out)
{
	for (; k < c->n_flow && (before == NULL || flow_id_cmp(&c->flow[k].id, before) < 0); k++) {
		tell_flow(c, out, CHANGE_FLOW_CLEARED, &c->flow[k], cause, now_wall);
		told_flow_fini(&c->flow[k]);
	}
	return k;
}

/*
 * Flows and what was told of them are sorted by id. What is violated is told where that is wanted and there is room; what
 * was told is cleared in any case.
 */
static void compare_flows(struct conformance *c, const struct flows *flows, const struct findings *findings,
        const struct cause *cause, int64_t now_wall, struct changes *out)
{
	struct told_flow *now = xcalloc(CONFORMANCE_FLOWS_TOLD, sizeof(*now));
	size_t n = 0, k = 0;

	for (size_t i = 0; i < flows->n; i++) {
		const struct flow *flow = &flows->flow[i];
		const struct finding *finding = &findings->finding[i];
		if (!is_problem(flow, finding))
			continue;
		k = clear_flows(c, k, &flow->id, cause, now_wall, out);
		if (k < c->n_flow && flow_id_cmp(&c->flow[k].id, &flow->id) == 0) {
			now[n++] = c->flow[k++];
			continue;
		}
		if (!c->per_flow || n + c->n_flow - k >= CONFORMANCE_FLOWS_TOLD)
			continue;
		now[n] = told_flow_of(problem_of(c, &flow->id), flow, finding);
		struct change *change = tell_flow(c, out, CHANGE_FLOW_VIOLATED, &now[n++], cause, now_wall);
		change->severity = finding_severity(flow, finding);
		change->verdict = finding->verdict;
	}
	clear_flows(c, k, NULL, cause, now_wall, out);
	free(c->flow);
	c->flow = now;
	c->n_flow = n;
}

bool conformance_update(struct conformance *c, const struct flows *flows, const struct findings *findings,
        const struct openings *openings, const struct ruleset *rs, const char *why, const struct cause *cause,
        int64_t now_ms, int64_t now_wall, struct changes *out)
{
	struct summary summary;

	bool changed = remember(c, flows, findings, now_ms);
	if (!c->told && c->per_flow)
		restore_flows(c, flows, findings);
	summary_build(flows, findings, openings, rs, &summary);
	if (rs == NULL && c->readable) {
		struct change *change = conformance_tell(c, out, CHANGE_UNREADABLE, cause, now_wall, "", "", "");
		change->severity = SEVERITY_MAJOR;
		change->affected = summary.count[VERDICT_UNKNOWN];
		if (why != NULL) {
			free(change->reason);
			change->reason = xstrdup(why);
		}
	} else if (rs != NULL && !c->readable) {
		conformance_tell(c, out, CHANGE_READABLE, cause, now_wall, "", "", "");
	}
	c->readable = rs != NULL;
	if (rs != NULL) {
		/* An unreadable ruleset neither raises nor clears: nothing is known of the flows. */
		clear_problems(c, flows, findings, cause, now_wall, out);
		raise_problem(c, flows, findings, cause, now_ms, now_wall, out);
		if (c->per_flow || c->n_flow > 0)
			compare_flows(c, flows, findings, cause, now_wall, out);
		if (openings != NULL)
			conformance_openings(c, openings, cause, now_wall, out);
	}
	if (summary.overall != c->overall) {
		enum overall old = c->overall;
		c->overall = summary.overall;
		struct change *change = conformance_tell(c, out, CHANGE_OVERALL, cause, now_wall, "", "", "");
		change->old_overall = old;
		for (size_t i = 0; i < c->n_problem; i++)
			if (c->problem[i].severity > change->severity)
				change->severity = c->problem[i].severity;
	}
	/* What is told beside an overall change carries the new state too. */
	for (size_t i = 0; i < out->n; i++)
		out->change[i].new_overall = c->overall;
	c->told = true;
	return changed;
}

bool conformance_journal(struct conformance *c, const char *why, uint64_t unkept, int64_t now_wall, struct changes *out)
{
	const struct cause cause = {.kind = CAUSE_START};
	bool unwritable = why[0] != '\0';

	if (unwritable == c->unwritable)
		return false;
	c->unwritable = unwritable;
	struct change *change = conformance_tell(
	        c, out, unwritable ? CHANGE_JOURNAL_UNWRITABLE : CHANGE_JOURNAL_WRITABLE, &cause, now_wall, "", "", "");
	change->affected = unkept;
	change->severity = unwritable ? SEVERITY_MAJOR : SEVERITY_NONE;
	free(change->reason);
	change->reason = xstrdup(why);
	return true;
}

bool conformance_own_table(struct conformance *c, const struct own_state *own, const struct cause *cause,
        int64_t now_wall, struct changes *out)
{
	if (own->deviates == c->deviates)
		return false;
	c->deviates = own->deviates;
	struct change *change = conformance_tell(
	        c, out, own->deviates ? CHANGE_DEVIATION : CHANGE_DEVIATION_OVER, cause, now_wall, "", "", "");
	change->severity = own->deviates ? SEVERITY_MAJOR : SEVERITY_NONE;
	free(change->reason);
	change->reason = xstrdup(own->why);
	return true;
}

void conformance_firewall(struct conformance *c, enum change_kind kind, const char *user, const char *comment,
        const char *reason, int64_t now_wall, struct changes *out)
{
	struct cause cause = {.kind = CAUSE_DEPLOYMENT};

	snprintf(cause.author, sizeof(cause.author), "%s", user);
	struct change *change = conformance_tell(c, out, kind, &cause, now_wall, comment, "", "");
	change->severity = kind == CHANGE_ROLLBACK_FAILED ? SEVERITY_CRITICAL
	                   : kind == CHANGE_ROLLBACK      ? SEVERITY_WARNING
	                                                  : SEVERITY_NONE;
	free(change->reason);
	change->reason = xstrdup(reason);
}

void conformance_test(struct conformance *c, int64_t now_wall, struct changes *out)
{
	const struct cause cause = {.kind = CAUSE_START};
	conformance_tell(c, out, CHANGE_TEST, &cause, now_wall, "test notification", "", "");
}
