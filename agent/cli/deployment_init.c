/*
 * In: a pack. Out: a deployment of its product to fill in, as instance data of portcullis.yang: a group per role that its
 * requirements ask for, with addresses that are reserved for documents, zones, ranges, and the roles taken to be absent.
 * Nothing is refused.
 *
 * A role is asked for where a requirement that is neither optional nor conditional has it as listener, or a document
 * states it as initiator. Roles that stand for others, as "all-servers", have no group: those inside them have.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/deployment.h"
#include "portcullis/alloc.h"

#define FIRST_RANGE 50020u
#define RANGE_MIN 20u
#define PORT_MAX 65535u

enum seat { SEAT_NONE, SEAT_CLIENTS, SEAT_OWN, SEAT_WITH_ANOTHER };

/* What becomes of each role of the pack. */
struct plan {
	const struct pack *pack;
	enum seat *seat; /* by position in pack->role */
	size_t *host; /* of SEAT_WITH_ANOTHER: the role in whose group it is */
};

static bool is_named(const struct requirement *r, const char *role)
{
	if (strcmp(r->listener, role) == 0)
		return true;
	for (size_t i = 0; i < r->n_initiator; i++)
		if (strcmp(r->initiator[i].role, role) == 0)
			return true;
	return false;
}

static bool is_named_anywhere(const struct pack *pack, const char *role)
{
	for (size_t i = 0; i < pack->n_requirement; i++)
		if (is_named(&pack->requirement[i], role))
			return true;
	return false;
}

static bool is_plain(const struct requirement *r)
{
	return !r->optional && r->condition[0] == '\0' && r->reach != REACH_SAME_HOST;
}

static bool is_stated_initiator(const struct requirement *r, const char *role)
{
	for (size_t i = 0; i < r->n_initiator; i++)
		if (r->initiator[i].basis == BASIS_STATED && strcmp(r->initiator[i].role, role) == 0)
			return true;
	return false;
}

/* A role whose own ports are all conditional, as those of a collocated service, is conditional itself. */
static bool is_asked_for(const struct pack *pack, const char *role)
{
	bool listens = false, listens_plain = false, connects = false;
	for (size_t i = 0; i < pack->n_requirement; i++) {
		const struct requirement *r = &pack->requirement[i];
		bool listener = strcmp(r->listener, role) == 0 && r->reach != REACH_SAME_HOST;
		listens = listens || listener;
		listens_plain = listens_plain || (listener && is_plain(r));
		connects = connects || (is_plain(r) && is_stated_initiator(r, role));
	}
	return listens ? listens_plain : connects;
}

/* "front-end-server-cms" is a kind of "front-end-server": some of its hosts are that too. */
static bool is_kind_of(const char *name, const char *role)
{
	size_t len = strlen(role);
	return strncmp(name, role, len) == 0 && name[len] == '-';
}

/* Stands for other roles that requirements name, so that nobody is just that. */
static bool stands_for_others(const struct pack *pack, const char *role)
{
	for (size_t i = 0; i < pack->n_role; i++) {
		const char *inner = pack->role[i].name;
		if (strcmp(inner, role) != 0 && !is_kind_of(inner, role) && pack_role_includes(pack, role, inner) &&
		        is_named_anywhere(pack, inner))
			return true;
	}
	return false;
}

static bool client_is_asked_for(const struct pack *pack, const char *role)
{
	for (size_t i = 0; i < pack->n_role; i++)
		if (pack_role_includes(pack, pack->role[i].name, role) && is_asked_for(pack, pack->role[i].name))
			return true;
	return false;
}

static enum seat seat_of(const struct plan *p, const struct role *role)
{
	if (role->kind == ROLE_EXTERNAL || role->kind == ROLE_LOAD_BALANCER)
		return SEAT_NONE;
	if (role->kind == ROLE_CLIENT)
		return role->n_include == 0 && client_is_asked_for(p->pack, role->name) ? SEAT_CLIENTS : SEAT_NONE;
	return is_asked_for(p->pack, role->name) && !stands_for_others(p->pack, role->name) ? SEAT_OWN : SEAT_NONE;
}

