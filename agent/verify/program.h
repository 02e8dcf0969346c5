#ifndef VERIFY_PROGRAM_H
#define VERIFY_PROGRAM_H

#include "verify/engine.h"
#include "verify/index.h"

/* The ruleset prepared for walking: matches sorted by what they need, sets as ranges, chains per hook in order. */

/** How one match is decided. In this order a rule tries them: what cuts cells comes before what forks. */
enum how {
	HOW_FIXED, /**< field is concrete for the whole run, in ranges or masked */
	HOW_TRACKING, /**< conntrack field: concrete, but depends on notrack and on the chain */
	HOW_AXIS, /**< address or port in ranges: cuts */
	HOW_SET, /**< concatenation: cuts element by element */
	HOW_MASK, /**< address or port under a mask that is no prefix: cuts, where it is not into too many ranges */
	HOW_FIB, /**< a routing question that the path answers, because it came from the routes */
	HOW_ATOM
};

enum fib { FIB_NONE, FIB_SOURCE_MISSING, FIB_SOURCE_EXISTS, FIB_SOURCE_TYPE, FIB_DESTINATION_TYPE, FIB_PACKET_TYPE };

/** Types of addresses, and of packets on their link, that a question may name; bits. */
enum { TYPE_UNICAST = 1, TYPE_LOCAL = 2, TYPE_OTHER = 4, TYPE_HOST = 8 };

struct test {
	enum how how;
	enum fib fib;
	unsigned types; /**< FIB_*_TYPE: those that match */
	bool negate;
	bool masked; /**< FIXED, TRACKING: (value & mask) == wanted, instead of ranges */
	enum rs_field field;
	enum axis axis; /**< AXIS, MASK */
	const struct range *range; /**< sorted */
	size_t n_range;
	u128 mask, wanted;
	const struct rs_match *match; /**< SET */
	uint32_t atom; /**< ATOM, MASK, FIB */
};

/** A rule ready to walk; one whose notrack stands before its last match is two. */
struct line {
	const struct rs_rule *rule;
	size_t index; /**< in its chain */
	struct cell hull; /**< contains every packet that can match */
	uint32_t needs; /**< bit per rs_field that must exist */
	bool effect; /**< changes something: a verdict, a verdict map or notrack */
	struct rs_verdict verdict; /**< where vmap is false */
	bool vmap, notrack;
	struct test *test;
	size_t n_test;
	uint32_t atom; /**< for a verdict that the model does not decide */
};

struct program_chain {
	struct line *line;
	size_t n_line;
	struct box_index *index; /**< of the lines' hulls; NULL in a short chain */
};

/** Which value of an atom says: an address is in a dynamic or timeout set. */
enum listed { LISTED_NEVER, LISTED_WHEN_TRUE, LISTED_WHEN_FALSE };

struct atom {
	char *name;
	const char *assumption; /**< name of what fixes it, or NULL */
	bool value; /**< then */
	enum listed listed;
};

/** A chain of another layer that may drop what passes. */
struct foreign {
	size_t chain;
	uint32_t atom;
	const char *device; /**< "": any */
	bool on_output; /**< device is the output interface */
};

struct base_list {
	size_t *chain;
	size_t n, cap;
};

struct engine {
	const struct ruleset *rs;
	const struct site *site;
	int64_t now;
	struct program_chain *chain; /**< same order as rs->chain */
	struct base_list base[2][RS_HOOK_POSTROUTING + 1]; /**< [0] IPv4, [1] IPv6: chain indexes in running order */
	struct atom *atom; /**< [0] is not used */
	size_t n_atom, cap_atom;
	struct foreign *foreign;
	size_t n_foreign, cap_foreign;
	struct ranges *set_ranges; /**< one-field sets as ranges, sorted; by set index */
	struct range (*set_hull)[RS_CONCAT_MAX];
	struct range **owned; /**< ranges made for prefixes */
	size_t n_owned, cap_owned;
	uint32_t uses; /**< bit per rs_field */
	bool has_nat, has_notrack, sets_mark;
	uint32_t atom_iif, atom_oif, atom_tracking, atom_source, atom_destination, atom_mark, atom_status, atom_related,
	        atom_ports, atom_conntrack, atom_code;
	struct run *run; /**< scratch of engine_run(), kept for its memory */
};

/** What an atom asks of the routes, as its text says. */
enum fib routing_question(const struct rs_match *m, unsigned *types);

/** Ranges that a mask may cut one side of a flow into. */
#define MASK_RUNS 256
/** What matches a mask inside a range, as ranges. @return their number, or MASK_RUNS + 1: too many. */
size_t mask_runs(const struct test *t, struct range side, struct range run[MASK_RUNS]);

bool field_axis(enum rs_field f, enum axis *out);
bool field_is_tracking(enum rs_field f);

struct run *run_new(const struct engine *e);
void run_free(struct run *run);

#endif
