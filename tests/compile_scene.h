#ifndef TESTS_COMPILE_SCENE_H
#define TESTS_COMPILE_SCENE_H

/*
 * A site of servers, clients and management with flows and firewall rules, each written as a line of text; what it comes to.
 * Refused, by a failed assertion: any other text.
 */
#include "portcullis/compile.h"
#include "verify_support.h"

#define SCENE_FLOWS 64
#define SCENE_RULES 16

struct compile_scene {
	struct site site;
	struct network net;
	struct flow flow[SCENE_FLOWS];
	struct flows flows;
	struct group group[3];
	struct zone zone[2];
	struct deployment deployment;
	struct firewall_rule rule[SCENE_RULES];
	struct address_set address_set;
	struct port_set port_set;
	struct own_table *table;
};

static inline size_t scene_split(const char *list, char ***out)
{
	char *copy = xstrdup(list), *save = NULL;
	size_t n = 0, cap = 0;

	*out = NULL;
	for (char *s = strtok_r(copy, ",", &save); s != NULL; s = strtok_r(NULL, ",", &save)) {
		*out = xgrow(*out, n, &cap, sizeof(**out));
		(*out)[n++] = xstrdup(s);
	}
	free(copy);
	return n;
}

static inline void scene_names_free(char **list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i]);
	free(list);
}

static inline size_t scene_prefixes(const char *list, struct prefix **out)
{
	char **name;
	size_t n = scene_split(list, &name);

	*out = xcalloc(n + 1, sizeof(**out));
	for (size_t i = 0; i < n; i++)
		(*out)[i].range = text_range(name[i], &(*out)[i].family);
	scene_names_free(name, n);
	return n;
}

static inline size_t scene_ports(const char *list, struct port_range **out)
{
	char **name;
	struct error err;
	size_t n = scene_split(list, &name);

	*out = xcalloc(n + 1, sizeof(**out));
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(port_range_parse(name[i], &(*out)[i], &err) == 0, "ports %s", name[i]);
	scene_names_free(name, n);
	return n;
}

static inline void scene_group(struct group *g, const char *name, const char *addresses)
{
	*g = (struct group){.name = xstrdup(name), .zone = xstrdup("")};
	g->n_address = scene_prefixes(addresses, &g->address);
}

static inline void scene_make(struct compile_scene *s)
{
	*s = (struct compile_scene){0};
	scene_group(&s->group[0], "servers", "10.1.0.0/24,fd01::/64");
	scene_group(&s->group[1], "clients", "10.0.0.0/16,fd00::/64");
	scene_group(&s->group[2], "printers", "10.9.0.1,10.9.0.3");
	s->zone[0] = (struct zone){.name = xstrdup("inside")};
	s->zone[0].n_interface = scene_split("s0", &s->zone[0].interface);
	s->zone[1] = (struct zone){.name = xstrdup("outside")};
	s->zone[1].n_interface = scene_split("c0,c1", &s->zone[1].interface);
	s->deployment = (struct deployment){.name = xstrdup("voice"), .product = xstrdup("demo")};
	s->deployment.n_group = scene_split("servers", &s->deployment.group);
	s->address_set.name = "bogons";
	s->address_set.n_address = scene_prefixes("127.0.0.0/8,192.0.2.0/24,fec0::/10", &s->address_set.address);
	s->port_set.name = "web";
	s->port_set.n_ports = scene_ports("80,443", &s->port_set.ports);
	s->site = (struct site){.group = s->group,
	        .n_group = 3,
	        .zone = s->zone,
	        .n_zone = 2,
	        .deployment = &s->deployment,
	        .n_deployment = 1};
	s->site.firewall.rule = s->rule;
	s->site.firewall.address_set = &s->address_set;
	s->site.firewall.port_set = &s->port_set;
	s->site.firewall.n_address_set = s->site.firewall.n_port_set = 1;
	s->flows.flow = s->flow;
}

