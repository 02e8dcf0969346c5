/*
 * Packets as bytes: in comes a description, out goes an IPv4 or IPv6 packet with right checksums and a marker at its end,
 * and back. What does not end in a marker of ours, and ICMP errors that quote one, are refused.
 */
#include <string.h>

#include "ip_wire.h"
#include "oracle/oracle.h"

static const uint8_t magic[4] = {'o', 'r', 'c', 'l'};
#define TRACED_DSCP 1

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

bool wire_has_ports(uint8_t proto)
{
	return proto == PROTO_TCP || proto == PROTO_UDP;
}

bool wire_is_echo(uint8_t proto, uint8_t type)
{
	return (proto == PROTO_ICMP && (type == 0 || type == 8)) ||
	       (proto == PROTO_ICMPV6 && (type == 128 || type == 129));
}

static bool is_icmp(uint8_t proto)
{
	return proto == PROTO_ICMP || proto == PROTO_ICMPV6;
}

/** @return the length without the marker; *checksum: where that goes, 0 for none. */
static size_t transport_head(uint8_t *p, const struct wire *w, size_t *checksum)
{
	memset(p, 0, 32);
	*checksum = 0;
	if (is_icmp(w->proto)) {
		p[0] = w->icmp_type;
		put16(p + 4, w->sport);
		put16(p + 6, 1);
		*checksum = 2;
		/* A timestamp, and what neighbours say of each other, is of a certain length. */
		return w->proto == PROTO_ICMP && (w->icmp_type == 13 || w->icmp_type == 14) ? 20 : 8;
	}
	if (!wire_has_ports(w->proto))
		return 8;
	put16(p, w->sport);
	put16(p + 2, w->dport);
	*checksum = w->proto == PROTO_TCP ? 16 : 6;
	if (w->proto == PROTO_UDP) {
		put16(p + 4, 16);
		return 8;
	}
	put32(p + 4, w->seq);
	put32(p + 8, w->ack);
	p[12] = 5 << 4;
	p[13] = w->tcp_flags;
	put16(p + 14, 60000);
	return 20;
}

size_t wire_build(uint8_t *out, const struct wire *w)
{
	bool four = w->family == FAMILY_IPV4;
	size_t head = four ? 20 : 40, at = four ? 12 : 8, size = four ? 4 : 16, checksum, n;
	uint32_t sum;

	memset(out, 0, head);
	n = transport_head(out + head, w, &checksum);
	memcpy(out + head + n, magic, sizeof(magic));
	put32(out + head + n + 4, w->marker);
	n += 8;
	put_address(out + at, size, w->source);
	put_address(out + at + size, size, w->destination);
	if (four) {
		out[0] = 0x45;
		out[1] = w->traced ? TRACED_DSCP << 2 : 0;
		put16(out + 2, (unsigned)(head + n));
		out[8] = 64;
		out[9] = w->proto;
		put16(out + 10, fold(sum16(out, 20, 0)));
	} else {
		put16(out, 0x6000 | (w->traced ? TRACED_DSCP << 6 : 0));
		put16(out + 4, (unsigned)n);
		out[6] = w->proto;
		out[7] = 64;
	}
	sum = w->proto == PROTO_ICMP ? 0 : sum16(out + at, 2 * size, (uint32_t)n + w->proto);
	if (checksum > 0)
		put16(out + head + checksum, fold(sum16(out + head, n, sum)));
	return head + n;
}

bool wire_read_transport(const uint8_t *p, size_t n, struct wire *out)
{
	if (n < 16 || memcmp(p + n - 8, magic, sizeof(magic)) != 0)
		return false;
	out->marker = (uint32_t)get16(p + n - 4) << 16 | get16(p + n - 2);
	out->sport = out->dport = 0;
	out->icmp_type = 0;
	if (wire_has_ports(out->proto)) {
		out->sport = get16(p);
		out->dport = get16(p + 2);
	} else if (is_icmp(out->proto)) {
		out->icmp_type = p[0];
		out->sport = get16(p + 4);
		/* An error quotes the packet that it is about. */
		if (n > 40)
			return false;
	}
	return true;
}

bool wire_read(const uint8_t *p, size_t n, struct wire *out)
{
	bool four = n > 0 && p[0] >> 4 == 4;
	size_t head = four ? 20 : 40, at = four ? 12 : 8, size = four ? 4 : 16;

	if (n < head)
		return false;
	*out = (struct wire){.family = four ? FAMILY_IPV4 : FAMILY_IPV6, .proto = four ? p[9] : p[6]};
	out->source = get_address(p + at, size);
	out->destination = get_address(p + at + size, size);
	return wire_read_transport(p + head, n - head, out);
}
