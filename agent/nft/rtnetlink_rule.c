/*
 * In: a rule of the routing policy as rtnetlink tells it (fib_rules). Out: what it selects and whether the main table
 * answers. Nothing is refused: a condition that is not known here makes the rule one that selects some of the packets.
 */
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "nft/netlink.h"
#include "nft/rtnetlink.h"

/* Attributes that take nothing away from what addresses, interface and table say. */
static bool is_plain(size_t type)
{
	static const size_t plain[] = {FRA_DST, FRA_SRC, FRA_IIFNAME, FRA_PRIORITY, FRA_SUPPRESS_PREFIXLEN,
	        FRA_SUPPRESS_IFGROUP, FRA_TABLE, FRA_PROTOCOL, FRA_L3MDEV, FRA_PAD, FRA_FLOW};
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (plain[i] == type)
			return true;
	return false;
}

static uint32_t number_of(const struct nlattr *attr, uint32_t absent)
{
	return attr != NULL && mnl_attr_validate(attr, MNL_TYPE_U32) >= 0 ? mnl_attr_get_u32(attr) : absent;
}

static struct range side_of(const struct nlattr *attr, enum family f, int length)
{
	u128 address = 0;
	if (attr == NULL || !rtnetlink_address(attr, f, &address))
		return (struct range){0, family_max(f)};
	return rtnetlink_prefix(f, address, length);
}

static bool suppresses(const struct nlattr *const *attr)
{
	return number_of(attr[FRA_SUPPRESS_PREFIXLEN], UINT32_MAX) != UINT32_MAX ||
	       number_of(attr[FRA_SUPPRESS_IFGROUP], UINT32_MAX) != UINT32_MAX;
}

bool rtnetlink_rule(const struct nlmsghdr *m, struct net_rule *out)
{
	const struct fib_rule_hdr *h = mnl_nlmsg_get_payload(m);
	const struct nlattr *attr[FRA_DPORT_RANGE + 1] = {NULL};
	enum family f = h->family == AF_INET ? FAMILY_IPV4 : h->family == AF_INET6 ? FAMILY_IPV6 : FAMILY_NONE;
	if (f == FAMILY_NONE)
		return false;
	nft_netlink_attributes(m, sizeof(*h), attr, FRA_DPORT_RANGE + 1);
	bool inverted = (h->flags & FIB_RULE_INVERT) != 0, plain = h->tos == 0;
	for (size_t i = 0; i <= FRA_DPORT_RANGE; i++)
		plain = plain && (attr[i] == NULL || is_plain(i));
	uint32_t table = number_of(attr[FRA_TABLE], h->table);
	bool looks_up = h->action == FR_ACT_TO_TBL;
	bool all = plain && !inverted && h->src_len == 0 && h->dst_len == 0 && attr[FRA_IIFNAME] == NULL;
	if (attr[FRA_L3MDEV] != NULL || h->action == FR_ACT_NOP ||
	        (all && looks_up && (table == RT_TABLE_LOCAL || table == RT_TABLE_DEFAULT) && !suppresses(attr)))
		return false;
	*out = (struct net_rule){
	        .family = f,
	        .priority = number_of(attr[FRA_PRIORITY], 0),
	        .source = {0, family_max(f)},
	        .destination = {0, family_max(f)},
	        .exact = plain && !inverted,
	        .to_main = looks_up && table == RT_TABLE_MAIN && !suppresses(attr),
	        .marked = !inverted && (number_of(attr[FRA_FWMARK], 0) != 0 || attr[FRA_UID_RANGE] != NULL),
	};
	/* "not from X" selects what the prefix leaves. */
	if (inverted)
		return true;
	out->source = side_of(attr[FRA_SRC], f, h->src_len);
	out->destination = side_of(attr[FRA_DST], f, h->dst_len);
	if (attr[FRA_IP_PROTO] != NULL && mnl_attr_validate(attr[FRA_IP_PROTO], MNL_TYPE_U8) >= 0)
		out->proto = mnl_attr_get_u8(attr[FRA_IP_PROTO]);
	if (attr[FRA_IIFNAME] != NULL && mnl_attr_validate(attr[FRA_IIFNAME], MNL_TYPE_NUL_STRING) >= 0) {
		const char *name = mnl_attr_get_str(attr[FRA_IIFNAME]);
		memcpy(out->iif, name, strnlen(name, sizeof(out->iif) - 1));
	}
	return true;
}
