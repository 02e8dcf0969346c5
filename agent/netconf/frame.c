/*
 * NETCONF framing: bytes of a connection come in, pieces of messages and their ends go out, and the way back. Chunk
 * headers are held to RFC 6242 section 4.2 to the letter: no zero, no leading zero, at most 4294967295, no empty
 * message. Whatever breaks that is refused here, because the NETCONF library behind does not survive it.
 */
#include "netconf/frame.h"

#include <string.h>

static const char eom[] = "]]>]]>";
#define EOM_LEN (sizeof(eom) - 1)

/* How much of the delimiter still fits when it fails after k characters: its longest border. */
static const unsigned char eom_border[EOM_LEN + 1] = {0, 0, 1, 0, 1, 2, 3};

static enum frame_event next_eom(
        struct frame *f, const char *data, size_t n, size_t *used, const char **piece, size_t *len)
{
	if (f->state == 0) {
		const char *bracket = memchr(data, ']', n);
		size_t plain = bracket != NULL ? (size_t)(bracket - data) : n;
		if (plain > 0) {
			*piece = data;
			*len = *used = plain;
			f->inside = true;
			return FRAME_DATA;
		}
	}
	for (size_t i = 0; i < n; i++) {
		if (data[i] == eom[f->state]) {
			f->inside = true;
			if (++f->state < EOM_LEN)
				continue;
			f->state = 0;
			f->inside = false;
			*used = i + 1;
			return FRAME_END;
		}
		/* What was held back turned out to be content; this byte is looked at again. */
		unsigned keep = eom_border[f->state];
		*piece = eom;
		*len = f->state - keep;
		f->state = keep;
		*used = i;
		return FRAME_DATA;
	}
	*used = n;
	return FRAME_MORE;
}

/* States of the chunk reader. */
enum { HEADER_LF, HEADER_HASH, HEADER_FIRST, HEADER_SIZE, HEADER_END, CHUNK };

static enum frame_event bad(struct error *err, const char *what)
{
	(void)error_set(err, ERR_FORMAT, "framing", "%s; RFC 6242 section 4.2 asks for \"LF # size LF\"", what);
	return FRAME_BAD;
}

/* One character of a chunk header. FRAME_DATA: the header is complete and the chunk follows. */
static enum frame_event header_char(struct frame *f, char c, struct error *err)
{
	switch (f->state) {
	case HEADER_LF:
		if (c != '\n')
			return bad(err, "a chunk header does not begin with a line feed");
		f->inside = true;
		f->state = HEADER_HASH;
		return FRAME_MORE;
	case HEADER_HASH:
		if (c != '#')
			return bad(err, "a chunk header has no '#'");
		f->state = HEADER_FIRST;
		return FRAME_MORE;
	case HEADER_FIRST:
		if (c == '#' && !f->any)
			return bad(err, "a message has no chunk");
		if (c == '#') {
			f->state = HEADER_END;
			return FRAME_MORE;
		}
		if (c < '1' || c > '9')
			return bad(err, "a chunk size does not begin with a digit from 1 to 9");
		f->left = (uint64_t)(c - '0');
		f->state = HEADER_SIZE;
		return FRAME_MORE;
	case HEADER_SIZE:
		if (c == '\n') {
			f->state = CHUNK;
			f->any = true;
			return FRAME_DATA;
		}
		if (c < '0' || c > '9')
			return bad(err, "a chunk size is not a number");
		f->left = f->left * 10 + (uint64_t)(c - '0');
		if (f->left > UINT32_MAX)
			return bad(err, "a chunk size is larger than 4294967295");
		return FRAME_MORE;
	default:
		if (c != '\n')
			return bad(err, "the end of the chunks is not followed by a line feed");
		f->state = HEADER_LF;
		f->any = f->inside = false;
		return FRAME_END;
	}
}

static enum frame_event next_chunk(
        struct frame *f, const char *data, size_t n, size_t *used, const char **piece, size_t *len, struct error *err)
{
	size_t i = 0;
	while (f->state != CHUNK && i < n) {
		enum frame_event e = header_char(f, data[i++], err);
		if (e == FRAME_END || e == FRAME_BAD) {
			*used = i;
			return e;
		}
	}
	if (i == n) {
		*used = n;
		return FRAME_MORE;
	}
	*piece = data + i;
	*len = n - i < f->left ? n - i : (size_t)f->left;
	*used = i + *len;
	f->left -= *len;
	if (f->left == 0)
		f->state = HEADER_LF;
	return FRAME_DATA;
}

enum frame_event frame_next(
        struct frame *f, const char *data, size_t n, size_t *used, const char **piece, size_t *len, struct error *err)
{
	*used = *len = 0;
	*piece = NULL;
	if (n == 0)
		return FRAME_MORE;
	return f->chunked ? next_chunk(f, data, n, used, piece, len, err) : next_eom(f, data, n, used, piece, len);
}

void frame_write(struct text *out, bool chunked, const char *data, size_t n)
{
	if (!chunked) {
		text_addn(out, data, n);
		return;
	}
	while (n > 0) {
		size_t part = n < FRAME_CHUNK ? n : FRAME_CHUNK;
		text_addf(out, "\n#%zu\n", part);
		text_addn(out, data, part);
		data += part;
		n -= part;
	}
}

void frame_write_end(struct text *out, bool chunked)
{
	text_add(out, chunked ? "\n##\n" : eom);
}