static void plan_build(const struct pack *pack, struct plan *out)
{
	*out = (struct plan){.pack = pack};
	out->seat = xcalloc(pack->n_role, sizeof(*out->seat));
	out->host = xcalloc(pack->n_role, sizeof(*out->host));
	for (size_t i = 0; i < pack->n_role; i++)
		out->seat[i] = seat_of(out, &pack->role[i]);
	for (size_t i = 0; i < pack->n_role; i++) {
		for (size_t k = 0; k < pack->n_role && out->seat[i] == SEAT_OWN; k++) {
			if (out->seat[k] != SEAT_OWN || !is_kind_of(pack->role[i].name, pack->role[k].name))
				continue;
			out->seat[i] = SEAT_WITH_ANOTHER;
			out->host[i] = k;
		}
	}
}

static void plan_fini(struct plan *p)
{
	free(p->seat);
	free(p->host);
}

static void add_string(json_t *list, const char *format, unsigned number)
{
	char *text = xasprintf(format, number);
	json_array_append_new(list, json_string(text));
	free(text);
}

static void add_member(json_t *group, const struct pack *pack, const char *role)
{
	json_array_append_new(
	        json_object_get(group, "member-of"), json_pack("{ssss}", "product", pack->name, "role", role));
}

static json_t *group_new(const char *name, const char *zone, const char *description)
{
	return json_pack("{sssssososs}", "name", name, "description", description, "member-of", json_array(), "address",
	        json_array(), "zone", zone);
}

static json_t *clients_build(const struct plan *p)
{
	json_t *group = group_new("clients", "clients", "Replace the addresses by the networks that clients are in."),
	       *address = json_object_get(group, "address");
	for (size_t i = 0; i < p->pack->n_role; i++)
		if (p->seat[i] == SEAT_CLIENTS)
			add_member(group, p->pack, p->pack->role[i].name);
	add_string(address, "198.51.100.0/24", 0);
	add_string(address, "2001:db8:c::/48", 0);
	return group;
}

static bool meets_external(const struct pack *pack, const char *role)
{
	for (size_t i = 0; i < pack->n_requirement; i++) {
		const struct requirement *r = &pack->requirement[i];
		if (strcmp(r->listener, role) == 0 && (r->reach == REACH_EXTERNAL || is_named(r, "external")))
			return true;
	}
	return false;
}

/* Is more asked of it than external hosts do. */
static bool meets_the_site(const struct pack *pack, const char *role)
{
	for (size_t i = 0; i < pack->n_requirement; i++)
		if (pack->requirement[i].reach == REACH_SITE && is_named(&pack->requirement[i], role))
			return true;
	return false;
}

/* The addresses of one interface of the hosts with a role; "any": they have one. */
static json_t *own_build(const struct plan *p, size_t role, const char *interface, const char *zone, unsigned number)
{
	const struct role *r = &p->pack->role[role];
	bool outside = strcmp(interface, "external") == 0;
	char *name = xasprintf("%s%s%s", r->name, strcmp(interface, "any") != 0 ? "-" : "",
	        strcmp(interface, "any") != 0 ? interface : "");
	json_t *group = group_new(name, zone,
	               "Replace the addresses by those of the hosts that have this role, or remove the group."),
	       *address = json_object_get(group, "address");
	free(name);
	add_member(group, p->pack, r->name);
	for (size_t i = 0; i < p->pack->n_role; i++)
		if (p->seat[i] == SEAT_WITH_ANOTHER && p->host[i] == role)
			add_member(group, p->pack, p->pack->role[i].name);
	size_t i;
	json_t *member;
	json_array_foreach(json_object_get(group, "member-of"), i, member) if (strcmp(interface, "any") != 0)
	        json_object_set_new(member, "interface", json_string(interface));
	add_string(address, outside ? "203.0.113.%u" : "192.0.2.%u", number);
	add_string(address, "2001:db8:%u::10", number);
	return group;
}

static json_t *groups_build(const struct plan *p)
{
	json_t *list = json_array(), *clients = clients_build(p);
	unsigned number = 10;
	if (json_array_size(json_object_get(clients, "member-of")) > 0)
		json_array_append(list, clients);
	json_decref(clients);
	for (size_t i = 0; i < p->pack->n_role; i++) {
		const struct role *r = &p->pack->role[i];
		bool outside = meets_external(p->pack, r->name), both = outside && meets_the_site(p->pack, r->name);
		const char *zone = outside ? "perimeter" : r->kind == ROLE_DEVICE ? "clients" : "servers";
		if (p->seat[i] != SEAT_OWN)
			continue;
		json_array_append_new(list, own_build(p, i, both ? "internal" : "any", zone, number++));
		if (both)
			json_array_append_new(list, own_build(p, i, "external", "outside", number++));
	}
	return list;
}

