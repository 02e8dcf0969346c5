/*
 * Two versions of one pack come in; which requirements the second has more, less and otherwise goes out, by label, with the
 * names of the members that differ. Nothing is refused; packs of two products have nothing in common here.
 */
#include "catalog/diff_requirements.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"

/* The requirements of a pack as it was loaded, and the order of their labels. */
struct side {
	json_t *root; /* label > requirement */
	const struct requirement **order;
	size_t n;
};

static int label_cmp(const void *a, const void *b)
{
	return strcmp((*(const struct requirement *const *)a)->label, (*(const struct requirement *const *)b)->label);
}

static void side_init(const struct pack *pack, struct side *out)
{
	json_t *whole = json_loads(pack->json, 0, NULL), *requirement;
	size_t i;
	out->root = json_object();
	json_array_foreach(json_object_get(whole, "requirement"), i, requirement)
	        json_object_set(out->root, json_string_value(json_object_get(requirement, "label-name")), requirement);
	json_decref(whole);
	out->n = pack->n_requirement;
	out->order = xcalloc(out->n + 1, sizeof(*out->order));
	for (i = 0; i < out->n; i++)
		out->order[i] = &pack->requirement[i];
	if (out->n > 1)
		qsort(out->order, out->n, sizeof(*out->order), label_cmp);
}

static void side_fini(struct side *side)
{
	json_decref(side->root);
	free(side->order);
}

static int text_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The entries of a list as texts, sorted: the model's lists have keys, their order says nothing. */
static char **entries(const json_t *list, size_t n)
{
	char **out = xcalloc(n + 1, sizeof(*out));
	for (size_t i = 0; i < n; i++) {
		char *text = json_dumps(json_array_get(list, i), JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
		out[i] = xstrdup(text != NULL ? text : "");
		free(text);
	}
	if (n > 1)
		qsort(out, n, sizeof(*out), text_cmp);
	return out;
}

static void entries_free(char **entry, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(entry[i]);
	free(entry);
}

static bool same(const json_t *a, const json_t *b)
{
	size_t n = json_array_size(a);
	char **x, **y;
	bool equal = json_equal(a, b) == 1;
	if (equal || !json_is_array(a) || !json_is_array(b) || n != json_array_size(b))
		return equal;
	equal = true;
	x = entries(a, n);
	y = entries(b, n);
	for (size_t i = 0; i < n && equal; i++)
		equal = strcmp(x[i], y[i]) == 0;
	entries_free(x, n);
	entries_free(y, n);
	return equal;
}

/* What `catalog show --json` calls a member of the model; the caller frees it. */
static char *field_name(const char *member)
{
	static const char *const plural[][2] = {
	        {"initiator", "initiators"}, {"flow", "flows"}, {"erratum", "errata"}, {"label-name", "label"}};
	char *name;
	for (size_t i = 0; i < sizeof(plural) / sizeof(plural[0]); i++)
		if (strcmp(plural[i][0], member) == 0)
			return xstrdup(plural[i][1]);
	name = xstrdup(member);
	for (char *p = name; *p != '\0'; p++)
		if (*p == '-')
			*p = '_';
	return name;
}

static void fields_add(const json_t *a, const json_t *b, bool missing_only, struct requirement_change *change)
{
	const char *member;
	const json_t *value;
	json_object_foreach((json_t *)(uintptr_t)a, member, value)
	{
		const json_t *other = json_object_get(b, member);
		/* Which file a requirement comes from is shown, but is nothing that it requires. */
		if (strcmp(member, "own-file") == 0 || (missing_only ? other != NULL : same(value, other)))
			continue;
		change->field = xrealloc(change->field, change->n_field + 1, sizeof(*change->field));
		change->field[change->n_field++] = field_name(member);
	}
}

static void change_add(struct requirement_change **list, size_t *n, struct requirement_change change)
{
	*list = xrealloc(*list, *n + 1, sizeof(**list));
	(*list)[(*n)++] = change;
}

static void both_compare(const struct side *a, const struct side *b, const char *label, struct pack_diff *out)
{
	const json_t *x = json_object_get(a->root, label), *y = json_object_get(b->root, label);
	struct requirement_change change = {label, NULL, 0};
	fields_add(x, y, false, &change);
	fields_add(y, x, true, &change);
	if (change.n_field == 0)
		return;
	qsort(change.field, change.n_field, sizeof(*change.field), text_cmp);
	change_add(&out->requirement_changed, &out->n_requirement_changed, change);
}

void requirements_diff(const struct pack *a, const struct pack *b, struct pack_diff *out)
{
	struct side old, new;
	size_t i = 0, k = 0;
	out->same_product = strcmp(a->name, b->name) == 0;
	if (!out->same_product)
		return;
	side_init(a, &old);
	side_init(b, &new);
	while (i < old.n || k < new.n) {
		int order = i >= old.n ? 1 : k >= new.n ? -1 : label_cmp(&old.order[i], &new.order[k]);
		if (order < 0) {
			change_add(&out->requirement_removed, &out->n_requirement_removed,
			        (struct requirement_change){old.order[i++]->label, NULL, 0});
		} else if (order > 0) {
			change_add(&out->requirement_added, &out->n_requirement_added,
			        (struct requirement_change){new.order[k++]->label, NULL, 0});
		} else {
			both_compare(&old, &new, old.order[i++]->label, out);
			k++;
		}
	}
	side_fini(&old);
	side_fini(&new);
}

void requirements_diff_fini(struct pack_diff *diff)
{
	for (size_t i = 0; i < diff->n_requirement_changed; i++) {
		for (size_t k = 0; k < diff->requirement_changed[i].n_field; k++)
			free(diff->requirement_changed[i].field[k]);
		free(diff->requirement_changed[i].field);
	}
	free(diff->requirement_added);
	free(diff->requirement_removed);
	free(diff->requirement_changed);
}
