/*
 * The unprivileged side: asks the privileged process for dumps, policies and connections, hands it batches and
 * connections to end, and collects its events.
 * What comes back is checked like anything from outside: a message out of turn, of a wrong kind or with bytes that are no
 * netlink messages ends the connection, and from then on the ruleset is unavailable. Threads take turns.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nft/answer.h"
#include "nft/ending.h"
#include "nft/message.h"
#include "nft/process.h"
#include "portcullis/alloc.h"
#include "portcullis/clock.h"

#define DEADLINE_MS 30000
#define PENDING_MAX ((size_t)16 << 20)
#define MESSAGES_PER_LOOK 64
#define UNANSWERED_MAX 8
#define WHERE "privileged process"

struct client {
	pthread_mutex_t turn; /**< one request at a time; events too */
	int fd;
	int bell; /**< eventfd: events are kept here, or the connection broke */
	int epoll; /**< what callers poll: the socket and the bell */
	pid_t pid;
	int deadline_ms;
	struct nft_stream stream;
	uint32_t sent, answered; /**< sequence of the newest request and of the newest reply */
	struct nft_bytes pending;
	bool overrun, broken;
};

static void ring(struct client *c)
{
	static const uint64_t one = 1;
	(void)!write(c->bell, &one, sizeof(one));
}

/* The first failure is the last word of the connection; the bell tells it once to whoever polls. */
static int break_off(struct client *c)
{
	c->broken = true;
	epoll_ctl(c->epoll, EPOLL_CTL_DEL, c->fd, NULL);
	shutdown(c->fd, SHUT_RDWR);
	nft_bytes_fini(&c->pending);
	ring(c);
	return -1;
}

static int unavailable(struct error *err)
{
	return error_set(err, ERR_UNAVAILABLE, WHERE, "the connection to it is lost: restart portcullisd");
}

static int keep_events(struct client *c, const struct nft_message *m, struct error *err)
{
	if (m->type == NFT_MESSAGE_OVERRUN) {
		c->overrun = true;
	} else if (nft_netlink_check(m->payload, m->length, err) != 0) {
		return -1;
	} else if (nft_bytes_add(&c->pending, m->payload, m->length, PENDING_MAX, NULL) != 0) {
		/* Nobody looked for long: a full dump is cheaper than the rest of the story. */
		nft_bytes_fini(&c->pending);
		c->overrun = true;
	}
	return 0;
}

enum received { RECEIVED_BROKEN = -1, RECEIVED_NOTHING, RECEIVED_EVENT, RECEIVED_STALE, RECEIVED_REPLY };

static int sort_message(struct client *c, const struct nft_message *m, bool wanted, struct error *err)
{
	if (m->type == NFT_MESSAGE_EVENT || m->type == NFT_MESSAGE_OVERRUN)
		return keep_events(c, m, err) != 0 ? RECEIVED_BROKEN : RECEIVED_EVENT;
	/* Its own last word before it ends. */
	if (m->type == NFT_MESSAGE_ERROR && m->sequence == 0)
		return nft_message_error_parse(m, err);
	if (m->type == NFT_MESSAGE_READY || c->answered == c->sent || m->sequence != c->answered + 1)
		return error_set(err, ERR_FORMAT, WHERE,
		        "it sent message type %u with sequence %u, which nobody asked for", m->type, m->sequence);
	c->answered++;
	/* An answer whose asker has given up. */
	return wanted && c->answered == c->sent ? RECEIVED_REPLY : RECEIVED_STALE;
}

/* One message at most; the answer to the newest request becomes the caller's; reply NULL: nobody waits for one. */
static int receive(struct client *c, struct nft_message *reply, struct error *err)
{
	struct nft_message m = {0};
	int result = nft_stream_read(&c->stream, &m, err);
	if (result > 0) {
		result = sort_message(c, &m, reply != NULL, err);
		if (result == RECEIVED_REPLY)
			*reply = m;
		else
			free(m.payload);
	}
	return result < 0 ? break_off(c) : result;
}

static int await_reply(struct client *c, int64_t until, struct nft_message *reply, struct error *err)
{
	int result;
	while ((result = receive(c, reply, err)) != RECEIVED_REPLY) {
		int64_t left = until - clock_monotonic_ms();
		if (result < 0)
			return -1;
		if (left <= 0)
			return error_set(
			        err, ERR_UNAVAILABLE, WHERE, "it did not answer within %d s", c->deadline_ms / 1000);
		struct pollfd p = {.fd = c->fd, .events = POLLIN};
		if (result == RECEIVED_NOTHING && poll(&p, 1, (int)left) < 0 && errno != EINTR)
			return error_set(err, ERR_IO, WHERE, "poll: %s", strerror(errno));
	}
	return 0;
}

