/*
 * What the own table lets in and nothing used: counters of the running daemon come in, boxes and explicit rules that counted
 * nothing go out, with the time since when. A daemon that does not show its table is refused.
 */
#include "cli/unused.h"

#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "portcullis/alloc.h"
#include "portcullis/text.h"

#define NAMESPACE " xmlns=\"urn:portcullis:yang:portcullis\""
#define ASK                                                                                                            \
	"<get><filter>"                                                                                                \
	"<firewall" NAMESPACE "><mode/><rule><name/><matches><path/></matches><statistics/></rule></firewall>"         \
	"<firewall-use" NAMESPACE "/>"                                                                                 \
	"</filter></get>"
#define AGE_MAX ((int64_t)1000 * 365 * 86400)

bool unused_age(const char *text, int64_t *out)
{
	static const char units[] = "smhdw";
	static const int64_t seconds[] = {1, 60, 3600, 86400, 7 * 86400};
	size_t n = strspn(text, "0123456789");
	const char *unit = text[n] != '\0' ? strchr(units, text[n]) : NULL;

	if (n == 0 || n > 12 || unit == NULL || text[n + 1] != '\0')
		return false;
	*out = strtoll(text, NULL, 10) * seconds[unit - units];
	return *out <= AGE_MAX;
}

static bool is_counted(const xmlNode *counted)
{
	const char *packets = node_leaf(counted, "matched-packets");

	return packets[0] != '\0' && strcmp(packets, "0") != 0;
}

/* A flow may have several boxes: the device's own addresses, for one, are cut out of a group. */
static json_t *used_labels(const xmlNode *table)
{
	json_t *labels = json_object();

	for (const xmlNode *b = node_child(table, "box"); b != NULL; b = node_next(b))
		for (const xmlNode *l = is_counted(b) ? node_child(b, "label") : NULL; l != NULL; l = node_next(l))
			if (l->children != NULL)
				json_object_set_new(labels, (const char *)l->children->content, json_true());
	return labels;
}

int unused_ask(const struct daemon_options *o, int64_t min_s, struct unused *out, struct error *err)
{
	*out = (struct unused){.min_s = min_s};
	if (daemon_ask(o, ASK, &out->doc, err) != 0)
		return -1;
	const xmlNode *data = node_child(xmlDocGetRootElement(out->doc), "data");
	out->firewall = data != NULL ? node_child(data, "firewall") : NULL;
	out->table = data != NULL ? node_child(data, "firewall-use") : NULL;
	if (out->table != NULL) {
		out->used = used_labels(out->table);
		return 0;
	}
	unused_fini(out);
	return error_set(err, ERR_UNAVAILABLE, NULL,
	        "the daemon does not show what its table counts: this user may not read it (ask for membership in "
	        "group "
	        "portcullis-read)");
}

void unused_fini(struct unused *u)
{
	json_decref(u->used);
	xmlFreeDoc(u->doc);
	*u = (struct unused){0};
}

static bool is_used_elsewhere(const struct unused *u, const xmlNode *box)
{
	for (const xmlNode *l = node_child(box, "label"); l != NULL; l = node_next(l))
		if (l->children != NULL && json_object_get(u->used, (const char *)l->children->content) != NULL)
			return true;
	return false;
}

static const char *mode(const struct unused *u)
{
	const char *set = u->firewall != NULL ? node_leaf(u->firewall, "mode") : "";

	return set[0] != '\0' ? set : "observe";
}

static bool is_present(const struct unused *u)
{
	return strcmp(node_leaf(u->table, "status"), "present") == 0;
}

bool unused_is_unknown(const struct unused *u)
{
	return strcmp(mode(u), "enforce") == 0 && !is_present(u);
}

/* Nothing was counted, and that for long enough. */
static bool is_unused(const struct unused *u, const xmlNode *counted)
{
	int64_t read = 0, since = 0;

	if (counted == NULL || is_counted(counted))
		return false;
	return u->min_s == 0 || (time_parse(node_leaf(u->table, "read"), &read) &&
	                                time_parse(node_leaf(counted, "since"), &since) && read - since >= u->min_s);
}

static const xmlNode *first_box(const struct unused *u)
{
	return is_present(u) ? node_child(u->table, "box") : NULL;
}

static const xmlNode *first_rule(const struct unused *u)
{
	return is_present(u) && u->firewall != NULL ? node_child(u->firewall, "rule") : NULL;
}

static const char *rule_path(const xmlNode *rule)
{
	const xmlNode *matches = node_child(rule, "matches");
	const char *path = matches != NULL ? node_leaf(matches, "path") : "";

	return path[0] != '\0' ? path : "forward";
}

/* ---- for programs ---- */

