/*
 * In: the deployments of a site, their packs and flows. Out: remarks on roles that nobody has, groups that nothing is asked
 * of, ranges and conditions that wait for a decision, and packs that are not pinned. Nothing is refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow_derive.h"
#include "flow_review.h"
#include "portcullis/alloc.h"
#include "portcullis/text.h"

/* One deployment under review, with who has which role. */
struct desk {
	const struct reviewer *r;
	const struct deployment *d;
	struct binding *binding;
};

static bool names_have(char *const *name, size_t n, const char *wanted)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(name[i], wanted))
			return true;
	return false;
}

static bool counts(const struct deployment *d, const struct requirement *r)
{
	return r->reach != REACH_SAME_HOST &&
	       !(r->service[0] && names_have(d->service_off, d->n_service_off, r->service));
}

static bool has_role(const struct desk *k, const char *role)
{
	struct bound_set set = {0};
	bool found;

	binding_role(k->binding, role, &set);
	found = set.n > 0;
	bound_set_fini(&set);
	return found;
}

/* On the side of its hosts that the requirement is about. */
static bool has_role_for(const struct desk *k, const struct requirement *r, const char *role)
{
	struct bound_set set = {0};
	bool found;

	binding_role(k->binding, role, &set);
	binding_keep(k->binding, r, role, &set);
	found = set.n > 0;
	bound_set_fini(&set);
	return found;
}

static bool has_override(const struct deployment *d, const struct requirement *r)
{
	for (size_t i = 0; i < d->n_initiator_override; i++)
		if (!strcmp(d->initiator_override[i].requirement, r->label))
			return true;
	return false;
}

/* Nobody needs the requirement: its listener, or everyone who would connect, is declared absent. */
static bool is_moot(const struct desk *k, const struct requirement *r)
{
	bool initiator = !r->n_initiator || has_override(k->d, r);

	for (size_t i = 0; i < r->n_initiator; i++)
		initiator = initiator || has_role(k, r->initiator[i].role) ||
		            !binding_absent(k->binding, r->initiator[i].role);
	return !initiator || (!has_role(k, r->listener) && binding_absent(k->binding, r->listener));
}

static bool names_role(const struct requirement *r, const char *role, bool as_initiator)
{
	if (!strcmp(r->listener, role))
		return true;
	for (size_t i = 0; as_initiator && i < r->n_initiator; i++)
		if (!strcmp(r->initiator[i].role, role))
			return true;
	return false;
}

static void roles_review(const struct desk *k)
{
	const struct pack *pack = k->binding->pack;
	char where[256];

	for (size_t i = 0; i < pack->n_role; i++) {
		const char *role = pack->role[i].name;
		size_t n = 0;
		const struct requirement *first = NULL;

		if (binding_absent(k->binding, role))
			continue;
		for (size_t q = 0; q < pack->n_requirement; q++) {
			const struct requirement *r = &pack->requirement[q];

			if (counts(k->d, r) && !is_moot(k, r) && names_role(r, role, !has_override(k->d, r)) &&
			        !has_role_for(k, r, role) && !n++)
				first = r;
		}
		snprintf(where, sizeof(where), "/portcullis:deployment[name='%s']/role-absent", k->d->name);
		if (first)
			review_add(k->r->out, REMARK_WARNING, "unbound-role", where,
			        "no group of deployment %s has the role %s, which %zu requirements name, for example "
			        "%s; give it to a group, or add the role to role-absent",
			        k->d->name, role, n, first->label);
	}
}

/* Roles inside this one that requirements name and that the group does not have itself. */
static void composite_review(const struct desk *k, const struct group *g, const char *role)
{
	const struct pack *pack = k->binding->pack;
	struct text missing = {0};
	char where[256];
	size_t n = 0;

	for (size_t i = 0; i < pack->n_role; i++) {
		const char *inner = pack->role[i].name;
		bool had = !strcmp(inner, role) || !pack_role_includes(pack, role, inner), named = false;

		for (size_t m = 0; m < g->n_member_of && !had; m++)
			had = !strcmp(g->member_of[m].product, pack->name) &&
			      pack_role_includes(pack, inner, g->member_of[m].role);
		/* "front-end-server-cms" is a kind of "front-end-server", not a part of it: not every one is that too. */
		had = had || (!strncmp(inner, role, strlen(role)) && inner[strlen(role)] == '-');
		for (size_t q = 0; q < pack->n_requirement && !had && !named; q++)
			named = counts(k->d, &pack->requirement[q]) && names_role(&pack->requirement[q], inner, true);
		if (named && !binding_absent(k->binding, inner) && n++ < 4)
			text_addf(&missing, "%s%s", n > 1 ? ", " : "", inner);
	}
	snprintf(where, sizeof(where), "/portcullis:group[name='%s']/member-of[product='%s'][role='%s']", g->name,
	        pack->name, role);
	if (n)
		review_add(k->r->out, REMARK_WARNING, "composite-role", where,
		        "group %s has the role %s, which stands for several: requirements of %s%s do not reach it; "
		        "give it those roles that its hosts have",
		        g->name, role, text_str(&missing), n > 4 ? " and others" : "");
	text_fini(&missing);
}

