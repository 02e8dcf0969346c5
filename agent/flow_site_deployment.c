/*
 * In: a deployment of a site whose groups are sound. Out: whether flows can be derived of it. Refused: pins that no pack
 * meets, names that nothing has, port ranges that the product does not allow, choices that contradict each other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow_derive.h"
#include "flow_site.h"
#include "portcullis/pins.h"

static const struct requirement *requirement_find(const struct checker *c, const char *label)
{
	for (size_t i = 0; i < c->pack->n_requirement; i++)
		if (!strcmp(c->pack->requirement[i].label, label))
			return &c->pack->requirement[i];
	return NULL;
}

/* "*" at the end stands for any rest. */
static bool requirement_matches(const struct checker *c, const char *pattern)
{
	size_t len = strlen(pattern);

	if (!len || pattern[len - 1] != '*')
		return requirement_find(c, pattern) != NULL;
	for (size_t i = 0; i < c->pack->n_requirement; i++)
		if (!strncmp(c->pack->requirement[i].label, pattern, len - 1))
			return true;
	return false;
}

static int no_requirement(struct checker *c, const char *label)
{
	return error_set(c->err, ERR_INVALID, c->where,
	        "deployment %s names requirement %s, which product %s does not have; choose a label of its pack",
	        c->deployment->name, label, c->pack->name);
}

static int pack_check(struct checker *c)
{
	const struct deployment *d = c->deployment;

	c->pack = deployment_pack(c->catalog, d);
	checker_at(c, "/portcullis:deployment[name='%s']/product", d->name);
	if (!c->pack)
		return error_set(c->err, ERR_INVALID, c->where,
		        "deployment %s is of product %s, which no catalog pack describes; add the pack or correct the "
		        "name",
		        d->name, d->product);
	checker_at(c, "/portcullis:deployment[name='%s']/pack-version", d->name);
	if (d->pack_version[0] && strcmp(d->pack_version, c->pack->version) != 0)
		return error_set(c->err, ERR_INVALID, c->where,
		        "deployment %s pins version %s of %s, but version %s is loaded; load the pinned pack or change "
		        "the pin",
		        d->name, d->pack_version, d->product, c->pack->version);
	checker_at(c, "/portcullis:deployment[name='%s']/pack-digest", d->name);
	if (d->pack_digest[0] && strcmp(d->pack_digest, c->pack->digest) != 0)
		return error_set(c->err, ERR_INVALID, c->where,
		        "deployment %s pins digest %s of %s, but the loaded pack has digest %s; load the pinned pack "
		        "or change "
		        "the pin",
		        d->name, d->pack_digest, d->product, c->pack->digest);
	return 0;
}

static int deployment_groups_check(struct checker *c)
{
	const struct deployment *d = c->deployment;

	for (size_t i = 0; i < d->n_group; i++) {
		const struct group *g = checker_group(c, d->group[i]);
		bool member = false;

		checker_at(c, "/portcullis:deployment[name='%s']/group[.='%s']", d->name, d->group[i]);
		if (!g)
			return error_set(c->err, ERR_INVALID, c->where,
			        "deployment %s names group %s, which does not exist; add the group or remove the name",
			        d->name, d->group[i]);
		for (size_t k = 0; k < g->n_member_of; k++)
			member = member || !strcmp(g->member_of[k].product, d->product);
		if (!member)
			return error_set(c->err, ERR_INVALID, c->where,
			        "group %s has no role of product %s; add a member-of or remove the group from "
			        "deployment %s",
			        g->name, d->product, d->name);
	}
	return 0;
}

/* The group of the deployment that has the role which the deployment says it does not have. */
static const struct group *holder_of(const struct checker *c, const char *role)
{
	for (size_t i = 0; i < c->deployment->n_group; i++) {
		const struct group *g = checker_group(c, c->deployment->group[i]);

		for (size_t k = 0; k < g->n_member_of; k++)
			if (!strcmp(g->member_of[k].product, c->pack->name) &&
			        pack_role_includes(c->pack, role, g->member_of[k].role))
				return g;
	}
	return NULL;
}

