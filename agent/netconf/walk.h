#ifndef PORTCULLIS_NETCONF_WALK_H
#define PORTCULLIS_NETCONF_WALK_H

#include "netconf/select.h"
#include "netconf/state.h"
#include "portcullis/compile.h"
#include "portcullis/usage.h"

/* What a walk over state is made of: sections of a container, each of pieces. */

/** A child of the container. */
struct section {
	const char *node; /**< NULL: all leaves and leaf-lists of the container */
	/** Give piece i. @return false: there is none. */
	bool (*give)(struct state_walk *w, struct rows *b, struct lyd_node *root, size_t i);
};

/** A container at the top. */
struct walk_top {
	const char *path, *name;
	const struct section *section; /**< at most SECTIONS_MAX */
	size_t n;
	/** What the sections need beside the snapshot; called when it is known which are wanted. */
	void (*begin)(struct state_walk *w, const struct netconf *n, const struct lysc_node *top,
	        const struct filter *filter);
};
#define SECTIONS_MAX 8
/** Leaves of the top that are left out when the rest is written as XML. */
#define LEAVES_MAX 16

struct state_walk {
	const struct walk_top *top;
	struct snapshot *snap;
	const struct lys_module *module;
	bool whole; /**< the filter takes all of whatever it touches */
	bool wanted[SECTIONS_MAX];
	const char *omitted[LEAVES_MAX];
	size_t n_omitted;
	struct selection selection; /**< of results */
	struct ipsec_findings ipsec;
	struct usage_reading *usage; /**< NULL: it could not be read, usage_error says why */
	struct error usage_error;
	struct box_users *users;
	size_t at; /**< section */
	size_t i; /**< pieces of the section that were given */
	bool begun, done; /**< as XML */
	struct state_walk *next; /**< is written behind it; NULL: none */
};

/** Is the child of the container wanted? */
bool walk_wants(const struct state_walk *w, const char *node);

#endif
