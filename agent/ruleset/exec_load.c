/*
 * Loads of the symbolic machine: payload, meta, ct, fib and the other expressions that put something into registers. What
 * the model has a field for is loaded as that field, byte by byte; everything else under its name in nft syntax.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "ruleset/exec.h"

int register_offset(uint32_t reg, size_t len)
{
	size_t at;
	if (reg >= NFT_REG_1 && reg <= NFT_REG_4)
		at = (reg - NFT_REG_1) * 16;
	else if (reg >= NFT_REG32_00 && reg <= NFT_REG32_15)
		at = (reg - NFT_REG32_00) * 4;
	else
		return -1;
	if (len == 0 || at + len > REGISTER_BYTES)
		return -1;
	return (int)at;
}

bool register_constant(const struct exec *x, uint32_t reg, size_t len, uint8_t *out)
{
	int at = register_offset(reg, len);
	if (at < 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (x->reg[(size_t)at + i].source != BYTE_CONSTANT)
			return false;
		out[i] = x->reg[(size_t)at + i].value;
	}
	return true;
}

size_t source_add(struct exec *x, struct source source)
{
	x->source = xgrow(x->source, x->n_source, &x->cap_source, sizeof(*x->source));
	x->source[x->n_source] = source;
	return x->n_source++;
}

/* The kernel clears the rest of the last 32-bit word. */
static void clear_rest(struct exec *x, size_t at, size_t len)
{
	for (size_t i = at + len; i % 4 != 0 && i < REGISTER_BYTES; i++)
		x->reg[i] = (struct byte_symbol){.source = BYTE_CONSTANT};
}

void register_is_drawn(struct exec *x, uint32_t lo, uint32_t modulus)
{
	struct source *s = &x->source[x->n_source - 1];
	s->drawn = modulus > 0 && (uint64_t)lo + modulus <= UINT32_MAX;
	if (s->drawn)
		s->range = (struct range){lo, lo + modulus - 1};
}

void register_load_unknown(struct exec *x, uint32_t reg, size_t len, char *text, enum source_format format,
        const struct symbol *symbols, bool host)
{
	int at = register_offset(reg, len);
	if (at < 0) {
		free(text);
		return;
	}
	size_t s = source_add(x, (struct source){.field = FIELD_NONE,
	                                 .text = text,
	                                 .format = format,
	                                 .symbols = symbols,
	                                 .width = (unsigned)len,
	                                 .host = host});
	for (size_t i = 0; i < len; i++)
		x->reg[(size_t)at + i] = (struct byte_symbol){(int)s, (uint8_t)i, 0xff, 0};
	clear_rest(x, (size_t)at, len);
}

static bool load_field(struct exec *x, uint32_t reg, unsigned field, const char *as, bool host)
{
	unsigned width = field_info(field)->width;
	int at = register_offset(reg, width);
	if (at < 0)
		return false;
	bool swap = host && htobe16(1) != 1;
	size_t s = source_add(x, (struct source){.field = field, .as = as, .width = width});
	for (unsigned i = 0; i < width; i++)
		x->reg[(unsigned)at + i] = (struct byte_symbol){(int)s, (uint8_t)(swap ? width - 1 - i : i), 0xff, 0};
	clear_rest(x, (size_t)at, width);
	return true;
}

/* A field at a place in a header. proto: nfproto for the network header, l4proto for the transport header. */
struct place {
	uint32_t base;
	int proto; /**< -1: any */
	unsigned offset, width;
	unsigned field;
	const char *as; /**< spelling, or for FIELD_NONE the name */
	enum source_format format;
};

