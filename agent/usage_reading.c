/*
 * Counters of the own table as boxes and rules: what the kernel counts comes in, by its names, what was pushed goes out. What
 * the agent does not tell apart (the rules that every chain has, elements of sets that do not count) is left out.
 */
#include "usage_reading.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/compile.h"
#include "portcullis/text.h"
#include "portcullis/utf8.h"

static uint64_t id_of(const struct text *t)
{
	char digest[65];

	sha256_hex(text_str(t), t->len, digest);
	digest[16] = '\0';
	return strtoull(digest, NULL, 16);
}

static uint64_t box_id(const struct nft_counter *c)
{
	struct text t = {0};

	text_addn(&t, c->set, strlen(c->set) + 1);
	text_addn(&t, (const char *)c->key, c->len);
	text_addn(&t, (const char *)c->key_end, c->len);
	uint64_t id = id_of(&t);
	text_fini(&t);
	return id;
}

uint64_t usage_rule_id(const struct usage_rule *rule)
{
	struct text t = {0};

	text_addf(&t, "rule %s", rule->name);
	uint64_t id = id_of(&t);
	text_fini(&t);
	return id;
}

/* Anybody may have written it into the kernel. */
static char *comment_copy(const char *comment)
{
	char *copy = comment != NULL ? xstrdup(comment) : NULL;

	if (copy != NULL)
		utf8_clean(copy);
	return copy;
}

static void add_box(struct usage_reading *r, size_t *cap, const struct nft_counter *c)
{
	struct own_required set;
	struct range key[OWN_PARTS];

	if (!own_required_set(c->set, &set) || !nft_counter_key(c, set.field, set.n_field, key))
		return;
	struct usage_box b = {.id = box_id(c),
	        .path = set.path,
	        .family = set.family,
	        .proto = set.family == FAMILY_IPV4 ? PROTO_ICMP : PROTO_ICMPV6,
	        .ports = !set.pings,
	        .box = {.source = key[0], .destination = key[1]},
	        .comment = comment_copy(c->comment),
	        .count = {.packets = c->packets, .octets = c->bytes}};
	if (!set.pings) {
		b.proto = (uint8_t)key[2].lo;
		b.box.source_ports = key[3];
		b.box.ports = key[4];
	}
	r->box = xgrow(r->box, r->n_box, cap, sizeof(*r->box));
	r->box[r->n_box++] = b;
}

static void add_rule(struct usage_reading *r, size_t *cap, const struct nft_counter *c)
{
	size_t len;
	const char *name = own_rule_name(c->comment, &len);

	if (name == NULL)
		return;
	r->rule = xgrow(r->rule, r->n_rule, cap, sizeof(*r->rule));
	r->rule[r->n_rule++] =
	        (struct usage_rule){xasprintf("%.*s", (int)len, name), {.packets = c->packets, .octets = c->bytes}};
}

static int range_cmp(const struct range *a, const struct range *b)
{
	if (a->lo != b->lo)
		return a->lo < b->lo ? -1 : 1;
	return (a->hi > b->hi) - (a->hi < b->hi);
}

static int box_cmp(const void *a, const void *b)
{
	const struct usage_box *x = a, *y = b;
	int order;

	if (x->path != y->path)
		return x->path < y->path ? -1 : 1;
	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	if (x->proto != y->proto)
		return x->proto < y->proto ? -1 : 1;
	if ((order = range_cmp(&x->box.source, &y->box.source)) != 0 ||
	        (order = range_cmp(&x->box.destination, &y->box.destination)) != 0 ||
	        (order = range_cmp(&x->box.ports, &y->box.ports)) != 0 ||
	        (order = range_cmp(&x->box.source_ports, &y->box.source_ports)) != 0)
		return order;
	return (x->id > y->id) - (x->id < y->id);
}

static int rule_cmp(const void *a, const void *b)
{
	const struct usage_rule *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* A rule may have become several: they count together. */
static void join_rules(struct usage_reading *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_rule; i++) {
		struct usage_rule *rule = &r->rule[i];

		if (n == 0 || strcmp(r->rule[n - 1].name, rule->name) != 0) {
			r->rule[n++] = *rule;
			continue;
		}
		r->rule[n - 1].count.packets += rule->count.packets;
		r->rule[n - 1].count.octets += rule->count.octets;
		free(rule->name);
	}
	r->n_rule = n;
}

struct usage_reading *usage_reading_new(const struct nft_counters *c)
{
	struct usage_reading *r = xcalloc(1, sizeof(*r));
	size_t cap_box = 0, cap_rule = 0;

	atomic_init(&r->refs, 1);
	r->present = c->table != 0;
	for (size_t i = 0; i < c->n; i++)
		if (c->counter[i].set != NULL)
			add_box(r, &cap_box, &c->counter[i]);
		else
			add_rule(r, &cap_rule, &c->counter[i]);
	if (r->n_box > 0)
		qsort(r->box, r->n_box, sizeof(*r->box), box_cmp);
	if (r->n_rule > 0)
		qsort(r->rule, r->n_rule, sizeof(*r->rule), rule_cmp);
	join_rules(r);
	return r;
}

struct usage_reading *usage_reading_ref(struct usage_reading *r)
{
	atomic_fetch_add(&r->refs, 1);
	return r;
}

void usage_reading_unref(struct usage_reading *r)
{
	if (r == NULL || atomic_fetch_sub(&r->refs, 1) != 1)
		return;
	for (size_t i = 0; i < r->n_box; i++)
		free(r->box[i].comment);
	for (size_t i = 0; i < r->n_rule; i++)
		free(r->rule[i].name);
	free(r->box);
	free(r->rule);
	free(r);
}

const struct usage_rule *usage_rule_find(const struct usage_reading *r, const char *name)
{
	const struct usage_rule like = {.name = (char *)(uintptr_t)name};

	return r->n_rule > 0 ? bsearch(&like, r->rule, r->n_rule, sizeof(*r->rule), rule_cmp) : NULL;
}
