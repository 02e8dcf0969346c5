/*
 * A loaded catalog comes in; packs, roles and requirements by name, id or label go out. References inside a pack are
 * checked here: a role that does not exist, a circle of includes or a gap in the numbering of flows is refused.
 */
#include "portcullis/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "catalog/pack_load.h"
#include "portcullis/alloc.h"

/* Deeper than any sensible hierarchy; a circle is found on the way. */
#define MAX_INCLUDE_DEPTH 16u

struct catalog *catalog_ref(struct catalog *catalog)
{
	__atomic_add_fetch(&catalog->refs, 1, __ATOMIC_RELAXED);
	return catalog;
}

void catalog_free(struct catalog *catalog)
{
	if (catalog == NULL || __atomic_fetch_sub(&catalog->refs, 1, __ATOMIC_ACQ_REL) > 1)
		return;
	for (size_t i = 0; catalog->n_part == 0 && i < catalog->n_pack; i++)
		pack_fini(&catalog->pack[i]);
	for (size_t i = 0; i < catalog->n_part; i++)
		catalog_free(catalog->part[i]);
	free(catalog->part);
	free(catalog->pack);
	free(catalog);
}

/* By insertion: what has one id stays in its order, and there are few. */
static void pack_insert(struct catalog *catalog, const struct pack *pack)
{
	size_t at = catalog->n_pack++;
	for (; at > 0 && catalog->pack[at - 1].id > pack->id; at--)
		catalog->pack[at] = catalog->pack[at - 1];
	catalog->pack[at] = *pack;
}

struct catalog *catalog_join(struct catalog *const *part, size_t n)
{
	struct catalog *out = xcalloc(1, sizeof(*out));
	size_t n_pack = 0;
	for (size_t i = 0; i < n; i++)
		n_pack += part[i]->n_pack;
	out->refs = 1;
	out->pack = xcalloc(n_pack + 1, sizeof(*out->pack));
	out->part = xcalloc(n + 1, sizeof(*out->part));
	for (size_t i = 0; i < n; i++) {
		out->part[out->n_part++] = catalog_ref(part[i]);
		for (size_t k = 0; k < part[i]->n_pack; k++)
			pack_insert(out, &part[i]->pack[k]);
	}
	return out;
}

const struct pack *catalog_find(const struct catalog *catalog, const char *name)
{
	for (size_t i = 0; i < catalog->n_pack; i++)
		if (strcmp(catalog->pack[i].name, name) == 0)
			return &catalog->pack[i];
	return NULL;
}

