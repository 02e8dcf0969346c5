/*
 * Two packs come in; what the second has more, less and with other security, by listener, ports and transport, goes out.
 * Requirements that share such a key count once, with the security of all of them.
 */
#include <stdlib.h>
#include <string.h>

#include "catalog/diff_requirements.h"
#include "portcullis/alloc.h"
#include "portcullis/catalog.h"

struct keyed {
	const struct requirement *requirement;
	const struct requirement_flow *flow;
	unsigned security; /* bits of enum security */
};

struct keys {
	struct keyed *item;
	size_t n, cap;
};

static int key_cmp(const struct keyed *a, const struct keyed *b)
{
	int order = strcmp(a->requirement->listener, b->requirement->listener);
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

static void keys_build(const struct pack *pack, struct keys *out)
{
	size_t kept = 0;
	for (size_t i = 0; i < pack->n_requirement; i++)
		for (size_t k = 0; k < pack->requirement[i].n_flow; k++) {
			const struct requirement_flow *flow = &pack->requirement[i].flow[k];
			out->item = xgrow(out->item, out->n, &out->cap, sizeof(*out->item));
			out->item[out->n++] = (struct keyed){&pack->requirement[i], flow, 1u << flow->security};
		}
	if (out->n > 1)
		qsort(out->item, out->n, sizeof(*out->item), keyed_cmp);
	for (size_t i = 0; i < out->n; i++) {
		if (kept > 0 && key_cmp(&out->item[kept - 1], &out->item[i]) == 0)
			out->item[kept - 1].security |= out->item[i].security;
		else
			out->item[kept++] = out->item[i];
	}
	out->n = kept;
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
	        key->requirement->listener, key->flow->ports, key->flow->proto, key->requirement->label, NULL, NULL};
	if (after != NULL) {
		change->before = security_text(key->security);
		change->after = security_text(after->security);
	}
}

void pack_diff_build(const struct pack *a, const struct pack *b, struct pack_diff *out)
{
	struct keys old = {0}, new = {0};
	size_t i = 0, k = 0;
	memset(out, 0, sizeof(*out));
	keys_build(a, &old);
	keys_build(b, &new);
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
	requirements_diff_fini(diff);
	memset(diff, 0, sizeof(*diff));
}
