/*
 * In: a site as config/ makes it. Out: its objects found by name, whether an exception ended, and its memory given back.
 * Nothing is refused here: flow_site.c checks what a site says.
 */
#include "portcullis/deployment.h"

#include <stdlib.h>
#include <string.h>

const struct notification_settings notification_settings_default = {.enable = true, .hold_down_ms = 200};

static void names_free(char **name, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(name[i]);
	free(name);
}

static void group_fini(struct group *g)
{
	for (size_t i = 0; i < g->n_member_of; i++) {
		free(g->member_of[i].product);
		free(g->member_of[i].role);
	}
	for (size_t i = 0; i < g->n_published; i++)
		free(g->published[i].seen_from);
	free(g->name);
	free(g->member_of);
	free(g->address);
	free(g->zone);
	free(g->virtual_address);
	free(g->source_nat_address);
	free(g->published);
}

static void waiver_fini(struct waiver *w)
{
	free(w->name);
	free(w->requirement);
	free(w->initiator);
	free(w->listener);
	free(w->reason);
	free(w->owner);
}

static void deployment_fini(struct deployment *d)
{
	for (size_t i = 0; i < d->n_port_override; i++)
		free(d->port_override[i].requirement);
	for (size_t i = 0; i < d->n_initiator_override; i++) {
		free(d->initiator_override[i].requirement);
		names_free(d->initiator_override[i].group, d->initiator_override[i].n_group);
	}
	for (size_t i = 0; i < d->n_waiver; i++)
		waiver_fini(&d->waiver[i]);
	names_free(d->group, d->n_group);
	names_free(d->role_absent, d->n_role_absent);
	names_free(d->service_off, d->n_service_off);
	names_free(d->accept_default_range, d->n_accept_default_range);
	names_free(d->coexists_with, d->n_coexists_with);
	free(d->name);
	free(d->product);
	free(d->pack_version);
	free(d->pack_digest);
	free(d->port_override);
	free(d->initiator_override);
	free(d->waiver);
}

static void exceptions_free(struct site *site)
{
	for (size_t i = 0; i < site->n_allowance; i++) {
		free(site->allowance[i].name);
		free(site->allowance[i].source);
		free(site->allowance[i].destination);
		free(site->allowance[i].reason);
		free(site->allowance[i].owner);
	}
	for (size_t i = 0; i < site->n_assumption; i++) {
		free(site->assumption[i].name);
		free(site->assumption[i].pattern);
		free(site->assumption[i].reason);
		free(site->assumption[i].owner);
	}
	for (size_t i = 0; i < site->n_tolerated_source; i++) {
		free(site->tolerated_source[i].name);
		free(site->tolerated_source[i].prefix);
		free(site->tolerated_source[i].set);
	}
}

static void side_fini(struct firewall_side *side)
{
	names_free(side->address_set, side->n_address_set);
	names_free(side->group, side->n_group);
	names_free(side->zone, side->n_zone);
	names_free(side->port_set, side->n_port_set);
	free(side->address);
	free(side->ports);
}

static void rule_fini(struct firewall_rule *r)
{
	side_fini(&r->source);
	side_fini(&r->destination);
	free(r->name);
	free(r->proto);
	free(r->icmp_type);
	free(r->log_prefix);
	free(r->comment);
}

static void firewall_fini(struct firewall *f)
{
	for (size_t i = 0; i < f->n_management; i++) {
		free(f->management[i].name);
		free(f->management[i].source);
	}
	for (size_t i = 0; i < f->n_address_set; i++) {
		free(f->address_set[i].name);
		free(f->address_set[i].address);
	}
	for (size_t i = 0; i < f->n_port_set; i++) {
		free(f->port_set[i].name);
		free(f->port_set[i].ports);
	}
	for (size_t i = 0; i < f->n_rule; i++)
		rule_fini(&f->rule[i]);
	free(f->management);
	free(f->address_set);
	free(f->port_set);
	free(f->rule);
}

static void items_free(struct site *site)
{
	for (size_t i = 0; i < site->n_group; i++)
		group_fini(&site->group[i]);
	for (size_t i = 0; i < site->n_deployment; i++)
		deployment_fini(&site->deployment[i]);
	for (size_t i = 0; i < site->n_zone; i++) {
		free(site->zone[i].name);
		names_free(site->zone[i].interface, site->zone[i].n_interface);
	}
	exceptions_free(site);
	firewall_fini(&site->firewall);
}

void site_free(struct site *site)
{
	if (!site)
		return;
	if (site->lender)
		site->give_back(site->lender);
	else
		items_free(site);
	free(site->allowance);
	free(site->assumption);
	free(site->tolerated_source);
	free(site->group);
	free(site->deployment);
	free(site->zone);
	free(site->baseline);
	free(site->baseline_until);
	free(site);
}

const struct group *site_group_find(const struct site *site, const char *name)
{
	for (size_t i = 0; i < site->n_group; i++)
		if (!strcmp(site->group[i].name, name))
			return &site->group[i];
	return NULL;
}

const struct zone *site_zone_find(const struct site *site, const char *name)
{
	for (size_t i = 0; i < site->n_zone; i++)
		if (!strcmp(site->zone[i].name, name))
			return &site->zone[i];
	return NULL;
}

const struct deployment *site_deployment_find(const struct site *site, const char *name)
{
	for (size_t i = 0; i < site->n_deployment; i++)
		if (!strcmp(site->deployment[i].name, name))
			return &site->deployment[i];
	return NULL;
}

static bool passed(int64_t expires, int64_t before, int64_t now)
{
	int64_t lo = before < now ? before : now, hi = before < now ? now : before;

	return expires && expires > lo && expires <= hi;
}

bool site_expiry_between(const struct site *site, int64_t before, int64_t now)
{
	for (size_t i = 0; i < site->n_allowance; i++)
		if (passed(site->allowance[i].expires, before, now))
			return true;
	for (size_t i = 0; i < site->n_assumption; i++)
		if (passed(site->assumption[i].expires, before, now))
			return true;
	for (size_t i = 0; i < site->n_baseline_until; i++)
		if (passed(site->baseline_until[i].expires, before, now))
			return true;
	for (size_t i = 0; i < site->n_deployment; i++)
		for (size_t k = 0; k < site->deployment[i].n_waiver; k++)
			if (passed(site->deployment[i].waiver[k].expires, before, now))
				return true;
	return false;
}
