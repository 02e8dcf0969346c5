/*
 * What every verb prints alike: errors on standard error, tables for people, JSON for programs.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "cli/cli.h"
#include "portcullis/alloc.h"

/* Nothing from outside steers the terminal: control characters become blanks, what is no UTF-8 becomes '?'. */
static char *clean(char *s)
{
	char *to = s;
	mbstate_t state = {0};
	for (const char *p = s, *end = s + strlen(s); p < end;) {
		wchar_t wc;
		size_t n = mbrtowc(&wc, p, (size_t)(end - p), &state);
		if (n == 0 || n > (size_t)(end - p)) {
			state = (mbstate_t){0};
			*to++ = '?';
			p++;
			continue;
		}
		if (iswcntrl((wint_t)wc))
			*to++ = ' ';
		else
			to = (char *)memmove(to, p, n) + n;
		p += n;
	}
	*to = '\0';
	return s;
}

static char *formatted(const char *format, va_list ap)
{
	char *text;
	if (vasprintf(&text, format, ap) < 0)
		abort();
	return clean(text);
}

int cli_fail(const char *verb, const struct error *err)
{
	char line[1200];
	cli_warn("%s: %s", verb, error_line(err, line, sizeof(line)));
	return EXIT_ERROR;
}

void cli_warn(const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	char *text = formatted(format, ap);
	va_end(ap);
	fprintf(stderr, "portcullis %s\n", text);
	free(text);
}

int cli_usage(const char *verb, const char *format, ...)
{
	const char *blank = verb != NULL ? " " : "", *name = verb != NULL ? verb : "";
	va_list ap;
	va_start(ap, format);
	char *text = formatted(format, ap);
	va_end(ap);
	fprintf(stderr, "portcullis%s%s: %s; see `portcullis%s%s --help`\n", blank, name, text, blank, name);
	free(text);
	return EXIT_ERROR;
}

int cli_option_fault(const char *verb, int c, int argc, char **argv)
{
	const char *last = argv[optind - 1], *next = optind < argc ? argv[optind] : "";
	/* In a cluster of short options getopt_long() has not gone on to the next word yet. */
	bool in_cluster = next[0] == '-' && next[1] != '-' && next[1] != '\0' && optopt != 0 && strchr(next, optopt);
	if (in_cluster || strncmp(last, "--", 2) != 0)
		return cli_usage(verb, "-%c is not an option", optopt);
	if (c == ':')
		return cli_usage(verb, "%s needs a value", last);
	if (optopt != 0 && strchr(last, '=') != NULL)
		return cli_usage(verb, "%.*s takes no value", (int)strcspn(last, "="), last);
	return cli_usage(verb, "%.*s is not an option", (int)strcspn(last, "="), last);
}

void cli_line(const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	char *text = formatted(format, ap);
	va_end(ap);
	puts(text);
	free(text);
}

void cli_json(const char *json)
{
	fputs(json, stdout);
	putchar('\n');
}

struct cli_table {
	size_t n_column, n_row, cap_row;
	char ***row; /* row[0] is the header */
};

struct cli_table *cli_table_new(size_t n_column, const char *const *header)
{
	struct cli_table *t = xcalloc(1, sizeof(*t));
	t->n_column = n_column;
	cli_table_row(t, header);
	return t;
}

void cli_table_row(struct cli_table *t, const char *const *cell)
{
	t->row = xgrow(t->row, t->n_row, &t->cap_row, sizeof(*t->row));
	char **copy = xcalloc(t->n_column, sizeof(*copy));
	for (size_t i = 0; i < t->n_column; i++) {
		copy[i] = clean(xstrdup(cell[i] != NULL ? cell[i] : ""));
	}
	t->row[t->n_row++] = copy;
}

/* Places on the terminal of a clean text. */
static size_t columns_of(const char *s)
{
	size_t columns = 0;
	mbstate_t state = {0};
	wchar_t wc;
	for (size_t n; (n = mbrtowc(&wc, s, strlen(s), &state)) > 0 && n < (size_t)-2; s += n)
		columns += wcwidth(wc) > 0 ? (size_t)wcwidth(wc) : 0;
	return columns;
}

static void row_print(const struct cli_table *t, char *const *cell, const size_t *width, FILE *out)
{
	size_t blanks = 0;
	for (size_t i = 0; i < t->n_column; i++) {
		if (cell[i][0] != '\0') {
			fprintf(out, "%*s%s", (int)blanks, "", cell[i]);
			blanks = 0;
		}
		blanks += width[i] - columns_of(cell[i]) + 2;
	}
	fputc('\n', out);
}

void cli_table_print(struct cli_table *t, FILE *out)
{
	size_t *width = xcalloc(t->n_column, sizeof(*width));
	for (size_t r = 0; r < t->n_row; r++)
		for (size_t i = 0; i < t->n_column; i++) {
			size_t n = columns_of(t->row[r][i]);
			if (n > width[i])
				width[i] = n;
		}
	for (size_t r = 0; r < t->n_row; r++) {
		if (t->n_row > 1)
			row_print(t, t->row[r], width, out);
		for (size_t i = 0; i < t->n_column; i++)
			free(t->row[r][i]);
		free(t->row[r]);
	}
	free(t->row);
	free(width);
	free(t);
}

bool cli_time(const char *text, int64_t max, int64_t *seconds)
{
	static const char units[] = "smhdw";
	static const int64_t of_unit[] = {1, 60, 3600, 86400, 7 * 86400};
	size_t n = strspn(text, "0123456789");
	const char *unit = text[n] != '\0' ? strchr(units, text[n]) : NULL;

	if (n == 0 || n > 12 || unit == NULL || text[n + 1] != '\0')
		return false;
	*seconds = strtoll(text, NULL, 10) * of_unit[unit - units];
	return *seconds <= max;
}
