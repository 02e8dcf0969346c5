/*
 * The matches of iptables-nft, from the x_tables structures in the bytecode: the common ones become matches of the model,
 * the others atoms named after the match. A structure of another size or revision than is known stays an atom.
 */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_iprange.h>
#include <linux/netfilter/xt_mac.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_pkttype.h>
#include <linux/netfilter/xt_rpfilter.h>
#include <linux/netfilter/xt_state.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "ruleset/exec.h"

/** @return false: not decoded, nothing was done. */
typedef bool xt_fn(struct exec *x, const void *info, size_t len);

/* x_tables pads its structures to eight bytes. */
static bool info_copy(void *out, size_t size, const void *info, size_t len)
{
	if (len < size || len >= size + 8)
		return false;
	memcpy(out, info, size);
	return true;
}

static void ports(struct exec *x, unsigned field, uint16_t lo, uint16_t hi, bool invert)
{
	struct ranges r = {0};
	if (lo == 0 && hi == 65535 && !invert)
		return;
	if (lo <= hi)
		ranges_add(&r, lo, hi);
	builder_ranges(&x->b, field, NULL, &r, invert);
}

static bool xt_tcp(struct exec *x, const void *info, size_t len)
{
	struct xt_tcp m;
	if (!info_copy(&m, sizeof(m), info, len) || x->b.l4proto != PROTO_TCP || m.option != 0)
		return false;
	ports(x, RS_FIELD_SPORT, m.spts[0], m.spts[1], m.invflags & XT_TCP_INV_SRCPT);
	ports(x, RS_FIELD_DPORT, m.dpts[0], m.dpts[1], m.invflags & XT_TCP_INV_DSTPT);
	bool invert = m.invflags & XT_TCP_INV_FLAGS;
	if (m.flg_mask != 0)
		builder_mask(&x->b, RS_FIELD_TCP_FLAGS, NULL, m.flg_mask, m.flg_cmp, invert);
	else if ((m.flg_cmp != 0) != invert)
		builder_never(&x->b);
	return true;
}

static bool xt_udp(struct exec *x, const void *info, size_t len)
{
	struct xt_udp m;
	if (!info_copy(&m, sizeof(m), info, len) || (x->b.l4proto != PROTO_UDP && x->b.l4proto != 136))
		return false;
	ports(x, RS_FIELD_SPORT, m.spts[0], m.spts[1], m.invflags & XT_UDP_INV_SRCPT);
	ports(x, RS_FIELD_DPORT, m.dpts[0], m.dpts[1], m.invflags & XT_UDP_INV_DSTPT);
	return true;
}

static struct ranges multiport_list(const struct xt_multiport_v1 *m)
{
	struct ranges r = {0};
	for (unsigned i = 0; i < m->count; i++) {
		uint16_t lo = m->ports[i], hi = lo;
		if (m->pflags[i] && i + 1 < m->count)
			hi = m->ports[++i];
		if (lo <= hi)
			ranges_add(&r, lo, hi);
	}
	ranges_normalise(&r);
	return r;
}

static void multiport_ranges(struct exec *x, const struct xt_multiport_v1 *m, unsigned field)
{
	struct ranges r = multiport_list(m);
	builder_ranges(&x->b, field, NULL, &r, m->invert);
}

/* Either port is a choice: a set of pairs with one of them free. */
static bool multiport_either(struct exec *x, const struct xt_multiport_v1 *m)
{
	static const unsigned field[] = {RS_FIELD_SPORT, RS_FIELD_DPORT};
	static const enum rs_field model[] = {RS_FIELD_SPORT, RS_FIELD_DPORT};
	size_t index = netlink_own_set(x->nl, x->b.chain, model, 2);
	if (index == SIZE_MAX)
		return false;
	struct ranges r = multiport_list(m);
	for (size_t i = 0; i < 2 * r.n; i++) {
		struct rs_element *e = set_element_add(&x->b.rs->set[index]);
		e->verdict.code = RS_CONTINUE;
		e->key[i % 2] = r.item[i / 2];
		e->key[1 - i % 2] = (struct range){0, UINT16_MAX};
	}
	set_sort(&x->b.rs->set[index]);
	ranges_fini(&r);
	builder_set(&x->b, field, 2, NULL, index, false);
	return true;
}

static bool xt_multiport(struct exec *x, const void *info, size_t len)
{
	struct xt_multiport_v1 m;
	if (!info_copy(&m, sizeof(m), info, len) || m.count > XT_MULTI_PORTS || port_protocol(x->b.l4proto) == NULL)
		return false;
	if (m.flags > XT_MULTIPORT_EITHER)
		return false;
	/* Neither port is a conjunction. */
	if (m.flags == XT_MULTIPORT_EITHER && !m.invert)
		return multiport_either(x, &m);
	if (m.flags != XT_MULTIPORT_DESTINATION)
		multiport_ranges(x, &m, RS_FIELD_SPORT);
	if (m.flags != XT_MULTIPORT_SOURCE)
		multiport_ranges(x, &m, RS_FIELD_DPORT);
	return true;
}

