/*
 * Asking the running daemon: an operation goes out over NETCONF, its reply comes back as an XML document, from which
 * the verbs take leaves for tables and for JSON. A daemon that does not answer, or refuses, is an error with its reason.
 */
#include "cli/daemon.h"

#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "cli/cli.h"
#include "portcullis/alloc.h"
#include "portcullis/netconf.h"
#include "portcullis/text.h"

#define ASK_MS 60000

static int parse(const char *reply, xmlDoc **out, struct error *err)
{
	struct text t = {0};
	text_add(&t, "<reply>");
	text_add(&t, reply);
	text_add(&t, "</reply>");
	int options = XML_PARSE_NOENT | XML_PARSE_NOCDATA | XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
	              XML_PARSE_HUGE | XML_PARSE_COMPACT;
	*out = t.len < INT32_MAX ? xmlReadMemory(t.s, (int)t.len, "reply", "UTF-8", options) : NULL;
	text_fini(&t);
	return *out != NULL ? 0 : error_set(err, ERR_FORMAT, "reply", "the daemon's answer is not XML");
}

int daemon_ask(const struct daemon_options *o, const char *operation, xmlDoc **out, struct error *err)
{
	struct netconf_client *client = NULL;
	char *reply = NULL;
	*out = NULL;
	int result = netconf_client_open(o->socket != NULL ? o->socket : PORTCULLIS_SOCKET,
	        o->yang_dir != NULL ? o->yang_dir : PORTCULLIS_YANG_DIR, &client, err);
	if (result == 0)
		result = netconf_client_rpc(client, operation, ASK_MS, &reply, err);
	if (result == 0)
		result = parse(reply, out, err);
	free(reply);
	netconf_client_close(client);
	return result;
}

int daemon_conformance(
        const struct daemon_options *o, const char *subtree, xmlDoc **out, xmlNode **conformance, struct error *err)
{
	char *operation = xasprintf(
	        "<get><filter><conformance xmlns=\"urn:portcullis:yang:portcullis\">%s</conformance></filter></get>",
	        subtree);
	int result = daemon_ask(o, operation, out, err);
	free(operation);
	if (result != 0)
		return -1;
	xmlNode *data = node_child(xmlDocGetRootElement(*out), "data");
	*conformance = data != NULL ? node_child(data, "conformance") : NULL;
	if (*conformance != NULL)
		return 0;
	xmlFreeDoc(*out);
	*out = NULL;
	return error_set(err, ERR_UNAVAILABLE, NULL,
	        "the daemon shows no conformance: it has verified nothing yet (ask again in a moment), or this user "
	        "may not "
	        "read it (ask for membership in group portcullis-read)");
}

static xmlNode *first_named(xmlNode *node, const char *name)
{
	for (; node != NULL; node = node->next)
		if (node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0)
			return node;
	return NULL;
}

xmlNode *node_child(const xmlNode *parent, const char *name)
{
	return parent != NULL ? first_named(parent->children, name) : NULL;
}

xmlNode *node_next(const xmlNode *node)
{
	return first_named(node->next, (const char *)node->name);
}

const char *node_leaf(const xmlNode *parent, const char *name)
{
	const xmlNode *leaf = node_child(parent, name);
	if (leaf == NULL || leaf->children == NULL || leaf->children->content == NULL)
		return "";
	return (const char *)leaf->children->content;
}

char *node_rule(const xmlNode *rule)
{
	if (rule == NULL)
		return xstrdup("");
	const char *family = node_leaf(rule, "family"), *table = node_leaf(rule, "table"),
	           *chain = node_leaf(rule, "chain");
	if (node_child(rule, "policy") != NULL)
		return xasprintf("%s %s %s policy %s", family, table, chain, node_leaf(rule, "policy"));
	/* A step that enters a chain stands at none of its rules. */
	if (strcmp(node_leaf(rule, "handle"), "0") == 0)
		return xasprintf("%s %s %s", family, table, chain);
	return xasprintf(
	        "%s %s %s handle %s: %s", family, table, chain, node_leaf(rule, "handle"), node_leaf(rule, "text"));
}

