/*
 * Sets of a netlink dump: key bytes come in, elements of the model go out, once a rule's look-up (or else the key's type)
 * says what the bytes are. Sets whose keys or elements the model has no form for are marked undecided, not refused.
 */
#include <endian.h>
#include <linux/netfilter.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "ruleset/netlink.h"

/* nft's own numbers of data types; a concatenation packs one per six bits. */
static const char *const type_names[] = {[2] = "nf_proto",
        [4] = "integer",
        [5] = "string",
        [6] = "ll_addr",
        [7] = "ipv4_addr",
        [8] = "ipv6_addr",
        [9] = "ether_addr",
        [10] = "ether_type",
        [11] = "arp_op",
        [12] = "inet_proto",
        [13] = "inet_service",
        [14] = "icmp_type",
        [15] = "tcp_flag",
        [16] = "dccp_pkttype",
        [17] = "mh_type",
        [18] = "time",
        [19] = "mark",
        [20] = "iface_index",
        [21] = "iface_type",
        [22] = "realm",
        [23] = "classid",
        [24] = "uid",
        [25] = "gid",
        [26] = "ct_state",
        [27] = "ct_dir",
        [28] = "ct_status",
        [29] = "icmpv6_type",
        [30] = "ct_label",
        [31] = "pkt_type",
        [32] = "icmp_code",
        [33] = "icmpv6_code",
        [34] = "icmpx_code",
        [35] = "devgroup",
        [36] = "dscp",
        [37] = "ecn",
        [38] = "fib_addrtype",
        [39] = "boolean",
        [40] = "ct_event",
        [41] = "ifname",
        [42] = "igmp_type"};

static const char *type_name(uint32_t id)
{
	return id < sizeof(type_names) / sizeof(type_names[0]) ? type_names[id] : NULL;
}

static char *type_text(uint32_t key_type)
{
	struct text t = {0};
	for (int shift = 24; shift >= 0; shift -= 6) {
		uint32_t id = (key_type >> shift) & 0x3f;
		if (id == 0 && t.len == 0)
			continue;
		const char *name = type_name(id);
		text_addf(&t, "%s%s", t.len > 0 ? " . " : "", name != NULL ? name : "integer");
	}
	if (t.len > 0)
		return text_take(&t);
	return NULL;
}

/* Expressions of an element run at each look-up; all but counters can end the rule. */
static bool only_counters(const struct nlattr *one, const struct nlattr *list)
{
	const struct nlattr *tb[NFTA_EXPR_MAX + 1];
	char name[RULESET_MAX_NAME + 1];
	if (one != NULL && (!attrs_nested(one, tb, NFTA_EXPR_MAX + 1) || !attr_name(tb[NFTA_EXPR_NAME], name) ||
	                           (strcmp(name, "counter") != 0 && strcmp(name, "last") != 0)))
		return false;
	struct attr_list rest = attr_list(list);
	const struct nlattr *attr;
	int more;
	while ((more = attr_list_next(&rest, &attr)) > 0)
		if (!only_counters(attr, NULL))
			return false;
	return more == 0;
}

/* Beside the newest of rs->set. */
static void raw_add(struct netlink *nl, const struct raw_set *raw)
{
	size_t before = nl->cap_raw;
	nl->raw = xgrow(nl->raw, nl->rs->n_set - 1, &nl->cap_raw, sizeof(*nl->raw));
	memset(nl->raw + before, 0, (nl->cap_raw - before) * sizeof(*nl->raw));
	nl->raw[nl->rs->n_set - 1] = *raw;
}

