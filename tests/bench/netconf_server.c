/*
 * The servers of `bench netconf`: ours is this program in a child, with a snapshot made by hand and a journal on disk;
 * the peer is netconfd of Debian's package, with rows of the same ten leaves as configuration of a small module, and none
 * where it is not installed.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/netconf.h"
#include "many_snapshot.h"
#include "portcullis/clock.h"
#include "portcullis/log.h"
#include "portcullis/netconf.h"
#include "scratch_dir.h"

#define PEER_START_MS 90000 /* one that needs longer for its rows is not there */

double bench_now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static bool make_directory(struct bench_server *s)
{
	snprintf(s->directory, sizeof(s->directory), "/tmp/portcullis-bench-XXXXXX");
	if (mkdtemp(s->directory) != NULL)
		return true;
	perror("bench: a directory");
	return false;
}

void bench_server_stop(struct bench_server *s)
{
	if (s->pid == 0)
		return;
	if (s->command >= 0)
		close(s->command);
	else
		kill(s->pid, SIGKILL); /* while it loads rows it hears nothing else */
	waitpid(s->pid, NULL, 0);
	remove_all(s->directory);
	s->pid = 0;
}

/* Ours */

static int verify_now(void *ctx, struct error *err)
{
	(void)ctx;
	(void)err;
	return 0;
}

static int test_notification(void *ctx, struct error *err)
{
	(void)ctx;
	(void)err;
	return 0;
}

static void must(int result, const struct error *err)
{
	if (result == 0)
		return;
	fprintf(stderr, "bench: %s: %s\n", err->where, err->text);
	_exit(1);
}

static int pause_enforcement(void *ctx, const char *user, uint32_t seconds, const char *reason, struct error *err)
{
	(void)ctx;
	(void)seconds;
	return error_set(err, ERR_UNSUPPORTED, NULL, "no table to pause for %s: %s", user, reason);
}

static int no_connections(
        void *ctx, const struct connection_question *question, struct connection_report *out, struct error *err)
{
	(void)ctx;
	(void)question;
	(void)err;
	*out = (struct connection_report){0};
	return 0;
}

static int resume_enforcement(void *ctx, struct error *err)
{
	(void)ctx;
	return error_set(err, ERR_INVALID, NULL, "enforcement is not paused");
}

static void send_notifications(struct netconf *n)
{
	struct change change;
	sample_change(&change, CHANGE_VIOLATED, 0);
	for (change.sequence = 1; change.sequence <= BENCH_NOTIFICATIONS; change.sequence++)
		netconf_notify(n, &change);
	change_fini(&change);
}

__attribute__((noreturn)) static void serve(const struct bench_server *s, size_t rows, int command, int ready)
{
	struct netconf_host host = {
	        NULL, verify_now, test_notification, pause_enforcement, resume_enforcement, no_connections};
	struct netconf_options options = {.socket_path = s->path,
	        .group = "root",
	        .socket_gid = (gid_t)-1,
	        .listen_fd = -1,
	        .yang_dir = SOURCE_DIR "/yang"};
	struct journal *journal;
	struct config *config;
	struct netconf *netconf;
	struct error err = {0};
	char byte = 0;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	log_init("bench", LOG_LEVEL_ERROR, false);
	must(journal_open(s->directory, &journal, &err), &err);
	must(config_open(SOURCE_DIR "/yang", journal, NULL, &config, &err), &err);
	struct hub *hub = hub_new();
	hub_set(hub, many_new(1, clock_monotonic_ms(), rows - 4, 0));
	must(netconf_start(&options, config, hub, &host, &netconf, &err), &err);
	if (write(ready, &byte, 1) != 1)
		_exit(1);
	while (read(command, &byte, 1) == 1)
		send_notifications(netconf);
	netconf_stop(netconf);
	_exit(0);
}

bool bench_ours_start(struct bench_server *s, size_t rows)
{
	int command[2], ready[2];
	char byte;
	*s = (struct bench_server){.prelude = "",
	        .ns = "urn:portcullis:yang:portcullis",
	        .rows = "conformance",
	        .row = "result",
	        .key = "initiator"};
	if (!make_directory(s) || pipe2(command, O_CLOEXEC) != 0 || pipe2(ready, O_CLOEXEC) != 0)
		return false;
	snprintf(s->path, sizeof(s->path), "%s/socket", s->directory);
	s->pid = fork();
	if (s->pid == 0) {
		close(command[1]);
		close(ready[0]);
		serve(s, rows, command[0], ready[1]);
	}
	close(command[0]);
	close(ready[1]);
	s->command = command[1];
	bool is = read(ready[0], &byte, 1) == 1;
	close(ready[0]);
	if (!is)
		bench_server_stop(s);
	return is;
}

/* The peer */