json_t *json_leaf(const xmlNode *parent, const char *name)
{
	return node_child(parent, name) != NULL ? json_string(node_leaf(parent, name)) : json_null();
}

json_t *json_number(const xmlNode *parent, const char *name)
{
	if (node_child(parent, name) == NULL)
		return json_null();
	return json_integer((json_int_t)strtoull(node_leaf(parent, name), NULL, 10));
}

json_t *json_leaves(const xmlNode *parent, const char *name)
{
	json_t *list = json_array();
	for (const xmlNode *leaf = node_child(parent, name); leaf != NULL; leaf = node_next(leaf))
		json_array_append_new(
		        list, json_string(leaf->children != NULL ? (const char *)leaf->children->content : ""));
	return list;
}

json_t *json_rule_of(const xmlNode *parent)
{
	const xmlNode *rule = node_child(parent, "rule");
	if (rule == NULL)
		return json_null();
	json_t *json = json_pack("{sososo}", "family", json_leaf(rule, "family"), "table", json_leaf(rule, "table"),
	        "chain", json_leaf(rule, "chain"));
	if (node_child(rule, "policy") != NULL) {
		json_object_set_new(json, "policy", json_leaf(rule, "policy"));
	} else if (strcmp(node_leaf(rule, "handle"), "0") != 0) {
		json_object_set_new(json, "handle", json_number(rule, "handle"));
		json_object_set_new(json, "text", json_leaf(rule, "text"));
	}
	return json;
}

json_t *json_witness_of(const xmlNode *parent)
{
	const xmlNode *w = node_child(parent, "witness");
	if (w == NULL)
		return json_null();
	return json_pack("{sosososososo}", "transport", json_leaf(w, "transport"), "source", json_leaf(w, "source"),
	        "source_port", json_number(w, "source-port"), "destination", json_leaf(w, "destination"),
	        "destination_port", json_number(w, "destination-port"), "phase", json_leaf(w, "phase"));
}

json_t *json_deployments(const xmlNode *conformance)
{
	json_t *list = json_array();
	for (const xmlNode *d = node_child(conformance, "deployment-state"); d != NULL; d = node_next(d))
		json_array_append_new(list,
		        json_pack("{sososososbsbsoso}", "deployment", json_leaf(d, "name"), "product",
		                json_leaf(d, "product"), "pack_version", json_leaf(d, "pack-version"), "pack_digest",
		                json_leaf(d, "pack-digest"), "pinned", strcmp(node_leaf(d, "pinned"), "true") == 0,
		                "kept", strcmp(node_leaf(d, "kept"), "true") == 0, "available_version",
		                json_leaf(d, "available-version"), "available_digest",
		                json_leaf(d, "available-digest")));
	return list;
}

json_t *json_summary(const xmlNode *conformance)
{
	const xmlNode *summary = node_child(conformance, "summary");
	json_t *json = json_object();
	for (const xmlNode *leaf = summary != NULL ? summary->children : NULL; leaf != NULL; leaf = leaf->next) {
		if (leaf->type != XML_ELEMENT_NODE)
			continue;
		const char *name = (const char *)leaf->name;
		char *key = xstrdup(name);
		for (char *p = key; (p = strchr(p, '-')) != NULL;)
			*p = '_';
		bool text = strcmp(name, "overall") == 0 || strcmp(name, "forward-default") == 0;
		json_object_set_new(json, key, text ? json_leaf(summary, name) : json_number(summary, name));
		free(key);
	}
	return json;
}

void json_show(json_t *json)
{
	char *text = json_dumps(json, JSON_INDENT(2));
	json_decref(json);
	if (text != NULL)
		cli_json(text);
	free(text);
}

int daemon_exit_code(const xmlNode *conformance)
{
	const xmlNode *summary = node_child(conformance, "summary");
	const char *overall = summary != NULL ? node_leaf(summary, "overall") : "";
	for (int o = OVERALL_OK; o <= OVERALL_CANNOT_TELL; o++)
		if (strcmp(overall, overall_name((enum overall)o)) == 0)
			return overall_exit_code((enum overall)o);
	return EXIT_CANNOT_TELL;
}
