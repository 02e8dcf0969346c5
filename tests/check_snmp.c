/* links: snmp conformance base */
/*
 * The AgentX face behind a real snmpd, asked with net-snmp's own commands: values, order, views, SNMPv3, traps, and a
 * master that restarts or hangs. Everything is private: configuration, sockets, ports, directories; only children of this
 * test are ended, by their process id. Skipped (77) where snmpd, the commands or the base MIBs are not installed.
 */
#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "build.h"
#include "portcullis/clock.h"
#include "portcullis/log.h"
#include "portcullis/snmp.h"
#include "portcullis/text.h"
#include "sample_snapshot.h"
#include "snmp_host.h"

#define ROOT "." PORTCULLIS_OID_ROOT
#define FLOW ROOT ".1.6.1"
#define PATIENCE_MS 8000

static char dir[64], agentx[80], base_mibs[256];
static unsigned port, trap_port;
static pid_t master, receiver;
static struct hub *hub;
static struct snmp *snmp;

/* Processes and files */

static unsigned free_port(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	close(fd);
	return ntohs(a.sin_port);
}

static void write_file(const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", dir, name);
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
	free(path);
}

static char *read_file_of(const char *name)
{
	char *path = xasprintf("%s/%s", dir, name), *text = NULL;
	struct error err;
	size_t len;
	if (file_read(path, 64u << 20, &text, &len, &err) != 0)
		text = xstrdup("");
	free(path);
	return text;
}

static pid_t spawn(const char *const argv[])
{
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		char *out = xasprintf("%s/out", dir);
		int fd = open(out, O_WRONLY | O_CREAT | O_APPEND, 0600);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (fd >= 0) {
			dup2(fd, 1);
			dup2(fd, 2);
		}
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	return pid;
}

static void end(pid_t *pid)
{
	if (*pid <= 0)
		return;
	kill(*pid, SIGCONT);
	kill(*pid, SIGKILL);
	waitpid(*pid, NULL, 0);
	*pid = 0;
}

/* What a command prints, both streams; the caller frees it. */
__attribute__((format(printf, 1, 2))) static char *run(const char *format, ...)
{
	struct text out = {0};
	char command[1024], buf[65536];
	size_t n;
	va_list ap;
	va_start(ap, format);
	vsnprintf(command, sizeof(command) - 6, format, ap);
	va_end(ap);
	strcat(command, " 2>&1");
	FILE *f = popen(command, "r");
	ck_assert_ptr_nonnull(f);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		text_addn(&out, buf, n);
	pclose(f);
	return text_take(&out);
}

#define V2C "-v2c -c public -t 2 -r 1 -On"

static char *get(const char *oid)
{
	return run("snmpget %s 127.0.0.1:%u %s", V2C, port, oid);
}

static void assert_get(const char *oid, const char *want)
{
	char *line = xasprintf("%s = %s\n", oid, want), *got = get(oid);
	ck_assert_str_eq(got, line);
	free(line);
	free(got);
}

/* Ask until the answer has the part; the milliseconds that it took. */
static int64_t await(const char *oid, const char *part)
{
	int64_t start = clock_monotonic_ms();
	for (;;) {
		char *got = get(oid);
		bool found = strstr(got, part) != NULL;
		ck_assert_msg(found || clock_monotonic_ms() - start < PATIENCE_MS, "never %s: %s", part, got);
		free(got);
		if (found)
			return clock_monotonic_ms() - start;
		poll(NULL, 0, 20);
	}
}

static size_t count(const char *text, const char *part)
{
	size_t n = 0;
	for (; (text = strstr(text, part)) != NULL; text++)
		n++;
	return n;
}

/* Wait until the receiver of traps has logged the part so often; the caller frees the log. */
static char *await_trap(const char *part, size_t n)
{
	int64_t start = clock_monotonic_ms();
	for (;;) {
		char *log = read_file_of("traps");
		if (count(log, part) >= n)
			return log;
		ck_assert_msg(
		        clock_monotonic_ms() - start < PATIENCE_MS, "no %zu traps with %s in:\n%.1000s", n, part, log);
		free(log);
		poll(NULL, 0, 20);
	}
}

/* The stage */

static void master_start(void)
{
	char conf[128], listen[64];
	snprintf(conf, sizeof(conf), "%s/snmpd.conf", dir);
	snprintf(listen, sizeof(listen), "udp:127.0.0.1:%u", port);
	const char *const argv[] = {"snmpd", "-f", "-C", "-c", conf, "-Lo", "-I",
	        "system_mib,sysORTable,snmp_mib,usmUser,usmConf,vacm_conf,vacm_vars,agentx,master,snmpEngine,"
	        "notification,target,"
	        "snmpNotifyTable,tlstm,agent_mibs,trap",
	        listen, NULL};
	master = spawn(argv);
}

