#ifndef PORTCULLIS_NETCONF_ROW_XML_H
#define PORTCULLIS_NETCONF_ROW_XML_H

#include "netconf/row.h"

/* What row.c calls when rows are written as XML. */

void row_xml_container(struct rows *b, const char *name);
void row_xml_list(struct rows *b, const char *name, const char *const *key, size_t n);
void row_xml_leaf(struct row_xml *x, const char *name, const char *value);
void row_xml_end(struct row_xml *x);

#endif
