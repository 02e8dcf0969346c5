/*
 * A full dump of nf_tables over NETLINK_NETFILTER: generation, tables, chains, sets, elements of each set, flowtables
 * and the rules of each chain go out as the kernel's own messages. A dump during which the generation changed, or that
 * lists an element twice, is thrown away and made again; one that never settles, is larger than the limit or is not
 * permitted is refused.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "nft/repeated.h"
#include "nft/source.h"
#include "portcullis/clock.h"

#define ATTEMPTS 40
#define BUDGET_MS 25000
#define PAUSE_MAX_MS 100
#define WHERE "nf_tables dump"

struct dump {
	struct nft_asker ask;
	struct nft_bytes *out;
	struct error *err;
};

/* A place in the bytes that holds messages of one type: what the next requests are made from. */
struct span {
	size_t from, to;
};

static enum nft_outcome fail_errno(const char *what, int error, struct error *err)
{
	switch (error) {
	case EINTR: /* the ruleset changed under the dump */
	case ENOENT: /* a table, chain or set was deleted since it was listed */
	case ENOBUFS:
	case ERESTART: /* a transaction went before settle() */
		return NFT_AGAIN;
	case EPERM:
	case EACCES:
		error_set(err, ERR_DENIED, WHERE,
		        "reading the ruleset needs CAP_NET_ADMIN: start it as root, or give its service "
		        "AmbientCapabilities=CAP_NET_ADMIN");
		return NFT_FAILED;
	case EINVAL:
	case EOPNOTSUPP:
	case EPROTONOSUPPORT:
	case EAFNOSUPPORT:
		error_set(err, ERR_UNAVAILABLE, WHERE,
		        "%s: the kernel does not answer for nf_tables (%s): load the module nf_tables", what,
		        strerror(error));
		return NFT_FAILED;
	default:
		error_set(err, ERR_IO, WHERE, "%s: %s", what, strerror(error));
		return NFT_FAILED;
	}
}

static bool is_nftables(uint16_t type)
{
	return NFNL_SUBSYS_ID(type) == NFNL_SUBSYS_NFTABLES;
}

static struct nlmsghdr *request_new(void *buffer, unsigned type, uint16_t flags, uint8_t family)
{
	return nft_request_new(buffer, NFNL_SUBSYS_NFTABLES << 8 | type, flags, family);
}

static enum nft_outcome list(
        struct dump *d, const char *what, unsigned type, uint16_t flags, struct nft_bytes *to, struct span *span)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[256];
	struct nlmsghdr *request = request_new(buffer, type, flags, AF_UNSPEC);
	span->from = to->len;
	enum nft_outcome outcome = nft_ask(&d->ask, what, request, to, d->err);
	span->to = to->len;
	return outcome;
}

#define LISTED_ATTRIBUTES 8 /* table and name are among the first of sets and of chains */

/* How to ask for what belongs to one listed object: attribute numbers of the listing and of the request. */
struct detail {
	const char *what;
	unsigned type;
	uint16_t listed_table, listed_name, table, name;
};

static const struct detail elements = {
        .what = "listing the elements of a set",
        .type = NFT_MSG_GETSETELEM,
        .listed_table = NFTA_SET_TABLE,
        .listed_name = NFTA_SET_NAME,
        .table = NFTA_SET_ELEM_LIST_TABLE,
        .name = NFTA_SET_ELEM_LIST_SET,
};

static const struct detail rules = {
        .what = "listing the rules of a chain",
        .type = NFT_MSG_GETRULE,
        .listed_table = NFTA_CHAIN_TABLE,
        .listed_name = NFTA_CHAIN_NAME,
        .table = NFTA_RULE_TABLE,
        .name = NFTA_RULE_CHAIN,
};

static bool put_name(struct nlmsghdr *request, size_t size, uint16_t type, const struct nlattr *name)
{
	uint16_t len = mnl_attr_get_payload_len(name);
	const char *text = mnl_attr_get_payload(name);
	return memchr(text, '\0', len) != NULL && mnl_attr_put_strz_check(request, size, type, text);
}

static enum nft_outcome ask_detail(struct dump *d, const struct detail *detail, const struct nlmsghdr *listed)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[2048];
	const struct nfgenmsg *g = mnl_nlmsg_get_payload(listed);
	struct nlmsghdr *request = request_new(buffer, detail->type, NLM_F_DUMP, g->nfgen_family);
	const struct nlattr *attr[LISTED_ATTRIBUTES] = {NULL};
	nft_netlink_attributes(listed, sizeof(*g), attr, LISTED_ATTRIBUTES);
	const struct nlattr *table = attr[detail->listed_table], *name = attr[detail->listed_name];
	if (table == NULL || name == NULL || !put_name(request, sizeof(buffer), detail->table, table) ||
	        !put_name(request, sizeof(buffer), detail->name, name)) {
		error_set(d->err, ERR_IO, WHERE, "%s: the kernel listed an object without a usable name", detail->what);
		return NFT_FAILED;
	}
	return nft_ask(&d->ask, detail->what, request, d->out, d->err);
}

/* The bytes move when they grow, so the walk is by offset. */
static enum nft_outcome ask_details(struct dump *d, const struct detail *detail, struct span span)
{
	for (size_t at = span.from; at < span.to;) {
		const struct nlmsghdr *listed = (const struct nlmsghdr *)(d->out->data + at);
		size_t from = d->out->len;
		at += nft_netlink_aligned(listed->nlmsg_len);
		enum nft_outcome outcome = ask_detail(d, detail, listed);
		if (outcome == NFT_DONE && detail == &elements &&
		        elements_repeated(d->out->data + from, d->out->len - from))
			outcome = NFT_AGAIN;
		if (outcome != NFT_DONE)
			return outcome;
	}
	return NFT_DONE;
}

