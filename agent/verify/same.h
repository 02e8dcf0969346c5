#ifndef VERIFY_SAME_H
#define VERIFY_SAME_H

#include "portcullis/ruleset.h"

/*
 * Which chains and sets of one ruleset are which of another, by family, table and name, and whether rules say the same in
 * both. Positions in the two rulesets may differ; handles count.
 */

#define SAME_NONE SIZE_MAX

struct pairs {
	const struct ruleset *a, *b;
	size_t *chain, *set; /**< of b, for each of a; SAME_NONE: no such one. Anonymous sets have no pair. */
	bool *chain_of_b; /**< has a pair */
	bool *changed; /**< for each set of a that has a pair: its elements, or what is known of them, differ */
};

void pairs_init(struct pairs *p, const struct ruleset *a, const struct ruleset *b);
void pairs_fini(struct pairs *p);
/** Does the rule of a say what the rule of b says, word for word; named sets are the same when their names are. */
bool pairs_rule_same(const struct pairs *p, const struct rs_rule *a, const struct rs_rule *b);
/** Elements of equal keys: do they lead to the same? */
bool pairs_element_same(const struct pairs *p, const struct rs_element *a, const struct rs_element *b);
/** Verdicts that lead to the same chain count as equal. */
bool pairs_verdict_same(const struct pairs *p, const struct rs_verdict *a, const struct rs_verdict *b);
/** What the elements of two sets are read by is equal: flags, fields. */
bool pairs_set_form_same(const struct rs_set *a, const struct rs_set *b);
/** Order of two elements by their keys; 0: equal keys. */
int element_cmp(const struct rs_element *a, const struct rs_element *b, size_t n_field);

#endif
