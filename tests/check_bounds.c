/* links: verify deployment ruleset base */
/*
 * Rulesets of absurd size and shape as dumps: a verdict or a reason comes out of each, never a hang. What sets and maps of
 * 100,000 elements cost is printed, and may not grow faster than their elements.
 */
#include <sys/resource.h>
#include <time.h>

#include "verify_support.h"

/* As many in the release build; the sanitizers look at the same paths with fewer. */
#ifdef __SANITIZE_ADDRESS__
#define ELEMENTS 3000u
#define SHAPES 1
#else
#define ELEMENTS 100000u
#define SHAPES (int)(sizeof(shapes) / sizeof(shapes[0]))
#endif
#define NARROW 50
#define CLIENTS 0x0a000000u

/* A site: one server behind s0, clients behind c0. */
static char group_name[] = "servers", zone_in[] = "inside", zone_out[] = "outside", if_in[] = "s0", if_out[] = "c0",
            deployment_name[] = "voice";
static char *in_interfaces[] = {if_in}, *out_interfaces[] = {if_out}, *group_names[] = {group_name};
static struct prefix server = {FAMILY_IPV4, {0xac10000au, 0xac10000au}};
static struct group group = {.name = group_name, .id = 1, .address = &server, .n_address = 1, .zone = zone_in};
static struct zone zones[] = {{.name = zone_in, .interface = in_interfaces, .n_interface = 1},
        {.name = zone_out, .interface = out_interfaces, .n_interface = 1}};
static struct deployment deployment = {.name = deployment_name, .group = group_names, .n_group = 1};
static struct site site = {
        .group = &group, .n_group = 1, .zone = zones, .n_zone = 2, .deployment = &deployment, .n_deployment = 1};
static struct net_route routes[] = {
        {.family = FAMILY_IPV4, .destination = {CLIENTS, CLIENTS + 0xffffff}, .prefix_length = 8, .ifname = "c0"},
        {.family = FAMILY_IPV4, .destination = {0xac100000u, 0xac1000ffu}, .prefix_length = 24, .ifname = "s0"}};
static struct network network = {.known = true, .route = routes, .n_route = 2};

/** A CPU clock: others work on this machine too. */
static double cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long peak_mb(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss / 1024;
}

static struct ruleset *parse(struct text *t)
{
	struct ruleset *rs = NULL;
	struct error err = {0};
	char line[1024];

	ck_assert_msg(ruleset_parse_json(t->s, t->len, &rs, &err) == 0, "%s", error_line(&err, line, sizeof(line)));
	text_fini(t);
	return rs;
}

#define RULE(expr)                                                                                                     \
	",{\"rule\":{\"family\":\"inet\",\"table\":\"t\",\"chain\":\"%s\",\"handle\":%u,\"expr\":[" expr "]}}"
#define CHAIN(name) ",{\"chain\":{\"family\":\"inet\",\"table\":\"t\",\"name\":\"" name "\",\"handle\":1}}"
#define FIELD(protocol, field) "{\"payload\":{\"protocol\":\"" protocol "\",\"field\":\"" field "\"}}"
#define SADDR FIELD("ip", "saddr")
#define BOTH "{\"concat\":[" SADDR "," FIELD("tcp", "dport") "]}"
#define MATCH(left, right) "{\"match\":{\"op\":\"==\",\"left\":" left ",\"right\":" right "}}"
#define ACCEPT ",{\"accept\":null}"
#define DROP ",{\"drop\":null}"
#define ESTABLISHED "{\"match\":{\"op\":\"in\",\"left\":{\"ct\":{\"key\":\"state\"}},\"right\":\"established\"}}"
#define ANSWERS                                                                                                        \
	",{\"rule\":{\"family\":\"inet\",\"table\":\"t\",\"chain\":\"f\",\"handle\":1,\"expr\":[" ESTABLISHED ACCEPT   \
	"]}}"
#define REST RULE(MATCH(FIELD("tcp", "dport"), "5061") ACCEPT)

