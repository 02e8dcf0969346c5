/* links: journal deployment base */
/*
 * The journal: what is written is there after a reopen, whatever happened in between; and every directory, file and
 * disk that it cannot work with is refused by name.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "journal_scene.h"

static int commit_told(struct journal *j, const char *datastore, const char *json, struct error *e)
{
	return journal_commit(
	        j, &(struct journal_commit){.datastore = datastore, .json = json, .user = "u", .session = 1}, e);
}

static int commit(struct journal *j, const char *datastore, const char *json)
{
	return commit_told(j, datastore, json, &err);
}

static void ck_refused(enum error_code code, const char *text)
{
	struct journal *j = NULL;
	ck_assert_int_eq(journal_open(state, &j, &err), -1);
	ck_assert_ptr_null(j);
	ck_assert_msg(err.code == code, "code %d, %s: %s", err.code, err.where, err.text);
	ck_assert_msg(strstr(err.text, text) != NULL, "%s", err.text);
}

START_TEST(problems_are_kept_whole_and_replaced)
{
	struct flow_id ids[] = {{1, 2, 3, 4, 5, 6}, {1, 2, 3, 4, 6, 4}};
	struct problem in[] = {
	        {.id = 7,
	                .cause = {CAUSE_RULESET, 42, "nft"},
	                .flow = ids,
	                .n_flow = 2,
	                .n_flow_raised = 3,
	                .severity = SEVERITY_MAJOR,
	                .verdict = VERDICT_PARTIAL,
	                .label = "l",
	                .rule = "r",
	                .witness = "w",
	                .since_wall = 1700000000},
	        {.id = 9,
	                .cause = {.kind = CAUSE_ROUTES},
	                .flow = ids,
	                .n_flow = 1,
	                .n_flow_raised = 1,
	                .label = "",
	                .rule = "",
	                .witness = ""},
	};
	struct journal *j = open_journal();
	struct problem *out;
	size_t n;
	ck_assert_int_eq(journal_problems(j, &out, &n, &err), 0);
	ck_assert_uint_eq(n, 0);
	free(out);
	ck_assert_msg(journal_problems_set(j, in, 2, &err) == 0, "%s", err.text);
	journal_close(j);
	j = open_journal();
	ck_assert_int_eq(journal_problems(j, &out, &n, &err), 0);
	ck_assert_uint_eq(n, 2);
	ck_assert_uint_eq(out[0].id, 7);
	ck_assert_str_eq(out[0].cause.author, "nft");
	ck_assert_uint_eq(out[0].cause.author_pid, 42);
	ck_assert_uint_eq(out[0].n_flow, 2);
	ck_assert_int_eq(flow_id_cmp(&out[0].flow[1], &ids[1]), 0);
	ck_assert_uint_eq(out[0].n_flow_raised, 3);
	ck_assert_int_eq(out[0].severity, SEVERITY_MAJOR);
	ck_assert_int_eq(out[0].verdict, VERDICT_PARTIAL);
	ck_assert_int_eq(out[0].since_wall, 1700000000);
	ck_assert_str_eq(out[0].witness, "w");
	ck_assert_int_eq(out[1].cause.kind, CAUSE_ROUTES);
	for (size_t i = 0; i < n; i++)
		problem_fini(&out[i]);
	free(out);
	ck_assert_int_eq(journal_problems_set(j, NULL, 0, &err), 0);
	ck_assert_int_eq(journal_problems(j, &out, &n, &err), 0);
	ck_assert_uint_eq(n, 0);
	free(out);
	journal_close(j);
}
END_TEST

START_TEST(openings_come_back_as_they_were_told)
{
	const struct told_opening in[] = {
	        {7, true, (char *)(uintptr_t) "clients tcp 1-2"}, {UINT32_MAX, false, (char *)(uintptr_t) "'"}};
	struct journal *j = open_journal();
	struct told_opening *out;
	size_t n;
	bool known;
	ck_assert_int_eq(journal_openings(j, &known, &out, &n, &err), 0);
	ck_assert(!known);
	ck_assert_uint_eq(n, 0);
	ck_assert_msg(journal_openings_set(j, in, 2, &err) == 0, "%s", err.text);
	journal_close(j);
	j = open_journal();
	ck_assert_int_eq(journal_openings(j, &known, &out, &n, &err), 0);
	ck_assert(known);
	ck_assert_uint_eq(n, 2);
	for (size_t i = 0; i < n; i++) {
		ck_assert_uint_eq(out[i].id, in[i].id);
		ck_assert_int_eq(out[i].told, in[i].told);
		ck_assert_str_eq(out[i].label, in[i].label);
	}
	told_openings_free(out, n);
	ck_assert_int_eq(journal_openings_set(j, NULL, 0, &err), 0);
	ck_assert_int_eq(journal_openings(j, &known, &out, &n, &err), 0);
	ck_assert(known);
	ck_assert_uint_eq(n, 0);
	journal_close(j);
}
END_TEST

START_TEST(what_is_committed_is_there_after_reopen)
{
	static const struct retired_id retired[] = {
	        {NAMED_GROUP, 5, (char *)"b"}, {NAMED_ZONE, INT32_MAX, (char *)"\xc3\xa4'"}};
	struct journal *j = open_journal();
	struct retired_id *ids = NULL;
	char *json = NULL;
	uint64_t number = 1;
	size_t n = 1;

	ck_assert_int_eq(journal_load(j, "running", &json, &err), 0);
	ck_assert_ptr_null(json);
	ck_assert_int_eq(journal_retired(j, &ids, &n, &err), 0);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(journal_commit(j,
	                         &(struct journal_commit){.datastore = "running",
	                                 .json = "{\"a\":\"\xc3\xa4'\"}",
	                                 .user = "u'; DROP TABLE number",
	                                 .session = 4,
	                                 .comment = "why",
	                                 .retired = retired,
	                                 .n_retired = 2},
	                         &err),
	        0);
	ck_assert_int_eq(commit(j, "startup", "{}"), 0);
	ck_assert_int_eq(journal_number_get(j, "sequence", &number, &err), 0);
	ck_assert_uint_eq(number, 0);
	ck_assert_int_eq(journal_number_set(j, "sequence", UINT64_MAX, &err), 0);
	journal_close(j);
	j = open_journal();
	ck_assert_int_eq(journal_load(j, "running", &json, &err), 0);
	ck_assert_str_eq(json, "{\"a\":\"\xc3\xa4'\"}");
	free(json);
	ck_assert_int_eq(journal_number_get(j, "sequence", &number, &err), 0);
	ck_assert_uint_eq(number, UINT64_MAX);
	ck_assert_int_eq(journal_retired(j, &ids, &n, &err), 0);
	ck_assert_uint_eq(n, 2);
	for (size_t i = 0; i < n; i++) {
		ck_assert_int_eq(ids[i].kind, retired[i].kind);
		ck_assert_uint_eq(ids[i].id, retired[i].id);
		ck_assert_str_eq(ids[i].name, retired[i].name);
		free(ids[i].name);
	}
	free(ids);
	journal_close(j);
}
END_TEST

/* What the first version of this agent wrote. */
START_TEST(journal_without_retired_ids_is_brought_up_to_date)
{
	struct journal *j = open_journal();
	struct retired_id *ids = NULL;
	char *json = NULL;
	size_t n = 1;

	ck_assert_int_eq(commit(j, "running", "{\"a\":1}"), 0);
	journal_close(j);
	change(UNDO_VERSION_7 UNDO_VERSION_6 UNDO_VERSION_5 UNDO_VERSION_4 UNDO_VERSION_3 UNDO_VERSION_2);
	for (int i = 0; i < 2; i++) {
		j = open_journal();
		ck_assert_int_eq(journal_load(j, "running", &json, &err), 0);
		ck_assert_str_eq(json, "{\"a\":1}");
		free(json);
		ck_assert_int_eq(journal_retired(j, &ids, &n, &err), 0);
		ck_assert_uint_eq(n, 0);
		journal_close(j);
	}
}
END_TEST

