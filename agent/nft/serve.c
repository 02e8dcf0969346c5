/*
 * The privileged side of the protocol: requests come in, dumps, legacy tables, IPsec policies, connections, what became of
 * batches and of connections to end, and events go out. A message that is no request, or is larger than a request may be,
 * ends the service.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "nft/message.h"
#include "nft/process.h"

/* The kernel sends a transaction's changes first and its author right behind: they belong together. */
#define TRANSACTION_WAIT_MS 20

static int reply(int peer, uint32_t sequence, int result, enum nft_message_type type, const void *payload, size_t len,
        const struct error *why, struct error *err)
{
	if (result != 0)
		return nft_message_send_error(peer, sequence, why, err);
	return nft_message_send(peer, type, sequence, payload, len, err);
}

static int serve_dump(int peer, const struct nft_source *source, uint32_t sequence, struct error *err)
{
	struct nft_bytes bytes = {0};
	struct error why = {0};
	int result = source->dump(source->self, peer, &bytes, &why);
	result = reply(peer, sequence, result, NFT_MESSAGE_RULESET, bytes.data, bytes.len, &why, err);
	nft_bytes_fini(&bytes);
	return result;
}

static int serve_legacy(int peer, const struct nft_source *source, uint32_t sequence, struct error *err)
{
	char *names = NULL;
	struct error why = {0};
	int result = source->legacy(source->self, &names, &why);
	result = reply(peer, sequence, result, NFT_MESSAGE_TABLES, names, names != NULL ? strlen(names) : 0, &why, err);
	free(names);
	return result;
}

static int serve_policies(int peer, const struct nft_source *source, uint32_t sequence, struct error *err)
{
	struct nft_bytes bytes = {0};
	struct error why = {0};
	int result = source->policies != NULL ? source->policies(source->self, &bytes, &why) : 0;
	result = reply(peer, sequence, result, NFT_MESSAGE_XFRM, bytes.data, bytes.len, &why, err);
	nft_bytes_fini(&bytes);
	return result;
}

/* The source looks at the batch before the kernel does: a hostile one is answered, and the service goes on. */
static int serve_batch(
        int peer, const struct nft_source *source, const struct nft_message *m, bool commit, struct error *err)
{
	struct nft_verdict verdict = {0};
	struct error why = {0};
	int result = source->transaction != NULL
	                     ? source->transaction(source->self, m->payload, m->length, commit, &verdict, &why)
	                     : error_set(&why, ERR_UNSUPPORTED, "privileged side", "this source takes no batches");
	return reply(peer, m->sequence, result, NFT_MESSAGE_VERDICT, &verdict, sizeof(verdict), &why, err);
}

static int serve_connections(int peer, const struct nft_source *source, uint32_t sequence, struct error *err)
{
	struct nft_bytes bytes = {0};
	struct error why = {0};
	int result = source->connections != NULL ? source->connections(source->self, peer, &bytes, &why) : 0;
	result = reply(peer, sequence, result, NFT_MESSAGE_CONNTRACK, bytes.data, bytes.len, &why, err);
	nft_bytes_fini(&bytes);
	return result;
}

/* The source looks at each record before the kernel is asked for anything. */
static int serve_end(int peer, const struct nft_source *source, const struct nft_message *m, struct error *err)
{
	struct nft_ended ended = {0};
	struct error why = {0};
	int result = source->end != NULL
	                     ? source->end(source->self, m->payload, m->length, &ended, &why)
	                     : error_set(&why, ERR_UNSUPPORTED, "privileged side", "this source ends no connections");
	return reply(peer, m->sequence, result, NFT_MESSAGE_ENDED, &ended, sizeof(ended), &why, err);
}

static int serve_request(int peer, const struct nft_source *source, const struct nft_message *m, struct error *err)
{
	switch (m->type) {
	case NFT_MESSAGE_DUMP:
		return serve_dump(peer, source, m->sequence, err);
	case NFT_MESSAGE_LEGACY:
		return serve_legacy(peer, source, m->sequence, err);
	case NFT_MESSAGE_POLICIES:
		return serve_policies(peer, source, m->sequence, err);
	case NFT_MESSAGE_CHECK:
	case NFT_MESSAGE_REPLACE:
		return serve_batch(peer, source, m, m->type == NFT_MESSAGE_REPLACE, err);
	case NFT_MESSAGE_CONNECTIONS:
		return serve_connections(peer, source, m->sequence, err);
	case NFT_MESSAGE_END:
		return serve_end(peer, source, m, err);
	default:
		return error_set(err, ERR_FORMAT, "privileged side", "a request of type %u is not known", m->type);
	}
}

static int push_events(int peer, const struct nft_source *source, struct error *err)
{
	struct nft_bytes bytes = {0};
	struct pollfd p = {.fd = source->event_fd(source->self), .events = POLLIN};
	bool overrun = false;
	int result;
	do {
		size_t before = bytes.len;
		result = source->events(source->self, &bytes, &overrun, err);
		if (result != 0 || bytes.len == before || nft_netlink_ends_transaction(bytes.data, bytes.len))
			break;
	} while (poll(&p, 1, TRANSACTION_WAIT_MS) > 0);
	if (result == 0 && overrun)
		result = nft_message_send(peer, NFT_MESSAGE_OVERRUN, 0, NULL, 0, err);
	if (result == 0 && bytes.len > 0)
		result = nft_message_send(peer, NFT_MESSAGE_EVENT, 0, bytes.data, bytes.len, err);
	nft_bytes_fini(&bytes);
	return result;
}

static int take_request(struct nft_stream *stream, const struct nft_source *source, bool *closed, struct error *err)
{
	struct nft_message m;
	struct error why = {0};
	int result = nft_stream_read(stream, &m, &why);
	if (result < 0 && why.code == ERR_UNAVAILABLE) {
		*closed = true;
		return 0;
	}
	if (result < 0)
		*err = why;
	if (result <= 0)
		return result;
	result = serve_request(stream->fd, source, &m, err);
	free(m.payload);
	return result;
}

int nft_serve(int peer, const struct nft_source *source, struct error *err)
{
	struct nft_stream stream;
	bool closed = false;
	int result = 0;
	nft_stream_init(&stream, peer, NFT_SIDE_PRIVILEGED);
	while (result == 0 && !closed) {
		struct pollfd p[2] = {
		        {.fd = peer, .events = POLLIN},
		        {.fd = source->event_fd(source->self), .events = POLLIN},
		};
		if (poll(p, 2, -1) < 0) {
			if (errno != EINTR)
				result = error_set(err, ERR_IO, "privileged side", "poll: %s", strerror(errno));
			continue;
		}
		if (p[1].revents != 0)
			result = push_events(peer, source, err);
		if (result == 0 && p[0].revents != 0)
			result = take_request(&stream, source, &closed, err);
	}
	nft_stream_fini(&stream);
	return result;
}
