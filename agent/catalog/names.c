/*
 * Enumerations of the catalog come in, their names as in YANG and JSON go out, and back. Names are validated by the model
 * before they get here: an unknown one gives the first value.
 */
#include "catalog/names.h"

#include <string.h>

#define N(list) (sizeof(list) / sizeof(list[0]))

static size_t parse(const char *const *name, size_t n, const char *s)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(name[i], s) == 0)
			return i;
	return 0;
}

#define NAMES(type, fn, ...)                                                                                           \
	static const char *const fn##_names[] = {__VA_ARGS__};                                                         \
	const char *fn##_name(enum type v)                                                                             \
	{                                                                                                              \
		return (size_t)v < N(fn##_names) ? fn##_names[v] : "";                                                 \
	}                                                                                                              \
	enum type fn##_parse(const char *s)                                                                            \
	{                                                                                                              \
		return (enum type)parse(fn##_names, N(fn##_names), s);                                                 \
	}

NAMES(role_kind, role_kind, "server", "load-balancer", "client", "device", "external")
NAMES(reach, reach, "same-host", "same-pool", "site", "external")
NAMES(requirement_class, requirement_class, "signalling", "server-media", "client-media", "peer-to-peer", "management")
NAMES(basis, basis, "stated", "inferred")
NAMES(security, security, "none", "tls", "mtls", "tls+mtls")
NAMES(lb_need, lb_need, "none", "hlb-if-no-dns-lb", "hlb-always")
NAMES(requirement_interface, requirement_interface, "any", "internal", "external")
NAMES(confidence, confidence, "low", "medium", "high")
