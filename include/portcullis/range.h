#ifndef PORTCULLIS_RANGE_H
#define PORTCULLIS_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "portcullis/error.h"

/**
 * Every matched value of a packet is a number of at most 128 bits: an IPv4 address is its 32 bits, an IPv6 address its
 * 128 bits, a port its 16 bits, an interface name its 16 bytes (IFNAMSIZ, NUL-padded) read as one big-endian number, so
 * that a name is a point and "eth*" an interval.
 */
__extension__ typedef unsigned __int128 u128;

#define U128_MAX (~(u128)0)

enum family { FAMILY_NONE = 0, FAMILY_IPV4 = 4, FAMILY_IPV6 = 6 };

/** Inclusive. */
struct range {
	u128 lo, hi;
};

/** Sorted, disjoint, not adjacent after ranges_normalise(). Start with {0}; release with ranges_fini(). */
struct ranges {
	struct range *item;
	size_t n, cap; /**< cap 0: the items, if any, are somebody else's memory */
};

void ranges_fini(struct ranges *r);
void ranges_add(struct ranges *r, u128 lo, u128 hi);
/** Sort and join overlapping and adjacent ranges. Every function below needs and keeps this form. */
void ranges_normalise(struct ranges *r);
void ranges_copy(struct ranges *out, const struct ranges *in);
/** out = a minus b; out must be empty. */
void ranges_subtract(struct ranges *out, const struct ranges *a, const struct ranges *b);
/** out = a and b; out must be empty. */
void ranges_intersect(struct ranges *out, const struct ranges *a, const struct ranges *b);
bool ranges_contain(const struct ranges *r, u128 value);
/** All of range q inside r. */
bool ranges_cover(const struct ranges *r, struct range q);
bool ranges_overlap(const struct ranges *r, struct range q);
/** The first range that ends at or behind a value; r->n: none. */
size_t ranges_first(const struct ranges *r, u128 value);
bool ranges_equal(const struct ranges *a, const struct ranges *b);

/** Largest value of the family: 2^32-1 or 2^128-1. */
u128 family_max(enum family f);
const char *family_name(enum family f); /**< "ipv4", "ipv6" */

/** An address in text (RFC 4291, dotted quad). @return false when it is not one. */
bool addr_parse(const char *s, enum family *f, u128 *out);
/** An address or prefix, "10.0.0.0/8". Host bits set: ERR_INVALID that names the prefix without them. */
int prefix_parse(const char *s, enum family *f, struct range *out, struct error *err) MUST_USE;
/** RFC 5952 text. buf of at least 46 bytes. @return buf. */
const char *addr_print(enum family f, u128 a, char *buf, size_t size);
/** Prefix length of an aligned power-of-two range, or -1. */
int range_prefix_length(enum family f, struct range r);
/** "10.0.0.0/8", "10.0.0.1" or "10.0.0.1-10.0.0.9". buf of at least 96 bytes. @return buf. */
const char *range_print(enum family f, struct range r, char *buf, size_t size);
/** Split a range into CIDR strings: calls add(ctx, "10.0.0.0/31") for each, in order. Hosts are printed with /32 or /128. */
void range_each_prefix(enum family f, struct range r, void (*add)(void *ctx, const char *cidr), void *ctx);

/** Host order, inclusive. */
struct port_range {
	uint16_t lo, hi;
};

/** "5061" or "49152-57500"; reversed or out of 0..65535: ERR_INVALID. */
int port_range_parse(const char *s, struct port_range *out, struct error *err) MUST_USE;
/** buf of at least 12 bytes. @return buf. */
const char *port_range_print(struct port_range p, char *buf, size_t size);

/** An interface name as a number (at most 15 characters; longer ones are cut). */
u128 ifname_value(const char *name);
/** The name, or "eth*" for a wildcard interval. buf of at least 17 bytes. @return buf. */
const char *ifname_print(struct range r, char *buf, size_t size);

/** IP protocol numbers used here (IANA). */
enum { PROTO_ICMP = 1, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_ICMPV6 = 58, PROTO_SCTP = 132 };
const char *proto_name(uint8_t proto); /**< "tcp", "udp", ... or a decimal number in static storage per thread */

/** SHA-256 (FIPS 180-4) as 64 hex digits and NUL. */
void sha256_hex(const void *data, size_t len, char out[65]);
/** FNV-1a, 32 bits: stable across builds; used to derive ids from names. */
uint32_t hash32(const char *s);

#endif
