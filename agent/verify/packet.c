/*
 * Packets in text, and the fixed names of verdicts and phases. In comes "tcp 10.0.0.5:40000 > 10.1.0.10:5061", out goes
 * a packet, and back. Refused are unknown protocols, two families in one packet and ports where there are none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/text.h"
#include "portcullis/verify.h"

static const struct {
	const char *name, *key;
} verdicts[VERDICT_N] = {
        [VERDICT_CONFORMANT] = {"conformant", "conformant"},
        [VERDICT_PARTIAL] = {"partial", "partial"},
        [VERDICT_BLOCKED] = {"blocked", "blocked"},
        [VERDICT_INDETERMINATE] = {"indeterminate", "indeterminate"},
        [VERDICT_UNKNOWN] = {"unknown", "unknown"},
        [VERDICT_MISDIRECTED] = {"misdirected", "misdirected"},
        [VERDICT_WAIVED] = {"waived", "waived"},
        [VERDICT_UNBOUND] = {"unbound", "unbound"},
        [VERDICT_NOT_TRANSIT] = {"not-transit", "not_transit"},
        [VERDICT_NEEDS_RANGE] = {"needs-range", "needs_range"},
        [VERDICT_NO_COMMON_FAMILY] = {"no-common-family", "no_common_family"},
};

const char *verdict_name(enum verdict v)
{
	return verdicts[v].name;
}

const char *verdict_summary_key(enum verdict v)
{
	return verdicts[v].key;
}

const char *phase_name(enum phase p)
{
	static const char *const names[PHASE_N] = {"new", "reply", "established"};

	return names[p];
}

static bool proto_parse(const char *s, size_t len, uint8_t *out)
{
	static const uint8_t named[] = {PROTO_TCP, PROTO_UDP, PROTO_ICMP, PROTO_ICMPV6, PROTO_SCTP};
	unsigned value = 0;

	for (size_t i = 0; i < sizeof(named); i++) {
		if (strlen(proto_name(named[i])) == len && strncmp(proto_name(named[i]), s, len) == 0) {
			*out = named[i];
			return true;
		}
	}
	if (len == 0 || len > 3 || strspn(s, "0123456789") < len)
		return false;
	for (size_t i = 0; i < len; i++)
		value = value * 10 + (unsigned)(s[i] - '0');
	*out = (uint8_t)value;
	return value <= UINT8_MAX;
}

static bool has_ports(uint8_t proto)
{
	return proto == PROTO_TCP || proto == PROTO_UDP || proto == PROTO_SCTP;
}

static bool port_parse(const char *s, uint16_t *out)
{
	unsigned value = 0;

	if (*s == '\0' || strlen(s) > 5 || s[strspn(s, "0123456789")] != '\0')
		return false;
	for (; *s != '\0'; s++)
		value = value * 10 + (unsigned)(*s - '0');
	*out = (uint16_t)value;
	return value <= UINT16_MAX;
}

/** "10.0.0.1", "10.0.0.1:80", "2001:db8::1" or "[2001:db8::1]:80"; the word is cut up. */
static bool end_parse(char *word, bool ports, enum family *family, u128 *address, uint16_t *port)
{
	char *host = word, *colon = NULL;

	if (*word == '[') {
		char *close = strchr(word, ']');

		if (close == NULL || (close[1] != ':' && close[1] != '\0'))
			return false;
		host = word + 1;
		*close = '\0';
		colon = close[1] == ':' ? close + 1 : NULL;
	} else if (ports) {
		colon = strrchr(word, ':');
		if (colon != NULL)
			*colon = '\0';
	}
	if (ports != (colon != NULL))
		return false;
	return addr_parse(host, family, address) && (!ports || port_parse(colon + 1, port));
}

static int packet_error(struct error *err, const char *s, const char *what)
{
	return error_set(err, ERR_FORMAT, "packet",
	        "\"%.100s\": %s; write it like \"tcp 10.0.0.5:40000 > 10.1.0.10:5061\" or \"icmp 10.0.0.5 > "
	        "10.1.0.10\"",
	        s, what);
}