static bool xt_state(struct exec *x, const void *info, size_t len)
{
	struct xt_state_info m;
	builder_tracks(&x->b);
	if (!info_copy(&m, sizeof(m), info, len))
		return false;
	builder_mask(&x->b, RS_FIELD_CT_STATE, NULL, m.statemask & 0x4f, 0, true);
	return true;
}

struct conntrack {
	unsigned match_flags, invert_flags, state_mask, status_mask;
};

/* The three revisions differ in widths only. */
static bool conntrack_read(const void *info, size_t len, struct conntrack *out)
{
	struct xt_conntrack_mtinfo3 m3;
	struct xt_conntrack_mtinfo2 m2;
	struct xt_conntrack_mtinfo1 m1;
	if (info_copy(&m3, sizeof(m3), info, len))
		*out = (struct conntrack){m3.match_flags, m3.invert_flags, m3.state_mask, m3.status_mask};
	else if (info_copy(&m2, sizeof(m2), info, len))
		*out = (struct conntrack){m2.match_flags, m2.invert_flags, m2.state_mask, m2.status_mask};
	else if (info_copy(&m1, sizeof(m1), info, len))
		*out = (struct conntrack){m1.match_flags, m1.invert_flags, m1.state_mask, m1.status_mask};
	else
		return false;
	return true;
}

/* States as x_tables numbers them, which are those of the model but for untracked and the two of NAT. */
#define XT_STATES (XT_CONNTRACK_STATE_INVALID | 2 | 4 | 8)

/* Does the match on states hold for some packet that has no connection: invalid or untracked. */
static bool conntrack_may_be_absent(const struct conntrack *m)
{
	unsigned states = m->invert_flags & XT_CONNTRACK_STATE ? ~m->state_mask : m->state_mask;
	return (states & (XT_CONNTRACK_STATE_INVALID | XT_CONNTRACK_STATE_UNTRACKED)) != 0;
}

static bool conntrack_state(struct exec *x, const struct conntrack *m)
{
	unsigned nat = m->state_mask & (XT_CONNTRACK_STATE_SNAT | XT_CONNTRACK_STATE_DNAT);
	unsigned states = m->state_mask & XT_STATES;
	bool invert = m->invert_flags & XT_CONNTRACK_STATE;
	if (m->state_mask & XT_CONNTRACK_STATE_UNTRACKED)
		states |= 64;
	/*
	 * One of states and translations is a choice over two fields; none of them is a conjunction, but for packets
	 * without a connection, which have no status to ask for.
	 */
	if (nat != 0 && (invert ? conntrack_may_be_absent(m) : states != 0))
		return false;
	if (nat != 0)
		builder_mask(&x->b, RS_FIELD_CT_STATUS, NULL,
		        (nat & XT_CONNTRACK_STATE_SNAT ? 16u : 0) | (nat & XT_CONNTRACK_STATE_DNAT ? 32u : 0), 0,
		        !invert);
	if (states != 0)
		builder_mask(&x->b, RS_FIELD_CT_STATE, NULL, states, 0, !invert);
	if (nat == 0 && states == 0 && !invert)
		builder_never(&x->b);
	return true;
}

static bool xt_conntrack(struct exec *x, const void *info, size_t len)
{
	const unsigned known =
	        XT_CONNTRACK_STATE | XT_CONNTRACK_STATE_ALIAS | XT_CONNTRACK_STATUS | XT_CONNTRACK_DIRECTION;
	struct conntrack m;
	builder_tracks(&x->b);
	if (!conntrack_read(info, len, &m) || (m.match_flags & ~known) != 0)
		return false;
	/* Where there is no connection the kernel asks for the state and for nothing else. */
	if ((m.match_flags & XT_CONNTRACK_STATE) && (m.match_flags & (XT_CONNTRACK_STATUS | XT_CONNTRACK_DIRECTION)) &&
	        conntrack_may_be_absent(&m))
		return false;
	if ((m.match_flags & XT_CONNTRACK_STATE) && !conntrack_state(x, &m))
		return false;
	if (m.match_flags & XT_CONNTRACK_STATUS)
		builder_mask(
		        &x->b, RS_FIELD_CT_STATUS, NULL, m.status_mask, 0, (m.invert_flags & XT_CONNTRACK_STATUS) == 0);
	if (m.match_flags & XT_CONNTRACK_DIRECTION)
		builder_point(&x->b, RS_FIELD_CT_DIRECTION, NULL, m.invert_flags & XT_CONNTRACK_DIRECTION ? 1 : 0);
	return true;
}

