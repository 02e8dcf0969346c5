#ifndef PORTCULLIS_ERROR_H
#define PORTCULLIS_ERROR_H

#include <stdarg.h>
#include <stddef.h>

/** Marks a result that must be used. */
#define MUST_USE __attribute__((warn_unused_result))

/** What went wrong, in the classes that a caller can act on. */
enum error_code {
	ERR_NONE = 0,
	ERR_USAGE, /**< the command line or a call was wrong */
	ERR_FORMAT, /**< bytes that are not what they should be (syntax) */
	ERR_INVALID, /**< well-formed, but the value is not allowed here (semantics) */
	ERR_LIMIT, /**< larger than a stated limit */
	ERR_NOT_FOUND, /**< the thing named does not exist */
	ERR_EXISTS, /**< the thing named exists already */
	ERR_IN_USE, /**< held by somebody else */
	ERR_DENIED, /**< not permitted */
	ERR_IO, /**< the system refused a read, a write or a connection */
	ERR_UNSUPPORTED, /**< understood, but this agent does not do it */
	ERR_UNAVAILABLE, /**< a needed part is not there at the moment */
	ERR_INTERNAL, /**< a fault of this program */
	ERR_UNKNOWN_ELEMENT, /**< an element that the model does not have; where: its path, the element last */
	ERR_UNKNOWN_NAMESPACE, /**< of an element, where as above; item: the namespace */
	ERR_BAD_ELEMENT, /**< one that may be there, but not so; item: its name */
	ERR_MISSING_ELEMENT, /**< one that has to be there and is not; item: its name */
	ERR_MISSING_ATTRIBUTE, /**< item: its name; where: path of the element, which is last; as the next two */
	ERR_BAD_ATTRIBUTE,
	ERR_UNKNOWN_ATTRIBUTE,
	ERR_CODE_N
};

/** One failure, filled once where it happens and prefixed on the way up. */
struct error {
	enum error_code code;
	char where[256]; /**< file, line, clause or object; may be empty */
	char text[768]; /**< what happened and what to do, one line */
	char item[128]; /**< what the code is about, as it says; set with error_item() */
	char app_tag[40]; /**< RFC 7950 section 15: "must-violation"; "": none */
};

/** Failures of one request, in the order in which they were found. */
struct errors {
	struct error *error;
	size_t n, cap;
};
void errors_add(struct errors *e, const struct error *err);
void errors_fini(struct errors *e);

/**
 * Fill *err.
 *
 * @param err    may be NULL (then nothing is stored).
 * @param where  place, or NULL.
 * @return always -1, so that `return error_set(...)` fails the caller.
 */
int error_set(struct error *err, enum error_code code, const char *where, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

/** error_set() for a code that is about an item. @return always -1. */
int error_item(struct error *err, enum error_code code, const char *where, const char *item, const char *format, ...)
        __attribute__((format(printf, 5, 6)));

/** Put a place in front of err->where ("outer: inner"). @return always -1. */
int error_prefix(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** One line "where: text" (or only the text) in a buffer of the caller's. @return buf. */
const char *error_line(const struct error *err, char *buf, size_t size);

/** The RFC 6241 (appendix A) error-tag for a code, e.g. "invalid-value". Static string. */
const char *error_tag(enum error_code code);

#endif
