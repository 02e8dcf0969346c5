/*
 * Openings of a verification come in, what came and went since the last look goes out. What is told when it appears is
 * told when it is gone, or accepted; beyond the limits neither is. What a first look finds was there before anybody was told
 * of anything.
 */
#include <stdlib.h>
#include <string.h>

#include "conformance_tell.h"
#include "portcullis/alloc.h"

void told_openings_free(struct told_opening *o, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(o[i].label);
	free(o);
}

static int id_cmp(const void *a, const void *b)
{
	const struct told_opening *x = a, *y = b;
	return (x->id > y->id) - (x->id < y->id);
}

static struct told_opening *find(struct told_opening *o, size_t n, uint32_t id)
{
	const struct told_opening key = {.id = id};
	return n == 0 ? NULL : bsearch(&key, o, n, sizeof(*o), id_cmp);
}

void conformance_restore_openings(struct conformance *c, struct told_opening *opening, size_t n)
{
	c->opening = opening;
	c->n_opening = n;
	c->knows_openings = true;
}

static void tell_one(struct conformance *c, const struct opening *o, const struct cause *cause, int64_t now_wall,
        struct changes *out)
{
	char *rule = blame_print(&o->blame), *witness = packet_print(&o->witness);
	struct change *change = conformance_tell(c, out, CHANGE_OPENING, cause, now_wall, o->label, rule, witness);

	change->problem_id = o->id;
	change->severity = SEVERITY_WARNING;
	free(rule);
	free(witness);
}

/* Those outside the baseline, with what was told of them, sorted. */
static size_t outside(struct conformance *c, const struct openings *openings, struct told_opening *now)
{
	size_t n = 0;

	for (size_t i = 0; i < openings->n; i++) {
		const struct opening *o = &openings->opening[i];
		if (o->acknowledged)
			continue;
		const struct told_opening *before = find(c->opening, c->n_opening, o->id);
		now[n++] = (struct told_opening){o->id, before != NULL && before->told, xstrdup(o->label)};
	}
	if (n > 0)
		qsort(now, n, sizeof(*now), id_cmp);
	return n;
}

/* Decimal numbers of any length; the opening with more packets comes first. */
static int exposure_cmp(const void *a, const void *b)
{
	const struct opening *x = *(const struct opening *const *)a, *y = *(const struct opening *const *)b;
	const char *p = x->packets != NULL ? x->packets : "", *q = y->packets != NULL ? y->packets : "";
	size_t n = strlen(p), m = strlen(q);
	int more = n != m ? (n < m) - (n > m) : strcmp(q, p);
	return more != 0 ? more : (x->id > y->id) - (x->id < y->id);
}

/* The new ones, those first that let in most. */
static size_t sort_new(const struct conformance *c, const struct openings *openings, const struct opening **out)
{
	size_t n = 0;

	for (size_t i = 0; i < openings->n; i++)
		if (!openings->opening[i].acknowledged &&
		        find(c->opening, c->n_opening, openings->opening[i].id) == NULL)
			out[n++] = &openings->opening[i];
	if (n > 0)
		qsort(out, n, sizeof(*out), exposure_cmp);
	return n;
}

static void tell_new(struct conformance *c, const struct openings *openings, struct told_opening *now, size_t n,
        const struct cause *cause, int64_t now_wall, struct changes *out)
{
	const struct opening **fresh = xcalloc(openings->n, sizeof(*fresh));
	size_t n_fresh = sort_new(c, openings, fresh), told = 0;

	for (size_t i = 0; i < n; i++)
		told += now[i].told;
	for (size_t i = 0; i < n_fresh && i < CONFORMANCE_OPENINGS_AT_ONCE && told < CONFORMANCE_OPENINGS_TOLD;
	        i++, told++) {
		tell_one(c, fresh[i], cause, now_wall, out);
		find(now, n, fresh[i]->id)->told = true;
	}
	free(fresh);
}

static bool same(const struct conformance *c, const struct told_opening *now, size_t n)
{
	bool result = n == c->n_opening;

	for (size_t i = 0; i < n && result; i++)
		result = now[i].id == c->opening[i].id && now[i].told == c->opening[i].told;
	return result;
}

void conformance_openings(struct conformance *c, const struct openings *openings, const struct cause *cause,
        int64_t now_wall, struct changes *out)
{
	struct told_opening *now = xcalloc(openings->n, sizeof(*now));
	size_t n = outside(c, openings, now);

	if (c->knows_openings)
		tell_new(c, openings, now, n, cause, now_wall, out);
	for (size_t i = 0; i < c->n_opening; i++) {
		const struct told_opening *o = &c->opening[i];
		if (o->told && find(now, n, o->id) == NULL)
			conformance_tell(c, out, CHANGE_OPENING_CLOSED, cause, now_wall, o->label, "", "")->problem_id =
			        o->id;
	}
	c->openings_changed = c->openings_changed || !c->knows_openings || !same(c, now, n);
	c->knows_openings = true;
	told_openings_free(c->opening, c->n_opening);
	c->opening = now;
	c->n_opening = n;
}
