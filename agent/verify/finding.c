/*
 * Findings: a verdict and what was found out about it come in, out goes a finding, whose evidence is shared by all that say
 * the same: a verification keeps most of what the last one found.
 */
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "verify/blame.h"

const struct evidence evidence_none;

static void evidence_fini(struct evidence *e)
{
	blame_fini(&e->blame);
	free(e->remainder);
	names_fini(e->atom, e->n_atom);
	names_fini(e->assumed, e->n_assumed);
	free(e->reason);
}

static bool says_something(const struct evidence *e)
{
	return e->blame.present || e->has_witness || e->remainder_cut || e->n_remainder > 0 || e->n_atom > 0 ||
	       e->n_assumed > 0 || e->reason != NULL;
}

void finding_say(struct finding *f, struct evidence *filled)
{
	struct evidence *e;

	f->evidence = &evidence_none;
	/* Most flows pass, and there is nothing to say about them. */
	if (!says_something(filled)) {
		evidence_fini(filled);
		return;
	}
	e = xmalloc(sizeof(*e));
	*e = *filled;
	atomic_init(&e->refs, 1);
	f->evidence = e;
}

void finding_copy(struct finding *out, const struct finding *in)
{
	*out = *in;
	if (in->evidence != &evidence_none)
		atomic_fetch_add(&((struct evidence *)in->evidence)->refs, 1);
}

void finding_fini(struct finding *f)
{
	struct evidence *e = (struct evidence *)f->evidence;

	if (e == &evidence_none || atomic_fetch_sub(&e->refs, 1) != 1)
		return;
	evidence_fini(e);
	free(e);
}
