/*
 * Framed messages between the privileged and the unprivileged process: bytes of a stream socket come in, whole messages
 * go out, and the reverse. Wrong magic, a type that is not for this side, a length above the type's limit and a stream
 * that ends inside a message are refused before anything is allocated for them.
 */
#include "nft/message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "nft/netlink.h"
#include "portcullis/alloc.h"

#define FIRST_PAYLOAD ((size_t)65536)

static const struct {
	enum nft_message_type type;
	enum nft_side reader;
	size_t max;
} kinds[] = {
        {NFT_MESSAGE_DUMP, NFT_SIDE_PRIVILEGED, 0},
        {NFT_MESSAGE_LEGACY, NFT_SIDE_PRIVILEGED, 0},
        {NFT_MESSAGE_POLICIES, NFT_SIDE_PRIVILEGED, 0},
        {NFT_MESSAGE_CHECK, NFT_SIDE_PRIVILEGED, NFT_BATCH_MAX},
        {NFT_MESSAGE_REPLACE, NFT_SIDE_PRIVILEGED, NFT_BATCH_MAX},
        {NFT_MESSAGE_CONNECTIONS, NFT_SIDE_PRIVILEGED, 0},
        {NFT_MESSAGE_END, NFT_SIDE_PRIVILEGED, NFT_ENDINGS_MAX * sizeof(struct nft_ending)},
        {NFT_MESSAGE_READY, NFT_SIDE_UNPRIVILEGED, 0},
        {NFT_MESSAGE_RULESET, NFT_SIDE_UNPRIVILEGED, NFT_DUMP_MAX},
        {NFT_MESSAGE_TABLES, NFT_SIDE_UNPRIVILEGED, 4096},
        {NFT_MESSAGE_ERROR, NFT_SIDE_UNPRIVILEGED, 2048},
        {NFT_MESSAGE_EVENT, NFT_SIDE_UNPRIVILEGED, NFT_EVENT_MAX},
        {NFT_MESSAGE_OVERRUN, NFT_SIDE_UNPRIVILEGED, 0},
        {NFT_MESSAGE_VERDICT, NFT_SIDE_UNPRIVILEGED, sizeof(struct nft_verdict)},
        {NFT_MESSAGE_XFRM, NFT_SIDE_UNPRIVILEGED, NFT_POLICIES_MAX},
        {NFT_MESSAGE_CONNTRACK, NFT_SIDE_UNPRIVILEGED, NFT_CONNECTIONS_MAX},
        {NFT_MESSAGE_ENDED, NFT_SIDE_UNPRIVILEGED, sizeof(struct nft_ended)},
};

static const char *side_name(enum nft_side side)
{
	return side == NFT_SIDE_PRIVILEGED ? "privileged side" : "unprivileged side";
}

void nft_stream_init(struct nft_stream *s, int fd, enum nft_side side)
{
	memset(s, 0, sizeof(*s));
	s->fd = fd;
	s->side = side;
}

void nft_stream_fini(struct nft_stream *s)
{
	free(s->message.payload);
	memset(s, 0, sizeof(*s));
	s->fd = -1;
}

static int header_parse(struct nft_stream *s, struct error *err)
{
	uint32_t word[4];
	memcpy(word, s->header, sizeof(word));
	if (word[0] != NFT_MESSAGE_MAGIC)
		return error_set(err, ERR_FORMAT, side_name(s->side), "a message begins with 0x%08x, not with its mark",
		        word[0]);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if ((uint32_t)kinds[i].type != word[1] || kinds[i].reader != s->side)
			continue;
		if (word[3] > kinds[i].max)
			return error_set(err, ERR_LIMIT, side_name(s->side),
			        "a message of type %u has %u bytes, at most %zu are taken", word[1], word[3],
			        kinds[i].max);
		s->message = (struct nft_message){.type = word[1], .sequence = word[2], .length = word[3]};
		return 0;
	}
	return error_set(
	        err, ERR_FORMAT, side_name(s->side), "a message has type %u, which this side does not take", word[1]);
}

/* Room grows with what has come: a stated length alone costs nothing. */
static uint8_t *payload_room(struct nft_stream *s, size_t *room)
{
	size_t got = s->have - NFT_MESSAGE_HEADER;
	if (got == s->cap) {
		size_t cap = s->cap == 0 ? FIRST_PAYLOAD : s->cap * 2;
		s->cap = cap < s->message.length ? cap : s->message.length;
		s->message.payload = xrealloc(s->message.payload, s->cap + 1, 1);
	}
	*room = s->cap - got;
	return s->message.payload + got;
}

