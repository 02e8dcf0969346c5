/*
 * Whether the journal can be written: the outcome of every step that writes comes in, and what is known of it goes out. A
 * fault is logged once and lasts until a step succeeds again and there is some room; damage lasts until the next start.
 * While the file is damaged, open for reading alone, below a mount for reading alone or no longer in its place, every step
 * that writes is refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "journal_db.h"
#include "portcullis/alloc.h"
#include "portcullis/clock.h"
#include "portcullis/log.h"

/* A fault is over only when so much can be written: else each small step that fits would end it and each large one bring it back. */
#define ROOM_BLOCKS 16

static void tell(const struct journal *j)
{
	uint64_t one = 1;

	/* Only a full counter refuses, and then the reader has been told already. */
	if (write(j->event_fd, &one, sizeof(one)) < 0)
		log_debug("journal: event not delivered");
}

void journal_fault(struct journal *j, const struct error *err)
{
	bool news = j->fault.code == ERR_NONE;
	char line[1200];

	if (!news && strcmp(j->fault.text, err->text) == 0)
		return;
	j->fault = *err;
	log_error("%s; commits are refused, monitoring goes on", error_line(err, line, sizeof(line)));
	if (news)
		tell(j);
}

/* Nothing of it is ever seen in the directory. */
static bool has_room(const struct journal *j)
{
	static const char block[4096] = {1};
	int fd = open(j->state_dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	bool room = true;

	if (fd < 0) /* a file system without such files: the step that went well has to do */
		return true;
	for (int i = 0; i < ROOM_BLOCKS && room; i++)
		room = write(fd, block, sizeof(block)) == (ssize_t)sizeof(block);
	close(fd);
	return room;
}

static void mended(struct journal *j)
{
	j->fault = (struct error){0};
	log_info("%s: the journal can be written again; %llu notifications were not kept since the start", j->path,
	        (unsigned long long)j->unkept);
	tell(j);
}

/* What is open can be written through a mount that came above it later; nobody who mounts that means it. */
static int check_place(struct journal *j, struct error *err)
{
	struct statvfs fs;
	int moved = 0;

	if (statvfs(j->state_dir, &fs) == 0 && (fs.f_flag & ST_RDONLY) != 0)
		return error_set(err, ERR_IO, j->path,
		        "cannot write the journal: %s; mount the state directory for writing again", strerror(EROFS));
	if (sqlite3_file_control(j->db, NULL, SQLITE_FCNTL_HAS_MOVED, &moved) != SQLITE_OK || moved == 0)
		return 0;
	return error_set(err, ERR_IO, j->path,
	        "the journal is not in its place any more; put it back, or start the agent again to begin an empty "
	        "one");
}

int journal_begin(struct journal *j, struct error *err)
{
	if (j->fault.code != ERR_NONE && (j->damaged || j->reading)) {
		if (err != NULL)
			*err = j->fault;
		return -1;
	}
	return check_place(j, err) == 0 ? journal_run(j, "BEGIN IMMEDIATE", err) : -1;
}

int journal_end(struct journal *j, int result, struct error *err)
{
	if (result == 0)
		result = journal_run(j, "COMMIT", err);
	if (result == 0) {
		if (j->fault.code != ERR_NONE && has_room(j))
			mended(j);
		return 0;
	}
	result = journal_rollback(j);
	if (err == NULL)
		return result;
	/* Damage is no fault of what was to be written. */
	if (err->code == ERR_FORMAT)
		err->code = ERR_IO;
	if (err->code == ERR_INTERNAL)
		log_error("%s: %s", err->where, err->text);
	else
		journal_fault(j, err);
	return result;
}

void journal_health(struct journal *j, struct journal_health *out)
{
	pthread_mutex_lock(&j->mutex);
	*out = (struct journal_health){.unkept = j->unkept, .lost = j->lost, .startup_lost = j->startup_lost};
	if (j->fault.code != ERR_NONE)
		error_line(&j->fault, out->why, sizeof(out->why));
	pthread_mutex_unlock(&j->mutex);
}

int journal_event_fd(const struct journal *j)
{
	return j->event_fd;
}

void journal_probe(struct journal *j)
{
	struct error err = {0};
	char *sql = xasprintf("INSERT OR REPLACE INTO number VALUES('probe', %lld)", (long long)clock_wall_s());

	pthread_mutex_lock(&j->mutex);
	if (j->fault.code != ERR_NONE && !j->damaged && (!j->reading || journal_reopen(j, &err) == 0)) {
		int result = journal_begin(j, &err);
		if (result == 0)
			result = journal_run(j, sql, &err);
		if (journal_end(j, result, &err) != 0)
			log_debug("journal: %s", err.text);
	}
	pthread_mutex_unlock(&j->mutex);
	free(sql);
}
