#ifndef PORTCULLIS_NETCONF_XML_H
#define PORTCULLIS_NETCONF_XML_H

#include <stdbool.h>
#include <stddef.h>

#include "portcullis/error.h"
#include "portcullis/text.h"

/*
 * A look over XML without building anything: tags, depth, children, attributes. It is not a parser: names, entities and
 * namespaces of content are left to the one behind. Pure.
 */

enum xml_kind { XML_START, XML_EMPTY, XML_CLOSE, XML_TEXT, XML_DONE, XML_BROKEN };

struct xml_span {
	const char *s;
	size_t n;
};

struct xml_reader {
	const char *at, *end;
	unsigned depth; /**< open elements */
	struct xml_span name; /**< of the last tag, with its prefix */
	struct xml_span attrs; /**< what follows the name in the last tag */
	struct xml_span content; /**< of the last text or CDATA section */
	bool cdata; /**< content is of a CDATA section */
};

/**
 * Next tag or text; comments and processing instructions are passed over.
 *
 * @param err  XML_BROKEN: ERR_FORMAT, also for a document type declaration, which is refused.
 */
enum xml_kind xml_next(struct xml_reader *r, struct error *err) MUST_USE;
/** Is the local part of a name this? */
bool xml_local_is(struct xml_span name, const char *local);
bool xml_span_is(struct xml_span a, const char *s);
bool xml_is_space(struct xml_span s);
/** Next attribute of a tag's rest; moves *attrs on. @return 1, 0 at the end, -1 when it is not one. */
int xml_attribute(struct xml_span *attrs, struct xml_span *name, struct xml_span *value);
/** Append content with its entities and character references replaced. */
void xml_unescape(struct text *out, struct xml_span s);
/** Characters of XML 1.0 in UTF-8 alone, and after every '&' an entity or one of them? */
bool xml_is_text(struct xml_span s);

/** What a message may be. */
struct xml_limits {
	unsigned depth, children, attributes;
};

/** What the outermost element says. */
struct xml_root {
	struct xml_span name, message_id; /**< message_id.s is NULL when there is none */
	struct xml_span attrs; /**< of its start tag; attrs.s is NULL when it was not read */
	bool base; /**< in the namespace of RFC 6241 */
};

/**
 * Check a whole message: UTF-8, one root element, nothing but space around and directly in it, tags balanced, entities
 * known, within the limits.
 *
 * @param out  what was seen of the root, also on failure.
 * @return 0, or -1: ERR_FORMAT, ERR_LIMIT (which limit).
 */
int xml_check(
        const char *s, size_t n, const struct xml_limits *limits, struct xml_root *out, struct error *err) MUST_USE;

#endif
