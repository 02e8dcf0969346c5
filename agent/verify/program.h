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
	HOW_IPSEC, /**< a question that IPsec policies answer: cuts policy by policy */
	HOW_ATOM
};

enum fib { FIB_NONE, FIB_SOURCE_MISSING, FIB_SOURCE_EXISTS, FIB_SOURCE_TYPE, FIB_DESTINATION_TYPE, FIB_PACKET_TYPE };

/** Why IPsec policies do not answer; each has an atom of its own behind the match's. */
enum ipsec_open {
	OPEN_NOT_READ, /**< the ruleset comes without policies: the match's own atom */
	OPEN_UNREADABLE,
	OPEN_IF_ID,
	OPEN_MARK,
	OPEN_PORTS,
	OPEN_DEVICE,
	OPEN_SUB,
	OPEN_TRANSLATED,
	OPEN_OPTIONAL,
	OPEN_BLOCK,
	OPEN_TEMPLATE,
	OPEN_TRANSPORT,
	OPEN_ASSOCIATIONS,
	OPEN_N
};
const char *ipsec_open_text(enum ipsec_open why);

/** Types of addresses, and of packets on their link, that a question may name; bits. */
enum { TYPE_UNICAST = 1, TYPE_LOCAL = 2, TYPE_OTHER = 4, TYPE_HOST = 8 };

/** Small, for a ruleset has many: what is an enumeration elsewhere is a byte here. */
struct test {
	uint8_t how; /**< enum how */
	uint8_t fib; /**< enum fib */
	uint8_t types; /**< FIB_*_TYPE: those that match */
	uint8_t field; /**< enum rs_field */
	uint8_t axis; /**< AXIS, MASK: enum axis */
	bool negate;
	bool masked; /**< FIXED, TRACKING: (value & mask) == wanted, as `match` has them, instead of ranges */
	bool one; /**< one range of 32 bits: it stands here, and reading it meets no other memory */
	uint32_t atom; /**< ATOM, MASK, FIB; IPSEC: the first of OPEN_N */
	uint32_t n_range;
	union {
		const struct range *range; /**< sorted */
		struct {
			uint32_t lo, hi;
		} only;
	};
	const struct rs_match *match; /**< SET, MASK, IPSEC, and what is masked */
};
void test_set_ranges(struct test *t, const struct range *range, size_t n);
/** The test's ranges; *only is room for the one that stands in it. */
static inline const struct range *test_ranges(const struct test *t, struct range *only)
{
	if (!t->one)
		return t->range;
	*only = (struct range){t->only.lo, t->only.hi};
	return only;
}

/** A box in fewer bytes than a cell. */
struct hull {
	struct range address[2]; /**< AXIS_SOURCE, AXIS_DESTINATION */
	struct port_range port[2]; /**< AXIS_SPORT, AXIS_DPORT */
};
struct range hull_range(const struct hull *h, enum axis axis);
struct cell hull_cell(const struct hull *h);

/** A rule ready to walk; one whose notrack stands before its last match is two. */
struct line {
	const struct rs_rule *rule;
	struct test *test; /**< of the chain's tests */
	uint32_t index; /**< in its chain */
	uint32_t needs; /**< bit per rs_field that must exist */
	uint32_t atom; /**< for a verdict that the model does not decide */
	uint32_t n_test;
	bool effect; /**< changes something: a verdict, a verdict map or notrack */
	bool vmap, notrack, marks; /**< marks: sets the packet's mark */
	bool apart; /**< notrack alone: the rule's verdict is the next line's */
	uint8_t code; /**< of the verdict, so that the rule is not read for it */
	struct hull hull; /**< contains every packet that can match */
};
/** Where it is not a verdict map's. */
struct rs_verdict line_verdict(const struct line *line);

struct program_chain {
	struct line *line;
	size_t n_line, cap_line;
	struct test *test; /**< of the lines that the chain began with */
	/**
	 * Of the hulls of the lines that the chain had when the index was made; NULL in a short chain. Since then lines
	 * were taken out and put in: slot[i] is where the i-th line of those days is now.
	 */
	struct box_index *index;
	uint32_t *slot; /**< LINE_GONE: taken out; NULL: nothing changed */
	size_t n_slot;
	uint32_t *beside; /**< lines that the index does not know, ascending */
	size_t n_beside, cap_beside;
};
#define LINE_GONE UINT32_MAX

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
	void **owned; /**< ranges made for prefixes, tests of lines that came later */
	size_t n_owned, cap_owned;
	uint32_t uses; /**< bit per rs_field */
	uint32_t *hooks; /**< region_hooks(); NULL: not asked for yet */
	uint32_t class_starts[256]; /**< rules and elements that treat protocol p otherwise than p - 1 */
	bool has_nat, has_notrack, sets_mark, asks_ipsec;
	struct ranges tolerated[2]; /**< [0] IPv4, [1] IPv6: sources in sets that the site tolerates */
	uint32_t atom_iif, atom_oif, atom_tracking, atom_source, atom_destination, atom_mark, atom_status, atom_related,
	        atom_ports, atom_conntrack, atom_code;
	struct uniform *uniform;
	struct grid *grid; /**< made when it is first asked for: engine_round() */
	struct run *run; /**< scratch of engine_run(), kept for its memory */
};

/** What an atom asks of the routes, as its text says. */
enum fib routing_question(const struct rs_match *m, unsigned *types);

/** Ranges that a mask may cut one side of a flow into. */
#define MASK_RUNS 256
/** What matches a mask inside a range, as ranges. @return their number, or MASK_RUNS + 1: too many. */
size_t mask_runs(const struct test *t, struct range side, struct range run[MASK_RUNS]);

/** The last unicast addresses but those that routes single out (RFC 1112, RFC 4291 section 2.7). */
#define UNICAST_MAX_IPV4 ((u128)0xdfffffffu)
#define UNICAST_MAX_IPV6 (((u128)0xff << 120) - 1)
/** What a match on an address or port under a mask matches. @return false: the mask is no prefix. */
bool mask_prefix(const struct rs_match *m, struct range *out);

bool field_axis(enum rs_field f, enum axis *out);
bool field_is_tracking(enum rs_field f);

/** What some line does or looks at is what the engine does. */
void engine_sum_lines(struct engine *e);
/** A rule comes, or goes: how it tells protocols apart. */
void engine_count_classes(struct engine *e, const struct rs_rule *rule, bool comes);
/** Takes over the name. Equal names are one atom in reports; each look at it is decided anew. */
uint32_t atom_add(struct engine *e, char *name, enum listed listed);
/** Compile a rule of the chain into its next line, or two. *test: the chain's next free one. */
void compile_rule(
        struct engine *e, struct program_chain *to, const struct rs_chain *chain, size_t index, struct test **test);
/** Compile a rule that is one line into *line, with tests of its own. */
void compile_single(struct engine *e, const struct rs_chain *chain, size_t index, struct line *line);
bool rule_is_single(const struct rs_rule *rule);
/** An index of the chain's lines as they are now, where it is worth one. */
void chain_index(struct program_chain *c);

struct run *run_new(const struct engine *e);
void run_free(struct run *run);

#endif
