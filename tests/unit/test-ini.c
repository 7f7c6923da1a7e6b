/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "../cr-test.h"
#include "cr/ini.h"
#include "cr/names.h"

static char dir[] = "/tmp/cr-ini-XXXXXX";
static struct cr_policy *p;
static struct cr_err err;

static int parse(const char *text)
{
	cr_policy_free(p);
	p = NULL;
	err = (struct cr_err){ "", "" };
	return cr_ini_parse("x.policy", text, strlen(text), &p, &err);
}

static const struct cr_rule *rule(enum cr_abi abi, const char *name)
{
	return cr_policy_find(p, abi, (uint32_t)cr_name_to_nr(abi, name));
}

static const char *blob(const char *name, const char *text, size_t len)
{
	static char path[4][256];
	static int turn;
	char *at = path[turn++ % 4];
	int fd;

	snprintf(at, sizeof(path[0]), "%s/%s", dir, name);
	fd = open(at, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	CR_CHECK(fd >= 0 && write(fd, text, len) == (ssize_t)len);
	close(fd);
	return at;
}

static const char *file(const char *name, const char *text)
{
	return blob(name, text, strlen(text));
}

static int load(const char *path)
{
	cr_policy_free(p);
	p = NULL;
	err = (struct cr_err){ "", "" };
	return cr_ini_load(path, &p, &err);
}

CR_TEST(everything_is_read)
{
	CR_CHECK_INT(parse("#!/usr/bin/env -S chestnut-run --policy\n"
			   "[policy]\nformat = 1\nprogram = \"/opt/a;b #1\"\nbuild-id = "
			   "0123abcd\nmode = strict\n"
			   "violation = errno EACCES ; not EPERM\nhorizon = 6.18.0 450\nruns = "
			   "4\nall-runs = 1\n\n"
			   "[syscalls]\nopenat = allow # comment\nread=log\nexecve = "
			   "never\nconnect = errno ENETDOWN\n"
			   "nr:1000 = allow\n?no_such_call_yet = allow\n?write = allow\nbind = "
			   "errno 4000\n"
			   "[syscalls i386]\nsocketcall = allow\n[syscalls x32]\nioctl = allow\n"
			   "[evidence]\nopenat = \"2, 31 calls, /usr/bin/a%20b: f (x.c:1) < "
			   "main\"\nnr:1000 = \"3+, 2/5 all, 1 call\"\n"
			   "stat = \"1, 1 call\"\n"),
		     0);
	CR_CHECK_STR(p->program, "/opt/a;b #1");
	CR_CHECK_STR(p->build_id, "0123abcd");
	CR_CHECK_INT(p->mode, CR_MODE_STRICT);
	CR_CHECK_INT(p->violation.what, CR_ACT_ERRNO);
	CR_CHECK_INT(p->violation.err, EACCES);
	CR_CHECK_STR(p->horizon_kernel, "6.18.0");
	CR_CHECK_INT(p->horizon_nr, 450);
	CR_CHECK_INT(p->runs, 4);
	CR_CHECK_INT(p->all_runs, 1);
	CR_CHECK_INT(p->n_rules, 9);
	CR_CHECK_INT(rule(CR_ABI_NATIVE, "openat")->line, 13);
	CR_CHECK_INT(rule(CR_ABI_NATIVE, "read")->act, CR_ACT_LOG);
	CR_CHECK_INT(rule(CR_ABI_NATIVE, "execve")->act, CR_ACT_NEVER);
	CR_CHECK_INT(rule(CR_ABI_NATIVE, "connect")->err, ENETDOWN);
	CR_CHECK_INT(rule(CR_ABI_NATIVE, "bind")->err, 4000);
	CR_CHECK_INT(rule(CR_ABI_NATIVE, "write")->act, CR_ACT_ALLOW);
	CR_CHECK(rule(CR_ABI_I386, "socketcall") && rule(CR_ABI_X32, "ioctl"));
	CR_CHECK(!rule(CR_ABI_NATIVE, "ioctl") && !rule(CR_ABI_NATIVE, "stat"));
	CR_CHECK_INT(rule(CR_ABI_NATIVE, "openat")->ev->calls, 31);
	CR_CHECK_STR(rule(CR_ABI_NATIVE, "openat")->ev->exe, "/usr/bin/a b");
	CR_CHECK_STR(rule(CR_ABI_NATIVE, "openat")->ev->stack, "f (x.c:1) < main");
	CR_CHECK_INT(cr_policy_find(p, CR_ABI_NATIVE, 1000)->ev->all_seen, 2);
	CR_CHECK_INT(cr_policy_find(p, CR_ABI_NATIVE, 1000)->ev->all_runs, 5);
	CR_CHECK(cr_policy_find(p, CR_ABI_NATIVE, 1000)->ev->more &&
		 !rule(CR_ABI_NATIVE, "read")->ev);
}

static const char *rule_of(enum cr_abi abi, const char *name)
{
	static struct cr_buf b = CR_BUF_INIT;

	cr_buf_clear(&b);
	cr_rule_print(rule(abi, name), &b);
	return cr_buf_str(&b);
}

/* iniparser, which reads each value, too, has its own ideas of = ; # and quotes. */
CR_TEST(conditions_are_read)
{
	CR_CHECK_INT(parse("[syscalls]\n"
			   "socket = allow if arg0 in AF_UNIX AF_INET # and ; no more = than that\n"
			   "mprotect=log if not arg2&PROT_EXEC;glued\n"), -EINVAL);
	CR_CHECK_INT(parse("[syscalls]\n"
			   "socket = allow if arg0 in AF_UNIX AF_INET # and ; no more = than that\n"
			   "mprotect=log if not arg2&PROT_EXEC ; not glued\n"
			   "ioctl = \"allow if arg1 == TCGETS or arg1 != 5 and arg0 <= 2\" # q\n"
			   "lseek = errno EINVAL if arg1 < 0 else allow\n"
			   "?no_such_call_yet = allow if arg0 == NO_SUCH_NAME\n"
			   "nr:1000 = never\tif\targ5 >= 0x100000000\n"
			   "[syscalls i386]\nlseek = allow if arg1 == -1\n"
			   "[window 1]\nfunction = f\nclose = allow if arg0 == 3\n"
			   "[evidence]\nsocket = \"1, 1 call\"\n"), 0);
	CR_CHECK_STR(rule_of(CR_ABI_NATIVE, "socket"), "allow if arg0 in AF_UNIX AF_INET");
	CR_CHECK(cr_rule_learned(rule(CR_ABI_NATIVE, "socket")));
	CR_CHECK_STR(rule_of(CR_ABI_NATIVE, "mprotect"), "log if not arg2 & PROT_EXEC");
	CR_CHECK_STR(rule_of(CR_ABI_NATIVE, "ioctl"),
		     "allow if arg0 <= 2 and arg1 != 0x5 or arg1 == TCGETS");
	CR_CHECK_STR(rule_of(CR_ABI_NATIVE, "lseek"), "errno EINVAL if arg1 <= -1 else allow");
	CR_CHECK_STR(rule_of(CR_ABI_NATIVE, "nr:1000"), "never if arg5 >= 0x100000000");
	CR_CHECK_STR(rule_of(CR_ABI_I386, "lseek"), "allow if arg1 == -1");
	CR_CHECK(cr_policy_find_in(p, 1, CR_ABI_NATIVE, 3)->cond);
	CR_CHECK_INT(p->n_rules, 6);
}

CR_TEST(foreign_line_ends_are_accepted)
{
	CR_CHECK_INT(parse("[syscalls]\r\nopenat = allow\r\n\r\nread = log"), 0);
	CR_CHECK_INT(p->n_rules, 2);
	CR_CHECK_INT(parse(""), 0);
	CR_CHECK_INT(p->n_rules, 0);
	CR_CHECK_INT(parse("#"), 0);
	CR_CHECK_INT(parse("\n\n#\n;\n \n\t[ syscalls ]\t\n\topenat\t=\tallow\t"), 0);
	CR_CHECK_INT(p->n_rules, 1);
}

static const struct {
	const char *text, *says, *hint;
} wrongs[] = {
	{ "[syscalls]\nopeanat = allow\n", "x.policy:2: no syscall is called \"opeanat\"",
	  "\"openat\"" },
	{ "[syscalls]\nOPENAT = allow\n", "x.policy:2: no syscall is called \"OPENAT\"",
	  "\"openat\"" },
	{ "[syscalls]\nwaitpid = allow\n", ":2: no syscall is called \"waitpid\"", "\"wait4\"" },
	{ "[syscalls i386]\nnewfstatat = allow\n", ":2: no i386 syscall", "fstatat64" },
	{ "[syscalls]\nqqqqqqqqqqq = allow\n", ":2: no syscall", "nr:N" },
	{ "[syscalls]\nnr:1024 = allow\n", ":2: \"nr:1024\" is not nr:N", "" },
	{ "[syscalls]\nread = allow\nwrite = allow\nread = log\n", ":4: read is there twice",
	  "line 2" },
	{ "[syscalls]\nread = allow\nnr:0 = log\n", ":3: nr:0 is there twice", "line 2" },
	{ "[syscalls]\n?zork = allow\nread = allow\n?ZORK = log\n", ":4: ?ZORK is there twice",
	  "line 2" },
	{ "[syscalls]\nread = allow\n[evidence]\n[syscalls]\n",
	  ":4: section [syscalls] is there twice", "line 1" },
	{ "[Syscalls]\nread = allow\n", ":1: no section is called [Syscalls]", "lower case" },
	{ "[syscals]\n", ":1: no section is called [syscals]", "[syscalls]" },
	{ "[phase serve]\n", ":1: sections like [phase serve] are not supported yet",
	  "later version" },
	{ "[policy]\noutside = all\n", ":2: outside cannot be \"all\"", "rules, and any" },
	{ "[window]\n", ":1: no section is called [window]", "[window 1 evidence]" },
	{ "[window one]\n", ":1: no section is called [window one]", "[window 1]" },
	{ "[window 1 sparc]\n", ":1: no section is called [window 1 sparc]", "i386" },
	{ "[window  1]\n", ":1: no section is called [window  1]", "" },
	{ "[Window 1]\n", ":1: no section is called [Window 1]", "[window 1]" },
	{ "[window 0]\n", ":1: no window has the number of [window 0]", "from 1 to 4096" },
	{ "[window 01]\n", ":1: no window has the number of [window 01]", "zeros" },
	{ "[window 4097]\n", ":1: no window has the number of [window 4097]", "4096" },
	{ "[window 1]\nread = allow\n", ":1: [window 1] does not say which function",
	  "function = " },
	{ "[window 1]\nfunction = f\n[window 1]\n", ":3: section [window 1] is there twice",
	  "line 1" },
	{ "[window 1]\nfunction = f\nfunction = g\n", ":3: function is there twice", "line 2" },
	{ "[window 1]\nfunction = f\nread = allow\nnr:0 = log\n", ":4: nr:0 is there twice",
	  "line 3" },
	{ "[window 1]\nfunction = f\n?zork = log\n?zork = log\n", ":4: ?zork is there twice",
	  "line 3" },
	{ "[window 2]\nfunction = f\nobject = o\n[window 1]\nobject = o\nfunction = f\n",
	  ":1: [window 2] is about the same function as [window 1]", "line 4" },
	{ "[window 1]\nfunction = \"a%0Ab\"\n", ":2: there is a control character", "" },
	{ "[window 1]\nfunction = f\nobject = \"%1b[2J\"\n", ":3: there is a control", "" },
	{ "[window 1]\nfunction = f;g\n", ":2: a ; inside a value", "double quotes" },
	{ "[window 1]\nfunction = \"\"\n", ":2: \"function\" has no value", "" },
	{ "[window 1]\nfunction = f\nscope = task\n", ":3: no scope is called \"task\"",
	  "thread and process" },
	{ "[window 1]\nfunction = f\nread = yes\n", ":3: a rule cannot be \"yes\"", "allow" },
	{ "[window 1 i386]\nread = allow\n", ":1: there is no [window 1] to [window 1 i386]",
	  "which function" },
	{ "[window 7 evidence]\nread = \"1, 1 call\"\n", ":1: there is no [window 7]",
	  "take this section away" },
	{ "[window 1]\nfunction = f\n[window 1 i386]\nfunction = g\n",
	  ":4: no i386 syscall is called \"function\"", "" },
	{ "[syscalls\nread = allow\n", ":1: the section name has no closing ]", "" },
	{ "[syscalls] # x\n", ":1: there is text behind the section name", "line of its own" },
	{ "[syscalls] [evidence]\n", ":1: there is text behind the section name", "" },
	{ "read = allow\n", ":1: \"read\" stands before the first [section]", "" },
	{ "[syscalls]\nread\n", ":2: this is no [section]", "openat = allow" },
	{ "[syscalls]\n= allow\n", ":2: there is no name before the =", "" },
	{ "[syscalls]\nread write = allow\n", ":2: \"read write\" cannot be a name", "" },
	{ "[syscalls]\nread =\n", ":2: \"read\" has no value", "" },
	{ "[syscalls]\nread = # allow\n", ":2: \"read\" has no value", "" },
	{ "[syscalls]\nread = \"\"\n", ":2: \"read\" has no value", "" },
	{ "[syscalls]\nread = yes\n", ":2: a rule cannot be \"yes\"",
	  "allow, log, ask, stop, kill, never" },
	{ "[syscalls]\nread = allow if arg1 == 1\n", ":2: arg1 of read is a pointer",
	  "arg0, arg2" },
	{ "[syscalls]\nread = allow if\n", ":2: the condition ends where an argument", "arg0" },
	{ "[syscalls]\nread = if arg0 == 1\n", ":2: a rule cannot be \"if arg0 == 1\"", "allow" },
	{ "[syscalls]\nread = allow arg0 == 1\n", ":2: a rule cannot be \"allow arg0 == 1\"", "" },
	{ "[syscalls]\nread = alow if arg0 == 1\n", ":2: a rule cannot be \"alow\"", "" },
	{ "[syscalls]\nread = allow if arg0 == 1 else\n", ":2: a rule cannot be \"\"", "" },
	{ "[syscalls]\nread = allow if arg0 == 1 else allow\n",
	  ":2: the condition makes no difference", "" },
	{ "[syscalls]\nread = allow if arg0 == 1 else errno E\n", ":2: no errno is called", "" },
	{ "[syscalls i386]\nmmap = allow if arg2 == 1\n", ":2: mmap has no arg2", "" },
	{ "[window 1]\nfunction = f\nsocket = allow if arg0 == AF_INE\n",
	  ":3: \"AF_INE\" is no value of arg0 of socket", "\"AF_INET\"" },
	{ "[syscalls]\nread = errno\n", ":2: errno needs a name", "EPERM" },
	{ "[syscalls]\nread = errno EFOO\n", ":2: no errno is called \"EFOO\"", "EPERM" },
	{ "[syscalls]\nread = errno 4096\n", ":2: no errno is called \"4096\"", "4095" },
	{ "[syscalls]\nread = allow#x\n", ":2: a # inside a value", "blank" },
	{ "[syscalls]\nread = \"allow\n", ":2: the value has no closing quote", "" },
	{ "[syscalls]\nread = \"allow\" x\n", ":2: there is text behind the closing quote", "" },
	{ "[syscalls]\nread = 'allow'\n", ":2: a ' inside a value", "double quotes" },
	{ "[syscalls]\nread = al\"low\n", ":2: a \" inside a value", "double quotes" },
	{ "[syscalls]\nmode = strict\n", ":2: no syscall is called \"mode\"",
	  "belongs to [policy]" },
	{ "[policy]\nopenat = allow\n", ":2: [policy] has no key \"openat\"", "[syscalls]" },
	{ "[policy]\nMode = learn\n", ":2: [policy] has no key \"Mode\"", "lower case" },
	{ "[policy]\nzork = learn\n", ":2: [policy] has no key \"zork\"", "build-id" },
	{ "[policy]\nmode = learn\nmode = strict\n", ":3: mode is there twice", "line 2" },
	{ "[policy]\nmode = enforce\n", ":2: no mode is called \"enforce\"", "strict" },
	{ "[policy]\nformat = 2\n", ":2: this policy is of format 2", "update" },
	{ "[policy]\nformat = one\n", ":2: format is not a number", "" },
	{ "[policy]\nruns = -1\n", ":2: runs is not a number", "" },
	{ "[policy]\nall-runs = 4294967296\n", ":2: all-runs is not a number", "" },
	{ "[policy]\nprogram = tar\n", ":2: program is not an absolute path", "" },
	{ "[policy]\nbuild-id = 0x12\n", ":2: build-id is not", "" },
	{ "[policy]\nviolation = allow\n", ":2: a violation cannot be \"allow\"",
	  "kill, log, ask, stop, and errno NAME" },
	{ "[policy]\nviolation = never\n", ":2: a violation cannot be \"never\"", "kill" },
	{ "[policy]\nviolation = stop EPERM\n", ":2: a violation cannot be \"stop EPERM\"", "" },
	{ "[syscalls]\nread = kill if arg0 == 1 else kill\n",
	  ":2: the condition makes no difference", "" },
	{ "[syscalls]\nread = asks\n", ":2: a rule cannot be \"asks\"", "" },
	{ "[policy]\nviolation = errno 0\n", ":2: no errno is called \"0\"", "" },
	{ "[policy]\nhorizon = 6.18\n", ":2: horizon is not", "6.18.0 450" },
	{ "[policy]\nhorizon = 6.18 1024\n", ":2: horizon is not", "" },
	{ "[policy]\nruns = 1\ninclude = no-such-set\n",
	  ":3: no base set is called \"no-such-set\"", "policies" },
	{ "[policy]\ninclude = ./no-such.policy\n",
	  ":2: there is no file ./no-such.policy to include", "" },
	{ "[evidence]\nread = \"often\"\n", ":2: this is no evidence: \"often\"", "2, 31 calls" },
	{ "[evidence]\nread = \"1, 2/1 all, 1 call\"\n", ":2: this is no evidence", "" },
	{ "[evidence]\nread = \"1, first in x, 1 call\"\n", ":2: this is no evidence", "" },
	{ "[evidence]\nread = \"1, first in 1\"\n", ":2: this is no evidence", "" },
	{ "[evidence]\nread = \"1, 1 call, \"\n", ":2: this is no evidence", "" },
	{ "\xef\xbb\xbf[syscalls]\n", ":1: the file begins with a byte order mark", "without" },
	{ "# a comment \\\n[syscalls]\n", ":1: the line ends in a backslash", "never continued" },
	{ "[syscalls]\nread = allow \\  \n", ":2: the line ends in a backslash", "" },
	{ "[syscalls]\nread = \001allow\n", ":2: byte 0x01: this is not a text file",
	  "plain text" },
	{ "[syscalls]\nread = al\rlow\n", ":2: a carriage return", "" },
	{ "\177ELF\002\001\001", ":1: byte 0x7f: this is not a text file", "" },
};

CR_TEST(every_mistake_has_its_sentence)
{
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(wrongs); i++) {
		if (parse(wrongs[i].text) != -EINVAL || p)
			CR_FAIL("accepted: %s", wrongs[i].text);
		if (!strstr(err.text, wrongs[i].says) || strncmp(err.text, "x.policy:", 9) != 0)
			CR_FAIL("of %s it says: %s", wrongs[i].text, err.text);
		if (!strstr(err.hint, wrongs[i].hint))
			CR_FAIL("of %s it hints: %s", wrongs[i].text, err.hint);
		/* without words the answer is the same */
		CR_CHECK_INT(cr_ini_parse("x", wrongs[i].text, strlen(wrongs[i].text), &p, NULL),
			     -EINVAL);
	}
}

