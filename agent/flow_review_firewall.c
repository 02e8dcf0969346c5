/*
 * In: the firewall part of a site that site_check() accepts. Out: remarks on rules that never decide because one before them
 * takes all their packets, on rules without a condition, and on what has no effect or is missing. Nothing is refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow_firewall.h"
#include "flow_review.h"
#include "portcullis/alloc.h"

#define STEPS_MAX 20000000 /* of the comparison of all rules */
#define TOLD_MAX 100 /* remarks of one kind; then their number */

static const char *const action_name[] = {[ACTION_FALL_THROUGH] = "fall-through",
        [ACTION_ACCEPT] = "accept",
        [ACTION_DROP] = "drop",
        [ACTION_REJECT] = "reject"};

static void rule_where(char *out, size_t size, const char *name)
{
	snprintf(out, size, "/portcullis:firewall/rule[name='%s']", name);
}

/* Rules and what covers them */

/* How many there are of each kind of remark, of which the first ones are told. */
struct told {
	size_t shadowed, contradicted, bound;
	const char *first_bound;
};

static void cover_review(
        const struct reviewer *r, const struct rule_box *rule, const struct rule_box *by, struct told *n)
{
	const char *what = by->is_management ? "management access" : "rule";
	char where[256];

	rule_where(where, sizeof(where), rule->name);
	if (rule->action == by->action) {
		if (n->shadowed++ < TOLD_MAX)
			review_add(r->out, REMARK_WARNING, "rule-shadowed", where,
			        "rule %s is shadowed by %s %s, which stands before it, takes every packet of it and "
			        "does the same; remove rule %s",
			        rule->name, what, by->name, rule->name);
	} else if (n->contradicted++ < TOLD_MAX) {
		review_add(r->out, REMARK_WARNING, "rule-contradicted", where,
		        "rule %s (%s) contradicts %s %s (%s), which stands before it and takes every packet of it, so "
		        "that it never decides; %s",
		        rule->name, action_name[rule->action], what, by->name, action_name[by->action],
		        by->is_management ? "remove it" : "move it before that rule, or remove one of the two");
	}
}

static void told_rest(const struct reviewer *r, const char *kind, const char *what, size_t n)
{
	if (n > TOLD_MAX)
		review_add(r->out, REMARK_WARNING, kind, "/portcullis:firewall",
		        "%zu rules are %s by one before them, of which %d are told; remove those first", n, what,
		        TOLD_MAX);
}

static void covers_review(const struct reviewer *r, const struct rule_names *names)
{
	struct rule_boxes boxes;
	struct rule_cover *cover;
	struct told n = {0};

	rule_boxes_build(names, &boxes);
	cover = xcalloc(boxes.n + 1, sizeof(*cover));
	rule_covers_find(&boxes, STEPS_MAX, cover);
	for (size_t i = r->site->firewall.n_management; i < boxes.n; i++) {
		if (cover[i].by != SIZE_MAX)
			cover_review(r, &boxes.item[i], &boxes.item[cover[i].by], &n);
		else if (cover[i].is_bound && !n.bound++)
			n.first_bound = boxes.item[i].name;
	}
	told_rest(r, "rule-shadowed", "shadowed", n.shadowed);
	told_rest(r, "rule-contradicted", "contradicted", n.contradicted);
	if (n.bound)
		review_add(r->out, REMARK_WARNING, "rules-not-compared", "/portcullis:firewall",
		        "%zu rules were not compared with all rules before them, the first is %s: there are too many "
		        "that overlap, or their sets are too large; use fewer rules, or sets that several rules share",
		        n.bound, n.first_bound);
	free(cover);
	rule_boxes_fini(&boxes);
}

/* Rules by themselves */

static bool side_asks(const struct firewall_side *s)
{
	return s->n_address + s->n_address_set + s->n_group + s->n_zone + s->n_ports + s->n_port_set > 0;
}

static void states_review(const struct reviewer *r)
{
	const unsigned let_in = STATE_ESTABLISHED | STATE_RELATED;
	const struct firewall *f = &r->site->firewall;
	size_t n = 0;
	char where[256];

	for (size_t i = 0; i < f->n_rule && n < TOLD_MAX; i++) {
		if (!f->rule[i].states || (f->rule[i].states & ~let_in))
			continue;
		n++;
		rule_where(where, sizeof(where), f->rule[i].name);
		review_add(r->out, REMARK_WARNING, "rule-shadowed", where,
		        "rule %s is for established and related packets alone, which pass before any rule, so that it "
		        "never decides; add the state new, or remove it",
		        f->rule[i].name);
	}
}

