/*
 * Sequence numbers of notifications come in as they are queued and answered; the file has the newest of both, and whether
 * the process that wrote it ended in order. It is written in place and not synced: the end of the process, however it comes,
 * loses nothing. After a loss of power it may be older, and a notification then arrives twice; one that is damaged counts as
 * one in which everything was answered.
 */
#include "snmp/delivery.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "portcullis/alloc.h"
#include "portcullis/log.h"

#define LINE "%020" PRIu64 " %020" PRIu64 " %d\n"
#define LINE_LEN 44

struct delivery {
	pthread_mutex_t mutex;
	int fd; /* -1: nothing is kept */
	bool told; /* that it cannot be written */
	bool known; /* the file says something */
	bool broken_off; /* the process before did not end in order */
	bool running;
	uint64_t answered, queued;
};

static bool line_read(int fd, uint64_t *answered, uint64_t *queued, bool *running)
{
	char line[LINE_LEN + 1] = {0}, again[LINE_LEN + 1];

	if (pread(fd, line, LINE_LEN, 0) != LINE_LEN)
		return false;
	char *end;
	*answered = strtoumax(line, &end, 10);
	*queued = strtoumax(end, &end, 10);
	*running = strcmp(end, " 1\n") == 0;
	snprintf(again, sizeof(again), LINE, *answered, *queued, *running);
	return strcmp(line, again) == 0;
}

static void keep(struct delivery *d)
{
	char line[LINE_LEN + 1];

	if (d->fd < 0)
		return;
	snprintf(line, sizeof(line), LINE, d->answered, d->queued, d->running);
	bool kept = pwrite(d->fd, line, LINE_LEN, 0) == LINE_LEN;
	if (!kept && !d->told)
		log_warning("which notifications the SNMP agent has answered cannot be written (%s): after a restart "
		            "some may be sent again",
		        strerror(errno));
	d->told = !kept;
}

struct delivery *delivery_open(const char *path)
{
	struct delivery *d = xcalloc(1, sizeof(*d));

	pthread_mutex_init(&d->mutex, NULL);
	d->fd = path != NULL ? open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
	if (path != NULL && d->fd < 0)
		log_warning("%s: %s; notifications that wait when the agent ends are not sent after it", path,
		        strerror(errno));
	d->known = d->fd >= 0 && line_read(d->fd, &d->answered, &d->queued, &d->broken_off);
	if (!d->known) {
		d->answered = d->queued = 0;
		d->broken_off = false;
	}
	return d;
}

void delivery_start(struct delivery *d, uint64_t newest)
{
	pthread_mutex_lock(&d->mutex);
	/* Numbers that nobody has told yet are those of another journal. */
	if (!d->known || d->answered > newest)
		d->answered = d->queued = newest;
	d->running = true;
	keep(d);
	pthread_mutex_unlock(&d->mutex);
}

void delivery_close(struct delivery *d)
{
	if (d == NULL)
		return;
	if (d->running) {
		d->running = false;
		keep(d);
	}
	if (d->fd >= 0)
		close(d->fd);
	pthread_mutex_destroy(&d->mutex);
	free(d);
}

bool delivery_left(struct delivery *d, uint64_t *after, uint64_t *until)
{
	pthread_mutex_lock(&d->mutex);
	*after = d->answered;
	/* Between the journal and the queue it may have ended, too. */
	*until = d->broken_off ? UINT64_MAX : d->queued;
	pthread_mutex_unlock(&d->mutex);
	return *after < *until;
}

/* Where nothing waits, all before it was answered, or was not to be sent. So it is where numbers begin anew. */
void delivery_queued(struct delivery *d, uint64_t sequence)
{
	pthread_mutex_lock(&d->mutex);
	if (d->answered >= d->queued || sequence <= d->answered)
		d->answered = sequence - 1;
	d->queued = sequence;
	keep(d);
	pthread_mutex_unlock(&d->mutex);
}

void delivery_answered(struct delivery *d, uint64_t sequence)
{
	pthread_mutex_lock(&d->mutex);
	if (sequence > d->answered) {
		d->answered = sequence;
		keep(d);
	}
	pthread_mutex_unlock(&d->mutex);
}
