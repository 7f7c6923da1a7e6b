/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "import-int.h"

/* "openat", "i386:openat", "nr:462". */
static int add_word(struct cr_reader *r, const char *word)
{
	enum cr_abi abi = CR_ABI_NATIVE;
	unsigned int i;
	int nr;

	for (i = 0; i < CR_ABI_COUNT; i++) {
		size_t n = strlen(cr_abi_facts[i].name);

		if (strncmp(word, cr_abi_facts[i].name, n) == 0 && word[n] == ':') {
			abi = (enum cr_abi)i;
			word += n + 1;
			break;
		}
	}
	nr = cr_reader_nr(r, abi, word);
	if (nr < 0)
		return cr_reader_bad(r, "no syscall is called \"%.80s\" in %s", word,
				     cr_abi_facts[abi].name);
	return cr_reader_allow(r, abi, (uint32_t)nr, NULL);
}

/* Names, one a line or with blanks or commas between, as harpoon and others write them. */
int cr_read_names(struct cr_reader *r)
{
	char *line, *word;
	size_t len;
	int rc;

	while ((rc = cr_reader_line(r, &line, &len)) > 0) {
		if (strlen(line) != len) {
			rc = cr_reader_bad(r, "a NUL byte in the line");
			if (rc < 0)
				return rc;
			continue;
		}
		line[strcspn(line, "#;")] = '\0';
		rc = 0;
		while (rc == 0 && (word = strsep(&line, " \t,"))) {
			if (*word)
				rc = add_word(r, word);
		}
		if (rc < 0)
			return rc;
	}
	return rc;
}
