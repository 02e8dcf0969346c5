/*
 * Defaults that are tagged as such: replies of the library come in, piece by piece, and go out with the attribute in the
 * namespace that RFC 6243 gives it; configurations of clients come in with it in that namespace and go out as the library
 * knows it. Values and texts are left alone, whatever they look like. Nothing is refused.
 */
#include "netconf/defaults.h"

#include <stdlib.h>
#include <string.h>

#include "netconf/mark.h"
#include "netconf/xml.h"

#define NS_RFC "urn:ietf:params:xml:ns:netconf:default:1.0"
#define NS_MODULE "urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults"

/* A quotation mark inside a value is never written as it is: between tags alone this may be text. */
static const char declared[] = "\"" NS_MODULE "\"";

/* Where these bytes leave the reader of the reply. '<' and '>' are written as they are around tags alone. */
static void look(struct defaults_answer *x, const char *s, size_t n)
{
	const char *open = memrchr(s, '<', n), *shut = memrchr(s, '>', n);
	if (open != NULL || shut != NULL)
		x->in_tag = shut == NULL || (open != NULL && open > shut);
	x->begun = x->begun || shut != NULL;
}

void defaults_answer(struct defaults_answer *x, const char *s, size_t n, struct text *out)
{
	while (n > 0) {
		size_t taken = mark_scan(declared, &x->matched, s, n, out);
		look(x, s, taken);
		s += taken;
		n -= taken;
		if (x->matched < strlen(declared))
			continue;
		x->matched = 0;
		text_add(out, x->begun && x->in_tag ? "\"" NS_RFC "\"" : declared);
	}
}

/* The namespaces of a tag's prefixes; *from: what is not in *out yet. */
static void accept_tag(struct xml_span attrs, const char **from, struct text *out)
{
	struct xml_span name, value;
	while (xml_attribute(&attrs, &name, &value) > 0) {
		if (name.n < 6 || memcmp(name.s, "xmlns:", 6) != 0 || !xml_span_is(value, NS_RFC))
			continue;
		text_addn(out, *from, (size_t)(value.s - *from));
		text_add(out, NS_MODULE);
		*from = value.s + value.n;
	}
}

void defaults_accept(char **xml)
{
	/* Nobody but who uses the attribute pays for it. */
	if (strstr(*xml, NS_RFC) == NULL)
		return;
	struct xml_reader r = {.at = *xml, .end = *xml + strlen(*xml)};
	const char *from = *xml;
	struct text out = {0};
	struct error ignored;
	enum xml_kind kind;
	while ((kind = xml_next(&r, &ignored)) != XML_DONE && kind != XML_BROKEN)
		if (kind == XML_START || kind == XML_EMPTY)
			accept_tag(r.attrs, &from, &out);
	text_add(&out, from);
	free(*xml);
	*xml = text_take(&out);
}
