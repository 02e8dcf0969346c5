#ifndef PORTCULLIS_NETCONF_DEFAULTS_H
#define PORTCULLIS_NETCONF_DEFAULTS_H

#include <stdbool.h>
#include <stddef.h>

#include "portcullis/text.h"

/*
 * The attribute `default` of RFC 6243 section 6. The library has it in the namespace of the YANG module, where its
 * annotation is defined; on the wire it has the namespace of the RFC. Pure.
 */

/** A reply on its way in which nodes are tagged; start with {0}. */
struct defaults_answer {
	size_t matched; /**< private: bytes of the namespace that are held back */
	bool begun; /**< private: the start tag of the reply, which repeats what the client said, is over */
	bool in_tag; /**< private */
};

/** Append a piece of the reply with the namespace of the RFC. */
void defaults_answer(struct defaults_answer *x, const char *s, size_t n, struct text *out);
/**
 * Prefixes of attributes that stand for the namespace of the RFC then stand for that of the module.
 *
 * @param xml  elements, each with all its declarations; replaced where it has such prefixes.
 */
void defaults_accept(char **xml);

#endif
