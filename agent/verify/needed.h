#ifndef VERIFY_NEEDED_H
#define VERIFY_NEEDED_H

#include "portcullis/deployment.h"
#include "verify/index.h"

#define PROTO_ANY 0
#define PROTO_DCCP 33
#define PROTO_UDPLITE 136

/** Packets that are no opening: of a required flow or an allowance. */
struct needed {
	enum family family;
	uint8_t proto; /**< PROTO_ANY: every protocol */
	struct cell cell;
};

struct needed_list {
	struct needed *item; /**< by family and protocol */
	size_t n, cap;
	struct needed_kind *kind;
	size_t n_kind;
};

/** Release with needed_fini(). */
void needed_find(const struct site *site, const struct flows *flows, int64_t now, struct needed_list *out);
void needed_fini(struct needed_list *list);
/** Visit what is needed of a family and protocol that overlaps a cell; what any protocol is needed for too. */
void needed_each(const struct needed_list *list, enum family family, uint8_t proto, const struct cell *cell,
        struct positions *scratch, bool (*visit)(void *ctx, const struct cell *needed), void *ctx);
bool needed_has_ports(uint8_t proto);

#endif
