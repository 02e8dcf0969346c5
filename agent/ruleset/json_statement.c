/*
 * Statements of nft's JSON, one after the other in the order of the rule: verdicts, translations, conditions that count,
 * and what only notes or writes. A statement that is not known makes the rule's verdict undecided.
 */
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "ruleset/json.h"

/** @return false: the rule ends here. */
typedef bool statement_fn(struct json_reader *r, struct builder *b, const char *key, const json_t *v);

bool json_verdict(const struct json_reader *r, enum rs_family family, const char *table, const char *key,
        const json_t *value, struct rs_verdict *out)
{
	static const struct {
		const char *key;
		enum rs_verdict_code code;
	} codes[] = {{"accept", RS_ACCEPT}, {"drop", RS_DROP}, {"continue", RS_CONTINUE}, {"return", RS_RETURN},
	        {"jump", RS_JUMP}, {"goto", RS_GOTO}};
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (strcmp(codes[i].key, key) != 0)
			continue;
		*out = (struct rs_verdict){.code = codes[i].code};
		bool jumps = out->code == RS_JUMP || out->code == RS_GOTO;
		if (jumps && !name_index_find(&r->chains, family, table, json_member(value, "target"), &out->chain))
			out->code = RS_UNKNOWN;
		return true;
	}
	*out = (struct rs_verdict){.code = RS_UNKNOWN};
	return false;
}

static bool verdict_statement(struct json_reader *r, struct builder *b, const char *key, const json_t *v)
{
	const struct rs_chain *c = &b->rs->chain[b->chain];
	struct rs_verdict verdict;
	json_verdict(r, c->family, c->table, key, v, &verdict);
	if (verdict.code != RS_CONTINUE)
		builder_reached(b);
	b->rule.verdict = verdict;
	if (verdict.code == RS_UNKNOWN)
		builder_undecided(b, RS_UNKNOWN, key);
	return verdict.code == RS_CONTINUE;
}

static bool match_statement(struct json_reader *r, struct builder *b, const char *key, const json_t *v)
{
	(void)key;
	return json_match(r, b, v);
}

static bool vmap_statement(struct json_reader *r, struct builder *b, const char *key, const json_t *v)
{
	(void)key;
	return json_vmap(r, b, v);
}

static void object_reference(struct json_reader *r, struct builder *b, uint32_t type, const json_t *v)
{
	struct text t = {0};
	const json_t *map = json_object_get(v, "map");
	if (map != NULL)
		(void)json_map_key(r, b, map, NULL);
	text_add(&t, map != NULL ? "" : "\"");
	json_print(&t, v, 0);
	text_add(&t, map != NULL ? "" : "\"");
	object_act(b, type, text_str(&t));
	text_fini(&t);
}

static bool is_reference(const json_t *v)
{
	return json_is_string(v) || json_object_get(v, "map") != NULL;
}

static bool counter_statement(struct json_reader *r, struct builder *b, const char *key, const json_t *v)
{
	if (is_reference(v))
		object_reference(r, b, NFT_OBJECT_COUNTER, v);
	else
		builder_statement(b, key);
	return true;
}

/* "mbytes" and the like as a factor. */
static uint64_t unit_factor(const char *unit)
{
	return strcmp(unit, "kbytes") == 0 ? 1024 : strcmp(unit, "mbytes") == 0 ? 1024 * 1024 : 1;
}

static bool limit_statement(struct json_reader *r, struct builder *b, const char *key, const json_t *v)
{
	(void)key;
	if (is_reference(v)) {
		object_reference(r, b, NFT_OBJECT_LIMIT, v);
		return true;
	}
	const char *unit = json_member(v, "rate_unit");
	uint64_t rate = (uint64_t)json_integer_value(json_object_get(v, "rate"));
	uint64_t burst = (uint64_t)json_integer_value(json_object_get(v, "burst"));
	bool bytes = strstr(unit, "bytes") != NULL;
	struct text t = {0};
	limit_text(&t, rate * unit_factor(unit), json_member(v, "per"), json_is_true(json_object_get(v, "inv")), bytes,
	        (uint32_t)(burst * unit_factor(json_member(v, "burst_unit"))));
	builder_atom(b, "limit", text_str(&t));
	text_fini(&t);
	return true;
}

