/*
 * The kernel's connection tracking table: netlink messages come in, connections with both tuples go out. Messages that are cut
 * or are of another kind, and more than the limit, are refused; entries of other families are counted and left out.
 */
#include "portcullis/connection.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/text.h"
#include "ruleset/netlink.h"

#define WHERE "connection tracking"
#define ALIGNED(n) (((n) + 3u) & ~3u)
#define MESSAGE_TYPE (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW)

void connections_fini(struct connections *c)
{
	free(c->connection);
	*c = (struct connections){0};
}

bool connection_has_ports(uint8_t proto)
{
	static const uint8_t with[] = {
	        IPPROTO_TCP, IPPROTO_UDP, IPPROTO_DCCP, IPPROTO_GRE, IPPROTO_SCTP, IPPROTO_UDPLITE};
	return memchr(with, proto, sizeof(with)) != NULL;
}

/** One direction of an entry. */
struct tuple {
	u128 source, destination;
	uint8_t proto, icmp_type, icmp_code;
	uint16_t source_port, destination_port, icmp_id, zone;
};

static bool take_u16(const struct nlattr *attr, uint16_t *out)
{
	if (attr == NULL || mnl_attr_get_payload_len(attr) != sizeof(*out))
		return false;
	memcpy(out, mnl_attr_get_payload(attr), sizeof(*out));
	*out = ntohs(*out);
	return true;
}

static bool take_address(const struct nlattr *attr, size_t size, u128 *out)
{
	if (attr == NULL || mnl_attr_get_payload_len(attr) != size)
		return false;
	const uint8_t *byte = mnl_attr_get_payload(attr);
	*out = 0;
	for (size_t i = 0; i < size; i++)
		*out = *out << 8 | byte[i];
	return true;
}

static bool take_addresses(const struct nlattr *attr, enum family f, struct tuple *out)
{
	const struct nlattr *tb[CTA_IP_MAX + 1];
	const bool four = f == FAMILY_IPV4;
	const size_t size = four ? 4 : 16;
	return attrs_nested(attr, tb, CTA_IP_MAX + 1) &&
	       take_address(tb[four ? CTA_IP_V4_SRC : CTA_IP_V6_SRC], size, &out->source) &&
	       take_address(tb[four ? CTA_IP_V4_DST : CTA_IP_V6_DST], size, &out->destination);
}

static bool take_protocol(const struct nlattr *attr, struct tuple *out)
{
	const struct nlattr *tb[CTA_PROTO_MAX + 1];
	if (!attrs_nested(attr, tb, CTA_PROTO_MAX + 1) || !attr_u8(tb[CTA_PROTO_NUM], &out->proto))
		return false;
	if (out->proto == PROTO_ICMP)
		return attr_u8(tb[CTA_PROTO_ICMP_TYPE], &out->icmp_type) &&
		       attr_u8(tb[CTA_PROTO_ICMP_CODE], &out->icmp_code) &&
		       take_u16(tb[CTA_PROTO_ICMP_ID], &out->icmp_id);
	if (out->proto == PROTO_ICMPV6)
		return attr_u8(tb[CTA_PROTO_ICMPV6_TYPE], &out->icmp_type) &&
		       attr_u8(tb[CTA_PROTO_ICMPV6_CODE], &out->icmp_code) &&
		       take_u16(tb[CTA_PROTO_ICMPV6_ID], &out->icmp_id);
	/* A kernel without support for a protocol tells none of its ports. */
	if (!connection_has_ports(out->proto) || tb[CTA_PROTO_SRC_PORT] == NULL)
		return true;
	return take_u16(tb[CTA_PROTO_SRC_PORT], &out->source_port) &&
	       take_u16(tb[CTA_PROTO_DST_PORT], &out->destination_port);
}

static bool take_tuple(const struct nlattr *attr, enum family f, struct tuple *out)
{
	const struct nlattr *tb[CTA_TUPLE_MAX + 1];
	*out = (struct tuple){0};
	if (!attrs_nested(attr, tb, CTA_TUPLE_MAX + 1))
		return false;
	return (tb[CTA_TUPLE_ZONE] == NULL || take_u16(tb[CTA_TUPLE_ZONE], &out->zone)) &&
	       take_addresses(tb[CTA_TUPLE_IP], f, out) && take_protocol(tb[CTA_TUPLE_PROTO], out);
}

static uint8_t tcp_state_of(const struct nlattr *attr)
{
	const struct nlattr *tb[CTA_PROTOINFO_MAX + 1], *tcp[CTA_PROTOINFO_TCP_MAX + 1];
	uint8_t state = 0;
	if (!attrs_nested(attr, tb, CTA_PROTOINFO_MAX + 1) ||
	        !attrs_nested(tb[CTA_PROTOINFO_TCP], tcp, CTA_PROTOINFO_TCP_MAX + 1) ||
	        !attr_u8(tcp[CTA_PROTOINFO_TCP_STATE], &state))
		return 0;
	return state;
}

