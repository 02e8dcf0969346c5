#ifndef PORTCULLIS_AGENT_FLOW_FIREWALL_H
#define PORTCULLIS_AGENT_FLOW_FIREWALL_H

#include "portcullis/deployment.h"

/* Explicit rules as sets of packets: the names that they use looked up, what each of them matches, and what covers what. */

struct name_entry {
	const char *name;
	size_t at;
};

/** Objects of one kind by their names. */
struct name_table {
	struct name_entry *item; /**< sorted */
	size_t n;
};

#define RULE_FAMILY(f) ((f) == FAMILY_IPV6 ? 2u : 1u) /**< a family as a bit */
#define RULE_FAMILIES_ALL 3u
/** The families of some addresses, as bits. */
unsigned rule_families(const struct prefix *p, size_t n);

/** What rules can name; borrows the site. */
struct rule_names {
	const struct site *site;
	struct name_table address_set, port_set, group, zone;
	unsigned *set_families, *group_families; /* of each address set and group, in the order of the site */
};

void rule_names_build(const struct site *site, struct rule_names *out);
void rule_names_fini(struct rule_names *n);
/** NULL: there is none of that name. */
const struct address_set *rule_address_set(const struct rule_names *n, const char *name);
const struct port_set *rule_port_set(const struct rule_names *n, const char *name);
const struct zone *rule_zone(const struct rule_names *n, const char *name);
/** Add the families of a set's or group's addresses, as bits. @return false: there is none of that name. */
bool rule_set_families(const struct rule_names *n, const char *name, unsigned *families) MUST_USE;
bool rule_group_families(const struct rule_names *n, const char *name, unsigned *families) MUST_USE;

#define RULE_FAMILIES 2 /**< [0] IPv4, [1] IPv6 */

/** What one side of a rule takes; without ranges where nothing is asked. */
struct rule_side {
	struct ranges address[RULE_FAMILIES], port, interface;
	bool asks_address, asks_port, asks_interface;
};

/**
 * The packets that a rule matches: for each family the product of what is below. Only what family has of protocols is in
 * it: ICMP is IPv4's, ICMPv6 the other's.
 */
struct rule_box {
	const char *name;
	enum path path;
	enum firewall_action action;
	bool is_management; /**< comes from management-access */
	bool is_open; /**< past a bound: it was not made */
	struct rule_side source, destination;
	uint8_t protocols[RULE_FAMILIES]; /**< RULE_PROTO_*; 0: no packet of this family */
	struct ranges icmp_type;
	bool asks_type;
	unsigned states; /**< STATE_* that rules are asked about */
};
enum {
	RULE_PROTO_ICMP = 1,
	RULE_PROTO_TCP = 2,
	RULE_PROTO_UDP = 4,
	RULE_PROTO_ICMPV6 = 8,
	RULE_PROTO_SCTP = 16,
	RULE_PROTO_OTHER = 32, /**< all that a rule cannot name */
	RULE_PROTO_ALL = 63
};

/** All rules of a site, behind its management accesses. */
struct rule_boxes {
	struct rule_box *item;
	size_t n;
	struct rule_side *set; /* what one address set, group, port set or zone comes to: most rules borrow that */
	size_t n_set, n_open;
};

#define RULE_RANGES_MAX 2000000 /**< of all rules together that are not a set's own; past it boxes stay open */

/** Of a site that site_check() accepts, in order. */
void rule_boxes_build(const struct rule_names *names, struct rule_boxes *out);
void rule_boxes_fini(struct rule_boxes *b);

/** What was found to cover a rule. */
struct rule_cover {
	size_t by; /**< the first box before it that takes all its packets; SIZE_MAX: none, as far as was looked */
	bool is_bound; /**< not all boxes before it were looked at */
};

/**
 * For each box the first of those before it that covers it alone.
 *
 * @param cover  one for each box.
 * @param limit  steps for all; each box has a share of them, of at least 64.
 */
void rule_covers_find(const struct rule_boxes *boxes, size_t limit, struct rule_cover *cover);
/** Does a take every packet of b? *left: ranges that may still be looked at; false, too, where there is none left. */
bool rule_box_covers(const struct rule_box *a, const struct rule_box *b, size_t *left);

#endif
