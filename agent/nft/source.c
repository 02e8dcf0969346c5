/*
 * The kernel as a source: whole dumps, the multicast messages of changes (NFNLGRP_NFTABLES), the names of the iptables-legacy
 * tables and the tracked connections go out as bytes, batches and connections to end go in. Messages that the kernel did not
 * send itself are refused, as are batches that add and add; lost messages are told as an overrun.
 */
#include "nft/source.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "portcullis/alloc.h"
#include "portcullis/nft.h"
#include "portcullis/text.h"

#define WATCH_BUFFER (8 << 20)
#define DATAGRAM ((size_t)65536)
#define LEGACY_MAX ((size_t)1024)

/* So much may be added to the table before it has to be made anew: the guard of batches has no memory of those before. */
#define ADDITIONS_MAX 256u
#define ADDED_MAX (8 * NFT_BATCH_MAX)

struct kernel {
	int watch, proc;
	unsigned n_addition; /* batches that added sets since the table was made */
	size_t added; /* their bytes */
};

static int kernel_dump(void *self, int peer, struct nft_bytes *out, struct error *err)
{
	(void)self;
	return nft_dump_read(peer, out, err);
}

/* "filter\nnat\n" becomes "ip filter,ip nat". */
static void add_names(struct text *to, const char *family, const char *lines, size_t len)
{
	const char *end = lines + len;
	while (lines < end) {
		const char *stop = memchr(lines, '\n', (size_t)(end - lines));
		if (stop == NULL)
			stop = end;
		if (stop > lines) {
			text_addf(to, "%s%s ", to->len > 0 ? "," : "", family);
			text_addn(to, lines, (size_t)(stop - lines));
		}
		lines = stop + 1;
	}
}

/* No file: the kernel has no iptables-legacy for this family. One that cannot be read may hide tables: said so. */
static int read_names(const struct kernel *k, const char *file, const char *family, struct text *to, struct error *err)
{
	char lines[LEGACY_MAX];
	size_t len = 0;
	ssize_t n = 0;
	int fd = openat(k->proc, file, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 && (errno == EACCES || errno == EPERM)) {
		text_addf(to, "%s%s tables (not readable)", to->len > 0 ? "," : "", family);
		return 0;
	}
	if (fd < 0)
		return error_set(err, ERR_IO, file, "%s", strerror(errno));
	while (len < sizeof(lines) && (n = read(fd, lines + len, sizeof(lines) - len)) > 0)
		len += (size_t)n;
	int error = errno;
	close(fd);
	if (n < 0)
		return error_set(err, ERR_IO, file, "%s", strerror(error));
	add_names(to, family, lines, len);
	return 0;
}

static int kernel_legacy(void *self, char **out, struct error *err)
{
	const struct kernel *k = self;
	struct text names = {0};
	*out = NULL;
	if (read_names(k, "ip_tables_names", "ip", &names, err) != 0 ||
	        read_names(k, "ip6_tables_names", "ip6", &names, err) != 0) {
		text_fini(&names);
		return -1;
	}
	if (names.len > 0)
		*out = text_take(&names);
	return 0;
}

static int kernel_policies(void *self, struct nft_bytes *out, struct error *err)
{
	(void)self;
	return nft_policies_read(out, err);
}

static int kernel_connections(void *self, int peer, struct nft_bytes *out, struct error *err)
{
	(void)self;
	return nft_connections_read(peer, out, err);
}

static int kernel_end(void *self, const uint8_t *records, size_t len, struct nft_ended *out, struct error *err)
{
	(void)self;
	return nft_connections_end(records, len, out, err);
}

/* What a batch does is said by its second message (nft/walk.c); 0: there is none. */
static uint16_t second_type(const uint8_t *bytes, size_t len)
{
	struct nlmsghdr m;
	size_t at;
	if (len < sizeof(m))
		return 0;
	memcpy(&m, bytes, sizeof(m));
	at = nft_netlink_aligned(m.nlmsg_len);
	if (m.nlmsg_len < sizeof(m) || at > len || len - at < sizeof(m))
		return 0;
	memcpy(&m, bytes + at, sizeof(m));
	return (uint16_t)NFNL_MSG_TYPE(m.nlmsg_type);
}

