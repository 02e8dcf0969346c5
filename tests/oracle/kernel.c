/*
 * The kernel's side: a network namespace with tun devices in pairs, into which packets are written and out of which they
 * are read, and raw sockets for what the device itself sends and receives. It refuses to run where it may not make a
 * namespace, and never touches another one.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/netfilter/nfnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "oracle/kernel.h"
#include "portcullis/alloc.h"

#define WAIT_MS 300

static const uint8_t listened[] = {PROTO_TCP, PROTO_UDP, PROTO_ICMP, PROTO_ICMPV6, 89, 50, 103};

bool address_is_local(enum family f, u128 a)
{
	if (f == FAMILY_IPV4)
		return a >> 8 == 0x0a4d00 || a >> 16 == 0x0a63;
	return a >> 16 == (u128)0xfd77 << 96 || a >> 16 == (u128)0xfd99 << 96;
}

bool address_is_usable(enum family f, u128 a)
{
	unsigned top;

	if (address_is_local(f, a))
		return false;
	if (f == FAMILY_IPV4) {
		top = (unsigned)(a >> 24);
		return top > 0 && top != 127 && top < 224;
	}
	top = (unsigned)(a >> 112);
	return top > 0 && top < 0xfe80;
}

static int tun_open(const char *name)
{
	struct ifreq ifr = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (fd >= 0 && ioctl(fd, TUNSETIFF, &ifr) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void sysctl_set(const char *name, const char *value)
{
	char *path = xasprintf("/proc/sys/net/%s", name);
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	/* Not every kernel has all of them. */
	if (fd >= 0 && write(fd, value, strlen(value)) < 0)
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	free(path);
}

static void sysctls(const char *const *names)
{
	static const char *const each[] = {"rp_filter", "send_redirects"};

	sysctl_set("ipv4/ip_forward", "1");
	sysctl_set("ipv6/conf/all/forwarding", "1");
	sysctl_set("ipv4/conf/all/rp_filter", "0");
	sysctl_set("ipv4/conf/all/accept_local", "1");
	for (int d = 0; d < DEVICES; d++) {
		for (size_t i = 0; i < 2; i++) {
			char *name = xasprintf("ipv4/conf/%s/%s", names[d], each[i]);

			sysctl_set(name, "0");
			free(name);
		}
	}
}

/** Routes by the device of arrival, so that any address may be on any side; nothing of the device's own has a way out. */
static void family_routes(struct text *t, const char *const *names, bool six)
{
	text_addf(t, "route add local %s dev lo table local\n", six ? "fd77::/112" : "10.77.0.0/24");
	text_addf(t, "route add local %s dev lo table local\n", six ? "fd99::/112" : "10.99.0.0/16");
	for (int d = 0; d < DEVICES; d++) {
		const char *name = names[d], *partner = names[d ^ 1];

		text_addf(t, six ? "addr add fd99::%d/128 dev %s nodad\n" : "addr add 10.99.%d.1/32 dev %s\n", d, name);
		text_addf(t, "rule add iif %s lookup %d pref %d\n", name, 100 + d, 100 + d);
		text_addf(t, "route add default dev %s table %d\n", partner, 100 + d);
		text_addf(t, "rule add iif lo oif %s lookup %d pref %d\n", name, 200 + d, 200 + d);
		text_addf(t, "route add default dev %s table %d\n", name, 200 + d);
	}
}

static int routes(const char *const *names)
{
	struct text four = {0}, six = {0};
	int rc;

	text_add(&four, "link set lo up\n");
	for (int d = 0; d < DEVICES; d++)
		text_addf(&four, "link set %s addrgenmode none\nlink set %s txqueuelen 4096 up\n", names[d], names[d]);
	family_routes(&four, names, false);
	family_routes(&six, names, true);
	rc = tool_run((const char *const[]){"ip", "-batch", "-", NULL}, text_str(&four), NULL);
	if (rc == 0)
		rc = tool_run((const char *const[]){"ip", "-6", "-batch", "-", NULL}, text_str(&six), NULL);
	text_fini(&four);
	text_fini(&six);
	return rc;
}

