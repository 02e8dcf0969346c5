/*
 * Comparisons of the symbolic machine: cmp, range, bitwise and byteorder. Bytes of fields give matches of the model, bytes
 * of anything else atoms with the comparison's text; nothing is taken for true or false by guess.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "ruleset/exec.h"

void source_value_print(struct text *t, const struct source *source, const uint8_t *bytes, size_t len)
{
	uint64_t v = 0;
	bool swap = source->host && htobe16(1) != 1;
	for (size_t i = 0; i < len && len <= 8; i++)
		v = v << 8 | bytes[swap ? len - 1 - i : i];
	const char *name = source->symbols != NULL && len <= 8 ? symbol_name(source->symbols, v) : NULL;
	if (name != NULL) {
		text_add(t, name);
	} else if (source->format == SOURCE_BOOLEAN) {
		text_add(t, v != 0 ? "exists" : "missing");
	} else if (source->format == SOURCE_STRING) {
		text_add(t, "\"");
		for (size_t i = 0; i < len && bytes[i] != 0; i++)
			text_addf(t, "%c", bytes[i] < ' ' || bytes[i] > '~' || bytes[i] == '"' ? '?' : bytes[i]);
		text_add(t, len < source->width ? "*\"" : "\"");
	} else if (source->format == SOURCE_IPV4 || source->format == SOURCE_IPV6) {
		char buf[64];
		u128 a = 0;
		for (size_t i = 0; i < len && i < 16; i++)
			a = a << 8 | bytes[i];
		text_add(t, addr_print(source->format == SOURCE_IPV4 ? FAMILY_IPV4 : FAMILY_IPV6, a, buf, sizeof(buf)));
	} else if (source->format == SOURCE_ETHER) {
		for (size_t i = 0; i < len; i++)
			text_addf(t, "%s%02x", i > 0 ? ":" : "", bytes[i]);
	} else if (source->format == SOURCE_DECIMAL && len <= 8) {
		text_addf(t, "%llu", (unsigned long long)v);
	} else if (source->format == SOURCE_RAW && len <= 8) {
		text_addf(t, "0x%llx", (unsigned long long)v);
	} else {
		text_add(t, "0x");
		for (size_t i = 0; i < len; i++)
			text_addf(t, "%02x", bytes[swap ? len - 1 - i : i]);
	}
}

static const char *source_name(const struct source *s)
{
	if (s->field == FIELD_NONE)
		return s->text != NULL ? s->text : "?";
	return s->as != NULL ? s->as : field_info(s->field)->name;
}

static void source_print(struct text *t, const struct exec *x, const struct source *s)
{
	const char *name = source_name(s), *protocol = port_protocol(x->b.l4proto);
	if (protocol != NULL && strncmp(name, "th ", 3) == 0)
		text_addf(t, "%s %s", protocol, name + 3);
	else
		text_add(t, name);
}

/* Bytes from i on that are of one source, or that are constants. */
static size_t run_length(const struct byte_symbol *reg, size_t i, size_t len)
{
	size_t end = i + 1;
	while (end < len && reg[end].source == reg[i].source)
		end++;
	return end - i;
}

void register_print(struct text *t, const struct exec *x, uint32_t reg, size_t len)
{
	int at = register_offset(reg, len);
	bool first = true;
	if (at < 0) {
		text_add(t, "?");
		return;
	}
	const struct byte_symbol *r = &x->reg[at];
	for (size_t i = 0, n; i < len; i += n) {
		n = run_length(r, i, len);
		if (r[i].source == BYTE_CONSTANT && !first && n < 4)
			continue;
		text_add(t, first ? "" : " . ");
		first = false;
		if (r[i].source != BYTE_CONSTANT) {
			source_print(t, x, &x->source[r[i].source]);
			continue;
		}
		uint8_t bytes[REGISTER_BYTES];
		for (size_t k = 0; k < n; k++)
			bytes[k] = r[i + k].value;
		source_value_print(t, &(struct source){.format = SOURCE_HEX, .host = len == 4}, bytes, n);
	}
}

