/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can become of a call: in a file, by a command, in several places at once, a hundred thousand
 * times. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <sys/mman.h>

#include "cli-run.h"
#include "cr/diff.h"
#include "cr/enforce.h"
#include "cr/filter.h"
#include "cr/ini.h"
#include "cr/merge.h"
#include "cr/names.h"
#include "judge-site.h"

#define MANY 100000

static struct cr_err err;
static struct cr_policy *p;
static struct cr_enforce *e;
static int log_fd = -1;
static char said[1 << 20];
static unsigned int strings;	/* how often the target was read, as "stacks" is for stacks */
static unsigned int records, repeats;
static uint64_t times;			/* of what was repeated, the last */

static int site_string(const struct cr_site *site, cr_addr at, char *text, size_t size)
{
	(void)site;
	strings++;
	return snprintf(text, size, "/etc/%llu", (unsigned long long)at);
}

static struct cr_site site = {
	.pid = 100, .tid = 100, .exe = site_exe, .stack = site_stack, .string = site_string,
};

/* What has been logged since the last question. */
static const char *heard(void)
{
	ssize_t n = pread(log_fd, said, sizeof(said) - 1, 0);

	said[n < 0 ? 0 : n] = '\0';
	return ftruncate(log_fd, 0) < 0 ? "" : said;
}

static struct cr_policy *parse(const char *text)
{
	struct cr_policy *got = NULL;

	if (cr_ini_parse("x.policy", text, strlen(text), &got, &err) < 0)
		CR_FAIL("%s in: %s", err.text, text);
	return got;
}

static void record(void *ctx, const struct cr_denial *d)
{
	(void)ctx;
	(void)d;
	records++;
}

static void repeated(void *ctx, unsigned int window, enum cr_abi abi, uint32_t nr, uint64_t n)
{
	(void)ctx;
	(void)window;
	(void)abi;
	(void)nr;
	repeats++;
	times = n;
}

static void begin(const char *text, enum cr_reply (*ask)(void *, const struct cr_question *))
{
	struct cr_enforce_plan plan = { .record = record, .repeated = repeated, .ask = ask };

	cr_enforce_free(e);
	cr_policy_free(p);
	p = parse(text);
	plan.policy = p;
	plan.violation = p->violation;
	e = cr_enforce_new(&plan);
	CR_CHECK(e != NULL);
	site.windows = NULL;
	site.n_windows = 0;
	stacks = strings = records = repeats = 0;
	times = 0;
	heard();
}

/* 0 for yes, an errno, -1 for the end of the tree, -2 for a process that is left stopped. */
static int judged(const char *name, uint64_t a0)
{
	struct cr_judge *j = cr_enforce_judge(e);
	struct cr_call call = {
		.abi = CR_ABI_NATIVE, .nr = (uint32_t)cr_name_to_nr(CR_ABI_NATIVE, name),
		.args = { a0, a0 },
	};
	struct cr_verdict v = j->judge(j, &call, &site);

	if (v.what == CR_VERDICT_STOP)
		return -2;
	return v.what == CR_VERDICT_KILL ? -1 : v.what == CR_VERDICT_ERRNO ? v.err : 0;
}

CR_TEST(words)
{
	static const char *const violations[] = { "kill", "errno EACCES", "log", "ask", "stop" };
	char text[512];
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(violations); i++) {
		cr_auto_buf struct cr_buf out = CR_BUF_INIT;
		struct cr_policy *got;

		snprintf(text, sizeof(text), "[policy]\nviolation = %s\n[syscalls]\n"
			 "close = ask if arg0 == 1 else kill\nread = %s\nwrite = %s\n"
			 "[window 1]\nfunction = \"f\"\nread = stop\n", violations[i],
			 violations[i], violations[(i + 1) % CR_ARRAY_SIZE(violations)]);
		got = parse(text);
		CR_CHECK_INT(cr_ini_edit(text, strlen(text), got, &out), 0);
		CR_CHECK_HAS(cr_buf_str(&out), text + strlen("[policy]\n"));
		cr_buf_clear(&out);
		CR_CHECK_INT(cr_ini_edit("", 0, got, &out), 0);
		snprintf(text, sizeof(text), "violation = %s\n", violations[i]);
		CR_CHECK_HAS(cr_buf_str(&out), text);
		CR_CHECK_HAS(cr_buf_str(&out), "\nclose = ask if arg0 == 1 else kill\n");
		CR_CHECK_HAS(cr_buf_str(&out), "\nread = stop\n");
		cr_policy_free(got);
	}
}