static void receiver_start(void)
{
	char conf[128], log[128], listen[64];
	snprintf(conf, sizeof(conf), "%s/snmptrapd.conf", dir);
	snprintf(log, sizeof(log), "%s/traps", dir);
	snprintf(listen, sizeof(listen), "udp:127.0.0.1:%u", trap_port);
	const char *const argv[] = {"snmptrapd", "-f", "-C", "-c", conf, "-On", "-Lf", log, listen, NULL};
	receiver = spawn(argv);
}

static void publish(uint64_t generation)
{
	struct snapshot *s = sample_firewall(sample_new(generation, clock_monotonic_ms()));
	ck_assert_int_eq(flat_build(s, &s->flat, &s->flat_size), 0);
	hub_set(hub, s);
}

static void agent_start(void)
{
	struct error err;
	const struct snmp_options options = {.agentx = agentx};
	ck_assert_msg(snmp_start(&options, &snmp_host, hub, &snmp, &err) == 0, "%s", err.text);
}

static void stage_setup(void)
{
	char *text;
	strcpy(dir, "/tmp/portcullis-snmp-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(agentx, sizeof(agentx), "%s/agentx", dir);
	/* snmpd writes a snmpd.conf of its own there. */
	text = xasprintf("%s/state", dir);
	setenv("SNMP_PERSISTENT_DIR", text, 1);
	free(text);
	setenv("SNMPCONFPATH", dir, 1);
	setenv("MIBS", "", 1);
	setenv("BUILD_DIR", BUILD_DIR, 1); /* for shell commands: the path may have spaces */
	port = free_port();
	trap_port = free_port();
	/* The shipped drop-in, and around it what a device would have. */
	text = xasprintf(
	        "agentXSocket %s\nincludeFile %s/generated/doc/snmpd/portcullis.conf\n"
	        "createUser portcullis SHA-256 \"a good passphrase\" AES \"another passphrase\"\n"
	        "rocommunity public 127.0.0.1 -V portcullis\nrwcommunity private 127.0.0.1 -V portcullis\n"
	        "view narrow included %s\nview narrow excluded %s.1.6\nrocommunity narrow 127.0.0.1 -V narrow\n"
	        "view column included %s\nview column excluded %s.1.6.1.6\nrocommunity column 127.0.0.1 -V column\n"
	        "trap2sink 127.0.0.1:%u public\ndontLogTCPWrappersConnects yes\n",
	        agentx, BUILD_DIR, ROOT, ROOT, ROOT, ROOT, trap_port);
	write_file("snmpd.conf", text);
	free(text);
	text = xasprintf(
	        "includeFile %s/generated/doc/snmptrapd/portcullis.conf\ndisableAuthorization yes\n", BUILD_DIR);
	write_file("snmptrapd.conf", text);
	free(text);
	hub = hub_new();
	receiver_start();
	master_start();
	await(".1.3.6.1.2.1.1.3.0", "Timeticks");
	agent_start();
}

static void stage_teardown(void)
{
	snmp_stop(snmp);
	snmp = NULL;
	end(&master);
	end(&receiver);
	hub_free(hub);
	free(run("rm -rf %s", dir));
}

START_TEST(before_the_first_verification_nothing_but_counters_exists)
{
	await(ROOT ".1.10.1.0", "Counter32: 0");
	assert_get(ROOT ".1.1.1.0", "No Such Instance currently exists at this OID");
	publish(3);
	assert_get(ROOT ".1.1.1.0", "INTEGER: 3");
}
END_TEST

static const struct {
	const char *oid, *want;
} values[] = {
        {ROOT ".1.1.2.0", "Counter32: 3"},
        {ROOT ".1.1.4.0", "Hex-STRING: 07 E7 0B 0E 16 0D 14 00 2B 00 00 "},
        {ROOT ".1.1.6.0", "Gauge32: 4"},
        {ROOT ".1.1.20.0", "INTEGER: 1"},
        {ROOT ".1.1.21.0", "\"\""},
        {ROOT ".1.1.31.0", "STRING: \"lync-server-2013 1.0\""},
        {ROOT ".1.2.1.2.2", "STRING: \"lync-server-2013\""},
        {ROOT ".1.3.1.2.2.4", "STRING: \"lync-server-2013/front-end-server\""},
        {ROOT ".1.4.1.12.2.1", "STRING: \"tcp 5061 tls sip\""},
        {ROOT ".1.5.1.1.2.5", "STRING: \"hq\""},
        {ROOT ".1.5.2.1.4.1", "STRING: \"10.0.0.0/24\""},
        {FLOW ".5.5.1.1.1.2.4",
                "STRING: \"hq/lync/front-end-server/front-end-service/5061-tcp#1 clients>fe-pool ipv4\""},
        {FLOW ".6.5.1.1.1.2.4", "INTEGER: 3"},
        {FLOW ".17.5.1.1.1.2.4", "STRING: \"" SAMPLE_RULE "\""},
        {FLOW ".18.5.1.1.1.2.4", "STRING: \"" SAMPLE_WITNESS "\""},
        {FLOW ".6.5.2.1.0.2.4", "INTEGER: 8"},
        {FLOW ".19.5.2.1.4294967295.2.4", "STRING: \"limit@filter/forward#7\""},
        {ROOT ".1.7.1.5.77", "Gauge32: 1"},
        {ROOT ".1.8.1.10.2147483647", "STRING: \"" SAMPLE_PACKETS "\""},
        {ROOT ".1.9.1.3.42", "INTEGER: 1"},
        {FLOW ".6.5.1.1.1.2.5", "No Such Instance currently exists at this OID"},
        {FLOW ".1.5.1.1.1.2.4", "No Such Object available on this agent at this OID"},
        {ROOT ".1.1.1.1", "No Such Instance currently exists at this OID"},
        {ROOT ".1.1.38.0", "INTEGER: 2"},
        {ROOT ".1.1.39.0", "INTEGER: 1"},
        {ROOT ".1.1.40.0", "STRING: \"" SAMPLE_DEVIATION "\""},
        {ROOT ".1.1.41.0", "INTEGER: 2"},
        {ROOT ".1.1.42.0", "Hex-STRING: 07 E7 0B 0E 16 0D 14 00 2B 00 00 "},
        {ROOT ".1.1.43.0", "STRING: \"a look\""},
        {ROOT ".1.10.5.0", "INTEGER: 1"},
        {ROOT ".1.10.6.0", "Gauge32: 200"},
        {ROOT ".1.10.7.0", "Gauge32: 0"},
        {ROOT ".1.10.8.0", "INTEGER: 2"},
        {ROOT ".1.12.1.2.5.1", "STRING: \"hq/media\""},
        {ROOT ".1.12.1.9.5.1", "INTEGER: 5"},
        {ROOT ".1.14.2.0", "INTEGER: 1"},
        {ROOT ".1.1.45.0", "No Such Object available on this agent at this OID"},
};

START_TEST(get_answers_what_the_snapshot_says)
{
	assert_get(values[_i].oid, values[_i].want);
}
END_TEST

/* Without what changes from second to second. */
static char *walk(const char *how)
{
	return run("%s 127.0.0.1:%u %s | grep -v -e '%s.1.1.28.0' -e 'No more variables'", how, port, ROOT, ROOT);
}

static void assert_walks_agree(void)
{
	char *plain = walk("snmpwalk " V2C);
	/* Scalars less one, what there is of notifications and control, and columns times rows of every table. */
	size_t want = 43 + 8 + 3 + 8 * 1 + 6 * 2 + 16 * 2 + 9 * 1 + 6 * 2 + 17 * 4 + 12 * 1 + 14 * 1 + 16 * 2 + 12 * 1 +
	              9 * 2;
	ck_assert_msg(count(plain, ROOT) == want, "%zu lines, not %zu: %.200s", count(plain, ROOT), want, plain);
	ck_assert_ptr_null(strstr(plain, "Error"));
	static const unsigned repetitions[] = {1, 2, 7, 25, 200};
	for (size_t i = 0; i < sizeof(repetitions) / sizeof(repetitions[0]); i++) {
		char how[128];
		snprintf(how, sizeof(how), "snmpbulkwalk %s -Cr%u", V2C, repetitions[i]);
		char *bulk = walk(how);
		size_t same = 0;
		while (bulk[same] == plain[same] && bulk[same] != '\0')
			same++;
		ck_assert_msg(bulk[same] == plain[same], "-Cr%u: %.200s", repetitions[i], bulk + same);
		free(bulk);
	}
	free(plain);
}

START_TEST(walks_of_every_kind_agree)
{
	assert_walks_agree();
}
END_TEST

START_TEST(several_tables_in_one_request)
{
	char *got = run("snmpgetnext %s 127.0.0.1:%u %s.1.1 %s.1.2 %s.1.5 %s.1.6.1.21.5.2.1.4294967295.2.4", V2C, port,
	        ROOT, ROOT, ROOT, ROOT);
	const char *want = ROOT ".1.1.1.0 = INTEGER: 3\n" ROOT ".1.2.1.2.2 = STRING: \"lync-server-2013\"\n" ROOT
	                        ".1.5.1.1.2.5 = STRING: \"hq\"\n" ROOT ".1.7.1.2.77 = STRING: \"hq/";
	ck_assert_msg(strncmp(got, want, strlen(want)) == 0, "%s", got);
	free(got);
}
END_TEST

START_TEST(names_and_enumerations_come_from_the_mib)
{
	char *got = run("snmpget -v2c -c public -M %s -m \"$BUILD_DIR/generated/mibs/PORTCULLIS-MIB.txt\" 127.0.0.1:%u "
	                "portcullisOverall.0 portcullisLastChangeTime.0 portcullisFlowVerdict.5.1.1.1.2.4",
	        base_mibs, port);
	ck_assert_str_eq(got, "PORTCULLIS-MIB::portcullisOverall.0 = INTEGER: violated(3)\n"
	                      "PORTCULLIS-MIB::portcullisLastChangeTime.0 = STRING: 2023-11-14,22:13:20.0,+0:0\n"
	                      "PORTCULLIS-MIB::portcullisFlowVerdict.5.1.1.1.2.4 = INTEGER: blocked(3)\n");
	free(got);
}
END_TEST

START_TEST(snmpv3_with_encryption_is_admitted_and_without_is_not)
{
	const char *user = "snmpget -v3 -t 2 -r 1 -On -u portcullis -a SHA-256 -A 'a good passphrase'";
	char *got = run("%s -l authPriv -x AES -X 'another passphrase' 127.0.0.1:%u %s.1.1.1.0", user, port, ROOT);
	ck_assert_str_eq(got, ROOT ".1.1.1.0 = INTEGER: 3\n");
	free(got);
	got = run("%s -l authNoPriv 127.0.0.1:%u %s.1.1.1.0", user, port, ROOT);
	ck_assert_ptr_null(strstr(got, "INTEGER"));
	free(got);
}
END_TEST

START_TEST(views_hide_a_table_and_a_column)
{
	char *all = run("snmpbulkwalk -v2c -c public -On 127.0.0.1:%u %s.1", port, ROOT);
	char *narrow = run("snmpbulkwalk -v2c -c narrow -On 127.0.0.1:%u %s.1", port, ROOT);
	char *column = run("snmpbulkwalk -v2c -c column -On -Cr200 127.0.0.1:%u %s.1", port, ROOT);
	ck_assert_uint_eq(count(narrow, FLOW), 0);
	ck_assert_uint_eq(count(narrow, "\n"), count(all, "\n") - count(all, FLOW "."));
	ck_assert_uint_eq(count(column, FLOW ".6."), 0);
	ck_assert_uint_eq(count(column, "\n"), count(all, "\n") - 4);
	free(all);
	free(narrow);
	free(column);
}
END_TEST

/* Sets */

#define NOTIFY ROOT ".1.10."
#define CONTROL ROOT ".1.14."

/* What snmpset prints of values such as "OID i 1". */
static char *set(const char *what)
{
	return run("snmpset -v2c -c private -t 3 -r 0 -On 127.0.0.1:%u %s", port, what);
}

static const struct {
	const char *values, *reason;
} refused[] = {
        {ROOT ".1.1.1.0 i 1", "notWritable"},
        {ROOT ".1.6.1.6.5.1.1.1.2.4 i 1", "notWritable"},
        {NOTIFY "1.0 u 1", "notWritable"},
        {NOTIFY "99.0 i 1", "notWritable"},
        {NOTIFY "5.1 i 1", "noCreation"},
        {NOTIFY "5.0.0 i 1", "noCreation"},
        {NOTIFY "5 i 1", "noCreation"},
        {NOTIFY "5.0 u 1", "wrongType"},
        {NOTIFY "5.0 s true", "wrongType"},
        {NOTIFY "6.0 i 500", "wrongType"},
        {NOTIFY "5.0 i 3", "wrongValue"},
        {NOTIFY "5.0 i 0", "wrongValue"},
        {NOTIFY "6.0 u 600001", "wrongValue"},
        {CONTROL "2.0 i 3", "wrongValue"},
        {CONTROL "1.0 i -1", "wrongValue"},
        {NOTIFY "6.0 u 500 " NOTIFY "5.0 i 3", "wrongValue"},
        {NOTIFY "6.0 u 500 " ROOT ".1.1.1.0 i 1", "notWritable"},
};

START_TEST(set_is_refused_by_name_and_changes_nothing)
{
	char *got = set(refused[_i].values);
	ck_assert_msg(strstr(got, refused[_i].reason) != NULL, "%s: %s", refused[_i].values, got);
	free(got);
	assert_get(NOTIFY "5.0", "INTEGER: 1");
	assert_get(NOTIFY "6.0", "Gauge32: 200");
	host_lock();
	ck_assert(host_state.settings.enable);
	ck_assert_uint_eq(host_state.sets, 0);
	host_unlock();
}
END_TEST

/* What was asked for but not waited for. */
static void await_released(void)
{
	int64_t start = clock_monotonic_ms();
	for (bool locked = true; locked;) {
		host_lock();
		locked = host_state.locked;
		host_unlock();
		ck_assert_int_lt(clock_monotonic_ms() - start, PATIENCE_MS);
		poll(NULL, 0, 5);
	}
}

START_TEST(set_changes_all_or_nothing_and_gives_the_writer_back)
{
	char *got = set(NOTIFY "5.0 i 2 " NOTIFY "6.0 u 500 " NOTIFY "7.0 u 60000 " NOTIFY "8.0 i 1");
	ck_assert_str_eq(got, NOTIFY "5.0 = INTEGER: 2\n" NOTIFY "6.0 = Gauge32: 500\n" NOTIFY
	                             "7.0 = Gauge32: 60000\n" NOTIFY "8.0 = INTEGER: 1\n");
	free(got);
	host_lock();
	ck_assert_uint_eq(host_state.sets, 1);
	ck_assert(!host_state.settings.enable && host_state.settings.per_flow);
	ck_assert_uint_eq(host_state.settings.hold_down_ms, 500);
	ck_assert_uint_eq(host_state.settings.minimum_interval_ms, 60000);
	host_unlock();
	assert_get(NOTIFY "6.0", "Gauge32: 500");
	await_released();
	free(set(NOTIFY "5.0 i 1 " NOTIFY "6.0 u 200 " NOTIFY "7.0 u 0 " NOTIFY "8.0 i 2"));
	await_released();
}
END_TEST

START_TEST(set_is_refused_while_somebody_else_writes)
{
	host_lock();
	host_state.locked = true;
	host_unlock();
	char *got = set(NOTIFY "6.0 u 700");
	ck_assert_msg(strstr(got, "resourceUnavailable") != NULL, "%s", got);
	free(got);
	assert_get(NOTIFY "6.0", "Gauge32: 200");
	host_lock();
	ck_assert(host_state.locked); /* it is not ours to give back */
	host_state.locked = false;
	host_state.refuses = true;
	host_unlock();
	got = set(NOTIFY "6.0 u 700");
	ck_assert_msg(strstr(got, "commitFailed") != NULL, "%s", got);
	free(got);
	await_released();
	host_lock();
	host_state.refuses = false;
	host_unlock();
	assert_get(NOTIFY "6.0", "Gauge32: 200");
}
END_TEST

START_TEST(set_that_comes_too_late_is_taken_back)
{
	host_lock();
	host_state.slow = true;
	host_unlock();
	int64_t start = clock_monotonic_ms();
	char *late = set(NOTIFY "6.0 u 900");
	int64_t took = clock_monotonic_ms() - start;
	char *meanwhile = get(ROOT ".1.1.2.0"), *next = set(NOTIFY "6.0 u 901");
	/* Before anything can fail: the end of this program waits for it. */
	host_lock();
	host_state.slow = false;
	pthread_cond_broadcast(&host_state.go);
	host_unlock();
	ck_assert_msg(strstr(late, "commitFailed") != NULL, "%s", late);
	ck_assert_int_ge(took, 790);
	ck_assert_str_eq(meanwhile, ROOT ".1.1.2.0 = Counter32: 3\n");
	ck_assert_msg(strstr(next, "resourceUnavailable") != NULL, "%s", next);
	free(late);
	free(meanwhile);
	free(next);
	await_released();
	assert_get(NOTIFY "6.0", "Gauge32: 200");
}
END_TEST

static unsigned counted(const unsigned *n)
{
	host_lock();
	unsigned now = *n;
	host_unlock();
	return now;
}

START_TEST(wishes_are_done_once_and_no_more_often_than_once_a_second)
{
	unsigned verifications = counted(&host_state.verifications), tests = counted(&host_state.tests);
	int64_t start = clock_monotonic_ms();
	char *got = set(CONTROL "2.0 i 2 " CONTROL "3.0 i 2");
	ck_assert_str_eq(got, CONTROL "2.0 = INTEGER: 2\n" CONTROL "3.0 = INTEGER: 2\n");
	free(got);
	got = set(CONTROL "2.0 i 2");
	ck_assert_msg(strstr(got, "resourceUnavailable") != NULL || clock_monotonic_ms() - start >= 1000, "%s", got);
	free(got);
	assert_get(CONTROL "2.0", "INTEGER: 1");
	free(set(CONTROL "2.0 i 1"));
	while (counted(&host_state.tests) == tests)
		ck_assert_int_lt(clock_monotonic_ms() - start, PATIENCE_MS);
	ck_assert_uint_ge(counted(&host_state.verifications), verifications + 1);
	ck_assert_uint_eq(counted(&host_state.tests), tests + 1);
}
END_TEST

START_TEST(lock_refuses_what_is_said_again)
{
	char *now = get(CONTROL "1.0"), what[128];
	unsigned lock = (unsigned)strtoul(strstr(now, "INTEGER: ") + 9, NULL, 10);
	free(now);
	snprintf(what, sizeof(what), CONTROL "1.0 i %u " NOTIFY "6.0 u 300", lock);
	char *got = set(what);
	ck_assert_msg(strstr(got, "Gauge32: 300") != NULL, "%s", got);
	free(got);
	await_released();
	got = set(what); /* the very same once more */
	ck_assert_msg(strstr(got, "inconsistentValue") != NULL, "%s", got);
	free(got);
	await_released();
	snprintf(what, sizeof(what), "INTEGER: %u", lock == 2147483647 ? 0 : lock + 1);
	assert_get(CONTROL "1.0", what);
	free(set(NOTIFY "6.0 u 200"));
	await_released();
}
END_TEST

START_TEST(set_without_the_right_is_refused_by_snmpd)
{
	char *got = run("snmpset -v2c -c public -On 127.0.0.1:%u %s i 2", port, NOTIFY "5.0");
	ck_assert_msg(strstr(got, "noAccess") != NULL, "%s", got);
	free(got);
	assert_get(NOTIFY "5.0", "INTEGER: 1");
}
END_TEST

/* The rows have been read before somebody asks, or soon after. */
START_TEST(rules_have_their_counters)
{
	char *got = NULL;
	int64_t start = clock_monotonic_ms();
	do {
		free(got);
		got = run("snmpbulkwalk %s 127.0.0.1:%u %s.1.13", V2C, port, ROOT);
		ck_assert_msg(clock_monotonic_ms() - start < 15000, "%s", got);
	} while (strstr(got, "Counter64: 5000000000") == NULL);
	ck_assert_uint_eq(count(got, "STRING: \"no more\""), 1);
	ck_assert_uint_eq(count(got, "Counter64: 700000000000"), 1);
	ck_assert_uint_eq(count(got, "Hex-STRING: 07 E7 0B 0E 16 0D 14 00 2B 00 00 "), 1);
	free(got);
}
END_TEST

START_TEST(is_listed_in_sysORTable)
{
	char *got = run("snmpwalk %s 127.0.0.1:%u .1.3.6.1.2.1.1.9.1.2", V2C, port);
	ck_assert_msg(strstr(got, "OID: " ROOT "\n") != NULL, "%s", got);
	free(got);
}
END_TEST

START_TEST(a_new_snapshot_is_seen_at_once_and_times_stay_put)
{
	publish(4);
	assert_get(ROOT ".1.1.2.0", "Counter32: 4");
	char *first = get(ROOT ".1.1.3.0");
	for (int i = 0; i < 10; i++) {
		char *again = get(ROOT ".1.1.3.0");
		ck_assert_str_eq(again, first);
		free(again);
	}
	free(first);
}
END_TEST

/* Traps */

static void tell(enum change_kind kind, uint64_t sequence)
{
	struct change c;
	sample_change(&c, kind, sequence);
	snmp_notify(snmp, &c);
	change_fini(&c);
}

#define DATA ROOT ".1.11."
#define TRAP(number) "OID: " ROOT ".0." number

START_TEST(raise_and_clear_arrive_with_the_same_objects_in_order)
{
	static const char *const order[] = {DATA "1.0 = Gauge32: 101", DATA "2.0 = Gauge32: 77",
	        DATA "3.0 = STRING: \"hq/lync", DATA "4.0 = Gauge32: 1", DATA "5.0 = INTEGER: 5",
	        DATA "6.0 = INTEGER: 3", DATA "7.0 = STRING: \"" SAMPLE_RULE "\"",
	        DATA "8.0 = STRING: \"" SAMPLE_WITNESS "\"", DATA "9.0 = INTEGER: 2", DATA "10.0 = STRING: \"nft\"",
	        DATA "11.0 = Gauge32: 4321", DATA "12.0 = INTEGER: 3", DATA "16.0 = Hex-STRING: "};
	tell(CHANGE_VIOLATED, 101);
	tell(CHANGE_CLEARED, 102);
	char *log = await_trap(TRAP("2\t"), 1);
	const char *raise = strstr(log, TRAP("1\t")), *clear = strstr(log, TRAP("2\t"));
	ck_assert_msg(raise != NULL && clear != NULL && raise < clear, "%.1000s", log);
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		raise = strstr(raise, order[i]);
		ck_assert_msg(raise != NULL && raise < clear, "%s is not in its place in:\n%.1000s", order[i], log);
		char *object = xstrndup(order[i], strcspn(order[i], " "));
		clear = strstr(clear, object);
		ck_assert_msg(clear != NULL, "%s", object);
		free(object);
	}
	free(log);
	await(ROOT ".1.10.1.0", "Counter32: 2");
	assert_get(ROOT ".1.10.4.0", "Gauge32: 102");
}
END_TEST

