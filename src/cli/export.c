/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * export - a policy for what is not chestnut: whole or not at all, and with its losses told
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "cr/cli.h"
#include "cr/export.h"
#include "cr/ini.h"
#include "cr/log.h"
#include "cr/names.h"

#define BASES_MAX 16

enum { OPT_OUTPUT = CR_OPT_FIRST, OPT_BASE };

static const struct cr_option options[] = {
	{ 'o', "output", "FILE", "write to FILE, not to standard output", OPT_OUTPUT },
	{ 0, "base", "SET", "add the calls of base set SET (runc, bwrap); repeatable",
	  OPT_BASE },
	CR_OPTIONS_COMMON
};

static const char *const usage[] = {
	"Usage: chestnut export FORMAT POLICY [options]",
	"Write a policy in the format of another program, and tell what the format cannot hold.",
	"POLICY is a file, or the name of a program.",
	"",
	"Formats:",
	"  oci       linux.seccomp of an OCI runtime's config.json",
	"  docker    profile for docker and podman: --security-opt seccomp=FILE",
	"  k8s       SeccompProfile resource of the Security Profiles Operator",
	"  k8s-pod   piece of a pod that names an oci profile on its node",
	"  systemd   drop-in for a service: UNIT.service.d/NAME.conf",
	"  minijail  policy for minijail0 -S",
	"  bpf       the kernel's filter program, for bwrap --seccomp FD",
	"  pfc       the same filter for people to read",
	"  c-header  the same filter as an array in C",
	"  names     the names of the allowed calls, one a line",
	"",
	NULL
};

struct order {
	const struct cr_export_format *format;
	const char *policy;		/* borrowed: from argv, as all of these */
	const char *output;		/* NULL: standard output */
	const char *bases[BASES_MAX];
	size_t n_bases;
};

/* The rules of a base set, for calls that the policy says nothing of.
 * What it denies stays denied. */
static int take_rules(struct cr_policy *p, const struct cr_policy *from, const char *base,
		      struct cr_err *err)
{
	char name[CR_NAME_MAX];
	size_t i;

	for (i = 0; i < from->n_rules; i++) {
		const struct cr_rule *r = from->rules[i];
		const struct cr_rule *has = cr_policy_find(p, r->abi, r->nr);

		if (has && has->act != CR_ACT_ALLOW && has->act != CR_ACT_LOG &&
		    r->act == CR_ACT_ALLOW)
			cr_warn("%s wants %s (%s), which the policy denies: it stays denied", base,
				cr_nr_to_name(r->abi, r->nr, name), cr_abi_facts[r->abi].name);
		if (!has && cr_policy_set(p, base, r->abi, r->nr, r->act, r->err) < 0)
			return cr_err_sys(err, -ENOMEM, "cannot add %s", base);
	}
	return 0;
}

/* "runc" is short for "base-runc". */
static int add_base(struct cr_policy *p, const char *set, struct cr_err *err)
{
	cr_auto_buf struct cr_buf path = CR_BUF_INIT, name = CR_BUF_INIT;
	struct cr_policy *from = NULL;
	int rc;

	cr_buf_addf(&name, "%s%s", strncmp(set, "base-", 5) == 0 ? "" : "base-", set);
	if (!cr_buf_ok(&name))
		return cr_err_sys(err, -ENOMEM, "cannot add %s", set);
	rc = cr_ini_base_path(cr_buf_str(&name), &path);
	if (rc < 0) {
		cr_err_set(err, rc, "no base set is called \"%s\"", cr_buf_str(&name));
		cr_err_hint(err, "base sets lie in %s/policies", CR_PKGDATADIR);
		return rc;
	}
	rc = cr_ini_load(cr_buf_str(&path), &from, err);
	if (rc == 0)
		rc = take_rules(p, from, cr_buf_str(&name), err);
	cr_policy_free(from);
	return rc;
}

