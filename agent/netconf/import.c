/*
 * The rpc import-document: a document comes in as text, what was understood of its tables goes out as the JSON of `portcullis
 * import`. Refused is what is no document of a known kind.
 */
#include <stdlib.h>
#include <string.h>

#include "netconf/reply.h"
#include "netconf/row.h"
#include "portcullis/import.h"
#include "portcullis/snapshot.h"

/* What no vocabulary has is understood by its place in an edition that the catalog knows. */
static void align(struct import *import, const struct snapshot *snap)
{
	struct import_known *known;

	if (snap == NULL || snap->inputs->catalog == NULL || !import_is_alignable(import))
		return;
	known = import_known_new();
	import_known_add_catalog(known, snap->inputs->catalog);
	(void)import_align(import, known);
	import_known_free(known);
}

static int report(struct netconf *n, const char *name, const char *content, char **out, struct error *err)
{
	struct document document;
	struct import import;
	struct snapshot *snap;

	*out = NULL;
	if (document_parse(content, strlen(content), name, &document, err) != 0)
		return -1;
	import_build(&document, &import);
	snap = hub_get(n->hub);
	align(&import, snap);
	snapshot_unref(snap);
	*out = import_json(&import, 1);
	import_fini(&import);
	return 0;
}

struct nc_server_reply *rpc_import_document(const struct call *call)
{
	const char *name = child_value(call->rpc, "name"), *content = child_value(call->rpc, "content");
	struct rows b = {.output = true};
	struct lyd_node *output = NULL;
	char *json = NULL;

	if (report(call->n, name != NULL ? name : "", content != NULL ? content : "", &json, &b.err) != 0)
		b.failed = true;
	if (!b.failed && lyd_dup_single(call->rpc, NULL, 0, &output) != LY_SUCCESS) {
		b.failed = true;
		(void)error_set(&b.err, ERR_INTERNAL, NULL, "the reply cannot be built");
	}
	row_leaf(&b, output, "report", json);
	free(json);
	return reply_built(call, &b, output);
}
