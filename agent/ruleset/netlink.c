/*
 * Reads a dump of nf_tables: netlink messages come in, a ruleset goes out. Messages are sorted into chains, sets, elements
 * and rules first, so that each finds what it names. Refused: lengths that do not add up, objects that name a table,
 * chain or set that the dump does not have, and whatever is beyond the limits.
 */
#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "ruleset/netlink.h"

#define MAX_BYTES ((size_t)1 << 30)

struct message {
	unsigned type;
	enum rs_family family;
	const void *attrs;
	size_t len;
};

/* The order in which messages of a dump are read; a step takes one type, and rules are gone through twice. */
typedef int step_fn(struct netlink *nl, const struct message *m, struct error *err);

static bool family_of(uint8_t nfproto, enum rs_family *out)
{
	switch (nfproto) {
	case NFPROTO_INET:
		*out = RS_INET;
		return true;
	case NFPROTO_IPV4:
		*out = RS_IP;
		return true;
	case NFPROTO_IPV6:
		*out = RS_IP6;
		return true;
	case NFPROTO_ARP:
		*out = RS_ARP;
		return true;
	case NFPROTO_BRIDGE:
		*out = RS_BRIDGE;
		return true;
	case NFPROTO_NETDEV:
		*out = RS_NETDEV;
		return true;
	default:
		return false;
	}
}

static int generation_step(struct netlink *nl, const struct message *m, struct error *err)
{
	const struct nlattr *tb[NFTA_GEN_MAX + 1];
	uint32_t id;
	if (!attrs_parse(m->attrs, m->len, tb, NFTA_GEN_MAX + 1) || !attr_u32(tb[NFTA_GEN_ID], &id))
		return error_set(err, ERR_FORMAT, NULL, "the generation message has no generation id");
	nl->rs->generation = id;
	return 0;
}

static int table_step(struct netlink *nl, const struct message *m, struct error *err)
{
	const struct nlattr *tb[NFTA_TABLE_MAX + 1];
	char name[RULESET_MAX_NAME + 1];
	uint32_t flags = 0;
	if (!attrs_parse(m->attrs, m->len, tb, NFTA_TABLE_MAX + 1) || !attr_name(tb[NFTA_TABLE_NAME], name))
		return error_set(err, ERR_FORMAT, NULL, "a table without a name");
	attr_u32(tb[NFTA_TABLE_FLAGS], &flags);
	if ((flags & NFT_TABLE_F_DORMANT) == 0)
		return 0;
	nl->owned = xgrow(nl->owned, nl->n_owned, &nl->cap_owned, sizeof(*nl->owned));
	nl->owned[nl->n_owned] = xstrdup(name);
	name_index_add(&nl->dormant, m->family, nl->owned[nl->n_owned++], "", 0);
	return 0;
}

static bool hook_of(enum rs_family family, uint32_t number, enum rs_hook *out)
{
	static const enum rs_hook arp[] = {RS_HOOK_INPUT, RS_HOOK_OUTPUT, RS_HOOK_FORWARD};
	static const enum rs_hook netdev[] = {RS_HOOK_INGRESS, RS_HOOK_EGRESS};
	static const enum rs_hook inet[] = {RS_HOOK_PREROUTING, RS_HOOK_INPUT, RS_HOOK_FORWARD, RS_HOOK_OUTPUT,
	        RS_HOOK_POSTROUTING, RS_HOOK_INGRESS};
	const enum rs_hook *table = family == RS_ARP ? arp : family == RS_NETDEV ? netdev : inet;
	size_t n = family == RS_ARP ? 3 : family == RS_NETDEV ? 2 : 6;
	if (number >= n)
		return false;
	*out = table[number];
	return true;
}

static char *devices_of(const struct nlattr *one, const struct nlattr *list)
{
	struct text t = {0};
	char name[RULESET_MAX_NAME + 1];
	if (attr_name(one, name))
		text_add(&t, name);
	struct attr_list rest = attr_list(list);
	const struct nlattr *attr;
	while (attr_list_next(&rest, &attr) > 0)
		if (attr_name(attr, name))
			text_addf(&t, "%s%s", t.len > 0 ? ", " : "", name);
	if (t.len > 0)
		return text_take(&t);
	text_fini(&t);
	return NULL;
}

