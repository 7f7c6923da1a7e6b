/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The two judges and the filter's plan, about calls that are made inside of function windows. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../cr-test.h"
#include "cr/enforce.h"
#include "cr/filter.h"
#include "cr/ini.h"
#include "cr/learn.h"
#include "cr/log.h"
#include "cr/names.h"
#include "cr/tally.h"
#include "judge-site.h"

static char dir[] = "/tmp/cr-judge-XXXXXX";
static char path[64];
static int log_fd = -1;
static char said[16384];

static struct cr_err err;
static struct cr_policy *p;
static struct cr_store *s;
static struct cr_learn *l;
static struct cr_learned sum;
static struct cr_enforce *e;
static const char *(*window_words)(const struct cr_site *site, size_t k);

static int site_string(const struct cr_site *site, cr_addr at, char *text, size_t size)
{
	(void)site;
	(void)at;
	return snprintf(text, size, "/bin/sh");
}

static const char *entered_at(const struct cr_site *site, size_t k)
{
	static char text[64];

	snprintf(text, sizeof(text), "w%u (srv+0x%zx, a.c:7)", site->windows[k], k);
	return text;
}

/* What has been logged since the last question. */
static const char *heard(void)
{
	ssize_t n = pread(log_fd, said, sizeof(said) - 1, 0);

	said[n < 0 ? 0 : n] = '\0';
	if (ftruncate(log_fd, 0) < 0)
		return "";
	return said;
}

static uint32_t nr_of(const char *name)
{
	int nr = cr_name_to_nr(CR_ABI_NATIVE, name);

	if (nr < 0)
		CR_FAIL("there is no %s", name);
	return (uint32_t)nr;
}

static void clear(void)
{
	cr_learn_free(l);
	cr_store_free(s);
	cr_enforce_free(e);
	cr_policy_free(p);
	l = NULL;
	s = NULL;
	e = NULL;
	p = NULL;
	stacks = 0;
	stack_words = "";
	window_words = NULL;
	heard();
}

static void write_policy(const char *text)
{
	FILE *f = fopen(path, "w");

	CR_CHECK(f != NULL);
	fputs(text, f);
	CR_CHECK_INT(fclose(f), 0);
}

static void begin_learning(const char *text, bool all, bool windows_only)
{
	clear();
	write_policy(text);
	if (cr_store_begin(path, NULL, all, &s, &err) < 0)
		CR_FAIL("%s", err.text);
	l = cr_learn_new(s, windows_only);
	CR_CHECK(l != NULL);
}

static unsigned int window(const char *function)
{
	struct cr_window_name name = { function, NULL, CR_SCOPE_THREAD };
	int rc = cr_store_window(s, &name, &err);

	if (rc < 0)
		CR_FAIL("%s", err.text);
	return (unsigned int)rc;
}

static void begin_enforcing(const char *text, bool audit)
{
	struct cr_enforce_plan plan = { .audit = audit };

	clear();
	write_policy(text);
	if (cr_ini_load(path, &p, &err) < 0)
		CR_FAIL("%s", err.text);
	plan.policy = p;
	plan.violation = p->violation;
	e = cr_enforce_new(&plan);
	CR_CHECK(e != NULL);
}

/* A call inside of @n windows, innermost first. The verdict: 0 for yes, the errno of a refusal, -1
 * for the end of the tree. */
static int judged_nr(uint32_t nr, size_t n, ...)
{
	struct cr_judge *j = l ? cr_learn_judge(l) : cr_enforce_judge(e);
	struct cr_call call = { .abi = CR_ABI_NATIVE, .nr = nr, .args = { 0x1000 } };
	unsigned int windows[8];
	struct cr_site site = {
		.pid = 100, .tid = 100, .exe = site_exe, .stack = site_stack,
		.string = site_string, .window = window_words,
		.windows = windows, .n_windows = n,
	};
	struct cr_verdict v;
	va_list ap;
	size_t i;

	va_start(ap, n);
	for (i = 0; i < n; i++)
		windows[i] = va_arg(ap, unsigned int);
	va_end(ap);
	v = j->judge(j, &call, &site);
	if (v.what == CR_VERDICT_KILL)
		return -1;
	return v.what == CR_VERDICT_ERRNO ? v.err : 0;
}

