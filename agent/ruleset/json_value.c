/*
 * Values and left-hand sides of nft's JSON: numbers, names, addresses, prefixes, ranges and flags become ranges of a field,
 * and header, meta and ct expressions become fields. What is not of the field is refused, what has no field left unread.
 */
#include <stdlib.h>
#include <string.h>

#include "ruleset/json.h"

const char *json_member(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));
	return s != NULL ? s : "";
}

const char *json_single(const json_t *object, const json_t **value)
{
	void *it = json_object_size(object) == 1 ? json_object_iter((json_t *)object) : NULL;
	if (it == NULL)
		return NULL;
	*value = json_object_iter_value(it);
	return json_object_iter_key(it);
}

static bool text_value(unsigned field, const char *s, struct range *out)
{
	const struct field_info *info = field_info(field);
	enum family family;
	uint32_t number;
	u128 v;
	char *end;
	switch (info->format) {
	case FORMAT_IFNAME:
		*out = ifname_pattern(s);
		return true;
	case FORMAT_IPV4:
	case FORMAT_IPV6:
		if (!addr_parse(s, &family, &v) || family != (info->format == FORMAT_IPV4 ? FAMILY_IPV4 : FAMILY_IPV6))
			return false;
		*out = (struct range){v, v};
		return true;
	case FORMAT_DECIMAL:
	case FORMAT_HEX:
		break;
	}
	if (info->symbols != NULL && symbol_value(info->symbols, s, &number)) {
		*out = (struct range){number, number};
		return true;
	}
	if (s[0] < '0' || s[0] > '9')
		return false;
	v = strtoull(s, &end, 0);
	*out = (struct range){v, v};
	return *end == '\0' && v <= field_max(field);
}

static bool prefix_value(unsigned field, const json_t *json, struct range *out)
{
	json_int_t len = json_integer_value(json_object_get(json, "len"));
	unsigned bits = field_info(field)->width * 8;
	if (!json_is_integer(json_object_get(json, "len")) || len < 0 || len > (json_int_t)bits ||
	        !json_value(field, json_object_get(json, "addr"), out) || out->lo != out->hi)
		return false;
	u128 host = len == 0 ? field_max(field) : ((u128)1 << (bits - (unsigned)len)) - 1;
	if ((unsigned)len == bits)
		host = 0;
	out->lo &= ~host;
	out->hi = out->lo | host;
	return true;
}

static bool range_value(unsigned field, const json_t *json, struct range *out)
{
	struct range lo, hi;
	if (json_array_size(json) != 2 || json_is_object(json_array_get(json, 0)) ||
	        json_is_object(json_array_get(json, 1)))
		return false;
	if (!json_value(field, json_array_get(json, 0), &lo) || !json_value(field, json_array_get(json, 1), &hi) ||
	        lo.lo > hi.hi)
		return false;
	*out = (struct range){lo.lo, hi.hi};
	return true;
}

bool json_flags(unsigned field, const json_t *json, u128 *out)
{
	struct range r;
	if (json_is_object(json))
		json = json_object_get(json, "|");
	if (!json_is_array(json)) {
		if (!(json_is_string(json) || json_is_integer(json)) || !json_value(field, json, &r))
			return false;
		*out = r.lo;
		return true;
	}
	*out = 0;
	for (size_t i = 0; i < json_array_size(json); i++) {
		const json_t *item = json_array_get(json, i);
		if (json_is_object(item) || json_is_array(item) || !json_value(field, item, &r))
			return false;
		*out |= r.lo;
	}
	return true;
}

