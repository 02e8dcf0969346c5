/*
 * Answers of the library itself: an rpc-reply comes in, in pieces, and goes out with a message of bounded length and the
 * error-tag of a request that does not fit. A value that the message echoes is cut; nothing is refused here.
 */
#include "netconf/answer.h"

#include <string.h>

#include "config/datastore.h"
#include "netconf/xml.h"

#define FAILED "<error-tag>operation-failed<"
#define INVALID "<error-tag>invalid-value<"
#define TAIL "</error-message></rpc-error></rpc-reply>"

void answer_add(struct answer *a, const char *piece, size_t n)
{
	size_t room = ANSWER_MAX - a->text.len;
	a->cut |= n > room;
	text_addn(&a->text, piece, n < room ? n : room);
}

/* Up to the error-message, with the tag changed. */
static void add_head(struct text *out, const char *s, size_t n)
{
	const char *failed = memmem(s, n, FAILED, strlen(FAILED));
	if (failed == NULL) {
		text_addn(out, s, n);
		return;
	}
	text_addn(out, s, (size_t)(failed - s));
	text_add(out, INVALID);
	failed += strlen(FAILED);
	text_addn(out, failed, (size_t)(s + n - failed));
}

void answer_finish(struct answer *a)
{
	const char *from = strstr(text_str(&a->text), "<error-message");
	const char *open = from != NULL ? strchr(from, '>') : NULL;
	struct text out = {0}, message = {0}, cut = {0};
	if (open == NULL)
		return;
	const char *close = strchr(++open, '<');
	size_t n = close != NULL ? (size_t)(close - open) : strlen(open);
	xml_unescape(&message, (struct xml_span){open, n});
	context_message(&cut, text_str(&message));
	add_head(&out, a->text.s, (size_t)(open - a->text.s));
	text_add_xml(&out, text_str(&cut));
	text_add(&out, a->cut || close == NULL ? TAIL : close);
	text_fini(&message);
	text_fini(&cut);
	text_fini(&a->text);
	*a = (struct answer){.text = out};
}
