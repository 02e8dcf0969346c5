/*
 * From libnetconf2's callback to an operation and back: an rpc comes in, finds its function in one table, and a result
 * or a struct error goes out as a reply of RFC 6241. An rpc that is not in the table is refused.
 */
#include "netconf/reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/datastore.h"
#include "netconf/nacm.h"
#include "netconf/refusal.h"
#include "portcullis/alloc.h"
#include "portcullis/log.h"

#define NS_BASE "urn:ietf:params:xml:ns:netconf:base:1.0"

static const struct {
	const char *module, *name;
	struct nc_server_reply *(*run)(const struct call *call);
} operations[] = {
        {"ietf-netconf", "get", rpc_get},
        {"ietf-netconf", "get-config", rpc_get_config},
        {"ietf-netconf", "edit-config", rpc_edit_config},
        {"ietf-netconf", "copy-config", rpc_copy_config},
        {"ietf-netconf", "lock", rpc_lock},
        {"ietf-netconf", "unlock", rpc_unlock},
        {"ietf-netconf", "validate", rpc_validate},
        {"ietf-netconf", "delete-config", rpc_delete_config},
        {"ietf-netconf", "commit", rpc_commit},
        {"ietf-netconf", "cancel-commit", rpc_cancel_commit},
        {"ietf-netconf", "discard-changes", rpc_discard_changes},
        {"ietf-netconf", "kill-session", rpc_kill_session},
        {"ietf-netconf-monitoring", "get-schema", rpc_get_schema},
        {"ietf-netconf-nmda", "get-data", rpc_get_data},
        {"ietf-netconf-nmda", "edit-data", rpc_edit_data},
        {"notifications", "create-subscription", rpc_create_subscription},
        {"portcullis", "verify", rpc_verify},
        {"portcullis", "import-document", rpc_import_document},
        {"portcullis", "rollback-to", rpc_rollback_to},
        {"portcullis", "commit-changes", rpc_commit_changes},
        {"portcullis", "explain", rpc_explain},
        {"portcullis", "what-if", rpc_what_if},
        {"portcullis", "test-notification", rpc_test_notification},
        {"portcullis", "pause-enforcement", rpc_pause_enforcement},
        {"portcullis", "resume-enforcement", rpc_resume_enforcement},
        {"portcullis-commit", "override-commit", rpc_override_commit},
};

const struct lyd_node *child_find(const struct lyd_node *parent, const char *name)
{
	const struct lyd_node *child;
	LY_LIST_FOR(lyd_child(parent), child)
	{
		if (strcmp(LYD_NAME(child), name) == 0)
			return child;
	}
	return NULL;
}

const char *child_value(const struct lyd_node *parent, const char *name)
{
	const struct lyd_node *child = child_find(parent, name);
	return child != NULL && (child->flags & LYD_DEFAULT) == 0 ? lyd_get_value(child) : NULL;
}

NC_WD_MODE call_defaults(const struct call *call)
{
	static const struct {
		const char *name;
		NC_WD_MODE mode;
	} modes[] = {{"report-all", NC_WD_ALL}, {"report-all-tagged", NC_WD_ALL_TAG}, {"trim", NC_WD_TRIM}};
	const char *value = child_value(call->rpc, "with-defaults");
	for (size_t i = 0; value != NULL && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(value, modes[i].name) == 0)
			return modes[i].mode;
	return NC_WD_EXPLICIT;
}

/* RFC 7950 section 15: what the model forbids has tags of its own. */
static enum error_code code_of_model(const struct error *err)
{
	static const struct {
		const char *app_tag;
		enum error_code code; /* data-missing or operation-failed */
	} of_model[] = {{"data-not-unique", ERR_INTERNAL}, {"too-many-elements", ERR_INTERNAL},
	        {"too-few-elements", ERR_INTERNAL}, {"must-violation", ERR_INTERNAL},
	        {"instance-required", ERR_NOT_FOUND}, {"missing-choice", ERR_NOT_FOUND}};
	for (size_t i = 0; i < sizeof(of_model) / sizeof(of_model[0]); i++)
		if (strcmp(err->app_tag, of_model[i].app_tag) == 0)
			return of_model[i].code;
	return err->code;
}

