#ifndef VERIFY_OPENINGS_H
#define VERIFY_OPENINGS_H

#include "verify/difference.h"

/* Openings question by question, so that those that a change does not touch keep their answers. */

/** One answer for each group, family, pair of sides and kind of protocol, not numbered yet. Start with {0}. */
struct openings_parts {
	struct openings *item;
	size_t n, cap;
};
#define OPENINGS_MAX 10000
/** There is more than the list has, or may be; the first reason stays. */
void openings_incomplete(struct openings *out, const char *reason);
/** Copies of all parts behind what *out has, numbered. */
void openings_collect(const struct openings_parts *parts, struct openings *out);
void openings_parts_fini(struct openings_parts *parts);
/** How many boxes the openings keep beside their own. */
size_t openings_parts_kept(const struct openings *o);

struct openings_question {
	const struct flows *flows;
	const struct ruleset *rs;
	const struct site *site;
	const struct network *net; /**< may be NULL */
	int64_t now;
	const bool *classes; /**< engine_protocol_classes() */
	bool classes_changed; /**< since the parts */
};

/**
 * @param engine      of the ruleset.
 * @param difference  from the ruleset of the parts, everything else being equal; NULL: all is asked anew.
 * @param parts       in/out: the answers before and now.
 */
void openings_scan(struct engine *engine, const struct openings_question *q, const struct difference *difference,
        struct openings_parts *parts, struct openings *out);

#endif
