/*
 * From configuration to what the rest of the agent works with: a valid tree of portcullis.yang comes in, a struct site
 * goes out, deep copies all through. Refused are what the model cannot say: prefixes with host bits, ranges that end
 * before they begin or beyond the last port, times that cannot be read.
 */
#include <stdlib.h>
#include <string.h>

#include "config/datastore.h"
#include "portcullis/alloc.h"
#include "portcullis/text.h"

#define PORT_MAX 65535

/* array: the address of a pointer to items. Without a capacity of its own it grows at powers of two. */
static void *append(void *array, size_t *n, size_t size)
{
	char *items;

	memcpy(&items, array, sizeof(items));
	if ((*n & (*n - 1)) == 0)
		items = xrealloc(items, *n == 0 ? 1 : 2 * *n, size);
	memcpy(array, &items, sizeof(items));
	memset(items + *n * size, 0, size);
	return items + (*n)++ * size;
}

static bool is(const struct lyd_node *node, const char *name)
{
	return strcmp(LYD_NAME(node), name) == 0;
}

static const struct lyd_node *child_find(const struct lyd_node *parent, const char *name)
{
	const struct lyd_node *child;

	LY_LIST_FOR(lyd_child(parent), child)
	{
		if (is(child, name))
			return child;
	}
	return NULL;
}

static char *string_of(const struct lyd_node *parent, const char *name)
{
	const char *value = tree_value(parent, name);
	return xstrdup(value != NULL ? value : "");
}

/* The model has checked the digits and the range. */
static uint32_t number_of(const struct lyd_node *parent, const char *name, uint32_t absent)
{
	const char *value = tree_value(parent, name);
	return value != NULL ? (uint32_t)strtoul(value, NULL, 10) : absent;
}

static bool bool_of(const struct lyd_node *parent, const char *name, bool absent)
{
	const char *value = tree_value(parent, name);
	return value != NULL ? strcmp(value, "true") == 0 : absent;
}

static void strings_of(const struct lyd_node *parent, const char *name, char ***items, size_t *n)
{
	const struct lyd_node *child;

	LY_LIST_FOR(lyd_child(parent), child)
	{
		if (is(child, name))
			*(char **)append(items, n, sizeof(char *)) = xstrdup(lyd_get_value(child));
	}
}

static int node_error(const struct lyd_node *node, struct error *err, enum error_code code, const char *text)
{
	char *path = tree_path(node);
	error_set(err, code, path, "%s", text);
	free(path);
	return -1;
}

/* The canonical form of a prefix has no host bits any more: only what was written shows them. */
static char *written(const struct lyd_node *node)
{
	const struct lyd_value *value = &((const struct lyd_node_term *)node)->value;
	const struct lyd_value_union *u = value->subvalue;

	if (value->realtype->basetype != LY_TYPE_UNION || (u->format != LY_VALUE_XML && u->format != LY_VALUE_JSON))
		return xstrdup(lyd_get_value(node));
	return xstrndup(u->original, u->orig_len);
}

static int prefix_of(const struct lyd_node *node, struct prefix *out, struct error *err)
{
	char *text = written(node);
	int result = prefix_parse(text, &out->family, &out->range, err);

	free(text);
	if (result != 0 && err != NULL) {
		char why[sizeof(err->text)];
		memcpy(why, err->text, sizeof(why));
		node_error(node, err, err->code, why);
	}
	return result;
}

static int prefixes_of(
        const struct lyd_node *parent, const char *name, struct prefix **items, size_t *n, struct error *err)
{
	const struct lyd_node *child;

	LY_LIST_FOR(lyd_child(parent), child)
	{
		if (is(child, name) && prefix_of(child, append(items, n, sizeof(struct prefix)), err) != 0)
			return -1;
	}
	return 0;
}

/* lower and upper of a node; absent: the same. */
static int ports_of(const struct lyd_node *parent, struct port_range *out, struct error *err)
{
	uint32_t lower = number_of(parent, "lower", 0), upper = number_of(parent, "upper", lower);

	if (upper < lower)
		return node_error(child_find(parent, "upper"), err, ERR_INVALID,
		        "the upper port is below the lower port; swap them");
	out->lo = (uint16_t)lower;
	out->hi = (uint16_t)upper;
	return 0;
}

static int expiry_of(const struct lyd_node *parent, int64_t *out, struct error *err)
{
	const struct lyd_node *leaf = child_find(parent, "expires");

	*out = 0;
	if (leaf != NULL && !time_parse(lyd_get_value(leaf), out))
		return node_error(leaf, err, ERR_INVALID, "not a time; write it like 2026-01-31T12:00:00Z");
	return 0;
}

static uint8_t transport_of(const struct lyd_node *parent)
{
	const char *value = tree_value(parent, "transport");

	if (value == NULL || strcmp(value, "any") == 0)
		return 0;
	if (strcmp(value, "icmp") == 0)
		return PROTO_ICMP;
	return strcmp(value, "tcp") == 0 ? PROTO_TCP : PROTO_UDP;
}

