/* links: netconf base */
/*
 * The guard on any bytes, in pieces whose sizes the first byte decides: whatever comes out must be whole, and the same
 * bytes in one piece must give the same events.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "netconf/guard.h"
#include "netconf/names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct guard_limits limits = {
        .message = 4096,
        .xml = {.depth = 8, .children = 16, .attributes = 8},
        .hello_ms = 1000,
        .progress_ms = 1000,
};

/* What open namespaces of a filter add at most. */
static const size_t opened = NAMES_OPEN * (sizeof(NAMES_ANY) + sizeof(" xmlns=\"\""));

/* Events, one letter each; what was accepted must be one rpc without a byte 0. */
static void run(const char *data, size_t size, size_t step, struct text *events)
{
	struct guard g;
	struct error err;
	guard_init(&g, &limits, 0);
	for (size_t at = 0; at < size;) {
		size_t n = size - at < step ? size - at : step, used;
		enum guard_event e = guard_feed(&g, data + at, n, &used, 1, &err);
		at += used;
		if (used > n || (e == GUARD_MORE && used != n))
			abort();
		if (e == GUARD_MORE)
			continue;
		text_addn(events, &"mhrfo"[e], 1);
		if (e == GUARD_RPC &&
		        (memchr(g.message.s, '\0', g.message.len) != NULL || g.message.len > limits.message + opened))
			abort();
		if (e == GUARD_REFUSED && g.reply.len == 0)
			abort();
		if (e == GUARD_OVER)
			break;
		guard_next(&g);
	}
	guard_fini(&g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text whole = {0}, pieces = {0};
	if (size < 2)
		return 0;
	const char *bytes = (const char *)data + 1;
	run(bytes, size - 1, size, &whole);
	run(bytes, size - 1, (size_t)data[0] % 32 + 1, &pieces);
	if (strcmp(text_str(&whole), text_str(&pieces)) != 0)
		abort();
	text_fini(&whole);
	text_fini(&pieces);
	return 0;
}
