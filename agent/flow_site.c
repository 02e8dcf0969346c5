/*
 * In: a site as config/ makes it, and the catalog. Out: whether flows can be derived from it. Refused: names that nothing
 * has, pins that no pack meets, ids, addresses and interfaces that two objects claim, ranges that the product does not
 * allow; each with its instance path and a remedy.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow_site.h"
#include "portcullis/alloc.h"

/* Above these the numbers of any, external and their balancers begin. */
#define ID_MAX 0x7ffffffdu

void checker_at(struct checker *c, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(c->where, sizeof(c->where), format, args);
	va_end(args);
}

const struct group *checker_group(const struct checker *c, const char *name)
{
	size_t lo = 0, hi = c->site->n_group;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int order = strcmp(name, c->by_name[mid]->name);

		if (!order)
			return c->by_name[mid];
		if (order < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

static int group_name_cmp(const void *a, const void *b)
{
	return strcmp((*(const struct group *const *)a)->name, (*(const struct group *const *)b)->name);
}

/* The three kinds of objects that have a name and an id. */
struct object {
	const char *name;
	uint32_t id;
};

static int object_id_cmp(const void *a, const void *b)
{
	const struct object *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int object_name_cmp(const void *a, const void *b)
{
	return strcmp(((const struct object *)a)->name, ((const struct object *)b)->name);
}

/* Sorts object. */
static int objects_check(struct checker *c, const char *kind, struct object *object, size_t n)
{
	qsort(object, n, sizeof(*object), object_name_cmp);
	for (size_t i = 1; i < n; i++) {
		checker_at(c, "/portcullis:%s[name='%s']", kind, object[i].name);
		if (!strcmp(object[i].name, object[i - 1].name))
			return error_set(c->err, ERR_INVALID, c->where,
			        "two objects of kind %s have the name %s; rename one", kind, object[i].name);
	}
	qsort(object, n, sizeof(*object), object_id_cmp);
	for (size_t i = 0; i < n; i++) {
		checker_at(c, "/portcullis:%s[name='%s']/id", kind, object[i].name);
		if (!object[i].id || object[i].id > ID_MAX)
			return error_set(c->err, ERR_INVALID, c->where, "%s %s has the id %u; choose one from 1 to %u",
			        kind, object[i].name, object[i].id, ID_MAX);
		if (i && object[i].id == object[i - 1].id)
			return error_set(c->err, ERR_INVALID, c->where,
			        "%s %s has the id %u of %s %s; give one of them another id", kind, object[i].name,
			        object[i].id, kind, object[i - 1].name);
	}
	return 0;
}

static int identities_check(struct checker *c)
{
	const struct site *s = c->site;
	size_t most = s->n_group > s->n_deployment ? s->n_group : s->n_deployment;
	struct object *object = xcalloc((most > s->n_zone ? most : s->n_zone) + 1, sizeof(*object));
	int result;

	for (size_t i = 0; i < s->n_group; i++)
		object[i] = (struct object){s->group[i].name, s->group[i].id};
	result = objects_check(c, "group", object, s->n_group);
	for (size_t i = 0; i < s->n_deployment; i++)
		object[i] = (struct object){s->deployment[i].name, s->deployment[i].id};
	if (!result)
		result = objects_check(c, "deployment", object, s->n_deployment);
	for (size_t i = 0; i < s->n_zone; i++)
		object[i] = (struct object){s->zone[i].name, s->zone[i].id};
	if (!result)
		result = objects_check(c, "zone", object, s->n_zone);
	free(object);
	return result;
}

/* An address that two groups claim would make two owners of one box. */
struct claim {
	enum family family;
	struct range range;
	const struct group *group;
	const char *leaf;
};

static int claim_cmp(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;

	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	if (x->range.lo != y->range.lo)
		return x->range.lo < y->range.lo ? -1 : 1;
	if (x->range.hi != y->range.hi)
		return x->range.hi < y->range.hi ? -1 : 1;
	return strcmp(x->group->name, y->group->name);
}

static int claims_compare(struct checker *c, struct claim *claim, size_t n)
{
	char text[96];

	qsort(claim, n, sizeof(*claim), claim_cmp);
	for (size_t i = 1; i < n; i++) {
		const struct claim *a = &claim[i - 1], *b = &claim[i];

		if (a->family != b->family || a->range.lo != b->range.lo || a->range.hi != b->range.hi ||
		        a->group == b->group)
			continue;
		range_print(b->family, b->range, text, sizeof(text));
		checker_at(c, "/portcullis:group[name='%s']/%s[.='%s']", b->group->name, b->leaf, text);
		return error_set(c->err, ERR_INVALID, c->where,
		        "%s belongs to group %s and to group %s; list it in one of them, with the roles of both", text,
		        a->group->name, b->group->name);
	}
	return 0;
}

static int claims_check(struct checker *c)
{
	struct claim *claim = NULL;
	size_t n = 0, cap = 0;
	int result = 0;

	for (size_t i = 0; i < c->site->n_group; i++) {
		const struct group *g = &c->site->group[i];

		for (size_t k = 0; k < g->n_address + g->n_virtual_address; k++) {
			bool own = k < g->n_address;
			const struct prefix *p = own ? &g->address[k] : &g->virtual_address[k - g->n_address];

			claim = xgrow(claim, n, &cap, sizeof(*claim));
			claim[n++] = (struct claim){
			        p->family, p->range, g, own ? "address" : "load-balancing/virtual-address"};
		}
	}
	if (n)
		result = claims_compare(c, claim, n);
	free(claim);
	return result;
}

/* Beside the installed pack of a product there may be others that deployments pin. */
static const struct role *role_of(const struct catalog *catalog, const struct membership *m)
{
	const struct role *role = NULL;

	for (size_t i = 0; !role && i < catalog->n_pack; i++)
		if (!strcmp(catalog->pack[i].name, m->product))
			role = pack_role_find(&catalog->pack[i], m->role);
	return role;
}

static int member_check(struct checker *c, const struct group *g, const struct membership *m)
{

	checker_at(c, "/portcullis:group[name='%s']/member-of[product='%s'][role='%s']", g->name, m->product, m->role);
	if (!catalog_find(c->catalog, m->product))
		return error_set(c->err, ERR_INVALID, c->where,
		        "group %s is a member of product %s, which no catalog pack describes; add the pack or correct "
		        "the name",
		        g->name, m->product);
	if (!role_of(c->catalog, m))
		return error_set(c->err, ERR_INVALID, c->where,
		        "group %s has the role %s, which product %s does not know; choose a role of its pack", g->name,
		        m->role, m->product);
	return 0;
}

static int published_check(struct checker *c, const struct group *g, const struct published *p)
{
	char text[64];

	addr_print(p->family, p->address, text, sizeof(text));
	checker_at(c, "/portcullis:group[name='%s']/published[address='%s'][transport='%s'][lower='%u']", g->name, text,
	        p->proto ? proto_name(p->proto) : "any", p->proto ? p->external.lo : 0);
	if (p->seen_from[0] && !site_zone_find(c->site, p->seen_from))
		return error_set(c->err, ERR_INVALID, c->where,
		        "the published address %s of group %s is seen from zone %s, which does not exist; add the zone "
		        "or correct "
		        "the name",
		        text, g->name, p->seen_from);
	if (p->proto && (p->external.hi < p->external.lo || p->internal.hi < p->internal.lo ||
	                        p->external.hi - p->external.lo != p->internal.hi - p->internal.lo))
		return error_set(c->err, ERR_INVALID, c->where,
		        "the published ports %u-%u of group %s stand for the ports %u-%u; give both ranges the same "
		        "size",
		        p->external.lo, p->external.hi, g->name, p->internal.lo, p->internal.hi);
	return 0;
}

/* A group of a load-balancer role can stand before pools that have no virtual address of their own. */
static bool has_balancer_group(const struct checker *c)
{
	for (size_t i = 0; i < c->site->n_group; i++) {
		const struct group *g = &c->site->group[i];

		for (size_t k = 0; k < g->n_member_of; k++) {
			const struct role *role = role_of(c->catalog, &g->member_of[k]);

			if (role && role->kind == ROLE_LOAD_BALANCER)
				return true;
		}
	}
	return false;
}

static int group_check(struct checker *c, const struct group *g)
{
	checker_at(c, "/portcullis:group[name='%s']", g->name);
	if (!strcmp(g->name, "any") || !strcmp(g->name, "external"))
		return error_set(c->err, ERR_INVALID, c->where,
		        "the group name %s has a meaning of its own; give the group another name", g->name);
	for (size_t i = 0; i < g->n_member_of; i++)
		if (member_check(c, g, &g->member_of[i]))
			return -1;
	checker_at(c, "/portcullis:group[name='%s']/zone", g->name);
	if (g->zone[0] && !site_zone_find(c->site, g->zone))
		return error_set(c->err, ERR_INVALID, c->where,
		        "group %s is in zone %s, which does not exist; add the zone or correct the name", g->name,
		        g->zone);
	for (size_t i = 0; i < g->n_published; i++)
		if (published_check(c, g, &g->published[i]))
			return -1;
	checker_at(c, "/portcullis:group[name='%s']/load-balancing", g->name);
	if (g->lb_kind != LB_KIND_NONE && !g->n_virtual_address && !has_balancer_group(c))
		return error_set(c->err, ERR_INVALID, c->where,
		        "group %s is load balanced, but has no virtual address and no group has a load balancer's "
		        "role; add a "
		        "virtual-address or set the kind to none",
		        g->name);
	return 0;
}

/* The first zone before zone i that has the interface, or NULL. */
static const struct zone *earlier_zone(const struct site *site, size_t i, const char *ifname)
{
	for (size_t j = 0; j < i; j++)
		for (size_t k = 0; k < site->zone[j].n_interface; k++)
			if (!strcmp(site->zone[j].interface[k], ifname))
				return &site->zone[j];
	return NULL;
}

static int zones_check(struct checker *c)
{
	for (size_t i = 0; i < c->site->n_zone; i++) {
		const struct zone *zone = &c->site->zone[i];

		for (size_t k = 0; k < zone->n_interface; k++) {
			const struct zone *other = earlier_zone(c->site, i, zone->interface[k]);

			if (!other)
				continue;
			checker_at(c, "/portcullis:zone[name='%s']/interface[.='%s']", zone->name, zone->interface[k]);
			return error_set(c->err, ERR_INVALID, c->where,
			        "interface %s is in zone %s and in zone %s; leave it in one of them",
			        zone->interface[k], other->name, zone->name);
		}
	}
	return 0;
}

static int exceptions_check(struct checker *c)
{
	for (size_t i = 0; i < c->site->n_allowance; i++) {
		const struct allowance *a = &c->site->allowance[i];

		checker_at(c, "/portcullis:allowance[name='%s']/port", a->name);
		if (a->ports.hi < a->ports.lo)
			return error_set(c->err, ERR_INVALID, c->where,
			        "allowance %s has the ports %u-%u; give an upper port that is not below the lower one",
			        a->name, a->ports.lo, a->ports.hi);
		if ((a->proto == PROTO_ICMP || a->proto == PROTO_ICMPV6) && (a->ports.lo != 0 || a->ports.hi != 65535))
			return error_set(c->err, ERR_INVALID, c->where,
			        "allowance %s has ports, but %s has none; remove the port or choose tcp or udp",
			        a->name, proto_name(a->proto));
	}
	for (size_t i = 0; i < c->site->n_tolerated_source; i++) {
		const struct tolerated_source *t = &c->site->tolerated_source[i];
		char family[8], table[64], name[64], rest;

		checker_at(c, "/portcullis:tolerated-source[name='%s']", t->name);
		if (!t->n_prefix && !t->set[0])
			return error_set(c->err, ERR_INVALID, c->where,
			        "tolerated source %s has neither a prefix nor a set; add one or remove it", t->name);
		checker_at(c, "/portcullis:tolerated-source[name='%s']/set", t->name);
		if (t->set[0] && sscanf(t->set, "%7s %63s %63s %c", family, table, name, &rest) != 3)
			return error_set(c->err, ERR_INVALID, c->where,
			        "tolerated source %s names the set '%s'; write family, table and name, as in 'inet "
			        "filter blocklist'",
			        t->name, t->set);
	}
	return 0;
}

static int site_walk(struct checker *c)
{
	if (identities_check(c) || zones_check(c))
		return -1;
	for (size_t i = 0; i < c->site->n_group; i++)
		if (group_check(c, &c->site->group[i]))
			return -1;
	if (claims_check(c))
		return -1;
	for (size_t i = 0; i < c->site->n_deployment; i++)
		if (checker_deployment(c, &c->site->deployment[i]))
			return -1;
	return exceptions_check(c) ? -1 : checker_firewall(c);
}

int site_check(const struct site *site, const struct catalog *catalog, struct error *err)
{
	struct checker c = {.site = site, .catalog = catalog, .err = err};
	int result;

	c.by_name = xcalloc(site->n_group + 1, sizeof(*c.by_name));
	for (size_t i = 0; i < site->n_group; i++)
		c.by_name[i] = &site->group[i];
	qsort(c.by_name, site->n_group, sizeof(*c.by_name), group_name_cmp);
	result = site_walk(&c);
	free(c.by_name);
	return result;
}
