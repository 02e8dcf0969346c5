/*
 * One ruleset's round: text comes in, is loaded and read back, connections are drawn, predicted, sent and compared. The
 * first disagreement is shrunk to the rules that it needs and printed; one that does not repeat is told apart.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle/oracle.h"
#include "portcullis/alloc.h"

#define SEEN_SIZE 16384

/** What conntrack remembers: a connection is tried once, and under NAT a source too. */
struct seen {
	uint64_t slot[SEEN_SIZE];
	size_t n;
};

static bool seen_add(struct seen *s, uint64_t hash)
{
	hash |= 1;
	for (size_t i = hash % SEEN_SIZE;; i = (i + 1) % SEEN_SIZE) {
		if (s->slot[i] == hash)
			return false;
		if (s->slot[i] == 0) {
			s->slot[i] = hash;
			s->n++;
			return true;
		}
	}
}

static uint64_t mix(uint64_t h, u128 v)
{
	h = (h * 31 + (uint64_t)v + (uint64_t)(v >> 64) * 7) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}

static bool seen_has(const struct seen *s, uint64_t hash)
{
	hash |= 1;
	for (size_t i = hash % SEEN_SIZE; s->slot[i] != 0; i = (i + 1) % SEEN_SIZE)
		if (s->slot[i] == hash)
			return true;
	return false;
}

static bool is_fresh(struct seen *s, const struct connection *c, bool nat)
{
	const struct wire *w = &c->first;
	uint64_t there = mix(mix(w->proto, w->source), w->sport), back = mix(mix(w->proto, w->destination), w->dport);

	if (s->n > SEEN_SIZE / 2)
		return false;
	/* Without ports two connections behind one address cannot be told apart: the kernel drops the second. */
	if (nat && w->sport == 0)
		return seen_add(s, w->proto);
	if (!nat) {
		uint64_t forth = mix(there, back);

		return seen_add(s, forth) && (there == back || seen_add(s, mix(back, there)));
	}
	/* Nobody is one connection's source and another's destination: a translation may make these one. */
	if (seen_has(s, back) || seen_has(s, mix(there, 1)) || !seen_add(s, there))
		return false;
	seen_add(s, mix(back, 1));
	return true;
}

static bool has_nat(const struct ruleset *rs)
{
	for (size_t i = 0; i < rs->n_chain; i++)
		if (rs->chain[i].type == RS_CHAIN_NAT)
			return true;
	return false;
}

struct drawn {
	struct connection *item;
	size_t n;
};

static struct drawn draw_all(struct kernel *k, const struct round *r, const struct ruleset *rs)
{
	struct drawn d = {xcalloc(r->connections, sizeof(*d.item)), 0};
	struct seen *seen = xcalloc(1, sizeof(*seen));
	struct hints text = {0}, model = {0};
	bool nat = has_nat(rs);

	hints_of_text(&text, r->text);
	hints_of_model(&model, rs);
	for (unsigned i = 0; i < r->connections; i++) {
		struct connection *c = &d.item[d.n];

		if (connection_draw(c, chance(60) ? &text : &model, rs, k) && is_fresh(seen, c, nat))
			d.n++;
	}
	hints_fini(&text);
	hints_fini(&model);
	free(seen);
	return d;
}

static void predict_all(const struct ruleset *rs, struct connection *c, size_t n)
{
	struct engine *e = engine_new(rs, NULL, 0);
	struct outcomes scratch = {0};

	for (size_t i = 0; i < n; i++)
		predict(e, &c[i], &scratch);
	outcomes_fini(&scratch);
	engine_free(e);
}

/** Forget what an earlier run of it found. */
static struct connection connection_again(const struct connection *c)
{
	struct connection again = {.key = c->key,
	        .in = c->in,
	        .out = c->out,
	        .icmp_type = c->icmp_type,
	        .first = c->first,
	        .traced = c->traced};

	return again;
}

bool round_repeat(struct kernel *k, enum ruleset_kind kind, const char *text, struct connection *c)
{
	struct tally ignored = {0};
	struct connection again = connection_again(c);
	struct ruleset *rs = NULL;
	char *said;

	if (kernel_load(k, kind, text, &said) == 0)
		rs = kernel_read();
	free(said);
	if (rs == NULL)
		return false;
	predict_all(rs, &again, 1);
	connections_run(k, rs, &again, 1, &ignored);
	ruleset_free(rs);
	connection_fini(c);
	*c = again;
	return c->mismatch;
}

/* ---- shrinking ---- */

struct lines {
	char **line;
	bool *kept;
	size_t n, cap;
};

