/*
 * Errors: filled once where they happen, prefixed on the way up. One table maps a code to what the faces say.
 */
#include "portcullis/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "portcullis/utf8.h"

static const struct {
	const char *tag;
} codes[ERR_CODE_N] = {
        [ERR_NONE] = {"operation-failed"},
        [ERR_USAGE] = {"operation-failed"},
        [ERR_FORMAT] = {"malformed-message"},
        [ERR_INVALID] = {"invalid-value"},
        [ERR_LIMIT] = {"too-big"},
        [ERR_NOT_FOUND] = {"data-missing"},
        [ERR_EXISTS] = {"data-exists"},
        [ERR_IN_USE] = {"in-use"},
        [ERR_DENIED] = {"access-denied"},
        [ERR_IO] = {"operation-failed"},
        [ERR_UNSUPPORTED] = {"operation-not-supported"},
        [ERR_UNAVAILABLE] = {"resource-denied"},
        [ERR_INTERNAL] = {"operation-failed"},
        [ERR_UNKNOWN_ELEMENT] = {"unknown-element"},
        [ERR_UNKNOWN_NAMESPACE] = {"unknown-namespace"},
        [ERR_BAD_ELEMENT] = {"bad-element"},
        [ERR_MISSING_ELEMENT] = {"missing-element"},
        [ERR_MISSING_ATTRIBUTE] = {"missing-attribute"},
        [ERR_BAD_ATTRIBUTE] = {"bad-attribute"},
        [ERR_UNKNOWN_ATTRIBUTE] = {"unknown-attribute"},
};

/* One line: messages go to logs and terminals. */
static void flatten(char *s)
{
	char *start = s;
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = ' ';
	utf8_clean(start); /* a message may be cut inside a character, or quote what is not text */
}

static void fill(
        struct error *err, enum error_code code, const char *where, const char *item, const char *format, va_list ap)
{
	err->code = code;
	err->app_tag[0] = '\0';
	snprintf(err->where, sizeof(err->where), "%s", where != NULL ? where : "");
	snprintf(err->item, sizeof(err->item), "%s", item);
	vsnprintf(err->text, sizeof(err->text), format, ap);
	flatten(err->where);
	flatten(err->item);
	flatten(err->text);
}

int error_set(struct error *err, enum error_code code, const char *where, const char *format, ...)
{
	va_list ap;

	if (err == NULL)
		return -1;
	va_start(ap, format);
	fill(err, code, where, "", format, ap);
	va_end(ap);
	return -1;
}

int error_item(struct error *err, enum error_code code, const char *where, const char *item, const char *format, ...)
{
	va_list ap;

	if (err == NULL)
		return -1;
	va_start(ap, format);
	fill(err, code, where, item, format, ap);
	va_end(ap);
	return -1;
}

void errors_add(struct errors *e, const struct error *err)
{
	e->error = xgrow(e->error, e->n, &e->cap, sizeof(*e->error));
	e->error[e->n++] = *err;
}

void errors_fini(struct errors *e)
{
	free(e->error);
	*e = (struct errors){0};
}

int error_prefix(struct error *err, const char *format, ...)
{
	char old[sizeof(err->where)];
	char prefix[sizeof(err->where)];
	va_list ap;

	if (err == NULL)
		return -1;
	memcpy(old, err->where, sizeof(old));
	va_start(ap, format);
	vsnprintf(prefix, sizeof(prefix), format, ap);
	va_end(ap);
	if (old[0] == '\0')
		snprintf(err->where, sizeof(err->where), "%s", prefix);
	else
		snprintf(err->where, sizeof(err->where), "%.120s: %.120s", prefix, old);
	flatten(err->where);
	return -1;
}

const char *error_line(const struct error *err, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s%s", err->where, err->where[0] != '\0' ? ": " : "", err->text);
	return buf;
}

const char *error_tag(enum error_code code)
{
	return (unsigned)code < ERR_CODE_N ? codes[code].tag : "operation-failed";
}
