#ifndef PORTCULLIS_TESTS_FLOW_SCENE_H
#define PORTCULLIS_TESTS_FLOW_SCENE_H

/*
 * In: text with one object per line, words separated by blanks, lists by commas; the words are in the table scene_verbs.
 * Out: a pack, a site and what is known of the device's network, made by hand, so that no real pack is needed. Refused,
 * by a failed assertion: any other text.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/flow.h"

#define MAX_WORDS 32

struct scene {
	struct pack pack;
	struct pack all[4]; /**< the same and other products' */
	size_t n_other;
	struct catalog catalog;
	struct site site;
	struct network net;
	int64_t now;
	size_t cap_role, cap_requirement, cap_group, cap_deployment, cap_zone, cap_tolerated, cap_allowance,
	        cap_assumption;
};

struct words {
	char *word[MAX_WORDS];
	size_t n;
};

/* The value of KEY=VALUE among the words, or "". */
static const char *value_of(const struct words *w, const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < w->n; i++)
		if (!strncmp(w->word[i], key, len) && w->word[i][len] == '=')
			return w->word[i] + len + 1;
	return "";
}

static size_t split(const char *list, char ***out)
{
	char *copy = xstrdup(list), *save = NULL;
	size_t n = 0, cap = 0;

	*out = NULL;
	for (char *s = strtok_r(copy, ",", &save); s; s = strtok_r(NULL, ",", &save)) {
		*out = xgrow(*out, n, &cap, sizeof(**out));
		(*out)[n++] = xstrdup(s);
	}
	free(copy);
	return n;
}

static void split_free(char **list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i]);
	free(list);
}

static size_t prefixes(const char *list, struct prefix **out)
{
	char **name;
	size_t n = split(list, &name);

	*out = xcalloc(n + 1, sizeof(**out));
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(!prefix_parse(name[i], &(*out)[i].family, &(*out)[i].range, NULL), "prefix %s", name[i]);
	split_free(name, n);
	return n;
}

static struct port_range ports_of(const char *s)
{
	struct port_range p = {0, 0};

	ck_assert_msg(!port_range_parse(s, &p, NULL), "ports %s", s);
	return p;
}

/* Position of a word in a list of names, 0 for "". */
static unsigned choice(const char *word, const char *const *name, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!strcmp(word, name[i]))
			return i;
	ck_assert_msg(!word[0], "unknown word %s", word);
	return 0;
}
#define CHOICE(word, ...)                                                                                              \
	choice(word, (const char *const[]){__VA_ARGS__}, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *))

/* role ID NAME KIND [successor=ROLE] [included...] */
static void add_role(struct scene *s, const struct words *w)
{
	struct role *r;

	s->pack.role = xgrow(s->pack.role, s->pack.n_role, &s->cap_role, sizeof(*s->pack.role));
	r = &s->pack.role[s->pack.n_role++];
	*r = (struct role){.id = (uint32_t)atoi(w->word[1]), .name = xstrdup(w->word[2])};
	r->kind = CHOICE(w->word[3], "server", "load-balancer", "client", "device", "external");
	r->include = xcalloc(MAX_WORDS, sizeof(*r->include));
	r->successor_of = value_of(w, "successor")[0] ? xstrdup(value_of(w, "successor")) : NULL;
	for (size_t i = 4; i < w->n; i++)
		if (!strchr(w->word[i], '='))
			r->include[r->n_include++] = xstrdup(w->word[i]);
}

/* product NAME ROLE[=SUCCESSOR]...: another pack, of roles alone, in order of their names */
static void add_product(struct scene *s, const struct words *w)
{
	struct pack *p = &s->all[++s->n_other];

	ck_assert_uint_lt(s->n_other, sizeof(s->all) / sizeof(s->all[0]));
	*p = (struct pack){.id = (uint32_t)s->n_other + 1, .name = xstrdup(w->word[1]), .version = xstrdup("1")};
	p->role = xcalloc(MAX_WORDS, sizeof(*p->role));
	for (size_t i = 2; i < w->n; i++) {
		const char *equals = strchr(w->word[i], '=');
		size_t len = equals ? (size_t)(equals - w->word[i]) : strlen(w->word[i]);

		p->role[p->n_role++] = (struct role){.id = (uint32_t)i,
		        .name = xstrndup(w->word[i], len),
		        .successor_of = equals ? xstrdup(equals + 1) : NULL};
	}
}