static const char module[] =
        "module bench-rows {\n"
        "  namespace \"urn:portcullis:bench\"; prefix b;\n"
        "  list row {\n"
        "    key \"requirement initiator\";\n"
        "    leaf requirement { type string; } leaf initiator { type string; }\n"
        "    leaf deployment { type string; } leaf variant { type uint32; } leaf listener { type string; }\n"
        "    leaf label { type string; } leaf transport { type string; } leaf ports { type string; }\n"
        "    leaf verdict { type string; } leaf changed { type string; }\n"
        "  }\n"
        "}\n";

static FILE *create(const struct bench_server *s, const char *name)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/%s", s->directory, name);
	FILE *f = fopen(path, "w");
	if (f == NULL)
		perror(path);
	return f;
}

static bool write_rows(const struct bench_server *s, size_t rows)
{
	FILE *f = create(s, "startup-cfg.xml");
	if (f == NULL)
		return false;
	fprintf(f, "<config xmlns=\"" BENCH_BASE "\">\n");
	for (size_t i = 0; i < rows; i++) {
		size_t r = 2 + i / MANY_PER_REQUIREMENT, k = i % MANY_PER_REQUIREMENT;
		fprintf(f,
		        "<row xmlns=\"urn:portcullis:bench\"><requirement>lync/front-end-server/service-%zu/%zu-tcp</"
		        "requirement><initiator>clients-%zu</initiator><deployment>hq</deployment><variant>%zu</"
		        "variant>"
		        "<listener>fe-pool</listener><label>hq/lync/front-end-server/service-%zu/%zu-tcp#1 clients-%zu"
		        "&gt;fe-pool "
		        "ipv4</label><transport>tcp</transport><ports>%zu</ports><verdict>conformant</verdict>"
		        "<changed>2023-11-14T22:13:19Z</changed></row>\n",
		        r, 1024 + r, k, 1 + k % 2, r, 1024 + r, k, 1024 + r);
	}
	fprintf(f, "</config>\n");
	return fclose(f) == 0;
}

static bool write_module(const struct bench_server *s)
{
	FILE *f = create(s, "bench-rows.yang");
	return f != NULL && fputs(module, f) >= 0 && fclose(f) == 0;
}

static bool answers(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	memcpy(address.sun_path, path, strlen(path) + 1);
	bool is = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
	close(fd);
	return is;
}

__attribute__((noreturn)) static void run_netconfd(const struct bench_server *s)
{
	char startup[128], modpath[256], log[128], socket_name[160];
	snprintf(startup, sizeof(startup), "--startup=%s/startup-cfg.xml", s->directory);
	snprintf(modpath, sizeof(modpath), "--modpath=%s:/usr/share/yuma/modules", s->directory);
	snprintf(log, sizeof(log), "--log=%s/log", s->directory);
	snprintf(socket_name, sizeof(socket_name), "--ncxserver-sockname=%s", s->path);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (freopen("/dev/null", "w", stdout) == NULL || freopen("/dev/null", "w", stderr) == NULL)
		_exit(127);
	execlp("netconfd", "netconfd", startup, modpath, log, socket_name, "--module=bench-rows", "--superuser=root",
	        "--target=candidate", "--with-startup=false", "--log-level=error", (char *)NULL);
	_exit(127);
}

bool bench_peer_start(struct bench_server *s, size_t rows)
{
	*s = (struct bench_server){.ns = "urn:portcullis:bench", .row = "row", .key = "initiator", .command = -1};
	/* What its own netconf-subsystem sends first. */
	s->prelude = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ncx-connect xmlns=\"http://netconfcentral.org/ns/"
	             "yuma-ncx\" version=\"1\" user=\"root\" address=\"127.0.0.1\" "
	             "magic=\"x56o8937ab17eg922z34rwhobskdbyswfehkpsqq3i55a0an960ccw24a4ek864aOpal1t2p\" "
	             "transport=\"ssh\" port=\"830\" />\n]]>]]>";
	if (system("command -v netconfd >/dev/null 2>&1") != 0 || !make_directory(s))
		return false;
	snprintf(s->path, sizeof(s->path), "%s/socket", s->directory);
	if (!write_module(s) || !write_rows(s, rows))
		return false;
	s->pid = fork();
	if (s->pid == 0)
		run_netconfd(s);
	const struct timespec pause = {.tv_nsec = 20000000};
	for (double from = bench_now_ms(); bench_now_ms() - from < PEER_START_MS;) {
		if (waitpid(s->pid, NULL, WNOHANG) == s->pid) {
			s->pid = 0;
			remove_all(s->directory);
			return false;
		}
		if (answers(s->path))
			return true;
		nanosleep(&pause, NULL);
	}
	bench_server_stop(s);
	return false;
}
