/*
 * Ids that nobody has any more: the sites before and after a commit come in, out goes the list of ids that groups,
 * deployments and zones had once, to be asked by id and by name. An id is never given to another name.
 */
#include <stdlib.h>
#include <string.h>

#include "config/retired.h"
#include "portcullis/alloc.h"

static int by_id(const void *a, const void *b)
{
	const struct retired_id *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static int by_name(const void *a, const void *b)
{
	const struct retired_id *x = *(const struct retired_id *const *)a, *y = *(const struct retired_id *const *)b;

	return x->kind != y->kind ? (x->kind < y->kind ? -1 : 1) : strcmp(x->name, y->name);
}

static void sort(struct retired *r)
{
	if (r->n == 0)
		return;
	qsort(r->id, r->n, sizeof(*r->id), by_id);
	r->named = xrealloc(r->named, r->n, sizeof(*r->named));
	for (size_t i = 0; i < r->n; i++)
		r->named[i] = &r->id[i];
	qsort(r->named, r->n, sizeof(*r->named), by_name);
}

void retired_init(struct retired *r, struct retired_id *id, size_t n)
{
	*r = (struct retired){.id = id, .n = n, .cap = n};
	sort(r);
}

void retired_fini(struct retired *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->id[i].name);
	free(r->id);
	free(r->named);
	*r = (struct retired){0};
}

const char *retired_owner(const struct retired *r, enum named_kind kind, uint32_t id)
{
	const struct retired_id key = {kind, id, NULL}, *found;

	found = r->n > 0 ? bsearch(&key, r->id, r->n, sizeof(key), by_id) : NULL;
	return found != NULL ? found->name : NULL;
}

uint32_t retired_id_of(const struct retired *r, enum named_kind kind, const char *name)
{
	const struct retired_id key = {kind, 0, (char *)name}, *at = &key, *const * found;

	found = r->n > 0 ? bsearch(&at, r->named, r->n, sizeof(*r->named), by_name) : NULL;
	return found != NULL ? (*found)->id : 0;
}

void retired_add(struct retired *r, enum named_kind kind, uint32_t id, const char *name)
{
	r->id = xgrow(r->id, r->n, &r->cap, sizeof(*r->id));
	r->id[r->n++] = (struct retired_id){kind, id, xstrdup(name)};
}

void retired_join(struct retired *r, struct retired *more)
{
	size_t n = r->n;

	for (size_t i = 0; i < more->n; i++) {
		const struct retired_id *m = &more->id[i];

		/* What came back and goes again is known. */
		if (n == 0 || bsearch(m, r->id, n, sizeof(*m), by_id) == NULL)
			retired_add(r, m->kind, m->id, m->name);
	}
	retired_fini(more);
	sort(r);
}
