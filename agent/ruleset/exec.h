#ifndef PORTCULLIS_RULESET_EXEC_H
#define PORTCULLIS_RULESET_EXEC_H

#include "ruleset/netlink.h"

/*
 * The symbolic machine: nf_tables' registers as 64 bytes, each byte a constant or a byte of something loaded, with the
 * mask and the xor that bitwise put on it: value = (source byte & mask) ^ xor.
 */

#define REGISTER_BYTES 64

enum source_format {
	SOURCE_DECIMAL,
	SOURCE_HEX,
	SOURCE_RAW,
	SOURCE_IPV4,
	SOURCE_IPV6,
	SOURCE_ETHER,
	SOURCE_STRING,
	SOURCE_BOOLEAN
};

/** Something loaded into registers: a field of the model, or what the model has no field for. */
struct source {
	unsigned field; /**< FIELD_NONE: outside the model, described by text */
	const char *as; /**< spelling of the field, static, or NULL */
	char *text;
	enum source_format format;
	const struct symbol *symbols;
	unsigned width;
	bool host; /**< loaded in the host's byte order */
	bool drawn; /**< a number in this range that has nothing to do with what the model has of the packet */
	struct range range;
	struct nat_map *map; /**< the data of this map; or NULL */
};

#define BYTE_CONSTANT (-1)

struct byte_symbol {
	int source; /**< BYTE_CONSTANT, or index of the source */
	uint8_t index; /**< which byte of it, 0 the most significant (outside the model: the first loaded) */
	uint8_t mask, value; /**< value: the constant, or what is xored */
};

struct exec {
	struct netlink *nl;
	enum rs_family family;
	const char *table;
	struct builder b;
	struct byte_symbol reg[REGISTER_BYTES];
	struct source *source;
	size_t n_source, cap_source;
	bool done; /**< a verdict ended the rule */
};

/** @return false when its attributes are not what they must be: nothing was done. */
typedef bool expr_fn(struct exec *x, const struct nlattr *data);

expr_fn expr_payload, expr_meta, expr_ct, expr_fib, expr_rt, expr_socket, expr_exthdr, expr_numgen, expr_hash, expr_osf,
        expr_tunnel, expr_xfrm;
expr_fn expr_cmp, expr_range, expr_bitwise, expr_byteorder, expr_lookup;
expr_fn expr_immediate, expr_nat, expr_masq, expr_redir, expr_reject, expr_queue, expr_tproxy, expr_synproxy, expr_fwd;
expr_fn expr_counter, expr_last, expr_log, expr_notrack, expr_dup, expr_flow_offload, expr_limit, expr_quota,
        expr_connlimit, expr_dynset, expr_objref;
expr_fn expr_match, expr_target;

/** iptables' match `policy`, from its structure. @return false: not decoded, nothing was done. */
bool xt_policy(struct exec *x, const void *info, size_t len);

/** Byte offset of a register, or -1 when len bytes do not fit from there. */
int register_offset(uint32_t reg, size_t len);
/** Bytes of a constant; false when one of them is not constant. */
bool register_constant(const struct exec *x, uint32_t reg, size_t len, uint8_t *out);
/** Load len bytes of a source outside the model; takes text. */
void register_load_unknown(struct exec *x, uint32_t reg, size_t len, char *text, enum source_format format,
        const struct symbol *symbols, bool host);
/** Note that what was loaded last is a number of which only the range is known. */
void register_is_drawn(struct exec *x, uint32_t lo, uint32_t modulus);
size_t source_add(struct exec *x, struct source source);
/** kind of an atom: the first source outside the model, without what would make it long; static, or the source's. */
const char *register_kind(const struct exec *x, int at, size_t len);
/** What is in a register, in nft syntax, followed by nothing; for set statements the constant. */
void register_print(struct text *t, const struct exec *x, uint32_t reg, size_t len);
/** The match that a key is in a set; false when the key does not lie in registers. */
bool lookup_act(struct exec *x, uint32_t reg, size_t index, bool negate);
/** nft's words for an unknown source's value. */
void source_value_print(struct text *t, const struct source *source, const uint8_t *bytes, size_t len);
#endif
