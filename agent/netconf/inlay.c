/*
 * Inlays: a walk over state comes in from the worker, XML goes out to the pump, a chunk at a time. The mark cannot be
 * counterfeited by values in the reply, where "<" is never written as it is. Nothing is refused: what can be refused was
 * before the walk was made.
 */
#include "netconf/inlay.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "netconf/mark.h"
#include "netconf/session.h"
#include "netconf/state.h"
#include "portcullis/alloc.h"
#include "portcullis/log.h"

#define MARK_NAME "inlay"
#define MARK_NS "urn:portcullis:inlay"

/* As libyang prints the node. */
static const char mark[] = "<" MARK_NAME " xmlns=\"" MARK_NS "\"/>";
#define MARK_LEN (sizeof(mark) - 1)

struct inlay {
	struct state_walk *walk;
	struct row_xml xml;
	struct rows rows;
	size_t matched; /* bytes of the mark that were seen and are held back */
	bool open;
};

struct lyd_node *inlay_mark(const struct ly_ctx *ctx)
{
	struct lyd_node *node = NULL;
	if (lyd_new_opaq2(NULL, ctx, MARK_NAME, NULL, NULL, MARK_NS, &node) != LY_SUCCESS)
		return NULL;
	return node;
}

void inlay_offer(struct session *s, struct state_walk *walk)
{
	struct inlay *x = xcalloc(1, sizeof(*x));
	x->walk = walk;
	x->rows.xml = &x->xml;
	inlay_free(atomic_exchange(&s->inlay, x));
}

struct inlay *inlay_take(struct session *s)
{
	return atomic_load(&s->inlay) != NULL ? atomic_exchange(&s->inlay, NULL) : NULL;
}

void inlay_free(struct inlay *x)
{
	if (x == NULL)
		return;
	state_walk_free(x->walk);
	text_fini(&x->xml.text);
	free(x);
}

size_t inlay_scan(struct inlay *x, const char *s, size_t n, struct text *out)
{
	size_t taken = mark_scan(mark, &x->matched, s, n, out);
	x->open = x->matched == MARK_LEN;
	return taken;
}

bool inlay_is_open(const struct inlay *x)
{
	return x->open;
}

int inlay_write(struct inlay *x, size_t size, struct text *out)
{
	x->xml.text.len = 0;
	bool more = state_walk_text(x->walk, &x->rows, size);
	out->len = 0;
	text_addn(out, text_str(&x->xml.text), x->xml.text.len);
	if (!x->rows.failed)
		return more;
	log_error("netconf: state cannot be written: %s", x->rows.err.text);
	return -1;
}
