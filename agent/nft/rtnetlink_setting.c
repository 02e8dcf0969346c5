/*
 * In: a message of rtnetlink about the settings of an interface. Out: whether it forwards, and how it filters reverse paths.
 * Refused: messages of other kinds, and such without these attributes.
 */
#include <libmnl/libmnl.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>

#include "nft/netlink.h"
#include "nft/rtnetlink.h"

static bool take_int(const struct nlattr *attr, int *out)
{
	if (attr == NULL || mnl_attr_validate(attr, MNL_TYPE_U32) < 0)
		return false;
	*out = (int)mnl_attr_get_u32(attr);
	return true;
}

bool rtnetlink_setting(const struct nlmsghdr *m, int *index, struct net_setting *out)
{
	const struct nlattr *attr[NETCONFA_RP_FILTER + 1] = {NULL};
	int forwarding, rp_filter = 0;
	if (m->nlmsg_type != RTM_NEWNETCONF || mnl_nlmsg_get_payload_len(m) < sizeof(struct netconfmsg))
		return false;
	nft_netlink_attributes(m, sizeof(struct netconfmsg), attr, NETCONFA_RP_FILTER + 1);
	if (!take_int(attr[NETCONFA_IFINDEX], index) || !take_int(attr[NETCONFA_FORWARDING], &forwarding))
		return false;
	(void)take_int(attr[NETCONFA_RP_FILTER], &rp_filter); /* IPv6 has none */
	out->forwards = forwarding != 0;
	out->rp_filter = rp_filter < 0 || rp_filter > 2 ? 2 : (uint8_t)rp_filter;
	return true;
}
