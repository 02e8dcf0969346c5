/*
 * The session with the master (RFC 2741, section 7.1): opened, every table registered in it, and asked for when nothing
 * is heard. Nothing is waited for: each answer leads to the next question, and requests are answered between them. A master
 * that is away is tried after pauses that grow; one that is silent is left alone for long, since on a stream what it has
 * not answered yet is not lost. A session ends between two packets, never while the library reads one.
 */
#include "snmp/master.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "portcullis/alloc.h"
#include "portcullis/clock.h"
#include "portcullis/log.h"
#include "snmp/agentx.h"
#include "snmp/answer.h"
#include "snmp/subagent.h"

#define DESCRIPTION "Portcullis: port conformance of this device (PORTCULLIS-MIB)"
#define PACKET_MAX 65536 /* the library reads no longer one */
#define PAUSE_FIRST_MS 250
#define PAUSE_LAST_MS 5000
#define LASTED_MS 10000 /* a session that ends sooner does not count as one */
#define PING_MS 2000 /* after so long without a word from the master */
#define REFUSED_MS 10000 /* what the master did not register is asked for again */

enum wish_state { WISH_OPEN, WISH_REFUSED, WISH_GRANTED };

/* What the master is asked to do for this session: a name to register, or, without one, an entry in sysORTable. */
struct wish {
	enum wish_state state;
	const char *what;
	oid name[MAX_OID_LEN];
	size_t n;
};

void master_init(struct master *c, const char *agentx)
{
	size_t n = 1;
	for (size_t t = 0; t < TABLE_N; t++)
		n += answer_names(t);
	*c = (struct master){.agentx = xstrdup(agentx), .fd = -1, .n_wish = n, .pause_ms = PAUSE_FIRST_MS};
	c->wish = xcalloc(n, sizeof(*c->wish));
	struct wish *w = c->wish;
	for (size_t t = 0; t < TABLE_N; t++)
		for (size_t i = 0; i < answer_names(t); i++, w++) {
			w->what = tables[t].entry;
			w->n = answer_name(t, i, w->name);
		}
	w->what = "sysORTable";
	if (sched_getaffinity(0, sizeof(c->processors), &c->processors) != 0)
		CPU_ZERO(&c->processors);
}

void master_fini(struct master *c)
{
	free(c->wish);
	free(c->agentx);
}

/* Length of the packet that begins here, 0 while too little of it is there. A wrong one ends the connection. */
static int packet_length(u_char *data, size_t len)
{
	uint32_t n = 0;
	if (len < AGENTX_HEADER)
		return 0;
	for (int i = 0; i < 4; i++) {
		bool big_endian = (data[AGENTX_FLAGS_AT] & AGENTX_BIG_ENDIAN) != 0;
		n = n << 8 | data[AGENTX_LENGTH_AT + (big_endian ? i : 3 - i)];
	}
	return n <= PACKET_MAX - AGENTX_HEADER ? (int)n + AGENTX_HEADER : -1;
}

/*
 * Where the master may run on some processors alone, answers come from those: a question and its answer change between two
 * processes, which costs a fraction of the time where neither processor has to be woken for it.
 */
static void run_beside(const struct master *c, int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	cpu_set_t both;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 || peer.pid <= 0 ||
	        sched_getaffinity(peer.pid, sizeof(both), &both) != 0)
		return;
	CPU_AND(&both, &both, &c->processors);
	/* A hint: without it everything works as well. */
	if (CPU_COUNT(&both) > 0 && sched_setaffinity(0, sizeof(both), &both) != 0)
		log_debug("the SNMP thread stays on its processors");
}

static bool connect_to_master(struct snmp *s)
{
	struct master *c = &s->master;
	netsnmp_session settings;
	snmp_sess_init(&settings);
	settings.version = AGENTX_VERSION_1;
	settings.retries = 0;
	settings.flags |= SNMP_FLAGS_STREAM_SOCKET;
	settings.authenticator = NULL;
	settings.callback = requests_arrive;
	settings.callback_magic = s;
	netsnmp_transport *t = netsnmp_transport_open_client("agentx", c->agentx);
	if (t == NULL)
		return false;
	int fd = t->sock;
	c->handle = snmp_sess_add_ex(
	        &settings, t, NULL, agentx_parse, NULL, NULL, agentx_realloc_build, packet_length, NULL);
	if (c->handle == NULL)
		return false;
	c->fd = fd;
	run_beside(c, fd);
	return true;
}