const struct role *pack_role_find(const struct pack *pack, const char *name)
{
	size_t lo = 0, hi = pack->n_role;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int order = strcmp(pack->role[mid].name, name);
		if (order == 0)
			return &pack->role[mid];
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

const struct requirement *pack_requirement_find(const struct pack *pack, uint32_t id)
{
	size_t lo = 0, hi = pack->n_requirement;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (pack->requirement[mid].id == id)
			return &pack->requirement[mid];
		if (pack->requirement[mid].id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

const struct requirement *catalog_requirement_by_label(
        const struct catalog *c, const char *label, const struct pack **pack)
{
	for (size_t i = 0; i < c->n_pack; i++)
		for (size_t k = 0; k < c->pack[i].n_requirement; k++)
			if (strcmp(c->pack[i].requirement[k].label, label) == 0) {
				if (pack != NULL)
					*pack = &c->pack[i];
				return &c->pack[i].requirement[k];
			}
	return NULL;
}

static bool includes(const struct pack *pack, const char *name, const char *member, unsigned depth)
{
	const struct role *role;
	if (strcmp(name, member) == 0)
		return true;
	role = pack_role_find(pack, name);
	for (size_t i = 0; role != NULL && depth < MAX_INCLUDE_DEPTH && i < role->n_include; i++)
		if (includes(pack, role->include[i], member, depth + 1))
			return true;
	return false;
}

bool pack_role_includes(const struct pack *pack, const char *name, const char *member)
{
	return includes(pack, name, member, 0);
}

bool requirement_is_advisory(const struct requirement *r)
{
	for (size_t i = 0; i < r->n_erratum; i++) {
		const struct erratum *e = &r->erratum[i];
		bool carries = strcmp(e->field, "row") == 0 ||
		               (e->as_printed[0] == '\0' &&
		                       (strcmp(e->field, "transport") == 0 || strcmp(e->field, "port") == 0));
		if (carries && e->confidence != CONFIDENCE_HIGH)
			return true;
	}
	return false;
}

static const char *label_in(const struct label *label, size_t n, const char *language, const char *name)
{
	const char *english = name;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(label[i].language, language) == 0)
			return label[i].text;
		if (strcmp(label[i].language, "en") == 0)
			english = label[i].text;
	}
	return english;
}

const char *role_label(const struct role *role, const char *language)
{
	return label_in(role->label, role->n_label, language, role->name);
}

static int service_name_cmp(const void *name, const void *service)
{
	return strcmp(name, ((const struct service *)service)->name);
}

const char *pack_service_label(const struct pack *pack, const char *name, const char *language)
{
	const struct service *found = pack->n_service > 0 ? bsearch(name, pack->service, pack->n_service,
	                                                            sizeof(*pack->service), service_name_cmp)
	                                                  : NULL;
	return found != NULL ? label_in(found->label, found->n_label, language, found->name) : name;
}

/* Where a role or requirement comes from. */
static const char *file_of(const struct pack *pack, const char *own_file)
{
	return own_file != NULL ? own_file : pack->file;
}

/* How deep the includes below a role go; more than MAX_INCLUDE_DEPTH: a circle. Each role is measured once. */
static unsigned include_depth(const struct pack *pack, const struct role *role, unsigned *known, unsigned level)
{
	unsigned *mine = &known[role - pack->role], deepest = 0;
	if (*mine > 0 || level > MAX_INCLUDE_DEPTH)
		return *mine > 0 ? *mine : MAX_INCLUDE_DEPTH + 1;
	for (size_t i = 0; i < role->n_include; i++) {
		const struct role *below = pack_role_find(pack, role->include[i]);
		unsigned depth = below != NULL ? include_depth(pack, below, known, level + 1) : 0;
		deepest = depth > deepest ? depth : deepest;
	}
	return *mine = deepest + 1;
}

/* Does a role that is found too deep lie on a circle itself: is it below itself. seen: one mark for each role. */
static bool is_below(const struct pack *pack, const struct role *role, const struct role *sought, bool *seen)
{
	for (size_t i = 0; i < role->n_include; i++) {
		const struct role *below = pack_role_find(pack, role->include[i]);
		if (below == sought)
			return true;
		if (below == NULL || seen[below - pack->role])
			continue;
		seen[below - pack->role] = true;
		if (is_below(pack, below, sought, seen))
			return true;
	}
	return false;
}

/* Of the roles that are too deep the one to name: one on a circle before others, one that an override brought before all. */
static const struct role *culprit(const struct pack *pack, const unsigned *depth)
{
	const struct role *found = NULL;
	int best = -1;
	/* Nothing weighs more than a circle that an override closes, so that a large one is not walked for each of its roles. */
	for (size_t i = 0; i < pack->n_role && best < (pack->n_own_file > 0 ? 3 : 2); i++) {
		const struct role *role = &pack->role[i];
		bool *seen;
		int weight;
		if (depth[i] <= MAX_INCLUDE_DEPTH)
			continue;
		seen = xcalloc(pack->n_role, sizeof(*seen));
		weight = 2 * is_below(pack, role, role, seen) + (role->own_file != NULL);
		free(seen);
		if (weight > best) {
			best = weight;
			found = role;
		}
	}
	return found;
}

static int roles_check(const struct pack *pack, struct error *err)
{
	unsigned *known = xcalloc(pack->n_role + 1, sizeof(*known));
	const struct role *deep;
	int result = 0;
	for (size_t i = 0; i < pack->n_role && result == 0; i++) {
		const struct role *role = &pack->role[i];
		for (size_t k = 0; k < role->n_include && result == 0; k++)
			if (pack_role_find(pack, role->include[k]) == NULL)
				result = error_set(err, ERR_INVALID, file_of(pack, role->own_file),
				        "pack %s: role %s includes %s, which the pack does not have; add the role or "
				        "correct the name",
				        pack->name, role->name, role->include[k]);
		known[i] = include_depth(pack, role, known, 0);
	}
	deep = result == 0 ? culprit(pack, known) : NULL;
	if (deep != NULL)
		result = error_set(err, ERR_INVALID, file_of(pack, deep->own_file),
		        "pack %s: the includes of role %s form a circle or go more than %u deep; remove one",
		        pack->name, deep->name, MAX_INCLUDE_DEPTH);
	free(known);
	return result;
}

static int requirement_check(const struct pack *pack, const struct requirement *r, struct error *err)
{
	const char *file = file_of(pack, r->own_file);
	if (pack_role_find(pack, r->listener) == NULL)
		return error_set(err, ERR_INVALID, file, "requirement %s: listener %s is no role of pack %s", r->label,
		        r->listener, pack->name);
	if (r->n_initiator == 0 || r->n_flow == 0)
		return error_set(err, ERR_INVALID, file,
		        "requirement %s: at least one initiator and one flow are needed", r->label);
	for (size_t i = 0; i < r->n_initiator; i++)
		if (strcmp(r->initiator[i].role, "any") != 0 && pack_role_find(pack, r->initiator[i].role) == NULL)
			return error_set(err, ERR_INVALID, file, "requirement %s: initiator %s is no role of pack %s",
			        r->label, r->initiator[i].role, pack->name);
	for (size_t i = 0; i < r->n_flow; i++)
		if (r->flow[i].ports.lo == 0)
			return error_set(err, ERR_INVALID, file,
			        "requirement %s: variant %zu: port 0 cannot be reached", r->label, i + 1);
	return 0;
}

int pack_check(const struct pack *pack, struct error *err)
{
	if (roles_check(pack, err) != 0)
		return -1;
	for (size_t i = 0; i < pack->n_requirement; i++)
		if (requirement_check(pack, &pack->requirement[i], err) != 0)
			return -1;
	return 0;
}
