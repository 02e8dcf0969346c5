/*
 * Namespaces of a message: a well-nested rpc comes in, the same goes out with a namespace for every element. Refused are
 * prefixes that are not declared, elements that end up without a namespace outside a filter, and declarations beyond
 * measure; elements of a subtree filter may leave theirs open, which is written into them. The filter of a subscription
 * may stand in the namespace of the protocol, as some clients write it. A configuration is taken out as it is.
 */
#include "netconf/names.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"

#define TAKE_ROOM                                                                                                      \
	65536u /* and as much as the message has: its configuration never grows to more than about twice that */
#define FILTER_DEPTH 2u /* rpc, operation, filter */
#define NS_BASE "urn:ietf:params:xml:ns:netconf:base:1.0"
#define NS_NOTIFICATION "urn:ietf:params:xml:ns:netconf:notification:1.0"
#define OWN_FILTER "portcullis-filter:filter" /* what such a filter is called instead */

struct binding {
	struct xml_span prefix, uri; /* prefix.n 0: the default namespace */
	unsigned depth;
};

/* A place of the message that gets more than it has. */
struct patch {
	const char *at;
	size_t drop; /* bytes that are replaced */
	const char *text;
};

/* A configuration that is taken out of the message. */
struct taking {
	struct text *out;
	const char *begin; /* in the message; NULL: there is none */
	unsigned depth; /* of its elements */
	const char *from; /* of the element at hand, what is not yet in *out */
	size_t room; /* for declarations that are written again */
	bool stays; /* there is text beside them, or they would grow too much: it is left to the library */
};

struct names {
	const struct names_visitor *visitor;
	struct taking taking;
	struct binding binding[NAMES_MAX];
	size_t n;
	bool filter; /* below a filter */
	bool subscription; /* in a create-subscription */
	bool renamed; /* its filter is being given another name */
	struct patch *patch;
	size_t n_patch, cap_patch;
};

/* What the library reads in the place of a configuration. */
static const char mark[] = "<content xmlns=\"urn:portcullis:content\"/>";
static const char open[] = " xmlns=\"" NAMES_ANY "\"";
/* libyang drops attributes that it does not know, but an element that has one must not select what has none. */
static const char matched[] = " xmlns:portcullis-matched=\"urn:ietf:params:xml:ns:netconf:base:1.0\" "
                              "portcullis-matched:operation=\"merge\"";

static const struct xml_span any = {NAMES_ANY, sizeof(NAMES_ANY) - 1};

static bool same(struct xml_span a, struct xml_span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.s, b.s, a.n) == 0);
}

static int shown(struct xml_span s)
{
	return (int)(s.n < 64 ? s.n : 64);
}

/* Split "prefix:local". prefix.n 0: there is none. @return 0, or -1 when a part is empty. */
static int split(struct xml_span name, struct xml_span *prefix, struct xml_span *local)
{
	const char *colon = memchr(name.s, ':', name.n);
	*prefix = (struct xml_span){name.s, colon != NULL ? (size_t)(colon - name.s) : 0};
	*local = colon != NULL ? (struct xml_span){colon + 1, name.n - prefix->n - 1} : name;
	return colon != NULL && (prefix->n == 0 || local->n == 0) ? -1 : 0;
}

static const struct binding *find(const struct names *n, struct xml_span prefix)
{
	for (size_t i = n->n; i-- > 0;)
		if (same(n->binding[i].prefix, prefix))
			return &n->binding[i];
	return NULL;
}

static int bind(struct names *n, struct xml_span prefix, struct xml_span uri, unsigned depth, struct error *err)
{
	if (n->n == NAMES_MAX)
		return error_set(err, ERR_LIMIT, "message",
		        "more than %u namespace declarations are in scope at one place; declare fewer", NAMES_MAX);
	n->binding[n->n++] = (struct binding){prefix, uri, depth};
	return 0;
}

static int patch(struct names *n, const char *at, size_t drop, const char *text, struct error *err)
{
	if (n->n_patch == NAMES_OPEN)
		return error_set(err, ERR_LIMIT, "message",
		        "more than %u elements of a filter have attributes or leave their namespace open; give it "
		        "once, outside",
		        NAMES_OPEN);
	n->patch = xgrow(n->patch, n->n_patch, &n->cap_patch, sizeof(*n->patch));
	n->patch[n->n_patch++] = (struct patch){at, drop, text};
	return 0;
}

