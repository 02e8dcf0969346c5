/*
 * What the kernel has against a batch, told to people: the number of a message and an offset come in, the rule, set or
 * element of the own table with its comment goes out as an error. A verdict about a message that the batch has not is
 * refused.
 */
#include "nft/answer.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "nft/netlink.h"
#include "portcullis/compile.h"
#include "portcullis/text.h"

#define WHERE "inet " OWN_TABLE

static const uint8_t *message_find(const struct nft_batch *batch, size_t which, size_t *len)
{
	size_t at = 0;
	struct nlmsghdr m = {0};
	for (size_t k = 0; at < batch->len; k++) {
		memcpy(&m, batch->bytes + at, sizeof(m));
		if (k == which)
			break;
		at += nft_netlink_aligned(m.nlmsg_len);
	}
	*len = m.nlmsg_len;
	return batch->bytes + at;
}

/* Does an attribute of this type and content lie in these? */
static bool is_end(const uint8_t *p, size_t len)
{
	struct nlattr a;
	uint32_t flags;
	for (size_t at = 0; at + sizeof(a) + sizeof(flags) <= len; at += nft_netlink_aligned(a.nla_len)) {
		memcpy(&a, p + at, sizeof(a));
		if (a.nla_type != NFTA_SET_ELEM_FLAGS)
			continue;
		memcpy(&flags, p + at + sizeof(a), sizeof(flags));
		return flags != 0;
	}
	return false;
}

/* Which element of the own set lies at an offset of its message; SIZE_MAX: none. Our own bytes: they are in order. */
static size_t element_at(const struct nft_batch *batch, size_t which, uint32_t offset)
{
	size_t len, next = batch->object[which].first;
	const uint8_t *m = message_find(batch, which, &len);
	size_t at = sizeof(struct nlmsghdr) + sizeof(struct nfgenmsg);
	struct nlattr a;
	while (at + sizeof(a) <= len) {
		memcpy(&a, m + at, sizeof(a));
		if ((a.nla_type & NLA_TYPE_MASK) == NFTA_SET_ELEM_LIST_ELEMENTS)
			break;
		at += nft_netlink_aligned(a.nla_len);
	}
	for (at += sizeof(a); at + sizeof(a) <= len && at <= offset; at += nft_netlink_aligned(a.nla_len)) {
		memcpy(&a, m + at, sizeof(a));
		if (!is_end(m + at + sizeof(a), a.nla_len - sizeof(a)))
			next++;
		if (offset < at + a.nla_len)
			return next > 0 ? next - 1 : 0;
	}
	return SIZE_MAX;
}

static void put_comment(struct text *t, const char *comment)
{
	if (comment != NULL && comment[0] != '\0')
		text_addf(t, " \"%s\"", comment);
}

static void put_part(struct text *t, enum rs_field field, struct range r)
{
	char buf[96];
	switch (field) {
	case RS_FIELD_IP_SADDR:
	case RS_FIELD_IP_DADDR:
		text_add(t, range_print(FAMILY_IPV4, r, buf, sizeof(buf)));
		break;
	case RS_FIELD_IP6_SADDR:
	case RS_FIELD_IP6_DADDR:
		text_add(t, range_print(FAMILY_IPV6, r, buf, sizeof(buf)));
		break;
	case RS_FIELD_IIFNAME:
	case RS_FIELD_OIFNAME:
		text_add(t, ifname_print(r, buf, sizeof(buf)));
		break;
	case RS_FIELD_L4PROTO:
		text_add(t, r.lo == r.hi ? proto_name((uint8_t)r.lo) : "any protocol of several");
		break;
	default:
		text_addf(t, "%u", (unsigned)r.lo);
		if (r.hi != r.lo)
			text_addf(t, "-%u", (unsigned)r.hi);
		break;
	}
}