bool json_value(unsigned field, const json_t *json, struct range *out)
{
	const json_t *inner;
	if (json_is_integer(json)) {
		json_int_t v = json_integer_value(json);
		enum field_format format = field_info(field)->format;
		/* An interface without a name is printed as its index, which is no name. */
		if (format != FORMAT_DECIMAL && format != FORMAT_HEX)
			return false;
		if (v < 0 || (u128)v > field_max(field))
			return false;
		*out = (struct range){(u128)v, (u128)v};
		return true;
	}
	if (json_is_string(json))
		return text_value(field, json_string_value(json), out);
	if (field_info(field)->flags && (json_is_array(json) || json_object_get(json, "|") != NULL)) {
		u128 bits;
		bool ok = json_flags(field, json, &bits);
		*out = (struct range){bits, bits};
		return ok;
	}
	const char *key = json_single(json, &inner);
	if (key != NULL && strcmp(key, "prefix") == 0 && !json_is_object(json_object_get(inner, "addr")))
		return prefix_value(field, inner, out);
	if (key != NULL && strcmp(key, "range") == 0)
		return range_value(field, inner, out);
	return false;
}

static const struct {
	const char *protocol, *field;
	unsigned model;
	const char *as;
} payloads[] = {{"ip", "saddr", RS_FIELD_IP_SADDR, NULL}, {"ip", "daddr", RS_FIELD_IP_DADDR, NULL},
        {"ip", "protocol", RS_FIELD_L4PROTO, "ip protocol"}, {"ip6", "saddr", RS_FIELD_IP6_SADDR, NULL},
        {"ip6", "daddr", RS_FIELD_IP6_DADDR, NULL}, {"ip6", "nexthdr", RS_FIELD_L4PROTO, "ip6 nexthdr"},
        {"tcp", "flags", RS_FIELD_TCP_FLAGS, NULL}, {"icmp", "type", RS_FIELD_ICMP_TYPE, NULL},
        {"icmpv6", "type", RS_FIELD_ICMPV6_TYPE, NULL}, {"icmp", "code", RS_FIELD_ICMP_CODE, NULL},
        {"icmpv6", "code", RS_FIELD_ICMPV6_CODE, NULL}};

/* What nft matches by itself before it looks at a protocol's header. */
static void payload_needs(struct builder *b, const char *protocol)
{
	static const struct {
		const char *protocol;
		int nfproto, l4proto;
	} needs[] = {{"ip", 2, -1}, {"ip6", 10, -1}, {"icmp", 2, PROTO_ICMP}, {"icmpv6", 10, PROTO_ICMPV6},
	        {"igmp", 2, 2}, {"tcp", -1, PROTO_TCP}, {"udp", -1, PROTO_UDP}, {"sctp", -1, PROTO_SCTP},
	        {"dccp", -1, 33}, {"udplite", -1, 136}, {"ah", -1, 51}, {"esp", -1, 50}, {"comp", -1, 108}};
	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
		if (strcmp(needs[i].protocol, protocol) != 0)
			continue;
		if (needs[i].nfproto != -1)
			builder_need_nfproto(b, needs[i].nfproto);
		if (needs[i].l4proto != -1)
			builder_need_l4proto(b, needs[i].l4proto);
	}
}

static unsigned payload_field(struct builder *b, const json_t *json, const char **as)
{
	const char *protocol = json_member(json, "protocol"), *field = json_member(json, "field");
	bool ports = strcmp(protocol, "th") == 0 || strcmp(protocol, "tcp") == 0 || strcmp(protocol, "udp") == 0 ||
	             strcmp(protocol, "sctp") == 0 || strcmp(protocol, "dccp") == 0 || strcmp(protocol, "udplite") == 0;
	payload_needs(b, protocol);
	if (ports && strcmp(protocol, "th") == 0 && b->l4proto != -1 && port_protocol(b->l4proto) == NULL)
		return FIELD_NONE;
	if (ports && strcmp(field, "sport") == 0)
		return RS_FIELD_SPORT;
	if (ports && strcmp(field, "dport") == 0)
		return RS_FIELD_DPORT;
	for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
		if (strcmp(payloads[i].protocol, protocol) == 0 && strcmp(payloads[i].field, field) == 0) {
			*as = payloads[i].as;
			return payloads[i].model;
		}
	}
	return FIELD_NONE;
}

