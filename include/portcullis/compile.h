#ifndef PORTCULLIS_COMPILE_H
#define PORTCULLIS_COMPILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "portcullis/deployment.h"
#include "portcullis/error.h"
#include "portcullis/flow.h"
#include "portcullis/ruleset.h"
#include "portcullis/verify.h"

/*
 * The own table, `inet portcullis`: what required flows and explicit rules come to. A plain value from which the text, the
 * model and the kernel's messages are made, so that all three say the same.
 */

#define OWN_TABLE "portcullis"
#define OWN_PARTS 5 /**< of a concatenation */
#define OWN_NO_SET SIZE_MAX
/**
 * Hexadecimal digits of a digest behind the name of a set, as in required-forward4-1a2b3c4d: of the same name is the same
 * content. The kernel may show elements behind the rules of their transaction, so that they are put in by one of their own
 * (nft_batch_exchange()).
 */
#define OWN_SET_DIGEST 8
/** Of the table, whose comment cannot be changed. */
#define OWN_TABLE_COMMENT "made by Portcullis; from what is told at chain origin"
/** A chain without hook, rules and packets, which has the comment of what the table comes from. */
#define OWN_ORIGIN "origin"

/** One key of a set: all combinations of one range for each part. */
struct own_element {
	struct range key[OWN_PARTS];
	char *comment; /**< at most OWN_COMMENT_MAX bytes; NULL: none */
	uint64_t packets, bytes; /**< where the set counts: what the counter begins with */
};
#define OWN_COMMENT_MAX 127 /**< bytes of a comment that the kernel keeps as nft does (NFTNL_UDATA_COMMENT_MAXLEN) */

struct own_set {
	char *name;
	enum rs_field field[OWN_PARTS]; /**< what its parts are compared with; it fixes their types */
	size_t n_field;
	bool counts; /**< each element has a counter */
	struct own_element *element; /**< sorted, disjoint */
	size_t n_element;
};

enum own_match_kind {
	OWN_RANGE, /**< field[0] in a range; one value: equal to it */
	OWN_BITS, /**< (field[0] & bits) != 0: connection states */
	OWN_SET /**< the fields, side by side, are in a set of the table */
};

struct own_match {
	enum own_match_kind kind;
	enum rs_field field[OWN_PARTS];
	size_t n_field;
	struct range range;
	uint64_t bits;
	size_t set;
};
#define OWN_MATCHES 8

struct own_rule {
	struct own_match
	        match[OWN_MATCHES]; /**< in the order of the text; a port or ICMP type comes behind its protocol */
	size_t n_match;
	bool log;
	char *log_prefix;
	uint32_t log_rate; /**< per second; logged at most that often, which decides nothing */
	bool counts;
	uint64_t packets, bytes;
	enum rs_verdict_code verdict; /**< RS_ACCEPT, RS_DROP; RS_CONTINUE: it only logs */
	bool reject; /**< RS_DROP that answers: a TCP reset, or ICMP port unreachable */
	char *comment; /**< "rule NAME", "required flows", ... */
	size_t from; /**< index of the explicit rule that it comes from; SIZE_MAX: from none */
};

struct own_chain {
	const char *name;
	enum rs_hook hook; /**< of type filter, with priority 0 and policy accept: what is dropped, a rule drops */
	struct own_rule *rule;
	size_t n_rule, cap_rule;
};

struct own_table {
	char *comment; /**< of OWN_ORIGIN: which deployments, catalog and digest it comes from */
	struct own_set *set;
	size_t n_set, cap_set;
	struct own_chain *chain;
	size_t n_chain, cap_chain;
};

void own_table_free(struct own_table *t);

struct compile_input {
	const struct site *site;
	const struct flows *flows; /**< of this site */
	const struct catalog *catalog; /**< for the comment */
};

/**
 * Make the own table of a configuration (DESIGN: "Commit"). The same input gives the same table.
 *
 * @return 0, or -1: ERR_LIMIT (more than the kernel takes in good time: what, and what to do), ERR_INVALID (a rule that
 *         cannot be, err->where its instance path).
 */
int compile(const struct compile_input *in, struct own_table **out, struct error *err) MUST_USE;

/** What a set of the own table has the required flows of: their boxes, or those of pings. */
struct own_required {
	enum path path;
	enum family family;
	bool pings; /**< echo requests of ICMP or ICMPv6 */
	enum rs_field field
	        [OWN_PARTS]; /**< source and destination; protocol, source port and port where it is not of pings */
	size_t n_field;
};
/** @return false: it is none of these. */
bool own_required_set(const char *name, struct own_required *out);
/** The explicit rule that a rule's comment names, and how long its name is; NULL: it comes from none. */
const char *own_rule_name(const char *comment, size_t *len);

/** The required flows, to be found by the packets that are let in for them. */
struct box_users;
/** @param flows  borrowed. */
struct box_users *box_users_new(const struct flows *flows);
void box_users_free(struct box_users *u);
/** Those of one path that let anything of a box in, in the order of the flows. One thread at a time. */
void box_users_each(struct box_users *u, enum path path, enum family family, uint8_t proto, const struct box *box,
        void (*each)(void *ctx, const struct flow *flow), void *ctx);

/** As nft text that replaces the table in one transaction (nft -f); the caller frees it. */
char *own_table_text(const struct own_table *t);
/** The same as libnftables JSON (nft -j -f); the caller frees it. */
char *own_table_json(const struct own_table *t);
/** The same as a model: what a reader of the live ruleset finds when it is in place. */
int own_table_ruleset(const struct own_table *t, struct ruleset **out, struct error *err) MUST_USE;
/** A ruleset that is shared (ruleset_share()) with the own table in place of what it has of that name; t NULL: without it. */
int ruleset_with_own_table(
        const struct ruleset *live, const struct own_table *t, struct ruleset **out, struct error *err) MUST_USE;
/**
 * What a ruleset that is shared becomes with a configuration: with the table that it comes to where it enforces, without one
 * where it does not and until now another one did.
 *
 * @param out  NULL: it stays as it is.
 * @return as compile().
 */
int ruleset_of_configuration(const struct ruleset *live, const struct compile_input *in, bool enforced,
        struct ruleset **out, struct error *err) MUST_USE;

#endif
