/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "../cr-test.h"
#include "cr/ini.h"
#include "cr/names.h"

static struct cr_policy *p;
static struct cr_buf out;
static struct cr_err err;

static void read_in(const char *text)
{
	struct cr_policy *got = NULL;

	if (cr_ini_parse("x.policy", text, strlen(text), &got, &err) < 0)
		CR_FAIL("%s", err.text);
	cr_policy_free(p);
	p = got;
}

static const char *edit(const char *text)
{
	CR_CHECK_INT(cr_ini_edit(text, strlen(text), p, &out), 0);
	return cr_buf_str(&out);
}

static void set(enum cr_abi abi, const char *name, enum cr_action act, int e)
{
	CR_CHECK_INT(cr_policy_set(p, NULL, abi, (uint32_t)cr_name_to_nr(abi, name), act, e), 0);
}

static void saw(const char *name, uint32_t seen, const char *exe, const char *stack)
{
	struct cr_evidence ev = {
		.seen = seen, .calls = seen, .exe = (char *)exe, .stack = (char *)stack
	};

	CR_CHECK_INT(cr_rule_witness(cr_policy_own(p, CR_ABI_NATIVE,
						   (uint32_t)cr_name_to_nr(CR_ABI_NATIVE, name)),
				     &ev),
		     0);
}

/* What was written means what was meant: nothing is left to edit, and iniparser agrees. */
static void check_round_trip(void)
{
	cr_auto_buf struct cr_buf again = CR_BUF_INIT;
	struct cr_policy *got = NULL;

	if (cr_ini_parse("x.policy", cr_buf_str(&out), out.len, &got, &err) < 0)
		CR_FAIL("%s in: %s", err.text, out.s);
	CR_CHECK_INT(got->n_own, p->n_own);
	cr_policy_free(got);
	CR_CHECK_INT(cr_ini_edit(out.s, out.len, p, &again), 0);
	CR_CHECK_STR(again.s, out.s);
}

static const char mixed[] =
	"#!/usr/bin/env -S chestnut-run --policy\n; odd   file\n\n"
	"[evidence]\nread   =   \"2, 31 calls, /bin/x: f < g\"   # keep\nstat = \"1, 1 call\"\n\n"
	"[syscalls]\n  write = allow\n# about open\nopen=log ;no\n# end\n?zork = allow\nread "
	"=allow ; mine\n\n\n"
	"[policy]\nruns = 2\nmode = learn\n# last words";

CR_TEST(nothing_changes_without_need)
{
	read_in(mixed);
	CR_CHECK_STR(edit(mixed), mixed);
}

CR_TEST(only_the_changed_value_changes)
{
	read_in("[policy]\nruns=2\t# runs\n[syscalls]\nread =allow ; mine\nopen=log\n"
		"[evidence]\nread   =   \"2, 31 calls, /bin/x: f < g\"   # keep\n");
	p->runs = 3;
	p->rules[0]->ev->seen = 3;
	set(CR_ABI_NATIVE, "open", CR_ACT_ERRNO, EPERM);
	CR_CHECK_STR(edit("[policy]\nruns=2\t# runs\n[syscalls]\nread =allow ; mine\nopen=log\n"
		"[evidence]\nread   =   \"2, 31 calls, /bin/x: f < g\"   # keep\n"),
		"[policy]\nruns=3\t# runs\n[syscalls]\nread =allow ; mine\nopen=errno EPERM\n"
		"[evidence]\nread   =   \"3, 31 calls, /bin/x: f < g\"   # keep\n");
	check_round_trip();
}

CR_TEST(new_rules_stand_sorted_and_leave_comments)
{
	const char *text =
		"[syscalls]\n# files\nopen = allow\nread = allow\n\n# the end\nwrite = allow\n\n"
		"[syscalls i386]\n";

	read_in(text);
	set(CR_ABI_NATIVE, "brk", CR_ACT_ALLOW, 0);
	set(CR_ABI_NATIVE, "access", CR_ACT_ALLOW, 0);
	set(CR_ABI_NATIVE, "pipe", CR_ACT_ALLOW, 0);
	set(CR_ABI_NATIVE, "socket", CR_ACT_NEVER, 0);
	set(CR_ABI_NATIVE, "writev", CR_ACT_ALLOW, 0);
	set(CR_ABI_I386, "socketcall", CR_ACT_ALLOW, 0);
	set(CR_ABI_X32, "read", CR_ACT_ALLOW, 0);
	CR_CHECK_STR(edit(text),
		"[syscalls]\naccess = allow\nbrk = allow\n# files\nopen = allow\npipe = allow\n"
		"read = allow\n\nsocket = never\n# the end\nwrite = allow\nwritev = allow\n\n"
		"[syscalls i386]\nsocketcall = allow\n\n[syscalls x32]\nread = allow\n");
	check_round_trip();
}

