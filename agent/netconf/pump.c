/*
 * The pump of one session: bytes of the client go through the guard to the worker, one rpc at a time, and the worker's
 * messages, the guard's answers and notifications go back, in chunks of a size that clients read well. A client that
 * breaks framing, dawdles or does not read is dropped; nobody else waits for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "config/datastore.h"
#include "netconf/answer.h"
#include "netconf/defaults.h"
#include "netconf/envelope.h"
#include "netconf/reply.h"
#include "portcullis/clock.h"
#include "portcullis/log.h"

#define PUMP_READ 65536u
#define PUMP_OUT_HIGH (256u * 1024) /**< more waits for the client: ask nobody for more */
#define INLAY_ROW 2048u /**< most rows of an inlay are smaller: whole rows then fill one chunk of the framing */

struct pump {
	struct session *s;
	int worker; /* our end of the pair; -1 when closed */
	struct guard_limits limits;
	struct guard guard;
	char in[PUMP_READ]; /* received and not yet fed */
	size_t in_at, in_n;
	char header[32];
	struct iovec to_worker[3]; /* what is left of the message that is handed over */
	struct frame from_worker;
	char from[PUMP_READ]; /* received from the worker and not yet looked at */
	size_t from_at, from_n;
	struct inlay *inlay; /* what belongs into the message that comes */
	struct xml_span rest; /* of the piece of the message that it stands in */
	struct text chunk;
	struct envelope envelope; /* of the reply that is awaited */
	struct text begun; /* its first piece */
	bool tagged; /* of the message that comes: it has tagged defaults */
	struct defaults_answer defaults;
	struct text translated; /* the piece at hand with them */
	bool server_hello; /* the worker's hello has passed */
	struct answer answer; /* one that the library gives by itself */
	bool busy; /* an rpc was handed over and its reply is not through */
	unsigned long forwarded; /* rpcs handed over */
	struct text out; /* for the client */
	size_t out_at;
	struct guard_progress out_progress;
	bool in_closed; /* the client will send no more */
	bool closing; /* hand nothing over any more; end when all is written */
	bool dead; /* end now */
	bool again; /* something was left undone that nothing else wakes us for */
};

static void drop(struct pump *p, enum event_end reason, const struct error *err)
{
	char name[128];
	atomic_store(&p->s->reason, reason);
	log_warning("netconf: %s ended: %s", session_name(p->s, name, sizeof(name)), err->text);
	atomic_fetch_add(&p->s->n->dropped_sessions, 1);
}

static size_t out_left(const struct pump *p)
{
	return p->out.len - p->out_at;
}

static size_t to_worker_left(const struct pump *p)
{
	return p->to_worker[0].iov_len + p->to_worker[1].iov_len + p->to_worker[2].iov_len;
}

/* The guard's message to the worker, with framing around it. */
static void hand_over(struct pump *p, const char *head, const char *message, size_t n, const char *tail)
{
	union {
		const char *in;
		char *out;
	} parts[] = {{head}, {message}, {tail}}; /* iovec has no const */
	p->to_worker[0] = (struct iovec){parts[0].out, strlen(head)};
	p->to_worker[1] = (struct iovec){parts[1].out, n};
	p->to_worker[2] = (struct iovec){parts[2].out, strlen(tail)};
}

static void to_client(struct pump *p, const struct text *message)
{
	frame_write(&p->out, p->guard.chunked, text_str(message), message->len);
	frame_write_end(&p->out, p->guard.chunked);
}

static void take_source(struct pump *p)
{
	pthread_mutex_lock(&p->s->n->mutex);
	memcpy(p->s->source, p->guard.source, sizeof(p->s->source));
	p->s->peer = p->guard.peer;
	p->s->relayed = p->guard.source[0] != '\0';
	pthread_mutex_unlock(&p->s->n->mutex);
}

static void on_refused(struct pump *p, const struct error *err)
{
	struct netconf *n = p->s->n;
	char name[128];
	log_info("netconf: %s: message refused: %s", session_name(p->s, name, sizeof(name)), err->text);
	session_count(&p->s->counters.in_bad_rpcs, &n->counters.in_bad_rpcs);
	session_count(&p->s->counters.out_rpc_errors, &n->counters.out_rpc_errors);
	to_client(p, &p->guard.reply);
	guard_next(&p->guard);
}