static int absences_check(struct checker *c)
{
	const struct deployment *d = c->deployment;

	for (size_t i = 0; i < d->n_role_absent; i++) {
		const struct group *holder;

		checker_at(c, "/portcullis:deployment[name='%s']/role-absent[.='%s']", d->name, d->role_absent[i]);
		if (!pack_role_find(c->pack, d->role_absent[i]))
			return error_set(c->err, ERR_INVALID, c->where,
			        "deployment %s declares the role %s absent, which product %s does not know; choose a "
			        "role of its pack",
			        d->name, d->role_absent[i], d->product);
		holder = holder_of(c, d->role_absent[i]);
		if (holder)
			return error_set(c->err, ERR_INVALID, c->where,
			        "deployment %s declares the role %s absent, but its group %s has it; remove one of the "
			        "two",
			        d->name, d->role_absent[i], holder->name);
	}
	for (size_t i = 0; i < d->n_service_off; i++) {
		bool known = false;

		for (size_t k = 0; k < c->pack->n_requirement; k++)
			known = known || !strcmp(c->pack->requirement[k].service, d->service_off[i]);
		checker_at(c, "/portcullis:deployment[name='%s']/service-off[.='%s']", d->name, d->service_off[i]);
		if (!known)
			return error_set(c->err, ERR_INVALID, c->where,
			        "deployment %s switches off service %s, which no requirement of product %s has; choose "
			        "a service of "
			        "its pack",
			        d->name, d->service_off[i], d->product);
	}
	return 0;
}

/* What the errata policy brings in has numbers behind the pack's own; those that it takes away do no harm. */
static bool has_variant(const struct requirement *r, enum errata_policy policy, unsigned number)
{
	struct flow_variants variants;
	bool found = number <= r->n_flow;

	flow_variants_build(r, policy, &variants);
	for (size_t i = 0; i < variants.n; i++)
		found = found || variants.item[i].number == number;
	free(variants.item);
	return found;
}

static int port_override_check(struct checker *c, const struct port_override *o)
{
	const struct deployment *d = c->deployment;
	const struct requirement *r = requirement_find(c, o->requirement);
	unsigned count = o->ports.hi - o->ports.lo + 1u;
	bool chosen = r && (r->class == CLASS_CLIENT_MEDIA || r->class == CLASS_PEER_TO_PEER);

	checker_at(c, "/portcullis:deployment[name='%s']/port-override[requirement='%s'][variant='%u']", d->name,
	        o->requirement, o->variant);
	if (!r)
		return no_requirement(c, o->requirement);
	if (o->variant && !has_variant(r, d->errata_policy, o->variant))
		return error_set(c->err, ERR_INVALID, c->where,
		        "the port override names variant %u of %s, which has %zu; choose one of these, or 0 for all",
		        o->variant, o->requirement, r->n_flow);
	if (!r->configurable_minimum && !chosen)
		return error_set(c->err, ERR_INVALID, c->where,
		        "the ports of %s are fixed by the product; remove the port override", o->requirement);
	if (!o->ports.lo || o->ports.hi < o->ports.lo)
		return error_set(c->err, ERR_INVALID, c->where,
		        "the port override of %s is %u-%u; give a lower port from 1 and an upper port that is not "
		        "below it",
		        o->requirement, o->ports.lo, o->ports.hi);
	if (count < r->configurable_minimum)
		return error_set(c->err, ERR_INVALID, c->where,
		        "the port override of %s has %u ports (%u-%u), but the product needs at least %u; widen the "
		        "range",
		        o->requirement, count, o->ports.lo, o->ports.hi, r->configurable_minimum);
	return 0;
}