static void conditions_review(const struct reviewer *r)
{
	static const char *const packets[] = {"forwarded packet", "packet to this device", "packet from this device"};
	const struct firewall *f = &r->site->firewall;
	size_t n = 0;
	char where[256];

	for (size_t i = 0; i < f->n_rule && n < TOLD_MAX; i++) {
		const struct firewall_rule *rule = &f->rule[i];

		if (side_asks(&rule->source) || side_asks(&rule->destination) || rule->n_proto || rule->states)
			continue;
		n++;
		rule_where(where, sizeof(where), rule->name);
		review_add(r->out, REMARK_WARNING, "rule-matches-all", where,
		        "rule %s has no condition: it does %s with every %s, and no rule of that path behind it ever "
		        "decides; give it a match, or use default-action",
		        rule->name, action_name[rule->action], packets[rule->path]);
	}
}

/* Sets that no rule names */

struct used {
	bool *address_set, *port_set;
};

static void side_uses(const struct rule_names *names, const struct firewall_side *s, struct used *used)
{
	const struct firewall *f = &names->site->firewall;

	for (size_t i = 0; i < s->n_address_set; i++)
		used->address_set[rule_address_set(names, s->address_set[i]) - f->address_set] = true;
	for (size_t i = 0; i < s->n_port_set; i++)
		used->port_set[rule_port_set(names, s->port_set[i]) - f->port_set] = true;
}

static void unused_add(const struct reviewer *r, const char *list, const char *what, const char *name)
{
	char where[256];

	snprintf(where, sizeof(where), "/portcullis:firewall/%s[name='%s']", list, name);
	review_add(r->out, REMARK_NOTE, "set-unused", where, "no rule names %s %s; remove it, or name it in a rule",
	        what, name);
}

static void sets_review(const struct reviewer *r, const struct rule_names *names)
{
	const struct firewall *f = &r->site->firewall;
	struct used used = {xcalloc(f->n_address_set + 1, sizeof(bool)), xcalloc(f->n_port_set + 1, sizeof(bool))};
	size_t n = 0;

	for (size_t i = 0; i < f->n_rule; i++) {
		side_uses(names, &f->rule[i].source, &used);
		side_uses(names, &f->rule[i].destination, &used);
	}
	for (size_t i = 0; i < f->n_address_set; i++)
		if (!used.address_set[i] && n++ < TOLD_MAX)
			unused_add(r, "address-set", "address set", f->address_set[i].name);
	for (size_t i = 0; i < f->n_port_set; i++)
		if (!used.port_set[i] && n++ < TOLD_MAX)
			unused_add(r, "port-set", "port set", f->port_set[i].name);
	free(used.address_set);
	free(used.port_set);
}

/* The whole */

/* Can something drop what a peer of management sends, or the answers to it? */
static bool may_cut_management(const struct firewall *f)
{
	if (f->by_default[PATH_INPUT] == ACTION_DROP || f->by_default[PATH_OUTPUT] == ACTION_DROP)
		return true;
	for (size_t i = 0; i < f->n_rule; i++)
		if (f->rule[i].path != PATH_FORWARD && f->rule[i].action != ACTION_ACCEPT)
			return true;
	return false;
}

static void mode_review(const struct reviewer *r)
{
	const struct firewall *f = &r->site->firewall;

	if (f->n_rule && f->mode == FIREWALL_OBSERVE)
		review_add(r->out, REMARK_NOTE, "mode-observe", "/portcullis:firewall/mode",
		        "the mode is observe: the %zu rules are not installed; set it to enforce where they are to be",
		        f->n_rule);
	if (!f->n_management && may_cut_management(f))
		review_add(r->out, REMARK_WARNING, "no-management-access", "/portcullis:firewall",
		        "packets to or from this device may be dropped, and nothing says who must always reach it; "
		        "name the peers of NETCONF, SSH and SNMP in management-access");
}

void review_firewall(const struct reviewer *r)
{
	struct rule_names names;

	mode_review(r);
	states_review(r);
	conditions_review(r);
	rule_names_build(r->site, &names);
	sets_review(r, &names);
	covers_review(r, &names);
	rule_names_fini(&names);
}
