/*
 * The live ruleset for loading elsewhere: what nft prints comes in, and where tables have matches of iptables that nft
 * cannot load, what iptables-nft-save prints of these tables instead. A table that neither can bring over is an error.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/prove.h"
#include "portcullis/alloc.h"
#include "portcullis/text.h"

struct prove_load {
	struct text nft; /**< for nft */
	struct text iptables[2]; /**< for iptables-nft-restore, and of ip6 */
};

static const struct {
	const char *family, *save, *restore;
} tools[2] = {
        {"ip ", "iptables-nft-save", "iptables-nft-restore"}, {"ip6 ", "ip6tables-nft-save", "ip6tables-nft-restore"}};

/* Begin of a table's block in nft's output, and its end behind the closing brace. */
static const char *block_end(const char *block)
{
	const char *end = strstr(block, "\n}\n");
	return end != NULL ? end + 3 : block + strlen(block);
}

static bool block_has(const char *block, const char *end, const char *word)
{
	const char *at = strstr(block, word);
	return at != NULL && at < end;
}

/* "*filter" to "COMMIT" of what iptables-save prints. @return whether the table is there. */
static bool section_add(const char *saved, const char *table, size_t len, struct text *out)
{
	for (const char *line = saved; line != NULL && *line != '\0';) {
		const char *end = strstr(line, "\nCOMMIT\n");
		if (*line == '*' && strncmp(line + 1, table, len) == 0 && line[1 + len] == '\n' && end != NULL) {
			text_addn(out, line, (size_t)(end + 8 - line));
			return true;
		}
		line = strchr(line, '\n');
		line = line != NULL ? line + 1 : NULL;
	}
	return false;
}

static int table_add(struct prove_load *load, int tool, const char *name, size_t len, struct error *err)
{
	const char *const argv[] = {tools[tool].save, NULL};
	char *saved = NULL;
	if (prove_execute(argv, "", &saved, err) != 0)
		return error_prefix(err, "table %.*s has matches of iptables that nft cannot load", (int)len, name);
	bool found = section_add(saved, name, len, &load->iptables[tool]);
	free(saved);
	return found ? 0
	             : error_set(err, ERR_UNSUPPORTED, tools[tool].save,
	                       "table %.*s has matches of iptables that nft cannot load, and it is not shown", (int)len,
	                       name);
}

/* One block, to nft or to iptables. */
static int block_add(struct prove_load *load, const char *block, const char *end, struct error *err)
{
	const char *name = block + strlen("table ");
	int tool = strncmp(name, tools[0].family, 3) == 0 ? 0 : strncmp(name, tools[1].family, 4) == 0 ? 1 : -1;
	if (tool < 0 || (!block_has(block, end, "xt match ") && !block_has(block, end, "xt target "))) {
		text_addn(&load->nft, block, (size_t)(end - block));
		return 0;
	}
	name += strlen(tools[tool].family);
	return table_add(load, tool, name, strcspn(name, " "), err);
}

int prove_load_prepare(const char *text, struct prove_load **out, struct error *err)
{
	struct prove_load *load = xcalloc(1, sizeof(*load));
	int result = 0;
	for (const char *at = text; *at != '\0' && result == 0;) {
		const char *end = strncmp(at, "table ", 6) == 0 ? block_end(at) : at + strcspn(at, "\n") + 1;
		if (strncmp(at, "table ", 6) == 0)
			result = block_add(load, at, end, err);
		else if (end[-1] != '\n')
			break;
		at = end;
	}
	if (result != 0) {
		prove_load_free(load);
		load = NULL;
	}
	*out = load;
	return result;
}

int prove_load_do(const struct prove_load *load, struct error *err)
{
	static const char *const nft[] = {"nft", "-f", "-", NULL};
	int result = prove_execute(nft, text_str(&load->nft), NULL, err);
	for (int i = 0; i < 2 && result == 0; i++) {
		const char *const argv[] = {tools[i].restore, "--counters", NULL};
		if (load->iptables[i].len > 0)
			result = prove_execute(argv, text_str(&load->iptables[i]), NULL, err);
	}
	return result == 0 ? 0 : error_prefix(err, "the ruleset cannot be loaded into a private namespace");
}

void prove_load_free(struct prove_load *load)
{
	if (load == NULL)
		return;
	text_fini(&load->nft);
	text_fini(&load->iptables[0]);
	text_fini(&load->iptables[1]);
	free(load);
}
