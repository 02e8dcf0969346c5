/*
 * `portcullis baseline`: which openings are known and accepted, and making them so or no longer so, in the running
 * daemon's configuration. Refused are numbers that no opening has, and entries that are not there.
 */
#include <getopt.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build.h"
#include "cli/cli.h"
#include "cli/daemon.h"
#include "portcullis/alloc.h"
#include "portcullis/text.h"

static const char help[] =
        "Usage: portcullis baseline list [OPTION]...\n"
        "       portcullis baseline acknowledge (--all | ID...) [OPTION]...\n"
        "       portcullis baseline forget ID... [OPTION]...\n"
        "Openings that are known and accepted: only others are notified. ID is the number that\n"
        "`portcullis conformance` shows when it is asked for openings.\n"
        "\n"
        "  --all               acknowledge every opening that there is now\n"
        "  --reason TEXT       why it is accepted (default: that it was acknowledged)\n"
        "  --owner NAME        who answers for it (default: who runs the command)\n"
        "  --expires TIME      until when, as in 2027-01-31T12:00:00Z (default: without end)\n" DAEMON_HELP "\n"
        "Exit codes: 0 done, 3 usage or error.\n";

#define PC "xmlns=\"urn:portcullis:yang:portcullis\""
#define ID_MAX 2147483647ul

enum action { ACTION_LIST, ACTION_ACKNOWLEDGE, ACTION_FORGET };

struct request {
	struct daemon_options daemon;
	enum action action;
	bool all;
	const char *reason, *owner, *expires;
	char **id;
	size_t n_id;
};

/* What the daemon has. */
struct state {
	xmlDoc *openings_doc, *config_doc;
	const xmlNode *conformance, *baseline; /* baseline may be NULL */
};

static const xmlNode *entry_find(const xmlNode *parent, const char *id)
{
	const xmlNode *x = parent != NULL ? node_child(parent, "opening") : NULL;
	while (x != NULL && strcmp(node_leaf(x, "id"), id) != 0)
		x = node_next(x);
	return x;
}

static int state_read(const struct request *r, struct state *s, struct error *err)
{
	static const char config[] =
	        "<get-config><source><running/></source><filter><baseline " PC "/></filter></get-config>";
	xmlNode *conformance;
	if (daemon_conformance(&r->daemon, "<generation/><opening/>", &s->openings_doc, &conformance, err) != 0 ||
	        daemon_ask(&r->daemon, config, &s->config_doc, err) != 0)
		return -1;
	s->conformance = conformance;
	const xmlNode *data = node_child(xmlDocGetRootElement(s->config_doc), "data");
	s->baseline = data != NULL ? node_child(data, "baseline") : NULL;
	return 0;
}

static void state_fini(struct state *s)
{
	xmlFreeDoc(s->openings_doc);
	xmlFreeDoc(s->config_doc);
}

static const char *user_name(void)
{
	const struct passwd *p = getpwuid(getuid());
	return p != NULL ? p->pw_name : "unknown";
}

static void add_leaf(struct text *t, const char *name, const char *value)
{
	text_addf(t, "<%s>", name);
	text_add_xml(t, value);
	text_addf(t, "</%s>", name);
}

static void add_entry(struct text *t, const struct request *r, const char *id)
{
	text_addf(t, "<opening%s>", r->action == ACTION_FORGET ? " nc:operation=\"delete\"" : "");
	add_leaf(t, "id", id);
	if (r->action == ACTION_ACKNOWLEDGE) {
		add_leaf(t, "reason", r->reason != NULL ? r->reason : "acknowledged");
		add_leaf(t, "owner", r->owner != NULL ? r->owner : user_name());
		if (r->expires != NULL)
			add_leaf(t, "expires", r->expires);
	}
	text_add(t, "</opening>");
}