int netlink_set(struct netlink *nl, enum rs_family family, const void *attrs, size_t len, struct error *err)
{
	const struct nlattr *tb[NFTA_SET_MAX + 1];
	char table[RULESET_MAX_NAME + 1], name[RULESET_MAX_NAME + 1];
	struct raw_set raw = {0};
	uint32_t flags = 0;
	size_t other;
	if (!attrs_parse(attrs, len, tb, NFTA_SET_MAX + 1) || !attr_name(tb[NFTA_SET_TABLE], table) ||
	        !attr_name(tb[NFTA_SET_NAME], name))
		return error_set(err, ERR_FORMAT, NULL, "a set without table or name");
	if (name_index_find(&nl->sets, family, table, name, &other))
		return error_set(err, ERR_FORMAT, NULL, "set '%.64s' comes twice", name);
	if (!attr_u32(tb[NFTA_SET_KEY_LEN], &raw.key_len) || raw.key_len == 0 || raw.key_len > 64)
		return error_set(err, ERR_FORMAT, NULL, "set '%.64s': its key length is not 1 to 64", name);
	attr_u32(tb[NFTA_SET_FLAGS], &flags);
	attr_u32(tb[NFTA_SET_KEY_TYPE], &raw.key_type);
	attr_u32(tb[NFTA_SET_DATA_TYPE], &raw.data_type);
	attr_u32(tb[NFTA_SET_DATA_LEN], &raw.data_len);
	attr_u32(tb[NFTA_SET_OBJ_TYPE], &raw.object_type);
	struct rs_set *set = ruleset_set_add(nl->rs, err);
	if (set == NULL)
		return -1;
	set->family = family;
	set->table = xstrdup(table);
	set->name = xstrdup(name);
	attr_u64(tb[NFTA_SET_HANDLE], &set->handle);
	set->type = type_text(raw.key_type);
	set->anonymous = flags & NFT_SET_ANONYMOUS;
	set->map = flags & (NFT_SET_MAP | NFT_SET_OBJECT);
	set->interval = flags & NFT_SET_INTERVAL;
	set->dynamic = flags & NFT_SET_EVAL;
	set->timeout = flags & NFT_SET_TIMEOUT;
	set->undecided = !only_counters(tb[NFTA_SET_EXPR], tb[NFTA_SET_EXPRESSIONS]);
	name_index_add(&nl->sets, family, set->table, set->name, nl->rs->n_set - 1);
	raw_add(nl, &raw);
	return 0;
}

size_t netlink_own_set(struct netlink *nl, size_t chain, const enum rs_field *field, size_t n_field)
{
	const struct rs_chain *c = &nl->rs->chain[chain];
	struct rs_set *set = ruleset_set_add(nl->rs, NULL);
	if (set == NULL)
		return SIZE_MAX;
	set->family = c->family;
	set->table = xstrdup(c->table);
	set->name = xasprintf("__own%zu", nl->rs->n_set);
	set->anonymous = set->interval = true;
	set->n_field = n_field;
	memcpy(set->field, field, n_field * sizeof(*field));
	raw_add(nl, &(struct raw_set){.decoded = true});
	return nl->rs->n_set - 1;
}

bool verdict_parse(const struct netlink *nl, enum rs_family family, const char *table, const struct nlattr *attr,
        struct rs_verdict *out, char **text)
{
	const struct nlattr *tb[NFTA_VERDICT_MAX + 1];
	char chain[RULESET_MAX_NAME + 1] = "";
	uint32_t code;
	*text = NULL;
	*out = (struct rs_verdict){.code = RS_UNKNOWN};
	if (!attrs_nested(attr, tb, NFTA_VERDICT_MAX + 1) || !attr_u32(tb[NFTA_VERDICT_CODE], &code))
		return false;
	switch ((int32_t)code) {
	case NF_ACCEPT:
		out->code = RS_ACCEPT;
		return true;
	case NF_DROP:
		out->code = RS_DROP;
		return true;
	case NFT_CONTINUE:
		out->code = RS_CONTINUE;
		return true;
	case NFT_RETURN:
		out->code = RS_RETURN;
		return true;
	case NFT_JUMP:
	case NFT_GOTO:
		if (attr_name(tb[NFTA_VERDICT_CHAIN], chain) &&
		        name_index_find(&nl->chains, family, table, chain, &out->chain))
			out->code = (int32_t)code == NFT_JUMP ? RS_JUMP : RS_GOTO;
		else
			*text = xasprintf("%s %s", (int32_t)code == NFT_JUMP ? "jump" : "goto", chain);
		return true;
	default:
		*text = (code & 0xff) == NF_QUEUE ? xstrdup("queue") : xasprintf("verdict %d", (int)code);
		return true;
	}
}

