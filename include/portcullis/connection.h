#ifndef PORTCULLIS_CONNECTION_H
#define PORTCULLIS_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "portcullis/error.h"
#include "portcullis/range.h"

struct network;
struct ruleset;
struct site;

/* Connections that the kernel tracks, and which of them a ruleset would no longer admit. */

/** An entry of connection tracking; ports are 0 where the protocol has none. */
struct connection {
	enum family family;
	uint8_t proto;
	uint8_t icmp_type, icmp_code; /**< of the first packet */
	uint8_t tcp_state; /**< TCP_CONNTRACK_*; 0: not TCP, or not told */
	uint16_t zone; /**< of the original direction; 0: none */
	uint16_t icmp_id;
	uint32_t status; /**< IPS_* */
	uint32_t id; /**< the kernel's: another entry of the same addresses has another one */
	u128 source, destination; /**< of the first packet, as it came */
	u128 answerer, answered; /**< source and destination of replies: NAT makes them differ from the above */
	uint16_t source_port, destination_port, answerer_port, answered_port;
};

struct connections {
	struct connection *connection;
	size_t n, cap;
	size_t n_unread; /**< entries of families other than IPv4 and IPv6, or without a whole tuple */
};
void connections_fini(struct connections *c);

#define CONNECTIONS_MAX ((size_t)1000000)

/**
 * Decode a dump of the kernel's table (IPCTNL_MSG_CT_NEW messages; lengths are checked).
 *
 * @param out  release with connections_fini().
 * @return 0, or -1: ERR_FORMAT (message number and what), ERR_LIMIT (CONNECTIONS_MAX). out is empty on failure.
 */
int connections_parse(const void *bytes, size_t len, struct connections *out, struct error *err) MUST_USE;

/**
 * Have packets gone both ways, and may more come? An entry without a reply is none: each of its packets is new to the
 * ruleset, whatever that is; one of TCP whose ends have closed it only waits to be forgotten.
 */
bool connection_is_established(const struct connection *c);
/** The protocol's tuple has ports, or what stands for them (keys of GRE). */
bool connection_has_ports(uint8_t proto);
/** "tcp 10.0.0.5:40000 > 10.1.0.10:5061", the first packet as it came; the caller frees it. */
char *connection_print(const struct connection *c);

/** What is asked of connections; all borrowed. */
struct connection_question {
	const struct connections *connections;
	const struct ruleset *now, *then;
	const struct site *site; /**< whose assumptions hold for both; may be NULL */
	const struct network *net;
	int64_t time; /**< seconds since 1970, for assumptions that end */
};

/** Lost connections that go to one place. */
struct connection_group {
	struct connection first; /**< of them, by source address and port */
	size_t n;
	char *rule; /**< which rule or policy would stop it, in text; NULL: none is to blame (NAT leads it elsewhere) */
};
#define CONNECTION_GROUPS 16

struct connection_report {
	size_t total; /**< established connections that the device knows */
	size_t n_lost; /**< that pass under `now` and would not under `then` */
	size_t cannot_tell; /**< of which that may be so: it depends on what is not decided, or on a path that is not known */
	struct connection *lost; /**< n_lost of them */
	struct connection_group group[CONNECTION_GROUPS]; /**< by destination; the largest first */
	size_t n_group;
};
void connection_report_fini(struct connection_report *r);

/**
 * Which established connections would a ruleset no longer admit? A connection is admitted where all of it passes, as
 * verification has it: a new packet like its first one, its replies, and what follows; and where it is led to the same
 * destination as it is.
 *
 * A ruleset that lets established packets pass goes on carrying what it would not admit anew: those are the ones to end.
 * Paths and interfaces are those that the device's addresses and routes give. What does not pass under `now` is not counted
 * as lost (connections that only a helper expects are among that); what depends on the same conditions under both is not.
 *
 * @param out  release with connection_report_fini().
 *
 * Pure: no I/O, no clock.
 */
void connections_judge(const struct connection_question *q, struct connection_report *out);

#endif
