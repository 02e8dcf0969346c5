#ifndef TESTS_ORACLE_H
#define TESTS_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "portcullis/text.h"
#include "portcullis/verify.h"
#include "verify/engine.h"
#include "verify/leg.h"

/*
 * The kernel as oracle of the verification: rulesets are loaded into a network namespace, read back as the agent reads
 * them, and each packet that is sent through is compared with what the verification said of it.
 */

#define DEVICES 4 /**< in pairs: what comes in by one device leaves by its partner */
#define TRACE_TABLE "oracle_trace" /**< our own table, which lets the kernel tell its steps for marked packets */

/* ---- random numbers: the seed repeats a run ---- */

extern uint64_t oracle_seed;
uint32_t draw(uint32_t below);
bool chance(unsigned percent);
u128 draw_range(struct range r); /**< its ends more often than what is between */

/* ---- packets on the wire (packet.c) ---- */

struct wire {
	enum family family;
	uint8_t proto, icmp_type, tcp_flags;
	u128 source, destination;
	uint16_t sport, dport; /**< of ICMP echo: sport is the identifier */
	uint32_t seq, ack;
	uint32_t marker; /**< tells one packet from all others */
	bool traced;
};

#define WIRE_MAX 128
size_t wire_build(uint8_t *out, const struct wire *w);
/** @return false: not a packet of ours. */
bool wire_read(const uint8_t *p, size_t n, struct wire *out);
/** The same for what stands behind the network header. */
bool wire_read_transport(const uint8_t *p, size_t n, struct wire *out);
bool wire_has_ports(uint8_t proto);
bool wire_is_echo(uint8_t proto, uint8_t type);

/* ---- the kernel (kernel.c, load.c, trace.c) ---- */

enum ruleset_kind { KIND_NFT, KIND_IPTABLES, KIND_IP6TABLES };

struct kernel;

/** @return NULL: with the reason in *why. names: DEVICES interface names. */
struct kernel *kernel_new(const char *const *names, const char **why);
void kernel_free(struct kernel *k);
const char *kernel_device(const struct kernel *k, int device);
/** Does some address of ours stand there: the packet ends here. */
bool address_is_local(enum family f, u128 a);
/** May it be source or destination of a packet that is forwarded? */
bool address_is_usable(enum family f, u128 a);

/** Replace what is loaded. @return 0, or -1: the tool refused it, its words are in *said (free it). */
int kernel_load(struct kernel *k, enum ruleset_kind kind, const char *text, char **said);
/** Read back as the agent does. NULL: it cannot be read, which is an error of the reader. */
struct ruleset *kernel_read(void);
void kernel_forget_connections(struct kernel *k);

/** Where a packet came out. */
struct arrival {
	bool arrived;
	int device; /**< -1: at the device itself */
	struct wire wire;
};

#define BATCH 256
struct sending {
	struct wire wire; /**< its marker is set by kernel_send() */
	int device; /**< comes in there; for local ones: goes out there */
	bool local; /**< made by the device itself */
	bool expected; /**< worth waiting for */
	struct arrival arrival;
};
/** Send at most BATCH packets and see what becomes of them. */
void kernel_send(struct kernel *k, struct sending *s, size_t n);

/** A step of a traced packet. */
struct step {
	enum rs_family family;
	char table[128], chain[128];
	uint64_t handle; /**< 0: the policy */
	int verdict; /**< NF_ACCEPT, NF_DROP; -1: another */
	uint32_t id; /**< of the packet */
	bool policy;
};
#define STEPS_MAX 256
/** Steps of the packet that was sent last, without those of what the device answered at once. */
size_t kernel_trace(struct kernel *k, struct step *out);

/* ---- what is worth sending (hints.c) ---- */