static unsigned meta_field(const char *key, const char **as)
{
	static const struct {
		const char *key;
		unsigned field;
		const char *as;
	} keys[] = {{"nfproto", RS_FIELD_NFPROTO, NULL}, {"l4proto", RS_FIELD_L4PROTO, NULL},
	        {"protocol", FIELD_ETHERTYPE, NULL}, {"iifname", RS_FIELD_IIFNAME, NULL},
	        {"oifname", RS_FIELD_OIFNAME, NULL}, {"iif", RS_FIELD_IIFNAME, "iif"}, {"oif", RS_FIELD_OIFNAME, "oif"},
	        {"mark", RS_FIELD_MARK, NULL}};
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(keys[i].key, key) == 0) {
			*as = keys[i].as;
			return keys[i].field;
		}
	}
	return FIELD_NONE;
}

static unsigned ct_field(const json_t *json)
{
	const char *key = json_member(json, "key");
	if (json_object_size(json) != 1)
		return FIELD_NONE;
	return strcmp(key, "state") == 0       ? RS_FIELD_CT_STATE
	       : strcmp(key, "status") == 0    ? RS_FIELD_CT_STATUS
	       : strcmp(key, "direction") == 0 ? RS_FIELD_CT_DIRECTION
	                                       : FIELD_NONE;
}

/* One operand; FIELD_NONE: no field of the model. */
static unsigned operand_field(struct builder *b, const json_t *json, const char **as)
{
	const json_t *inner;
	const char *key = json_single(json, &inner);
	*as = NULL;
	if (key == NULL)
		return FIELD_NONE;
	if (strcmp(key, "payload") == 0)
		return payload_field(b, inner, as);
	if (strcmp(key, "meta") == 0)
		return meta_field(json_member(inner, "key"), as);
	if (strcmp(key, "ct") == 0) {
		builder_tracks(b);
		return ct_field(inner);
	}
	return FIELD_NONE;
}

static void concat_left(struct builder *b, const json_t *parts, struct left *out)
{
	size_t n = json_array_size(parts);
	bool known = n > 0 && n <= RS_CONCAT_MAX;
	for (size_t i = 0; i < n; i++) {
		const char *as;
		unsigned field = operand_field(b, json_array_get(parts, i), &as);
		/* The interfaces of a concatenation are named, as elsewhere. */
		known &= field != FIELD_NONE;
		if (known)
			out->field[i] = field;
	}
	out->n = known ? n : 0;
}

/* Expressions inside others still need their protocols. */
static void needs_of(struct builder *b, const json_t *json, int depth)
{
	const json_t *item;
	const char *key, *as;
	size_t i;
	if (depth > JSON_MAX_DEPTH)
		return;
	if (json_is_object(json)) {
		if (json_object_get(json, "payload") != NULL)
			operand_field(b, json, &as);
		json_object_foreach((json_t *)json, key, item) if (strcmp(key, "payload") != 0)
		        needs_of(b, item, depth + 1);
	}
	json_array_foreach(json, i, item) needs_of(b, item, depth + 1);
}

void json_left(struct builder *b, const json_t *json, struct left *out)
{
	const json_t *inner;
	const char *key = json_single(json, &inner);
	*out = (struct left){.unread = json};
	if (key == NULL)
		return;
	if (strcmp(key, "concat") == 0) {
		concat_left(b, inner, out);
		return;
	}
	if (strcmp(key, "&") == 0 && json_array_size(inner) == 2) {
		out->field[0] = operand_field(b, json_array_get(inner, 0), &out->as);
		out->masked = out->field[0] != FIELD_NONE && out->field[0] < RS_FIELD_N &&
		              json_flags(out->field[0], json_array_get(inner, 1), &out->mask);
		out->n = out->masked;
		return;
	}
	out->field[0] = operand_field(b, json, &out->as);
	out->n = out->field[0] != FIELD_NONE;
	if (out->n == 0 && strcmp(key, "payload") != 0)
		needs_of(b, inner, 0);
}