static inline void scene_flow(struct compile_scene *s, const char *text)
{
	ck_assert_uint_lt(s->flows.n, SCENE_FLOWS);
	flow_make(&s->flow[s->flows.n++], text);
}

static inline void scene_side(struct firewall_side *side, const char *what, const char *value)
{
	if (strcmp(what, "address") == 0)
		side->n_address = scene_prefixes(value, &side->address);
	else if (strcmp(what, "set") == 0)
		side->n_address_set = scene_split(value, &side->address_set);
	else if (strcmp(what, "group") == 0)
		side->n_group = scene_split(value, &side->group);
	else if (strcmp(what, "zone") == 0)
		side->n_zone = scene_split(value, &side->zone);
	else if (strcmp(what, "port") == 0)
		side->n_ports = scene_ports(value, &side->ports);
	else if (strcmp(what, "portset") == 0)
		side->n_port_set = scene_split(value, &side->port_set);
	else
		ck_abort_msg("what is %s?", what);
}

static inline void scene_rule_word(struct firewall_rule *r, const char *key, const char *value)
{
	static const struct {
		const char *name;
		unsigned state;
	} states[] = {{"new", STATE_NEW}, {"established", STATE_ESTABLISHED}, {"related", STATE_RELATED},
	        {"invalid", STATE_INVALID}, {"untracked", STATE_UNTRACKED}};
	char **item;
	size_t n;

	if (strncmp(key, "from-", 5) == 0 || strncmp(key, "to-", 3) == 0) {
		scene_side(key[0] == 'f' ? &r->source : &r->destination, strchr(key, '-') + 1, value);
		return;
	}
	n = scene_split(value, &item);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(key, "proto") == 0) {
			r->proto = xrealloc(r->proto, r->n_proto + 1, 1);
			r->proto[r->n_proto++] = strcmp(item[i], "tcp") == 0    ? PROTO_TCP
			                         : strcmp(item[i], "udp") == 0  ? PROTO_UDP
			                         : strcmp(item[i], "icmp") == 0 ? PROTO_ICMP
			                                                        : PROTO_ICMPV6;
		} else if (strcmp(key, "icmp") == 0) {
			r->icmp_type = xrealloc(r->icmp_type, r->n_icmp_type + 1, 1);
			r->icmp_type[r->n_icmp_type++] = (uint8_t)atoi(item[i]);
		} else if (strcmp(key, "state") == 0) {
			for (size_t k = 0; k < sizeof(states) / sizeof(states[0]); k++)
				r->states |= strcmp(states[k].name, item[i]) == 0 ? states[k].state : 0;
		} else if (strcmp(key, "log") == 0) {
			r->log = true;
			r->log_rate = (uint32_t)atoi(item[i]);
		} else if (strcmp(key, "comment") == 0) {
			r->comment = xstrdup(item[i]);
		} else {
			ck_abort_msg("what is %s?", key);
		}
	}
	scene_names_free(item, n);
}

/** "NAME forward|input|output accept|drop|reject [from-|to-{address,set,group,zone,port,portset}=LIST] [proto=LIST] [icmp=LIST] [state=LIST] [log=RATE] [comment=WORD]" */
static inline void scene_rule(struct compile_scene *s, const char *text)
{
	struct firewall_rule *r = &s->rule[s->site.firewall.n_rule++];
	char *copy = xstrdup(text), *save = NULL, *word;

	ck_assert_uint_le(s->site.firewall.n_rule, SCENE_RULES);
	*r = (struct firewall_rule){.name = xstrdup(strtok_r(copy, " ", &save))};
	word = strtok_r(NULL, " ", &save);
	r->path = strcmp(word, "input") == 0 ? PATH_INPUT : strcmp(word, "output") == 0 ? PATH_OUTPUT : PATH_FORWARD;
	word = strtok_r(NULL, " ", &save);
	r->action = strcmp(word, "accept") == 0 ? ACTION_ACCEPT
	            : strcmp(word, "drop") == 0 ? ACTION_DROP
	                                        : ACTION_REJECT;
	while ((word = strtok_r(NULL, " ", &save)) != NULL) {
		char *equals = strchr(word, '=');

		ck_assert_msg(equals != NULL, "%s", word);
		*equals = '\0';
		scene_rule_word(r, word, equals + 1);
	}
	free(copy);
}

