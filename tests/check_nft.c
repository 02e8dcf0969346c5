/* links: nft base */
/*
 * The kernel's side against a real kernel, in network namespaces of the tests' own: what `nft` loads is what a dump
 * returns, a change tells who made it, a dump is consistent while others write, and the privileged process has one
 * capability and no more.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nft/process.h"
#include "portcullis/nft.h"

static const char example[] =
        "table inet shop {\n"
        "	set front { type ipv4_addr; flags interval; elements = { 10.1.0.0/24, 10.2.0.1-10.2.0.9 }; }\n"
        "	set pairs { type ipv4_addr . inet_service; elements = { 10.1.0.1 . 443, 10.1.0.2 . 5061 }; }\n"
        "	chain forward { type filter hook forward priority 0; policy drop;\n"
        "		ct state established,related accept\n"
        "		ip daddr @front tcp dport { 443, 5061 } accept\n"
        "		ip daddr . tcp dport @pairs jump extra\n"
        "	}\n"
        "	chain extra { tcp flags syn accept; counter drop; }\n"
        "}\n"
        "table ip other { chain input { type filter hook input priority 10; udp dport 53 accept; }; }\n";

static const char flowtable[] = "table inet shop { flowtable fast { hook ingress priority 0; devices = { lo }; }; }\n";
static bool kernel_has_flowtables;

static void nft(const char *text)
{
	FILE *f = popen("nft -f -", "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	ck_assert_msg(pclose(f) == 0, "nft refuses: %s", text);
}

static void setup(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	signal(SIGPIPE, SIG_IGN);
}

static void teardown(void)
{
}

static struct nft_ops open_direct(void)
{
	struct nft_ops ops;
	struct error err = {0};
	ck_assert_msg(nft_open_direct(&ops, &err) == 0, "%s: %s", err.where, err.text);
	return ops;
}

static struct nft_ops open_process(pid_t *pid)
{
	struct nft_process process;
	struct nft_ops ops;
	struct error err = {0};
	ck_assert_msg(nft_process_start(&process, &err) == 0, "%s: %s", err.where, err.text);
	ck_assert_msg(nft_open_process(&process, &ops, &err) == 0, "%s: %s", err.where, err.text);
	if (pid != NULL)
		*pid = process.pid;
	return ops;
}

/* The two ways to the kernel, which must not differ. */
static struct nft_ops open_either(int which)
{
	return which == 0 ? open_direct() : open_process(NULL);
}

static void dump(const struct nft_ops *ops, struct nft_dump *out)
{
	struct error err = {0};
	ck_assert_msg(ops->dump(ops->self, out, &err) == 0, "%s: %s", err.where, err.text);
}

static bool readable(int fd, int wait_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	return poll(&p, 1, wait_ms) > 0;
}

/* Counts per message type; the order of the types is checked on the way. */
static void count(const struct nft_dump *d, size_t of[NFT_MSG_MAX])
{
	static const unsigned order[] = {NFT_MSG_NEWGEN, NFT_MSG_NEWTABLE, NFT_MSG_NEWCHAIN, NFT_MSG_NEWSET,
	        NFT_MSG_NEWSETELEM, NFT_MSG_NEWFLOWTABLE, NFT_MSG_NEWRULE};
	size_t place = 0;
	memset(of, 0, NFT_MSG_MAX * sizeof(*of));
	ck_assert_int_eq(nft_netlink_check(d->bytes, d->len, NULL), 0);
	for (size_t at = 0; at < d->len;) {
		struct nlmsghdr h;
		memcpy(&h, d->bytes + at, sizeof(h));
		unsigned type = NFNL_MSG_TYPE(h.nlmsg_type);
		while (order[place] != type)
			ck_assert_uint_lt(++place, sizeof(order) / sizeof(order[0]));
		of[type]++;
		at += nft_netlink_aligned(h.nlmsg_len);
	}
}

