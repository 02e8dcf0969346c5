#ifndef PORTCULLIS_RULESET_MIRROR_H
#define PORTCULLIS_RULESET_MIRROR_H

#include "portcullis/mirror.h"
#include "portcullis/text.h"
#include "ruleset/mirror_store.h"
#include "ruleset/netlink.h"

/* What the parts of the mirror share. */

/** Elements are listed in messages of at most so many bytes. */
#define MIRROR_LIST_MAX 32768

/** Of a dump or an event, after its lengths were checked. */
struct mirror_message {
	unsigned type; /**< NFT_MSG_* */
	uint8_t family; /**< NFPROTO_* */
	uint16_t flags; /**< NLM_F_* */
	const uint8_t *bytes;
	size_t len;
	const void *attrs;
	size_t attrs_len;
};

/** A rule whose place is behind one that the same transaction has yet to tell of. */
struct mirror_waiting {
	struct mirror_object *rule;
	uint64_t behind; /**< handle, as it came */
};

/** A rule as it was decoded, shared with the rulesets that have it. */
struct mirror_rule {
	struct rs_rule rule;
	bool uses_conntrack, tracks[2], sets_mark, reads_mark;
	bool fills_set; /**< adds to or deletes from a set: which makes that set dynamic */
};

struct decoder;

struct mirror {
	bool known;
	uint32_t generation;
	struct mirror_store store;
	struct text pending; /**< event messages of a transaction that has not ended */
	size_t scanned; /**< of them, looked at */
	struct mirror_waiting *waiting;
	size_t n_waiting, cap_waiting;
	/* The rule that the last message about rules deleted: one that replaces it has its handle and its place. */
	bool deleted, deleted_waiting;
	struct mirror_object *deleted_chain, *deleted_prev;
	uint64_t deleted_handle, deleted_behind, deleted_thinned;
	uint64_t transaction; /**< counts them */
	size_t n_silent, n_devices; /**< objects that say so */
	struct decoder *decoder; /**< of the last ruleset; NULL: none */
	bool reshaped; /**< since then something changed that all rules may depend on */
	bool ordered; /**< the order of the rules decides how they are read: they are all decoded each time */
	struct mirror_counts counts;
	size_t n_new; /**< rules that came since */
	size_t n_dead; /**< anonymous sets of the decoder that are gone */
};

/** A message of a dump or of an event into the store. @return 0, or -1 where it does not fit what is there. */
int mirror_take(struct mirror *m, const struct mirror_message *message, bool event, struct error *err) MUST_USE;
void mirror_decoder_free(struct mirror *m);
/** Messages of a set and its elements, or of the elements alone. */
void mirror_put_set(struct text *to, const struct mirror_object *set, bool header);
/** Everything but the rules. */
void mirror_put_frame(struct text *to, const struct mirror *m);
/** The transaction, or the dump, is over: nothing may wait for a place. */
int mirror_settle(struct mirror *m, struct error *err) MUST_USE;

#endif