CR_TEST(nul_bytes_are_found)
{
	CR_CHECK_INT(cr_ini_parse("x", "[syscalls]\nread = allow\0\n", 25, &p, &err), -EINVAL);
	CR_CHECK_STR(err.text, "x:2: byte 0x00: this is not a text file");
}

CR_TEST(a_line_may_have_a_thousand_bytes)
{
	char text[3000];

	snprintf(text, sizeof(text), "[syscalls]\n%-*s\nread = allow\n", 1000, "#");
	CR_CHECK_INT(parse(text), 0);
	CR_CHECK_INT(p->n_rules, 1);
	snprintf(text, sizeof(text), "[syscalls]\n%-*s\nread = allow\n", 1001, "#");
	CR_CHECK_INT(parse(text), -EINVAL);
	CR_CHECK_STR(err.text, "x.policy:2: the line is 1001 bytes long");
	CR_CHECK_HAS(err.hint, "1000");
}

CR_TEST(odd_files_are_refused)
{
	char path[256];
	static char big[(4 << 20) + 2];

	CR_CHECK_INT(load("/no/such/policy"), -ENOENT);
	CR_CHECK_STR(err.text, "cannot read /no/such/policy: No such file or directory");
	CR_CHECK_INT(load(dir), -EISDIR);
	CR_CHECK_HAS(err.text, "Is a directory");
	CR_CHECK_INT(load("/dev/null"), -EINVAL);
	CR_CHECK_STR(err.text, "/dev/null is no regular file");
	snprintf(path, sizeof(path), "%s/fifo", dir);
	CR_CHECK_INT(mkfifo(path, 0600), 0);
	CR_CHECK_INT(load(path), -EINVAL);
	CR_CHECK_HAS(err.text, "is no regular file");
	memset(big, '\n', sizeof(big));
	CR_CHECK_INT(load(blob("big", big, sizeof(big))), -EFBIG);
	CR_CHECK_HAS(err.text, "too large");
	CR_CHECK_INT(load(blob("lines", big, 100000)), -EFBIG);
	CR_CHECK_HAS(err.text, "100000 lines");
}

