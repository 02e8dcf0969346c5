/*
 * Rulesets that others wrote: a directory of .nft and iptables-save files comes in, each is loaded with devices named as it
 * names them, and what the readers leave undecided is counted by its kind. Files that the tools refuse are counted and
 * passed over.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "oracle/oracle.h"
#include "portcullis/alloc.h"

#define KINDS_MAX 256
#define FILE_MAX ((size_t)16 << 20)

static struct {
	char *kind;
	uint64_t n;
} kinds[KINDS_MAX];
static size_t n_kinds;

static void kind_count(const char *what, size_t len)
{
	size_t i = 0;

	while (i < n_kinds && (strlen(kinds[i].kind) != len || strncmp(kinds[i].kind, what, len) != 0))
		i++;
	if (i == KINDS_MAX)
		return;
	if (i == n_kinds)
		kinds[n_kinds++].kind = xstrndup(what, len);
	kinds[i].n++;
}

/** Conditions that the path of a packet answers: the verification knows them though the model has no field for them. */
static bool is_answered(const char *text)
{
	static const char *const begin[] = {"fib daddr type ", "fib saddr type ", "fib saddr . iif oif ",
	        "fib saddr . mark . iif oif ", "meta pkttype "};

	for (size_t i = 0; text != NULL && i < sizeof(begin) / sizeof(begin[0]); i++)
		if (strncmp(text, begin[i], strlen(begin[i])) == 0)
			return true;
	return false;
}

static bool rule_census(const struct rs_rule *rule)
{
	bool undecided = rule->verdict.code == RS_UNKNOWN;

	if (undecided)
		kind_count(rule->undecided != NULL ? rule->undecided : "verdict",
		        strcspn(rule->undecided != NULL ? rule->undecided : "verdict", "@0123456789"));
	for (size_t i = 0; i < rule->n_match; i++) {
		if (rule->match[i].kind != RS_MATCH_ATOM || is_answered(rule->match[i].text))
			continue;
		undecided = true;
		kind_count(rule->match[i].atom, strcspn(rule->match[i].atom, "@"));
	}
	return undecided;
}

void census_add(const struct ruleset *rs, struct tally *tally)
{
	for (size_t c = 0; c < rs->n_chain; c++) {
		if (strcmp(rs->chain[c].table, TRACE_TABLE) == 0)
			continue;
		tally->rules += rs->chain[c].n_rule;
		for (size_t r = 0; r < rs->chain[c].n_rule; r++)
			tally->undecoded_rules += rule_census(&rs->chain[c].rule[r]);
	}
}

void census_print(const char *corpus, const struct tally *tally)
{
	fprintf(stderr, "%s: %llu rulesets (%llu refused), %llu rules, %llu with an undecided condition (%.2f%%)\n",
	        corpus, (unsigned long long)tally->rulesets, (unsigned long long)tally->refused,
	        (unsigned long long)tally->rules, (unsigned long long)tally->undecoded_rules,
	        tally->rules > 0 ? 100.0 * (double)tally->undecoded_rules / (double)tally->rules : 0);
	for (int shown = 0; shown < 24; shown++) {
		size_t most = 0;

		for (size_t i = 1; i < n_kinds; i++)
			if (kinds[i].n > kinds[most].n)
				most = i;
		if (n_kinds == 0 || kinds[most].n == 0)
			break;
		fprintf(stderr, "  %6llu %s\n", (unsigned long long)kinds[most].n, kinds[most].kind);
		kinds[most].n = 0;
	}
	for (size_t i = 0; i < n_kinds; i++)
		free(kinds[i].kind);
	n_kinds = 0;
}

static bool is_iptables(const char *text)
{
	return strncmp(text, "*", 1) == 0 || strstr(text, "\n*filter") != NULL || strstr(text, "\n*nat") != NULL ||
	       strstr(text, "\n*mangle") != NULL || strstr(text, "\n*raw") != NULL;
}

static enum ruleset_kind kind_of(const char *path, const char *text)
{
	if (!is_iptables(text))
		return KIND_NFT;
	return strstr(path, "ip6") != NULL || strstr(text, "ipv6-icmp") != NULL || strstr(text, "icmp6") != NULL ||
	                       strstr(text, "::/") != NULL
	               ? KIND_IP6TABLES
	               : KIND_IPTABLES;
}

/** The ruleset's own device names first. */
static void names_choose(const char *text, char out[DEVICES][IFNAME_SIZE])
{
	struct hints h = {0};
	int n = 0;

	hints_of_text(&h, text);
	for (size_t i = 0; i < h.n_ifname && n < DEVICES; i++) {
		bool taken = false;

		for (int d = 0; d < n; d++)
			taken = taken || strcmp(out[d], h.ifname[i]) == 0;
		if (!taken)
			memcpy(out[n++], h.ifname[i], IFNAME_SIZE);
	}
	for (int spare = 0; n < DEVICES; spare++)
		snprintf(out[n++], IFNAME_SIZE, "spare%d", spare);
	hints_fini(&h);
}

static bool file_run(const char *path, unsigned connections, struct tally *tally, bool verbose)
{
	char name[DEVICES][IFNAME_SIZE], *text;
	const char *names[DEVICES], *why;
	struct error err;
	size_t len;
	struct kernel *k;
	bool good;

	if (file_read(path, FILE_MAX, &text, &len, &err) != 0) {
		tally->refused++;
		return true;
	}
	names_choose(text, name);
	for (int d = 0; d < DEVICES; d++)
		names[d] = name[d];
	k = kernel_new(names, &why);
	if (k == NULL) {
		fprintf(stderr, "%s: %s\n", path, why);
		free(text);
		return false;
	}
	good = round_run(k, &(struct round){kind_of(path, text), text, path, connections}, tally, verbose);
	kernel_free(k);
	free(text);
	return good;
}

bool corpus_run(const char *directory, unsigned connections, struct tally *tally, bool verbose)
{
	struct dirent **list;
	int n = scandir(directory, &list, NULL, alphasort);
	bool good = true;

	if (n < 0) {
		fprintf(stderr, "%s: cannot be read\n", directory);
		return false;
	}
	for (int i = 0; i < n; i++) {
		char *path = xasprintf("%s/%s", directory, list[i]->d_name);
		struct stat st;

		if (list[i]->d_name[0] != '.' && stat(path, &st) == 0) {
			if (S_ISDIR(st.st_mode))
				good = corpus_run(path, connections, tally, verbose) && good;
			else if (S_ISREG(st.st_mode) && strstr(path, ".md") == NULL)
				good = file_run(path, connections, tally, verbose) && good;
		}
		free(path);
		free(list[i]);
	}
	free(list);
	return good;
}
