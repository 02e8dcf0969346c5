/*
 * Rows of state as libyang nodes: a parent, a name and a value come in, a node goes out, or text where row_xml.c takes
 * over. A value that the model does not allow is a fault of this program, kept with the name of the leaf.
 */
#include "netconf/row.h"

#include <inttypes.h>
#include <stdio.h>

#include "netconf/row_xml.h"
#include "portcullis/text.h"

#define KEYS_MAX 8

static void fail(struct rows *b, const struct lyd_node *parent, const char *name, const char *value)
{
	if (b->failed)
		return;
	b->failed = true;
	(void)error_set(&b->err, ERR_INTERNAL, NULL, "state leaf %s of %s cannot be '%.200s'", name,
	        parent != NULL ? LYD_NAME(parent) : "the top", value != NULL ? value : "");
}

struct lyd_node *row_container(struct rows *b, struct lyd_node *parent, const char *name)
{
	struct lyd_node *node = NULL;
	if (b->xml != NULL)
		row_xml_container(b, name);
	else if (!b->failed &&
	         lyd_new_inner(parent, parent != NULL ? NULL : b->module, name, b->output, &node) != LY_SUCCESS)
		fail(b, parent, name, NULL);
	return node;
}

struct lyd_node *row_list_keys(
        struct rows *b, struct lyd_node *parent, const char *name, const char *const *key, size_t n)
{
	const char *k[KEYS_MAX] = {NULL};
	struct lyd_node *node = NULL;
	if (b->xml != NULL)
		row_xml_list(b, name, key, n);
	if (b->failed || b->xml != NULL)
		return NULL;
	for (size_t i = 0; i < n && i < KEYS_MAX; i++)
		k[i] = key[i];
	/* It takes as many as the list has keys and never looks at the rest. */
	if (lyd_new_list(parent, NULL, name, b->output, &node, k[0], k[1], k[2], k[3], k[4], k[5], k[6], k[7]) !=
	        LY_SUCCESS)
		fail(b, parent, name, k[0]);
	return node;
}

void row_end(struct rows *b)
{
	if (b->xml != NULL)
		row_xml_end(b->xml);
}

void row_leaf(struct rows *b, struct lyd_node *parent, const char *name, const char *value)
{
	if (b->failed || value == NULL || value[0] == '\0')
		return;
	if (b->xml != NULL)
		row_xml_leaf(b->xml, name, value);
	else if (lyd_new_term(parent, NULL, name, value, b->output, NULL) != LY_SUCCESS)
		fail(b, parent, name, value);
}

void row_number(struct rows *b, struct lyd_node *parent, const char *name, uint64_t value)
{
	char text[DECIMAL_SIZE];
	row_leaf(b, parent, name, decimal_print(value, text));
}

void row_bool(struct rows *b, struct lyd_node *parent, const char *name, bool value)
{
	row_leaf(b, parent, name, value ? "true" : "false");
}

void row_time(struct rows *b, struct lyd_node *parent, const char *name, int64_t wall_s)
{
	if (wall_s <= 0)
		return;
	if (wall_s != b->time_s)
		time_print(wall_s, b->time, sizeof(b->time));
	b->time_s = wall_s;
	row_leaf(b, parent, name, b->time);
}

void row_rule(struct rows *b, struct lyd_node *parent, const struct blame *blame)
{
	if (!blame->present)
		return;
	struct lyd_node *rule = row_container(b, parent, "rule");
	row_leaf(b, rule, "family", rs_family_name(blame->family));
	row_leaf(b, rule, "table", blame->table);
	row_leaf(b, rule, "chain", blame->chain);
	if (blame->policy) {
		row_leaf(b, rule, "policy", blame->verdict == RS_ACCEPT ? "accept" : "drop");
	} else {
		row_number(b, rule, "handle", blame->handle);
		row_leaf(b, rule, "text", blame->text);
	}
	row_end(b);
}

void row_witness(struct rows *b, struct lyd_node *parent, const struct packet *packet)
{
	char address[64];
	struct lyd_node *witness = row_container(b, parent, "witness");
	bool ports = packet->proto != PROTO_ICMP && packet->proto != PROTO_ICMPV6;
	row_leaf(b, witness, "transport", proto_name(packet->proto));
	row_leaf(b, witness, "source", addr_print(packet->family, packet->source, address, sizeof(address)));
	if (ports)
		row_number(b, witness, "source-port", packet->source_port);
	row_leaf(b, witness, "destination", addr_print(packet->family, packet->destination, address, sizeof(address)));
	if (ports)
		row_number(b, witness, "destination-port", packet->destination_port);
	row_leaf(b, witness, "phase", phase_name(packet->phase));
	row_end(b);
}
