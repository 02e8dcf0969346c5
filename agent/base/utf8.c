/*
 * UTF-8 comes in, characters and their classes go out. Only the classes that ports and protocol tables need are known.
 * Bytes that are not UTF-8 (overlong forms, surrogates, values over U+10FFFF) are found by utf8_check() and refused there.
 */
#include "portcullis/utf8.h"

#include <string.h>

static size_t sequence_length(const unsigned char *s, size_t left)
{
	static const struct {
		unsigned char first_lo, first_hi, second_lo, second_hi;
		size_t size;
	} form[] = {
	        {0xc2, 0xdf, 0x80, 0xbf, 2},
	        {0xe0, 0xe0, 0xa0, 0xbf, 3},
	        {0xe1, 0xec, 0x80, 0xbf, 3},
	        {0xed, 0xed, 0x80, 0x9f, 3},
	        {0xee, 0xef, 0x80, 0xbf, 3},
	        {0xf0, 0xf0, 0x90, 0xbf, 4},
	        {0xf1, 0xf3, 0x80, 0xbf, 4},
	        {0xf4, 0xf4, 0x80, 0x8f, 4},
	};
	if (s[0] < 0x80)
		return 1;
	for (size_t i = 0; i < sizeof(form) / sizeof(form[0]); i++) {
		if (s[0] < form[i].first_lo || s[0] > form[i].first_hi)
			continue;
		if (left < form[i].size || s[1] < form[i].second_lo || s[1] > form[i].second_hi)
			return 0;
		for (size_t k = 2; k < form[i].size; k++)
			if ((s[k] & 0xc0) != 0x80)
				return 0;
		return form[i].size;
	}
	return 0;
}

size_t utf8_check(const char *s, size_t len)
{
	size_t at = 0;
	while (at < len) {
		size_t size = sequence_length((const unsigned char *)s + at, len - at);
		if (size == 0)
			return at;
		at += size;
	}
	return len;
}

uint32_t utf8_next(const char *s, size_t *size)
{
	const unsigned char *u = (const unsigned char *)s;
	if (u[0] == 0) {
		*size = 0;
		return 0;
	}
	if (u[0] < 0x80) {
		*size = 1;
		return u[0];
	}
	if (u[0] < 0xe0) {
		*size = 2;
		return (uint32_t)(u[0] & 0x1f) << 6 | (u[1] & 0x3f);
	}
	if (u[0] < 0xf0) {
		*size = 3;
		return (uint32_t)(u[0] & 0x0f) << 12 | (uint32_t)(u[1] & 0x3f) << 6 | (u[2] & 0x3f);
	}
	*size = 4;
	return (uint32_t)(u[0] & 0x07) << 18 | (uint32_t)(u[1] & 0x3f) << 12 | (uint32_t)(u[2] & 0x3f) << 6 |
	       (u[3] & 0x3f);
}

bool utf8_is_space(uint32_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xa0 || c == 0xad || c == 0x1680 ||
	       (c >= 0x2000 && c <= 0x200d) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
	       c == 0x2060 || c == 0x3000 || c == 0xfeff;
}

uint32_t utf8_fold(uint32_t c)
{
	if (c >= 0xff01 && c <= 0xff5e)
		c -= 0xfee0;
	if ((c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7) || (c >= 0x391 && c <= 0x3a9) ||
	        (c >= 0x410 && c <= 0x42f))
		return c + 0x20;
	if (c >= 0x400 && c <= 0x40f)
		return c + 0x50;
	return c;
}

size_t utf8_put(uint32_t c, char *buf)
{
	if (c < 0x80) {
		buf[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		buf[0] = (char)(0xc0 | c >> 6);
		buf[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		buf[0] = (char)(0xe0 | c >> 12);
		buf[1] = (char)(0x80 | (c >> 6 & 0x3f));
		buf[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	buf[0] = (char)(0xf0 | c >> 18);
	buf[1] = (char)(0x80 | (c >> 12 & 0x3f));
	buf[2] = (char)(0x80 | (c >> 6 & 0x3f));
	buf[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

void utf8_clean(char *s)
{
	size_t len = strlen(s);
	while (len > 0) {
		size_t good = utf8_check(s, len);
		for (size_t i = 0; i < good; i++) {
			bool c1 = (unsigned char)s[i] == 0xc2 && (unsigned char)s[i + 1] < 0xa0;
			if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f || c1)
				s[i] = '?';
			if (c1)
				s[++i] = '?';
		}
		if (good == len)
			return;
		s[good] = '?';
		s += good + 1;
		len -= good + 1;
	}
}