static int edit(const struct request *r, char *const *id, size_t n, struct error *err)
{
	struct text t = {0};
	xmlDoc *doc = NULL;
	text_add(&t, "<edit-config><target><running/></target><config><baseline " PC
	             " xmlns:nc=\"urn:ietf:params:xml:ns:netconf:base:1.0\">");
	for (size_t i = 0; i < n; i++)
		add_entry(&t, r, id[i]);
	text_add(&t, "</baseline></config></edit-config>");
	int result = n > 0 ? daemon_ask(&r->daemon, t.s, &doc, err) : 0;
	xmlFreeDoc(doc);
	text_fini(&t);
	return result;
}

/* The numbers that the request is about; borrowed from it or from the state. */
static int ids_find(const struct request *r, const struct state *s, char ***out, size_t *n, struct error *err)
{
	size_t cap = 0;
	*out = NULL;
	*n = 0;
	for (const xmlNode *o = node_child(s->conformance, "opening"); r->all && o != NULL; o = node_next(o)) {
		if (strcmp(node_leaf(o, "acknowledged"), "true") == 0)
			continue;
		*out = xgrow(*out, *n, &cap, sizeof(**out));
		(*out)[(*n)++] = xstrdup(node_leaf(o, "id"));
	}
	for (size_t i = 0; i < r->n_id; i++) {
		const xmlNode *where = r->action == ACTION_FORGET ? s->baseline : s->conformance;
		if (entry_find(where, r->id[i]) == NULL)
			return error_set(err, ERR_NOT_FOUND, NULL,
			        r->action == ACTION_FORGET ? "the baseline has no opening %s; `portcullis baseline "
			                                     "list` shows its openings"
			                                   : "there is no opening %s; `portcullis conformance "
			                                     "--openings` shows those there are",
			        r->id[i]);
		*out = xgrow(*out, *n, &cap, sizeof(**out));
		(*out)[(*n)++] = xstrdup(r->id[i]);
	}
	return 0;
}

static int change(const struct request *r, const struct state *s, struct error *err)
{
	char **id;
	size_t n;
	int result = ids_find(r, s, &id, &n, err);
	if (result == 0)
		result = edit(r, id, n, err);
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++) {
		json_array_append_new(list, json_integer(strtol(id[i], NULL, 10)));
		free(id[i]);
	}
	free(id);
	const char *what = r->action == ACTION_FORGET ? "forgotten" : "acknowledged";
	if (result == 0 && r->daemon.json)
		json_show(json_pack("{sO}", what, list));
	else if (result == 0)
		cli_line("%zu opening%s %s", n, n == 1 ? "" : "s", what);
	json_decref(list);
	return result;
}

static void list_json(const struct state *s)
{
	json_t *list = json_array();
	for (const xmlNode *x = s->baseline != NULL ? node_child(s->baseline, "opening") : NULL; x != NULL;
	        x = node_next(x)) {
		const xmlNode *now = entry_find(s->conformance, node_leaf(x, "id"));
		json_t *label = now != NULL ? json_leaf(now, "label") : json_null();
		json_array_append_new(list, json_pack("{sosososososb}", "id", json_number(x, "id"), "reason",
		                                    json_leaf(x, "reason"), "owner", json_leaf(x, "owner"), "expires",
		                                    json_leaf(x, "expires"), "label", label, "open", now != NULL));
	}
	json_show(json_pack("{so}", "baseline", list));
}

static void list_table(const struct state *s)
{
	static const char *const header[] = {"OPENING", "OPEN", "LABEL", "OWNER", "EXPIRES", "REASON"};
	struct cli_table *table = cli_table_new(6, header);
	size_t n = 0;
	for (const xmlNode *x = s->baseline != NULL ? node_child(s->baseline, "opening") : NULL; x != NULL;
	        x = node_next(x), n++) {
		const xmlNode *now = entry_find(s->conformance, node_leaf(x, "id"));
		const char *expires = node_leaf(x, "expires");
		const char *const cells[] = {node_leaf(x, "id"), now != NULL ? "yes" : "no",
		        now != NULL ? node_leaf(now, "label") : "-", node_leaf(x, "owner"),
		        expires[0] != '\0' ? expires : "never", node_leaf(x, "reason")};
		cli_table_row(table, cells);
	}
	cli_table_print(table, stdout);
	if (n == 0)
		puts("the baseline is empty: every opening is notified");
}

