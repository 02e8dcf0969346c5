/*
 * Connections between two rulesets: what the kernel tracks comes in, and which of it passes under one and would not under the
 * other goes out, counted by destination. Each connection is asked for as a flow of one packet, by the engine that verifies
 * flows. Pure; what depends on undecided conditions, or on a path that nobody knows, is counted apart.
 */
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/text.h"
#include "verify/blame.h"
#include "verify/leg_index.h"
#include "verify/ways.h"

void connection_report_fini(struct connection_report *r)
{
	for (size_t i = 0; i < r->n_group; i++)
		free(r->group[i].rule);
	free(r->lost);
	*r = (struct connection_report){0};
}

#define ANSWERS_MAX 65536 /* that are kept */
#define WORK_MAX ((size_t)50000000) /* pairs of outcomes that are compared: some seconds */

enum answer { PASSES, STOPPED, UNSURE };

/** What a ruleset says to a question. */
struct told {
	enum answer answer;
	char *condition; /**< UNSURE: what it depends on, in a fixed order; else NULL */
};

/** One of the two rulesets, and what it said so far. */
struct side {
	const struct ruleset *rs;
	struct engine *engine;
	struct outcomes scratch;
	struct leg_index asked;
	struct told *told; /**< as many */
	size_t cap;
	size_t work; /**< about what the answers cost */
};

static void side_init(struct side *s, const struct ruleset *rs, const struct connection_question *q)
{
	*s = (struct side){.rs = rs, .engine = engine_new(rs, q->site, q->time)};
}

static void side_forget(struct side *s)
{
	for (size_t i = 0; i < s->asked.n; i++)
		free(s->told[i].condition);
	leg_index_forget(&s->asked);
}

static void side_fini(struct side *s)
{
	side_forget(s);
	leg_index_fini(&s->asked);
	free(s->told);
	outcomes_fini(&s->scratch);
	engine_free(s->engine);
}

static bool is_echo(const struct connection *c)
{
	return c->icmp_type == (c->proto == PROTO_ICMP ? 8 : 128);
}

/** The connection as a leg of a flow: one address and port on each side. */
static struct leg_key key_of(const struct connection *c, const struct way *way)
{
	static const struct ranges none;
	bool ports = c->proto == PROTO_TCP || c->proto == PROTO_UDP || c->proto == PROTO_SCTP || c->proto == 33 ||
	             c->proto == 136;
	struct leg_key k = {.family = c->family, .proto = c->proto, .path = way->path};

	k.cell.axis[AXIS_SOURCE] = (struct range){c->source, c->source};
	k.cell.axis[AXIS_DESTINATION] = (struct range){c->destination, c->destination};
	if (ports) {
		k.cell.axis[AXIS_SPORT] = (struct range){c->source_port, c->source_port};
		k.cell.axis[AXIS_DPORT] = (struct range){c->destination_port, c->destination_port};
		k.shift = (int)c->answerer_port - (int)c->destination_port;
	}
	memcpy(k.iif, way->iif, sizeof(k.iif));
	memcpy(k.oif, way->oif, sizeof(k.oif));
	k.translated = c->answerer != c->destination || k.shift != 0;
	if (k.translated) {
		k.inside = (struct range){c->answerer, c->answerer};
		k.siblings = &none;
	}
	return k;
}

static int name_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *conditions_of(const struct side *s, const struct leg_result *r)
{
	char **name = NULL;
	size_t n = 0;
	struct text t = {0};

	for (size_t i = 0; i < r->open.n; i++)
		names_add(&name, &n, engine_atom_name(s->engine, r->open.id[i]));
	if (n > 0)
		qsort(name, n, sizeof(*name), name_cmp);
	for (size_t i = 0; i < n; i++)
		text_addf(&t, "%s\n", name[i]);
	names_fini(name, n);
	text_addf(&t, "%s\n%s", r->limit != NULL ? r->limit : "", s->rs->legacy != NULL ? s->rs->legacy : "");
	return text_take(&t);
}