static void begin(struct text *t, const char *policy)
{
	text_addf(t,
	        "{\"nftables\":[{\"chain\":{\"family\":\"inet\",\"table\":\"t\",\"name\":\"f\",\"handle\":1,\"type\":"
	        "\"filter\",\"hook\":\"forward\",\"prio\":0,\"policy\":\"%s\"}}" ANSWERS,
	        policy);
}

static void address(struct text *t, u128 value)
{
	char buf[64];

	text_addf(t, "\"%s\"", range_print(FAMILY_IPV4, (struct range){value, value}, buf, sizeof(buf)));
}

/** Addresses, or address ranges, that do not touch each other. */
static void key(struct text *t, size_t i, bool interval)
{
	u128 at = CLIENTS + 100 * (u128)i;

	if (!interval) {
		address(t, at);
		return;
	}
	text_add(t, "{\"range\":[");
	address(t, at);
	text_add(t, ",");
	address(t, at + 49);
	text_add(t, "]}");
}

enum shape { SET_HASH, SET_INTERVAL, SET_CONCAT, SET_CONCAT_INTERVAL, SET_ANONYMOUS, MAP_VERDICTS, RULES };

static const struct {
	const char *name, *type, *flags;
	bool interval, concat;
} shapes[] = {
        [SET_HASH] = {"hash", "\"ipv4_addr\"", "", false, false},
        [SET_INTERVAL] = {"interval", "\"ipv4_addr\"", ",\"flags\":[\"interval\"]", true, false},
        [SET_CONCAT] = {"concatenation", "[\"ipv4_addr\",\"inet_service\"]", "", false, true},
        [SET_CONCAT_INTERVAL] = {"interval concatenation", "[\"ipv4_addr\",\"inet_service\"]",
                ",\"flags\":[\"interval\"]", true, true},
        [SET_ANONYMOUS] = {"anonymous", NULL, "", false, false},
        [MAP_VERDICTS] = {"verdicts", "\"ipv4_addr\"", "", false, false},
        [RULES] = {"rules", NULL, "", false, false},
};

static void elements(struct text *t, enum shape shape, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		text_add(t, i > 0 ? "," : "");
		if (shapes[shape].concat)
			text_add(t, "{\"concat\":[");
		if (shape == MAP_VERDICTS)
			text_add(t, "[");
		key(t, i, shapes[shape].interval);
		if (shapes[shape].concat)
			text_addf(t, ",%zu]}", 5061 + i % 3);
		if (shape == MAP_VERDICTS)
			text_add(t, i % 2 == 0 ? ",{\"accept\":null}]" : ",{\"jump\":{\"target\":\"b\"}}]");
	}
}

static struct ruleset *make(enum shape shape, size_t n)
{
	struct text t = {0};

	begin(&t, "drop");
	text_add(&t, CHAIN("b"));
	if (shapes[shape].type != NULL) {
		text_addf(&t, ",{\"%s\":{\"family\":\"inet\",\"table\":\"t\",\"name\":\"s\",\"type\":%s%s%s,\"elem\":[",
		        shape == MAP_VERDICTS ? "map" : "set", shapes[shape].type,
		        shape == MAP_VERDICTS ? ",\"map\":\"verdict\"" : "", shapes[shape].flags);
		elements(&t, shape, n);
		text_add(&t, "]}}");
	}
	if (shape == SET_ANONYMOUS) {
		text_add(&t, ",{\"rule\":{\"family\":\"inet\",\"table\":\"t\",\"chain\":\"f\",\"handle\":2,\"expr\":["
		             "{\"match\":{\"op\":\"==\",\"left\":" SADDR ",\"right\":{\"set\":[");
		elements(&t, shape, n);
		text_add(&t, "]}}}" ACCEPT "]}}");
	} else if (shape == MAP_VERDICTS) {
		text_addf(&t, RULE("{\"vmap\":{\"key\":" SADDR ",\"data\":\"@s\"}}"), "f", 2);
	} else if (shape == RULES) {
		for (size_t i = 0; i < n; i++) {
			text_add(&t, ",{\"rule\":{\"family\":\"inet\",\"table\":\"t\",\"chain\":\"f\",\"handle\":9,"
			             "\"expr\":["
			             "{\"match\":{\"op\":\"==\",\"left\":" SADDR ",\"right\":");
			key(&t, i, false);
			text_add(&t, "}}" DROP "]}}");
		}
	} else {
		text_addf(&t,
		        shapes[shape].concat ? RULE(MATCH(BOTH, "\"@s\"") ACCEPT) : RULE(MATCH(SADDR, "\"@s\"") ACCEPT),
		        "f", 2);
	}
	text_addf(&t, REST, "b", 3);
	text_addf(&t, REST, "f", 4);
	text_add(&t, "]}");
	return parse(&t);
}

