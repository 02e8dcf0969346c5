/*
 * NETCONF: time, first byte and memory of a server as its clients see them, over its UNIX socket, beside netconfd in the
 * same run where that is installed. Both have rows of the same leaves; ours are state of a snapshot, the peer's are
 * configuration of a small module, which it reads with the same get.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/netconf.h"
#include "portcullis/alloc.h"
#include "portcullis/text.h"

#define RUNS 50
#define EDIT_RUNS 9
#define NONE (-1.0)
#define WAIT_MS 60000
#define ENTRIES 10000u
#define SUBSCRIBERS 10u
#define IDLE_S 5
#define GETS 10 /* of all rows */

static const char end_mark[] = "]]>]]>";
static bool as_json;

__attribute__((noreturn)) static void fail(const char *what)
{
	fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

static void line(const char *work, size_t size, double ours, double theirs, const char *unit)
{
	if (ours < 0)
		fail("our server did not answer");
	if (as_json && theirs >= 0)
		printf("{\"work\":\"%s\",\"size\":%zu,\"ours\":%.3f,\"peer\":\"netconfd\",\"theirs\":%.3f,\"unit\":\"%"
		       "s\","
		       "\"ratio\":%.3f}\n",
		        work, size, ours, theirs, unit, theirs > 0 ? ours / theirs : 0);
	else if (as_json)
		printf("{\"work\":\"%s\",\"size\":%zu,\"ours\":%.3f,\"peer\":\"netconfd\",\"theirs\":null,\"unit\":\"%"
		       "s\","
		       "\"ratio\":null}\n",
		        work, size, ours, unit);
	else if (theirs >= 0)
		printf("%-44s %7zu %11.3f %11.3f %-3s %8.3f\n", work, size, ours, theirs, unit,
		        theirs > 0 ? ours / theirs : 0);
	else
		printf("%-44s %7zu %11.3f %11s %-3s %8s\n", work, size, ours, "-", unit, "-");
	fflush(stdout);
}

/* A session. in keeps the last bytes received, for an end that comes in two. */

static void send_all(int fd, const char *s, size_t n)
{
	while (n > 0) {
		ssize_t sent = send(fd, s, n, MSG_NOSIGNAL);
		if (sent <= 0)
			fail("the server hung up");
		s += sent;
		n -= (size_t)sent;
	}
}

/* Read to the end of a message. *first: when its first byte came. @return its bytes; 0: it did not come. */
static size_t receive(int fd, double *first, char *head, size_t head_size)
{
	static char buffer[262144];
	char tail[sizeof(end_mark)] = "";
	size_t total = 0, kept = 0;
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t n = poll(&p, 1, WAIT_MS) == 1 ? recv(fd, buffer, sizeof(buffer), 0) : -1;
		if (n <= 0)
			return 0;
		if (total == 0)
			*first = bench_now_ms();
		if (kept + 1 < head_size) {
			size_t part = (size_t)n < head_size - 1 - kept ? (size_t)n : head_size - 1 - kept;
			memcpy(head + kept, buffer, part);
			head[kept += part] = '\0';
		}
		total += (size_t)n;
		size_t want = sizeof(tail), fresh = (size_t)n < want ? (size_t)n : want;
		memmove(tail, tail + fresh, want - fresh);
		memcpy(tail + want - fresh, buffer + n - fresh, fresh);
		/* A line feed may follow. */
		if (memcmp(tail + 1, end_mark, want - 1) == 0 ||
		        (memcmp(tail, end_mark, want - 1) == 0 && tail[want - 1] == '\n'))
			return total;
	}
}

