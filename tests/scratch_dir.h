#ifndef SCRATCH_DIR_H
#define SCRATCH_DIR_H

/* What a test leaves behind in a directory of its own. */
#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "portcullis/alloc.h"

static inline void remove_all(const char *dir)
{
	DIR *d = opendir(dir);
	for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
		if (e->d_name[0] == '.')
			continue;
		char *path = xasprintf("%s/%s", dir, e->d_name);
		if (unlink(path) != 0)
			remove_all(path);
		free(path);
	}
	if (d != NULL)
		closedir(d);
	rmdir(dir);
}

#endif
