/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "cr/args.h"
#include "cr/cond.h"
#include "cr/names.h"
#include "cr-test.h"

#define X CR_ABI_X86_64
#define I CR_ABI_I386
#define Z CR_ABI_X32
#define HIGH 0xdeadbeef00000000ull
#define ALL_BITS 0xffffffffffffffffull

static struct cr_err err;

static uint32_t number(enum cr_abi abi, const char *call)
{
	int nr = cr_name_to_nr(abi, call);

	if (nr < 0)
		CR_FAIL("there is no call %s", call);
	return (uint32_t)nr;
}

static struct cr_conds *parse(enum cr_abi abi, const char *call, const char *text)
{
	struct cr_conds *c = NULL;

	if (cr_conds_parse(abi, number(abi, call), text, &c, NULL, &err) < 0)
		CR_FAIL("%s if %s: %s", call, text, err.text);
	return c;
}

static void print(enum cr_abi abi, const char *call, const struct cr_conds *c, struct cr_buf *out)
{
	cr_buf_clear(out);
	cr_conds_print(abi, number(abi, call), c, out);
	CR_CHECK(cr_buf_ok(out));
}

/* What is read is written in one way, and that is read as the same. */
static void check_text(enum cr_abi abi, const char *call, const char *text, const char *want)
{
	cr_auto_buf struct cr_buf b = CR_BUF_INIT;
	struct cr_conds *c = parse(abi, call, text), *again;

	print(abi, call, c, &b);
	CR_CHECK_STR(cr_buf_str(&b), want);
	again = parse(abi, call, want);
	CR_CHECK(cr_conds_equal(c, again));
	cr_conds_free(c);
	cr_conds_free(again);
}