CR_TEST(rules_keep_their_word)
{
	begin("[policy]\nviolation = errno EACCES\n[syscalls]\nread = kill\nwrite = stop\n"
	      "close = ask\nopen = log\nstat = never\n", NULL);
	CR_CHECK_INT(judged("read", 0), -1);
	CR_CHECK_HAS(heard(), "denied read(");
	CR_CHECK_HAS(said, ": killed\n");
	CR_CHECK_HAS(said, "line 4 of x.policy says so");
	CR_CHECK_INT(judged("write", 0), -2);
	CR_CHECK_HAS(heard(), ": stopped\n");
	CR_CHECK_INT(judged("close", 0), EPERM);
	CR_CHECK_HAS(heard(), "denied close(0) by /opt/prog, process 100: failed with EPERM\n");
	CR_CHECK_HAS(said, "to allow it: chestnut allow x.policy close\n");
	CR_CHECK_INT(judged("open", 0), 0);
	CR_CHECK_HAS(heard(), "noted open(");
	CR_CHECK_INT(judged("stat", 0), EACCES);
	CR_CHECK_INT(judged("fstat", 0), EACCES);
}

/* Where windows disagree, the strictest of what they do holds, and a violation may be lenient. */
CR_TEST(the_strictest_window_holds)
{
	static const struct {
		const char *violation, *outer, *inner;
		int what;
	} rows[] = {
		{ "kill", "read = allow\n", "read = log\n", 0 },
		{ "kill", "read = errno EACCES\n", "read = ask\n", EACCES },
		{ "kill", "read = ask\n", "read = log\n", EPERM },
		{ "kill", "read = stop\n", "read = errno EACCES\n", -2 },
		{ "kill", "read = stop\n", "read = kill\n", -1 },
		{ "kill", "read = stop\n", "", -1 },
		{ "errno EIO", "read = stop\n", "", -2 },
		{ "errno EIO", "read = ask\n", "read = never\n", EIO },
		{ "errno EIO", "read = errno EACCES\n", "", EIO },
		{ "log", "read = errno EACCES\n", "", EACCES },
		{ "log", "read = kill\n", "read = never\n", -1 },
		{ "log", "read = allow\n", "", 0 },
		{ "ask", "read = errno EACCES\n", "", EACCES },
		{ "stop", "read = kill\n", "", -1 },
	};
	static const unsigned int open[2][2] = { { 1, 2 }, { 2, 1 } };
	char text[512];
	size_t i, k;

	for (i = 0; i < CR_ARRAY_SIZE(rows); i++) {
		snprintf(text, sizeof(text), "[policy]\nviolation = %s\n[window 1]\n"
			 "function = \"f\"\n%s[window 2]\nfunction = \"g\"\n%s",
			 rows[i].violation, rows[i].inner, rows[i].outer);
		for (k = 0; k < 2; k++) {
			begin(text, NULL);
			site.windows = open[k];
			site.n_windows = 2;
			if (judged("read", 0) != rows[i].what)
				CR_FAIL("row %zu, order %zu", i, k);
		}
	}
}

/* What is told apart: what becomes of it, and who is left stopped each time. */
CR_TEST(kinds)
{
	begin("[policy]\nviolation = errno EPERM\n[syscalls]\nread = stop if arg0 == 5\n"
	      "write = kill if arg0 == 5 else ask\n", NULL);
	CR_CHECK_INT(judged("read", 6), EPERM);
	CR_CHECK_HAS(heard(), "denied read(6, ");
	CR_CHECK_INT(judged("read", 5), -2);
	CR_CHECK_HAS(heard(), ": stopped\n");
	CR_CHECK_HAS(said, "kill -KILL 100\n");
	CR_CHECK_INT(judged("read", 5), -2);
	CR_CHECK_HAS(heard(), "kill -KILL 100\n");
	CR_CHECK_INT(judged("write", 1), EPERM);
	CR_CHECK_HAS(heard(), "denied write(1, ");
	CR_CHECK_INT(judged("write", 5), -1);
	CR_CHECK_HAS(heard(), "denied write(5, ");
	CR_CHECK(cr_enforce_finish(e) == 5);
	CR_CHECK_STR(heard(), "");
}

static unsigned int questions;
static enum cr_reply reply;

static enum cr_reply answer(void *ctx, const struct cr_question *q)
{
	(void)ctx;
	CR_CHECK_HAS(q->sentence, "close(0) by /opt/prog");
	CR_CHECK_STR(q->rule, "close");
	questions++;
	return reply;
}

