/*
 * Openings as answers to many questions: in come the lists of the parts, out goes one list, numbered, with copies of what
 * the parts have. Past the bound the list says that there is more.
 */
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "verify/blame.h"
#include "verify/openings.h"

void openings_incomplete(struct openings *out, const char *reason)
{
	out->incomplete = true;
	if (out->reason == NULL)
		out->reason = xstrdup(reason);
}

static int opening_cmp(const void *a, const void *b)
{
	const struct opening *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return strcmp(x->label, y->label);
}

/** Sort by id; where two hashes collide the later one by label takes the next number. */
static void number(struct openings *out)
{
	if (out->n > 0)
		qsort(out->opening, out->n, sizeof(*out->opening), opening_cmp);
	for (size_t i = 1; i < out->n; i++)
		if (out->opening[i].id <= out->opening[i - 1].id)
			out->opening[i].id = out->opening[i - 1].id + 1;
}

static void opening_copy(struct opening *out, const struct opening *in)
{
	*out = *in;
	out->label = xstrdup(in->label);
	out->listener = xstrdup(in->listener);
	out->packets = xstrdup(in->packets);
	if (in->part != NULL) {
		out->part = xmalloc(in->n_box * sizeof(*out->part));
		memcpy(out->part, in->part, in->n_box * sizeof(*out->part));
	}
	blame_copy(&out->blame, &in->blame);
}

void openings_collect(const struct openings_parts *parts, struct openings *out)
{
	for (size_t i = 0; i < parts->n; i++) {
		const struct openings *part = &parts->item[i];

		for (size_t k = 0; k < part->n && out->n < OPENINGS_MAX; k++) {
			out->opening = xgrow(out->opening, out->n, &out->cap, sizeof(*out->opening));
			opening_copy(&out->opening[out->n++], &part->opening[k]);
		}
		if (part->incomplete)
			openings_incomplete(out, part->reason);
		if (out->n == OPENINGS_MAX)
			openings_incomplete(out, "more than 10000 openings");
	}
	number(out);
}

void openings_parts_fini(struct openings_parts *parts)
{
	for (size_t i = 0; i < parts->n; i++)
		openings_fini(&parts->item[i]);
	free(parts->item);
	memset(parts, 0, sizeof(*parts));
}

size_t openings_parts_kept(const struct openings *o)
{
	size_t n = 0;

	for (size_t i = 0; i < o->n; i++)
		n += o->opening[i].part != NULL ? o->opening[i].n_box : 0;
	return n;
}

void openings_fini(struct openings *o)
{
	for (size_t i = 0; i < o->n; i++) {
		blame_fini(&o->opening[i].blame);
		free(o->opening[i].label);
		free(o->opening[i].listener);
		free(o->opening[i].packets);
		free(o->opening[i].part);
	}
	free(o->opening);
	free(o->reason);
	names_fini(o->caveat, o->n_caveat);
	memset(o, 0, sizeof(*o));
}
