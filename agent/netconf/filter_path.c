/*
 * XPath of the plain kind: an expression comes in, its steps and what its predicates compare go out. Whatever is more
 * than absolute paths of names, joined by "|", whose predicates compare a leaf with a literal, is refused; it is left to
 * libyang.
 */
#include "netconf/filter_path.h"

#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"

static void skip_space(const char **s)
{
	*s += strspn(*s, " \t\r\n");
}

static bool take(const char **s, char c)
{
	skip_space(s);
	if (**s != c)
		return false;
	++*s;
	return true;
}

static struct xml_span ncname(const char **s)
{
	static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
	static const char more[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789.-";
	struct xml_span name = {*s, strspn(*s, first) > 0 ? strspn(*s, more) : 0};
	*s += name.n;
	return name;
}

/* [module ":"] name, which is neither an axis nor a function. */
static bool qname(const char **s, struct xml_span *module, struct xml_span *name)
{
	skip_space(s);
	*name = ncname(s);
	*module = (struct xml_span){*s, 0};
	if (name->n > 0 && **s == ':') {
		++*s;
		*module = *name;
		*name = ncname(s);
	}
	skip_space(s);
	return name->n > 0 && **s != ':' && **s != '(';
}

static bool literal(const char **s, struct filter_term *t)
{
	skip_space(s);
	t->number = **s >= '0' && **s <= '9';
	if (t->number) {
		*s += strspn(*s, "0"); /* 007 is 7 */
		if (**s < '0' || **s > '9')
			--*s;
		t->value = (struct xml_span){*s, strspn(*s, "0123456789")};
		*s += t->value.n;
		return **s != '.';
	}
	const char *end = **s == '\'' || **s == '"' ? strchr(*s + 1, **s) : NULL;
	if (end == NULL)
		return false;
	t->value = (struct xml_span){*s + 1, (size_t)(end - *s - 1)};
	*s = end + 1;
	return true;
}

static bool conjunction(const char **s)
{
	skip_space(s);
	if (strncmp(*s, "and", 3) != 0 || strchr(" \t\r\n", (*s)[3]) == NULL || (*s)[3] == '\0')
		return false;
	*s += 3;
	return true;
}

/* What follows "[". */
static bool predicate(const char **s, struct filter_terms *out)
{
	do {
		struct xml_span module;
		if (out->n == FILTER_TERMS)
			return false;
		struct filter_term *t = &out->term[out->n++];
		if (!qname(s, &module, &t->leaf) || !take(s, '=') || !literal(s, t))
			return false;
	} while (conjunction(s));
	return take(s, ']');
}

static bool path(const char **s, struct filter_path *p)
{
	struct filter_terms other;
	while (take(s, '/')) {
		if (p->n == FILTER_STEPS || !qname(s, &p->step[p->n].module, &p->step[p->n].name))
			return false;
		while (take(s, '[')) {
			p->step[p->n].terms = true;
			other.n = 0;
			if (!predicate(s, p->n == 1 ? &p->terms : &other))
				return false;
		}
		p->n++;
	}
	skip_space(s);
	return p->n > 0;
}

bool filter_paths_parse(const char *s, struct filter_path **out, size_t *n)
{
	struct filter_path *all = NULL;
	size_t count = 0, cap = 0;
	bool fine;
	*out = NULL;
	*n = 0;
	do {
		all = xgrow(all, count, &cap, sizeof(*all));
		all[count] = (struct filter_path){0};
		fine = count < FILTER_PATHS && path(&s, &all[count]);
		count++;
	} while (fine && take(&s, '|'));
	if (!fine || *s != '\0') {
		free(all);
		return false;
	}
	*out = all;
	*n = count;
	return true;
}