void reply_namespaces(const struct ly_ctx *ctx, const char *path, struct text *out)
{
	char quote = 0;
	for (const char *p = path; *p != '\0'; p++) {
		char name[64] = "", declared[80];
		if (quote != 0 || *p == '"' || *p == '\'')
			quote = quote == 0 ? *p : quote == *p ? 0 : quote;
		if (quote != 0 || *p != '/' || sscanf(p + 1, "%63[A-Za-z0-9_.-]:", name) != 1 ||
		        p[1 + strlen(name)] != ':')
			continue;
		const struct lys_module *module = ly_ctx_get_module_implemented(ctx, name);
		snprintf(declared, sizeof(declared), " xmlns:%s=", name);
		if (module != NULL && strstr(text_str(out), declared) == NULL)
			text_addf(out, "%s\"%s\"", declared, module->ns);
	}
}

static struct lyd_node *error_node(const struct call *call, const struct error *err)
{
	const struct ly_ctx *ctx = call->n->ctx;
	struct text namespaces = {0}, xml = {0};
	struct error told = *err;
	struct lyd_node *around = NULL, *e = NULL;
	told.code = code_of_model(err);
	reply_namespaces(ctx, err->where, &namespaces);
	text_add(&xml, "<error xmlns=\"" NS_BASE "\">");
	guard_error_add(&xml, atomic_load(&call->s->chunked), "application", text_str(&namespaces), &told);
	text_add(&xml, "</error>");
	/* Parsed, it keeps what the prefixes of the path stand for. */
	if (lyd_parse_data_mem(ctx, text_str(&xml), LYD_XML, LYD_PARSE_ONLY | LYD_PARSE_OPAQ, 0, &around) ==
	                LY_SUCCESS &&
	        (e = lyd_child(around)) != NULL)
		lyd_unlink_tree(e);
	else
		e = nc_err(ctx, NC_ERR_OP_FAILED, NC_ERR_TYPE_APP);
	lyd_free_all(around);
	text_fini(&namespaces);
	text_fini(&xml);
	return e;
}

struct nc_server_reply *reply_error(const struct call *call, const struct error *err)
{
	return nc_server_reply_err(error_node(call, err));
}

struct nc_server_reply *reply_errors(const struct call *call, const struct errors *errors)
{
	struct nc_server_reply *reply = nc_server_reply_err(error_node(call, &errors->error[0]));
	for (size_t i = 1; i < errors->n; i++)
		nc_server_reply_add_err(reply, error_node(call, &errors->error[i]));
	return reply;
}

struct nc_server_reply *reply_result(const struct call *call, int result, const struct error *err)
{
	return result == 0 ? nc_server_reply_ok() : reply_error(call, err);
}

struct nc_server_reply *reply_output(struct lyd_node *output)
{
	return nc_server_reply_data(output, NC_WD_EXPLICIT, NC_PARAMTYPE_FREE);
}

struct nc_server_reply *reply_data(const struct call *call, struct lyd_node *tree, NC_WD_MODE defaults)
{
	struct lyd_node *output = NULL;
	if (lyd_dup_single(call->rpc, NULL, 0, &output) != LY_SUCCESS ||
	        lyd_new_any(output, NULL, "data", tree, 1, LYD_ANYDATA_DATATREE, 1, NULL) != LY_SUCCESS) {
		struct error err;
		(void)error_set(&err, ERR_INTERNAL, NULL, "the reply cannot be built");
		lyd_free_all(output);
		lyd_free_siblings(tree);
		return reply_error(call, &err);
	}
	atomic_store(&call->s->tagged, defaults == NC_WD_ALL_TAG);
	return nc_server_reply_data(output, defaults, NC_PARAMTYPE_FREE);
}

/* Operations that cost much run so often at a time, in all and for one user. */
#define COSTLY_MAX 4u
#define COSTLY_PER_USER 2u