/* The declarations among a tag's attributes. */
static int declare(struct names *n, struct xml_span attrs, unsigned depth, struct error *err)
{
	struct xml_span name, value, prefix, local;
	while (xml_attribute(&attrs, &name, &value) > 0) {
		if (split(name, &prefix, &local) != 0)
			return error_set(
			        err, ERR_FORMAT, "message", "an attribute has the name '%.*s'", shown(name), name.s);
		bool is_default = prefix.n == 0 && xml_span_is(local, "xmlns");
		if (!is_default && !xml_span_is(prefix, "xmlns"))
			continue;
		if (value.n == 0 && !(is_default && n->filter))
			return error_set(err, ERR_FORMAT, "message",
			        "%.*s=\"\" takes a namespace away; give every element a namespace", shown(name),
			        name.s);
		if (value.n == 0 && patch(n, name.s, (size_t)(value.s + 1 - name.s), open + 1, err) != 0)
			return -1;
		struct xml_span none = {"", 0};
		if (bind(n, is_default ? none : local, value.n == 0 ? any : value, depth, err) != 0)
			return -1;
	}
	return 0;
}

/* One that declares nothing. */
static bool has_attribute(struct xml_span attrs)
{
	struct xml_span name, value, prefix, local;
	while (xml_attribute(&attrs, &name, &value) > 0) {
		(void)split(name, &prefix, &local);
		if (!xml_span_is(prefix, "xmlns") && (prefix.n > 0 || !xml_span_is(local, "xmlns")))
			return true;
	}
	return false;
}

/* Prefixes of the attributes that declare nothing. "xml" needs no declaration. */
static int check_attributes(const struct names *n, struct xml_span attrs, struct error *err)
{
	struct xml_span name, value, prefix, local;
	while (xml_attribute(&attrs, &name, &value) > 0) {
		(void)split(name, &prefix, &local);
		if (prefix.n == 0 || xml_span_is(prefix, "xmlns") || xml_span_is(prefix, "xml"))
			continue;
		if (find(n, prefix) == NULL)
			return error_set(err, ERR_FORMAT, "message",
			        "prefix %.*s of an attribute is not declared; declare it with xmlns:%.*s",
			        shown(prefix), prefix.s, shown(prefix), prefix.s);
	}
	return 0;
}

/* RFC 5277 has the filter in its own namespace, and so has the model. */
static int rename_filter(
        struct names *n, const struct xml_reader *r, const struct binding *own, unsigned depth, struct error *err)
{
	if (depth + 1 == FILTER_DEPTH)
		n->subscription = own != NULL && xml_span_is(own->uri, NS_NOTIFICATION) &&
		                  xml_local_is(r->name, "create-subscription");
	if (depth != FILTER_DEPTH || !n->subscription || own == NULL || !xml_span_is(own->uri, NS_BASE) ||
	        !xml_local_is(r->name, "filter"))
		return 0;
	n->renamed = true;
	return patch(n, r->name.s, r->name.n, OWN_FILTER " xmlns:portcullis-filter=\"" NS_NOTIFICATION "\"", err);
}

/* A start tag of the configuration: what is declared around it is declared on it. */
static void take_start(struct names *n, const struct xml_reader *r, unsigned depth)
{
	struct text *out = n->taking.out;
	if (n->taking.stays)
		return;
	text_addn(out, r->name.s - 1, r->name.n + 1);
	for (size_t i = 0; i < n->n; i++) {
		const struct binding *b = &n->binding[i];
		if (b->depth >= depth || find(n, b->prefix) != b)
			continue;
		size_t size = b->prefix.n + b->uri.n;
		n->taking.stays = n->taking.stays || size > n->taking.room;
		if (n->taking.stays)
			return;
		n->taking.room -= size;
		char quote = memchr(b->uri.s, '"', b->uri.n) != NULL ? '\'' : '"';
		text_addf(out, " xmlns%s%.*s=%c", b->prefix.n > 0 ? ":" : "", (int)b->prefix.n, b->prefix.s, quote);
		text_addn(out, b->uri.s, b->uri.n);
		text_addn(out, &quote, 1);
	}
	n->taking.from = r->name.s + r->name.n;
}

static void take_end(struct names *n, const struct xml_reader *r)
{
	if (!n->taking.stays)
		text_addn(n->taking.out, n->taking.from, (size_t)(r->at - n->taking.from));
}

/* The end tag around the configuration. */
static int take_all(struct names *n, const struct xml_reader *r, struct error *err)
{
	const char *begin = n->taking.begin;
	n->taking.begin = NULL;
	if (n->taking.stays)
		text_fini(n->taking.out);
	if (n->taking.out->len == 0)
		return 0;
	return patch(n, begin, (size_t)(r->name.s - 2 - begin), mark, err);
}

