/*
 * A look over XML: text comes in, tags and their nesting go out. Bytes that no XML 1.0 document holds, tags that do not
 * nest and document type declarations are refused; whatever else XML asks is checked by the parser behind.
 */
#include "netconf/xml.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "portcullis/alloc.h"
#include "portcullis/utf8.h"

#define NS_BASE "urn:ietf:params:xml:ns:netconf:base:1.0"

static bool space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static enum xml_kind broken(struct error *err, const char *what)
{
	(void)error_set(err, ERR_FORMAT, "message", "%s; send one well-formed XML element", what);
	return XML_BROKEN;
}

bool xml_span_is(struct xml_span a, const char *s)
{
	return a.n == strlen(s) && memcmp(a.s, s, a.n) == 0;
}

bool xml_local_is(struct xml_span name, const char *local)
{
	const char *colon = name.n > 0 ? memchr(name.s, ':', name.n) : NULL;
	if (colon != NULL) {
		name.n -= (size_t)(colon + 1 - name.s);
		name.s = colon + 1;
	}
	return xml_span_is(name, local);
}

bool xml_is_space(struct xml_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!space(s.s[i]))
			return false;
	return true;
}

static bool starts(const struct xml_reader *r, const char *with)
{
	size_t n = strlen(with);
	return (size_t)(r->end - r->at) >= n && memcmp(r->at, with, n) == 0;
}

/* Pass over what begins here and ends with `tail`. @return its end, or NULL when it does not end. */
static const char *past(struct xml_reader *r, size_t skip, const char *tail)
{
	const char *from = r->at + skip;
	const char *hit = memmem(from, (size_t)(r->end - from), tail, strlen(tail));
	if (hit == NULL)
		return NULL;
	r->at = hit + strlen(tail);
	return hit;
}

/* A tag from '<' on: name, the rest, and how it ends. Quoted values may hold '>'. */
static enum xml_kind tag(struct xml_reader *r, struct error *err)
{
	bool closing = starts(r, "</");
	const char *p = r->at + (closing ? 2 : 1);
	r->name.s = p;
	while (p < r->end && !space(*p) && *p != '>' && *p != '/' && *p != '<' && *p != '=' && *p != '"' && *p != '\'')
		p++;
	r->name.n = (size_t)(p - r->name.s);
	if (r->name.n == 0)
		return broken(err, "a tag has no name");
	r->attrs.s = p;
	for (char quote = 0; p < r->end && (quote != 0 || *p != '>'); p++) {
		if (*p == '<')
			return broken(err, "a '<' stands inside a tag");
		if (quote != 0)
			quote = *p == quote ? 0 : quote;
		else if (*p == '"' || *p == '\'')
			quote = *p;
	}
	if (p >= r->end)
		return broken(err, "a tag does not end");
	bool empty = !closing && p > r->attrs.s && p[-1] == '/';
	r->attrs.n = (size_t)(p - r->attrs.s) - (empty ? 1 : 0);
	r->at = p + 1;
	if (closing && !xml_is_space(r->attrs))
		return broken(err, "an end tag has attributes");
	if (closing && r->depth == 0)
		return broken(err, "an end tag has no start tag");
	if (closing)
		r->depth--;
	else if (!empty)
		r->depth++;
	return closing ? XML_CLOSE : empty ? XML_EMPTY : XML_START;
}

static enum xml_kind cdata(struct xml_reader *r, struct error *err)
{
	const char *from = r->at + strlen("<![CDATA[");
	const char *end = past(r, strlen("<![CDATA["), "]]>");
	if (end == NULL)
		return broken(err, "a CDATA section does not end");
	r->content = (struct xml_span){from, (size_t)(end - from)};
	r->cdata = true;
	return XML_TEXT;
}

