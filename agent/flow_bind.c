/*
 * In: a deployment, its pack and the groups of the site. Out: for each role the parties that have it, whether it is
 * declared absent, and which balancer stands before a listener. Refused: a product or group that does not exist, a pin
 * that the pack does not meet.
 *
 * A role of kind load-balancer is had by groups that are members of it, and by the balancer of every group that has
 * virtual addresses and the role behind it: the one that it includes, or that its name says ("director-load-balancer"
 * stands before "director" or "director-server").
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow_derive.h"
#include "portcullis/alloc.h"
#include "portcullis/pins.h"

#define ROLE_DEPTH 16
#define BALANCER_WORD "-load-balancer"

void bound_set_add(struct bound_set *set, const struct party *party, bool foreign)
{
	set->item = xgrow(set->item, set->n, &set->cap, sizeof(*set->item));
	set->item[set->n++] = (struct bound){party, foreign, BASIS_STATED};
}

static int bound_cmp(const void *a, const void *b)
{
	const struct bound *x = a, *y = b;

	if (x->party != y->party)
		return x->party < y->party ? -1 : 1;
	if (x->foreign != y->foreign)
		return x->foreign ? 1 : -1;
	return (int)x->basis - (int)y->basis; /* what is stated outranks what is inferred */
}

void bound_set_unique(struct bound_set *set)
{
	size_t n = 0;

	if (set->n)
		qsort(set->item, set->n, sizeof(*set->item), bound_cmp);
	for (size_t i = 0; i < set->n; i++)
		if (!n || set->item[n - 1].party != set->item[i].party)
			set->item[n++] = set->item[i];
	set->n = n;
}