/** NARROW flows of one client each and one of all clients. */
static void flows_make(struct flow *flow, size_t n)
{
	char text[128], buf[64];

	for (size_t i = 0; i < n; i++) {
		u128 at = CLIENTS + 100 * (u128)i * 1900;

		snprintf(text, sizeof(text), "tcp %s 1024-65535 172.16.0.10 5061",
		        range_print(FAMILY_IPV4, (struct range){at, at}, buf, sizeof(buf)));
		flow_make(&flow[i], i + 1 < n ? text : "tcp 10.0.0.0/8 1024-65535 172.16.0.10 5000-6000");
	}
}

static double cost(enum shape shape, size_t n, bool print)
{
	struct flow flow[NARROW + 1];
	struct flows flows = {flow, NARROW + 1, NARROW + 1};
	struct findings found;
	struct openings open;
	struct error err;
	double start = cpu_s(), read, verified, end;
	struct ruleset *rs = make(shape, n);

	flows_make(flow, NARROW + 1);
	read = cpu_s();
	ck_assert_int_eq(verify_flows(&flows, rs, NULL, &site, 1000, &found, &err), 0);
	verified = cpu_s();
	ck_assert_int_eq(verify_openings(&flows, rs, &site, &network, 1000, &open, &err), 0);
	end = cpu_s();
	if (print)
		printf("%-24s %6zu: read %.2f s, %d flows %.2f s (wide: %s%s%s), %zu openings %.2f s%s%s, peak %ld "
		       "MB\n",
		        shapes[shape].name, n, read - start, NARROW + 1, verified - read,
		        verdict_name(found.finding[NARROW].verdict),
		        found.finding[NARROW].evidence->reason != NULL ? ": " : "",
		        found.finding[NARROW].evidence->reason != NULL ? found.finding[NARROW].evidence->reason : "",
		        open.n, end - verified, open.reason != NULL ? ": " : "", open.reason != NULL ? open.reason : "",
		        peak_mb());
	fflush(stdout);
	for (size_t i = 0; i <= NARROW; i++) {
		const struct finding *f = &found.finding[i];

		ck_assert(f->verdict == VERDICT_CONFORMANT || f->evidence->has_witness || f->evidence->reason != NULL);
		flow_free(&flow[i]);
	}
	findings_fini(&found);
	openings_fini(&open);
	ruleset_free(rs);
	return end - start;
}

START_TEST(time_grows_no_faster_than_elements)
{
	enum shape shape = (enum shape)_i;
	double quarter = cost(shape, ELEMENTS / 4, true), whole = cost(shape, ELEMENTS, true), q, w;

	/* A shared machine changes its pace between the two: what seems too slow is measured again, the shortest counts. */
	for (int again = 0; again < 2 && whole >= 8 * quarter + 0.5; again++) {
		q = cost(shape, ELEMENTS / 4, true);
		w = cost(shape, ELEMENTS, true);
		quarter = q < quarter ? q : quarter;
		whole = w < whole ? w : whole;
	}
	ck_assert_msg(whole < 8 * quarter + 0.5, "%s: %u elements %.2f s, a quarter of them %.2f s", shapes[shape].name,
	        ELEMENTS, whole, quarter);
}
END_TEST