enum xml_kind xml_next(struct xml_reader *r, struct error *err)
{
	while (r->at < r->end) {
		if (*r->at != '<') {
			const char *next = memchr(r->at, '<', (size_t)(r->end - r->at));
			next = next != NULL ? next : r->end;
			r->content = (struct xml_span){r->at, (size_t)(next - r->at)};
			r->cdata = false;
			r->at = next;
			return XML_TEXT;
		}
		if (starts(r, "<!--")) {
			if (past(r, 4, "-->") == NULL)
				return broken(err, "a comment does not end");
		} else if (starts(r, "<?")) {
			if (past(r, 2, "?>") == NULL)
				return broken(err, "a processing instruction does not end");
		} else if (starts(r, "<![CDATA[")) {
			return cdata(r, err);
		} else if (starts(r, "<!")) {
			return broken(err, "document type declarations are not accepted");
		} else {
			return tag(r, err);
		}
	}
	return XML_DONE;
}

int xml_attribute(struct xml_span *attrs, struct xml_span *name, struct xml_span *value)
{
	const char *p = attrs->s, *end = attrs->s + attrs->n;
	while (p < end && space(*p))
		p++;
	if (p == end)
		return 0;
	name->s = p;
	while (p < end && !space(*p) && *p != '=')
		p++;
	name->n = (size_t)(p - name->s);
	while (p < end && space(*p))
		p++;
	if (p == end || *p++ != '=')
		return -1;
	while (p < end && space(*p))
		p++;
	if (p == end || (*p != '"' && *p != '\''))
		return -1;
	const char *close = memchr(p + 1, *p, (size_t)(end - p - 1));
	if (close == NULL)
		return -1;
	*value = (struct xml_span){p + 1, (size_t)(close - p - 1)};
	attrs->n = (size_t)(end - close - 1);
	attrs->s = close + 1;
	return name->n > 0 ? 1 : -1;
}

static void add_utf8(struct text *out, unsigned long c)
{
	char b[4];
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = {0, 0x00, 0xc0, 0xe0, 0xf0};
	for (size_t i = n; i-- > 1; c >>= 6)
		b[i] = (char)(0x80 | (c & 0x3f));
	b[0] = (char)(lead[n] | c);
	text_addn(out, b, n);
}

/* XML 1.0 section 2.2. */
static bool is_character(unsigned long c)
{
	if (c < 0x20)
		return c == '\t' || c == '\n' || c == '\r';
	return c <= 0x10ffff && (c < 0xd800 || c > 0xdfff) && c != 0xfffe && c != 0xffff;
}

/* "&name;" at s. @return its length, 0 when it is none that is known. */
static size_t entity(struct text *out, struct xml_span s)
{
	static const struct {
		const char *name;
		char c;
	} known[] = {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}};
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		size_t n = strlen(known[i].name);
		if (s.n >= n && memcmp(s.s, known[i].name, n) == 0) {
			text_addn(out, &known[i].c, 1);
			return n;
		}
	}
	const char *semicolon = s.n > 3 && s.s[1] == '#' ? memchr(s.s, ';', s.n < 12 ? s.n : 12) : NULL;
	if (semicolon == NULL)
		return 0;
	char digits[16] = "";
	bool hex = s.s[2] == 'x';
	const char *from = s.s + (hex ? 3 : 2);
	if (from >= semicolon)
		return 0;
	memcpy(digits, from, (size_t)(semicolon - from));
	char *end;
	unsigned long c = strtoul(digits, &end, hex ? 16 : 10);
	if (*end != '\0' || !is_character(c))
		return 0;
	add_utf8(out, c);
	return (size_t)(semicolon + 1 - s.s);
}

void xml_unescape(struct text *out, struct xml_span s)
{
	while (s.n > 0) {
		const char *amp = memchr(s.s, '&', s.n);
		size_t plain = amp != NULL ? (size_t)(amp - s.s) : s.n;
		text_addn(out, s.s, plain);
		s.s += plain;
		s.n -= plain;
		if (s.n == 0)
			break;
		size_t taken = entity(out, s);
		if (taken == 0) {
			text_addn(out, "&", 1);
			taken = 1;
		}
		s.s += taken;
		s.n -= taken;
	}
}

