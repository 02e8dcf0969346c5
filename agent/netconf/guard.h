#ifndef PORTCULLIS_NETCONF_GUARD_H
#define PORTCULLIS_NETCONF_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netconf/frame.h"
#include "netconf/operation.h"
#include "netconf/xml.h"
#include "portcullis/flow.h"

/*
 * What stands between a client and the NETCONF library: bytes of the client in, whole and harmless messages out. Pure:
 * no I/O, no clock.
 */

struct guard_limits {
	size_t message; /**< bytes of one message */
	struct xml_limits xml;
	int hello_ms; /**< a hello must be complete by then */
	int progress_ms; /**< in that time at least GUARD_PROGRESS bytes move, or all that there are */
};
#define GUARD_PROGRESS 4096u
#define GUARD_RELAY_LINE 200u /**< longest line that the SSH relay may send first */
#define GUARD_HELLO 65536u /**< longest hello */
extern const struct guard_limits guard_limits_default;

/** Something has to move on; which is checked at `due`. */
struct guard_progress {
	int64_t due; /**< 0: nothing is waited for */
	size_t moved;
};
/** Bytes moved (or none), and more is waited for or not. */
void guard_progress_note(struct guard_progress *p, size_t moved, bool waiting, int64_t now_ms, int within_ms);
/** Is it stuck at `now`? When not, the next look is set. */
bool guard_progress_stuck(struct guard_progress *p, int64_t now_ms, int within_ms);

enum guard_event {
	GUARD_MORE, /**< all bytes taken */
	GUARD_HELLO_OK, /**< the client's hello is fine; guard->chunked says what it speaks */
	GUARD_RPC, /**< guard->message is a whole rpc; guard_next() before the next call */
	GUARD_REFUSED, /**< guard->reply is the answer (a whole rpc-reply); the session goes on; guard_next() */
	GUARD_OVER /**< the session has to end: err; guard->reply is a last word when it is not empty */
};

struct guard {
	const struct guard_limits *limits;
	enum { GUARD_START, GUARD_RELAY, GUARD_WAIT_HELLO, GUARD_SESSION } stage;
	struct frame frame;
	struct text message, reply;
	struct text open; /**< GUARD_RPC: start tag of its reply, see envelope_open() */
	struct text content; /**< the configuration that belongs to the message, as names_check() took it out */
	struct operation operation; /**< knows: set by the owner after guard_init() */
	bool chunked; /**< both said base:1.1 */
	char source[64]; /**< client's address as the SSH relay says; "" when there is none */
	struct flow_peer peer; /**< both ends of its connection; FAMILY_NONE: not known */
	int64_t hello_due; /**< 0 when it has come */
	struct guard_progress progress;
};

void guard_init(struct guard *g, const struct guard_limits *limits, int64_t now_ms);
void guard_fini(struct guard *g);
/**
 * Take received bytes.
 *
 * @param used  bytes taken; call again with the rest until GUARD_MORE.
 * @param err   GUARD_REFUSED, GUARD_OVER: what is wrong.
 */
enum guard_event guard_feed(
        struct guard *g, const char *data, size_t n, size_t *used, int64_t now_ms, struct error *err) MUST_USE;
/** The message or reply was dealt with. */
void guard_next(struct guard *g);
/** When guard_late() has to be asked again, on the clock of now_ms; INT64_MAX: no need. */
int64_t guard_due(const struct guard *g);
/** Has the client taken too long? @return 0, or -1 with ERR_UNAVAILABLE. */
int guard_late(struct guard *g, int64_t now_ms, struct error *err) MUST_USE;
/** The client's end in the middle of a message? */
bool guard_is_inside(const struct guard *g);

/** A hello in which a client says what the guard has found out, for the library; chunked. */
const char *guard_hello(void);
/**
 * Check a hello: capabilities alone, base:1.0 or base:1.1 among them.
 *
 * @param chunked  base:1.1 is among them.
 * @param session  a server's hello: session-id; a client's must not have one (NULL).
 */
int guard_hello_check(const char *s, size_t n, bool *chunked, uint32_t *session, struct error *err) MUST_USE;
/** error-tag for a client; RFC 6241 appendix A: one that speaks base:1.0 alone is told of no malformed-message. */
const char *guard_error_tag(enum error_code code, bool chunked);
/**
 * Append an rpc-error in the order of RFC 6241 appendix B.
 *
 * @param type        error-type; NULL: "rpc", or "protocol" where the operation is what is wrong.
 * @param namespaces  declarations of the prefixes in err->where (" xmlns:a=..."), or "".
 */
void guard_error_add(struct text *out, bool chunked, const char *type, const char *namespaces, const struct error *err);
/** An rpc-reply with one rpc-error, without framing. @param open  its start tag, see envelope_open(). */
void guard_error_reply(
        struct text *out, const struct text *open, bool chunked, const char *namespaces, const struct error *err);

#endif
