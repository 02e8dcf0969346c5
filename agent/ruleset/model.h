#ifndef PORTCULLIS_RULESET_MODEL_H
#define PORTCULLIS_RULESET_MODEL_H

#include "portcullis/ruleset.h"
#include "portcullis/text.h"

/* What the two readers share: the vocabulary of nft, a builder of rules, and an index of names. */

#define RULESET_MAX_RULES 200000
#define RULESET_MAX_CHAINS 65536
#define RULESET_MAX_SETS 200000
#define RULESET_MAX_ELEMENTS 500000
#define RULESET_MAX_NAME 256 /**< NFT_NAME_MAXLEN */

/** Fields that a reader meets and turns into one of the model's before a match is made. */
enum { FIELD_ETHERTYPE = RS_FIELD_N, FIELD_IIF, FIELD_OIF, FIELD_NONE };

struct symbol {
	const char *name; /**< NULL ends a table */
	uint32_t value;
};
extern const struct symbol symbols_l4proto[], symbols_nfproto[], symbols_ethertype[], symbols_icmp[], symbols_icmpv6[],
        symbols_ct_state[], symbols_ct_status[], symbols_ct_direction[], symbols_tcp_flags[], symbols_fib_type[],
        symbols_pkttype[], symbols_iftype[], symbols_log_level[], symbols_reject_icmp[], symbols_reject_icmpv6[],
        symbols_reject_icmpx[];
/** NULL when the table has no such value. */
const char *symbol_name(const struct symbol *table, uint64_t value);
bool symbol_value(const struct symbol *table, const char *name, uint32_t *out);

enum field_format { FORMAT_DECIMAL, FORMAT_HEX, FORMAT_IPV4, FORMAT_IPV6, FORMAT_IFNAME };
struct field_info {
	const char *name; /**< nft syntax */
	const char *type; /**< nft's data type */
	unsigned width; /**< bytes */
	bool flags; /**< a bit mask: "a,b" means any of them */
	enum field_format format;
	const struct symbol *symbols; /**< or NULL */
};
/** f may be one of the FIELD_* above but FIELD_NONE. */
const struct field_info *field_info(unsigned f);
/** Largest value of a field. */
u128 field_max(unsigned f);
/** A field whose values are of nft's data type; FIELD_NONE: the model has none. */
unsigned field_of_type(const char *type);
void field_value_print(struct text *t, unsigned f, struct range r);
/** "syn,ack" for a field of flags. */
void field_flags_print(struct text *t, unsigned f, u128 bits, const char *separator);
/** Interface name with the wildcard "eth*" as a range. */
struct range ifname_pattern(const char *name);

/** family and table and name -> index, for chains and sets. Start with {0}. */
struct name_index {
	struct name_slot *slot;
	size_t n, cap;
};
void name_index_add(struct name_index *x, enum rs_family family, const char *table, const char *name, size_t value);
/** @return false when there is none. The strings given to name_index_add() are borrowed until name_index_fini(). */
bool name_index_find(
        const struct name_index *x, enum rs_family family, const char *table, const char *name, size_t *value);
void name_index_fini(struct name_index *x);

/**
 * Make what a rule or set points to a common good of all copies of the struct, the first one included. It must not change
 * from here on.
 *
 * @param text  what stands for the rule in print, taken over; or NULL.
 */
void rule_share(struct rs_rule *rule, char *text);
void set_share(struct rs_set *set);
/** One more copy. */
struct rs_rule rule_copy(const struct rs_rule *rule);
struct rs_set set_copy(const struct rs_set *set);
void set_fini(struct rs_set *set);
/** The text given to rule_share(), or NULL. */
const char *rule_text(const struct rs_rule *rule);
/** Some match or map of the rule looks at the packet's mark. */
bool rule_reads_mark(const struct rs_rule *rule);

struct rs_chain *ruleset_chain_add(struct ruleset *rs, struct error *err);
struct rs_set *ruleset_set_add(struct ruleset *rs, struct error *err);
struct rs_element *set_element_add(struct rs_set *set);
/** Marks, counts and digest, once everything is read. */
void ruleset_finish(struct ruleset *rs);
void rule_fini(struct rs_rule *rule);
/** Name of an atom's table: "filter" in inet, "ip filter" elsewhere. */
void table_label(struct text *t, enum rs_family family, const char *table);
/** "ip saddr != 10.0.0.0/8"; l4proto: the protocol that earlier matches fix (for the ports' names), or -1. */
void match_print(struct text *t, const struct ruleset *rs, const struct rs_chain *chain, const struct rs_match *match,
        int l4proto);
/** Elements by key. */
void set_sort(struct rs_set *set);
/** A verdict map, as far as its elements tell. */
bool set_has_verdicts(const struct rs_set *set);
/** "{ 10.0.0.0/8 : accept, ... }" */
void set_body_print(struct text *t, const struct ruleset *rs, const struct rs_set *set);
/** "tcp" for a protocol with ports that nft names so, else NULL. */
const char *port_protocol(int l4proto);