/* The root's namespace and message-id. */
static void root_attributes(struct xml_span attrs, struct xml_root *out)
{
	struct xml_span name, value;
	const char *colon = memchr(out->name.s, ':', out->name.n);
	size_t prefix = colon != NULL ? (size_t)(colon - out->name.s) : 0;
	while (xml_attribute(&attrs, &name, &value) > 0) {
		if (xml_span_is(name, "message-id"))
			out->message_id = value;
		bool declares = prefix == 0 ? xml_span_is(name, "xmlns")
		                            : name.n == prefix + 6 && memcmp(name.s, "xmlns:", 6) == 0 &&
		                                      memcmp(name.s + 6, out->name.s, prefix) == 0;
		if (declares)
			out->base = xml_span_is(value, NS_BASE);
	}
}

/* Bytes that would end a C string early, or that no XML document in UTF-8 has. */
static int check_bytes(const char *s, size_t n, struct error *err)
{
	static const char *const none[] = {"\xef\xbf\xbe", "\xef\xbf\xbf"};
	bool ascii = true;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		ascii = ascii && c < 0x80;
		if (c < 0x20 && !space(s[i]))
			return error_set(err, ERR_FORMAT, "message",
			        "byte 0x%02x at %zu is no character of XML 1.0; leave it out", c, i);
	}
	size_t good = ascii ? n : utf8_check(s, n);
	if (good < n)
		return error_set(err, ERR_FORMAT, "message",
		        "byte 0x%02x at %zu is not UTF-8; encode the whole message in UTF-8", (unsigned char)s[good],
		        good);
	for (size_t i = 0; !ascii && i < sizeof(none) / sizeof(none[0]); i++) {
		const char *at = memmem(s, n, none[i], 3);
		if (at != NULL)
			return error_set(err, ERR_FORMAT, "message",
			        "U+FFF%c at %zu is no character of XML 1.0; leave it out", i == 0 ? 'E' : 'F',
			        (size_t)(at - s));
	}
	return 0;
}

/* An XML declaration that names another encoding: RFC 6241 section 3 has UTF-8 alone. */
static int check_declaration(const char *s, size_t n, struct error *err)
{
	static const char begin[] = "<?xml ", label[] = "encoding";
	struct xml_span attrs, name, value;
	while (n > 0 && space(*s)) {
		s++;
		n--;
	}
	const char *end = n > strlen(begin) && memcmp(s, begin, strlen(begin)) == 0 ? memmem(s, n, "?>", 2) : NULL;
	if (end == NULL)
		return 0;
	attrs = (struct xml_span){s + strlen(begin), (size_t)(end - s) - strlen(begin)};
	while (xml_attribute(&attrs, &name, &value) > 0) {
		bool known = (value.n == 5 && strncasecmp(value.s, "UTF-8", 5) == 0) ||
		             (value.n == 8 && strncasecmp(value.s, "US-ASCII", 8) == 0);
		if (xml_span_is(name, label) && !known)
			return error_set(err, ERR_FORMAT, "message",
			        "the message says that its encoding is %.*s; encode it in UTF-8 and say so",
			        (int)(value.n < 32 ? value.n : 32), value.s);
	}
	return 0;
}

/* Text between tags, or an attribute's value. */
static int check_text(struct xml_span s, struct error *err)
{
	struct text scratch = {0};
	const char *amp;
	size_t taken = 1;
	while (taken > 0 && s.n > 0 && (amp = memchr(s.s, '&', s.n)) != NULL) {
		s = (struct xml_span){amp, s.n - (size_t)(amp - s.s)};
		scratch.len = 0;
		taken = entity(&scratch, s);
		s = (struct xml_span){s.s + taken, s.n - taken};
	}
	text_fini(&scratch);
	if (taken > 0)
		return 0;
	const char *semicolon = memchr(s.s, ';', s.n < 16 ? s.n : 16);
	size_t shown = semicolon != NULL ? (size_t)(semicolon + 1 - s.s) : 1;
	return error_set(err, ERR_FORMAT, "message",
	        "%.*s is neither an entity nor a character that XML 1.0 has; write &amp; for an '&'", (int)shown, s.s);
}

