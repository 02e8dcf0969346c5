/*
 * The guard of one session: bytes of a client come in, a checked hello and whole rpc messages go out, with the answer
 * for those that are refused. Broken framing, a message that is not XML, too large, too deep or too wide, elements
 * without a namespace, a hello that holds anything but capabilities, and clients that dawdle do not get past it.
 */
#include "netconf/guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netconf/envelope.h"
#include "netconf/names.h"
#include "portcullis/alloc.h"
#include "portcullis/range.h"

#define NS_BASE "urn:ietf:params:xml:ns:netconf:base:1.0"
#define CAP_BASE_10 "urn:ietf:params:netconf:base:1.0"
#define CAP_BASE_11 "urn:ietf:params:netconf:base:1.1"
#define RELAY_MAGIC "portcullis-relay 1 "

const struct guard_limits guard_limits_default = {
        .message = 32u * 1024 * 1024,
        .xml = {.depth = 64, .children = 20000, .attributes = 256},
        .hello_ms = 10000,
        .progress_ms = 30000,
};

void guard_init(struct guard *g, const struct guard_limits *limits, int64_t now_ms)
{
	*g = (struct guard){.limits = limits, .hello_due = now_ms + limits->hello_ms};
}

void guard_fini(struct guard *g)
{
	text_fini(&g->message);
	text_fini(&g->reply);
	text_fini(&g->content);
	text_fini(&g->open);
}

void guard_progress_note(struct guard_progress *p, size_t moved, bool waiting, int64_t now_ms, int within_ms)
{
	if (!waiting) {
		*p = (struct guard_progress){0};
		return;
	}
	if (p->due == 0)
		*p = (struct guard_progress){.due = now_ms + within_ms};
	p->moved += moved;
}

bool guard_progress_stuck(struct guard_progress *p, int64_t now_ms, int within_ms)
{
	if (p->due == 0 || now_ms < p->due)
		return false;
	if (p->moved < GUARD_PROGRESS)
		return true;
	*p = (struct guard_progress){.due = now_ms + within_ms};
	return false;
}

void guard_next(struct guard *g)
{
	/* A large message's memory is not kept for the small ones that follow. */
	if (g->message.cap > 65536)
		text_fini(&g->message);
	if (g->reply.cap > 65536)
		text_fini(&g->reply);
	text_fini(&g->content);
	g->message.len = g->reply.len = 0;
}

bool guard_is_inside(const struct guard *g)
{
	if (g->stage == GUARD_START)
		return false;
	return g->frame.chunked ? g->frame.inside
	                        : g->message.len > 0 && !xml_is_space((struct xml_span){g->message.s, g->message.len});
}

int64_t guard_due(const struct guard *g)
{
	int64_t due = g->hello_due != 0 ? g->hello_due : INT64_MAX;
	return g->progress.due != 0 && g->progress.due < due ? g->progress.due : due;
}

int guard_late(struct guard *g, int64_t now_ms, struct error *err)
{
	if (g->hello_due != 0 && now_ms >= g->hello_due)
		return error_set(
		        err, ERR_UNAVAILABLE, "hello", "no complete hello within %d s", g->limits->hello_ms / 1000);
	if (guard_progress_stuck(&g->progress, now_ms, g->limits->progress_ms))
		return error_set(err, ERR_UNAVAILABLE, "message",
		        "a message was begun and fewer than %u bytes followed in %d s", GUARD_PROGRESS,
		        g->limits->progress_ms / 1000);
	return 0;
}

const char *guard_hello(void)
{
	return "<hello xmlns=\"" NS_BASE "\"><capabilities><capability>" CAP_BASE_11
	       "</capability></capabilities></hello>";
}

static struct xml_span trim(const struct text *t)
{
	struct xml_span s = {text_str(t), t->len};
	for (; s.n > 0 && xml_is_space((struct xml_span){s.s, 1}); s.s++)
		s.n--;
	while (s.n > 0 && xml_is_space((struct xml_span){s.s + s.n - 1, 1}))
		s.n--;
	return s;
}

/* The value of an element of the hello. */
struct hello {
	bool base_10, base_11;
	uint32_t session;
};

static void hello_value(struct hello *h, struct xml_span name, const struct text *value)
{
	struct xml_span s = trim(value);
	if (xml_local_is(name, "session-id"))
		h->session = (uint32_t)strtoul(s.s, NULL, 10);
	/* Parameters may follow the URI (RFC 6241 section 8). */
	const char *question = s.n > 0 ? memchr(s.s, '?', s.n) : NULL;
	if (question != NULL)
		s.n = (size_t)(question - s.s);
	h->base_10 |= xml_span_is(s, CAP_BASE_10);
	h->base_11 |= xml_span_is(s, CAP_BASE_11);
}

