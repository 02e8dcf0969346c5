/*
 * The effective catalog as data of portcullis-catalog.yang: the packs of a snapshot come in, one tree goes out, with one
 * pack a product and the others beside it. It holds just what was loaded, nothing less; a pack that the model refuses is a
 * fault of this program.
 */
#include <stdlib.h>

#include "netconf/state.h"
#include "portcullis/pins.h"
#include "portcullis/text.h"

/* The first pack of each product, or all others. */
static void add_packs(struct text *json, const struct pack *const *pack, size_t n, bool first)
{
	const char *separator = "";
	for (size_t i = 0; i < n; i++) {
		if ((i == 0 || pack[i]->id != pack[i - 1]->id) != first)
			continue;
		text_add(json, separator);
		text_add(json, pack[i]->json);
		separator = ",";
	}
}

struct lyd_node *state_catalog(struct rows *b, const struct ly_ctx *ctx, const struct snapshot *snap)
{
	const struct catalog *catalog = snap->inputs->catalog;
	struct lyd_node *root = NULL;
	struct text json = {0};
	if (b->failed)
		return NULL;
	size_t n = catalog != NULL ? catalog->n_pack : 0;
	const struct pack **pack = n > 0 ? site_packs(snap->inputs->site, catalog) : NULL;
	text_add(&json, "{\"portcullis-catalog:catalog\":{\"pack\":[");
	add_packs(&json, pack, n, true);
	text_add(&json, "],\"portcullis:other-pack\":[");
	add_packs(&json, pack, n, false);
	text_add(&json, "]}}");
	free(pack);
	if (lyd_parse_data_mem(ctx, text_str(&json), LYD_JSON, LYD_PARSE_ONLY | LYD_PARSE_STRICT, 0, &root) !=
	        LY_SUCCESS) {
		b->failed = true;
		(void)error_set(&b->err, ERR_INTERNAL, NULL, "the catalog cannot be shown: %.200s",
		        ly_errmsg(ctx) != NULL ? ly_errmsg(ctx) : "");
	}
	text_fini(&json);
	return root;
}