static const struct {
	enum cr_abi abi;
	const char *call;
	const char *text;
	const char *want;	/* NULL: as it is */
} spelling[] = {
	{ X, "socket", "arg0 in AF_UNIX AF_INET", NULL },
	{ X, "socket", "  arg0  in\t2 1 1", "arg0 in AF_UNIX AF_INET" },
	{ X, "socket", "arg0==AF_LOCAL", "arg0 == AF_UNIX" },
	{ X, "socket", "arg0 != AF_NETLINK", NULL },
	{ X, "socket", "not arg0 == AF_NETLINK", "arg0 != AF_NETLINK" },
	{ X, "socket", "arg0 not in AF_NETLINK AF_PACKET", NULL },
	{ X, "socket", "not arg0 in 16 17", "arg0 not in AF_NETLINK AF_PACKET" },
	{ X, "socket", "not arg0 not in 16 17", "arg0 in AF_NETLINK AF_PACKET" },
	{ X, "socket", "arg1 & 0xf == SOCK_STREAM",
	  "arg1 & SOCK_TYPE_MASK == SOCK_STREAM" },
	{ X, "socket", "arg1 & SOCK_CLOEXEC", NULL },
	{ X, "socket", "arg1 == SOCK_RAW | SOCK_CLOEXEC", "arg1 == SOCK_RAW|SOCK_CLOEXEC" },
	{ X, "socket", "arg2 == NETLINK_ROUTE and arg0 == AF_NETLINK",
	  "arg0 == AF_NETLINK and arg2 == NETLINK_ROUTE" },
	{ X, "socket", "arg0 in AF_INET AF_INET6 and arg2 in 0 6",
	  "arg0 in AF_INET AF_INET6 and arg2 in IPPROTO_IP IPPROTO_TCP" },
	{ X, "socket", "arg0 == AF_UNIX and arg2 == 0", NULL },
	{ X, "socket", "arg0 == AF_UNIX or arg0 == AF_INET", "arg0 in AF_UNIX AF_INET" },
	{ X, "socket", "arg0 == 2 and arg1 == 1 or arg0 == 1",
	  "arg0 == AF_UNIX or arg0 == AF_INET and arg1 == SOCK_STREAM" },
	{ X, "socket", "arg0 == 1 and arg1 == 1 or arg0 == 1", "arg0 == AF_UNIX" },
	{ X, "socket", "arg0 in 1 2 3 and arg0 in 2 3 4", "arg0 in AF_INET AF_AX25" },
	{ X, "mprotect", "not arg2 & PROT_EXEC", NULL },
	{ X, "mprotect", "arg2 not & PROT_EXEC", "not arg2 & PROT_EXEC" },
	{ X, "mprotect", "arg2 & PROT_EXEC == 0", "not arg2 & PROT_EXEC" },
	{ X, "mprotect", "arg2 & PROT_EXEC", NULL },
	{ X, "mprotect", "arg2 & PROT_EXEC != 0", "arg2 & PROT_EXEC" },
	{ X, "mprotect", "arg2 & 6 in 0 2 4", "arg2 & PROT_WRITE|PROT_EXEC != "
	  "PROT_WRITE|PROT_EXEC" },
	{ X, "mprotect", "arg2 & PROT_WRITE|PROT_EXEC in 0 PROT_WRITE", NULL },
	{ X, "mprotect", "arg2 & 6 <= 2", "arg2 & PROT_WRITE|PROT_EXEC in 0 PROT_WRITE" },
	{ X, "mprotect", "arg2 & 6 > 2", "arg2 & PROT_WRITE|PROT_EXEC in PROT_EXEC "
	  "PROT_WRITE|PROT_EXEC" },
	{ X, "mprotect", "arg2 in PROT_NONE PROT_READ|PROT_WRITE", NULL },
	{ X, "mprotect", "arg2 & 0xffffffffffffffff", "arg2 != PROT_NONE" },
	{ X, "openat", "not arg2 & O_CREAT", NULL },
	{ X, "openat", "arg2 & O_ACCMODE == O_RDONLY", NULL },
	{ X, "openat", "arg2 & O_ACCMODE|O_CREAT in O_RDONLY O_WRONLY|O_CREAT", NULL },
	{ X, "openat", "arg3 == 0644", NULL },
	{ X, "openat", "arg0 == AT_FDCWD", NULL },
	{ X, "openat", "arg0 == -100", "arg0 == AT_FDCWD" },
	{ X, "ioctl", "arg1 in TCGETS TIOCGWINSZ 0x1234",
	  "arg1 in 0x1234 TCGETS TIOCGWINSZ" },
	{ X, "ioctl", "arg0 in 0..2", NULL },
	{ X, "ioctl", "arg0 < 3", "arg0 <= 2" },
	{ X, "ioctl", "arg0 > -1", "arg0 >= 0" },
	{ X, "ioctl", "arg0 in -2..3", NULL },
	{ X, "ioctl", "arg0 not in -2..3", NULL },
	{ X, "ioctl", "arg2 in 0..1023 4096", "arg2 in 0x0..0x3ff 0x1000" },
	{ X, "ioctl", "arg2 > 18446744073709551614", "arg2 == 0xffffffffffffffff" },
	{ X, "fcntl", "arg1 in F_GETFD F_SETFD F_GETFL F_SETFL", NULL },
	{ X, "lseek", "arg1 < 0", "arg1 <= -1" },
	{ X, "lseek", "arg1 >= -5 and arg1 <= 5", "arg1 in -5..5" },
	{ X, "read", "arg2 <= 4096", NULL },
	{ X, "close_range", "arg0 >= 3", NULL },
	{ X, "clone", "not arg0 & CLONE_NEWNS|CLONE_NEWUSER", NULL },
	{ X, "clone", "arg0 & CSIGNAL == SIGCHLD", NULL },
	{ X, "futex", "arg1 & FUTEX_CMD_MASK in FUTEX_WAIT FUTEX_WAKE", NULL },
	{ X, "futex", "arg1 == FUTEX_WAIT_PRIVATE",
	  "arg1 == FUTEX_WAIT|FUTEX_PRIVATE_FLAG" },
	{ X, "personality", "arg0 in PER_LINUX 0xffffffff", NULL },
	{ X, "setsockopt", "arg1 == SOL_SOCKET and arg2 in SO_REUSEADDR SO_KEEPALIVE",
	  NULL },
	{ X, "setsockopt", "arg2 == TCP_NODELAY and arg1 == SOL_TCP",
	  "arg1 == IPPROTO_TCP and arg2 == TCP_NODELAY" },
	{ X, "setsockopt", "arg2 == 1", NULL },
	{ X, "kill", "arg1 in 0 SIGTERM and arg0 > 0", "arg0 >= 1 and arg1 in 0 SIGTERM" },
	{ X, "kill", "arg0 != -1", NULL },
	{ X, "nr:900", "arg0 == 0x10000000000", NULL },
	{ X, "nr:900", "arg5 < 16", "arg5 <= 0xf" },
	{ X, "prctl", "arg0 == PR_SET_NAME or arg0 == PR_SET_PDEATHSIG and arg1 == 9",
	  "arg0 == PR_SET_PDEATHSIG and arg1 == 0x9 or arg0 == PR_SET_NAME" },
	{ X, "ptrace", "arg0 != PTRACE_TRACEME", NULL },
	{ X, "nr:900", "arg0 & 0x155555 > 0x15", "arg0 & 0x155555 in 0x40..0x155555" },
	{ X, "nr:900", "arg0 & 0x155555 != 0x15", NULL },
	{ X, "nr:900", "arg0 & 0x155555 <= 0x10 or arg0 & 0x155555 == 0x11",
	  "arg0 & 0x155555 in 0x0..0x11" },
	{ X, "nr:900", "arg0 & 0x155555", NULL },
	{ X, "nr:900", "not arg0 & 0x155555", NULL },
	{ X, "nr:900", "arg0 & 0x8000000000155555 >= 0x8000000000000000",
	  "arg0 & 0x8000000000155555 in 0x8000000000000000..0x8000000000155555" },
	{ I, "mmap2", "not arg2 & PROT_EXEC", NULL },
	{ I, "lseek", "arg1 == -1", NULL },
	{ I, "setuid", "arg0 != 0", NULL },
	{ I, "ftruncate64", "arg2 == 0", "arg2 == 0x0" },
	{ Z, "ioctl", "arg2 == 0xffffffff", NULL },
	{ Z, "mprotect", "arg2 == 0x100000000", NULL },
};

