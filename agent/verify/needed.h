#ifndef VERIFY_NEEDED_H
#define VERIFY_NEEDED_H

#include "portcullis/deployment.h"
#include "verify/cell.h"

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
	struct needed *item;
	size_t n, cap;
};

/** Append to *out; free out->item. */
void needed_find(const struct site *site, const struct flows *flows, int64_t now, struct needed_list *out);
bool needed_has_ports(uint8_t proto);

#endif