static bool quota_statement(struct json_reader *r, struct builder *b, const char *key, const json_t *v)
{
	(void)key;
	if (is_reference(v)) {
		object_reference(r, b, NFT_OBJECT_QUOTA, v);
		return true;
	}
	char *text = xasprintf("quota %s%lld %s", json_is_true(json_object_get(v, "inv")) ? "over " : "",
	        (long long)json_integer_value(json_object_get(v, "val")), json_member(v, "val_unit"));
	builder_atom(b, "quota", text);
	free(text);
	return true;
}

static bool count_statement(struct json_reader *r, struct builder *b, const char *key, const json_t *v)
{
	builder_tracks(b);
	if (is_reference(v)) {
		object_reference(r, b, NFT_OBJECT_CONNLIMIT, v);
		return true;
	}
	char *text = xasprintf("%s %s%lld", key, json_is_true(json_object_get(v, "inv")) ? "over " : "",
	        (long long)json_integer_value(json_object_get(v, "val")));
	builder_atom(b, key, text);
	free(text);
	return true;
}

static bool object_statement(struct json_reader *r, struct builder *b, const char *key, const json_t *v)
{
	uint32_t type = strcmp(key, "ct helper") == 0        ? NFT_OBJECT_CT_HELPER
	                : strcmp(key, "ct timeout") == 0     ? NFT_OBJECT_CT_TIMEOUT
	                : strcmp(key, "ct expectation") == 0 ? NFT_OBJECT_CT_EXPECT
	                : strcmp(key, "tunnel") == 0         ? NFT_OBJECT_TUNNEL
	                                                     : NFT_OBJECT_SECMARK;
	object_reference(r, b, type, v);
	return true;
}

static void log_flags(struct text *t, const json_t *flags)
{
	if (json_is_string(flags))
		text_addf(t, " flags %s", json_string_value(flags));
	for (size_t i = 0; i < json_array_size(flags); i++) {
		const char *name = json_string_value(json_array_get(flags, i));
		text_addf(t, " flags %s", name != NULL ? name : "?");
	}
}

static bool log_statement(struct json_reader *r, struct builder *b, const char *key, const json_t *v)
{
	struct text t = {0};
	(void)r;
	text_add(&t, key);
	if (json_is_string(json_object_get(v, "prefix"))) {
		text_add(&t, " prefix \"");
		json_print(&t, json_object_get(v, "prefix"), 0);
		text_add(&t, "\"");
	}
	if (json_is_integer(json_object_get(v, "group")))
		text_addf(&t, " group %lld", (long long)json_integer_value(json_object_get(v, "group")));
	if (json_is_string(json_object_get(v, "level"))) {
		text_add(&t, " level ");
		json_print(&t, json_object_get(v, "level"), 0);
	}
	log_flags(&t, json_object_get(v, "flags"));
	builder_statement(b, text_str(&t));
	text_fini(&t);
	return true;
}

static bool reject_statement(struct json_reader *r, struct builder *b, const char *key, const json_t *v)
{
	const char *type = json_member(v, "type"), *what = json_member(v, "expr");
	enum rs_family family = b->rs->chain[b->chain].family;
	(void)r;
	(void)key;
	if (strcmp(type, "icmp") == 0 && family != RS_IP)
		builder_need_nfproto(b, 2);
	if (strcmp(type, "icmpv6") == 0 && family != RS_IP6)
		builder_need_nfproto(b, 10);
	builder_reached(b);
	b->rule.verdict = (struct rs_verdict){.code = RS_DROP, .reject = true};
	if (strcmp(type, "tcp reset") == 0)
		b->rule.reject_with = xstrdup(type);
	else if (what[0] != '\0' && strcmp(what, "port-unreachable") != 0)
		b->rule.reject_with = xasprintf("%s %s", type, what);
	return false;
}

static bool notrack_statement(struct json_reader *r, struct builder *b, const char *key, const json_t *v)
{
	(void)r;
	(void)key;
	(void)v;
	builder_notrack(b);
	return true;
}

static bool is_followed(const json_t *target)
{
	static const char *const fields[] = {
	        "saddr", "daddr", "sport", "dport", "protocol", "nexthdr", "flags", "type"};
	const json_t *payload = json_object_get(target, "payload");
	const char *field = json_member(payload, "field");
	if (payload == NULL)
		return false;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (strcmp(fields[i], field) == 0 && strcmp(json_member(payload, "protocol"), "ether") != 0)
			return true;
	return field[0] == '\0';
}