const char *register_kind(const struct exec *x, int at, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		int s = x->reg[(size_t)at + i].source;
		if (s != BYTE_CONSTANT && x->source[s].field == FIELD_NONE) {
			const char *name = source_name(&x->source[s]);
			return strncmp(name, "fib ", 4) == 0 ? "fib" : strncmp(name, "ipsec ", 6) == 0 ? "ipsec" : name;
		}
	}
	return "match";
}

static const char *const op_text[] = {[NFT_CMP_EQ] = " ",
        [NFT_CMP_NEQ] = " != ",
        [NFT_CMP_LT] = " < ",
        [NFT_CMP_LTE] = " <= ",
        [NFT_CMP_GT] = " > ",
        [NFT_CMP_GTE] = " >= "};

/* Parts of bytes that nft has names for, found by the raw load and the mask. */
static const struct {
	int nfproto;
	const char *raw;
	uint16_t mask;
	unsigned shift;
	const char *name;
} parts[] = {{2, "@nh,8,8", 0xfc, 2, "ip dscp"}, {2, "@nh,8,8", 0x03, 0, "ip ecn"},
        {2, "@nh,0,8", 0xf0, 4, "ip version"}, {2, "@nh,0,8", 0x0f, 0, "ip hdrlength"},
        {10, "@nh,0,16", 0x0fc0, 6, "ip6 dscp"}, {10, "@nh,0,8", 0xf0, 4, "ip6 version"},
        {-1, "@ll,112,16", 0x0fff, 0, "vlan id"}, {-1, "@th,96,8", 0xf0, 4, "tcp doff"}};

/* @return the name of a named part, with its value; NULL: none. */
static const char *part_of(const struct exec *x, const struct source *s, const uint8_t *mask, const uint8_t *value,
        size_t n, unsigned *number)
{
	unsigned m = n == 1 ? mask[0] : n == 2 ? mask[0] * 256u + mask[1] : 0;
	for (size_t i = 0; s->text != NULL && i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i].mask != m || strcmp(parts[i].raw, s->text) != 0 ||
		        (parts[i].nfproto != -1 && parts[i].nfproto != x->b.nfproto))
			continue;
		*number = (n == 1 ? value[0] : value[0] * 256u + value[1]) >> parts[i].shift;
		return parts[i].name;
	}
	return NULL;
}

/* A comparison of whole registers that the model cannot take apart. */
static void compare_atom(struct exec *x, int at, size_t len, uint32_t op, const uint8_t *data)
{
	struct text t = {0};
	const struct byte_symbol *r = &x->reg[at];
	const char *kind = register_kind(x, at, len);
	for (size_t i = 0, n; i < len; i += n) {
		n = run_length(r, i, len);
		if (r[i].source == BYTE_CONSTANT)
			continue;
		const struct source *s = &x->source[r[i].source];
		uint8_t mask[REGISTER_BYTES], value[REGISTER_BYTES];
		bool partial = false;
		/* byteorder may have turned the bytes round: back into the order of the load. */
		bool turned = n > 1 && r[i].index == n - 1;
		for (size_t k = 0; k < n; k++) {
			size_t to = turned ? n - 1 - k : k;
			mask[to] = r[i + k].mask;
			value[to] = data[i + k] ^ r[i + k].value;
			partial |= mask[to] != 0xff;
		}
		text_add(&t, t.len > 0 ? " " : "");
		unsigned number;
		const char *name = part_of(x, s, mask, value, n, &number);
		if (name != NULL) {
			text_addf(&t, "%s%s%u", name, op_text[op], number);
			kind = name;
			continue;
		}
		source_print(&t, x, s);
		if (partial) {
			text_add(&t, " & ");
			source_value_print(&t, &(struct source){.format = SOURCE_HEX, .host = s->host}, mask, n);
			text_add(&t, op == NFT_CMP_EQ ? " ==" : "");
		}
		text_add(&t, op_text[op]);
		source_value_print(&t, s, value, n);
	}
	builder_ether_atom(&x->b, kind, text_str(&t));
	if (op == NFT_CMP_EQ && len == 2 && strcmp(text_str(&t), "ether type ip") == 0)
		builder_ethertype(&x->b, 0x0800);
	if (op == NFT_CMP_EQ && len == 2 && strcmp(text_str(&t), "ether type ip6") == 0)
		builder_ethertype(&x->b, 0x86dd);
	text_fini(&t);
}

