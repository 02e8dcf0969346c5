/*
 * Start tags of replies: the attributes of an rpc come in, the tag that repeats them goes out, and takes the place of the
 * library's in the bytes of a reply. Attributes that would not be well-formed there are not repeated.
 */
#include "netconf/envelope.h"

#include <string.h>

#define NS_BASE "urn:ietf:params:xml:ns:netconf:base:1.0"
#define DECLARES "xmlns:"

static bool is_name(struct xml_span s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.s[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80 || c == '_';
		if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':')))
			return false;
	}
	return s.n > 0;
}

/* Is the attribute there whose name has these two parts? */
static bool has(struct xml_span attrs, const char *head, struct xml_span tail)
{
	struct xml_span name, value;
	size_t n = strlen(head);
	while (xml_attribute(&attrs, &name, &value) > 0)
		if (name.n == n + tail.n && memcmp(name.s, head, n) == 0 && memcmp(name.s + n, tail.s, tail.n) == 0)
			return true;
	return false;
}

static bool is_sound(struct xml_span attrs)
{
	struct xml_span rest = attrs, name, value;
	int more;
	while ((more = xml_attribute(&rest, &name, &value)) > 0) {
		const char *colon = memchr(name.s, ':', name.n);
		struct xml_span prefix = {name.s, colon != NULL ? (size_t)(colon - name.s) : 0};
		if (!is_name(name) || !xml_is_text(name) || !xml_is_text(value) || has(rest, "", name))
			return false;
		if (colon != NULL && !xml_span_is(prefix, "xml") && !xml_span_is(prefix, "xmlns") &&
		        !has(attrs, DECLARES, prefix))
			return false;
	}
	return more == 0;
}

static void add_attribute(struct text *out, struct xml_span name, struct xml_span value)
{
	char quote = value.s[-1];
	text_addf(out, " %.*s=%c", (int)name.n, name.s, quote);
	text_addn(out, value.s, value.n);
	text_addn(out, &quote, 1);
}

void envelope_open(struct text *out, const struct xml_root *root)
{
	static const char id[] = "message-id";
	struct xml_span attrs = root->attrs, name, value;
	bool sound = attrs.s != NULL && attrs.n <= ENVELOPE_ATTRIBUTES && is_sound(attrs);
	out->len = 0;
	text_add(out, "<rpc-reply xmlns=\"" NS_BASE "\"");
	while (sound && xml_attribute(&attrs, &name, &value) > 0)
		if (!xml_span_is(name, "xmlns"))
			add_attribute(out, name, value);
	if (!sound && root->message_id.s != NULL && root->message_id.n <= ENVELOPE_MESSAGE_ID &&
	        xml_is_text(root->message_id))
		add_attribute(out, (struct xml_span){id, strlen(id)}, root->message_id);
}

struct xml_span envelope_put(struct envelope *e, struct xml_span piece, struct text *buffer)
{
	if (e->over || piece.n == 0)
		return piece;
	const char *end = memchr(piece.s, '>', piece.n);
	char last = end != NULL && end > piece.s ? end[-1] : e->last;
	e->last = piece.s[piece.n - 1];
	if (end == NULL)
		return (struct xml_span){piece.s, 0};
	e->over = true;
	buffer->len = 0;
	text_addn(buffer, text_str(&e->open), e->open.len);
	text_add(buffer, last == '/' ? "/" : "");
	text_addn(buffer, end, piece.n - (size_t)(end - piece.s));
	return (struct xml_span){buffer->s, buffer->len};
}
