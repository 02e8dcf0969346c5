/*
 * Snapshots of the hub come in, the newest one goes out as a file. A thread of its own writes it: nobody waits for a disk, and
 * when snapshots come faster than they are written, only the last one is. Refused is a path that another agent writes to.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "portcullis/alloc.h"
#include "portcullis/clock.h"
#include "portcullis/error.h"
#include "portcullis/log.h"
#include "portcullis/snapshot.h"
#include "portcullis/thread.h"
#include "snmp/share.h"

/* Between two files, and at least so often as long as one took: a reader takes each into memory. */
#define PAUSE_MS 20
#define PAUSE_FACTOR 4

struct share {
	pthread_t thread;
	pthread_mutex_t mutex; /* stop, wake */
	pthread_cond_t wanted;
	bool stop, wake;
	struct hub *hub;
	char *path, *next;
	int lock_fd;
	bool failed; /* was told */
};

static int write_all(int fd, const void *head, size_t n_head, const void *block, size_t n_block)
{
	struct iovec part[2] = {{(void *)(uintptr_t)head, n_head}, {(void *)(uintptr_t)block, n_block}};
	size_t at = 0;

	while (at < 2) {
		ssize_t n = writev(fd, part + at, (int)(2 - at));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		for (; at < 2 && (size_t)n >= part[at].iov_len; at++)
			n -= (ssize_t)part[at].iov_len;
		if (at < 2) {
			part[at].iov_base = (uint8_t *)part[at].iov_base + n;
			part[at].iov_len -= (size_t)n;
		}
	}
	return 0;
}

/* In memory, and gone with it: nothing is synced. */
static int file_write(const struct share *s, const struct snapshot *snapshot)
{
	const struct share_head head = {
	        SHARE_MAGIC, SHARE_VERSION, snapshot->flat_size, share_sum(snapshot->flat, snapshot->flat_size)};
	int fd;

	if (unlink(s->next) != 0 && errno != ENOENT)
		return -1;
	fd = open(s->next, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (fd < 0)
		return -1;
	int result = write_all(fd, &head, sizeof(head), snapshot->flat, snapshot->flat_size);
	if (close(fd) != 0 || result != 0 || rename(s->next, s->path) != 0) {
		result = errno;
		unlink(s->next);
		errno = result;
		return -1;
	}
	return 0;
}

static void publish(struct share *s, const struct snapshot *snapshot)
{
	if (file_write(s, snapshot) == 0) {
		if (s->failed)
			log_info("%s is written again", s->path);
		s->failed = false;
		return;
	}
	if (!s->failed)
		log_warning("%s: cannot be written: %s; the plugin of snmpd has no rows", s->path, strerror(errno));
	s->failed = true;
	/* What is there is of the past. */
	unlink(s->path);
}

/* @return whether to go on. */
static bool wait_for_news(struct share *s, int64_t pause_ms)
{
	struct timespec pause = {pause_ms / 1000, pause_ms % 1000 * 1000000};

	pthread_mutex_lock(&s->mutex);
	if (!s->stop && pause_ms > 0) {
		pthread_mutex_unlock(&s->mutex);
		nanosleep(&pause, NULL);
		pthread_mutex_lock(&s->mutex);
	}
	while (!s->stop && !s->wake)
		pthread_cond_wait(&s->wanted, &s->mutex);
	s->wake = false;
	bool go_on = !s->stop;
	pthread_mutex_unlock(&s->mutex);
	return go_on;
}

static void *run(void *arg)
{
	struct share *s = arg;
	struct snapshot *last = NULL;
	int64_t pause_ms = 0;

	while (wait_for_news(s, pause_ms)) {
		struct snapshot *now = hub_get(s->hub);
		int64_t start = clock_monotonic_ms();

		if (now != NULL && now != last && now->flat != NULL)
			publish(s, now);
		pause_ms = now != last ? PAUSE_MS + PAUSE_FACTOR * (clock_monotonic_ms() - start) : 0;
		/* Held, so that no other one has its address. */
		snapshot_unref(last);
		last = now;
	}
	snapshot_unref(last);
	return NULL;
}

static int lock_take(struct share *s, struct error *err)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char *path = xasprintf("%s.lock", s->path);
	int result = 0;

	s->lock_fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (s->lock_fd < 0)
		result = error_set(err, ERR_IO, path,
		        "cannot be opened: %s; is its directory there, and may the "
		        "daemon's user write to it?",
		        strerror(errno));
	else if (fcntl(s->lock_fd, F_OFD_SETLK, &lock) != 0)
		result = error_set(err, ERR_IN_USE, path, "another agent holds it; stop that one or name another file");
	free(path);
	return result;
}

static void release(struct share *s)
{
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	pthread_cond_destroy(&s->wanted);
	pthread_mutex_destroy(&s->mutex);
	free(s->path);
	free(s->next);
	free(s);
}

int share_start(const char *path, struct hub *hub, struct share **out, struct error *err)
{
	struct share *s = xcalloc(1, sizeof(*s));

	*out = NULL;
	pthread_mutex_init(&s->mutex, NULL);
	pthread_cond_init(&s->wanted, NULL);
	s->hub = hub;
	s->path = xstrdup(path);
	s->next = xasprintf("%s.next", path);
	s->wake = true;
	int result = lock_take(s, err);
	if (result == 0) {
		unlink(s->path); /* of the past */
		int code = thread_start(&s->thread, "snmp-share", run, s);
		if (code != 0)
			result = error_set(err, ERR_IO, path, "no thread: %s", strerror(code));
	}
	if (result != 0) {
		release(s);
		return -1;
	}
	*out = s;
	return 0;
}

void share_wake(struct share *s)
{
	pthread_mutex_lock(&s->mutex);
	s->wake = true;
	pthread_cond_signal(&s->wanted);
	pthread_mutex_unlock(&s->mutex);
}

void share_stop(struct share *s)
{
	if (s == NULL)
		return;
	pthread_mutex_lock(&s->mutex);
	s->stop = true;
	pthread_cond_signal(&s->wanted);
	pthread_mutex_unlock(&s->mutex);
	pthread_join(s->thread, NULL);
	unlink(s->path);
	release(s);
}
