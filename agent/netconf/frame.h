#ifndef PORTCULLIS_NETCONF_FRAME_H
#define PORTCULLIS_NETCONF_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "portcullis/error.h"
#include "portcullis/text.h"

/* Framing of NETCONF messages: RFC 6242 section 4.3 ("]]>]]>") and 4.2 (chunks). Pure. */

/** Largest chunk that is written: clients that read chunk by chunk get slow on larger ones. */
#define FRAME_CHUNK (16u * 1024)

enum frame_event {
	FRAME_MORE, /**< all bytes taken; nothing to tell */
	FRAME_DATA, /**< a piece of the message */
	FRAME_END, /**< the message is complete */
	FRAME_BAD /**< not framing: the session cannot go on */
};

/** A reader; start with {0}. */
struct frame {
	bool chunked; /**< set between two messages only */
	unsigned state; /**< private: where in the delimiter or chunk header */
	bool any; /**< private: this message has had a chunk */
	uint64_t left; /**< private: bytes left of the chunk; while its header is read, the size so far */
	bool inside; /**< a message has begun and is not complete */
};

/**
 * Take the next step through received bytes.
 *
 * @param used       bytes of data that were taken; call again with the rest until FRAME_MORE.
 * @param piece,len  FRAME_DATA: the piece, inside data or static.
 * @param err        FRAME_BAD: what is wrong.
 */
enum frame_event frame_next(struct frame *f, const char *data, size_t n, size_t *used, const char **piece, size_t *len,
        struct error *err) MUST_USE;

/** Append a part of a message, in chunks of at most FRAME_CHUNK when chunked. */
void frame_write(struct text *out, bool chunked, const char *data, size_t n);
/** Append the end of a message. */
void frame_write_end(struct text *out, bool chunked);

#endif