static struct told told_of(const struct side *s, const struct leg_result *r)
{
	if (r->limit == NULL && (r->misdirected || r->dropped))
		return (struct told){STOPPED, NULL};
	if (r->limit != NULL || r->maybe || s->rs->legacy != NULL)
		return (struct told){UNSURE, conditions_of(s, r)};
	/* Neither: of a source that the site tolerates. */
	return (struct told){r->passes ? PASSES : STOPPED, NULL};
}

/** The question for all connections that the ruleset cannot tell from this one. */
static struct leg_key rounded(struct side *s, const struct leg_key *key)
{
	struct leg_key wide = *key;

	if (!engine_round(s->engine, key->family, &key->cell, &wide.cell) || !key->translated)
		return wide;
	/* Where it is led to belongs to one destination. */
	wide.cell.axis[AXIS_DESTINATION] = key->cell.axis[AXIS_DESTINATION];
	wide.cell.axis[AXIS_DPORT] = key->cell.axis[AXIS_DPORT];
	return wide;
}

/** @return where the answer is, until it is forgotten. */
static size_t ask_leg(struct side *s, const struct leg_key *key)
{
	const struct leg_key wide = rounded(s, key);
	struct leg_result r = {0};
	bool is_new;
	size_t i = leg_index_find(&s->asked, &wide, &is_new);

	if (!is_new)
		return i;
	leg_check(s->engine, key, false, &s->scratch, &r);
	s->work += 1 + s->scratch.n * s->scratch.n;
	s->told = xgrow(s->told, i, &s->cap, sizeof(*s->told));
	s->told[i] = told_of(s, &r);
	leg_result_fini(&r);
	return i;
}

/** What becomes of the connection on all its ways. */
static struct told ask(struct side *s, const struct connection *c, const struct way *way, size_t n)
{
	struct told all = {PASSES, NULL};

	if (s->asked.n > ANSWERS_MAX)
		side_forget(s);
	for (size_t i = 0; i < n && all.answer != STOPPED; i++) {
		const struct leg_key key = key_of(c, &way[i]);
		size_t k = ask_leg(s, &key);

		if (s->told[k].answer != PASSES)
			all = s->told[k];
	}
	return all;
}

struct judge {
	struct side now, then;
	struct ways *ways;
	struct connection_report *out;
	size_t cap;
};

static void lost_add(struct judge *j, const struct connection *c)
{
	struct connection_report *r = j->out;

	r->lost = xgrow(r->lost, r->n_lost, &j->cap, sizeof(*r->lost));
	r->lost[r->n_lost++] = *c;
}

static void judge_one(struct judge *j, const struct connection *c)
{
	struct way way[WAYS_MAX];
	size_t n = ways_find(j->ways, c, way);
	struct told then, now;

	/* Of other messages than echo nobody knows what answers them; and there is a bound in time. */
	if (n == 0 || j->now.work + j->then.work > WORK_MAX ||
	        ((c->proto == PROTO_ICMP || c->proto == PROTO_ICMPV6) && !is_echo(c))) {
		j->out->cannot_tell++;
		return;
	}
	then = ask(&j->then, c, way, n);
	/* Most pass, and then it is all the same whether they do now. */
	if (then.answer == PASSES)
		return;
	now = ask(&j->now, c, way, n);
	if (now.answer == PASSES && then.answer == STOPPED)
		lost_add(j, c);
	else if (now.answer != STOPPED &&
	         !(now.answer == UNSURE && then.answer == UNSURE && strcmp(now.condition, then.condition) == 0))
		j->out->cannot_tell++;
}

#define ORDER(x, y)                                                                                                    \
	do {                                                                                                           \
		if ((x) != (y))                                                                                        \
			return (x) < (y) ? -1 : 1;                                                                     \
	} while (0)

