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

/** Called for the elements of the first levels, root first, with their namespaces as they are written. */
struct names_visitor {
	/** @return 0, or -1 to refuse the message with err. */
	int (*visit)(void *ctx, unsigned depth, struct xml_span ns, struct xml_span local, struct error *err);
	void *ctx;
	unsigned depth; /**< elements from here on are not told */
};

/**
 * Check that every prefix is declared and every element has a namespace.
 *
 * @param message  an rpc that xml_check() accepted; rewritten where a filter leaves a namespace open.
 * @return 0, or -1: ERR_FORMAT, ERR_LIMIT (NAMES_MAX, NAMES_OPEN), or what the visitor says.
 */
int names_check(struct text *message, const struct names_visitor *visitor, struct error *err) MUST_USE;

#endif
