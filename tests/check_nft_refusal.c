/* links: nft base */
/*
 * Kernels without nf_tables, without the right to it, or out of memory: a filter on this process's system calls makes the
 * kernel answer so. Each is an error that says what to do, never a dump, and never a change that is called done.
 */
#include <check.h>
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nft/netlink.h"
#include "nft/source.h"

/* Kernels that say no, by a filter on this process's system calls. */
static const struct {
	int call, error;
	enum error_code code;
	const char *words;
} refusals[] = {
        {SCMP_SYS(socket), EPROTONOSUPPORT, ERR_UNAVAILABLE, "Protocol not supported"},
        {SCMP_SYS(socket), EAFNOSUPPORT, ERR_UNAVAILABLE, "load the module nf_tables"},
        {SCMP_SYS(socket), EPERM, ERR_DENIED, "needs CAP_NET_ADMIN"},
        {SCMP_SYS(socket), EMFILE, ERR_IO, "Too many open files"},
        {SCMP_SYS(bind), EPERM, ERR_DENIED, "needs CAP_NET_ADMIN"},
        {SCMP_SYS(sendto), EOPNOTSUPP, ERR_UNAVAILABLE, "load the module nf_tables"},
        {SCMP_SYS(sendto), EPERM, ERR_DENIED, "needs CAP_NET_ADMIN"},
        {SCMP_SYS(recvmsg), ENOMEM, ERR_IO, "Cannot allocate memory"},
        {SCMP_SYS(recvmsg), EOPNOTSUPP, ERR_UNAVAILABLE, "does not answer for nf_tables"},
        {SCMP_SYS(recvmsg), ENOBUFS, ERR_UNAVAILABLE, "changed during each"},
};

START_TEST(a_kernel_that_refuses_is_an_error_with_the_reason)
{
	pid_t pid = fork();
	if (pid == 0) {
		struct nft_bytes bytes = {0};
		struct error err = {0};
		scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
		if (filter == NULL || seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint32_t)refusals[_i].error),
		                              refusals[_i].call, 0) != 0)
			_exit(90);
		if (seccomp_load(filter) != 0)
			_exit(91);
		bool ok = nft_dump_read(-1, &bytes, &err) != 0 && bytes.len == 0 && bytes.data == NULL &&
		          err.code == refusals[_i].code && strstr(err.text, refusals[_i].words) != NULL;
		if (!ok)
			fprintf(stderr, "%d: %s\n", (int)err.code, err.text);
		_exit(ok ? 0 : 1);
	}
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* A batch is sent by sendmsg and answered by recv: each of them may fail by itself. */
static const struct {
	int call, error;
	enum error_code code;
	const char *words;
} changes[] = {
        {SCMP_SYS(socket), EAFNOSUPPORT, ERR_UNAVAILABLE, "load the module nf_tables"},
        {SCMP_SYS(socket), EPERM, ERR_DENIED, "needs CAP_NET_ADMIN"},
        {SCMP_SYS(bind), ENOMEM, ERR_IO, "Cannot allocate memory"},
        {SCMP_SYS(setsockopt), ENOPROTOOPT, ERR_IO, "without extended answers"},
        {SCMP_SYS(sendmsg), EPERM, ERR_DENIED, "changing the ruleset needs CAP_NET_ADMIN"},
        {SCMP_SYS(sendmsg), EMSGSIZE, ERR_IO, "Message too long"},
        {SCMP_SYS(recvfrom), ENOMEM, ERR_IO, "reading what the kernel says: Cannot allocate memory"},
        {SCMP_SYS(recvfrom), EAGAIN, ERR_IO, "it is not known what it made of it"},
};

START_TEST(a_change_whose_end_is_not_known_is_an_error_with_the_reason)
{
	pid_t pid = fork();
	if (pid == 0) {
		struct nft_batch b;
		struct nft_verdict verdict;
		struct error err = {0};
		scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
		if (unshare(CLONE_NEWNET) != 0 || nft_encode_table(NULL, &b, &err) != 0)
			_exit(89);
		if (filter == NULL ||
		        seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint32_t)changes[_i].error), changes[_i].call, 0) != 0)
			_exit(90);
		if (seccomp_load(filter) != 0)
			_exit(91);
		bool ok = nft_transaction(b.bytes, b.len, true, &verdict, &err) != 0 && err.code == changes[_i].code &&
		          strstr(err.text, changes[_i].words) != NULL;
		if (!ok)
			fprintf(stderr, "%d: %s\n", (int)err.code, err.text);
		_exit(ok ? 0 : 1);
	}
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("nft_refusal");
	TCase *c = tcase_create("kernel");
	tcase_set_timeout(c, 60);
	tcase_add_loop_test(
	        c, a_kernel_that_refuses_is_an_error_with_the_reason, 0, (int)(sizeof(refusals) / sizeof(refusals[0])));
	if (geteuid() == 0)
		tcase_add_loop_test(c, a_change_whose_end_is_not_known_is_an_error_with_the_reason, 0,
		        (int)(sizeof(changes) / sizeof(changes[0])));
	suite_add_tcase(s, c);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
