/*
 * In: a rule of the routing policy as `ip -j rule` prints it. Out: what it selects and whether the main table answers.
 * Refused: what is no such object; a condition that is not known here makes the rule one that selects some of the packets.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "network_json.h"
#include "portcullis/alloc.h"

static int take_prefix(const json_t *item, const char *name, const char *length_name, enum family f, struct range *out,
        const char *where, struct error *err)
{
	const char *text = json_string_value(json_object_get(item, name));
	const json_t *length = json_object_get(item, length_name);
	int bits = f == FAMILY_IPV4 ? 32 : 128;
	enum family found;
	u128 address;
	*out = (struct range){0, family_max(f)};
	if (text == NULL || strcmp(text, "all") == 0)
		return 0;
	if (!addr_parse(text, &found, &address) || found != f || (length != NULL && !json_is_integer(length)) ||
	        json_integer_value(length) < 0 || json_integer_value(length) > bits)
		return error_set(err, ERR_INVALID, where, "\"%s\" must be an address of %s with \"%s\", not '%.60s'",
		        name, family_name(f), length_name, text);
	int host_bits = length == NULL ? 0 : bits - (int)json_integer_value(length);
	u128 host = host_bits == 128 ? family_max(f) : ((u128)1 << host_bits) - 1;
	*out = (struct range){address & ~host, address | host};
	return 0;
}

static bool has_any(const json_t *item, const char *const *names)
{
	for (; *names != NULL; names++)
		if (json_object_get(item, *names) != NULL)
			return true;
	return false;
}

static bool table_is(const json_t *item, const char *name, const char *number)
{
	const char *table = json_string_value(json_object_get(item, "table"));
	return table != NULL && (strcmp(table, name) == 0 || strcmp(table, number) == 0);
}

/* Packets of a verdict have no mark; a mark of 0 is one that they have. */
static bool selects_marked(const json_t *item)
{
	const char *mark = json_string_value(json_object_get(item, "fwmark"));
	return mark != NULL && strtoul(mark, NULL, 0) != 0;
}

static uint8_t proto_of(const json_t *item)
{
	const char *name = json_string_value(json_object_get(item, "ipproto"));
	if (name == NULL)
		return 0;
	return strcmp(name, "tcp") == 0 ? PROTO_TCP : strcmp(name, "udp") == 0 ? PROTO_UDP : 0;
}

int network_json_rule(
        const json_t *item, const char *list, size_t number, enum family f, struct network *net, struct error *err)
{
	static const char *const selectors[] = {"not", "fwmark", "iif", "oif", "uid_start", "tos", "dsfield", "ipproto",
	        "sport", "sport_start", "dport", "dport_start", "tun_id", "flow_from", "flow_to", "suppress_prefixlen",
	        "suppress_ifgroup", NULL};
	static const char *const some[] = {"fwmark", "oif", "uid_start", "tos", "dsfield", "ipproto", "sport",
	        "sport_start", "dport", "dport_start", "tun_id", "flow_from", "flow_to", NULL};
	const json_t *priority = json_object_get(item, "priority");
	const char *iif = json_string_value(json_object_get(item, "iif"));
	struct net_rule rule = {.family = f};
	char where[64];
	snprintf(where, sizeof(where), "%s[%zu]", list, number);
	if (!json_is_object(item) || !json_is_integer(priority) || json_integer_value(priority) < 0)
		return error_set(err, ERR_INVALID, where, "a rule needs \"priority\", as `ip -j rule` prints");
	if (take_prefix(item, "src", "srclen", f, &rule.source, where, err) != 0 ||
	        take_prefix(item, "dst", "dstlen", f, &rule.destination, where, err) != 0)
		return -1;
	bool all = rule.source.hi - rule.source.lo == family_max(f) &&
	           rule.destination.hi - rule.destination.lo == family_max(f) && !has_any(item, selectors);
	if (json_object_get(item, "l3mdev") != NULL ||
	        (all && (table_is(item, "local", "255") || table_is(item, "default", "253"))))
		return 0;
	bool inverted = json_object_get(item, "not") != NULL;
	rule.priority = (uint32_t)json_integer_value(priority);
	rule.exact = !inverted && !has_any(item, some);
	rule.to_main = table_is(item, "main", "254") && json_object_get(item, "suppress_prefixlen") == NULL &&
	               json_object_get(item, "suppress_ifgroup") == NULL;
	rule.marked = !inverted && (selects_marked(item) || json_object_get(item, "uid_start") != NULL);
	rule.proto = inverted ? 0 : proto_of(item);
	/* "not from X" selects what the prefix leaves. */
	if (inverted)
		rule.source = rule.destination = (struct range){0, family_max(f)};
	else if (iif != NULL && network_json_ifname(iif, rule.iif, where, err) != 0)
		return -1;
	net->rule = xgrow(net->rule, net->n_rule, &net->cap_rule, sizeof(rule));
	net->rule[net->n_rule++] = rule;
	return 0;
}
