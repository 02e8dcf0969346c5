/*
 * The operations on the kernel without a second process, for `portcullis verify --live`: dumps, events and batches of the
 * caller's own network namespace, with the caller's own rights.
 */
#include <stdlib.h>
#include <string.h>

#include "nft/answer.h"
#include "nft/ending.h"
#include "nft/source.h"
#include "portcullis/alloc.h"

static int direct_dump(void *self, struct nft_dump *out, struct error *err)
{
	const struct nft_source *source = self;
	struct nft_bytes bytes = {0};
	struct nft_dump dump = {0};
	memset(out, 0, sizeof(*out));
	if (source->dump(source->self, -1, &bytes, err) != 0)
		return -1;
	dump.bytes = bytes.data;
	dump.len = bytes.len;
	if (nft_netlink_generation(dump.bytes, dump.len, &dump.generation, err) != 0 ||
	        source->legacy(source->self, &dump.legacy, err) != 0) {
		nft_dump_fini(&dump);
		return -1;
	}
	*out = dump;
	return 0;
}

static int direct_legacy(void *self, char **out, struct error *err)
{
	const struct nft_source *source = self;
	return source->legacy(source->self, out, err);
}

static int direct_policies(void *self, uint8_t **bytes, size_t *len, struct error *err)
{
	const struct nft_source *source = self;
	struct nft_bytes b = {0};
	int result = source->policies != NULL ? source->policies(source->self, &b, err) : 0;
	*bytes = b.data;
	*len = b.len;
	return result;
}

static int direct_batch(const struct nft_source *source, const struct nft_batch *batch, bool commit,
        struct nft_answer *answer, struct error *err)
{
	struct nft_verdict verdict;
	uint8_t *bytes = xmalloc(batch->len + 1);
	memcpy(bytes, batch->bytes, batch->len);
	int result = source->transaction(source->self, bytes, batch->len, commit, &verdict, err);
	free(bytes);
	memset(answer, 0, sizeof(*answer));
	return result == 0 ? nft_answer_judge(batch, &verdict, commit, answer, err) : -1;
}

static int direct_check(void *self, const struct nft_batch *batch, struct nft_answer *answer, struct error *err)
{
	return direct_batch(self, batch, false, answer, err);
}

static int direct_replace(void *self, const struct nft_batch *batch, struct nft_answer *answer, struct error *err)
{
	return direct_batch(self, batch, true, answer, err);
}

static int direct_connections(void *self, uint8_t **bytes, size_t *len, struct error *err)
{
	const struct nft_source *source = self;
	struct nft_bytes b = {0};
	int result = source->connections(source->self, -1, &b, err);
	*bytes = b.data;
	*len = b.len;
	return result;
}

static int end_some(void *ctx, const struct nft_ending *record, size_t n, struct nft_ended *out, struct error *err)
{
	const struct nft_source *source = ctx;
	return source->end(source->self, (const uint8_t *)record, n * sizeof(*record), out, err);
}

static int direct_end(void *self, const struct connection *connection, size_t n, size_t *ended, struct error *err)
{
	return nft_endings_each(connection, n, end_some, self, ended, err);
}

static int direct_event_fd(void *self)
{
	const struct nft_source *source = self;
	return source->event_fd(source->self);
}

static int direct_events(void *self, struct nft_event *out, struct error *err)
{
	const struct nft_source *source = self;
	struct nft_bytes bytes = {0};
	bool overrun = false;
	memset(out, 0, sizeof(*out));
	if (source->events(source->self, &bytes, &overrun, err) != 0) {
		nft_bytes_fini(&bytes);
		return -1;
	}
	nft_netlink_event(&bytes, overrun, out);
	return 0;
}

static void direct_close(void *self)
{
	struct nft_source *source = self;
	source->close(source->self);
	free(source);
}

int nft_open_direct(struct nft_ops *out, struct error *err)
{
	struct nft_source *source = xcalloc(1, sizeof(*source));
	if (nft_source_open(source, err) != 0) {
		free(source);
		return -1;
	}
	*out = (struct nft_ops){
	        .self = source,
	        .dump = direct_dump,
	        .policies = direct_policies,
	        .event_fd = direct_event_fd,
	        .events = direct_events,
	        .close = direct_close,
	        .legacy = direct_legacy,
	        .check = direct_check,
	        .replace = direct_replace,
	        .connections = direct_connections,
	        .connections_end = direct_end,
	};
	return 0;
}
