/*
 * Matches that ask how IPsec treats a packet: a condition in nft syntax, or iptables' structure of the match `policy`,
 * comes in, the question that IPsec policies can answer goes out. What is not known word for word stays a condition that
 * nobody decides.
 */
#include <arpa/inet.h>
#include <linux/netfilter/xt_policy.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "ruleset/exec.h"

/* Step over a word; false where another one stands. */
static bool skip(const char **s, const char *word)
{
	size_t len = strlen(word);
	if (strncmp(*s, word, len) != 0)
		return false;
	*s += len;
	return true;
}

static bool number(const char **s, uint32_t *out)
{
	uint64_t v = 0;
	const char *p = *s;
	for (; *p >= '0' && *p <= '9' && v <= UINT32_MAX; p++)
		v = v * 10 + (unsigned)(*p - '0');
	if (p == *s || v > UINT32_MAX)
		return false;
	*s = p;
	*out = (uint32_t)v;
	return true;
}

/* "exists" and "missing" behind "meta ipsec" or "rt ipsec". */
static bool read_presence(const char *s, struct rs_ipsec *q)
{
	bool negate = skip(&s, "!= ");
	bool missing = strcmp(s, "missing") == 0;
	q->none = missing != negate;
	return missing || strcmp(s, "exists") == 0;
}

static bool read_address(const char *s, struct rs_ipsec_part *part, bool source)
{
	enum family family;
	u128 address;
	if (!addr_parse(s, &family, &address) || family != part->family)
		return false;
	*(source ? &part->source : &part->destination) = address;
	*(source ? &part->source_mask : &part->destination_mask) = family_max(family);
	return true;
}

/* "reqid 7", "ip saddr != 192.0.2.1" */
static bool read_key(const char *s, struct rs_ipsec_part *part)
{
	static const struct {
		const char *name;
		unsigned key;
		enum family family;
	} keys[] = {{"reqid ", RS_IPSEC_REQID, FAMILY_NONE}, {"spi ", RS_IPSEC_SPI, FAMILY_NONE},
	        {"ip saddr ", RS_IPSEC_SOURCE, FAMILY_IPV4}, {"ip daddr ", RS_IPSEC_DESTINATION, FAMILY_IPV4},
	        {"ip6 saddr ", RS_IPSEC_SOURCE, FAMILY_IPV6}, {"ip6 daddr ", RS_IPSEC_DESTINATION, FAMILY_IPV6}};
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!skip(&s, keys[i].name))
			continue;
		*(skip(&s, "!= ") ? &part->inverted : &part->asked) = keys[i].key;
		part->family = keys[i].family;
		part->tunnels_only = keys[i].family != FAMILY_NONE;
		if (part->tunnels_only)
			return read_address(s, part, keys[i].key == RS_IPSEC_SOURCE);
		return number(&s, keys[i].key == RS_IPSEC_REQID ? &part->reqid : &part->spi) && *s == '\0';
	}
	return false;
}

static bool read_question(const char *s, struct rs_ipsec *q)
{
	uint32_t at = 0;
	q->at = RS_IPSEC_ANYWHERE;
	if (skip(&s, "meta ipsec "))
		return read_presence(s, q);
	if (skip(&s, "rt ipsec ")) {
		q->out = true;
		return read_presence(s, q);
	}
	if (!skip(&s, "ipsec "))
		return false;
	q->out = skip(&s, "out ");
	if (!q->out && !skip(&s, "in "))
		return false;
	if (skip(&s, "spnum ") && (!number(&s, &at) || !skip(&s, " ") || at > INT16_MAX))
		return false;
	q->at = (int)at;
	q->n = 1;
	return read_key(s, &q->part[0]);
}

struct rs_ipsec *ipsec_question(const char *text)
{
	struct rs_ipsec q = {.n = 0}, *out;
	if (!read_question(text, &q))
		return NULL;
	out = xmalloc(sizeof(*out));
	*out = q;
	return out;
}

static u128 policy_address(const union nf_inet_addr *a, enum family family)
{
	const uint8_t *byte = (const uint8_t *)a;
	u128 v = 0;
	for (size_t i = 0; i < (family == FAMILY_IPV4 ? 4u : 16u); i++)
		v = v << 8 | byte[i];
	return v;
}

static void note(struct rs_ipsec_part *part, bool asked, bool inverted, unsigned key)
{
	if (asked)
		*(inverted ? &part->inverted : &part->asked) |= key;
}