static int chain_hook(struct rs_chain *c, const struct nlattr *const *tb, bool dormant, struct error *err)
{
	const struct nlattr *hook[NFTA_HOOK_MAX + 1];
	char type[RULESET_MAX_NAME + 1];
	uint32_t number, priority, policy = NF_ACCEPT;
	if (!attrs_nested(tb[NFTA_CHAIN_HOOK], hook, NFTA_HOOK_MAX + 1) ||
	        !attr_u32(hook[NFTA_HOOK_HOOKNUM], &number) || !attr_u32(hook[NFTA_HOOK_PRIORITY], &priority) ||
	        !hook_of(c->family, number, &c->hook))
		return error_set(err, ERR_FORMAT, NULL, "chain '%.64s': its hook is not one that is known", c->name);
	if (!attr_name(tb[NFTA_CHAIN_TYPE], type))
		return error_set(err, ERR_FORMAT, NULL, "base chain '%.64s' has no type", c->name);
	c->type = strcmp(type, "nat") == 0     ? RS_CHAIN_NAT
	          : strcmp(type, "route") == 0 ? RS_CHAIN_ROUTE
	                                       : RS_CHAIN_FILTER;
	attr_u32(tb[NFTA_CHAIN_POLICY], &policy);
	c->priority = (int32_t)priority;
	c->policy = policy == NF_DROP ? RS_DROP : RS_ACCEPT;
	c->device = devices_of(hook[NFTA_HOOK_DEVS] != NULL ? NULL : hook[NFTA_HOOK_DEV], hook[NFTA_HOOK_DEVS]);
	c->base = !dormant;
	c->dormant = dormant;
	return 0;
}

static int chain_step(struct netlink *nl, const struct message *m, struct error *err)
{
	const struct nlattr *tb[NFTA_CHAIN_MAX + 1];
	char table[RULESET_MAX_NAME + 1], name[RULESET_MAX_NAME + 1];
	size_t other;
	if (!attrs_parse(m->attrs, m->len, tb, NFTA_CHAIN_MAX + 1) || !attr_name(tb[NFTA_CHAIN_TABLE], table) ||
	        !attr_name(tb[NFTA_CHAIN_NAME], name))
		return error_set(err, ERR_FORMAT, NULL, "a chain without table or name");
	if (name_index_find(&nl->chains, m->family, table, name, &other))
		return error_set(err, ERR_FORMAT, NULL, "chain '%.64s' comes twice", name);
	struct rs_chain *c = ruleset_chain_add(nl->rs, err);
	if (c == NULL)
		return -1;
	c->family = m->family;
	c->table = xstrdup(table);
	c->name = xstrdup(name);
	attr_u64(tb[NFTA_CHAIN_HANDLE], &c->handle);
	name_index_add(&nl->chains, c->family, c->table, c->name, c->order);
	if (tb[NFTA_CHAIN_HOOK] == NULL)
		return 0;
	return chain_hook(c, tb, name_index_find(&nl->dormant, c->family, c->table, "", &other), err);
}

static int set_step(struct netlink *nl, const struct message *m, struct error *err)
{
	return netlink_set(nl, m->family, m->attrs, m->len, err);
}

static int element_step(struct netlink *nl, const struct message *m, struct error *err)
{
	return netlink_elements(nl, m->family, m->attrs, m->len, err);
}

static int rule_step(struct netlink *nl, const struct message *m, struct error *err)
{
	return netlink_rule(nl, m->family, m->attrs, m->len, err);
}

static int scan_step(struct netlink *nl, const struct message *m, struct error *err)
{
	return netlink_rule_scan(nl, m->family, m->attrs, m->len, err);
}

static int flowtable_step(struct netlink *nl, const struct message *m, struct error *err)
{
	const struct nlattr *tb[NFTA_FLOWTABLE_MAX + 1];
	char table[RULESET_MAX_NAME + 1], name[RULESET_MAX_NAME + 1];
	if (!attrs_parse(m->attrs, m->len, tb, NFTA_FLOWTABLE_MAX + 1) || !attr_name(tb[NFTA_FLOWTABLE_TABLE], table) ||
	        !attr_name(tb[NFTA_FLOWTABLE_NAME], name))
		return error_set(err, ERR_FORMAT, NULL, "a flowtable without table or name");
	if (nl->rs->foreign_flowtable == NULL)
		nl->rs->foreign_flowtable = xasprintf("%s %s %s", rs_family_name(m->family), table, name);
	return 0;
}