static int read_action(const char *word, struct request *r)
{
	static const char *const names[] = {
	        [ACTION_LIST] = "list", [ACTION_ACKNOWLEDGE] = "acknowledge", [ACTION_FORGET] = "forget"};
	for (int i = ACTION_LIST; i <= ACTION_FORGET; i++) {
		if (strcmp(word, names[i]) == 0) {
			r->action = (enum action)i;
			return -1;
		}
	}
	return cli_usage("baseline", "'%s' is none of list, acknowledge and forget", word);
}

static int check(struct request *r)
{
	int64_t time;
	for (size_t i = 0; i < r->n_id; i++) {
		unsigned long id = strtoul(r->id[i], NULL, 10);
		if (r->id[i][0] == '0' || r->id[i][strspn(r->id[i], "0123456789")] != '\0' || id < 1 || id > ID_MAX)
			return cli_usage("baseline", "'%s' is not the number of an opening", r->id[i]);
	}
	if (r->action == ACTION_LIST && (r->n_id > 0 || r->all))
		return cli_usage("baseline", "list takes neither numbers nor --all");
	if (r->action == ACTION_ACKNOWLEDGE && (r->n_id > 0) == r->all)
		return cli_usage("baseline", "give either the numbers of openings or --all");
	if (r->action == ACTION_FORGET && (r->n_id == 0 || r->all))
		return cli_usage("baseline", "give the numbers to forget, without --all");
	if (r->action != ACTION_ACKNOWLEDGE && (r->reason != NULL || r->owner != NULL || r->expires != NULL))
		return cli_usage("baseline", "--reason, --owner and --expires go with acknowledge");
	if (r->expires != NULL && !time_parse(r->expires, &time))
		return cli_usage("baseline", "--expires '%s' is not a time like 2027-01-31T12:00:00Z", r->expires);
	return -1;
}

/* -1: go on; else the exit code. */
static int read_options(int argc, char **argv, struct request *r)
{
	static const struct option options[] = {{"socket", required_argument, NULL, 's'},
	        {"yang-dir", required_argument, NULL, 'y'}, {"json", no_argument, NULL, 'j'},
	        {"all", no_argument, NULL, 'a'}, {"reason", required_argument, NULL, 'r'},
	        {"owner", required_argument, NULL, 'o'}, {"expires", required_argument, NULL, 'e'},
	        {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	opterr = 0;
	for (int c; (c = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
		if (c == 's')
			r->daemon.socket = optarg;
		else if (c == 'y')
			r->daemon.yang_dir = optarg;
		else if (c == 'j')
			r->daemon.json = true;
		else if (c == 'a')
			r->all = true;
		else if (c == 'r')
			r->reason = optarg;
		else if (c == 'o')
			r->owner = optarg;
		else if (c == 'e')
			r->expires = optarg;
		else if (c == 'h')
			return fputs(help, stdout) < 0 ? EXIT_ERROR : EXIT_OK;
		else
			return cli_option_fault("baseline", c, argc, argv);
	}
	if (optind == argc)
		return cli_usage("baseline", "say what to do: list, acknowledge or forget");
	int code = read_action(argv[optind++], r);
	r->id = argv + optind;
	r->n_id = (size_t)(argc - optind);
	return code >= 0 ? code : check(r);
}

int verb_baseline(int argc, char **argv)
{
	struct request r = {.reason = NULL};
	struct state s = {.baseline = NULL};
	struct error err;
	int code = read_options(argc, argv, &r);
	if (code >= 0)
		return code;
	code = EXIT_OK;
	if (state_read(&r, &s, &err) != 0 || (r.action != ACTION_LIST && change(&r, &s, &err) != 0))
		code = cli_fail("baseline", &err);
	else if (r.action == ACTION_LIST && r.daemon.json)
		list_json(&s);
	else if (r.action == ACTION_LIST)
		list_table(&s);
	state_fini(&s);
	return code;
}
