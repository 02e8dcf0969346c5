/*
 * Two packs come in; what the second has more, less and with other security, by role, ports and transport, goes out. The role
 * is that of the rows; rows that share such a key count once, with the security of all of them.
 */
#include <stdlib.h>
#include <string.h>

#include "catalog/diff_requirements.h"
#include "portcullis/alloc.h"
#include "portcullis/catalog.h"
#include "portcullis/import.h"

struct keyed {
	const char *role;
	const struct requirement *requirement;
	const struct requirement_flow *flow;
	unsigned security; /* bits of enum security */
};

struct keys {
	struct keyed *item;
	size_t n, cap;
};

/** One side of the comparison. */
struct side {
	const struct pack *pack, *other;
	struct pack_diff *diff;
	struct keys keys;
};

static int key_cmp(const struct keyed *a, const struct keyed *b)
{
	int order = strcmp(a->role, b->role);
	if (order != 0)
		return order;
	if (a->flow->ports.lo != b->flow->ports.lo)
		return a->flow->ports.lo < b->flow->ports.lo ? -1 : 1;
	if (a->flow->ports.hi != b->flow->ports.hi)
		return a->flow->ports.hi < b->flow->ports.hi ? -1 : 1;
	return (a->flow->proto > b->flow->proto) - (a->flow->proto < b->flow->proto);
}

static int keyed_cmp(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	int order = key_cmp(x, y);
	return order != 0 ? order
	                  : (x->requirement->id > y->requirement->id) - (x->requirement->id < y->requirement->id);
}

/* The role of the same kind that stands for this one and others, or NULL. */
static const struct role *role_above(const struct pack *pack, const struct role *role)
{
	for (size_t i = 0; i < pack->n_role; i++)
		for (size_t k = 0; pack->role[i].kind == role->kind && k < pack->role[i].n_include; k++)
			if (strcmp(pack->role[i].include[k], role->name) == 0)
				return &pack->role[i];
	return NULL;
}

/* Products divide their clients and phones differently: these compare as one. */
static const char *role_of_all(const struct pack *pack, const char *name)
{
	const struct role *role = pack_role_find(pack, name);
	if (role == NULL || (role->kind != ROLE_CLIENT && role->kind != ROLE_DEVICE))
		return name;
	/* The loader has refused circles. */
	for (const struct role *above; (above = role_above(pack, role)) != NULL;)
		role = above;
	return role->name;
}

/* A role counts as its successor in the other pack, whichever of the two is the newer one. */
static const char *role_compared(const struct side *side, const char *name)
{
	const char *own = role_of_all(side->pack, name);
	for (size_t i = 0; i < side->other->n_role; i++) {
		const struct role *new = &side->other->role[i];
		if (new->successor_of != NULL && strcmp(new->successor_of, own) == 0)
			return role_of_all(side->other, new->name);
	}
	return own;
}

static bool is_covered(const struct pack *pack, const char *role)
{
	for (size_t i = 0; i < pack->n_not_covered; i++)
		if (strcmp(pack->not_covered[i], role) == 0)
			return false;
	return true;
}

static void not_compared_add(struct pack_diff *diff, const char *role)
{
	for (size_t i = 0; i < diff->n_not_compared; i++)
		if (strcmp(diff->not_compared[i], role) == 0)
			return;
	diff->not_compared = xrealloc(diff->not_compared, diff->n_not_compared + 1, sizeof(*diff->not_compared));
	diff->not_compared[diff->n_not_compared++] = role;
}

static void key_add(struct side *side, const char *role, const struct requirement *r, const struct requirement_flow *f)
{
	struct keys *keys = &side->keys;
	if (!is_covered(side->pack, role) || !is_covered(side->other, role)) {
		not_compared_add(side->diff, role);
		return;
	}
	keys->item = xgrow(keys->item, keys->n, &keys->cap, sizeof(*keys->item));
	keys->item[keys->n++] = (struct keyed){role, r, f, 1u << f->security};
}

static bool ports_print(const struct ports *printed, const struct requirement_flow *flow)
{
	for (size_t i = 0; i < printed->n; i++)
		if (printed->range[i].lo == flow->ports.lo && printed->range[i].hi == flow->ports.hi)
			return true;
	return false;
}

