/*
 * Rulesets for verbs that need no daemon: the live one or a dump comes in, the model and JSON of its rules go out, and so
 * does a network from its file. What cannot be read is an error that says why.
 */
#include "cli/live.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/config.h"
#include "portcullis/nft.h"
#include "portcullis/text.h"

#define RULESET_MAX (64u * 1024 * 1024)
#define NETWORK_MAX (16u * 1024 * 1024)

int live_ruleset(struct ruleset **out, struct error *err)
{
	struct nft_ops nft;
	if (nft_open_direct(&nft, err) != 0)
		return -1;
	int result = nft_ruleset(&nft, NULL, out, err);
	nft.close(nft.self);
	return result;
}

int site_file(
        const struct ly_ctx *ctx, const struct catalog *catalog, const char *path, struct site **out, struct error *err)
{
	if (config_site_read(ctx, path, out, err) != 0)
		return -1;
	return site_check(*out, catalog, err) == 0 ? 0 : error_prefix(err, "%s", path);
}

int dump_ruleset(const char *path, struct ruleset **out, struct error *err)
{
	char *json;
	size_t len;
	if (file_read(strcmp(path, "-") == 0 ? "/dev/stdin" : path, RULESET_MAX, &json, &len, err) != 0)
		return -1;
	int result = ruleset_parse_json(json, len, out, err);
	free(json);
	return result == 0 ? 0 : error_prefix(err, "%s", path);
}

int network_file(const char *path, struct network *out, struct error *err)
{
	char *json;
	size_t len;
	if (file_read(path, NETWORK_MAX, &json, &len, err) != 0)
		return -1;
	int result = network_parse_json(json, len, out, err);
	free(json);
	return result == 0 ? 0 : error_prefix(err, "%s", path);
}

json_t *json_text(const char *s)
{
	json_t *o = json_string(s != NULL ? s : "");
	if (o != NULL)
		return o;
	char *ascii = xstrdup(s);
	for (char *p = ascii; *p != '\0'; p++)
		if ((unsigned char)*p > 0x7f)
			*p = '?';
	o = json_string(ascii);
	free(ascii);
	return o;
}

json_t *json_blame(const struct blame *b)
{
	if (!b->present)
		return json_null();
	json_t *o = json_pack("{sssoso}", "family", rs_family_name(b->family), "table", json_text(b->table), "chain",
	        json_text(b->chain));
	if (b->policy) {
		json_object_set_new(o, "policy", json_string(b->verdict == RS_ACCEPT ? "accept" : "drop"));
	} else {
		json_object_set_new(o, "handle", json_integer((json_int_t)b->handle));
		json_object_set_new(o, "text", json_text(b->text));
	}
	return o;
}

json_t *json_witness(const struct packet *p)
{
	char source[64], destination[64];
	return json_pack("{sssssisssiss}", "transport", proto_name(p->proto), "source",
	        addr_print(p->family, p->source, source, sizeof(source)), "source_port", (int)p->source_port,
	        "destination", addr_print(p->family, p->destination, destination, sizeof(destination)),
	        "destination_port", (int)p->destination_port, "phase", phase_name(p->phase));
}
