#ifndef PORTCULLIS_NETCONF_REPLY_H
#define PORTCULLIS_NETCONF_REPLY_H

/* Not <nc_server.h>: it asks for the headers of the SSH and TLS libraries, whose transports are not used here. */
#include <libnetconf2/log.h>
#include <libnetconf2/messages_server.h>
#include <libnetconf2/session_server.h>
#include <libyang/libyang.h>

#include "netconf/session.h"

/* Between libnetconf2's callbacks and the functions of this house. */

/** What an operation is called with. */
struct call {
	struct netconf *n;
	struct session *s;
	const struct lyd_node *rpc;
	uint32_t id;
	struct nacm_view *view; /**< what the access rules say to the user */
	struct config_access access;
	struct flow_peer peer; /**< FAMILY_NONE: the client is on this device, or not known */
	struct config_actor actor;
};

/** libnetconf2's callback for every rpc. */
struct nc_server_reply *rpc_dispatch(struct lyd_node *rpc, struct nc_session *session);

/** <ok/>, or the error when result is not 0. */
struct nc_server_reply *reply_result(const struct call *call, int result, const struct error *err);
struct nc_server_reply *reply_error(const struct call *call, const struct error *err);
/** One rpc-error each; there must be one. */
struct nc_server_reply *reply_errors(const struct call *call, const struct errors *errors);
/** Do what edit-config or edit-data asks for. */
struct nc_server_reply *reply_edit(const struct call *call, enum datastore target);
/** Append what the prefixes of a path stand for, which are names of modules: " xmlns:a=\"urn:a\"". */
void reply_namespaces(const struct ly_ctx *ctx, const char *path, struct text *out);
/** <data> with a tree, which is taken over (NULL: empty). */
struct nc_server_reply *reply_data(const struct call *call, struct lyd_node *tree, NC_WD_MODE defaults);
/** An output that was built below a copy of the rpc, which is taken over. */
struct nc_server_reply *reply_output(struct lyd_node *output);

/** The newest snapshot, to be given back; NULL with ERR_UNAVAILABLE before the first verification. */
struct snapshot *call_newest(const struct call *call, struct error *err);
struct rows;
/** An output as reply_output(), or the error that happened while it was built. */
struct nc_server_reply *reply_built(const struct call *call, struct rows *b, struct lyd_node *output);

/** Child of that name, or NULL. */
const struct lyd_node *child_find(const struct lyd_node *parent, const char *name);
/** Value of a leaf child, or NULL. */
const char *child_value(const struct lyd_node *parent, const char *name);
/** with-defaults of the request. */
NC_WD_MODE call_defaults(const struct call *call);

/* The operations: rpc_FILE_NAME. */
struct nc_server_reply *rpc_get(const struct call *call);
struct nc_server_reply *rpc_get_config(const struct call *call);
struct nc_server_reply *rpc_get_schema(const struct call *call);
struct nc_server_reply *rpc_get_data(const struct call *call);
struct nc_server_reply *rpc_edit_data(const struct call *call);
struct nc_server_reply *rpc_edit_config(const struct call *call);
struct nc_server_reply *rpc_copy_config(const struct call *call);
struct nc_server_reply *rpc_lock(const struct call *call);
struct nc_server_reply *rpc_unlock(const struct call *call);
struct nc_server_reply *rpc_validate(const struct call *call);
struct nc_server_reply *rpc_delete_config(const struct call *call);
struct nc_server_reply *rpc_commit(const struct call *call);
struct nc_server_reply *rpc_override_commit(const struct call *call);
struct nc_server_reply *rpc_cancel_commit(const struct call *call);
struct nc_server_reply *rpc_rollback_to(const struct call *call);
struct nc_server_reply *rpc_commit_changes(const struct call *call);
struct nc_server_reply *rpc_discard_changes(const struct call *call);
struct nc_server_reply *rpc_kill_session(const struct call *call);
struct nc_server_reply *rpc_create_subscription(const struct call *call);
struct nc_server_reply *rpc_verify(const struct call *call);
struct nc_server_reply *rpc_explain(const struct call *call);
struct nc_server_reply *rpc_what_if(const struct call *call);
struct nc_server_reply *rpc_import_document(const struct call *call);
struct nc_server_reply *rpc_test_notification(const struct call *call);
struct nc_server_reply *rpc_pause_enforcement(const struct call *call);
struct nc_server_reply *rpc_resume_enforcement(const struct call *call);

#endif