START_TEST(a_dump_returns_what_nft_loaded)
{
	size_t of[NFT_MSG_MAX];
	struct nft_dump d;
	struct nft_ops ops = open_either(_i);
	dump(&ops, &d);
	count(&d, of);
	ck_assert_uint_eq(of[NFT_MSG_NEWGEN], 1);
	ck_assert_uint_eq(of[NFT_MSG_NEWTABLE], 0);
	uint32_t before = d.generation;
	nft_dump_fini(&d);

	nft(example);
	if (kernel_has_flowtables)
		nft(flowtable);
	dump(&ops, &d);
	count(&d, of);
	ck_assert_uint_ne(d.generation, before);
	ck_assert_uint_eq(of[NFT_MSG_NEWGEN], 1);
	ck_assert_uint_eq(of[NFT_MSG_NEWTABLE], 2);
	ck_assert_uint_eq(of[NFT_MSG_NEWCHAIN], 3);
	ck_assert_uint_eq(of[NFT_MSG_NEWSET], 3); /* and the anonymous one */
	ck_assert_uint_ge(of[NFT_MSG_NEWSETELEM], 3);
	ck_assert_uint_eq(of[NFT_MSG_NEWFLOWTABLE], kernel_has_flowtables ? 1 : 0);
	ck_assert_uint_eq(of[NFT_MSG_NEWRULE], 6);
	ck_assert_ptr_null(d.legacy);
	nft_dump_fini(&d);
	ops.close(ops.self);
}
END_TEST

START_TEST(policies_of_ipsec_are_read)
{
	struct nft_ops ops = open_either(_i);
	uint8_t *bytes;
	size_t none, len;
	struct nlmsghdr first;
	struct error err = {0};
	ck_assert_msg(ops.policies(ops.self, &bytes, &none, &err) == 0, "%s", err.text);
	/* The number of associations alone. */
	ck_assert_uint_ge(none, sizeof(first));
	memcpy(&first, bytes, sizeof(first));
	ck_assert_uint_eq(first.nlmsg_type, XFRM_MSG_NEWSADINFO);
	ck_assert_uint_eq(nft_netlink_aligned(first.nlmsg_len), none);
	free(bytes);
	ck_assert_int_eq(
	        system("ip xfrm policy add src 10.0.0.0/8 dst 10.1.0.0/16 dir out tmpl proto esp mode transport"), 0);
	ck_assert_msg(ops.policies(ops.self, &bytes, &len, &err) == 0, "%s", err.text);
	ck_assert_uint_gt(len, none);
	ck_assert_int_eq(nft_policies_check(bytes, len, NULL), 0);
	free(bytes);
	ops.close(ops.self);
}
END_TEST

static size_t first_length(const struct nft_dump *d)
{
	struct nlmsghdr h;
	memcpy(&h, d->bytes, sizeof(h));
	return nft_netlink_aligned(h.nlmsg_len);
}

START_TEST(both_ways_to_the_kernel_return_the_same_bytes)
{
	struct nft_dump a, b;
	struct nft_ops direct = open_direct(), process = open_process(NULL);
	nft(example);
	dump(&direct, &a);
	dump(&process, &b);
	ck_assert_uint_eq(a.generation, b.generation);
	/* The generation message names who asks; sequence and port id are of the socket that asked. */
	size_t x = first_length(&a), y = first_length(&b);
	ck_assert_uint_eq(a.len - x, b.len - y);
	while (x < a.len) {
		struct nlmsghdr h;
		memcpy(&h, a.bytes + x, sizeof(h));
		ck_assert_int_eq(memcmp(a.bytes + x, b.bytes + y, 8), 0);
		ck_assert_int_eq(memcmp(a.bytes + x + 16, b.bytes + y + 16, h.nlmsg_len - 16), 0);
		x += nft_netlink_aligned(h.nlmsg_len);
		y += nft_netlink_aligned(h.nlmsg_len);
	}
	nft_dump_fini(&a);
	nft_dump_fini(&b);
	direct.close(direct.self);
	process.close(process.self);
}
END_TEST

