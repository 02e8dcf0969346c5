/*
 * What the own table has of the required flows, for those who read it: names of sets and comments of rules come in, whose
 * they are goes out; and for a box the flows that it is for. Names that the agent does not give are not known.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile/boxes.h"
#include "portcullis/alloc.h"
#include "verify/index.h"

#define RULE_COMMENT "rule "

const char *own_required_name(enum path path, enum family family, bool pings, char *buf)
{
	snprintf(buf, OWN_REQUIRED_NAME, "required-%s%s%c", path_name(path), pings ? "-ping" : "",
	        family == FAMILY_IPV4 ? '4' : '6');
	return buf;
}

size_t own_required_fields(enum family family, bool pings, enum rs_field *out)
{
	out[0] = own_address_field(family, true);
	out[1] = own_address_field(family, false);
	if (pings)
		return 2;
	out[2] = RS_FIELD_L4PROTO;
	out[3] = RS_FIELD_SPORT;
	out[4] = RS_FIELD_DPORT;
	return 5;
}

static bool is_digest(const char *s)
{
	return *s == '-' && strlen(s) == 1 + OWN_SET_DIGEST && strspn(s + 1, "0123456789abcdef") == OWN_SET_DIGEST;
}

/* A set of that name, or of that name and a number: another set may have had the name; with or without its digest. */
static bool is_named(const char *name, const char *want)
{
	size_t len = strlen(want);

	if (strncmp(name, want, len) != 0)
		return false;
	name += len;
	if (*name == '.' && name[1] >= '0' && name[1] <= '9')
		name += 1 + strspn(name + 1, "0123456789");
	return *name == '\0' || is_digest(name);
}

bool own_required_set(const char *name, struct own_required *out)
{
	static const enum family families[] = {FAMILY_IPV4, FAMILY_IPV6};
	char want[OWN_REQUIRED_NAME];

	for (int k = 0; k < PATH_N * 4; k++) {
		*out = (struct own_required){
		        .path = (enum path)(k / 4), .family = families[k % 2], .pings = k % 4 >= 2};
		if (!is_named(name, own_required_name(out->path, out->family, out->pings, want)))
			continue;
		out->n_field = own_required_fields(out->family, out->pings, out->field);
		return true;
	}
	return false;
}

const char *own_rule_name(const char *comment, size_t *len)
{
	if (strncmp(comment, RULE_COMMENT, strlen(RULE_COMMENT)) != 0)
		return NULL;
	comment += strlen(RULE_COMMENT);
	*len = strcspn(comment, ":");
	return comment;
}

/* ---- users of boxes ---- */

/** Needs of one path, family and protocol. */
struct crowd {
	enum path path;
	enum family family;
	uint8_t proto;
	const struct need *need;
	struct box_index *index;
};

struct box_users {
	const struct flows *flows;
	struct needs needs[PATH_N * 4];
	struct crowd *crowd;
	size_t n_crowd, cap_crowd;
	struct positions scratch;
	size_t *flow, n_flow, cap_flow; /* of a box */
	const struct need *need; /* of the crowd that is looked at */
};

static void crowds_add(struct box_users *u, enum path path, enum family family, const struct needs *needs)
{
	size_t end;

	for (size_t i = 0; i < needs->n; i = end) {
		for (end = i; end < needs->n && needs->item[end].proto == needs->item[i].proto; end++)
			;
		u->crowd = xgrow(u->crowd, u->n_crowd, &u->cap_crowd, sizeof(*u->crowd));
		u->crowd[u->n_crowd++] = (struct crowd){path, family, needs->item[i].proto, &needs->item[i],
		        box_index_new(end - i, need_side, &needs->item[i])};
	}
}

struct box_users *box_users_new(const struct flows *flows)
{
	struct box_users *u = xcalloc(1, sizeof(*u));

	u->flows = flows;
	for (int k = 0; k < PATH_N * 4; k++) {
		enum path path = (enum path)(k / 4);
		enum family family = k % 2 == 0 ? FAMILY_IPV4 : FAMILY_IPV6;

		needs_collect(flows, path, family, k % 4 >= 2, &u->needs[k]);
		crowds_add(u, path, family, &u->needs[k]);
	}
	return u;
}

void box_users_free(struct box_users *u)
{
	if (u == NULL)
		return;
	for (size_t i = 0; i < u->n_crowd; i++)
		box_index_free(u->crowd[i].index);
	for (int k = 0; k < PATH_N * 4; k++)
		free(u->needs[k].item);
	free(u->crowd);
	free(u->flow);
	positions_fini(&u->scratch);
	free(u);
}

static bool user_visit(void *ctx, size_t position)
{
	struct box_users *u = ctx;

	u->flow = xgrow(u->flow, u->n_flow, &u->cap_flow, sizeof(*u->flow));
	u->flow[u->n_flow++] = u->need[position].flow;
	return true;
}

static int flow_cmp(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return (x > y) - (x < y);
}

void box_users_each(struct box_users *u, enum path path, enum family family, uint8_t proto, const struct box *box,
        void (*each)(void *ctx, const struct flow *flow), void *ctx)
{
	const struct cell cell = {{[AXIS_SOURCE] = box->source,
	        [AXIS_DESTINATION] = box->destination,
	        [AXIS_SPORT] = box->source_ports,
	        [AXIS_DPORT] = box->ports}};

	u->n_flow = 0;
	for (size_t i = 0; i < u->n_crowd; i++) {
		const struct crowd *c = &u->crowd[i];

		if (c->path != path || c->family != family || c->proto != proto)
			continue;
		u->need = c->need;
		box_index_each(c->index, &cell, &u->scratch, user_visit, u);
	}
	if (u->n_flow > 0)
		qsort(u->flow, u->n_flow, sizeof(*u->flow), flow_cmp);
	for (size_t i = 0; i < u->n_flow; i++)
		if (i == 0 || u->flow[i] != u->flow[i - 1])
			each(ctx, &u->flows->flow[u->flow[i]]);
}