/* What startup was before is believed until it is written again. */
START_TEST(journal_without_a_digest_of_startup_is_brought_up_to_date)
{
	struct journal *j = open_journal();
	char *json = NULL;

	ck_assert_int_eq(commit(j, "startup", "{\"a\":1}"), 0);
	journal_close(j);
	change(UNDO_VERSION_7 UNDO_VERSION_6 UNDO_VERSION_5 UNDO_VERSION_4);
	j = open_journal();
	ck_assert_int_eq(journal_load(j, "startup", &json, &err), 0);
	ck_assert_str_eq(json, "{\"a\":1}");
	ck_assert_int_eq(commit(j, "startup", "{\"a\":2}"), 0);
	journal_close(j);
	journal_close(open_journal());
	change("UPDATE datastore SET content = '{\"a\":3}' WHERE name = 'startup'");
	ck_refused(ERR_FORMAT, "startup is not what was written to it");
	free(json);
}
END_TEST

static void commit_table(struct journal *j, enum journal_table what, const char *bytes, const char *revert_to)
{
	const struct journal_commit commit = {.datastore = "running",
	        .json = "{}",
	        .user = "u",
	        .revert_to = revert_to,
	        .table = what,
	        .bytes = bytes,
	        .n_byte = bytes != NULL ? strlen(bytes) : 0};

	ck_assert_int_eq(journal_commit(j, &commit, &err), 0);
}

