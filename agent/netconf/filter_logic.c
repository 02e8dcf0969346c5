/*
 * libyang 2.1.30 takes a node set that is empty for a boolean as soon as it passes over "or" or "and" in a predicate, and
 * refuses the expression then. An expression comes in, one that says the same without them goes out: "a or b" becomes
 * "boolean(a)+boolean(b)>0", "a and b" the product. Outside of brackets they stay: such an expression gives no nodes.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "netconf/filter_path.h"
#include "portcullis/alloc.h"
#include "portcullis/text.h"

#define DEPTH_MAX 64u /* of brackets; what is deeper is left alone */

struct scan {
	const char *at;
	unsigned depth;
	bool too_deep;
	bool after_operand; /* a name, a value or a bracket that closes came before: what follows is an operator */
};

/* What a bracket or an argument holds, as far as it was read. */
struct level {
	struct text operand, product, sum;
	bool any_and, any_or;
};

static bool is_name(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c & 0x80) != 0 ||
	       (c != '\0' && strchr("_-.", c) != NULL);
}

static void clear(struct text *t)
{
	t->len = 0;
	if (t->s != NULL)
		t->s[0] = '\0';
}

static void add_factor(struct level *l)
{
	text_addf(&l->product, "%sboolean(%s)", l->product.len > 0 ? "*" : "", text_str(&l->operand));
	clear(&l->operand);
}

/* A term of a sum; one that is a single factor is that. */
static void add_term(struct level *l)
{
	add_factor(l);
	text_addf(&l->sum, "%s%s", l->sum.len > 0 ? "+" : "", text_str(&l->product));
	clear(&l->product);
}

static void level_end(struct level *l, struct text *out)
{
	if (l->any_and || l->any_or) {
		add_term(l);
		text_addf(out, "(%s)>0", text_str(&l->sum));
	} else {
		text_add(out, text_str(&l->operand));
	}
	text_fini(&l->operand);
	text_fini(&l->product);
	text_fini(&l->sum);
	*l = (struct level){0};
}

static void name(struct scan *s, struct level *l, bool outermost)
{
	const char *from = s->at;
	while (is_name(*s->at))
		s->at++;
	size_t n = (size_t)(s->at - from);
	bool is_operator = s->after_operand;
	bool is_or = is_operator && n == 2 && memcmp(from, "or", n) == 0;
	bool is_and = is_operator && n == 3 && memcmp(from, "and", n) == 0;
	s->after_operand = !is_operator;
	l->any_or = l->any_or || is_or;
	l->any_and = l->any_and || is_and;
	if (outermost || (!is_or && !is_and))
		text_addn(&l->operand, from, n);
	else if (is_or)
		add_term(l);
	else
		add_factor(l);
}

/* "12", "1.5", ".", "..": operands all of them. */
static void number(struct scan *s, struct level *l)
{
	const char *from = s->at;
	while ((*s->at >= '0' && *s->at <= '9') || *s->at == '.')
		s->at++;
	text_addn(&l->operand, from, (size_t)(s->at - from));
	s->after_operand = true;
}

static void literal(struct scan *s, struct level *l)
{
	const char *shut = strchr(s->at + 1, *s->at);
	size_t n = shut != NULL ? (size_t)(shut - s->at) + 1 : strlen(s->at);
	text_addn(&l->operand, s->at, n);
	s->at += n;
	s->after_operand = true;
}

static void brackets(struct scan *s, struct level *l);

/* One token of a level, or all that is in brackets of its own. */
static void token(struct scan *s, struct level *l, bool outermost)
{
	static const char blanks[] = " \t\r\n";
	char c = *s->at;
	if (strchr(blanks, c) != NULL) {
		text_addn(&l->operand, s->at++, 1);
	} else if (c == '\'' || c == '"') {
		literal(s, l);
	} else if ((c >= '0' && c <= '9') || c == '.') {
		number(s, l);
	} else if (is_name(c) && c != '-') {
		name(s, l, outermost);
	} else if (c == '(' || c == '[') {
		brackets(s, l);
	} else {
		/* "*" is any name where a name can be. */
		s->after_operand = c == ')' || c == ']' || (c == '*' && !s->after_operand);
		text_addn(&l->operand, s->at++, 1);
	}
}

/* Up to the bracket that closes, with commas between arguments. */
static void brackets(struct scan *s, struct level *outer)
{
	struct level l = {0};
	s->too_deep = s->too_deep || s->depth == DEPTH_MAX;
	if (s->too_deep) {
		s->at += strlen(s->at);
		return;
	}
	s->depth++;
	text_addn(&outer->operand, s->at++, 1);
	s->after_operand = false;
	while (*s->at != '\0' && *s->at != ')' && *s->at != ']') {
		if (*s->at != ',') {
			token(s, &l, false);
			continue;
		}
		level_end(&l, &outer->operand);
		text_addn(&outer->operand, s->at++, 1);
		s->after_operand = false;
	}
	level_end(&l, &outer->operand);
	if (*s->at != '\0')
		text_addn(&outer->operand, s->at++, 1);
	s->after_operand = true;
	s->depth--;
}

char *filter_logic_rewrite(const char *expression)
{
	struct scan s = {.at = expression};
	struct level l = {0};
	while (*s.at != '\0')
		token(&s, &l, true);
	text_fini(&l.product);
	text_fini(&l.sum);
	if (!s.too_deep)
		return text_take(&l.operand);
	text_fini(&l.operand);
	return xstrdup(expression);
}
