#ifndef RUN_SUITE_H
#define RUN_SUITE_H

/* The end of every main() of the tests. */
#include <check.h>
#include <stdlib.h>

/* Run all of a suite, which is freed. @return what main() returns. */
static inline int run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
