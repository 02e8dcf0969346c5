/*
 * The own table as a value: sets, chains and rules are put in one by one, and what is alike is kept once. Nothing is
 * refused.
 */
#include "compile/table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"

static void set_fini(struct own_set *set)
{
	for (size_t i = 0; i < set->n_element; i++)
		free(set->element[i].comment);
	free(set->element);
	free(set->name);
}

static void rule_fini(struct own_rule *rule)
{
	free(rule->log_prefix);
	free(rule->comment);
}

void own_table_free(struct own_table *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->n_set; i++)
		set_fini(&t->set[i]);
	for (size_t i = 0; i < t->n_chain; i++) {
		for (size_t k = 0; k < t->chain[i].n_rule; k++)
			rule_fini(&t->chain[i].rule[k]);
		free(t->chain[i].rule);
	}
	free(t->set);
	free(t->chain);
	free(t->comment);
	free(t);
}

size_t own_chain_add(struct own_table *t, const char *name, enum rs_hook hook)
{
	t->chain = xgrow(t->chain, t->n_chain, &t->cap_chain, sizeof(*t->chain));
	t->chain[t->n_chain] = (struct own_chain){.name = name, .hook = hook};
	return t->n_chain++;
}

static bool same_content(const struct own_set *a, const struct own_set *b)
{
	if (a->counts || b->counts || a->n_field != b->n_field || a->n_element != b->n_element ||
	        memcmp(a->field, b->field, a->n_field * sizeof(a->field[0])) != 0)
		return false;
	for (size_t i = 0; i < a->n_element; i++)
		for (size_t f = 0; f < a->n_field; f++)
			if (a->element[i].key[f].lo != b->element[i].key[f].lo ||
			        a->element[i].key[f].hi != b->element[i].key[f].hi)
				return false;
	return true;
}

static bool name_is_taken(const struct own_table *t, const char *name)
{
	for (size_t i = 0; i < t->n_set; i++)
		if (strcmp(t->set[i].name, name) == 0)
			return true;
	return false;
}

static uint8_t *put_number(uint8_t *to, u128 value)
{
	for (int shift = 120; shift >= 0; shift -= 8)
		*to++ = (uint8_t)(value >> shift);
	return to;
}

/* Of its keys: what is told of them, and how often they were met, may change. */
static void content_digest(const struct own_set *set, char out[65])
{
	uint8_t *keys = xmalloc(set->n_field * (1 + 32 * set->n_element)), *to = keys;

	for (size_t f = 0; f < set->n_field; f++)
		*to++ = (uint8_t)set->field[f];
	for (size_t i = 0; i < set->n_element; i++) {
		for (size_t f = 0; f < set->n_field; f++) {
			to = put_number(to, set->element[i].key[f].lo);
			to = put_number(to, set->element[i].key[f].hi);
		}
	}
	sha256_hex(keys, (size_t)(to - keys), out);
	free(keys);
}

static char *name_make(const struct own_table *t, const char *name, const struct own_set *set)
{
	char digest[65], *made;

	content_digest(set, digest);
	made = xasprintf("%s-%.*s", name, OWN_SET_DIGEST, digest);
	for (unsigned number = 2; name_is_taken(t, made); number++) {
		free(made);
		made = xasprintf("%s.%u-%.*s", name, number, OWN_SET_DIGEST, digest);
	}
	return made;
}

size_t own_set_add(struct own_table *t, const char *name, struct own_set *take)
{
	for (size_t i = 0; i < t->n_set; i++) {
		if (!same_content(&t->set[i], take))
			continue;
		set_fini(take);
		return i;
	}
	take->name = name_make(t, name, take);
	t->set = xgrow(t->set, t->n_set, &t->cap_set, sizeof(*t->set));
	t->set[t->n_set] = *take;
	*take = (struct own_set){0};
	return t->n_set++;
}

void own_rule_add(struct own_table *t, size_t chain, const struct own_rule *rule)
{
	struct own_chain *c = &t->chain[chain];

	c->rule = xgrow(c->rule, c->n_rule, &c->cap_rule, sizeof(*c->rule));
	c->rule[c->n_rule++] = *rule;
}

char *own_comment(const char *format, ...)
{
	struct text t = {.max = OWN_COMMENT_MAX};
	va_list ap;
	char *s, *to;

	va_start(ap, format);
	if (vasprintf(&s, format, ap) < 0)
		abort();
	va_end(ap);
	to = s;
	for (const char *from = s; *from != '\0'; from++)
		if (*from != '"' && *from != '\\' && (unsigned char)*from >= ' ')
			*to++ = *from;
	*to = '\0';
	text_add(&t, s);
	free(s);
	text_shorten(&t);
	return text_take(&t);
}

static struct own_match *match_add(struct own_rule *r, enum own_match_kind kind, enum rs_field field)
{
	struct own_match *m = &r->match[r->n_match++];

	*m = (struct own_match){.kind = kind, .field = {field}, .n_field = 1, .set = OWN_NO_SET};
	return m;
}

void own_match_range(struct own_rule *r, enum rs_field field, struct range range)
{
	match_add(r, OWN_RANGE, field)->range = range;
}

void own_match_bits(struct own_rule *r, enum rs_field field, uint64_t bits)
{
	match_add(r, OWN_BITS, field)->bits = bits;
}

void own_match_set(struct own_rule *r, const struct own_table *t, size_t set)
{
	struct own_match *m = match_add(r, OWN_SET, t->set[set].field[0]);

	memcpy(m->field, t->set[set].field, sizeof(m->field));
	m->n_field = t->set[set].n_field;
	m->set = set;
}

void own_match_ranges(
        struct own_rule *r, struct own_table *t, enum rs_field field, const struct ranges *ranges, const char *name)
{
	struct own_set set = {.field = {field}, .n_field = 1, .n_element = ranges->n};

	if (ranges->n == 1) {
		own_match_range(r, field, ranges->item[0]);
		return;
	}
	set.element = xcalloc(ranges->n, sizeof(*set.element));
	for (size_t i = 0; i < ranges->n; i++)
		set.element[i].key[0] = ranges->item[i];
	own_match_set(r, t, own_set_add(t, name, &set));
}

enum rs_field own_address_field(enum family f, bool source)
{
	if (f == FAMILY_IPV4)
		return source ? RS_FIELD_IP_SADDR : RS_FIELD_IP_DADDR;
	return source ? RS_FIELD_IP6_SADDR : RS_FIELD_IP6_DADDR;
}

bool own_set_is_interval(const struct own_set *set)
{
	return set->field[0] != RS_FIELD_IIFNAME && set->field[0] != RS_FIELD_OIFNAME;
}

uint64_t own_states(unsigned states)
{
	static const struct {
		unsigned state;
		uint64_t bit;
	} table[] = {
	        {STATE_INVALID, 1}, {STATE_ESTABLISHED, 2}, {STATE_RELATED, 4}, {STATE_NEW, 8}, {STATE_UNTRACKED, 64}};
	uint64_t bits = 0;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		bits |= (states & table[i].state) != 0 ? table[i].bit : 0;
	return bits;
}