/* Chains */

static void chain_text(struct text *t, const char *name)
{
	text_addf(t, ",{\"chain\":{\"family\":\"inet\",\"table\":\"t\",\"name\":\"%s\",\"handle\":1}}", name);
}

static void jump_text(struct text *t, const char *from, const char *word, const char *to)
{
	text_addf(t, RULE("{\"%s\":{\"target\":\"%s\"}}"), from, 7, word, to);
}

/** `levels` chains behind the base chain, each with `width` ways to the next, the last one with `last`. */
static struct ruleset *ladder(const char *base, unsigned levels, unsigned width, const char *word, const char *last)
{
	struct text t = {0};
	char from[16], to[16];

	text_addf(&t, "{\"nftables\":[%s", base);
	for (unsigned i = 1; i <= levels; i++) {
		snprintf(to, sizeof(to), "c%u", i);
		chain_text(&t, to);
	}
	for (unsigned i = 0; i < levels; i++) {
		snprintf(from, sizeof(from), i == 0 ? "f" : "c%u", i);
		snprintf(to, sizeof(to), "c%u", i + 1);
		for (unsigned k = 0; k < width; k++)
			jump_text(&t, from, word, to);
	}
	snprintf(from, sizeof(from), "c%u", levels);
	text_addf(&t, RULE("%s"), from, 8, last);
	text_add(&t, "]}");
	return parse(&t);
}

#define BASE                                                                                                           \
	"{\"chain\":{\"family\":\"inet\",\"table\":\"t\",\"name\":\"f\",\"handle\":1,\"type\":\"filter\","             \
	"\"hook\":\"forward\",\"prio\":0,\"policy\":\"drop\"}}" ANSWERS
#define NAT                                                                                                            \
	BASE ",{\"chain\":{\"family\":\"inet\",\"table\":\"t\",\"name\":\"n\",\"handle\":1,\"type\":\"nat\","          \
	     "\"hook\":\"prerouting\",\"prio\":0,\"policy\":\"accept\"}}" RULE_N
#define RULE_N                                                                                                         \
	",{\"rule\":{\"family\":\"inet\",\"table\":\"t\",\"chain\":\"n\",\"handle\":3,\"expr\":[{\"jump\":{"           \
	"\"target\":\"c1\"}}]}}"
#define ON_PORT(port, verdict) MATCH(FIELD("tcp", "dport"), port) ",{\"" verdict "\":null}"

static const struct {
	const char *name;
	unsigned levels, width;
	const char *word, *last;
	enum verdict verdict;
	const char *reason, *decider; /**< or NULL */
} ladders[] = {
        {"two_ways_each", 15, 2, "jump", ON_PORT("5061", "accept"), VERDICT_CONFORMANT, NULL, NULL},
        {"ten_ways_each_that_do_nothing", 15, 10, "jump", ON_PORT("1", "accept"), VERDICT_BLOCKED, NULL, "policy drop"},
        {"ten_ways_each_that_take_a_part", 15, 10, "jump", ON_PORT("5061", "drop"), VERDICT_BLOCKED, NULL,
                "tcp dport 5061 drop"},
        {"fifteen_gotos", 15, 1, "goto", ON_PORT("5061", "accept"), VERDICT_CONFORMANT, NULL, NULL},
        {"sixteen_levels", 16, 1, "jump", ON_PORT("5061", "accept"), VERDICT_CONFORMANT, NULL, NULL},
        {"seventeen_levels", 17, 1, "jump", ON_PORT("5061", "accept"), VERDICT_INDETERMINATE, "16 chains", NULL},
        {"ten_thousand_levels", 10000, 3, "jump", ON_PORT("5061", "accept"), VERDICT_INDETERMINATE, "16 chains", NULL},
};

