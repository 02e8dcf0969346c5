/*
 * Rulesets into the namespace and back: text goes in through nft or iptables-nft-restore, the kernel's own messages come
 * out and are read as the agent reads them. Connections are forgotten between rulesets. A ruleset that the tool refuses
 * is told with its words.
 */
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "netlink_dump.h"
#include "oracle/kernel.h"
#include "portcullis/alloc.h"

extern char **environ;

static int memory_file(const char *content)
{
	int fd = memfd_create("oracle", MFD_CLOEXEC);
	size_t n = strlen(content);

	if (fd < 0 || write(fd, content, n) != (ssize_t)n || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	return fd;
}

static char *memory_take(int fd)
{
	char buf[4096];
	ssize_t n;
	struct text t = {0};

	lseek(fd, 0, SEEK_SET);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		text_addn(&t, buf, (size_t)n);
	return text_take(&t);
}

int tool_run(const char *const *argv, const char *input, char **said)
{
	int in = memory_file(input), err = memory_file(""), status = 0;
	posix_spawn_file_actions_t actions;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", 01, 0);
	if (posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ) != 0 ||
	        waitpid(pid, &status, 0) != pid)
		status = -1;
	posix_spawn_file_actions_destroy(&actions);
	if (said != NULL)
		*said = memory_take(err);
	close(in);
	close(err);
	return status;
}

#define TRACE_RULES                                                                                                    \
	"flush ruleset\n"                                                                                              \
	"table inet " TRACE_TABLE " {\n"                                                                               \
	"chain a { type filter hook prerouting priority -1000; ip dscp 1 meta nftrace set 1\n"                         \
	"ip6 dscp 1 meta nftrace set 1; }\n"                                                                           \
	"chain b { type filter hook output priority -1000; ip dscp 1 meta nftrace set 1\n"                             \
	"ip6 dscp 1 meta nftrace set 1; }\n"                                                                           \
	"}\n"

static int run_nft(const char *text, char **said)
{
	return tool_run((const char *const[]){"nft", "-f", "-", NULL}, text, said);
}

int kernel_load(struct kernel *k, enum ruleset_kind kind, const char *text, char **said)
{
	const char *restore = kind == KIND_IPTABLES ? "iptables-nft-restore" : "ip6tables-nft-restore";
	char *all;
	int rc;

	*said = NULL;
	kernel_forget_connections(k);
	if (kind != KIND_NFT) {
		if (run_nft(TRACE_RULES, NULL) != 0)
			abort();
		return tool_run((const char *const[]){restore, NULL}, text, said) == 0 ? 0 : -1;
	}
	all = xasprintf("%s%s", TRACE_RULES, text);
	rc = run_nft(all, said);
	free(all);
	return rc == 0 ? 0 : -1;
}

struct ruleset *kernel_read(void)
{
	struct dumped d = netlink_dump();
	struct ruleset *rs = NULL;
	struct error err = {0};
	char line[1024];

	if (ruleset_parse_netlink(d.bytes, d.len, &rs, &err) != 0)
		fprintf(stderr, "the reader refuses a dump: %s\n", error_line(&err, line, sizeof(line)));
	free(d.bytes);
	return rs;
}

void kernel_forget_connections(struct kernel *k)
{
	char buf[4096];
	struct mnl_socket *s = mnl_socket_open(12 /* NETLINK_NETFILTER */);
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;
	ssize_t n;

	(void)k;
	h->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	nfg = mnl_nlmsg_put_extra_header(h, sizeof(*nfg));
	nfg->nfgen_family = 0;
	if (s == NULL || mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0 || mnl_socket_sendto(s, h, h->nlmsg_len) < 0)
		abort();
	n = mnl_socket_recvfrom(s, buf, sizeof(buf));
	if (n > 0)
		mnl_cb_run(buf, (size_t)n, 0, mnl_socket_get_portid(s), NULL, NULL);
	mnl_socket_close(s);
}