static void put(const char *name, enum cr_action act, const char *cond)
{
	struct cr_rule r = { .act = act, .nr = (uint32_t)cr_name_to_nr(CR_ABI_NATIVE, name) };

	if (cond && cr_conds_parse(CR_ABI_NATIVE, r.nr, cond, &r.cond, NULL, &err) < 0)
		CR_FAIL("%s", err.text);
	CR_CHECK_INT(cr_policy_put(p, NULL, &r), 0);
	cr_conds_free(r.cond);
}

CR_TEST(conditions_are_written)
{
	const char *text = "[syscalls]\nlseek = \"allow if arg1==0\" # quoted\n"
			   "read = allow if arg0 in 0x0 1 2\nsocket = allow # any\n";

	read_in(text);
	CR_CHECK_STR(edit(text), text);
	put("read", CR_ACT_ALLOW, "arg0 in 0..2");	/* as it is, in other words */
	CR_CHECK_STR(edit(text), text);
	put("lseek", CR_ACT_ALLOW, "arg1 in 0 5");
	put("socket", CR_ACT_ALLOW, "arg0 == 1");
	put("ioctl", CR_ACT_NEVER, "arg1 == 0x5412");
	CR_CHECK_STR(edit(text),
		     "[syscalls]\nioctl = never if arg1 == TIOCSTI\n"
		     "lseek = allow if arg1 in 0 5 # quoted\n"
		     "read = allow if arg0 in 0x0 1 2\n"
		     "socket = allow if arg0 == AF_UNIX # any\n");
	check_round_trip();
	put("socket", CR_ACT_ALLOW, NULL);
	CR_CHECK_HAS(edit(text), "socket = allow # any\n");
}

CR_TEST(an_order_made_by_hand_stays)
{
	const char *text = "[syscalls]\nwrite = allow\nread = allow\nbrk = allow\n";

	read_in(text);
	set(CR_ABI_NATIVE, "pipe", CR_ACT_ALLOW, 0);
	set(CR_ABI_NATIVE, "writev", CR_ACT_ALLOW, 0);
	CR_CHECK_STR(edit(text),
		     "[syscalls]\npipe = allow\nwrite = allow\nread = allow\nbrk = allow\n"
		     "writev = allow\n");
	check_round_trip();
}

CR_TEST(sections_come_in_their_place)
{
	const char *text = "#!/x\n# notes\n[evidence]\n";

	read_in(text);
	p->mode = CR_MODE_STRICT;
	set(CR_ABI_NATIVE, "read", CR_ACT_ALLOW, 0);
	saw("read", 1, NULL, NULL);
	CR_CHECK_STR(edit(text),
		     "#!/x\n[policy]\nmode = strict\n\n[syscalls]\nread = allow\n\n# notes\n"
		     "[evidence]\nread = \"1, 1 call\"\n");
	check_round_trip();
}

CR_TEST(line_ends_are_kept)
{
	read_in("[syscalls]\r\nread = allow\r\nwrite = allow");
	set(CR_ABI_NATIVE, "read", CR_ACT_LOG, 0);
	set(CR_ABI_NATIVE, "writev", CR_ACT_ALLOW, 0);
	CR_CHECK_STR(edit("[syscalls]\r\nread = allow\r\nwrite = allow"),
		     "[syscalls]\r\nread = log\r\nwrite = allow\r\nwritev = allow\r\n");
	check_round_trip();
}

CR_TEST(what_is_gone_goes)
{
	const char *text =
		"[policy]\nmode = learn\nruns = 1\nprogram = /x\n[syscalls]\nread = allow\n"
		"write = allow\n?zork = allow\n[evidence]\nread = \"1, 1 call\"\nstat = \"1, 1 "
		"call\"\n"
		"write = \"1, 1 call\"\n";

	read_in(text);
	cr_policy_unset(p, CR_ABI_NATIVE, 0);
	set(CR_ABI_NATIVE, "write", CR_ACT_ALLOW, 0);	/* a hand-written one now */
	p->mode = CR_MODE_UNSET;
	free(p->program);
	p->program = NULL;
	CR_CHECK_STR(edit(text),
		     "[policy]\nruns = 1\n[syscalls]\nwrite = allow\n?zork = allow\n[evidence]\n"
		     "stat = \"1, 1 call\"\n");
}

