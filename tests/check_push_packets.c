/* links: push nft config journal conformance compile verify deployment catalog ruleset base */
/*
 * The own table as packets see it, through a router in network namespaces: while configurations take turns whose tables have
 * other rules and other sets, a stream that all of them let pass loses nothing, and none passes of one that none lets pass;
 * and Docker's address translation works beside our chains.
 */
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include "coexist_iptables.h"
#include "router_scene.h"

#define RATE 20000 /* packets per second, in these namespaces alone */

static struct router router;

static void begin_router(void)
{
	begin();
	ck_assert_int_eq(router_open(&router), 0);
	nft.close(nft.self);
	ck_assert_int_eq(nft_open_direct(&nft, &err), 0);
	real_replace = nft.replace;
	begin_push();
	ck_assert_int_eq(network_read(&network, &err), 0);
}

static void end_router(void)
{
	router_close(&router);
	end();
}

static size_t
        n_prefix; /* clients are so many prefixes, and one more with the other configuration; 0: as in the example */

static char *clients_edit(char *json, const char *firewall)
{
	static const char example[] = "\"10.10.0.0/16\"";
	size_t n = n_prefix + (strstr(firewall, "\"y\"") != NULL ? 1 : 0);
	char *at = strstr(json, example), *whole;
	struct text list = {0};

	if (n_prefix == 0)
		return json;
	ck_assert_ptr_nonnull(at);
	for (size_t i = 0; i < n; i++)
		text_addf(&list, "%s\"10.10.%zu.0/24\"", i > 0 ? "," : "", i * 2);
	whole = xasprintf("%.*s%s%s", (int)(at - json), json, text_str(&list), at + strlen(example));
	text_fini(&list);
	free(json);
	return whole;
}

/* The stream goes by while configurations take turns. */
static struct router_seen replaces(int n, const char *firewall, unsigned long *sent)
{
	char *const each[2] = {xasprintf("%s", firewall), xasprintf("%s" ANOTHER, firewall)};
	struct router_stream stream;

	site_edit = clients_edit;
	ck_assert_msg(commit("", each[0]) == DONE, "%s", err.text);
	ck_assert_int_eq(router_start(&router, RATE, &stream), 0);
	for (int i = 0; i < n; i++) {
		router_await(&stream, 10);
		ck_assert_msg(commit(each[i % 2], each[1 - i % 2]) == DONE, "%s", err.text);
	}
	router_await(&stream, 10);
	*sent = router_stop(&stream);
	free(each[0]);
	free(each[1]);
	return router_look(&router);
}

static size_t boxes(void)
{
	char *list = listed();
	size_t n = 0;

	for (const char *p = list; (p = strstr(p, " . tcp . ")) != NULL; p++)
		n++;
	free(list);
	return n;
}

#define SCOPE_ALL_OF ENFORCE ",\"scope\":\"all\""
static const struct {
	const char *firewall;
	size_t n_prefix, boxes;
	int replaces;
} streams[] = {
        {ENFORCE, 0, 20, 10},
        {SCOPE_ALL_OF, 0, 20, 10},
        {ENFORCE, 64, 1000, 4},
        {SCOPE_ALL_OF, 64, 1000, 4},
};

START_TEST(replaces_lose_nothing_and_let_nothing_through)
{
	unsigned long sent;
	struct router_seen seen;

	n_prefix = streams[_i].n_prefix;
	seen = replaces(streams[_i].replaces, streams[_i].firewall, &sent);
	printf("%lu packets sent, %lu came to be forwarded during %d replaces of %zu boxes of TCP, %lu went on, %lu "
	       "arrived; "
	       "%lu leaked\n",
	        sent, seen.came, streams[_i].replaces, boxes(), seen.went, seen.arrived, seen.leaked);
	ck_assert_uint_ge(boxes(), streams[_i].boxes);
	ck_assert_uint_gt(seen.came, 1000);
	ck_assert_uint_eq(seen.went, seen.came);
	ck_assert_uint_eq(seen.arrived, seen.went);
	ck_assert_uint_eq(seen.leaked, 0);
}
END_TEST