static const struct place places[] = {
        {NFT_PAYLOAD_LL_HEADER, -1, 0, 6, FIELD_NONE, "ether daddr", SOURCE_ETHER},
        {NFT_PAYLOAD_LL_HEADER, -1, 6, 6, FIELD_NONE, "ether saddr", SOURCE_ETHER},
        {NFT_PAYLOAD_LL_HEADER, -1, 12, 2, FIELD_NONE, "ether type", SOURCE_HEX},
        {NFT_PAYLOAD_NETWORK_HEADER, 2, 2, 2, FIELD_NONE, "ip length", SOURCE_DECIMAL},
        {NFT_PAYLOAD_NETWORK_HEADER, 2, 4, 2, FIELD_NONE, "ip id", SOURCE_DECIMAL},
        {NFT_PAYLOAD_NETWORK_HEADER, 2, 6, 2, FIELD_NONE, "ip frag-off", SOURCE_HEX},
        {NFT_PAYLOAD_NETWORK_HEADER, 2, 8, 1, FIELD_NONE, "ip ttl", SOURCE_DECIMAL},
        {NFT_PAYLOAD_NETWORK_HEADER, 2, 9, 1, RS_FIELD_L4PROTO, "ip protocol", SOURCE_DECIMAL},
        {NFT_PAYLOAD_NETWORK_HEADER, 2, 10, 2, FIELD_NONE, "ip checksum", SOURCE_DECIMAL},
        {NFT_PAYLOAD_NETWORK_HEADER, 2, 12, 4, RS_FIELD_IP_SADDR, NULL, SOURCE_HEX},
        {NFT_PAYLOAD_NETWORK_HEADER, 2, 16, 4, RS_FIELD_IP_DADDR, NULL, SOURCE_HEX},
        {NFT_PAYLOAD_NETWORK_HEADER, 10, 4, 2, FIELD_NONE, "ip6 length", SOURCE_DECIMAL},
        {NFT_PAYLOAD_NETWORK_HEADER, 10, 6, 1, RS_FIELD_L4PROTO, "ip6 nexthdr", SOURCE_DECIMAL},
        {NFT_PAYLOAD_NETWORK_HEADER, 10, 7, 1, FIELD_NONE, "ip6 hoplimit", SOURCE_DECIMAL},
        {NFT_PAYLOAD_NETWORK_HEADER, 10, 8, 16, RS_FIELD_IP6_SADDR, NULL, SOURCE_HEX},
        {NFT_PAYLOAD_NETWORK_HEADER, 10, 24, 16, RS_FIELD_IP6_DADDR, NULL, SOURCE_HEX},
        {NFT_PAYLOAD_TRANSPORT_HEADER, PROTO_TCP, 4, 4, FIELD_NONE, "tcp sequence", SOURCE_DECIMAL},
        {NFT_PAYLOAD_TRANSPORT_HEADER, PROTO_TCP, 8, 4, FIELD_NONE, "tcp ackseq", SOURCE_DECIMAL},
        {NFT_PAYLOAD_TRANSPORT_HEADER, PROTO_TCP, 13, 1, RS_FIELD_TCP_FLAGS, NULL, SOURCE_HEX},
        {NFT_PAYLOAD_TRANSPORT_HEADER, PROTO_TCP, 14, 2, FIELD_NONE, "tcp window", SOURCE_DECIMAL},
        {NFT_PAYLOAD_TRANSPORT_HEADER, PROTO_TCP, 16, 2, FIELD_NONE, "tcp checksum", SOURCE_DECIMAL},
        {NFT_PAYLOAD_TRANSPORT_HEADER, PROTO_TCP, 18, 2, FIELD_NONE, "tcp urgptr", SOURCE_DECIMAL},
        {NFT_PAYLOAD_TRANSPORT_HEADER, PROTO_UDP, 4, 2, FIELD_NONE, "udp length", SOURCE_DECIMAL},
        {NFT_PAYLOAD_TRANSPORT_HEADER, PROTO_UDP, 6, 2, FIELD_NONE, "udp checksum", SOURCE_DECIMAL},
        {NFT_PAYLOAD_TRANSPORT_HEADER, PROTO_ICMP, 0, 1, RS_FIELD_ICMP_TYPE, NULL, SOURCE_DECIMAL},
        {NFT_PAYLOAD_TRANSPORT_HEADER, PROTO_ICMP, 1, 1, RS_FIELD_ICMP_CODE, NULL, SOURCE_DECIMAL},
        {NFT_PAYLOAD_TRANSPORT_HEADER, PROTO_ICMP, 4, 2, FIELD_NONE, "icmp id", SOURCE_DECIMAL},
        {NFT_PAYLOAD_TRANSPORT_HEADER, PROTO_ICMP, 6, 2, FIELD_NONE, "icmp sequence", SOURCE_DECIMAL},
        {NFT_PAYLOAD_TRANSPORT_HEADER, PROTO_ICMPV6, 0, 1, RS_FIELD_ICMPV6_TYPE, NULL, SOURCE_DECIMAL},
        {NFT_PAYLOAD_TRANSPORT_HEADER, PROTO_ICMPV6, 1, 1, RS_FIELD_ICMPV6_CODE, NULL, SOURCE_DECIMAL},
        {NFT_PAYLOAD_TRANSPORT_HEADER, 51, 4, 4, FIELD_NONE, "ah spi", SOURCE_DECIMAL},
        {NFT_PAYLOAD_TRANSPORT_HEADER, 50, 0, 4, FIELD_NONE, "esp spi", SOURCE_DECIMAL},
};