#define judged(name, ...) judged_nr(nr_of(name), __VA_ARGS__)

static void finish_learning(void)
{
	if (cr_learn_finish(l, &sum, &err) < 0)
		CR_FAIL("%s", err.text);
	cr_policy_free(p);
	p = NULL;
	if (cr_ini_load(path, &p, &err) < 0)
		CR_FAIL("%s", err.text);
}

/* How often the file says that a call was made in a window; 0 when it has no rule. */
static uint64_t calls(unsigned int w, const char *name)
{
	const struct cr_rule *r = cr_policy_find_in(p, w, CR_ABI_NATIVE, nr_of(name));

	return r && r->ev ? r->ev->calls : 0;
}

CR_TEST(a_call_belongs_to_every_open_window)
{
	unsigned int f, g;
	int i;

	begin_learning("", false, false);
	f = window("f");
	g = window("g");
	for (i = 0; i < 5; i++) {
		CR_CHECK_INT(judged("openat", 2, g, f), 0);
		CR_CHECK_INT(judged("openat", 1, f), 0);
		CR_CHECK_INT(judged("read", 1, g), 0);
		CR_CHECK_INT(judged("write", 0), 0);
	}
	CR_CHECK_INT(stacks, 3);	/* one for openat in both */
	finish_learning();
	CR_CHECK_INT(calls(f, "openat"), 10);
	CR_CHECK_INT(calls(g, "openat"), 5);
	CR_CHECK_INT(calls(g, "read"), 5);
	CR_CHECK_INT(calls(0, "write"), 5);
	CR_CHECK(!calls(0, "openat") && !calls(0, "read") && !calls(f, "read"));
	CR_CHECK(!calls(f, "write") && !calls(g, "write"));
	CR_CHECK_INT(sum.fresh, 4);
}

CR_TEST(restart_is_recorded_outside_only)
{
	unsigned int f;

	begin_learning("", false, false);
	f = window("f");
	CR_CHECK_INT(judged("restart_syscall", 1, f), 0);
	CR_CHECK_INT(judged("restart_syscall", 0), 0);
	finish_learning();
	CR_CHECK(!calls(f, "restart_syscall") && calls(0, "restart_syscall"));
}

CR_TEST(windows_only_ignores_the_rest)
{
	unsigned int f;

	begin_learning("[syscalls]\nbrk = allow\n[evidence]\nbrk = \"1, 1 call\"\n", true, true);
	f = window("f");
	CR_CHECK_INT(judged("write", 0), 0);
	CR_CHECK_INT(judged("read", 1, f), 0);
	finish_learning();
	CR_CHECK(calls(f, "read") && !calls(0, "write"));
	CR_CHECK_INT(sum.fresh, 1);
	CR_CHECK_INT(sum.unused, 0);
	CR_CHECK_STR(sum.unused_names, "");
}

CR_TEST(denials_of_a_window_are_not_learned_over)
{
	unsigned int f, g;

	begin_learning("[syscalls]\nread = never\n[window 1]\nfunction = f\nopenat = never\n"
		       "close = errno EIO\n", false, false);
	f = window("f");
	g = window("g");
	CR_CHECK_INT(judged("openat", 2, f, g), 0);
	CR_CHECK_HAS(heard(), "openat (x86-64) was called by process 100 (/opt/prog)");
	CR_CHECK_HAS(said, "the policy denies openat inside f at line 8: it was let through");
	CR_CHECK_INT(judged("close", 1, f), 0);
	CR_CHECK_INT(judged("read", 1, f), 0);	/* denied outside only */
	finish_learning();
	CR_CHECK_INT(sum.forbidden, 2);
	CR_CHECK(!calls(f, "openat") && calls(g, "openat") && calls(f, "read"));
}

