#ifndef PORTCULLIS_NFT_RTNETLINK_H
#define PORTCULLIS_NFT_RTNETLINK_H

#include "portcullis/network.h"

struct nlmsghdr;
struct nlattr;
/** An address of the family's length. @return false when it is not one. */
bool rtnetlink_address(const struct nlattr *attr, enum family f, u128 *out);
/** The addresses of a prefix. */
struct range rtnetlink_prefix(enum family f, u128 address, int length);
/** A rule of the routing policy. @return false for one without effect, and the kernel's own on local, default and VRFs. */
bool rtnetlink_rule(const struct nlmsghdr *m, struct net_rule *out);

#endif