/* Packets that the boxes of required flows have met. */
static unsigned long counted(void)
{
	unsigned long n = 0;
	FILE *f = popen("nft list table inet portcullis | sed -n '/set required-forward4-/,/}/p' | "
	                "grep -o 'counter packets [0-9]*' | awk '{n+=$3} END {print n+0}'",
	        "r");

	ck_assert(f != NULL && fscanf(f, "%lu", &n) == 1);
	pclose(f);
	return n;
}

/* In the very set that stays, and in one that has other boxes beside them. */
START_TEST(boxes_go_on_counting)
{
	unsigned long before;

	n_prefix = _i == 0 ? 0 : 4;
	replaces(0, ENFORCE, &before);
	before = counted();
	ck_assert_uint_gt(before, 20);
	ck_assert_msg(commit(ENFORCE, ENFORCE ANOTHER) == DONE, "%s", err.text);
	ck_assert_uint_eq(counted(), before);
	ck_assert_msg(commit(ENFORCE ANOTHER, ENFORCE) == DONE, "%s", err.text);
	ck_assert_uint_eq(counted(), before);
}
END_TEST

/* What sets are shown behind their rules would be: each is made anew in one transaction. */
static int replace_in_one(void *self, const struct nft_batch *batch, struct nft_answer *answer, struct error *e)
{
	struct nlmsghdr second;

	memcpy(&second, batch->bytes + ((const struct nlmsghdr *)(const void *)batch->bytes)->nlmsg_len,
	        sizeof(second));
	memset(answer, 0, sizeof(*answer));
	if (NFNL_MSG_TYPE(second.nlmsg_type) != NFT_MSG_DELTABLE)
		return error_set(e, ERR_INVALID, NULL, "not in two");
	return real_replace(self, batch, answer, e);
}

START_TEST(replace_in_one_transaction_would_be_seen)
{
	unsigned long sent;
	struct router_seen seen;

	nft.replace = replace_in_one;
	begin_push();
	n_prefix = 64;
	seen = replaces(10, SCOPE_ALL_OF, &sent);
	ck_assert_uint_lt(seen.went, seen.came);
}
END_TEST

/* What replaces would be in two transactions: the table is gone for a moment. */
static int replace_in_two(void *self, const struct nft_batch *batch, struct nft_answer *answer, struct error *e)
{
	if (has("table inet portcullis")) {
		run("delete table inet portcullis");
		shell("nft list ruleset >/dev/null");
	}
	return real_replace(self, batch, answer, e);
}

/* Or a chain that drops until its rules are there. */
static int replace_behind_a_drop(void *self, const struct nft_batch *batch, struct nft_answer *answer, struct error *e)
{
	if (has("table inet portcullis")) {
		run("chain inet portcullis forward { policy drop; }\nflush chain inet portcullis forward");
		shell("nft list ruleset >/dev/null");
		run("chain inet portcullis forward { policy accept; }");
	}
	return real_replace(self, batch, answer, e);
}

/* The measure is one: what is not done at once is seen. */
START_TEST(replace_in_two_transactions_would_be_seen)
{
	unsigned long sent;
	struct router_seen seen;

	nft.replace = replace_in_two;
	begin_push();
	seen = replaces(2, ENFORCE, &sent);
	ck_assert_uint_gt(seen.leaked, 0);
}
END_TEST

START_TEST(chain_that_drops_meanwhile_would_be_seen)
{
	unsigned long sent;
	struct router_seen seen;

	nft.replace = replace_behind_a_drop;
	begin_push();
	seen = replaces(2, ENFORCE, &sent);
	ck_assert_uint_lt(seen.went, seen.came);
}
END_TEST

/* ---- address translation ---- */