static void on_over(struct pump *p, const struct error *err)
{
	if (p->guard.stage != GUARD_SESSION)
		atomic_fetch_add(&p->s->n->in_bad_hellos, 1);
	drop(p, EVENT_END_OTHER, err);
	if (p->guard.reply.len > 0)
		to_client(p, &p->guard.reply);
	p->closing = true;
}

/* What the rpc holds does not go through the library. */
static void offer_content(struct pump *p)
{
	free(atomic_exchange(&p->s->content, p->guard.content.len > 0 ? p->guard.content.s : NULL));
	if (p->guard.content.len > 0)
		p->guard.content = (struct text){0};
}

static void expect_reply(struct pump *p)
{
	text_fini(&p->envelope.open);
	p->envelope = (struct envelope){.open = p->guard.open};
	p->guard.open = (struct text){0};
}

/* The server's hello comes before any answer, however early the client asks. */
static bool may_feed(const struct pump *p)
{
	return !p->closing && !p->busy && to_worker_left(p) == 0 && out_left(p) < PUMP_OUT_HIGH &&
	       (p->server_hello || p->guard.stage != GUARD_SESSION);
}

/* Feed the guard until it gives something to wait for. */
static void feed(struct pump *p, int64_t now)
{
	while (p->in_at < p->in_n && may_feed(p)) {
		struct error err;
		size_t used;
		enum guard_event e = guard_feed(&p->guard, p->in + p->in_at, p->in_n - p->in_at, &used, now, &err);
		p->in_at += used;
		switch (e) {
		case GUARD_MORE:
			break;
		case GUARD_HELLO_OK:
			take_source(p);
			atomic_store(&p->s->chunked, p->guard.chunked);
			hand_over(p, "", guard_hello(), strlen(guard_hello()), "]]>]]>");
			break;
		case GUARD_RPC:
			snprintf(p->header, sizeof(p->header), "\n#%zu\n", p->guard.message.len);
			hand_over(p, p->header, p->guard.message.s, p->guard.message.len, "\n##\n");
			offer_content(p);
			expect_reply(p);
			p->busy = true;
			p->forwarded++;
			break;
		case GUARD_REFUSED:
			on_refused(p, &err);
			break;
		case GUARD_OVER:
			on_over(p, &err);
			break;
		}
	}
	p->again |= out_left(p) >= PUMP_OUT_HIGH;
	if (p->in_closed && p->in_at == p->in_n && !p->busy && to_worker_left(p) == 0)
		p->closing = true;
}

static void read_client(struct pump *p)
{
	ssize_t n = recv(p->s->client, p->in, sizeof(p->in), 0);
	if (n > 0) {
		p->in_at = 0;
		p->in_n = (size_t)n;
	} else if (n == 0) {
		p->in_closed = true;
	} else if (errno != EAGAIN && errno != EINTR) {
		p->dead = true;
	}
}

static void write_client(struct pump *p, int64_t now)
{
	ssize_t n = send(p->s->client, p->out.s + p->out_at, out_left(p), MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		p->dead = true;
		return;
	}
	size_t moved = n > 0 ? (size_t)n : 0;
	p->out_at += moved;
	guard_progress_note(&p->out_progress, moved, out_left(p) > 0, now, p->guard.limits->progress_ms);
	if (out_left(p) == 0) {
		if (p->out.cap > 2 * PUMP_OUT_HIGH)
			text_fini(&p->out);
		p->out.len = p->out_at = 0;
	}
	/* A client that is always a little behind must not make it grow. */
	if (p->out_at > PUMP_OUT_HIGH) {
		memmove(p->out.s, p->out.s + p->out_at, out_left(p));
		p->out.len -= p->out_at;
		p->out_at = 0;
	}
}