bool xml_is_text(struct xml_span s)
{
	return check_bytes(s.s, s.n, NULL) == 0 && check_text(s, NULL) == 0;
}

/* The first tag, of a message that is refused. */
static void read_root(struct xml_reader *r, struct xml_root *out)
{
	struct error ignored;
	enum xml_kind kind;
	while ((kind = xml_next(r, &ignored)) == XML_TEXT && xml_is_space(r->content))
		;
	if (kind != XML_START && kind != XML_EMPTY)
		return;
	out->name = r->name;
	out->attrs = r->attrs;
	root_attributes(r->attrs, out);
}

static int check_attributes(struct xml_span attrs, unsigned max, struct error *err)
{
	struct xml_span name, value;
	unsigned n = 0;
	int more;
	while ((more = xml_attribute(&attrs, &name, &value)) > 0) {
		if (++n > max)
			return error_set(
			        err, ERR_LIMIT, "message", "an element has more than %u attributes; send fewer", max);
		if (check_text(value, err) != 0)
			return -1;
	}
	return more == 0 ? 0
	                 : error_set(err, ERR_FORMAT, "message",
	                           "a tag has something that is not an attribute; write NAME=\"VALUE\"");
}

/* A tag opens an element below `depth` others: count it. */
static int check_element(const struct xml_reader *r, unsigned depth, const struct xml_limits *limits,
        unsigned *children, struct xml_root *out, struct error *err)
{
	if (depth == 0) {
		if (out->name.s != NULL)
			return error_set(
			        err, ERR_FORMAT, "message", "there is more than one outermost element; send one");
		out->name = r->name;
		out->attrs = r->attrs;
		root_attributes(r->attrs, out);
	}
	if (depth >= limits->depth)
		return error_set(err, ERR_LIMIT, "message",
		        "elements nest %u deep; the limit is %u: flatten the request", depth + 1, limits->depth);
	if (depth > 0 && ++children[depth - 1] > limits->children)
		return error_set(err, ERR_LIMIT, "message",
		        "an element has a child number %u; the limit of children is %u: split the request into several",
		        children[depth - 1], limits->children);
	children[depth] = 0;
	return check_attributes(r->attrs, limits->attributes, err);
}

/* Text that has no place or is none. */
static int check_content(const struct xml_reader *r, struct error *err)
{
	bool outside = r->depth == 0;
	if (r->depth <= 1 && (r->cdata || !xml_is_space(r->content)))
		return error_set(err, ERR_FORMAT, "message", "text stands %s; leave it out",
		        outside ? "outside the outermost element" : "beside the operation");
	return r->cdata ? 0 : check_text(r->content, err);
}

int xml_check(const char *s, size_t n, const struct xml_limits *limits, struct xml_root *out, struct error *err)
{
	struct xml_reader r = {.at = s, .end = s + n};
	unsigned *children = xcalloc(limits->depth + 1, sizeof(*children));
	int result = -1;
	memset(out, 0, sizeof(*out));
	if (check_bytes(s, n, err) != 0 || check_declaration(s, n, err) != 0) {
		read_root(&r, out);
		goto out;
	}
	for (;;) {
		unsigned depth = r.depth;
		enum xml_kind kind = xml_next(&r, err);
		if (kind == XML_BROKEN)
			goto out;
		if (kind == XML_DONE)
			break;
		if (kind == XML_TEXT && check_content(&r, err) != 0)
			goto out;
		if ((kind == XML_START || kind == XML_EMPTY) &&
		        check_element(&r, depth, limits, children, out, err) != 0)
			goto out;
	}
	if (out->name.s == NULL)
		(void)error_set(err, ERR_FORMAT, "message", "there is no element; send one");
	else if (r.depth > 0)
		(void)error_set(err, ERR_FORMAT, "message", "elements that are not closed: %u; close them", r.depth);
	else
		result = 0;
out:
	free(children);
	return result;
}