CR_TEST(spellings)
{
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(spelling); i++)
		check_text(spelling[i].abi, spelling[i].call, spelling[i].text,
			   spelling[i].want ? spelling[i].want : spelling[i].text);
}

static const struct {
	enum cr_abi abi;
	const char *call;
	const char *text;
	const char *want;
	const char *hint;	/* a part of it */
} mistake[] = {
	{ X, "openat", "arg1 == 0", "arg1 of openat is a pointer: what it points to may "
	  "change between the check and the use, so no rule can rely on it",
	  "what can be compared: arg0, arg2, arg3" },
	{ X, "getcwd", "arg0 == 1", "arg0 of getcwd is a pointer: ", "arg1" },
	{ X, "chdir", "arg0 == 1", "arg0 of chdir is a pointer: ",
	  "none of its arguments" },
	{ X, "mmap", "arg0 == 0", "arg0 of mmap is a pointer: ", "arg1, arg2, arg3, arg4" },
	{ I, "mmap", "arg2 == 0", "mmap has no arg2", "its only argument is arg0" },
	{ I, "mmap", "arg0 == 0", "arg0 of mmap is a pointer: ", "none" },
	{ X, "socket", "arg3 == 0", "socket has no arg3",
	  "its arguments are arg0 to arg2" },
	{ X, "getpid", "arg0 == 0", "getpid has no arguments", "" },
	{ X, "socket", "arg6 == 0", "there is \"arg6\" where an argument should be",
	  "arg5" },
	{ X, "socket", "foo == 0", "there is \"foo\" where an argument should be", "" },
	{ X, "socket", "", "the condition ends where an argument should be", "" },
	{ X, "socket", "arg0", "the condition ends where a comparison should be",
	  "not in" },
	{ X, "socket", "arg0 = 1", "there is \"=\" where a comparison should be", "==" },
	{ X, "socket", "arg0 in", "the condition ends where a value should be", "blanks" },
	{ X, "socket", "arg0 in AF_UNIX, AF_INET", "there is \",\" where", "blanks" },
	{ X, "socket", "arg0 == AF_UNIX AF_INET",
	  "there is \"AF_INET\" where \"and\" or \"or\" should be", "" },
	{ X, "socket", "arg0 == AF_UNIX && arg1 == 1", "there is \"&\" where", "" },
	{ X, "socket", "arg0 == 1 else errno EPERM", "there is \"else\" where the end",
	  "" },
	{ X, "socket", "arg0 == AF_INTE", "\"AF_INTE\" is no value of arg0 of socket",
	  "did you mean \"AF_INET\"?" },
	{ X, "socket", "arg0 == SOCK_RAW", "\"SOCK_RAW\" is no value of arg0 of socket",
	  "it is one of arg1" },
	{ X, "read", "arg0 == STDIN", "\"STDIN\" is no value of arg0 of read", "a number" },
	{ X, "setsockopt", "arg2 == SO_REUSEADDR",
	  "\"SO_REUSEADDR\" is no value of arg2 of setsockopt", "arg1 decides" },
	{ X, "setsockopt", "arg1 == SOL_SOCKET and arg2 == TCP_NODELAY",
	  "\"TCP_NODELAY\" is no value of arg2 of setsockopt", "" },
	{ X, "socket", "arg0 == 0x100000000",
	  "0x100000000 does not fit into arg0 of socket",
	  "the kernel looks at 32 bits of it" },
	{ X, "socket", "arg0 == -2147483649", "-2147483649 does not fit", "" },
	{ X, "openat", "arg3 == 0200000", "0200000 does not fit into arg3", "16 bits" },
	{ I, "mmap2", "arg2 == 0x100000000", "0x100000000 does not fit into arg2", "32" },
	{ Z, "ioctl", "arg2 == 0x100000000", "0x100000000 does not fit into arg2", "32" },
	{ X, "mmap", "arg5 == 0x10000000000000000", "\"0x10000000000000000\" is no number",
	  "" },
	{ X, "read", "arg2 == 09", "\"09\" is no number", "C" },
	{ X, "read", "arg2 == 12a", "\"12a\" is no number", "" },
	{ X, "socket", "arg1 & 0xf == 0x10", "0x10 has bits that the mask 0xf takes away",
	  "" },
	{ X, "socket", "arg1 & 0", "the mask of arg1 has no bit", "" },
	{ X, "socket", "arg0 in 5..3", "a range ends before it begins", "" },
	{ X, "close_range", "arg0 in -1..3", "a range ends before it begins", "" },
	{ X, "read", "arg2 < 0", "\"arg2 < 0\" is never true",
	  "arg2 of read is an unsigned number of 64 bits" },
	{ X, "read", "arg2 >= 0", "\"arg2 >= 0\" is always true", "" },
	{ X, "ioctl", "arg0 > 2147483647", "\"arg0 > 2147483647\" is never true",
	  "a signed number of 32 bits" },
	{ X, "mprotect", "arg2 & 2 in 0 2", "\"arg2 & 2 in 0 2\" is always true", "" },
	{ X, "mprotect", "arg2 & 6 == 1", "0x1 has bits that the mask 0x6 takes away", "" },
	{ X, "socket", "arg0 == 1 and arg0 == 2",
	  "the conditions on arg0 exclude each other",
	  "" },
	{ X, "socket", "arg0 == 1 or arg0 != 1",
	  "the alternatives together are always true",
	  "" },
};