static json_t *box_json(const struct unused *u, const xmlNode *b)
{
	json_t *json = json_pack("{sosososososo}", "id", json_leaf(b, "id"), "labels", json_leaves(b, "label"),
	        "comment", json_leaf(b, "comment"), "path", json_leaf(b, "path"), "family", json_leaf(b, "family"),
	        "transport", json_leaf(b, "transport"));

	json_object_update_new(json, json_pack("{sosososososb}", "source", json_leaf(b, "source"), "destination",
	                                     json_leaf(b, "destination"), "source_ports", json_leaf(b, "source-ports"),
	                                     "ports", json_leaf(b, "ports"), "since", json_leaf(b, "since"),
	                                     "used_elsewhere", is_used_elsewhere(u, b)));
	return json;
}

json_t *unused_json(const struct unused *u)
{
	json_t *boxes = json_array(), *rules = json_array();

	for (const xmlNode *b = first_box(u); b != NULL; b = node_next(b))
		if (is_unused(u, b))
			json_array_append_new(boxes, box_json(u, b));
	for (const xmlNode *r = first_rule(u); r != NULL; r = node_next(r)) {
		const xmlNode *s = node_child(r, "statistics");

		if (is_unused(u, s))
			json_array_append_new(rules, json_pack("{sossso}", "name", json_leaf(r, "name"), "path",
			                                     rule_path(r), "since", json_leaf(s, "since")));
	}
	return json_pack("{sssososososo}", "mode", mode(u), "status", json_leaf(u->table, "status"), "reason",
	        json_leaf(u->table, "unreadable"), "read", json_leaf(u->table, "read"), "boxes", boxes, "rules", rules);
}

/* ---- for people ---- */

static char *ports_of(const xmlNode *b)
{
	if (node_child(b, "ports") == NULL)
		return xstrdup(node_leaf(b, "transport"));
	return xasprintf("%s>%s/%s", node_leaf(b, "source-ports"), node_leaf(b, "ports"), node_leaf(b, "transport"));
}

static char *labels_of(const struct unused *u, const xmlNode *b)
{
	const char *elsewhere = is_used_elsewhere(u, b) ? ", used elsewhere" : "";
	const xmlNode *first = node_child(b, "label");
	size_t others = 0;

	if (first == NULL)
		return xasprintf("nothing requires it any more (%s)", node_leaf(b, "comment"));
	for (const xmlNode *l = node_next(first); l != NULL; l = node_next(l))
		others++;
	return others == 0 ? xasprintf("%s%s", node_leaf(b, "label"), elsewhere)
	                   : xasprintf("%s and %zu more%s", node_leaf(b, "label"), others, elsewhere);
}

static size_t add_boxes(const struct unused *u, struct cli_table *table)
{
	size_t n = 0;

	for (const xmlNode *b = first_box(u); b != NULL; b = node_next(b)) {
		if (!is_unused(u, b))
			continue;
		char *ports = ports_of(b), *labels = labels_of(u, b);
		const char *const cells[] = {node_leaf(b, "since"), node_leaf(b, "path"), node_leaf(b, "source"),
		        node_leaf(b, "destination"), ports, labels};
		cli_table_row(table, cells);
		free(ports);
		free(labels);
		n++;
	}
	return n;
}

static size_t add_rules(const struct unused *u, struct cli_table *table)
{
	size_t n = 0;

	for (const xmlNode *r = first_rule(u); r != NULL; r = node_next(r)) {
		const xmlNode *s = node_child(r, "statistics");

		if (!is_unused(u, s))
			continue;
		char *name = xasprintf("rule %s", node_leaf(r, "name"));
		const char *const cells[] = {node_leaf(s, "since"), rule_path(r), NULL, NULL, NULL, name};
		cli_table_row(table, cells);
		free(name);
		n++;
	}
	return n;
}

void unused_show(const struct unused *u)
{
	static const char *const header[] = {"UNUSED SINCE", "PATH", "SOURCE", "DESTINATION", "PORTS", "FLOW OR RULE"};

	putchar('\n');
	if (strcmp(mode(u), "enforce") != 0 && !is_present(u)) {
		cli_line("the mode is observe: the kernel has no table of the agent's, and nothing is counted");
		return;
	}
	if (!is_present(u)) {
		const char *why = node_leaf(u->table, "unreadable");

		cli_line("what was used cannot be told: %s",
		        why[0] != '\0' ? why : "the kernel has no table of the agent's");
		return;
	}
	struct cli_table *table = cli_table_new(6, header);
	size_t n = add_boxes(u, table) + add_rules(u, table);
	cli_table_print(table, stdout);
	if (n == 0)
		cli_line("nothing in the own table has been unused%s", u->min_s > 0 ? " for so long" : "");
}
