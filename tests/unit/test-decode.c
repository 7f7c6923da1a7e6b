/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "cr-test.h"
#include "cr/decode.h"
#include "cr/names.h"

/* The target's memory: strings at small addresses. */
static const char *const memory[] = {
	[1] = "/bin/sh",
	[2] = "a\nb\t\"\\\x1b[31m\x80\x01",
	[3] = "0123456789012345678901234567890123456789012345678901234567890123",
	[4] = "0123456789012345678901234567890123456789012345678901234567890123x",
	[5] = "",
};

static int string_of(const struct cr_site *site, cr_addr at, char *text, size_t size)
{
	(void)site;
	if (at >= CR_ARRAY_SIZE(memory) || !memory[at])
		return -EFAULT;
	snprintf(text, size, "%s", memory[at]);
	return (int)strlen(text);
}

static const struct cr_site site = { .string = string_of };

struct row {
	enum cr_abi abi;
	const char *call;
	uint64_t args[6];
	const char *want;
};

#define X CR_ABI_X86_64
#define I CR_ABI_I386
#define HIGH 0xdeadbeef00000000ull

static void check(const struct row *rows, size_t n)
{
	struct cr_buf b = CR_BUF_INIT;
	struct cr_call call;
	size_t i;
	int nr;

	for (i = 0; i < n; i++) {
		nr = cr_name_to_nr(rows[i].abi, rows[i].call);
		if (nr < 0)
			CR_FAIL("there is no call %s", rows[i].call);
		call = (struct cr_call){ .abi = rows[i].abi, .nr = (uint32_t)nr };
		memcpy(call.args, rows[i].args, sizeof(call.args));
		cr_buf_clear(&b);
		cr_decode_call(&call, &site, &b);
		CR_CHECK_STR(cr_buf_str(&b), rows[i].want);
	}
	cr_buf_fini(&b);
}

CR_TEST(arguments)
{
	static const struct row rows[] = {
		{ X, "execve", { 1, 0x7ffc10, 0 }, "execve(\"/bin/sh\", 0x7ffc10, NULL)" },
		{ X, "openat", { (uint64_t)AT_FDCWD, 1, O_RDONLY | O_CLOEXEC, 0 },
		  "openat(AT_FDCWD, \"/bin/sh\", O_RDONLY|O_CLOEXEC, 0)" },
		{ X, "openat", { 3, 1, O_WRONLY | O_CREAT | O_TRUNC, 0644 },
		  "openat(3, \"/bin/sh\", O_WRONLY|O_CREAT|O_TRUNC, 0644)" },
		{ X, "open", { 1, O_RDWR | O_SYNC | O_TMPFILE, 0600 },
		  "open(\"/bin/sh\", O_RDWR|O_TMPFILE|O_SYNC, 0600)" },
		{ X, "socket", { AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP },
		  "socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP)" },
		{ X, "socket", { 99, 77, 0 }, "socket(0x63, 0x4d, 0)" },
		{ X, "kill", { 123, SIGTERM }, "kill(123, SIGTERM)" },
		{ X, "kill", { (uint64_t)-1, 0 }, "kill(-1, 0)" },
		{ X, "mmap", { 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
		  (uint64_t)-1, 0 },
		  "mmap(NULL, 4096, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0x0)" },
		{ X, "mprotect", { 0x1000, 4096, 0 }, "mprotect(0x1000, 4096, PROT_NONE)" },
		{ X, "mprotect", { 0x1000, 4096, 0x100 | PROT_WRITE },
		  "mprotect(0x1000, 4096, PROT_WRITE|0x100)" },
		{ X, "wait4", { (uint64_t)-1, 0, WNOHANG, 0 }, "wait4(-1, NULL, WNOHANG, NULL)" },
		{ X, "clone", { CLONE_VM | CLONE_VFORK | SIGCHLD, 0, 0, 0, 0 },
		  "clone(SIGCHLD|CLONE_VM|CLONE_VFORK, NULL, NULL, NULL, NULL)" },
		{ X, "prctl", { PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0 },
		  "prctl(PR_SET_NO_NEW_PRIVS, 0x1, 0x0, 0x0, 0x0)" },
		{ X, "setsockopt", { 3, SOL_SOCKET, SO_REUSEADDR, 0x10, 4 },
		  "setsockopt(3, SOL_SOCKET, SO_REUSEADDR, 0x10, 4)" },
		{ X, "setsockopt", { 3, IPPROTO_TCP, 1, 0x10, 4 },
		  "setsockopt(3, IPPROTO_TCP, TCP_NODELAY, 0x10, 4)" },
		{ X, "getsockopt", { 3, 12345, 1, 0, 0 }, "getsockopt(3, 0x3039, 1, NULL, NULL)" },
		{ X, "socket", { AF_NETLINK, SOCK_RAW, 16 },
		  "socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC)" },
		{ X, "socket", { AF_INET6, SOCK_RAW, 0 },
		  "socket(AF_INET6, SOCK_RAW, IPPROTO_IP)" },
		{ X, "personality", { 0xffffffff }, "personality(0xffffffff)" },
		{ X, "personality", { ADDR_NO_RANDOMIZE | PER_LINUX32 },
		  "personality(PER_LINUX32|ADDR_NO_RANDOMIZE)" },
		{ X, "umask", { HIGH | 0x10000 | 022 }, "umask(022)" },
		{ X, "mremap", { 0x1000, 1, 2, MREMAP_MAYMOVE, 0 },
		  "mremap(0x1000, 1, 2, MREMAP_MAYMOVE, NULL)" },
		{ X, "lseek", { 3, (uint64_t)-10, SEEK_END }, "lseek(3, -10, SEEK_END)" },
		{ X, "access", { 1, 0 }, "access(\"/bin/sh\", F_OK)" },
		{ X, "getpid", { 1, 2, 3 }, "getpid()" },
	};

	check(rows, CR_ARRAY_SIZE(rows));
}