/* A row may print some of the ports of its requirement only; where a correction changed them, it speaks of all. */
static void row_add(struct side *side, const struct requirement *r, const struct provenance *p)
{
	const char *role = role_compared(side, p->role_id[0] != '\0' ? p->role_id : r->listener), *reason;
	struct ports printed;
	bool some = false;
	if (ports_parse(p->port, &printed, &reason) != 0)
		memset(&printed, 0, sizeof(printed));
	for (size_t i = 0; i < r->n_flow; i++)
		some = some || ports_print(&printed, &r->flow[i]);
	for (size_t i = 0; i < r->n_flow; i++)
		if (!some || ports_print(&printed, &r->flow[i]))
			key_add(side, role, r, &r->flow[i]);
	ports_fini(&printed);
}

static void keys_build(struct side *side)
{
	struct keys *keys = &side->keys;
	size_t kept = 0;
	for (size_t i = 0; i < side->pack->n_requirement; i++) {
		const struct requirement *r = &side->pack->requirement[i];
		for (size_t k = 0; k < r->n_provenance; k++)
			row_add(side, r, &r->provenance[k]);
		for (size_t k = 0; r->n_provenance == 0 && k < r->n_flow; k++)
			key_add(side, role_compared(side, r->listener), r, &r->flow[k]);
	}
	if (keys->n > 1)
		qsort(keys->item, keys->n, sizeof(*keys->item), keyed_cmp);
	for (size_t i = 0; i < keys->n; i++) {
		if (kept > 0 && key_cmp(&keys->item[kept - 1], &keys->item[i]) == 0)
			keys->item[kept - 1].security |= keys->item[i].security;
		else
			keys->item[kept++] = keys->item[i];
	}
	keys->n = kept;
}

static char *security_text(unsigned bits)
{
	char *out = xstrdup("");
	for (int s = SECURITY_NONE; s <= SECURITY_TLS_MTLS; s++)
		if ((bits & (1u << s)) != 0) {
			char *longer =
			        xasprintf("%s%s%s", out, *out != '\0' ? "," : "", security_name((enum security)s));
			free(out);
			out = longer;
		}
	return out;
}

static void change_add(struct pack_change **list, size_t *n, const struct keyed *key, const struct keyed *after)
{
	*list = xrealloc(*list, *n + 1, sizeof(**list));
	struct pack_change *change = &(*list)[(*n)++];
	*change = (struct pack_change){
	        key->role, key->flow->ports, key->flow->proto, key->requirement->label, NULL, NULL};
	if (after != NULL) {
		change->before = security_text(key->security);
		change->after = security_text(after->security);
	}
}

void pack_diff_build(const struct pack *a, const struct pack *b, struct pack_diff *out)
{
	struct side old_side = {.pack = a, .other = b, .diff = out};
	struct side new_side = {.pack = b, .other = a, .diff = out};
	struct keys old, new;
	size_t i = 0, k = 0;
	memset(out, 0, sizeof(*out));
	keys_build(&old_side);
	keys_build(&new_side);
	old = old_side.keys;
	new = new_side.keys;
	while (i < old.n || k < new.n) {
		int order = i >= old.n ? 1 : k >= new.n ? -1 : key_cmp(&old.item[i], &new.item[k]);
		if (order < 0) {
			change_add(&out->removed, &out->n_removed, &old.item[i++], NULL);
		} else if (order > 0) {
			change_add(&out->added, &out->n_added, &new.item[k++], NULL);
		} else {
			if (old.item[i].security != new.item[k].security)
				change_add(&out->changed, &out->n_changed, &old.item[i], &new.item[k]);
			i++;
			k++;
		}
	}
	free(old.item);
	free(new.item);
	requirements_diff(a, b, out);
}

void pack_diff_fini(struct pack_diff *diff)
{
	for (size_t i = 0; i < diff->n_changed; i++) {
		free(diff->changed[i].before);
		free(diff->changed[i].after);
	}
	free(diff->added);
	free(diff->removed);
	free(diff->changed);
	free(diff->not_compared);
	requirements_diff_fini(diff);
	memset(diff, 0, sizeof(*diff));
}