static const struct place source_port = {NFT_PAYLOAD_TRANSPORT_HEADER, -1, 0, 2, RS_FIELD_SPORT, NULL, SOURCE_DECIMAL};
static const struct place destination_port = {
        NFT_PAYLOAD_TRANSPORT_HEADER, -1, 2, 2, RS_FIELD_DPORT, NULL, SOURCE_DECIMAL};

/* The field that holds a byte of a header; NULL: none that has a name. */
static const struct place *place_of(const struct exec *x, uint32_t base, uint32_t offset)
{
	bool ports = x->b.l4proto == -1 || port_protocol(x->b.l4proto) != NULL;
	int proto = base == NFT_PAYLOAD_NETWORK_HEADER     ? x->b.nfproto
	            : base == NFT_PAYLOAD_TRANSPORT_HEADER ? x->b.l4proto
	                                                   : -1;
	if (base == NFT_PAYLOAD_TRANSPORT_HEADER && ports && offset < 4)
		return offset < 2 ? &source_port : &destination_port;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const struct place *p = &places[i];
		if (p->base == base && p->proto == proto && offset >= p->offset && offset - p->offset < p->width)
			return p;
	}
	return NULL;
}

static char *raw_payload_text(uint32_t base, uint32_t offset, uint32_t len)
{
	static const char *const bases[] = {"ll", "nh", "th", "ih"};
	return xasprintf("@%s,%llu,%llu", base < 4 ? bases[base] : "?", 8ull * offset, 8ull * len);
}

static char *payload_text(const struct exec *x, uint32_t base, uint32_t offset, uint32_t len)
{
	const struct place *p = place_of(x, base, offset);
	if (p == NULL || p->offset != offset || p->width != len)
		return raw_payload_text(base, offset, len);
	return xstrdup(p->as != NULL ? p->as : field_info(p->field)->name);
}

/* Bytes of one field in a row share a source; so do all that have no field. */
static void load_payload(struct exec *x, size_t at, uint32_t base, uint32_t offset, uint32_t len)
{
	const struct place *last = NULL, *exact = place_of(x, base, offset);
	size_t known = 0, unknown = SIZE_MAX;
	if (exact != NULL && (exact->offset != offset || exact->width != len))
		exact = NULL;
	for (uint32_t i = 0; i < len; i++) {
		const struct place *p = place_of(x, base, offset + i);
		if (p != NULL && p->field != FIELD_NONE) {
			if (p != last)
				known = source_add(
				        x, (struct source){.field = p->field, .as = p->as, .width = p->width});
			x->reg[at + i] = (struct byte_symbol){(int)known, (uint8_t)(offset + i - p->offset), 0xff, 0};
			last = p;
			continue;
		}
		if (unknown == SIZE_MAX)
			unknown = source_add(
			        x, (struct source){.field = FIELD_NONE,
			                   .text = payload_text(x, base, offset, len),
			                   .format = exact != NULL ? exact->format : SOURCE_RAW,
			                   .symbols = exact != NULL && base == NFT_PAYLOAD_LL_HEADER && offset == 12
			                                      ? symbols_ethertype
			                                      : NULL,
			                   .width = len});
		x->reg[at + i] = (struct byte_symbol){(int)unknown, (uint8_t)i, 0xff, 0};
	}
	clear_rest(x, at, len);
}

/* nft writes whole words: bytes that go back as they were read are no change. */
static bool is_unchanged(const struct exec *x, size_t at, const struct place *p, uint32_t offset)
{
	const struct byte_symbol *r = &x->reg[at];
	return r->source != BYTE_CONSTANT && x->source[r->source].field == p->field && r->index == offset - p->offset &&
	       r->mask == 0xff && r->value == 0;
}