static void ck_table(const char *want)
{
	struct journal *j = open_journal();
	void *bytes;
	size_t n;

	ck_assert_int_eq(journal_table(j, &bytes, &n, &err), 0);
	ck_assert((bytes == NULL) == (want == NULL));
	if (want != NULL) {
		ck_assert_uint_eq(n, strlen(want));
		ck_assert_mem_eq(bytes, want, n);
	}
	free(bytes);
	journal_close(j);
}

static const struct {
	struct {
		enum journal_table what;
		const char *bytes;
		bool waits;
	} step[5];
	const char *want;
} tables[] = {
        {{{JOURNAL_TABLE_STAYS, NULL, false}}, NULL},
        {{{JOURNAL_TABLE_IS, "a", false}}, "a"},
        {{{JOURNAL_TABLE_IS, "", false}}, ""},
        {{{JOURNAL_TABLE_IS, "a", false}, {JOURNAL_TABLE_STAYS, NULL, false}}, "a"},
        {{{JOURNAL_TABLE_IS, "a", false}, {JOURNAL_TABLE_NONE, NULL, false}}, NULL},
        /* taken back */
        {{{JOURNAL_TABLE_IS, "a", false}, {JOURNAL_TABLE_IS, "b", true}, {JOURNAL_TABLE_FORMER, NULL, false}}, "a"},
        {{{JOURNAL_TABLE_IS, "b", true}, {JOURNAL_TABLE_FORMER, NULL, false}}, NULL},
        {{{JOURNAL_TABLE_IS, "a", false}, {JOURNAL_TABLE_NONE, NULL, true}, {JOURNAL_TABLE_FORMER, NULL, false}}, "a"},
        /* one that waits is followed by another one that does: what there was is that before both */
        {{{JOURNAL_TABLE_IS, "a", false}, {JOURNAL_TABLE_IS, "b", true}, {JOURNAL_TABLE_IS, "c", true},
                 {JOURNAL_TABLE_FORMER, NULL, false}},
                "a"},
        /* confirmed */
        {{{JOURNAL_TABLE_IS, "a", false}, {JOURNAL_TABLE_IS, "b", true}, {JOURNAL_TABLE_STAYS, NULL, false}}, "b"},
        {{{JOURNAL_TABLE_IS, "a", false}, {JOURNAL_TABLE_IS, "b", true}, {JOURNAL_TABLE_STAYS, NULL, false},
                 {JOURNAL_TABLE_STAYS, NULL, true}, {JOURNAL_TABLE_FORMER, NULL, false}},
                "b"},
};

