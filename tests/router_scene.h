#ifndef TESTS_ROUTER_SCENE_H
#define TESTS_ROUTER_SCENE_H

/*
 * A router between two hosts, in network namespaces of their own: a stream of packets that it is to pass and of some that it
 * is not, and what went by before and behind its table of priority 0. For tests and measurements, as root.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Of the example deployment: clients to the front end's media ports, and to a port that nobody needs. */
#define ROUTER_CLIENT "10.10.0.2"
#define ROUTER_SERVER "10.20.1.11"
#define ROUTER_WANTED 50000
#define ROUTER_UNWANTED 40000
#define ROUTER_EVERY 10 /* packet is one that is not to pass */

/** The calling process is the router, with lan0 to the one and srv0 to the other. */
struct router {
	int home, client, server; /**< namespaces */
};

static inline bool router_run(const char *command)
{
	if (system(command) == 0)
		return true;
	fprintf(stderr, "'%s' failed\n", command);
	return false;
}

static inline bool router_enter(int ns)
{
	return setns(ns, CLONE_NEWNET) == 0;
}

/* A host behind an interface of the router, with so many addresses of its network. */
static inline bool router_host(struct router *r, int *out, const char *ifname, const char *address, const char *gateway)
{
	char command[512];

	if (unshare(CLONE_NEWNET) != 0 || (*out = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)) < 0 ||
	        !router_enter(r->home))
		return false;
	snprintf(command, sizeof(command),
	        "ip link add %s type veth peer name e0 netns /proc/%d/fd/%d && ip addr add %s/16 dev %s && "
	        "ip link set %s up",
	        ifname, (int)getpid(), *out, gateway, ifname, ifname);
	if (!router_run(command) || !router_enter(*out))
		return false;
	snprintf(command, sizeof(command),
	        "ip link set lo up && ip addr add %s/16 dev e0 && ip link set e0 up && ip route add default via %s",
	        address, gateway);
	return router_run(command) && router_enter(r->home);
}

/** Hosts with these addresses of /16 behind these of the router. */
struct router_plan {
	const char *client, *client_side, *server, *server_side;
};

/** In a new namespace, which stays the caller's. @return 0, or -1: told on standard error */
static inline int router_make(struct router *r, const struct router_plan *plan)
{
	if (unshare(CLONE_NEWNET) != 0 || (r->home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)) < 0 ||
	        !router_run("ip link set lo up && sysctl -qw net.ipv4.ip_forward=1") ||
	        !router_host(r, &r->client, "lan0", plan->client, plan->client_side) ||
	        !router_host(r, &r->server, "srv0", plan->server, plan->server_side))
		return -1;
	return 0;
}

/** The same with counters of the stream. */
static inline int router_open(struct router *r)
{
	static const struct router_plan plan = {ROUTER_CLIENT, "10.10.0.1", ROUTER_SERVER, "10.20.0.1"};
	char command[1024];

	if (router_make(r, &plan) != 0)
		return -1;
	snprintf(command, sizeof(command),
	        "nft -f - <<'E'\ntable inet seen {\ncounter came { }\ncounter went { }\ncounter leaked { }\n"
	        "chain before { type filter hook forward priority -10; udp dport %d counter name came; }\n"
	        "chain behind { type filter hook forward priority 10; udp dport %d counter name went;"
	        " udp dport %d counter name leaked; }\n}\nE",
	        ROUTER_WANTED, ROUTER_WANTED, ROUTER_UNWANTED);
	if (!router_run(command) || !router_enter(r->server))
		return -1;
	/* Counted, and not answered. */
	snprintf(command, sizeof(command),
	        "nft 'table inet seen { counter came { }; chain c { type filter hook prerouting priority -300; "
	        "udp dport %d counter name came drop; udp dport %d drop; }; }'",
	        ROUTER_WANTED, ROUTER_UNWANTED);
	return router_run(command) && router_enter(r->home) ? 0 : -1;
}

static inline void router_close(struct router *r)
{
	close(r->home);
	close(r->client);
	close(r->server);
}

/* ---- what went by ---- */

