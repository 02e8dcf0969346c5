/*
 * Connections on the unprivileged side: what the kernel's table says comes in as bytes and goes out as connections; those that
 * are to end become records for the privileged side, and what became of them is counted. Refused is what the kernel refuses.
 */
#include "nft/ending.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "portcullis/alloc.h"

#define WHERE "connection tracking"

/* To ask a kernel that tracks nothing would make it load what tracks. */
static bool is_loaded(void)
{
	return access("/proc/sys/net/netfilter/nf_conntrack_count", F_OK) == 0 ||
	       access("/proc/self/net/nf_conntrack_expect", F_OK) == 0;
}

int nft_connections(const struct nft_ops *ops, struct connections *out, struct error *err)
{
	uint8_t *bytes = NULL;
	size_t len = 0;
	*out = (struct connections){0};
	if (ops->connections == NULL || !is_loaded())
		return 0;
	int result = ops->connections(ops->self, &bytes, &len, err);
	if (result == 0)
		result = connections_parse(bytes, len, out, err);
	free(bytes);
	return result;
}

static void put_address(uint8_t to[16], enum family f, u128 address)
{
	size_t n = f == FAMILY_IPV4 ? 4 : 16;
	for (size_t i = n; i > 0; i--, address >>= 8)
		to[i - 1] = (uint8_t)address;
}

static struct nft_ending record_of(const struct connection *c)
{
	struct nft_ending e = {.family = (uint8_t)c->family,
	        .proto = c->proto,
	        .icmp_type = c->icmp_type,
	        .icmp_code = c->icmp_code,
	        .source_port = c->source_port,
	        .destination_port = c->destination_port,
	        .icmp_id = c->icmp_id,
	        .zone = c->zone,
	        .id = c->id};
	put_address(e.source, c->family, c->source);
	put_address(e.destination, c->family, c->destination);
	return e;
}

int nft_endings_each(
        const struct connection *connection, size_t n, nft_end_fn *end, void *ctx, size_t *ended, struct error *err)
{
	size_t most = n < NFT_ENDINGS_MAX ? n : NFT_ENDINGS_MAX;
	struct nft_ending *record = xcalloc(most, sizeof(*record));
	int result = 0;
	*ended = 0;
	for (size_t i = 0; i < n && result == 0; i += most) {
		struct nft_ended said = {0};
		size_t k = n - i < most ? n - i : most;
		for (size_t j = 0; j < k; j++)
			record[j] = record_of(&connection[i + j]);
		result = end(ctx, record, k, &said, err);
		*ended += said.ended;
		if (result == 0 && said.number != 0)
			result = error_set(err, ERR_IO, WHERE, "the kernel does not end connections: %s",
			        strerror((int)said.number));
	}
	free(record);
	return result;
}
