/*
 * Look-ups of the symbolic machine: a key made of fields comes in, matches on sets, verdict maps and the data of maps go
 * out. A key of anything else gives an atom, and an undecided verdict where a map would give it.
 */
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "ruleset/exec.h"

/* Is a look-up key made of whole fields, each padded to four bytes? */
static bool layout_of_registers(const struct exec *x, int at, size_t len, struct layout *out)
{
	const struct byte_symbol *r = &x->reg[at];
	*out = (struct layout){0};
	for (size_t i = 0; i < len;) {
		int s = r[i].source;
		if (s == BYTE_CONSTANT && i % 4 != 0 && r[i].value == 0) {
			i++;
			continue;
		}
		if (s == BYTE_CONSTANT || i % 4 != 0 || out->n == RS_CONCAT_MAX || x->source[s].field == FIELD_NONE)
			return false;
		unsigned width = x->source[s].width;
		bool swapped = width > 1 && r[i].index == width - 1;
		for (unsigned k = 0; k < width; k++)
			if (i + k >= len || r[i + k].source != s || r[i + k].mask != 0xff || r[i + k].value != 0 ||
			        r[i + k].index != (swapped ? width - 1 - k : k))
				return false;
		out->part[out->n].field = x->source[s].field;
		out->part[out->n].offset = (unsigned)i;
		out->part[out->n].host = swapped;
		out->n++;
		i += width;
	}
	return out->n > 0;
}

static int raw_compare(const void *a, const void *b)
{
	const struct raw_element *p = a, *q = b;
	return memcmp(p->key, q->key, 4);
}

/* The elements of a set whose key is one thing outside the model. */
static bool raw_elements_print(struct text *t, const struct exec *x, int at, size_t index)
{
	struct raw_set *raw = &x->nl->raw[index];
	int s = x->reg[at].source;
	if (!x->b.rs->set[index].anonymous || x->b.rs->set[index].interval || raw->decoded || s == BYTE_CONSTANT ||
	        x->source[s].width != raw->key_len || raw->data_len != 0)
		return false;
	for (size_t i = 0; i < raw->n_element; i++)
		if (raw->element[i].key == NULL)
			return false;
	if (raw->key_len == 4 && raw->n_element > 1)
		qsort(raw->element, raw->n_element, sizeof(*raw->element), raw_compare);
	text_add(t, "{");
	for (size_t i = 0; i < raw->n_element; i++) {
		text_add(t, i > 0 ? ", " : " ");
		source_value_print(t, &x->source[s], raw->element[i].key, raw->key_len);
	}
	text_add(t, " }");
	return true;
}

static void lookup_unknown(struct exec *x, int at, uint32_t reg, size_t len, size_t index, bool negate, bool vmap)
{
	struct text t = {0};
	register_print(&t, x, reg, len);
	text_addf(&t, "%s%s", vmap ? " vmap" : "", negate ? " != " : " ");
	if (vmap || !raw_elements_print(&t, x, at, index))
		text_addf(&t, "@%s", x->b.rs->set[index].name);
	if (vmap)
		builder_undecided(&x->b, RS_UNKNOWN, text_str(&t));
	else
		builder_ether_atom(&x->b, register_kind(x, at, len), text_str(&t));
	text_fini(&t);
}

/* The fields of a key that the set's elements are decoded for. @return their number, 0: none. */
static size_t lookup_fields(struct exec *x, int at, size_t index, unsigned *field)
{
	struct layout layout;
	if (!layout_of_registers(x, at, x->nl->raw[index].key_len, &layout) || !set_decode(x->nl, index, &layout))
		return 0;
	for (size_t i = 0; i < layout.n; i++)
		field[i] = layout.part[i].field;
	return layout.n;
}

bool lookup_act(struct exec *x, uint32_t reg, size_t index, bool negate)
{
	size_t len = x->nl->raw[index].key_len;
	unsigned field[RS_CONCAT_MAX];
	int at = register_offset(reg, len);
	if (at < 0)
		return false;
	size_t n = lookup_fields(x, at, index, field);
	if (n == 0)
		lookup_unknown(x, at, reg, len, index, negate, false);
	else
		builder_set(&x->b, field, n, n == 1 ? x->source[x->reg[at].source].as : NULL, index, negate);
	return true;
}

