/*
 * Versions of a datastore: parts come in, one for each node at the top, out go whole trees, their text, the site that they
 * describe and what differs between two of them. What has been made of a part is kept with it, so that a change costs what
 * was changed. Refused is what site_build() refuses.
 */
#include "config/version.h"

#include <stdlib.h>
#include <string.h>

#include "config/datastore.h"
#include "portcullis/alloc.h"

struct version *version_new(void)
{
	struct version *v = xcalloc(1, sizeof(*v));

	atomic_init(&v->refs, 1);
	return v;
}

struct version *version_ref(struct version *v)
{
	atomic_fetch_add(&v->refs, 1);
	return v;
}

static void part_unref(struct part *part)
{
	if (atomic_fetch_sub(&part->refs, 1) != 1)
		return;
	lyd_free_tree(part->node);
	site_free(part->site);
	free(part->json);
	free(part);
}

void version_unref(struct version *v)
{
	if (v == NULL || atomic_fetch_sub(&v->refs, 1) != 1)
		return;
	for (size_t i = 0; i < v->n; i++)
		part_unref(v->held[i].part);
	free(v->held);
	free(v);
}

struct part *part_new(struct lyd_node *node, bool valid)
{
	struct part *part = xcalloc(1, sizeof(*part));

	atomic_init(&part->refs, 1);
	part->node = node;
	part->valid = valid;
	part->without_id = ids_is_missing(node);
	return part;
}

struct part *part_ref(struct part *part)
{
	atomic_fetch_add(&part->refs, 1);
	return part;
}

void version_add(struct version *v, struct part *part, size_t place)
{
	v->held = xgrow(v->held, v->n, &v->cap, sizeof(*v->held));
	v->held[v->n++] = (struct held){part, part->node->hash, (uint16_t)place, part->valid, part->without_id};
}

static void append_copy(struct lyd_node **first, const struct part *part)
{
	struct lyd_node *copy = tree_dup(part->node);

	tree_append(first, copy);
}

struct lyd_node *version_tree(const struct version *v)
{
	struct lyd_node *first = NULL;

	for (size_t i = 0; i < v->n; i++)
		append_copy(&first, v->held[i].part);
	return first;
}

const struct part *version_part(const struct version *v, size_t place)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->held[i].place == place)
			return v->held[i].part;
	return NULL;
}

/* Parts of a version, by their addresses: linear probing, at most half full. */
struct members {
	const struct part **slot;
	size_t n_slot;
};

static const struct part **member_slot(const struct members *m, const struct part *part)
{
	size_t i = ((uintptr_t)part >> 4) * 2654435761u & (m->n_slot - 1);

	while (m->slot[i] != NULL && m->slot[i] != part)
		i = (i + 1) & (m->n_slot - 1);
	return &m->slot[i];
}

static struct members members_of(const struct version *v)
{
	struct members m = {.n_slot = 16};

	while (m.n_slot < 2 * v->n)
		m.n_slot *= 2;
	m.slot = xcalloc(m.n_slot, sizeof(struct part *));
	for (size_t i = 0; i < v->n; i++)
		*member_slot(&m, v->held[i].part) = v->held[i].part;
	return m;
}

static struct lyd_node *copy_others(const struct version *v, const struct version *than)
{
	struct members m = members_of(than);
	struct lyd_node *first = NULL;

	for (size_t i = 0; i < v->n; i++)
		if (*member_slot(&m, v->held[i].part) == NULL)
			append_copy(&first, v->held[i].part);
	free(m.slot);
	return first;
}

void version_difference(
        const struct version *before, const struct version *after, struct lyd_node **gone, struct lyd_node **come)
{
	*gone = copy_others(before, after);
	*come = copy_others(after, before);
}

static bool has_others(const struct version *v, const struct version *than, version_matters *matters)
{
	struct members m = members_of(than);
	bool any = false;

	for (size_t i = 0; i < v->n && !any; i++)
		any = *member_slot(&m, v->held[i].part) == NULL && matters(v->held[i].part->node->schema);
	free(m.slot);
	return any;
}

bool version_differs(const struct version *a, const struct version *b, version_matters *matters)
{
	return has_others(a, b, matters) || has_others(b, a, matters);
}

/* {"module:name":[ENTRY]} or {"module:name":VALUE}: what is between. Nothing: {}. */
static char *json_inside(const char *json, const struct lysc_node *schema)
{
	size_t entry = model_is_entry(schema) ? 1 : 0, n = strlen(json);
	size_t head = strlen(schema->module->name) + strlen(schema->name) + strlen("{\"\":\"") + entry,
	       tail = 1 + entry;

	return n < head + tail ? NULL : xstrndup(json + head, n - head - tail);
}