/* What a request carries. */
struct body {
	const void *bytes;
	size_t len;
};

/*
 * A batch is larger than what the socket holds, and the other side may be sending events meanwhile, which it must not wait
 * with for this one: what comes is taken in between.
 */
static int put_request(
        struct client *c, enum nft_message_type request, const struct body *body, int64_t until, struct error *err)
{
	static const struct body empty;
	size_t done = 0;
	int result;
	if (body == NULL)
		body = &empty;
	while ((result = nft_message_send_part(c->fd, request, c->sent + 1, body->bytes, body->len, &done, err)) == 0) {
		int64_t left = until - clock_monotonic_ms();
		struct pollfd p = {.fd = c->fd, .events = POLLIN | POLLOUT};
		if (left <= 0) {
			/* Half a request is on its way: there is no going back. */
			error_set(err, ERR_UNAVAILABLE, WHERE, "it did not take a request within %d s",
			        c->deadline_ms / 1000);
			return break_off(c);
		}
		(void)poll(&p, 1, (int)left);
		if ((p.revents & POLLIN) && receive(c, NULL, err) < 0)
			return -1;
	}
	return result == 1 ? 0 : break_off(c);
}

static int ask(struct client *c, enum nft_message_type request, const struct body *body, enum nft_message_type want,
        int64_t until, struct nft_message *reply, struct error *err)
{
	if (c->sent - c->answered >= UNANSWERED_MAX)
		return error_set(err, ERR_UNAVAILABLE, WHERE, "it has not answered %d requests", UNANSWERED_MAX);
	if (put_request(c, request, body, until, err) != 0)
		return -1;
	c->sent++;
	if (await_reply(c, until, reply, err) != 0)
		return -1;
	if (reply->type == (uint32_t)want)
		return 0;
	if (reply->type == NFT_MESSAGE_ERROR) {
		nft_message_error_parse(reply, err);
	} else {
		error_set(err, ERR_FORMAT, WHERE, "it answered request type %d with message type %u", (int)request,
		        reply->type);
		break_off(c);
	}
	free(reply->payload);
	return -1;
}

static int ask_ruleset(struct client *c, int64_t until, struct nft_dump *out, struct error *err)
{
	struct nft_message m;
	if (ask(c, NFT_MESSAGE_DUMP, NULL, NFT_MESSAGE_RULESET, until, &m, err) != 0)
		return -1;
	out->bytes = m.payload;
	out->len = m.length;
	if (nft_netlink_check(out->bytes, out->len, err) != 0 ||
	        nft_netlink_generation(out->bytes, out->len, &out->generation, err) != 0)
		return break_off(c);
	return 0;
}

static int ask_legacy(struct client *c, int64_t until, char **out, struct error *err)
{
	struct nft_message m;
	if (ask(c, NFT_MESSAGE_LEGACY, NULL, NFT_MESSAGE_TABLES, until, &m, err) != 0)
		return -1;
	for (uint32_t i = 0; i < m.length; i++)
		if (m.payload[i] < 0x20 || m.payload[i] > 0x7e)
			m.payload[i] = '?';
	if (m.length > 0)
		*out = (char *)m.payload;
	else
		free(m.payload);
	return 0;
}

static int dump_in_turn(void *self, struct nft_dump *out, struct error *err)
{
	struct client *c = self;
	struct nft_dump dump = {0};
	int64_t until = clock_monotonic_ms() + c->deadline_ms;
	memset(out, 0, sizeof(*out));
	if (c->broken)
		return unavailable(err);
	int result = ask_ruleset(c, until, &dump, err);
	if (result == 0)
		result = ask_legacy(c, until, &dump.legacy, err);
	if (c->pending.len > 0 || c->overrun)
		ring(c);
	if (result != 0) {
		nft_dump_fini(&dump);
		return -1;
	}
	*out = dump;
	return 0;
}

static int legacy_in_turn(void *self, char **out, struct error *err)
{
	struct client *c = self;
	*out = NULL;
	if (c->broken)
		return unavailable(err);
	int result = ask_legacy(c, clock_monotonic_ms() + c->deadline_ms, out, err);
	if (c->pending.len > 0 || c->overrun)
		ring(c);
	return result;
}

