#ifndef PORTCULLIS_NETCONF_ENVELOPE_H
#define PORTCULLIS_NETCONF_ENVELOPE_H

#include "netconf/xml.h"

/*
 * The start tag of a reply: RFC 6241 section 4.1 has it repeat every attribute of the rpc, declarations too, of which the
 * library leaves out those that nothing uses. Pure.
 */

/** Longest attributes of an rpc. */
#define ENVELOPE_ATTRIBUTES 8192u
#define ENVELOPE_MESSAGE_ID 4095u

/** A reply on its way that begins with the library's start tag; {.over = true}: none. */
struct envelope {
	struct text open; /**< what it gets instead, without its end */
	bool over; /**< the start tag has passed */
	char last; /**< private: byte before what comes */
};

/**
 * The start tag of the reply to an rpc, without its end, in place of what *out holds.
 *
 * The namespace of RFC 6241 is the default one, so a default namespace that the rpc binds to another stays out. Of a tag
 * that is too long or none as XML wants it, the message-id alone is repeated.
 */
void envelope_open(struct text *out, const struct xml_root *root);
/** A piece of the reply with the start tag replaced: a part of the piece or of *buffer. */
struct xml_span envelope_put(struct envelope *e, struct xml_span piece, struct text *buffer);

#endif
