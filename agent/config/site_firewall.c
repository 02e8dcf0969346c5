/*
 * The container firewall of a valid tree comes in, the firewall part of a site goes out: deep copies, with the defaults of
 * the model, and the addresses and ports of each list sorted and joined where they overlap or lie side by side. Refused are
 * prefixes with host bits and ranges of ports that end before they begin.
 */
#include <stdlib.h>
#include <string.h>

#include "config/datastore.h"
#include "config/site_node.h"
#include "portcullis/alloc.h"

#define PUT_BACK_MS 1000
#define LOG_RATE 10

/* A word of an enumeration, and what it stands for. */
struct word {
	const char *word;
	unsigned value;
};

static const struct word modes[] = {{"observe", FIREWALL_OBSERVE}, {"enforce", FIREWALL_ENFORCE}, {NULL, 0}};
static const struct word scopes[] = {{"bound-groups", SCOPE_BOUND_GROUPS}, {"all", SCOPE_ALL}, {NULL, 0}};
static const struct word gates[] = {{"off", GATE_OFF}, {"warn", GATE_WARN}, {"reject", GATE_REJECT}, {NULL, 0}};
static const struct word lost[] = {{"keep", 0}, {"end", 1}, {NULL, 0}};
static const struct word paths[] = {
        {"forward", PATH_FORWARD}, {"input", PATH_INPUT}, {"output", PATH_OUTPUT}, {NULL, 0}};
static const struct word actions[] = {{"fall-through", ACTION_FALL_THROUGH}, {"accept", ACTION_ACCEPT},
        {"drop", ACTION_DROP}, {"reject", ACTION_REJECT}, {NULL, 0}};
static const struct word states[] = {{"new", STATE_NEW}, {"established", STATE_ESTABLISHED}, {"related", STATE_RELATED},
        {"invalid", STATE_INVALID}, {"untracked", STATE_UNTRACKED}, {NULL, 0}};
static const struct word protocols[] = {{"tcp", PROTO_TCP}, {"udp", PROTO_UDP}, {"sctp", PROTO_SCTP},
        {"icmp", PROTO_ICMP}, {"icmpv6", PROTO_ICMPV6}, {NULL, 0}};

/* The model has checked the word. */
static unsigned word_value(const char *value, const struct word *words, unsigned absent)
{
	for (; value != NULL && words->word != NULL; words++)
		if (strcmp(words->word, value) == 0)
			return words->value;
	return absent;
}

static unsigned word_of(const struct lyd_node *parent, const char *name, const struct word *words, unsigned absent)
{
	return word_value(tree_value(parent, name), words, absent);
}

static int prefix_cmp(const void *a, const void *b)
{
	const struct prefix *x = a, *y = b;

	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	if (x->range.lo != y->range.lo)
		return x->range.lo < y->range.lo ? -1 : 1;
	return x->range.hi < y->range.hi ? -1 : x->range.hi > y->range.hi;
}

static void prefixes_join(struct prefix *item, size_t *n)
{
	size_t last = 0;

	if (*n < 2)
		return;
	qsort(item, *n, sizeof(*item), prefix_cmp);
	for (size_t i = 1; i < *n; i++) {
		struct range *before = &item[last].range;

		if (item[i].family != item[last].family ||
		        (before->hi != U128_MAX && item[i].range.lo > before->hi + 1))
			item[++last] = item[i];
		else if (item[i].range.hi > before->hi)
			before->hi = item[i].range.hi;
	}
	*n = last + 1;
}

static int port_cmp(const void *a, const void *b)
{
	const struct port_range *x = a, *y = b;

	if (x->lo != y->lo)
		return x->lo < y->lo ? -1 : 1;
	return x->hi < y->hi ? -1 : x->hi > y->hi;
}

static void ports_join(struct port_range *item, size_t *n)
{
	size_t last = 0;

	if (*n < 2)
		return;
	qsort(item, *n, sizeof(*item), port_cmp);
	for (size_t i = 1; i < *n; i++) {
		if (item[i].lo > item[last].hi + 1)
			item[++last] = item[i];
		else if (item[i].hi > item[last].hi)
			item[last].hi = item[i].hi;
	}
	*n = last + 1;
}

static int addresses_of(
        const struct lyd_node *parent, const char *name, struct prefix **item, size_t *n, struct error *err)
{
	if (site_prefixes(parent, name, item, n, err) != 0)
		return -1;
	prefixes_join(*item, n);
	return 0;
}

static int ports_of(const struct lyd_node *parent, struct port_range **item, size_t *n, struct error *err)
{
	const struct lyd_node *child;

	LY_LIST_FOR(lyd_child(parent), child)
	{
		if (site_is(child, "port") && site_ports(child, site_append(item, n, sizeof(**item)), err) != 0)
			return -1;
	}
	ports_join(*item, n);
	return 0;
}