CR_TEST(a_file_without_permission_is_named)
{
	const char *path = file("secret", "");
	int rc;

	CR_CHECK_INT(chmod(path, 0), 0);
	if (geteuid() == 0 && seteuid(65534) < 0)
		CR_SKIP("cannot become another user");
	chmod(dir, 0755);
	rc = load(path);
	if (getuid() == 0 && seteuid(0) < 0)
		CR_FAIL("cannot become root again");
	CR_CHECK_INT(rc, -EACCES);
	CR_CHECK_HAS(err.text, "Permission denied");
	CR_CHECK_HAS(err.hint, "permissions");
}

CR_TEST(files_are_included_beside_the_including_one)
{
	const char *text = "[policy]\ninclude = ./b, base-dynamic ./c\n[syscalls]\nread = never\n";

	file("b", "[policy]\ninclude=./d\n[syscalls]\nread=allow\nclose=allow\nopen=log\n");
	file("c", "[syscalls]\n\nopen=errno EPERM\n");
	file("d", "[syscalls]\nclose=never\npipe=allow\n");
	CR_CHECK_INT(load(file("a", text)), 0);
	CR_CHECK_INT(p->n_include, 3);
	CR_CHECK_INT(rule(CR_ABI_NATIVE, "read")->act, CR_ACT_NEVER);
	CR_CHECK(!rule(CR_ABI_NATIVE, "read")->base);
	CR_CHECK_INT(rule(CR_ABI_NATIVE, "open")->act, CR_ACT_ERRNO);
	CR_CHECK_STR(rule(CR_ABI_NATIVE, "open")->base, "./c");
	CR_CHECK_INT(rule(CR_ABI_NATIVE, "open")->line, 3);
	CR_CHECK_STR(rule(CR_ABI_NATIVE, "pipe")->base, "./d");
	CR_CHECK_INT(rule(CR_ABI_NATIVE, "close")->act, CR_ACT_ALLOW);
	CR_CHECK_STR(rule(CR_ABI_NATIVE, "exit_group")->base, "base-dynamic");
}