/** The finding of the one flow to port 5061; nothing here may take longer than moments. */
static void one_flow(
        const char *name, struct ruleset *rs, enum verdict verdict, const char *reason, const char *decider)
{
	struct flow flow;
	struct openings open;
	struct error err;
	double start = cpu_s(), end;

	flow_make(&flow, "tcp 10.0.0.0/8 1024-65535 172.16.0.10 5061");
	struct findings out = flow_verify(&flow, rs, &site);
	struct flows flows = {&flow, 1, 1};
	const struct finding *f = &out.finding[0];

	ck_assert_msg(f->verdict == verdict, "%s: %s", name, verdict_name(f->verdict));
	if (reason != NULL)
		ck_assert_msg(f->evidence->reason != NULL && strstr(f->evidence->reason, reason) != NULL, "%s: %s",
		        name, f->evidence->reason != NULL ? f->evidence->reason : "no reason");
	if (decider != NULL)
		ck_assert_str_eq(f->evidence->blame.text, decider);
	ck_assert_int_eq(verify_openings(&flows, rs, &site, &network, 1000, &open, &err), 0);
	end = cpu_s();
	ck_assert_msg(end - start < 20, "%s took %.1f s", name, end - start);
	openings_fini(&open);
	findings_fini(&out);
	flow_free(&flow);
	ruleset_free(rs);
}

START_TEST(chains_on_exponentially_many_paths_are_walked_once)
{
	one_flow(ladders[_i].name,
	        ladder(BASE, ladders[_i].levels, ladders[_i].width, ladders[_i].word, ladders[_i].last),
	        ladders[_i].verdict, ladders[_i].reason, ladders[_i].decider);
}
END_TEST

/* A chain of type nat that does nothing is left out where nothing tracks; to know that it does nothing takes a look. */
START_TEST(chains_that_might_do_harm_are_looked_at_once)
{
	one_flow("nat", ladder(NAT, 15, 30, "jump", ON_PORT("5061", "accept")), VERDICT_CONFORMANT, NULL, NULL);
}
END_TEST

START_TEST(loops_end_with_a_reason)
{
	static const char *const words[] = {"jump", "goto"};
	struct text t = {0};

	text_add(&t, "{\"nftables\":[" BASE);
	chain_text(&t, "a");
	chain_text(&t, "b");
	jump_text(&t, "f", words[_i], "a");
	for (int i = 0; i < 3; i++) {
		jump_text(&t, "a", words[_i], "b");
		jump_text(&t, "b", words[_i], "a");
	}
	text_add(&t, "]}");
	one_flow(words[_i], parse(&t), VERDICT_INDETERMINATE, "16 chains", NULL);
}
END_TEST

/* Rules */

START_TEST(a_rule_of_thousands_of_expressions_is_read_and_decided)
{
	struct text t = {0};

	text_add(&t,
	        "{\"nftables\":[" BASE ",{\"rule\":{\"family\":\"inet\",\"table\":\"t\",\"chain\":\"f\",\"handle\":1,"
	        "\"expr\":[");
	for (unsigned i = 0; i < 10000; i++)
		text_addf(&t, "{\"match\":{\"op\":\"!=\",\"left\":%s,\"right\":%u}},",
		        i % 2 == 0 ? FIELD("tcp", "dport") : FIELD("tcp", "sport"), i % 2 == 0 ? 6000 + i : i / 64);
	text_add(&t, "{\"counter\":null},{\"accept\":null}]}}]}");
	one_flow("expressions", parse(&t), VERDICT_CONFORMANT, NULL, NULL);
}
END_TEST

START_TEST(the_text_of_a_rule_with_many_elements_is_cut)
{
	struct ruleset *rs = make(SET_ANONYMOUS, 30000);
	struct blame whole = {.text = rule_print(rs, &rs->chain[0], &rs->chain[0].rule[1])};
	char *cut = rule_print_within(rs, &rs->chain[0], &rs->chain[0].rule[1], BLAME_TEXT_MAX);

	ck_assert_uint_gt(strlen(whole.text), 300000);
	ck_assert_str_eq(whole.text + strlen(whole.text) - 8, "} accept");
	ck_assert_uint_eq(strlen(cut), BLAME_TEXT_MAX);
	ck_assert_str_eq(cut + BLAME_TEXT_MAX - 3, "...");
	ck_assert_int_eq(strncmp(cut, whole.text, BLAME_TEXT_MAX - 3), 0);
	free(cut);
	free(whole.text);
	ruleset_free(rs);
}
END_TEST

