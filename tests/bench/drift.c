/*
 * Drift: from `nft delete rule` returning to the verdict changed in the published snapshot, with the monitor that follows
 * events, beside a full dump and a full verification of the same ruleset in the same run. Works in a network namespace of
 * its own with the example's site and further rules in front of its own; refuses to run without root.
 */
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.h"
#include "daemon/monitor.h"
#include "portcullis/alloc.h"
#include "portcullis/clock.h"

#define RUNS 100
#define PEER_RUNS 30
#define LOST_MS 20000

static const char device[] =
        "ip link set lo up && for i in lan0 srv0 dmz0; do ip link add $i type veth peer name peer-$i && "
        "ip link set $i up && ip link set peer-$i up || exit 1; done && ip addr add 10.10.0.1/16 dev lan0 && "
        "ip addr add 10.11.0.1/24 dev lan0 && ip addr add 10.20.0.1/16 dev srv0 && ip addr add 10.30.0.1/24 dev dmz0 "
        "&& "
        "ip addr add fd00:10::1/48 dev lan0 nodad && ip addr add fd00:20::1/32 dev srv0 nodad && "
        "ip addr add fd00:30::1/48 dev dmz0 nodad && nft -f '" SOURCE_DIR "/contrib/example/ruleset.nft'";
static const char take_away[] =
        "nft delete rule inet filter to_servers handle $(nft -a list chain inet filter to_servers | "
        "sed -n 's/.*demonstration.* handle //p')";
static const char put_back[] =
        "nft insert rule inet filter to_servers ip saddr @clients4 ip daddr 10.20.1.100 tcp dport "
        "5061 accept comment '\"demonstration\"'";

struct drift {
	struct config *config;
	struct journal *journal;
	struct catalog *catalog;
	struct site *site;
	struct network network;
	struct flows flows;
	struct nft_ops nft, peer;
	struct hub *hub;
	struct monitor *monitor;
	pthread_t thread;
	int wake;
	atomic_bool stop;
	pthread_mutex_t turn; /* who works: the monitor or the peer */
	double ours[RUNS], theirs[PEER_RUNS];
	uint64_t dumps;
};

static double now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void shell(const char *command)
{
	if (system(command) != 0) {
		fprintf(stderr, "bench: a command failed: %s\n", command);
		exit(1);
	}
}

static void must(int result, const struct error *err)
{
	if (result == 0)
		return;
	fprintf(stderr, "bench: %s\n", err->text);
	exit(1);
}

/* Rules of other traffic in front of the example's own. */
static void fill(size_t rules)
{
	FILE *f = popen("nft -f -", "w");
	for (size_t i = 0; f != NULL && i < rules; i++)
		fprintf(f,
		        "insert rule inet filter forward ip saddr 10.%zu.%zu.%zu ip daddr 10.%zu.%zu.2 tcp dport %zu "
		        "accept\n",
		        100 + i % 100, i / 100 % 250, 1 + i % 7, 150 + i % 50, i / 50 % 250, 1000 + i % 5000);
	if (f == NULL || pclose(f) != 0)
		exit(1);
}

static int counted_dump(void *self, struct nft_dump *out, struct error *err)
{
	struct drift *d = self;
	d->dumps++;
	return d->peer.dump(d->peer.self, out, err);
}

static int legacy(void *self, char **out, struct error *err)
{
	struct drift *d = self;
	return d->peer.legacy(d->peer.self, out, err);
}

/* The daemon's loop without its faces. */
static void *loop(void *arg)
{
	struct drift *d = arg;
	struct pollfd fds[] = {{d->nft.event_fd(d->nft.self), POLLIN, 0}, {d->wake, POLLIN, 0}};
	while (!d->stop) {
		struct nft_event event;
		struct error err;
		struct changes changes;
		pthread_mutex_lock(&d->turn);
		must(d->nft.events(d->nft.self, &event, &err), &err);
		if (event.changed || event.overrun)
			monitor_changed(d->monitor, CAUSE_RULESET, &event, clock_monotonic_ms());
		nft_event_fini(&event);
		int wait = monitor_step(d->monitor, clock_monotonic_ms(), clock_wall_s(), &changes);
		changes_fini(&changes);
		pthread_mutex_unlock(&d->turn);
		poll(fds, 2, wait);
	}
	return NULL;
}

static bool blocked(struct drift *d)
{
	struct snapshot *s = hub_get(d->hub);
	bool is = s != NULL && s->summary.count[VERDICT_BLOCKED] > 0;
	snapshot_unref(s);
	return is;
}

static double await(struct drift *d, bool want, double from)
{
	const struct timespec pause = {.tv_nsec = 20000};
	while (blocked(d) != want && now_ms() - from < LOST_MS)
		nanosleep(&pause, NULL);
	return now_ms() - from;
}

/* What the peer does after each change; @return flows that are blocked. */
static size_t whole(struct drift *d)
{
	struct nft_dump dump;
	struct ruleset *rs;
	struct findings findings;
	struct openings openings;
	struct error err;
	size_t n = 0;
	must(d->peer.dump(d->peer.self, &dump, &err), &err);
	must(ruleset_parse_netlink(dump.bytes, dump.len, &rs, &err), &err);
	must(verify_flows(&d->flows, rs, NULL, d->site, 1000, &findings, &err), &err);
	must(verify_openings(&d->flows, rs, d->site, &d->network, 1000, &openings, &err), &err);
	for (size_t i = 0; i < findings.n; i++)
		n += findings.finding[i].verdict == VERDICT_BLOCKED;
	findings_fini(&findings);
	openings_fini(&openings);
	ruleset_free(rs);
	nft_dump_fini(&dump);
	return n;
}