static struct rs_ipsec_part policy_part(const struct xt_policy_elem *e, enum family family)
{
	struct rs_ipsec_part part = {
	        .mode = e->mode == 0   ? IPSEC_TRANSPORT
	                : e->mode == 1 ? IPSEC_TUNNEL
	                               : IPSEC_OTHER_MODE,
	        .proto = e->proto,
	        .reqid = e->reqid,
	        .spi = ntohl(e->spi),
	        .family = family,
	        .source = policy_address((const union nf_inet_addr *)&e->saddr, family),
	        .source_mask = policy_address((const union nf_inet_addr *)&e->smask, family),
	        .destination = policy_address((const union nf_inet_addr *)&e->daddr, family),
	        .destination_mask = policy_address((const union nf_inet_addr *)&e->dmask, family),
	};
	note(&part, e->match.mode, e->invert.mode, RS_IPSEC_MODE);
	note(&part, e->match.proto, e->invert.proto, RS_IPSEC_PROTO);
	note(&part, e->match.reqid, e->invert.reqid, RS_IPSEC_REQID);
	note(&part, e->match.saddr, e->invert.saddr, RS_IPSEC_SOURCE);
	note(&part, e->match.daddr, e->invert.daddr, RS_IPSEC_DESTINATION);
	note(&part, e->match.spi, e->invert.spi, RS_IPSEC_SPI);
	return part;
}

static void address_print(struct text *t, const char *word, enum family f, u128 address, u128 mask)
{
	char a[64], b[64];
	text_addf(t, " %s %s", word, addr_print(f, address, a, sizeof(a)));
	if (mask != family_max(f))
		text_addf(t, "/%s", addr_print(f, mask, b, sizeof(b)));
}

/* In the words of iptables-extensions(8). */
static void part_print(struct text *t, const struct rs_ipsec_part *part)
{
	for (unsigned key = 1; key <= RS_IPSEC_SPI; key <<= 1) {
		if (((part->asked | part->inverted) & key) == 0)
			continue;
		if (part->inverted & key)
			text_add(t, " !");
		if (key == RS_IPSEC_MODE)
			text_addf(t, " --mode %s", part->mode == IPSEC_TUNNEL ? "tunnel" : "transport");
		else if (key == RS_IPSEC_PROTO)
			text_addf(t, " --proto %s",
			        part->proto == 50    ? "esp"
			        : part->proto == 51  ? "ah"
			        : part->proto == 108 ? "ipcomp"
			                             : "other");
		else if (key == RS_IPSEC_REQID)
			text_addf(t, " --reqid %u", part->reqid);
		else if (key == RS_IPSEC_SPI)
			text_addf(t, " --spi 0x%x", part->spi);
		else if (key == RS_IPSEC_SOURCE)
			address_print(t, "--tunnel-src", part->family, part->source, part->source_mask);
		else
			address_print(t, "--tunnel-dst", part->family, part->destination, part->destination_mask);
	}
}

/* The kernel pads its structures to eight bytes. */
bool xt_policy(struct exec *x, const void *info, size_t len)
{
	struct xt_policy_info m;
	enum family family = x->b.nfproto == 10 ? FAMILY_IPV6 : FAMILY_IPV4;
	if (len < sizeof(m) || len >= sizeof(m) + 8)
		return false;
	memcpy(&m, info, sizeof(m));
	if (m.len > RS_IPSEC_PARTS || x->b.nfproto == -1 ||
	        ((m.flags & XT_POLICY_MATCH_IN) != 0) == ((m.flags & XT_POLICY_MATCH_OUT) != 0))
		return false;
	struct rs_ipsec *q = xcalloc(1, sizeof(*q));
	struct text t = {0};
	q->out = (m.flags & XT_POLICY_MATCH_OUT) != 0;
	q->none = (m.flags & XT_POLICY_MATCH_NONE) != 0;
	q->strict = (m.flags & XT_POLICY_MATCH_STRICT) != 0 && !q->none;
	q->at = RS_IPSEC_ANYWHERE;
	text_addf(&t, "xt match \"policy\" --dir %s --pol %s%s", q->out ? "out" : "in", q->none ? "none" : "ipsec",
	        q->strict ? " --strict" : "");
	for (size_t i = 0; !q->none && i < m.len; i++) {
		q->part[q->n++] = policy_part(&m.pol[i], family);
		text_add(&t, i > 0 ? " --next" : "");
		part_print(&t, &q->part[i]);
	}
	builder_ipsec(&x->b, "policy", text_str(&t), q);
	text_fini(&t);
	return true;
}
