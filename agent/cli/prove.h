#ifndef PORTCULLIS_CLI_PROVE_H
#define PORTCULLIS_CLI_PROVE_H

#include <jansson.h>

#include "portcullis/ruleset.h"
#include "portcullis/verify.h"

/* What the files of `portcullis prove` share: connections packet by packet, and the private namespace they cross. */

#define PROVE_PACKET_MAX 128
#define PROVE_DEVICES_MAX 256

/** One packet of a connection on its way. */
struct probe {
	enum phase phase;
	uint8_t tcp_flags;
	uint32_t seq, ack;
};
/** The packets of a connection of that protocol, in order. @return their number; 0: it cannot be played. */
size_t probe_list(uint8_t proto, const struct probe **out);

/** A connection as both ends see it; where it was translated the second end sees other addresses. */
struct prove_connection {
	struct packet first; /**< as the initiator sends it */
	struct packet seen; /**< as it came out: what the other end answers to */
};
/** Bytes of one packet with a marker at the end. @return length. */
size_t probe_make(
        const struct prove_connection *c, const struct probe *p, uint32_t marker, uint8_t out[PROVE_PACKET_MAX]);
/** Is it the packet with the marker? Its addresses and ports go to *out. */
bool probe_read(const uint8_t *bytes, size_t len, uint32_t marker, struct packet *out);

enum fate { FATE_ARRIVED, FATE_DROPPED, FATE_LOST };

/** What became of one packet. */
struct passage {
	enum fate fate;
	struct packet packet; /**< as it came out, with the interface in oif; or as it was sent */
	bool delivered; /**< to this device itself */
	struct blame blame; /**< the rule or policy that dropped it, in terms of the live ruleset */
	struct blame *met; /**< every rule that it matched, and every policy */
	size_t n_met, cap_met;
};
void passage_fini(struct passage *p);

/** The private network namespace. */
struct prove_lab;
/**
 * Leave the caller's network namespace for a private one with the same interface names, addresses and routes, and load
 * the ruleset there. Nothing outside changes; the namespace ends with the process.
 *
 * @param live   the live ruleset as the model; borrowed as long as the lab is used.
 * @param text   the same as `nft list ruleset` prints it.
 * @param notes  what could not be reproduced, strings appended.
 */
/* ERR_UNAVAILABLE: this kernel cannot have the ruleset or the devices in a namespace, so nothing can be told. */
int prove_lab_open(const struct ruleset *live, const char *text, const struct packet *first, json_t *notes,
        struct prove_lab **out, struct error *err) MUST_USE;
void prove_lab_close(struct prove_lab *lab);
/** Send one packet of the connection, and see. Notes in c->seen how the first one arrived. */
int prove_lab_send(struct prove_lab *lab, struct prove_connection *c, const struct probe *p, struct passage *out,
        struct error *err) MUST_USE;

/** A ruleset on its way to another namespace. */
struct prove_load;
/** @param text  what `nft list ruleset` prints; tables that it cannot load are asked of iptables-nft-save(8) now. */
int prove_load_prepare(const char *text, struct prove_load **out, struct error *err) MUST_USE;
int prove_load_do(const struct prove_load *load, struct error *err) MUST_USE;
void prove_load_free(struct prove_load *load); /**< NULL is fine */

/** Run a program with text on its standard input. *out: its standard output, the caller's. @return 0, or -1: its reason. */
int prove_execute(const char *const *argv, const char *input, char **out, struct error *err) MUST_USE;

#endif