/** @return false: no entry that is of use here. */
static bool entry_take(const uint8_t *attributes, size_t len, enum family f, struct connection *out)
{
	const struct nlattr *tb[CTA_MAX + 1];
	struct tuple there, back;
	if (f == FAMILY_NONE || !attrs_parse(attributes, len, tb, CTA_MAX + 1) ||
	        !take_tuple(tb[CTA_TUPLE_ORIG], f, &there) || !take_tuple(tb[CTA_TUPLE_REPLY], f, &back))
		return false;
	*out = (struct connection){.family = f,
	        .proto = there.proto,
	        .icmp_type = there.icmp_type,
	        .icmp_code = there.icmp_code,
	        .icmp_id = there.icmp_id,
	        .tcp_state = tcp_state_of(tb[CTA_PROTOINFO]),
	        .zone = there.zone,
	        .source = there.source,
	        .destination = there.destination,
	        .answerer = back.source,
	        .answered = back.destination,
	        .source_port = there.source_port,
	        .destination_port = there.destination_port,
	        .answerer_port = back.source_port,
	        .answered_port = back.destination_port};
	return (tb[CTA_ZONE] == NULL || take_u16(tb[CTA_ZONE], &out->zone)) && attr_u32(tb[CTA_STATUS], &out->status) &&
	       attr_u32(tb[CTA_ID], &out->id);
}

static int message_take(const uint8_t *message, size_t len, struct connections *out, struct error *err)
{
	struct nfgenmsg head;
	struct connection c;
	memcpy(&head, message + sizeof(struct nlmsghdr), sizeof(head));
	enum family f = head.nfgen_family == AF_INET    ? FAMILY_IPV4
	                : head.nfgen_family == AF_INET6 ? FAMILY_IPV6
	                                                : FAMILY_NONE;
	size_t at = sizeof(struct nlmsghdr) + sizeof(head);
	if (!entry_take(message + at, len - at, f, &c)) {
		out->n_unread++;
		return 0;
	}
	if (out->n >= CONNECTIONS_MAX)
		return error_set(err, ERR_LIMIT, WHERE, "there are more than %zu connections", CONNECTIONS_MAX);
	out->connection = xgrow(out->connection, out->n, &out->cap, sizeof(*out->connection));
	out->connection[out->n++] = c;
	return 0;
}

int connections_parse(const void *bytes, size_t len, struct connections *out, struct error *err)
{
	const uint8_t *p = bytes;
	int result = 0;
	*out = (struct connections){0};
	for (size_t at = 0, n = 1; at < len && result == 0; n++) {
		struct nlmsghdr m = {0};
		if (len - at >= sizeof(m) + sizeof(struct nfgenmsg))
			memcpy(&m, p + at, sizeof(m));
		if (m.nlmsg_type != MESSAGE_TYPE || m.nlmsg_len < sizeof(m) + sizeof(struct nfgenmsg) ||
		        m.nlmsg_len > len - at || ALIGNED(m.nlmsg_len) > len - at)
			result = error_set(err, ERR_FORMAT, WHERE,
			        "netlink message %zu at byte %zu is cut or is not one of a connection", n, at);
		else
			result = message_take(p + at, m.nlmsg_len, out, err);
		at += ALIGNED(m.nlmsg_len);
	}
	if (result != 0)
		connections_fini(out);
	return result;
}

bool connection_is_established(const struct connection *c)
{
	if ((c->status & IPS_SEEN_REPLY) == 0 || (c->status & IPS_DYING) != 0)
		return false;
	return c->proto != PROTO_TCP ||
	       (c->tcp_state != TCP_CONNTRACK_TIME_WAIT && c->tcp_state != TCP_CONNTRACK_CLOSE);
}

static void end_print(struct text *t, const struct connection *c, u128 address, uint16_t port)
{
	char buf[64];
	addr_print(c->family, address, buf, sizeof(buf));
	if (!connection_has_ports(c->proto) || c->proto == IPPROTO_GRE)
		text_add(t, buf);
	else
		text_addf(t, c->family == FAMILY_IPV6 ? "[%s]:%u" : "%s:%u", buf, (unsigned)port);
}

char *connection_print(const struct connection *c)
{
	struct text t = {0};
	text_addf(&t, "%s ", proto_name(c->proto));
	end_print(&t, c, c->source, c->source_port);
	text_add(&t, " > ");
	end_print(&t, c, c->destination, c->destination_port);
	if (c->answerer != c->destination || c->answerer_port != c->destination_port) {
		text_add(&t, " at ");
		end_print(&t, c, c->answerer, c->answerer_port);
	}
	return text_take(&t);
}
