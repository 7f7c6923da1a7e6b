/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * import - what other tools say of a program's calls, as a policy
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "cr/add.h"
#include "cr/cli.h"
#include "cr/import.h"
#include "cr/json.h"
#include "cr/log.h"

enum { OPT_OUTPUT = CR_OPT_FIRST, OPT_ABI, OPT_EXE, OPT_JSON, OPT_STRICT, OPT_SKIP };

static const struct cr_option options[] = {
	{ 'o', "output", "POLICY", "add to this policy, or make it; standard output without",
	  OPT_OUTPUT },
	{ 0, "abi", "x86-64|i386|x32",
	  "what processes are of which a log of strace does not say it", OPT_ABI },
	{ 0, "exe", "PATTERN", "of an audit log, take the records of these executables",
	  OPT_EXE },
	{ 0, "json", NULL, "tell what was done as one JSON object; wants --output", OPT_JSON },
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

struct order {
	const struct cr_import_format *format;
	const char *file;		/* borrowed: from argv, as all of these; "-" */
	const char *output;		/* NULL: standard output */
	struct cr_import_how how;
	const char *abi;
	bool json;
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

static void json_lines(struct cr_json *j, const char *key, const struct cr_buf *lines)
{
	struct json_object *list = cr_json_array(j, j->top, key);
	const char *s = cr_buf_str(lines), *nl;
	cr_auto_buf struct cr_buf one = CR_BUF_INIT;

	for (; (nl = strchr(s, '\n')); s = nl + 1) {
		cr_buf_clear(&one);
		cr_buf_addn(&one, s, (size_t)(nl - s));
		cr_json_text(j, list, NULL, cr_buf_str(&one));
	}
}

static int tell_json(const struct order *o, const struct cr_imported *im,
		     const struct cr_added *add)
{
	struct cr_json j;

	cr_json_begin(&j);
	cr_json_text(&j, j.top, "format", cr_import_name(o->format));
	cr_json_text(&j, j.top, "file", o->file);
	cr_json_text(&j, j.top, "policy", o->output);
	cr_json_count(&j, j.top, "records", im->records);
	cr_json_count(&j, j.top, "skipped", im->skipped);
	cr_json_count(&j, j.top, "added", add->rules);
	cr_json_count(&j, j.top, "known", add->known);
	json_lines(&j, "losses", &im->losses);
	json_lines(&j, "conflicts", &add->conflicts);
	return cr_json_end(&j, stdout);
}

static int store(const struct order *o, const struct cr_imported *im, struct cr_err *err)
{
	struct cr_added add = {
		.from = im->policy, .note = im->note, .conflicts = CR_BUF_INIT,
	};
	cr_auto_buf struct cr_buf text = CR_BUF_INIT;
	int rc;

	if (o->output)
		rc = cr_add_file(o->output, &add, err);
	else
		rc = cr_add_text("standard output", &add, &text, err);
	if (rc == 0 && o->json)
		rc = tell_json(o, im, &add) == 0 ? 0 : cr_err_sys(err, -ENOMEM, "cannot tell");
	else if (rc == 0)
		tell(im, &add, o->output);
	fwrite(cr_buf_str(&text), 1, rc == 0 ? text.len : 0, stdout);
	cr_buf_fini(&add.conflicts);
	return rc;
}

static int import(const struct order *o, struct cr_err *err)
{
	bool standard = strcmp(o->file, "-") == 0;
	cr_auto_close int fd = standard ? -1 : open(o->file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct cr_imported im;
	int rc;

	if (fd < 0 && !standard)
		return cr_err_sys(err, -errno, "cannot read %s", o->file);
	rc = cr_import(o->format, standard ? STDIN_FILENO : fd,
		       standard ? "standard input" : o->file, &o->how, &im, err);
	if (rc < 0)
		return rc;
	rc = store(o, &im, err);
	cr_imported_fini(&im);
	return rc;
}

static int unknown_format(const char *name, struct cr_err *err)
{
	const struct cr_import_format *f;
	size_t i;

	cr_err_set(err, -EINVAL, "there is no format %s to import", name);
	cr_err_hint(err, "chestnut import --help lists the formats");
	for (i = 0; (f = cr_import_format(i)); i++) {
		if (cr_words_near(cr_import_name(f), name, 2))
			cr_err_hint(err, "did you mean %s?", cr_import_name(f));
	}
	return -EINVAL;
}

static int set_abi(struct order *o, struct cr_err *err)
{
	unsigned int i;

	if (!cr_import_has_abi(o->format))
		return cr_err_set(err, -EINVAL, "--abi is for a log of strace: %s says what a call "
				  "is of", cr_import_name(o->format));
	for (i = 0; i < CR_ABI_COUNT && strcmp(cr_abi_facts[i].name, o->abi) != 0; i++)
		;
	if (i == CR_ABI_COUNT) {
		cr_err_set(err, -EINVAL, "there is no ABI %s", o->abi);
		cr_err_hint(err, "there are x86-64, i386 and x32");
		return -EINVAL;
	}
	o->how.has_abi = true;
	o->how.abi = (enum cr_abi)i;
	return 0;
}

static int check(struct order *o, const struct cr_options *it, struct cr_err *err)
{
	char **words = it->argv + it->at;

	if (it->argc - it->at != 2) {
		cr_err_set(err, -EINVAL, "import wants a format and a file");
		cr_err_hint(err, "chestnut import --help lists the formats");
		return -EINVAL;
	}
	o->format = cr_import_find(words[0]);
	o->file = words[1];
	if (!o->format)
		return unknown_format(words[0], err);
	if (o->how.exe && !cr_import_has_exe(o->format))
		return cr_err_set(err, -EINVAL, "--exe is for an audit log: %s does not say whose "
				  "a call was", words[0]);
	if (o->json && !o->output)
		return cr_err_set(err, -EINVAL, "--json wants --output: the policy and the JSON "
				  "object cannot both go to standard output");
	return o->abi ? set_abi(o, err) : 0;
}

int cr_cmd_import(int argc, char **argv)
{
	struct cr_options it = CR_OPTIONS_INIT(options, argc, argv);
	struct cr_err err = { "", "" };
	struct order o = { .json = false };
	int id;

	while ((id = cr_options_next(&it, &err)) > 0) {
		if (id == CR_OPT_HELP) {
			help(&it);
			return CR_EXIT_OK;
		}
		if (cr_options_common(&it, id, usage))
			return CR_EXIT_OK;
		if (id == OPT_OUTPUT)
			o.output = it.value;
		else if (id == OPT_ABI)
			o.abi = it.value;
		else if (id == OPT_EXE)
			o.how.exe = it.value;
		else if (id == OPT_JSON)
			o.json = true;
		else
			o.how.skip_bad = id == OPT_SKIP;
	}
	if (id == 0)
		id = check(&o, &it, &err);
	if (id < 0) {
		cr_log_err(&err);
		return CR_EXIT_USAGE;
	}
	if (import(&o, &err) < 0) {
		cr_log_err(&err);
		return CR_EXIT_FAIL;
	}
	return CR_EXIT_OK;
}
