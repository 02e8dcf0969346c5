/*
 * The packets of a connection as bytes: addresses, ports and a place in the connection come in, an IP packet with right
 * checksums and a marker goes out, and the reverse. Protocols but TCP, UDP and ICMP echo are refused.
 */
#include <string.h>

#include "cli/prove.h"

#define TCP_FIN 1
#define TCP_SYN 2
#define TCP_PSH 8
#define TCP_ACK 16
#define MARKER 4u

size_t probe_list(uint8_t proto, const struct probe **out)
{
	static const struct probe tcp[] = {{PHASE_NEW, TCP_SYN, 1000, 0}, {PHASE_REPLY, TCP_SYN | TCP_ACK, 7000, 1005},
	        {PHASE_REPLY, TCP_ACK, 7005, 1005}, {PHASE_ESTABLISHED, TCP_ACK, 1005, 7009},
	        {PHASE_ESTABLISHED, TCP_PSH | TCP_ACK, 1009, 7009}, {PHASE_ESTABLISHED, TCP_FIN | TCP_ACK, 1013, 7009}};
	static const struct probe other[] = {
	        {.phase = PHASE_NEW}, {.phase = PHASE_REPLY}, {.phase = PHASE_ESTABLISHED}};

	*out = proto == PROTO_TCP ? tcp : other;
	if (proto == PROTO_TCP)
		return sizeof(tcp) / sizeof(tcp[0]);
	return proto == PROTO_UDP || proto == PROTO_ICMP || proto == PROTO_ICMPV6 ? 3 : 0;
}

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

static size_t address_size(enum family f)
{
	return f == FAMILY_IPV4 ? 4 : 16;
}

static void put_address(uint8_t *p, enum family f, u128 a)
{
	for (size_t i = address_size(f); i > 0; i--, a >>= 8)
		p[i - 1] = (uint8_t)a;
}

static u128 get_address(const uint8_t *p, enum family f)
{
	u128 a = 0;

	for (size_t i = 0; i < address_size(f); i++)
		a = a << 8 | p[i];
	return a;
}

static uint32_t sum16(const uint8_t *p, size_t n, uint32_t sum)
{
	for (size_t i = 0; i < n; i++)
		sum += (uint32_t)p[i] << (i % 2 == 0 ? 8 : 0);
	return sum;
}

static unsigned fold(uint32_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

/** Transport header and marker. @return length; *checksum: where it goes. */
static size_t transport_make(
        uint8_t *p, const struct prove_connection *c, const struct probe *probe, uint32_t marker, size_t *checksum)
{
	bool reply = probe->phase == PHASE_REPLY;
	uint8_t proto = c->first.proto;
	size_t n = proto == PROTO_TCP ? 20 : 8;

	memset(p, 0, 20);
	if (proto == PROTO_ICMP || proto == PROTO_ICMPV6) {
		p[0] = reply ? (proto == PROTO_ICMP ? 0 : 129) : c->first.icmp_type;
		put16(p + 4, 1); /* identifier and sequence: what ties an answer to its question */
		put16(p + 6, 1);
		*checksum = 2;
	} else {
		put16(p, reply ? c->seen.destination_port : c->first.source_port);
		put16(p + 2, reply ? c->seen.source_port : c->first.destination_port);
		*checksum = proto == PROTO_TCP ? 16 : 6;
	}
	if (proto == PROTO_TCP) {
		put32(p + 4, probe->seq);
		put32(p + 8, probe->ack);
		p[12] = 5 << 4;
		p[13] = probe->tcp_flags;
		put16(p + 14, 60000);
	} else if (proto == PROTO_UDP) {
		put16(p + 4, 8 + MARKER);
	}
	put32(p + n, marker);
	return n + MARKER;
}

size_t probe_make(
        const struct prove_connection *c, const struct probe *p, uint32_t marker, uint8_t out[PROVE_PACKET_MAX])
{
	enum family f = c->first.family;
	bool reply = p->phase == PHASE_REPLY, ip4 = f == FAMILY_IPV4;
	size_t head = ip4 ? 20 : 40, at = ip4 ? 12 : 8, checksum, n;
	uint32_t sum;

	memset(out, 0, head);
	n = transport_make(out + head, c, p, marker, &checksum);
	put_address(out + at, f, reply ? c->seen.destination : c->first.source);
	put_address(out + at + address_size(f), f, reply ? c->seen.source : c->first.destination);
	if (ip4) {
		out[0] = 0x45;
		put16(out + 2, (unsigned)(head + n));
		out[8] = 64;
		out[9] = c->first.proto;
		put16(out + 10, fold(sum16(out, 20, 0)));
	} else {
		out[0] = 0x60;
		put16(out + 4, (unsigned)n);
		out[6] = c->first.proto;
		out[7] = 64;
	}
	/* ICMP of IPv4 has no pseudo header. */
	sum = c->first.proto == PROTO_ICMP ? 0 : sum16(out + at, 2 * address_size(f), (uint32_t)n + c->first.proto);
	put16(out + head + checksum, fold(sum16(out + head, n, sum)));
	return head + n;
}

bool probe_read(const uint8_t *bytes, size_t len, uint32_t marker, struct packet *out)
{
	bool ip4 = len > 0 && bytes[0] >> 4 == 4;
	size_t head = ip4 ? 20 : 40, at = ip4 ? 12 : 8;
	enum family f = ip4 ? FAMILY_IPV4 : FAMILY_IPV6;
	uint8_t want[MARKER];

	put32(want, marker);
	if (len < head + 8 + MARKER || memcmp(bytes + len - MARKER, want, MARKER) != 0)
		return false;
	memset(out, 0, sizeof(*out));
	out->family = f;
	out->proto = bytes[ip4 ? 9 : 6];
	out->source = get_address(bytes + at, f);
	out->destination = get_address(bytes + at + address_size(f), f);
	if (out->proto == PROTO_TCP || out->proto == PROTO_UDP) {
		out->source_port = (uint16_t)(bytes[head] << 8 | bytes[head + 1]);
		out->destination_port = (uint16_t)(bytes[head + 2] << 8 | bytes[head + 3]);
	} else {
		out->icmp_type = bytes[head];
	}
	return true;
}