/* Events until a generation was told. */
static void await_event(const struct nft_ops *ops, struct nft_event *out)
{
	struct error err = {0};
	memset(out, 0, sizeof(*out));
	do {
		nft_event_fini(out);
		ck_assert(readable(ops->event_fd(ops->self), 5000));
		ck_assert_msg(ops->events(ops->self, out, &err) == 0, "%s", err.text);
	} while (out->generation == 0);
}

START_TEST(a_change_tells_its_author_and_generation)
{
	struct nft_dump d;
	struct nft_event e;
	struct nft_ops ops = open_either(_i);
	ck_assert(!readable(ops.event_fd(ops.self), 0));
	nft(example);
	await_event(&ops, &e);
	ck_assert(e.changed && !e.overrun);
	ck_assert_str_eq(e.author, "nft");
	ck_assert_uint_gt(e.author_pid, 1);
	ck_assert_int_eq(nft_netlink_check(e.bytes, e.len, NULL), 0);
	dump(&ops, &d);
	ck_assert_uint_eq(d.generation, e.generation);
	uint32_t generation = e.generation;
	nft_event_fini(&e);
	nft_dump_fini(&d);
	ck_assert(!readable(ops.event_fd(ops.self), 0));

	nft("flush chain inet shop extra\n");
	await_event(&ops, &e);
	ck_assert_uint_eq(e.generation, generation + 1);
	ck_assert(e.changed);
	nft_event_fini(&e);
	ops.close(ops.self);
}
END_TEST

START_TEST(lost_events_are_told_as_an_overrun)
{
	struct nft_event e;
	struct error err = {0};
	const int tiny = 1, enough = 1 << 20;
	struct nft_ops ops = open_direct();
	ck_assert_int_eq(setsockopt(ops.event_fd(ops.self), SOL_SOCKET, SO_RCVBUF, &tiny, sizeof(tiny)), 0);
	for (int i = 0; i < 8; i++)
		nft(i % 2 == 0 ? example : "flush ruleset\n");
	ck_assert(readable(ops.event_fd(ops.self), 0));
	ck_assert_int_eq(ops.events(ops.self, &e, &err), 0);
	ck_assert(e.overrun);
	nft_event_fini(&e);
	ck_assert_int_eq(setsockopt(ops.event_fd(ops.self), SOL_SOCKET, SO_RCVBUF, &enough, sizeof(enough)), 0);
	nft(example);
	await_event(&ops, &e);
	ck_assert(!e.overrun);
	nft_event_fini(&e);
	ops.close(ops.self);
}
END_TEST

/* Each transaction gives both chains the same number of rules, and another than the one before. */
static bool write_round(unsigned round)
{
	FILE *f = popen("nft -f -", "w");
	if (f == NULL)
		return false;
	fputs("table ip a\ntable ip b\ndelete table ip a\ndelete table ip b\n", f);
	for (const char *table = "a"; table != NULL; table = *table == 'a' ? "b" : NULL) {
		fprintf(f, "table ip %s { set s { type ipv4_addr; elements = { 10.0.0.%u }; }; chain c {\n", table,
		        round % 250);
		for (unsigned i = 0; i < 1 + round % 40; i++)
			fprintf(f, "tcp dport %u ip saddr @s drop\n", i + 1);
		fputs("}; }\n", f);
	}
	return pclose(f) == 0;
}

/* Rules per table name, which is the first attribute of a rule. */
static size_t rules_in(const struct nft_dump *d, char table)
{
	size_t n = 0;
	for (size_t at = 0; at < d->len;) {
		struct nlmsghdr h;
		memcpy(&h, d->bytes + at, sizeof(h));
		if (NFNL_MSG_TYPE(h.nlmsg_type) == NFT_MSG_NEWRULE && d->bytes[at + 24] == (uint8_t)table)
			n++;
		at += nft_netlink_aligned(h.nlmsg_len);
	}
	return n;
}

