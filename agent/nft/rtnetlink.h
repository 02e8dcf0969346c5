#ifndef PORTCULLIS_NFT_RTNETLINK_H
#define PORTCULLIS_NFT_RTNETLINK_H

#include "portcullis/network.h"

struct nlmsghdr;
struct nlattr;
/** An address of the family's length. @return false when it is not one. */
bool rtnetlink_address(const struct nlattr *attr, enum family f, u128 *out);
/** The addresses of a prefix. */
struct range rtnetlink_prefix(enum family f, u128 address, int length);
/**
 * What holds on an interface, from RTM_NEWNETCONF.
 *
 * @param index  of the interface; NETCONFA_IFINDEX_ALL: of all.
 * @param out    but for the name.
 */
bool rtnetlink_setting(const struct nlmsghdr *m, int *index, struct net_setting *out);
/** A rule of the routing policy. @return false for one without effect, and the kernel's own on local, default and VRFs. */
bool rtnetlink_rule(const struct nlmsghdr *m, struct net_rule *out);

#endif