/* What the master answers */

static struct wish *wish_next(struct master *c)
{
	for (size_t i = 0; i < c->n_wish; i++)
		if (c->wish[i].state == WISH_OPEN)
			return &c->wish[i];
	return NULL;
}

static void opened(struct snmp *s, const netsnmp_pdu *pdu)
{
	struct master *c = &s->master;
	snmp_sess_session(c->handle)->sessid = pdu->sessid;
	c->id = (uint32_t)pdu->sessid;
	c->state = MASTER_REGISTERING;
	c->open_ms = c->now_ms;
	for (size_t i = 0; i < c->n_wish; i++)
		c->wish[i].state = WISH_OPEN;
	trap_begin(s);
}

/* Told is the first refusal in a session: others have the same reason. */
static void answered_wish(struct master *c, const netsnmp_pdu *pdu)
{
	struct wish *w = wish_next(c);
	w->state = pdu->errstat == 0 ? WISH_GRANTED : WISH_REFUSED;
	if (pdu->errstat == 0)
		return;
	if (!c->refused)
		log_warning(
		        "the SNMP agent at %s refuses to register %s: AgentX error %ld; asked again every %d seconds",
		        c->agentx, w->what, pdu->errstat, REFUSED_MS / 1000);
	c->refused = true;
}

static void answered(struct snmp *s, const netsnmp_pdu *pdu)
{
	struct master *c = &s->master;
	if (pdu->errstat == AGENTX_NOT_OPEN || (c->state == MASTER_OPENING && pdu->errstat != 0)) {
		if (c->state == MASTER_OPENING && c->said != SAID_AWAY)
			log_warning(
			        "the SNMP agent at %s refuses the session: AgentX error %ld", c->agentx, pdu->errstat);
		c->broken = true;
	} else if (c->state == MASTER_OPENING) {
		opened(s, pdu);
	} else if (c->state == MASTER_REGISTERING) {
		answered_wish(c, pdu);
	}
	/* Of a ping: it is heard. */
}

static int on_answer(int op, netsnmp_session *session, int reqid, netsnmp_pdu *pdu, void *magic)
{
	struct snmp *s = magic;
	(void)session;
	(void)reqid;
	if (op != NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE)
		return 1;
	s->master.asked = false;
	master_heard(s, pdu, clock_monotonic_ms());
	answered(s, pdu);
	return 1;
}

void master_heard(struct snmp *s, const netsnmp_pdu *response, int64_t now_ms)
{
	s->master.heard_ms = now_ms;
	if (response != NULL)
		answer_boot_ms(&s->boot_ms, now_ms, (uint32_t)response->time);
}

/* What the master is asked */

static void ask(struct snmp *s, netsnmp_pdu *pdu)
{
	struct master *c = &s->master;
	if (pdu != NULL)
		pdu->sessid = c->id;
	if (pdu == NULL || snmp_sess_async_send(c->handle, pdu, on_answer, s) == 0) {
		snmp_free_pdu(pdu);
		c->broken = true;
		return;
	}
	c->asked = true;
	c->asked_ms = c->now_ms;
}

static void ask_open(struct snmp *s)
{
	netsnmp_pdu *pdu = snmp_pdu_create(AGENTX_OPEN);
	/* Without a time limit of its own the master's holds. */
	if (pdu != NULL)
		snmp_pdu_add_variable(pdu, s->root, s->n_root, ASN_OCTET_STR, DESCRIPTION, strlen(DESCRIPTION));
	ask(s, pdu);
}

static void ask_wish(struct snmp *s, const struct wish *w)
{
	netsnmp_pdu *pdu = snmp_pdu_create(w->n > 0 ? AGENTX_REGISTER : AGENTX_ADD_AGENT_CAPS);
	if (pdu != NULL && w->n > 0) {
		pdu->priority = AGENTX_PRIORITY;
		snmp_add_null_var(pdu, w->name, w->n);
	} else if (pdu != NULL) {
		snmp_pdu_add_variable(pdu, s->root, s->n_root, ASN_OCTET_STR, DESCRIPTION, strlen(DESCRIPTION));
	}
	ask(s, pdu);
}

/* All is asked for; what was refused is again, later. */
static void joined(struct master *c)
{
	c->state = MASTER_JOINED;
	c->again_ms = c->now_ms + REFUSED_MS;
	if (c->said != SAID_JOINED)
		log_info("joined the SNMP agent at %s", c->agentx);
	c->said = SAID_JOINED;
}

