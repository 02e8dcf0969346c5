/*
 * Which results of a snapshot a filter can select: alternatives of "leaf = value" come in, indices of flows go out. The
 * terms of deployment and requirement are looked at once for each run of flows that have them in common. What is not
 * understood is left to the filter itself, which sees the nodes of these rows afterwards.
 */
#include "netconf/select.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"

#define TEXT_SIZE 24

/* Each gives a leaf of flow i; buf is room for what has to be printed. */

static const char *get_deployment(const struct snapshot *s, size_t i, char *buf)
{
	(void)buf;
	return s->inputs->flows.flow[i].deployment;
}

static const char *get_requirement(const struct snapshot *s, size_t i, char *buf)
{
	(void)buf;
	return s->inputs->flows.flow[i].requirement->label;
}

static const char *get_variant(const struct snapshot *s, size_t i, char *buf)
{
	snprintf(buf, TEXT_SIZE, "%" PRIu32, s->inputs->flows.flow[i].id.variant);
	return buf;
}

static const char *get_initiator(const struct snapshot *s, size_t i, char *buf)
{
	(void)buf;
	return s->inputs->flows.flow[i].source;
}

static const char *get_listener(const struct snapshot *s, size_t i, char *buf)
{
	(void)buf;
	return s->inputs->flows.flow[i].destination;
}

static const char *get_family(const struct snapshot *s, size_t i, char *buf)
{
	(void)buf;
	enum family family = s->inputs->flows.flow[i].family;
	return family != FAMILY_NONE ? family_name(family) : "none";
}

static const char *get_label(const struct snapshot *s, size_t i, char *buf)
{
	(void)buf;
	return s->inputs->flows.flow[i].label;
}

static const char *get_transport(const struct snapshot *s, size_t i, char *buf)
{
	(void)buf;
	return proto_name(s->inputs->flows.flow[i].proto);
}

static const char *get_source_ports(const struct snapshot *s, size_t i, char *buf)
{
	return port_range_print(s->inputs->flows.flow[i].source_ports, buf, TEXT_SIZE);
}

static const char *get_ports(const struct snapshot *s, size_t i, char *buf)
{
	return port_range_print(s->inputs->flows.flow[i].ports, buf, TEXT_SIZE);
}

static const char *get_path(const struct snapshot *s, size_t i, char *buf)
{
	(void)buf;
	return path_name(s->inputs->flows.flow[i].path);
}

static const char *get_verdict(const struct snapshot *s, size_t i, char *buf)
{
	(void)buf;
	return verdict_name(s->findings.finding[i].verdict);
}

static const char *get_severity(const struct snapshot *s, size_t i, char *buf)
{
	(void)buf;
	return severity_name(finding_severity(&s->inputs->flows.flow[i], &s->findings.finding[i]));
}

/* Leaves that every result has one of, in the order in which they are best looked at: a run has the first two. */
static const struct column {
	const char *leaf;
	bool number;
	const char *(*get)(const struct snapshot *s, size_t i, char *buf);
} columns[] = {
        {"deployment", false, get_deployment},
        {"requirement", false, get_requirement},
        {"verdict", false, get_verdict},
        {"family", false, get_family},
        {"initiator", false, get_initiator},
        {"listener", false, get_listener},
        {"path", false, get_path},
        {"severity", false, get_severity},
        {"transport", false, get_transport},
        {"label", false, get_label},
        {"variant", true, get_variant},
        {"ports", false, get_ports},
        {"source-ports", false, get_source_ports},
};
#define COLUMN_N (sizeof(columns) / sizeof(columns[0]))
#define RUN_COLUMNS 2

/* One alternative by column; value.s NULL: it asks nothing of that. */
struct asked {
	struct xml_span value[COLUMN_N];
	unsigned char column[COLUMN_N]; /* those that it asks something of, in their order */
	size_t of_run, n; /* how many of them every flow of a run has in common; all */
	bool never; /* two values of one leaf */
};

static void ask(struct asked *a, const struct filter_term *t)
{
	for (size_t k = 0; k < COLUMN_N; k++) {
		if (!xml_span_is(t->leaf, columns[k].leaf) || (t->number && !columns[k].number))
			continue;
		a->never |= a->value[k].s != NULL &&
		            (a->value[k].n != t->value.n || memcmp(a->value[k].s, t->value.s, t->value.n) != 0);
		a->value[k] = t->value;
	}
}

static void asked_order(struct asked *a)
{
	for (size_t k = 0; k < COLUMN_N; k++) {
		if (a->value[k].s == NULL)
			continue;
		a->column[a->n++] = (unsigned char)k;
		a->of_run += k < RUN_COLUMNS;
	}
}

static bool meets(const struct asked *a, const struct snapshot *snap, size_t i, size_t from, size_t to)
{
	char buf[TEXT_SIZE];
	for (size_t k = from; k < to; k++)
		if (!xml_span_is(a->value[a->column[k]], columns[a->column[k]].get(snap, i, buf)))
			return false;
	return true;
}

/* The alternatives that a run of flows, which begins with flow i, can meet. */
static size_t run_begin(
        const struct asked *all, size_t n, const struct snapshot *snap, size_t i, const struct asked **active)
{
	size_t n_active = 0;
	for (size_t k = 0; k < n; k++)
		if (!all[k].never && meets(&all[k], snap, i, 0, all[k].of_run))
			active[n_active++] = &all[k];
	return n_active;
}

/* The flows of a run that meet one of its alternatives. */
static void scan_run(const struct asked *const *active, size_t n_active, const struct snapshot *snap, size_t from,
        size_t to, struct selection *out, size_t *cap)
{
	for (size_t i = from; i < to; i++) {
		bool met = false;
		for (size_t k = 0; k < n_active && !met; k++)
			met = meets(active[k], snap, i, active[k]->of_run, active[k]->n);
		if (!met)
			continue;
		out->row = xgrow(out->row, out->n, cap, sizeof(*out->row));
		out->row[out->n++] = i;
	}
}

static void scan(const struct asked *all, size_t n, const struct snapshot *snap, struct selection *out)
{
	const struct flow_runs *runs = inputs_runs(snap->inputs);
	const struct asked **active = xcalloc(n + 1, sizeof(*active));
	size_t cap = 0;
	for (size_t r = 0; r < runs->n; r++) {
		size_t n_active = run_begin(all, n, snap, runs->first[r], active);
		if (n_active > 0)
			scan_run(active, n_active, snap, runs->first[r], runs->first[r + 1], out, &cap);
	}
	free(active);
}

void select_results(
        const struct filter *f, const struct lysc_node *top, const struct snapshot *snap, struct selection *out)
{
	const struct lysc_node *list = lys_find_child(top, top->module, "result", 0, LYS_LIST, 0);
	struct filter_terms *terms;
	size_t n;
	*out = (struct selection){.all = list == NULL || !filter_terms(f, list, &terms, &n)};
	if (out->all)
		return;
	struct asked *all = xcalloc(n + 1, sizeof(*all));
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < terms[i].n; k++)
			ask(&all[i], &terms[i].term[k]);
		asked_order(&all[i]);
	}
	scan(all, n, snap, out);
	free(all);
	free(terms);
}

void selection_fini(struct selection *s)
{
	free(s->row);
	*s = (struct selection){0};
}