static bool element_parse(
        struct netlink *nl, size_t index, const struct nlattr *attr, struct raw_element *out, size_t key_len)
{
	const struct nlattr *tb[NFTA_SET_ELEM_MAX + 1], *data[NFTA_DATA_MAX + 1];
	struct rs_set *set = &nl->rs->set[index];
	size_t len;
	*out = (struct raw_element){.verdict = {.code = RS_CONTINUE}};
	if (!attrs_nested(attr, tb, NFTA_SET_ELEM_MAX + 1))
		return false;
	attr_u32(tb[NFTA_SET_ELEM_FLAGS], &out->flags);
	if ((out->flags & NFT_SET_ELEM_CATCHALL) == 0 &&
	        (!attr_data(tb[NFTA_SET_ELEM_KEY], &out->key, &len) || len != key_len))
		return false;
	if (tb[NFTA_SET_ELEM_KEY_END] != NULL &&
	        (!attr_data(tb[NFTA_SET_ELEM_KEY_END], &out->key_end, &len) || len != key_len))
		return false;
	if (!only_counters(tb[NFTA_SET_ELEM_EXPR], tb[NFTA_SET_ELEM_EXPRESSIONS]))
		set->undecided = true;
	if (nl->raw[index].data_type == NFT_DATA_VERDICT && (out->flags & NFT_SET_ELEM_INTERVAL_END) == 0) {
		char *text = NULL;
		if (!attrs_nested(tb[NFTA_SET_ELEM_DATA], data, NFTA_DATA_MAX + 1) ||
		        !verdict_parse(nl, set->family, set->table, data[NFTA_DATA_VERDICT], &out->verdict, &text))
			out->verdict = (struct rs_verdict){.code = RS_UNKNOWN};
		free(text);
	} else if (nl->raw[index].data_type != NFT_DATA_VERDICT && tb[NFTA_SET_ELEM_DATA] != NULL) {
		attr_data(tb[NFTA_SET_ELEM_DATA], &out->data, &out->data_len);
	}
	return true;
}

int netlink_elements(struct netlink *nl, enum rs_family family, const void *attrs, size_t len, struct error *err)
{
	const struct nlattr *tb[NFTA_SET_ELEM_LIST_MAX + 1];
	char table[RULESET_MAX_NAME + 1], name[RULESET_MAX_NAME + 1];
	size_t index;
	if (!attrs_parse(attrs, len, tb, NFTA_SET_ELEM_LIST_MAX + 1) ||
	        !attr_name(tb[NFTA_SET_ELEM_LIST_TABLE], table) || !attr_name(tb[NFTA_SET_ELEM_LIST_SET], name))
		return error_set(err, ERR_FORMAT, NULL, "elements without table or set");
	if (!name_index_find(&nl->sets, family, table, name, &index))
		return error_set(err, ERR_FORMAT, NULL, "elements of set '%.64s', which the dump does not have", name);
	struct raw_set *raw = &nl->raw[index];
	struct attr_list list = attr_list(tb[NFTA_SET_ELEM_LIST_ELEMENTS]);
	const struct nlattr *attr;
	struct raw_element element;
	int more;
	while ((more = attr_list_next(&list, &attr)) != 0) {
		if (more < 0 || !element_parse(nl, index, attr, &element, raw->key_len))
			return error_set(
			        err, ERR_FORMAT, NULL, "set '%.64s': element %zu is broken", name, raw->n_element + 1);
		if (++nl->n_element > 2 * RULESET_MAX_ELEMENTS)
			return error_set(err, ERR_LIMIT, NULL, "more than %d set elements", RULESET_MAX_ELEMENTS);
		raw->element = xgrow(raw->element, raw->n_element, &raw->cap_element, sizeof(*raw->element));
		raw->element[raw->n_element++] = element;
	}
	return 0;
}

static u128 part_value(const struct layout *layout, size_t i, const uint8_t *key)
{
	unsigned width = field_info(layout->part[i].field)->width;
	const uint8_t *p = key + layout->part[i].offset;
	bool swap = layout->part[i].host && htobe16(1) != 1;
	u128 v = 0;
	for (unsigned k = 0; k < width; k++)
		v = v << 8 | p[swap ? width - 1 - k : k];
	return v;
}

