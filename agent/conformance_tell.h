#ifndef PORTCULLIS_CONFORMANCE_TELL_H
#define PORTCULLIS_CONFORMANCE_TELL_H

#include "portcullis/conformance.h"

/* Inside conformance: what the files that tell changes share. */

/** One more change with the next sequence number; strings may be NULL. Borrowed until the next one. */
struct change *conformance_tell(struct conformance *c, struct changes *out, enum change_kind kind,
        const struct cause *cause, int64_t now_wall, const char *label, const char *rule, const char *witness);

/** Openings that came and went since the last look. */
void conformance_openings(struct conformance *c, const struct openings *openings, const struct cause *cause,
        int64_t now_wall, struct changes *out);

#endif