START_TEST(a_dump_is_of_one_generation_while_others_write)
{
	size_t of[NFT_MSG_MAX], seen = 0, last = 0;
	struct nft_dump d;
	struct nft_ops ops = open_either(_i);
	pid_t writer = fork();
	if (writer == 0) {
		unsigned round = 0;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (write_round(++round))
			;
		_exit(1);
	}
	for (int i = 0; i < 1000 || (seen < 3 && i < 20000); i++) {
		dump(&ops, &d);
		count(&d, of);
		ck_assert_uint_eq(rules_in(&d, 'a'), rules_in(&d, 'b'));
		ck_assert_uint_eq(rules_in(&d, 'a') + rules_in(&d, 'b'), of[NFT_MSG_NEWRULE]);
		ck_assert_uint_eq(of[NFT_MSG_NEWSET], of[NFT_MSG_NEWTABLE]);
		seen += of[NFT_MSG_NEWRULE] != last;
		last = of[NFT_MSG_NEWRULE];
		nft_dump_fini(&d);
	}
	ck_assert_int_eq(waitpid(writer, NULL, WNOHANG), 0);
	kill(writer, SIGKILL);
	waitpid(writer, NULL, 0);
	ck_assert_uint_ge(seen, 3);
	ops.close(ops.self);
}
END_TEST

static char *proc_line(pid_t pid, const char *file, const char *key)
{
	static char line[256];
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	FILE *f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, key, strlen(key)) != 0)
			continue;
		fclose(f);
		line[strcspn(line, "\n")] = '\0';
		return line + strlen(key);
	}
	ck_abort_msg("%s has no '%s'", path, key);
}

static size_t descriptors(pid_t pid)
{
	char path[64], target[128];
	size_t n = 0;
	for (int fd = 0; fd < 256; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
		n += readlink(path, target, sizeof(target)) > 0;
	}
	return n;
}

START_TEST(the_privileged_process_has_one_capability_and_no_more)
{
	char path[64], root[64], want[64];
	pid_t pid;
	int extra = open("/etc/passwd", O_RDONLY);
	struct nft_ops ops = open_process(&pid);
	ck_assert_str_eq(proc_line(pid, "status", "Name:\t"), "portcullis-priv");
	ck_assert_str_eq(proc_line(pid, "status", "CapEff:\t"), "0000000000001000");
	ck_assert_str_eq(proc_line(pid, "status", "CapPrm:\t"), "0000000000001000");
	ck_assert_str_eq(proc_line(pid, "status", "CapBnd:\t"), "0000000000001000");
	ck_assert_str_eq(proc_line(pid, "status", "CapInh:\t"), "0000000000000000");
	ck_assert_str_eq(proc_line(pid, "status", "CapAmb:\t"), "0000000000000000");
	ck_assert_str_eq(proc_line(pid, "status", "NoNewPrivs:\t"), "1");
	ck_assert_str_eq(proc_line(pid, "status", "Seccomp:\t"), "2");
	ck_assert_str_eq(proc_line(pid, "status", "Groups:\t"), " ");
	/* 0 to 2, the socket pair, the subscription, the folder of legacy tables. */
	ck_assert_uint_eq(descriptors(pid), 6);
	snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	snprintf(want, sizeof(want), "/proc/%d/net", (int)pid);
	ssize_t len = readlink(path, root, sizeof(root) - 1);
	ck_assert_int_gt(len, 0);
	root[len] = '\0';
	ck_assert_str_eq(root, want);
	ops.close(ops.self);
	ck_assert_int_eq(kill(pid, 0), -1);
	close(extra);
}
END_TEST

static void forbidden_socket(void)
{
	(void)!socket(AF_INET, SOCK_STREAM, 0);
}
static void forbidden_route_socket(void)
{
	(void)!socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
}
static void forbidden_exec(void)
{
	execl("/bin/true", "true", (char *)NULL);
}
static void forbidden_fork(void)
{
	_exit(fork() < 0 ? 1 : 2);
}
static void forbidden_signal(void)
{
	kill(getppid(), SIGTERM);
}
static void (*const forbidden[])(void) = {
        forbidden_socket, forbidden_route_socket, forbidden_exec, forbidden_fork, forbidden_signal};