/* Rules of a window, for calls that may not be made outside; what is denied there stays denied. */
static int take_window(struct cr_policy *p, const struct cr_policy_window *w, struct cr_err *err)
{
	char name[CR_NAME_MAX];
	size_t i;

	for (i = 0; i < w->n_rules; i++) {
		const struct cr_rule *r = w->rules[i];
		const struct cr_rule *has = cr_policy_find(p, r->abi, r->nr);

		if (r->act != CR_ACT_ALLOW && r->act != CR_ACT_LOG)
			continue;
		if (has && has->act != CR_ACT_ALLOW && has->act != CR_ACT_LOG)
			cr_warn("%s may make %s (%s), which the policy denies outside: it stays "
				"denied", w->function, cr_nr_to_name(r->abi, r->nr, name),
				cr_abi_facts[r->abi].name);
		if (!has && cr_policy_set(p, NULL, r->abi, r->nr, r->act, r->err) < 0)
			return cr_err_sys(err, -ENOMEM, "cannot add the rules of %s", w->function);
	}
	return 0;
}

/* No filter knows who is inside of which function: what one window allows is allowed everywhere. */
static int take_windows(struct cr_policy *p, struct cr_err *err)
{
	size_t i;
	int rc = 0;

	if (p->outside_any && !p->n_windows) {
		rc = cr_err_set(err, -EINVAL, "%s lets everything pass outside of windows, and has "
				"none: there is nothing to export", p->path);
		cr_err_hint(err, "learn some: chestnut-run --learn --windows-only -f FUNCTION");
		return rc;
	}
	for (i = 0; i < p->n_windows && rc == 0; i++)
		rc = take_window(p, p->windows[i], err);
	if (rc == 0 && p->n_windows)
		cr_warn("the rules of %zu window%s become one list: what is allowed inside of one "
			"is allowed everywhere", p->n_windows, p->n_windows == 1 ? "" : "s");
	if (rc == 0 && p->outside_any)
		cr_warn("outside of windows everything passes with chestnut; here all but the "
			"calls of windows and base sets is denied");
	return rc;
}

static int write_all(int fd, const struct cr_buf *b)
{
	size_t done = 0;
	ssize_t k;

	while (done < b->len) {
		k = write(fd, b->s + done, b->len - done);
		if (k < 0 && errno != EINTR)
			return -errno;
		done += k > 0 ? (size_t)k : 0;
	}
	return 0;
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
	rc = write_all(fd, b);
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
	rc = write_all(fd, b);
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
	cr_auto_buf struct cr_buf path = CR_BUF_INIT, out = CR_BUF_INIT, losses = CR_BUF_INIT;
	struct cr_policy *p = NULL;
	size_t i;
	int rc = cr_policy_path(o->policy, false, &path, err);

	if (rc == 0)
		rc = cr_ini_load(cr_buf_str(&path), &p, err);
	if (rc == 0)
		rc = take_windows(p, err);
	for (i = 0; i < o->n_bases && rc == 0; i++)
		rc = add_base(p, o->bases[i], err);
	if (rc == 0)
		rc = cr_export(p, o->format, &out, &losses, err);
	if (rc == 0)
		rc = deliver(o, &out, err);
	if (rc == 0)
		warn_losses(o, &losses);
	cr_policy_free(p);
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
	else if (o->n_bases < BASES_MAX)
		o->bases[o->n_bases++] = value;
	else
		return cr_err_set(err, -EINVAL, "more than %d base sets", BASES_MAX);
	return 0;
}

/* Options may stand behind the format and the policy, too. 1: help was asked for and given. */
static int parse(struct order *o, struct cr_options *it, struct cr_err *err)
{
	const char *words[3] = { NULL, NULL, NULL };
	size_t n = 0;
	int id;

	while ((id = cr_options_next(it, err)) > 0 || (id == 0 && it->at < it->argc && n < 3)) {
		if (id == 0) {
			words[n++] = it->argv[it->at++];
			continue;
		}
		if (cr_options_common(it, id, usage))
			return 1;
		id = note(o, id, it->value, err);
		if (id < 0)
			break;
	}
	if (id < 0)
		return id;
	if (n != 2) {
		cr_err_set(err, -EINVAL, "export wants a format and one policy");
		cr_err_hint(err, "chestnut export FORMAT POLICY; --help lists the formats");
		return -EINVAL;
	}
	o->policy = words[1];
	return want_format(o, words[0], err);
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
