/*
 * What went through the own table, as data of portcullis.yang: a reading of its counters comes in, boxes with the flows that
 * they are for and the statistics of explicit rules go out. Where the kernel cannot be read there are none.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "netconf/walk.h"

struct labels {
	struct rows *b;
	struct lyd_node *row;
};

static void add_label(void *ctx, const struct flow *flow)
{
	const struct labels *to = ctx;
	row_leaf(to->b, to->row, "label", flow->label);
}

static void add_count(struct rows *b, struct lyd_node *row, const struct usage_count *count)
{
	row_number(b, row, "matched-packets", count->packets);
	row_number(b, row, "matched-octets", count->octets);
	row_time(b, row, "since", count->since);
}

static void add_box(struct state_walk *w, struct rows *b, struct lyd_node *root, const struct usage_box *box)
{
	char id[17], text[128];
	snprintf(id, sizeof(id), "%016" PRIx64, box->id);
	struct lyd_node *row = row_list(b, root, "box", id);
	box_users_each(w->users, box->path, box->family, box->proto, &box->box, add_label, &(struct labels){b, row});
	row_leaf(b, row, "comment", box->comment);
	row_leaf(b, row, "path", path_name(box->path));
	row_leaf(b, row, "family", family_name(box->family));
	row_leaf(b, row, "transport", proto_name(box->proto));
	row_leaf(b, row, "source", range_print(box->family, box->box.source, text, sizeof(text)));
	row_leaf(b, row, "destination", range_print(box->family, box->box.destination, text, sizeof(text)));
	if (box->ports) {
		const struct range *from = &box->box.source_ports, *at = &box->box.ports;
		const struct port_range source = {(uint16_t)from->lo, (uint16_t)from->hi};
		const struct port_range ports = {(uint16_t)at->lo, (uint16_t)at->hi};
		row_leaf(b, row, "source-ports", port_range_print(source, text, sizeof(text)));
		row_leaf(b, row, "ports", port_range_print(ports, text, sizeof(text)));
	}
	add_count(b, row, &box->count);
	row_end(b);
}

static bool give_scalars(struct state_walk *w, struct rows *b, struct lyd_node *root, size_t i)
{
	if (i > 0)
		return false;
	row_leaf(b, root, "status", w->usage == NULL ? "unreadable" : w->usage->present ? "present" : "absent");
	if (w->usage == NULL)
		row_leaf(b, root, "unreadable", w->usage_error.text);
	else
		row_time(b, root, "read", w->usage->time);
	return true;
}

static bool give_box(struct state_walk *w, struct rows *b, struct lyd_node *root, size_t i)
{
	if (w->users == NULL || i >= w->usage->n_box)
		return false;
	add_box(w, b, root, &w->usage->box[i]);
	return true;
}

static const struct section sections[] = {
        {NULL, give_scalars},
        {"box", give_box},
};

/* Of an agent that has no table there is nothing to be read. */
static struct usage_reading *read_usage(const struct netconf *n, struct error *err)
{
	struct usage_reading *r = NULL;

	if (n->options.usage == NULL)
		(void)error_set(err, ERR_UNAVAILABLE, NULL, "this server has no access to the kernel");
	else if (usage_get(n->options.usage, &r, err) != 0)
		return NULL;
	return r;
}

static void begin(
        struct state_walk *w, const struct netconf *n, const struct lysc_node *top, const struct filter *filter)
{
	(void)top;
	(void)filter;
	w->usage = read_usage(n, &w->usage_error);
	if (w->usage != NULL && w->usage->n_box > 0 && walk_wants(w, "box"))
		w->users = box_users_new(&w->snap->inputs->flows);
}

const struct walk_top walk_firewall_use = {
        STATE_FIREWALL_USE, "firewall-use", sections, sizeof(sections) / sizeof(sections[0]), begin};

/* ---- statistics of rules ---- */

static void add_statistics(struct rows *b, struct lyd_node *rule, const struct usage_rule *use)
{
	if (rule == NULL || use == NULL)
		return;
	add_count(b, row_container(b, rule, "statistics"), &use->count);
}

static struct lyd_node *firewall_of(struct lyd_node *tree)
{
	struct lyd_node *node;
	LY_LIST_FOR(tree, node)
	{
		if (strcmp(LYD_NAME(node), "firewall") == 0 && strcmp(node->schema->module->name, "portcullis") == 0)
			return node;
	}
	return NULL;
}

static void add_to_configuration(struct rows *b, const struct usage_reading *r, struct lyd_node *firewall)
{
	struct lyd_node *node;
	LY_LIST_FOR(lyd_child(firewall), node)
	{
		if (strcmp(LYD_NAME(node), "rule") == 0)
			add_statistics(b, node, usage_rule_find(r, lyd_get_value(lyd_child(node))));
	}
}

/* Rules with their names alone. */
static void add_alone(struct rows *b, const struct usage_reading *r, const struct firewall *fw, struct lyd_node **tree)
{
	struct lyd_node *firewall = row_container(b, NULL, "firewall");
	for (size_t i = 0; i < fw->n_rule && firewall != NULL; i++) {
		const struct usage_rule *use = usage_rule_find(r, fw->rule[i].name);
		if (use != NULL)
			add_statistics(b, row_list(b, firewall, "rule", fw->rule[i].name), use);
	}
	if (firewall != NULL && lyd_insert_sibling(*tree, firewall, tree) != LY_SUCCESS)
		lyd_free_all(firewall);
}

void state_add_rules(
        struct rows *b, const struct netconf *n, const struct snapshot *snap, bool config, struct lyd_node **tree)
{
	struct error err;
	struct usage_reading *r = read_usage(n, &err);
	const struct site *site = snap->inputs->site;

	if (r == NULL)
		return;
	b->module = ly_ctx_get_module_implemented(n->ctx, "portcullis");
	if (config)
		add_to_configuration(b, r, firewall_of(*tree));
	else if (site != NULL && r->n_rule > 0)
		add_alone(b, r, &site->firewall, tree);
	usage_reading_unref(r);
}
