#ifndef PORTCULLIS_TESTS_USAGE_SCENE_H
#define PORTCULLIS_TESTS_USAGE_SCENE_H

/*
 * A kernel that counts, made by hand: an own table with counters that a test sets, dumped as netlink messages, and clocks
 * that a test moves.
 */
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include "own_fixture.h"
#include "portcullis/usage.h"

static struct {
	struct own_table table;
	uint64_t handle; /* 0: there is no table */
	unsigned dumps;
	bool fails;
	int64_t cost_ms;
	void (*meanwhile)(void); /* once, while a dump is made */
} kernel;
static int64_t clock_now_ms, wall_now_s;

static inline int64_t scene_clock_ms(void)
{
	return __atomic_load_n(&clock_now_ms, __ATOMIC_RELAXED);
}

static inline int64_t scene_wall_s(void)
{
	return wall_now_s;
}

/* Both clocks. */
static inline void pass_ms(int64_t ms)
{
	__atomic_add_fetch(&clock_now_ms, ms, __ATOMIC_RELAXED);
	wall_now_s += ms / 1000;
}

static inline size_t attribute_put(uint8_t *p, uint16_t type, const void *value, size_t len)
{
	const uint16_t head[] = {(uint16_t)(4 + len), type};

	memset(p, 0, 4 + (len + 3) / 4 * 4);
	memcpy(p, head, sizeof(head));
	memcpy(p + 4, value, len);
	return 4 + (len + 3) / 4 * 4;
}

/* The kernel's message of the table itself, with its handle. */
static inline size_t table_put(uint8_t *p)
{
	struct nlmsghdr head = {.nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE};
	const struct nfgenmsg family = {.nfgen_family = NFPROTO_INET};
	const uint32_t handle[] = {htonl((uint32_t)(kernel.handle >> 32)), htonl((uint32_t)kernel.handle)};
	size_t n = sizeof(head) + sizeof(family);

	memcpy(p + sizeof(head), &family, sizeof(family));
	n += attribute_put(p + n, NFTA_TABLE_NAME, OWN_TABLE, sizeof(OWN_TABLE));
	n += attribute_put(p + n, NFTA_TABLE_HANDLE, handle, sizeof(handle));
	head.nlmsg_len = (uint32_t)n;
	memcpy(p, &head, sizeof(head));
	return n;
}

static inline void kernel_bytes(struct nft_dump *out)
{
	struct nft_batch batch = {0};
	struct error err = {0};

	if (kernel.handle != 0)
		ck_assert_msg(nft_encode_table(&kernel.table, &batch, &err) == 0, "%s", err.text);
	*out = (struct nft_dump){.bytes = xmalloc(batch.len + 128)};
	if (batch.len > 0)
		memcpy(out->bytes, batch.bytes, batch.len);
	out->len = batch.len;
	if (kernel.handle != 0)
		out->len += table_put(out->bytes + batch.len);
	nft_batch_fini(&batch);
}

static inline int kernel_dump(void *self, struct nft_dump *out, struct error *err)
{
	void (*meanwhile)(void) = kernel.meanwhile;

	(void)self;
	kernel.dumps++;
	*out = (struct nft_dump){0};
	if (kernel.fails)
		return error_set(err, ERR_UNAVAILABLE, NULL, "nf_tables is gone");
	kernel_bytes(out);
	kernel.meanwhile = NULL;
	if (meanwhile != NULL)
		meanwhile();
	__atomic_add_fetch(&clock_now_ms, kernel.cost_ms, __ATOMIC_RELAXED);
	return 0;
}

static inline struct nft_counters kernel_counters(void)
{
	struct nft_counters c;
	struct nft_dump dump;
	struct error err = {0};

	kernel_bytes(&dump);
	ck_assert_msg(nft_counters_read(dump.bytes, dump.len, OWN_TABLE, &c, &err) == 0, "%s", err.text);
	nft_dump_fini(&dump);
	return c;
}

/* Boxes of TCP from 10.0.0.0/8 to 10.1.0.0/16, one per port from 5000 on. */
static inline void kernel_begin(size_t n_box)
{
	memset(&kernel, 0, sizeof(kernel));
	kernel.handle = 7;
	clock_now_ms = 5000000;
	wall_now_s = 1700000000;
	own_put_set(&kernel.table, "required-forward4", true, 5, RS_FIELD_IP_SADDR, RS_FIELD_IP_DADDR, RS_FIELD_L4PROTO,
	        RS_FIELD_SPORT, RS_FIELD_DPORT);
	for (size_t i = 0; i < n_box; i++) {
		struct own_element *e = own_put_element(&kernel.table, "some/label");

		e->key[0] = own_address("10.0.0.0/8");
		e->key[1] = own_address("10.1.0.0/16");
		e->key[2] = own_number(PROTO_TCP, PROTO_TCP);
		e->key[3] = own_number(1024, 65535);
		e->key[4] = own_number(5000 + i, 5000 + i);
	}
	own_put_chain(&kernel.table, "forward", RS_HOOK_FORWARD);
	own_put_match(own_put_rule(&kernel.table, RS_ACCEPT, "required flows"), own_in(&kernel.table, 0));
}

static inline struct own_rule *kernel_rule(const char *comment)
{
	struct own_rule *r = own_put_rule(&kernel.table, RS_DROP, comment);

	r->counts = true;
	return r;
}

static inline void kernel_end(void)
{
	own_fini(&kernel.table);
}

static inline struct usage *usage_begun(struct journal *journal, const char *boot)
{
	const struct usage_parts parts = {.nft = {.dump = kernel_dump},
	        .journal = journal,
	        .boot = boot,
	        .clock_ms = scene_clock_ms,
	        .wall_s = scene_wall_s};

	return usage_new(&parts);
}

/* A replace by the agent: the table goes on with the counters of before, as the test has left them. */
static inline void kernel_replaced(struct usage *u)
{
	struct nft_counters before = kernel_counters();

	usage_begin(u, &before);
	nft_counters_fini(&before);
	kernel.handle++;
	struct nft_counters after = kernel_counters();
	usage_end(u, &after);
	nft_counters_fini(&after);
}

/* The agent puts the first table there. */
static inline void kernel_pushed(struct usage *u)
{
	struct nft_counters none = {0}, after = kernel_counters();

	usage_begin(u, &none);
	usage_end(u, &after);
	nft_counters_fini(&after);
}

#endif