static void put_element(struct text *t, const struct own_set *set, size_t which)
{
	if (which >= set->n_element) {
		text_addf(t, "elements of set %s", set->name);
		return;
	}
	text_addf(t, "element %zu", which + 1);
	put_comment(t, set->element[which].comment);
	text_add(t, " (");
	for (size_t i = 0; i < set->n_field; i++) {
		text_add(t, i > 0 ? " . " : "");
		put_part(t, set->field[i], set->element[which].key[i]);
	}
	text_addf(t, ") of set %s", set->name);
}

static void put_object(struct text *t, const struct nft_batch *batch, const struct nft_answer *a)
{
	const struct own_table *table = batch->table;
	const struct nft_object *o = a->message < batch->n ? &batch->object[a->message] : NULL;
	if (o == NULL || table == NULL || o->kind == NFT_OBJECT_TABLE) {
		text_add(t, o == NULL ? "the table as a whole" : "the table itself");
	} else if (o->kind == NFT_OBJECT_SET) {
		text_addf(t, "set %s", table->set[o->set].name);
	} else if (o->kind == NFT_OBJECT_ELEMENTS) {
		put_element(t, &table->set[o->set], a->element);
	} else if (o->kind == NFT_OBJECT_CHAIN) {
		text_addf(t, "chain %s", table->chain[o->chain].name);
	} else {
		const struct own_chain *chain = &table->chain[o->chain];
		text_addf(t, "rule %zu", o->rule + 1);
		put_comment(t, chain->rule[o->rule].comment);
		text_addf(t, " of chain %s", chain->name);
	}
}

/* A number is not enough for who has to do something about it. */
static const char *remedy(const struct nft_batch *batch, const struct nft_answer *a)
{
	enum nft_object_kind kind = a->message < batch->n ? batch->object[a->message].kind : NFT_OBJECT_TABLE;
	if (kind == NFT_OBJECT_ELEMENTS && (a->number == EEXIST || a->number == ENOTEMPTY))
		return ": it overlaps another one";
	if (a->number == EEXIST)
		return ": there are two of that name";
	if (a->number == ENOENT && kind == NFT_OBJECT_RULE)
		return ": a set that it names is missing, or a module of the kernel that it needs";
	if (a->number == EOPNOTSUPP || a->number == EAFNOSUPPORT || a->number == EPROTONOSUPPORT)
		return ": this kernel lacks a module that it needs";
	return "";
}

static enum error_code code_of(int number)
{
	switch (number) {
	case EOPNOTSUPP:
	case EAFNOSUPPORT:
	case EPROTONOSUPPORT:
		return ERR_UNSUPPORTED;
	case ENOMEM:
	case ENFILE:
	case EMFILE:
	case EBUSY:
		return ERR_IO;
	default:
		return ERR_INVALID;
	}
}

int nft_answer_judge(const struct nft_batch *batch, const struct nft_verdict *verdict, bool commit,
        struct nft_answer *out, struct error *err)
{
	struct text what = {0};
	memset(out, 0, sizeof(*out));
	out->element = SIZE_MAX;
	out->generation = verdict->generation;
	if (verdict->number == 0)
		return !commit || verdict->done
		               ? 0
		               : error_set(err, ERR_FORMAT, WHERE, "a batch is neither done nor refused");
	if (verdict->message > batch->n)
		return error_set(err, ERR_FORMAT, WHERE, "message %u is refused, of %zu", verdict->message, batch->n);
	out->refused = true;
	out->message = verdict->message;
	out->number = (int)(verdict->number & INT16_MAX);
	memcpy(out->reason, verdict->reason, sizeof(out->reason));
	if (out->message < batch->n && batch->object[out->message].kind == NFT_OBJECT_ELEMENTS)
		out->element = element_at(batch, out->message, verdict->offset);
	put_object(&what, batch, out);
	error_set(err, code_of(out->number), WHERE, "the kernel refuses %s: %s%s%s%s", text_str(&what),
	        strerror(out->number), remedy(batch, out), out->reason[0] != '\0' ? ": " : "", out->reason);
	text_fini(&what);
	return -1;
}