static inline void scene_side_free(struct firewall_side *side)
{
	free(side->address);
	free(side->ports);
	scene_names_free(side->address_set, side->n_address_set);
	scene_names_free(side->group, side->n_group);
	scene_names_free(side->zone, side->n_zone);
	scene_names_free(side->port_set, side->n_port_set);
}

static inline void scene_free(struct compile_scene *s)
{
	own_table_free(s->table);
	for (size_t i = 0; i < s->flows.n; i++)
		flow_free(&s->flow[i]);
	for (size_t i = 0; i < s->site.firewall.n_rule; i++) {
		struct firewall_rule *r = &s->rule[i];

		scene_side_free(&r->source);
		scene_side_free(&r->destination);
		free(r->name);
		free(r->proto);
		free(r->icmp_type);
		free(r->comment);
	}
	for (size_t i = 0; i < 3; i++) {
		free(s->group[i].name);
		free(s->group[i].zone);
		free(s->group[i].address);
	}
	for (size_t i = 0; i < 2; i++) {
		free(s->zone[i].name);
		scene_names_free(s->zone[i].interface, s->zone[i].n_interface);
	}
	free(s->deployment.name);
	free(s->deployment.product);
	scene_names_free(s->deployment.group, s->deployment.n_group);
	free(s->address_set.address);
	free(s->port_set.ports);
	free(s->site.firewall.management);
}

/** The table that the scene comes to. */
static inline const struct own_table *scene_compile(struct compile_scene *s)
{
	struct compile_input in = {&s->site, &s->flows, NULL};
	struct error err;

	own_table_free(s->table);
	ck_assert_msg(compile(&in, &s->table, &err) == 0, "%s: %s", err.where, err.text);
	return s->table;
}

/** It is refused with this text at this place. */
static inline void scene_refused(struct compile_scene *s, enum error_code code, const char *where, const char *text)
{
	struct compile_input in = {&s->site, &s->flows, NULL};
	struct own_table *table;
	struct error err = {0};

	ck_assert_int_eq(compile(&in, &table, &err), -1);
	ck_assert_ptr_null(table);
	ck_assert_int_eq(err.code, code);
	ck_assert_str_eq(err.where, where);
	ck_assert_msg(strstr(err.text, text) != NULL, "%s", err.text);
}

static inline unsigned scene_draw(uint64_t *state, unsigned below)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((*state >> 33) % below);
}

/** One of few values, so that the boxes of several overlap, touch and contain each other. */
static inline void scene_random_flow(struct compile_scene *s, uint64_t *state)
{
	static const char *const sports[] = {"0-65535", "1024-65535", "5000-5010"};
	unsigned source = scene_draw(state, 10), more_sources = scene_draw(state, 6), to = scene_draw(state, 10),
	         more = scene_draw(state, 4), port = scene_draw(state, 20), more_ports = scene_draw(state, 9),
	         kind = scene_draw(state, 7);
	bool ipv6 = scene_draw(state, 4) == 0, ping = kind == 6;
	const char *proto = kind < 4 ? "tcp" : kind < 6 ? "udp" : ipv6 ? "icmpv6" : "icmp";
	char text[200], ports[32] = "0";

	if (!ping)
		snprintf(ports, sizeof(ports), "%u-%u", 100 + port, 100 + port + more_ports);
	snprintf(text, sizeof(text),
	        ipv6 ? "%s fd00::%x-fd00::%x %s fd01::%x-fd01::%x %s"
	             : "%s 10.0.0.%u-10.0.0.%u %s 10.1.0.%u-10.1.0.%u %s",
	        proto, source, source + more_sources, ping ? "0" : sports[scene_draw(state, 3)], to, to + more, ports);
	scene_flow(s, text);
}

#endif
