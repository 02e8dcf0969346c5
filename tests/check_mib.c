/* links: snmp conformance base */
/*
 * The MIB as other programs read it: smilint is silent at its level 6, and net-snmp's parser finds every object and
 * notification where the code serves it. Skipped (77) where the programs or the base MIBs are not installed.
 */
#include <check.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build.h"
#include "portcullis/text.h"
#include "snmp/notify.h"
#include "snmp/table.h"

static char base[256]; /* directory of the base MIBs */
static char dir[] = "/tmp/portcullis-mib-XXXXXX";

static char *run(const char *command)
{
	struct text out = {0};
	char buf[4096];
	size_t n;
	FILE *f = popen(command, "r");
	ck_assert_ptr_nonnull(f);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		text_addn(&out, buf, n);
	pclose(f);
	return text_take(&out);
}

START_TEST(smilint_has_nothing_to_say)
{
	/* Its exit code is 0 even on errors. */
	char *got = run("smilint -l 6 \"$BUILD_DIR/generated/mibs/PORTCULLIS-MIB.txt\" 2>&1");
	ck_assert_msg(got[0] == '\0', "%.1000s", got);
	free(got);
}
END_TEST

static void expect(struct text *command, struct text *want, const char *name, const uint32_t *suffix, size_t n)
{
	text_addf(command, " PORTCULLIS-MIB::%s", name);
	text_add(want, "." PORTCULLIS_OID_ROOT);
	for (size_t i = 0; i < n; i++)
		text_addf(want, ".%u", suffix[i]);
	text_add(want, "\n");
}

START_TEST(every_object_is_where_the_code_serves_it)
{
	struct text command = {0}, want = {0};
	text_addf(&command, "snmptranslate -M %s -m \"$BUILD_DIR/generated/mibs/PORTCULLIS-MIB.txt\" -On", base);
	for (size_t t = 0; t < TABLE_N; t++)
		for (size_t c = 0; c < tables[t].n_column; c++) {
			uint32_t oid[8];
			memcpy(oid, tables[t].suffix, tables[t].n_suffix * sizeof(*oid));
			oid[tables[t].n_suffix] = tables[t].column[c].number;
			expect(&command, &want, tables[t].column[c].name, oid, tables[t].n_suffix + 1);
		}
	for (size_t i = 0; i < NOTIFY_FORM_N; i++)
		expect(&command, &want, notify_forms[i].name, (const uint32_t[]){0, notify_forms[i].number}, 2);
	text_add(&command, " 2>&1 | sed -e '/^$/d' -e '/^Created directory/d'");
	char *got = run(text_str(&command));
	const char *w = text_str(&want);
	size_t same = 0;
	while (got[same] == w[same] && got[same] != '\0')
		same++;
	ck_assert_msg(got[same] == w[same], "%.300s", got + same);
	free(got);
	text_fini(&command);
	text_fini(&want);
}
END_TEST

static bool installed(void)
{
	glob_t g;
	bool found = glob("/usr/lib/erlang/lib/snmp-*/mibs", 0, NULL, &g) == 0;
	if (found)
		snprintf(base, sizeof(base), "%s", g.gl_pathv[0]);
	else
		printf("skipped: no base MIBs (package erlang-snmp)\n");
	globfree(&g);
	if (found && system("command -v smilint >/dev/null && command -v snmptranslate >/dev/null") != 0) {
		printf("skipped: smilint or snmptranslate is not installed (packages smitools, snmp)\n");
		found = false;
	}
	return found;
}

int main(void)
{
	if (!installed())
		return 77;
	if (mkdtemp(dir) == NULL) {
		perror(dir);
		return EXIT_FAILURE;
	}
	setenv("BUILD_DIR", BUILD_DIR, 1); /* for shell commands: the path may have spaces */
	setenv("SNMP_PERSISTENT_DIR", dir, 1); /* net-snmp's commands write there */
	setenv("SNMPCONFPATH", dir, 1);
	setenv("SMIPATH", base, 1);
	Suite *suite = suite_create("mib");
	TCase *c = tcase_create("mib");
	tcase_set_timeout(c, 60);
	tcase_add_test(c, smilint_has_nothing_to_say);
	tcase_add_test(c, every_object_is_where_the_code_serves_it);
	suite_add_tcase(suite, c);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	char command[64];
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command) == 0 && failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
