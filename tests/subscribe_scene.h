#ifndef SUBSCRIBE_SCENE_H
#define SUBSCRIBE_SCENE_H

/* What the tests of notifications share: a server with a journal, things that happen, and subscribers that read exactly. */
#include "netconf/event.h"
#include "netconf/notify.h"
#include "netconf_scene.h"
#include "portcullis/journal.h"

#define NN "xmlns=\"urn:ietf:params:xml:ns:netmod:notification\""
#define NCN "xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-notifications\""
#define LONG_AGO "<startTime>1970-01-02T00:00:00Z</startTime>"

/* As the daemon does: into the journal, then to the faces. */
static inline void tell(enum change_kind kind, uint64_t sequence, int64_t wall_s)
{
	struct change change;
	struct error err = {0};
	sample_change(&change, kind, sequence);
	change.wall_s = wall_s;
	ck_assert_msg(journal_change_add(server.journal, &change, &err) == 0, "%s", err.text);
	netconf_notify(server.netconf, &change);
	change_fini(&change);
}

/* As if it had been told before: in the journal alone. */
static inline void keep(uint64_t first, uint64_t last, int64_t wall_s)
{
	struct error err = {0};
	for (; first <= last; first++) {
		struct change change;
		sample_change(&change, CHANGE_VIOLATED, first);
		change.wall_s = wall_s;
		ck_assert_msg(journal_change_add(server.journal, &change, &err) == 0, "%s", err.text);
		change_fini(&change);
	}
}

/* Read up to a word and not a byte further; the caller frees it. */
static inline char *next(int fd, const char *word)
{
	struct text t = {0};
	char buffer[65536];
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ck_assert_msg(poll(&p, 1, 20000) == 1, "no %s came after: %.500s", word, text_str(&t));
		ssize_t n = recv(fd, buffer, sizeof(buffer), MSG_PEEK);
		ck_assert_msg(n > 0, "no %s before the end, after: %.500s", word, text_str(&t));
		size_t old = t.len, from = old > strlen(word) ? old - strlen(word) : 0;
		text_addn(&t, buffer, (size_t)n);
		char *found = strstr(t.s + from, word);
		if (found != NULL) {
			t.len = (size_t)(found - t.s) + strlen(word);
			t.s[t.len] = '\0';
			n = (ssize_t)(t.len - old);
		}
		ck_assert_int_eq(recv(fd, buffer, (size_t)n, 0), n);
		if (found != NULL)
			return text_take(&t);
	}
}

/* A session that has subscribed; its reply is read. */
static inline int subscribed(const char *parameters)
{
	int fd = raw();
	char *request = xasprintf(HELLO10 "<rpc xmlns=\"" BASE "\" message-id=\"1\"><create-subscription "
	                                  "xmlns=\"urn:ietf:params:xml:ns:netconf:notification:1.0\">%s"
	                                  "</create-subscription></rpc>]]>]]>",
	        parameters);
	put_text(fd, request);
	char *reply = next(fd, "</rpc-reply>]]>]]>");
	ck_assert_msg(strstr(reply, "<ok/>") != NULL, "%s: %s", parameters, reply);
	free(request);
	free(reply);
	return fd;
}

/* One message, without its end of message. */
static inline char *message(int fd)
{
	char *text = next(fd, "]]>]]>");
	*strstr(text, "]]>]]>") = '\0';
	return text;
}

#endif