START_TEST(every_kind_arrives_as_its_notification)
{
	static const char *const trap[] = {TRAP("3\t"), TRAP("4\t"), TRAP("5\t"), TRAP("6\t"), TRAP("7\t"), TRAP("9\t"),
	        TRAP("10\t"), TRAP("11\t")};
	for (enum change_kind k = CHANGE_OVERALL; k < CHANGE_N; k++)
		tell(k, 110 + k);
	for (size_t i = 0; i < sizeof(trap) / sizeof(trap[0]); i++)
		free(await_trap(trap[i], 1));
}
END_TEST

START_TEST(a_burst_arrives_whole_while_requests_are_answered)
{
	for (uint64_t i = 0; i < 1000; i++)
		tell(CHANGE_VIOLATED, 1000 + i);
	assert_get(ROOT ".1.1.2.0", "Counter32: 4");
	free(await_trap(DATA "1.0 = Gauge32: 1999\t", 1));
	char *log = await_trap(TRAP("1\t"), 1001);
	ck_assert_uint_eq(count(log, TRAP("1\t")), 1001);
	free(log);
	await(ROOT ".1.10.3.0", "Gauge32: 0");
	assert_get(ROOT ".1.10.2.0", "Counter32: 0");
}
END_TEST

START_TEST(after_a_restart_of_the_master_all_is_registered_and_traps_follow)
{
	end(&master);
	tell(CHANGE_VIOLATED, 3000);
	tell(CHANGE_CLEARED, 3001);
	int64_t start = clock_monotonic_ms();
	master_start();
	int64_t took = await(ROOT ".1.1.2.0", "Counter32: 4");
	ck_assert_msg(took < 6000, "%lld ms", (long long)took);
	/* It comes last. */
	for (bool listed = false; !listed;) {
		char *got = run("snmpwalk %s 127.0.0.1:%u .1.3.6.1.2.1.1.9.1.2", V2C, port);
		listed = strstr(got, "OID: " ROOT "\n") != NULL;
		ck_assert_msg(listed || clock_monotonic_ms() - start < PATIENCE_MS, "%s", got);
		free(got);
	}
	char *log = await_trap(DATA "1.0 = Gauge32: 3001\t", 1);
	ck_assert_uint_eq(count(log, DATA "1.0 = Gauge32: 3000\t"), 1);
	free(log);
	assert_walks_agree();
}
END_TEST

