/*
 * The vocabulary of nft: names of protocols, message types and flags, and what the model's fields are called and how wide
 * they are. Values and names come in, the other one goes out. Unknown names and values are refused by NULL or false.
 */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/utf8.h"
#include "ruleset/model.h"

const struct symbol symbols_l4proto[] = {{"hopopt", 0}, {"icmp", 1}, {"igmp", 2}, {"ggp", 3}, {"ipencap", 4}, {"st", 5},
        {"tcp", 6}, {"egp", 8}, {"igp", 9}, {"pup", 12}, {"udp", 17}, {"hmp", 20}, {"xns-idp", 22}, {"rdp", 27},
        {"iso-tp4", 29}, {"dccp", 33}, {"xtp", 36}, {"ddp", 37}, {"idpr-cmtp", 38}, {"ipv6", 41}, {"ipv6-route", 43},
        {"ipv6-frag", 44}, {"idrp", 45}, {"rsvp", 46}, {"gre", 47}, {"esp", 50}, {"ah", 51}, {"skip", 57},
        {"ipv6-icmp", 58}, {"icmpv6", 58}, {"ipv6-nonxt", 59}, {"ipv6-opts", 60}, {"rspf", 73}, {"vmtp", 81},
        {"eigrp", 88}, {"ospf", 89}, {"ax.25", 93}, {"ipip", 94}, {"etherip", 97}, {"encap", 98}, {"pim", 103},
        {"ipcomp", 108}, {"comp", 108}, {"vrrp", 112}, {"l2tp", 115}, {"isis", 124}, {"sctp", 132}, {"fc", 133},
        {"mobility-header", 135}, {"udplite", 136}, {"mpls-in-ip", 137}, {"manet", 138}, {"hip", 139}, {"shim6", 140},
        {"wesp", 141}, {"rohc", 142}, {NULL, 0}};
const struct symbol symbols_nfproto[] = {{"ipv4", 2}, {"ipv6", 10}, {NULL, 0}};
const struct symbol symbols_ethertype[] = {{"ip", 0x0800}, {"arp", 0x0806}, {"vlan", 0x8100}, {"8021q", 0x8100},
        {"ip6", 0x86dd}, {"8021ad", 0x88a8}, {NULL, 0}};
const struct symbol symbols_icmp[] = {{"echo-reply", 0}, {"destination-unreachable", 3}, {"source-quench", 4},
        {"redirect", 5}, {"echo-request", 8}, {"router-advertisement", 9}, {"router-solicitation", 10},
        {"time-exceeded", 11}, {"parameter-problem", 12}, {"timestamp-request", 13}, {"timestamp-reply", 14},
        {"info-request", 15}, {"info-reply", 16}, {"address-mask-request", 17}, {"address-mask-reply", 18}, {NULL, 0}};
const struct symbol symbols_icmpv6[] = {{"destination-unreachable", 1}, {"packet-too-big", 2}, {"time-exceeded", 3},
        {"parameter-problem", 4}, {"echo-request", 128}, {"echo-reply", 129}, {"mld-listener-query", 130},
        {"mld-listener-report", 131}, {"mld-listener-done", 132}, {"mld-listener-reduction", 132},
        {"nd-router-solicit", 133}, {"nd-router-advert", 134}, {"nd-neighbor-solicit", 135},
        {"nd-neighbor-advert", 136}, {"nd-redirect", 137}, {"router-renumbering", 138}, {"ind-neighbor-solicit", 141},
        {"ind-neighbor-advert", 142}, {"mld2-listener-report", 143}, {NULL, 0}};
const struct symbol symbols_ct_state[] = {
        {"invalid", 1}, {"established", 2}, {"related", 4}, {"new", 8}, {"untracked", 64}, {NULL, 0}};
const struct symbol symbols_ct_status[] = {{"expected", 1}, {"seen-reply", 2}, {"assured", 4}, {"confirmed", 8},
        {"snat", 16}, {"dnat", 32}, {"dying", 512}, {NULL, 0}};
const struct symbol symbols_ct_direction[] = {{"original", 0}, {"reply", 1}, {NULL, 0}};
const struct symbol symbols_tcp_flags[] = {
        {"fin", 1}, {"syn", 2}, {"rst", 4}, {"psh", 8}, {"ack", 16}, {"urg", 32}, {"ecn", 64}, {"cwr", 128}, {NULL, 0}};
const struct symbol symbols_fib_type[] = {{"unspec", 0}, {"unicast", 1}, {"local", 2}, {"broadcast", 3}, {"anycast", 4},
        {"multicast", 5}, {"blackhole", 6}, {"unreachable", 7}, {"prohibit", 8}, {NULL, 0}};
const struct symbol symbols_pkttype[] = {
        {"host", 0}, {"unicast", 0}, {"broadcast", 1}, {"multicast", 2}, {"other", 3}, {NULL, 0}};
const struct symbol symbols_iftype[] = {{"ether", 1}, {"ppp", 512}, {"ipip", 768}, {"ipip6", 769}, {"loopback", 772},
        {"sit", 776}, {"ipgre", 778}, {NULL, 0}};
