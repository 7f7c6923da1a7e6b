/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fn-build - small ELF files for the tests of src/image, made when the test runs
 *
 * In:    tests/victims/fn-*, a compiler
 * Out:   files in a directory of the test's own, and where their labels are
 * Never: leaves that directory behind
 */
#ifndef FN_BUILD_H
#define FN_BUILD_H

#include <limits.h>
#include <stdarg.h>
#include <unistd.h>

#include "cr-test.h"
#include "cr/functions.h"

static char fn_dir[] = "/tmp/chestnut-fn.XXXXXX";

static const char *fn_env(const char *name, const char *otherwise)
{
	const char *is = getenv(name);

	return is && *is ? is : otherwise;
}

/* Runs a command; what it says is not of interest. */
__attribute__((format(printf, 1, 2), unused))
static bool fn_sh(const char *fmt, ...)
{
	char cmd[4096], quiet[4200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	snprintf(quiet, sizeof(quiet), "(%s) >/dev/null 2>&1", cmd);
	return system(quiet) == 0;
}

static void fn_clean(void)
{
	fn_sh("rm -rf '%s'", fn_dir);
}

__attribute__((unused))
static void fn_start(void)
{
	if (!mkdtemp(fn_dir)) {
		perror("mkdtemp");
		exit(99);
	}
	atexit(fn_clean);
}

/* The path of a file in the test's directory; good until the call after the next. */
__attribute__((unused))
static const char *fn_path(const char *name)
{
	static char path[2][PATH_MAX];
	static int which;

	which = !which;
	snprintf(path[which], sizeof(path[which]), "%s/%s", fn_dir, name);
	return path[which];
}

/* Compiles victims/@source to @out, or skips the test. */
__attribute__((unused))
static void fn_build(const char *out, const char *source, const char *flags)
{
	if (!fn_sh("%s %s -o '%s/%s' '%s/tests/victims/%s'", fn_env("CC", "cc"), flags, fn_dir, out,
		   fn_env("top_srcdir", "."), source))
		CR_SKIP("cannot build %s with %s", source, flags);
}

__attribute__((unused))
static struct cr_object *fn_open(const char *name)
{
	struct cr_err err = { "", "" };
	struct cr_object *obj;

	if (cr_object_open(fn_path(name), &obj, &err) < 0)
		CR_FAIL("%s", err.text);
	return obj;
}

/* What nm says of symbols whose names begin with @prefix: at most @max, by address. */
__attribute__((unused))
static size_t fn_labels(const char *file, const char *prefix, char (*name)[64], cr_addr *at,
			size_t max)
{
	char cmd[PATH_MAX + 64], line[256];
	unsigned long long value;
	size_t n = 0;
	FILE *nm;

	snprintf(cmd, sizeof(cmd), "nm -n '%s/%s'", fn_dir, file);
	nm = popen(cmd, "r");
	while (nm && fgets(line, sizeof(line), nm)) {
		if (n == max || sscanf(line, "%llx %*c %63s", &value, name[n]) != 2 ||
		    strncmp(name[n], prefix, strlen(prefix)) != 0)
			continue;
		at[n++] = value;
	}
	if (!nm || pclose(nm) != 0)
		CR_SKIP("nm does not work");
	return n;
}

#endif