START_TEST(any_other_system_call_kills_the_privileged_process)
{
	pid_t pid = fork();
	if (pid == 0) {
		struct nft_source source;
		struct error err = {0};
		if (nft_source_open(&source, &err) != 0 || nft_confine(nft_source_proc_fd(&source), &err) != 0)
			_exit(3);
		forbidden[_i]();
		_exit(4);
	}
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS, "status %d", status);
}
END_TEST

START_TEST(signals_of_the_group_do_not_end_the_privileged_process)
{
	pid_t pid;
	struct nft_dump d;
	struct nft_ops ops = open_process(&pid);
	kill(pid, SIGINT);
	kill(pid, SIGTERM);
	kill(pid, SIGHUP);
	dump(&ops, &d);
	nft_dump_fini(&d);
	ops.close(ops.self);
}
END_TEST

START_TEST(a_dead_privileged_process_is_noticed)
{
	pid_t pid;
	struct nft_dump d;
	struct nft_event e;
	struct error err = {0};
	struct nft_ops ops = open_process(&pid);
	kill(pid, SIGKILL);
	ck_assert(readable(ops.event_fd(ops.self), 5000));
	ck_assert_int_eq(ops.dump(ops.self, &d, &err), -1);
	ck_assert_int_eq(err.code, ERR_UNAVAILABLE);
	ck_assert(readable(ops.event_fd(ops.self), 0));
	ck_assert_int_eq(ops.events(ops.self, &e, &err), -1);
	ck_assert_int_eq(err.code, ERR_UNAVAILABLE);
	ops.close(ops.self);
	ck_assert_int_eq(kill(pid, 0), -1);
}
END_TEST

/* The pipe's other end stays open only in the privileged process' parent: its end is the sign. */
START_TEST(the_privileged_process_does_not_outlive_its_parent)
{
	int told[2];
	pid_t pid = 0;
	ck_assert_int_eq(pipe(told), 0);
	pid_t parent = fork();
	if (parent == 0) {
		struct nft_process process;
		if (nft_process_start(&process, NULL) != 0 || write(told[1], &process.pid, sizeof(pid_t)) < 0)
			_exit(1);
		/* The socket's end would do as well: leave it open in a third process. */
		if (fork() == 0)
			pause();
		_exit(0);
	}
	ck_assert_int_eq(read(told[0], &pid, sizeof(pid)), (ssize_t)sizeof(pid));
	ck_assert_int_eq(waitpid(parent, NULL, 0), parent);
	for (int i = 0; i < 500 && kill(pid, 0) == 0; i++) {
		char path[64];
		snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
		if (access(path, F_OK) != 0 || strncmp(proc_line(pid, "status", "State:\t"), "Z", 1) == 0)
			return;
		poll(NULL, 0, 10);
	}
	ck_assert_int_eq(kill(pid, 0), -1);
}
END_TEST

static void drop_everything(void)
{
	if (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0)
		_exit(90);
}