CR_TEST(includes_end)
{
	char name[16], text[64];
	int i;

	CR_CHECK_INT(load(file("self", "[policy]\ninclude = ./self\n")), -EINVAL);
	CR_CHECK_HAS(err.text, "/self:2: ");
	CR_CHECK_HAS(err.text, "includes itself");
	file("ring1", "[policy]\ninclude = ./ring2\n");
	CR_CHECK_INT(load(file("ring2", "[policy]\ninclude = ./ring1\n")), -EINVAL);
	CR_CHECK_HAS(err.text, "includes itself");
	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		snprintf(text, sizeof(text), "[policy]\ninclude = ./n%d\n", i + 1);
		file(name, text);
	}
	snprintf(text, sizeof(text), "%s/n0", dir);
	CR_CHECK_INT(load(text), -EINVAL);
	CR_CHECK_HAS(err.text, "nested more than 8 deep");
	CR_CHECK_INT(load(file("e", "[policy]\ninclude = ./f\n")), -EINVAL);
	CR_CHECK_HAS(err.text, "/e:2: there is no file");
	file("f", "[syscalls]\nraed = allow\n");
	CR_CHECK_INT(load(file("e", "[policy]\ninclude = ./f\n")), -EINVAL);
	CR_CHECK_HAS(err.text, "/f:2: no syscall is called \"raed\"");
}