static bool mangle_statement(struct json_reader *r, struct builder *b, const char *key, const json_t *v)
{
	const json_t *target = json_object_get(v, "key"), *value = json_object_get(v, "value");
	struct left left;
	struct nat_map ignored;
	struct text t = {0};
	(void)r;
	(void)key;
	json_left(b, target, &left);
	b->rs->sets_mark |= left.n == 1 && left.field[0] == RS_FIELD_MARK;
	if (json_object_get(value, "map") != NULL)
		(void)json_map_key(r, b, json_object_get(value, "map"), &ignored);
	json_print(&t, target, 0);
	text_add(&t, " set ");
	size_t from = t.len;
	if (json_is_integer(value) && json_object_get(target, "meta") != NULL)
		text_addf(&t, "0x%08llx", (unsigned long long)json_integer_value(value));
	else
		json_print(&t, value, 0);
	bool undecided = is_followed(target);
	if (undecided)
		builder_undecided(b, RS_UNKNOWN, text_str(&t));
	else
		builder_statement(b, text_str(&t));
	builder_set_from(b, text_str(&t) + from, text_str(&t));
	text_fini(&t);
	return !undecided;
}

/* Adding to a set goes on; a limit or the like on the element can end the rule. */
static bool set_statement(struct json_reader *r, struct builder *b, const char *key, const json_t *v)
{
	const json_t *statement = json_array_get(json_object_get(v, "stmt"), 0), *inner;
	const char *word = statement != NULL ? json_single(statement, &inner) : NULL;
	bool condition = word != NULL && strcmp(word, "counter") != 0 && strcmp(word, "last") != 0;
	const json_t *element = json_object_get(v, "elem"), *value = json_object_get(element, "elem");
	struct left left;
	struct text t = {0};
	(void)r;
	(void)key;
	json_left(b, value != NULL ? json_object_get(value, "val") : element, &left);
	text_addf(&t, "%s ", json_member(v, "op"));
	json_print(&t, json_object_get(v, "set"), 0);
	text_add(&t, " { ");
	json_print(&t, element, 0);
	if (condition)
		text_addf(&t, " %s", word);
	text_add(&t, " }");
	if (condition)
		builder_atom(b, word, text_str(&t));
	else
		builder_statement(b, text_str(&t));
	text_fini(&t);
	return true;
}

static bool flow_statement(struct json_reader *r, struct builder *b, const char *key, const json_t *v)
{
	(void)r;
	(void)key;
	char *text = xasprintf("flow add %s", json_member(v, "flowtable"));
	builder_tracks(b);
	builder_statement(b, text);
	builder_may_end(b, text);
	free(text);
	return true;
}

static bool plain_statement(struct json_reader *r, struct builder *b, const char *key, const json_t *v)
{
	(void)r;
	(void)v;
	builder_statement(b, key);
	return true;
}

static bool undecided_statement(struct json_reader *r, struct builder *b, const char *key, const json_t *v)
{
	(void)r;
	(void)v;
	builder_reached(b);
	builder_undecided(b, RS_UNKNOWN, key);
	return false;
}

/* nft prints an xt extension's name and kind, not what it does. */
static bool xt_statement(struct json_reader *r, struct builder *b, const char *key, const json_t *v)
{
	const char *name = json_member(v, "name"), *type = json_member(v, "type");
	(void)r;
	(void)key;
	char *text = xasprintf("xt %s \"%s\"", type, name);
	bool match = strcmp(type, "match") == 0;
	if (match)
		builder_atom(b, name, text);
	else
		builder_undecided(b, RS_UNKNOWN, text);
	free(text);
	return match;
}

static bool nat_statement(struct json_reader *r, struct builder *b, const char *key, const json_t *v)
{
	return json_nat(r, b, key, v);
}

static const struct {
	const char *key;
	statement_fn *fn;
} statements[] = {{"match", match_statement}, {"accept", verdict_statement}, {"drop", verdict_statement},
        {"jump", verdict_statement}, {"goto", verdict_statement}, {"return", verdict_statement},
        {"continue", verdict_statement}, {"vmap", vmap_statement}, {"counter", counter_statement},
        {"limit", limit_statement}, {"quota", quota_statement}, {"log", log_statement}, {"reject", reject_statement},
        {"dnat", nat_statement}, {"snat", nat_statement}, {"masquerade", nat_statement}, {"redirect", nat_statement},
        {"notrack", notrack_statement}, {"mangle", mangle_statement}, {"set", set_statement}, {"flow", flow_statement},
        {"ct helper", object_statement}, {"ct timeout", object_statement}, {"ct expectation", object_statement},
        {"ct count", count_statement}, {"secmark", object_statement}, {"tunnel", object_statement},
        {"last", plain_statement}, {"dup", plain_statement}, {"reset", plain_statement}, {"queue", undecided_statement},
        {"tproxy", undecided_statement}, {"synproxy", undecided_statement}, {"fwd", undecided_statement},
        {"xt", xt_statement}};

