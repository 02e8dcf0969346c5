/*
 * Random pushes: a number comes in, so many changes of a configuration go into a real kernel (good ones, breaking ones, some
 * that would cut off management; by commits, confirmed commits, edits and rollbacks), many of them killed at a random
 * moment; after each the next start has to agree with the journal, management has to answer, and another table has to be as
 * it was. Ends with 1 where that fails once, with 77 where it may not make network namespaces.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <libyang/libyang.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "portcullis/alloc.h"
#include "portcullis/clock.h"
#include "portcullis/compile.h"
#include "portcullis/log.h"
#include "push/plan.h"

#define NS " xmlns=\"urn:portcullis:yang:portcullis\""
#define ANSWER_MS 2000
#define KILL_WITHIN_US 30000u /* up to eight times that: under sanitizers it takes so long */

enum { AGREES = 0, DIFFERS = 2, BROKEN = 3 };

static const char device[] =
        "ip link set lo up && for i in lan0 srv0 dmz0; do ip link add $i type veth peer name peer-$i && "
        "ip link set $i up && ip link set peer-$i up || exit 1; done && ip addr add 10.10.0.1/16 dev lan0 && "
        "ip addr add 10.20.0.1/16 dev srv0 && ip addr add 10.30.0.1/24 dev dmz0 && "
        "sysctl -qw net.ipv4.ip_forward=1 && ip link add d0 type veth peer name p0 && ip addr add 10.9.0.1/24 dev d0 "
        "&& "
        "ip link set d0 up && nft 'table inet other { chain c { type filter hook forward priority 7; tcp dport 7 drop; "
        "}; }'";

#define MANAGEMENT                                                                                                     \
	"<management-access><name>nms</name><source>10.9.0.0/28</source><port><lower>22</lower></port></"              \
	"management-access>"
#define ENFORCE "<mode>enforce</mode>"
#define INPUT_DROPPED                                                                                                  \
	"<rule><name>all</name><matches><path>input</path></matches><actions><forwarding>drop</forwarding></"          \
	"actions></rule>"
#define CLIENTS_DROPPED                                                                                                \
	"<rule><name>clients</name><matches><source><group>clients</group></source></"                                 \
	"matches><actions><forwarding>drop"                                                                            \
	"</forwarding></actions></rule>"

static const struct {
	const char *firewall;
	bool cuts; /* the session that pushes, were it done */
} variants[] = {
        {"", false},
        {ENFORCE, false},
        {ENFORCE "<scope>all</scope>", false},
        {ENFORCE "<commit-gate>reject</commit-gate>", false},
        {ENFORCE "<commit-gate>reject</commit-gate>" CLIENTS_DROPPED, false},
        {ENFORCE CLIENTS_DROPPED, false},
        {ENFORCE MANAGEMENT INPUT_DROPPED, false},
        {ENFORCE MANAGEMENT "<default-action><input>drop</input><output>drop</output></default-action>", false},
        {ENFORCE INPUT_DROPPED, true},
        {ENFORCE "<default-action><input>drop</input></default-action>", true},
};
#define VARIANTS (sizeof(variants) / sizeof(variants[0]))

enum way { COMMIT, CONFIRMED, CANCELLED, LEFT, EDITED, ROLLED_BACK, WAYS };

struct push_test {
	char state[64];
	struct catalog *catalog;
	int ask, answer; /* to and from the peer */
	pid_t peer, listener;
	char *other; /* table inet other, as it was */
	bool json, verbose;
	unsigned long pushes, killed, failures, lockouts, foreign;
};

static uint64_t seed = 1;

static unsigned draw(unsigned below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((seed >> 33) % below);
}

/* ---- the world ---- */

static struct sockaddr_in management(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(22)};

	inet_pton(AF_INET, "10.9.0.1", &to.sin_addr);
	return to;
}

/* Somebody who answers on port 22. */
static pid_t listener_start(void)
{
	const struct sockaddr_in at = management();
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	pid_t pid;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, 16) != 0)
		return -1;
	if ((pid = fork()) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			int c = accept(fd, NULL, NULL);

			if (c >= 0)
				close(c);
		}
	}
	close(fd);
	return pid;
}