static void add_variants(struct requirement *r, const char *list)
{
	char **part;

	r->n_flow = split(list, &part);
	r->flow = xcalloc(r->n_flow + 1, sizeof(*r->flow));
	for (size_t i = 0; i < r->n_flow; i++) {
		r->flow[i].proto = strncmp(part[i], "udp:", 4) ? PROTO_TCP : PROTO_UDP;
		r->flow[i].ports = ports_of(part[i] + 4);
		r->flow[i].source_ports = (struct port_range){1024, 65535};
	}
	split_free(part, r->n_flow);
}

/* CONFIDENCE:FIELD:PRINTED:EFFECTIVE[;...] */
static void add_errata(struct requirement *r, const char *list)
{
	char *copy = xstrdup(list), *save = NULL;

	r->erratum = xcalloc(MAX_WORDS, sizeof(*r->erratum));
	for (char *one = strtok_r(copy, ";", &save); one; one = strtok_r(NULL, ";", &save)) {
		char *part[4] = {one};

		for (size_t i = 1; i < 4; i++) {
			part[i] = strchr(part[i - 1], ':');
			ck_assert_msg(part[i] != NULL, "erratum %s", one);
			*part[i]++ = '\0';
		}
		r->erratum[r->n_erratum++] = (struct erratum){.field = xstrdup(part[1]),
		        .as_printed = xstrdup(part[2]),
		        .effective = xstrdup(part[3]),
		        .confidence = CHOICE(part[0], "low", "medium", "high")};
	}
	free(copy);
}

/* "role" is stated, "role?" inferred. */
static void initiator_of(struct initiator *out, char *word)
{
	size_t len = strlen(word);
	out->basis = len > 1 && word[len - 1] == '?' ? BASIS_INFERRED : BASIS_STATED;
	if (out->basis == BASIS_INFERRED)
		word[len - 1] = '\0';
	out->role = word;
}

/* requirement ID LABEL listener= from= flow= [class=] [reach=] [lb=] [service=] [minimum=] [condition=] [interface=] [erratum=] */
static void add_requirement(struct scene *s, const struct words *w)
{
	struct requirement *r;
	char **name;

	s->pack.requirement =
	        xgrow(s->pack.requirement, s->pack.n_requirement, &s->cap_requirement, sizeof(*s->pack.requirement));
	r = &s->pack.requirement[s->pack.n_requirement++];
	*r = (struct requirement){.id = (uint32_t)atoi(w->word[1]), .label = xstrdup(w->word[2])};
	r->listener = xstrdup(value_of(w, "listener"));
	r->service = xstrdup(value_of(w, "service"));
	r->condition = xstrdup(value_of(w, "condition"));
	r->configurable_minimum = (unsigned)atoi(value_of(w, "minimum"));
	r->n_initiator = split(value_of(w, "from"), &name);
	r->initiator = xcalloc(r->n_initiator + 1, sizeof(*r->initiator));
	for (size_t i = 0; i < r->n_initiator; i++)
		initiator_of(&r->initiator[i], name[i]);
	free(name);
	add_variants(r, value_of(w, "flow"));
	r->class = CHOICE(
	        value_of(w, "class"), "signalling", "server-media", "client-media", "peer-to-peer", "management");
	r->reach = (enum reach)CHOICE(value_of(w, "reach"), "site", "same-host", "same-pool", "external");
	r->reach = (const enum reach[]){REACH_SITE, REACH_SAME_HOST, REACH_SAME_POOL, REACH_EXTERNAL}[r->reach];
	r->lb_need = CHOICE(value_of(w, "lb"), "none", "hlb-if-no-dns-lb", "hlb-always");
	r->interface = CHOICE(value_of(w, "interface"), "any", "internal", "external");
	add_errata(r, value_of(w, "erratum"));
}

