#ifndef VERIFY_RUN_H
#define VERIFY_RUN_H

#include "verify/program.h"

/* Scratch of one walk, shared by the walker (engine.c) and the matcher (match.c). */

#define RUN_JUMP_MAX 16 /* NFT_JUMP_STACK_SIZE */
/* Where the kernel translates, whatever priority a chain of type nat has. */
#define NAT_DST_PRIORITY (-100)
#define NAT_SRC_PRIORITY 100
/** What a walk may look at: its bounds in time. Past one of them its limit is run_tired. */
struct bounds {
	size_t work; /**< rules tried */
	size_t relevant; /**< lines of one chain that may match */
	size_t lines; /**< lines of one chain that are looked at for that */
};
extern const char run_tired[];

/** Part of the packet set on its way. */
struct piece {
	struct cell cell;
	size_t at; /**< next line to try, as position in the relevant list */
	size_t by_chain, by_rule; /**< who accepted it in the main hook */
	struct rs_verdict verdict; /**< of the rule that it matched */
	uint32_t notes;
	bool listed, untracked, translated, nat_done;
	bool inside; /**< the cell is that of the listener: behind the wanted destination NAT, or not yet undone in a reply */
	bool aimed; /**< the connection has its destination NAT, or needs none */
	u128 target; /**< where it leads */
	const struct rs_target *led; /**< of the element of a map that it matched */
};

struct pieces {
	struct piece *item;
	size_t n, cap;
};

void pieces_add(struct pieces *p, const struct piece *piece);

/** Lists that one depth of the walk works with. */
struct level {
	struct pieces work, hit, spare, rest, fall;
};

struct relevant {
	size_t *line;
	size_t n;
	bool taken; /**< the last one matches all packets of the run that get there */
	unsigned visit; /**< when it was computed */
};

/**
 * Parts of the packet set that went through a chain unchanged, in the visit of a base chain: they do so again. Without it
 * chains that are reached on many paths would be walked once for each.
 */
struct passed {
	struct piece *item;
	size_t *depth; /**< of the walk; deeper ones may meet the bound */
	size_t n, cap;
	unsigned visit;
};

/** What is concrete in the chain that is being walked. */
struct environment {
	u128 value[RS_FIELD_N];
	uint32_t missing, unknown; /**< bits per field */
	bool untracked_yet; /**< the packet has not met conntrack (before its hook) */
	bool tracking_unsure;
	bool untracked_now; /**< conntrack has seen it and leaves it alone: messages of neighbours */
	bool perhaps_related; /**< an ICMP error: of a connection that conntrack knows, or of none */
	bool portless; /**< the protocol has no ports: nobody knows what a port match reads */
	bool source_blurred, destination_blurred; /**< translated, so not the flow's own */
	bool source_may_blur; /**< or for some pieces: piece.translated */
};

struct run {
	const struct engine *e;
	const struct packet_set *set;
	struct outcomes *out;
	engine_trace *trace;
	void *trace_ctx;
	struct environment env;
	unsigned visit;
	size_t base; /**< chain that is being walked */
	struct relevant *relevant; /**< per chain */
	struct level level[RUN_JUMP_MAX + 2];
	struct pieces now, accepted, pending, pending_next;
	struct cells parts;
	struct positions found; /**< lines of a chain that the index gave */
	struct passed *passed; /**< per chain */
	size_t forks; /**< conditions left open so far */
	struct box_index **set_index; /**< per set, made when it is first asked */
	struct positions candidate; /**< elements of a set that may match */
	const struct bounds *bounds;
	size_t boxes, work;
};

/** Fill run->env for a base chain. */
void environment_set(struct run *run, const struct rs_chain *chain);

/** One walk with a set; what is found is added to *out. trace may be NULL. */
void engine_walk(struct engine *e, const struct packet_set *set, const struct bounds *bounds, struct outcomes *out,
        engine_trace *trace_fn, void *ctx);
void outcomes_reset(struct outcomes *o);

/** Stop with a reason: the outcomes are then not complete. */
void run_limit(struct run *run, const char *why);
uint32_t run_note(struct run *run, uint32_t notes, uint32_t atom);

/** Halve a cell whose walk took too long, at an end of the rules that it met. @return false: they have none within it. */
bool divide(const struct run *run, const struct cell *cell, struct cell *low, struct cell *high);
/** One more piece of the packet set: the bound in memory. */
void run_emit(struct run *run, struct pieces *to, const struct piece *piece);

/** The value of a field that is not an axis. @return false when nobody knows; *why is then its atom. */
bool run_value(const struct run *run, const struct piece *piece, enum rs_field f, u128 *value, uint32_t *why);
/** Fields that no packet of the set has; bits per field. */
uint32_t packet_missing_fields(const struct packet_set *set);
/** Else what stands at the place of the ports is not known. */
bool proto_has_ports(uint8_t proto);
bool run_field_missing(const struct run *run, const struct piece *piece, enum rs_field f);