static int published_build(const struct lyd_node *node, struct published *out, struct error *err)
{
	const struct lyd_node *address = child_find(node, "address");

	out->seen_from = string_of(node, "seen-from");
	if (!addr_parse(lyd_get_value(address), &out->family, &out->address))
		return node_error(address, err, ERR_INVALID, "not an address");
	out->proto = transport_of(node);
	out->external = out->internal = (struct port_range){0, PORT_MAX};
	if (out->proto == 0)
		return 0;
	if (ports_of(node, &out->external, err) != 0)
		return -1;
	uint32_t lower = number_of(node, "internal-lower", out->external.lo);
	uint32_t upper = lower + (uint32_t)(out->external.hi - out->external.lo);
	if (upper > PORT_MAX)
		return node_error(child_find(node, "internal-lower"), err, ERR_INVALID,
		        "the internal range would end beyond port 65535; lower it");
	out->internal = (struct port_range){(uint16_t)lower, (uint16_t)upper};
	return 0;
}

static int balancing_build(const struct lyd_node *node, struct group *out, struct error *err)
{
	const char *kind = tree_value(node, "kind");

	if (kind != NULL && strcmp(kind, "hardware") == 0)
		out->lb_kind = LB_KIND_HARDWARE;
	else if (kind != NULL && strcmp(kind, "dns-with-web-vip") == 0)
		out->lb_kind = LB_KIND_DNS_WITH_WEB_VIP;
	if (prefixes_of(node, "virtual-address", &out->virtual_address, &out->n_virtual_address, err) != 0)
		return -1;
	return prefixes_of(node, "source-nat-address", &out->source_nat_address, &out->n_source_nat_address, err);
}

static enum requirement_interface interface_of(const struct lyd_node *node)
{
	const char *value = tree_value(node, "interface");

	if (value != NULL && strcmp(value, "internal") == 0)
		return INTERFACE_INTERNAL;
	return value != NULL && strcmp(value, "external") == 0 ? INTERFACE_EXTERNAL : INTERFACE_ANY;
}

static int group_build(const struct lyd_node *node, struct site *site, struct error *err)
{
	struct group *g = append(&site->group, &site->n_group, sizeof(*g));
	const struct lyd_node *child;

	g->name = string_of(node, "name");
	g->id = number_of(node, "id", 0);
	g->zone = string_of(node, "zone");
	LY_LIST_FOR(lyd_child(node), child)
	{
		int result = 0;
		if (is(child, "member-of")) {
			struct membership *m = append(&g->member_of, &g->n_member_of, sizeof(*m));
			m->product = string_of(child, "product");
			m->role = string_of(child, "role");
			m->interface = interface_of(child);
		} else if (is(child, "published")) {
			result = published_build(
			        child, append(&g->published, &g->n_published, sizeof(*g->published)), err);
		} else if (is(child, "load-balancing")) {
			result = balancing_build(child, g, err);
		}
		if (result != 0)
			return -1;
	}
	return prefixes_of(node, "address", &g->address, &g->n_address, err);
}

static int waiver_build(const struct lyd_node *node, struct waiver *w, struct error *err)
{
	w->name = string_of(node, "name");
	w->requirement = string_of(node, "requirement");
	w->initiator = string_of(node, "initiator");
	w->listener = string_of(node, "listener");
	w->reason = string_of(node, "reason");
	w->owner = string_of(node, "owner");
	return expiry_of(node, &w->expires, err);
}

static int deployment_item(const struct lyd_node *node, struct deployment *d, struct error *err)
{
	if (is(node, "waiver"))
		return waiver_build(node, append(&d->waiver, &d->n_waiver, sizeof(*d->waiver)), err);
	if (is(node, "port-override")) {
		struct port_override *o = append(&d->port_override, &d->n_port_override, sizeof(*o));
		o->requirement = string_of(node, "requirement");
		o->variant = number_of(node, "variant", 0);
		return ports_of(node, &o->ports, err);
	}
	if (is(node, "initiator-override")) {
		struct initiator_override *o = append(&d->initiator_override, &d->n_initiator_override, sizeof(*o));
		o->requirement = string_of(node, "requirement");
		strings_of(node, "group", &o->group, &o->n_group);
	}
	return 0;
}

static enum errata_policy errata_policy_of(const struct lyd_node *node)
{
	const char *value = tree_value(node, "errata-policy");

	if (value == NULL || strcmp(value, "high") == 0)
		return ERRATA_HIGH;
	return strcmp(value, "all") == 0 ? ERRATA_ALL : ERRATA_PRINTED;
}

static int deployment_build(const struct lyd_node *node, struct site *site, struct error *err)
{
	struct deployment *d = append(&site->deployment, &site->n_deployment, sizeof(*d));
	const struct lyd_node *child;

	d->name = string_of(node, "name");
	d->id = number_of(node, "id", 0);
	d->product = string_of(node, "product");
	d->pack_version = string_of(node, "pack-version");
	d->pack_digest = string_of(node, "pack-digest");
	d->errata_policy = errata_policy_of(node);
	strings_of(node, "group", &d->group, &d->n_group);
	strings_of(node, "role-absent", &d->role_absent, &d->n_role_absent);
	strings_of(node, "service-off", &d->service_off, &d->n_service_off);
	strings_of(node, "accept-default-range", &d->accept_default_range, &d->n_accept_default_range);
	strings_of(node, "coexists-with", &d->coexists_with, &d->n_coexists_with);
	LY_LIST_FOR(lyd_child(node), child)
	{
		if (deployment_item(child, d, err) != 0)
			return -1;
	}
	return 0;
}