CR_TEST(mistakes)
{
	struct cr_conds *c = NULL;
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(mistake); i++) {
		memset(&err, 0, sizeof(err));
		CR_CHECK_INT(cr_conds_parse(mistake[i].abi, number(mistake[i].abi, mistake[i].call),
					    mistake[i].text, &c, NULL, &err), -EINVAL);
		CR_CHECK_HAS(err.text, mistake[i].want);
		CR_CHECK_HAS(err.hint, mistake[i].hint);
		CR_CHECK(c == NULL);
	}
}

CR_TEST(rest)
{
	const char *rest = NULL, *text = "arg0 in AF_UNIX 2 else errno EPERM";
	struct cr_conds *c = NULL;

	CR_CHECK_INT(cr_conds_parse(X, number(X, "socket"), text, &c, &rest, &err), 0);
	CR_CHECK_STR(rest, "else errno EPERM");
	cr_conds_free(c);
	CR_CHECK_INT(cr_conds_parse(X, number(X, "socket"), "arg0 == 1 ", &c, &rest, &err), 0);
	CR_CHECK_STR(rest, "");
	cr_conds_free(c);
}

static const struct {
	enum cr_abi abi;
	const char *call;
	const char *text;
	uint64_t args[6];
	bool want;
} verdict[] = {
	{ X, "socket", "arg0 in AF_UNIX AF_INET", { AF_UNIX }, true },
	{ X, "socket", "arg0 in AF_UNIX AF_INET", { HIGH | AF_INET }, true },
	{ X, "socket", "arg0 in AF_UNIX AF_INET", { AF_NETLINK }, false },
	{ X, "socket", "arg0 != AF_NETLINK", { HIGH | AF_NETLINK }, false },
	{ X, "socket", "arg0 not in 16 17", { HIGH | 17 }, false },
	{ X, "socket", "arg1 & 0xf == SOCK_STREAM", { 1, SOCK_STREAM | SOCK_CLOEXEC },
	  true },
	{ X, "socket", "arg1 & 0xf == SOCK_STREAM", { 1, SOCK_DGRAM }, false },
	{ X, "mprotect", "not arg2 & PROT_EXEC", { 0, 0, PROT_READ }, true },
	{ X, "mprotect", "not arg2 & PROT_EXEC", { 0, 0, HIGH | PROT_READ }, true },
	{ X, "mprotect", "not arg2 & PROT_EXEC", { 0, 0, HIGH | PROT_EXEC }, false },
	{ X, "mprotect", "arg2 == PROT_READ", { 0, 0, HIGH | PROT_READ }, false },
	{ X, "openat", "arg3 != 0644", { 0, 0, 0, 0x10000 | 0644 }, false },
	{ X, "openat", "arg0 == AT_FDCWD", { ALL_BITS - 99 }, true },
	{ X, "openat", "arg0 == AT_FDCWD", { 0xffffff9c }, true },
	{ X, "ioctl", "arg0 in -2..3", { 0xfffffffe }, true },
	{ X, "ioctl", "arg0 in -2..3", { 0xfffffffd }, false },
	{ X, "ioctl", "arg0 in -2..3", { 3 }, true },
	{ X, "ioctl", "arg0 in -2..3", { 4 }, false },
	{ X, "ioctl", "arg0 < 0", { 0x80000000 }, true },
	{ X, "ioctl", "arg0 < 0", { 0x7fffffff }, false },
	{ X, "ioctl", "arg2 >= 0x100000000", { 0, 0, 0xffffffff }, false },
	{ X, "ioctl", "arg2 >= 0x100000000", { 0, 0, 0x100000000 }, true },
	{ X, "lseek", "arg1 < 0", { 0, ALL_BITS }, true },
	{ X, "lseek", "arg1 < 0", { 0, 0xffffffff }, false },
	{ I, "lseek", "arg1 < 0", { 0, 0xffffffff }, true },
	{ I, "setuid", "arg0 != 0", { 0x10000 }, false },
	{ X, "setuid", "arg0 != 0", { 0x10000 }, true },
	{ Z, "ioctl", "arg2 != 1", { 0, 0, HIGH | 1 }, false },
	{ X, "ioctl", "arg2 != 1", { 0, 0, HIGH | 1 }, true },
	{ X, "clone", "not arg0 & CLONE_NEWUSER", { HIGH | CLONE_NEWUSER }, false },
	{ X, "socket", "arg0 == 1 and arg1 == 1 or arg0 == 2", { 1, 2 }, false },
	{ X, "socket", "arg0 == 1 and arg1 == 1 or arg0 == 2", { 1, 1 }, true },
	{ X, "socket", "arg0 == 1 and arg1 == 1 or arg0 == 2", { 2, 2 }, true },
};

