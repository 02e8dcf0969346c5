/*
 * A file that the agent is said to have written comes in, a view of its rows goes out. It is taken into memory whole: what
 * somebody does to the file afterwards reaches nobody. Refused without a word is what is missing, too large, cut off, of
 * another version or sum, and all of it while no agent holds the lock.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "snmp/share.h"

/* FNV-1a over words of 8 octets, and over what is left. */
uint64_t share_sum(const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	uint64_t h = 14695981039346656037u, word;

	for (; n >= sizeof(word); n -= sizeof(word), p += sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		h = (h ^ word) * 1099511628211u;
		h ^= h >> 32;
	}
	for (; n > 0; n--, p++)
		h = (h ^ *p) * 1099511628211u;
	return h;
}

void share_reader_init(struct share_reader *r, const char *path)
{
	*r = (struct share_reader){.path = strdup(path), .lock_fd = -1};
}

static void forget(struct share_reader *r)
{
	free(r->block);
	r->block = NULL;
	r->inode = r->device = r->size = 0;
	memset(&r->view, 0, sizeof(r->view));
}

void share_reader_fini(struct share_reader *r)
{
	forget(r);
	if (r->lock_fd >= 0)
		close(r->lock_fd);
	free(r->path);
	*r = (struct share_reader){.lock_fd = -1};
}

static int open_regular(const char *path, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0 && (fstat(fd, st) != 0 || !S_ISREG(st->st_mode))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* The agent that starts again makes another lock file where the directory was taken away meanwhile. */
static bool lock_is_that_of_the_path(const struct share_reader *r, const char *path)
{
	struct stat have, there;

	return r->lock_fd >= 0 && fstat(r->lock_fd, &have) == 0 && lstat(path, &there) == 0 &&
	       have.st_ino == there.st_ino && have.st_dev == there.st_dev;
}

/* A lock is asked about, not taken: the agent is not in the way of itself. */
static bool agent_lives(struct share_reader *r)
{
	struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
	char path[4096];
	struct stat st;

	if (r->path == NULL || snprintf(path, sizeof(path), "%s.lock", r->path) >= (int)sizeof(path))
		return false;
	if (!lock_is_that_of_the_path(r, path)) {
		if (r->lock_fd >= 0)
			close(r->lock_fd);
		r->lock_fd = open_regular(path, &st);
	}
	return r->lock_fd >= 0 && fcntl(r->lock_fd, F_OFD_GETLK, &lock) == 0 && lock.l_type == F_WRLCK;
}

static bool read_all(int fd, void *to, size_t n)
{
	uint8_t *p = to;

	while (n > 0) {
		ssize_t got = read(fd, p, n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		p += got;
		n -= (size_t)got;
	}
	return true;
}

static void take(struct share_reader *r, int fd, const struct stat *st)
{
	struct share_head head;

	if (st->st_size < (off_t)sizeof(head) || (uint64_t)st->st_size > SHARE_MAX_SIZE + sizeof(head) ||
	        !read_all(fd, &head, sizeof(head)))
		return;
	if (head.magic != SHARE_MAGIC || head.version != SHARE_VERSION ||
	        head.size != (uint64_t)st->st_size - sizeof(head))
		return;
	r->block = malloc(head.size > 0 ? head.size : 1);
	if (r->block == NULL || !read_all(fd, r->block, head.size) || share_sum(r->block, head.size) != head.sum ||
	        flat_open(r->block, head.size, &r->view) != 0)
		memset(&r->view, 0, sizeof(r->view));
}

static bool same(const struct share_reader *r, const struct stat *st)
{
	return r->inode == (uint64_t)st->st_ino && r->device == (uint64_t)st->st_dev &&
	       r->size == (uint64_t)st->st_size && r->changed.tv_sec == st->st_mtim.tv_sec &&
	       r->changed.tv_nsec == st->st_mtim.tv_nsec;
}

const struct flat_view *share_reader_look(struct share_reader *r)
{
	struct stat st;
	int fd;

	if (!agent_lives(r)) {
		forget(r);
		return &r->view;
	}
	if (lstat(r->path, &st) == 0 && same(r, &st))
		return &r->view;
	forget(r);
	fd = open_regular(r->path, &st);
	if (fd < 0)
		return &r->view;
	take(r, fd, &st);
	r->inode = (uint64_t)st.st_ino;
	r->device = (uint64_t)st.st_dev;
	r->size = (uint64_t)st.st_size;
	r->changed = st.st_mtim;
	close(fd);
	return &r->view;
}
