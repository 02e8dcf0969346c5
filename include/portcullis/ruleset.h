#ifndef PORTCULLIS_RULESET_H
#define PORTCULLIS_RULESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "portcullis/error.h"
#include "portcullis/policies.h"
#include "portcullis/range.h"

/*
 * The model of a ruleset: what netlink bytecode (live), nft JSON (dumps) and compile all yield, and what verify takes.
 * A rule is a conjunction of matches on fields; a match that the model does not decide is an atom with a name.
 */

enum rs_family { RS_INET, RS_IP, RS_IP6, RS_ARP, RS_BRIDGE, RS_NETDEV };
enum rs_hook {
	RS_HOOK_PREROUTING,
	RS_HOOK_INPUT,
	RS_HOOK_FORWARD,
	RS_HOOK_OUTPUT,
	RS_HOOK_POSTROUTING,
	RS_HOOK_INGRESS,
	RS_HOOK_EGRESS
};
enum rs_chain_type { RS_CHAIN_FILTER, RS_CHAIN_NAT, RS_CHAIN_ROUTE };

/**
 * A field of a packet. An address field exists only in packets of its family; a port only in packets of a protocol
 * that has ports (RS_FIELD_SPORT/DPORT of tcp, udp, sctp, dccp, udplite alike); a match on a field that the packet does
 * not have never matches, negated or not (nf_tables' payload expression then ends the rule).
 *
 * IIFNAME and OIFNAME exist in every packet: where a hook has no such interface the name is empty, the number 0.
 * L4PROTO stands for `meta l4proto`, `ip protocol` and `ip6 nexthdr` alike: packets carry no extension headers.
 * A port match without a protocol (`th dport`) is made on the transport header's first bytes whatever the protocol: in a
 * packet of a protocol without ports it reads something else, which is not known.
 */
/** A byte, for a ruleset has many. */
enum __attribute__((packed)) rs_field {
	RS_FIELD_NFPROTO, /**< 2: IPv4, 10: IPv6 (NFPROTO_*) */
	RS_FIELD_L4PROTO, /**< IP protocol number */
	RS_FIELD_IP_SADDR,
	RS_FIELD_IP_DADDR,
	RS_FIELD_IP6_SADDR,
	RS_FIELD_IP6_DADDR,
	RS_FIELD_SPORT,
	RS_FIELD_DPORT,
	RS_FIELD_IIFNAME, /**< ifname_value() */
	RS_FIELD_OIFNAME,
	RS_FIELD_CT_STATE, /**< bit mask: invalid 1, established 2, related 4, new 8, untracked 64 (NF_CT_STATE_*) */
	RS_FIELD_TCP_FLAGS, /**< fin 1, syn 2, rst 4, psh 8, ack 16, urg 32, ecn 64, cwr 128 */
	RS_FIELD_ICMP_TYPE,
	RS_FIELD_ICMPV6_TYPE,
	RS_FIELD_ICMP_CODE, /**< 0 for echo; nobody knows for messages that quote another packet */
	RS_FIELD_ICMPV6_CODE,
	RS_FIELD_MARK, /**< 0 for canonical packets */
	RS_FIELD_CT_STATUS, /**< bit mask IPS_*: dnat 32, snat 16, seen-reply 2, assured 4, confirmed 8 */
	RS_FIELD_CT_DIRECTION, /**< original 0, reply 1 */
	RS_FIELD_N
};
const char *rs_field_name(enum rs_field f); /**< as in nft syntax: "ip saddr", "th dport", "iifname" */
const char *rs_family_name(enum rs_family f);
const char *rs_hook_name(enum rs_hook h);

#define RS_CONCAT_MAX 8

enum __attribute__((packed)) rs_verdict_code { /* a byte too */
	RS_CONTINUE, /**< no verdict: go on with the next rule; rules of nothing but statements have it too */
	RS_ACCEPT,
	RS_DROP, /**< also reject */
	RS_JUMP,
	RS_GOTO,
	RS_RETURN,
	RS_NAT_DST, /**< dnat or redirect: the packet leaves here with another destination; none of nat_has_address,
	                  nat_has_port and nat_redirect: it is not known which */
	RS_NAT_SRC, /**< snat or masquerade: accepted in this chain */
	RS_UNKNOWN /**< queue, tproxy, synproxy, fwd, a verdict map on an undecided key, writes to addresses or ports:
	                  named by rule->undecided. Anything may follow, going on with the next rule too. (dup copies a
	                  packet and is a statement.) */
};

struct rs_verdict {
	enum rs_verdict_code code;
	bool reject; /**< RS_DROP that answers (for the text) */
	size_t chain; /**< for RS_JUMP and RS_GOTO: index into ruleset->chain */
};

/** A destination that packets are given: one of a range of addresses, one of a range of ports. */
struct rs_target {
	bool has_address, has_port;
	u128 address_lo, address_hi;
	struct port_range port;
};