static bool xt_comment(struct exec *x, const void *info, size_t len)
{
	free(x->b.rule.comment);
	x->b.rule.comment = quoted_clean(xstrndup(info, strnlen(info, len)));
	return true;
}

static u128 inet_number(const union nf_inet_addr *a, size_t len)
{
	const uint8_t *p = (const uint8_t *)a;
	u128 v = 0;
	for (size_t i = 0; i < len; i++)
		v = v << 8 | p[i];
	return v;
}

static void address_range(
        struct exec *x, unsigned field, const union nf_inet_addr *lo, const union nf_inet_addr *hi, bool invert)
{
	size_t len = field_info(field)->width;
	struct ranges r = {0};
	if (inet_number(lo, len) <= inet_number(hi, len))
		ranges_add(&r, inet_number(lo, len), inet_number(hi, len));
	builder_ranges(&x->b, field, NULL, &r, invert);
}

static bool xt_iprange(struct exec *x, const void *info, size_t len)
{
	struct xt_iprange_mtinfo m;
	if (!info_copy(&m, sizeof(m), info, len) || x->b.nfproto == -1)
		return false;
	bool four = x->b.nfproto == 2;
	if (m.flags & IPRANGE_SRC)
		address_range(x, four ? RS_FIELD_IP_SADDR : RS_FIELD_IP6_SADDR, &m.src_min, &m.src_max,
		        m.flags & IPRANGE_SRC_INV);
	if (m.flags & IPRANGE_DST)
		address_range(x, four ? RS_FIELD_IP_DADDR : RS_FIELD_IP6_DADDR, &m.dst_min, &m.dst_max,
		        m.flags & IPRANGE_DST_INV);
	return true;
}

static bool icmp_type(struct exec *x, unsigned field, unsigned type, const uint8_t *code, bool invert)
{
	bool any_code = code[0] == 0 && code[1] == 0xff;
	if (type == 0xff && field == RS_FIELD_ICMP_TYPE) {
		if (invert)
			builder_never(&x->b);
		return true;
	}
	if (invert && !any_code)
		return false;
	struct ranges r = {0};
	ranges_add(&r, type, type);
	builder_ranges(&x->b, field, NULL, &r, invert);
	if (any_code)
		return true;
	struct ranges codes = {0};
	if (code[0] <= code[1])
		ranges_add(&codes, code[0], code[1]);
	builder_ranges(
	        &x->b, field == RS_FIELD_ICMP_TYPE ? RS_FIELD_ICMP_CODE : RS_FIELD_ICMPV6_CODE, NULL, &codes, false);
	return true;
}

static bool xt_icmp(struct exec *x, const void *info, size_t len)
{
	struct ipt_icmp m;
	if (!info_copy(&m, sizeof(m), info, len) || x->b.l4proto != PROTO_ICMP)
		return false;
	return icmp_type(x, RS_FIELD_ICMP_TYPE, m.type, m.code, m.invflags & IPT_ICMP_INV);
}

static bool xt_icmp6(struct exec *x, const void *info, size_t len)
{
	struct ip6t_icmp m;
	if (!info_copy(&m, sizeof(m), info, len) || x->b.l4proto != PROTO_ICMPV6)
		return false;
	return icmp_type(x, RS_FIELD_ICMPV6_TYPE, m.type, m.code, m.invflags & IP6T_ICMP_INV);
}

static bool xt_mark(struct exec *x, const void *info, size_t len)
{
	struct xt_mark_mtinfo1 m;
	if (!info_copy(&m, sizeof(m), info, len))
		return false;
	if (m.mask != 0)
		builder_mask(&x->b, RS_FIELD_MARK, NULL, m.mask, m.mark, m.invert);
	else if ((m.mark != 0) != (m.invert != 0))
		builder_never(&x->b);
	return true;
}

static bool xt_mac(struct exec *x, const void *info, size_t len)
{
	struct xt_mac_info m;
	if (!info_copy(&m, sizeof(m), info, len))
		return false;
	const unsigned char *a = m.srcaddr;
	char *text = xasprintf("ether saddr %s%02x:%02x:%02x:%02x:%02x:%02x", m.invert ? "!= " : "", a[0], a[1], a[2],
	        a[3], a[4], a[5]);
	builder_atom(&x->b, "ether saddr", text);
	free(text);
	return true;
}

static bool xt_pkttype(struct exec *x, const void *info, size_t len)
{
	struct xt_pkttype_info m;
	if (!info_copy(&m, sizeof(m), info, len))
		return false;
	const char *name = symbol_name(symbols_pkttype, (uint64_t)(unsigned)m.pkttype);
	if (name == NULL)
		return false;
	char *text = xasprintf("meta pkttype %s%s", m.invert ? "!= " : "", name);
	builder_atom(&x->b, "meta pkttype", text);
	free(text);
	return true;
}