/** One rule while it is read. */
struct builder {
	struct ruleset *rs;
	size_t chain;
	struct rs_rule rule;
	size_t cap_match;
	int nfproto, l4proto; /**< known from the table's family or an earlier match; -1: not known */
	unsigned n_atom;
	struct text statements;
	char *may_end; /**< a statement that can end the rule without a verdict; NULL: none so far */
};
void builder_begin(struct builder *b, struct ruleset *rs, size_t chain, uint64_t handle);
/** Match `field in ranges`; takes the ranges over. as: another spelling of the field, static, or NULL. */
void builder_ranges(struct builder *b, unsigned field, const char *as, struct ranges *take, bool negate);
void builder_point(struct builder *b, unsigned field, const char *as, u128 value);
void builder_mask(struct builder *b, unsigned field, const char *as, u128 mask, u128 value, bool negate);
/** A look-up; becomes an atom where the set cannot decide it. */
void builder_set(struct builder *b, const unsigned *field, size_t n_field, const char *as, size_t set, bool negate);
void builder_never(struct builder *b);
/** kind: what it is in a word or two; text: in nft syntax. */
void builder_atom(struct builder *b, const char *kind, const char *text);
/** The same for a match that IPsec policies can decide; takes the question over. */
void builder_ipsec(struct builder *b, const char *kind, const char *text, struct rs_ipsec *take);
/** A condition in nft syntax as a question to IPsec policies ("meta ipsec exists"), or NULL. */
struct rs_ipsec *ipsec_question(const char *text);
/** The same for a match on the link-layer header: nft's own match on the interface's type before it is part of it. */
void builder_ether_atom(struct builder *b, const char *kind, const char *text);
/** An atom "ether type ip" means a packet of IPv4. (The other way round there may be a VLAN tag.) */
void builder_ethertype(struct builder *b, uint32_t ethertype);
/** "limit@filter/forward#7"; number: counts the atoms of a rule from 1; position stands in for a missing handle. */
char *atom_name(const struct rs_chain *c, uint64_t handle, size_t position, const char *kind, unsigned number);
void builder_statement(struct builder *b, const char *text);
/** Note a statement that can end the rule by itself: an atom, should a verdict follow. */
void builder_may_end(struct builder *b, const char *statement);
/** The same for "x set VALUE" where the packet need not have the value ("ct mark"). */
void builder_set_from(struct builder *b, const char *value, const char *statement);
/** Call before each verdict that ends the rule. */
void builder_reached(struct builder *b);
void builder_verdict(struct builder *b, enum rs_verdict_code code);
/** A verdict that the model does not follow. */
void builder_undecided(struct builder *b, enum rs_verdict_code code, const char *text);
/** The verdict of a map look-up. */
void builder_vmap(struct builder *b, const unsigned *field, size_t n_field, size_t set);
/** The rule uses ct or nat: so the kernel tracks connections of the table's family. */
void builder_tracks(struct builder *b);
/** Untracked by the matches so far. */
void builder_notrack(struct builder *b);
/** Require IPv4 (2) or IPv6 (10), a protocol, unless an earlier match does. */
void builder_need_nfproto(struct builder *b, int nfproto);
void builder_need_l4proto(struct builder *b, int l4proto);
/** A look-up in a map of targets. */
struct nat_map {
	size_t set;
	size_t n_field; /**< 0: what is looked up is not of the packet, but in key: */
	unsigned field[RS_CONCAT_MAX];
	struct range key;
};
/** An address translation as a reader finds it. */
struct nat {
	const char *word; /**< "dnat", "snat", "masquerade", "redirect" */
	enum rs_verdict_code code;
	int family; /**< 2, 10, or -1: no address */
	bool has_address, has_port;
	bool known; /**< address and port are constants */
	bool address_mapped, port_mapped; /**< they come from map */
	u128 address_lo, address_hi, port_lo, port_hi;
	uint32_t flags; /**< NF_NAT_RANGE_* */
	const struct nat_map
	        *map; /**< where the parts come from that are not constant, and only those; NULL: elsewhere */
	struct text text; /**< what is not constant; builder_nat() releases it */
};
void builder_nat(struct builder *b, struct nat *nat);

/** Use of a named object: a statement, an atom, or (false) an undecided verdict. what: its name in quotes, or a map. */
bool object_act(struct builder *b, uint32_t type, const char *what);
/** "limit rate over 10/second burst 20 packets" */
void limit_text(struct text *t, uint64_t rate, const char *unit, bool over, bool in_bytes, uint32_t burst);
/** Put the finished rule into its chain. */
int builder_end(struct builder *b, struct error *err) MUST_USE;
void builder_abort(struct builder *b);

/** Fold an ether type match into the family; ranges are replaced. */
void ethertype_ranges(struct ranges *r);
/** Interface indexes as names. @return false when one has no name here. */
bool ifindex_ranges(struct ranges *r);

/** Make a string fit to stand between quotes: utf8_clean(), and quotes become '?'. @return s. */
char *quoted_clean(char *s);

#endif
