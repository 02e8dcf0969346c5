/*
 * The configuration's explicit rules and the counters of the kernel come in, rows sorted by id go out. Ids are made of the
 * names, so that a rule has the same one on every device and after every restart, wherever it stands.
 */
#include "snmp/rules.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/range.h"

#define ID_MASK 0x7fffffffu

void rules_fini(struct rule_rows *rows)
{
	free(rows->row);
	inputs_unref(rows->inputs);
	usage_reading_unref(rows->reading);
	*rows = (struct rule_rows){0};
}

/* As ids of the configuration are. */
static uint32_t id_of(const char *name)
{
	uint32_t id = hash32(name) & ID_MASK;

	return id != 0 ? id : 1;
}

static int by_id(const void *a, const void *b)
{
	const struct rule_row *x = a, *y = b;

	return x->id != y->id ? (x->id < y->id ? -1 : 1) : strcmp(x->name, y->name);
}

/* Of those with one id the first by name keeps it, and the others take the next that are free. */
static void part_ids(struct rule_rows *rows)
{
	for (bool clash = true; clash;) {
		clash = false;
		qsort(rows->row, rows->n, sizeof(*rows->row), by_id);
		for (size_t i = 1; i < rows->n; i++)
			if (rows->row[i].id == rows->row[i - 1].id) {
				rows->row[i].id = rows->row[i].id % ID_MASK + 1;
				clash = true;
			}
	}
}

static void fill(struct rule_row *row, const struct firewall_rule *rule, size_t i, const struct usage_reading *use)
{
	const struct usage_rule *counted = use != NULL && use->present ? usage_rule_find(use, rule->name) : NULL;

	*row = (struct rule_row){.id = id_of(rule->name),
	        .position = (uint32_t)i + 1,
	        .name = rule->name,
	        .comment = rule->comment != NULL ? rule->comment : "",
	        .path = (uint8_t)rule->path,
	        .action = (uint8_t)(rule->action - ACTION_ACCEPT)};
	if (counted == NULL)
		return;
	row->packets = counted->count.packets;
	row->octets = counted->count.octets;
	row->since = counted->count.since;
	row->counted = use->time;
}

void rules_make(struct rule_rows *rows, struct inputs *inputs, struct usage_reading *reading)
{
	if (rows->inputs == inputs && rows->reading == reading)
		return;
	rules_fini(rows);
	if (inputs == NULL || inputs->site == NULL)
		return;
	rows->inputs = inputs_ref(inputs);
	rows->reading = reading != NULL ? usage_reading_ref(reading) : NULL;
	rows->n = inputs->site->firewall.n_rule;
	rows->row = xcalloc(rows->n, sizeof(*rows->row));
	for (size_t i = 0; i < rows->n; i++)
		fill(&rows->row[i], &inputs->site->firewall.rule[i], i, reading);
	part_ids(rows);
}