CR_TEST(an_all_run_tells_what_a_window_did_not_use)
{
	const char *text = "[syscalls]\nmmap = allow\n[evidence]\nmmap = \"1, 1 call\"\n"
			   "[window 1]\nfunction = f\nread = allow\nwrite = allow\n"
			   "[window 1 evidence]\nread = \"1, 1 call\"\nwrite = \"1, 1 call\"\n"
			   "[window 2]\nfunction = g\nread = allow\n"
			   "[window 2 evidence]\nread = \"1, 1 call\"\n";

	begin_learning(text, true, false);
	CR_CHECK_INT(window("f"), 1);
	CR_CHECK_INT(window("g"), 2);
	CR_CHECK_INT(judged("read", 1, 1), 0);
	CR_CHECK_INT(judged("brk", 1, 1), 0);
	CR_CHECK_INT(judged("brk", 1, 1), 0);	/* a count of window 1 is all that is pending */
	finish_learning();
	CR_CHECK(cr_rule_unused(cr_policy_find_in(p, 1, CR_ABI_NATIVE, nr_of("write"))));
	CR_CHECK(!cr_rule_unused(cr_policy_find_in(p, 1, CR_ABI_NATIVE, nr_of("read"))));
	CR_CHECK_INT(cr_policy_find_in(p, 1, CR_ABI_NATIVE, nr_of("brk"))->ev->all_seen, 1);
	CR_CHECK(cr_rule_unused(cr_policy_find_in(p, 0, CR_ABI_NATIVE, nr_of("mmap"))));
	/* g was not entered */
	CR_CHECK_INT(cr_policy_find_in(p, 2, CR_ABI_NATIVE, nr_of("read"))->ev->all_runs, 0);
}

#define STRICT \
	"[policy]\nhorizon = 6.1 450\n[syscalls]\nread = allow\nbrk = allow\nclose = never\n" \
	"[window 1]\nfunction = f\nread = allow\nwrite = log\nopenat = allow\nclose = allow\n" \
	"dup = errno EBADF\ngetpid = errno EIO\n" \
	"[window 2]\nfunction = \"a b\"\nopenat = allow\nclose = allow\nwrite = allow\n" \
	"dup = errno EMFILE\ngetpid = never\n"

CR_TEST(every_open_window_must_allow)
{
	begin_enforcing(STRICT, false);
	CR_CHECK_INT(judged("read", 0), 0);
	CR_CHECK_INT(judged("close", 0), -1);
	CR_CHECK_INT(judged("openat", 0), -1);
	CR_CHECK_INT(judged("read", 1, 1), 0);
	CR_CHECK_INT(judged("read", 1, 2), -1);
	CR_CHECK_INT(judged("read", 2, 1, 2), -1);
	CR_CHECK_INT(judged("read", 2, 2, 1), -1);
	CR_CHECK_INT(judged("brk", 1, 1), -1);	/* [syscalls] does not matter inside */
	CR_CHECK_INT(judged("close", 2, 1, 2), 0);
	CR_CHECK_INT(judged("openat", 2, 2, 1), 0);
	/* a window that the policy does not have allows nothing */
	CR_CHECK_INT(judged("read", 1, 3), -1);
}

CR_TEST(the_strictest_wins_and_of_equals_the_innermost)
{
	begin_enforcing(STRICT, false);
	CR_CHECK_INT(judged("dup", 2, 1, 2), EBADF);
	CR_CHECK_INT(judged("dup", 2, 2, 1), EMFILE);
	CR_CHECK_INT(judged("getpid", 2, 1, 2), -1);
	CR_CHECK_INT(judged("getpid", 2, 2, 1), -1);
	CR_CHECK_INT(judged("getpid", 1, 1), EIO);
	heard();
	CR_CHECK_INT(judged("write", 2, 2, 1), 0);
	CR_CHECK_HAS(heard(), "noted write(");
	CR_CHECK_HAS(said, " inside f by /opt/prog");
	CR_CHECK_INT(judged("mmap", 2, 2, 1), -1);
	CR_CHECK_HAS(heard(), " inside a b by /opt/prog, process 100: killed\n");
	CR_CHECK_INT(judged("mmap", 2, 1, 2), -1);
	CR_CHECK_HAS(heard(), " inside f by /opt/prog, process 100: killed\n");
}