START_TEST(table_goes_with_running)
{
	struct journal *j = open_journal();

	/* Steps that are left out change nothing of running. */
	for (size_t i = 0; i < 5; i++)
		commit_table(
		        j, tables[_i].step[i].what, tables[_i].step[i].bytes, tables[_i].step[i].waits ? "{}" : NULL);
	journal_close(j);
	ck_table(tables[_i].want);
}
END_TEST

START_TEST(counted_lines_are_those_that_were_written_last)
{
	const struct journal_counted lines[] = {{7, 100, 0}, {UINT64_MAX, INT64_MAX, UINT64_MAX}, {1, 0, 5}};
	struct journal_counted *have;
	struct journal *j = open_journal();
	char *table;
	size_t n;

	ck_assert_int_eq(journal_counted(j, &table, &have, &n, &err), 0);
	ck_assert(table == NULL && have == NULL && n == 0);
	ck_assert_int_eq(journal_counted_set(j, "first", lines, 2, &err), 0);
	ck_assert_int_eq(journal_counted_set(j, "second", lines + 1, 2, &err), 0);
	journal_close(j);
	j = open_journal();
	ck_assert_int_eq(journal_counted(j, &table, &have, &n, &err), 0);
	ck_assert_str_eq(table, "second");
	ck_assert_uint_eq(n, 2);
	for (size_t i = 0; i < n; i++)
		ck_assert_mem_eq(&have[i], &lines[have[i].id == 1 ? 2 : 1], sizeof(have[i]));
	ck_assert_uint_ne(have[0].id, have[1].id);
	free(have);
	free(table);
	/* Of two lines of one id the last counts. */
	const struct journal_counted twice[] = {{3, 1, 1}, {3, 2, 2}};
	ck_assert_int_eq(journal_counted_set(j, "third", twice, 2, &err), 0);
	ck_assert_int_eq(journal_counted(j, &table, &have, &n, &err), 0);
	ck_assert_uint_eq(n, 1);
	ck_assert_mem_eq(have, &twice[1], sizeof(*have));
	free(have);
	free(table);
	journal_close(j);
}
END_TEST

START_TEST(journal_without_counted_lines_is_brought_up_to_date)
{
	struct journal_counted *have;
	struct journal *j = open_journal();
	char *table, *json;
	size_t n;

	ck_assert_int_eq(commit(j, "running", "{\"a\":1}"), 0);
	journal_close(j);
	change(UNDO_VERSION_7 UNDO_VERSION_6);
	j = open_journal();
	ck_assert_int_eq(journal_counted(j, &table, &have, &n, &err), 0);
	ck_assert(table == NULL && n == 0);
	ck_assert_int_eq(journal_counted_set(j, "t", &(struct journal_counted){1, 2, 3}, 1, &err), 0);
	ck_assert_int_eq(journal_load(j, "running", &json, &err), 0);
	ck_assert_str_eq(json, "{\"a\":1}");
	free(json);
	journal_close(j);
}
END_TEST

START_TEST(retired_id_that_none_can_be_is_refused)
{
	struct journal *j = open_journal();
	struct retired_id *ids = NULL;
	size_t n = 1;

	journal_close(j);
	change("INSERT INTO retired_id VALUES(0, 5, 'a'); INSERT INTO retired_id VALUES(3, 6, 'a')");
	j = open_journal();
	ck_assert_int_eq(journal_retired(j, &ids, &n, &err), -1);
	ck_assert_int_eq(err.code, ERR_FORMAT);
	ck_assert_ptr_null(ids);
	journal_close(j);
}
END_TEST

START_TEST(directory_and_files_are_private)
{
	struct stat st;
	struct journal *j = open_journal();

	ck_assert_int_eq(stat(state, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0027, 0);
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0027, 0);
	journal_close(j);
}
END_TEST

