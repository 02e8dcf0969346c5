#ifndef CONFIG_MODEL_H
#define CONFIG_MODEL_H

#include <libyang/libyang.h>
#include <stdbool.h>
#include <stddef.h>

/** What datastores ask of the schema: the configuration nodes at its top, in order, and whether each stands for itself. */
struct model {
	const struct ly_ctx *ctx;
	const struct lysc_node **top;
	size_t n_top;
	/**
	 * Whether one node at the top is valid depends on no other one: no must, when or leafref leads out of it, and nothing
	 * at the top is mandatory, counted, unique, ordered by the user or an alternative to something else.
	 */
	bool local;
};

void model_init(struct model *m, const struct ly_ctx *ctx);
void model_fini(struct model *m);
/** The place of a node at the top among all of them; m->n_top: it is not one of the configuration's. */
size_t model_place(const struct model *m, const struct lysc_node *schema);
/** By the name of its module and its own; m->n_top: there is none. */
size_t model_place_named(const struct model *m, const char *module, const char *name);
/** Are there several of it, told apart by key or value? */
bool model_is_entry(const struct lysc_node *schema);

#endif