static bool is_bound(const struct plan *p, const char *role)
{
	for (size_t i = 0; i < p->pack->n_role; i++)
		if (p->seat[i] != SEAT_NONE && pack_role_includes(p->pack, role, p->pack->role[i].name))
			return true;
	return false;
}

static json_t *absent_build(const struct plan *p)
{
	json_t *list = json_array();
	for (size_t i = 0; i < p->pack->n_role; i++) {
		const struct role *r = &p->pack->role[i];
		if (r->kind != ROLE_EXTERNAL && is_named_anywhere(p->pack, r->name) && !is_bound(p, r->name))
			json_array_append_new(list, json_string(r->name));
	}
	return list;
}

/* Ranges that a site chooses get an example each, beside one another; those of the product are accepted. */
static void ranges_build(const struct pack *pack, json_t *deployment)
{
	json_t *overrides = json_array(), *accepted = json_array();
	unsigned next = FIRST_RANGE;
	for (size_t i = 0; i < pack->n_requirement; i++) {
		const struct requirement *r = &pack->requirement[i];
		unsigned n = r->configurable_minimum > RANGE_MIN ? r->configurable_minimum : RANGE_MIN;
		if (r->class != CLASS_CLIENT_MEDIA && r->class != CLASS_PEER_TO_PEER)
			continue;
		if (r->configurable_minimum == 0 || next + n - 1 > PORT_MAX) {
			json_array_append_new(accepted, json_string(r->label));
			continue;
		}
		json_array_append_new(overrides, json_pack("{sssisisi}", "requirement", r->label, "variant", 0, "lower",
		                                         (int)next, "upper", (int)(next + n - 1)));
		next += n;
	}
	json_object_set_new(deployment, "port-override", overrides);
	json_object_set_new(deployment, "accept-default-range", accepted);
}

static json_t *deployment_build(const struct plan *p, const json_t *groups)
{
	const struct pack *pack = p->pack;
	json_t *d = json_pack("{ssssssssss}", "name", pack->name, "description",
	        "Check role-absent and the ranges; addresses, zones and interfaces are placeholders.", "product",
	        pack->name, "pack-version", pack->version, "pack-digest", pack->digest);
	json_t *names = json_array();
	size_t i;
	const json_t *group;
	json_array_foreach(groups, i, group) json_array_append(names, json_object_get(group, "name"));
	json_object_set_new(d, "group", names);
	json_object_set_new(d, "role-absent", absent_build(p));
	ranges_build(pack, d);
	return d;
}

static json_t *zones_build(const json_t *groups)
{
	static const struct {
		const char *name, *interface, *description;
	} zones[] = {
	        {"clients", "lan0", "Replace the interfaces by those that lead to clients and devices."},
	        {"servers", "srv0", "Replace the interfaces by those that lead to the servers."},
	        {"perimeter", "dmz0", "Replace the interfaces by those that lead to the perimeter network."},
	        {"outside", "wan0", "Replace the interfaces by those that lead to external addresses."},
	};
	json_t *list = json_array();
	for (size_t z = 0; z < sizeof(zones) / sizeof(zones[0]); z++) {
		bool used = false;
		size_t i;
		const json_t *group;
		json_array_foreach(groups, i, group) used =
		        used || strcmp(json_string_value(json_object_get(group, "zone")), zones[z].name) == 0;
		if (used)
			json_array_append_new(list, json_pack("{sssss[s]}", "name", zones[z].name, "description",
			                                    zones[z].description, "interface", zones[z].interface));
	}
	return list;
}

json_t *skeleton_build(const struct pack *pack)
{
	struct plan plan;
	plan_build(pack, &plan);
	json_t *root = json_object(), *groups = groups_build(&plan), *zones = zones_build(groups);
	json_object_set_new(root, "portcullis:deployment", json_pack("[o]", deployment_build(&plan, groups)));
	json_object_set_new(root, "portcullis:group", groups);
	json_object_set_new(root, "portcullis:zone", zones);
	plan_fini(&plan);
	return root;
}