/* Ether types and interface indexes become what the model has. @return 0: no packet has it; -1: cannot be told. */
static int part_convert(unsigned field, struct range *r)
{
	struct ranges ranges = {0};
	int result = 1;
	if (field < RS_FIELD_N)
		return 1;
	ranges_add(&ranges, r->lo, r->hi);
	if (field == FIELD_ETHERTYPE)
		ethertype_ranges(&ranges);
	else if (!ifindex_ranges(&ranges) || ranges.n != 1)
		result = -1;
	if (result == 1 && ranges.n == 0)
		result = 0;
	/* A packet is IPv4 or IPv6: between the two numbers there is nothing. */
	if (result == 1)
		*r = (struct range){ranges.item[0].lo, ranges.item[ranges.n - 1].hi};
	ranges_fini(&ranges);
	return result;
}

static void element_put(struct rs_set *set, const struct raw_set *raw, const struct layout *layout,
        const struct range *key, const struct raw_element *from)
{
	struct rs_element *e = set_element_add(set);
	e->verdict = from->verdict;
	e->target = target_decode(raw, from);
	for (size_t i = 0; i < layout->n; i++) {
		e->key[i] = key[i];
		int known = part_convert(layout->part[i].field, &e->key[i]);
		if (known < 0)
			set->undecided = true;
		if (known <= 0) {
			set->n_element--;
			return;
		}
	}
}

static void decode_points(struct rs_set *set, const struct raw_set *raw, const struct layout *layout)
{
	struct range key[RS_CONCAT_MAX];
	for (size_t i = 0; i < raw->n_element; i++) {
		const struct raw_element *e = &raw->element[i];
		if (e->flags & (NFT_SET_ELEM_CATCHALL | NFT_SET_ELEM_INTERVAL_END))
			continue;
		for (size_t k = 0; k < layout->n; k++) {
			key[k].lo = part_value(layout, k, e->key);
			key[k].hi = e->key_end != NULL ? part_value(layout, k, e->key_end) : key[k].lo;
			if (key[k].hi < key[k].lo)
				set->undecided = true;
		}
		element_put(set, raw, layout, key, e);
	}
}

struct edge {
	u128 value;
	bool end;
	const struct raw_element *from;
};

static int edge_compare(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;
	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	return (int)y->end - (int)x->end;
}

/* An interval set is a list of starts and exclusive ends; a start lasts until the next edge. */
static void decode_intervals(struct rs_set *set, const struct raw_set *raw, const struct layout *layout)
{
	struct edge *edge = xcalloc(raw->n_element + 1, sizeof(*edge));
	u128 max = field_max(layout->part[0].field);
	size_t n = 0;
	for (size_t i = 0; i < raw->n_element; i++) {
		const struct raw_element *e = &raw->element[i];
		if (e->flags & NFT_SET_ELEM_CATCHALL)
			continue;
		u128 lo = part_value(layout, 0, e->key);
		if (e->key_end != NULL) {
			struct range key = {lo, part_value(layout, 0, e->key_end)};
			set->undecided |= key.hi < key.lo;
			element_put(set, raw, layout, &key, e);
			continue;
		}
		edge[n++] = (struct edge){lo, e->flags & NFT_SET_ELEM_INTERVAL_END, e};
	}
	qsort(edge, n, sizeof(*edge), edge_compare);
	for (size_t i = 0; i < n; i++) {
		struct range key = {edge[i].value, i + 1 < n ? edge[i + 1].value - 1 : max};
		if (edge[i].end)
			continue;
		if (i + 1 < n && edge[i + 1].value == edge[i].value)
			continue;
		element_put(set, raw, layout, &key, edge[i].from);
	}
	free(edge);
}

static int element_compare(const void *a, const void *b)
{
	const struct rs_element *x = a, *y = b;
	for (size_t i = 0; i < RS_CONCAT_MAX; i++) {
		if (x->key[i].lo != y->key[i].lo)
			return x->key[i].lo < y->key[i].lo ? -1 : 1;
		if (x->key[i].hi != y->key[i].hi)
			return x->key[i].hi < y->key[i].hi ? -1 : 1;
	}
	return 0;
}

