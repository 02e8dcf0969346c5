/*
 * Configuration from files: JSON instance data (RFC 7951) of at most 64 MB come in, a site or the first content of
 * running goes out. Refused is what is not JSON, does not fit the model, or would take the place of a configuration
 * that is already there; the error names file, path and value.
 */
#include <stdlib.h>
#include <string.h>

#include "config/datastore.h"
#include "portcullis/log.h"
#include "portcullis/text.h"

#define FILE_MAX ((size_t)64 << 20)

static int file_parse(const struct ly_ctx *ctx, const char *file, struct lyd_node **out, struct error *err)
{
	char *text = NULL;
	size_t len = 0;
	int result = -1;

	*out = NULL;
	if (file_read(file, FILE_MAX, &text, &len, err) != 0)
		return -1;
	if (strlen(text) != len || text[strspn(text, " \t\r\n")] != '{')
		error_set(err, ERR_FORMAT, file, "not a JSON object; give instance data of portcullis.yang");
	else if (tree_parse(ctx, text, out, err) != 0)
		error_prefix(err, "%s", file);
	else
		result = 0;
	free(text);
	return result;
}

int config_site_read(const struct ly_ctx *ctx, const char *file, struct site **out, struct error *err)
{
	struct lyd_node *root = NULL;
	int result = file_parse(ctx, file, &root, err);

	*out = NULL;
	if (result != 0)
		return -1;
	result = tree_validate(ctx, &root, err);
	if (result == 0)
		result = ids_site(root, NULL, NULL, out, err);
	if (result != 0)
		error_prefix(err, "%s", file);
	lyd_free_siblings(root);
	return result;
}

int config_load_file(struct config *c, const char *file, struct error *err)
{
	struct lyd_node *root = NULL;

	if (!datastore_is_known(c)) {
		log_warning("%s: not loaded, it is not known what running was", file);
		return 0;
	}
	if (!datastore_is_empty(c)) {
		log_info("%s: not loaded, there is a configuration already", file);
		return 0;
	}
	if (file_parse(config_context(c), file, &root, err) != 0)
		return -1;
	int result = datastore_init(c, &root, file, err);
	if (result != 0)
		error_prefix(err, "%s", file);
	lyd_free_siblings(root);
	return result;
}
