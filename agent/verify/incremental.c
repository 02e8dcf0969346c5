/*
 * Verification after verification: in come rulesets one after the other, out come findings and openings. Only what the
 * difference from the last ruleset touches is asked again. Without a last one, or where everything differs, all is.
 */
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "verify/findings.h"
#include "verify/openings.h"

struct verification {
	struct engine *engine; /**< of the last ruleset; NULL: none */
	const struct ruleset *rs;
	bool classes[256]; /**< of protocols, that its rules tell apart */
	struct openings_parts parts;
	size_t n_flow;
};

struct verification *verification_new(void)
{
	return xcalloc(1, sizeof(struct verification));
}

void verification_forget(struct verification *v)
{
	engine_free(v->engine);
	v->engine = NULL;
	v->rs = NULL;
	openings_parts_fini(&v->parts);
}

void verification_free(struct verification *v)
{
	if (v == NULL)
		return;
	verification_forget(v);
	free(v);
}

size_t verification_flows(const struct verification *v)
{
	return v->n_flow;
}

int verification_run(struct verification *v, const struct verification_input *in, const struct findings *before,
        struct findings *findings, struct openings *openings, struct error *err)
{
	struct openings_question question = {in->flows, in->rs, in->site, in->net, in->now, v->classes, false};
	bool classes[256] = {false};
	struct difference difference = {0};

	memset(findings, 0, sizeof(*findings));
	memset(openings, 0, sizeof(*openings));
	if (findings_check(in->flows, err) != 0) {
		verification_forget(v);
		return -1;
	}
	struct engine *engine = engine_new(in->rs, in->site, in->now);
	/* Legacy tables take every verdict away, and their end gives them back. */
	bool known = v->engine != NULL && before != NULL && before->n == in->flows->n && v->rs->legacy == NULL &&
	             in->rs->legacy == NULL;
	if (known)
		difference_find(v->engine, engine, &difference);
	known = known && !difference.everything;
	v->n_flow = findings_find(
	        engine, in->flows, in->rs, NULL, known ? &difference : NULL, known ? before : NULL, findings);
	engine_protocol_classes(engine, classes);
	question.classes_changed = memcmp(classes, v->classes, sizeof(classes)) != 0;
	memcpy(v->classes, classes, sizeof(classes));
	openings_scan(engine, &question, known ? &difference : NULL, &v->parts, openings);
	difference_fini(&difference);
	engine_free(v->engine);
	v->engine = engine;
	v->rs = in->rs;
	return 0;
}