static bool is_costly(const char *module, const char *name)
{
	static const char *const names[] = {"verify", "explain", "what-if", "import-document", "commit-changes"};
	if (strcmp(module, "portcullis") != 0)
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* @return 0: it may run, and costly_leave() follows; or -1 with ERR_UNAVAILABLE. */
static int costly_enter(const struct call *call, const char *name, struct error *err)
{
	unsigned all = 0, own = 0;
	int result = 0;
	pthread_mutex_lock(&call->n->mutex);
	for (const struct session *s = call->n->session; s != NULL; s = s->next) {
		all += s->costly;
		own += s->costly && s->uid == call->s->uid;
	}
	if (own >= COSTLY_PER_USER)
		result = error_set(err, ERR_UNAVAILABLE, NULL,
		        "%s has to wait: %u costly operations of %s are running, the most that one user may have", name,
		        own, call->s->user);
	else if (all >= COSTLY_MAX)
		result = error_set(err, ERR_UNAVAILABLE, NULL,
		        "%s has to wait: %u costly operations are running, the most that is allowed", name, all);
	else
		call->s->costly = true;
	pthread_mutex_unlock(&call->n->mutex);
	return result;
}

static void costly_leave(const struct call *call)
{
	pthread_mutex_lock(&call->n->mutex);
	call->s->costly = false;
	pthread_mutex_unlock(&call->n->mutex);
}

static struct nc_server_reply *run(const struct call *call, size_t operation)
{
	const char *name = operations[operation].name;
	struct nc_server_reply *reply;
	struct error err;
	log_debug("netconf: session %u of %s: %s", call->id, call->s->user, name);
	if (!is_costly(operations[operation].module, name))
		return operations[operation].run(call);
	if (costly_enter(call, name, &err) != 0)
		return reply_error(call, &err);
	reply = operations[operation].run(call);
	costly_leave(call);
	return reply;
}

/* What the access rules say about this operation. */
static int check_access(const struct call *call, struct error *err)
{
	const struct lysc_node *rpc = call->rpc->schema;
	if (nacm_executes(call->view, rpc))
		return 0;
	atomic_fetch_add(&call->n->access.denied_operations, 1);
	log_info("netconf: session %u of %s: denied: %s:%s", call->id, call->s->user, rpc->module->name, rpc->name);
	return error_set(err, ERR_DENIED, NULL,
	        "%s may not execute %s of module %s; ask for a rule in /ietf-netconf-acm:nacm that permits it",
	        call->s->user, rpc->name, rpc->module->name);
}

struct nc_server_reply *rpc_dispatch(struct lyd_node *rpc, struct nc_session *session)
{
	struct session *s = nc_session_get_data(session);
	struct call call = {.n = s->n, .s = s, .rpc = rpc, .id = nc_session_get_id(session)};
	const char *module = rpc->schema->module->name, *name = rpc->schema->name;
	struct error err;
	atomic_store(&s->dispatched, atomic_load(&s->answered) + 1);
	call.view = access_view(s);
	call.access = access_of(s);
	pthread_mutex_lock(&s->n->mutex);
	call.peer = s->peer;
	pthread_mutex_unlock(&s->n->mutex);
	call.actor = (struct config_actor){.session = call.id,
	        .user = s->user,
	        .access = nacm_permits_all(call.view) ? NULL : &call.access,
	        .peer = call.peer.family != FAMILY_NONE ? &call.peer : NULL};
	if (check_access(&call, &err) != 0)
		return reply_error(&call, &err);
	/* The library parses only: choices, mandatory leaves and lengths are checked here. */
	if (lyd_validate_op(rpc, NULL, LYD_TYPE_RPC_YANG, NULL) != LY_SUCCESS) {
		(void)error_set(&err, ERR_INVALID, NULL, "the rpc does not fit the model");
		(void)refusal_read(s->n->ctx, &err);
		return reply_error(&call, &err);
	}
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (strcmp(operations[i].name, name) == 0 && strcmp(operations[i].module, module) == 0)
			/* cppcheck-suppress returnDanglingLifetime ; a reply never points into the call */
			return run(&call, i);
	(void)error_set(&err, ERR_UNSUPPORTED, NULL, "this agent does not do %s:%s", module, name);
	return reply_error(&call, &err);
}
