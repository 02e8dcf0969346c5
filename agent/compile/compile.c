/*
 * The own table of a configuration: in come the site and its required flows, out go sets, chains and rules. What the
 * kernel would not take in good time is refused, as is a rule that cannot be.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile/boxes.h"
#include "compile/rules.h"
#include "portcullis/alloc.h"

static const enum family families[] = {FAMILY_IPV4, FAMILY_IPV6};

static const struct {
	const char *name;
	enum rs_hook hook;
} paths[PATH_N] = {
        [PATH_FORWARD] = {"forward", RS_HOOK_FORWARD},
        [PATH_INPUT] = {"input", RS_HOOK_INPUT},
        [PATH_OUTPUT] = {"output", RS_HOOK_OUTPUT},
};

/** One chain on its way. */
struct chain_work {
	const struct compile_input *in;
	struct own_table *table;
	size_t chain;
	enum path path;
	struct error *err;
};

static struct own_rule rule_begin(enum rs_verdict_code verdict, const char *comment)
{
	return (struct own_rule){
	        .counts = true, .verdict = verdict, .comment = own_comment("%s", comment), .from = SIZE_MAX};
}

static void add(struct chain_work *w, const struct own_rule *r)
{
	own_rule_add(w->table, w->chain, r);
}

/** What belongs to connections that were let in, errors by ICMP among it. */
static void established_add(struct chain_work *w)
{
	struct own_rule r = rule_begin(RS_ACCEPT, "connections that were let in");

	own_match_bits(&r, RS_FIELD_CT_STATE, own_states(STATE_ESTABLISHED | STATE_RELATED));
	add(w, &r);
}

/** Without these a device that drops the rest of its own traffic would not work. */
static void local_add(struct chain_work *w)
{
	static const uint8_t neighbour[] = {130, 131, 132, 133, 134, 135, 136, 143};
	struct own_rule loopback = rule_begin(RS_ACCEPT, "loopback");
	struct own_rule nd = rule_begin(RS_ACCEPT, "IPv6 neighbours and multicast listeners");
	u128 lo = ifname_value("lo");
	struct ranges types = {0};

	own_match_range(&loopback, w->path == PATH_INPUT ? RS_FIELD_IIFNAME : RS_FIELD_OIFNAME, (struct range){lo, lo});
	add(w, &loopback);
	for (size_t i = 0; i < sizeof(neighbour); i++)
		ranges_add(&types, neighbour[i], neighbour[i]);
	ranges_normalise(&types);
	own_match_range(&nd, RS_FIELD_L4PROTO, (struct range){PROTO_ICMPV6, PROTO_ICMPV6});
	own_match_ranges(&nd, w->table, RS_FIELD_ICMPV6_TYPE, &types, "neighbour-types");
	ranges_fini(&types);
	add(w, &nd);
}

static int required_add(struct chain_work *w)
{
	for (int f = 0; f < 2; f++) {
		struct own_set boxes, pings;
		struct own_rule r;
		char name[OWN_REQUIRED_NAME];

		if (boxes_of_flows(w->in->flows, w->path, families[f], &boxes, w->err) != 0) {
			free(boxes.element);
			return -1;
		}
		if (boxes.n_element > 0) {
			r = rule_begin(RS_ACCEPT, "required flows");
			r.counts = false; /* its boxes do */
			own_required_name(w->path, families[f], false, name);
			own_match_set(&r, w->table, own_set_add(w->table, name, &boxes));
			add(w, &r);
		}
		free(boxes.element);
		if (boxes_of_pings(w->in->flows, w->path, families[f], &pings, w->err) != 0) {
			free(pings.element);
			return -1;
		}
		if (pings.n_element > 0) {
			uint8_t proto = f == 0 ? PROTO_ICMP : PROTO_ICMPV6, type = f == 0 ? 8 : 128;

			r = rule_begin(RS_ACCEPT, "required flows of ICMP");
			r.counts = false;
			own_required_name(w->path, families[f], true, name);
			own_match_set(&r, w->table, own_set_add(w->table, name, &pings));
			own_match_range(&r, RS_FIELD_L4PROTO, (struct range){proto, proto});
			own_match_range(
			        &r, f == 0 ? RS_FIELD_ICMP_TYPE : RS_FIELD_ICMPV6_TYPE, (struct range){type, type});
			add(w, &r);
		}
		free(pings.element);
	}
	return 0;
}