static void write_worker(struct pump *p)
{
	struct msghdr message = {.msg_iov = p->to_worker, .msg_iovlen = 3};
	ssize_t n = sendmsg(p->worker, &message, MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		p->dead = true;
		return;
	}
	for (size_t i = 0, left = n > 0 ? (size_t)n : 0; i < 3 && left > 0; i++) {
		size_t part = left < p->to_worker[i].iov_len ? left : p->to_worker[i].iov_len;
		p->to_worker[i].iov_base = (char *)p->to_worker[i].iov_base + part;
		p->to_worker[i].iov_len -= part;
		left -= part;
	}
	if (to_worker_left(p) > 0)
		return;
	guard_next(&p->guard);
	p->again = true; /* more may have been received with it */
}

/* Did the message that comes from the worker never reach an operation of ours? */
static bool is_of_library(const struct pump *p)
{
	return atomic_load(&p->s->dispatched) < p->forwarded;
}

/* An answer of the library's, or what the worker knows better about an rpc that was refused. */
static void send_answer(struct pump *p)
{
	const struct error *refusal = &p->s->refusal;
	if (!p->answer.whole)
		return;
	if (refusal->code != ERR_NONE) {
		struct text namespaces = {0};
		p->answer.text.len = 0;
		reply_namespaces(p->s->n->ctx, refusal->where, &namespaces);
		guard_error_reply(&p->answer.text, &p->envelope.open, p->guard.chunked, text_str(&namespaces), refusal);
		text_fini(&namespaces);
	} else {
		answer_finish(&p->answer);
	}
	to_client(p, &p->answer.text);
	text_fini(&p->answer.text);
	p->answer = (struct answer){0};
}

/* The end of a message of the worker's. */
static void forward_end(struct pump *p)
{
	/* The hello is never in chunks, whatever the client has said meanwhile. */
	bool chunked = p->server_hello && p->guard.chunked;
	p->answer.whole = p->answer.text.len > 0;
	if (!p->answer.whole)
		frame_write_end(&p->out, chunked);
	inlay_free(p->inlay);
	p->inlay = NULL;
	p->tagged = false;
	p->envelope.over = true;
	p->server_hello = p->from_worker.chunked = true;
}

static void add_out(struct pump *p, const char *s, size_t n)
{
	frame_write(&p->out, p->server_hello && p->guard.chunked, s, n);
}

/* The worker's piece in the namespaces of the client. */
static struct xml_span translate(struct pump *p, struct xml_span piece)
{
	if (atomic_exchange(&p->s->tagged, false)) {
		p->tagged = true;
		p->defaults = (struct defaults_answer){0};
	}
	if (!p->tagged)
		return piece;
	p->translated.len = 0;
	defaults_answer(&p->defaults, piece.s, piece.n, &p->translated);
	return (struct xml_span){text_str(&p->translated), p->translated.len};
}

/* A piece of a message, as far as nothing has to be put into it. */
static void forward_piece(struct pump *p, struct xml_span piece)
{
	/* The hello may be on its way still when the first reply is made. */
	if (!p->server_hello) {
		add_out(p, piece.s, piece.n);
		return;
	}
	piece = envelope_put(&p->envelope, piece, &p->begun);
	if (is_of_library(p)) {
		answer_add(&p->answer, piece.s, piece.n);
		return;
	}
	piece = translate(p, piece);
	if (p->inlay == NULL)
		p->inlay = inlay_take(p->s);
	if (p->inlay == NULL) {
		add_out(p, piece.s, piece.n);
		return;
	}
	p->chunk.len = 0;
	size_t taken = inlay_scan(p->inlay, piece.s, piece.n, &p->chunk);
	add_out(p, text_str(&p->chunk), p->chunk.len);
	p->rest = (struct xml_span){piece.s + taken, piece.n - taken};
}

/* One chunk of the inlay, and at its end the rest of the piece that it stood in. */
static void forward_inlay(struct pump *p)
{
	int more = inlay_write(p->inlay, FRAME_CHUNK - INLAY_ROW, &p->chunk);
	add_out(p, text_str(&p->chunk), p->chunk.len);
	p->dead = more < 0; /* the reply cannot be taken back */
	if (more != 0)
		return;
	inlay_free(p->inlay);
	p->inlay = NULL;
	add_out(p, p->rest.s, p->rest.n);
}

