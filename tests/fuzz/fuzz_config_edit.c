/* links: config */
/*
 * An edit from a client: any bytes as the content of <config>, on a datastore that has something to merge into, replace
 * and delete. Whatever happens, the datastore stays valid and prints.
 */
#include <stdlib.h>
#include <string.h>

#include "config/datastore.h"
#include "portcullis/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct config *config;

static void open_once(void)
{
	static const char start[] =
	        "<group "
	        "xmlns='urn:portcullis:yang:portcullis'><name>a</name><id>1</id><address>10.0.0.0/8</address></group>"
	        "<nacm xmlns='urn:ietf:params:xml:ns:yang:ietf-netconf-acm'><rule-list><name>x</name></rule-list>"
	        "<rule-list><name>y</name></rule-list></nacm>";
	const struct config_actor actor = {.user = "fuzz"};
	struct error err = {0};

	if (config_open(SOURCE_DIR "/yang", NULL, NULL, &config, &err) != 0 ||
	        config_edit(config, &actor,
	                &(struct config_edit){DATASTORE_RUNNING, start, EDIT_REPLACE, TEST_THEN_SET, false}, NULL,
	                &err) != 0)
		abort();
}

static void ck(bool right)
{
	if (!right)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct config_actor actor = {.session = 1, .user = "fuzz"};
	struct error err = {0};
	char *xml = xstrndup((const char *)data, size), *json = NULL;

	if (config == NULL)
		open_once();
	if (config_edit(config, &actor, &(struct config_edit){DATASTORE_CANDIDATE, xml, EDIT_MERGE, TEST_SET, false},
	            NULL, &err) != 0)
		ck(err.code != ERR_NONE && err.text[0] != '\0');
	if (config_edit(config, &actor,
	            &(struct config_edit){DATASTORE_CANDIDATE, xml, EDIT_NONE, TEST_THEN_SET, false}, NULL, &err) == 0)
		ck(config_validate(config, &(const struct config_actor){0}, DATASTORE_CANDIDATE, &err) == 0);
	struct lyd_node *root = config_get(config, DATASTORE_CANDIDATE);
	ck(tree_print(root, &json, &err) == 0);
	lyd_free_siblings(root);
	root = NULL;
	/* What prints can be read back, or a restart would fail on it. */
	ck(tree_parse(config_context(config), json, &root, &err) == 0);
	lyd_free_siblings(root);
	ck(config_discard(config, &actor, &err) == 0);
	free(json);
	free(xml);
	return 0;
}