static int initiator_override_check(struct checker *c, const struct initiator_override *o)
{
	checker_at(c, "/portcullis:deployment[name='%s']/initiator-override[requirement='%s']", c->deployment->name,
	        o->requirement);
	if (!requirement_find(c, o->requirement))
		return no_requirement(c, o->requirement);
	for (size_t i = 0; i < o->n_group; i++) {
		checker_at(c, "/portcullis:deployment[name='%s']/initiator-override[requirement='%s']/group[.='%s']",
		        c->deployment->name, o->requirement, o->group[i]);
		if (!checker_group(c, o->group[i]))
			return error_set(c->err, ERR_INVALID, c->where,
			        "the initiator override of %s names group %s, which does not exist; add the group or "
			        "remove the name",
			        o->requirement, o->group[i]);
	}
	return 0;
}

/* A group, its balancer, any or external. */
static bool is_party(const struct checker *c, const char *name)
{
	const char *slash = strchr(name, '/');
	char group[65];

	if (!strcmp(name, "any") || !strcmp(name, "external"))
		return true;
	if (!slash || strcmp(slash, "/balancer") != 0 || slash - name >= (ptrdiff_t)sizeof(group))
		return checker_group(c, name) != NULL;
	snprintf(group, sizeof(group), "%.*s", (int)(slash - name), name);
	return checker_group(c, group) != NULL;
}

static int waiver_check(struct checker *c, const struct waiver *w)
{
	const struct {
		const char *leaf, *name;
	} party[] = {{"initiator", w->initiator}, {"listener", w->listener}};

	checker_at(c, "/portcullis:deployment[name='%s']/waiver[name='%s']/requirement", c->deployment->name, w->name);
	if (!requirement_matches(c, w->requirement))
		return error_set(c->err, ERR_INVALID, c->where,
		        "waiver %s is for requirement %s, which matches none of product %s; choose a label of its "
		        "pack, or one "
		        "that ends in *",
		        w->name, w->requirement, c->pack->name);
	for (size_t i = 0; i < sizeof(party) / sizeof(party[0]); i++) {
		checker_at(c, "/portcullis:deployment[name='%s']/waiver[name='%s']/%s", c->deployment->name, w->name,
		        party[i].leaf);
		if (party[i].name[0] && !is_party(c, party[i].name))
			return error_set(c->err, ERR_INVALID, c->where,
			        "waiver %s names the %s %s; name a group, GROUP/balancer, any or external", w->name,
			        party[i].leaf, party[i].name);
	}
	return 0;
}

static int choices_check(struct checker *c)
{
	const struct deployment *d = c->deployment;

	for (size_t i = 0; i < d->n_port_override; i++)
		if (port_override_check(c, &d->port_override[i]))
			return -1;
	for (size_t i = 0; i < d->n_accept_default_range; i++) {
		checker_at(c, "/portcullis:deployment[name='%s']/accept-default-range[.='%s']", d->name,
		        d->accept_default_range[i]);
		if (!requirement_find(c, d->accept_default_range[i]))
			return no_requirement(c, d->accept_default_range[i]);
	}
	for (size_t i = 0; i < d->n_initiator_override; i++)
		if (initiator_override_check(c, &d->initiator_override[i]))
			return -1;
	for (size_t i = 0; i < d->n_coexists_with; i++) {
		const struct deployment *other = site_deployment_find(c->site, d->coexists_with[i]);

		checker_at(c, "/portcullis:deployment[name='%s']/coexists-with[.='%s']", d->name, d->coexists_with[i]);
		if (!other || other == d)
			return error_set(c->err, ERR_INVALID, c->where,
			        "deployment %s coexists with %s, which is %s; name another deployment", d->name,
			        d->coexists_with[i], other ? "itself" : "not a deployment");
	}
	for (size_t i = 0; i < d->n_waiver; i++)
		if (waiver_check(c, &d->waiver[i]))
			return -1;
	return 0;
}

int checker_deployment(struct checker *c, const struct deployment *d)
{
	c->deployment = d;
	if (pack_check(c) || deployment_groups_check(c) || absences_check(c))
		return -1;
	return choices_check(c);
}