/* zone ID NAME interface... */
static void add_zone(struct scene *s, const struct words *w)
{
	struct zone *z;

	s->site.zone = xgrow(s->site.zone, s->site.n_zone, &s->cap_zone, sizeof(*s->site.zone));
	z = &s->site.zone[s->site.n_zone++];
	*z = (struct zone){.id = (uint32_t)atoi(w->word[1]), .name = xstrdup(w->word[2])};
	z->interface = xcalloc(MAX_WORDS, sizeof(*z->interface));
	for (size_t i = 3; i < w->n; i++)
		z->interface[z->n_interface++] = xstrdup(w->word[i]);
}

/* published=ADDRESS,TRANSPORT,EXTERNAL,INTERNAL,ZONE */
static void add_published(struct group *g, const char *list)
{
	struct published *p;
	char **part;
	size_t n = split(list, &part);

	if (n) {
		p = g->published = xcalloc(1, sizeof(*p));
		g->n_published = 1;
		ck_assert(addr_parse(part[0], &p->family, &p->address));
		p->proto = (const uint8_t[]){0, PROTO_TCP, PROTO_UDP}[CHOICE(part[1], "any", "tcp", "udp")];
		p->external = ports_of(part[2]);
		p->internal = ports_of(part[3]);
		p->seen_from = xstrdup(n > 4 ? part[4] : "");
	}
	split_free(part, n);
}

/* group ID NAME roles=[PRODUCT:]ROLE[@INTERFACE],... [address=] [zone=] [lb=] [virtual=] [nat=] [published=] */
static void add_group(struct scene *s, const struct words *w)
{
	struct group *g;
	char **role;

	s->site.group = xgrow(s->site.group, s->site.n_group, &s->cap_group, sizeof(*s->site.group));
	g = &s->site.group[s->site.n_group++];
	*g = (struct group){.id = (uint32_t)atoi(w->word[1]), .name = xstrdup(w->word[2])};
	g->zone = xstrdup(value_of(w, "zone"));
	g->n_member_of = split(value_of(w, "roles"), &role);
	g->member_of = xcalloc(g->n_member_of + 1, sizeof(*g->member_of));
	for (size_t i = 0; i < g->n_member_of; i++) {
		char *colon = strchr(role[i], ':'), *at = strchr(role[i], '@');

		if (at)
			*at++ = '\0';
		g->member_of[i].interface = CHOICE(at ? at : "", "any", "internal", "external");

		g->member_of[i].product = colon ? xstrndup(role[i], (size_t)(colon - role[i])) : xstrdup("p");
		g->member_of[i].role = xstrdup(colon ? colon + 1 : role[i]);
	}
	split_free(role, g->n_member_of);
	g->n_address = prefixes(value_of(w, "address"), &g->address);
	g->n_virtual_address = prefixes(value_of(w, "virtual"), &g->virtual_address);
	g->n_source_nat_address = prefixes(value_of(w, "nat"), &g->source_nat_address);
	g->lb_kind = CHOICE(value_of(w, "lb"), "none", "dns-with-web-vip", "hardware");
	add_published(g, value_of(w, "published"));
}