static int management_build(const struct lyd_node *node, struct firewall *f, struct error *err)
{
	struct management_access *m = site_append(&f->management, &f->n_management, sizeof(*m));

	m->name = site_string(node, "name");
	m->proto = (uint8_t)word_of(node, "transport", protocols, PROTO_TCP);
	if (addresses_of(node, "source", &m->source, &m->n_source, err) != 0)
		return -1;
	return site_ports(site_child(node, "port"), &m->ports, err);
}

static int address_set_build(const struct lyd_node *node, struct firewall *f, struct error *err)
{
	struct address_set *s = site_append(&f->address_set, &f->n_address_set, sizeof(*s));

	s->name = site_string(node, "name");
	return addresses_of(node, "address", &s->address, &s->n_address, err);
}

static int port_set_build(const struct lyd_node *node, struct firewall *f, struct error *err)
{
	struct port_set *s = site_append(&f->port_set, &f->n_port_set, sizeof(*s));

	s->name = site_string(node, "name");
	return ports_of(node, &s->ports, &s->n_ports, err);
}

static int side_build(const struct lyd_node *node, struct firewall_side *out, struct error *err)
{
	site_strings(node, "address-set", &out->address_set, &out->n_address_set);
	site_strings(node, "group", &out->group, &out->n_group);
	site_strings(node, "zone", &out->zone, &out->n_zone);
	site_strings(node, "port-set", &out->port_set, &out->n_port_set);
	if (addresses_of(node, "address", &out->address, &out->n_address, err) != 0)
		return -1;
	return ports_of(node, &out->ports, &out->n_ports, err);
}

static int matches_build(const struct lyd_node *node, struct firewall_rule *r, struct error *err)
{
	const struct lyd_node *child;
	int result = 0;

	r->path = (enum path)word_of(node, "path", paths, PATH_FORWARD);
	LY_LIST_FOR(lyd_child(node), child)
	{
		const char *value = lyd_get_value(child);

		if (site_is(child, "source"))
			result = side_build(child, &r->source, err);
		else if (site_is(child, "destination"))
			result = side_build(child, &r->destination, err);
		else if (site_is(child, "transport"))
			*(uint8_t *)site_append(&r->proto, &r->n_proto, 1) = (uint8_t)word_value(value, protocols, 0);
		else if (site_is(child, "icmp-type"))
			*(uint8_t *)site_append(&r->icmp_type, &r->n_icmp_type, 1) = (uint8_t)strtoul(value, NULL, 10);
		else if (site_is(child, "state"))
			r->states |= word_value(value, states, 0);
		if (result != 0)
			return -1;
	}
	return 0;
}

static int rule_build(const struct lyd_node *node, struct firewall *f, struct error *err)
{
	struct firewall_rule *r = site_append(&f->rule, &f->n_rule, sizeof(*r));
	const struct lyd_node *taken = site_child(node, "actions"), *log = site_child(taken, "log");

	r->name = site_string(node, "name");
	r->comment = site_string(node, "comment");
	r->action = (enum firewall_action)word_of(taken, "forwarding", actions, ACTION_DROP);
	r->log = log != NULL;
	r->log_prefix = site_string(log, "prefix");
	r->log_rate = site_number(log, "rate", LOG_RATE);
	return matches_build(site_child(node, "matches"), r, err);
}

static int defaults_build(const struct lyd_node *node, struct firewall *f, struct error *err)
{
	(void)err;
	for (size_t i = 0; i < PATH_N; i++)
		f->by_default[paths[i].value] =
		        (enum firewall_action)word_of(node, paths[i].word, actions, ACTION_FALL_THROUGH);
	return 0;
}

static const struct {
	const char *name;
	int (*build)(const struct lyd_node *node, struct firewall *f, struct error *err);
} builders[] = {
        {"management-access", management_build},
        {"address-set", address_set_build},
        {"port-set", port_set_build},
        {"rule", rule_build},
        {"default-action", defaults_build},
};

void site_firewall_defaults(struct firewall *out)
{
	*out = (struct firewall){.mode = FIREWALL_OBSERVE,
	        .scope = SCOPE_BOUND_GROUPS,
	        .gate = GATE_WARN,
	        .put_back_after_ms = PUT_BACK_MS};
}

int site_firewall_build(const struct lyd_node *node, struct site *site, struct error *err)
{
	struct firewall *f = &site->firewall;
	const struct lyd_node *child;

	f->mode = (enum firewall_mode)word_of(node, "mode", modes, f->mode);
	f->scope = (enum firewall_scope)word_of(node, "scope", scopes, f->scope);
	f->gate = (enum firewall_gate)word_of(node, "commit-gate", gates, f->gate);
	f->ends_connections = word_of(node, "lost-connections", lost, f->ends_connections) != 0;
	f->put_back_after_ms = site_number(node, "put-back-after", f->put_back_after_ms);
	LY_LIST_FOR(lyd_child(node), child)
	{
		for (size_t i = 0; i < sizeof(builders) / sizeof(builders[0]); i++)
			if (site_is(child, builders[i].name) && builders[i].build(child, f, err) != 0)
				return -1;
	}
	return 0;
}
