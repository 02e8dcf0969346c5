/* links: snmp conformance base */
/*
 * A block from memory that another program may write: the input overwrites bytes of a sound block (offset, value), or is
 * taken as the block itself; then every table is walked. Nothing may be read outside, and every walk ends.
 */
#include <stdlib.h>

#include "../sample_snapshot.h"
#include "snmp/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Keeps the compiler from leaving out the reads. */
static volatile unsigned char sink;

static void walk(const uint8_t *block, size_t size)
{
	static const struct notify_row counters;
	static const struct control_row control;
	static const struct rule_rows rules;
	struct flat_view view;
	if (flat_open(block, size, &view) != 0)
		return;
	const struct table_source source = {&view, &counters, &control, &rules, 1000, 0};
	for (size_t t = 0; t < TABLE_N; t++) {
		uint32_t at[TABLE_OID_MAX], next[TABLE_OID_MAX];
		size_t n = 0, n_next, steps = 0;
		struct value v;
		/* Rows out of order may be met twice or not at all; the bound is for those. */
		while (steps++ < 4096 && table_next(&source, t, at, n, next, &n_next, &v) == TABLE_OK) {
			for (size_t i = 0; v.type == VALUE_OCTETS && i < v.len; i++)
				sink = (unsigned char)(sink ^ (unsigned char)v.octets[i]);
			memcpy(at, next, n_next * sizeof(*at));
			n = n_next;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t *sound;
	static size_t sound_size;
	if (sound == NULL) {
		struct snapshot *s = sample_new(1, 200000);
		void *block;
		if (flat_build(s, &block, &sound_size) != 0)
			abort();
		sound = block;
		snapshot_unref(s);
	}
	uint8_t *copy = malloc(sound_size);
	if (copy == NULL)
		abort();
	memcpy(copy, sound, sound_size);
	for (size_t i = 0; i + 3 <= size; i += 3)
		copy[((size_t)data[i] << 8 | data[i + 1]) % sound_size] = data[i + 2];
	walk(copy, sound_size);
	free(copy);
	copy = malloc(size > 0 ? size : 1);
	if (copy == NULL)
		abort();
	if (size > 0)
		memcpy(copy, data, size);
	walk(copy, size);
	free(copy);
	return 0;
}