static int raw_socket(int family, int proto)
{
	int size = 8 << 20, fd = socket(family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, proto), on = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
	return fd;
}

static bool sockets_open(struct kernel *k)
{
	for (size_t i = 0; i < sizeof(listened); i++) {
		k->raw[0][i] = raw_socket(AF_INET, listened[i]);
		k->raw[1][i] = raw_socket(AF_INET6, listened[i]);
		if (k->raw[0][i] < 0 || k->raw[1][i] < 0)
			return false;
	}
	for (int d = 0; d < DEVICES; d++) {
		for (int six = 0; six < 2; six++) {
			int fd = raw_socket(six ? AF_INET6 : AF_INET, IPPROTO_RAW);

			k->out[six][d] = fd;
			if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, k->name[d],
			                      (socklen_t)strlen(k->name[d]) + 1) != 0)
				return false;
		}
	}
	return true;
}

static bool devices_open(struct kernel *k, const char *const *names)
{
	for (int d = 0; d < DEVICES; d++) {
		snprintf(k->name[d], sizeof(k->name[d]), "%s", names[d]);
		k->tun[d] = tun_open(names[d]);
		if (k->tun[d] < 0)
			return false;
	}
	return true;
}

struct kernel *kernel_new(const char *const *names, const char **why)
{
	struct kernel *k = xcalloc(1, sizeof(*k));

	memset(k->tun, 0xff, sizeof(k->tun));
	memset(k->raw, 0xff, sizeof(k->raw));
	memset(k->out, 0xff, sizeof(k->out));
	k->trace = -1;
	*why = NULL;
	if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0)
		*why = "needs root for network namespaces";
	else if (access("/dev/net/tun", R_OK | W_OK) != 0)
		*why = "needs /dev/net/tun";
	else if (!devices_open(k, names))
		*why = "cannot make tun devices";
	else if (sysctls(names), routes(names) != 0)
		*why = "needs ip (iproute2) to set up the namespace";
	else if (tool_run((const char *const[]){"nft", "list", "ruleset", NULL}, "", NULL) != 0)
		*why = "needs nft and nf_tables in the kernel";
	else if (!sockets_open(k) || !trace_open(k))
		*why = "cannot open raw and netlink sockets";
	if (*why == NULL)
		return k;
	kernel_free(k);
	return NULL;
}

static void close_all(int *fd, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fd[i] >= 0)
			close(fd[i]);
}

void kernel_free(struct kernel *k)
{
	if (k == NULL)
		return;
	close_all(k->tun, DEVICES);
	close_all(&k->raw[0][0], sizeof(k->raw) / sizeof(int));
	close_all(&k->out[0][0], sizeof(k->out) / sizeof(int));
	close_all(&k->trace, 1);
	free(k);
}

const char *kernel_device(const struct kernel *k, int device)
{
	return device < 0 ? "" : k->name[device];
}

static void take(struct kernel *k, struct sending *s, size_t n, int device, const struct wire *w)
{
	uint32_t i = w->marker - k->first_marker;

	if (i >= n)
		return;
	if (!s[i].arrival.arrived)
		k->n_arrived++;
	s[i].arrival = (struct arrival){true, device, *w};
}

static void read_tun(struct kernel *k, int device, struct sending *s, size_t n)
{
	uint8_t p[2048];
	struct wire w;
	ssize_t got;

	while ((got = read(k->tun[device], p, sizeof(p))) > 0)
		if (wire_read(p, (size_t)got, &w))
			take(k, s, n, device, &w);
}

static u128 address6(const struct in6_addr *a)
{
	u128 v = 0;

	for (size_t i = 0; i < 16; i++)
		v = v << 8 | a->s6_addr[i];
	return v;
}