CR_TEST(calls_beyond_the_horizon_do_not_exist_inside_either)
{
	begin_enforcing(STRICT, false);
	CR_CHECK_INT(judged_nr(451, 1, 1), ENOSYS);
	CR_CHECK_INT(judged_nr(900, 2, 1, 2), ENOSYS);
	CR_CHECK_INT(judged_nr(CR_NR_MAX + 5, 1, 2), ENOSYS);
	CR_CHECK_STR(heard(), "");
	CR_CHECK_INT(judged_nr(450, 1, 1), -1);
}

CR_TEST(a_denial_names_the_window_and_a_command_that_helps)
{
	begin_enforcing(STRICT, false);
	window_words = entered_at;
	CR_CHECK_INT(judged("execve", 2, 1, 2), -1);
	CR_CHECK_HAS(heard(), "denied execve(\"/bin/sh\"");
	CR_CHECK_HAS(said, ") inside w1 (srv+0x0, a.c:7) by /opt/prog, process 100: killed\n");
	CR_CHECK_HAS(said, "hint: this window may call: read write close openat\n");
	CR_CHECK_HAS(said, "hint: to allow it: chestnut allow --window f /tmp/cr-judge-");
	CR_CHECK_HAS(said, "/x.policy execve\n");
	CR_CHECK_HAS(said, "hint: to allow it there, too: chestnut allow --window 'a b' /tmp");
	CR_CHECK_INT(judged("execve", 1, 2), -1);
	CR_CHECK_HAS(heard(), "inside w2 (srv+0x0, a.c:7) by");
	CR_CHECK_HAS(said, "chestnut allow --window 'a b' /tmp/");
	CR_CHECK_INT(judged("execve", 1, 2), -1);
	CR_CHECK_STR(heard(), "");
	CR_CHECK_INT(judged("read", 2, 1, 2), -1);
	CR_CHECK_HAS(heard(), "inside w2 (srv+0x1, a.c:7) by");	/* the outer one denies */
	CR_CHECK(!strstr(said, "there, too"));
	CR_CHECK_INT(judged("getpid", 1, 2), -1);
	CR_CHECK_HAS(heard(), "hint: line 21 of /tmp/cr-judge-");
	CR_CHECK_INT(cr_enforce_finish(e), 5);
	CR_CHECK_HAS(heard(), "execve (x86-64) inside a b was reported once and made 2 times\n");
	CR_CHECK(!strstr(said, "inside f"));
}

CR_TEST(a_hint_names_a_window_that_is_not_alone_by_its_number)
{
	char text[2048];
	int i, n;

	begin_enforcing("[window 1]\nfunction = f\n[window 2]\nfunction = f\nobject = o\n"
			"[window 3]\nfunction = 12\n", false);
	CR_CHECK_INT(judged("read", 1, 2), -1);
	CR_CHECK_HAS(heard(), "hint: this window may make no call at all\n");
	CR_CHECK_HAS(said, "chestnut allow --window 2 /tmp");
	CR_CHECK_INT(judged("read", 1, 3), -1);
	CR_CHECK_HAS(heard(), "chestnut allow --window 3 /tmp");
	n = snprintf(text, sizeof(text), "[window 1]\nfunction = f\n");
	for (i = 100; i < 113; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "nr:%d = allow\n", i);
	begin_enforcing(text, false);
	CR_CHECK_INT(judged("read", 1, 1), -1);
	CR_CHECK(!strstr(heard(), "this window may call"));
}

