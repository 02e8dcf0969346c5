#ifndef NFT_REPEATED_H
#define NFT_REPEATED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Does an element stand twice among messages of one set's dump? The kernel goes on from where it was by counting elements; while
 * a hash table grows they change places, so some come twice and as many others not at all, and nothing else tells of it.
 *
 * @param data  netlink messages (NFT_MSG_NEWSETELEM), of checked lengths.
 */
bool elements_repeated(const uint8_t *data, size_t len);

#endif