/* Slices of a large concatenation say what its elements say one by one. */

static bool holds(const struct rs_set *set, u128 source, u128 port)
{
	for (size_t i = 0; i < set->n_element; i++)
		if (source >= set->element[i].key[0].lo && source <= set->element[i].key[0].hi &&
		        port >= set->element[i].key[1].lo && port <= set->element[i].key[1].hi)
			return true;
	return false;
}

/** Boxes of random size, entangled or not, that may overlap. */
static struct ruleset *random_boxes(uint32_t *seed, unsigned n, uint32_t width)
{
	struct text t = {0};

	begin(&t, "drop");
	text_add(&t, ",{\"set\":{\"family\":\"inet\",\"table\":\"t\",\"name\":\"s\",\"type\":[\"ipv4_addr\",\"inet_"
	             "service\"],"
	             "\"flags\":[\"interval\"],\"elem\":[");
	for (unsigned i = 0; i < n; i++) {
		uint32_t x = *seed = *seed * 1664525u + 1013904223u, y = *seed = *seed * 1664525u + 1013904223u;
		u128 lo = CLIENTS + (x >> 8) % 4096;
		uint32_t port = 5000 + (y >> 8) % 256;

		text_add(&t, i > 0 ? ",{\"concat\":[{\"range\":[" : "{\"concat\":[{\"range\":[");
		address(&t, lo);
		text_add(&t, ",");
		address(&t, lo + (x >> 20) % width);
		text_addf(&t, "]},{\"range\":[%u,%u]}]}", port, port + (y >> 20) % (width / 4 + 1));
	}
	text_add(&t, "]}}");
	text_addf(&t, RULE(MATCH(BOTH, "\"@s\"") ACCEPT), "f", 2);
	text_add(&t, "]}");
	return parse(&t);
}

START_TEST(slices_of_a_set_are_exact)
{
	static const uint32_t widths[] = {1, 4, 40, 400};
	uint32_t seed = 2007;
	struct flow flow;
	size_t inside = 0;

	flow_make(&flow, "tcp 10.0.0.0/18 1024-65535 172.16.0.10 5000-5300");
	for (unsigned round = 0; round < 40; round++) {
		struct ruleset *rs = random_boxes(&seed, 20 + 10 * (round % 10), widths[round % 4]);
		struct findings out = flow_verify(&flow, rs, &site);
		const struct finding *f = &out.finding[0];

		ck_assert_int_eq(f->verdict, VERDICT_PARTIAL);
		ck_assert(!holds(&rs->set[0], f->evidence->witness.source, f->evidence->witness.destination_port));
		for (unsigned i = 0; i < 20000; i++) {
			uint32_t x = seed = seed * 1664525u + 1013904223u;
			u128 source = CLIENTS + (x >> 8) % 4600, port = 5000 + (x >> 20) % 301;
			bool blocked = false;

			for (size_t k = 0; k < f->evidence->n_remainder; k++)
				blocked |=
				        box_has(&f->evidence->remainder[k], source, 0xac10000au, 2000, (unsigned)port);
			inside += holds(&rs->set[0], source, port);
			if (!f->evidence->remainder_cut)
				ck_assert(blocked != holds(&rs->set[0], source, port));
			else
				ck_assert(!blocked || !holds(&rs->set[0], source, port));
		}
		findings_fini(&out);
		ruleset_free(rs);
	}
	ck_assert_uint_gt(inside, 1000);
	flow_free(&flow);
}
END_TEST

/* JSON that is small as text and large in memory, or that is nested. */