/* What external hosts need would be asked of the internal addresses too, and the other way round. */
static void interfaces_review(const struct desk *k, const struct group *g, const struct membership *m)
{
	const struct pack *pack = k->binding->pack;
	const struct requirement *outside = NULL, *inside = NULL;
	char where[256];

	for (size_t q = 0; m->interface == INTERFACE_ANY && q < pack->n_requirement; q++) {
		const struct requirement *r = &pack->requirement[q];
		bool listens = pack_role_includes(pack, r->listener, m->role);

		if (!counts(k->d, r))
			continue;
		if (listens && r->interface == INTERFACE_EXTERNAL)
			outside = outside ? outside : r;
		else if (r->reach == REACH_SITE && (listens || names_role(r, m->role, true)))
			inside = inside ? inside : r;
	}
	snprintf(where, sizeof(where), "/portcullis:group[name='%s']/member-of[product='%s'][role='%s']/interface",
	        g->name, pack->name, m->role);
	if (outside && inside)
		review_add(k->r->out, REMARK_WARNING, "both-interfaces", where,
		        "hosts with the role %s have an external interface (%s) and an internal one (%s); make two "
		        "groups, one of each, and say so in interface",
		        m->role, outside->label, inside->label);
}

static bool has_flow(const struct reviewer *r, const struct deployment *d, const struct group *g)
{
	size_t len = strlen(g->name);

	for (size_t i = 0; i < r->flows->n; i++) {
		const struct flow *f = &r->flows->flow[i];

		if (!strcmp(f->deployment, d->name) &&
		        ((!strncmp(f->source, g->name, len) && (!f->source[len] || f->source[len] == '/')) ||
		                (!strncmp(f->destination, g->name, len) &&
		                        (!f->destination[len] || f->destination[len] == '/'))))
			return true;
	}
	return false;
}

/* Is there a requirement for what the group is, though there may be nobody on the other side. */
static bool is_asked_for(const struct desk *k, const struct group *g)
{
	const struct pack *pack = k->binding->pack;

	for (size_t q = 0; q < pack->n_requirement; q++) {
		const struct requirement *r = &pack->requirement[q];

		for (size_t m = 0; counts(k->d, r) && m < g->n_member_of; m++) {
			if (strcmp(g->member_of[m].product, pack->name) != 0)
				continue;
			if (pack_role_includes(pack, r->listener, g->member_of[m].role))
				return true;
			for (size_t i = 0; i < r->n_initiator; i++)
				if (pack_role_includes(pack, r->initiator[i].role, g->member_of[m].role))
					return true;
		}
	}
	return false;
}

static void groups_review(const struct desk *k)
{
	char where[256];

	for (size_t i = 0; i < k->d->n_group; i++) {
		const struct group *g = site_group_find(k->r->site, k->d->group[i]);

		for (size_t m = 0; m < g->n_member_of; m++)
			if (!strcmp(g->member_of[m].product, k->d->product)) {
				composite_review(k, g, g->member_of[m].role);
				interfaces_review(k, g, &g->member_of[m]);
			}
		snprintf(where, sizeof(where), "/portcullis:deployment[name='%s']/group[.='%s']", k->d->name, g->name);
		if (!has_flow(k->r, k->d, g) && !is_asked_for(k, g))
			review_add(k->r->out, REMARK_WARNING, "group-without-flow", where,
			        "no required flow of deployment %s is from or to group %s; give the group a role that "
			        "requirements name, or remove it from the deployment",
			        k->d->name, g->name);
	}
}

static void ranges_review(const struct desk *k)
{
	const uint32_t id = k->d->id;
	char where[256], ports[16];
	uint32_t last = 0;

	for (size_t i = 0; i < k->r->flows->n; i++) {
		const struct flow *f = &k->r->flows->flow[i];

		if (f->id.deployment != id || f->state != FLOW_NEEDS_RANGE || f->id.requirement == last)
			continue;
		last = f->id.requirement;
		snprintf(where, sizeof(where), "/portcullis:deployment[name='%s']/port-override[requirement='%s']",
		        k->d->name, f->requirement->label);
		port_range_print(f->ports, ports, sizeof(ports));
		review_add(k->r->out, REMARK_WARNING, "needs-range", where,
		        "%s waits for a range: set a port-override%s, or add it to accept-default-range (%s)",
		        f->requirement->label, f->requirement->configurable_minimum ? " of enough ports" : "", ports);
	}
}