static bool reaches(void)
{
	const struct sockaddr_in to = management();
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), fault = 0;
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	socklen_t len = sizeof(fault);
	bool good;

	(void)connect(fd, (const struct sockaddr *)&to, sizeof(to));
	good = poll(&p, 1, ANSWER_MS) == 1 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &fault, &len) == 0 && fault == 0;
	close(fd);
	return good;
}

/* A host of its own, which tries to connect when it is asked to. */
static pid_t peer_start(int *ask, int *answer)
{
	int to[2], from[2], ready[2];
	char byte = 0;
	pid_t pid;

	if (pipe(to) != 0 || pipe(from) != 0 || pipe(ready) != 0)
		return -1;
	if ((pid = fork()) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(to[1]);
		if (unshare(CLONE_NEWNET) != 0 || write(ready[1], "r", 1) != 1 || read(to[0], &byte, 1) != 1 ||
		        system("ip link set lo up && ip addr add 10.9.0.2/24 dev p0 && ip link set p0 up") != 0)
			_exit(1);
		while (read(to[0], &byte, 1) == 1)
			if (write(from[1], reaches() ? "y" : "n", 1) != 1)
				break;
		_exit(0);
	}
	close(to[0]);
	close(from[1]);
	close(ready[1]);
	*ask = to[1];
	*answer = from[0];
	return read(ready[0], &byte, 1) == 1 ? pid : -1;
}

static bool management_answers(const struct push_test *t)
{
	char said = 'n';

	return write(t->ask, "?", 1) == 1 && read(t->answer, &said, 1) == 1 && said == 'y';
}

static char *listed(const char *command)
{
	struct text t = {0};
	char buf[4096];
	FILE *f = popen(command, "r");

	for (size_t n; f != NULL && (n = fread(buf, 1, sizeof(buf), f)) > 0;)
		text_addn(&t, buf, n);
	if (f != NULL)
		pclose(f);
	return text_take(&t);
}

/* ---- the agent, in a process of its own ---- */

struct agent {
	struct journal *journal;
	struct config *config;
	struct nft_ops nft;
	struct push *push;
};

static int agent_start(struct push_test *t, struct agent *a, struct error *err)
{
	struct push_parts parts = {.network = network_read};
	struct config_carrier carrier;
	struct site *site;
	int result;

	memset(a, 0, sizeof(*a));
	if (nft_open_direct(&a->nft, err) != 0 || journal_open(t->state, &a->journal, err) != 0 ||
	        config_open(SOURCE_DIR "/yang", a->journal, t->catalog, &a->config, err) != 0 ||
	        config_site(a->config, &site, err) != 0)
		return -1;
	parts.nft = a->nft;
	parts.journal = a->journal;
	a->push = push_new(&parts);
	result = push_start(a->push, site, t->catalog, err);
	site_free(site);
	carrier = push_carrier(a->push);
	config_set_carrier(a->config, &carrier);
	return result;
}

static void agent_stop(struct agent *a)
{
	config_close(a->config);
	push_free(a->push);
	journal_close(a->journal);
	a->nft.close(a->nft.self);
}

/* What the kernel has, and what running comes to. */
static int agent_agrees(struct push_test *t, struct agent *a, struct error *err)
{
	struct site *site;
	struct network network = {0};
	struct flows flows;
	struct own_table *table = NULL;
	struct ruleset *live, *want = NULL;
	char *has, *says;
	int result;

	if (config_site(a->config, &site, err) != 0 || network_read(&network, err) != 0 ||
	        flows_derive(site, t->catalog, &network, clock_wall_s(), &flows, err) != 0 ||
	        plan_read(a->push, &live, NULL, err) != 0)
		return BROKEN;
	if (site->firewall.mode == FIREWALL_ENFORCE &&
	        (compile(&(struct compile_input){site, &flows, t->catalog}, &table, err) != 0 ||
	                own_table_ruleset(table, &want, err) != 0))
		return BROKEN;
	has = own_print(live);
	says = want != NULL ? own_print(want) : xstrdup("");
	result = strcmp(has, says) == 0 ? AGREES : DIFFERS;
	if (result == DIFFERS)
		error_set(err, ERR_INTERNAL, NULL, "the kernel has\n%.300s\nrunning says\n%.300s", has, says);
	free(has);
	free(says);
	ruleset_free(want);
	ruleset_free(live);
	own_table_free(table);
	flows_fini(&flows);
	network_fini(&network);
	site_free(site);
	return result;
}