/* The next step through the worker's bytes, from its framing into the client's. */
static void forward(struct pump *p)
{
	const char *piece;
	size_t used, len;
	struct error err;
	enum frame_event e =
	        frame_next(&p->from_worker, p->from + p->from_at, p->from_n - p->from_at, &used, &piece, &len, &err);
	p->from_at += used;
	switch (e) {
	case FRAME_MORE:
		break;
	case FRAME_DATA:
		forward_piece(p, (struct xml_span){piece, len});
		break;
	case FRAME_END:
		forward_end(p);
		break;
	case FRAME_BAD:
		drop(p, EVENT_END_OTHER, &err);
		p->dead = true;
		break;
	}
}

/* The worker has ended; what it wrote last is still sent. */
static void worker_ended(struct pump *p)
{
	(void)atomic_load(&p->s->answered); /* what was written before it is seen */
	send_answer(p);
	close(p->worker);
	p->worker = -1;
	p->closing = true;
	p->busy = false;
	memset(p->to_worker, 0, sizeof(p->to_worker));
}

/* Receive when all was looked at. @return false: there is nothing now. */
static bool fill_from_worker(struct pump *p, unsigned long answered)
{
	ssize_t n = recv(p->worker, p->from, sizeof(p->from), 0);
	if (n < 0 && errno == EINTR)
		return true;
	if (n > 0) {
		p->from_at = 0;
		p->from_n = (size_t)n;
		return true;
	}
	if (n == 0 || errno != EAGAIN) {
		worker_ended(p);
		return false;
	}
	/* All that was written up to `answered` is through. */
	if (p->busy && answered == p->forwarded) {
		int asked = SUBSCRIPTION_ASKED;
		send_answer(p);
		p->busy = false;
		atomic_compare_exchange_strong(&p->s->subscription.state, &asked, SUBSCRIPTION_ACTIVE);
	}
	return false;
}

static void read_worker(struct pump *p)
{
	unsigned long answered = atomic_load(&p->s->answered);
	while (!p->dead && out_left(p) < PUMP_OUT_HIGH) {
		if (p->inlay != NULL && inlay_is_open(p->inlay))
			forward_inlay(p);
		else if (p->from_at < p->from_n)
			forward(p);
		else if (!fill_from_worker(p, answered))
			return;
	}
	p->again = true;
}

static void notify(struct pump *p)
{
	struct text message = {0};
	while (p->server_hello && !p->from_worker.inside && out_left(p) < PUMP_OUT_HIGH &&
	        subscription_take(&p->s->subscription, &message)) {
		to_client(p, &message);
		message.len = 0;
		session_count(&p->s->counters.out_notifications, &p->s->n->counters.out_notifications);
	}
	p->again |= out_left(p) >= PUMP_OUT_HIGH;
	text_fini(&message);
}

static void check_time(struct pump *p, int64_t now)
{
	struct error err;
	if (guard_late(&p->guard, now, &err) != 0) {
		if (p->guard.hello_due != 0)
			atomic_fetch_add(&p->s->n->in_bad_hellos, 1);
		drop(p, EVENT_END_TIMEOUT, &err);
		p->dead = true;
	} else if (guard_progress_stuck(&p->out_progress, now, p->guard.limits->progress_ms)) {
		(void)error_set(&err, ERR_UNAVAILABLE, NULL, "the client did not read for %d s",
		        p->guard.limits->progress_ms / 1000);
		drop(p, EVENT_END_TIMEOUT, &err);
		p->dead = true;
	}
}

static int timeout(const struct pump *p, int64_t now)
{
	int64_t due = guard_due(&p->guard);
	if (p->out_progress.due != 0 && p->out_progress.due < due)
		due = p->out_progress.due;
	if (due == INT64_MAX)
		return -1;
	return due <= now ? 0 : due - now > 60000 ? 60000 : (int)(due - now);
}