START_TEST(overflow_while_the_master_is_away_ends_in_a_digest)
{
	end(&master);
	for (uint64_t i = 0; i < 1100; i++)
		tell(CHANGE_VIOLATED, 5000 + i);
	master_start();
	free(await_trap(DATA "1.0 = Gauge32: 6099\t", 1));
	char *log = await_trap(TRAP("8\t"), 1);
	const char *digest = strstr(log, TRAP("8\t"));
	ck_assert_msg(strstr(digest, DATA "15.0 = Gauge32: 77\t") != NULL, "%.600s", digest);
	free(log);
	await(ROOT ".1.10.2.0", "Counter32: 77");
}
END_TEST

static size_t threads(void)
{
	char *got = run("echo; cat /proc/%d/task/*/comm", (int)getpid());
	size_t n = count(got, "\nsnmp\n");
	free(got);
	return n;
}

START_TEST(a_hanging_master_holds_up_nobody)
{
	ck_assert_int_eq(kill(master, SIGSTOP), 0);
	int64_t start = clock_monotonic_ms();
	for (uint64_t i = 0; i < 100; i++)
		tell(CHANGE_VIOLATED, 7000 + i);
	publish(5);
	ck_assert_int_lt(clock_monotonic_ms() - start, 200);
	/* Long enough for a ping that is not answered. */
	poll(NULL, 0, 2200);
	start = clock_monotonic_ms();
	snmp_stop(snmp);
	snmp = NULL;
	ck_assert_int_lt(clock_monotonic_ms() - start, 1500);
	ck_assert_uint_eq(threads(), 0);
}
END_TEST