START_TEST(second_opener_is_refused_with_the_pid_of_the_first)
{
	struct journal *j = open_journal();
	char pid[32];

	snprintf(pid, sizeof(pid), "process %ld ", (long)getpid());
	ck_refused(ERR_IN_USE, pid);
	journal_close(j);
	journal_close(open_journal());
}
END_TEST

static void write_file(const char *path, const char *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, n), (ssize_t)n);
	close(fd);
}

START_TEST(text_file_is_refused)
{
	char text[4096];

	memset(text, 'x', sizeof(text));
	ck_assert_int_eq(mkdir(state, 0750), 0);
	write_file(file, text, sizeof(text));
	ck_refused(ERR_FORMAT, "move it away");
}
END_TEST

START_TEST(file_of_another_program_is_refused_and_left_alone)
{
	sqlite3 *db = NULL;

	ck_assert_int_eq(mkdir(state, 0750), 0);
	change("CREATE TABLE theirs(a)");
	ck_refused(ERR_FORMAT, "another program");
	ck_assert_int_eq(sqlite3_open(file, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "SELECT * FROM datastore", NULL, NULL, NULL), SQLITE_ERROR);
	sqlite3_close(db);
}
END_TEST

START_TEST(newer_version_is_refused)
{

	journal_close(open_journal());
	change("PRAGMA user_version=99");
	ck_refused(ERR_FORMAT, "version 99");
}
END_TEST

START_TEST(damaged_pages_are_refused)
{
	struct journal *j = open_journal();
	char *big = xmalloc(200001), garbage[4096];

	memset(big, 'a', 200000);
	big[200000] = '\0';
	ck_assert_int_eq(commit(j, "running", big), 0);
	journal_close(j);
	free(big);
	memset(garbage, 0x5a, sizeof(garbage));
	int fd = open(file, O_WRONLY);
	for (off_t at = 4096; at < 10 * 4096; at += 4096)
		ck_assert_int_eq(pwrite(fd, garbage, sizeof(garbage), at), (ssize_t)sizeof(garbage));
	close(fd);
	ck_refused(ERR_FORMAT, "move it away");
}
END_TEST

START_TEST(state_directory_that_cannot_be_made_is_refused)
{
	snprintf(state, sizeof(state), "%s/none/state", base);
	ck_refused(ERR_IO, "state directory");
	snprintf(state, sizeof(state), "%s/plain", base);
	write_file(state, "", 0);
	ck_refused(ERR_IO, "lock file");
}
END_TEST

/* A limit on the size of files stands in for a full disk. */
START_TEST(full_disk_refuses_and_keeps_what_was_there)
{
	struct journal *j = open_journal();
	char *json = NULL, *big = xmalloc(400001);
	struct rlimit old, small;

	memset(big, 'b', 400000);
	big[400000] = '\0';
	ck_assert_int_eq(commit(j, "running", "{\"old\":1}"), 0);
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 150000;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	ck_assert_int_eq(commit(j, "running", big), -1);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
	ck_assert_msg(err.code == ERR_IO, "code %d: %s", err.code, err.text);
	ck_assert_int_eq(journal_load(j, "running", &json, &err), 0);
	ck_assert_str_eq(json, "{\"old\":1}");
	free(json);
	ck_assert_int_eq(commit(j, "running", "{\"new\":1}"), 0);
	journal_close(j);
	free(big);
}
END_TEST

static void *commit_many(void *arg)
{
	struct journal *j = arg;
	struct error e = {0};
	intptr_t failed = 0;

	for (uint64_t i = 1; i <= 50; i++) {
		char *json = NULL;
		failed += commit_told(j, "running", "{}", &e) != 0;
		failed += journal_load(j, "running", &json, &e) != 0;
		failed += journal_number_set(j, "n", i, &e) != 0;
		free(json);
	}
	return (void *)failed;
}

START_TEST(threads_share_it)
{
	struct journal *j = open_journal();
	pthread_t thread[4];

	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, commit_many, j), 0);
	for (int i = 0; i < 4; i++) {
		void *failed = NULL;
		pthread_join(thread[i], &failed);
		ck_assert_ptr_null(failed);
	}
	journal_close(j);
}
END_TEST

