/*
 * Verification after verification: in come rulesets one after the other, out come findings and openings. Only what the
 * difference from the last ruleset touches is asked again. Without a last one, or where everything differs, all is.
 */
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "verify/findings.h"
#include "verify/flow_index.h"
#include "verify/openings.h"
#include "verify/update.h"

/* Fewer flows are compared faster than they are looked up. */
#define INDEX_MIN 256

struct verification {
	struct engine *engine; /**< of the last ruleset; NULL: none */
	struct engine *before; /**< during a verification: of the ruleset before, where that is another engine */
	const struct ruleset *rs;
	bool classes[256]; /**< of protocols, that its rules tell apart */
	struct openings_parts parts;
	const struct flows *flows; /**< that the index is of */
	struct flow_index *index; /**< NULL: few flows, or none were compared yet */
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
	flow_index_free(v->index);
	v->index = NULL;
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

/** The engine for the ruleset at hand; what differs from the last one is said where that is known. */
static void engine_turn(
        struct verification *v, const struct verification_input *in, bool known, struct difference *difference)
{
	if (known && engine_update(v->engine, in->rs, in->now, difference))
		return;
	/* Regions of a difference are parts of the engine before. */
	v->before = v->engine;
	v->engine = engine_new(in->rs, in->site, in->now);
	if (known)
		difference_find(v->before, v->engine, difference);
}

static void index_flows(struct verification *v, const struct flows *flows)
{
	if (v->index != NULL && v->flows == flows)
		return;
	flow_index_free(v->index);
	v->index = flows->n >= INDEX_MIN ? flow_index_new(flows) : NULL;
	v->flows = flows;
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
	/* Legacy tables take every verdict away, and their end gives them back. */
	bool known = v->engine != NULL && before != NULL && before->n == in->flows->n && v->rs->legacy == NULL &&
	             in->rs->legacy == NULL;
	engine_turn(v, in, known, &difference);
	known = known && !difference.everything;
	if (known)
		index_flows(v, in->flows);
	v->n_flow = findings_find(v->engine, in->flows, in->rs, NULL, known ? &difference : NULL, v->index,
	        known ? before : NULL, findings);
	engine_protocol_classes(v->engine, classes);
	question.classes_changed = memcmp(classes, v->classes, sizeof(classes)) != 0;
	memcpy(v->classes, classes, sizeof(classes));
	openings_scan(v->engine, &question, known ? &difference : NULL, &v->parts, openings);
	difference_fini(&difference);
	engine_free(v->before);
	v->before = NULL;
	v->rs = in->rs;
	return 0;
}