static int open_session(const struct bench_server *s)
{
	static const char hello[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><hello xmlns=\"" BENCH_BASE
	                            "\"><capabilities>" BENCH_CAPABILITY("1.0") "</capabilities></hello>]]>]]>";
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char head[256];
	double first;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	memcpy(address.sun_path, s->path, strlen(s->path) + 1);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
		fail("the server cannot be reached");
	send_all(fd, s->prelude, strlen(s->prelude));
	send_all(fd, hello, strlen(hello));
	if (receive(fd, &first, head, sizeof(head)) == 0)
		fail("a server says no hello");
	return fd;
}

struct answer_times {
	double first, whole;
	size_t bytes;
};

static struct answer_times ask(int fd, const char *operation)
{
	char *rpc = xasprintf("<?xml version=\"1.0\" encoding=\"UTF-8\"?><rpc xmlns=\"" BENCH_BASE
	                      "\" message-id=\"1\">%s</rpc>]]>]]>",
	        operation);
	char head[4096];
	double from = bench_now_ms();
	struct answer_times t = {0};
	send_all(fd, rpc, strlen(rpc));
	t.bytes = receive(fd, &t.first, head, sizeof(head));
	t.whole = t.bytes > 0 ? bench_now_ms() - from : NONE;
	t.first = t.bytes > 0 ? t.first - from : NONE;
	if (strstr(head, "<rpc-error") != NULL) {
		fprintf(stderr, "bench: %.300s: %.1000s\n", operation, head);
		exit(1);
	}
	free(rpc);
	return t;
}

/* The value of a line of /proc/PID/status, in MB. */
static double status_mb(pid_t pid, const char *name)
{
	char path[64], text[256];
	double kb = 0;
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	FILE *f = fopen(path, "r");
	while (f != NULL && fgets(text, sizeof(text), f) != NULL)
		if (strncmp(text, name, strlen(name)) == 0)
			kb = strtod(text + strlen(name) + 1, NULL);
	if (f != NULL)
		fclose(f);
	return kb / 1024;
}

static double cpu_ms(pid_t pid)
{
	char path[64], text[1024] = "";
	unsigned long user = 0, system_ = 0;
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	FILE *f = fopen(path, "r");
	if (f != NULL && fgets(text, sizeof(text), f) != NULL && strrchr(text, ')') != NULL)
		(void)sscanf(strrchr(text, ')') + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
		        &system_);
	if (f != NULL)
		fclose(f);
	return (double)(user + system_) * 1000 / (double)sysconf(_SC_CLK_TCK);
}

/* Works: each gives its numbers of one server. */

static char *filter_of(const struct bench_server *s, const char *inside)
{
	if (s->rows == NULL)
		return xasprintf("<get><filter type=\"subtree\"><%s xmlns=\"%s\">%s</%s></filter></get>", s->row, s->ns,
		        inside, s->row);
	return xasprintf("<get><filter type=\"subtree\"><%s xmlns=\"%s\"><%s>%s</%s></%s></filter></get>", s->rows,
	        s->ns, s->row, inside, s->row, s->rows);
}

static double hello_ms(const struct bench_server *s)
{
	double v[RUNS];
	for (size_t i = 0; i < RUNS; i++) {
		double from = bench_now_ms();
		int fd = open_session(s);
		v[i] = bench_now_ms() - from;
		(void)ask(fd, "<close-session/>");
		close(fd);
	}
	return bench_median(v, RUNS);
}

static double small_ms(const struct bench_server *s)
{
	double v[RUNS * 4];
	char *operation = filter_of(s, "<requirement>none</requirement>");
	int fd = open_session(s);
	for (size_t i = 0; i < RUNS * 4; i++)
		v[i] = ask(fd, operation).whole;
	close(fd);
	free(operation);
	return bench_median(v, RUNS * 4);
}

/* Ten rows, or all, a few times. */
static struct answer_times rows_times(const struct bench_server *s, const char *inside, size_t runs)
{
	double whole[RUNS], first[RUNS];
	struct answer_times t = {0};
	char *operation = filter_of(s, inside);
	int fd = open_session(s);
	for (size_t i = 0; i < runs; i++) {
		t = ask(fd, operation);
		whole[i] = t.whole;
		first[i] = t.first;
	}
	close(fd);
	free(operation);
	t.whole = bench_median(whole, runs);
	t.first = bench_median(first, runs);
	return t;
}

static char *ten_rows(const struct bench_server *s)
{
	struct text t = {0};
	const char *separator = "";
	/* filter_of() puts one element of a row around it. */
	for (unsigned i = 0; i < 10; i++) {
		text_add(&t, separator);
		text_addf(&t, "<requirement>lync/front-end-server/service-%u/%u-tcp</requirement><%s>clients-%u</%s>",
		        2 + 90 * i, 1026 + 90 * i, s->key, 7 * i, s->key);
		separator = s->rows == NULL ? "</row><row xmlns=\"urn:portcullis:bench\">" : "</result><result>";
	}
	return text_take(&t);
}

static void reads(size_t rows)
{
	struct bench_server ours, peer;
	struct answer_times a, b = {NONE, NONE, 0};
	double peak_a, peak_b = NONE, idle_a, idle_b = NONE;
	if (!bench_ours_start(&ours, rows))
		fail("our server does not start");
	bool has = bench_peer_start(&peer, rows);
	idle_a = status_mb(ours.pid, "VmHWM");
	idle_b = has ? status_mb(peer.pid, "VmHWM") : NONE;
	double cpu_a = cpu_ms(ours.pid), cpu_b = NONE;
	a = rows_times(&ours, "", GETS);
	cpu_a = (cpu_ms(ours.pid) - cpu_a) / GETS;
	peak_a = status_mb(ours.pid, "VmHWM");
	if (has) {
		cpu_b = cpu_ms(peer.pid);
		b = rows_times(&peer, "", GETS);
		cpu_b = (cpu_ms(peer.pid) - cpu_b) / GETS;
		peak_b = status_mb(peer.pid, "VmHWM");
	}
	line("get of all rows", rows, a.whole, b.whole, "ms");
	line("get of all rows, first byte", rows, a.first, b.first, "ms");
	line("get of all rows, processor of the server", rows, cpu_a, cpu_b, "ms");
	line("get of all rows, bytes of the reply", rows, (double)a.bytes / 1e6, has ? (double)b.bytes / 1e6 : NONE,
	        "MB");
	line("memory of the server before any get", rows, idle_a, idle_b, "MB");
	line("memory of the server at its peak", rows, peak_a, peak_b, "MB");
	if (rows == 100000) {
		char *ten_a = ten_rows(&ours), *ten_b = has ? ten_rows(&peer) : NULL;
		a = rows_times(&ours, ten_a, 20);
		if (has)
			b = rows_times(&peer, ten_b, 20);
		line("get of 10 rows, by their keys", rows, a.whole, b.whole, "ms");
		a = rows_times(&ours, "<verdict>blocked</verdict>", 20);
		if (has)
			b = rows_times(&peer, "<verdict>blocked</verdict>", 20);
		line("get of rows by a leaf that is no key", rows, a.whole, b.whole, "ms");
		free(ten_a);
		free(ten_b);
	}
	bench_server_stop(&ours);
	if (has)
		bench_server_stop(&peer);
}

/* edit-config of the candidate and commit. from, n: numbers of the entries. */
static double edit_ms(const struct bench_server *s, size_t from, size_t n)
{
	struct text t = {0};
	int fd = open_session(s);
	text_add(&t, "<edit-config><target><candidate/></target><config>");
	for (size_t i = from; i < from + n; i++) {
		if (s->rows == NULL)
			text_addf(&t,
			        "<row xmlns=\"%s\"><requirement>r%zu</requirement><initiator>i</initiator>"
			        "<label>10.0.%zu.%zu</label></row>",
			        s->ns, i, i / 250, i % 250);
		else
			text_addf(&t,
			        "<group xmlns=\"%s\"><name>g%zu</name><description>of the bench</description>"
			        "<address>10.%zu.%zu.%zu</address></group>",
			        s->ns, i, i / 62500, i / 250 % 250, i % 250);
	}
	text_add(&t, "</config></edit-config>");
	double begin = bench_now_ms();
	bool done = ask(fd, text_str(&t)).whole >= 0 && ask(fd, "<commit/>").whole >= 0;
	double took = done ? bench_now_ms() - begin : NONE;
	text_fini(&t);
	close(fd);
	return took;
}

/* The median of some edits of one entry; NONE: the server does not answer them in time. */
static double edit_one_ms(const struct bench_server *s, size_t from)
{
	double took[EDIT_RUNS];
	for (size_t i = 0; i < EDIT_RUNS; i++) {
		took[i] = edit_ms(s, from + i, 1);
		if (took[i] < 0)
			return NONE;
	}
	return bench_median(took, EDIT_RUNS);
}

static void edits(void)
{
	struct bench_server ours, peer;
	double one_b = NONE, many_b = NONE;
	if (!bench_ours_start(&ours, 1000))
		fail("our server does not start");
	bool has = bench_peer_start(&peer, ENTRIES);
	(void)edit_ms(&ours, 0, ENTRIES);
	double one_a = edit_one_ms(&ours, ENTRIES), many_a = edit_ms(&ours, ENTRIES + EDIT_RUNS, ENTRIES);
	if (has && (one_b = edit_one_ms(&peer, ENTRIES)) >= 0)
		many_b = edit_ms(&peer, ENTRIES + EDIT_RUNS, ENTRIES);
	line("edit and commit of 1 entry on 10,000", 1, one_a, one_b, "ms");
	line("edit and commit of 10,000 entries on 10,000", ENTRIES, many_a, many_b, "ms");
	bench_server_stop(&ours);
	if (has)
		bench_server_stop(&peer);
}

/* Count what comes to a subscriber. The word does not come in two by chance alone: the last bytes are kept. */
struct subscriber {
	int fd;
	char kept[32];
	size_t n_kept, n;
};

static void count_in(struct subscriber *s)
{
	/* Not what tells of the sessions of the other subscribers. */
	static const char word[] = "</conformance-change>";
	char buffer[65536 + sizeof(s->kept)];
	memcpy(buffer, s->kept, s->n_kept);
	ssize_t got = recv(s->fd, buffer + s->n_kept, sizeof(buffer) - s->n_kept, 0);
	if (got <= 0)
		fail("a subscriber lost its session");
	const char *at = buffer, *end = buffer + s->n_kept + got;
	for (const char *p; (p = memmem(at, (size_t)(end - at), word, strlen(word))) != NULL; s->n++)
		at = p + strlen(word);
	size_t left = (size_t)(end - at), keep = left < strlen(word) - 1 ? left : strlen(word) - 1;
	memcpy(s->kept, end - keep, keep);
	s->n_kept = keep;
}

static void notifications(void)
{
	static const char subscribe[] =
	        "<create-subscription xmlns=\"urn:ietf:params:xml:ns:netconf:notification:1.0\"/>";
	struct bench_server ours;
	struct subscriber s[SUBSCRIBERS] = {0};
	struct pollfd fds[SUBSCRIBERS];
	size_t got = 0;
	if (!bench_ours_start(&ours, 1000))
		fail("our server does not start");
	for (size_t i = 0; i < SUBSCRIBERS; i++) {
		s[i].fd = open_session(&ours);
		(void)ask(s[i].fd, subscribe);
		(void)ask(s[i].fd, "<get><filter><conformance xmlns=\"urn:portcullis:yang:portcullis\"><summary/>"
		                   "</conformance></filter></get>");
		fds[i] = (struct pollfd){.fd = s[i].fd, .events = POLLIN};
	}
	double from = bench_now_ms();
	if (write(ours.command, "n", 1) != 1)
		fail("our server is gone");
	while (got < SUBSCRIBERS * BENCH_NOTIFICATIONS && poll(fds, SUBSCRIBERS, 5000) > 0) {
		got = 0;
		for (size_t i = 0; i < SUBSCRIBERS; i++) {
			if (fds[i].revents != 0)
				count_in(&s[i]);
			got += s[i].n;
		}
	}
	double took = bench_now_ms() - from;
	line("10,000 notifications to 10 subscribers", BENCH_NOTIFICATIONS, took, NONE, "ms");
	line("10,000 notifications to 10 subscribers, lost", BENCH_NOTIFICATIONS,
	        (double)(SUBSCRIBERS * BENCH_NOTIFICATIONS - got), NONE, "");
	for (size_t i = 0; i < SUBSCRIBERS; i++)
		close(s[i].fd);
	bench_server_stop(&ours);
}

static double idle_percent(const struct bench_server *s)
{
	int fd[SUBSCRIBERS];
	for (size_t i = 0; i < SUBSCRIBERS; i++)
		fd[i] = open_session(s);
	sleep(1);
	double before = cpu_ms(s->pid);
	sleep(IDLE_S);
	double used = cpu_ms(s->pid) - before;
	for (size_t i = 0; i < SUBSCRIBERS; i++)
		close(fd[i]);
	return used / (IDLE_S * 10.0);
}

static void small_things(void)
{
	struct bench_server ours, peer;
	if (!bench_ours_start(&ours, 1000))
		fail("our server does not start");
	bool has = bench_peer_start(&peer, 1000);
	line("hello, from connect to the server's hello", 1000, hello_ms(&ours), has ? hello_ms(&peer) : NONE, "ms");
	line("small rpc: get of a row that is not there", 1000, small_ms(&ours), has ? small_ms(&peer) : NONE, "ms");
	line("processor while 10 sessions idle", 10, idle_percent(&ours), has ? idle_percent(&peer) : NONE, "%");
	bench_server_stop(&ours);
	if (has)
		bench_server_stop(&peer);
}

int bench_netconf(bool json)
{
	static const size_t sizes[] = {1000, 10000, 100000};
	as_json = json;
	if (!json)
		printf("%-44s %7s %11s %11s %-3s %8s\n", "work", "size", "ours", "netconfd", "", "ratio");
	fflush(stdout); /* children would print it again */
	small_things();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		reads(sizes[i]);
	edits();
	notifications();
	return 0;
}