static bool verdict_map(struct exec *x, uint32_t reg, size_t index)
{
	size_t len = x->nl->raw[index].key_len;
	unsigned field[RS_CONCAT_MAX];
	int at = register_offset(reg, len);
	if (at < 0)
		return false;
	size_t n = lookup_fields(x, at, index, field);
	builder_reached(&x->b);
	if (n == 0)
		lookup_unknown(x, at, reg, len, index, false, true);
	else
		builder_vmap(&x->b, field, n, index);
	x->done = true;
	return true;
}

/* A key that was drawn or counted, and is in the map whatever it is. */
static bool drawn_key(struct exec *x, int at, size_t index, struct range *key)
{
	const struct byte_symbol *r = &x->reg[at];
	const struct source *s = r[0].source == BYTE_CONSTANT ? NULL : &x->source[r[0].source];
	if (s == NULL || !s->drawn || x->nl->raw[index].key_len != 4)
		return false;
	bool turned = r[0].index == 3;
	for (unsigned i = 0; i < 4; i++)
		if (r[i].source != r[0].source || r[i].mask != 0xff || r[i].value != 0 ||
		        r[i].index != (turned ? 3 - i : i))
			return false;
	const struct layout layout = {.n = 1, .part = {{RS_FIELD_MARK, 0, !turned}}};
	const struct rs_set *set = &x->b.rs->set[index];
	if (set->undecided || set->dynamic || set->timeout || !set_decode(x->nl, index, &layout))
		return false;
	u128 next = s->range.lo;
	for (size_t i = 0; i < set->n_element && next <= s->range.hi; i++)
		if (!set->element[i].catch_all && set->element[i].key[0].lo <= next &&
		        set->element[i].key[0].hi >= next)
			next = set->element[i].key[0].hi + 1;
	*key = s->range;
	return next > s->range.hi;
}

/* A map of data: the rule goes on where the key is in it, with something that only address translation follows. */
static bool data_map(struct exec *x, uint32_t reg, uint32_t dreg, size_t index, const char *name)
{
	size_t key_len = x->nl->raw[index].key_len, data_len = x->nl->raw[index].data_len;
	struct nat_map map = {.set = index};
	int at = register_offset(reg, key_len);
	if (at < 0 || register_offset(dreg, data_len) < 0)
		return false;
	struct text t = {0};
	register_print(&t, x, reg, key_len);
	text_addf(&t, " map @%s", name);
	bool drawn = drawn_key(x, at, index, &map.key);
	if (!drawn) {
		map.n_field = lookup_fields(x, at, index, map.field);
		lookup_act(x, reg, index, false);
	}
	register_load_unknown(x, dreg, data_len, text_take(&t), SOURCE_HEX, NULL, false);
	if (drawn || map.n_field > 0) {
		struct nat_map **kept = &x->source[x->n_source - 1].map;
		*kept = xmalloc(sizeof(**kept));
		**kept = map;
	}
	return true;
}

bool expr_lookup(struct exec *x, const struct nlattr *data)
{
	const struct nlattr *tb[NFTA_LOOKUP_MAX + 1];
	char name[RULESET_MAX_NAME + 1];
	uint32_t reg, dreg, flags = 0;
	size_t index;
	if (!attrs_nested(data, tb, NFTA_LOOKUP_MAX + 1) || !attr_name(tb[NFTA_LOOKUP_SET], name) ||
	        !attr_u32(tb[NFTA_LOOKUP_SREG], &reg) ||
	        !name_index_find(&x->nl->sets, x->family, x->table, name, &index))
		return false;
	attr_u32(tb[NFTA_LOOKUP_FLAGS], &flags);
	if (!attr_u32(tb[NFTA_LOOKUP_DREG], &dreg))
		return lookup_act(x, reg, index, flags & NFT_LOOKUP_F_INV);
	if (dreg == NFT_REG_VERDICT)
		return verdict_map(x, reg, index);
	return data_map(x, reg, dreg, index, name);
}