/* A write to what verdicts depend on cannot be followed; one to the rest of a header is a statement. */
static bool payload_write(struct exec *x, uint32_t reg, uint32_t base, uint32_t offset, uint32_t len)
{
	bool followed = false;
	size_t at = (size_t)register_offset(reg, len);
	struct text t = {0};
	char *name = payload_text(x, base, offset, len);
	text_addf(&t, "%s set ", name);
	register_print(&t, x, reg, len);
	for (uint32_t i = 0; i < len; i++) {
		const struct place *p = place_of(x, base, offset + i);
		bool opaque = p == NULL && base == NFT_PAYLOAD_NETWORK_HEADER && x->b.nfproto == -1;
		bool field = p != NULL && p->field != FIELD_NONE;
		followed |= opaque || (field && !is_unchanged(x, at + i, p, offset + i));
	}
	if (followed) {
		builder_undecided(&x->b, RS_UNKNOWN, text_str(&t));
		x->done = true;
	} else {
		builder_statement(&x->b, text_str(&t));
	}
	text_fini(&t);
	free(name);
	return true;
}

bool expr_payload(struct exec *x, const struct nlattr *data)
{
	const struct nlattr *tb[NFTA_PAYLOAD_MAX + 1];
	uint32_t reg, base, offset, len;
	if (!attrs_nested(data, tb, NFTA_PAYLOAD_MAX + 1) || !attr_u32(tb[NFTA_PAYLOAD_BASE], &base) ||
	        !attr_u32(tb[NFTA_PAYLOAD_OFFSET], &offset) || !attr_u32(tb[NFTA_PAYLOAD_LEN], &len) || offset > 65535)
		return false;
	if (attr_u32(tb[NFTA_PAYLOAD_SREG], &reg))
		return register_offset(reg, len) >= 0 && payload_write(x, reg, base, offset, len);
	if (!attr_u32(tb[NFTA_PAYLOAD_DREG], &reg) || register_offset(reg, len) < 0)
		return false;
	load_payload(x, (size_t)register_offset(reg, len), base, offset, len);
	return true;
}

/* What meta and ct load. */
struct key {
	uint32_t key;
	unsigned field;
	const char *name;
	unsigned width;
	bool host;
	enum source_format format;
	const struct symbol *symbols;
};