const struct symbol symbols_log_level[] = {{"emerg", 0}, {"alert", 1}, {"crit", 2}, {"err", 3}, {"warn", 4},
        {"notice", 5}, {"info", 6}, {"debug", 7}, {"audit", 8}, {NULL, 0}};
const struct symbol symbols_reject_icmp[] = {{"net-unreachable", 0}, {"host-unreachable", 1}, {"prot-unreachable", 2},
        {"port-unreachable", 3}, {"net-prohibited", 9}, {"host-prohibited", 10}, {"admin-prohibited", 13},
        {"frag-needed", 4}, {NULL, 0}};
const struct symbol symbols_reject_icmpv6[] = {{"no-route", 0}, {"admin-prohibited", 1}, {"addr-unreachable", 3},
        {"port-unreachable", 4}, {"policy-fail", 5}, {"reject-route", 6}, {NULL, 0}};
const struct symbol symbols_reject_icmpx[] = {
        {"no-route", 0}, {"port-unreachable", 1}, {"host-unreachable", 2}, {"admin-prohibited", 3}, {NULL, 0}};

const char *symbol_name(const struct symbol *table, uint64_t value)
{
	for (; table->name != NULL; table++)
		if (table->value == value)
			return table->name;
	return NULL;
}

bool symbol_value(const struct symbol *table, const char *name, uint32_t *out)
{
	for (; table->name != NULL; table++) {
		if (strcmp(table->name, name) == 0) {
			*out = table->value;
			return true;
		}
	}
	return false;
}

static const struct field_info fields[] = {
        [RS_FIELD_NFPROTO] = {"meta nfproto", "nf_proto", 1, false, FORMAT_DECIMAL, symbols_nfproto},
        [RS_FIELD_L4PROTO] = {"meta l4proto", "inet_proto", 1, false, FORMAT_DECIMAL, symbols_l4proto},
        [RS_FIELD_IP_SADDR] = {"ip saddr", "ipv4_addr", 4, false, FORMAT_IPV4, NULL},
        [RS_FIELD_IP_DADDR] = {"ip daddr", "ipv4_addr", 4, false, FORMAT_IPV4, NULL},
        [RS_FIELD_IP6_SADDR] = {"ip6 saddr", "ipv6_addr", 16, false, FORMAT_IPV6, NULL},
        [RS_FIELD_IP6_DADDR] = {"ip6 daddr", "ipv6_addr", 16, false, FORMAT_IPV6, NULL},
        [RS_FIELD_SPORT] = {"th sport", "inet_service", 2, false, FORMAT_DECIMAL, NULL},
        [RS_FIELD_DPORT] = {"th dport", "inet_service", 2, false, FORMAT_DECIMAL, NULL},
        [RS_FIELD_IIFNAME] = {"iifname", "ifname", 16, false, FORMAT_IFNAME, NULL},
        [RS_FIELD_OIFNAME] = {"oifname", "ifname", 16, false, FORMAT_IFNAME, NULL},
        [RS_FIELD_CT_STATE] = {"ct state", "ct_state", 4, true, FORMAT_HEX, symbols_ct_state},
        [RS_FIELD_TCP_FLAGS] = {"tcp flags", "tcp_flag", 1, true, FORMAT_HEX, symbols_tcp_flags},
        [RS_FIELD_ICMP_TYPE] = {"icmp type", "icmp_type", 1, false, FORMAT_DECIMAL, symbols_icmp},
        [RS_FIELD_ICMPV6_TYPE] = {"icmpv6 type", "icmpv6_type", 1, false, FORMAT_DECIMAL, symbols_icmpv6},
        [RS_FIELD_ICMP_CODE] = {"icmp code", "icmp_code", 1, false, FORMAT_DECIMAL, symbols_reject_icmp},
        [RS_FIELD_ICMPV6_CODE] = {"icmpv6 code", "icmpv6_code", 1, false, FORMAT_DECIMAL, symbols_reject_icmpv6},
        [RS_FIELD_MARK] = {"meta mark", "mark", 4, false, FORMAT_HEX, NULL},
        [RS_FIELD_CT_STATUS] = {"ct status", "ct_status", 4, true, FORMAT_HEX, symbols_ct_status},
        [RS_FIELD_CT_DIRECTION] = {"ct direction", "ct_dir", 1, false, FORMAT_DECIMAL, symbols_ct_direction},
        [FIELD_ETHERTYPE] = {"meta protocol", "ether_type", 2, false, FORMAT_HEX, symbols_ethertype},
        [FIELD_IIF] = {"iif", "iface_index", 4, false, FORMAT_DECIMAL, NULL},
        [FIELD_OIF] = {"oif", "iface_index", 4, false, FORMAT_DECIMAL, NULL},
};

const struct field_info *field_info(unsigned f)
{
	return &fields[f];
}

u128 field_max(unsigned f)
{
	unsigned bits = fields[f].width * 8;
	return bits == 128 ? U128_MAX : ((u128)1 << bits) - 1;
}