struct rs_element {
	struct range key[RS_CONCAT_MAX]; /**< one range per field of the match that looks it up */
	struct rs_verdict verdict; /**< in verdict maps; RS_UNKNOWN for queue and the like */
	struct rs_target target; /**< in maps of addresses, ports or both; neither: it is not known */
	bool catch_all; /**< "*": when nothing else matches; key is unused */
};

/** Rules and sets of which several rulesets have the same: who is last releases what they point to. */
struct rs_share;

struct rs_set {
	enum rs_family family;
	char *table, *name;
	uint64_t handle;
	bool anonymous, map, interval, dynamic, timeout; /**< dynamic: the packet path adds elements */
	bool undecided; /**< elements could not be read (unknown key types, elements with limits of their own) */
	size_t n_field; /**< parts of a concatenation; 1 otherwise */
	enum rs_field
	        field[RS_CONCAT_MAX]; /**< a field of each part's type (for the text; the match names the real one) */
	char *type; /**< key type in nft syntax, "ipv4_addr . inet_service"; NULL: not told */
	struct rs_element
	        *element; /**< sorted by key, catch_all last; in data and object maps verdict is RS_CONTINUE */
	size_t n_element, cap_element;
	struct rs_share *share; /**< NULL: of this ruleset alone */
};

enum __attribute__((packed)) rs_match_kind { /* a byte too */
	RS_MATCH_RANGES, /**< field in ranges; no range: never (negated: whenever the field exists) */
	RS_MATCH_MASK, /**< (field & mask) == value; value has no bit outside mask */
	RS_MATCH_SET, /**< (field[0], field[1], ...) in ruleset->set[set], which is neither undecided nor dynamic */
	RS_MATCH_ATOM /**< not decided by the model: the rule goes on only where the atom is true */
};

/** What a question asks of one transformation (IPsec) of a packet. */
enum {
	RS_IPSEC_MODE = 1,
	RS_IPSEC_PROTO = 2,
	RS_IPSEC_REQID = 4,
	RS_IPSEC_SOURCE = 8,
	RS_IPSEC_DESTINATION = 16,
	RS_IPSEC_SPI = 32
};
struct rs_ipsec_part {
	unsigned asked, inverted; /**< RS_IPSEC_* bits: must be so, must not be so */
	enum ipsec_mode mode;
	uint8_t proto;
	uint32_t reqid, spi;
	enum family family; /**< of the addresses */
	u128 source, source_mask, destination, destination_mask;
	bool tunnels_only; /**< one in transport mode has no such addresses (nft), else they are the packet's */
};

#define RS_IPSEC_PARTS 4 /* XT_POLICY_MAX_ELEM */
#define RS_IPSEC_ANYWHERE (-1)

/** `meta ipsec`, `rt ipsec`, `ipsec in reqid 7` and iptables' `-m policy`: a question that IPsec policies can answer. */
struct rs_ipsec {
	bool out; /**< of how the packet leaves; else of how it came */
	bool none; /**< it was not transformed; else it was, and: */
	bool strict; /**< the parts, in order, are all that happened to it */
	int at; /**< which of its transformations is part[0]; RS_IPSEC_ANYWHERE: some */
	struct rs_ipsec_part part[RS_IPSEC_PARTS];
	size_t n; /**< 0: nothing more is asked */
};

struct rs_match {
	enum rs_match_kind kind;
	bool negate; /**< of what the kind says; in RS_MATCH_ATOM meaningless */
	enum rs_field field[RS_CONCAT_MAX];
	size_t n_field;
	struct ranges ranges;
	u128 mask, value;
	size_t set;
	/**
	 * RS_MATCH_ATOM: unique name, "limit@TABLE/CHAIN#HANDLE"; further atoms of a rule end in ".2", ".3", ... Outside
	 * family inet the table is "ip filter", so that tables of one name stay apart. A look-up in a dynamic or timeout
	 * set is "set NAME@TABLE" (one atom for all rules that ask the same), followed by " by FIELD" when the key is not
	 * the usual field of its type (ip saddr, ip6 saddr, th dport, iifname), and starts with "not " when the rule wants
	 * the packet outside the set; field, n_field and set then say what is looked up, set is SIZE_MAX otherwise.
	 */
	char *atom;
	char *text; /**< RS_MATCH_ATOM: what it is in nft syntax, as well as it is known */
	struct rs_ipsec *ipsec; /**< RS_MATCH_ATOM: what it asks of IPsec policies, should these be known; or NULL */
	const char
	        *as; /**< the source's spelling when it is not rs_field_name(): "ip protocol", "iif"; static, or NULL */
};