static int name_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/** Names of the groups that deployments have, in order; the caller frees the array. */
static char **bound_names(const struct site *site, size_t *n)
{
	char **name = NULL;
	size_t cap = 0;

	*n = 0;
	for (size_t d = 0; d < site->n_deployment; d++) {
		for (size_t g = 0; g < site->deployment[d].n_group; g++) {
			name = xgrow(name, *n, &cap, sizeof(*name));
			name[(*n)++] = site->deployment[d].group[g];
		}
	}
	if (*n > 0)
		qsort(name, *n, sizeof(*name), name_cmp);
	return name;
}

/** Addresses of the groups that deployments have, of both families. */
static void bound_take(const struct site *site, struct ranges bound[2])
{
	size_t n;
	char **name = bound_names(site, &n);

	for (size_t i = 0; i < site->n_group && n > 0; i++) {
		const struct group *g = &site->group[i];

		if (bsearch(&g->name, name, n, sizeof(*name), name_cmp) == NULL)
			continue;
		for (int f = 0; f < 2; f++) {
			prefixes_take(&bound[f], g->address, g->n_address, families[f]);
			prefixes_take(&bound[f], g->virtual_address, g->n_virtual_address, families[f]);
		}
	}
	for (int f = 0; f < 2; f++)
		ranges_normalise(&bound[f]);
	free(name);
}

/** @param proto  0: any; @param states  0: any. */
static void scope_rule_add(struct chain_work *w, int family, const struct ranges *bound, unsigned states, uint8_t proto,
        const char *comment)
{
	struct own_rule r = rule_begin(RS_DROP, comment);

	if (states != 0)
		own_match_bits(&r, RS_FIELD_CT_STATE, own_states(states));
	own_match_ranges(&r, w->table, own_address_field(families[family], false), bound,
	        family == 0 ? "bound-groups4" : "bound-groups6");
	if (proto != 0)
		own_match_range(&r, RS_FIELD_L4PROTO, (struct range){proto, proto});
	add(w, &r);
}

/**
 * Scope bound-groups: new packets to them that nothing above lets in. Connection tracking never calls new what is between
 * IPv6 neighbours, which is never forwarded rightly (RFC 4861 section 7.1), nor most ICMP of the other family, which means
 * nothing.
 */
static void scope_add(struct chain_work *w)
{
	struct ranges bound[2] = {{0}, {0}};

	bound_take(w->in->site, bound);
	for (int f = 0; f < 2; f++) {
		if (bound[f].n > 0) {
			scope_rule_add(w, f, &bound[f], STATE_NEW, 0, "scope bound-groups");
			scope_rule_add(w, f, &bound[f], 0, f == 0 ? PROTO_ICMPV6 : PROTO_ICMP,
			        "scope bound-groups: ICMP of the other family");
		}
		if (bound[f].n > 0 && families[f] == FAMILY_IPV6)
			scope_rule_add(w, f, &bound[f], STATE_UNTRACKED, PROTO_ICMPV6,
			        "scope bound-groups: between neighbours");
		ranges_fini(&bound[f]);
	}
}

static enum firewall_action default_of(const struct firewall *fw, enum path path)
{
	if (path == PATH_FORWARD && fw->scope == SCOPE_ALL && fw->by_default[path] == ACTION_FALL_THROUGH)
		return ACTION_DROP;
	return fw->by_default[path];
}