/* A question alone; what came meanwhile is rung for. */
static int ask_now(struct client *c, enum nft_message_type request, const struct body *body,
        enum nft_message_type answer, struct nft_message *out, struct error *err)
{
	int64_t until = clock_monotonic_ms() + c->deadline_ms;
	if (c->broken)
		return unavailable(err);
	int result = ask(c, request, body, answer, until, out, err);
	if (c->pending.len > 0 || c->overrun)
		ring(c);
	return result;
}

typedef int check_bytes(const uint8_t *bytes, size_t len, struct error *err);

/* Messages of the kernel, which are what they should be, or the other side is not. */
static int ask_bytes(struct client *c, enum nft_message_type request, enum nft_message_type answer, check_bytes *check,
        uint8_t **bytes, size_t *len, struct error *err)
{
	struct nft_message m = {0};
	*bytes = NULL;
	*len = 0;
	if (ask_now(c, request, NULL, answer, &m, err) != 0)
		return -1;
	if (check(m.payload, m.length, err) != 0) {
		free(m.payload);
		return break_off(c);
	}
	*bytes = m.payload;
	*len = m.length;
	return 0;
}

static int policies_in_turn(void *self, uint8_t **bytes, size_t *len, struct error *err)
{
	return ask_bytes(self, NFT_MESSAGE_POLICIES, NFT_MESSAGE_XFRM, nft_policies_check, bytes, len, err);
}

static int ask_batch(struct client *c, enum nft_message_type request, const struct nft_batch *batch,
        struct nft_verdict *out, struct error *err)
{
	struct nft_message m = {0};
	const struct body body = {batch->bytes, batch->len};
	if (ask_now(c, request, &body, NFT_MESSAGE_VERDICT, &m, err) != 0)
		return -1;
	if (m.length == sizeof(*out))
		memcpy(out, m.payload, sizeof(*out));
	free(m.payload);
	if (m.length != sizeof(*out) || memchr(out->reason, '\0', sizeof(out->reason)) == NULL) {
		error_set(err, ERR_FORMAT, WHERE, "its answer to a batch has %u bytes", m.length);
		return break_off(c);
	}
	return 0;
}

static int client_batch(struct client *c, enum nft_message_type request, const struct nft_batch *batch,
        struct nft_answer *answer, struct error *err)
{
	struct nft_verdict verdict;
	memset(answer, 0, sizeof(*answer));
	if (ask_batch(c, request, batch, &verdict, err) != 0)
		return -1;
	return nft_answer_judge(batch, &verdict, request == NFT_MESSAGE_REPLACE, answer, err);
}

static int check_in_turn(void *self, const struct nft_batch *batch, struct nft_answer *answer, struct error *err)
{
	return client_batch(self, NFT_MESSAGE_CHECK, batch, answer, err);
}

static int replace_in_turn(void *self, const struct nft_batch *batch, struct nft_answer *answer, struct error *err)
{
	return client_batch(self, NFT_MESSAGE_REPLACE, batch, answer, err);
}

static int connections_in_turn(struct client *c, uint8_t **bytes, size_t *len, struct error *err)
{
	return ask_bytes(c, NFT_MESSAGE_CONNECTIONS, NFT_MESSAGE_CONNTRACK, nft_connections_check, bytes, len, err);
}

static int end_in_turn(
        struct client *c, const struct nft_ending *record, size_t n, struct nft_ended *out, struct error *err)
{
	struct nft_message m = {0};
	const struct body body = {record, n * sizeof(*record)};
	if (ask_now(c, NFT_MESSAGE_END, &body, NFT_MESSAGE_ENDED, &m, err) != 0)
		return -1;
	if (m.length == sizeof(*out))
		memcpy(out, m.payload, sizeof(*out));
	free(m.payload);
	if (m.length != sizeof(*out) || (uint64_t)out->ended + out->gone > n) {
		error_set(err, ERR_FORMAT, WHERE, "what it says of ended connections cannot be");
		return break_off(c);
	}
	return 0;
}

static int client_event_fd(void *self)
{
	return ((const struct client *)self)->epoll;
}

static int events_in_turn(void *self, struct nft_event *out, struct error *err)
{
	struct client *c = self;
	uint64_t rung;
	int result = RECEIVED_EVENT;
	memset(out, 0, sizeof(*out));
	(void)!read(c->bell, &rung, sizeof(rung));
	if (c->broken)
		return unavailable(err);
	/* A flood is taken in parts; the socket stays readable for the rest. */
	for (int i = 0; i < MESSAGES_PER_LOOK && result > RECEIVED_NOTHING; i++)
		result = receive(c, NULL, err);
	if (result < 0) {
		(void)!read(c->bell, &rung, sizeof(rung));
		return -1;
	}
	nft_netlink_event(&c->pending, c->overrun, out);
	c->overrun = false;
	return 0;
}

