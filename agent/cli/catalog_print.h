#ifndef PORTCULLIS_CLI_CATALOG_PRINT_H
#define PORTCULLIS_CLI_CATALOG_PRINT_H

#include "portcullis/catalog.h"

/* Tables and lines for people on standard output; role names in a language. */
void catalog_print(const struct catalog *catalog);
void pack_print(const struct pack *pack, const char *language);
void requirement_print(const struct pack *pack, const struct requirement *r, const char *language);
void diff_print(const struct pack_diff *diff);

#endif
