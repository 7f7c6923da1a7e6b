/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * import - what other tools say of a program's calls, as a policy
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "cr/add.h"
#include "cr/cli.h"
#include "cr/import.h"
#include "cr/log.h"

enum { OPT_OUTPUT = CR_OPT_FIRST, OPT_STRICT, OPT_SKIP };

static const struct cr_option options[] = {
	{ 'o', "output", "POLICY", "add to this policy, or make it; standard output without",
	  OPT_OUTPUT },
	{ 0, "strict-input", NULL, "a broken record ends the import (the default)", OPT_STRICT },
	{ 0, "skip-bad", NULL, "tell of broken records and go on", OPT_SKIP },
	CR_OPTIONS_COMMON
};

static const char *const usage[] = {
	"Usage: chestnut import [options] FORMAT FILE",
	"Make a policy of what another tool has written. FILE may be - for standard input.",
	"",
	NULL
};

static void help(const struct cr_options *it)
{
	const struct cr_import_format *f;
	size_t i;

	cr_options_common(it, CR_OPT_HELP, usage);
	printf("\nFormats:\n");
	for (i = 0; (f = cr_import_format(i)); i++)
		printf("  %-10s %s\n", cr_import_name(f), cr_import_help(f));
}

static void warn_lines(const struct cr_buf *lines)
{
	const char *s = cr_buf_str(lines), *nl;

	for (; (nl = strchr(s, '\n')); s = nl + 1)
		cr_warn("%.*s", (int)(nl - s), s);
}

static void tell(const struct cr_imported *im, const struct cr_added *add, const char *path)
{
	warn_lines(&im->losses);
	if (im->skipped)
		cr_warn("%llu broken record%s skipped", (unsigned long long)im->skipped,
			im->skipped == 1 ? "" : "s");
	warn_lines(&add->conflicts);
	if (path && add->known)
		cr_info("%s: %u rule%s added, %u %s there", path, add->rules,
			add->rules == 1 ? "" : "s", add->known, add->known == 1 ? "was" : "were");
	else if (path)
		cr_info("%s: %u rule%s added", path, add->rules, add->rules == 1 ? "" : "s");
}

static int store(const struct cr_imported *im, const char *path, struct cr_err *err)
{
	struct cr_added add = {
		.from = im->policy, .note = im->note, .conflicts = CR_BUF_INIT,
	};
	cr_auto_buf struct cr_buf text = CR_BUF_INIT;
	int rc;

	if (path)
		rc = cr_add_file(path, &add, err);
	else
		rc = cr_add_text("standard output", &add, &text, err);
	if (rc == 0) {
		fwrite(cr_buf_str(&text), 1, text.len, stdout);
		tell(im, &add, path);
	}
	cr_buf_fini(&add.conflicts);
	return rc;
}

static int import(const char *format, const char *file, const char *path, bool skip_bad,
		  struct cr_err *err)
{
	const struct cr_import_format *f = cr_import_find(format);
	bool standard = strcmp(file, "-") == 0;
	cr_auto_close int fd = standard ? -1 : open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct cr_imported im;
	int rc;

	if (fd < 0 && !standard)
		return cr_err_sys(err, -errno, "cannot read %s", file);
	rc = cr_import(f, standard ? STDIN_FILENO : fd, standard ? "standard input" : file,
		       skip_bad, &im, err);
	if (rc < 0)
		return rc;
	rc = store(&im, path, err);
	cr_imported_fini(&im);
	return rc;
}

static int check_words(int argc, char **argv, int at, struct cr_err *err)
{
	const struct cr_import_format *f;
	size_t i;

	if (argc - at != 2) {
		cr_err_set(err, -EINVAL, "import wants a format and a file");
		cr_err_hint(err, "chestnut import --help lists the formats");
		return -EINVAL;
	}
	if (cr_import_find(argv[at]))
		return 0;
	cr_err_set(err, -EINVAL, "there is no format %s to import", argv[at]);
	cr_err_hint(err, "chestnut import --help lists the formats");
	for (i = 0; (f = cr_import_format(i)); i++)
		if (cr_words_near(cr_import_name(f), argv[at], 2))
			cr_err_hint(err, "did you mean %s?", cr_import_name(f));
	return -EINVAL;
}

int cr_cmd_import(int argc, char **argv)
{
	struct cr_options it = CR_OPTIONS_INIT(options, argc, argv);
	struct cr_err err = { "", "" };
	const char *path = NULL;
	bool skip_bad = false;
	int id;

	while ((id = cr_options_next(&it, &err)) > 0) {
		if (id == CR_OPT_HELP) {
			help(&it);
			return CR_EXIT_OK;
		}
		if (cr_options_common(&it, id, usage))
			return CR_EXIT_OK;
		if (id == OPT_OUTPUT)
			path = it.value;
		else
			skip_bad = id == OPT_SKIP;
	}
	if (id == 0)
		id = check_words(argc, argv, it.at, &err);
	if (id < 0) {
		cr_log_err(&err);
		return CR_EXIT_USAGE;
	}
	if (import(argv[it.at], argv[it.at + 1], path, skip_bad, &err) < 0) {
		cr_log_err(&err);
		return CR_EXIT_FAIL;
	}
	return CR_EXIT_OK;
}