static int part_print(struct part *part, struct error *err)
{
	char *json = NULL;

	if (part->printed)
		return 0;
	if (lyd_print_mem(&json, part->node, LYD_JSON, LYD_PRINT_SHRINK) != LY_SUCCESS)
		return context_error(LYD_CTX(part->node), ERR_INTERNAL, NULL, err);
	part->json = json != NULL ? json_inside(json, part->node->schema) : NULL;
	part->printed = true;
	free(json);
	return 0;
}

int version_print(const struct model *m, const struct version *v, char **out, struct error *err)
{
	struct text t = {0};
	size_t open = SIZE_MAX; /* place of the list that is being told */

	*out = NULL;
	text_add(&t, "{");
	for (size_t i = 0; i < v->n; i++) {
		const struct held *h = &v->held[i];
		const struct lysc_node *schema = m->top[h->place];

		if (part_print(h->part, err) != 0) {
			text_fini(&t);
			return -1;
		}
		if (h->part->json == NULL)
			continue;
		if (open != SIZE_MAX && open != h->place)
			text_add(&t, "]");
		if (t.len > 1)
			text_add(&t, ",");
		if (open != h->place)
			text_addf(&t, "\"%s:%s\":%s", schema->module->name, schema->name,
			        model_is_entry(schema) ? "[" : "");
		text_add(&t, h->part->json);
		open = model_is_entry(schema) ? h->place : SIZE_MAX;
	}
	text_add(&t, open != SIZE_MAX ? "]}" : "}");
	*out = text_take(&t);
	return 0;
}

/* The lists of a site. */
static const struct {
	size_t items, n, size;
} lists[] = {
        {offsetof(struct site, group), offsetof(struct site, n_group), sizeof(struct group)},
        {offsetof(struct site, deployment), offsetof(struct site, n_deployment), sizeof(struct deployment)},
        {offsetof(struct site, zone), offsetof(struct site, n_zone), sizeof(struct zone)},
        {offsetof(struct site, allowance), offsetof(struct site, n_allowance), sizeof(struct allowance)},
        {offsetof(struct site, assumption), offsetof(struct site, n_assumption), sizeof(struct assumption)},
        {offsetof(struct site, tolerated_source), offsetof(struct site, n_tolerated_source),
                sizeof(struct tolerated_source)},
        {offsetof(struct site, baseline), offsetof(struct site, n_baseline), sizeof(uint32_t)},
        {offsetof(struct site, baseline_until), offsetof(struct site, n_baseline_until), sizeof(struct known_opening)},
};

/* Add the items that a part has of a list. */
static void list_join(struct site *all, size_t *cap, const struct site *one, size_t k)
{
	size_t n, more, size = lists[k].size;
	char *items;
	const char *from;

	memcpy(&more, (const char *)one + lists[k].n, sizeof(more));
	if (more == 0)
		return;
	memcpy(&n, (const char *)all + lists[k].n, sizeof(n));
	memcpy(&items, (const char *)all + lists[k].items, sizeof(items));
	memcpy(&from, (const char *)one + lists[k].items, sizeof(from));
	if (n + more > *cap) {
		*cap = 2 * (n + more);
		items = xrealloc(items, *cap, size);
		memcpy((char *)all + lists[k].items, &items, sizeof(items));
	}
	memcpy(items + n * size, from, more * size);
	n += more;
	memcpy((char *)all + lists[k].n, &n, sizeof(n));
}

static bool part_is(const struct part *part, const char *name)
{
	return strcmp(part->node->schema->name, name) == 0 &&
	       strcmp(part->node->schema->module->name, "portcullis") == 0;
}

static void give_back(void *version)
{
	version_unref(version);
}

static int part_site(struct part *part, struct error *err)
{
	return part->site != NULL ? 0 : site_build(part->node, &part->site, err);
}

int version_site(struct version *v, struct site **out, struct error *err)
{
	size_t cap[sizeof(lists) / sizeof(lists[0])] = {0};
	struct site *site;

	*out = NULL;
	for (size_t i = 0; i < v->n; i++)
		if (part_site(v->held[i].part, err) != 0)
			return -1;
	if (site_build(NULL, &site, err) != 0)
		return -1;
	for (size_t i = 0; i < v->n; i++) {
		const struct part *part = v->held[i].part;

		for (size_t k = 0; k < sizeof(lists) / sizeof(lists[0]); k++)
			list_join(site, &cap[k], part->site, k);
		if (part_is(part, "notification"))
			site->notification = part->site->notification;
		else if (part_is(part, "retention"))
			site->retention = part->site->retention;
		else if (part_is(part, "firewall"))
			site->firewall = part->site->firewall;
	}
	site->lender = version_ref(v);
	site->give_back = give_back;
	*out = site;
	return 0;
}
