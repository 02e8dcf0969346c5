/*
 * From configuration to what the rest of the agent works with: a valid tree of portcullis.yang comes in, a struct site
 * goes out, deep copies all through. Refused are what the model cannot say: prefixes with host bits, ranges that end
 * before they begin or beyond the last port, times that cannot be read.
 */
#include <stdlib.h>
#include <string.h>

#include "config/datastore.h"
#include "config/site_node.h"
#include "portcullis/alloc.h"
#include "portcullis/text.h"

static int expiry_of(const struct lyd_node *parent, int64_t *out, struct error *err)
{
	const struct lyd_node *leaf = site_child(parent, "expires");

	*out = 0;
	if (leaf != NULL && !time_parse(lyd_get_value(leaf), out))
		return site_error(leaf, err, ERR_INVALID, "not a time; write it like 2026-01-31T12:00:00Z");
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
	const struct lyd_node *address = site_child(node, "address");

	out->seen_from = site_string(node, "seen-from");
	if (!addr_parse(lyd_get_value(address), &out->family, &out->address))
		return site_error(address, err, ERR_INVALID, "not an address");
	out->proto = transport_of(node);
	out->external = out->internal = (struct port_range){0, PORT_MAX};
	if (out->proto == 0)
		return 0;
	if (site_ports(node, &out->external, err) != 0)
		return -1;
	uint32_t lower = site_number(node, "internal-lower", out->external.lo);
	uint32_t upper = lower + (uint32_t)(out->external.hi - out->external.lo);
	if (upper > PORT_MAX)
		return site_error(site_child(node, "internal-lower"), err, ERR_INVALID,
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
	if (site_prefixes(node, "virtual-address", &out->virtual_address, &out->n_virtual_address, err) != 0)
		return -1;
	return site_prefixes(node, "source-nat-address", &out->source_nat_address, &out->n_source_nat_address, err);
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
	struct group *g = site_append(&site->group, &site->n_group, sizeof(*g));
	const struct lyd_node *child;

	g->name = site_string(node, "name");
	g->id = site_number(node, "id", 0);
	g->zone = site_string(node, "zone");
	LY_LIST_FOR(lyd_child(node), child)
	{
		int result = 0;
		if (site_is(child, "member-of")) {
			struct membership *m = site_append(&g->member_of, &g->n_member_of, sizeof(*m));
			m->product = site_string(child, "product");
			m->role = site_string(child, "role");
			m->interface = interface_of(child);
		} else if (site_is(child, "published")) {
			result = published_build(
			        child, site_append(&g->published, &g->n_published, sizeof(*g->published)), err);
		} else if (site_is(child, "load-balancing")) {
			result = balancing_build(child, g, err);
		}
		if (result != 0)
			return -1;
	}
	return site_prefixes(node, "address", &g->address, &g->n_address, err);
}

static int waiver_build(const struct lyd_node *node, struct waiver *w, struct error *err)
{
	w->name = site_string(node, "name");
	w->requirement = site_string(node, "requirement");
	w->initiator = site_string(node, "initiator");
	w->listener = site_string(node, "listener");
	w->reason = site_string(node, "reason");
	w->owner = site_string(node, "owner");
	return expiry_of(node, &w->expires, err);
}

static int deployment_item(const struct lyd_node *node, struct deployment *d, struct error *err)
{
	if (site_is(node, "waiver"))
		return waiver_build(node, site_append(&d->waiver, &d->n_waiver, sizeof(*d->waiver)), err);
	if (site_is(node, "port-override")) {
		struct port_override *o = site_append(&d->port_override, &d->n_port_override, sizeof(*o));
		o->requirement = site_string(node, "requirement");
		o->variant = site_number(node, "variant", 0);
		return site_ports(node, &o->ports, err);
	}
	if (site_is(node, "initiator-override")) {
		struct initiator_override *o =
		        site_append(&d->initiator_override, &d->n_initiator_override, sizeof(*o));
		o->requirement = site_string(node, "requirement");
		site_strings(node, "group", &o->group, &o->n_group);
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
	struct deployment *d = site_append(&site->deployment, &site->n_deployment, sizeof(*d));
	const struct lyd_node *child;

	d->name = site_string(node, "name");
	d->id = site_number(node, "id", 0);
	d->product = site_string(node, "product");
	d->pack_version = site_string(node, "pack-version");
	d->pack_digest = site_string(node, "pack-digest");
	d->errata_policy = errata_policy_of(node);
	site_strings(node, "group", &d->group, &d->n_group);
	site_strings(node, "role-absent", &d->role_absent, &d->n_role_absent);
	site_strings(node, "service-off", &d->service_off, &d->n_service_off);
	site_strings(node, "accept-default-range", &d->accept_default_range, &d->n_accept_default_range);
	site_strings(node, "coexists-with", &d->coexists_with, &d->n_coexists_with);
	LY_LIST_FOR(lyd_child(node), child)
	{
		if (deployment_item(child, d, err) != 0)
			return -1;
	}
	return 0;
}

static int zone_build(const struct lyd_node *node, struct site *site, struct error *err)
{
	struct zone *z = site_append(&site->zone, &site->n_zone, sizeof(*z));

	(void)err;
	z->name = site_string(node, "name");
	z->id = site_number(node, "id", 0);
	site_strings(node, "interface", &z->interface, &z->n_interface);
	return 0;
}

static int allowance_build(const struct lyd_node *node, struct site *site, struct error *err)
{
	struct allowance *a = site_append(&site->allowance, &site->n_allowance, sizeof(*a));
	const struct lyd_node *port = site_child(node, "port");

	a->name = site_string(node, "name");
	a->reason = site_string(node, "reason");
	a->owner = site_string(node, "owner");
	a->proto = transport_of(node);
	a->ports = (struct port_range){0, PORT_MAX};
	if (port != NULL && site_ports(port, &a->ports, err) != 0)
		return -1;
	if (site_prefixes(node, "source", &a->source, &a->n_source, err) != 0 ||
	        site_prefixes(node, "destination", &a->destination, &a->n_destination, err) != 0)
		return -1;
	return expiry_of(node, &a->expires, err);
}

static int assumption_build(const struct lyd_node *node, struct site *site, struct error *err)
{
	struct assumption *a = site_append(&site->assumption, &site->n_assumption, sizeof(*a));

	a->name = site_string(node, "name");
	a->pattern = site_string(node, "pattern");
	a->value = site_bool(node, "value", false);
	a->reason = site_string(node, "reason");
	a->owner = site_string(node, "owner");
	return expiry_of(node, &a->expires, err);
}

static int tolerated_build(const struct lyd_node *node, struct site *site, struct error *err)
{
	struct tolerated_source *t = site_append(&site->tolerated_source, &site->n_tolerated_source, sizeof(*t));

	t->name = site_string(node, "name");
	t->set = site_string(node, "set");
	return site_prefixes(node, "prefix", &t->prefix, &t->n_prefix, err);
}

static int baseline_build(const struct lyd_node *node, struct site *site, struct error *err)
{
	const struct lyd_node *child;

	LY_LIST_FOR(lyd_child(node), child)
	{
		uint32_t id = site_number(child, "id", 0), *known;
		int64_t expires;

		if (!site_is(child, "opening"))
			continue;
		if (expiry_of(child, &expires, err) != 0)
			return -1;
		if (expires != 0) {
			struct known_opening *until =
			        site_append(&site->baseline_until, &site->n_baseline_until, sizeof(*until));

			*until = (struct known_opening){id, expires};
			continue;
		}
		known = site_append(&site->baseline, &site->n_baseline, sizeof(*known));
		*known = id;
	}
	return 0;
}

static int notification_build(const struct lyd_node *node, struct site *site, struct error *err)
{
	struct notification_settings *s = &site->notification;

	(void)err;
	s->enable = site_bool(node, "enable", s->enable);
	s->per_flow = site_bool(node, "per-flow", s->per_flow);
	s->hold_down_ms = site_number(node, "hold-down", s->hold_down_ms);
	s->minimum_interval_ms = site_number(node, "minimum-interval", s->minimum_interval_ms);
	return 0;
}

static int retention_build(const struct lyd_node *node, struct site *site, struct error *err)
{
	struct retention_settings *s = &site->retention;

	(void)err;
	s->commits = site_number(node, "commits", s->commits);
	s->notifications = site_number(node, "notifications", s->notifications);
	s->days = site_number(node, "days", s->days);
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
        {"firewall", site_firewall_build},
        {"notification", notification_build},
        {"retention", retention_build},
};

int site_build(const struct lyd_node *root, struct site **out, struct error *err)
{
	struct site *site = xcalloc(1, sizeof(*site));
	const struct lyd_node *node;
	int result = 0;

	*out = NULL;
	site->notification = notification_settings_default;
	site->retention = (struct retention_settings){.commits = 1000, .notifications = 100000};
	site_firewall_defaults(&site->firewall);
	LY_LIST_FOR(root, node)
	{
		if (node->schema == NULL || strcmp(node->schema->module->name, "portcullis") != 0)
			continue;
		for (size_t i = 0; result == 0 && i < sizeof(builders) / sizeof(builders[0]); i++)
			if (site_is(node, builders[i].name))
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