static void lines_split(struct lines *l, char *text)
{
	size_t cap = 0;
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		l->line = xgrow(l->line, l->n, &cap, sizeof(*l->line));
		l->line[l->n++] = line;
	}
	l->kept = xcalloc(l->n + 1, sizeof(*l->kept));
	memset(l->kept, 1, l->n);
}

static char *lines_join(const struct lines *l)
{
	struct text t = {0};

	for (size_t i = 0; i < l->n; i++)
		if (l->kept[i])
			text_addf(&t, "%s\n", l->line[i]);
	return text_take(&t);
}

/** Try without some lines. */
static bool lines_drop(
        struct kernel *k, enum ruleset_kind kind, struct lines *l, size_t from, size_t n, const struct connection *c)
{
	struct connection again = connection_again(c);
	bool *before = xcalloc(l->n + 1, sizeof(*before)), still, any = false;
	char *text;

	memcpy(before, l->kept, l->n);
	for (size_t i = from; i < from + n && i < l->n; i++) {
		any = any || l->kept[i];
		l->kept[i] = false;
	}
	text = lines_join(l);
	still = any && round_repeat(k, kind, text, &again);
	if (!still)
		memcpy(l->kept, before, l->n);
	connection_fini(&again);
	free(before);
	free(text);
	return still;
}

char *shrink(struct kernel *k, enum ruleset_kind kind, const char *text, const struct connection *c)
{
	char *copy = xstrdup(text), *out;
	struct lines l = {0};
	unsigned tries = 0;
	bool smaller = true;

	lines_split(&l, copy);
	for (size_t width = l.n / 2; width > 1; width /= 2)
		for (size_t i = 0; i < l.n && tries++ < 2000; i += width)
			lines_drop(k, kind, &l, i, width, c);
	while (smaller && tries < 2000) {
		smaller = false;
		for (size_t i = 0; i < l.n && tries++ < 2000; i++)
			smaller = lines_drop(k, kind, &l, i, 1, c) || smaller;
	}
	out = lines_join(&l);
	free(l.line);
	free(l.kept);
	free(copy);
	return out;
}

/* ---- the round ---- */

/** Print the first disagreement that repeats. @return false: none does. */
static bool tell(struct kernel *k, const struct round *r, struct connection *c)
{
	struct text t = {0};
	struct ruleset *rs;
	char *small;

	rs = kernel_read();
	if (rs != NULL)
		connection_print(&t, c, rs);
	ruleset_free(rs);
	if (!round_repeat(k, r->kind, r->text, c)) {
		fprintf(stderr, "a disagreement of %s did not repeat:\n%s", r->what, text_str(&t));
		text_fini(&t);
		return false;
	}
	small = shrink(k, r->kind, r->text, c);
	if (!round_repeat(k, r->kind, small, c)) {
		fprintf(stderr, "a disagreement of %s did not repeat\n", r->what);
		free(small);
		text_fini(&t);
		return false;
	}
	text_fini(&t);
	rs = kernel_read();
	if (rs != NULL) {
		char *model = ruleset_print(rs);

		connection_print(&t, c, rs);
		printf("MISMATCH in %s\n%s  as the reader has it:\n%s%s\n", r->what, small, model, text_str(&t));
		free(model);
	}
	fflush(stdout);
	text_fini(&t);
	ruleset_free(rs);
	free(small);
	return true;
}

static bool report(struct kernel *k, const struct round *r, struct connection *c, size_t n, struct tally *tally)
{
	unsigned told = 0, flaky = 0;

	for (size_t i = 0; i < n && told == 0 && flaky < 3; i++) {
		if (!c[i].mismatch)
			continue;
		if (tell(k, r, &c[i]))
			told++;
		else
			flaky++;
	}
	tally->mismatches += told;
	return told == 0;
}

bool round_run(struct kernel *k, const struct round *r, struct tally *tally, bool verbose)
{
	struct tally before;
	struct ruleset *rs;
	struct drawn d;
	bool good = true;
	char *said;

	if (kernel_load(k, r->kind, r->text, &said) != 0) {
		tally->refused++;
		if (verbose)
			fprintf(stderr, "%s is refused: %s\n", r->what, said);
		free(said);
		return true;
	}
	free(said);
	rs = kernel_read();
	if (rs == NULL)
		return false;
	tally->rulesets++;
	census_add(rs, tally);
	before = *tally;
	d = draw_all(k, r, rs);
	predict_all(rs, d.item, d.n);
	if (connections_run(k, rs, d.item, d.n, tally) > 0)
		good = report(k, r, d.item, d.n, tally);
	tally->both_verdicts += tally->accepted > before.accepted && tally->dropped > before.dropped;
	for (size_t i = 0; i < d.n; i++)
		connection_fini(&d.item[i]);
	free(d.item);
	ruleset_free(rs);
	return good;
}
