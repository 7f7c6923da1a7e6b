/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The two judges, with calls and places that no program has made. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../cr-test.h"
#include "cr/enforce.h"
#include "cr/ini.h"
#include "cr/learn.h"
#include "cr/log.h"
#include "cr/names.h"
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

static int site_string(const struct cr_site *site, cr_addr at, char *text, size_t size)
{
	(void)site;
	if (at != 0x1000)
		return -EFAULT;
	return snprintf(text, size, "/etc/passwd");
}

static const struct cr_site site = {
	.pid = 100, .tid = 101, .exe = site_exe, .stack = site_stack, .string = site_string,
};

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
	heard();
}

static void write_policy(const char *text)
{
	FILE *f = fopen(path, "w");

	CR_CHECK(f != NULL);
	fputs(text, f);
	CR_CHECK_INT(fclose(f), 0);
}

static void begin_learning(const char *text, bool all)
{
	clear();
	write_policy(text);
	if (cr_store_begin(path, NULL, all, &s, &err) < 0)
		CR_FAIL("%s", err.text);
	l = cr_learn_new(s, false);
	CR_CHECK(l != NULL);
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

/* The verdict: 0 for yes, the errno of a refusal, -1 for the end of the tree. */
static int judged_nr(enum cr_abi abi, uint32_t nr)
{
	struct cr_judge *j = l ? cr_learn_judge(l) : cr_enforce_judge(e);
	struct cr_call call = { .abi = abi, .nr = nr, .args = { 0x1000, 0x1000, 0, 0, 0, 0 } };
	struct cr_verdict v = j->judge(j, &call, &site);

	if (v.what == CR_VERDICT_KILL)
		return -1;
	return v.what == CR_VERDICT_ERRNO ? v.err : 0;
}

static int judged(const char *name)
{
	return judged_nr(CR_ABI_NATIVE, nr_of(name));
}

static int judged_args(const char *name, uint64_t a0, uint64_t a1, uint64_t a2)
{
	struct cr_judge *j = l ? cr_learn_judge(l) : cr_enforce_judge(e);
	struct cr_call call = { .abi = CR_ABI_NATIVE, .nr = nr_of(name), .args = { a0, a1, a2 } };
	struct cr_verdict v = j->judge(j, &call, &site);

	if (v.what == CR_VERDICT_KILL)
		return -1;
	return v.what == CR_VERDICT_ERRNO ? v.err : 0;
}

#define HIGH 0xdeadbeef00000000ull

static void finish_learning(void)
{
	if (cr_learn_finish(l, &sum, &err) < 0)
		CR_FAIL("%s", err.text);
}

static const struct cr_rule *on_disk(const char *name)
{
	cr_policy_free(p);
	p = NULL;
	if (cr_ini_load(path, &p, &err) < 0)
		CR_FAIL("%s", err.text);
	return cr_policy_find(p, CR_ABI_NATIVE, nr_of(name));
}

CR_TEST(a_new_call_is_on_disk_before_the_yes)
{
	begin_learning("", false);
	CR_CHECK_INT(judged("openat"), 0);
	CR_CHECK(cr_rule_learned(on_disk("openat")));
	CR_CHECK_STR(on_disk("openat")->ev->exe, "/opt/prog");
	CR_CHECK_STR(on_disk("openat")->ev->stack, "f (f.c:1) < main");
	CR_CHECK_INT(judged_nr(CR_ABI_I386, 5), 0);
	CR_CHECK(on_disk("openat") && cr_policy_find(p, CR_ABI_I386, 5));
	finish_learning();
	CR_CHECK_INT(sum.fresh, 2);
	CR_CHECK_INT(sum.forbidden, 0);
	CR_CHECK_INT(sum.unsaved, 0);
	CR_CHECK_INT(sum.unused, 0);
}

CR_TEST(only_a_new_call_costs_a_stack)
{
	int i;

	begin_learning("[syscalls]\nread = allow\n[evidence]\nread = \"1, 1 call\"\n", false);
	for (i = 0; i < 5; i++) {
		CR_CHECK_INT(judged("read"), 0);
		CR_CHECK_INT(judged("openat"), 0);
	}
	CR_CHECK_INT(stacks, 1);
	finish_learning();
	CR_CHECK_INT(on_disk("read")->ev->seen, 2);
	CR_CHECK_INT(on_disk("read")->ev->calls, 6);
	CR_CHECK_INT(on_disk("openat")->ev->seen, 1);
	CR_CHECK_INT(on_disk("openat")->ev->calls, 5);
}

CR_TEST(a_tick_writes_what_has_changed)
{
	begin_learning("[syscalls]\nread = allow\n[evidence]\nread = \"1, 1 call\"\n", false);
	CR_CHECK_INT(judged("read"), 0);
	CR_CHECK_INT(on_disk("read")->ev->seen, 1);
	cr_learn_tick(l);
	CR_CHECK_INT(on_disk("read")->ev->seen, 2);
}

CR_TEST(what_is_forbidden_is_told_and_not_learned)
{
	const char *text = "[syscalls]\nopenat = never\nsocket = errno EPERM\n";

	begin_learning(text, false);
	CR_CHECK_INT(judged("openat"), 0);
	CR_CHECK_INT(judged("openat"), 0);
	CR_CHECK_HAS(heard(), "openat (x86-64) was called by process 100 (/opt/prog) at "
		     "f (f.c:1) < main\n");
	CR_CHECK_HAS(said, "the policy denies openat at line 5: it was let through, and not "
		     "learned\n");
	CR_CHECK_INT(judged("socket"), 0);
	CR_CHECK_HAS(heard(), "the policy denies socket at line 6");
	finish_learning();
	CR_CHECK_INT(sum.forbidden, 2);
	CR_CHECK_INT(sum.fresh, 0);
	CR_CHECK_INT(on_disk("openat")->act, CR_ACT_NEVER);
	CR_CHECK(!on_disk("openat")->ev);
}

static const char *says(const char *name)
{
	static struct cr_buf b = CR_BUF_INIT;

	cr_buf_clear(&b);
	cr_rule_print(on_disk(name), &b);
	return cr_buf_str(&b);
}

CR_TEST(arguments_are_learned)
{
	uint64_t request;

	begin_learning("[syscalls]\nfcntl = allow\nprctl = allow if arg0 == PR_SET_NAME\n"
		       "[evidence]\nfcntl = \"1, 1 call\"\nprctl = \"1, 1 call\"\n", false);
	CR_CHECK_INT(judged_args("socket", 1, 1, 0), 0);
	CR_CHECK_STR(says("socket"), "allow if arg0 == AF_UNIX and arg1 & SOCK_TYPE_MASK == "
		     "SOCK_STREAM and arg2 == 0");
	CR_CHECK_INT(judged_args("socket", 2, SOCK_CLOEXEC | 2, 17), 0);
	CR_CHECK_HAS(says("socket"), "or arg0 == AF_INET and arg1 & SOCK_TYPE_MASK == SOCK_DGRAM "
		     "and arg2 == IPPROTO_UDP");
	CR_CHECK_INT(judged_args("socket", HIGH | 1, 1, 0), 0);
	CR_CHECK_INT(judged_args("getpid", 1, 2, 3), 0);
	CR_CHECK_STR(says("getpid"), "allow");
	/* A rule that allows all is not made narrower, one that allows too little becomes wider. */
	CR_CHECK_INT(judged_args("fcntl", 1, 2, 3), 0);
	CR_CHECK_STR(says("fcntl"), "allow");
	CR_CHECK_INT(judged_args("prctl", PR_SET_PDEATHSIG, 0, 0), 0);
	CR_CHECK_STR(says("prctl"), "allow if arg0 in PR_SET_PDEATHSIG PR_SET_NAME");
	CR_CHECK(cr_rule_learned(on_disk("prctl")));
	for (request = 0; request < 16; request++)
		CR_CHECK_INT(judged_args("ioctl", 0, 3 * request, 0), 0);
	CR_CHECK_HAS(says("ioctl"), "allow if arg1 in 0 0x3 ");
	CR_CHECK_INT(judged_args("ioctl", 0, 3 * request, 0), 0);
	CR_CHECK_STR(says("ioctl"), "allow");
	CR_CHECK_INT(stacks, 3);
	finish_learning();
	CR_CHECK_INT(sum.fresh, 3);
	CR_CHECK_INT(sum.widened, 1);
	CR_CHECK_INT(sum.forbidden, 0);
	CR_CHECK_INT(on_disk("socket")->ev->calls, 3);
}

CR_TEST(a_persons_condition_is_not_widened)
{
	begin_learning("[syscalls]\nsocket = allow if arg0 == AF_UNIX\n"
		       "mprotect = allow if not arg2 & PROT_EXEC\n"
		       "ioctl = allow if arg1 != TIOCSTI\n"
		       "[evidence]\nioctl = \"1, 1 call\"\n", false);
	CR_CHECK_INT(judged_args("socket", 1, 1, 0), 0);
	CR_CHECK_STR(heard(), "");
	CR_CHECK_INT(judged_args("socket", 2, 1, 0), 0);
	CR_CHECK_HAS(heard(), "arg0 is AF_INET, allowed is arg0 == AF_UNIX\n");
	CR_CHECK_HAS(said, "the policy denies socket at line 5: it was let through, and not "
		     "learned\n");
	CR_CHECK_INT(judged_args("socket", 10, 1, 0), 0);
	CR_CHECK_STR(heard(), "");
	CR_CHECK_INT(judged_args("mprotect", 0, 0, 4), 0);
	CR_CHECK_HAS(heard(), "the policy denies mprotect at line 6");
	/* Learned once, but this is no form that learning has. */
	CR_CHECK_INT(judged_args("ioctl", 0, 0x5412, 0), 0);
	CR_CHECK_HAS(heard(), "the policy denies ioctl at line 7");
	finish_learning();
	CR_CHECK_INT(sum.forbidden, 3);
	CR_CHECK_INT(sum.widened, 0);
	CR_CHECK_STR(says("socket"), "allow if arg0 == AF_UNIX");
	CR_CHECK_STR(says("ioctl"), "allow if arg1 != TIOCSTI");
}

CR_TEST(arguments_need_not_be_learned)
{
	const char *text = "[syscalls]\nioctl = allow if arg1 == TCGETS\n"
			   "socket = allow if arg0 == AF_UNIX\n"
			   "[evidence]\nioctl = \"1, 1 call\"\n";

	begin_learning(text, false);
	cr_learn_any_args(l);
	CR_CHECK_INT(judged_args("fcntl", 0, 1, 0), 0);
	CR_CHECK_STR(says("fcntl"), "allow");
	CR_CHECK_INT(judged_args("ioctl", 0, 0x5401, 0), 0);
	CR_CHECK_STR(says("ioctl"), "allow if arg1 == TCGETS");
	CR_CHECK_INT(judged_args("ioctl", 0, 1, 0), 0);
	CR_CHECK_STR(says("ioctl"), "allow");
	CR_CHECK_INT(judged_args("socket", 2, 1, 0), 0);
	CR_CHECK_STR(says("socket"), "allow if arg0 == AF_UNIX");
	begin_learning("[policy]\narguments = any\n", false);
	CR_CHECK_INT(judged_args("ioctl", 0, 1, 0), 0);
	CR_CHECK_STR(says("ioctl"), "allow");
}

CR_TEST(a_rule_that_is_taken_away_comes_back_whole)
{
	begin_learning("", false);
	CR_CHECK_INT(judged_args("prctl", PR_SET_NAME, 0, 0), 0);
	CR_CHECK_INT(judged_args("prctl", PR_GET_NAME, 0, 0), 0);
	write_policy("[syscalls]\n");
	CR_CHECK_INT(judged_args("ioctl", 0, 1, 0), 0);
	finish_learning();
	/* Seen again, it is a new call, made with all that this run has seen. */
	CR_CHECK(!on_disk("prctl"));
	begin_learning("", false);
	CR_CHECK_INT(judged_args("prctl", PR_SET_NAME, 0, 0), 0);
	CR_CHECK_INT(unlink(path), 0);
	CR_CHECK_INT(judged_args("prctl", PR_GET_NAME, 0, 0), 0);
	CR_CHECK_STR(says("prctl"), "allow if arg0 in PR_SET_NAME PR_GET_NAME");
}

CR_TEST(a_number_beyond_all_policies_is_let_through)
{
	begin_learning("", false);
	CR_CHECK_INT(judged_nr(CR_ABI_NATIVE, CR_NR_MAX), 0);
	CR_CHECK_INT(judged_nr(CR_ABI_NATIVE, UINT32_MAX), 0);
	finish_learning();
	CR_CHECK_INT(sum.fresh, 0);
}

CR_TEST(an_all_run_names_what_it_did_not_use)
{
	const char *text = "[syscalls]\nread = allow\nwrite = allow\nclose = log\nbrk = never\n"
			   "openat = allow\nrestart_syscall = allow\n[syscalls i386]\n"
			   "time = allow\n[evidence]\nread = \"3+, 1 call\"\n"
			   "openat = \"1, 1 call\"\n";

	begin_learning(text, true);
	CR_CHECK_INT(judged("read"), 0);
	CR_CHECK_INT(judged("mmap"), 0);
	finish_learning();
	CR_CHECK_INT(sum.unused, 4);
	CR_CHECK_STR(sum.unused_names, "write close openat i386:time");
	CR_CHECK(cr_rule_unused(on_disk("openat")) && !cr_rule_unused(on_disk("read")));
	CR_CHECK_INT(on_disk("mmap")->ev->all_seen, 1);

	begin_learning(text, false);
	CR_CHECK_INT(judged("read"), 0);
	finish_learning();
	CR_CHECK_INT(sum.unused, 0);
	CR_CHECK_STR(sum.unused_names, "");
	CR_CHECK(!cr_rule_unused(on_disk("openat")));
}

CR_TEST(a_policy_that_cannot_be_written_is_told_once)
{
	begin_learning("", false);
	write_policy("[syscalls]\nraed = allow\n");
	CR_CHECK_INT(judged("openat"), 0);
	CR_CHECK_HAS(heard(), "no syscall is called \"raed\"");
	CR_CHECK_INT(judged("socket"), 0);
	cr_learn_tick(l);
	CR_CHECK_STR(heard(), "");
	CR_CHECK_INT(cr_learn_finish(l, &sum, &err), -EINVAL);
	CR_CHECK_INT(sum.unsaved, 2);
	write_policy("");
	finish_learning();
	CR_CHECK_INT(sum.unsaved, 0);
	CR_CHECK(on_disk("openat") && on_disk("socket"));
}

static const char strict_text[] =
	"[policy]\nhorizon = 6.1.0 400\n[syscalls]\nread = allow\nclose = log\n"
	"socket = errno EAFNOSUPPORT\nexecve = never\n";

CR_TEST(strict_does_what_the_policy_says)
{
	begin_enforcing(strict_text, false);
	CR_CHECK_INT(judged("read"), 0);
	CR_CHECK_INT(judged("socket"), EAFNOSUPPORT);
	CR_CHECK_STR(heard(), "");
	CR_CHECK_INT(judged("execve"), -1);
	CR_CHECK_HAS(heard(), "denied execve(\"/etc/passwd\"");
	CR_CHECK_HAS(said, " by /opt/prog, process 100, thread 101: killed\n");
	CR_CHECK_HAS(said, "at f (f.c:1) < main\n");
	CR_CHECK_HAS(said, "hint: line 7 of ");
	CR_CHECK(!strstr(said, "chestnut allow"));
	CR_CHECK_INT(judged("openat"), -1);
	CR_CHECK_HAS(heard(), "hint: to allow it: chestnut allow /tmp/cr-judge-");
	CR_CHECK_HAS(said, "x.policy openat\n");
}

CR_TEST(abis_are_judged_apart)
{
	begin_enforcing("[syscalls]\nread = allow\n", false);
	CR_CHECK_INT(judged_nr(CR_ABI_NATIVE, 0), 0);
	CR_CHECK_INT(judged_nr(CR_ABI_X32, 0), -1);
	CR_CHECK_HAS(heard(), "x.policy x32:read\n");
	CR_CHECK_INT(judged_nr(CR_ABI_I386, 3), -1);
	CR_CHECK_HAS(heard(), "x.policy i386:read\n");
}

CR_TEST(a_violation_can_be_an_errno)
{
	begin_enforcing("[policy]\nviolation = errno EACCES\n[syscalls]\nread = allow\n", false);
	CR_CHECK_INT(judged("openat"), EACCES);
	CR_CHECK_HAS(heard(), ": failed with EACCES\n");
}

CR_TEST(calls_beyond_the_horizon_do_not_exist)
{
	begin_enforcing(strict_text, false);
	CR_CHECK_INT(judged_nr(CR_ABI_NATIVE, 401), ENOSYS);
	CR_CHECK_INT(judged_nr(CR_ABI_NATIVE, UINT32_MAX), ENOSYS);
	CR_CHECK_STR(heard(), "");
	CR_CHECK_INT(judged_nr(CR_ABI_NATIVE, 400), -1);
	CR_CHECK_INT(stacks, 1);
	CR_CHECK_INT(cr_enforce_finish(e), 1);
}

static const char arguments_text[] =
	"[policy]\nviolation = errno EPERM\nhorizon = 6.1.0 400\n[syscalls]\n"
	"socket = allow if arg0 in AF_UNIX AF_INET\n"
	"ioctl = log if arg1 == TCGETS else errno ENOTTY\n"
	"mprotect = errno EACCES if arg2 & PROT_EXEC else allow\n"
	"fcntl = never if arg1 == F_SETOWN else allow\n"
	"nr:900 = allow if arg0 == 1\n";

CR_TEST(arguments_decide)
{
	begin_enforcing(arguments_text, false);
	CR_CHECK_INT(judged_args("socket", 1, 0, 0), 0);
	CR_CHECK_INT(judged_args("socket", HIGH | 2, 0, 0), 0);
	CR_CHECK_INT(judged_args("mprotect", 0, 0, 3), 0);
	CR_CHECK_INT(judged_args("mprotect", 0, 0, HIGH | 4), EACCES);
	CR_CHECK_INT(judged_args("fcntl", 0, 1, 0), 0);
	CR_CHECK_INT(judged_args("ioctl", 0, 1, 0), ENOTTY);
	CR_CHECK_STR(heard(), "");
	CR_CHECK_INT(judged_args("ioctl", 0, HIGH | 0x5401, 0), 0);
	CR_CHECK_HAS(heard(), "noted ioctl(0, TCGETS, 0x0)");
	CR_CHECK_INT(judged_args("fcntl", 0, 8, 0), EPERM);
	CR_CHECK_HAS(heard(), "hint: line 8 of ");
	CR_CHECK_INT(judged_args("socket", 16, 3, 0), EPERM);
	CR_CHECK_HAS(heard(), "denied socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)");
	CR_CHECK_HAS(said, "hint: arg0 is AF_NETLINK, allowed is arg0 in AF_UNIX AF_INET: "
		     "line 5 of /tmp/cr-judge-");
	CR_CHECK_HAS(said, "hint: to allow it: chestnut allow /tmp/cr-judge-");
	CR_CHECK_HAS(said, "x.policy 'socket if arg0 == AF_NETLINK'\n");
	/* A rule knows its call: it is not one of the future. */
	CR_CHECK_INT(judged_args("nr:900", 2, 0, 0), EPERM);
	CR_CHECK_HAS(heard(), "x.policy 'nr:900 if arg0 == 0x2'");
}

CR_TEST(other_arguments_are_another_denial)
{
	unsigned int i;

	begin_enforcing(arguments_text, false);
	CR_CHECK_INT(judged_args("socket", 16, 3, 0), EPERM);
	CR_CHECK_HAS(heard(), "AF_NETLINK");
	CR_CHECK_INT(judged_args("socket", HIGH | 16, 1, 9), EPERM);
	CR_CHECK_STR(heard(), "");
	CR_CHECK_INT(judged_args("socket", 17, 3, 0), EPERM);
	CR_CHECK_HAS(heard(), "AF_PACKET");
	CR_CHECK_INT(cr_enforce_finish(e), 3);
	CR_CHECK_HAS(heard(), "socket (x86-64) was reported 2 times and made 3 times\n");
	/* Nobody can fill a terminal with them. */
	for (i = 100; i < 1000; i++)
		CR_CHECK_INT(judged_args("socket", i, 0, 0), EPERM);
	heard();
	CR_CHECK_INT(cr_enforce_finish(e), 903);
	CR_CHECK_HAS(heard(), "socket (x86-64) was reported 64 times and made 903 times\n");
}

CR_TEST(a_denial_is_told_once_and_counted)
{
	begin_enforcing("[policy]\nviolation = errno EPERM\n[syscalls]\nread = allow\n", false);
	CR_CHECK_INT(judged("openat"), EPERM);
	heard();
	CR_CHECK_INT(judged("openat"), EPERM);
	CR_CHECK_INT(judged("openat"), EPERM);
	CR_CHECK_STR(heard(), "");
	CR_CHECK_INT(judged("socket"), EPERM);
	heard();
	CR_CHECK_INT(cr_enforce_finish(e), 4);
	CR_CHECK_HAS(heard(), "openat (x86-64) was reported once and made 3 times\n");
	CR_CHECK(!strstr(said, "socket"));
}

CR_TEST(log_is_told_and_is_no_denial)
{
	begin_enforcing(strict_text, false);
	CR_CHECK_INT(judged("close"), 0);
	CR_CHECK_HAS(heard(), "noted close(");
	CR_CHECK_HAS(said, ": allowed\n");
	CR_CHECK(!strstr(said, "hint"));
	CR_CHECK_INT(judged("close"), 0);
	CR_CHECK_STR(heard(), "");
	CR_CHECK_INT(judged_args("close", 7, 0, 0), 0);
	CR_CHECK_HAS(heard(), "noted close(7)");
	CR_CHECK_INT(cr_enforce_finish(e), 0);
	CR_CHECK_HAS(heard(), "close (x86-64) was noted 2 times and made 3 times\n");
}

CR_TEST(audit_tells_and_denies_nothing)
{
	begin_enforcing(strict_text, true);
	CR_CHECK_INT(judged("read"), 0);
	CR_CHECK_STR(heard(), "");
	CR_CHECK_INT(judged("socket"), 0);
	CR_CHECK_HAS(heard(), "denied socket(");
	CR_CHECK_HAS(said, ": let through (audit)\n");
	CR_CHECK_INT(judged("execve"), 0);
	CR_CHECK_HAS(heard(), "denied execve(");
	CR_CHECK_INT(judged("openat"), 0);
	CR_CHECK_HAS(heard(), "to allow it");
	CR_CHECK_INT(judged_nr(CR_ABI_NATIVE, 401), 0);
	CR_CHECK_INT(judged("close"), 0);
	CR_CHECK_INT(cr_enforce_finish(e), 3);
}

CR_TEST(a_hint_can_be_pasted)
{
	clear();
	p = cr_policy_new();
	CR_CHECK(p != NULL);
	p->path = strdup("/tmp/it's mine; $(x)");
	e = cr_enforce_new(&(struct cr_enforce_plan){ .policy = p });
	CR_CHECK(e != NULL);
	CR_CHECK_INT(judged("openat"), -1);
	CR_CHECK_HAS(heard(), "chestnut allow '/tmp/it'\\''s mine; $(x)' openat\n");
}

int main(void)
{
	char line[64];

	log_fd = memfd_create("log", MFD_CLOEXEC);
	if (!mkdtemp(dir) || log_fd < 0 || fcntl(log_fd, F_SETFL, O_APPEND) < 0)
		return 99;
	snprintf(path, sizeof(path), "%s/x.policy", dir);
	cr_log_to(log_fd);
	CR_RUN(a_new_call_is_on_disk_before_the_yes, "learn: a new call is on disk before the yes");
	CR_RUN(only_a_new_call_costs_a_stack, "learn: a stack is taken for new calls only");
	CR_RUN(a_tick_writes_what_has_changed, "learn: a tick writes what has changed");
	CR_RUN(what_is_forbidden_is_told_and_not_learned,
	       "learn: what the policy forbids is told once, and not learned");
	CR_RUN(arguments_are_learned, "learn: arguments are on disk before the yes, with names");
	CR_RUN(a_persons_condition_is_not_widened,
	       "learn: a condition that a person wrote is told of, and not widened");
	CR_RUN(arguments_need_not_be_learned, "learn: arguments are not learned unless wanted");
	CR_RUN(a_rule_that_is_taken_away_comes_back_whole,
	       "learn: a file that is gone comes back with all arguments");
	CR_RUN(a_number_beyond_all_policies_is_let_through,
	       "learn: a number that no policy can hold is let through");
	CR_RUN(an_all_run_names_what_it_did_not_use,
	       "learn: an --all run names what it did not use, others do not");
	CR_RUN(a_policy_that_cannot_be_written_is_told_once,
	       "learn: a failed save is told once, and made up for");
	CR_RUN(strict_does_what_the_policy_says, "strict: each call becomes what the policy says");
	CR_RUN(abis_are_judged_apart, "strict: the same number of another ABI is another call");
	CR_RUN(a_violation_can_be_an_errno, "strict: a violation may fail instead of kill");
	CR_RUN(calls_beyond_the_horizon_do_not_exist,
	       "strict: calls beyond the horizon fail with ENOSYS, silently");
	CR_RUN(arguments_decide, "a condition decides by what the kernel will see");
	CR_RUN(other_arguments_are_another_denial, "other arguments are another denial");
	CR_RUN(a_denial_is_told_once_and_counted, "strict: a denial is told once, and counted");
	CR_RUN(log_is_told_and_is_no_denial,
	       "strict: log is told once for the same arguments, and is no denial");
	CR_RUN(audit_tells_and_denies_nothing,
	       "audit: tells what strict would deny, denies nothing");
	CR_RUN(a_hint_can_be_pasted, "strict: a hint can be pasted into a shell");
	clear();
	snprintf(line, sizeof(line), "rm -rf %s", dir);
	return system(line) ? 99 : cr_done();
}
