/*
 * The mirror's ruleset: raw rules and sets come in, a ruleset goes out that shares with the last one what did not change.
 * Rules are decoded when they come, against sets and chains that stay as they were; where more than rules, sets without a
 * name and elements changed, or where the order of rules decides how a set is read, everything is decoded again. What
 * the reader of dumps refuses is refused.
 */
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "ruleset/mirror.h"

#define DEAD_SETS_MAX 1000

struct decoder {
	struct netlink nl; /* its ruleset has chains and sets, and rules only while they are decoded */
	char **bytes; /* that undecoded elements are borrowed from */
	size_t n_bytes, cap_bytes;
};

static void rule_release(struct mirror_rule *rule)
{
	rule_fini(&rule->rule);
	free(rule);
}

/* Each with its chain; NULL ends it. Start with {NULL, NULL}. */
struct walk {
	struct mirror_object *table, *parent, *rule;
};

/* The next chain or set. */
static struct mirror_object *walk_part(const struct mirror *m, struct walk *w, enum mirror_kind kind)
{
	w->parent = w->parent != NULL ? w->parent->next : NULL;
	while (w->parent == NULL) {
		w->table = w->table == NULL ? m->store.table.first : w->table->next;
		if (w->table == NULL)
			return NULL;
		w->parent = w->table->part[kind].first;
	}
	return w->parent;
}

void mirror_decoder_free(struct mirror *m)
{
	struct decoder *d = m->decoder;

	if (d == NULL)
		return;
	for (struct walk w = {0}; walk_part(m, &w, MIRROR_CHAIN) != NULL;) {
		for (struct mirror_object *o = w.parent->part[MIRROR_RULE].first; o != NULL; o = o->next) {
			if (o->rule != NULL)
				rule_release(o->rule);
			o->rule = NULL;
		}
	}
	ruleset_free(d->nl.rs);
	netlink_fini(&d->nl);
	for (size_t i = 0; i < d->n_bytes; i++)
		free(d->bytes[i]);
	free(d->bytes);
	free(d);
	m->decoder = NULL;
}

void mirror_interfaces_changed(struct mirror *m)
{
	m->reshaped = true;
}

/* Messages into the decoder, which keeps them. */
static int read_bytes(struct decoder *d, struct text *t, struct error *err)
{
	size_t len = t->len;

	d->bytes = xgrow(d->bytes, d->n_bytes, &d->cap_bytes, sizeof(*d->bytes));
	d->bytes[d->n_bytes++] = text_take(t);
	return netlink_read(&d->nl, d->bytes[d->n_bytes - 1], len, err);
}

static const void *attributes(const struct mirror_object *o, size_t *len)
{
	size_t header = sizeof(struct nlmsghdr) + sizeof(uint32_t); /* struct nfgenmsg */

	*len = o->len - header;
	return o->message + header;
}

/* A rule that fills a set makes it dynamic for the rules before it too. */
static int scan(struct decoder *d, const struct mirror_object *o, struct error *err)
{
	size_t len;
	const void *attrs = attributes(o, &len);

	return netlink_rule_scan(&d->nl, d->nl.rs->chain[o->parent->slot].family, attrs, len, err);
}

static int decode(struct decoder *d, struct mirror_object *o, struct error *err)
{
	struct ruleset *rs = d->nl.rs;
	struct rs_chain *c = &rs->chain[o->parent->slot];
	struct mirror_rule *r = xcalloc(1, sizeof(*r));
	size_t len;
	const void *attrs = attributes(o, &len);

	rs->uses_conntrack = rs->tracks[0] = rs->tracks[1] = rs->sets_mark = false;
	if (netlink_rule(&d->nl, c->family, attrs, len, err) != 0) {
		free(r);
		return -1;
	}
	r->rule = c->rule[--c->n_rule];
	rs->n_rule--;
	r->uses_conntrack = rs->uses_conntrack;
	memcpy(r->tracks, rs->tracks, sizeof(r->tracks));
	r->sets_mark = rs->sets_mark;
	r->reads_mark = rule_reads_mark(&r->rule);
	o->rule = r;
	return 0;
}

/* Chains and sets of the frame are the mirror's in the same order, unless the reader passed over some. */
static bool number_parts(struct mirror *m, struct decoder *d)
{
	struct ruleset *rs = d->nl.rs;
	struct mirror_object *o;
	size_t chains = 0, sets = 0;

	for (struct walk w = {0}; (o = walk_part(m, &w, MIRROR_CHAIN)) != NULL; chains++) {
		if (chains == rs->n_chain || rs->chain[chains].handle != o->handle)
			return false;
		o->slot = chains;
	}
	for (struct walk w = {0}; (o = walk_part(m, &w, MIRROR_SET)) != NULL;) {
		o->slot = sets++;
		o->stale = false;
	}
	return chains == rs->n_chain && sets == rs->n_set;
}

typedef int rule_fn(struct decoder *d, struct mirror_object *rule, struct error *err);

static int scan_new(struct decoder *d, struct mirror_object *o, struct error *err)
{
	return o->rule != NULL ? 0 : scan(d, o, err);
}