CR_TEST(a_person_is_asked)
{
	static const char text[] = "[policy]\nviolation = kill\n[syscalls]\nclose = ask\n";
	int i;

	begin(text, answer);
	questions = 0;
	reply = CR_ALLOW_ONCE;
	CR_CHECK_INT(judged("close", 0), 0);
	CR_CHECK_STR(heard(), "");
	reply = CR_DENY_ONCE;
	CR_CHECK_INT(judged("close", 0), EPERM);
	CR_CHECK_HAS(heard(), "denied close(0)");
	reply = CR_ALLOW_ALWAYS;
	CR_CHECK_INT(judged("close", 0), 0);
	CR_CHECK_INT(judged("close", 0), 0);
	CR_CHECK_INT(questions, 3);
	CR_CHECK_INT(judged("read", 0), -1);
	CR_CHECK(cr_enforce_finish(e) == 2);
	begin(text, answer);
	reply = CR_DENY_ONCE;
	for (i = 0; i < 3; i++)
		CR_CHECK_INT(judged("close", 0), EPERM);
	CR_CHECK(cr_enforce_finish(e) == 3);
	CR_CHECK(!strstr(heard(), "was reported"));
	reply = CR_DENY_ALWAYS;
	for (i = 0; i < 5; i++)
		CR_CHECK_INT(judged("close", 0), EPERM);
	CR_CHECK_INT(questions, 7);
	CR_CHECK_INT(cr_enforce_finish(e), 8);
	CR_CHECK_HAS(heard(), "close (x86-64) was reported 4 times and made 8 times\n");
	begin(text, NULL);
	reply = CR_ALLOW_ALWAYS;
	CR_CHECK_INT(judged("close", 0), EPERM);
}

/* However often: told once, counted exactly, and what is read of the target does not grow. */
CR_TEST(many)
{
	static const char *const texts[] = {
		"[policy]\nviolation = errno EACCES\n[syscalls]\nwrite = allow\n",
		"[policy]\nviolation = log\n[syscalls]\nwrite = allow\n",
		"[policy]\nviolation = ask\n[syscalls]\nwrite = allow\n",
		"[syscalls]\nread = log\n", "[syscalls]\nread = ask\n",
	};
	char line[128];
	size_t i;
	int k;

	for (i = 0; i < CR_ARRAY_SIZE(texts); i++) {
		begin(texts[i], NULL);
		for (k = 0; k < MANY; k++)
			judged("read", 7);
		CR_CHECK(cr_enforce_finish(e) == (i == 3 ? 0 : MANY));
		snprintf(line, sizeof(line), "read (x86-64) was %s once and made %d times\n",
			 i == 3 ? "noted" : "reported", MANY);
		CR_CHECK_HAS(heard(), line);
		CR_CHECK(strlen(said) < 1024);
		CR_CHECK_INT(records, 1);
		CR_CHECK_INT(repeats, 1);
		CR_CHECK_INT(times, MANY);
		CR_CHECK_INT(stacks, 1);
	}
}

CR_TEST(many_arguments)
{
	int k;

	begin("[policy]\nviolation = log\n[syscalls]\nsocket = allow if arg0 == 1\nopen = log\n",
	      NULL);
	for (k = 0; k < MANY; k++)
		CR_CHECK_INT(judged("socket", 2 + (uint64_t)k), 0);
	CR_CHECK(cr_enforce_finish(e) == MANY);
	CR_CHECK_HAS(heard(), "socket (x86-64) was reported 64 times and made 100000 times\n");
	CR_CHECK_INT(stacks, 64);
	for (k = 0; k < MANY; k++)
		CR_CHECK_INT(judged("open", 1 + (uint64_t)k), 0);
	CR_CHECK(cr_enforce_finish(e) == MANY);
	CR_CHECK_HAS(heard(), "1000 calls were noted: all others are only counted\n");
	CR_CHECK_HAS(said, "open (x86-64) was noted 1000 times and made 100000 times\n");
	CR_CHECK_INT(stacks, 1064);
	CR_CHECK(strings <= 3000);
}

static const char *merged(const char *a, const char *b)
{
	static char text[CR_NAME_MAX];
	cr_auto_buf struct cr_buf out = CR_BUF_INIT;
	struct cr_policy *in[2] = { parse(a), parse(b) };
	struct cr_merge m;

	CR_CHECK_INT(cr_merge_policies((const struct cr_policy *const *)in, 2, CR_PREFER_NONE, &m),
		     0);
	CR_CHECK_INT(m.n_open, 0);
	cr_rule_print(cr_policy_own(m.policy, CR_ABI_NATIVE, 0), &out);
	snprintf(text, sizeof(text), "%s", cr_buf_str(&out));
	cr_merge_fini(&m);
	cr_policy_free(in[0]);
	cr_policy_free(in[1]);
	return text;
}

