/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli-run - a command of chestnut run inside a test, and what it printed
 *
 * run_dir() makes a directory of the test's own, run() calls a command there and leaves its
 * standard output and its messages in run_output and run_said.
 */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cr/cli.h"
#include "cr/log.h"
#include "cr-test.h"

static char run_here[64], run_output[1 << 18], run_said[1 << 16];
static size_t run_length;	/* of run_output, which may hold NUL bytes */

static void run_dir(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(run_here, sizeof(run_here), "%.40s/chestnut-XXXXXX", tmp ? tmp : "/tmp");
	CR_CHECK(mkdtemp(run_here) != NULL);
	CR_CHECK_INT(chdir(run_here), 0);
}

static void run_done(void)
{
	char command[128];

	CR_CHECK_INT(chdir("/"), 0);
	snprintf(command, sizeof(command), "rm -rf '%s'", run_here);
	CR_CHECK_INT(system(command), 0);
}

/* Writes a file in the current directory. */
static void run_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "we");

	CR_CHECK(f != NULL);
	fputs(text, f);
	CR_CHECK_INT(fclose(f), 0);
}

static size_t run_slurp(const char *name, char *to, size_t size)
{
	FILE *f = fopen(name, "re");
	size_t n;

	CR_CHECK(f != NULL);
	n = fread(to, 1, size - 1, f);
	to[n] = '\0';
	fclose(f);
	return n;
}

/* @words: the command and its arguments, ended by NULL. Answers its exit status. */
static int run(int (*command)(int, char **), const char *const *words)
{
	int flags = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC;
	int keep, out = open("stdout", flags, 0600), said = open("stderr", flags, 0600);
	int status, n = 0;
	char *argv[32];

	CR_CHECK(out >= 0 && said >= 0);
	for (; words[n]; n++)
		argv[n] = (char *)words[n];
	argv[n] = NULL;
	fflush(stdout);
	keep = dup(STDOUT_FILENO);
	dup2(out, STDOUT_FILENO);
	cr_log_to(said);
	status = command(n, argv);
	fflush(stdout);
	dup2(keep, STDOUT_FILENO);
	cr_log_to(STDERR_FILENO);
	close(keep);
	close(out);
	close(said);
	run_length = run_slurp("stdout", run_output, sizeof(run_output));
	run_slurp("stderr", run_said, sizeof(run_said));
	return status;
}

#define RUN(command, ...) run(command, (const char *const []){ __VA_ARGS__, NULL })

#endif
