/*
 * What every verb prints alike: errors on standard error, tables for people, JSON for programs.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "portcullis/alloc.h"

int cli_fail(const char *verb, const struct error *err)
{
	char line[1200];
	fprintf(stderr, "portcullis %s: %s\n", verb, error_line(err, line, sizeof(line)));
	return EXIT_ERROR;
}

int cli_usage(const char *verb, const char *format, ...)
{
	va_list ap;
	fputs("portcullis", stderr);
	if (verb != NULL)
		fprintf(stderr, " %s", verb);
	fputs(": ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fprintf(stderr, "; see `portcullis%s%s --help`\n", verb != NULL ? " " : "", verb != NULL ? verb : "");
	return EXIT_ERROR;
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
		copy[i] = xstrdup(cell[i] != NULL ? cell[i] : "");
		for (char *p = copy[i]; *p != '\0'; p++)
			if ((unsigned char)*p < 0x20 || *p == 0x7f)
				*p = ' '; /* nothing from outside steers the terminal */
	}
	t->row[t->n_row++] = copy;
}

static size_t columns_of(const char *s)
{
	size_t n = 0;
	for (; *s != '\0'; s++)
		if (((unsigned char)*s & 0xc0) != 0x80)
			n++;
	return n;
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
		for (size_t i = 0; i < t->n_column; i++) {
			fputs(t->row[r][i], out);
			if (i + 1 < t->n_column)
				fprintf(out, "%*s", (int)(width[i] - columns_of(t->row[r][i]) + 2), "");
			free(t->row[r][i]);
		}
		fputc('\n', out);
		free(t->row[r]);
	}
	free(t->row);
	free(width);
	free(t);
}