/* Whoever connects to it waits: its row is full, and nobody takes anybody out of it. */
static int full_listener(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), n = 0;
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(listen(fd, 0), 0);
	while (n < 10) {
		int one = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		ck_assert_int_ge(one, 0);
		if (connect(one, (struct sockaddr *)&a, sizeof(a)) != 0)
			break;
		n++;
	}
	ck_assert_int_eq(errno, EAGAIN);
	return fd;
}

START_TEST(a_thread_that_hangs_is_left_behind_and_ends_later)
{
	struct error err;
	struct snmp *other;
	struct hub *borrowed = hub_new();
	char *path = xasprintf("%s/full", dir);
	int fd = full_listener(path);
	ck_assert_msg(snmp_start(&(struct snmp_options){.agentx = path}, &snmp_host, borrowed, &other, &err) == 0, "%s",
	        err.text);
	poll(NULL, 0, 200);
	int64_t start = clock_monotonic_ms();
	snmp_stop(other);
	ck_assert_int_lt(clock_monotonic_ms() - start, 1500);
	ck_assert_uint_eq(threads(), 2);
	hub_free(borrowed); /* out of reach of what still runs */
	close(fd);
	for (start = clock_monotonic_ms(); threads() > 1; poll(NULL, 0, 20))
		ck_assert_int_lt(clock_monotonic_ms() - start, PATIENCE_MS);
	free(path);
}
END_TEST