static void ask_again(struct master *c)
{
	for (size_t i = 0; i < c->n_wish; i++)
		if (c->wish[i].state == WISH_REFUSED)
			c->wish[i].state = WISH_OPEN;
	if (wish_next(c) != NULL)
		c->state = MASTER_REGISTERING;
	c->again_ms = c->now_ms + REFUSED_MS;
}

/* One question at a time. */
static void go_on(struct snmp *s)
{
	struct master *c = &s->master;
	if (c->state == MASTER_JOINED && c->now_ms >= c->again_ms)
		ask_again(c);
	const struct wish *w = c->state == MASTER_REGISTERING ? wish_next(c) : NULL;
	if (w != NULL)
		ask_wish(s, w);
	else if (c->state == MASTER_REGISTERING)
		joined(c);
	else if (c->state == MASTER_JOINED && c->now_ms - c->heard_ms >= PING_MS)
		ask(s, snmp_pdu_create(AGENTX_PING));
}

/* Beginning and end */

static void later(struct master *c)
{
	if (c->said != SAID_AWAY)
		log_warning("%s SNMP agent at %s%s; tried again after pauses of up to %d seconds",
		        c->open_ms != 0 ? "the" : "no", c->agentx, c->open_ms != 0 ? " went away" : "",
		        PAUSE_LAST_MS / 1000);
	c->said = SAID_AWAY;
	if (c->open_ms != 0 && c->now_ms - c->open_ms >= LASTED_MS)
		c->pause_ms = PAUSE_FIRST_MS;
	c->next_ms = c->now_ms + c->pause_ms;
	c->pause_ms = c->pause_ms * 2 < PAUSE_LAST_MS ? c->pause_ms * 2 : PAUSE_LAST_MS;
	c->open_ms = 0;
}

static void begin(struct snmp *s)
{
	struct master *c = &s->master;
	if (!connect_to_master(s)) {
		later(c);
		return;
	}
	c->state = MASTER_OPENING;
	c->broken = c->asked = c->refused = false;
	c->id = 0;
	c->heard_ms = c->now_ms;
	ask_open(s);
}

static void end(struct snmp *s)
{
	struct master *c = &s->master;
	snmp_sess_close(c->handle);
	c->handle = NULL;
	c->fd = -1;
	c->state = MASTER_AWAY;
	trap_end(s);
	/* Nobody says how a request ends that has begun. */
	set_drop(&s->set);
}

void master_go_on(struct snmp *s, int64_t now_ms)
{
	struct master *c = &s->master;
	c->now_ms = now_ms;
	if (c->handle != NULL && c->asked && now_ms - c->asked_ms >= SILENCE_MS)
		c->broken = true;
	if (c->handle != NULL && c->broken) {
		end(s);
		later(c);
	}
	if (c->handle == NULL && now_ms >= c->next_ms)
		begin(s);
	else if (c->handle != NULL && !c->asked)
		go_on(s);
}

int64_t master_due_ms(const struct master *c)
{
	if (c->handle == NULL)
		return c->next_ms;
	if (c->broken)
		return c->now_ms;
	if (c->asked)
		return c->asked_ms + SILENCE_MS;
	if (c->state != MASTER_JOINED)
		return c->now_ms;
	return c->heard_ms + PING_MS < c->again_ms ? c->heard_ms + PING_MS : c->again_ms;
}

void master_read(struct snmp *s, netsnmp_large_fd_set *fds)
{
	struct master *c = &s->master;
	if (c->handle == NULL || c->broken)
		return;
	NETSNMP_LARGE_FD_SET(c->fd, fds);
	snmp_sess_read2(c->handle, fds);
	NETSNMP_LARGE_FD_CLR(c->fd, fds);
}

void master_end(struct snmp *s)
{
	struct master *c = &s->master;
	if (c->handle == NULL)
		return;
	netsnmp_pdu *pdu = c->broken ? NULL : snmp_pdu_create(AGENTX_CLOSE);
	if (pdu != NULL) {
		pdu->sessid = c->id;
		pdu->errstat = AGENTX_SHUTDOWN;
		if (snmp_sess_send(c->handle, pdu) == 0)
			snmp_free_pdu(pdu);
	}
	end(s);
}