static int packet_type_parse(const char *s, char *rest, struct packet *p, struct error *err)
{
	uint16_t type;

	if (rest == NULL)
		return 0;
	if ((p->proto != PROTO_ICMP && p->proto != PROTO_ICMPV6) || strncmp(rest, "type ", 5) != 0 ||
	        !port_parse(rest + 5, &type) || type > UINT8_MAX)
		return packet_error(err, s, "there is more behind the destination");
	p->icmp_type = (uint8_t)type;
	return 0;
}

static int packet_ends_parse(const char *s, char *text, struct packet *p, struct error *err)
{
	enum family other = FAMILY_NONE;
	char *arrow = strstr(text, " > "), *source = strchr(text, ' '), *destination, *rest;

	if (arrow == NULL || source == NULL || source == arrow)
		return packet_error(err, s, "it has no \" > \" between source and destination");
	*arrow = '\0';
	source++;
	destination = arrow + 3;
	rest = strchr(destination, ' ');
	if (rest != NULL)
		*rest++ = '\0';
	if (!end_parse(source, has_ports(p->proto), &p->family, &p->source, &p->source_port))
		return packet_error(err, s, "the source is not an address with its port");
	if (!end_parse(destination, has_ports(p->proto), &other, &p->destination, &p->destination_port))
		return packet_error(err, s, "the destination is not an address with its port");
	if (other != p->family)
		return packet_error(err, s, "source and destination are of different families");
	if (p->proto == (p->family == FAMILY_IPV4 ? PROTO_ICMPV6 : PROTO_ICMP))
		return packet_error(err, s, "this protocol does not go with this address family");
	return packet_type_parse(s, rest, p, err);
}

int packet_parse(const char *s, struct packet *out, struct error *err)
{
	struct packet p = {.phase = PHASE_NEW, .path = PATH_FORWARD};
	size_t len = strcspn(s, " ");
	char *text;
	int rc;

	if (strlen(s) > 256)
		return packet_error(err, s, "it is longer than 256 characters");
	if (!proto_parse(s, len, &p.proto))
		return packet_error(
		        err, s, "it does not begin with a protocol (tcp, udp, icmp, icmpv6, sctp or a number)");
	p.icmp_type = p.proto == PROTO_ICMP ? 8 : p.proto == PROTO_ICMPV6 ? 128 : 0;
	text = xstrdup(s);
	rc = packet_ends_parse(s, text, &p, err);
	free(text);
	if (rc == 0)
		*out = p;
	return rc;
}

static void end_print(struct text *t, const struct packet *p, u128 address, uint16_t port)
{
	char buf[64];

	addr_print(p->family, address, buf, sizeof(buf));
	if (!has_ports(p->proto))
		text_add(t, buf);
	else
		text_addf(t, p->family == FAMILY_IPV6 ? "[%s]:%u" : "%s:%u", buf, (unsigned)port);
}

char *packet_print(const struct packet *p)
{
	struct text t = {0};

	text_addf(&t, "%s ", proto_name(p->proto));
	end_print(&t, p, p->source, p->source_port);
	text_add(&t, " > ");
	end_print(&t, p, p->destination, p->destination_port);
	if ((p->proto == PROTO_ICMP && p->icmp_type != 8) || (p->proto == PROTO_ICMPV6 && p->icmp_type != 128))
		text_addf(&t, " type %u", (unsigned)p->icmp_type);
	return text_take(&t);
}

static void take_ifname(void *ctx, struct range part, const char *ifname)
{
	(void)part;
	snprintf(ctx, IFNAME_SIZE, "%s", ifname);
}

void packet_route(const struct network *net, struct packet *p)
{
	struct range source = {p->source, p->source}, destination = {p->destination, p->destination};
	bool from_here = network_is_local(net, p->family, p->source);
	bool to_here = network_is_local(net, p->family, p->destination);

	p->path = to_here ? PATH_INPUT : from_here ? PATH_OUTPUT : PATH_FORWARD;
	if (!net->known)
		return;
	/* What stays on this device goes over lo. */
	if (from_here && to_here)
		snprintf(p->iif, sizeof(p->iif), "lo");
	if (!from_here)
		network_each_route(net, p->family, source, take_ifname, p->iif);
	if (!to_here)
		network_each_route(net, p->family, destination, take_ifname, p->oif);
}
