/*
 * A NETCONF client on the daemon's UNIX socket: one operation at a time goes out, the content of its reply comes in.
 * Every wait has an end. What the server sends that is not NETCONF is refused, and its rpc-errors become struct error.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "netconf/guard.h"
#include "portcullis/alloc.h"
#include "portcullis/clock.h"
#include "portcullis/netconf.h"

#define NS_BASE "urn:ietf:params:xml:ns:netconf:base:1.0"
#define REPLY_MAX (512u * 1024 * 1024)
#define HELLO_MS 10000

struct netconf_client {
	int fd;
	char *path;
	struct frame frame;
	unsigned long message_id;
	char in[65536];
	size_t in_at, in_n;
};

static int connect_to(const char *path, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(address.sun_path))
		return error_set(
		        err, ERR_INVALID, path, "a socket path has at most %zu bytes", sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_set(err, ERR_IO, path, "cannot make a socket: %s", strerror(errno));
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	int reason = errno;
	close(fd);
	if (reason == EACCES || reason == EPERM)
		return error_set(
		        err, ERR_DENIED, path, "this user may not connect; ask for membership in group portcullis");
	if (reason == ENOENT || reason == ECONNREFUSED)
		return error_set(
		        err, ERR_IO, path, "nobody answers there; is portcullisd running, and is this its --socket?");
	return error_set(err, ERR_IO, path, "cannot connect: %s", strerror(reason));
}

static int wait_for(const struct netconf_client *c, short events, int64_t until, struct error *err)
{
	for (;;) {
		struct pollfd fd = {.fd = c->fd, .events = events};
		int64_t left = until - clock_monotonic_ms();
		if (left <= 0)
			return error_set(err, ERR_UNAVAILABLE, c->path, "the daemon did not answer in time");
		int n = poll(&fd, 1, left > 60000 ? 60000 : (int)left);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return error_set(err, ERR_IO, c->path, "poll: %s", strerror(errno));
	}
}

static int send_all(struct netconf_client *c, const struct text *t, int64_t until, struct error *err)
{
	for (size_t at = 0; at < t->len;) {
		if (wait_for(c, POLLOUT, until, err) != 0)
			return -1;
		ssize_t n = send(c->fd, t->s + at, t->len - at, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0)
			at += (size_t)n;
		else if (n < 0 && errno != EAGAIN && errno != EINTR)
			return error_set(err, ERR_IO, c->path, "the daemon closed the session");
	}
	return 0;
}

static int fill(struct netconf_client *c, int64_t until, struct error *err)
{
	for (;;) {
		if (wait_for(c, POLLIN, until, err) != 0)
			return -1;
		ssize_t n = recv(c->fd, c->in, sizeof(c->in), MSG_DONTWAIT);
		if (n > 0) {
			c->in_at = 0;
			c->in_n = (size_t)n;
			return 0;
		}
		if (n == 0 || (errno != EAGAIN && errno != EINTR))
			return error_set(err, ERR_IO, c->path,
			        "the daemon closed the session; its log says why (is this user in group portcullis?)");
	}
}

static int receive(struct netconf_client *c, struct text *message, int64_t until, struct error *err)
{
	for (;;) {
		const char *piece;
		size_t used, len;
		if (c->in_at == c->in_n && fill(c, until, err) != 0)
			return -1;
		enum frame_event e =
		        frame_next(&c->frame, c->in + c->in_at, c->in_n - c->in_at, &used, &piece, &len, err);
		c->in_at += used;
		if (e == FRAME_BAD)
			return error_prefix(err, "%s", c->path);
		if (e == FRAME_END)
			return 0;
		if (e == FRAME_DATA && message->len + len > REPLY_MAX)
			return error_set(err, ERR_LIMIT, c->path, "the reply is larger than %u bytes", REPLY_MAX);
		if (e == FRAME_DATA)
			text_addn(message, piece, len);
	}
}

static int hello(struct netconf_client *c, struct error *err)
{
	struct text out = {0}, in = {0};
	int64_t until = clock_monotonic_ms() + HELLO_MS;
	bool chunked = false;
	uint32_t session = 0;
	frame_write(&out, false, guard_hello(), strlen(guard_hello()));
	frame_write_end(&out, false);
	int result = send_all(c, &out, until, err);
	if (result == 0)
		result = receive(c, &in, until, err);
	if (result == 0)
		result = guard_hello_check(text_str(&in), in.len, &chunked, &session, err);
	if (result == 0 && !chunked)
		result = error_set(
		        err, ERR_UNSUPPORTED, c->path, "the server does not speak base:1.1; is it portcullisd?");
	c->frame.chunked = true;
	text_fini(&out);
	text_fini(&in);
	return result;
}

int netconf_client_open(const char *socket_path, const char *yang_dir, struct netconf_client **out, struct error *err)
{
	(void)yang_dir; /* replies are read as XML, without their schema */
	*out = NULL;
	int fd = connect_to(socket_path, err);
	if (fd < 0)
		return -1;
	struct netconf_client *c = xcalloc(1, sizeof(*c));
	c->fd = fd;
	c->path = xstrdup(socket_path);
	if (hello(c, err) != 0) {
		netconf_client_close(c);
		return -1;
	}
	*out = c;
	return 0;
}

