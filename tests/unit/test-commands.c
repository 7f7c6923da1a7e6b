/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>

#include "cr/cli.h"
#include "cr/log.h"
#include "cr-test.h"

#define HEAD "[policy]\nformat = 1\nprogram = /usr/bin/tar\n"
#define RULES \
	"runs = 5\nall-runs = 2\n\n[syscalls]\n# by hand\nread = allow\nopenat = allow\n" \
	"unlink = allow\nmkdir = allow\nsocket = errno EPERM\n\n" \
	"[syscalls i386]\nwrite = allow\n\n[evidence]\n" \
	"openat = \"3+, 2/2 all, 31 calls, /usr/bin/tar: open_as (open.c:12) < main (tar.c:7)\"\n" \
	"unlink = \"2, 1/2 all, 3 calls, /usr/bin/tar\"\n"
#define UNUSED "mkdir = \"3+, 0/2 all, 9 calls\"\n"

static char dir[32], path[64], output[8192];

/* A directory of its own for the policy and for what is printed. */
static void write_policy(const char *text)
{
	FILE *f;

	strcpy(dir, "/tmp/chestnut-XXXXXX");
	CR_CHECK(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/t.policy", dir);
	f = fopen(path, "w");
	CR_CHECK(f != NULL);
	fputs(text, f);
	CR_CHECK_INT(fclose(f), 0);
}

static void remove_policy(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	CR_CHECK_INT(system(command), 0);
}

static const char *slurp(const char *name)
{
	FILE *f = fopen(name, "r");
	size_t n;

	CR_CHECK(f != NULL);
	n = fread(output, 1, sizeof(output) - 1, f);
	output[n] = '\0';
	fclose(f);
	return output;
}

/* Runs a command with stdout and the log in a file, and leaves what came in output. */
static int run(int (*command)(int, char **), const char *option)
{
	char *argv[] = { "command", path, NULL, NULL };
	char out[64];
	int keep, fd, status, argc = 2;

	if (option) {
		argv[1] = (char *)option;
		argv[2] = path;
		argc = 3;
	}
	snprintf(out, sizeof(out), "%s/out", dir);
	fd = open(out, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	CR_CHECK(fd >= 0);
	fflush(stdout);
	keep = dup(STDOUT_FILENO);
	dup2(fd, STDOUT_FILENO);
	cr_log_to(fd);
	status = command(argc, argv);
	fflush(stdout);
	dup2(keep, STDOUT_FILENO);
	cr_log_to(STDERR_FILENO);
	close(keep);
	close(fd);
	slurp(out);
	return status;
}

/* Takes the line away that begins with @with. */
static bool cut_line(char *text, const char *with)
{
	char *line = strstr(text, with), *end = line ? strchr(line, '\n') : NULL;

	if (!end)
		return false;
	memmove(line, end + 1, strlen(end + 1) + 1);
	return true;
}

CR_TEST(finalize)
{
	write_policy("# mine\n" HEAD "mode = learn\n" RULES UNUSED);
	CR_CHECK_INT(run(cr_cmd_finalize, NULL), CR_EXIT_OK);
	CR_CHECK_HAS(output, "dropped     mkdir (x86-64): not used by any of 2 executions "
		     "under --all\n");
	CR_CHECK_HAS(output,
		     "x86-64      3 calls allowed, 1 denied by name; all others are denied\n"
		     "            openat read unlink\n"
		     "            denied by name:\n"
		     "            socket (errno EPERM)\n");
	CR_CHECK_HAS(output, "i386        1 call allowed; all others are denied\n"
		     "            write\n");
	CR_CHECK_HAS(output, "denied      end the program; those above number ");
	CR_CHECK_HAS(output, "1 learned call was not seen in every execution");
	CR_CHECK_HAS(output, "5 executions, no call seen in only one: ");
	CR_CHECK_HAS(output, "is strict now\n");
	slurp(path);
	CR_CHECK_HAS(output, "# mine\n" HEAD "mode = strict\n");
	CR_CHECK_HAS(output, "all-runs = 2\ndigest = ");
	CR_CHECK_HAS(output, "# by hand\nread = allow\nopenat = allow\nunlink = allow\nsocket");
	CR_CHECK(!strstr(output, "mkdir"));
	remove_policy();
}

/* In each window the rules are its own. */
CR_TEST(windows)
{
	write_policy(HEAD "mode = learn\nviolation = errno EACCES\noutside = any\n"
		     "all-runs = 1\n[window 1]\nfunction = \"f\"\nread = allow\nmkdir = allow\n"
		     "[window 1 evidence]\nread = \"1, 1/1 all, 1 call\"\n"
		     "mkdir = \"1, 0/1 all, 1 call\"\n"
		     "[window 2]\nfunction = \"g\"\nobject = \"libz.so.1\"\n");
	CR_CHECK_INT(run(cr_cmd_finalize, NULL), CR_EXIT_OK);
	CR_CHECK_HAS(output, "dropped     mkdir (x86-64) inside f: not used");
	CR_CHECK_HAS(output, "outside     everything passes; only windows are confined\n");
	CR_CHECK_HAS(output,
		     "\nwindow 1: inside f\nx86-64      1 call allowed; all others are denied\n"
		     "            read\n");
	CR_CHECK_HAS(output, "\nwindow 2: inside g (libz.so.1), no call is allowed\n");
	CR_CHECK_HAS(output, "denied      fail with EACCES;");
	CR_CHECK(!strstr(slurp(path), "mkdir"));
	remove_policy();
}

CR_TEST(dry_run)
{
	write_policy(HEAD "mode = learn\n" RULES UNUSED);
	CR_CHECK_INT(run(cr_cmd_finalize, "--dry-run"), CR_EXIT_OK);
	CR_CHECK_HAS(output, "dropped     mkdir");
	CR_CHECK_HAS(output, "would be strict; nothing was written\n");
	CR_CHECK_STR(slurp(path), HEAD "mode = learn\n" RULES UNUSED);
	remove_policy();
}

/* What was lost may have been the one use of mkdir. */
CR_TEST(lost_events)
{
	write_policy(HEAD "mode = learn\nlost = 1\n" RULES UNUSED);
	CR_CHECK_INT(run(cr_cmd_finalize, NULL), CR_EXIT_FAIL);
	CR_CHECK_HAS(output, "was learned with 1 event lost: a call that the program needs may be");
	CR_CHECK_HAS(output, "hint: learn again into a new policy, or --force");
	CR_CHECK_STR(slurp(path), HEAD "mode = learn\nlost = 1\n" RULES UNUSED);
	CR_CHECK_INT(run(cr_cmd_finalize, "--force"), CR_EXIT_OK);
	CR_CHECK_HAS(slurp(path), "mode = strict\nlost = 1\n");
	CR_CHECK_HAS(output, "mkdir = allow");
	remove_policy();
}

CR_TEST(audit_by_hand)
{
	write_policy(HEAD "mode = audit\n" RULES UNUSED);
	CR_CHECK_INT(run(cr_cmd_finalize, NULL), CR_EXIT_FAIL);
	CR_CHECK_HAS(output, "is in audit mode, which only a hand can have set");
	CR_CHECK_INT(run(cr_cmd_finalize, "--force"), CR_EXIT_OK);
	CR_CHECK_HAS(slurp(path), "mode = strict\n");
	remove_policy();
}

static void append(const char *text)
{
	FILE *f = fopen(path, "a");

	CR_CHECK(f != NULL);
	fputs(text, f);
	CR_CHECK_INT(fclose(f), 0);
}

CR_TEST(hand_edits_are_seen)
{
	write_policy(HEAD "mode = learn\n[syscalls]\nread = allow\n");
	CR_CHECK_INT(run(cr_cmd_finalize, NULL), CR_EXIT_OK);
	CR_CHECK_INT(run(cr_cmd_show, NULL), CR_EXIT_OK);
	CR_CHECK_HAS(output, "finalized   yes, and not changed since then\n");
	append("# a comment\n");
	CR_CHECK_INT(run(cr_cmd_show, NULL), CR_EXIT_OK);
	CR_CHECK_HAS(output, "finalized   yes, and not changed since then\n");
	append("mkdir = allow\n");
	CR_CHECK_INT(run(cr_cmd_show, NULL), CR_EXIT_OK);
	CR_CHECK_HAS(output, "finalized   yes, and changed since then");
	CR_CHECK_INT(run(cr_cmd_finalize, NULL), CR_EXIT_OK);
	CR_CHECK_HAS(output, "x86-64      2 calls allowed");
	CR_CHECK_INT(run(cr_cmd_show, NULL), CR_EXIT_OK);
	CR_CHECK_HAS(output, "finalized   yes, and not changed since then\n");
	remove_policy();
}

CR_TEST(base_rules_stay)
{
	char base[80];
	FILE *f;

	write_policy(HEAD "mode = learn\nruns = 1\ninclude = ./b\n[syscalls]\nread = allow\n");
	snprintf(base, sizeof(base), "%s/b", dir);
	f = fopen(base, "w");
	CR_CHECK(f != NULL);
	fputs("[syscalls]\nread = allow\nbrk = allow\nmmap = never\nrestart_syscall = allow\n"
	      "[syscalls i386]\ntime = allow\n", f);
	CR_CHECK_INT(fclose(f), 0);
	CR_CHECK_INT(run(cr_cmd_finalize, NULL), CR_EXIT_OK);
	CR_CHECK_HAS(output, "2 calls of the base sets, kept, were never used while learning: brk "
		     "i386:time\n");
	CR_CHECK_HAS(output, "x86-64      3 calls allowed, 1 denied by name");
	remove_policy();
}

CR_TEST(keep_unused)
{
	write_policy(HEAD "mode = learn\n" RULES UNUSED);
	CR_CHECK_INT(run(cr_cmd_finalize, "--keep-unused"), CR_EXIT_OK);
	CR_CHECK_HAS(output, "x86-64      4 calls allowed");
	slurp(path);
	CR_CHECK(cut_line(output, "digest = "));
	CR_CHECK_STR(output, HEAD "mode = strict\n" RULES UNUSED);
	remove_policy();
}

CR_TEST(never_all)
{
	write_policy(HEAD "mode = learn\nruns = 3\n\n[syscalls]\nmkdir = allow\n\n"
		     "[evidence]\nmkdir = \"1, 1 call\"\n");
	CR_CHECK_INT(run(cr_cmd_finalize, NULL), CR_EXIT_OK);
	CR_CHECK_HAS(output, "x86-64      1 call allowed");
	CR_CHECK(!strstr(output, "dropped"));
	remove_policy();
}

CR_TEST(strict_already)
{
	cr_auto_buf struct cr_buf before = CR_BUF_INIT;

	write_policy(HEAD "mode = strict\n" RULES UNUSED);
	CR_CHECK_INT(run(cr_cmd_finalize, NULL), CR_EXIT_OK);
	CR_CHECK(!strstr(output, "dropped"));
	cr_buf_add(&before, slurp(path));
	CR_CHECK_INT(run(cr_cmd_finalize, NULL), CR_EXIT_OK);
	CR_CHECK_HAS(output, "is strict already, and not changed since\n");
	CR_CHECK_STR(slurp(path), before.s);
	remove_policy();
}

CR_TEST(nothing_learned)
{
	write_policy(HEAD "mode = learn\n");
	CR_CHECK_INT(run(cr_cmd_finalize, NULL), CR_EXIT_FAIL);
	CR_CHECK_HAS(output, "has no rule of its own");
	CR_CHECK_HAS(output, "hint: learn first");
	CR_CHECK_STR(slurp(path), HEAD "mode = learn\n");
	remove_policy();
}

CR_TEST(show)
{
	write_policy(HEAD "mode = learn\nlost = 2\n" RULES UNUSED);
	CR_CHECK_INT(run(cr_cmd_show, NULL), CR_EXIT_OK);
	CR_CHECK_HAS(output, "executions  5, 2 of them with every call traced\n");
	CR_CHECK_HAS(output, "lost        2 events of these, which may have been calls that are");
	CR_CHECK_HAS(output, "x86-64: 5 calls\n  denied (1)\n"
		     "    socket                   errno EPERM\n"
		     "  allowed by hand (1)\n    read\n"
		     "  learned, seen in two executions (1)\n"
		     "    unlink                   2 of 5; 1 of 2 --all /usr/bin/tar\n"
		     "  learned (2)\n    mkdir ");
	CR_CHECK_HAS(output, "    openat                   3+ of 5; 2 of 2 --all /usr/bin/tar\n");
	CR_CHECK_HAS(output, "i386: 1 call\n  allowed by hand (1)\n    write\n");
	CR_CHECK_HAS(output, "5 executions, no call seen in only one: with 95 % confidence, at "
		     "most 6 in every 10 further executions bring anything new (rule of three)");
	CR_CHECK_HAS(output, "This speaks of executions like those only");
	CR_CHECK(!strstr(output, "open_as") && !strstr(output, "finalized"));
	CR_CHECK_INT(run(cr_cmd_show, "-v"), CR_EXIT_OK);
	CR_CHECK_HAS(output, "        open_as (open.c:12) < main (tar.c:7)\n");
	remove_policy();
}

CR_TEST(wrong_line)
{
	write_policy(HEAD "mode = learn\n[syscalls]\nopeanat = allow\n");
	CR_CHECK_INT(run(cr_cmd_show, NULL), CR_EXIT_FAIL);
	CR_CHECK_HAS(output, "t.policy:6: ");
	CR_CHECK_INT(run(cr_cmd_finalize, NULL), CR_EXIT_FAIL);
	CR_CHECK_HAS(output, "t.policy:6: ");
	CR_CHECK_INT(run(cr_cmd_show, "--no-such"), CR_EXIT_USAGE);
	CR_CHECK_INT(run(cr_cmd_finalize, "two"), CR_EXIT_USAGE);
	remove_policy();
}

int main(void)
{
	CR_RUN(finalize,
	       "finalize makes a policy strict, and drops what no --all execution has used");
	CR_RUN(windows, "finalize drops and shows in each window what is the window's");
	CR_RUN(dry_run, "a dry run says all that and writes nothing");
	CR_RUN(lost_events, "where events were lost nothing is enforced unasked, nothing dropped");
	CR_RUN(audit_by_hand, "a policy that is to report only is not finalized unasked");
	CR_RUN(hand_edits_are_seen, "what was changed after finalizing is seen until done again");
	CR_RUN(base_rules_stay,
	       "finalize names the base sets' rules that nobody used, and keeps them");
	CR_RUN(keep_unused, "with --keep-unused only the mode's line changes");
	CR_RUN(never_all, "nothing is dropped when no execution has traced every call");
	CR_RUN(strict_already, "finalizing twice changes nothing and is no failure");
	CR_RUN(nothing_learned, "a policy without a rule of its own is not finalized");
	CR_RUN(show, "show tells where each rule comes from and how far to trust them all");
	CR_RUN(wrong_line, "a wrong line is named with its file and number");
	return cr_done();
}