struct rs_rule {
	uint64_t handle; /**< 0 when the source has none */
	struct rs_match *match; /**< of a rule that was read: in one block with its ranges */
	size_t n_match;
	struct rs_verdict verdict;
	bool vmap; /**< the verdict comes from a verdict map, or with nat_map the destination from a map: */
	enum rs_field vmap_field[RS_CONCAT_MAX];
	size_t n_vmap_field, vmap_set; /**< a packet that is in no element goes on with the next rule */
	bool notrack; /**< takes the packet out of connection tracking (then continues), as soon as: */
	size_t notrack_at; /**< this many of the matches hold; what comes after them, a verdict map too, does not matter */
	char *undecided; /**< RS_UNKNOWN or RS_NAT_*: what it does ("queue", "dnat to 10.0.0.1:80"); else NULL */
	char *statements; /**< text of statements without a verdict: "counter log prefix \"x\""; may be NULL */
	char *comment; /**< or NULL */
	char *reject_with; /**< with verdict.reject: "tcp reset", "icmpx admin-prohibited"; NULL: the default */
	u128 nat_address_lo,
	        nat_address_hi; /**< RS_NAT_DST to a constant: the new destination (when nat_has_address) */
	bool nat_has_address, nat_has_port, nat_redirect;
	struct port_range nat_port;
	/**
	 * RS_NAT_DST: the destination, or the part of it that is not above, is the target of an element of vmap_set: with vmap
	 * of the one that vmap_field is in, else of any that nat_key meets, for what is looked up is drawn or counted.
	 */
	bool nat_map;
	struct range nat_key;
	struct rs_share *share; /**< NULL: of this ruleset alone */
};

struct rs_chain {
	enum rs_family family;
	char *table, *name;
	uint64_t handle;
	bool base; /**< hooked into the packet path; false too while its table is dormant */
	bool dormant; /**< a base chain that its table's dormant flag unhooks; hook, type, priority, policy are set */
	enum rs_hook hook;
	enum rs_chain_type type;
	int32_t priority;
	enum rs_verdict_code policy; /**< RS_ACCEPT or RS_DROP */
	char *device; /**< netdev family; several are joined by ", " */
	size_t order; /**< position of creation (dump order); equal priorities run newest first */
	struct rs_rule *rule;
	size_t n_rule, cap_rule;
};

struct ruleset {
	struct rs_chain *chain;
	size_t n_chain, cap_chain;
	struct rs_set *set;
	size_t n_set, cap_set;
	uint32_t generation; /**< nf_tables generation id; 0 offline */
	size_t n_rule, n_undecoded; /**< rules; rules with at least one atom or unknown verdict */
	bool sets_mark; /**< some rule writes the packet's mark: matches on RS_FIELD_MARK are atoms in this ruleset */
	bool uses_conntrack; /**< some rule uses ct or nat: the kernel tracks connections in this namespace */
	/**
	 * The same by family, [0] IPv4, [1] IPv6: without such a rule in a table of the family chains of type nat do not
	 * run, unless something else made the kernel track.
	 */
	bool tracks[2];
	char *legacy; /**< names of iptables-legacy tables that the kernel has, which nf_tables does not show; NULL: none */
	struct ipsec_policies *policies; /**< the kernel's IPsec policies, one reference; NULL: not known (offline) */
	char *foreign_flowtable; /**< a flowtable exists (a caveat); NULL: none */
	char digest[65]; /**< SHA-256 over ruleset_print() */
};

void ruleset_free(struct ruleset *rs);
/** Others may take its rules and sets as they are: those of a live ruleset are so already. They must not change any more. */
void ruleset_share(struct ruleset *rs);

/**
 * Execute the bytecode of a netlink dump symbolically.
 *
 * @param bytes  concatenated nf_tables netlink messages (NEWGEN, NEWTABLE, NEWCHAIN, NEWSET, NEWSETELEM, NEWRULE,
 *               NEWFLOWTABLE) in dump order; borrowed; lengths are checked.
 * @param out    release with ruleset_free(); NULL on failure.
 * @return 0, or -1: ERR_FORMAT (message number and what), ERR_LIMIT.
 *
 * Messages are put into the order that they need; chains and sets keep theirs. Interface indexes are named by
 * if_indextoname(3) in the caller's network namespace; one without a name gives an atom. Expressions that are not
 * understood, or whose attributes are broken, give atoms or RS_UNKNOWN, never an error.
 */
int ruleset_parse_netlink(const void *bytes, size_t len, struct ruleset **out, struct error *err) MUST_USE;

/**
 * Read `nft -j list ruleset` (libnftables-json(5)); xt matches, whose parameters it does not print, become atoms, xt
 * targets RS_UNKNOWN.
 *
 * @return 0, or -1: ERR_FORMAT (line, or the object's path and what), ERR_LIMIT (64 MiB, 200,000 rules, 500,000 elements).
 */
int ruleset_parse_json(const char *json, size_t len, struct ruleset **out, struct error *err) MUST_USE;

/** Rule in nft syntax from the model; the caller frees it. */
char *rule_print(const struct ruleset *rs, const struct rs_chain *chain, const struct rs_rule *rule);
/** The same in at most max bytes: what is longer ends in "...". */
char *rule_print_within(const struct ruleset *rs, const struct rs_chain *chain, const struct rs_rule *rule, size_t max);
/**
 * The whole ruleset in nft syntax, stable: no handles and counters, elements sorted, those of dynamic and timeout sets
 * left out; the caller frees it.
 */
char *ruleset_print(const struct ruleset *rs);
/** Chain by family, table and name, or NULL. */
const struct rs_chain *ruleset_chain_find(
        const struct ruleset *rs, enum rs_family f, const char *table, const char *name);

#endif
