/*
 * Operations and parameters that this agent does not have: the elements of an rpc come in, one by one, and those that
 * name an unknown operation, a datastore other than running, candidate and startup, or a URL are refused with what to use
 * instead. Whatever else is wrong with an rpc is found by the library or the operation itself.
 */
#include "netconf/operation.h"

#include <stdio.h>
#include <string.h>

#include "netconf/names.h"

#define NS_BASE "urn:ietf:params:xml:ns:netconf:base:1.0"
#define NS_NMDA "urn:ietf:params:xml:ns:yang:ietf-netconf-nmda"

static const struct {
	const char *operation, *parameter;
	const char *text;
} unsupported[] = {
        {"edit-config", "url", "URLs are not supported; put the edit into <config>"},
        {"copy-config", "url", "URLs are not supported; put the configuration into <config>"},
};

/* Operations whose source and target name a datastore. */
static const char *const placed[] = {
        "get-config", "edit-config", "copy-config", "lock", "unlock", "validate", "delete-config"};

void operation_begin(struct operation *o)
{
	o->name[0] = '\0';
	o->place = o->edits = false;
	o->n = 0;
}

int operation_end(const struct operation *o, struct error *err)
{
	if (o->n > 0)
		return 0;
	return error_item(err, ERR_MISSING_ELEMENT, "rpc", "rpcOperation",
	        "<rpc> holds no operation; put one into it, such as <get/>");
}

static int visit_operation(struct operation *o, struct xml_span ns, struct xml_span local, struct error *err)
{
	char uri[128] = "", name[sizeof(o->name)] = "";
	if (o->n++ > 0) {
		snprintf(name, sizeof(name), "%.*s", (int)(local.n < 63 ? local.n : 63), local.s);
		return error_item(err, ERR_UNKNOWN_ELEMENT, "rpc", name,
		        "<%s> is a second operation in one <rpc>; send it in an <rpc> of its own", name);
	}
	bool fits = ns.n < sizeof(uri) && local.n < sizeof(name);
	if (fits) {
		memcpy(uri, ns.s, ns.n);
		memcpy(name, local.s, local.n);
	}
	strcpy(o->name, strcmp(uri, NS_BASE) == 0 ? name : "");
	o->edits = strcmp(o->name, "edit-config") == 0 || (strcmp(uri, NS_NMDA) == 0 && strcmp(name, "edit-data") == 0);
	if (fits && (o->knows == NULL || o->knows(o->ctx, uri, name)))
		return 0;
	return error_set(err, ERR_UNSUPPORTED, NULL,
	        "there is no operation %.*s in namespace %.*s; see the modules of the hello and of "
	        "netconf-state/schemas",
	        (int)(local.n < 64 ? local.n : 64), local.s, (int)(ns.n < 128 ? ns.n : 128), ns.s);
}

static int visit_parameter(struct operation *o, struct xml_span local, struct error *err)
{
	o->place = false;
	for (size_t i = 0; i < sizeof(unsupported) / sizeof(unsupported[0]); i++)
		if (strcmp(unsupported[i].operation, o->name) == 0 && xml_span_is(local, unsupported[i].parameter))
			return error_set(err, ERR_UNSUPPORTED, NULL, "%s", unsupported[i].text);
	if (!xml_span_is(local, "source") && !xml_span_is(local, "target"))
		return 0;
	for (size_t i = 0; i < sizeof(placed) / sizeof(placed[0]); i++)
		o->place |= strcmp(o->name, placed[i]) == 0;
	return 0;
}

int operation_visit(void *ctx, unsigned depth, struct xml_span ns, struct xml_span local, struct error *err)
{
	struct operation *o = ctx;
	bool base = xml_span_is(ns, NS_BASE);
	if (depth == 1)
		return visit_operation(o, ns, local, err);
	if (depth == 2 && o->edits && xml_span_is(local, "config"))
		return NAMES_TAKE;
	if (depth == 2 && base)
		return visit_parameter(o, local, err);
	if (depth == 3 && base && strcmp(o->name, "edit-config") == 0 && xml_span_is(local, "startup"))
		return error_set(err, ERR_UNSUPPORTED, NULL,
		        "startup is written as a whole; edit running or candidate and copy it to startup");
	if (depth == 3 && base && strcmp(o->name, "delete-config") == 0 && !xml_span_is(local, "startup"))
		return error_set(err, ERR_UNSUPPORTED, NULL,
		        "only startup can be deleted; copy an empty <config> to %.*s instead",
		        (int)(local.n < 64 ? local.n : 64), local.s);
	if (depth == 3 && base && o->place && !xml_span_is(local, "running") && !xml_span_is(local, "candidate") &&
	        !xml_span_is(local, "startup") && !xml_span_is(local, "config"))
		return error_set(err, ERR_UNSUPPORTED, NULL,
		        "there is no datastore %.*s; use running, candidate or startup",
		        (int)(local.n < 64 ? local.n : 64), local.s);
	return depth == 3 && base && o->place && xml_span_is(local, "config") ? NAMES_TAKE : 0;
}