/* deployment ID NAME groups= [product=] [version=] [digest=] [absent=] [off=] [accept=] [coexists=] [errata=] */
static void add_deployment(struct scene *s, const struct words *w)
{
	struct deployment *d;

	s->site.deployment = xgrow(s->site.deployment, s->site.n_deployment, &s->cap_deployment, sizeof(*d));
	d = &s->site.deployment[s->site.n_deployment++];
	*d = (struct deployment){.id = (uint32_t)atoi(w->word[1]), .name = xstrdup(w->word[2])};
	d->product = xstrdup(value_of(w, "product")[0] ? value_of(w, "product") : "p");
	d->pack_version = xstrdup(value_of(w, "version"));
	d->pack_digest = xstrdup(value_of(w, "digest"));
	d->n_group = split(value_of(w, "groups"), &d->group);
	d->n_role_absent = split(value_of(w, "absent"), &d->role_absent);
	d->n_service_off = split(value_of(w, "off"), &d->service_off);
	d->n_accept_default_range = split(value_of(w, "accept"), &d->accept_default_range);
	d->n_coexists_with = split(value_of(w, "coexists"), &d->coexists_with);
	d->errata_policy = CHOICE(value_of(w, "errata"), "high", "all", "printed");
	d->port_override = xcalloc(4, sizeof(*d->port_override));
	d->initiator_override = xcalloc(4, sizeof(*d->initiator_override));
	d->waiver = xcalloc(4, sizeof(*d->waiver));
}

static struct deployment *last_deployment(struct scene *s)
{
	return &s->site.deployment[s->site.n_deployment - 1];
}

/* override LABEL VARIANT LOWER-UPPER */
static void add_override(struct scene *s, const struct words *w)
{
	struct deployment *d = last_deployment(s);
	unsigned lower, upper;

	ck_assert_int_eq(sscanf(w->word[3], "%u-%u", &lower, &upper), 2);
	d->port_override[d->n_port_override++] = (struct port_override){
	        xstrdup(w->word[1]), (unsigned)atoi(w->word[2]), {(uint16_t)lower, (uint16_t)upper}};
}

/* initiators LABEL GROUP,... */
static void add_initiators(struct scene *s, const struct words *w)
{
	struct deployment *d = last_deployment(s);
	struct initiator_override *o = &d->initiator_override[d->n_initiator_override++];

	o->requirement = xstrdup(w->word[1]);
	o->n_group = split(w->word[2], &o->group);
}

/* waiver REQUIREMENT [from=] [to=] [expires=] */
static void add_waiver(struct scene *s, const struct words *w)
{
	struct deployment *d = last_deployment(s);

	d->waiver[d->n_waiver++] = (struct waiver){xstrdup("w"), xstrdup(w->word[1]), xstrdup(value_of(w, "from")),
	        xstrdup(value_of(w, "to")), xstrdup("r"), xstrdup("o"), atoi(value_of(w, "expires"))};
}

/* tolerated [prefix=] [set=WORD,...]: the words of the set, with blanks between them */
static void add_tolerated(struct scene *s, const struct words *w)
{
	struct tolerated_source *t;

	s->site.tolerated_source =
	        xgrow(s->site.tolerated_source, s->site.n_tolerated_source, &s->cap_tolerated, sizeof(*t));
	t = &s->site.tolerated_source[s->site.n_tolerated_source++];
	*t = (struct tolerated_source){.name = xstrdup("t"), .set = xstrdup(value_of(w, "set"))};
	for (char *comma = t->set; (comma = strchr(comma, ','));)
		*comma = ' ';
	t->n_prefix = prefixes(value_of(w, "prefix"), &t->prefix);
}

/* allowance NAME [transport=] lower= upper= [expires=] */
static void add_allowance(struct scene *s, const struct words *w)
{
	struct allowance *a;

	s->site.allowance = xgrow(s->site.allowance, s->site.n_allowance, &s->cap_allowance, sizeof(*a));
	a = &s->site.allowance[s->site.n_allowance++];
	*a = (struct allowance){.name = xstrdup(w->word[1]), .expires = atoi(value_of(w, "expires"))};
	a->proto = (const uint8_t[]){0, PROTO_TCP, PROTO_ICMP}[CHOICE(value_of(w, "transport"), "any", "tcp", "icmp")];
	a->ports = (struct port_range){(uint16_t)atoi(value_of(w, "lower")), (uint16_t)atoi(value_of(w, "upper"))};
}

