/*
 * The operations of RFC 6241 on datastores: an rpc comes in, is turned into one call of config.h, and its result goes
 * out. An edit is all or nothing unless it says continue-on-error. Datastores and options that this agent does not have
 * were refused by the guard.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netconf/defaults.h"
#include "netconf/nmda.h"
#include "portcullis/alloc.h"
#include "portcullis/clock.h"
#include "portcullis/commit.h"

/* Where a request's source or target points to: a datastore, or an inline configuration as XML (which is freed by the
 * caller). */
struct place {
	bool is_inline;
	enum datastore datastore;
	char *xml;
};

/* What the guard took out of the message, or else what the library has read: an empty one, mostly. */
static int inline_xml(const struct call *call, const struct lyd_node *config, char **out, struct error *err)
{
	const struct lyd_node_any *any = (const struct lyd_node_any *)config;
	*out = atomic_exchange(&call->s->content, NULL);
	if (*out != NULL) {
		defaults_accept(out);
		return 0;
	}
	if (any->value_type != LYD_ANYDATA_DATATREE)
		return error_set(err, ERR_INVALID, NULL, "<config> holds no elements; put the configuration into it");
	/* An empty container may carry an operation. */
	if (lyd_print_mem(out, any->value.tree, LYD_XML,
	            LYD_PRINT_WITHSIBLINGS | LYD_PRINT_SHRINK | LYD_PRINT_KEEPEMPTYCONT) != LY_SUCCESS)
		return error_set(err, ERR_INTERNAL, NULL, "the configuration cannot be printed");
	if (*out == NULL)
		*out = xstrdup("");
	return 0;
}

/* <source> or <target> of a request. */
static int place_read(const struct call *call, const char *name, struct place *out, struct error *err)
{
	const struct lyd_node *container = child_find(call->rpc, name), *child;
	memset(out, 0, sizeof(*out));
	LY_LIST_FOR(lyd_child(container), child)
	{
		const char *what = LYD_NAME(child);
		if (datastore_find(what, &out->datastore))
			return 0;
		if (strcmp(what, "datastore") == 0)
			return nmda_datastore(lyd_get_value(child), &out->datastore, err);
		if (strcmp(what, "config") == 0) {
			out->is_inline = true;
			return inline_xml(call, child, &out->xml, err);
		}
		return error_set(err, ERR_UNSUPPORTED, NULL,
		        "there is no datastore %s; use running, candidate or startup", what);
	}
	return error_set(err, ERR_INVALID, NULL, "<%s> names no datastore; use running, candidate or startup", name);
}

static enum edit_operation default_operation(const struct call *call)
{
	const char *value = child_value(call->rpc, "default-operation");
	if (value != NULL && strcmp(value, "replace") == 0)
		return EDIT_REPLACE;
	return value != NULL && strcmp(value, "none") == 0 ? EDIT_NONE : EDIT_MERGE;
}

static enum test_option test_option(const struct call *call)
{
	const char *value = child_value(call->rpc, "test-option");
	if (value != NULL && strcmp(value, "set") == 0)
		return TEST_SET;
	return value != NULL && strcmp(value, "test-only") == 0 ? TEST_ONLY : TEST_THEN_SET;
}

struct nc_server_reply *reply_edit(const struct call *call, enum datastore target)
{
	const struct lyd_node *config = child_find(call->rpc, "config");
	const char *option = child_value(call->rpc, "error-option");
	struct nc_server_reply *reply;
	struct errors faults = {0};
	struct error err;
	char *xml = NULL;
	int result = 0;
	if (config == NULL)
		result = error_set(&err, ERR_UNSUPPORTED, NULL,
		        "only <config> is accepted, no <url>; put the edit into the request");
	if (result == 0)
		result = inline_xml(call, config, &xml, &err);
	if (result == 0) {
		const struct config_edit edit = {target, xml, default_operation(call), test_option(call),
		        option != NULL && strcmp(option, "continue-on-error") == 0};
		result = config_edit(call->n->config, &call->actor, &edit, &faults, &err);
	}
	free(xml);
	reply = faults.n > 0 ? reply_errors(call, &faults) : reply_result(call, result, &err);
	errors_fini(&faults);
	return reply;
}

struct nc_server_reply *rpc_edit_config(const struct call *call)
{
	struct place target;
	struct error err;
	if (place_read(call, "target", &target, &err) != 0)
		return reply_error(call, &err);
	return reply_edit(call, target.datastore);
}