/* May this element stand at this depth of a hello? */
static bool hello_element_is_known(struct xml_span name, unsigned depth, bool server)
{
	switch (depth) {
	case 0:
		return xml_local_is(name, "hello");
	case 1:
		return xml_local_is(name, "capabilities") || (server && xml_local_is(name, "session-id"));
	case 2:
		return xml_local_is(name, "capability");
	default:
		return false;
	}
}

static int hello_walk(struct xml_reader *r, struct hello *h, bool server, struct error *err)
{
	struct text value = {0};
	int result = -1;
	for (;;) {
		unsigned depth = r->depth;
		enum xml_kind kind = xml_next(r, err);
		if (kind == XML_BROKEN)
			break;
		if (kind == XML_DONE) {
			result = 0;
			break;
		}
		if ((kind == XML_START || kind == XML_EMPTY) && !hello_element_is_known(r->name, depth, server)) {
			(void)error_set(err, ERR_INVALID, "hello",
			        "<%.*s> has no place in a hello; send capabilities alone",
			        (int)(r->name.n < 64 ? r->name.n : 64), r->name.s);
			break;
		}
		if (kind == XML_START)
			value.len = 0;
		else if (kind == XML_TEXT)
			xml_unescape(&value, r->content);
		else if (kind == XML_CLOSE)
			hello_value(h, r->name, &value);
	}
	text_fini(&value);
	return result;
}

int guard_hello_check(const char *s, size_t n, bool *chunked, uint32_t *session, struct error *err)
{
	struct xml_limits limits = {.depth = 3, .children = 20000, .attributes = 16};
	struct xml_root root;
	struct hello h = {0};
	if (xml_check(s, n, &limits, &root, err) != 0)
		return error_prefix(err, "hello");
	if (!root.base || !xml_local_is(root.name, "hello"))
		return error_set(err, ERR_INVALID, "hello", "the first message is not a <hello> in namespace " NS_BASE);
	struct xml_reader r = {.at = s, .end = s + n};
	if (hello_walk(&r, &h, session != NULL, err) != 0)
		return -1;
	if (!h.base_10 && !h.base_11)
		return error_set(err, ERR_INVALID, "hello",
		        "neither " CAP_BASE_10 " nor " CAP_BASE_11 " is among the capabilities");
	if (session != NULL)
		*session = h.session;
	*chunked = h.base_11;
	return 0;
}

/* RFC 6241 section 4.3: what is wrong with the rpc itself, or with the operation that it holds. */
static const char *error_type(const struct error *err)
{
	bool rpc = err->code == ERR_FORMAT || err->code == ERR_LIMIT || strcmp(err->where, "rpc") == 0;
	return rpc && err->code != ERR_MISSING_ELEMENT && err->code != ERR_UNKNOWN_ELEMENT ? "rpc" : "protocol";
}

static void add_element(struct text *out, const char *name, const char *value)
{
	text_addf(out, "<%s>", name);
	text_add_xml(out, value);
	text_addf(out, "</%s>", name);
}

/* The element that a path ends in, without its module's name; the caller frees it. */
static char *last_element(const char *path)
{
	const char *name = path;
	char quote = 0;
	for (const char *p = path; *p != '\0'; p++) {
		if (quote != 0)
			quote = *p == quote ? 0 : quote;
		else if (*p == '"' || *p == '\'')
			quote = *p;
		else if (*p == '/')
			name = p + 1;
	}
	char *element = xstrndup(name, strcspn(name, "["));
	char *colon = strchr(element, ':');
	if (colon != NULL)
		memmove(element, colon + 1, strlen(colon + 1) + 1);
	return element;
}

/* error-info of RFC 6241 appendix A. */
static void add_info(struct text *out, const struct error *err)
{
	bool attribute = err->code == ERR_MISSING_ATTRIBUTE || err->code == ERR_BAD_ATTRIBUTE ||
	                 err->code == ERR_UNKNOWN_ATTRIBUTE;
	bool of_path = attribute || err->code == ERR_UNKNOWN_NAMESPACE || err->item[0] == '\0';
	if (err->item[0] == '\0' && err->code != ERR_UNKNOWN_ELEMENT)
		return;
	char *element = of_path ? last_element(err->where) : xstrdup(err->item);
	text_add(out, "<error-info>");
	if (attribute)
		add_element(out, "bad-attribute", err->item);
	add_element(out, "bad-element", element);
	if (err->code == ERR_UNKNOWN_NAMESPACE)
		add_element(out, "bad-namespace", err->item);
	text_add(out, "</error-info>");
	free(element);
}