static const struct {
	unsigned type;
	step_fn *step;
} steps[] = {{NFT_MSG_NEWGEN, generation_step}, {NFT_MSG_NEWTABLE, table_step}, {NFT_MSG_NEWCHAIN, chain_step},
        {NFT_MSG_NEWSET, set_step}, {NFT_MSG_NEWSETELEM, element_step}, {NFT_MSG_NEWFLOWTABLE, flowtable_step},
        {NFT_MSG_NEWRULE, scan_step}, {NFT_MSG_NEWRULE, rule_step}};

struct messages {
	struct message *item;
	size_t n, cap;
};

/* One message: kept, passed over (the end of a dump, objects without a say in verdicts) or refused. */
static int message_take(struct messages *out, const struct nlmsghdr *h, size_t number, struct error *err)
{
	size_t body = sizeof(struct nlmsghdr) + sizeof(struct nfgenmsg);
	struct message m = {.type = h->nlmsg_type & 0xff};
	if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_NOOP)
		return 0;
	if (h->nlmsg_type == NLMSG_ERROR)
		return error_set(
		        err, ERR_FORMAT, NULL, "message %zu is an error of the kernel, not part of a dump", number);
	if (h->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES || h->nlmsg_len < body)
		return error_set(err, ERR_FORMAT, NULL, "message %zu is not one of nf_tables", number);
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(h);
	bool known = false;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		known |= steps[i].type == m.type;
	if (!known)
		return 0;
	if (m.type != NFT_MSG_NEWGEN && !family_of(nfg->nfgen_family, &m.family))
		return 0;
	m.attrs = mnl_nlmsg_get_payload_offset(h, sizeof(*nfg));
	m.len = h->nlmsg_len - body;
	out->item = xgrow(out->item, out->n, &out->cap, sizeof(*out->item));
	out->item[out->n++] = m;
	return 0;
}

static int messages_split(struct messages *out, const uint8_t *p, size_t len, struct error *err)
{
	for (size_t number = 1; len > 0; number++) {
		const struct nlmsghdr *h = (const struct nlmsghdr *)(const void *)p;
		if (len < sizeof(*h) || h->nlmsg_len < sizeof(*h) || h->nlmsg_len > len)
			return error_set(err, ERR_FORMAT, NULL,
			        "message %zu: its length does not fit into the %zu bytes that are left", number, len);
		if (message_take(out, h, number, err) != 0)
			return -1;
		size_t step = NLMSG_ALIGN(h->nlmsg_len) < len ? NLMSG_ALIGN(h->nlmsg_len) : len;
		p += step;
		len -= step;
	}
	return 0;
}

static int messages_read(struct netlink *nl, const struct messages *all, struct error *err)
{
	for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
		for (size_t i = 0; i < all->n; i++) {
			if (all->item[i].type != steps[s].type)
				continue;
			if (steps[s].step(nl, &all->item[i], err) != 0)
				return error_prefix(err, "dump, message %zu", i + 1);
		}
	}
	return 0;
}

int netlink_read(struct netlink *nl, const void *bytes, size_t len, struct error *err)
{
	struct messages all = {0};
	int result = -1;
	if (messages_split(&all, bytes, len, err) == 0)
		result = messages_read(nl, &all, err);
	free(all.item);
	return result;
}

void netlink_fini(struct netlink *nl)
{
	for (size_t i = 0; nl->raw != NULL && i < nl->cap_raw; i++)
		free(nl->raw[i].element);
	free(nl->raw);
	for (size_t i = 0; i < nl->n_owned; i++)
		free(nl->owned[i]);
	free(nl->owned);
	name_index_fini(&nl->chains);
	name_index_fini(&nl->sets);
	name_index_fini(&nl->dormant);
}

int ruleset_parse_netlink(const void *bytes, size_t len, struct ruleset **out, struct error *err)
{
	struct netlink nl = {0};
	void *aligned = NULL;
	*out = NULL;
	if (len > MAX_BYTES)
		return error_set(err, ERR_LIMIT, NULL, "a dump of %zu bytes; at most %zu are read", len, MAX_BYTES);
	if ((uintptr_t)bytes % 8 != 0) {
		aligned = xmalloc(len);
		memcpy(aligned, bytes, len);
		bytes = aligned;
	}
	nl.rs = xcalloc(1, sizeof(*nl.rs));
	if (netlink_read(&nl, bytes, len, err) == 0) {
		sets_decode_rest(&nl);
		ruleset_finish(nl.rs);
		*out = nl.rs;
		nl.rs = NULL;
	}
	netlink_fini(&nl);
	ruleset_free(nl.rs);
	free(aligned);
	return *out != NULL ? 0 : -1;
}