enum hint_field { HINT_SADDR, HINT_DADDR, HINT_SPORT, HINT_DPORT, HINT_ANY_ADDR, HINT_ANY_PORT, HINT_PROTO, HINT_TYPE };
struct hint {
	enum hint_field field;
	enum family family; /**< of addresses */
	struct range range;
};
/** What one line of the text, or one rule of the model, speaks of. */
struct hint_line {
	struct hint *hint;
	size_t n, cap;
};
struct hints {
	struct hint_line *line;
	size_t n, cap;
	char (*ifname)[IFNAME_SIZE];
	size_t n_ifname, cap_ifname;
};
void hints_of_text(struct hints *h, const char *text);
void hints_of_model(struct hints *h, const struct ruleset *rs);
void hints_fini(struct hints *h);

/* ---- rulesets (generate.c, generate_match.c, generate_iptables.c) ---- */

/** Device names that generated rulesets speak of. */
extern const char *const oracle_names[DEVICES];
char *generate_nft(void);
char *generate_iptables(enum ruleset_kind kind);
/** A table that compile made of a random configuration (generate_compiled.c). */
char *generate_compiled(void);

/* ---- predictions and connections (predict.c, connect.c) ---- */

struct prediction {
	enum outcome_code code;
	bool definite, blame_definite;
	size_t chain, rule;
};

#define CONNECTION_STEPS 6
struct connection {
	struct leg_key key;
	int in, out; /**< devices; -1 where the path has none */
	uint8_t icmp_type; /**< of a packet that is no echo; else 0 */
	struct wire first;
	bool traced;
	size_t n_step;
	struct prediction step[CONNECTION_STEPS];
	u128 target; /**< where destination NAT leads */
	/* as the other side saw it */
	u128 seen_source, seen_destination;
	uint16_t seen_sport, seen_dport;
	bool alive;
	/* the first disagreement */
	bool mismatch, by_blame, by_leg;
	size_t at;
	struct arrival arrival;
	char *words; /**< what the kernel's trace, or the leg, said */
};

struct step_kind {
	enum phase phase;
	uint8_t flags;
	uint32_t seq, ack;
};
size_t connection_steps(uint8_t proto, const struct step_kind **out);

/** What the verification says of each packet of the connection, and of the connection as a leg. */
void predict(struct engine *e, struct connection *c, struct outcomes *scratch);

struct tally {
	uint64_t rulesets, refused, rules, undecoded_rules, packets, definite, mismatches, accepted, dropped,
	        blame_compared, blame_mismatches, both_verdicts;
};

/** Draw a connection; false: it is not sendable. */
bool connection_draw(struct connection *c, const struct hints *hints, const struct ruleset *rs, const struct kernel *k);
/** Send the packets of n connections step by step and compare. @return how many disagreed. */
size_t connections_run(struct kernel *k, const struct ruleset *rs, struct connection *c, size_t n, struct tally *tally);
void connection_fini(struct connection *c);
void connection_print(struct text *t, const struct connection *c, const struct ruleset *rs);

/* ---- rounds (round.c, shrink.c, corpus.c) ---- */

struct round {
	enum ruleset_kind kind;
	const char *text;
	const char *what; /**< where it came from */
	unsigned connections;
};
/** Load, read, send, compare. @return true: all agreed or the ruleset was refused. */
bool round_run(struct kernel *k, const struct round *r, struct tally *tally, bool verbose);
/** Load the text and run one connection again. @return true: it disagrees still. */
bool round_repeat(struct kernel *k, enum ruleset_kind kind, const char *text, struct connection *c);
/** The shortest text by deleting lines on which the connection still disagrees; the caller frees it. */
char *shrink(struct kernel *k, enum ruleset_kind kind, const char *text, const struct connection *c);

/** Count what the readers did not decode; returns undecoded rules and prints the most frequent conditions at the end. */
void census_add(const struct ruleset *rs, struct tally *tally);
void census_print(const char *corpus, const struct tally *tally);
bool corpus_run(const char *directory, unsigned connections, struct tally *tally, bool verbose);

#endif
