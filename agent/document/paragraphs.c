/*
 * Plain text with one paragraph per cell comes in; tables of four columns (role, port, protocol, notes) go out. A row is
 * found by its port paragraph, so that rows of three, five or six paragraphs stay whole; text without ports gives no table.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "document/build.h"
#include "portcullis/alloc.h"
#include "portcullis/text.h"
#include "portcullis/utf8.h"

/** A run of lines without a blank line. */
struct paragraph {
	char *text;
	unsigned line;
	bool port;
};

struct paragraphs {
	struct paragraph *item;
	size_t n, cap;
};

/* Paragraphs between two port paragraphs of one table: protocol in several parts, note, bullets, the next role. */
#define MAX_ROW_PARAGRAPHS 9

/* Digits with range, list and thousands marks, a footnote mark, and at most two short words ("bis", "TCP"). */
static bool looks_like_port(const char *s)
{
	size_t size, digits = 0, words = 0, letters = 0;
	if (strlen(s) > 48)
		return false;
	for (; *s != '\0'; s += size) {
		uint32_t c = utf8_next(s, &size);
		bool letter =
		        c < 0x80 ? isalpha((int)c) != 0 : !utf8_is_space(c) && (c < 0x2000 || c > 0x206f) && c < 0xff00;
		if (letter) {
			words += letters == 0;
			if (++letters > 5)
				return false;
			continue;
		}
		letters = 0;
		if (c >= '0' && c <= '9')
			digits++;
		else if (c < 0x80 && strchr(" -/,.~*()+:", (int)c) == NULL)
			return false;
	}
	return digits > 0 && words <= 2;
}

static void paragraphs_split(struct paragraphs *p, const char *s)
{
	struct text text = {0};
	unsigned line = 0, first = 0;
	for (const char *next = s; next != NULL;) {
		const char *end = strchr(next, '\n');
		size_t n = end != NULL ? (size_t)(end - next) : strlen(next);
		char *raw = xstrndup(next, n), *tidy = cell_tidy(raw);
		line++;
		if (*tidy != '\0') {
			if (text.len == 0)
				first = line;
			else
				text_add(&text, "\n");
			text_add(&text, tidy);
		}
		next = end != NULL ? end + 1 : NULL;
		if (text.len > 0 && (*tidy == '\0' || next == NULL)) {
			p->item = xgrow(p->item, p->n, &p->cap, sizeof(*p->item));
			p->item[p->n].line = first;
			p->item[p->n].text = text_take(&text);
			p->item[p->n].port = looks_like_port(p->item[p->n].text);
			p->n++;
		}
		free(raw);
		free(tidy);
	}
	text_fini(&text);
}

/* Acronyms that protocol cells are made of, in every language. */
static bool is_protocol_word(const char *word)
{
	static const char *const known[] = {"TCP", "UDP", "TLS", "MTLS", "SSL", "HTTP", "HTTPS", "SIP", "RPC", "DCOM",
	        "LDAP", "DHCP", "RTP", "SRTP", "SMB", "MSFT", "GC", "Kerberos", "KERBEROS", "PSOM", "STUN", "TURN",
	        "MSTURN", "DNS", "Message", "Queuing", "MSMQ", "XMPP", "WCF", "NTLM"};
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(word, known[i]) == 0)
			return true;
	return false;
}

/* A protocol cell is short and a quarter of its words are acronyms; a note that names one is a sentence. */
static bool looks_like_protocol(const char *s)
{
	char word[32];
	size_t n = 0, words = 0, known = 0;
	if (strlen(s) > 100)
		return false;
	for (;; s++) {
		if (isalnum((unsigned char)*s) || (unsigned char)*s >= 0x80) {
			if (n < sizeof(word) - 1)
				word[n++] = *s;
			continue;
		}
		word[n] = '\0';
		words += n > 0;
		known += n > 0 && is_protocol_word(word);
		n = 0;
		if (*s == '\0')
			return known > 0 && known * 4 >= words;
	}
}

static bool is_bullet(const char *s)
{
	size_t size;
	uint32_t c = utf8_next(s, &size);
	return c == 0x2022 || c == 0x25cf || c == 0xb7 || ((c == '-' || c == '*') && s[1] == ' ');
}

static void join(struct text *t, const char *s)
{
	if (t->len > 0)
		text_add(t, "\n");
	text_add(t, s);
}

/* p->item[at] is the port; what follows up to `end` is protocol, then notes. The last row of a table ends with its note. */
static int row_add(struct build *b, const struct paragraphs *p, size_t at, size_t end, bool last)
{
	struct row *row = build_row(b, p->item[at - 1].line);
	struct text protocol = {0}, note = {0};
	size_t i = at + 1;
	int result = -1;
	if (row == NULL)
		return -1;
	if (i < end && looks_like_protocol(p->item[i].text))
		join(&protocol, p->item[i++].text);
	/* A further acronym is part of the protocol only where a note still follows: a note may be one acronym long. */
	while (protocol.len > 0 && i + 1 < end && looks_like_protocol(p->item[i].text))
		join(&protocol, p->item[i++].text);
	for (bool first = true; i < end && (!last || first || is_bullet(p->item[i].text)); i++, first = false)
		join(&note, p->item[i].text);
	if (build_cell(b, row, p->item[at - 1].text, p->item[at - 1].line) == 0 &&
	        build_cell(b, row, p->item[at].text, p->item[at].line) == 0 &&
	        build_cell(b, row, text_str(&protocol), p->item[at].line) == 0 &&
	        build_cell(b, row, text_str(&note), p->item[at].line) == 0)
		result = 0;
	text_fini(&protocol);
	text_fini(&note);
	return result;
}

static size_t next_port(const struct paragraphs *p, size_t from)
{
	while (from < p->n && !p->item[from].port)
		from++;
	return from;
}

/* One table from the port paragraph at `at`; *end is the paragraph after it. */
static int table_add(struct build *b, const struct paragraphs *p, size_t at, size_t *end)
{
	struct table *table;
	/* The one-line header stands before the first role, the caption before that. */
	if (at >= 3)
		build_caption(b, p->item[at - 3].text);
	if (build_table(b, p->item[at - 1].line) != 0)
		return -1;
	table = &b->doc->table[b->doc->n_table - 1];
	if (at >= 2) {
		table->header.line = p->item[at - 2].line;
		if (build_cell(b, &table->header, p->item[at - 2].text, p->item[at - 2].line) != 0)
			return -1;
	}
	for (;;) {
		size_t next = next_port(p, at + 2);
		bool last = next >= p->n || next - at > MAX_ROW_PARAGRAPHS;
		*end = last ? p->n : next - 1;
		if (row_add(b, p, at, *end, last) != 0)
			return -1;
		if (last) {
			*end = next;
			return 0;
		}
		at = next;
	}
}

int paragraphs_read(struct build *b, const char *s, size_t len)
{
	struct paragraphs p = {0};
	int result = 0;
	(void)len;
	paragraphs_split(&p, s);
	if (p.n > 0)
		document_set(&b->doc->title, p.item[0].text);
	for (size_t at = next_port(&p, 1); at < p.n && result == 0;) {
		size_t end = at + 1;
		result = table_add(b, &p, at, &end);
		/* A number that stands alone in running text is no table. */
		if (result == 0 && b->doc->table[b->doc->n_table - 1].n_row < 2)
			build_table_drop(b);
		at = next_port(&p, end);
	}
	for (size_t i = 0; i < p.n; i++)
		free(p.item[i].text);
	free(p.item);
	return result;
}