static int kernel_transaction(
        void *self, uint8_t *bytes, size_t len, bool commit, struct nft_verdict *out, struct error *err)
{
	struct kernel *k = self;
	const uint16_t what = second_type(bytes, len);
	bool adds = commit && what == NFT_MSG_NEWSET;
	if (adds && (k->n_addition == ADDITIONS_MAX || len > ADDED_MAX - k->added))
		return error_set(err, ERR_LIMIT, "privileged process",
		        "sets were added %u times since the table was made: replace it as a whole", k->n_addition);
	int result = nft_transaction(bytes, len, commit, out, err);
	/* An answer that is lost counts. */
	if (adds && (result != 0 || out->done)) {
		k->n_addition++;
		k->added += len;
	}
	if (commit && what == NFT_MSG_DELTABLE && result == 0 && out->done) {
		k->n_addition = 0;
		k->added = 0;
	}
	return result;
}

static int kernel_event_fd(void *self)
{
	return ((const struct kernel *)self)->watch;
}

/* Only what nf_tables says: the group carries nothing else today. */
static int keep(const uint8_t *datagram, size_t len, struct nft_bytes *out, bool *overrun, struct error *err)
{
	if (nft_netlink_check(datagram, len, NULL) != 0) {
		*overrun = true;
		return 0;
	}
	return nft_bytes_add(out, datagram, len, NFT_EVENT_MAX, err);
}

static int kernel_events(void *self, struct nft_bytes *out, bool *overrun, struct error *err)
{
	const struct kernel *k = self;
	uint8_t datagram[DATAGRAM];
	while (out->len <= NFT_EVENT_MAX - DATAGRAM) {
		struct sockaddr_nl from = {0};
		struct iovec iov = {.iov_base = datagram, .iov_len = sizeof(datagram)};
		struct msghdr m = {.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1};
		ssize_t n = recvmsg(k->watch, &m, MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == ENOBUFS) {
			*overrun = true;
			continue;
		}
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (n < 0)
			return error_set(err, ERR_IO, "nf_tables events", "%s", strerror(errno));
		if (from.nl_pid != 0)
			continue;
		if (m.msg_flags & MSG_TRUNC)
			*overrun = true;
		else if (keep(datagram, (size_t)n, out, overrun, err) != 0)
			return -1;
	}
	return 0;
}

static void kernel_close(void *self)
{
	struct kernel *k = self;
	if (k->watch >= 0)
		close(k->watch);
	if (k->proc >= 0)
		close(k->proc);
	free(k);
}

static int watch_open(struct error *err)
{
	static const int size = WATCH_BUFFER, group = NFNLGRP_NFTABLES;
	struct sockaddr_nl address = {.nl_family = AF_NETLINK};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);
	if (fd < 0)
		return error_set(err, errno == EPROTONOSUPPORT ? ERR_UNAVAILABLE : ERR_IO, "nf_tables events",
		        "no netfilter netlink socket: %s", strerror(errno));
	/* Without the right to force it, as much as the system allows must do: what is lost is told as an overrun. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
	        setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) == 0)
		return fd;
	if (errno == EPERM)
		error_set(err, ERR_DENIED, "nf_tables events",
		        "watching the ruleset needs CAP_NET_ADMIN: start it as root, or give its service "
		        "AmbientCapabilities=CAP_NET_ADMIN");
	else
		error_set(err, ERR_IO, "nf_tables events", "no subscription to changes: %s", strerror(errno));
	close(fd);
	return -1;
}

int nft_source_proc_fd(const struct nft_source *source)
{
	return ((const struct kernel *)source->self)->proc;
}

int nft_source_open(struct nft_source *out, struct error *err)
{
	struct kernel *k = xcalloc(1, sizeof(*k));
	k->proc = -1;
	k->watch = watch_open(err);
	if (k->watch >= 0)
		k->proc = open("/proc/self/net", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (k->watch >= 0 && k->proc < 0)
		error_set(err, ERR_IO, "/proc/self/net", "%s: is /proc mounted?", strerror(errno));
	if (k->proc < 0) {
		kernel_close(k);
		return -1;
	}
	*out = (struct nft_source){
	        .self = k,
	        .dump = kernel_dump,
	        .legacy = kernel_legacy,
	        .policies = kernel_policies,
	        .event_fd = kernel_event_fd,
	        .events = kernel_events,
	        .close = kernel_close,
	        .transaction = kernel_transaction,
	        .connections = kernel_connections,
	        .end = kernel_end,
	};
	return 0;
}
