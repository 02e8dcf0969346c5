/*
 * The own table as a netlink batch: a table comes in, the messages that put it in place of the kernel's go out, and for
 * each of them which object it is about. Hooks other than input, forward and output, and comments longer than nft's, are
 * refused.
 */
#include "nft/encode.h"

#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"

#define WHERE "inet " OWN_TABLE

struct nlmsghdr *nft_encoder_begin(struct nft_encoder *e, uint16_t type, uint16_t flags)
{
	return nftnl_nlmsg_build_hdr(e->room, type, NFPROTO_INET, flags, 0);
}

int nft_encoder_end(struct nft_encoder *e, const struct nlmsghdr *m, const struct nft_object *object)
{
	static const uint8_t padding[NLMSG_ALIGNTO];
	size_t rest = nft_netlink_aligned(m->nlmsg_len) - m->nlmsg_len;
	if (e->n == e->cap) {
		e->cap = e->cap == 0 ? 64 : e->cap * 2;
		e->object = xrealloc(e->object, e->cap, sizeof(*e->object));
	}
	e->object[e->n++] = *object;
	if (nft_bytes_add(&e->bytes, m, m->nlmsg_len, NFT_BATCH_MAX, NULL) != 0 ||
	        nft_bytes_add(&e->bytes, padding, rest, NFT_BATCH_MAX, NULL) != 0)
		return error_set(e->err, ERR_LIMIT, WHERE,
		        "its messages are larger than %zu MB: use fewer required flows or rules", NFT_BATCH_MAX >> 20);
	return 0;
}

int nft_comment(const char *comment, const char *of, struct nftnl_udata_buf **out, struct error *err)
{
	*out = NULL;
	if (comment == NULL || comment[0] == '\0')
		return 0;
	if (strlen(comment) > OWN_COMMENT_MAX)
		return error_set(err, ERR_LIMIT, of, "the comment \"%s\" is longer than %d bytes: shorten it", comment,
		        OWN_COMMENT_MAX);
	*out = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);
	if (*out == NULL)
		abort();
	/* Type 0 is the comment of tables, chains, rules and elements alike. */
	nftnl_udata_put_strz(*out, NFTNL_UDATA_RULE_COMMENT, comment);
	return 0;
}

static int encode_table(struct nft_encoder *e, uint16_t type, uint16_t flags, const char *comment)
{
	const struct nft_object object = {.kind = NFT_OBJECT_TABLE, .from = SIZE_MAX};
	struct nftnl_udata_buf *data;
	if (nft_comment(comment, WHERE, &data, e->err) != 0)
		return -1;
	struct nftnl_table *t = nftnl_table_alloc();
	if (t == NULL)
		abort();
	struct nlmsghdr *m = nft_encoder_begin(e, type, flags);
	nftnl_table_set_str(t, NFTNL_TABLE_NAME, OWN_TABLE);
	if (data != NULL) {
		nftnl_table_set_data(t, NFTNL_TABLE_USERDATA, nftnl_udata_buf_data(data), nftnl_udata_buf_len(data));
		nftnl_udata_buf_free(data);
	}
	nftnl_table_nlmsg_build_payload(m, t);
	nftnl_table_free(t);
	return nft_encoder_end(e, m, &object);
}

static int hook_number(enum rs_hook hook)
{
	switch (hook) {
	case RS_HOOK_INPUT:
		return NF_INET_LOCAL_IN;
	case RS_HOOK_FORWARD:
		return NF_INET_FORWARD;
	case RS_HOOK_OUTPUT:
		return NF_INET_LOCAL_OUT;
	default:
		return -1;
	}
}

static int encode_chain(struct nft_encoder *e, size_t index)
{
	const struct own_chain *chain = &e->table->chain[index];
	const struct nft_object object = {.kind = NFT_OBJECT_CHAIN, .chain = index, .from = SIZE_MAX};
	int hook = hook_number(chain->hook);
	if (hook < 0)
		return error_set(e->err, ERR_UNSUPPORTED, WHERE, "chain %s has hook %s: only input, forward and output",
		        chain->name, rs_hook_name(chain->hook));
	struct nftnl_chain *c = nftnl_chain_alloc();
	if (c == NULL)
		abort();
	struct nlmsghdr *m = nft_encoder_begin(e, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL);
	nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, OWN_TABLE);
	nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, chain->name);
	nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE, "filter");
	nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM, (uint32_t)hook);
	nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, 0);
	nftnl_chain_set_u32(c, NFTNL_CHAIN_POLICY, NF_ACCEPT);
	nftnl_chain_nlmsg_build_payload(m, c);
	nftnl_chain_free(c);
	return nft_encoder_end(e, m, &object);
}

/* Without a hook: no packet comes by while it is made anew with another comment. */
static int encode_origin(struct nft_encoder *e)
{
	const struct nft_object object = {.kind = NFT_OBJECT_TABLE, .from = SIZE_MAX};
	struct nftnl_udata_buf *data;
	if (nft_comment(e->table->comment, WHERE, &data, e->err) != 0)
		return -1;
	struct nftnl_chain *c = nftnl_chain_alloc();
	if (c == NULL)
		abort();
	struct nlmsghdr *m = nft_encoder_begin(e, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL);
	nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, OWN_TABLE);
	nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, OWN_ORIGIN);
	if (data != NULL) {
		nftnl_chain_set_data(c, NFTNL_CHAIN_USERDATA, nftnl_udata_buf_data(data), nftnl_udata_buf_len(data));
		nftnl_udata_buf_free(data);
	}
	nftnl_chain_nlmsg_build_payload(m, c);
	nftnl_chain_free(c);
	return nft_encoder_end(e, m, &object);
}

static int encode_content(struct nft_encoder *e)
{
	const struct own_table *t = e->table;
	int result = encode_table(e, NFT_MSG_NEWTABLE, NLM_F_CREATE, OWN_TABLE_COMMENT);
	for (size_t i = 0; result == 0 && i < t->n_set; i++)
		result = nft_encode_set(e, i);
	for (size_t i = 0; result == 0 && i < t->n_chain; i++)
		result = encode_chain(e, i);
	if (result == 0 && t->comment != NULL)
		result = encode_origin(e);
	for (size_t i = 0; result == 0 && i < t->n_chain; i++)
		for (size_t k = 0; result == 0 && k < t->chain[i].n_rule; k++)
			result = nft_encode_rule(e, i, k);
	return result;
}

int nft_encode_table(const struct own_table *t, struct nft_batch *out, struct error *err)
{
	struct nft_encoder *e = xcalloc(1, sizeof(*e));
	memset(out, 0, sizeof(*out));
	e->table = t;
	e->err = err;
	/* The first makes sure that there is one to delete. */
	int result = encode_table(e, NFT_MSG_NEWTABLE, NLM_F_CREATE, NULL);
	if (result == 0)
		result = encode_table(e, NFT_MSG_DELTABLE, 0, NULL);
	if (result == 0 && t != NULL)
		result = encode_content(e);
	if (result == 0) {
		*out = (struct nft_batch){t, e->bytes.data, e->bytes.len, e->object, e->n};
	} else {
		nft_bytes_fini(&e->bytes);
		free(e->object);
	}
	free(e);
	return result;
}

void nft_batch_fini(struct nft_batch *batch)
{
	if (batch == NULL)
		return;
	free(batch->bytes);
	free(batch->object);
	memset(batch, 0, sizeof(*batch));
}