/* The example with a firewall part, as the content of <config>. */
static char *content(const struct ly_ctx *ctx, const char *firewall)
{
	struct lyd_node *root = NULL;
	char *xml = NULL, *whole;

	if (lyd_parse_data_path(ctx, SOURCE_DIR "/contrib/example/deployment.json", LYD_JSON, LYD_PARSE_ONLY, 0,
	            &root) != LY_SUCCESS ||
	        lyd_print_mem(&xml, root, LYD_XML, LYD_PRINT_WITHSIBLINGS) != LY_SUCCESS)
		_exit(BROKEN);
	whole = firewall[0] != '\0' ? xasprintf("%s<firewall" NS ">%s</firewall>", xml, firewall) : xstrdup(xml);
	free(xml);
	lyd_free_siblings(root);
	return whole;
}

/* A change that is refused is as good as one that is done. */
static void change(struct agent *a, enum way way, size_t variant)
{
	struct flow_peer peer = {.family = FAMILY_IPV4, .address = 0x0a090002, .local = 0x0a090001, .port = 22};
	const struct config_actor actor = {.session = 1, .user = "pusher", .peer = &peer};
	const struct config_commit confirmed = {.confirmed = true, .timeout_s = 600, .persist = "p"},
	                           final = {.persist_id = "p"};
	char *xml = content(config_context(a->config), variants[variant].firewall);
	struct error err;

	if (way == EDITED) {
		(void)!config_replace(a->config, &actor, DATASTORE_RUNNING, xml, &err);
	} else if (way == ROLLED_BACK) {
		(void)!config_rollback(a->config, &actor, 1 + draw(20), NULL, &err);
	} else if (config_replace(a->config, &actor, DATASTORE_CANDIDATE, xml, &err) != 0) {
		fprintf(stderr, "pushes: %s: %s\n", err.where, err.text);
		_exit(BROKEN);
	} else if (way == COMMIT) {
		(void)!config_commit(a->config, &actor, NULL, &err);
	} else if (config_commit(a->config, &actor, &confirmed, &err) == 0 && way != LEFT) {
		if (way == CONFIRMED)
			(void)!config_commit(a->config, &actor, &final, &err);
		else
			(void)!config_cancel_commit(a->config, &actor, "p", &err);
	}
	free(xml);
}

/* One life of an agent: it starts, changes something and looks. @param way  WAYS: nothing. */
static int live(struct push_test *t, enum way way, size_t variant)
{
	struct agent a;
	struct error err = {0};
	int result = BROKEN;

	if (agent_start(t, &a, &err) == 0) {
		if (way != WAYS)
			change(&a, way, variant);
		result = agent_agrees(t, &a, &err);
		agent_stop(&a);
	}
	if (result != AGREES)
		fprintf(stderr, "pushes: %s: %s\n", err.where, err.text);
	return result;
}

/* ---- rounds ---- */

/* @param kill_us  after so many microseconds; 0: never. @return the exit code, or -1: killed. */
static int run(struct push_test *t, enum way way, size_t variant, unsigned kill_us)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(live(t, way, variant));
	if (kill_us > 0) {
		usleep(kill_us);
		kill(pid, SIGKILL);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return BROKEN;
	return WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status) == SIGKILL ? -1 : BROKEN;
}

static void look(struct push_test *t, const char *when, size_t variant, enum way way, int result)
{
	char *other = listed("nft -s list table inet other");

	if (result != AGREES && result != -1) {
		t->failures++;
		fprintf(stderr, "pushes: %s of variant %zu, way %d: %s\n", when, variant, (int)way,
		        result == DIFFERS ? "kernel and running differ" : "an agent failed");
	}
	if (strcmp(other, t->other) != 0) {
		t->foreign++;
		t->failures++;
	}
	free(other);
}

