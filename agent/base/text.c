/*
 * Growing strings, whole files in and out (replaced so that a crash leaves the old or the new one), and RFC 3339 times.
 */
#include "portcullis/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "portcullis/alloc.h"
#include "portcullis/error.h"
#include "portcullis/utf8.h"

void text_fini(struct text *t)
{
	free(t->s);
	memset(t, 0, sizeof(*t));
}

static void reserve(struct text *t, size_t more)
{
	size_t need = t->len + more + 1;
	if (need <= t->cap)
		return;
	size_t cap = t->cap == 0 ? 64 : t->cap;
	while (cap < need)
		cap *= 2;
	t->s = xrealloc(t->s, cap, 1);
	t->cap = cap;
}

void text_addn(struct text *t, const char *s, size_t n)
{
	reserve(t, n);
	memcpy(t->s + t->len, s, n);
	t->len += n;
	t->s[t->len] = '\0';
}

void text_add(struct text *t, const char *s)
{
	text_addn(t, s, strlen(s));
}

char *text_room(struct text *t, size_t n)
{
	reserve(t, n);
	return t->s + t->len;
}

void text_written(struct text *t, size_t n)
{
	t->len += n;
	t->s[t->len] = '\0';
}

void text_addf(struct text *t, const char *format, ...)
{
	va_list ap, again;
	va_start(ap, format);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	if (n > 0) {
		reserve(t, (size_t)n);
		vsnprintf(t->s + t->len, (size_t)n + 1, format, again);
		t->len += (size_t)n;
	}
	va_end(again);
}

char *decimal_before(char *end, uint64_t value)
{
	do {
		*--end = (char)('0' + value % 10);
		value /= 10;
	} while (value != 0);
	return end;
}

const char *decimal_print(uint64_t value, char buf[DECIMAL_SIZE])
{
	char *end = buf + DECIMAL_SIZE - 1;
	*end = '\0';
	return decimal_before(end, value);
}

bool text_is_full(const struct text *t)
{
	return t->max > 0 && t->len > t->max;
}

void text_shorten(struct text *t)
{
	static const char more[] = "...";
	if (!text_is_full(t))
		return;
	size_t n = t->max < strlen(more) ? 0 : t->max - strlen(more);
	while (n > 0 && ((unsigned char)t->s[n] & 0xc0) == 0x80)
		n--;
	t->len = n;
	text_add(t, more);
}

/* Bytes that may stand as they are. */
static size_t plain_xml(const char *s)
{
	size_t n = 0;
	while (((unsigned char)s[n] >= 0x20 || s[n] == '\n' || s[n] == '\t') && s[n] != '&' && s[n] != '<' &&
	        s[n] != '>' && s[n] != '"')
		n++;
	return n;
}

static void add_xml(struct text *t, const char *s)
{
	for (;;) {
		size_t n = plain_xml(s);
		text_addn(t, s, n);
		s += n;
		switch (*s++) {
		case '\0':
			return;
		case '&':
			text_add(t, "&amp;");
			break;
		case '<':
			text_add(t, "&lt;");
			break;
		case '>':
			text_add(t, "&gt;");
			break;
		case '"':
			text_add(t, "&quot;");
			break;
		default:
			text_add(t, "?"); /* not a character of XML 1.0 */
		}
	}
}

/* Bytes that may stand as they are, of ASCII alone: nearly all of nearly every text. */
static size_t plain_ascii(const char *s)
{
	size_t n = 0;
	while ((signed char)s[n] >= 0x20 && s[n] != '&' && s[n] != '<' && s[n] != '>' && s[n] != '"')
		n++;
	return n;
}

void text_add_xml(struct text *t, const char *s)
{
	size_t plain = plain_ascii(s), len;
	text_addn(t, s, plain);
	s += plain;
	if (*s == '\0')
		return;
	len = strlen(s);
	if (utf8_check(s, len) == len) {
		add_xml(t, s);
		return;
	}
	char *clean = xstrdup(s);
	utf8_clean(clean);
	add_xml(t, clean);
	free(clean);
}

const char *text_str(const struct text *t)
{
	return t->s != NULL ? t->s : "";
}

char *text_take(struct text *t)
{
	char *s = t->s != NULL ? t->s : xstrdup("");
	memset(t, 0, sizeof(*t));
	return s;
}

