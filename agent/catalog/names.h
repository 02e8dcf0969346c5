#ifndef CATALOG_NAMES_H
#define CATALOG_NAMES_H

#include "portcullis/catalog.h"

/* The other way round than role_kind_name() & co: the value of a name, or the first value for an unknown one. */
enum role_kind role_kind_parse(const char *s);
enum reach reach_parse(const char *s);
enum requirement_class requirement_class_parse(const char *s);
enum basis basis_parse(const char *s);
enum security security_parse(const char *s);
enum lb_need lb_need_parse(const char *s);
enum requirement_interface requirement_interface_parse(const char *s);
enum confidence confidence_parse(const char *s);

#endif
