#ifndef TESTS_CONNECTION_SCENE_H
#define TESTS_CONNECTION_SCENE_H

/*
 * What the tests of connections share: a client, a router and a server, each in a namespace of its own, real sockets in them,
 * and the rules and the connection tracking of the router.
 */
#include <arpa/inet.h>
#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nft/process.h"
#include "portcullis/alloc.h"
#include "portcullis/push.h"

enum place { CLIENT, ROUTER, SERVER, PLACES };
static int place[PLACES];
static struct network network;
static struct nft_ops nft;

static const char *const client_address[] = {"10.0.0.2", "fd00::2"}, *const server_address[] = {"10.1.0.2", "fd01::2"},
                         *const router_address[] = {"10.0.0.1", "fd00::1"};

static void shell(const char *command)
{
	ck_assert_msg(system(command) == 0, "%s", command);
}

static void enter(enum place p)
{
	ck_assert_int_eq(setns(place[p], CLONE_NEWNET), 0);
}

/** Addresses in it are good at once. */
static int namespace_new(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	shell("sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 && ip link set lo up");
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	return fd;
}

static void link_make(const char *name, const char *peer, enum place to)
{
	char command[256];
	snprintf(command, sizeof(command), "ip link add %s type veth peer name %s netns /proc/%d/fd/%d", name, peer,
	        (int)getpid(), place[to]);
	shell(command);
}

static void scene_open(bool process)
{
	struct nft_process child;
	struct error err = {0};
	for (int i = 0; i < PLACES; i++)
		place[i] = namespace_new();
	enter(ROUTER);
	link_make("c0", "e0", CLIENT);
	link_make("s0", "e0", SERVER);
	shell("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 && ip link set c0 up && ip link "
	      "set s0 up "
	      "&& ip addr add 10.0.0.1/24 dev c0 && ip addr add 10.1.0.1/24 dev s0 && "
	      "ip addr add fd00::1/64 dev c0 nodad && ip addr add fd01::1/64 dev s0 nodad");
	enter(CLIENT);
	shell("ip link set e0 up && ip addr add 10.0.0.2/24 dev e0 && ip addr add fd00::2/64 dev e0 nodad && "
	      "ip route add default via 10.0.0.1 && ip -6 route add default via fd00::1");
	enter(SERVER);
	shell("ip link set e0 up && ip addr add 10.1.0.2/24 dev e0 && ip addr add fd01::2/64 dev e0 nodad && "
	      "ip route add default via 10.1.0.1 && ip -6 route add default via fd01::1");
	enter(ROUTER);
	if (process) {
		ck_assert_msg(nft_process_start(&child, &err) == 0, "%s", err.text);
		ck_assert_msg(nft_open_process(&child, &nft, &err) == 0, "%s", err.text);
	} else {
		ck_assert_msg(nft_open_direct(&nft, &err) == 0, "%s", err.text);
	}
	ck_assert_int_eq(network_read(&network, &err), 0);
}

static void scene_close(void)
{
	nft.close(nft.self);
	network_fini(&network);
	for (int i = 0; i < PLACES; i++)
		close(place[i]);
}

/** The router's rules, in place of all others. */
static void rules(const char *text)
{
	FILE *f = popen("nft -f -", "w");
	ck_assert_ptr_nonnull(f);
	fprintf(f, "flush ruleset\n%s", text);
	ck_assert_msg(pclose(f) == 0, "nft refuses: %s", text);
}

static struct ruleset *rules_read(void)
{
	struct ruleset *rs;
	struct error err = {0};
	ck_assert_msg(nft_ruleset(&nft, NULL, &rs, &err) == 0, "%s", err.text);
	return rs;
}

/* ---- sockets ---- */

struct talk {
	int near, far, listener; /**< the side that opened it, the other one */
};

static socklen_t address_of(const char *text, uint16_t port, struct sockaddr_storage *out)
{
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, &four.sin_addr) == 1) {
		memcpy(out, &four, sizeof(four));
		return sizeof(four);
	}
	ck_assert_int_eq(inet_pton(AF_INET6, text, &six.sin6_addr), 1);
	memcpy(out, &six, sizeof(six));
	return sizeof(six);
}