/** By where they go; 0: to one place. */
static int place_cmp(const struct connection *a, const struct connection *b)
{
	ORDER(a->family, b->family);
	ORDER(a->proto, b->proto);
	ORDER(a->destination, b->destination);
	ORDER(a->destination_port, b->destination_port);
	return 0;
}

static int lost_cmp(const void *x, const void *y)
{
	const struct connection *a = x, *b = y;
	int place = place_cmp(a, b);

	if (place != 0)
		return place;
	ORDER(a->source, b->source);
	ORDER(a->source_port, b->source_port);
	ORDER(a->id, b->id);
	return 0;
}

/** Among the largest, those that were found first before others of their size. */
static void group_add(struct connection_report *r, const struct connection *first, size_t n)
{
	size_t k = r->n_group;

	if (k == CONNECTION_GROUPS && r->group[k - 1].n >= n)
		return;
	if (k < CONNECTION_GROUPS)
		r->n_group++;
	else
		k--;
	for (; k > 0 && r->group[k - 1].n < n; k--)
		r->group[k] = r->group[k - 1];
	r->group[k] = (struct connection_group){.first = *first, .n = n};
}

static char *blame_text(const struct ruleset *rs, const struct share *s)
{
	struct blame b;
	char *text = NULL;

	blame_fill(rs, s->chain, s->rule, s->code, &b);
	if (b.present && b.policy)
		text = xasprintf("%s %s %s %s", rs_family_name(b.family), b.table, b.chain, b.text);
	else if (b.present && b.handle == 0)
		text = xasprintf("%s %s %s: %s", rs_family_name(b.family), b.table, b.chain, b.text);
	else if (b.present)
		text = xasprintf("%s %s %s handle %llu: %s", rs_family_name(b.family), b.table, b.chain,
		        (unsigned long long)b.handle, b.text);
	blame_fini(&b);
	return text;
}

/** Who stops the group's first connection. */
static void group_blame(struct judge *j, struct connection_group *g)
{
	struct way way[WAYS_MAX];
	size_t n = ways_find(j->ways, &g->first, way);

	for (size_t i = 0; i < n && g->rule == NULL; i++) {
		struct leg_key key = key_of(&g->first, &way[i]);
		struct leg_result r = {0};

		leg_check(j->then.engine, &key, false, &j->then.scratch, &r);
		if (r.has_first && r.first.kind == SHARE_DROPPED)
			g->rule = blame_text(j->then.rs, &r.first);
		leg_result_fini(&r);
	}
}

static void groups_find(struct judge *j)
{
	struct connection_report *r = j->out;

	if (r->n_lost > 1)
		qsort(r->lost, r->n_lost, sizeof(*r->lost), lost_cmp);
	for (size_t i = 0, first = 0; i < r->n_lost; i++) {
		if (i + 1 < r->n_lost && place_cmp(&r->lost[first], &r->lost[i + 1]) == 0)
			continue;
		group_add(r, &r->lost[first], i + 1 - first);
		first = i + 1;
	}
	for (size_t i = 0; i < r->n_group; i++)
		group_blame(j, &r->group[i]);
}

static bool same_ruleset(const struct ruleset *a, const struct ruleset *b)
{
	return a == b || (a->digest[0] != '\0' && strcmp(a->digest, b->digest) == 0);
}

void connections_judge(const struct connection_question *q, struct connection_report *out)
{
	const struct connections *c = q->connections;
	bool same = same_ruleset(q->now, q->then);
	struct judge j = {.out = out};

	*out = (struct connection_report){0};
	for (size_t i = 0; i < c->n; i++)
		out->total += connection_is_established(&c->connection[i]);
	if (same || out->total == 0)
		return;
	side_init(&j.now, q->now, q);
	side_init(&j.then, q->then, q);
	j.ways = ways_new(q->net);
	for (size_t i = 0; i < c->n; i++)
		if (connection_is_established(&c->connection[i]))
			judge_one(&j, &c->connection[i]);
	groups_find(&j);
	ways_free(j.ways);
	side_fini(&j.now);
	side_fini(&j.then);
}