CR_TEST(verdicts)
{
	struct cr_conds *c;
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(verdict); i++) {
		c = parse(verdict[i].abi, verdict[i].call, verdict[i].text);
		if (cr_conds_hold(c, verdict[i].args) != verdict[i].want)
			CR_FAIL("row %zu: %s if %s", i, verdict[i].call, verdict[i].text);
		cr_conds_free(c);
	}
}

/* A condition at chance, over few small numbers, so that they meet. */
static void chance(struct cr_buf *b)
{
	static const char *const args[] = { "arg0", "arg1 & 6", "arg2", "arg1", "arg0 & 3" };
	static const char *const ops[] = { "==", "!=", "<", "<=", ">", ">=", "in", "not in" };
	unsigned int alts = 1 + rand() % 3, tests, op, n;

	cr_buf_clear(b);
	while (alts--) {
		for (tests = 1 + rand() % 3; tests; tests--) {
			const char *arg = args[rand() % CR_ARRAY_SIZE(args)];

			op = rand() % CR_ARRAY_SIZE(ops);
			cr_buf_addf(b, "%s %s", arg, ops[op]);
			for (n = op < 6 ? 1 : 1 + rand() % 3; n; n--)
				cr_buf_addf(b, " %d", strchr(arg, '&') ? 2 * (rand() % 2) :
							rand() % 5 - (arg[3] != '2'));
			cr_buf_add(b, tests > 1 ? " and " : "");
		}
		cr_buf_add(b, alts ? " or " : "");
	}
}

/* The same, as C would have it: a second reading of the grammar, number by number. */
static bool by_hand(const char *text, const int64_t args[3])
{
	bool any = false, all = true, hit, in;
	char op[8], word[8];
	int arg, mask, used, value;

	for (;;) {
		mask = -1;
		sscanf(text, "arg%d%n", &arg, &used);
		text += used;
		if (sscanf(text, " & %d%n", &mask, &used) == 1)
			text += used;
		sscanf(text, " %7s%n", op, &used);
		text += used;
		if (strcmp(op, "not") == 0)
			text += strlen(" in");
		in = strcmp(op, "in") == 0 || strcmp(op, "not") == 0;
		hit = false;
		while (sscanf(text, " %d%n", &value, &used) == 1) {
			int64_t a = args[arg] & mask;

			text += used;
			hit |= in || strcmp(op, "==") == 0 || strcmp(op, "!=") == 0 ? a == value :
			       strcmp(op, "<") == 0 ? a < value :
			       strcmp(op, "<=") == 0 ? a <= value :
			       strcmp(op, ">") == 0 ? a > value : a >= value;
		}
		all &= hit != (strcmp(op, "!=") == 0 || strcmp(op, "not") == 0);
		if (sscanf(text, " %7s %n", word, &used) != 1)
			return any || all;
		text += used;
		if (strcmp(word, "and") == 0)
			continue;
		any |= all;
		all = true;
	}
}

static void compare(const struct cr_conds *c, const char *text)
{
	int64_t n, a[3];

	for (n = 0; n < 8 * 8 * 8; n++) {
		a[0] = n % 8 - 2;
		a[1] = n / 8 % 8 - 2;
		a[2] = n / 64 - 2;
		if (cr_conds_hold(c, (uint64_t[6]){ (uint64_t)a[0], (uint64_t)a[1],
						    (uint64_t)a[2] }) != by_hand(text, a))
			CR_FAIL("%s: %d %d %d", text, (int)a[0], (int)a[1], (int)a[2]);
	}
}

/* Both are pairs of process IDs and an int: small signed numbers. */
static struct cr_conds *random_conds(struct cr_buf *text)
{
	struct cr_conds *c = NULL;

	do {
		chance(text);
	} while (cr_conds_parse(X, number(X, "kcmp"), cr_buf_str(text), &c, NULL, &err) < 0);
	return c;
}

CR_TEST(at_random)
{
	cr_auto_buf struct cr_buf text = CR_BUF_INIT, one = CR_BUF_INIT, two = CR_BUF_INIT;
	struct cr_conds *c, *again;
	unsigned int i;

	srand(1);
	for (i = 0; i < 2000; i++) {
		c = random_conds(&text);
		compare(c, cr_buf_str(&text));
		print(X, "kcmp", c, &one);
		again = parse(X, "kcmp", cr_buf_str(&one));
		CR_CHECK(cr_conds_equal(c, again));
		print(X, "kcmp", again, &two);
		CR_CHECK_STR(cr_buf_str(&two), cr_buf_str(&one));
		cr_conds_free(again);
		cr_conds_free(c);
	}
}