/* local ADDRESS INTERFACE */
static void add_local(struct scene *s, const struct words *w)
{
	struct net_address *a;

	s->net.known = true;
	s->net.address = xgrow(s->net.address, s->net.n_address, &s->net.cap_address, sizeof(*a));
	a = &s->net.address[s->net.n_address++];
	*a = (struct net_address){0};
	ck_assert(addr_parse(w->word[1], &a->family, &a->address));
	snprintf(a->ifname, sizeof(a->ifname), "%s", w->word[2]);
}

/* assumption NAME [expires=] */
static void add_assumption(struct scene *s, const struct words *w)
{
	struct assumption *a;

	s->site.assumption = xgrow(s->site.assumption, s->site.n_assumption, &s->cap_assumption, sizeof(*a));
	a = &s->site.assumption[s->site.n_assumption++];
	*a = (struct assumption){.name = xstrdup(w->word[1]), .expires = atoi(value_of(w, "expires"))};
}

static void copy_name(char out[IFNAME_SIZE], const char *name)
{
	memcpy(out, name, strnlen(name, IFNAME_SIZE - 1));
}

/* route PREFIX INTERFACE[,INTERFACE...]|-|? [vrf=]: "-" leads nowhere, "?" nobody knows where, "throw" passes on */
static void add_route(struct scene *s, const struct words *w)
{
	struct net_route r = {0};
	char **hop;
	size_t n = split(w->word[2], &hop);

	s->net.known = true;
	ck_assert(!prefix_parse(w->word[1], &r.family, &r.destination, NULL));
	r.prefix_length = range_prefix_length(r.family, r.destination);
	r.multipath = n > 1;
	copy_name(r.vrf, value_of(w, "vrf"));
	for (size_t i = 0; i < n; i++) {
		r.unknown = !strcmp(hop[i], "?");
		r.passes_on = !strcmp(hop[i], "throw");
		memset(r.ifname, 0, sizeof(r.ifname));
		copy_name(r.ifname, strcmp(hop[i], "-") && !r.unknown && !r.passes_on ? hop[i] : "");
		s->net.route = xgrow(s->net.route, s->net.n_route, &s->net.cap_route, sizeof(r));
		s->net.route[s->net.n_route++] = r;
	}
	split_free(hop, n);
}

/* vrf NAME interface... */
static void add_vrf(struct scene *s, const struct words *w)
{
	for (size_t i = 1; i < w->n; i++) {
		struct net_member m = {0};

		copy_name(m.ifname, w->word[i]);
		copy_name(m.vrf, w->word[1]);
		s->net.member = xgrow(s->net.member, s->net.n_member, &s->net.cap_member, sizeof(m));
		s->net.member[s->net.n_member++] = m;
	}
}

/* rule PRIORITY TABLE [from=] [to=] [iif=] [udp=1] [some=1] [marked=1] */
static void add_rule(struct scene *s, const struct words *w)
{
	struct net_rule r = {.priority = (uint32_t)atoi(w->word[1]), .family = FAMILY_IPV4};
	const char *from = value_of(w, "from"), *to = value_of(w, "to");

	r.source = r.destination = (struct range){0, family_max(FAMILY_IPV4)};
	ck_assert(!from[0] || !prefix_parse(from, &r.family, &r.source, NULL));
	ck_assert(!to[0] || !prefix_parse(to, &r.family, &r.destination, NULL));
	copy_name(r.iif, value_of(w, "iif"));
	r.proto = value_of(w, "udp")[0] ? PROTO_UDP : 0;
	r.exact = !value_of(w, "some")[0];
	r.marked = value_of(w, "marked")[0] != '\0';
	r.to_main = !strcmp(w->word[2], "main");
	s->net.rule = xgrow(s->net.rule, s->net.n_rule, &s->net.cap_rule, sizeof(r));
	s->net.rule[s->net.n_rule++] = r;
	network_rules_sort(&s->net);
}

