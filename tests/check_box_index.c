/* links: verify ruleset deployment base */
/*
 * The index of boxes against a look at every box: random boxes of several shapes, cells of all sizes. Points, boxes that
 * overlap everything, many of the same box and boxes that are short on one axis each are among them.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis/alloc.h"
#include "verify/index.h"

static uint64_t seed = 1;

static uint32_t draw(uint32_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((seed >> 33) % below);
}

/* ENDLESS: nearly all have no end on an axis. BANDS: each is short on one axis and long on the others. */
enum shape { POINTS, SPANS, WIDE, SAME, MIXED, ENDLESS, BANDS, SHAPE_N };

static struct range range_draw(enum shape shape, u128 most)
{
	u128 lo = (u128)draw(1000) * (most / 1000), width = (u128)draw(200) * (most / 1000);
	enum shape s = shape == MIXED ? (enum shape)draw(SAME) : shape;
	if (s == WIDE && draw(3) > 0)
		return (struct range){0, most};
	if (s == ENDLESS && draw(20) > 0)
		return (struct range){0, U128_MAX};
	if (s == POINTS)
		width = 0;
	return (struct range){lo, width < most - lo ? lo + width : most};
}

static struct cell cell_draw(enum shape shape)
{
	struct cell c;
	if (shape == BANDS) {
		enum axis axis = (enum axis)draw(AXIS_N);
		c = cell_draw(WIDE);
		c.axis[axis] = range_draw(POINTS, axis == AXIS_SPORT || axis == AXIS_DPORT ? 65535 : UINT32_MAX);
		return c;
	}
	c.axis[AXIS_SOURCE] = range_draw(shape, shape == WIDE ? U128_MAX : UINT32_MAX);
	c.axis[AXIS_DESTINATION] = range_draw(shape, shape == WIDE ? U128_MAX : UINT32_MAX);
	c.axis[AXIS_SPORT] = range_draw(shape, 65535);
	c.axis[AXIS_DPORT] = range_draw(shape, 65535);
	return c;
}

static struct range side_of(const void *boxes, size_t i, enum axis axis)
{
	return ((const struct cell *)boxes)[i].axis[axis];
}

/* What was visited, and after how many the visit ends. */
struct visits {
	size_t item[3000], n, end;
};

static bool visit(void *ctx, size_t position)
{
	struct visits *v = ctx;
	ck_assert_uint_lt(v->n, v->end);
	v->item[v->n++] = position;
	return v->n < v->end;
}

START_TEST(finds_what_a_look_at_every_box_finds)
{
	static const size_t sizes[] = {0, 1, 7, 8, 9, 31, 64, 500, 3000};
	size_t n = sizes[_i % 9], found = 0;
	enum shape shape = (enum shape)(_i / 9);
	struct cell *box = xcalloc(n + 1, sizeof(*box)), same = cell_draw(SPANS);
	struct positions scratch = {0};
	struct visits *got = xcalloc(1, sizeof(*got));
	for (size_t i = 0; i < n; i++)
		box[i] = shape == SAME ? same : cell_draw(shape);
	struct box_index *index = box_index_new(n, side_of, box);
	for (int k = 0; k < (n > 100 ? 30 : 200); k++) {
		struct cell q = k == 0 ? (struct cell){{{0, U128_MAX}, {0, U128_MAX}, {0, U128_MAX}, {0, U128_MAX}}}
		                       : cell_draw((enum shape)draw(SAME));
		size_t want = 0;
		*got = (struct visits){.end = k == 0 || draw(2) == 0 ? n + 1 : 1 + draw(100)};
		box_index_each(index, &q, &scratch, visit, got);
		for (size_t i = 0; i < n && want < got->end; i++)
			if (cell_overlaps(&box[i], &q)) {
				ck_assert_msg(want < got->n && got->item[want] == i, "box %zu of %zu is missing", i, n);
				want++;
			}
		ck_assert_uint_eq(got->n, want);
		found += want;
	}
	ck_assert(n == 0 || found >= n);
	positions_fini(&scratch);
	free(got);
	box_index_free(index);
	free(box);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("box_index");
	TCase *t = tcase_create("all");
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, finds_what_a_look_at_every_box_finds, 0, 9 * SHAPE_N);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