static const struct {
	const char *name, *part;
	enum error_code code;
} bombs[] = {
        {"empty_objects", "{},", ERR_LIMIT},
        {"empty_lists", "[],", ERR_LIMIT},
        {"digits", "0,", ERR_LIMIT},
        {"nested_lists", "[", ERR_LIMIT},
        {"nested_objects", "{\"a\":", ERR_LIMIT},
        {"blanks", "   ", ERR_FORMAT},
        {"an_open_string", "\"\\\\", ERR_FORMAT},
};

START_TEST(json_is_weighed_before_it_is_read)
{
	static const char head[] = "{\"nftables\":[";
	size_t len = (size_t)40 << 20, n = strlen(bombs[_i].part), at = sizeof(head) - 1;
	char *json = xmalloc(len);
	struct ruleset *rs;
	struct error err = {0};
	double start = cpu_s();
	long before;

	memcpy(json, head, at);
	for (; at + n <= len; at += n)
		memcpy(json + at, bombs[_i].part, n);
	memset(json + at, ' ', len - at);
	before = peak_mb();
	ck_assert_int_eq(ruleset_parse_json(json, len, &rs, &err), -1);
	ck_assert_msg(err.code == bombs[_i].code, "%s: %s", bombs[_i].name, err.text);
	ck_assert_msg(peak_mb() - before < 700, "%s: %ld MB", bombs[_i].name, peak_mb() - before);
	ck_assert(cpu_s() - start < 20);
	free(json);
}
END_TEST

/* Names and comments */

START_TEST(names_and_comments_of_any_bytes_are_carried)
{
	struct text t = {0};
	char name[257], too_long[258];
	struct ruleset *rs;
	struct error err = {0};
	static const char odd[] = "\\u0001\\u001b[2J\\\"'<>&\\\\ \\u2028\\ud83d\\ude00";

	memset(name, 'x', sizeof(name) - 1);
	name[256] = '\0';
	memset(too_long, 'x', sizeof(too_long) - 1);
	too_long[257] = '\0';
	text_add(&t, "{\"nftables\":[" BASE);
	chain_text(&t, name);
	chain_text(&t, odd);
	jump_text(&t, "f", "jump", name);
	jump_text(&t, name, "jump", odd);
	text_addf(&t,
	        ",{\"rule\":{\"family\":\"inet\",\"table\":\"t\",\"chain\":\"%s\",\"handle\":1,\"comment\":\"%s\","
	        "\"expr\":[{\"drop\":null}]}}]}",
	        odd, odd);
	one_flow("odd names", parse(&t), VERDICT_BLOCKED, NULL, NULL);
	text_add(&t, "{\"nftables\":[" BASE);
	chain_text(&t, too_long);
	text_add(&t, "]}");
	ck_assert_int_eq(ruleset_parse_json(t.s, t.len, &rs, &err), -1);
	ck_assert_int_eq(err.code, ERR_FORMAT);
	ck_assert_ptr_nonnull(strstr(err.text, "too long"));
	text_fini(&t);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bounds");
	TCase *size = tcase_create("size"), *t = tcase_create("shape");

	tcase_set_timeout(size, 240);
	/* Sanitizers have their own measure of time: one shape shows them the way. */
	tcase_add_loop_test(size, time_grows_no_faster_than_elements, 0, SHAPES);
	suite_add_tcase(s, size);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(
	        t, chains_on_exponentially_many_paths_are_walked_once, 0, sizeof(ladders) / sizeof(ladders[0]));
	tcase_add_test(t, chains_that_might_do_harm_are_looked_at_once);
	tcase_add_loop_test(t, loops_end_with_a_reason, 0, 2);
	tcase_add_test(t, a_rule_of_thousands_of_expressions_is_read_and_decided);
	tcase_add_test(t, the_text_of_a_rule_with_many_elements_is_cut);
	tcase_add_test(t, slices_of_a_set_are_exact);
	tcase_add_loop_test(t, json_is_weighed_before_it_is_read, 0, sizeof(bombs) / sizeof(bombs[0]));
	tcase_add_test(t, names_and_comments_of_any_bytes_are_carried);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