/* Each is stricter than those before it, when both policies say that of a violation. */
CR_TEST(merging)
{
	static const struct {
		const char *violation;
		const char *order[7];
	} rows[] = {
		{ "log", { "allow", "log", "never", "ask", "errno EPERM", "stop", "kill" } },
		{ "ask", { "allow", "log", "ask", "never", "errno EPERM", "stop", "kill" } },
		{ "errno EIO", { "allow", "log", "ask", "errno EPERM", "never", "stop", "kill" } },
		{ "stop", { "allow", "log", "ask", "errno EPERM", "stop", "never", "kill" } },
		{ "kill", { "allow", "log", "ask", "errno EPERM", "stop", "never", "kill" } },
	};
	char a[128], b[128];
	size_t i, k, n;

	for (i = 0; i < CR_ARRAY_SIZE(rows); i++) {
		for (k = 0; k < 7; k++) {
			for (n = k; n < 7; n++) {
				snprintf(a, sizeof(a), "[policy]\nviolation = %s\n[syscalls]\n"
					 "read = %s\n", rows[i].violation, rows[i].order[k]);
				snprintf(b, sizeof(b), "[policy]\nviolation = %s\n[syscalls]\n"
					 "read = %s\n", rows[i].violation, rows[i].order[n]);
				CR_CHECK_STR(merged(a, b), rows[i].order[n]);
				CR_CHECK_STR(merged(b, a), rows[i].order[n]);
			}
		}
	}
}

CR_TEST(differences)
{
	struct cr_policy *a = parse("[policy]\nviolation = log\n[syscalls]\nread = ask\n");
	struct cr_policy *b = parse("[policy]\nviolation = stop\n[syscalls]\nread = kill\n");
	char one[CR_DIGEST_MAX], other[CR_DIGEST_MAX];
	struct cr_diff d;

	CR_CHECK_INT(cr_diff_policies(a, b, 0, &d), 0);
	CR_CHECK_INT(d.n, 2);
	CR_CHECK_STR(d.v[0].a, "log");
	CR_CHECK_STR(d.v[0].b, "stop");
	CR_CHECK_STR(d.v[1].a, "ask");
	CR_CHECK_STR(d.v[1].b, "kill");
	cr_diff_fini(&d);
	a->violation = b->violation;
	CR_CHECK_INT(cr_policy_digest(a, one), 0);
	CR_CHECK_INT(cr_policy_digest(b, other), 0);
	CR_CHECK(strcmp(one, other) != 0);
	cr_policy_free(a);
	cr_policy_free(b);
}

/* How violations are numbered in a digest must not change: sealed policies would seem changed. */
CR_TEST(digests_stay)
{
	struct cr_policy *a = parse("[policy]\nmode = strict\nhorizon = 6.1 450\n[syscalls]\n"
				    "read = allow\n");
	char kill[CR_DIGEST_MAX], fail[CR_DIGEST_MAX];

	CR_CHECK_INT(cr_policy_digest(a, kill), 0);
	a->violation = (struct cr_violation){ CR_ACT_ERRNO, EACCES };
	CR_CHECK_INT(cr_policy_digest(a, fail), 0);
	CR_CHECK_STR(kill, "00a723084136cf8f77c3a1730e2cd88b43f0fd35f76a977298e89b2c6b4d7084");
	CR_CHECK_STR(fail, "e63c7d49d1a1ac8e4a2eb8760418b3ebc653d22d12df3ffc3cd99132644c46de");
	cr_policy_free(a);
}

static const char *file(void)
{
	static char text[4096];

	run_slurp("p.policy", text, sizeof(text));
	return text;
}