CR_TEST(outside_any_lets_everything_pass_there)
{
	begin_enforcing("[policy]\noutside = any\n[syscalls]\nclose = never\n"
			"[window 1]\nfunction = f\nread = allow\n", false);
	CR_CHECK_INT(judged("execve", 0), 0);
	CR_CHECK_INT(judged("close", 0), 0);
	CR_CHECK_INT(judged_nr(900, 0), 0);
	CR_CHECK_STR(heard(), "");
	CR_CHECK_INT(judged("execve", 1, 1), -1);
	CR_CHECK_INT(judged("read", 1, 1), 0);
}

CR_TEST(audit_tells_of_windows_and_denies_nothing)
{
	begin_enforcing(STRICT, true);
	CR_CHECK_INT(judged("brk", 1, 1), 0);
	CR_CHECK_HAS(heard(), " inside f by /opt/prog, process 100: let through (audit)\n");
	CR_CHECK_INT(judged("dup", 2, 2, 1), 0);
	CR_CHECK_HAS(heard(), " inside a b by");
	CR_CHECK_INT(cr_enforce_finish(e), 2);
}

static enum cr_pass passes(const char *name, bool learning)
{
	struct cr_filter_use use = { .learning = learning, .confirm = 1 };
	static struct cr_filter_plan plan;

	cr_filter_plan(p, &use, &plan);
	return (enum cr_pass)plan.abi[CR_ABI_NATIVE].pass[nr_of(name)];
}

CR_TEST(the_kernel_decides_what_all_agree_on)
{
	begin_enforcing("[syscalls]\nread = allow\nopenat = allow\nclose = allow\nclone = allow\n"
			"brk = log\n"
			"[window 1]\nfunction = f\nread = allow\nopenat = allow\nclose = allow\n"
			"clone = allow\nmmap = allow\nbrk = allow\n"
			"[window 2]\nfunction = g\nread = allow\nopenat = log\nclone = allow\n"
			"mmap = allow\nbrk = allow\n", false);
	CR_CHECK_INT(passes("read", false), CR_PASS_ALLOW);
	CR_CHECK_INT(passes("openat", false), CR_PASS_STOP);
	CR_CHECK_INT(passes("close", false), CR_PASS_STOP);
	CR_CHECK_INT(passes("mmap", false), CR_PASS_STOP);
	CR_CHECK_INT(passes("brk", false), CR_PASS_STOP);
	CR_CHECK_INT(passes("clone", false), CR_PASS_UNLESS_MASK);
	CR_CHECK_INT(passes("restart_syscall", false), CR_PASS_ALLOW);
	/* who learns watches windows in another way */
	CR_CHECK_INT(passes("openat", true), CR_PASS_ALLOW);
	CR_CHECK_INT(passes("mmap", true), CR_PASS_STOP);
	p->outside_any = true;
	CR_CHECK_INT(passes("mmap", false), CR_PASS_ALLOW);
	CR_CHECK_INT(passes("brk", false), CR_PASS_ALLOW);
	CR_CHECK_INT(passes("close", false), CR_PASS_STOP);
	CR_CHECK_INT(passes("openat", false), CR_PASS_STOP);
}

CR_TEST(the_filter_of_windows_is_proved)
{
	struct cr_filter_use use = { .learning = false };
	struct cr_filter f = { NULL, 0 };
	static struct cr_filter_plan plan;

	begin_enforcing("[policy]\noutside = any\n[window 1]\nfunction = f\nread = allow\n"
			"[window 1 i386]\nread = allow\n", false);
	cr_filter_plan(p, &use, &plan);
	CR_CHECK_INT(plan.abi[CR_ABI_I386].pass[3], CR_PASS_ALLOW);
	CR_CHECK_INT(plan.abi[CR_ABI_I386].pass[4], CR_PASS_STOP);
	if (cr_filter_build(&plan, &f, &err) < 0)
		CR_FAIL("%s", err.text);
	cr_filter_fini(&f);
	/* with no window, outside is all there is */
	cr_policy_window_remove(p, 1);
	cr_filter_plan(p, &use, &plan);
	CR_CHECK_INT(plan.abi[CR_ABI_NATIVE].pass[700], CR_PASS_ALLOW);
	if (cr_filter_build(&plan, &f, &err) < 0)
		CR_FAIL("%s", err.text);
	cr_filter_fini(&f);
}