START_TEST(without_the_capability_the_error_says_what_to_do)
{
	pid_t pid = fork();
	if (pid == 0) {
		struct nft_ops ops;
		struct nft_process process;
		struct nft_bytes bytes = {0};
		struct error direct = {0}, child = {0}, read = {0};
		drop_everything();
		bool ok = nft_open_direct(&ops, &direct) != 0 && nft_process_start(&process, &child) != 0 &&
		          nft_dump_read(-1, &bytes, &read) != 0;
		ok = ok && direct.code == ERR_DENIED && child.code == ERR_DENIED && read.code == ERR_DENIED;
		ok = ok && strstr(direct.text, "needs CAP_NET_ADMIN: start it as root") != NULL;
		ok = ok && strstr(child.text, "needs CAP_NET_ADMIN: start it as root") != NULL;
		ok = ok && strstr(read.text, "needs CAP_NET_ADMIN: start it as root") != NULL;
		_exit(ok ? 0 : 1);
	}
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(legacy_tables_are_told)
{
	struct nft_dump d;
	struct nft_ops ops = open_either(_i);
	ck_assert_int_eq(
	        system("iptables-legacy -t filter -L -n >/dev/null && ip6tables-legacy -t mangle -L -n >/dev/null"), 0);
	dump(&ops, &d);
	ck_assert_str_eq(d.legacy, "ip filter,ip6 mangle");
	nft_dump_fini(&d);
	ops.close(ops.self);
}
END_TEST

/* Many chains and a long one: more than one answer of the kernel for each. */
START_TEST(a_large_ruleset_is_complete)
{
	size_t of[NFT_MSG_MAX];
	struct nft_dump d;
	FILE *f = popen("nft -f -", "w");
	ck_assert_ptr_nonnull(f);
	fputs("table ip big {\n", f);
	for (unsigned chain = 0; chain < 200; chain++) {
		fprintf(f, "chain c%u {\n", chain);
		for (unsigned rule = 0; rule < (chain == 0 ? 2000 : 10); rule++)
			fprintf(f, "ip daddr 10.%u.%u.1 tcp dport 443 accept\n", chain % 256, rule % 256);
		fputs("}\n", f);
	}
	fputs("set s { type ipv4_addr; elements = { 10.0.0.0", f);
	for (unsigned i = 1; i < 5000; i++)
		fprintf(f, ", 10.0.%u.%u", i / 256, i % 256);
	fputs(" }; }\n}\n", f);
	ck_assert_int_eq(pclose(f), 0);
	struct nft_ops ops = open_either(_i);
	dump(&ops, &d);
	count(&d, of);
	ck_assert_uint_eq(of[NFT_MSG_NEWCHAIN], 200);
	ck_assert_uint_eq(of[NFT_MSG_NEWRULE], 2000 + 199 * 10);
	ck_assert_uint_gt(of[NFT_MSG_NEWSETELEM], 1);
	nft_dump_fini(&d);
	ops.close(ops.self);
}
END_TEST

static const char *lacking(void)
{
	if (getuid() != 0 || system("unshare -n true 2>/dev/null") != 0)
		return "root and network namespaces are needed";
	if (system("unshare -n nft list ruleset >/dev/null 2>&1") != 0)
		return "nft and a kernel with nf_tables are needed";
	return NULL;
}

int main(void)
{
	const char *why = lacking();
	if (why != NULL) {
		printf("skipped: %s\n", why);
		return 77;
	}
	bool legacy = system("unshare -n sh -c 'iptables-legacy -L -n && ip6tables-legacy -L -n' >/dev/null 2>&1") == 0;
	kernel_has_flowtables = system("unshare -n nft 'table inet t { flowtable f { hook ingress priority 0; devices "
	                               "= { lo }; }; }' 2>/dev/null") == 0;
	Suite *s = suite_create("nft");
	TCase *c = tcase_create("kernel");
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, a_dump_returns_what_nft_loaded, 0, 2);
	tcase_add_loop_test(c, policies_of_ipsec_are_read, 0, 2);
	tcase_add_test(c, both_ways_to_the_kernel_return_the_same_bytes);
	tcase_add_loop_test(c, a_change_tells_its_author_and_generation, 0, 2);
	tcase_add_test(c, lost_events_are_told_as_an_overrun);
	tcase_add_loop_test(c, a_dump_is_of_one_generation_while_others_write, 0, 2);
	tcase_add_test(c, the_privileged_process_has_one_capability_and_no_more);
	tcase_add_loop_test(c, any_other_system_call_kills_the_privileged_process, 0,
	        (int)(sizeof(forbidden) / sizeof(forbidden[0])));
	tcase_add_test(c, signals_of_the_group_do_not_end_the_privileged_process);
	tcase_add_test(c, a_dead_privileged_process_is_noticed);
	tcase_add_test(c, the_privileged_process_does_not_outlive_its_parent);
	tcase_add_test(c, without_the_capability_the_error_says_what_to_do);
	tcase_add_loop_test(c, a_large_ruleset_is_complete, 0, 2);
	if (legacy)
		tcase_add_loop_test(c, legacy_tables_are_told, 0, 2);
	suite_add_tcase(s, c);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	if (!legacy)
		printf("skipped: the names of legacy tables need iptables-legacy and its kernel modules\n");
	if (failed != 0)
		return 1;
	return legacy ? 0 : 77;
}
