#ifndef PORTCULLIS_NETCONF_FILTER_PATH_H
#define PORTCULLIS_NETCONF_FILTER_PATH_H

#include "netconf/xml.h"

/* The XPath expressions that clients send to name rows: absolute paths with "leaf = literal" in their predicates. Pure. */

#define FILTER_STEPS 8
#define FILTER_TERMS 14
#define FILTER_PATHS 1000u

/** leaf = value. */
struct filter_term {
	struct xml_span leaf, value;
	bool number; /**< the value is a number, and compared as one */
};

/** All of them hold. */
struct filter_terms {
	struct filter_term term[FILTER_TERMS];
	size_t n;
};

struct filter_step {
	struct xml_span module, name; /**< module.n 0: that of the step before */
	bool terms; /**< it has predicates */
};

struct filter_path {
	struct filter_step step[FILTER_STEPS];
	size_t n;
	struct filter_terms terms; /**< of the second step */
};

/**
 * Read an expression with module names as prefixes.
 *
 * @param out  *n paths of a union; borrowed from s; the caller frees it.
 * @return false when it is anything else than such paths; *out is NULL.
 */
bool filter_paths_parse(const char *s, struct filter_path **out, size_t *n);
/** filter_cost.c: may any other expression be evaluated? @return 0, or -1 with ERR_LIMIT: which limit it is past. */
int filter_cost_check(const char *s, struct error *err) MUST_USE;
/** filter_logic.c: the same expression as libyang evaluates it rightly; the caller frees it. */
char *filter_logic_rewrite(const char *expression);

#endif