CR_TEST(commands)
{
	run_dir();
	run_file("p.policy", "[policy]\nviolation = kill\n[syscalls]\n# mine\nread = allow\n"
		 "[window 1]\nfunction = \"f\"\n");
	CR_CHECK_INT(RUN(cr_cmd_deny, "deny", "--kill", "p.policy", "ptrace"), 0);
	CR_CHECK_STR(run_output, "ptrace = kill\n");
	CR_CHECK_INT(RUN(cr_cmd_deny, "deny", "--ask", "p.policy", "socket if arg0 == AF_INET"), 0);
	CR_CHECK_STR(run_output, "socket = ask if arg0 == AF_INET\n");
	CR_CHECK_INT(RUN(cr_cmd_deny, "deny", "--stop", "-w", "f", "p.policy", "execve"), 0);
	CR_CHECK_INT(RUN(cr_cmd_allow, "allow", "--log", "p.policy", "openat"), 0);
	CR_CHECK_INT(RUN(cr_cmd_deny, "deny", "--kill", "p.policy", "read if arg0 == 3"), 0);
	CR_CHECK_STR(run_output, "read = kill if arg0 == 3 else allow (was: allow)\n");
	CR_CHECK_STR(file(), "[policy]\nviolation = kill\n[syscalls]\nopenat = log\n"
		     "ptrace = kill\n# mine\nread = kill if arg0 == 3 else allow\n"
		     "socket = ask if arg0 == AF_INET\n[window 1]\nfunction = \"f\"\n"
		     "execve = stop\n");
	CR_CHECK_INT(RUN(cr_cmd_deny, "deny", "--kill", "p.policy", "ptrace"), 0);
	CR_CHECK_STR(run_output, "ptrace is \"kill\" already\n");
	CR_CHECK_INT(RUN(cr_cmd_deny, "deny", "--kill", "-e", "EIO", "p.policy", "ptrace"), 2);
	CR_CHECK_HAS(run_said, "only one thing can become of a call");
	CR_CHECK_INT(RUN(cr_cmd_deny, "deny", "-e", "EIO", "--ask", "p.policy", "ptrace"), 2);
	CR_CHECK_INT(RUN(cr_cmd_allow, "allow", "--kill", "p.policy", "ptrace"), 2);
	CR_CHECK_INT(RUN(cr_cmd_violation, "violation", "p.policy", "errno:EACCES"), 0);
	CR_CHECK_STR(run_output, "violation = errno EACCES (was: kill)\n");
	CR_CHECK_HAS(file(), "violation = errno EACCES\n");
	CR_CHECK_INT(RUN(cr_cmd_violation, "violation", "p.policy", "log"), 0);
	CR_CHECK_HAS(file(), "violation = log\n");
	CR_CHECK_INT(RUN(cr_cmd_violation, "violation", "p.policy", "allow"), 1);
	CR_CHECK_HAS(run_said, "\"allow\" is nothing that a violation can lead to");
	CR_CHECK_HAS(file(), "violation = log\n");
	CR_CHECK_INT(RUN(cr_cmd_violation, "violation", "p.policy"), 2);
	run_done();
}

CR_TEST(lint)
{
	run_dir();
	run_file("p.policy", "[policy]\nviolation = log\n[syscalls]\nread = allow\n"
		 "ptrace = kill\nbpf = ask\n");
	CR_CHECK_INT(RUN(cr_cmd_lint, "lint", "p.policy"), 1);
	CR_CHECK_HAS(run_output, "WARNING: violation = log: what no rule names is made");
	CR_CHECK(!strstr(run_output, "ptrace (x86-64"));
	CR_CHECK(!strstr(run_output, "  x86-64   1 of "));
	CR_CHECK(!strstr(run_output, "(0.0 %)"));
	CR_CHECK(!strstr(run_output, "bpf (x86-64"));
	CR_CHECK_INT(RUN(cr_cmd_lint, "lint", "--json", "p.policy"), 1);
	CR_CHECK_HAS(run_output, "\"violation_log\":true");
	run_file("p.policy", "[policy]\nviolation = ask\n[syscalls]\nread = allow\nptrace = ask\n");
	CR_CHECK_INT(RUN(cr_cmd_lint, "lint", "p.policy"), 0);
	CR_CHECK_HAS(run_output, "  x86-64   1 of ");
	run_done();
}

int main(void)
{
	log_fd = memfd_create("log", MFD_CLOEXEC);
	if (log_fd < 0 || fcntl(log_fd, F_SETFL, O_APPEND) < 0)
		return 99;
	cr_log_to(log_fd);
	CR_RUN(words, "what a policy says of a call is written as it was read");
	CR_RUN(rules_keep_their_word, "a rule is what it says, whatever a violation does");
	CR_RUN(the_strictest_window_holds, "of several windows the strictest holds");
	CR_RUN(kinds, "what becomes of it tells one denial from another");
	CR_RUN(a_person_is_asked, "a person is asked, as often as he wants; without one it fails");
	CR_RUN(many, "100000 of one kind are told once, counted, and read once");
	CR_RUN(many_arguments, "100000 arguments are told a bounded number of times");
	CR_RUN(merging, "of two rules the stricter one is taken, by what violations do");
	CR_RUN(differences, "diff and digest know all actions");
	CR_RUN(digests_stay, "a digest stays what it was");
	CR_RUN(commands, "each kind of rule and the default have a command");
	CR_RUN(lint, "lint warns of a policy that only denies by name");
	cr_enforce_free(e);
	cr_policy_free(p);
	return cr_done();
}