/* Masks with many holes, where most numbers cannot be. */
CR_TEST(odd_masks)
{
	cr_auto_buf struct cr_buf text = CR_BUF_INIT, one = CR_BUF_INIT;
	static const char *const ops[] = { "==", "!=", "<", "<=", ">", ">=" };
	struct cr_conds *c = NULL, *again;
	unsigned int i, k, good = 0;

	srand(5);
	for (i = 0; i < 3000; i++) {
		uint64_t mask = (uint64_t)rand() << 33 ^ (uint64_t)rand() << 11 ^ (uint64_t)rand();
		uint64_t value = mask & ((uint64_t)rand() << 31 ^ (uint64_t)rand()), a[6] = { 0 };

		mask >>= rand() % 40;
		value &= mask;
		k = (unsigned int)rand() % 6;
		cr_buf_clear(&text);
		cr_buf_addf(&text, "arg0 & %#llx %s %#llx", (unsigned long long)mask, ops[k],
			    (unsigned long long)value);
		if (!mask || cr_conds_parse(X, 900, cr_buf_str(&text), &c, NULL, &err) < 0)
			continue;
		good++;
		cr_buf_clear(&one);
		cr_conds_print(X, 900, c, &one);
		again = parse(X, "nr:900", cr_buf_str(&one));
		CR_CHECK(cr_conds_equal(c, again));
		for (a[0] = value - 3; a[0] != value + 4; a[0]++) {
			uint64_t m = a[0] & mask;
			bool want = k == 0 ? m == value : k == 1 ? m != value :
				    k == 2 ? m < value : k == 3 ? m <= value :
				    k == 4 ? m > value : m >= value;

			CR_CHECK_INT(cr_conds_hold(c, a), want);
		}
		cr_conds_free(again);
		cr_conds_free(c);
	}
	CR_CHECK(good > 2500);
}

CR_TEST(joined)
{
	cr_auto_buf struct cr_buf ta = CR_BUF_INIT, tb = CR_BUF_INIT;
	struct cr_conds *a, *b, *sum;
	unsigned int i;

	srand(2);
	for (i = 0; i < 2000; i++) {
		a = random_conds(&ta);
		b = random_conds(&tb);
		sum = cr_conds_copy(a);
		CR_CHECK(sum && cr_conds_equal(sum, a));
		CR_CHECK_INT(cr_conds_join(&sum, b), 0);
		cr_buf_addf(&ta, " or %s", cr_buf_str(&tb));
		compare(sum, cr_buf_str(&ta));
		cr_conds_free(a);
		cr_conds_free(b);
		cr_conds_free(sum);
	}
}

/* Learns from one call after the other; what is left, as text; "any" when there is too much. */
static const char *learn(enum cr_abi abi, const char *call, const uint64_t (*args)[6], size_t n)
{
	static struct cr_buf b = CR_BUF_INIT;
	struct cr_conds *have = NULL, *seen;
	uint32_t nr = number(abi, call);
	size_t i;
	int rc;

	for (i = 0; i < n; i++) {
		CR_CHECK_INT(cr_conds_seen(abi, nr, args[i], &seen), 0);
		CR_CHECK(cr_conds_hold(seen, args[i]));
		if (!have) {
			have = seen;
			continue;
		}
		rc = cr_conds_learn(abi, nr, &have, seen);
		cr_conds_free(seen);
		CR_CHECK(rc == 0 || rc == 1);
		if (rc == 1) {
			CR_CHECK(!have);
			return "any";
		}
		CR_CHECK(cr_conds_hold(have, args[i]));
	}
	print(abi, call, have, &b);
	cr_conds_free(have);
	return cr_buf_str(&b);
}

#define LEARN(abi, call, ...) learn(abi, call, (const uint64_t[][6]){ __VA_ARGS__ }, \
	CR_ARRAY_SIZE(((const uint64_t[][6]){ __VA_ARGS__ })))