static const struct key meta_keys[] = {
        {NFT_META_LEN, FIELD_NONE, "meta length", 4, true, SOURCE_DECIMAL, NULL},
        {NFT_META_PROTOCOL, FIELD_ETHERTYPE, "meta protocol", 2, false, SOURCE_HEX, NULL},
        {NFT_META_PRIORITY, FIELD_NONE, "meta priority", 4, true, SOURCE_HEX, NULL},
        {NFT_META_MARK, RS_FIELD_MARK, "meta mark", 4, true, SOURCE_HEX, NULL},
        {NFT_META_IIF, FIELD_IIF, "iif", 4, true, SOURCE_DECIMAL, NULL},
        {NFT_META_OIF, FIELD_OIF, "oif", 4, true, SOURCE_DECIMAL, NULL},
        {NFT_META_IIFNAME, RS_FIELD_IIFNAME, "iifname", 16, false, SOURCE_STRING, NULL},
        {NFT_META_OIFNAME, RS_FIELD_OIFNAME, "oifname", 16, false, SOURCE_STRING, NULL},
        {NFT_META_IFTYPE, FIELD_NONE, "meta iiftype", 2, true, SOURCE_DECIMAL, symbols_iftype},
        {NFT_META_OIFTYPE, FIELD_NONE, "meta oiftype", 2, true, SOURCE_DECIMAL, symbols_iftype},
        {NFT_META_SKUID, FIELD_NONE, "meta skuid", 4, true, SOURCE_DECIMAL, NULL},
        {NFT_META_SKGID, FIELD_NONE, "meta skgid", 4, true, SOURCE_DECIMAL, NULL},
        {NFT_META_NFTRACE, FIELD_NONE, "meta nftrace", 1, false, SOURCE_DECIMAL, NULL},
        {NFT_META_RTCLASSID, FIELD_NONE, "meta rtclassid", 4, true, SOURCE_DECIMAL, NULL},
        {NFT_META_SECMARK, FIELD_NONE, "meta secmark", 4, true, SOURCE_HEX, NULL},
        {NFT_META_NFPROTO, RS_FIELD_NFPROTO, "meta nfproto", 1, false, SOURCE_DECIMAL, NULL},
        {NFT_META_L4PROTO, RS_FIELD_L4PROTO, "meta l4proto", 1, false, SOURCE_DECIMAL, NULL},
        {NFT_META_BRI_IIFNAME, FIELD_NONE, "meta ibrname", 16, false, SOURCE_STRING, NULL},
        {NFT_META_BRI_OIFNAME, FIELD_NONE, "meta obrname", 16, false, SOURCE_STRING, NULL},
        {NFT_META_PKTTYPE, FIELD_NONE, "meta pkttype", 1, false, SOURCE_DECIMAL, symbols_pkttype},
        {NFT_META_CPU, FIELD_NONE, "meta cpu", 4, true, SOURCE_DECIMAL, NULL},
        {NFT_META_IIFGROUP, FIELD_NONE, "iifgroup", 4, true, SOURCE_DECIMAL, NULL},
        {NFT_META_OIFGROUP, FIELD_NONE, "oifgroup", 4, true, SOURCE_DECIMAL, NULL},
        {NFT_META_CGROUP, FIELD_NONE, "meta cgroup", 4, true, SOURCE_DECIMAL, NULL},
        {NFT_META_PRANDOM, FIELD_NONE, "meta random", 4, false, SOURCE_DECIMAL, NULL},
        {NFT_META_SECPATH, FIELD_NONE, "meta ipsec", 1, false, SOURCE_BOOLEAN, NULL},
        {NFT_META_IIFKIND, FIELD_NONE, "meta iifkind", 16, false, SOURCE_STRING, NULL},
        {NFT_META_OIFKIND, FIELD_NONE, "meta oifkind", 16, false, SOURCE_STRING, NULL},
        {NFT_META_BRI_IIFPVID, FIELD_NONE, "meta ibrpvid", 2, true, SOURCE_DECIMAL, NULL},
        {NFT_META_BRI_IIFVPROTO, FIELD_NONE, "meta ibrvproto", 2, false, SOURCE_HEX, NULL},
        {NFT_META_TIME_NS, FIELD_NONE, "meta time", 8, true, SOURCE_DECIMAL, NULL},
        {NFT_META_TIME_DAY, FIELD_NONE, "meta day", 1, false, SOURCE_DECIMAL, NULL},
        {NFT_META_TIME_HOUR, FIELD_NONE, "meta hour", 4, true, SOURCE_DECIMAL, NULL},
        {NFT_META_SDIF, FIELD_NONE, "meta sdif", 4, true, SOURCE_DECIMAL, NULL},
        {NFT_META_SDIFNAME, FIELD_NONE, "meta sdifname", 16, false, SOURCE_STRING, NULL},
};

static const struct key ct_keys[] = {
        {NFT_CT_STATE, RS_FIELD_CT_STATE, "ct state", 4, true, SOURCE_HEX, NULL},
        {NFT_CT_DIRECTION, RS_FIELD_CT_DIRECTION, "ct direction", 1, false, SOURCE_DECIMAL, NULL},
        {NFT_CT_STATUS, RS_FIELD_CT_STATUS, "ct status", 4, true, SOURCE_HEX, NULL},
        {NFT_CT_MARK, FIELD_NONE, "ct mark", 4, true, SOURCE_HEX, NULL},
        {NFT_CT_SECMARK, FIELD_NONE, "ct secmark", 4, true, SOURCE_HEX, NULL},
        {NFT_CT_EXPIRATION, FIELD_NONE, "ct expiration", 4, true, SOURCE_DECIMAL, NULL},
        {NFT_CT_HELPER, FIELD_NONE, "ct helper", 16, false, SOURCE_STRING, NULL},
        {NFT_CT_L3PROTOCOL, FIELD_NONE, "ct l3proto", 1, false, SOURCE_DECIMAL, symbols_nfproto},
        {NFT_CT_SRC, FIELD_NONE, "ct saddr", 16, false, SOURCE_HEX, NULL},
        {NFT_CT_DST, FIELD_NONE, "ct daddr", 16, false, SOURCE_HEX, NULL},
        {NFT_CT_PROTOCOL, FIELD_NONE, "ct protocol", 1, false, SOURCE_DECIMAL, symbols_l4proto},
        {NFT_CT_PROTO_SRC, FIELD_NONE, "ct proto-src", 2, false, SOURCE_DECIMAL, NULL},
        {NFT_CT_PROTO_DST, FIELD_NONE, "ct proto-dst", 2, false, SOURCE_DECIMAL, NULL},
        {NFT_CT_LABELS, FIELD_NONE, "ct label", 16, true, SOURCE_HEX, NULL},
        {NFT_CT_PKTS, FIELD_NONE, "ct packets", 8, true, SOURCE_DECIMAL, NULL},
        {NFT_CT_BYTES, FIELD_NONE, "ct bytes", 8, true, SOURCE_DECIMAL, NULL},
        {NFT_CT_AVGPKT, FIELD_NONE, "ct avgpkt", 8, true, SOURCE_DECIMAL, NULL},
        {NFT_CT_ZONE, FIELD_NONE, "ct zone", 2, true, SOURCE_DECIMAL, NULL},
        {NFT_CT_EVENTMASK, FIELD_NONE, "ct event", 4, true, SOURCE_HEX, NULL},
        {NFT_CT_SRC_IP, FIELD_NONE, "ct ip saddr", 4, false, SOURCE_IPV4, NULL},
        {NFT_CT_DST_IP, FIELD_NONE, "ct ip daddr", 4, false, SOURCE_IPV4, NULL},
        {NFT_CT_SRC_IP6, FIELD_NONE, "ct ip6 saddr", 16, false, SOURCE_IPV6, NULL},
        {NFT_CT_DST_IP6, FIELD_NONE, "ct ip6 daddr", 16, false, SOURCE_IPV6, NULL},
        {NFT_CT_ID, FIELD_NONE, "ct id", 4, false, SOURCE_DECIMAL, NULL},
};