unsigned field_of_type(const char *type)
{
	if (strcmp(type, "inet_service") == 0)
		return RS_FIELD_DPORT;
	for (unsigned f = 0; f < FIELD_NONE; f++)
		if (strcmp(fields[f].type, type) == 0)
			return f;
	return FIELD_NONE;
}

const char *rs_field_name(enum rs_field f)
{
	return (unsigned)f < RS_FIELD_N ? fields[f].name : "?";
}

const char *rs_family_name(enum rs_family f)
{
	static const char *const names[] = {"inet", "ip", "ip6", "arp", "bridge", "netdev"};
	return (unsigned)f < sizeof(names) / sizeof(names[0]) ? names[f] : "?";
}

const char *rs_hook_name(enum rs_hook h)
{
	static const char *const names[] = {
	        "prerouting", "input", "forward", "output", "postrouting", "ingress", "egress"};
	return (unsigned)h < sizeof(names) / sizeof(names[0]) ? names[h] : "?";
}

struct range ifname_pattern(const char *name)
{
	size_t len = strlen(name);
	if (len >= 2 && name[len - 1] == '*' && name[len - 2] == '\\') {
		char plain[IFNAMSIZ] = "";
		snprintf(plain, sizeof(plain), "%.*s*", (int)(len - 2), name);
		return (struct range){ifname_value(plain), ifname_value(plain)};
	}
	if (len == 0 || name[len - 1] != '*')
		return (struct range){ifname_value(name), ifname_value(name)};
	char prefix[IFNAMSIZ] = "";
	size_t n = len - 1 < IFNAMSIZ - 1 ? len - 1 : IFNAMSIZ - 1;
	memcpy(prefix, name, n);
	u128 lo = ifname_value(prefix);
	return (struct range){lo, n == 0 ? U128_MAX : lo | (((u128)1 << (8 * (16 - n))) - 1)};
}

void ethertype_ranges(struct ranges *r)
{
	struct ranges out = {0};
	if (ranges_contain(r, 0x0800))
		ranges_add(&out, 2, 2);
	if (ranges_contain(r, 0x86dd))
		ranges_add(&out, 10, 10);
	ranges_normalise(&out);
	ranges_fini(r);
	*r = out;
}

bool ifindex_ranges(struct ranges *r)
{
	struct ranges out = {0};
	for (size_t i = 0; i < r->n; i++) {
		/* Neighbouring indexes were joined; a wide range is nobody's list of interfaces. */
		if (r->item[i].hi - r->item[i].lo > 64)
			goto fail;
		for (u128 v = r->item[i].lo; v <= r->item[i].hi; v++) {
			char name[IF_NAMESIZE] = "";
			if (if_indextoname((unsigned)v, name) == NULL)
				goto fail;
			ranges_add(&out, ifname_value(name), ifname_value(name));
		}
	}
	ranges_normalise(&out);
	ranges_fini(r);
	*r = out;
	return true;
fail:
	ranges_fini(&out);
	return false;
}

struct name_slot {
	const char *table, *name; /**< name NULL: free */
	enum rs_family family;
	size_t value;
};

static uint32_t name_hash(enum rs_family family, const char *table, const char *name)
{
	return hash32(table) * 31 + hash32(name) + (uint32_t)family;
}

static bool name_equal(const struct name_slot *s, enum rs_family family, const char *table, const char *name)
{
	return s->family == family && strcmp(s->name, name) == 0 && strcmp(s->table, table) == 0;
}

static struct name_slot *name_place(
        const struct name_index *x, enum rs_family family, const char *table, const char *name)
{
	size_t i = name_hash(family, table, name) & (x->cap - 1);
	while (x->slot[i].name != NULL && !name_equal(&x->slot[i], family, table, name))
		i = (i + 1) & (x->cap - 1);
	return &x->slot[i];
}

void name_index_add(struct name_index *x, enum rs_family family, const char *table, const char *name, size_t value)
{
	if (2 * (x->n + 1) > x->cap) {
		struct name_index bigger = {.cap = x->cap == 0 ? 64 : 2 * x->cap};
		bigger.slot = xcalloc(bigger.cap, sizeof(*bigger.slot));
		for (size_t i = 0; i < x->cap; i++) {
			const struct name_slot *s = &x->slot[i];
			if (s->name != NULL)
				*name_place(&bigger, s->family, s->table, s->name) = *s;
		}
		bigger.n = x->n;
		free(x->slot);
		*x = bigger;
	}
	struct name_slot *slot = name_place(x, family, table, name);
	x->n += slot->name == NULL;
	*slot = (struct name_slot){table, name, family, value};
}

bool name_index_find(
        const struct name_index *x, enum rs_family family, const char *table, const char *name, size_t *value)
{
	if (x->cap == 0)
		return false;
	const struct name_slot *slot = name_place(x, family, table, name);
	if (slot->name == NULL)
		return false;
	*value = slot->value;
	return true;
}

void name_index_fini(struct name_index *x)
{
	free(x->slot);
	*x = (struct name_index){0};
}

char *quoted_clean(char *s)
{
	utf8_clean(s);
	for (char *c = s; *c != '\0'; c++)
		if (*c == '"')
			*c = '?';
	return s;
}
