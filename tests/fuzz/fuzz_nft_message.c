/* links: nft base */
/*
 * The two ends of the privilege separation: the first byte chooses the side, the rest is what the other one sends before
 * it closes. Whatever it is, each side ends with an error or in order.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nft/process.h"
#include "nft/walk.h"
#include "portcullis/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int no_dump(void *self, int peer, struct nft_bytes *out, struct error *err)
{
	(void)self;
	(void)peer;
	(void)out;
	return error_set(err, ERR_UNAVAILABLE, "fuzz", "no ruleset");
}

static int some_legacy(void *self, char **out, struct error *err)
{
	(void)self;
	(void)err;
	*out = xstrdup("ip filter");
	return 0;
}

static int silent_fd(void *self)
{
	return *(const int *)self;
}

static int no_events(void *self, struct nft_bytes *out, bool *overrun, struct error *err)
{
	(void)self;
	(void)out;
	(void)overrun;
	(void)err;
	return 0;
}

/* No kernel: what would be let through is refused by it. */
static int only_walk(void *self, uint8_t *bytes, size_t len, bool commit, struct nft_verdict *out, struct error *err)
{
	size_t n;
	(void)self;
	*out = (struct nft_verdict){.number = 1, .offset = commit};
	return nft_batch_walk(bytes, len, &n, err);
}

static int some_connections(void *self, int peer, struct nft_bytes *out, struct error *err)
{
	(void)self;
	(void)peer;
	return nft_bytes_add(out, "some", 4, NFT_CONNECTIONS_MAX, err);
}

static int only_check(void *self, const uint8_t *records, size_t len, struct nft_ended *out, struct error *err)
{
	size_t n;
	(void)self;
	*out = (struct nft_ended){0};
	return nft_endings_check(records, len, &n, err);
}

static void no_close(void *self)
{
	(void)self;
}

static void privileged(int fd)
{
	static int silent = -1; /* poll() takes no notice of it */
	const struct nft_source source = {&silent, no_dump, some_legacy, NULL, silent_fd, no_events, no_close,
	        only_walk, some_connections, only_check};
	struct error err = {0};
	(void)!nft_serve(fd, &source, &err);
	close(fd);
}

static void unprivileged(int fd)
{
	const struct nft_process process = {.pid = 0, .socket = fd};
	struct nft_ops ops;
	struct nft_dump dump;
	struct nft_batch batch;
	struct nft_answer answer;
	struct nft_event event;
	const struct connection connection = {.family = FAMILY_IPV4};
	struct error err = {0};
	uint8_t *bytes;
	size_t len;
	if (nft_client_open(&process, 0, &ops, &err) != 0)
		abort();
	if (ops.dump(ops.self, &dump, &err) == 0)
		nft_dump_fini(&dump);
	if (nft_encode_table(NULL, &batch, &err) != 0)
		abort();
	(void)!ops.check(ops.self, &batch, &answer, &err);
	(void)!ops.replace(ops.self, &batch, &answer, &err);
	nft_batch_fini(&batch);
	if (ops.connections(ops.self, &bytes, &len, &err) == 0)
		free(bytes);
	(void)!ops.connections_end(ops.self, &connection, 1, &len, &err);
	for (int i = 0; i < 2; i++)
		if (ops.events(ops.self, &event, &err) == 0)
			nft_event_fini(&event);
	ops.close(ops.self);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int pair[2];
	if (size == 0 || size > 65536)
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		abort();
	if (size > 1 && send(pair[1], data + 1, size - 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		abort();
	shutdown(pair[1], SHUT_WR);
	if (data[0] == 'p')
		privileged(pair[0]);
	else
		unprivileged(pair[0]);
	close(pair[1]);
	return 0;
}