const char *guard_error_tag(enum error_code code, bool chunked)
{
	return error_tag(code == ERR_FORMAT && !chunked ? ERR_INTERNAL : code);
}

void guard_error_add(struct text *out, bool chunked, const char *type, const char *namespaces, const struct error *err)
{
	const char *tag = guard_error_tag(err->code, chunked);
	text_addf(out, "<rpc-error><error-type>%s</error-type>", type != NULL ? type : error_type(err));
	add_element(out, "error-tag", tag);
	text_add(out, "<error-severity>error</error-severity>");
	if (err->app_tag[0] != '\0')
		add_element(out, "error-app-tag", err->app_tag);
	if (err->where[0] == '/') {
		text_addf(out, "<error-path%s>", namespaces);
		text_add_xml(out, err->where);
		text_add(out, "</error-path>");
	}
	text_add(out, "<error-message xml:lang=\"en\">");
	text_add_xml(out, err->text);
	text_add(out, "</error-message>");
	add_info(out, err);
	text_add(out, "</rpc-error>");
}

void guard_error_reply(
        struct text *out, const struct text *open, bool chunked, const char *namespaces, const struct error *err)
{
	text_addn(out, text_str(open), open->len);
	text_add(out, ">");
	guard_error_add(out, chunked, NULL, namespaces, err);
	text_add(out, "</rpc-reply>");
}

/* Both ends are told, in one family: of a line that says less only the client is known. */
static void relay_peer(struct guard *g, const char *local, const char *port)
{
	struct flow_peer *peer = &g->peer;
	struct port_range range;
	enum family family;
	struct error err;

	if (!addr_parse(g->source, &peer->family, &peer->address) || !addr_parse(local, &family, &peer->local) ||
	        family != peer->family || port_range_parse(port, &range, &err) != 0 || range.lo != range.hi)
		peer->family = FAMILY_NONE;
	else
		peer->port = range.lo;
}

/* "portcullis-relay 1 CLIENT CLIENT-PORT SERVER SERVER-PORT" */
static int relay_line(struct guard *g, struct error *err)
{
	char rest[GUARD_RELAY_LINE + 1] = "", client[48] = "", local[48] = "", port[8] = "";
	enum family family;
	u128 address;

	if (g->message.len < strlen(RELAY_MAGIC) || memcmp(g->message.s, RELAY_MAGIC, strlen(RELAY_MAGIC)) != 0)
		return error_set(err, ERR_FORMAT, "relay line", "the first line is neither the relay's nor a hello");
	memcpy(rest, g->message.s + strlen(RELAY_MAGIC), g->message.len - strlen(RELAY_MAGIC));
	sscanf(rest, "%47[^ ] %*s %47s %7s", client, local, port);
	if (!addr_parse(client, &family, &address))
		return 0;
	addr_print(family, address, g->source, sizeof(g->source));
	relay_peer(g, local, port);
	return 0;
}

static enum guard_event feed_relay(struct guard *g, const char *data, size_t n, size_t *used, struct error *err)
{
	const char *lf = memchr(data, '\n', n);
	size_t part = lf != NULL ? (size_t)(lf - data) : n;
	*used = part + (lf != NULL ? 1 : 0);
	if (g->message.len + part >= GUARD_RELAY_LINE) {
		(void)error_set(
		        err, ERR_LIMIT, "relay line", "the first line is longer than %u bytes", GUARD_RELAY_LINE);
		return GUARD_OVER;
	}
	text_addn(&g->message, data, part);
	if (lf == NULL)
		return GUARD_MORE;
	if (relay_line(g, err) != 0)
		return GUARD_OVER;
	g->message.len = 0;
	g->stage = GUARD_WAIT_HELLO;
	return GUARD_MORE;
}

static enum guard_event hello_complete(struct guard *g, struct error *err)
{
	if (guard_hello_check(text_str(&g->message), g->message.len, &g->chunked, NULL, err) != 0)
		return GUARD_OVER;
	g->frame.chunked = g->chunked;
	g->stage = GUARD_SESSION;
	g->hello_due = 0;
	g->message.len = 0;
	return GUARD_HELLO_OK;
}

