/*
 * The mirror of nf_tables: a dump and then events come in, each transaction's messages go on to the store once it has
 * ended. A generation that is missing, a message that does not fit what is known and bytes whose lengths do not add up
 * end what is known; nothing is guessed.
 */
#include "ruleset/mirror.h"

#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"

#define PENDING_MAX ((size_t)64 << 20)

struct mirror *mirror_new(void)
{
	return xcalloc(1, sizeof(struct mirror));
}

static void forget(struct mirror *m)
{
	mirror_decoder_free(m);
	store_fini(&m->store);
	m->n_waiting = 0;
	m->n_silent = m->n_devices = 0;
	m->deleted = m->known = false;
}

void mirror_discard(struct mirror *m)
{
	forget(m);
	text_fini(&m->pending);
	m->scanned = 0;
}

void mirror_free(struct mirror *m)
{
	if (m == NULL)
		return;
	mirror_discard(m);
	free(m->waiting);
	free(m);
}

bool mirror_is_known(const struct mirror *m)
{
	return m->known;
}

uint32_t mirror_generation(const struct mirror *m)
{
	return m->generation;
}

bool mirror_is_silent(const struct mirror *m)
{
	return m->n_silent > 0;
}

bool mirror_follows_devices(const struct mirror *m)
{
	return m->n_devices > 0;
}

/* 1: a message; 0: the end; -1: lengths that do not add up. */
static int message_next(const uint8_t *bytes, size_t len, size_t *at, struct mirror_message *out)
{
	struct nlmsghdr h;
	struct nfgenmsg g;

	if (*at >= len)
		return 0;
	if (len - *at < sizeof(h))
		return -1;
	memcpy(&h, bytes + *at, sizeof(h));
	if (h.nlmsg_len < sizeof(h) + sizeof(g) || h.nlmsg_len > len - *at || h.nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES)
		return -1;
	memcpy(&g, bytes + *at + sizeof(h), sizeof(g));
	*out = (struct mirror_message){
	        .type = h.nlmsg_type & 0xff,
	        .family = g.nfgen_family,
	        .flags = h.nlmsg_flags,
	        .bytes = bytes + *at,
	        .len = h.nlmsg_len,
	        .attrs = bytes + *at + sizeof(h) + sizeof(g),
	        .attrs_len = h.nlmsg_len - sizeof(h) - sizeof(g),
	};
	*at += NLMSG_ALIGN(h.nlmsg_len);
	return 1;
}

static int generation_of(const struct mirror_message *message, uint32_t *out, struct error *err)
{
	const struct nlattr *tb[NFTA_GEN_MAX + 1];

	if (!attrs_parse(message->attrs, message->attrs_len, tb, NFTA_GEN_MAX + 1) || !attr_u32(tb[NFTA_GEN_ID], out))
		return error_set(err, ERR_FORMAT, "mirror", "a generation message has no generation id");
	return 0;
}

static int load(struct mirror *m, const uint8_t *bytes, size_t len, struct error *err)
{
	struct mirror_message message;
	size_t at = 0;
	int more;

	while ((more = message_next(bytes, len, &at, &message)) > 0) {
		if (message.type == NFT_MSG_NEWGEN ? generation_of(&message, &m->generation, err) != 0
		                                   : mirror_take(m, &message, false, err) != 0)
			return -1;
	}
	if (more < 0)
		return error_set(err, ERR_FORMAT, "mirror", "the dump is broken at byte %zu", at);
	return mirror_settle(m, err);
}

int mirror_load(struct mirror *m, const void *bytes, size_t len, struct error *err)
{
	void *aligned = NULL;

	forget(m);
	m->generation = 0;
	if ((uintptr_t)bytes % NLMSG_ALIGNTO != 0) {
		aligned = xmalloc(len + 1);
		memcpy(aligned, bytes, len);
		bytes = aligned;
	}
	if (load(m, bytes, len, err) == 0)
		m->known = true;
	else
		forget(m);
	free(aligned);
	return m->known ? 0 : -1;
}

/* The kernel leaves 0 out. */
static uint32_t generation_after(uint32_t generation)
{
	return generation + 1 == 0 ? 1 : generation + 1;
}

static int transaction(struct mirror *m, const uint8_t *bytes, size_t len, uint32_t generation, struct error *err)
{
	struct mirror_message message;
	size_t at = 0;

	/* Older than the dump: it is in there. */
	if (!m->known || (int32_t)(generation - m->generation) <= 0)
		return 0;
	if (generation != generation_after(m->generation))
		return error_set(err, ERR_UNAVAILABLE, "mirror", "generation %u follows %u: a change was not told",
		        generation, m->generation);
	m->transaction++;
	while (message_next(bytes, len, &at, &message) > 0)
		if (message.type != NFT_MSG_NEWGEN && mirror_take(m, &message, true, err) != 0)
			return error_prefix(err, "generation %u", generation);
	if (mirror_settle(m, err) != 0)
		return error_prefix(err, "generation %u", generation);
	m->generation = generation;
	return 0;
}

/* Whole transactions out of the pending bytes. */
static int digest(struct mirror *m, struct error *err)
{
	const uint8_t *bytes = (const uint8_t *)m->pending.s;
	size_t begin = 0, at = m->scanned;
	struct mirror_message message;
	uint32_t generation;
	int more;

	while ((more = message_next(bytes, m->pending.len, &at, &message)) > 0) {
		if (message.type != NFT_MSG_NEWGEN)
			continue;
		if (generation_of(&message, &generation, err) != 0 ||
		        transaction(m, bytes + begin, at - begin, generation, err) != 0)
			return -1;
		begin = at;
	}
	if (more < 0)
		return error_set(err, ERR_FORMAT, "mirror", "an event is broken at byte %zu", at);
	m->pending.len -= begin;
	memmove(m->pending.s, bytes + begin, m->pending.len);
	m->scanned = m->pending.len;
	return 0;
}

int mirror_feed(struct mirror *m, const void *bytes, size_t len, struct error *err)
{
	static const char padding[NLMSG_ALIGNTO] = {0};

	if (len == 0)
		return 0;
	if (len > PENDING_MAX || m->pending.len > PENDING_MAX - len) {
		mirror_discard(m);
		return error_set(
		        err, ERR_LIMIT, "mirror", "a transaction has more than %zu MB of events", PENDING_MAX >> 20);
	}
	text_addn(&m->pending, bytes, len);
	text_addn(&m->pending, padding, NLMSG_ALIGN(len) - len);
	if (digest(m, err) == 0)
		return 0;
	mirror_discard(m);
	return -1;
}
