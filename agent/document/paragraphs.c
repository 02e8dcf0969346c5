/*
 * Plain text with one paragraph per cell comes in; tables of four columns (role, port, protocol, notes) go out, between them
 * those whose columns are separated by tabs. A row of paragraphs is found by its port, so that rows of three, five or six
 * paragraphs stay whole; text without ports gives no table.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "document/build.h"
#include "portcullis/alloc.h"
#include "portcullis/text.h"
#include "portcullis/utf8.h"

/** A run of lines without a blank line, or a table of tab-separated columns. */
struct paragraph {
	char *text; /* NULL for a table */
	unsigned line;
	bool port;
	const char *tabs;
	size_t tabs_len;
};

struct paragraphs {
	struct paragraph *item;
	size_t n, cap;
};

/* Paragraphs between two port paragraphs of one table: protocol in several parts, note, bullets, the next role. */
#define MAX_ROW_PARAGRAPHS 9

bool text_is_port(const char *s)
{
	size_t size, digits = 0, words = 0, letters = 0, before = 0;
	if (strlen(s) > 48)
		return false;
	for (; *s != '\0'; s += size) {
		uint32_t c = utf8_next(s, &size);
		bool letter =
		        c < 0x80 ? isalpha((int)c) != 0 : !utf8_is_space(c) && (c < 0x2000 || c > 0x206f) && c < 0xff00;
		if (letter) {
			words += letters == 0;
			before += digits == 0;
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
	/* "Table 12" and "Fig. 1" are captions, "TCP 443" is a port. */
	return digits > (before > 0) && words <= 2 && before <= 3;
}

static struct paragraph *paragraph_add(struct build *b, struct paragraphs *p, unsigned line)
{
	struct paragraph *item;
	if (p->n >= DOCUMENT_MAX_PARAGRAPHS) {
		(void)build_limit(b, line, DOCUMENT_MAX_PARAGRAPHS, "paragraphs", "split the document");
		return NULL;
	}
	p->item = xgrow(p->item, p->n, &p->cap, sizeof(*p->item));
	item = &p->item[p->n++];
	memset(item, 0, sizeof(*item));
	item->line = line;
	return item;
}

/* The paragraph whose lines are in text, if any, ends here. */
static int paragraph_end(struct build *b, struct paragraphs *p, struct text *text, unsigned line)
{
	struct paragraph *item;
	if (text->len == 0)
		return 0;
	if ((item = paragraph_add(b, p, line)) == NULL)
		return -1;
	item->text = xstrdup(text_str(text));
	item->port = text_is_port(item->text);
	text->len = 0;
	return 0;
}

/* One line of running text; a blank one ends the paragraph. */
static int line_add(struct build *b, struct paragraphs *p, struct text *text, const char *s, size_t n, unsigned *first,
        unsigned line)
{
	char *raw = xstrndup(s, n), *tidy = cell_tidy(raw);
	int result = 0;
	if (*tidy == '\0') {
		result = paragraph_end(b, p, text, *first);
	} else {
		if (text->len == 0)
			*first = line;
		else
			text_add(text, "\n");
		text_add(text, tidy);
	}
	free(raw);
	free(tidy);
	return result;
}

static int tabs_add(struct build *b, struct paragraphs *p, const char *s, size_t len, unsigned line)
{
	struct paragraph *item = paragraph_add(b, p, line);
	if (item == NULL)
		return -1;
	item->tabs = s;
	item->tabs_len = len;
	return 0;
}

static int paragraphs_split(struct build *b, struct paragraphs *p, const char *s)
{
	struct text text = {0};
	unsigned line = 1, first = 1;
	const char *no_tabs = s;
	int result = 0;
	while (*s != '\0' && result == 0) {
		size_t tabs = s >= no_tabs ? tabs_length(s, &no_tabs) : 0, n = strcspn(s, "\n");
		if (tabs > 0) {
			result = paragraph_end(b, p, &text, first);
			if (result == 0)
				result = tabs_add(b, p, s, tabs, line);
			for (const char *end = s + tabs; s < end; s++)
				line += *s == '\n';
			continue;
		}
		result = line_add(b, p, &text, s, n, &first, line);
		line++;
		s += n + (s[n] == '\n');
	}
	if (result == 0)
		result = paragraph_end(b, p, &text, first);
	text_fini(&text);
	return result;
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
		text_add_upto(t, "\n", 1, DOCUMENT_MAX_CELL);
	text_add_upto(t, s, strlen(s), DOCUMENT_MAX_CELL);
}

/*
 * p->item[at] is the port; what follows up to *end is protocol, then notes. The last row of a table ends with its note;
 * *end becomes the first paragraph that is not of the row.
 */
static int row_add(struct build *b, const struct paragraphs *p, size_t at, size_t *end, bool last)
{
	struct row *row = build_row(b, p->item[at - 1].line);
	struct text protocol = {0}, note = {0};
	size_t i = at + 1;
	int result = -1;
	if (row == NULL)
		return -1;
	if (i < *end && looks_like_protocol(p->item[i].text))
		join(&protocol, p->item[i++].text);
	/* A further acronym is part of the protocol only where a note still follows: a note may be one acronym long. */
	while (protocol.len > 0 && i + 1 < *end && looks_like_protocol(p->item[i].text))
		join(&protocol, p->item[i++].text);
	for (bool first = true; i < *end && (!last || first || is_bullet(p->item[i].text)); i++, first = false)
		join(&note, p->item[i].text);
	*end = i;
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

/* Does the line name the columns again, as the header of a table that follows: half of the header's words, three at least? */
static bool is_header_again(const struct row *header, const char *line)
{
	size_t words = 0, same = 0;
	if (header->n == 0 || strlen(line) > 2 * strlen(header->cell[0].text))
		return false;
	for (const char *word = header->cell[0].text; *word != '\0';) {
		size_t n = strcspn(word, " \n");
		words += n > 0;
		same += n >= 4 && memmem(line, strlen(line), word, n) != NULL;
		word += n + (word[n] != '\0');
	}
	return same >= 2 && same * 2 >= words;
}

/* One table from the port paragraph at `at`; paragraphs before *end are used up, and *end becomes the first unused one. */
static int table_add(struct build *b, const struct paragraphs *p, size_t at, size_t *end)
{
	struct table *table;
	/* The one-line header stands before the first role, the caption before that. */
	if (at >= *end + 3 && build_caption_maybe(b, p->item[at - 3].text, p->item[at - 3].line) != 0)
		return -1;
	if (build_table(b, p->item[at - 1].line) != 0)
		return -1;
	table = &b->doc->table[b->doc->n_table - 1];
	table->positional = true;
	if (at >= *end + 2) {
		table->header.line = p->item[at - 2].line;
		if (build_cell(b, &table->header, p->item[at - 2].text, p->item[at - 2].line) != 0)
			return -1;
	}
	for (;;) {
		size_t next = next_port(p, at + 2);
		bool header = next < p->n && next >= at + 3 && is_header_again(&table->header, p->item[next - 2].text);
		bool last = header || next >= p->n || next - at > MAX_ROW_PARAGRAPHS;
		*end = header ? next - 2 : last ? p->n : next - 1;
		if (row_add(b, p, at, end, last) != 0)
			return -1;
		if (last)
			return 0;
		at = next;
	}
}

/* A number that stands alone in running text is no table; one row under a header like the last table's is one. */
static bool is_table(const struct build *b, const struct paragraphs *p, size_t at, size_t end)
{
	size_t next = next_port(p, at + 2);
	const struct document *doc = b->doc;
	if (next < p->n && next - at <= MAX_ROW_PARAGRAPHS)
		return true;
	return doc->n_table > 0 && at >= end + 2 &&
	       is_header_again(&doc->table[doc->n_table - 1].header, p->item[at - 2].text);
}

/* The tables of paragraphs in a part of the document that no other table interrupts; *end is where the last one ends. */
static int part_read(struct build *b, const struct paragraphs *p, size_t *end)
{
	*end = 0;
	for (size_t at = next_port(p, 1); at < p->n;) {
		if (!is_table(b, p, at, *end)) {
			at = next_port(p, at + 2);
			continue;
		}
		if (table_add(b, p, at, end) != 0)
			return -1;
		at = next_port(p, *end + 1);
	}
	return 0;
}

static int parts_read(struct build *b, const struct paragraphs *p)
{
	for (size_t from = 0, to = 0; from < p->n; from = to + 1) {
		struct paragraphs part = {.item = p->item + from};
		size_t end;
		for (to = from; to < p->n && p->item[to].tabs == NULL;)
			to++;
		part.n = to - from;
		if (part_read(b, &part, &end) != 0)
			return -1;
		if (to >= p->n)
			break;
		if (part.n > end && build_caption_maybe(b, p->item[to - 1].text, p->item[to - 1].line) != 0)
			return -1;
		if (tabs_read(b, p->item[to].tabs, p->item[to].tabs_len, p->item[to].line) != 0)
			return -1;
	}
	return 0;
}

int paragraphs_read(struct build *b, const char *s, size_t len)
{
	struct paragraphs p = {0};
	int result = paragraphs_split(b, &p, s);
	(void)len;
	/* The first paragraph is the title unless it is too long for one. */
	if (result == 0 && p.n > 0 && p.item[0].text != NULL && strlen(p.item[0].text) <= DOCUMENT_MAX_METADATA)
		document_set(&b->doc->title, p.item[0].text);
	if (result == 0)
		result = parts_read(b, &p);
	for (size_t i = 0; i < p.n; i++)
		free(p.item[i].text);
	free(p.item);
	return result;
}