/* The bytes of one source among those compared, as numbers in the field's own scale. */
struct portion {
	u128 mask, value;
	bool impossible; /**< a byte would have to have a bit that its mask clears */
};

static struct portion portion_of(
        const struct exec *x, const struct byte_symbol *r, const uint8_t *data, size_t len, int source)
{
	struct portion p = {0};
	unsigned width = x->source[source].width;
	for (size_t i = 0; i < len; i++) {
		if (r[i].source != source)
			continue;
		unsigned shift = 8 * (width - 1 - r[i].index);
		uint8_t want = data[i] ^ r[i].value;
		p.impossible |= (want & ~r[i].mask) != 0;
		p.mask |= (u128)r[i].mask << shift;
		p.value |= (u128)(want & r[i].mask) << shift;
	}
	return p;
}

/* How many sources the bytes have; *constant: what the constant bytes say. */
static size_t count_sources(const struct byte_symbol *r, const uint8_t *data, size_t len, bool *constant)
{
	size_t n = 0;
	*constant = true;
	for (size_t i = 0; i < len; i++) {
		bool seen = false;
		if (r[i].source == BYTE_CONSTANT) {
			*constant &= r[i].value == data[i];
			continue;
		}
		for (size_t k = 0; k < i; k++)
			seen |= r[k].source == r[i].source;
		n += !seen;
	}
	return n;
}

static void portion_match(struct exec *x, int source, struct portion p, bool negate)
{
	const struct source *s = &x->source[source];
	if (p.impossible || p.mask == 0) {
		/* "& 0 == 0" says nothing of the field, "!= 0" cannot be. */
		if (p.impossible != negate)
			builder_never(&x->b);
		return;
	}
	builder_mask(&x->b, s->field, s->as, p.mask, p.value, negate);
}

static void compare_equal(struct exec *x, int at, size_t len, const uint8_t *data, bool negate)
{
	const struct byte_symbol *r = &x->reg[at];
	bool constant, modelled = true;
	size_t n = count_sources(r, data, len, &constant);
	for (size_t i = 0; i < len; i++)
		modelled &= r[i].source == BYTE_CONSTANT || x->source[r[i].source].field != FIELD_NONE;
	if (!constant || n == 0) {
		if (constant == negate)
			builder_never(&x->b);
		return;
	}
	/* Not equal in one of several fields is a choice, which a conjunction does not hold. */
	if (negate && (n > 1 || !modelled)) {
		compare_atom(x, at, len, NFT_CMP_NEQ, data);
		return;
	}
	bool atom = false;
	for (size_t i = 0; i < len; i++) {
		bool seen = r[i].source == BYTE_CONSTANT;
		for (size_t k = 0; k < i && !seen; k++)
			seen = r[k].source == r[i].source;
		if (seen)
			continue;
		if (x->source[r[i].source].field == FIELD_NONE)
			atom = true;
		else
			portion_match(x, r[i].source, portion_of(x, r, data, len, r[i].source), negate);
	}
	if (atom)
		compare_atom(x, at, len, NFT_CMP_EQ, data);
}

/* The leading bytes of one field in their order: only those compare like the number they are. */
static bool is_leading(const struct exec *x, int at, size_t len, int *source)
{
	const struct byte_symbol *r = &x->reg[at];
	*source = r[0].source;
	if (*source == BYTE_CONSTANT || x->source[*source].field == FIELD_NONE)
		return false;
	for (size_t i = 0; i < len; i++)
		if (r[i].source != *source || r[i].index != i || r[i].mask != 0xff || r[i].value != 0)
			return false;
	return true;
}

