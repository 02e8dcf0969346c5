/*
 * The effective catalog as data of portcullis-catalog.yang: the packs of a snapshot come in, one tree goes out. It holds just
 * what was loaded, nothing less; a pack that the model refuses is a fault of this program.
 */
#include <stdlib.h>

#include "netconf/state.h"
#include "portcullis/text.h"

struct lyd_node *state_catalog(struct rows *b, const struct ly_ctx *ctx, const struct snapshot *snap)
{
	const struct catalog *catalog = snap->inputs->catalog;
	struct lyd_node *root = NULL;
	struct text json = {0};
	if (b->failed)
		return NULL;
	text_add(&json, "{\"portcullis-catalog:catalog\":{\"pack\":[");
	for (size_t i = 0; catalog != NULL && i < catalog->n_pack; i++) {
		text_add(&json, i > 0 ? "," : "");
		text_add(&json, catalog->pack[i].json);
	}
	text_add(&json, "]}}");
	if (lyd_parse_data_mem(ctx, text_str(&json), LYD_JSON, LYD_PARSE_ONLY | LYD_PARSE_STRICT, 0, &root) !=
	        LY_SUCCESS) {
		b->failed = true;
		(void)error_set(&b->err, ERR_INTERNAL, NULL, "the catalog cannot be shown: %.200s",
		        ly_errmsg(ctx) != NULL ? ly_errmsg(ctx) : "");
	}
	text_fini(&json);
	return root;
}
