#ifndef PORTCULLIS_RULESET_NETLINK_H
#define PORTCULLIS_RULESET_NETLINK_H

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>

#include "ruleset/model.h"

/* The reader of nf_tables netlink messages: attributes, sets with their raw elements, and the execution of a rule. */

/** @return false when the attributes do not fill the bytes exactly; tb[t] stays NULL for absent and unknown types. */
bool attrs_parse(const void *bytes, size_t len, const struct nlattr **tb, size_t n_tb);
bool attrs_nested(const struct nlattr *attr, const struct nlattr **tb, size_t n_tb);
/** Walk a list of attributes. @return 1 with *out, 0 at the end, -1 when a length is wrong. */
struct attr_list {
	const uint8_t *p;
	size_t len;
};
struct attr_list attr_list(const struct nlattr *list);
int attr_list_next(struct attr_list *list, const struct nlattr **out);
/** Big-endian numbers of exactly that size; false when the attribute is absent or has another size. */
bool attr_u8(const struct nlattr *attr, uint8_t *out);
bool attr_u32(const struct nlattr *attr, uint32_t *out);
bool attr_u64(const struct nlattr *attr, uint64_t *out);
/** A string into buf, unprintable characters replaced; false when it is absent, empty or longer than RULESET_MAX_NAME. */
bool attr_name(const struct nlattr *attr, char buf[RULESET_MAX_NAME + 1]);
/** NFTA_DATA_VALUE inside a nested attribute. */
bool attr_data(const struct nlattr *attr, const uint8_t **bytes, size_t *len);
/** A type-length-value item of NFTA_*_USERDATA as a string: the comment is type 0. Free it; NULL: none. */
char *userdata_comment(const struct nlattr *attr);

/** How the bytes of a look-up key are made of fields. */
struct layout {
	size_t n;
	struct {
		unsigned field, offset;
		bool host; /**< in the host's byte order */
	} part[RS_CONCAT_MAX];
};

struct raw_element {
	const uint8_t *key, *key_end; /**< borrowed from the dump; key_end NULL: none */
	uint32_t flags;
	struct rs_verdict verdict;
	const uint8_t *data; /**< borrowed; NULL: no data, or a verdict */
	size_t data_len;
};

/** Where in a map's data the parts of a destination are; a range is the lowest data, then the highest. */
struct target_layout {
	unsigned address, port; /**< widths; 0: there is none */
	unsigned port_at, size;
	bool range;
};

struct raw_set {
	uint32_t key_type, key_len, data_type, data_len, object_type;
	struct raw_element *element;
	size_t n_element, cap_element;
	bool decoded;
	struct layout layout;
};

struct netlink {
	struct ruleset *rs;
	struct name_index chains, sets, dormant;
	struct raw_set *raw; /**< one for each of rs->set */
	size_t cap_raw, n_element;
	char **owned; /**< strings that the indexes borrow */
	size_t n_owned, cap_owned;
	size_t n_settled; /**< sets that were decoded once and for all */
	bool fills_set; /**< a rule was scanned that adds to a set or deletes from it */
	bool conflict; /**< two rules read a set in different ways: their order decides */
};

/** Everything in the messages, rules too, into nl->rs; sets that no rule reads stay as they are. */
int netlink_read(struct netlink *nl, const void *bytes, size_t len, struct error *err) MUST_USE;
/** All but nl->rs. */
void netlink_fini(struct netlink *nl);

int netlink_set(struct netlink *nl, enum rs_family family, const void *attrs, size_t len, struct error *err) MUST_USE;
int netlink_elements(
        struct netlink *nl, enum rs_family family, const void *attrs, size_t len, struct error *err) MUST_USE;
/** Sets that the rule's expressions add to or delete from are dynamic, whatever their flags say. */
int netlink_rule_scan(
        struct netlink *nl, enum rs_family family, const void *attrs, size_t len, struct error *err) MUST_USE;
int netlink_rule(struct netlink *nl, enum rs_family family, const void *attrs, size_t len, struct error *err) MUST_USE;
/** A set of the reader's own making, without elements, that only this chain's rules use. @return its index, or SIZE_MAX. */
size_t netlink_own_set(struct netlink *nl, size_t chain, const enum rs_field *field, size_t n_field);
/** Decode a set's elements for a look-up. @return false when this layout cannot be used with them. */
bool set_decode(struct netlink *nl, size_t index, const struct layout *layout);
/** @return false when the data is no destination. */
bool target_layout_of(const struct raw_set *raw, struct target_layout *out);
/** What an element's data says; nothing where it says no destination. */
struct rs_target target_decode(const struct raw_set *raw, const struct raw_element *element);
/** Is the set decoded as its key type alone would have it. */
bool set_is_plain(const struct netlink *nl, size_t index);
/** Decode the sets that no rule looked into by their key type. */
void sets_decode_rest(struct netlink *nl);
/** A verdict (nested NFTA_DATA_VERDICT). RS_UNKNOWN with text (to be freed) when the model has none for it. */
bool verdict_parse(const struct netlink *nl, enum rs_family family, const char *table, const struct nlattr *attr,
        struct rs_verdict *out, char **text);

#endif