/* What was read is in a configuration, or ends it. depth: before it was read. */
static int take(struct names *n, const struct xml_reader *r, enum xml_kind kind, unsigned depth, struct error *err)
{
	struct taking *t = &n->taking;
	if (t->begin == NULL)
		return 0;
	if (kind == XML_TEXT && depth == t->depth)
		t->stays = t->stays || r->cdata || !xml_is_space(r->content);
	if ((kind == XML_START || kind == XML_EMPTY) && depth == t->depth)
		take_start(n, r, depth);
	if ((kind == XML_EMPTY && depth == t->depth) || (kind == XML_CLOSE && r->depth == t->depth))
		take_end(n, r);
	return kind == XML_CLOSE && r->depth + 1 == t->depth ? take_all(n, r, err) : 0;
}

static int check_element(struct names *n, const struct xml_reader *r, unsigned depth, struct error *err)
{
	struct xml_span prefix, local;
	if (split(r->name, &prefix, &local) != 0)
		return error_set(
		        err, ERR_FORMAT, "message", "an element has the name '%.*s'", shown(r->name), r->name.s);
	if (n->filter && has_attribute(r->attrs) && patch(n, r->name.s + r->name.n, 0, matched, err) != 0)
		return -1;
	if (declare(n, r->attrs, depth, err) != 0 || check_attributes(n, r->attrs, err) != 0)
		return -1;
	const struct binding *own = find(n, prefix);
	if (own == NULL && prefix.n > 0)
		return error_set(err, ERR_FORMAT, "message",
		        "prefix %.*s of <%.*s> is not declared; declare it with xmlns:%.*s", shown(prefix), prefix.s,
		        shown(r->name), r->name.s, shown(prefix), prefix.s);
	if (own == NULL && !n->filter)
		return error_set(err, ERR_FORMAT, "message",
		        "<%.*s> has no namespace; declare one with xmlns on it or around it", shown(r->name),
		        r->name.s);
	if (own == NULL && (patch(n, r->name.s + r->name.n, 0, open, err) != 0 ||
	                           bind(n, (struct xml_span){"", 0}, any, depth, err) != 0))
		return -1;
	if (rename_filter(n, r, own, depth, err) != 0)
		return -1;
	if (depth >= n->visitor->depth)
		return 0;
	struct xml_span ns = own != NULL ? own->uri : any;
	return n->visitor->visit(n->visitor->ctx, depth, ns, local, err);
}

static void leave(struct names *n, unsigned depth)
{
	while (n->n > 0 && n->binding[n->n - 1].depth >= depth)
		n->n--;
	if (depth <= FILTER_DEPTH)
		n->filter = n->renamed = false;
}

static int walk(struct names *n, const struct text *message, struct error *err)
{
	struct xml_reader r = {.at = text_str(message), .end = text_str(message) + message->len};
	for (;;) {
		unsigned depth = r.depth;
		enum xml_kind kind = xml_next(&r, err);
		if (kind == XML_BROKEN)
			return -1;
		if (kind == XML_DONE)
			return 0;
		if (kind == XML_CLOSE && r.depth == FILTER_DEPTH && n->renamed &&
		        patch(n, r.name.s, r.name.n, OWN_FILTER, err) != 0)
			return -1;
		bool element = kind == XML_START || kind == XML_EMPTY;
		int told = element ? check_element(n, &r, depth, err) : 0;
		if (told < 0 || take(n, &r, kind, depth, err) != 0)
			return -1;
		if (told == NAMES_TAKE && kind == XML_START && n->taking.begin == NULL && n->taking.out->len == 0)
			n->taking = (struct taking){.out = n->taking.out,
			        .begin = r.at,
			        .depth = r.depth,
			        .room = message->len + TAKE_ROOM};
		if (kind == XML_CLOSE)
			leave(n, r.depth);
		if (!element)
			continue;
		if (kind == XML_EMPTY)
			leave(n, depth);
		else if (depth == FILTER_DEPTH &&
		         (xml_local_is(r.name, "filter") || xml_local_is(r.name, "subtree-filter")))
			n->filter = true;
	}
}

/* In the order of the message, since that is how they were found. */
static void apply(struct text *message, const struct names *n)
{
	struct text out = {0};
	const char *from = message->s;
	for (size_t i = 0; i < n->n_patch; i++) {
		text_addn(&out, from, (size_t)(n->patch[i].at - from));
		text_add(&out, n->patch[i].text);
		from = n->patch[i].at + n->patch[i].drop;
	}
	text_addn(&out, from, (size_t)(message->s + message->len - from));
	text_fini(message);
	*message = out;
}

int names_check(struct text *message, const struct names_visitor *visitor, struct text *content, struct error *err)
{
	struct names n = {.visitor = visitor, .taking.out = content};
	content->len = 0;
	int result = walk(&n, message, err);
	if (result == 0 && n.n_patch > 0)
		apply(message, &n);
	free(n.patch);
	return result;
}