struct nc_server_reply *rpc_copy_config(const struct call *call)
{
	struct place source = {0}, target = {0};
	struct error err;
	int result = place_read(call, "target", &target, &err);
	if (result == 0)
		result = place_read(call, "source", &source, &err);
	if (result == 0 && target.is_inline)
		result = error_set(&err, ERR_INVALID, NULL, "the target must be a datastore; use running or candidate");
	else if (result == 0 && call_defaults(call) != NC_WD_EXPLICIT)
		result = error_set(&err, ERR_UNSUPPORTED, NULL,
		        "with-defaults of copy-config can only be explicit, for a datastore has what was set and no "
		        "more; leave it out, or read with with-defaults");
	else if (result == 0 && source.is_inline)
		result = config_replace(call->n->config, &call->actor, target.datastore, source.xml, &err);
	else if (result == 0)
		result = config_copy(call->n->config, &call->actor, source.datastore, target.datastore, &err);
	free(source.xml);
	free(target.xml);
	return reply_result(call, result, &err);
}

static struct nc_server_reply *lock_denied(const struct call *call, const struct error *err)
{
	struct lyd_node *e = nc_err(call->n->ctx, NC_ERR_LOCK_DENIED, (uint32_t)strtoul(err->where, NULL, 10));
	nc_err_set_msg(e, err->text, "en");
	return nc_server_reply_err(e);
}

struct nc_server_reply *rpc_lock(const struct call *call)
{
	struct place target;
	struct error err;
	int result = place_read(call, "target", &target, &err);
	if (result == 0)
		result = config_lock(call->n->config, &call->actor, target.datastore, &err);
	if (result != 0)
		return err.code == ERR_IN_USE ? lock_denied(call, &err) : reply_error(call, &err);
	pthread_mutex_lock(&call->n->mutex);
	call->s->lock_wall[target.datastore] = clock_wall_s();
	pthread_mutex_unlock(&call->n->mutex);
	return nc_server_reply_ok();
}

struct nc_server_reply *rpc_unlock(const struct call *call)
{
	struct place target;
	struct error err;
	int result = place_read(call, "target", &target, &err);
	if (result == 0)
		result = config_unlock(call->n->config, &call->actor, target.datastore, &err);
	return reply_result(call, result, &err);
}

struct nc_server_reply *rpc_validate(const struct call *call)
{
	struct place source = {0};
	struct error err;
	int result = place_read(call, "source", &source, &err);
	if (result == 0 && source.is_inline)
		result = config_validate_xml(call->n->config, &call->actor, source.xml, &err);
	else if (result == 0)
		result = config_validate(call->n->config, &call->actor, source.datastore, &err);
	free(source.xml);
	return reply_result(call, result, &err);
}

struct nc_server_reply *rpc_delete_config(const struct call *call)
{
	struct place target = {0};
	struct error err;
	int result = place_read(call, "target", &target, &err);
	if (result == 0)
		result = config_delete(call->n->config, &call->actor, target.datastore, &err);
	return reply_result(call, result, &err);
}

static struct nc_server_reply *commit(const struct call *call, const char *override)
{
	const char *timeout = child_value(call->rpc, "confirm-timeout");
	struct config_commit options = {
	        .confirmed = child_find(call->rpc, "confirmed") != NULL,
	        .timeout_s = timeout != NULL ? (uint32_t)strtoul(timeout, NULL, 10) : COMMIT_TIMEOUT_S,
	        .persist = child_value(call->rpc, "persist"),
	        .persist_id = child_value(call->rpc, "persist-id"),
	        .comment = child_value(call->rpc, "comment"),
	        .override = override,
	};
	struct error err;
	return reply_result(call, config_commit(call->n->config, &call->actor, &options, &err), &err);
}

struct nc_server_reply *rpc_commit(const struct call *call)
{
	return commit(call, NULL);
}

struct nc_server_reply *rpc_override_commit(const struct call *call)
{
	return commit(call, child_value(call->rpc, "reason"));
}

struct nc_server_reply *rpc_cancel_commit(const struct call *call)
{
	struct error err;
	return reply_result(call,
	        config_cancel_commit(call->n->config, &call->actor, child_value(call->rpc, "persist-id"), &err), &err);
}

struct nc_server_reply *rpc_discard_changes(const struct call *call)
{
	struct error err;
	return reply_result(call, config_discard(call->n->config, &call->actor, &err), &err);
}

struct nc_server_reply *rpc_kill_session(const struct call *call)
{
	struct error err;
	const char *value = child_value(call->rpc, "session-id");
	uint32_t id = value != NULL ? (uint32_t)strtoul(value, NULL, 10) : 0;
	if (id == call->id) {
		(void)error_set(&err, ERR_INVALID, NULL, "session %u is this one; use close-session to end it", id);
		return reply_error(call, &err);
	}
	return reply_result(call, session_kill(call->n, id, call->id, &err), &err);
}