const struct bound *bound_set_find(const struct bound_set *set, const struct party *party)
{
	size_t lo = 0, hi = set->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (set->item[mid].party == party)
			return &set->item[mid];
		if (set->item[mid].party < party)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

void bound_set_fini(struct bound_set *set)
{
	free(set->item);
	*set = (struct bound_set){0};
}

static int members_add(struct binding *b, const struct deployment *d, bool foreign, struct error *err)
{
	char where[256];

	for (size_t i = 0; i < d->n_group; i++) {
		const struct party *party = parties_group(b->parties, d->group[i]);

		if (!party) {
			snprintf(where, sizeof(where), "/portcullis:deployment[name='%s']/group[.='%s']", d->name,
			        d->group[i]);
			return error_set(err, ERR_INVALID, where,
			        "deployment %s names group %s, which does not exist; add the group or remove the name",
			        d->name, d->group[i]);
		}
		bound_set_add(&b->member, party, foreign);
	}
	return 0;
}

int binding_build(const struct site *site, const struct catalog *catalog, const struct parties *parties,
        const struct deployment *d, struct binding *out, struct error *err)
{
	struct binding b = {
	        .deployment = d, .pack = deployment_pack(catalog, d), .parties = parties, .catalog = catalog};
	char where[256];
	int result;

	*out = (struct binding){0};
	snprintf(where, sizeof(where), "/portcullis:deployment[name='%s']/product", d->name);
	if (!b.pack)
		return error_set(err, ERR_INVALID, where,
		        "deployment %s is of product %s, which no catalog pack describes; add the pack or correct the "
		        "name",
		        d->name, d->product);
	snprintf(where, sizeof(where), "/portcullis:deployment[name='%s']/pack-digest", d->name);
	if (d->pack_digest[0] && strcmp(d->pack_digest, b.pack->digest) != 0)
		return error_set(err, ERR_INVALID, where,
		        "deployment %s pins digest %s of %s, but the loaded pack has digest %s; load the pinned pack "
		        "or change the pin",
		        d->name, d->pack_digest, d->product, b.pack->digest);
	b.role = xcalloc(b.pack->n_role + 1, sizeof(*b.role));
	b.known = xcalloc(b.pack->n_role + 1, sizeof(*b.known));
	result = members_add(&b, d, false, err);
	for (size_t i = 0; !result && i < d->n_coexists_with; i++) {
		const struct deployment *other = site_deployment_find(site, d->coexists_with[i]);

		if (other && other != d)
			result = members_add(&b, other, true, err);
	}
	bound_set_unique(&b.member);
	if (result)
		binding_fini(&b);
	else
		*out = b;
	return result;
}

void binding_fini(struct binding *b)
{
	for (size_t i = 0; b->role && i < b->pack->n_role; i++)
		bound_set_fini(&b->role[i]);
	free(b->role);
	free(b->known);
	bound_set_fini(&b->member);
	*b = (struct binding){0};
}

/* Does the role replace one of another pack, itself or through packs between the two. */
static bool succeeds(const struct catalog *catalog, const struct pack *pack, const char *name, const struct pack *other,
        const char *wanted, size_t depth)
{
	const struct role *role = pack_role_find(pack, name);

	if (!role || !role->successor_of)
		return false;
	if (!strcmp(role->successor_of, wanted))
		return true;
	for (size_t i = 0; depth && i < catalog->n_pack; i++)
		if (strcmp(catalog->pack[i].name, pack->name) != 0 && strcmp(catalog->pack[i].name, other->name) != 0 &&
		        succeeds(catalog, &catalog->pack[i], role->successor_of, other, wanted, depth - 1))
			return true;
	return false;
}

/* The pack of another product: the one that a deployment is for that this one coexists with, else the installed one. */
static const struct pack *other_pack(const struct binding *b, const char *product)
{
	for (size_t i = 0; i < b->deployment->n_coexists_with; i++) {
		const struct deployment *d = site_deployment_find(b->parties->site, b->deployment->coexists_with[i]);

		if (d && !strcmp(d->product, product))
			return deployment_pack(b->catalog, d);
	}
	return catalog_find(b->catalog, product);
}

/* Is a role of this pack the counterpart of what a group is in another product: same-named, or one replaces the other. */
static bool corresponds(const struct binding *b, const struct membership *m, const char *role)
{
	const struct pack *other = other_pack(b, m->product);

	if (!strcmp(m->role, role))
		return true;
	return other && (succeeds(b->catalog, b->pack, role, other, m->role, b->catalog->n_pack) ||
	                        succeeds(b->catalog, other, m->role, b->pack, role, b->catalog->n_pack));
}

struct position {
	size_t membership, role;
};

/* Roles of this pack that a member has, one by one, then NULL; start with {0}. Foreign ones bring other products too. */
static const char *next_role(const struct binding *b, const struct bound *member, struct position *at)
{
	const struct group *g = member->party->group;

	for (; at->membership < g->n_member_of; at->membership++, at->role = 0) {
		const struct membership *m = &g->member_of[at->membership];
		bool own = !strcmp(m->product, b->pack->name);

		if (own && !at->role++)
			return m->role;
		while (!own && member->foreign && at->role < b->pack->n_role) {
			const char *role = b->pack->role[at->role++].name;

			if (corresponds(b, m, role))
				return role;
		}
	}
	return NULL;
}

static bool is_balancer_role(const struct pack *pack, const char *name)
{
	const struct role *role = pack_role_find(pack, name);

	return role && role->kind == ROLE_LOAD_BALANCER;
}

static bool stands_before(const struct pack *pack, const char *balancer, const char *server)
{
	const char *word = strstr(balancer, BALANCER_WORD);
	char name[160];

	if (pack_role_includes(pack, balancer, server))
		return true;
	if (!word)
		return false;
	snprintf(name, sizeof(name), "%.*s-server%s", (int)(word - balancer), balancer, word + strlen(BALANCER_WORD));
	if (!strcmp(name, server))
		return true;
	snprintf(name, sizeof(name), "%.*s%s", (int)(word - balancer), balancer, word + strlen(BALANCER_WORD));
	return !strcmp(name, server);
}

/* Does some role of the group satisfy the wanted one, as itself or (behind) as what stands behind a balancer. */
static bool group_has(const struct binding *b, const struct bound *member, const char *wanted, bool behind)
{
	struct position at = {0};
	const char *role;

	while ((role = next_role(b, member, &at)))
		if (behind ? stands_before(b->pack, wanted, role) : pack_role_includes(b->pack, wanted, role))
			return true;
	return false;
}

static bool group_is_balancer(const struct binding *b, const struct bound *member, const char *wanted)
{
	struct position at = {0};
	const char *role;

	while ((role = next_role(b, member, &at)))
		if (is_balancer_role(b->pack, role) && pack_role_includes(b->pack, wanted, role))
			return true;
	return false;
}

static void bind_members(const struct binding *b, const char *role, struct bound_set *out)
{
	bool balancer = is_balancer_role(b->pack, role);

	for (size_t i = 0; i < b->member.n; i++) {
		const struct bound *m = &b->member.item[i];
		const struct group *g = m->party->group;

		if (balancer ? group_is_balancer(b, m, role) : group_has(b, m, role, false))
			bound_set_add(out, m->party, m->foreign);
		if (balancer && g->lb_kind != LB_KIND_NONE && g->n_virtual_address && group_has(b, m, role, true))
			bound_set_add(out, party_balancer(m->party), m->foreign);
	}
	bound_set_unique(out);
}

void binding_role(struct binding *b, const char *name, struct bound_set *out)
{
	const struct role *role = pack_role_find(b->pack, name);
	struct bound_set *set;

	if (!strcmp(name, "any")) {
		bound_set_add(out, parties_any(b->parties), false);
		return;
	}
	if (role) {
		set = &b->role[role - b->pack->role];
		if (!b->known[role - b->pack->role])
			bind_members(b, name, set);
		b->known[role - b->pack->role] = true;
		for (size_t i = 0; i < set->n; i++)
			bound_set_add(out, set->item[i].party, set->item[i].foreign);
	}
	if (!out->n && !strcmp(name, "external") && !binding_absent(b, name))
		bound_set_add(out, parties_external(b->parties), false);
}

/* Where the requirement does not say, its reach does; who connects is on the side of its reach. */
static enum requirement_interface side_of(const struct requirement *r, const char *role)
{
	if (r->interface != INTERFACE_ANY && !strcmp(r->listener, role))
		return r->interface;
	return r->reach == REACH_EXTERNAL ? INTERFACE_EXTERNAL : INTERFACE_INTERNAL;
}

static bool is_on_side(
        const struct binding *b, const struct bound *bound, const char *role, enum requirement_interface side)
{
	const struct group *g = bound->party->group;
	bool with_role = false, others = !g;

	for (size_t i = 0; g && i < g->n_member_of; i++) {
		const struct membership *m = &g->member_of[i];
		bool on_side = m->interface == INTERFACE_ANY || m->interface == side;

		others = others || on_side;
		if (!strcmp(m->product, b->pack->name) && !pack_role_includes(b->pack, role, m->role))
			continue;
		if (on_side)
			return true;
		with_role = true;
	}
	return !with_role && others;
}

void binding_keep(const struct binding *b, const struct requirement *r, const char *role, struct bound_set *set)
{
	enum requirement_interface side = side_of(r, role);
	size_t n = 0;

	for (size_t i = 0; i < set->n; i++)
		if (is_on_side(b, &set->item[i], role, side))
			set->item[n++] = set->item[i];
	set->n = n;
}

static bool absent(const struct binding *b, const char *name, unsigned depth)
{
	const struct role *role = pack_role_find(b->pack, name);

	for (size_t i = 0; i < b->deployment->n_role_absent; i++)
		if (pack_role_includes(b->pack, b->deployment->role_absent[i], name))
			return true;
	if (!role || !role->n_include || depth >= ROLE_DEPTH)
		return false;
	for (size_t i = 0; i < role->n_include; i++)
		if (!absent(b, role->include[i], depth + 1))
			return false;
	return true;
}

bool binding_absent(const struct binding *b, const char *role)
{
	return absent(b, role, 0);
}

static bool balances(const struct binding *b, const struct bound *balancer, const struct bound *listener)
{
	struct position at = {0}, behind;
	const char *role, *server;

	while ((role = next_role(b, balancer, &at))) {
		if (!is_balancer_role(b->pack, role))
			continue;
		behind = (struct position){0};
		while ((server = next_role(b, listener, &behind)))
			if (stands_before(b->pack, role, server))
				return true;
	}
	return false;
}

/* A group that is itself the load balancer of one of these members' roles. */
static const struct party *balancer_group(const struct binding *b, const struct party *listener)
{
	const struct bound members = {listener, true, BASIS_STATED};

	for (size_t i = 0; i < b->member.n; i++)
		if (b->member.item[i].party != listener && balances(b, &b->member.item[i], &members))
			return b->member.item[i].party;
	return NULL;
}

const struct party *binding_balancer(const struct binding *b, const struct party *listener, const struct requirement *r)
{
	const struct group *g = listener->group;
	bool balanced;

	if (!g || listener->id != g->id)
		return NULL;
	balanced = (g->lb_kind == LB_KIND_HARDWARE && r->lb_need != LB_NEED_NONE) ||
	           (g->lb_kind == LB_KIND_DNS_WITH_WEB_VIP && r->lb_need == LB_NEED_HLB_ALWAYS);
	if (!balanced || is_balancer_role(b->pack, r->listener))
		return NULL;
	return g->n_virtual_address ? party_balancer(listener) : balancer_group(b, listener);
}