CR_TEST(a_new_file_is_whole)
{
	static char include[] = "base-dynamic";
	char *includes[] = { include };

	read_in("");
	p->program = strdup("/opt/a \"b\" 100%;\t\\c");
	p->mode = CR_MODE_LEARN;
	p->runs = 1;
	p->horizon_kernel = strdup("6.18.0");
	p->horizon_nr = 450;
	p->include = includes;
	p->n_include = 1;
	set(CR_ABI_NATIVE, "read", CR_ACT_ALLOW, 0);
	saw("read", 1, "/opt/a \"b\": x%\n", "f(\"x\")\\ (a.c:1) < m");
	edit("");
	p->include = NULL;
	p->n_include = 0;
	CR_CHECK_HAS(out.s, "chestnut-policy(5)");
	CR_CHECK_HAS(out.s,
		     "\n\n[policy]\nformat = 1\n"
		     "program = \"/opt/a %22b%22 100%25;%09%5Cc\"\nmode = learn\nviolation = kill\n"
		     "horizon = 6.18.0 450\nruns = 1\ninclude = base-dynamic\n\n[syscalls]\nread = "
		     "allow\n\n"
		     "[evidence]\nread = \"1, 1 call, /opt/a%20%22b%22:%20x%25%0A: f(%22x%22)%5C "
		     "(a.c:1) < m\"\n");
	read_in(out.s);
	CR_CHECK_STR(p->program, "/opt/a \"b\" 100%;\t\\c");
	CR_CHECK_STR(p->include[0], "base-dynamic");
	CR_CHECK_STR(cr_policy_own(p, CR_ABI_NATIVE, 0)->ev->exe, "/opt/a \"b\": x%\n");
	CR_CHECK_STR(cr_policy_own(p, CR_ABI_NATIVE, 0)->ev->stack, "f(\"x\")\\ (a.c:1) < m");
	check_round_trip();
}

CR_TEST(long_evidence_is_cut_at_a_frame)
{
	char stack[8000] = "", exe[5000];
	const char *line, *end;
	int i;

	for (i = 0; i < 300; i++)
		sprintf(stack + strlen(stack), "%sframe%d (file.c:%d)", i ? " < " : "", i, i);
	read_in("");
	set(CR_ABI_NATIVE, "read", CR_ACT_ALLOW, 0);
	saw("read", 1, "/bin/x", stack);
	line = strstr(edit(""), "read = \"");
	CR_CHECK(line != NULL);
	end = strchr(line, '\n');
	CR_CHECK(end - line <= 1000 && end - line > 950);
	CR_CHECK(strncmp(end - 8, ") < ...\"", 8) == 0);
	check_round_trip();
	memset(exe, '"', sizeof(exe));	/* each takes three bytes */
	exe[0] = '/';
	exe[4096] = '\0';
	memset(stack, 'y', 5000);	/* one frame that fills no line */
	saw("read", 1, exe, stack);
	p->program = strdup(exe);
	CR_CHECK_HAS(edit(""), "read = \"1, 1 call, ?: ...\"\n");
	CR_CHECK(!strstr(out.s, "program = "));
	check_round_trip();
}

CR_TEST(a_comment_that_no_longer_fits_goes)
{
	char text[1200];

	snprintf(text, sizeof(text), "[syscalls]\nread = log # %0*d\n", 986, 7);
	read_in(text);
	set(CR_ABI_NATIVE, "read", CR_ACT_ERRNO, EPERM);
	CR_CHECK_STR(edit(text), "[syscalls]\nread = errno EPERM\n");
	check_round_trip();
}

CR_TEST(an_invalid_text_is_not_edited)
{
	read_in("");
	CR_CHECK_INT(cr_ini_edit("[x]\n", 4, p, &out), -EINVAL);
}

int main(void)
{
	CR_RUN(nothing_changes_without_need, "a file that says what it should stays byte for byte");
	CR_RUN(only_the_changed_value_changes, "only the changed value of a line changes");
	CR_RUN(new_rules_stand_sorted_and_leave_comments,
	       "new rules stand sorted and part no comment");
	CR_RUN(conditions_are_written, "conditions are written where they have changed");
	CR_RUN(an_order_made_by_hand_stays, "an order made by hand stays");
	CR_RUN(sections_come_in_their_place,
	       "a missing section comes in its place, below the #! line");
	CR_RUN(line_ends_are_kept, "CRLF stays CRLF and a missing newline is supplied");
	CR_RUN(what_is_gone_goes, "a rule that is gone takes its evidence along, and nothing else");
	CR_RUN(a_new_file_is_whole, "a new file has a title and survives odd paths");
	CR_RUN(long_evidence_is_cut_at_a_frame, "a stack is cut where a frame ends");
	CR_RUN(a_comment_that_no_longer_fits_goes,
	       "a comment goes when its line would be too long");
	CR_RUN(an_invalid_text_is_not_edited, "an invalid text is not edited");
	cr_policy_free(p);
	cr_buf_fini(&out);
	return cr_done();
}