static int socket_in(enum place p, const char *address, int type, uint16_t port)
{
	const int on = 1;
	struct sockaddr_storage a;
	socklen_t len = address_of(address, port, &a);
	enter(p);
	int fd = socket(a.ss_family, type | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	ck_assert_msg(bind(fd, (const struct sockaddr *)&a, len) == 0, "%s %u: %m", address, port);
	enter(ROUTER);
	return fd;
}

static bool comes(int fd, int wait_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	return poll(&p, 1, wait_ms) > 0;
}

/** A word gets across in both directions. */
static bool talks(const struct talk *t, int wait_ms)
{
	char buf[8];
	return send(t->near, "there", 5, MSG_NOSIGNAL) == 5 && comes(t->far, wait_ms) && recv(t->far, buf, 8, 0) > 0 &&
	       send(t->far, "back", 4, MSG_NOSIGNAL) == 4 && comes(t->near, wait_ms) && recv(t->near, buf, 8, 0) > 0;
}

/** Of UDP the other side answers to where the first packet came from. */
static void answer_first(const struct talk *t)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	char byte;
	ck_assert_int_eq(send(t->near, "x", 1, 0), 1);
	ck_assert(comes(t->far, 5000));
	ck_assert_int_eq(recvfrom(t->far, &byte, 1, 0, (struct sockaddr *)&from, &len), 1);
	ck_assert_int_eq(connect(t->far, (const struct sockaddr *)&from, len), 0);
}

/**
 * A connection from `from` to `to`:port, which arrives in `at` at own:own_port. It has said something in both directions.
 */
static struct talk talk_open(int type, enum place from, const char *source, const char *to, uint16_t port,
        enum place at, const char *own, uint16_t own_port)
{
	struct talk t = {.listener = -1};
	struct sockaddr_storage a;
	socklen_t len = address_of(to, port, &a);
	int far = socket_in(at, own, type, own_port);
	t.near = socket_in(from, source, type, 0);
	if (type == SOCK_STREAM)
		ck_assert_int_eq(listen(far, 5), 0);
	ck_assert_msg(connect(t.near, (const struct sockaddr *)&a, len) == 0, "%s %u: %m", to, port);
	if (type == SOCK_STREAM) {
		t.listener = far;
		ck_assert(comes(far, 5000));
		t.far = accept(far, NULL, NULL);
		ck_assert_int_ge(t.far, 0);
	} else {
		t.far = far;
		answer_first(&t);
	}
	ck_assert(talks(&t, 5000));
	return t;
}

static struct talk talk_forward(int type, int v6, uint16_t port)
{
	return talk_open(type, CLIENT, client_address[v6], server_address[v6], port, SERVER, server_address[v6], port);
}

static uint16_t port_of(int fd)
{
	struct sockaddr_storage a;
	struct sockaddr_in four;
	socklen_t len = sizeof(a);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	memcpy(&four, &a, sizeof(four)); /* the port is in the same place */
	return ntohs(four.sin_port);
}

static void talk_close(struct talk *t)
{
	if (t->listener >= 0)
		close(t->listener);
	close(t->near);
	close(t->far);
}

/* ---- what is tracked ---- */

static struct connections tracked(void)
{
	struct connections c;
	struct error err = {0};
	ck_assert_msg(nft_connections(&nft, &c, &err) == 0, "%s: %s", err.where, err.text);
	return c;
}

/** The entry to a port that was opened first; id 0: there is none. */
static struct connection tracked_to(uint8_t proto, uint16_t port)
{
	struct connections c = tracked();
	struct connection found = {.id = 0};
	for (size_t i = 0; i < c.n; i++)
		if (c.connection[i].proto == proto && c.connection[i].destination_port == port)
			found = c.connection[i];
	connections_fini(&c);
	return found;
}

static struct connection_report judged(const struct ruleset *now, const struct ruleset *then)
{
	const struct connection_question q = {.now = now, .then = then, .net = &network};
	struct connection_report r;
	struct error err = {0};
	ck_assert_msg(push_connections(&nft, &q, &r, &err) == 0, "%s: %s", err.where, err.text);
	return r;
}

#endif
