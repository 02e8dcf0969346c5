#ifndef PORTCULLIS_AGENT_FLAT_BUILD_H
#define PORTCULLIS_AGENT_FLAT_BUILD_H

#include "portcullis/flat.h"
#include "portcullis/ipsec.h"
#include "portcullis/text.h"

/* What the files of the flat block share: the block on its way with its texts, and the rows that are filled in. */

struct flat_builder {
	const struct snapshot *s;
	const struct site *site; /* or NULL */
	const struct catalog *catalog; /* or NULL */
	const struct pack **pack; /* of the catalog; of one product, those that deployments are for come first */
	size_t n_pack;
	const struct flows *flows;
	struct ipsec_findings ipsec;
	struct flat *block;
	struct text text;
	flat_text *slot; /* open addressing, 0: free */
	size_t n_slot, used;
	bool full;
	struct text scratch; /* for one text that is put together */
};

/** Is there no product, role or requirement of that number in the packs before pack i, which have the same product. */
bool flat_product_is_first(const struct flat_builder *b, size_t i);
bool flat_role_is_first(const struct flat_builder *b, size_t i, uint32_t id);
bool flat_requirement_is_first(const struct flat_builder *b, size_t i, uint32_t id);
/** Row number i of a table, zero when it is new. */
void *flat_builder_row(struct flat_builder *b, enum flat_table table, size_t i);
/** A text that other rows may have too; NULL is the empty one. */
flat_text flat_put(struct flat_builder *b, const char *s);
/** A text that no other row has. */
flat_text flat_put_unique(struct flat_builder *b, const char *s);
/** One more part of the text in b->scratch, behind a comma where it is not the first. */
void flat_join(struct flat_builder *b, const char *part);
/** The text in b->scratch, which is then empty. */
flat_text flat_put_scratch(struct flat_builder *b);
/** Fill the rows of every table; not sorted. The summary comes last. */
void flat_fill(struct flat_builder *b);

#endif