static int read_all(int fd, const char *path, size_t max, char **out, size_t *len, struct error *err)
{
	size_t cap = 65536, n = 0;
	char *data = xmalloc(cap + 1);
	for (;;) {
		ssize_t got = read(fd, data + n, cap - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			free(data);
			return error_set(err, ERR_IO, path, "cannot be read: %s", strerror(errno));
		}
		if (got == 0)
			break;
		n += (size_t)got;
		if (n > max) {
			free(data);
			return error_set(err, ERR_LIMIT, path, "larger than the limit of %zu bytes; split it", max);
		}
		if (n == cap) {
			cap *= 2;
			data = xrealloc(data, cap + 1, 1);
		}
	}
	data[n] = '\0';
	*out = data;
	*len = n;
	return 0;
}

int file_read(const char *path, size_t max, char **out, size_t *len, struct error *err)
{
	struct stat st;
	*out = NULL;
	*len = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return error_set(err,
		        errno == ENOENT   ? ERR_NOT_FOUND
		        : errno == EACCES ? ERR_DENIED
		                          : ERR_IO,
		        path, "cannot be opened: %s", strerror(errno));
	int result = -1;
	if (fstat(fd, &st) != 0)
		error_set(err, ERR_IO, path, "cannot be read: %s", strerror(errno));
	else if (S_ISDIR(st.st_mode))
		error_set(err, ERR_FORMAT, path, "is a directory; name a file");
	else if (S_ISREG(st.st_mode) && (uint64_t)st.st_size > max)
		error_set(err, ERR_LIMIT, path, "%llu bytes, larger than the limit of %zu; split it",
		        (unsigned long long)st.st_size, max);
	else
		result = read_all(fd, path, max, out, len, err);
	close(fd);
	return result;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return fsync(fd);
}

static void sync_directory_of(const char *path)
{
	char *dir = xstrdup(path);
	char *slash = strrchr(dir, '/');
	if (slash != NULL)
		slash[slash == dir ? 1 : 0] = '\0';
	int fd = open(slash != NULL ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(dir);
}

int file_replace(const char *path, const char *data, size_t len, struct error *err)
{
	char *temporary = xasprintf("%s.XXXXXX", path);
	int result = -1;
	int fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		error_set(err, ERR_IO, path, "no temporary file can be made beside it: %s", strerror(errno));
		goto out;
	}
	if (fchmod(fd, 0644) != 0 || write_all(fd, data, len) != 0) {
		error_set(err, ERR_IO, path, "cannot be written: %s", strerror(errno));
		close(fd);
		unlink(temporary);
		goto out;
	}
	close(fd);
	if (rename(temporary, path) != 0) {
		error_set(err, ERR_IO, path, "cannot be replaced: %s", strerror(errno));
		unlink(temporary);
		goto out;
	}
	sync_directory_of(path);
	result = 0;
out:
	free(temporary);
	return result;
}

const char *time_print(int64_t unix_seconds, char *buf, size_t size)
{
	time_t t = (time_t)unix_seconds;
	struct tm tm;
	gmtime_r(&t, &tm);
	if (strftime(buf, size, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0 && size > 0)
		buf[0] = '\0';
	return buf;
}

const char *time_print_ms(int64_t unix_ms, char *buf, size_t size)
{
	int64_t seconds = unix_ms / 1000 - (unix_ms % 1000 < 0 ? 1 : 0);
	char whole[32];
	time_print(seconds, whole, sizeof(whole));
	snprintf(buf, size, "%.*s.%03dZ", (int)strcspn(whole, "Z"), whole, (int)(unix_ms - seconds * 1000));
	return buf;
}

/* timegm(3) makes the first of March of the 30th of February. */
static bool day_exists(const struct tm *tm)
{
	struct tm day = {.tm_year = tm->tm_year, .tm_mon = tm->tm_mon, .tm_mday = tm->tm_mday};
	return timegm(&day) != (time_t)-1 && day.tm_mday == tm->tm_mday;
}

bool time_parse(const char *s, int64_t *unix_seconds)
{
	struct tm tm = {0};
	const char *p = strptime(s, "%Y-%m-%dT%H:%M:%S", &tm);
	if (p == NULL)
		return false;
	if (*p == '.') {
		p++;
		if (*p < '0' || *p > '9')
			return false;
		while (*p >= '0' && *p <= '9')
			p++;
	}
	if (!day_exists(&tm))
		return false;
	int64_t offset = 0;
	if (*p == 'Z' || *p == 'z') {
		p++;
	} else if (*p == '+' || *p == '-') {
		unsigned h, m;
		int used = 0;
		if (sscanf(p + 1, "%2u:%2u%n", &h, &m, &used) != 2 || used != 5 || h > 23 || m > 59)
			return false;
		offset = (int64_t)(h * 3600 + m * 60) * (*p == '-' ? -1 : 1);
		p += 6;
	} else {
		return false;
	}
	if (*p != '\0')
		return false;
	*unix_seconds = (int64_t)timegm(&tm) - offset;
	return true;
}