static int client_dump(void *self, struct nft_dump *out, struct error *err)
{
	struct client *c = self;
	pthread_mutex_lock(&c->turn);
	int result = dump_in_turn(c, out, err);
	pthread_mutex_unlock(&c->turn);
	return result;
}

static int client_legacy(void *self, char **out, struct error *err)
{
	struct client *c = self;
	pthread_mutex_lock(&c->turn);
	int result = legacy_in_turn(c, out, err);
	pthread_mutex_unlock(&c->turn);
	return result;
}

static int client_policies(void *self, uint8_t **bytes, size_t *len, struct error *err)
{
	struct client *c = self;
	pthread_mutex_lock(&c->turn);
	int result = policies_in_turn(c, bytes, len, err);
	pthread_mutex_unlock(&c->turn);
	return result;
}

static int client_check(void *self, const struct nft_batch *batch, struct nft_answer *answer, struct error *err)
{
	struct client *c = self;
	pthread_mutex_lock(&c->turn);
	int result = check_in_turn(c, batch, answer, err);
	pthread_mutex_unlock(&c->turn);
	return result;
}

static int client_replace(void *self, const struct nft_batch *batch, struct nft_answer *answer, struct error *err)
{
	struct client *c = self;
	pthread_mutex_lock(&c->turn);
	int result = replace_in_turn(c, batch, answer, err);
	pthread_mutex_unlock(&c->turn);
	return result;
}

static int client_connections(void *self, uint8_t **bytes, size_t *len, struct error *err)
{
	struct client *c = self;
	*bytes = NULL;
	*len = 0;
	pthread_mutex_lock(&c->turn);
	int result = connections_in_turn(c, bytes, len, err);
	pthread_mutex_unlock(&c->turn);
	return result;
}

/* Others have their turns between two messages. */
static int end_some(void *ctx, const struct nft_ending *record, size_t n, struct nft_ended *out, struct error *err)
{
	struct client *c = ctx;
	pthread_mutex_lock(&c->turn);
	int result = end_in_turn(c, record, n, out, err);
	pthread_mutex_unlock(&c->turn);
	return result;
}

static int client_end(void *self, const struct connection *connection, size_t n, size_t *ended, struct error *err)
{
	return nft_endings_each(connection, n, end_some, self, ended, err);
}

static int client_events(void *self, struct nft_event *out, struct error *err)
{
	struct client *c = self;
	pthread_mutex_lock(&c->turn);
	int result = events_in_turn(c, out, err);
	pthread_mutex_unlock(&c->turn);
	return result;
}

static void client_close(void *self)
{
	struct client *c = self;
	close(c->fd);
	close(c->bell);
	close(c->epoll);
	nft_stream_fini(&c->stream);
	nft_bytes_fini(&c->pending);
	while (c->pid > 0 && waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
		;
	pthread_mutex_destroy(&c->turn);
	free(c);
}

static int watch(int epoll, int fd)
{
	struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e);
}

int nft_client_open(const struct nft_process *process, int deadline_ms, struct nft_ops *out, struct error *err)
{
	struct client *c = xcalloc(1, sizeof(*c));
	pthread_mutex_init(&c->turn, NULL);
	c->fd = process->socket;
	c->pid = process->pid;
	c->deadline_ms = deadline_ms;
	nft_stream_init(&c->stream, c->fd, NFT_SIDE_UNPRIVILEGED);
	c->bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	c->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (c->bell < 0 || c->epoll < 0 || watch(c->epoll, c->fd) != 0 || watch(c->epoll, c->bell) != 0) {
		error_set(err, ERR_IO, WHERE, "no descriptor to watch it with: %s", strerror(errno));
		client_close(c);
		return -1;
	}
	*out = (struct nft_ops){
	        .self = c,
	        .dump = client_dump,
	        .policies = client_policies,
	        .event_fd = client_event_fd,
	        .events = client_events,
	        .close = client_close,
	        .legacy = client_legacy,
	        .check = client_check,
	        .replace = client_replace,
	        .connections = client_connections,
	        .connections_end = client_end,
	};
	return 0;
}

int nft_open_process(const struct nft_process *process, struct nft_ops *out, struct error *err)
{
	return nft_client_open(process, DEADLINE_MS, out, err);
}
