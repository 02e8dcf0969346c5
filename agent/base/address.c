/*
 * Addresses, prefixes, ports, protocol and interface names between text and number. Text that is not exactly one of
 * these is refused, host bits beyond a prefix too.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/range.h"
#include "portcullis/text.h"

u128 family_max(enum family f)
{
	return f == FAMILY_IPV4 ? (u128)0xffffffffu : U128_MAX;
}

const char *family_name(enum family f)
{
	return f == FAMILY_IPV4 ? "ipv4" : f == FAMILY_IPV6 ? "ipv6" : "none";
}

bool addr_parse(const char *s, enum family *f, u128 *out)
{
	unsigned char b[16];
	if (inet_pton(AF_INET, s, b) == 1) {
		*f = FAMILY_IPV4;
		*out = (u128)b[0] << 24 | (u128)b[1] << 16 | (u128)b[2] << 8 | b[3];
		return true;
	}
	if (inet_pton(AF_INET6, s, b) == 1) {
		*f = FAMILY_IPV6;
		*out = 0;
		for (size_t i = 0; i < 16; i++)
			*out = *out << 8 | b[i];
		return true;
	}
	return false;
}

const char *addr_print(enum family f, u128 a, char *buf, size_t size)
{
	unsigned char b[16];
	size_t n = f == FAMILY_IPV4 ? 4 : 16;
	for (size_t i = n; i-- > 0; a >>= 8)
		b[i] = (unsigned char)(a & 0xff);
	if (inet_ntop(f == FAMILY_IPV4 ? AF_INET : AF_INET6, b, buf, (socklen_t)size) == NULL && size > 0)
		buf[0] = '\0';
	return buf;
}

static u128 host_mask(int bits, int length)
{
	if (length == 0)
		return bits == 32 ? (u128)0xffffffffu : U128_MAX;
	return length >= bits ? 0 : ((u128)1 << (bits - length)) - 1;
}

int prefix_parse(const char *s, enum family *f, struct range *out, struct error *err)
{
	char text[64], shown[64];
	const char *slash = strchr(s, '/');
	size_t n = slash != NULL ? (size_t)(slash - s) : strlen(s);
	if (n >= sizeof(text))
		return error_set(err, ERR_INVALID, NULL, "'%.60s...' is not an address or prefix", s);
	memcpy(text, s, n);
	text[n] = '\0';
	u128 a;
	if (!addr_parse(text, f, &a))
		return error_set(
		        err, ERR_INVALID, NULL, "'%.60s' is not an address or prefix; write it like 10.0.0.0/8", s);
	int bits = *f == FAMILY_IPV4 ? 32 : 128, length = bits;
	if (slash != NULL) {
		char *end;
		long v = strtol(slash + 1, &end, 10);
		if (slash[1] < '0' || slash[1] > '9' || *end != '\0' || v > bits)
			return error_set(err, ERR_INVALID, NULL, "'%.60s': the prefix length must be 0 to %d", s, bits);
		length = (int)v;
	}
	u128 mask = host_mask(bits, length);
	if ((a & mask) != 0)
		return error_set(err, ERR_INVALID, NULL, "'%.60s' has host bits set; write %s/%d", s,
		        addr_print(*f, a & ~mask, shown, sizeof(shown)), length);
	*out = (struct range){a, a | mask};
	return 0;
}

int range_prefix_length(enum family f, struct range r)
{
	int bits = f == FAMILY_IPV4 ? 32 : 128;
	u128 size_minus_one = r.hi - r.lo;
	if ((size_minus_one & (size_minus_one + 1)) != 0 || (r.lo & size_minus_one) != 0)
		return -1;
	int host = 0;
	while (host < bits && (size_minus_one >> host) != 0)
		host++;
	return bits - host;
}

const char *range_print(enum family f, struct range r, char *buf, size_t size)
{
	char lo[INET6_ADDRSTRLEN], hi[INET6_ADDRSTRLEN];
	int length = range_prefix_length(f, r);
	addr_print(f, r.lo, lo, sizeof(lo));
	if (r.lo == r.hi)
		snprintf(buf, size, "%s", lo);
	else if (length >= 0)
		snprintf(buf, size, "%s/%d", lo, length);
	else
		snprintf(buf, size, "%s-%s", lo, addr_print(f, r.hi, hi, sizeof(hi)));
	return buf;
}

void range_each_prefix(enum family f, struct range r, void (*add)(void *ctx, const char *cidr), void *ctx)
{
	int bits = f == FAMILY_IPV4 ? 32 : 128;
	u128 lo = r.lo;
	for (;;) {
		int host = 0;
		/* the largest aligned block that starts at lo and does not pass r.hi */
		while (host < bits && (lo & host_mask(bits, bits - host - 1)) == 0 &&
		        lo + host_mask(bits, bits - host - 1) <= r.hi && lo + host_mask(bits, bits - host - 1) >= lo)
			host++;
		char a[INET6_ADDRSTRLEN], cidr[INET6_ADDRSTRLEN + 8];
		snprintf(cidr, sizeof(cidr), "%s/%d", addr_print(f, lo, a, sizeof(a)), bits - host);
		add(ctx, cidr);
		u128 last = lo + host_mask(bits, bits - host);
		if (last >= r.hi)
			return;
		lo = last + 1;
	}
}

