/*
 * The oracle's command line: a time or a number of packets, a seed or a corpus come in, the counts of what was compared go
 * out. It ends with 1 on the first disagreement with the kernel, and with 77 where it may not make network namespaces. It
 * refuses to call a run good that sent too few packets, or rulesets that let all of them pass.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "oracle/oracle.h"

struct options {
	double seconds;
	uint64_t packets;
	unsigned connections;
	const char *corpus, *only;
	bool json, verbose, keep_going;
};

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static enum ruleset_kind kind_draw(const char *only)
{
	if (only != NULL)
		return strcmp(only, "iptables") != 0 ? KIND_NFT : chance(60) ? KIND_IPTABLES : KIND_IP6TABLES;
	return chance(75) ? KIND_NFT : chance(60) ? KIND_IPTABLES : KIND_IP6TABLES;
}

static char *text_draw(enum ruleset_kind kind, const char *only)
{
	if (kind != KIND_NFT)
		return generate_iptables(kind);
	if (only != NULL)
		return strcmp(only, "compiled") == 0 ? generate_compiled() : generate_nft();
	return chance(15) ? generate_compiled() : generate_nft();
}

static bool generated_run(const struct options *o, const char **why, struct tally *tally)
{
	struct kernel *k = kernel_new(oracle_names, why);
	double end = now_s() + o->seconds;
	bool good = true;

	while (k != NULL && (good || o->keep_going) && now_s() < end &&
	        (o->packets == 0 || tally->packets < o->packets)) {
		uint64_t seed = oracle_seed;
		enum ruleset_kind kind = kind_draw(o->only);
		char *text = text_draw(kind, o->only), what[64];

		snprintf(what, sizeof(what), "--seed %llu", (unsigned long long)seed);
		good = round_run(k, &(struct round){kind, text, what, o->connections}, tally, o->verbose);
		free(text);
	}
	kernel_free(k);
	return good;
}

static void tally_print(const struct tally *t, bool json)
{
	const struct {
		const char *name;
		uint64_t value;
	} counts[] = {{"rulesets", t->rulesets}, {"rules", t->rules}, {"undecoded_rules", t->undecoded_rules},
	        {"packets", t->packets}, {"definite", t->definite}, {"mismatches", t->mismatches},
	        {"accepted", t->accepted}, {"dropped", t->dropped}, {"blame_compared", t->blame_compared},
	        {"blame_mismatches", t->blame_mismatches}};

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		printf(json ? "%s\"%s\":%llu" : "%s%s %llu", i == 0 ? (json ? "{" : "") : (json ? "," : ", "),
		        counts[i].name, (unsigned long long)counts[i].value);
	printf(json ? "}\n" : "\n");
}

/** A run that was asked for a number of packets has failed if it sent fewer, or if its rulesets let all or nothing pass. */
static bool is_worth_something(const struct options *o, const struct tally *t)
{
	if (o->packets == 0)
		return true;
	if (t->packets < o->packets)
		fprintf(stderr, "only %llu packets of %llu were sent in time\n", (unsigned long long)t->packets,
		        (unsigned long long)o->packets);
	if (2 * t->both_verdicts <= t->rulesets)
		fprintf(stderr, "both verdicts in too few rulesets\n");
	return t->packets >= o->packets && 2 * t->both_verdicts > t->rulesets;
}

static int usage(void)
{
	fprintf(stderr, "usage: oracle [--seconds N] [--packets N] [--corpus DIR] [--seed S] [--connections N] "
	                "[--only nft|iptables|compiled] [--keep-going] [--verbose] [--json]\n");
	return 2;
}

static int options_read(int argc, char **argv, struct options *o)
{
	static const struct option names[] = {{"seconds", required_argument, NULL, 's'},
	        {"packets", required_argument, NULL, 'p'}, {"corpus", required_argument, NULL, 'c'},
	        {"seed", required_argument, NULL, 'r'}, {"connections", required_argument, NULL, 'n'},
	        {"only", required_argument, NULL, 'o'}, {"keep-going", no_argument, NULL, 'k'},
	        {"verbose", no_argument, NULL, 'v'}, {"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (c) {
		case 's':
			o->seconds = strtod(optarg, NULL);
			break;
		case 'p':
			o->packets = strtoull(optarg, NULL, 10);
			break;
		case 'c':
			o->corpus = optarg;
			break;
		case 'r':
			oracle_seed = strtoull(optarg, NULL, 10);
			break;
		case 'n':
			o->connections = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'o':
			o->only = optarg;
			break;
		case 'k':
			o->keep_going = true;
			break;
		case 'v':
			o->verbose = true;
			break;
		case 'j':
			o->json = true;
			break;
		default:
			return -1;
		}
	}
	return optind == argc ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct options o = {.seconds = 60, .connections = 400};
	struct tally tally = {0};
	const char *why = NULL;
	double begin = now_s();
	bool good;

	if (options_read(argc, argv, &o) != 0)
		return usage();
	good = o.corpus != NULL ? corpus_run(o.corpus, o.connections, &tally, o.verbose)
	                        : generated_run(&o, &why, &tally);
	if (why != NULL) {
		fprintf(stderr, "skipped: %s\n", why);
		return 77;
	}
	census_print(o.corpus != NULL ? o.corpus : "generated", &tally);
	fprintf(stderr, "%.0f packets a second; both verdicts in %llu of %llu rulesets\n",
	        (double)tally.packets / (now_s() - begin), (unsigned long long)tally.both_verdicts,
	        (unsigned long long)tally.rulesets);
	tally_print(&tally, o.json);
	good = (o.corpus != NULL || is_worth_something(&o, &tally)) && good;
	return good && tally.mismatches == 0 ? 0 : 1;
}