struct router_seen {
	unsigned long came, went, leaked; /**< packets to forward, and behind priority 0 */
	unsigned long arrived; /**< at the server */
};

static inline unsigned long router_counter(const char *name)
{
	char command[96];
	unsigned long n = 0;
	FILE *f;

	snprintf(command, sizeof(command), "nft list counter inet seen %s | sed -n 's/.*packets \\([0-9]*\\) .*/\\1/p'",
	        name);
	f = popen(command, "r");
	if (f == NULL || fscanf(f, "%lu", &n) != 1)
		fprintf(stderr, "counter %s cannot be read\n", name);
	if (f != NULL)
		pclose(f);
	return n;
}

/* Packets may be on their way still: twice the same is the end. */
static inline struct router_seen router_look(const struct router *r)
{
	struct router_seen now = {0}, before;

	do {
		before = now;
		now = (struct router_seen){router_counter("came"), router_counter("went"), router_counter("leaked"), 0};
		if (!router_enter(r->server))
			break;
		now.arrived = router_counter("came");
		if (!router_enter(r->home))
			break;
	} while (memcmp(&now, &before, sizeof(now)) != 0);
	return now;
}

/* ---- the stream ---- */

struct router_stream {
	pid_t pid;
	int gone; /* eventfd: unwanted ones that were sent */
	struct router_shared {
		atomic_bool stop;
		atomic_ulong wanted, unwanted; /* sent */
	} * shared;
};

static inline int router_socket(uint16_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, ROUTER_SERVER, &to.sin_addr);
	return fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0 ? fd : -1;
}

/* So many packets each millisecond; what the machine keeps us from is not made up for. */
__attribute__((noreturn)) static inline void router_send(
        const struct router_stream *to, int wanted, int unwanted, unsigned rate)
{
	struct router_shared *s = to->shared;
	struct timespec next;
	uint64_t number = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (!atomic_load(&s->stop)) {
		clock_gettime(CLOCK_MONOTONIC, &next);
		for (unsigned i = 0; i < rate / 1000; i++) {
			bool good = ++number % ROUTER_EVERY != 0;

			if (send(good ? wanted : unwanted, &number, sizeof(number), 0) == sizeof(number))
				atomic_fetch_add(good ? &s->wanted : &s->unwanted, 1);
			if (!good)
				(void)!eventfd_write(to->gone, 1);
		}
		next.tv_nsec += 1000000;
		next.tv_sec += next.tv_nsec / 1000000000;
		next.tv_nsec %= 1000000000;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
	_exit(0);
}

/** @param rate  packets per second, thousands. @return 0 or -1 */
static inline int router_start(const struct router *r, unsigned rate, struct router_stream *out)
{
	int wanted, unwanted;

	out->shared = mmap(NULL, sizeof(*out->shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	out->gone = eventfd(0, EFD_CLOEXEC);
	if (out->shared == MAP_FAILED || out->gone < 0 || !router_enter(r->client))
		return -1;
	wanted = router_socket(ROUTER_WANTED);
	unwanted = router_socket(ROUTER_UNWANTED);
	if (!router_enter(r->home) || wanted < 0 || unwanted < 0)
		return -1;
	if ((out->pid = fork()) == 0)
		router_send(out, wanted, unwanted, rate);
	close(wanted);
	close(unwanted);
	return out->pid > 0 ? 0 : -1;
}

/** Until so many more of those that are not to pass were sent. */
static inline void router_await(const struct router_stream *s, unsigned long more)
{
	const unsigned long until = atomic_load(&s->shared->unwanted) + more;
	eventfd_t n;

	while (atomic_load(&s->shared->unwanted) < until && eventfd_read(s->gone, &n) == 0)
		;
}

/** @return packets sent that are to pass. */
static inline unsigned long router_stop(struct router_stream *s)
{
	unsigned long sent;

	atomic_store(&s->shared->stop, true);
	waitpid(s->pid, NULL, 0);
	sent = atomic_load(&s->shared->wanted);
	close(s->gone);
	munmap(s->shared, sizeof(*s->shared));
	return sent;
}

#endif
