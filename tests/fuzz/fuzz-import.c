/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz-import - what other tools would never write
 *
 * The first byte chooses the format ('0' is the first of cr_import_format()), the second whether
 * broken records are skipped ('s'), or one executable's records are taken ('e'). What is accepted
 * must make a valid policy file that says the same. Built with -fsanitize=fuzzer -DCR_FUZZER it is
 * a libFuzzer target; else it replays the files it is given.
 */
#include <string.h>
#include <sys/mman.h>

#include "cr/add.h"
#include "cr/import.h"
#include "cr/ini.h"
#include "fuzz.h"

static void write_it(const struct cr_imported *im)
{
	struct cr_added add = {
		.from = im->policy, .note = im->note, .conflicts = CR_BUF_INIT,
	};
	cr_auto_buf struct cr_buf out = CR_BUF_INIT;
	struct cr_policy *again = NULL;
	struct cr_err err = { "", "" };
	size_t i;

	must(cr_add_text("fuzz", &add, &out, &err) == 0, err.text);
	must(cr_ini_parse("fuzz", cr_buf_str(&out), out.len, &again, &err) == 0, err.text);
	must(again->n_own == im->policy->n_own, "the rules are as many");
	for (i = 0; i < again->n_own; i++)
		must(again->rules[i]->abi == im->policy->rules[i]->abi &&
		     again->rules[i]->nr == im->policy->rules[i]->nr &&
		     cr_rule_same(again->rules[i], im->policy->rules[i]), "and the same");
	must(again->mode == im->policy->mode, "and so is the mode");
	cr_policy_free(again);
	cr_buf_fini(&add.conflicts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t which = size < 2 ? SIZE_MAX : data[0] - (size_t)'0';
	const struct cr_import_format *f = cr_import_format(which);
	struct cr_import_how how = { .exe = NULL };
	struct cr_err err = { "", "" };
	struct cr_imported im;
	int fd, rc;

	/* An @include would read what else is on this machine. */
	if (!f || memmem(data, size, "@include", 8))
		return 0;
	fd = memfd_create("fuzz", MFD_CLOEXEC);
	must(fd >= 0 && write(fd, data + 2, size - 2) == (ssize_t)size - 2 &&
	     lseek(fd, 0, SEEK_SET) == 0, "there is room");
	how.skip_bad = data[1] == 's';
	how.exe = data[1] == 'e' && cr_import_has_exe(f) ? "/b*n/[xy]" : NULL;
	rc = cr_import(f, fd, "fuzz", &how, &im, &err);
	close(fd);
	if (rc < 0) {
		must(err.text[0] && !im.policy, "a refusal has words and gives nothing");
		return 0;
	}
	write_it(&im);
	cr_imported_fini(&im);
	return 0;
}