#define CONTAINER "172.17.0.2"
#define OUTSIDE "10.20.9.9" /* behind srv0, in no group */

static int listener(int ns, const char *address, uint16_t port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd;

	ck_assert(router_enter(ns) && inet_pton(AF_INET, address, &at.sin_addr) == 1);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert(fd >= 0 && bind(fd, (const struct sockaddr *)&at, sizeof(at)) == 0 && listen(fd, 4) == 0);
	ck_assert(router_enter(router.home));
	return fd;
}

/* Connect from a host and look who the listener sees. */
static void connects(int ns, const char *to, uint16_t port, int listening, const char *seen_as)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)}, peer = {0};
	struct timeval limit = {.tv_sec = 5};
	socklen_t len = sizeof(peer);
	char text[INET_ADDRSTRLEN];
	int fd, accepted;

	ck_assert(router_enter(ns) && inet_pton(AF_INET, to, &at.sin_addr) == 1);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert(router_enter(router.home));
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)), 0);
	ck_assert_msg(connect(fd, (const struct sockaddr *)&at, sizeof(at)) == 0, "nobody answers at %s:%u", to, port);
	accepted = accept(listening, (struct sockaddr *)&peer, &len);
	ck_assert_int_ge(accepted, 0);
	ck_assert_str_eq(inet_ntop(AF_INET, &peer.sin_addr, text, sizeof(text)), seen_as);
	close(accepted);
	close(fd);
}

/* A published port by destination NAT, and the container's way out behind the router's address. */
static void translates(int container, int published, int outside)
{
	connects(router.client, "10.10.0.1", 8080, published, ROUTER_CLIENT);
	connects(container, OUTSIDE, 443, outside, "10.20.0.1");
}

START_TEST(address_translation_of_docker_works_beside_our_chains)
{
	int container, published, outside;

	ck_assert(router_host(&router, &container, "docker0", CONTAINER, "172.17.0.1"));
	ck_assert(router_enter(router.server));
	shell("ip addr add " OUTSIDE "/16 dev e0");
	ck_assert(router_enter(router.home));
	published = listener(container, CONTAINER, 80);
	outside = listener(router.server, OUTSIDE, 443);
	network_fini(&network);
	ck_assert_int_eq(network_read(&network, &err), 0);
	restore(DOCKER(LET_IN));
	translates(container, published, outside);
	ck_assert_msg(commit("", REJECT) == DONE, "%s", err.text);
	translates(container, published, outside);
	ck_assert_int_eq(commit(REJECT, REJECT CLIENTS_DROPPED), REFUSED);
	ck_assert_int_eq(change(REJECT, REJECT ANOTHER, true, false, false, NULL), WAITS);
	translates(container, published, outside);
	ck_assert_int_eq(change(REJECT, REJECT, false, true, false, NULL), DONE);
	translates(container, published, outside);
	ck_assert_int_eq(commit(REJECT, ""), DONE);
	translates(container, published, outside);
	close(published);
	close(outside);
	close(container);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("push-packets");
	TCase *t = tcase_create("push-packets");

	if (geteuid() != 0) {
		puts("skipped: needs root, for network namespaces");
		return 77;
	}
	tcase_add_checked_fixture(t, begin_router, end_router);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(
	        t, replaces_lose_nothing_and_let_nothing_through, 0, (int)(sizeof(streams) / sizeof(streams[0])));
	tcase_add_loop_test(t, boxes_go_on_counting, 0, 2);
	tcase_add_test(t, replace_in_one_transaction_would_be_seen);
	tcase_add_test(t, replace_in_two_transactions_would_be_seen);
	tcase_add_test(t, chain_that_drops_meanwhile_would_be_seen);
	if (system("command -v iptables-restore >/dev/null") == 0)
		tcase_add_test(t, address_translation_of_docker_works_beside_our_chains);
	else
		puts("address translation is not tested: needs iptables");
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