/* RFC 6241 section 4.1, and the type messageIdType of its appendix B. */
static int check_message_id(const struct xml_root *root, struct error *err)
{
	static const char name[] = "message-id";
	if (root->message_id.s == NULL)
		return error_item(err, ERR_MISSING_ATTRIBUTE, "rpc", name,
		        "<rpc> has no attribute message-id; give each rpc one, which its reply repeats");
	if (root->message_id.n > ENVELOPE_MESSAGE_ID)
		return error_item(err, ERR_BAD_ATTRIBUTE, "rpc", name,
		        "the message-id has %zu bytes; the limit is %u: shorten it", root->message_id.n,
		        ENVELOPE_MESSAGE_ID);
	return 0;
}

/* The rest of what a well-nested message has to be. */
static int check_rpc(struct guard *g, const struct xml_root *root, struct error *err)
{
	struct names_visitor visitor = {operation_visit, &g->operation, OPERATION_DEPTH};
	if (!root->base || !xml_local_is(root->name, "rpc"))
		return error_set(
		        err, ERR_FORMAT, "message", "the message is not an <rpc> in namespace " NS_BASE "; send one");
	if (root->attrs.n > ENVELOPE_ATTRIBUTES)
		return error_set(err, ERR_LIMIT, "message", "the attributes of <rpc> are longer than %u bytes",
		        ENVELOPE_ATTRIBUTES);
	if (check_message_id(root, err) != 0)
		return -1;
	operation_begin(&g->operation);
	if (names_check(&g->message, &visitor, &g->content, err) != 0)
		return -1;
	return operation_end(&g->operation, err);
}

static enum guard_event rpc_complete(struct guard *g, struct error *err)
{
	struct xml_root root;
	int result = xml_check(text_str(&g->message), g->message.len, &g->limits->xml, &root, err);
	/* Now, since names_check() may write the message anew. */
	envelope_open(&g->open, &root);
	if (result == 0 && check_rpc(g, &root, err) == 0)
		return GUARD_RPC;
	guard_error_reply(&g->reply, &g->open, g->chunked, "", err);
	return GUARD_REFUSED;
}

static enum guard_event complete(struct guard *g, struct error *err)
{
	return g->stage == GUARD_SESSION ? rpc_complete(g, err) : hello_complete(g, err);
}

/* Past the limit, with so many bytes at least: a last word that names the rpc, when its first tag can be read. */
static enum guard_event too_big(struct guard *g, size_t size, size_t limit, struct error *err)
{
	struct xml_root root;
	struct error ignored;
	(void)error_set(err, ERR_LIMIT, "message",
	        "a message of %zu or more bytes is longer than %zu, the limit; split it into several", size, limit);
	if (g->stage == GUARD_SESSION &&
	        xml_check(text_str(&g->message), g->message.len, &g->limits->xml, &root, &ignored) != 0) {
		envelope_open(&g->open, &root);
		guard_error_reply(&g->reply, &g->open, g->chunked, "", err);
	}
	return GUARD_OVER;
}

static enum guard_event feed_frames(struct guard *g, const char *data, size_t n, size_t *used, struct error *err)
{
	size_t limit = g->stage == GUARD_SESSION ? g->limits->message : GUARD_HELLO;
	*used = 0;
	for (;;) {
		size_t taken, len;
		const char *piece;
		enum frame_event e = frame_next(&g->frame, data + *used, n - *used, &taken, &piece, &len, err);
		*used += taken;
		if (e == FRAME_BAD)
			return GUARD_OVER;
		if (e == FRAME_END)
			return complete(g, err);
		if (e == FRAME_MORE)
			/* A chunk that is announced and can never fit is not waited for. */
			return g->frame.chunked && g->frame.left > limit - g->message.len
			               ? too_big(g, g->message.len + (size_t)g->frame.left, limit, err)
			               : GUARD_MORE;
		size_t size = g->message.len + len;
		bool fits = len <= limit - g->message.len;
		text_addn(&g->message, piece, fits ? len : limit - g->message.len);
		if (!fits)
			return too_big(g, size, limit, err);
	}
}

enum guard_event guard_feed(
        struct guard *g, const char *data, size_t n, size_t *used, int64_t now_ms, struct error *err)
{
	*used = 0;
	if (g->stage == GUARD_START && n > 0)
		g->stage = data[0] == RELAY_MAGIC[0] ? GUARD_RELAY : GUARD_WAIT_HELLO;
	enum guard_event e = GUARD_MORE;
	if (g->stage == GUARD_RELAY)
		e = feed_relay(g, data, n, used, err);
	if (e == GUARD_MORE && g->stage != GUARD_RELAY) {
		size_t taken;
		e = feed_frames(g, data + *used, n - *used, &taken, err);
		*used += taken;
	}
	guard_progress_note(&g->progress, *used, e == GUARD_MORE && guard_is_inside(g), now_ms, g->limits->progress_ms);
	return e;
}