static u128 leading_number(const uint8_t *data, size_t len)
{
	u128 v = 0;
	for (size_t i = 0; i < len; i++)
		v = v << 8 | data[i];
	return v;
}

/* lo <= leading bytes <= hi, inclusive. */
static void leading_between(struct exec *x, int source, size_t len, u128 lo, u128 hi, bool negate)
{
	const struct source *s = &x->source[source];
	unsigned shift = 8 * (s->width - (unsigned)len);
	struct ranges r = {0};
	if (lo <= hi)
		ranges_add(&r, lo << shift, (hi << shift) | (((u128)1 << shift) - 1));
	builder_ranges(&x->b, s->field, s->as, &r, negate);
}

static void compare_order(struct exec *x, int at, size_t len, uint32_t op, const uint8_t *data)
{
	int source;
	u128 max = len >= 16 ? U128_MAX : ((u128)1 << (8 * len)) - 1;
	if (len > 16 || !is_leading(x, at, len, &source)) {
		compare_atom(x, at, len, op, data);
		return;
	}
	u128 v = leading_number(data, len), lo = 0, hi = max;
	bool none = false;
	if (op == NFT_CMP_LT)
		none = v == 0, hi = v - 1;
	else if (op == NFT_CMP_LTE)
		hi = v;
	else if (op == NFT_CMP_GT)
		none = v == max, lo = v + 1;
	else
		lo = v;
	if (none)
		builder_never(&x->b);
	else
		leading_between(x, source, len, lo, hi, false);
}

bool expr_cmp(struct exec *x, const struct nlattr *data)
{
	const struct nlattr *tb[NFTA_CMP_MAX + 1];
	uint32_t reg, op;
	const uint8_t *bytes;
	size_t len;
	if (!attrs_nested(data, tb, NFTA_CMP_MAX + 1) || !attr_u32(tb[NFTA_CMP_SREG], &reg) ||
	        !attr_u32(tb[NFTA_CMP_OP], &op) || op > NFT_CMP_GTE || !attr_data(tb[NFTA_CMP_DATA], &bytes, &len))
		return false;
	int at = register_offset(reg, len);
	if (at < 0)
		return false;
	if (op == NFT_CMP_EQ || op == NFT_CMP_NEQ)
		compare_equal(x, at, len, bytes, op == NFT_CMP_NEQ);
	else
		compare_order(x, at, len, op, bytes);
	return true;
}

bool expr_range(struct exec *x, const struct nlattr *data)
{
	const struct nlattr *tb[NFTA_RANGE_MAX + 1];
	uint32_t reg, op;
	const uint8_t *from, *to;
	size_t len, to_len;
	int source;
	if (!attrs_nested(data, tb, NFTA_RANGE_MAX + 1) || !attr_u32(tb[NFTA_RANGE_SREG], &reg) ||
	        !attr_u32(tb[NFTA_RANGE_OP], &op) || op > NFT_RANGE_NEQ ||
	        !attr_data(tb[NFTA_RANGE_FROM_DATA], &from, &len) || !attr_data(tb[NFTA_RANGE_TO_DATA], &to, &to_len) ||
	        len != to_len)
		return false;
	int at = register_offset(reg, len);
	if (at < 0)
		return false;
	if (len <= 16 && is_leading(x, at, len, &source)) {
		leading_between(
		        x, source, len, leading_number(from, len), leading_number(to, len), op == NFT_RANGE_NEQ);
		return true;
	}
	struct text t = {0};
	const struct source hex = {.format = SOURCE_HEX, .width = (unsigned)len};
	const struct source *s = x->reg[at].source == BYTE_CONSTANT ? &hex : &x->source[x->reg[at].source];
	register_print(&t, x, reg, len);
	text_add(&t, op == NFT_RANGE_NEQ ? " != " : " ");
	source_value_print(&t, s, from, len);
	text_add(&t, "-");
	source_value_print(&t, s, to, len);
	builder_atom(&x->b, register_kind(x, at, len), text_str(&t));
	text_fini(&t);
	return true;
}