static void read_raw6(struct kernel *k, int fd, uint8_t proto, struct sending *s, size_t n)
{
	uint8_t p[2048], control[256];
	struct sockaddr_in6 from;
	struct iovec iov = {p, sizeof(p)};
	ssize_t got;

	for (;;) {
		struct msghdr m = {.msg_name = &from,
		        .msg_namelen = sizeof(from),
		        .msg_iov = &iov,
		        .msg_iovlen = 1,
		        .msg_control = control,
		        .msg_controllen = sizeof(control)};
		struct wire w = {.family = FAMILY_IPV6, .proto = proto};
		struct cmsghdr *c;

		got = recvmsg(fd, &m, 0);
		if (got <= 0)
			return;
		w.source = address6(&from.sin6_addr);
		for (c = CMSG_FIRSTHDR(&m); c != NULL; c = CMSG_NXTHDR(&m, c)) {
			struct in6_pktinfo info;

			if (c->cmsg_level != IPPROTO_IPV6 || c->cmsg_type != IPV6_PKTINFO)
				continue;
			memcpy(&info, CMSG_DATA(c), sizeof(info));
			w.destination = address6(&info.ipi6_addr);
		}
		if (wire_read_transport(p, (size_t)got, &w))
			take(k, s, n, -1, &w);
	}
}

static void read_raw(struct kernel *k, struct sending *s, size_t n)
{
	uint8_t p[2048];
	struct wire w;
	ssize_t got;

	for (size_t i = 0; i < sizeof(listened); i++) {
		while ((got = read(k->raw[0][i], p, sizeof(p))) > 0)
			if (wire_read(p, (size_t)got, &w))
				take(k, s, n, -1, &w);
		read_raw6(k, k->raw[1][i], listened[i], s, n);
	}
}

static void read_all(struct kernel *k, struct sending *s, size_t n, bool local)
{
	for (int d = 0; d < DEVICES; d++)
		read_tun(k, d, s, n);
	if (local)
		read_raw(k, s, n);
}

/** Packets may be handed to a thread of the kernel's own: what should arrive gets time to. */
static void wait_any(const struct kernel *k)
{
	struct pollfd p[DEVICES + 2 * sizeof(listened)];
	nfds_t n = 0;

	for (int d = 0; d < DEVICES; d++)
		p[n++] = (struct pollfd){.fd = k->tun[d], .events = POLLIN};
	for (size_t i = 0; i < 2 * sizeof(listened); i++)
		p[n++] = (struct pollfd){.fd = k->raw[i % 2][i / 2], .events = POLLIN};
	poll(p, n, 5);
}

static void send_local(struct kernel *k, const struct sending *s, const uint8_t *p, size_t n)
{
	bool six = s->wire.family == FAMILY_IPV6;
	struct sockaddr_in four = {.sin_family = AF_INET};
	struct sockaddr_in6 to = {.sin6_family = AF_INET6};
	ssize_t rc;

	memcpy(&four.sin_addr, p + 16, 4);
	memcpy(&to.sin6_addr, p + 24, 16);
	/* A drop in the output hook is told as EPERM, a way out that the ruleset took away as another error. */
	rc = sendto(
	        k->out[six][s->device], p, n, 0, six ? (void *)&to : (void *)&four, six ? sizeof(to) : sizeof(four));
	(void)rc;
}

void kernel_send(struct kernel *k, struct sending *s, size_t n)
{
	size_t expected = 0;
	bool local = false;

	k->first_marker = k->next_marker;
	k->n_arrived = 0;
	for (size_t i = 0; i < n; i++) {
		uint8_t p[WIRE_MAX];
		size_t len;

		s[i].wire.marker = k->next_marker++;
		s[i].arrival.arrived = false;
		expected += s[i].expected;
		local = local || (!s[i].local && address_is_local(s[i].wire.family, s[i].wire.destination));
		len = wire_build(p, &s[i].wire);
		if (s[i].local)
			send_local(k, &s[i], p, len);
		else if (write(k->tun[s[i].device], p, len) < 0 && errno != EAGAIN)
			fprintf(stderr, "tun: %s\n", strerror(errno));
	}
	/* Redirections end here too. */
	for (int waited = 0;; waited += 5) {
		read_all(k, s, n, true);
		if (k->n_arrived >= expected || waited >= WAIT_MS)
			return;
		wait_any(k);
	}
}
