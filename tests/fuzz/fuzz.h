/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz - a libFuzzer target that can also replay files
 *
 * In:    a file's bytes, for LLVMFuzzerTestOneInput
 * Out:   an abort when what must() hold does not
 * Never: has a main() of its own with -fsanitize=fuzzer -DCR_FUZZER; else it replays the files it
 *        is given
 */
#ifndef CR_FUZZ_H
#define CR_FUZZ_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool so, const char *what)
{
	if (so)
		return;
	fprintf(stderr, "not so: %s\n", what);
	abort();
}

#ifndef CR_FUZZER
static int replay(const char *path)
{
	static uint8_t data[1 << 20];
	FILE *f = fopen(path, "rbe");
	size_t n;

	if (!f) {
		perror(path);
		return 1;
	}
	n = fread(data, 1, sizeof(data), f);
	fclose(f);
	LLVMFuzzerTestOneInput(data, n);
	return 0;
}

int main(int argc, char **argv)
{
	int i, failed = 0;

	for (i = 1; i < argc; i++)
		failed |= replay(argv[i]);
	printf("%d files replayed\n", argc - 1);
	return failed || argc < 2;
}
#endif

#endif