static int decode_new(struct decoder *d, struct mirror_object *o, struct error *err)
{
	return o->rule != NULL ? 0 : decode(d, o, err);
}

/* Once the sets are read that the text may show. */
static int share_new(struct decoder *d, struct mirror_object *o, struct error *err)
{
	struct rs_rule *rule = &o->rule->rule;

	(void)err;
	if (rule->share == NULL)
		rule_share(rule, rule_print(d->nl.rs, &d->nl.rs->chain[o->parent->slot], rule));
	return 0;
}

static int each_rule(struct mirror *m, rule_fn *fn, struct error *err)
{
	for (struct walk w = {0}; walk_part(m, &w, MIRROR_CHAIN) != NULL;)
		for (struct mirror_object *o = w.parent->part[MIRROR_RULE].first; o != NULL; o = o->next)
			if (fn(m->decoder, o, err) != 0)
				return -1;
	return 0;
}

/* What is decoded by now stays as it is. */
static int settle(struct mirror *m, struct error *err)
{
	struct netlink *nl = &m->decoder->nl;

	sets_decode_rest(nl);
	nl->n_settled = nl->rs->n_set;
	nl->conflict = false;
	m->n_new = 0;
	for (size_t i = 0; i < nl->rs->n_set; i++)
		if (nl->rs->set[i].share == NULL)
			set_share(&nl->rs->set[i]);
	return each_rule(m, share_new, err);
}

static int build(struct mirror *m, struct error *err)
{
	struct decoder *d = xcalloc(1, sizeof(*d));
	struct text frame = {0};

	mirror_decoder_free(m);
	m->decoder = d;
	m->store.release = rule_release;
	d->nl.rs = xcalloc(1, sizeof(*d->nl.rs));
	mirror_put_frame(&frame, m);
	if (read_bytes(d, &frame, err) != 0)
		return -1;
	m->reshaped = false;
	m->n_dead = 0;
	m->ordered = !number_parts(m, d);
	if (m->ordered)
		return 0;
	if (each_rule(m, scan_new, err) != 0 || each_rule(m, decode_new, err) != 0)
		return -1;
	m->ordered = d->nl.conflict;
	for (size_t i = 0; i < d->nl.rs->n_set; i++)
		if (d->nl.raw[i].decoded && !d->nl.rs->set[i].anonymous && !set_is_plain(&d->nl, i))
			m->ordered = true;
	return settle(m, err);
}

/* Sets without a name that came with their rules; names of those that are gone are used again. */
static int read_new_sets(struct mirror *m, struct error *err)
{
	struct netlink *nl = &m->decoder->nl;
	struct text t = {0};
	struct mirror_object *o;
	size_t next = nl->rs->n_set;

	name_index_fini(&nl->sets);
	for (struct walk w = {0}; (o = walk_part(m, &w, MIRROR_SET)) != NULL;) {
		const struct rs_set *set = o->slot != SIZE_MAX ? &nl->rs->set[o->slot] : NULL;

		if (set != NULL)
			name_index_add(&nl->sets, set->family, set->table, set->name, o->slot);
		else
			mirror_put_set(&t, o, true);
	}
	nl->n_settled = next;
	if (t.len > 0 && read_bytes(m->decoder, &t, err) != 0)
		return -1;
	for (struct walk w = {0}; (o = walk_part(m, &w, MIRROR_SET)) != NULL;) {
		if (o->slot != SIZE_MAX)
			continue;
		o->slot = next++;
		o->stale = false;
	}
	return next == nl->rs->n_set ? 0 : error_set(err, ERR_INTERNAL, "mirror", "a set was passed over");
}

static bool has_catch_all(const struct rs_set *set)
{
	return set->n_element > 0 && set->element[set->n_element - 1].catch_all;
}

/* The elements of a named set anew; *again where rules that look into it may read otherwise. */
static int read_elements(struct mirror *m, struct mirror_object *o, bool *again, struct error *err)
{
	struct netlink *nl = &m->decoder->nl;
	struct rs_set *set = &nl->rs->set[o->slot], old = *set;
	struct raw_set *raw = &nl->raw[o->slot];
	struct text t = {0};

	*again = old.anonymous || old.undecided || !raw->decoded;
	if (*again)
		return 0;
	o->stale = false;
	set->table = xstrdup(old.table);
	set->name = xstrdup(old.name);
	set->type = old.type != NULL ? xstrdup(old.type) : NULL;
	set->element = NULL;
	set->n_element = set->cap_element = 0;
	set->share = NULL;
	raw->decoded = false;
	/* The index borrows the names. */
	name_index_fini(&nl->sets);
	name_index_add(&nl->sets, set->family, set->table, set->name, o->slot);
	mirror_put_set(&t, o, false);
	size_t settled = nl->n_settled;
	nl->n_settled = 0;
	int result = netlink_read(nl, text_str(&t), t.len, err);
	const struct layout layout = raw->layout;
	*again = result == 0 &&
	         (!set_decode(nl, o->slot, &layout) || set->undecided || has_catch_all(set) != has_catch_all(&old));
	nl->n_settled = settled;
	set_share(set);
	set_fini(&old);
	text_fini(&t);
	return result;
}