static const struct key *key_find(const struct key *table, size_t n, uint32_t key)
{
	for (size_t i = 0; i < n; i++)
		if (table[i].key == key)
			return &table[i];
	return NULL;
}

static void set_statement(struct exec *x, const char *name, uint32_t reg, size_t len)
{
	struct text t = {0};
	text_addf(&t, "%s set ", name);
	size_t value = t.len;
	register_print(&t, x, reg, len);
	builder_statement(&x->b, text_str(&t));
	builder_set_from(&x->b, text_str(&t) + value, text_str(&t));
	text_fini(&t);
}

bool expr_meta(struct exec *x, const struct nlattr *data)
{
	const struct nlattr *tb[NFTA_META_MAX + 1];
	uint32_t key, reg;
	if (!attrs_nested(data, tb, NFTA_META_MAX + 1) || !attr_u32(tb[NFTA_META_KEY], &key))
		return false;
	const struct key *k = key_find(meta_keys, sizeof(meta_keys) / sizeof(meta_keys[0]), key);
	if (k == NULL)
		return false;
	if (attr_u32(tb[NFTA_META_SREG], &reg)) {
		x->b.rs->sets_mark |= key == NFT_META_MARK;
		set_statement(x, k->name, reg, k->width);
		return true;
	}
	if (!attr_u32(tb[NFTA_META_DREG], &reg) || register_offset(reg, k->width) < 0)
		return false;
	if (k->field != FIELD_NONE)
		return load_field(x, reg, k->field, NULL, k->host);
	register_load_unknown(x, reg, k->width, xstrdup(k->name), k->format, k->symbols, k->host);
	return true;
}

bool expr_ct(struct exec *x, const struct nlattr *data)
{
	static const char *const directions[] = {"original", "reply"};
	const struct nlattr *tb[NFTA_CT_MAX + 1];
	uint32_t key, reg;
	uint8_t direction;
	builder_tracks(&x->b);
	if (!attrs_nested(data, tb, NFTA_CT_MAX + 1) || !attr_u32(tb[NFTA_CT_KEY], &key))
		return false;
	const struct key *k = key_find(ct_keys, sizeof(ct_keys) / sizeof(ct_keys[0]), key);
	if (k == NULL)
		return false;
	if (attr_u32(tb[NFTA_CT_SREG], &reg)) {
		set_statement(x, k->name, reg, k->width);
		return true;
	}
	if (!attr_u32(tb[NFTA_CT_DREG], &reg) || register_offset(reg, k->width) < 0)
		return false;
	if (k->field != FIELD_NONE)
		return load_field(x, reg, k->field, NULL, k->host);
	char *text = attr_u8(tb[NFTA_CT_DIRECTION], &direction) && direction < 2
	                     ? xasprintf("ct %s %s", directions[direction], k->name + strlen("ct "))
	                     : xstrdup(k->name);
	register_load_unknown(x, reg, k->width, text, k->format, k->symbols, k->host);
	return true;
}