void netconf_client_close(struct netconf_client *c)
{
	if (c == NULL)
		return;
	close(c->fd);
	free(c->path);
	free(c);
}

static enum error_code code_of_tag(const char *tag)
{
	static const enum error_code order[] = {ERR_INVALID, ERR_FORMAT, ERR_LIMIT, ERR_NOT_FOUND, ERR_EXISTS,
	        ERR_IN_USE, ERR_DENIED, ERR_UNSUPPORTED, ERR_UNAVAILABLE, ERR_UNKNOWN_ELEMENT, ERR_UNKNOWN_NAMESPACE,
	        ERR_BAD_ELEMENT, ERR_MISSING_ELEMENT, ERR_MISSING_ATTRIBUTE, ERR_BAD_ATTRIBUTE, ERR_UNKNOWN_ATTRIBUTE};
	if (strcmp(tag, "lock-denied") == 0)
		return ERR_IN_USE;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (strcmp(tag, error_tag(order[i])) == 0)
			return order[i];
	return ERR_IO;
}

/* The first rpc-error of a reply as struct error. */
static int rpc_error(struct xml_reader *r, struct error *err)
{
	struct text value = {0}, tag = {0}, path = {0}, text = {0};
	struct error ignored;
	const struct {
		const char *name;
		struct text *to;
	} parts[] = {{"error-tag", &tag}, {"error-path", &path}, {"error-message", &text}};
	for (;;) {
		enum xml_kind kind = xml_next(r, &ignored);
		if (kind == XML_DONE || kind == XML_BROKEN || (kind == XML_CLOSE && xml_local_is(r->name, "rpc-error")))
			break;
		if (kind == XML_START)
			value.len = 0;
		if (kind == XML_TEXT && r->cdata)
			text_addn(&value, r->content.s, r->content.n);
		else if (kind == XML_TEXT)
			xml_unescape(&value, r->content);
		for (size_t i = 0; kind == XML_CLOSE && i < sizeof(parts) / sizeof(parts[0]); i++)
			if (xml_local_is(r->name, parts[i].name) && parts[i].to->len == 0)
				text_addn(parts[i].to, text_str(&value), value.len);
	}
	(void)error_set(err, code_of_tag(text_str(&tag)), text_str(&path), "%s",
	        text.len > 0  ? text.s
	        : tag.len > 0 ? tag.s
	                      : "the daemon refused without saying why");
	text_fini(&value);
	text_fini(&tag);
	text_fini(&path);
	text_fini(&text);
	return -1;
}

/* What is between the tags of <rpc-reply>. @return 1: not a reply (a notification); 0; -1: an rpc-error. */
static int reply_content(const struct text *message, char **out, struct error *err)
{
	struct xml_reader r = {.at = message->s, .end = message->s + message->len};
	const char *from = NULL;
	for (;;) {
		unsigned depth = r.depth;
		const char *at = r.at;
		enum xml_kind kind = xml_next(&r, err);
		if (kind == XML_BROKEN)
			return -1;
		if (kind == XML_DONE)
			return error_set(err, ERR_FORMAT, "reply", "the reply has no element");
		if (kind == XML_EMPTY && depth == 0) {
			*out = xstrdup("");
			return 0;
		}
		if (kind == XML_START && depth == 0) {
			if (!xml_local_is(r.name, "rpc-reply"))
				return 1;
			from = r.at;
		}
		if ((kind == XML_START || kind == XML_EMPTY) && depth == 1 && xml_local_is(r.name, "rpc-error"))
			return rpc_error(&r, err);
		if (kind == XML_CLOSE && r.depth == 0) {
			*out = xstrndup(from, (size_t)(at - from));
			return 0;
		}
	}
}

int netconf_client_rpc(
        struct netconf_client *c, const char *operation_xml, int timeout_ms, char **reply_xml, struct error *err)
{
	struct text out = {0}, in = {0}, rpc = {0};
	int64_t until = clock_monotonic_ms() + timeout_ms;
	*reply_xml = NULL;
	text_addf(&rpc, "<rpc xmlns=\"" NS_BASE "\" message-id=\"%lu\">", ++c->message_id);
	text_add(&rpc, operation_xml);
	text_add(&rpc, "</rpc>");
	frame_write(&out, true, rpc.s, rpc.len);
	frame_write_end(&out, true);
	int result = send_all(c, &out, until, err);
	for (int more = 1; result == 0 && more == 1;) {
		in.len = 0;
		result = receive(c, &in, until, err);
		if (result == 0)
			more = reply_content(&in, reply_xml, err);
		if (more < 0)
			result = -1;
	}
	text_fini(&out);
	text_fini(&in);
	text_fini(&rpc);
	return result;
}