CR_TEST(lessons)
{
	CR_CHECK_STR(LEARN(X, "socket", { 1, 1 }), "arg0 == AF_UNIX and arg1 & SOCK_TYPE_MASK == "
		     "SOCK_STREAM and arg2 == 0");
	CR_CHECK_STR(LEARN(X, "socket", { 2, SOCK_STREAM | SOCK_CLOEXEC, 6 }, { 10, 1, 6 },
			   { 2, HIGH | 1, 0 }, { 10, 1, 0 }, { 16, 3, 0 }, { 16, 3, 9 }),
		     "arg0 in AF_INET AF_INET6 and arg1 & SOCK_TYPE_MASK == SOCK_STREAM and "
		     "arg2 in IPPROTO_IP IPPROTO_TCP or arg0 == AF_NETLINK and "
		     "arg1 & SOCK_TYPE_MASK == SOCK_RAW and arg2 in NETLINK_ROUTE NETLINK_AUDIT");
	/* What was seen beside one domain says nothing about another. */
	CR_CHECK_STR(LEARN(X, "socket", { 1, 1 }, { 2, 2 }),
		     "arg0 == AF_UNIX and arg1 & SOCK_TYPE_MASK == SOCK_STREAM and arg2 == 0 or "
		     "arg0 == AF_INET and arg1 & SOCK_TYPE_MASK == SOCK_DGRAM and "
		     "arg2 == IPPROTO_IP");
	CR_CHECK_STR(LEARN(X, "setsockopt", { 3, 1, 2 }, { 3, 6, 1 }, { 4, 1, 9 }),
		     "arg1 == SOL_SOCKET and arg2 in SO_REUSEADDR SO_KEEPALIVE or "
		     "arg1 == IPPROTO_TCP and arg2 == TCP_NODELAY");
	CR_CHECK_STR(LEARN(X, "mmap", { 0, 1, PROT_READ }, { 0, 1, PROT_READ | PROT_EXEC }),
		     "arg2 & PROT_WRITE|PROT_EXEC in 0 PROT_EXEC");
	CR_CHECK_STR(LEARN(X, "mmap", { 0, 1, 0 }, { 0, 1, 1 }, { 0, 1, 4 }, { 0, 1, 2 }),
		     "arg2 & PROT_WRITE|PROT_EXEC != PROT_WRITE|PROT_EXEC");
	CR_CHECK_STR(LEARN(X, "mmap", { 0, 1, 0 }, { 0, 1, 4 }, { 0, 1, 2 }, { 0, 1, 6 }), "any");
	CR_CHECK_STR(LEARN(X, "openat", { 0, 0, O_RDONLY | O_CLOEXEC }),
		     "arg2 & O_ACCMODE|O_CREAT|O_TRUNC == O_RDONLY");
	CR_CHECK_STR(LEARN(X, "openat", { 0, 0, O_RDONLY },
			   { 0, 0, O_WRONLY | O_CREAT | O_APPEND }),
		     "arg2 & O_ACCMODE|O_CREAT|O_TRUNC in O_RDONLY O_WRONLY|O_CREAT");
	CR_CHECK_STR(LEARN(X, "clone", { 0x1200011 }, { 0x3d0f00 }),
		     "not arg0 & CLONE_NEWNS|CLONE_NEWCGROUP|CLONE_NEWUTS|CLONE_NEWIPC|"
		     "CLONE_NEWUSER|CLONE_NEWPID|CLONE_NEWNET");
	/* Whether a lock is free is a matter of chance: one operation stands for its like. */
	CR_CHECK_STR(LEARN(X, "futex", { 0, 128 }),
		     "arg1 & FUTEX_CMD_MASK in FUTEX_WAIT FUTEX_WAKE FUTEX_WAIT_BITSET "
		     "FUTEX_WAKE_BITSET");
	CR_CHECK_STR(LEARN(I, "futex_time64", { 0, 7 }, { 0, 4 }),
		     "arg1 & FUTEX_CMD_MASK in FUTEX_CMP_REQUEUE FUTEX_LOCK_PI FUTEX_UNLOCK_PI "
		     "FUTEX_TRYLOCK_PI FUTEX_LOCK_PI2");
	CR_CHECK_STR(LEARN(X, "ioctl", { 0, 0x5401 }, { 9, HIGH | 0x5401 }), "arg1 == TCGETS");
	CR_CHECK_STR(LEARN(I, "fcntl64", { 0, 12 }), "arg1 == F_GETLK64");
	CR_CHECK_INT(cr_conds_learnable(I, number(I, "mmap")), 0);
	CR_CHECK_INT(cr_conds_learnable(X, number(X, "read")), 0);
	CR_CHECK_INT(cr_conds_learnable(X, 900), 0);
	CR_CHECK_INT(cr_conds_learnable(Z, number(Z, "ioctl")), 1);
}

/* @n ioctls with different requests, apart from each other. */
static const char *learn_many(unsigned int n)
{
	uint64_t args[40][6] = { { 0 } };
	unsigned int i;

	for (i = 0; i < n; i++)
		args[i][1] = 3 * i;
	return learn(X, "ioctl", (const uint64_t (*)[6])args, n);
}

CR_TEST(limits)
{
	uint64_t args[60][6] = { { 0 } };
	unsigned int i;

	CR_CHECK_HAS(learn_many(CR_LEARN_VALUES), "arg1 in 0 0x3 0x6 ");
	CR_CHECK_STR(learn_many(CR_LEARN_VALUES + 1), "any");
	/* Too many options of one level: of that level, any; of the other, what was seen. */
	for (i = 0; i < 20; i++) {
		args[i][1] = SOL_SOCKET;
		args[i][2] = 100 + 2 * i;
	}
	args[20][1] = IPPROTO_TCP;
	args[20][2] = TCP_NODELAY;
	CR_CHECK_STR(learn(X, "setsockopt", (const uint64_t (*)[6])args, 21),
		     "arg1 == SOL_SOCKET or arg1 == IPPROTO_TCP and arg2 == TCP_NODELAY");
	for (i = 0; i < 17; i++)
		args[i][0] = 2 * i;
	CR_CHECK_STR(learn(X, "socket", (const uint64_t (*)[6])args, 17), "any");
	/* More than a line should hold: levels only. */
	for (i = 0; i < 60; i++) {
		args[i][1] = 1000 + 2 * (i % 12);
		args[i][2] = 1234567890 + 100 * i;
	}
	CR_CHECK_STR(learn(X, "getsockopt", (const uint64_t (*)[6])args, 60), "arg1 in 0x3e8 0x3ea "
		     "0x3ec 0x3ee 0x3f0 0x3f2 0x3f4 0x3f6 0x3f8 0x3fa 0x3fc 0x3fe");
}