CR_TEST(halves)
{
	static const struct row rows[] = {
		{ X, "close", { HIGH | 3 }, "close(3)" },
		{ X, "socket", { HIGH | AF_UNIX, HIGH | SOCK_DGRAM, HIGH },
		  "socket(AF_UNIX, SOCK_DGRAM, 0)" },
		{ X, "openat", { 0xffffff9c, 5, HIGH | O_RDWR, HIGH | 0 },
		  "openat(AT_FDCWD, \"\", O_RDWR, 0)" },
		{ X, "mprotect", { 0, 1, HIGH | PROT_READ },
		  "mprotect(NULL, 1, PROT_READ|0xdeadbeef00000000)" },
		{ I, "close", { 0xffffffff }, "close(-1)" },
		{ I, "lseek", { 3, 0xfffffff6, SEEK_CUR }, "lseek(3, -10, SEEK_CUR)" },
		{ X, "lseek", { 3, 0xfffffff6, SEEK_CUR }, "lseek(3, 4294967286, SEEK_CUR)" },
		{ X, "clone", { HIGH | SIGCHLD }, "clone(SIGCHLD, NULL, NULL, NULL, NULL)" },
		{ X, "unshare", { HIGH | CLONE_NEWNS }, "unshare(CLONE_NEWNS|0xdeadbeef00000000)" },
		{ X, "setuid", { 0x10005 }, "setuid(65541)" },
		{ I, "setuid", { 0x10005 }, "setuid(5)" },
		{ I, "mmap", { 0x1000 }, "mmap(0x1000)" },
		{ I, "mmap2", { 0, 1, PROT_READ, MAP_PRIVATE, 0xffffffff, 0 },
		  "mmap2(NULL, 1, PROT_READ, MAP_PRIVATE, -1, 0x0)" },
		{ I, "execve", { 1, 0, 0 }, "execve(\"/bin/sh\", NULL, NULL)" },
	};

	check(rows, CR_ARRAY_SIZE(rows));
}

CR_TEST(strings)
{
	static const struct row rows[] = {
		{ X, "chdir", { 2 }, "chdir(\"a\\nb\\t\\\"\\\\\\x1b[31m\\x80\\x01\")" },
		{ X, "chdir", { 3 }, "chdir(\"01234567890123456789012345678901234567890123456789"
		  "01234567890123\")" },
		{ X, "chdir", { 4 }, "chdir(\"01234567890123456789012345678901234567890123456789"
		  "01234567890123\"...)" },
		{ X, "chdir", { 0x4242 }, "chdir(0x4242)" },
		{ X, "chdir", { 0 }, "chdir(NULL)" },
	};

	check(rows, CR_ARRAY_SIZE(rows));
}

CR_TEST(unknown)
{
	static const struct row rows[] = {
		{ X, "nr:900", { 1, 2, 3 }, "nr:900(0x1, 0x2, 0x3)" },
		{ X, "nr:900", { 0, 0, HIGH }, "nr:900(0x0, 0x0, 0xdeadbeef00000000)" },
		{ X, "nr:900", { 0 }, "nr:900()" },
	};

	check(rows, CR_ARRAY_SIZE(rows));
}

CR_TEST(no_site)
{
	struct cr_call call = { .abi = X, .args = { 1 } };
	struct cr_buf b = CR_BUF_INIT;

	call.nr = (uint32_t)cr_name_to_nr(X, "chdir");
	cr_decode_call(&call, NULL, &b);
	CR_CHECK_STR(cr_buf_str(&b), "chdir(0x1)");
	cr_buf_fini(&b);
}

/* Every call of every ABI, with everything set: no row may be out of order or print nothing. */
CR_TEST(all_calls)
{
	struct cr_buf b = CR_BUF_INIT;
	struct cr_call call;
	char name[CR_NAME_MAX];
	unsigned int abi;
	const char *c;

	for (abi = 0; abi < CR_ABI_COUNT; abi++) {
		for (call.nr = 0; call.nr < CR_NR_MAX; call.nr++) {
			call.abi = (enum cr_abi)abi;
			memset(call.args, 0xff, sizeof(call.args));
			cr_buf_clear(&b);
			cr_decode_call(&call, &site, &b);
			cr_nr_to_name(call.abi, call.nr, name);
			CR_CHECK(strncmp(cr_buf_str(&b), name, strlen(name)) == 0);
			CR_CHECK(cr_buf_ok(&b) && b.s[b.len - 1] == ')' && b.len < 2048);
			for (c = b.s; *c; c++)
				CR_CHECK(*c >= ' ' && *c <= '~');
		}
	}
	cr_buf_fini(&b);
}

int main(void)
{
	CR_RUN(arguments, "arguments are shown as people write them");
	CR_RUN(halves, "an int is what the kernel makes of it, whatever the upper half says");
	CR_RUN(strings, "strings are escaped and cut, unreadable ones are addresses");
	CR_RUN(unknown, "an unknown call has its number and raw arguments");
	CR_RUN(no_site, "without a site strings are addresses");
	CR_RUN(all_calls, "every call of every ABI gives one printable line");
	return cr_done();
}