static void round_run(struct push_test *t)
{
	size_t variant = draw(VARIANTS);
	enum way way = (enum way)draw(WAYS);
	unsigned kill_us = draw(2) == 0 ? 1 + draw(KILL_WITHIN_US << draw(4)) : 0;
	int result;

	/* Nobody can confirm what cut him off. */
	if (variants[variant].cuts && way == CONFIRMED)
		way = LEFT;
	result = run(t, way, variant, kill_us);
	t->pushes++;
	t->killed += result == -1;
	if (result != -1)
		look(t, "push", variant, way, result);
	look(t, "start", variant, way, run(t, WAYS, 0, 0));
	if (!management_answers(t)) {
		t->lockouts++;
		t->failures++;
		fprintf(stderr, "pushes: management does not answer after variant %zu, way %d\n", variant, (int)way);
	}
}

static bool world_make(struct push_test *t)
{
	char command[64];
	struct error err;

	strcpy(t->state, "/tmp/portcullis-pushes-XXXXXX");
	if (unshare(CLONE_NEWNET) != 0 || mkdtemp(t->state) == NULL)
		return false;
	if (catalog_load(SOURCE_DIR "/yang/catalog", NULL, SOURCE_DIR "/yang", &t->catalog, &err) != 0 ||
	        system(device) != 0 || (t->peer = peer_start(&t->ask, &t->answer)) < 0)
		exit(BROKEN);
	snprintf(command, sizeof(command), "ip link set p0 netns %d", (int)t->peer);
	if (system(command) != 0 || write(t->ask, "g", 1) != 1 || (t->listener = listener_start()) < 0)
		exit(BROKEN);
	t->other = listed("nft -s list table inet other");
	return true;
}

static void world_end(struct push_test *t)
{
	char command[96];

	kill(t->peer, SIGKILL);
	kill(t->listener, SIGKILL);
	waitpid(t->peer, NULL, 0);
	waitpid(t->listener, NULL, 0);
	catalog_free(t->catalog);
	free(t->other);
	snprintf(command, sizeof(command), "rm -rf '%s'", t->state);
	if (system(command) != 0)
		fprintf(stderr, "pushes: %s stays\n", t->state);
}

static int options_read(int argc, char **argv, struct push_test *t, unsigned long *count, long *seconds)
{
	static const struct option names[] = {{"count", required_argument, NULL, 'c'},
	        {"seconds", required_argument, NULL, 't'}, {"seed", required_argument, NULL, 's'},
	        {"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (c == 'c')
			*count = strtoul(optarg, NULL, 10);
		else if (c == 't')
			*seconds = strtol(optarg, NULL, 10);
		else if (c == 's')
			seed = strtoull(optarg, NULL, 10);
		else if (c == 'j')
			t->json = true;
		else
			return -1;
	}
	return optind == argc ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct push_test t = {0};
	unsigned long count = 1000;
	long seconds = 0; /* 0: as long as it takes */

	if (options_read(argc, argv, &t, &count, &seconds) != 0) {
		fprintf(stderr, "usage: pushes [--count N] [--seconds N] [--seed S] [--json]\n");
		return BROKEN;
	}
	signal(SIGPIPE, SIG_IGN);
	log_init("pushes", LOG_LEVEL_ERROR, false);
	if (!world_make(&t)) {
		puts("skipped: needs root, for network namespaces");
		return 77;
	}
	const int64_t end = clock_monotonic_ms() + seconds * 1000;
	while (t.pushes < count && (seconds == 0 || clock_monotonic_ms() < end))
		round_run(&t);
	printf(t.json ? "{\"pushes\":%lu,\"killed\":%lu,\"failures\":%lu,\"lockouts\":%lu,\"foreign_changes\":%lu}\n"
	              : "%lu pushes, %lu of them killed; %lu failures, %lu lockouts, %lu foreign changes\n",
	        t.pushes, t.killed, t.failures, t.lockouts, t.foreign);
	world_end(&t);
	return t.failures == 0 ? 0 : 1;
}