/* What came since the last time. */
static int renew(struct mirror *m, bool *again, struct error *err)
{
	struct netlink *nl = &m->decoder->nl;
	struct mirror_object *o;

	*again = m->n_dead > DEAD_SETS_MAX || m->decoder->n_bytes > DEAD_SETS_MAX;
	nl->n_element = 0;
	nl->n_settled = nl->rs->n_set;
	for (struct walk w = {0}; !*again && (o = walk_part(m, &w, MIRROR_SET)) != NULL;)
		if (o->slot != SIZE_MAX && o->stale && read_elements(m, o, again, err) != 0)
			return -1;
	if (*again)
		return 0;
	nl->fills_set = false;
	if (m->n_new == 0)
		return 0;
	if (read_new_sets(m, err) != 0 || each_rule(m, scan_new, err) != 0)
		return -1;
	*again = nl->fills_set;
	if (*again)
		return 0;
	if (each_rule(m, decode_new, err) != 0)
		return -1;
	*again = nl->conflict;
	return *again ? 0 : settle(m, err);
}

static void add_chain(struct ruleset *rs, const struct rs_chain *from, const struct mirror_object *chain)
{
	struct rs_chain *c = &rs->chain[rs->n_chain++];
	size_t n = 0;

	*c = *from;
	c->table = xstrdup(from->table);
	c->name = xstrdup(from->name);
	c->device = from->device != NULL ? xstrdup(from->device) : NULL;
	for (const struct mirror_object *o = chain->part[MIRROR_RULE].first; o != NULL; o = o->next)
		n++;
	c->rule = xcalloc(n, sizeof(*c->rule));
	c->cap_rule = n;
	c->n_rule = 0;
	for (const struct mirror_object *o = chain->part[MIRROR_RULE].first; o != NULL; o = o->next) {
		c->rule[c->n_rule++] = rule_copy(&o->rule->rule);
		rs->uses_conntrack |= o->rule->uses_conntrack;
		rs->tracks[0] |= o->rule->tracks[0];
		rs->tracks[1] |= o->rule->tracks[1];
		rs->sets_mark |= o->rule->sets_mark;
	}
	rs->n_rule += n;
}

static bool reads_mark(const struct mirror *m)
{
	for (struct walk w = {0}; walk_part(m, &w, MIRROR_CHAIN) != NULL;)
		for (const struct mirror_object *o = w.parent->part[MIRROR_RULE].first; o != NULL; o = o->next)
			if (o->rule->reads_mark)
				return true;
	return false;
}

/* NULL: the rules cannot stay as they are, or are too many. */
static struct ruleset *assemble(const struct mirror *m)
{
	const struct ruleset *frame = m->decoder->nl.rs;
	struct ruleset *rs = xcalloc(1, sizeof(*rs));
	const struct mirror_object *o;

	rs->chain = xcalloc(frame->n_chain, sizeof(*rs->chain));
	rs->cap_chain = frame->n_chain;
	rs->set = xcalloc(frame->n_set, sizeof(*rs->set));
	rs->n_set = rs->cap_set = frame->n_set;
	for (size_t i = 0; i < frame->n_set; i++)
		rs->set[i] = set_copy(&frame->set[i]);
	for (struct walk w = {0}; (o = walk_part(m, &w, MIRROR_CHAIN)) != NULL;)
		add_chain(rs, &frame->chain[o->slot], o);
	rs->generation = m->generation;
	rs->foreign_flowtable = frame->foreign_flowtable != NULL ? xstrdup(frame->foreign_flowtable) : NULL;
	if (rs->n_rule > RULESET_MAX_RULES || (rs->sets_mark && reads_mark(m))) {
		ruleset_free(rs);
		return NULL;
	}
	ruleset_finish(rs);
	return rs;
}

static int parse(const struct mirror *m, struct ruleset **out, struct error *err)
{
	size_t len;
	uint8_t *bytes = mirror_bytes(m, &len);
	int result = ruleset_parse_netlink(bytes, len, out, err);

	free(bytes);
	return result;
}

int mirror_ruleset(struct mirror *m, struct ruleset **out, struct error *err)
{
	bool again = m->decoder == NULL || m->reshaped, whole = m->ordered && !m->reshaped;
	struct error ignored;

	*out = NULL;
	if (!m->known)
		return error_set(err, ERR_UNAVAILABLE, "mirror", "nothing is known: a full dump is due");
	whole = whole || m->store.n > 2 * RULESET_MAX_ELEMENTS;
	if (!whole && !again && renew(m, &again, &ignored) != 0)
		again = true;
	if (!whole && again)
		whole = build(m, &ignored) != 0 || m->ordered;
	if (!whole)
		*out = assemble(m);
	m->counts.in_part += *out != NULL && !again;
	m->counts.whole += *out != NULL && again;
	m->counts.parsed += *out == NULL;
	if (*out != NULL)
		return 0;
	/* What cannot be decoded piece by piece is parsed as a dump, which also says why not. */
	mirror_decoder_free(m);
	return parse(m, out, err);
}

struct mirror_counts mirror_counts(const struct mirror *m)
{
	return m->counts;
}
