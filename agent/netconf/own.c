/*
 * The short rpcs of portcullis.yang: an operation comes in, a verification, a test notification or a pause happens, its
 * result goes out. Refused is what needs a verification before the first one.
 */
#include <stdlib.h>

#include "netconf/reply.h"
#include "netconf/row.h"

struct snapshot *call_newest(const struct call *call, struct error *err)
{
	struct snapshot *snap = hub_get(call->n->hub);
	if (snap == NULL)
		(void)error_set(err, ERR_UNAVAILABLE, NULL, "nothing has been verified yet; ask again in a moment");
	return snap;
}

struct nc_server_reply *reply_built(const struct call *call, struct rows *b, struct lyd_node *output)
{
	if (!b->failed)
		return reply_output(output);
	lyd_free_all(output);
	return reply_error(call, &b->err);
}

struct nc_server_reply *rpc_verify(const struct call *call)
{
	struct error err;
	struct snapshot *snap = NULL;
	struct lyd_node *output = NULL;
	struct rows b = {.output = true};
	if (call->n->host.verify_now(call->n->host.ctx, &err) != 0 || (snap = call_newest(call, &err)) == NULL)
		return reply_error(call, &err);
	if (lyd_dup_single(call->rpc, NULL, 0, &output) != LY_SUCCESS)
		b.failed = true;
	row_number(&b, output, "generation", snap->generation);
	row_leaf(&b, output, "overall", overall_name(snap->summary.overall));
	snapshot_unref(snap);
	return reply_built(call, &b, output);
}

struct nc_server_reply *rpc_test_notification(const struct call *call)
{
	struct error err;
	return reply_result(call, call->n->host.test_notification(call->n->host.ctx, &err), &err);
}

struct nc_server_reply *rpc_pause_enforcement(const struct call *call)
{
	const struct netconf_host *host = &call->n->host;
	const char *duration = child_value(call->rpc, "duration");
	uint32_t seconds = duration != NULL ? (uint32_t)strtoul(duration, NULL, 10) : 0;
	struct error err;

	return reply_result(
	        call, host->pause(host->ctx, call->actor.user, seconds, child_value(call->rpc, "reason"), &err), &err);
}

struct nc_server_reply *rpc_resume_enforcement(const struct call *call)
{
	struct error err;
	return reply_result(call, call->n->host.resume(call->n->host.ctx, &err), &err);
}
