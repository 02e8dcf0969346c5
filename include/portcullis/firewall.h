#ifndef PORTCULLIS_FIREWALL_H
#define PORTCULLIS_FIREWALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "portcullis/range.h"

/* What the agent may do to the ruleset, and the operator's own rules: the firewall part of the configuration, as values. */

struct prefix {
	enum family family;
	struct range range;
};

enum path { PATH_FORWARD, PATH_INPUT, PATH_OUTPUT, PATH_NONE };
#define PATH_N 3 /* of those that packets take */

enum firewall_mode { FIREWALL_OBSERVE, FIREWALL_ENFORCE };
/** What the own table may drop: SCOPE_BOUND_GROUPS new forwarded packets to bound groups, SCOPE_ALL whatever is forwarded. */
enum firewall_scope { SCOPE_BOUND_GROUPS, SCOPE_ALL };
enum firewall_gate { GATE_OFF, GATE_WARN, GATE_REJECT };
enum firewall_action { ACTION_FALL_THROUGH, ACTION_ACCEPT, ACTION_DROP, ACTION_REJECT };

/** Peers that must always reach this device. */
struct management_access {
	char *name;
	struct prefix *source;
	size_t n_source;
	uint8_t proto;
	struct port_range ports; /**< of this device */
};

struct address_set {
	char *name;
	struct prefix *address;
	size_t n_address;
};

struct port_set {
	char *name;
	struct port_range *ports;
	size_t n_ports;
};

/**
 * One side of a rule: an address of any of the first three lists, behind an interface of any of the zones, and a port of any
 * of the last two; nothing named is nothing asked.
 */
struct firewall_side {
	struct prefix *address;
	char **address_set, **group, **zone; /**< names */
	size_t n_address, n_address_set, n_group, n_zone;
	struct port_range *ports;
	char **port_set;
	size_t n_ports, n_port_set;
};

enum { STATE_NEW = 1, STATE_ESTABLISHED = 2, STATE_RELATED = 4, STATE_INVALID = 8, STATE_UNTRACKED = 16 };

struct firewall_rule {
	char *name;
	enum path path;
	struct firewall_side source, destination;
	uint8_t *proto; /**< of several, any; none: all */
	size_t n_proto;
	uint8_t *icmp_type; /**< of packets of ICMP or ICMPv6, whichever proto has; none: all */
	size_t n_icmp_type;
	unsigned states; /**< STATE_* of connection tracking; 0: whatever it is */
	enum firewall_action action; /**< never ACTION_FALL_THROUGH */
	bool log;
	char *log_prefix; /**< "": the rule's name */
	uint32_t log_rate; /**< packets per second that are logged at most */
	char *comment; /**< or "" */
};

struct firewall {
	enum firewall_mode mode;
	enum firewall_scope scope;
	enum firewall_gate gate;
	bool ends_connections; /**< those that a change no longer admits, when it stays */
	uint32_t put_back_after_ms; /**< how long a table that somebody else changed stays so */
	struct management_access *management;
	size_t n_management;
	struct address_set *address_set;
	size_t n_address_set;
	struct port_set *port_set;
	size_t n_port_set;
	struct firewall_rule *rule; /**< in the operator's order: the first that matches decides */
	size_t n_rule;
	enum firewall_action by_default[PATH_N]; /**< what happens to packets that nothing above names, per path */
};

#endif