/* Wait until something can be done. @return what, in fds: client, worker, event. */
static void wait_for(struct pump *p, struct pollfd fds[3])
{
	bool room = out_left(p) < PUMP_OUT_HIGH;
	bool read_more = !p->closing && !p->in_closed && p->in_at == p->in_n && !p->busy && to_worker_left(p) == 0;
	fds[0] = (struct pollfd){.fd = p->s->client};
	fds[0].events = (short)((read_more ? POLLIN : 0) | (out_left(p) > 0 ? POLLOUT : 0));
	fds[1] = (struct pollfd){.fd = p->worker};
	fds[1].events = (short)((room ? POLLIN : 0) | (to_worker_left(p) > 0 ? POLLOUT : 0));
	if (fds[1].events == 0)
		fds[1].fd = -1; /* it may have hung up, which is looked at when there is room */
	fds[2] = (struct pollfd){.fd = p->s->event, .events = POLLIN};
	if (poll(fds, 3, p->again && room ? 0 : timeout(p, clock_monotonic_ms())) < 0)
		memset(fds, 0, 3 * sizeof(fds[0]));
	if (room)
		p->again = false;
}

static void step(struct pump *p)
{
	struct pollfd fds[3];
	uint64_t count;
	wait_for(p, fds);
	int64_t now = clock_monotonic_ms();
	if (fds[2].revents != 0 && read(p->s->event, &count, sizeof(count)) < 0 && errno != EAGAIN)
		p->dead = true;
	if (atomic_load(&p->s->end) != SESSION_LIVES)
		p->dead = true;
	/* A client that is gone altogether can be told nothing; one that only finished sending still reads. */
	if ((fds[0].revents & (POLLERR | POLLNVAL)) != 0 ||
	        ((fds[0].revents & POLLHUP) != 0 && (fds[0].revents & POLLIN) == 0))
		p->dead = true;
	if (p->dead)
		return;
	if ((fds[0].revents & POLLIN) != 0)
		read_client(p);
	if (p->worker >= 0)
		read_worker(p);
	feed(p, now);
	if (p->worker >= 0 && to_worker_left(p) > 0)
		write_worker(p);
	notify(p);
	if (out_left(p) > 0)
		write_client(p, now);
	check_time(p, now);
}

static void pump_session(struct pump *p)
{
	while (!p->dead && !(p->closing && out_left(p) == 0))
		step(p);
}

static void log_end(struct session *s)
{
	char name[128];
	session_name(s, name, sizeof(name));
	if (atomic_load(&s->end) == SESSION_KILLED)
		log_info("netconf: %s was killed by session %u", name, atomic_load(&s->killed_by));
	else
		log_info("netconf: %s is over", name);
}

static struct guard_limits limits_of(struct config *config)
{
	struct guard_limits limits = guard_limits_default;
	struct config_limits set;
	config_limits(config, &set);
	limits.message = set.message;
	limits.xml.depth = set.depth;
	limits.xml.children = set.children;
	return limits;
}

void *pump_run(void *arg)
{
	struct session *s = arg;
	struct pump p = {.s = s, .envelope.over = true};
	int pair[2];
	pthread_t worker;
	p.limits = limits_of(s->n->config);
	guard_init(&p.guard, &p.limits, clock_monotonic_ms());
	/* The context is not changed while sessions live. */
	p.guard.operation = (struct operation){.knows = context_has_rpc, .ctx = s->n->ctx};
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
		log_error("netconf: cannot make a socket pair: %s", strerror(errno));
		goto out;
	}
	p.worker = pair[0];
	s->worker_fd = pair[1];
	if (fcntl(pair[0], F_SETFL, O_NONBLOCK) != 0 || pthread_create(&worker, NULL, worker_run, s) != 0) {
		log_error("netconf: cannot start a session: %s", strerror(errno));
		close(pair[0]);
		close(pair[1]);
		goto out;
	}
	pump_session(&p);
	if (p.worker >= 0)
		close(p.worker); /* the worker reads the end of its session */
	/* The client is let go before the worker, which may be in the middle of a long operation. */
	close(s->client);
	s->client = -1;
	pthread_join(worker, NULL);
	subscribe_close(s);
	log_end(s);
out:
	if (s->client >= 0)
		close(s->client);
	guard_fini(&p.guard);
	text_fini(&p.out);
	text_fini(&p.answer.text);
	text_fini(&p.chunk);
	text_fini(&p.translated);
	text_fini(&p.begun);
	text_fini(&p.envelope.open);
	inlay_free(p.inlay);
	inlay_free(inlay_take(s));
	free(atomic_exchange(&s->content, NULL));
	session_leave(s);
	return NULL;
}