static bool port_number(const char *s, const char *end, uint16_t *out)
{
	unsigned long v = 0;
	if (s == end || end - s > 5)
		return false;
	for (; s < end; s++) {
		if (*s < '0' || *s > '9')
			return false;
		v = v * 10 + (unsigned long)(*s - '0');
	}
	if (v > 65535)
		return false;
	*out = (uint16_t)v;
	return true;
}

int port_range_parse(const char *s, struct port_range *out, struct error *err)
{
	const char *dash = strchr(s, '-'), *end = s + strlen(s);
	struct port_range p;
	if (!port_number(s, dash != NULL ? dash : end, &p.lo) || !port_number(dash != NULL ? dash + 1 : s, end, &p.hi))
		return error_set(
		        err, ERR_INVALID, NULL, "'%.40s' is not a port (0 to 65535) or a range such as 5060-5061", s);
	if (p.lo > p.hi)
		return error_set(err, ERR_INVALID, NULL, "the range %.40s is reversed; write %u-%u", s, p.hi, p.lo);
	*out = p;
	return 0;
}

const char *port_range_print(struct port_range p, char *buf, size_t size)
{
	char text[2 * DECIMAL_SIZE], *end = text + sizeof(text) - 1, *at = decimal_before(end, p.hi);

	*end = '\0';
	if (p.lo != p.hi) {
		*--at = '-';
		at = decimal_before(at, p.lo);
	}
	if (size > 0)
		memcpy(buf, at, size > (size_t)(end - at) ? (size_t)(end - at) + 1 : size);
	if (size > 0)
		buf[size - 1] = '\0';
	return buf;
}

u128 ifname_value(const char *name)
{
	u128 v = 0;
	bool end = false;
	for (size_t i = 0; i < IFNAMSIZ; i++) {
		if (end || i == IFNAMSIZ - 1 || name[i] == '\0')
			end = true;
		v = v << 8 | (end ? 0 : (unsigned char)name[i]);
	}
	return v;
}

const char *ifname_print(struct range r, char *buf, size_t size)
{
	char lo[IFNAMSIZ + 1] = {0};
	size_t fixed = 0;
	bool point = r.lo == r.hi;
	for (size_t i = 0; i < IFNAMSIZ; i++) {
		unsigned char a = (unsigned char)(r.lo >> (8 * (IFNAMSIZ - 1 - i)));
		unsigned char b = (unsigned char)(r.hi >> (8 * (IFNAMSIZ - 1 - i)));
		if (a != b)
			break;
		lo[fixed++] = (char)a;
	}
	snprintf(buf, size, "%s%s", lo, point ? "" : "*");
	return buf;
}

const char *proto_name(uint8_t proto)
{
	static __thread char number[8];
	switch (proto) {
	case PROTO_ICMP:
		return "icmp";
	case PROTO_TCP:
		return "tcp";
	case PROTO_UDP:
		return "udp";
	case PROTO_ICMPV6:
		return "icmpv6";
	case PROTO_SCTP:
		return "sctp";
	default:
		snprintf(number, sizeof(number), "%u", proto);
		return number;
	}
}
