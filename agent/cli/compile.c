/*
 * `portcullis compile`: a deployment file in, the own table out, as nft text or libnftables JSON. Needs no daemon and no
 * right, and changes nothing.
 */
#include "portcullis/compile.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "cli/cli.h"
#include "cli/live.h"
#include "portcullis/clock.h"
#include "portcullis/config.h"
#include "portcullis/nft.h"

static const char help[] =
        "Usage: portcullis compile --deployment FILE [OPTION]...\n"
        "Print the table that a deployment and its firewall rules come to, for nft -f.\n"
        "\n"
        "  --deployment FILE   instance data of portcullis.yang (JSON)\n"
        "  --network FILE      addresses and routes: {\"addr\": `ip -j addr`, \"route\": `ip -j route`,\n"
        "                      \"route6\": `ip -j -6 route`, \"netconf\": `ip -j netconf`}; without it zones decide,\n"
        "                      and the path is taken as forward\n"
        "  --live-network      the addresses and routes of this network namespace\n"
        "  --catalog-dir DIR   catalog packs (default " PORTCULLIS_CATALOG_DIR ")\n"
        "  --own-catalog-dir DIR\n"
        "                      packs and overrides of your own (default " PORTCULLIS_OWN_CATALOG_DIR
        ", if it is there)\n"
        "  --yang-dir DIR      YANG modules (default " PORTCULLIS_YANG_DIR ")\n"
        "  --json              libnftables JSON, for nft -j -f\n"
        "  --help              this text\n"
        "\n"
        "Exit codes: 0 done, 3 usage or error.\n";

struct request {
	const char *deployment, *network, *catalog_dir, *own_dir, *yang_dir;
	bool live, json;
};

static int parse(int argc, char **argv, struct request *r)
{
	enum { DEPLOYMENT = 256, NETWORK, LIVE, CATALOG_DIR, OWN_DIR, YANG_DIR, JSON };
	static const struct option longs[] = {
	        {"deployment", required_argument, NULL, DEPLOYMENT},
	        {"network", required_argument, NULL, NETWORK},
	        {"live-network", no_argument, NULL, LIVE},
	        {"catalog-dir", required_argument, NULL, CATALOG_DIR},
	        {"own-catalog-dir", required_argument, NULL, OWN_DIR},
	        {"yang-dir", required_argument, NULL, YANG_DIR},
	        {"json", no_argument, NULL, JSON},
	        {"help", no_argument, NULL, 'h'},
	        {NULL, 0, NULL, 0},
	};
	int c;

	*r = (struct request){.catalog_dir = PORTCULLIS_CATALOG_DIR, .yang_dir = PORTCULLIS_YANG_DIR};
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":h", longs, NULL)) != -1) {
		switch (c) {
		case DEPLOYMENT:
			r->deployment = optarg;
			break;
		case NETWORK:
			r->network = optarg;
			break;
		case LIVE:
			r->live = true;
			break;
		case CATALOG_DIR:
			r->catalog_dir = optarg;
			break;
		case OWN_DIR:
			r->own_dir = optarg;
			break;
		case YANG_DIR:
			r->yang_dir = optarg;
			break;
		case JSON:
			r->json = true;
			break;
		case 'h':
			fputs(help, stdout);
			return EXIT_OK;
		default:
			return cli_option_fault("compile", c, argc, argv);
		}
	}
	if (optind < argc)
		return cli_usage("compile", "unexpected argument '%s'", argv[optind]);
	if (r->deployment == NULL)
		return cli_usage("compile", "--deployment is needed");
	if (r->live && r->network != NULL)
		return cli_usage("compile", "at most one of --network and --live-network can be given");
	return -1;
}

struct compiling {
	struct ly_ctx *ctx;
	struct catalog *catalog;
	struct site *site;
	struct network network;
	struct flows flows;
	struct own_table *table;
};

static int read_network(const struct request *r, struct network *out, struct error *err)
{
	if (r->live)
		return network_read(out, err);
	return r->network != NULL ? network_file(r->network, out, err) : 0;
}

static int run(const struct request *r, struct compiling *c, struct error *err)
{
	const char *own_dir = catalog_own_dir(r->own_dir, PORTCULLIS_OWN_CATALOG_DIR);
	struct compile_input in;

	if (catalog_load(r->catalog_dir, own_dir, r->yang_dir, &c->catalog, err) != 0 ||
	        config_context_new(r->yang_dir, &c->ctx, err) != 0 ||
	        site_file(c->ctx, c->catalog, r->deployment, &c->site, err) != 0 ||
	        read_network(r, &c->network, err) != 0 ||
	        flows_derive(c->site, c->catalog, &c->network, clock_wall_s(), &c->flows, err) != 0)
		return -1;
	in = (struct compile_input){c->site, &c->flows, c->catalog};
	return compile(&in, &c->table, err);
}

static void compiling_fini(struct compiling *c)
{
	own_table_free(c->table);
	flows_fini(&c->flows);
	network_fini(&c->network);
	site_free(c->site);
	config_context_free(c->ctx);
	catalog_free(c->catalog);
}

int verb_compile(int argc, char **argv)
{
	struct request r;
	struct compiling c = {0};
	struct error err = {0};
	char *text;
	int code = parse(argc, argv, &r);

	if (code >= 0)
		return code;
	if (run(&r, &c, &err) != 0) {
		code = cli_fail("compile", &err);
	} else {
		text = r.json ? own_table_json(c.table) : own_table_text(c.table);
		if (r.json)
			cli_json(text);
		else
			fputs(text, stdout);
		free(text);
		code = EXIT_OK;
	}
	compiling_fini(&c);
	return code;
}