/* What start-up never makes, and no base set may give away. */
static const char *const never_base[] = {
	"execve", "execveat", "socket", "connect", "bind",   "ptrace",
	"unlink", "kill",     "fork",	"mount",   "bpf",    "io_uring_setup",
	"clone3", "clone",    "rename", "chmod",   "setuid", "sendto",
};

CR_TEST(base_sets_are_valid_and_small)
{
	static const struct {
		const char *name;
		enum cr_abi abi;
		const char *map;	/* a call that only this ABI's set has under this name */
	} sets[] = {
		{ "base-dynamic", CR_ABI_X86_64, "mmap" },
		{ "base-static", CR_ABI_X86_64, "mmap" },
		{ "base-go", CR_ABI_X86_64, "mmap" },
		{ "base-musl", CR_ABI_X86_64, "mmap" },
		{ "base-dynamic-i386", CR_ABI_I386, "mmap2" },
		{ "base-static-i386", CR_ABI_I386, "mmap2" },
		{ "base-go-i386", CR_ABI_I386, "mmap2" },
		{ "base-musl-i386", CR_ABI_I386, "mmap2" },
	};
	cr_auto_buf struct cr_buf path = CR_BUF_INIT;
	size_t i, k;

	for (i = 0; i < CR_ARRAY_SIZE(sets); i++) {
		CR_CHECK_INT(cr_ini_base_path(sets[i].name, &path), 0);
		if (load(path.s) < 0)
			CR_FAIL("%s", err.text);
		CR_CHECK(p->n_own > 10 && p->n_own < 120);
		CR_CHECK(rule(sets[i].abi, "exit_group") && rule(sets[i].abi, "rt_sigreturn"));
		CR_CHECK(rule(sets[i].abi, sets[i].map));
		/* A set opens one ABI: a 64-bit program has no business with int 0x80. */
		for (k = 0; k < p->n_own; k++)
			CR_CHECK(p->rules[k]->act == CR_ACT_ALLOW && !p->rules[k]->ev &&
				 p->rules[k]->abi == sets[i].abi);
		for (k = 0; k < CR_ARRAY_SIZE(never_base); k++)
			if (rule(sets[i].abi, never_base[k]))
				CR_CHECK(strncmp(sets[i].name, "base-go", 7) == 0 &&
					 strcmp(never_base[k], "clone") == 0);
	}
	CR_CHECK_INT(cr_ini_base_path("../policies/base-go", &path), -ENOENT);
	CR_CHECK_INT(cr_ini_base_path("no-such-set", &path), -ENOENT);
}

int main(void)
{
	char cmd[64];

	if (!mkdtemp(dir))
		return 99;
	CR_RUN(everything_is_read, "every section, key and action is read");
	CR_RUN(conditions_are_read, "conditions are read, in quotes and without");
	CR_RUN(foreign_line_ends_are_accepted,
	       "CRLF, blanks, and no newline at the end are accepted");
	CR_RUN(every_mistake_has_its_sentence, "every mistake is told with file, line and a hint");
	CR_RUN(nul_bytes_are_found, "a NUL byte is binary garbage");
	CR_RUN(a_line_may_have_a_thousand_bytes,
	       "a line of 1000 bytes is read, one of 1001 refused");
	CR_RUN(odd_files_are_refused,
	       "directories, devices, FIFOs and huge files are refused at once");
	CR_RUN(a_file_without_permission_is_named, "a file that may not be read is named");
	CR_RUN(files_are_included_beside_the_including_one,
	       "includes are relative, and the last one wins");
	CR_RUN(includes_end, "cycles, deep nesting and mistakes in includes are told");
	CR_RUN(base_sets_are_valid_and_small,
	       "the shipped base sets are valid and give nothing away");
	cr_policy_free(p);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd) ? 99 : cr_done();
}