static enum nft_outcome dump_objects(struct dump *d)
{
	struct span tables, chains, sets, flowtables;
	enum nft_outcome o = list(d, "listing tables", NFT_MSG_GETTABLE, NLM_F_DUMP, d->out, &tables);
	if (o == NFT_DONE)
		o = list(d, "listing chains", NFT_MSG_GETCHAIN, NLM_F_DUMP, d->out, &chains);
	if (o == NFT_DONE)
		o = list(d, "listing sets", NFT_MSG_GETSET, NLM_F_DUMP, d->out, &sets);
	if (o == NFT_DONE)
		o = ask_details(d, &elements, sets);
	if (o == NFT_DONE)
		o = list(d, "listing flowtables", NFT_MSG_GETFLOWTABLE, NLM_F_DUMP, d->out, &flowtables);
	/* Chain by chain: the kernel counts from the first rule again for each answer it fills. */
	if (o == NFT_DONE)
		o = ask_details(d, &rules, chains);
	return o;
}

static enum nft_outcome generation(struct dump *d, struct nft_bytes *to, uint32_t *out)
{
	struct span span;
	enum nft_outcome o = list(d, "asking for the generation", NFT_MSG_GETGEN, 0, to, &span);
	if (o == NFT_DONE && nft_netlink_generation(to->data, to->len, out, d->err) != 0)
		o = NFT_FAILED;
	return o;
}

static void put_batch(struct nlmsghdr *m, unsigned type, uint32_t sequence)
{
	m->nlmsg_type = (uint16_t)type;
	m->nlmsg_flags = NLM_F_REQUEST;
	m->nlmsg_seq = sequence;
	struct nfgenmsg *g = mnl_nlmsg_put_extra_header(m, sizeof(*g));
	g->nfgen_family = AF_UNSPEC;
	g->version = NFNETLINK_V0;
	g->res_id = htons(NFNL_SUBSYS_NFTABLES);
}

/*
 * Is the generation still this one, with no transaction under way? The generation is counted up before a transaction's
 * objects change places, and what it creates and deletes again shows before it, so equal numbers alone do not make a
 * dump whole. An empty transaction for this very generation changes nothing, waits for the one under way and fails
 * (ERESTART) where the generation is another by then.
 */
static enum nft_outcome settle(struct dump *d, uint32_t expected)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[256];
	struct nft_bytes scratch = {0};
	uint32_t now = 0;
	/* A refusal then arrives as an answer to the question below. */
	uint32_t sequence = d->ask.sequence + 1;
	struct nlmsghdr *begin = mnl_nlmsg_put_header(buffer);
	put_batch(begin, NFNL_MSG_BATCH_BEGIN, sequence);
	mnl_attr_put_u32(begin, NFNL_BATCH_GENID, htonl(expected));
	struct nlmsghdr *end = mnl_nlmsg_put_header(buffer + nft_netlink_aligned(begin->nlmsg_len));
	put_batch(end, NFNL_MSG_BATCH_END, sequence);
	size_t len = nft_netlink_aligned(begin->nlmsg_len) + end->nlmsg_len;
	if (mnl_socket_sendto(d->ask.socket, buffer, len) < 0)
		return fail_errno("waiting for transactions under way", errno, d->err);
	enum nft_outcome o = generation(d, &scratch, &now);
	nft_bytes_fini(&scratch);
	return o == NFT_DONE && now != expected ? NFT_AGAIN : o;
}

static enum nft_outcome attempt(struct dump *d)
{
	uint32_t current = 0;
	enum nft_outcome o = nft_asker_open(&d->ask, d->err);
	if (o == NFT_DONE)
		o = generation(d, d->out, &current);
	if (o == NFT_DONE)
		o = settle(d, current);
	if (o == NFT_DONE)
		o = dump_objects(d);
	if (o == NFT_DONE)
		o = settle(d, current);
	nft_asker_close(&d->ask);
	return o;
}

int nft_dump_read(int peer, struct nft_bytes *out, struct error *err)
{
	struct dump d = {.ask = {.protocol = NETLINK_NETFILTER,
	                         .where = WHERE,
	                         .peer = peer,
	                         .limit = NFT_DUMP_MAX,
	                         .keeps = is_nftables,
	                         .fails = fail_errno},
	        .out = out,
	        .err = err};
	int64_t until = clock_monotonic_ms() + BUDGET_MS;
	enum nft_outcome o = NFT_AGAIN;
	int tried = 0;
	while (o == NFT_AGAIN && tried < ATTEMPTS && clock_monotonic_ms() < until) {
		if (tried > 0 && nft_peer_gone(peer, tried * 5 < PAUSE_MAX_MS ? tried * 5 : PAUSE_MAX_MS))
			break;
		out->len = 0;
		o = attempt(&d);
		tried++;
	}
	if (o == NFT_DONE)
		return 0;
	if (o == NFT_AGAIN)
		error_set(err, ERR_UNAVAILABLE, WHERE,
		        "the ruleset changed during each of %d attempts to read it: another program rewrites it all "
		        "the time",
		        tried);
	nft_bytes_fini(out);
	return -1;
}