static const struct requirement *requirement_of(const struct pack *pack, const char *label)
{
	for (size_t i = 0; i < pack->n_requirement; i++)
		if (!strcmp(pack->requirement[i].label, label))
			return &pack->requirement[i];
	return NULL;
}

static bool share_transport(const struct requirement *a, const struct requirement *b)
{
	for (size_t i = 0; i < a->n_flow; i++)
		for (size_t k = 0; k < b->n_flow; k++)
			if (a->flow[i].proto == b->flow[k].proto)
				return true;
	return false;
}

/* Two services of one host cannot take the same port. */
static void overrides_review(const struct desk *k)
{
	const struct pack *pack = k->binding->pack;
	char where[320], a_ports[16], b_ports[16];

	for (size_t i = 0; i < k->d->n_port_override; i++) {
		for (size_t j = 0; j < i; j++) {
			const struct port_override *a = &k->d->port_override[i], *b = &k->d->port_override[j];
			const struct requirement *x = requirement_of(pack, a->requirement),
			                         *y = requirement_of(pack, b->requirement);
			bool one_host = x && y && x != y &&
			                (pack_role_includes(pack, x->listener, y->listener) ||
			                        pack_role_includes(pack, y->listener, x->listener));

			if (!one_host || a->ports.hi < b->ports.lo || b->ports.hi < a->ports.lo ||
			        !share_transport(x, y))
				continue;
			snprintf(where, sizeof(where),
			        "/portcullis:deployment[name='%s']/port-override[requirement='%s'][variant='%u']",
			        k->d->name, a->requirement, a->variant);
			review_add(k->r->out, REMARK_WARNING, "ranges-overlap", where,
			        "the range %s of %s overlaps %s of %s on the same hosts; move one of them",
			        port_range_print(a->ports, a_ports, sizeof(a_ports)), a->requirement,
			        port_range_print(b->ports, b_ports, sizeof(b_ports)), b->requirement);
		}
	}
}

static bool is_checked(const struct reviewer *r, uint32_t deployment, uint32_t requirement)
{
	for (size_t i = 0; i < r->flows->n; i++) {
		const struct flow *f = &r->flows->flow[i];

		if (f->id.deployment == deployment && f->id.requirement == requirement &&
		        (f->state == FLOW_CHECK || f->state == FLOW_NEEDS_RANGE))
			return true;
	}
	return false;
}

static void conditions_review(const struct desk *k)
{
	const struct pack *pack = k->binding->pack;
	char where[256];

	for (size_t i = 0; i < pack->n_requirement; i++) {
		const struct requirement *r = &pack->requirement[i];

		if (!r->condition[0] || !is_checked(k->r, k->d->id, r->id))
			continue;
		snprintf(where, sizeof(where), "/portcullis:deployment[name='%s']", k->d->name);
		review_add(k->r->out, REMARK_NOTE, "condition", where,
		        "%s is needed only under the condition %s; where that does not hold, waive it or switch its "
		        "service off",
		        r->label, r->condition);
	}
}

static void pins_review(const struct desk *k)
{
	const struct pack *pack = k->binding->pack;
	char where[256];

	if (k->d->pack_digest[0])
		return;
	snprintf(where, sizeof(where), "/portcullis:deployment[name='%s']/pack-digest", k->d->name);
	review_add(k->r->out, REMARK_NOTE, "not-pinned", where,
	        "deployment %s follows whatever pack of %s is installed; pin version %s with digest %s", k->d->name,
	        pack->name, pack->version, pack->digest);
}

void review_deployments(const struct reviewer *r)
{
	const struct network unknown = {0};
	struct parties parties;
	struct error err;

	/* Who has a role does not depend on routes. */
	if (parties_build(r->site, &unknown, &parties, &err)) {
		review_error(r->out, "places", &err);
		return;
	}
	for (size_t i = 0; i < r->site->n_deployment; i++) {
		struct binding binding;
		struct desk desk = {r, &r->site->deployment[i], &binding};

		if (binding_build(r->site, r->catalog, &parties, desk.d, &binding, &err)) {
			review_error(r->out, "deployment", &err);
			continue;
		}
		roles_review(&desk);
		groups_review(&desk);
		ranges_review(&desk);
		overrides_review(&desk);
		conditions_review(&desk);
		pins_review(&desk);
		binding_fini(&binding);
	}
	parties_fini(&parties);
}