/* The child tells each number before and after its commit, and is killed somewhere in between. */
static void commit_until_killed(int out)
{
	struct journal *j = NULL;
	struct error e = {0};

	if (journal_open(state, &j, &e) != 0)
		_exit(1);
	for (uint32_t i = 1;; i++) {
		char json[64];
		snprintf(json, sizeof(json), "{\"n\":%u}", i);
		uint32_t before[2] = {0, i}, after[2] = {1, i};
		if (write(out, before, sizeof(before)) != sizeof(before) || commit_told(j, "running", json, &e) != 0 ||
		        write(out, after, sizeof(after)) != sizeof(after))
			_exit(1);
	}
}

/* Read the child's progress up to the beginning of commit `last`, or all that is left. */
static void read_progress(int in, uint32_t last, uint32_t *begun, uint32_t *done)
{
	uint32_t record[2];
	while (*begun < last && read(in, record, sizeof(record)) == sizeof(record))
		*(record[0] == 0 ? begun : done) = record[1];
}

static void crash_once(uint32_t last, unsigned spin)
{
	int ends[2];
	uint32_t begun = 0, done = 0, n = 0;
	char *json = NULL;

	ck_assert_int_eq(pipe(ends), 0);
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		close(ends[0]);
		commit_until_killed(ends[1]);
	}
	close(ends[1]);
	read_progress(ends[0], last, &begun, &done);
	for (volatile unsigned i = 0; i < spin; i++)
		;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	read_progress(ends[0], UINT32_MAX, &begun, &done);
	close(ends[0]);
	struct journal *j = open_journal();
	ck_assert_int_eq(journal_load(j, "running", &json, &err), 0);
	if (json != NULL)
		ck_assert_int_eq(sscanf(json, "{\"n\":%u}", &n), 1);
	ck_assert_uint_ge(begun, last);
	ck_assert_msg(n == done || n == begun, "stored %u, last done %u, begun %u", n, done, begun);
	free(json);
	ck_assert_int_eq(commit(j, "running", "{\"n\":0}"), 0);
	journal_close(j);
}

START_TEST(killed_at_any_moment_it_holds_the_last_or_the_begun_commit)
{
	for (unsigned i = 0; i < 60; i++)
		crash_once(1 + i % 5, i * 7919 % 60 * 2000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("journal");
	TCase *tc = tcase_create("journal");
	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, problems_are_kept_whole_and_replaced);
	tcase_add_test(tc, openings_come_back_as_they_were_told);
	tcase_add_test(tc, what_is_committed_is_there_after_reopen);
	tcase_add_test(tc, directory_and_files_are_private);
	tcase_add_test(tc, second_opener_is_refused_with_the_pid_of_the_first);
	tcase_add_test(tc, text_file_is_refused);
	tcase_add_test(tc, file_of_another_program_is_refused_and_left_alone);
	tcase_add_test(tc, journal_without_a_digest_of_startup_is_brought_up_to_date);
	tcase_add_test(tc, newer_version_is_refused);
	tcase_add_test(tc, journal_without_retired_ids_is_brought_up_to_date);
	tcase_add_loop_test(tc, table_goes_with_running, 0, (int)(sizeof(tables) / sizeof(tables[0])));
	tcase_add_test(tc, counted_lines_are_those_that_were_written_last);
	tcase_add_test(tc, journal_without_counted_lines_is_brought_up_to_date);
	tcase_add_test(tc, retired_id_that_none_can_be_is_refused);
	tcase_add_test(tc, damaged_pages_are_refused);
	tcase_add_test(tc, state_directory_that_cannot_be_made_is_refused);
	tcase_add_test(tc, full_disk_refuses_and_keeps_what_was_there);
	tcase_add_test(tc, threads_share_it);
	tcase_add_test(tc, killed_at_any_moment_it_holds_the_last_or_the_begun_commit);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
