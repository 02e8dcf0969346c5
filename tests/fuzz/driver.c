/*
 * Stands in for libFuzzer: every file of the folders and files named on the command line goes once through
 * LLVMFuzzerTestOneInput(), then every prefix of it up to 4 KiB, then copies with single bytes changed in a fixed order.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t runs;

static void run_bytes(const uint8_t *data, size_t size)
{
	/* An exact heap copy lets the address sanitizer see a read past the end. */
	uint8_t *copy = malloc(size > 0 ? size : 1);
	if (copy == NULL)
		abort();
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
	runs++;
}

static void run_variants(uint8_t *data, size_t size)
{
	static const uint8_t other[] = {0x00, 0xff, '"', '<', '|', '\n'};
	size_t step = size / 128 + 1;
	run_bytes(data, size);
	for (size_t cut = 0; cut < size && cut < 4096; cut += step)
		run_bytes(data, cut);
	for (size_t i = 0; i < size; i += step) {
		uint8_t old = data[i];
		data[i] = other[(i / step) % sizeof(other)];
		run_bytes(data, size);
		data[i] = old;
	}
}

static int run_path(const char *path)
{
	struct stat st;
	if (stat(path, &st) != 0) {
		perror(path);
		return -1;
	}
	if (S_ISDIR(st.st_mode)) {
		DIR *dir = opendir(path);
		struct dirent *entry;
		int result = 0;
		if (dir == NULL)
			return -1;
		while ((entry = readdir(dir)) != NULL) {
			char name[4096];
			if (entry->d_name[0] == '.')
				continue;
			snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
			if (run_path(name) != 0)
				result = -1;
		}
		closedir(dir);
		return result;
	}
	FILE *f = fopen(path, "rb");
	if (f == NULL)
		return -1;
	uint8_t *data = malloc((size_t)st.st_size + 1);
	if (data == NULL)
		abort();
	size_t size = fread(data, 1, (size_t)st.st_size, f);
	fclose(f);
	run_variants(data, size);
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	int result = 0;
	for (int i = 1; i < argc; i++)
		if (run_path(argv[i]) != 0)
			result = 1;
	printf("%zu inputs\n", runs);
	return runs == 0 ? 1 : result;
}
