/*
 * Marks in a reply: bytes come in, piece by piece, and go out up to the mark, which may begin in one piece and end in
 * another. Nothing is refused.
 */
#include "netconf/mark.h"

#include <string.h>

size_t mark_scan(const char *mark, size_t *matched, const char *s, size_t n, struct text *out)
{
	size_t i = 0, len = strlen(mark);
	while (i < n && *matched < len) {
		if (s[i] == mark[*matched]) {
			++*matched;
			i++;
			continue;
		}
		text_addn(out, mark, *matched);
		*matched = 0;
		const char *next = memchr(s + i, mark[0], n - i);
		size_t plain = next != NULL ? (size_t)(next - s) - i : n - i;
		text_addn(out, s + i, plain);
		i += plain;
	}
	return i;
}