/* The first snapshot is that of a full dump. */
static void await_start(struct drift *d)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	bool started = false;
	for (double from = now_ms(); !started && now_ms() - from < LOST_MS;) {
		struct snapshot *s = hub_get(d->hub);
		started = s != NULL && s->summary.rules > 0;
		snapshot_unref(s);
		nanosleep(&pause, NULL);
	}
}

static void measure(struct drift *d)
{
	await_start(d);
	for (size_t i = 0; i < RUNS; i++) {
		shell(take_away);
		d->ours[i] = await(d, true, now_ms());
		shell(put_back);
		await(d, false, now_ms());
		if (i >= PEER_RUNS)
			continue;
		pthread_mutex_lock(&d->turn);
		shell(take_away);
		double from = now_ms();
		if (whole(d) == 0)
			exit(1);
		d->theirs[i] = now_ms() - from;
		shell(put_back);
		pthread_mutex_unlock(&d->turn);
		await(d, false, now_ms());
	}
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void report(struct drift *d, size_t rules, bool json)
{
	qsort(d->ours, RUNS, sizeof(double), compare);
	qsort(d->theirs, PEER_RUNS, sizeof(double), compare);
	double ours = d->ours[RUNS / 2], theirs = d->theirs[PEER_RUNS / 2];
	double ours_99 = d->ours[RUNS * 99 / 100], theirs_99 = d->theirs[PEER_RUNS * 99 / 100];
	if (json)
		printf("{\"work\":\"drift\",\"size\":%zu,\"ours\":%.3f,\"ours_99\":%.3f,\"peer\":\"full dump and full "
		       "verification\",\"theirs\":%.3f,\"theirs_99\":%.3f,\"unit\":\"ms\",\"ratio\":%.3f,\"changes\":%"
		       "d,"
		       "\"dumps\":%llu}\n",
		        rules, ours, ours_99, theirs, theirs_99, ours / theirs, 2 * (RUNS + PEER_RUNS),
		        (unsigned long long)d->dumps);
	else
		printf("drift, %6zu rules: %8.3f ms (99th percentile %8.3f), full dump and verification %8.3f ms "
		       "(%8.3f), ratio %.3f; %llu full dumps for %d changes\n",
		        rules, ours, ours_99, theirs, theirs_99, ours / theirs, (unsigned long long)d->dumps,
		        2 * (RUNS + PEER_RUNS));
	fflush(stdout);
}

static void open_all(struct drift *d, const char *directory)
{
	struct error err = {0};
	must(nft_open_direct(&d->nft, &err), &err);
	must(nft_open_direct(&d->peer, &err), &err);
	must(journal_open(directory, &d->journal, &err), &err);
	must(catalog_load(SOURCE_DIR "/yang/catalog", NULL, SOURCE_DIR "/yang", &d->catalog, &err), &err);
	must(config_open(SOURCE_DIR "/yang", d->journal, d->catalog, &d->config, &err), &err);
	must(config_load_file(d->config, SOURCE_DIR "/contrib/example/deployment.json", &err), &err);
	must(config_site(d->config, &d->site, &err), &err);
	must(network_read(&d->network, &err), &err);
	must(flows_derive(d->site, d->catalog, &d->network, 1000, &d->flows, &err), &err);
	d->hub = hub_new();
	d->wake = eventfd(0, EFD_CLOEXEC);
	pthread_mutex_init(&d->turn, NULL);
	struct nft_ops counted = d->nft;
	counted.self = d;
	counted.dump = counted_dump;
	counted.legacy = legacy;
	struct monitor_parts parts = {
	        d->config, d->journal, counted, d->hub, catalog_ref(d->catalog), NULL, NULL, 0, clock_monotonic_ms};
	must(monitor_new(&parts, &d->monitor, &err), &err);
}

/* In a process of its own: a namespace, and what the libraries keep, end with it. */
__attribute__((noreturn)) static void drift(size_t rules, bool json)
{
	char directory[] = "/tmp/portcullis-drift-XXXXXX";
	struct drift d = {0};
	const uint64_t one = 1;
	if (unshare(CLONE_NEWNET) != 0 || mkdtemp(directory) == NULL)
		exit(1);
	shell(device);
	fill(rules);
	open_all(&d, directory);
	if (pthread_create(&d.thread, NULL, loop, &d) != 0)
		exit(1);
	measure(&d);
	d.stop = true;
	if (write(d.wake, &one, sizeof(one)) < 0)
		exit(1);
	pthread_join(d.thread, NULL);
	report(&d, rules, json);
	char *remove = xasprintf("rm -r %s", directory);
	shell(remove);
	free(remove);
	_exit(0);
}

int bench_drift(bool json)
{
	static const size_t sizes[] = {100, 1000, 10000};
	if (geteuid() != 0) {
		fprintf(stderr, "bench: drift needs root for a network namespace\n");
		return 1;
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		int status;
		pid_t pid = fork();
		if (pid == 0)
			drift(sizes[i], json);
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
			return 1;
	}
	return 0;
}