CR_TEST(by_persons)
{
	static const char *const conditions[] = {
		"arg1 != TIOCSTI", "arg1 in 0..1023", "arg0 == 1", "arg1 & 0xff == 1",
		"arg1 == TCGETS and arg0 == 0",
	};
	uint64_t args[6] = { 5, 0x5402 };
	struct cr_conds *have, *before, *seen;
	size_t i;

	CR_CHECK_INT(cr_conds_seen(X, number(X, "ioctl"), args, &seen), 0);
	for (i = 0; i < CR_ARRAY_SIZE(conditions); i++) {
		have = parse(X, "ioctl", conditions[i]);
		before = cr_conds_copy(have);
		CR_CHECK_INT(cr_conds_learn(X, number(X, "ioctl"), &have, seen), -EPERM);
		CR_CHECK(cr_conds_equal(have, before));
		cr_conds_free(have);
		cr_conds_free(before);
	}
	cr_conds_free(seen);
}

CR_TEST(explained)
{
	static const struct {
		const char *call;
		const char *text;
		uint64_t args[6];
		const char *why;
		const char *rule;
	} rows[] = {
		{ "socket", "arg0 in AF_UNIX AF_INET", { HIGH | AF_PACKET },
		  "arg0 is AF_PACKET, allowed is arg0 in AF_UNIX AF_INET", "arg0 == AF_PACKET" },
		{ "socket", "arg0 == AF_UNIX and arg1 & 0xf == SOCK_STREAM or arg0 == AF_INET and "
		  "arg1 & 0xf == SOCK_DGRAM", { AF_INET, SOCK_STREAM | SOCK_CLOEXEC },
		  "arg0 is AF_INET, allowed is arg0 == AF_UNIX",
		  "arg0 == AF_INET and arg1 & SOCK_TYPE_MASK == SOCK_STREAM" },
		{ "mprotect", "not arg2 & PROT_EXEC", { 0, 0, PROT_READ | PROT_EXEC },
		  "arg2 is PROT_READ|PROT_EXEC, allowed is not arg2 & PROT_EXEC",
		  "arg2 & PROT_EXEC" },
		{ "setsockopt", "arg1 == SOL_SOCKET and arg2 == SO_KEEPALIVE", { 3, 6, 1 },
		  "arg1 is IPPROTO_TCP, allowed is arg1 == SOL_SOCKET, "
		  "arg2 is TCP_NODELAY, allowed is arg2 == SO_KEEPALIVE",
		  "arg1 == IPPROTO_TCP and arg2 == TCP_NODELAY" },
	};
	struct cr_buf why = CR_BUF_INIT, rule = CR_BUF_INIT;
	struct cr_conds *c, *more;
	uint32_t nr;
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(rows); i++) {
		c = parse(X, rows[i].call, rows[i].text);
		nr = number(X, rows[i].call);
		CR_CHECK_INT(cr_conds_explain(X, nr, c, rows[i].args, &why, &rule), 0);
		CR_CHECK_STR(cr_buf_str(&why), rows[i].why);
		CR_CHECK_STR(cr_buf_str(&rule), rows[i].rule);
		more = parse(X, rows[i].call, cr_buf_str(&rule));
		CR_CHECK(!cr_conds_hold(c, rows[i].args) && cr_conds_hold(more, rows[i].args));
		cr_conds_free(c);
		cr_conds_free(more);
		cr_buf_fini(&why);
		cr_buf_fini(&rule);
	}
}

int main(void)
{
	CR_RUN(spellings, "what is read is written in one way, and read as the same again");
	CR_RUN(mistakes, "a mistake is told in one sentence, with a hint");
	CR_RUN(rest, "a condition ends at \"else\"");
	CR_RUN(verdicts, "what the kernel ignores of a register has no say, what it sees has");
	CR_RUN(at_random, "conditions at random hold where a second reading of them does");
	CR_RUN(odd_masks, "under a mask with holes only those numbers count that can be");
	CR_RUN(joined, "joined conditions hold where one of them does");
	CR_RUN(lessons, "what is learned of a call names the values that were seen");
	CR_RUN(limits, "with too many values an argument may be anything");
	CR_RUN(by_persons, "a condition of another form is a person's, and not changed");
	CR_RUN(explained, "a denied call is told what it lacks, and the rule that would do");
	return cr_done();
}