/* A result that is no longer bytes of what was loaded. */
static void load_computed(struct exec *x, uint32_t sreg, uint32_t dreg, size_t len, const char *what)
{
	struct text t = {0};
	text_add(&t, "(");
	register_print(&t, x, sreg, len);
	text_addf(&t, " %s)", what);
	register_load_unknown(x, dreg, len, text_take(&t), SOURCE_HEX, NULL, false);
}

bool expr_bitwise(struct exec *x, const struct nlattr *data)
{
	const struct nlattr *tb[NFTA_BITWISE_MAX + 1];
	uint32_t sreg, dreg, len, op = NFT_BITWISE_BOOL;
	const uint8_t *mask, *xor;
	size_t mask_len, xor_len;
	if (!attrs_nested(data, tb, NFTA_BITWISE_MAX + 1) || !attr_u32(tb[NFTA_BITWISE_SREG], &sreg) ||
	        !attr_u32(tb[NFTA_BITWISE_DREG], &dreg) || !attr_u32(tb[NFTA_BITWISE_LEN], &len) ||
	        register_offset(sreg, len) < 0 || register_offset(dreg, len) < 0)
		return false;
	attr_u32(tb[NFTA_BITWISE_OP], &op);
	if (op != NFT_BITWISE_BOOL) {
		load_computed(x, sreg, dreg, len,
		        op == NFT_BITWISE_LSHIFT   ? "<<"
		        : op == NFT_BITWISE_RSHIFT ? ">>"
		                                   : "|");
		return true;
	}
	if (!attr_data(tb[NFTA_BITWISE_MASK], &mask, &mask_len) || !attr_data(tb[NFTA_BITWISE_XOR], &xor, &xor_len) ||
	        mask_len != len || xor_len != len)
		return false;
	struct byte_symbol result[REGISTER_BYTES] = {0};
	const struct byte_symbol *from = &x->reg[register_offset(sreg, len)];
	for (size_t i = 0; i < len; i++) {
		result[i] = from[i];
		result[i].mask &= mask[i];
		result[i].value = (uint8_t)((from[i].value & mask[i]) ^ xor[i]);
		if (result[i].mask == 0 && from[i].source == BYTE_CONSTANT)
			result[i].source = BYTE_CONSTANT;
	}
	memcpy(&x->reg[register_offset(dreg, len)], result, len * sizeof(*result));
	return true;
}

bool expr_byteorder(struct exec *x, const struct nlattr *data)
{
	const struct nlattr *tb[NFTA_BYTEORDER_MAX + 1];
	uint32_t sreg, dreg, len, size;
	if (!attrs_nested(data, tb, NFTA_BYTEORDER_MAX + 1) || !attr_u32(tb[NFTA_BYTEORDER_SREG], &sreg) ||
	        !attr_u32(tb[NFTA_BYTEORDER_DREG], &dreg) || !attr_u32(tb[NFTA_BYTEORDER_LEN], &len) ||
	        !attr_u32(tb[NFTA_BYTEORDER_SIZE], &size) || (size != 2 && size != 4 && size != 8))
		return false;
	int from = register_offset(sreg, len), to = register_offset(dreg, len);
	if (from < 0 || to < 0)
		return false;
	struct byte_symbol result[REGISTER_BYTES] = {0};
	bool swap = htobe16(1) != 1;
	/* The kernel turns whole units only and leaves a shorter rest alone: nft asks for one byte of a concatenation. */
	size_t turned = len - len % size;
	for (size_t i = 0; i < turned; i++)
		result[i] = x->reg[(size_t)from + (swap ? i - i % size + (size - 1 - i % size) : i)];
	memcpy(&x->reg[to], result, turned * sizeof(*result));
	return true;
}
