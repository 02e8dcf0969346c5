#ifndef VERIFY_SIDES_H
#define VERIFY_SIDES_H

#include "portcullis/deployment.h"
#include "portcullis/network.h"

/** An interface with the addresses that are behind it. */
struct side {
	char ifname[IFNAME_SIZE];
	struct ranges addresses;
};

struct sides {
	struct side *item;
	size_t n, cap;
};

/** A group and what is known of the network around it; all borrowed. */
struct surroundings {
	const struct site *site;
	const struct network *net; /**< may be NULL */
	const struct group *group;
};

void sides_fini(struct sides *s);
/**
 * Interfaces that packets of the family may come from, each with the sources that are routed to it. What answers to an
 * address of this device comes here and not to a sender: such a source can create no connection.
 */
void sources_find(const struct surroundings *s, enum family family, struct sides *out);
/** Interfaces that the group's own and virtual addresses are behind, each with these addresses. */
void destinations_find(const struct surroundings *s, enum family family, struct sides *out);

#endif
