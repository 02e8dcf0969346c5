/*
 * Tolerated sources by set: in come a ruleset and a site, out go the addresses of the sets that the site names, and what is to
 * be said of them. A set that is not there, or is not of addresses alone, takes nothing out, and that is said.
 */
#include "verify/tolerated.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"

static const struct rs_set *set_find(const struct ruleset *rs, const char *text)
{
	char family[8], table[64], name[64];

	if (sscanf(text, "%7s %63s %63s", family, table, name) != 3)
		return NULL;
	for (size_t i = 0; i < rs->n_set; i++)
		if (strcmp(rs->set[i].name, name) == 0 && strcmp(rs->set[i].table, table) == 0 &&
		        strcmp(rs_family_name(rs->set[i].family), family) == 0)
			return &rs->set[i];
	return NULL;
}

/** @return 0: IPv4, 1: IPv6, -1: not of addresses alone. */
static int set_family(const struct rs_set *set)
{
	if (set->n_field != 1 || set->undecided)
		return -1;
	switch (set->field[0]) {
	case RS_FIELD_IP_SADDR:
	case RS_FIELD_IP_DADDR:
		return 0;
	case RS_FIELD_IP6_SADDR:
	case RS_FIELD_IP6_DADDR:
		return 1;
	default:
		return -1;
	}
}

void tolerated_find(const struct ruleset *rs, const struct site *site, struct ranges out[2])
{
	for (size_t i = 0; site != NULL && i < site->n_tolerated_source; i++) {
		const char *text = site->tolerated_source[i].set;
		const struct rs_set *set = text != NULL && text[0] != '\0' ? set_find(rs, text) : NULL;
		int family = set != NULL ? set_family(set) : -1;

		for (size_t k = 0; family >= 0 && k < set->n_element; k++)
			if (!set->element[k].catch_all)
				ranges_add(&out[family], set->element[k].key[0].lo, set->element[k].key[0].hi);
	}
	ranges_normalise(&out[0]);
	ranges_normalise(&out[1]);
}

void tolerated_each_caveat(
        const struct ruleset *rs, const struct site *site, void (*each)(void *ctx, const char *text), void *ctx)
{
	for (size_t i = 0; i < site->n_tolerated_source; i++) {
		const struct tolerated_source *t = &site->tolerated_source[i];
		const struct rs_set *set;
		char *text;

		if (t->set == NULL || t->set[0] == '\0')
			continue;
		set = set_find(rs, t->set);
		if (set == NULL)
			text = xasprintf(
			        "tolerated source %s takes nothing out: the ruleset has no set %s", t->name, t->set);
		else if (set_family(set) < 0)
			text = xasprintf("tolerated source %s takes nothing out: set %s is not of addresses alone",
			        t->name, t->set);
		else
			text = xasprintf(
			        "no verdict speaks of packets from the %zu elements of set %s (tolerated source %s)",
			        set->n_element, t->set, t->name);
		each(ctx, text);
		free(text);
	}
}