START_TEST(refuses_options_that_cannot_work)
{
	struct snmp *other;
	struct error err;
	char path[200] = "/";
	const struct snmp_options none = {.agentx = ""}, too_long = {.agentx = path};
	memset(path + 1, 'x', 150);
	ck_assert_int_eq(snmp_start(&none, &snmp_host, hub, &other, &err), -1);
	ck_assert_int_eq(err.code, ERR_USAGE);
	ck_assert_int_eq(snmp_start(&too_long, &snmp_host, hub, &other, &err), -1);
	ck_assert_int_eq(err.code, ERR_USAGE);
	ck_assert_ptr_null(other);
}
END_TEST

static bool installed(const char *program)
{
	char command[128];
	snprintf(command, sizeof(command), "command -v %s >/dev/null", program);
	if (system(command) == 0)
		return true;
	printf("skipped: %s is not installed\n", program);
	return false;
}

static bool base_mibs_find(void)
{
	glob_t g;
	bool found = glob("/usr/lib/erlang/lib/snmp-*/mibs", 0, NULL, &g) == 0;
	if (found)
		snprintf(base_mibs, sizeof(base_mibs), "%s", g.gl_pathv[0]);
	else
		printf("skipped: no base MIBs (package erlang-snmp)\n");
	globfree(&g);
	return found;
}

