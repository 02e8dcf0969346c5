#ifndef PORTCULLIS_NETCONF_NAMES_H
#define PORTCULLIS_NETCONF_NAMES_H

#include "netconf/xml.h"

/*
 * Namespaces of a message. The library behind crashes on elements that have none, so none gets through: in a subtree
 * filter such an element means any namespace (RFC 6241 section 6.2.1) and is given NAMES_ANY; elsewhere it is refused.
 * The filter of a subscription may be in the namespace of RFC 6241 instead of RFC 5277's: it is moved there. Pure.
 */

/** Stands in a filter for "any namespace". */
#define NAMES_ANY "urn:portcullis:any-namespace"
/** Most declarations that may be in scope at one place. */
#define NAMES_MAX 64u
/** Most elements of a filter that may have attributes or have to be given NAMES_ANY. */
#define NAMES_OPEN 1000u

/** Of a visitor: what the element holds is a configuration. */
#define NAMES_TAKE 1

/** Called for the elements of the first levels, root first, with their namespaces as they are written. */
struct names_visitor {
	/** @return 0, NAMES_TAKE, or -1 to refuse the message with err. */
	int (*visit)(void *ctx, unsigned depth, struct xml_span ns, struct xml_span local, struct error *err);
	void *ctx;
	unsigned depth; /**< elements from here on are not told */
};

/**
 * Check that every prefix is declared and every element has a namespace.
 *
 * @param message  an rpc that xml_check() accepted; rewritten where a filter leaves a namespace open.
 * @param content  receives the elements of a configuration, each with the declarations that it needs, in whose place the
 *                 message has a mark then: the library would look for the place of each element among all others. Empty
 *                 when there are none, where there is text beside them, and where the declarations would be too much.
 * @return 0, or -1: ERR_FORMAT, ERR_LIMIT (NAMES_MAX, NAMES_OPEN), or what the visitor says.
 */
int names_check(
        struct text *message, const struct names_visitor *visitor, struct text *content, struct error *err) MUST_USE;

#endif
