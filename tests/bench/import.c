/*
 * bench import: documents of our own making of each kind, and the real ones when they lie beside the project, once, ten and
 * a hundred times in one file. Ours is document_parse(), import_build() and import_json(); the peer is the bare parser.
 */
#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>
#include <dirent.h>
#include <libxml/HTMLparser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/synthetic.h"
#include "portcullis/alloc.h"
#include "portcullis/import.h"
#include "portcullis/text.h"

#define SEEDS SOURCE_DIR "/../shared/seeds"

/* What the work found, in memory that is shared with the process that measures. */
struct found {
	enum document_kind kind;
	size_t rows;
};

struct input {
	char *bytes;
	size_t len;
	struct found *found;
};

static void ours(void *arg)
{
	const struct input *in = arg;
	struct document doc;
	struct import import;
	struct error err;
	if (document_parse(in->bytes, in->len, "bench", &doc, &err) != 0) {
		char text[600];
		fprintf(stderr, "%s\n", error_line(&err, text, sizeof(text)));
		_exit(1);
	}
	in->found->kind = doc.kind;
	import_build(&doc, &import);
	in->found->rows = import_rows(&import);
	free(import_json(&import, 1));
	import_fini(&import);
}

static void peer_markdown(void *arg)
{
	const struct input *in = arg;
	cmark_parser *parser;
	cmark_node *root;
	cmark_gfm_core_extensions_ensure_registered();
	parser = cmark_parser_new(CMARK_OPT_DEFAULT);
	cmark_parser_attach_syntax_extension(parser, cmark_find_syntax_extension("table"));
	cmark_parser_feed(parser, in->bytes, in->len);
	root = cmark_parser_finish(parser);
	free(cmark_render_xml(root, CMARK_OPT_DEFAULT));
	cmark_node_free(root);
	cmark_parser_free(parser);
}

static void peer_html(void *arg)
{
	const struct input *in = arg;
	htmlDocPtr doc = htmlReadMemory(in->bytes, (int)in->len, NULL, "UTF-8",
	        HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET | HTML_PARSE_COMPACT);
	xmlFreeDoc(doc);
}

static void peer_paragraphs(void *arg)
{
	const struct input *in = arg;
	char **line = NULL;
	size_t n = 0, cap = 0;
	for (const char *s = in->bytes; *s != '\0';) {
		size_t len = strcspn(s, "\n");
		line = xgrow(line, n, &cap, sizeof(*line));
		line[n++] = xstrndup(s, len);
		s += len + (s[len] == '\n');
	}
	for (size_t i = 0; i < n; i++)
		free(line[i]);
	free(line);
}

static const struct {
	void (*run)(void *arg);
	const char *says;
} peers[] = {
        [DOCUMENT_MARKDOWN] = {peer_markdown, "cmark-gfm: tree with tables, rendered as XML; no import"},
        [DOCUMENT_HTML] = {peer_html, "libxml2: HTML to a DOM; no import"},
        [DOCUMENT_PARAGRAPHS] = {peer_paragraphs, "a copy of each line; no tables, no import"},
};

/* input(n, arg) gives n documents in one. */
static int measure(const char *name, char *(*input)(size_t n, const void *arg), const void *arg, bool json)
{
	static const struct {
		size_t n;
		unsigned runs;
	} sizes[] = {{1, 41}, {10, 15}, {100, 7}};
	struct found *found = mmap(NULL, sizeof(*found), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	double one = 0;
	int result = found != MAP_FAILED ? 0 : -1;
	for (size_t i = 0; result == 0 && i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct input in = {.bytes = input(sizes[i].n, arg), .found = found};
		struct bench_line line = {0};
		char *work;
		in.len = line.size = strlen(in.bytes);
		result = bench_measure(ours, &in, sizes[i].runs, &line.ours);
		if (result == 0)
			result = bench_measure(peers[found->kind].run, &in, sizes[i].runs, &line.theirs);
		one = i == 0 ? line.ours.ms : one;
		line.growth = sizes[i].n == 100 && one > 0 ? line.ours.ms / one / 100 : 0;
		line.rows = found->rows;
		line.work = work = xasprintf("import %s %s x%zu", document_kind_name(found->kind), name, sizes[i].n);
		line.peer = peers[found->kind].says;
		if (result == 0)
			bench_print(&line, json);
		free(work);
		free(in.bytes);
	}
	if (found != MAP_FAILED)
		munmap(found, sizeof(*found));
	return result;
}

static char *synthetic_input(size_t n, const void *arg)
{
	return synthetic_document(*(const enum document_kind *)arg, n);
}

/* Front matter once: it is a document's head, not part of what is repeated. */
static char *real_input(size_t n, const void *arg)
{
	const char *bytes = arg, *from = strstr(bytes, "---\n"), *end;
	size_t head = 0;
	struct text t = {0};
	if (from == bytes && (end = strstr(bytes + 4, "\n---\n")) != NULL)
		head = (size_t)(end - bytes) + 5;
	text_addn(&t, bytes, head);
	for (size_t i = 0; i < n; i++) {
		text_add(&t, bytes + head);
		text_add(&t, "\n\n");
	}
	return text_take(&t);
}

static int is_document(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* The real documents, when they are there; a name is cut to what a line of the table holds. */
static int real_measure(bool json)
{
	struct dirent **entry;
	int n = scandir(SEEDS, &entry, is_document, alphasort), result = 0;
	for (int i = 0; i < n; i++) {
		char *path = xasprintf("%s/%s", SEEDS, entry[i]->d_name), *bytes;
		struct error err;
		size_t len;
		if (result == 0 && file_read(path, DOCUMENT_MAX_BYTES, &bytes, &len, &err) == 0) {
			char *name = xasprintf("real %.3s", entry[i]->d_name);
			/* A byte order mark would hide the front matter from the copy. */
			result = measure(
			        name, real_input, bytes + (strncmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0), json);
			free(name);
			free(bytes);
		}
		free(path);
		free(entry[i]);
	}
	if (n >= 0)
		free(entry);
	return result;
}

int bench_import(bool json)
{
	static const enum document_kind kinds[] = {DOCUMENT_MARKDOWN, DOCUMENT_HTML, DOCUMENT_PARAGRAPHS};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (measure("synthetic", synthetic_input, &kinds[i], json) != 0)
			return 1;
	return real_measure(json) != 0;
}
