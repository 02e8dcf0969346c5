#ifndef PORTCULLIS_CLI_H
#define PORTCULLIS_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "portcullis/error.h"

/* Exit codes of every verb. */
enum { EXIT_OK = 0, EXIT_NOT_CONFORMANT = 1, EXIT_CANNOT_TELL = 2, EXIT_ERROR = 3 };

/* A verb: argv[0] is its name; it parses its own options with getopt_long(3) and prints its help for --help. */
int verb_import(int argc, char **argv);
int verb_catalog(int argc, char **argv);
int verb_deployment(int argc, char **argv);
int verb_verify(int argc, char **argv);
int verb_compile(int argc, char **argv);
int verb_status(int argc, char **argv);
int verb_conformance(int argc, char **argv);
int verb_explain(int argc, char **argv);
int verb_baseline(int argc, char **argv);
int verb_prove(int argc, char **argv);
int verb_whatif(int argc, char **argv);
int verb_history(int argc, char **argv);
int verb_diff(int argc, char **argv);
int verb_rollback(int argc, char **argv);
int verb_pause(int argc, char **argv);

/** "portcullis VERB: where: text" on standard error. @return EXIT_ERROR. */
int cli_fail(const char *verb, const struct error *err);
/** A usage fault with a hint at --help. @return EXIT_ERROR. */
int cli_usage(const char *verb, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** The usage fault of an option: `c` is the '?' or ':' that getopt_long() just gave, whose options begin with ':'. */
int cli_option_fault(const char *verb, int c, int argc, char **argv);

/** "45s", "90m", "12h", "30d", "4w" in seconds. @return false: it is none of these, or more than max. */
bool cli_time(const char *text, int64_t max, int64_t *seconds);

/** A table for people: columns as wide as their widest cell. */
struct cli_table;
struct cli_table *cli_table_new(size_t n_column, const char *const *header);
/** One row; NULL cells are empty. Strings are copied. */
void cli_table_row(struct cli_table *t, const char *const *cell);
/** Print and free. A table without rows prints nothing. */
void cli_table_print(struct cli_table *t, FILE *out);

/** "portcullis ..." as one line on standard error, with what cli_line() does to text. */
void cli_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
/** One line on standard output, whose text may come from outside: no control characters, and UTF-8 alone. */
void cli_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Print a JSON text followed by a newline. */
void cli_json(const char *json);

#endif