/* setting NAME [off=1] [rp=0|1|2]; "setting ipv6 off=1": nothing of it is forwarded */
static void add_setting(struct scene *s, const struct words *w)
{
	struct net_setting setting = {
	        .forwards = !value_of(w, "off")[0], .rp_filter = (uint8_t)atoi(value_of(w, "rp"))};

	if (!strcmp(w->word[1], "ipv6")) {
		s->net.no_forwarding6 = !setting.forwards;
		return;
	}
	copy_name(setting.ifname, w->word[1]);
	s->net.setting = xgrow(s->net.setting, s->net.n_setting, &s->net.cap_setting, sizeof(setting));
	s->net.setting[s->net.n_setting++] = setting;
	network_settings_finish(&s->net, 0);
}

/* now SECONDS */
static void set_now(struct scene *s, const struct words *w)
{
	s->now = atoi(w->word[1]);
}

static const struct verb {
	const char *word;
	void (*add)(struct scene *s, const struct words *w);
} scene_verbs[] = {
        {"role", add_role},
        {"product", add_product},
        {"requirement", add_requirement},
        {"zone", add_zone},
        {"group", add_group},
        {"deployment", add_deployment},
        {"override", add_override},
        {"initiators", add_initiators},
        {"waiver", add_waiver},
        {"tolerated", add_tolerated},
        {"allowance", add_allowance},
        {"assumption", add_assumption},
        {"local", add_local},
        {"route", add_route},
        {"vrf", add_vrf},
        {"rule", add_rule},
        {"setting", add_setting},
        {"now", set_now},
};

static int role_cmp(const void *a, const void *b)
{
	return strcmp(((const struct role *)a)->name, ((const struct role *)b)->name);
}

static void scene_read(struct scene *s, char *in)
{
	char *save_line = NULL, *save;

	*s = (struct scene){.pack = {.id = 1, .name = xstrdup("p"), .version = xstrdup("1"), .digest = "d1"}};
	for (char *line = strtok_r(in, "\n", &save_line); line; line = strtok_r(NULL, "\n", &save_line)) {
		struct words w = {.n = 0};
		size_t i;

		for (char *t = strtok_r(line, " \t", &save); t && w.n < MAX_WORDS; t = strtok_r(NULL, " \t", &save))
			w.word[w.n++] = t;
		if (!w.n || w.word[0][0] == '#')
			continue;
		for (i = 0;
		        i < sizeof(scene_verbs) / sizeof(scene_verbs[0]) && strcmp(scene_verbs[i].word, w.word[0]) != 0;
		        i++)
			;
		ck_assert_msg(i < sizeof(scene_verbs) / sizeof(scene_verbs[0]), "unknown line %s", w.word[0]);
		scene_verbs[i].add(s, &w);
	}
	if (s->pack.n_role)
		qsort(s->pack.role, s->pack.n_role, sizeof(*s->pack.role), role_cmp);
	s->all[0] = s->pack;
	s->catalog = (struct catalog){.pack = s->all, .n_pack = s->n_other + 1};
}

static void pack_free(struct pack *p)
{
	for (size_t i = 0; i < p->n_role; i++) {
		free(p->role[i].name);
		free(p->role[i].successor_of);
		split_free(p->role[i].include, p->role[i].n_include);
	}
	for (size_t i = 0; i < p->n_requirement; i++) {
		struct requirement *r = &p->requirement[i];

		free(r->label);
		free(r->listener);
		free(r->service);
		free(r->condition);
		for (size_t k = 0; k < r->n_initiator; k++)
			free(r->initiator[k].role);
		for (size_t k = 0; k < r->n_erratum; k++) {
			free(r->erratum[k].field);
			free(r->erratum[k].as_printed);
			free(r->erratum[k].effective);
		}
		free(r->erratum);
		free(r->initiator);
		free(r->flow);
	}
	free(p->role);
	free(p->requirement);
	free(p->name);
	free(p->version);
}

static void scene_fini(struct scene *s)
{
	struct site *site = xmalloc(sizeof(*site));

	*site = s->site;
	site_free(site);
	for (size_t i = 0; i <= s->n_other; i++)
		pack_free(&s->all[i]);
	network_fini(&s->net);
}

#endif
