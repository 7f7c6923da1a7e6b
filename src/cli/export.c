/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * export - a policy for what is not chestnut: whole or not at all, and with its losses told
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "cr/cli.h"
#include "cr/export.h"
#include "cr/ini.h"
#include "cr/json.h"
#include "cr/log.h"
#include "cr/names.h"

#define BASES_MAX 16

enum { OPT_OUTPUT = CR_OPT_FIRST, OPT_BASE, OPT_JSON };

static const struct cr_option options[] = {
	{ 'o', "output", "FILE", "write to FILE, not to standard output", OPT_OUTPUT },
	{ 0, "base", "SET", "add the calls of base set SET (crun, runc, bwrap); repeatable",
	  OPT_BASE },
	{ 0, "json", NULL, "tell what was lost as one JSON object; wants --output", OPT_JSON },
	CR_OPTIONS_COMMON
};

static const char *const usage[] = {
	"Usage: chestnut export FORMAT POLICY [options]",
	"Write a policy in the format of another program, and tell what the format cannot hold.",
	"POLICY is a file, or the name of a program. Options may stand anywhere before --.",
	"",
	NULL
};

struct order {
	const struct cr_export_format *format;
	const char *policy;		/* borrowed: from argv, as all of these */
	const char *output;		/* NULL: standard output */
	const char *bases[BASES_MAX];
	size_t n_bases;
	bool json;
};

static void help(const struct cr_options *it)
{
	const struct cr_export_format *f;
	size_t i;

	cr_options_common(it, CR_OPT_HELP, usage);
	printf("\nFormats:\n");
	for (i = 0; (f = cr_export_format(i)); i++)
		printf("  %-10s %s\n", cr_export_name(f), cr_export_help(f));
}

/* What was read for an order. */
struct input {
	struct cr_policy *p;			/* owned */
	struct cr_policy *from[BASES_MAX];	/* owned; the base sets ... */
	struct cr_buf name[BASES_MAX];		/* ... and their names */
	struct cr_export_base bases[BASES_MAX];
	size_t n_bases;
};

/* "runc" is short for "base-runc". */
static int read_base(struct input *in, const char *set, struct cr_err *err)
{
	cr_auto_buf struct cr_buf path = CR_BUF_INIT;
	size_t i = in->n_bases;
	int rc;

	cr_buf_addf(&in->name[i], "%s%s", strncmp(set, "base-", 5) == 0 ? "" : "base-", set);
	if (!cr_buf_ok(&in->name[i]))
		return cr_err_sys(err, -ENOMEM, "cannot add %s", set);
	rc = cr_ini_base_path(cr_buf_str(&in->name[i]), &path);
	if (rc < 0) {
		cr_err_set(err, rc, "no base set is called \"%s\"", cr_buf_str(&in->name[i]));
		cr_err_hint(err, "base sets lie in %s/policies", CR_PKGDATADIR);
		return rc;
	}
	rc = cr_ini_load(cr_buf_str(&path), &in->from[i], err);
	if (rc < 0)
		return rc;
	in->bases[i].name = cr_buf_str(&in->name[i]);
	in->bases[i].p = in->from[i];
	in->n_bases++;
	return 0;
}

static int read_all(const struct order *o, struct input *in, struct cr_err *err)
{
	cr_auto_buf struct cr_buf path = CR_BUF_INIT;
	int rc = cr_policy_path(o->policy, false, &path, err);
	size_t i;

	if (rc == 0)
		rc = cr_ini_load(cr_buf_str(&path), &in->p, err);
	for (i = 0; i < o->n_bases && rc == 0; i++)
		rc = read_base(in, o->bases[i], err);
	return rc;
}

static void input_fini(struct input *in)
{
	size_t i;

	cr_policy_free(in->p);
	for (i = 0; i < BASES_MAX; i++) {
		cr_policy_free(in->from[i]);
		cr_buf_fini(&in->name[i]);
	}
}

/* A new file beside @path, with the old one's permissions, put in its place when it is whole. */
static int replace(const char *path, const struct stat *old, const struct cr_buf *b)
{
	cr_auto_buf struct cr_buf temp = CR_BUF_INIT;
	const char *slash = strrchr(path, '/');
	size_t dir = slash ? (size_t)(slash - path) + 1 : 0;
	int fd, rc;

	cr_buf_addn(&temp, path, dir);
	cr_buf_addf(&temp, ".%s.%d.tmp", path + dir, (int)getpid());
	if (!cr_buf_ok(&temp))
		return -ENOMEM;
	fd = open(cr_buf_str(&temp), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (fd < 0)
		return -errno;
	rc = cr_write_all(fd, b->s, b->len);
	if (rc == 0 && old && fchmod(fd, old->st_mode & 07777) < 0)
		rc = -errno;
	if (rc == 0 && fsync(fd) < 0)
		rc = -errno;
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && rename(cr_buf_str(&temp), path) < 0)
		rc = -errno;
	if (rc < 0)
		unlink(cr_buf_str(&temp));
	return rc;
}