/* 1: the bytes came; 0: none now; -1: end or error. */
static int receive(struct nft_stream *s, void *to, size_t room, struct error *err)
{
	ssize_t n;
	do
		n = recv(s->fd, to, room, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n > 0) {
		s->have += (size_t)n;
		return 1;
	}
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	if (n < 0 && errno != ECONNRESET)
		return error_set(
		        err, ERR_IO, side_name(s->side), "the other process cannot be read: %s", strerror(errno));
	if (s->have > 0)
		return error_set(err, ERR_FORMAT, side_name(s->side), "the other process ended inside a message");
	return error_set(err, ERR_UNAVAILABLE, side_name(s->side), "the other process has ended");
}

int nft_stream_read(struct nft_stream *s, struct nft_message *out, struct error *err)
{
	int result;
	while (s->have < NFT_MESSAGE_HEADER) {
		result = receive(s, s->header + s->have, NFT_MESSAGE_HEADER - s->have, err);
		if (result <= 0)
			return result;
		if (s->have == NFT_MESSAGE_HEADER && header_parse(s, err) != 0)
			return -1;
	}
	while (s->have - NFT_MESSAGE_HEADER < s->message.length) {
		size_t room;
		uint8_t *to = payload_room(s, &room);
		result = receive(s, to, room, err);
		if (result <= 0)
			return result;
	}
	if (s->message.payload == NULL)
		s->message.payload = xmalloc(1);
	s->message.payload[s->message.length] = '\0';
	*out = s->message;
	nft_stream_init(s, s->fd, s->side);
	return 1;
}

/* 1: all is sent; 0: with MSG_DONTWAIT, a part. *done counts. */
static int send_all(int fd, const uint8_t *data, size_t len, int flags, size_t *done, struct error *err)
{
	while (len > 0) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL | flags);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
			return error_set(err, ERR_UNAVAILABLE, "privilege separation", "the other process has ended");
		if (n < 0)
			return error_set(err, ERR_IO, "privilege separation",
			        "the other process cannot be written to: %s", strerror(errno));
		data += n;
		len -= (size_t)n;
		*done += (size_t)n;
	}
	return 1;
}

static int send_message(
        int fd, const uint32_t word[4], const uint8_t *payload, int flags, size_t *done, struct error *err)
{
	const size_t len = word[3];
	if (len > NFT_DUMP_MAX)
		return error_set(err, ERR_LIMIT, "privilege separation", "a message of %zu bytes is too long", len);
	if (*done < NFT_MESSAGE_HEADER) {
		int result = send_all(fd, (const uint8_t *)word + *done, NFT_MESSAGE_HEADER - *done,
		        flags | (len > 0 ? MSG_MORE : 0), done, err);
		if (result <= 0)
			return result;
	}
	size_t sent = *done - NFT_MESSAGE_HEADER;
	return sent == len ? 1 : send_all(fd, payload + sent, len - sent, flags, done, err);
}

int nft_message_send_part(int fd, enum nft_message_type type, uint32_t sequence, const void *payload, size_t len,
        size_t *done, struct error *err)
{
	const uint32_t word[4] = {NFT_MESSAGE_MAGIC, (uint32_t)type, sequence, (uint32_t)len};
	return send_message(fd, word, payload, MSG_DONTWAIT, done, err);
}

int nft_message_send(
        int fd, enum nft_message_type type, uint32_t sequence, const void *payload, size_t len, struct error *err)
{
	const uint32_t word[4] = {NFT_MESSAGE_MAGIC, (uint32_t)type, sequence, (uint32_t)len};
	size_t done = 0;
	return send_message(fd, word, payload, 0, &done, err) == 1 ? 0 : -1;
}

int nft_message_send_error(int fd, uint32_t sequence, const struct error *what, struct error *err)
{
	uint8_t payload[sizeof(uint32_t) + sizeof(what->where) + sizeof(what->text)];
	uint32_t code = (uint32_t)what->code;
	size_t len = 0, where = strnlen(what->where, sizeof(what->where) - 1);
	size_t text = strnlen(what->text, sizeof(what->text) - 1);
	memcpy(payload, &code, sizeof(code));
	len += sizeof(code);
	memcpy(payload + len, what->where, where);
	len += where;
	payload[len++] = '\0';
	memcpy(payload + len, what->text, text);
	len += text;
	return nft_message_send(fd, NFT_MESSAGE_ERROR, sequence, payload, len, err);
}

int nft_message_error_parse(const struct nft_message *m, struct error *err)
{
	uint32_t code = 0;
	if (m->length >= sizeof(code))
		memcpy(&code, m->payload, sizeof(code));
	if (code <= ERR_NONE || code >= ERR_CODE_N)
		return error_set(
		        err, ERR_FORMAT, "unprivileged side", "an error message of %u bytes says nothing", m->length);
	const char *where = (const char *)m->payload + sizeof(code);
	const char *end = (const char *)m->payload + m->length;
	const char *text = memchr(where, '\0', (size_t)(end - where));
	return error_set(err, (enum error_code)code, where, "%s", text != NULL ? text + 1 : "no reason was given");
}