int main(void)
{
	static const char *const needed[] = {"snmpd", "snmptrapd", "snmpget", "snmpset", "snmpwalk", "snmpbulkwalk"};
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!installed(needed[i]))
			return 77;
	if (!base_mibs_find())
		return 77;
	log_init("check_snmp", LOG_LEVEL_INFO, false);
	Suite *suite = suite_create("snmp");
	TCase *c = tcase_create("behind snmpd");
	tcase_set_timeout(c, 120);
	tcase_add_unchecked_fixture(c, stage_setup, stage_teardown);
	tcase_add_test(c, before_the_first_verification_nothing_but_counters_exists);
	tcase_add_loop_test(c, get_answers_what_the_snapshot_says, 0, sizeof(values) / sizeof(values[0]));
	tcase_add_test(c, walks_of_every_kind_agree);
	tcase_add_test(c, several_tables_in_one_request);
	tcase_add_test(c, names_and_enumerations_come_from_the_mib);
	tcase_add_test(c, snmpv3_with_encryption_is_admitted_and_without_is_not);
	tcase_add_test(c, views_hide_a_table_and_a_column);
	tcase_add_loop_test(c, set_is_refused_by_name_and_changes_nothing, 0, sizeof(refused) / sizeof(refused[0]));
	tcase_add_test(c, set_changes_all_or_nothing_and_gives_the_writer_back);
	tcase_add_test(c, set_is_refused_while_somebody_else_writes);
	tcase_add_test(c, set_that_comes_too_late_is_taken_back);
	tcase_add_test(c, wishes_are_done_once_and_no_more_often_than_once_a_second);
	tcase_add_test(c, lock_refuses_what_is_said_again);
	tcase_add_test(c, set_without_the_right_is_refused_by_snmpd);
	tcase_add_test(c, rules_have_their_counters);
	tcase_add_test(c, is_listed_in_sysORTable);
	tcase_add_test(c, a_new_snapshot_is_seen_at_once_and_times_stay_put);
	tcase_add_test(c, raise_and_clear_arrive_with_the_same_objects_in_order);
	tcase_add_test(c, every_kind_arrives_as_its_notification);
	tcase_add_test(c, a_burst_arrives_whole_while_requests_are_answered);
	tcase_add_test(c, after_a_restart_of_the_master_all_is_registered_and_traps_follow);
	tcase_add_test(c, overflow_while_the_master_is_away_ends_in_a_digest);
	tcase_add_test(c, refuses_options_that_cannot_work);
	tcase_add_test(c, a_thread_that_hangs_is_left_behind_and_ends_later);
	tcase_add_test(c, a_hanging_master_holds_up_nobody);
	suite_add_tcase(suite, c);
	SRunner *runner = srunner_create(suite);
	srunner_set_fork_status(runner, CK_NOFORK); /* the tests share one stage, in order */
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