static void tell(void *ctx, unsigned int w, enum cr_abi abi, uint32_t nr, uint64_t n)
{
	struct cr_buf *b = ctx;

	cr_buf_addf(b, "%u/%d/%u:%llu ", w, (int)abi, nr, (unsigned long long)n);
}

CR_TEST(a_tally_counts_by_window_abi_and_number)
{
	cr_auto_buf struct cr_buf b = CR_BUF_INIT;
	struct cr_tally t = { NULL, 0 };

	CR_CHECK_INT(cr_tally_get(&t, 0, CR_ABI_NATIVE, 5), 0);
	CR_CHECK_INT(cr_tally_add(&t, 4096, CR_ABI_X32, 1023), 0);
	CR_CHECK_INT(cr_tally_add(&t, 4096, CR_ABI_X32, 1023), 1);
	CR_CHECK_INT(cr_tally_add(&t, 0, CR_ABI_NATIVE, 0), 0);
	CR_CHECK_INT(cr_tally_add(&t, 7, CR_ABI_I386, 3), 0);
	CR_CHECK_INT(cr_tally_get(&t, 4096, CR_ABI_X32, 1023), 2);
	CR_CHECK_INT(cr_tally_get(&t, 4095, CR_ABI_X32, 1023), 0);
	cr_tally_each(&t, tell, &b);
	CR_CHECK_STR(cr_buf_str(&b), "0/0/0:1 7/1/3:1 4096/2/1023:2 ");
	cr_tally_fini(&t);
}

int main(void)
{
	char line[64];

	log_fd = memfd_create("log", MFD_CLOEXEC);
	if (!mkdtemp(dir) || log_fd < 0 || fcntl(log_fd, F_SETFL, O_APPEND) < 0)
		return 99;
	snprintf(path, sizeof(path), "%s/x.policy", dir);
	cr_log_to(log_fd);
	CR_RUN(a_call_belongs_to_every_open_window,
	       "learn: a call belongs to every open window, and else to [syscalls]");
	CR_RUN(restart_is_recorded_outside_only,
	       "learn: a call that the kernel restarts is new in no window");
	CR_RUN(windows_only_ignores_the_rest, "learn: with windows only, the rest is ignored");
	CR_RUN(denials_of_a_window_are_not_learned_over,
	       "learn: what a window denies is told with its name, and not learned");
	CR_RUN(an_all_run_tells_what_a_window_did_not_use,
	       "learn: an --all run tells what a window that was entered did not use");
	CR_RUN(every_open_window_must_allow, "strict: every open window must allow a call");
	CR_RUN(the_strictest_wins_and_of_equals_the_innermost,
	       "strict: the strictest window wins, and of equals the innermost");
	CR_RUN(calls_beyond_the_horizon_do_not_exist_inside_either,
	       "strict: calls beyond the horizon fail with ENOSYS in windows, too");
	CR_RUN(a_denial_names_the_window_and_a_command_that_helps,
	       "strict: a denial names its window, what that allows, and a command");
	CR_RUN(a_hint_names_a_window_that_is_not_alone_by_its_number,
	       "strict: a window that has not its name alone is hinted by its number");
	CR_RUN(outside_any_lets_everything_pass_there,
	       "strict: with outside = any everything passes there, without a word");
	CR_RUN(audit_tells_of_windows_and_denies_nothing,
	       "audit: tells what windows deny, denies nothing");
	CR_RUN(the_kernel_decides_what_all_agree_on,
	       "filter: passes what outside and every window allow plainly");
	CR_RUN(the_filter_of_windows_is_proved, "filter: outside = any compiles and is proved");
	CR_RUN(a_tally_counts_by_window_abi_and_number,
	       "tally: counts by window, ABI and number");
	clear();
	snprintf(line, sizeof(line), "rm -rf %s", dir);
	return system(line) ? 99 : cr_done();
}
