#ifndef VERIFY_WAYS_H
#define VERIFY_WAYS_H

#include "portcullis/connection.h"
#include "portcullis/network.h"
#include "portcullis/verify.h"

/** Where the device's addresses and routes lead single packets, made for many questions. */
struct ways;

struct ways *ways_new(const struct network *net);
void ways_free(struct ways *w);

/** One passage of a packet through the device; "": an interface that is not known. */
struct way {
	enum path path;
	char iif[IFNAME_SIZE], oif[IFNAME_SIZE];
};
#define WAYS_MAX 2

/**
 * The passages of a connection's first packet: two where it stays on this device.
 *
 * @return how many; 0: they are not known.
 */
size_t ways_find(const struct ways *w, const struct connection *c, struct way out[WAYS_MAX]);

#endif
