/*
 * What an XPath expression may cost: an expression comes in, and is refused when its time could grow with more than the
 * square of the tree. The evaluation cannot be stopped half-way, and each search inside the predicate of a search looks
 * through the whole tree once more for every node. The expression is looked over, not parsed: in doubt it counts as more.
 */
#include <stdbool.h>
#include <string.h>

#include "netconf/filter_path.h"

#define LENGTH_MAX 4096u
#define NESTED_MAX 4u /* predicates in predicates */
#define SEARCHES_MAX 4u /* "//" and its like, outside of predicates */
#define INSIDE_MAX 1u /* inside of predicates, and there every way out of the node's own subtree too */

struct cost {
	unsigned nested, deepest, searches, inside;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool ends_step(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c & 0x80) != 0 ||
	       strchr("_-.*)]:", c) != NULL;
}

/* Does the slash at `at` begin a path from the root? Behind "or" and its like, and behind "*", it may. */
static bool may_begin_path(const char *expression, const char *at)
{
	static const char *const operators[] = {"and", "or", "div", "mod", "*"};

	if (at == expression || !ends_step(at[-1]))
		return true;
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		size_t n = strlen(operators[i]);

		if ((size_t)(at - expression) >= n && memcmp(at - n, operators[i], n) == 0)
			return true;
	}
	return false;
}

static void search(struct cost *c)
{
	if (c->nested > 0)
		c->inside++;
	else
		c->searches++;
}

static bool is_cheap_axis(const char *expression, const char *colons)
{
	static const char *const cheap[] = {"child", "self", "attribute"};
	const char *end = colons;

	while (end > expression && is_space(end[-1]))
		end--;
	for (size_t i = 0; i < sizeof(cheap) / sizeof(cheap[0]); i++) {
		size_t n = strlen(cheap[i]);

		if ((size_t)(end - expression) >= n && memcmp(end - n, cheap[i], n) == 0 &&
		        ((size_t)(end - expression) == n || !ends_step(end[-(ptrdiff_t)n - 1])))
			return true;
	}
	return false;
}

/* Count what begins at `at`. @return how many characters that is. */
static size_t count(struct cost *c, const char *expression, const char *at)
{
	const char *quote = *at == '"' || *at == '\'' ? strchr(at + 1, *at) : NULL;

	if (quote != NULL)
		return (size_t)(quote - at) + 1;
	if (*at == '[' && ++c->nested > c->deepest)
		c->deepest = c->nested;
	if (*at == ']' && c->nested > 0)
		c->nested--;
	if (at[0] == '/' && at[1] == '/') {
		search(c);
		return 2;
	}
	if (at[0] == ':' && at[1] == ':') {
		if (!is_cheap_axis(expression, at))
			search(c);
		return 2;
	}
	/* Up, and from the root. */
	if (at[0] == '.' && at[1] == '.') {
		c->inside += c->nested > 0;
		return 2;
	}
	if (*at == '/' && c->nested > 0 && may_begin_path(expression, at))
		c->inside++;
	return 1;
}

int filter_cost_check(const char *s, struct error *err)
{
	struct cost c = {0};

	if (strlen(s) > LENGTH_MAX)
		return error_set(err, ERR_LIMIT, "",
		        "the XPath expression has %zu characters; the limit is %u for what is more than paths with "
		        "\"leaf = literal\" in their predicates; ask in several requests",
		        strlen(s), LENGTH_MAX);
	for (const char *at = s; *at != '\0';)
		at += count(&c, s, at);
	if (c.deepest <= NESTED_MAX && c.searches <= SEARCHES_MAX && c.inside <= INSIDE_MAX)
		return 0;
	return error_set(err, ERR_LIMIT, "",
	        "the XPath expression searches too much: %u searches (//) outside of predicates, the limit is %u; %u "
	        "ways "
	        "out of a node's own subtree (//, /, .., axes) inside of them, the limit is %u; %u predicates in each "
	        "other, the limit is %u; give the path from the root",
	        c.searches, SEARCHES_MAX, c.inside, INSIDE_MAX, c.deepest, NESTED_MAX);
}
