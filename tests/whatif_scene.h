#ifndef TESTS_WHATIF_SCENE_H
#define TESTS_WHATIF_SCENE_H

#include "portcullis/whatif.h"
#include "verify_support.h"

/* What the tests of what-if share: a site of servers behind s0 and clients behind c0, with flows from text, on two rulesets. */

#define WHATIF_FLOWS 10
#define AT 1000

static struct requirement whatif_requirement = {.label = (char *)"lync/front-end-server/test"};

struct place {
	struct prefix address;
	struct group group;
	char *interface[2], *bound;
	struct zone zone[2];
	struct deployment deployment;
	struct site site;
	struct net_route route[2];
	struct network net;
	struct flow flow[WHATIF_FLOWS];
	struct flows flows;
};

static inline void place_make(struct place *p)
{
	enum family f;

	memset(p, 0, sizeof(*p));
	p->address = (struct prefix){FAMILY_IPV4, text_range("10.1.0.0/28", &f)};
	p->group = (struct group){
	        .name = (char *)"servers", .id = 1, .zone = (char *)"inside", .address = &p->address, .n_address = 1};
	p->interface[0] = (char *)"s0";
	p->interface[1] = (char *)"c0";
	p->zone[0] = (struct zone){(char *)"inside", 1, &p->interface[0], 1};
	p->zone[1] = (struct zone){(char *)"outside", 2, &p->interface[1], 1};
	p->bound = p->group.name;
	p->deployment = (struct deployment){.name = (char *)"voice", .id = 1, .group = &p->bound, .n_group = 1};
	p->site = (struct site){.group = &p->group,
	        .n_group = 1,
	        .deployment = &p->deployment,
	        .n_deployment = 1,
	        .zone = p->zone,
	        .n_zone = 2};
	p->route[0] = (struct net_route){.family = FAMILY_IPV4, .destination = text_range("10.0.0.0/16", &f)};
	p->route[1] = (struct net_route){.family = FAMILY_IPV4, .destination = text_range("10.1.0.0/16", &f)};
	for (int i = 0; i < 2; i++) {
		p->route[i].prefix_length = 16;
		snprintf(p->route[i].ifname, sizeof(p->route[i].ifname), "%s", i == 0 ? "c0" : "s0");
	}
	p->net = (struct network){.known = true, .route = p->route, .n_route = 2};
	p->flows.flow = p->flow;
}

/* Put a flow that was made into a place, as number `id` of its requirement's variants. */
static inline void place_number(struct place *p, uint32_t id)
{
	struct flow *f = &p->flow[p->flows.n++];

	f->id = (struct flow_id){.deployment = 1, .variant = id, .family = (uint32_t)f->family};
	f->requirement = &whatif_requirement;
	f->deployment = "voice";
	f->source = (char *)"clients";
	f->destination = (char *)"servers";
}

static inline void place_add(struct place *p, uint32_t id, const char *text)
{
	flow_make(&p->flow[p->flows.n], text);
	place_number(p, id);
}

static inline void place_free(struct place *p)
{
	for (size_t i = 0; i < p->flows.n; i++)
		flow_free(&p->flow[i]);
}

static inline struct whatif_state state_of(const struct place *p, const struct ruleset *rs)
{
	return (struct whatif_state){.site = &p->site, .flows = &p->flows, .network = &p->net, .rs = rs};
}

static inline void compare(const struct place *a, const struct ruleset *now, const struct place *b,
        const struct ruleset *then, struct whatif *out)
{
	const struct whatif_state x = state_of(a, now), y = state_of(b, then);
	struct error err = {0};

	ck_assert_msg(whatif_compare(&x, &y, AT, out, &err) == 0, "%s", err.text);
}

#endif