void set_sort(struct rs_set *set)
{
	if (set->n_element > 1)
		qsort(set->element, set->n_element, sizeof(*set->element), element_compare);
}

static bool layout_equal(const struct layout *a, const struct layout *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (a->part[i].offset != b->part[i].offset || a->part[i].host != b->part[i].host ||
		        strcmp(field_info(a->part[i].field)->type, field_info(b->part[i].field)->type) != 0)
			return false;
	}
	return true;
}

static bool layout_fits(const struct layout *layout, size_t key_len)
{
	size_t end = 0;
	for (size_t i = 0; i < layout->n; i++) {
		if (layout->part[i].offset != (end + 3) / 4 * 4)
			return false;
		end = layout->part[i].offset + field_info(layout->part[i].field)->width;
	}
	return layout->n > 0 && (end == key_len || (end + 3) / 4 * 4 == key_len);
}

bool set_decode(struct netlink *nl, size_t index, const struct layout *layout)
{
	struct raw_set *raw = &nl->raw[index];
	struct rs_set *set = &nl->rs->set[index];
	if (raw->decoded) {
		bool equal = layout_equal(&raw->layout, layout);
		nl->conflict |= !equal;
		return equal;
	}
	if (index < nl->n_settled) {
		nl->conflict = true;
		return false;
	}
	if (!layout_fits(layout, raw->key_len))
		return false;
	raw->decoded = true;
	raw->layout = *layout;
	set->n_field = layout->n;
	for (size_t i = 0; i < layout->n; i++) {
		unsigned f = field_of_type(field_info(layout->part[i].field)->type);
		set->field[i] = f == FIELD_ETHERTYPE               ? RS_FIELD_NFPROTO
		                : f == FIELD_IIF || f == FIELD_OIF ? RS_FIELD_IIFNAME
		                                                   : (enum rs_field)f;
	}
	if (set->interval && layout->n == 1)
		decode_intervals(set, raw, layout);
	else
		decode_points(set, raw, layout);
	set_sort(set);
	for (size_t i = 0; i < raw->n_element; i++) {
		if (raw->element[i].flags & NFT_SET_ELEM_CATCHALL) {
			struct rs_element *e = set_element_add(set);
			e->catch_all = true;
			e->verdict = raw->element[i].verdict;
			e->target = target_decode(raw, &raw->element[i]);
		}
	}
	free(raw->element);
	raw->element = NULL;
	raw->n_element = raw->cap_element = 0;
	return true;
}

static bool layout_of_type(const struct raw_set *raw, bool interval, struct layout *out)
{
	unsigned end = 0;
	*out = (struct layout){0};
	for (int shift = 24; shift >= 0; shift -= 6) {
		uint32_t id = (raw->key_type >> shift) & 0x3f;
		if (id == 0 && out->n == 0)
			continue;
		const char *name = type_name(id);
		unsigned field = name != NULL ? field_of_type(name) : FIELD_NONE;
		if (field == FIELD_NONE || out->n == RS_CONCAT_MAX)
			return false;
		out->part[out->n].field = field;
		out->part[out->n].offset = (end + 3) / 4 * 4;
		out->part[out->n].host = !interval && (field == RS_FIELD_MARK || field == RS_FIELD_CT_STATE ||
		                                              field == RS_FIELD_CT_STATUS || field == FIELD_IIF);
		end = out->part[out->n].offset + field_info(field)->width;
		out->n++;
	}
	return out->n > 0;
}

bool set_is_plain(const struct netlink *nl, size_t index)
{
	struct layout layout;
	return layout_of_type(&nl->raw[index], nl->rs->set[index].interval, &layout) &&
	       layout_equal(&nl->raw[index].layout, &layout);
}

void sets_decode_rest(struct netlink *nl)
{
	for (size_t i = 0; i < nl->rs->n_set; i++) {
		struct layout layout;
		if (nl->raw[i].decoded)
			continue;
		if (!layout_of_type(&nl->raw[i], nl->rs->set[i].interval, &layout) || !set_decode(nl, i, &layout))
			nl->rs->set[i].undecided = true;
	}
}