static void addrtype_atom(struct exec *x, const char *address, const char *interface, unsigned mask, bool invert)
{
	struct text t = {0};
	bool several = (mask & (mask - 1)) != 0;
	const char *separator = several ? "{ " : "";
	text_addf(&t, "fib %s%s type %s", address, interface, invert ? "!= " : "");
	for (const struct symbol *s = symbols_fib_type; s->name != NULL; s++) {
		if ((mask & (1u << s->value)) == 0)
			continue;
		text_addf(&t, "%s%s", separator, s->name);
		separator = ", ";
	}
	text_add(&t, several ? " }" : "");
	builder_atom(&x->b, "fib", text_str(&t));
	text_fini(&t);
}

/* Of IPv6 an address of the device is unicast too, and of several types all must be true (xt_addrtype.c). */
static bool addrtype_six(uint16_t *mask)
{
	if (*mask == XT_ADDRTYPE_UNICAST)
		*mask |= XT_ADDRTYPE_LOCAL;
	else if ((*mask & (*mask - 1)) != 0)
		return false;
	return true;
}

static bool xt_addrtype(struct exec *x, const void *info, size_t len)
{
	struct xt_addrtype_info_v1 m;
	if (!info_copy(&m, sizeof(m), info, len) || ((m.source | m.dest) & ~0x1ff) != 0)
		return false;
	const char *interface = m.flags & XT_ADDRTYPE_LIMIT_IFACE_IN    ? " . iif"
	                        : m.flags & XT_ADDRTYPE_LIMIT_IFACE_OUT ? " . oif"
	                                                                : "";
	if (x->b.nfproto == 10 && (!addrtype_six(&m.source) || !addrtype_six(&m.dest)))
		return false;
	if (m.source != 0)
		addrtype_atom(x, "saddr", interface, m.source, m.flags & XT_ADDRTYPE_INVERT_SOURCE);
	if (m.dest != 0)
		addrtype_atom(x, "daddr", interface, m.dest, m.flags & XT_ADDRTYPE_INVERT_DEST);
	return true;
}

static bool xt_rpfilter(struct exec *x, const void *info, size_t len)
{
	struct xt_rpfilter_info m;
	if (!info_copy(&m, sizeof(m), info, len) ||
	        (m.flags & (XT_RPFILTER_VALID_MARK | XT_RPFILTER_ACCEPT_LOCAL)) != 0)
		return false;
	char *text = xasprintf("fib saddr%s oif %s", m.flags & XT_RPFILTER_LOOSE ? "" : " . iif",
	        m.flags & XT_RPFILTER_INVERT ? "missing" : "exists");
	builder_atom(&x->b, "rpfilter", text);
	free(text);
	return true;
}

static const struct {
	const char *name;
	uint32_t revision_min, revision_max;
	xt_fn *fn;
} matches[] = {{"tcp", 0, 0, xt_tcp}, {"udp", 0, 0, xt_udp}, {"multiport", 1, 1, xt_multiport},
        {"state", 0, 0, xt_state}, {"conntrack", 1, 3, xt_conntrack}, {"comment", 0, 0, xt_comment},
        {"iprange", 1, 1, xt_iprange}, {"icmp", 0, 0, xt_icmp}, {"icmp6", 0, 0, xt_icmp6}, {"mark", 1, 1, xt_mark},
        {"mac", 0, 0, xt_mac}, {"pkttype", 0, 0, xt_pkttype}, {"addrtype", 1, 1, xt_addrtype},
        {"rpfilter", 0, 0, xt_rpfilter}, {"policy", 0, 0, xt_policy}};

static xt_fn *match_find(const char *name, uint32_t revision)
{
	for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++)
		if (strcmp(matches[i].name, name) == 0 && revision >= matches[i].revision_min &&
		        revision <= matches[i].revision_max)
			return matches[i].fn;
	return NULL;
}

bool expr_match(struct exec *x, const struct nlattr *data)
{
	const struct nlattr *tb[NFTA_MATCH_MAX + 1];
	char name[RULESET_MAX_NAME + 1];
	uint32_t revision;
	if (!attrs_nested(data, tb, NFTA_MATCH_MAX + 1) || !attr_name(tb[NFTA_MATCH_NAME], name) ||
	        !attr_u32(tb[NFTA_MATCH_REV], &revision) || tb[NFTA_MATCH_INFO] == NULL)
		return false;
	xt_fn *fn = match_find(name, revision);
	const struct nlattr *info = tb[NFTA_MATCH_INFO];
	if (fn != NULL && fn(x, mnl_attr_get_payload(info), mnl_attr_get_payload_len(info)))
		return true;
	char *text = xasprintf("xt match \"%s\"", name);
	builder_atom(&x->b, name, text);
	free(text);
	return true;
}