/** The piece's packets as they were when the run began. */
struct cell piece_origin(const struct run *run, const struct piece *piece);
/** What a rule of destination NAT does with its piece. */
void nat_destination(struct run *run, const struct piece *piece, size_t chain, const struct line *line);
/** Translate what conntrack translates before this base chain: everything but the first packet. */
void nat_before(struct run *run, const struct rs_chain *chain);
/** Behind the last chain that could: what is not led to where it should. */
void nat_settle(struct run *run);
/**
 * Packets after the first that conntrack does not see keep the addresses of the wire: called behind the first hook, where
 * those of the original direction miss their translation, and behind the last, where replies do.
 */
void nat_settle_untracked(struct run *run, bool last);
/** Does ct status have the dnat bit. */
bool nat_status(const struct run *run, const struct piece *piece);

/** Do two pieces differ in nothing but their cells? */
bool piece_alike(const struct piece *a, const struct piece *b);
/** Does the chain let the piece through as it is, as far as is known? depth: of the rule that leads there. */
bool passed_before(const struct run *run, size_t depth, size_t chain, const struct piece *piece);
/** It does, and nothing was left open on the way. */
void passed_add(struct run *run, size_t depth, size_t chain, const struct piece *piece);

/** The set's packets reach an end. */
void run_finish(struct run *run, const struct piece *piece, enum outcome_code code, size_t chain, size_t rule);
/** Accepted by the base chain that is walked. */
void run_accept(struct run *run, struct piece *piece, size_t chain, size_t rule);

/** Does a concrete value pass the test. */
bool match_test_holds(const struct test *t, u128 value);
/** Can the line match packets of the cell, by its hull? What is translated or not known is not compared. */
bool match_hull_meets(const struct run *run, const struct line *line, const struct cell *cell, bool source_translated);
/** The hull contains the cell. */
bool match_hull_covers(const struct line *line, const struct cell *cell);
/** What depends on an atom: the part where it is true goes to yes, the other to no, one of them where it is assumed. */
void run_fork(struct run *run, uint32_t atom, const struct piece *piece, struct pieces *yes, struct pieces *no);
/**
 * Is the axis translated where the chain runs, so that the flow's own value does not say what the rule sees?
 *
 * @param why  the atom of that.
 */
bool run_axis_blurred(const struct run *run, const struct piece *piece, enum axis axis, uint32_t *why);
/** Cut a box out of run->pending; what it takes is appended to taken. */
void pending_take(struct run *run, const struct cell *box, struct pieces *taken);
/** Parts of a piece for which a routing question, or a question about IPsec, holds and for which it does not. */
void fib_split(
        struct run *run, const struct test *t, const struct piece *piece, struct pieces *hit, struct pieces *rest);
void ipsec_split(
        struct run *run, const struct test *t, const struct piece *piece, struct pieces *hit, struct pieces *rest);
/** The packets whose lines match_hull_meets() would let through, in a chain that is being walked. */
struct cell match_query(const struct run *run);
/** Does a test of a concrete field hold for every packet of the run in this chain; *known is set where that can be said. */
bool match_holds(const struct run *run, const struct test *test, bool *known);
/** Is a line of this chain worth trying for the run: its hull meets the cell and nothing concrete forbids it. */
bool match_relevant(const struct run *run, const struct line *line);

/** The fields that a set is asked for. */
struct key {
	const enum rs_field *field;
	size_t n;
};

/** A look-up: what is known of its key. */
struct look {
	u128 value[RS_CONCAT_MAX]; /**< of the fields that are no axis */
	bool known[RS_CONCAT_MAX];
	bool decided; /**< all are known */
	uint32_t why; /**< the first that is not: its atom */
};
struct look lookup_key(const struct run *run, const struct key *key, const struct piece *piece);
/** Can some element match, by what is known of the key? */
bool lookup_may_hit(struct run *run, size_t set, const struct key *key, const struct look *l, const struct cell *cell);
/** Split a piece by the elements of a set: hit receives what they take, with their verdicts. */
void lookup_split(struct run *run, size_t set, const struct key *key, const u128 *value, const struct piece *piece,
        struct pieces *hit, struct pieces *rest);

/**
 * Split a piece by a rule's matches and verdict map.
 *
 * @param hit   receives what matches, with item.verdict set.
 * @param rest  receives what does not.
 * @param why   when nothing matches, the name of the condition that failed, for a trace; static or the ruleset's.
 */
void match_split(struct run *run, const struct line *line, const struct piece *piece, struct pieces *hit,
        struct pieces *spare, struct pieces *rest, const char **why);

#endif