bool json_statement(struct json_reader *r, struct builder *b, const json_t *statement)
{
	const json_t *v = NULL;
	const char *key = json_single(statement, &v);
	for (size_t i = 0; key != NULL && i < sizeof(statements) / sizeof(statements[0]); i++)
		if (strcmp(statements[i].key, key) == 0)
			return statements[i].fn(r, b, key, v);
	char *text = xasprintf("statement %.64s", key != NULL ? key : "of unknown form");
	builder_undecided(b, RS_UNKNOWN, text);
	free(text);
	return false;
}

static bool nat_part(
        struct json_reader *r, struct builder *b, struct nat *nat, struct nat_map *map, unsigned field, const json_t *v)
{
	bool port = field == RS_FIELD_DPORT;
	u128 *lo = port ? &nat->port_lo : &nat->address_lo, *hi = port ? &nat->port_hi : &nat->address_hi;
	struct range range;
	/* nft writes a range as a prefix where it is one; a prefix translation has a flag. */
	if (json_value(field, v, &range)) {
		*lo = range.lo;
		*hi = range.hi;
		return true;
	}
	bool mapped = json_object_get(v, "map") != NULL && json_map_key(r, b, json_object_get(v, "map"), map);
	/* One map alone is followed. */
	nat->map = mapped && nat->known ? map : NULL;
	*(port ? &nat->port_mapped : &nat->address_mapped) = mapped;
	nat->known = false;
	text_add(&nat->text, nat->text.len > 0 ? ":" : "");
	json_print(&nat->text, v, 0);
	return true;
}

static uint32_t nat_flags(const json_t *flags)
{
	static const struct symbol names[] = {{"random", NF_NAT_RANGE_PROTO_RANDOM},
	        {"fully-random", NF_NAT_RANGE_PROTO_RANDOM_FULLY}, {"persistent", NF_NAT_RANGE_PERSISTENT},
	        {"netmap", NF_NAT_RANGE_NETMAP}, {NULL, 0}};
	uint32_t bits = 0, bit;
	if (json_is_string(flags) && symbol_value(names, json_string_value(flags), &bit))
		bits |= bit;
	for (size_t i = 0; i < json_array_size(flags); i++) {
		const char *name = json_string_value(json_array_get(flags, i));
		if (name != NULL && symbol_value(names, name, &bit))
			bits |= bit;
	}
	return bits;
}

bool json_nat(struct json_reader *r, struct builder *b, const char *word, const json_t *v)
{
	const json_t *address = json_object_get(v, "addr"), *port = json_object_get(v, "port");
	const char *family = json_member(v, "family");
	struct range four;
	struct nat_map map;
	struct nat nat = {
	        .word = word, .known = true, .family = b->nfproto, .flags = nat_flags(json_object_get(v, "flags"))};
	nat.code = strcmp(word, "dnat") == 0 || strcmp(word, "redirect") == 0 ? RS_NAT_DST : RS_NAT_SRC;
	nat.has_address = address != NULL;
	nat.has_port = port != NULL;
	if (family[0] != '\0')
		nat.family = strcmp(family, "ip6") == 0 ? 10 : 2;
	else if (nat.family == -1 && address != NULL)
		nat.family = json_value(RS_FIELD_IP_DADDR, address, &four) ? 2 : 10;
	if (address != NULL)
		nat_part(r, b, &nat, &map, nat.family == 10 ? RS_FIELD_IP6_DADDR : RS_FIELD_IP_DADDR, address);
	if (port != NULL)
		nat_part(r, b, &nat, &map, RS_FIELD_DPORT, port);
	if (nat.has_address && (nat.family == 2 || nat.family == 10))
		builder_need_nfproto(b, nat.family);
	builder_reached(b);
	builder_nat(b, &nat);
	return false;
}