/* A device or a FIFO is written to; a file is replaced, behind a symbolic link, too. */
static int put(const char *path, const struct cr_buf *b)
{
	cr_auto_free char *real = realpath(path, NULL);
	struct stat st;
	int fd, rc;

	if (!real || stat(real, &st) < 0)
		return errno == ENOENT ? replace(path, NULL, b) : -errno;
	if (S_ISREG(st.st_mode))
		return replace(real, &st, b);
	fd = open(real, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	rc = cr_write_all(fd, b->s, b->len);
	close(fd);
	return rc;
}

static void warn_losses(const struct order *o, const struct cr_buf *losses)
{
	const char *s = cr_buf_str(losses), *end;

	for (; *s; s = end + 1) {
		end = strchr(s, '\n');
		cr_warn("%s: %.*s", cr_export_name(o->format), (int)(end - s), s);
	}
}

static int tell_json(const struct order *o, const struct cr_policy *p,
		     const struct cr_buf *losses, struct cr_err *err)
{
	cr_auto_buf struct cr_buf one = CR_BUF_INIT;
	const char *s = cr_buf_str(losses), *nl;
	struct json_object *list;
	struct cr_json j;

	cr_json_begin(&j);
	cr_json_text(&j, j.top, "format", cr_export_name(o->format));
	cr_json_text(&j, j.top, "policy", p->path);
	cr_json_text(&j, j.top, "file", o->output);
	list = cr_json_array(&j, j.top, "losses");
	for (; (nl = strchr(s, '\n')); s = nl + 1) {
		cr_buf_clear(&one);
		cr_buf_addn(&one, s, (size_t)(nl - s));
		cr_json_text(&j, list, NULL, cr_buf_str(&one));
	}
	return cr_json_end(&j, stdout) < 0 ? cr_err_sys(err, -ENOMEM, "cannot tell") : 0;
}

static int deliver(const struct order *o, const struct cr_buf *out, struct cr_err *err)
{
	int rc;

	if (o->output && strcmp(o->output, "-") != 0) {
		rc = put(o->output, out);
		return rc < 0 ? cr_err_sys(err, rc, "cannot write %s", o->output) : 0;
	}
	if (cr_export_binary(o->format) && isatty(STDOUT_FILENO)) {
		rc = cr_err_set(err, -EINVAL, "a terminal is no place for a filter program");
		cr_err_hint(err, "give it a file: -o FILE; or read it: chestnut export pfc");
		return rc;
	}
	fwrite(out->s, 1, out->len, stdout);	/* main() looks whether that went well */
	return 0;
}

static int export(const struct order *o, struct cr_err *err)
{
	cr_auto_buf struct cr_buf out = CR_BUF_INIT, losses = CR_BUF_INIT;
	struct input in = { .n_bases = 0 };
	int rc = read_all(o, &in, err);

	if (rc == 0) {
		const struct cr_export_what what = {
			.p = in.p, .bases = in.bases, .n_bases = in.n_bases,
		};

		rc = cr_export(&what, o->format, &out, &losses, err);
	}
	if (rc == 0)
		rc = deliver(o, &out, err);
	if (rc == 0 && o->json)
		rc = tell_json(o, in.p, &losses, err);
	else if (rc == 0)
		warn_losses(o, &losses);
	input_fini(&in);
	return rc;
}

static int want_format(struct order *o, const char *name, struct cr_err *err)
{
	cr_auto_buf struct cr_buf all = CR_BUF_INIT;
	const struct cr_export_format *f;
	size_t i;

	o->format = cr_export_find(name);
	if (o->format)
		return 0;
	for (i = 0; (f = cr_export_format(i)); i++)
		cr_buf_addf(&all, "%s%s", i ? " " : "", cr_export_name(f));
	cr_err_set(err, -EINVAL, "there is no format %s", name);
	cr_err_hint(err, "there are: %s", cr_buf_str(&all));
	return -EINVAL;
}

/* Notes one option. */
static int note(struct order *o, int id, const char *value, struct cr_err *err)
{
	if (id == OPT_OUTPUT)
		o->output = value;
	else if (id == OPT_JSON)
		o->json = true;
	else if (o->n_bases < BASES_MAX)
		o->bases[o->n_bases++] = value;
	else
		return cr_err_set(err, -EINVAL, "more than %d base sets", BASES_MAX);
	return 0;
}

static int check(struct order *o, const char *const words[2], size_t n, struct cr_err *err)
{
	if (n != 2) {
		cr_err_set(err, -EINVAL, "export wants a format and one policy");
		cr_err_hint(err, "chestnut export FORMAT POLICY; --help lists the formats");
		return -EINVAL;
	}
	if (o->json && (!o->output || strcmp(o->output, "-") == 0))
		return cr_err_set(err, -EINVAL, "--json wants --output: the export and the JSON "
				  "object cannot both go to standard output");
	o->policy = words[1];
	return want_format(o, words[0], err);
}

/* Options may stand behind the format and the policy, too, but not behind "--". 1: help was asked
 * for and given. */
static int parse(struct order *o, struct cr_options *it, struct cr_err *err)
{
	const char *words[2] = { NULL, NULL };
	bool end = false;
	size_t n = 0;
	int id = 0;

	while (it->cluster || it->at < it->argc) {
		if (!end && !it->cluster && strcmp(it->argv[it->at], "--") == 0) {
			end = true;
			it->at++;
			continue;
		}
		id = end ? 0 : cr_options_next(it, err);
		if (id == 0) {
			words[n < 2 ? n : 1] = it->argv[it->at++];
			n++;
		} else if (id == CR_OPT_HELP) {
			help(it);
			return 1;
		} else if (id > 0 && cr_options_common(it, id, usage)) {
			return 1;
		} else if (id > 0) {
			id = note(o, id, it->value, err);
		}
		if (id < 0)
			return id;
	}
	return check(o, words, n, err);
}

int cr_cmd_export(int argc, char **argv)
{
	struct cr_options it = CR_OPTIONS_INIT(options, argc, argv);
	struct order o = { .n_bases = 0 };
	struct cr_err err = { "", "" };
	int rc = parse(&o, &it, &err);

	if (rc > 0)
		return CR_EXIT_OK;
	if (rc < 0) {
		cr_log_err(&err);
		return CR_EXIT_USAGE;
	}
	if (export(&o, &err) == 0)
		return CR_EXIT_OK;
	cr_log_err(&err);
	return CR_EXIT_FAIL;
}