static int zone_build(const struct lyd_node *node, struct site *site, struct error *err)
{
	struct zone *z = append(&site->zone, &site->n_zone, sizeof(*z));

	(void)err;
	z->name = string_of(node, "name");
	z->id = number_of(node, "id", 0);
	strings_of(node, "interface", &z->interface, &z->n_interface);
	return 0;
}

static int allowance_build(const struct lyd_node *node, struct site *site, struct error *err)
{
	struct allowance *a = append(&site->allowance, &site->n_allowance, sizeof(*a));
	const struct lyd_node *port = child_find(node, "port");

	a->name = string_of(node, "name");
	a->reason = string_of(node, "reason");
	a->owner = string_of(node, "owner");
	a->proto = transport_of(node);
	a->ports = (struct port_range){0, PORT_MAX};
	if (port != NULL && ports_of(port, &a->ports, err) != 0)
		return -1;
	if (prefixes_of(node, "source", &a->source, &a->n_source, err) != 0 ||
	        prefixes_of(node, "destination", &a->destination, &a->n_destination, err) != 0)
		return -1;
	return expiry_of(node, &a->expires, err);
}

static int assumption_build(const struct lyd_node *node, struct site *site, struct error *err)
{
	struct assumption *a = append(&site->assumption, &site->n_assumption, sizeof(*a));

	a->name = string_of(node, "name");
	a->pattern = string_of(node, "pattern");
	a->value = bool_of(node, "value", false);
	a->reason = string_of(node, "reason");
	a->owner = string_of(node, "owner");
	return expiry_of(node, &a->expires, err);
}

static int tolerated_build(const struct lyd_node *node, struct site *site, struct error *err)
{
	struct tolerated_source *t = append(&site->tolerated_source, &site->n_tolerated_source, sizeof(*t));

	t->name = string_of(node, "name");
	t->set = string_of(node, "set");
	return prefixes_of(node, "prefix", &t->prefix, &t->n_prefix, err);
}

static int baseline_build(const struct lyd_node *node, struct site *site, struct error *err)
{
	const struct lyd_node *child;

	LY_LIST_FOR(lyd_child(node), child)
	{
		uint32_t id = number_of(child, "id", 0), *known;
		int64_t expires;

		if (!is(child, "opening"))
			continue;
		if (expiry_of(child, &expires, err) != 0)
			return -1;
		if (expires != 0) {
			struct known_opening *until =
			        append(&site->baseline_until, &site->n_baseline_until, sizeof(*until));

			*until = (struct known_opening){id, expires};
			continue;
		}
		known = append(&site->baseline, &site->n_baseline, sizeof(*known));
		*known = id;
	}
	return 0;
}

static int notification_build(const struct lyd_node *node, struct site *site, struct error *err)
{
	struct notification_settings *s = &site->notification;

	(void)err;
	s->enable = bool_of(node, "enable", s->enable);
	s->per_flow = bool_of(node, "per-flow", s->per_flow);
	s->hold_down_ms = number_of(node, "hold-down", s->hold_down_ms);
	s->minimum_interval_ms = number_of(node, "minimum-interval", s->minimum_interval_ms);
	return 0;
}

static int retention_build(const struct lyd_node *node, struct site *site, struct error *err)
{
	struct retention_settings *s = &site->retention;

	(void)err;
	s->commits = number_of(node, "commits", s->commits);
	s->notifications = number_of(node, "notifications", s->notifications);
	s->days = number_of(node, "days", s->days);
	return 0;
}

static const struct {
	const char *name;
	int (*build)(const struct lyd_node *node, struct site *site, struct error *err);
} builders[] = {
        {"group", group_build},
        {"deployment", deployment_build},
        {"zone", zone_build},
        {"allowance", allowance_build},
        {"assumption", assumption_build},
        {"tolerated-source", tolerated_build},
        {"baseline", baseline_build},
        {"notification", notification_build},
        {"retention", retention_build},
};

int site_build(const struct lyd_node *root, struct site **out, struct error *err)
{
	struct site *site = xcalloc(1, sizeof(*site));
	const struct lyd_node *node;
	int result = 0;

	*out = NULL;
	site->notification = (struct notification_settings){.enable = true, .hold_down_ms = 200};
	site->retention = (struct retention_settings){.commits = 1000, .notifications = 100000};
	LY_LIST_FOR(root, node)
	{
		if (node->schema == NULL || strcmp(node->schema->module->name, "portcullis") != 0)
			continue;
		for (size_t i = 0; result == 0 && i < sizeof(builders) / sizeof(builders[0]); i++)
			if (is(node, builders[i].name))
				result = builders[i].build(node, site, err);
		if (result != 0)
			break;
	}
	if (result == 0) {
		*out = site;
		site = NULL;
	}
	site_free(site);
	return result;
}