static void default_add(struct chain_work *w)
{
	enum firewall_action action = default_of(&w->in->site->firewall, w->path);
	struct own_rule r;

	if (action == ACTION_FALL_THROUGH)
		return;
	r = rule_begin(action == ACTION_ACCEPT ? RS_ACCEPT : RS_DROP, "default action");
	r.reject = action == ACTION_REJECT;
	add(w, &r);
}

static bool path_is_used(const struct compile_input *in, enum path path)
{
	const struct firewall *fw = &in->site->firewall;

	if (default_of(fw, path) != ACTION_FALL_THROUGH || (path == PATH_FORWARD && in->site->n_deployment > 0))
		return true;
	for (size_t i = 0; i < fw->n_rule; i++)
		if (fw->rule[i].path == path)
			return true;
	for (size_t i = 0; i < in->flows->n; i++)
		if (in->flows->flow[i].path == path && in->flows->flow[i].state == FLOW_CHECK)
			return true;
	return false;
}

static int chain_make(struct chain_work *w)
{
	const struct site *site = w->in->site;

	w->chain = own_chain_add(w->table, paths[w->path].name, paths[w->path].hook);
	established_add(w);
	if (w->path != PATH_FORWARD)
		local_add(w);
	if (w->path == PATH_INPUT)
		management_add(w->table, w->chain, site);
	if (rules_add(w->table, w->chain, site, w->path, w->err) != 0 || required_add(w) != 0)
		return -1;
	if (w->path == PATH_FORWARD && site->firewall.scope == SCOPE_BOUND_GROUPS)
		scope_add(w);
	default_add(w);
	return 0;
}

static int check_scope(const struct firewall *fw, struct error *err)
{
	if (fw->scope != SCOPE_ALL || fw->by_default[PATH_FORWARD] != ACTION_ACCEPT)
		return 0;
	return error_set(err, ERR_INVALID, "/portcullis:firewall/default-action/forward",
	        "scope all drops what nothing lets in, and this accepts it; take out one of them");
}

static int check_size(const struct own_table *t, struct error *err)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n_set; i++)
		n += t->set[i].n_element;
	if (n <= OWN_ELEMENTS_MAX)
		return 0;
	return error_set(err, ERR_LIMIT, "/portcullis:firewall",
	        "the sets would have %zu elements, at most %u are replaced in good time; write addresses as prefixes",
	        n, OWN_ELEMENTS_MAX);
}

static const struct pack *pack_of(const struct catalog *catalog, const char *name)
{
	for (size_t i = 0; catalog != NULL && i < catalog->n_pack; i++)
		if (strcmp(catalog->pack[i].name, name) == 0)
			return &catalog->pack[i];
	return NULL;
}

/** From what: the digest of the rest first, for a comment is short. */
static char *origin_comment(const struct own_table *t, const struct compile_input *in)
{
	char digest[65], *rest = own_table_text(t), *comment;
	struct text text = {0};

	sha256_hex(rest, strlen(rest), digest);
	for (size_t i = 0; i < in->site->n_deployment; i++) {
		const struct deployment *d = &in->site->deployment[i];
		const struct pack *pack = pack_of(in->catalog, d->product);

		text_addf(&text, "; %s: %s %s", d->name, d->product, pack != NULL ? pack->version : "");
	}
	comment = own_comment("digest %.16s%s", digest, text_str(&text));
	text_fini(&text);
	free(rest);
	return comment;
}

int compile(const struct compile_input *in, struct own_table **out, struct error *err)
{
	struct own_table *t = xcalloc(1, sizeof(*t));

	*out = NULL;
	if (check_scope(&in->site->firewall, err) != 0) {
		own_table_free(t);
		return -1;
	}
	for (int p = 0; p < PATH_N; p++) {
		struct chain_work w = {in, t, 0, (enum path)p, err};

		if (path_is_used(in, w.path) && chain_make(&w) != 0) {
			own_table_free(t);
			return -1;
		}
	}
	if (check_size(t, err) != 0) {
		own_table_free(t);
		return -1;
	}
	t->comment = origin_comment(t, in);
	*out = t;
	return 0;
}
