#ifndef TESTS_ORACLE_GENERATE_H
#define TESTS_ORACLE_GENERATE_H

#include "oracle/oracle.h"

/* What the two files of the nft generator share: where a rule stands, and matches as text. */

enum where { WHERE_PREROUTING, WHERE_INPUT, WHERE_FORWARD, WHERE_OUTPUT, WHERE_POSTROUTING, WHERE_ANY };

struct place {
	enum rs_family family; /**< RS_INET, RS_IP, RS_IP6 */
	enum where where;
	bool nat; /**< a chain of type nat */
	bool raw; /**< before conntrack */
	int four; /**< what an earlier match of the rule fixed: 1 IPv4, 0 IPv6, -1 nothing */
	const char *proto; /**< "tcp", "udp", or NULL */
};

/** Append one random match and what nft needs before it. */
void match_add(struct text *t, struct place *p);
/** "10.0.0.4", "10.0.0.8/29", "10.0.0.3-10.0.0.9" */
void address_add(struct text *t, bool four, bool ranges);
void port_add(struct text *t, bool ranges);
/** Named sets and maps that match_add() and vmap_add() look into. */
void sets_add(struct text *t, enum rs_family family);
/** Append a random verdict map; verdict() gives each element's verdict. */
void vmap_add(struct text *t, struct place *p, const char *(*verdict)(void *ctx), void *ctx);

#endif
