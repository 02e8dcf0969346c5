/*
 * What the privileged process gives up before it serves: the file system but its own /proc/PID/net, every capability
 * but CAP_NET_ADMIN, new privileges, and every system call but those of the list below. A right that cannot be given up
 * is an error; the filter kills the process for any other call.
 */
#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/netlink.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nft/process.h"

/* Under valgrind its own system calls would be filtered as well: there the filter is left out. No input can say so. */
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#endif

#define WHERE "privileged process"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

static const int allowed[] = {
        /* the two sockets */
        SCMP_SYS(recvfrom),
        SCMP_SYS(recvmsg),
        SCMP_SYS(sendto),
        SCMP_SYS(sendmsg),
        SCMP_SYS(poll),
        SCMP_SYS(ppoll),
        SCMP_SYS(bind),
        SCMP_SYS(getsockname),
        SCMP_SYS(setsockopt),
        /* the legacy tables' files, and messages on standard error */
        SCMP_SYS(read),
        SCMP_SYS(write),
        SCMP_SYS(close),
        /* memory and time */
        SCMP_SYS(brk),
        SCMP_SYS(munmap),
        SCMP_SYS(mremap),
        SCMP_SYS(madvise),
        SCMP_SYS(getrandom),
        SCMP_SYS(clock_gettime),
        SCMP_SYS(futex),
        /* the end, orderly or by abort() */
        SCMP_SYS(rt_sigreturn),
        SCMP_SYS(rt_sigprocmask),
        SCMP_SYS(rt_sigaction),
        SCMP_SYS(restart_syscall),
        SCMP_SYS(getpid),
        SCMP_SYS(gettid),
        SCMP_SYS(exit),
        SCMP_SYS(exit_group),
#ifdef SANITIZED
        /* what the sanitizers need to report a fault; openat and mprotect without the limits below */
        SCMP_SYS(openat),
        SCMP_SYS(mmap),
        SCMP_SYS(mprotect),
        SCMP_SYS(fstat),
        SCMP_SYS(newfstatat),
        SCMP_SYS(lseek),
        SCMP_SYS(readlink),
        SCMP_SYS(readlinkat),
        SCMP_SYS(ioctl),
        SCMP_SYS(prctl),
        SCMP_SYS(getrlimit),
        SCMP_SYS(prlimit64),
        SCMP_SYS(sigaltstack),
        SCMP_SYS(sched_yield),
        SCMP_SYS(sched_getaffinity),
        SCMP_SYS(getuid),
        SCMP_SYS(uname),
        SCMP_SYS(nanosleep),
        SCMP_SYS(clock_nanosleep),
#endif
};

static struct scmp_arg_cmp equal(unsigned arg, scmp_datum_t value)
{
	return (struct scmp_arg_cmp){.arg = arg, .op = SCMP_CMP_EQ, .datum_a = value};
}

static int allow_limited(scmp_filter_ctx ctx, int proc_fd)
{
	int r = seccomp_rule_add(
	        ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2, equal(0, AF_NETLINK), equal(2, NETLINK_NETFILTER));
	if (r == 0)
		r = seccomp_rule_add(
		        ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2, equal(0, AF_NETLINK), equal(2, NETLINK_XFRM));
	if (r == 0)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, equal(0, (scmp_datum_t)getpid()));
#ifdef SANITIZED
	(void)proc_fd;
#else
	const struct scmp_arg_cmp not_executable = {
	        .arg = 2, .op = SCMP_CMP_MASKED_EQ, .datum_a = PROT_EXEC, .datum_b = 0};
	if (r == 0)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(openat), 2, equal(0, (scmp_datum_t)proc_fd),
		        equal(2, O_RDONLY | O_CLOEXEC));
	if (r == 0)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, not_executable);
	if (r == 0)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, not_executable);
#endif
	return r;
}

static int filter_install(int proc_fd, struct error *err)
{
	if (RUNNING_ON_VALGRIND)
		return 0;
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int r = ctx == NULL ? -ENOMEM : 0;
	for (size_t i = 0; r == 0 && i < sizeof(allowed) / sizeof(allowed[0]); i++)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed[i], 0);
	if (r == 0)
		r = allow_limited(ctx, proc_fd);
	if (r == 0)
		r = seccomp_load(ctx);
	if (ctx != NULL)
		seccomp_release(ctx);
	return r == 0 ? 0 : error_set(err, ERR_IO, WHERE, "the seccomp filter is refused: %s", strerror(-r));
}

static int capabilities_drop(struct error *err)
{
	capng_select_t what = CAPNG_SELECT_CAPS;
	if (capng_get_caps_process() != 0)
		return error_set(err, ERR_IO, WHERE, "its capabilities cannot be read");
	if (!capng_have_capability(CAPNG_PERMITTED, CAP_NET_ADMIN))
		return error_set(err, ERR_DENIED, WHERE,
		        "reading the ruleset needs CAP_NET_ADMIN: start it as root, or give its service "
		        "AmbientCapabilities=CAP_NET_ADMIN");
	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SETGID) && setgroups(0, NULL) != 0)
		return error_set(err, ERR_IO, WHERE, "its groups cannot be given up: %s", strerror(errno));
	/* The bounding set matters only to exec(), which the filter forbids; cutting it needs a right of its own. */
	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		what = CAPNG_SELECT_ALL;
	capng_clear(CAPNG_SELECT_ALL);
	if (capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET, CAP_NET_ADMIN) != 0 ||
	        capng_apply(what) != 0)
		return error_set(err, ERR_IO, WHERE, "its capabilities cannot be given up");
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
		return error_set(
		        err, ERR_IO, WHERE, "its ambient capabilities cannot be given up: %s", strerror(errno));
	return 0;
}

/* As uid 0 it could still open root's files: its world becomes the one folder that it reads. */
static int root_change(int proc_fd, struct error *err)
{
	if (!capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_CHROOT))
		return 0;
	if (fchdir(proc_fd) != 0 || chroot(".") != 0)
		return error_set(err, ERR_IO, WHERE, "chroot to /proc/self/net: %s", strerror(errno));
	return 0;
}

int nft_confine(int proc_fd, struct error *err)
{
	if (capng_get_caps_process() != 0)
		return error_set(err, ERR_IO, WHERE, "its capabilities cannot be read");
	if (root_change(proc_fd, err) != 0 || capabilities_drop(err) != 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return error_set(err, ERR_IO, WHERE, "no_new_privs is refused: %s", strerror(errno));
	return filter_install(proc_fd, err);
}
