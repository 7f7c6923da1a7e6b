/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <elf.h>
#include <errno.h>
#include <sys/mman.h>

#include "cr/add.h"
#include "cr/import.h"
#include "cr/ini.h"
#include "cr/names.h"
#include "cli-run.h"

static struct cr_imported im;
static struct cr_err err;
static char shown[8192];
static const char *only;	/* executables */
static bool i386;		/* what the log does not say */

static int import_bytes(const char *format, const char *s, size_t n, bool skip)
{
	struct cr_import_how how = {
		.skip_bad = skip, .exe = only, .has_abi = i386, .abi = CR_ABI_I386,
	};
	int fd = memfd_create("import", MFD_CLOEXEC), rc;

	err.text[0] = '\0';
	CR_CHECK(fd >= 0);
	CR_CHECK_INT(write(fd, s, n), n);
	CR_CHECK_INT(lseek(fd, 0, SEEK_SET), 0);
	rc = cr_import(cr_import_find(format), fd, "in", &how, &im, &err);
	close(fd);
	return rc;
}

static int import_text(const char *format, const char *s, bool skip)
{
	return import_bytes(format, s, strlen(s), skip);
}

/* The rules as "abi:name=act/errno" with blanks between, in the model's order. */
static const char *rules(void)
{
	static const char *const acts[] = {
		[CR_ACT_NONE] = "none", [CR_ACT_ALLOW] = "allow", [CR_ACT_LOG] = "log",
		[CR_ACT_ASK] = "ask", [CR_ACT_ERRNO] = "errno", [CR_ACT_STOP] = "stop",
		[CR_ACT_KILL] = "kill", [CR_ACT_NEVER] = "never",
	};
	char name[CR_NAME_MAX], e[CR_NAME_MAX];
	size_t i, n = 0;

	shown[0] = '\0';
	for (i = 0; i < im.policy->n_own; i++) {
		const struct cr_rule *r = im.policy->rules[i];
		cr_auto_buf struct cr_buf whole = CR_BUF_INIT;

		if (r->cond) {
			cr_rule_print(r, &whole);
			n += (size_t)snprintf(shown + n, sizeof(shown) - n, "%s%s%s%s=[%s]",
					      i ? " " : "", cr_abi_facts[r->abi].suffix,
					      r->abi == CR_ABI_NATIVE ? "" : ":",
					      cr_nr_to_name(r->abi, r->nr, name), whole.s);
			continue;
		}
		n += (size_t)snprintf(shown + n, sizeof(shown) - n, "%s%s%s%s=%s%s%s", i ? " " : "",
				      cr_abi_facts[r->abi].suffix,
				      r->abi == CR_ABI_NATIVE ? "" : ":",
				      cr_nr_to_name(r->abi, r->nr, name), acts[r->act],
				      r->act == CR_ACT_ERRNO ? "/" : "",
				      r->act == CR_ACT_ERRNO ? cr_errno_name(r->err, e) : "");
	}
	return shown;
}

static void must(const char *format, const char *text, const char *want)
{
	if (import_text(format, text, false) < 0)
		CR_FAIL("%s", err.text);
	CR_CHECK_STR(rules(), want);
}

CR_TEST(strace_forms)
{
	must("strace",
	     "read(0, \"\\n\", 1) = 1\n"
	     "[pid   12] write(1, \"a\", 1) = 1\n"
	     "13 12:00:00.000001 close(3) = 0\n"
	     "13<my prog> 1700000000.5 dup(3) = 0\n"
	     "     0.000123 [00007f12a] [  39] getpid() = 1\n"
	     "13 futex(0x1,  <unfinished ...>\n"
	     "13 --- SIGCHLD {si_signo=SIGCHLD} ---\n"
	     "13 <... futex resumed>) = 0\n"
	     "14 <... poll resumed>) = 0\n"
	     "14 syscall_0x1ce(0x1) = -1 ENOSYS (Function not implemented)\n"
	     "14 restart_syscall(<... resuming interrupted nanosleep ...>) = 0\n"
	     " > /lib/libc.so.6(read+0x1) [0x10]\n"
	     "strace: Process 15 attached\n"
	     "14 +++ killed by SIGKILL +++\n",
	     "read=allow write=allow close=allow poll=allow dup=allow getpid=allow futex=allow "
	     "restart_syscall=allow nr:462=allow");
	CR_CHECK_INT(im.records, 10);
	CR_CHECK_STR(im.note[CR_ABI_NATIVE][1], "strace in:2");
	cr_imported_fini(&im);
}

CR_TEST(strace_abis)
{
	must("strace",
	     "10 execve(\"./x\", [\"x\"], 0x1) = 0\n"
	     "10 [ Process PID=10 runs in 32 bit mode. ]\n"
	     "10 mmap2(NULL, 1) = 0\n"
	     "11 getpid() = 11\n"
	     "11 [ Process PID=11 runs in x32 mode. ]\n"
	     "11 gettid() = 11\n"
	     "10 gettid() = 10\n"
	     "10 [ Process PID=10 runs in 64 bit mode. ]\n"
	     "10 dup(1) = 2\n",
	     "dup=allow execve=allow i386:getpid=allow i386:mmap2=allow i386:gettid=allow "
	     "x32:gettid=allow");
	cr_imported_fini(&im);
}

/* Numbers of processes come again; a log of one process has none. */
CR_TEST(strace_numbers)
{
	must("strace",
	     "10 execve(\"./x\", [\"x\"], 0x1) = 0\n"
	     "12 [ Process PID=12 runs in 32 bit mode. ]\n"
	     "12 getpid() = 12\n"
	     "12 +++ exited with 0 +++\n"
	     "10 gettid() = 10\n"
	     "12 getppid() = 10\n",
	     "execve=allow getppid=allow gettid=allow i386:getpid=allow");
	cr_imported_fini(&im);
	must("strace",
	     "execve(\"./x\", [\"x\"], 0x1) = 0\n"
	     "[ Process PID=12 runs in 32 bit mode. ]\n"
	     "getpid() = 12\n"
	     "[ Process PID=12 runs in 64 bit mode. ]\n"
	     "gettid() = 12\n",
	     "execve=allow gettid=allow i386:getpid=allow");
	cr_imported_fini(&im);
}

/* strace -o keeps quiet about ABIs. */
CR_TEST(strace_quiet)
{
	const char *text = "brk(NULL) = 0\nmmap2(NULL) = 0\n";

	CR_CHECK_INT(import_text("strace", text, true), -EINVAL);
	CR_CHECK_STR(err.text, "in:2: mmap2 is a call of 32-bit programs, and the log does not say "
		     "which processes are such");
	CR_CHECK_HAS(err.hint, "--abi i386");
	i386 = true;
	must("strace", text, "i386:brk=allow i386:mmap2=allow");
	cr_imported_fini(&im);
	i386 = false;
	must("strace", "syscall_0x270f() = -1 ENOSYS\nread(0) = 0\n", "read=allow");
	CR_CHECK_STR(cr_buf_str(&im.losses),
		     "syscall_0x270f (x86-64), a number that no call has, is left out\n");
	cr_imported_fini(&im);
}

CR_TEST(strace_doors)
{
	must("strace", "[ Process PID=10 runs in 32 bit mode. ]\nsend(1) = 0\nsemop(1) = 0\n",
	     "i386:socketcall=allow i386:ipc=allow");
	CR_CHECK_HAS(cr_buf_str(&im.losses), "does not tell socketcall");
	cr_imported_fini(&im);
}

CR_TEST(strace_summary)
{
	must("strace",
	     "% time     seconds  usecs/call     calls    errors syscall\n"
	     "------ ----------- ----------- --------- --------- ----------------\n"
	     " 60.00    0.000012          12         1         1 access\n"
	     " 40.00    0.000008           8         1           brk\n"
	     "------ ----------- ----------- --------- --------- ----------------\n"
	     "100.00    0.000020          10         2         1 total\n"
	     "System call usage summary for 32 bit mode:\n"
	     "% time     seconds  usecs/call     calls    errors syscall\n"
	     "------ ----------- ----------- --------- --------- ----------------\n"
	     "100.00    0.000012          12         1           mmap2\n"
	     "------ ----------- ----------- --------- --------- ----------------\n"
	     "100.00    0.000012          12         1           total\n",
	     "brk=allow access=allow i386:mmap2=allow");
	CR_CHECK_STR(cr_buf_str(&im.losses), "a summary of strace -c leaves out calls that do not "
		     "return: exit_group, and exit of threads\n");
	cr_imported_fini(&im);
}

CR_TEST(broken)
{
	const char *text = "read(0) = 0\nsome output\nwrite(1) = 0\nopeanat(1) = 0\n";

	CR_CHECK_INT(import_text("strace", text, false), -EINVAL);
	CR_CHECK_STR(err.text, "in:2: this is no line of strace");
	CR_CHECK(!im.policy);
	CR_CHECK_INT(import_text("strace", text, true), 0);
	CR_CHECK_STR(rules(), "read=allow write=allow");
	CR_CHECK_INT(im.skipped, 2);
	CR_CHECK_HAS(cr_buf_str(&im.losses), "in:2: skipped: this is no line of strace\n");
	CR_CHECK_HAS(cr_buf_str(&im.losses), "in:4: skipped: no syscall is called \"opeanat\"");
	cr_imported_fini(&im);
}

CR_TEST(long_lines)
{
	size_t n = 300000;
	char *s = malloc(n);

	CR_CHECK(s != NULL);
	memset(s, 'x', n);
	memcpy(s, "write(1, \"", 10);
	memcpy(s + n - 13, "\nread(0) = 0\n", 13);
	CR_CHECK_INT(import_bytes("strace", s, n, false), 0);
	free(s);
	CR_CHECK_STR(rules(), "read=allow write=allow");
	CR_CHECK_STR(im.note[CR_ABI_NATIVE][0], "strace in:2");
	cr_imported_fini(&im);
}

CR_TEST(audit)
{
	must("audit",
	     "type=SECCOMP msg=audit(1.1:1): pid=1 comm=\"x\" sig=31 arch=c000003e syscall=59 "
	     "compat=0 ip=0x7f code=0x80000000\n"
	     "kernel: audit: type=1326 audit(1.1:2): arch=40000003 syscall=5 code=0x7ffc0000\n"
	     "type=SYSCALL msg=audit(1.1:3): arch=c000003e syscall=1073741826 success=yes\n"
	     "type=SECCOMP msg=audit(1.1:4): arch=x86_64 syscall=openat code=log\n"
	     "type=PATH msg=audit(1.1:4): item=0\n"
	     "type=SECCOMP msg=audit(1.1:5): arch=c00000b7 syscall=5\n",
	     "execve=allow openat=allow i386:open=allow x32:open=allow");
	CR_CHECK_HAS(cr_buf_str(&im.losses), "another machine (arch c00000b7)");
	CR_CHECK_STR(im.note[CR_ABI_NATIVE][59], "audit in:1, was killed");
	CR_CHECK_STR(im.note[CR_ABI_I386][5], "audit in:2, was logged");
	cr_imported_fini(&im);
	CR_CHECK_INT(import_text("audit", "type=SECCOMP msg=a: syscall=5\n", false), -EINVAL);
	CR_CHECK_STR(err.text, "in:1: the record has no arch");
	CR_CHECK_INT(import_text("audit", "type=1326 a: arch=c000003e syscall=1024\n", false),
		     -EINVAL);
	CR_CHECK_INT(import_text("audit", "a log of something else\n", false), -ENODATA);
}

#define EXE(exe, nr) \
	"type=SECCOMP msg=audit(1.1:1): comm=\"x\" exe=" exe " arch=c000003e syscall=" nr "\n"

CR_TEST(audit_exes)
{
	const char *text = EXE("\"/bin/a\"", "0") EXE("\"/bin/b\"", "1")
			   EXE("2F62696E2F612062", "3")
			   "type=SECCOMP msg=audit(1.1:2): arch=c000003e syscall=9\n";

	must("audit", text, "read=allow write=allow close=allow mmap=allow");
	CR_CHECK_STR(cr_buf_str(&im.losses), "the records of 3 executables make one policy: /bin/a "
		     "/bin/b /bin/a?b; --exe takes one's\n");
	cr_imported_fini(&im);
	only = "/bin/a*";
	must("audit", text, "read=allow close=allow");
	CR_CHECK_INT(im.losses.len, 0);
	cr_imported_fini(&im);
	only = "/bin/a b";
	must("audit", text, "close=allow");
	cr_imported_fini(&im);
	only = "/bin/c";
	CR_CHECK_INT(import_text("audit", text, false), -ENODATA);
	only = NULL;
}

/* As ausearch -i writes it: a program's name is not quoted there. */
CR_TEST(audit_forged)
{
	must("audit",
	     "type=SECCOMP msg=audit(1.1:1) : comm=x arch=i386 syscall=execve exe=/bin/x "
	     "arch=x86_64 syscall=openat code=kill\n"
	     "type=SYSCALL msg=audit(1.1:2) : arch=x86_64 syscall=read comm=x arch=i386 "
	     "syscall=execve exe=/bin/x\n",
	     "read=allow openat=allow");
	cr_imported_fini(&im);
}

CR_TEST(oci)
{
	must("oci",
	     "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,"
	     "\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_AARCH64\"],"
	     "\"syscalls\":[{\"names\":[\"read\",\"mmap2\"],\"action\":\"SCMP_ACT_ALLOW\"},"
	     "{\"names\":[\"dup\"],\"action\":\"SCMP_ACT_LOG\"},"
	     "{\"names\":[\"ptrace\"],\"action\":\"SCMP_ACT_KILL_PROCESS\"},"
	     "{\"names\":[\"mount\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":13}]}",
	     "read=allow dup=log ptrace=kill mount=errno/EACCES i386:read=allow "
	     "i386:mount=errno/EACCES i386:ptrace=kill i386:dup=log i386:mmap2=allow");
	CR_CHECK_INT(im.policy->mode, CR_MODE_STRICT);
	CR_CHECK_INT(im.policy->violation.what, CR_ACT_ERRNO);
	CR_CHECK_INT(im.policy->violation.err, ENOSYS);
	CR_CHECK_INT(im.losses.len, 0);
	cr_imported_fini(&im);
	must("oci",
	     "{\"defaultAction\":\"SCMP_ACT_LOG\",\"syscalls\":["
	     "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"},"
	     "{\"names\":[\"ptrace\"],\"action\":\"SCMP_ACT_KILL\"}]}",
	     "read=allow ptrace=kill");
	CR_CHECK_INT(im.policy->mode, CR_MODE_STRICT);
	CR_CHECK_INT(im.policy->violation.what, CR_ACT_LOG);
	CR_CHECK_INT(im.losses.len, 0);
	cr_imported_fini(&im);
	must("oci",
	     "{\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_KILL_PROCESS\",\"syscalls\":["
	     "{\"names\":[\"ptrace\"],\"action\":\"SCMP_ACT_KILL_PROCESS\"}]}}}",
	     "ptrace=never");
	CR_CHECK_INT(im.losses.len, 0);
	cr_imported_fini(&im);
}

CR_TEST(oci_losses)
{
	must("docker",
	     "{\"defaultAction\":\"SCMP_ACT_KILL\",\"archMap\":[{\"architecture\":"
	     "\"SCMP_ARCH_X86_64\",\"subArchitectures\":[]}],\"syscalls\":["
	     "{\"names\":[\"openat\",\"dup\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":1,"
	     "\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]},"
	     "{\"names\":[\"dup\"],\"action\":\"SCMP_ACT_ERRNO\"},"
	     "{\"names\":[\"mount\"],\"action\":\"SCMP_ACT_ALLOW\","
	     "\"includes\":{\"caps\":[\"CAP_X\"]}},"
	     "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\","
	     "\"includes\":{\"arches\":[\"s390\",\"x86\"]}},"
	     "{\"names\":[\"write\"],\"action\":\"SCMP_ACT_ALLOW\","
	     "\"includes\":{\"arches\":[\"amd64\"]},\"excludes\":{\"arches\":[\"s390\"]}},"
	     "{\"names\":[\"bpf\"],\"action\":\"SCMP_ACT_NOTIFY\"}],"
	     "\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"]}",
	     "write=allow dup=errno/EPERM openat=allow");
	CR_CHECK_HAS(cr_buf_str(&im.losses), "openat is allowed without its condition: only if "
		     "arg1 SCMP_CMP_EQ 0x1\n");
	CR_CHECK_HAS(cr_buf_str(&im.losses), "dup is also allowed only if arg1 SCMP_CMP_EQ 0x1: "
		     "that is left out\n");
	CR_CHECK_HAS(cr_buf_str(&im.losses), "CAP_X");
	CR_CHECK(!strstr(cr_buf_str(&im.losses), "is there twice"));
	CR_CHECK_HAS(cr_buf_str(&im.losses), "SCMP_ACT_NOTIFY is not held");
	CR_CHECK_HAS(cr_buf_str(&im.losses), "the flags are left out");
	cr_imported_fini(&im);
}

#define ARG(index, op, value, two) \
	"{\"index\":" index ",\"op\":\"SCMP_CMP_" op "\",\"value\":" value ",\"valueTwo\":" two "}"
#define ENTRY(name, action, args) \
	"{\"names\":[\"" name "\"],\"action\":\"SCMP_ACT_" action "\",\"args\":[" args "]}"

CR_TEST(oci_conditions)
{
	must("oci",
	     "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":["
	     ENTRY("mprotect", "ALLOW", ARG("2", "MASKED_EQ", "4", "0")) ","
	     ENTRY("ioctl", "ALLOW", ARG("1", "EQ", "21505", "0")) ","
	     ENTRY("ioctl", "ALLOW", ARG("1", "EQ", "21523", "0")) ","
	     ENTRY("socket", "LOG", ARG("0", "LT", "3", "0") ","
				    ARG("1", "MASKED_EQ", "15", "1")) ","
	     ENTRY("lseek", "ALLOW", ARG("1", "GE", "4096", "0") "," ARG("1", "LE", "10", "0")) ","
	     ENTRY("personality", "ALLOW", ARG("0", "EQ", "4294967295", "0")) ","
	     ENTRY("prctl", "ERRNO", ARG("0", "EQ", "22", "0")) ","
	     ENTRY("prctl", "ALLOW", ARG("0", "NE", "22", "0")) ","
	     ENTRY("fcntl", "ALLOW", ARG("1", "GT", "4294967295", "0")) ","
	     ENTRY("dup3", "ALLOW", ARG("2", "GE", "0", "0")) "]}",
	     "lseek=[allow if arg1 not in 11..4095] "
	     "mprotect=[allow if not arg2 & PROT_EXEC] "
	     "ioctl=[allow if arg1 in TCGETS TIOCGWINSZ] "
	     "socket=[log if arg0 in AF_UNSPEC AF_UNIX AF_INET and arg1 & SOCK_TYPE_MASK == "
	     "SOCK_STREAM] "
	     "personality=[allow if arg0 == 0xffffffff] "
	     "prctl=[allow if arg0 != PR_SET_SECCOMP else errno EPERM] dup3=allow");
	cr_imported_fini(&im);
	must("oci",
	     "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":["
	     "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ERRNO\"},"
	     ENTRY("dup3", "ALLOW", ARG("0", "EQ", "16", "0")) ","
	     ENTRY("ptrace", "KILL", ARG("0", "EQ", "16", "0")) "]}", shown);
	CR_CHECK_HAS(rules(), " dup3=allow ");
	CR_CHECK_HAS(rules(), " ptrace=[never if arg0 == PTRACE_ATTACH else allow] ");
	CR_CHECK_HAS(rules(), "read=errno/EPERM ");
	cr_imported_fini(&im);
}

/* As Docker's and Podman's own profiles do it: one call is allowed on some conditions, fails with
 * an errno of its own on another; calls depend on capabilities. */
CR_TEST(docker)
{
	must("docker",
	     "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,\"archMap\":["
	     "{\"architecture\":\"SCMP_ARCH_X86_64\",\"subArchitectures\":[\"SCMP_ARCH_X86\"]},"
	     "{\"architecture\":\"SCMP_ARCH_AARCH64\",\"subArchitectures\":[\"SCMP_ARCH_ARM\"]}],"
	     "\"syscalls\":[{\"names\":[\"socket\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":22,"
	     "\"args\":[" ARG("0", "EQ", "16", "0") "," ARG("2", "EQ", "9", "0") "],"
	     "\"excludes\":{\"caps\":[\"CAP_AUDIT_WRITE\"]}},"
	     ENTRY("socket", "ALLOW", ARG("0", "NE", "16", "0")) ","
	     ENTRY("socket", "ALLOW", ARG("2", "NE", "9", "0")) ","
	     ENTRY("clone", "ALLOW", ARG("0", "MASKED_EQ", "2114060288", "0")) "]}",
	     "socket=[allow if arg0 != AF_NETLINK or arg2 != 0x9 else errno EINVAL] "
	     "clone=[allow if not arg0 & CLONE_NEWNS|CLONE_NEWCGROUP|CLONE_NEWUTS|CLONE_NEWIPC|"
	     "CLONE_NEWUSER|CLONE_NEWPID|CLONE_NEWNET] "
	     "i386:clone=[allow if not arg0 & CLONE_NEWNS|CLONE_NEWCGROUP|CLONE_NEWUTS|"
	     "CLONE_NEWIPC|CLONE_NEWUSER|CLONE_NEWPID|CLONE_NEWNET] "
	     "i386:socket=[allow if arg0 != AF_NETLINK or arg2 != 0x9 else errno EINVAL]");
	CR_CHECK_STR(cr_buf_str(&im.losses),
		     "socket fails with EINVAL wherever it is not allowed\n");
	cr_imported_fini(&im);
}

CR_TEST(minijail_conditions)
{
	must("minijail",
	     "mprotect: arg2 in ~PROT_EXEC\n"
	     "mmap: arg2 in 0xfffffffffffffffb && arg3 & MAP_PRIVATE || arg2 == PROT_READ; "
	     "return EPERM\n"
	     "socket: arg0 == AF_UNIX || arg0 == 2\n"
	     "prctl: arg0 < 5 && arg0 != 4; kill\n"
	     "openat: arg1 == 0\n"
	     "fcntl: arg1 == F_WHAT\n"
	     "dup3: arg0 == 1; allow\n"
	     "lseek: arg1 > 0xffffffffffffffff; return 5\n",
	     "lseek=errno/EIO mmap=[allow if not arg2 & PROT_EXEC and arg3 & MAP_PRIVATE or "
	     "arg2 == PROT_READ else errno EPERM] mprotect=[allow if not arg2 & PROT_EXEC] "
	     "socket=[allow if arg0 in AF_UNIX AF_INET] fcntl=allow "
	     "prctl=[allow if arg0 in 0..PR_GET_DUMPABLE else never] openat=allow dup3=allow");
	CR_CHECK_HAS(cr_buf_str(&im.losses), "openat is allowed without its condition: only if "
		     "arg1 == 0\n");
	CR_CHECK_HAS(cr_buf_str(&im.losses), "fcntl is allowed without its condition: only if "
		     "arg1 == F_WHAT\n");
	cr_imported_fini(&im);
	CR_CHECK_INT(import_text("minijail", "mmap: arg2 == 1; perhaps\n", false), -EINVAL);
	CR_CHECK_HAS(err.text, "in:1: \" perhaps\" is no filter");
}

CR_TEST(twice)
{
	must("oci",
	     "{\"defaultAction\":\"SCMP_ACT_KILL\",\"syscalls\":["
	     "{\"names\":[\"read\",\"write\"],\"action\":\"SCMP_ACT_ALLOW\"},"
	     "{\"names\":[\"write\"],\"action\":\"SCMP_ACT_ALLOW\"},"
	     "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ERRNO\"}]}", "read=allow write=allow");
	CR_CHECK_STR(cr_buf_str(&im.losses),
		     "read (x86-64) is there twice: the first one holds\n");
	cr_imported_fini(&im);
}

CR_TEST(oci_deny_list)
{
	CR_CHECK_INT(import_text("oci", "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{"
				 "\"names\":[\"ptrace\"],\"action\":\"SCMP_ACT_ERRNO\"}]}",
				 false), 0);
	CR_CHECK_INT(cr_policy_own(im.policy, CR_ABI_NATIVE, 101)->act, CR_ACT_ERRNO);
	CR_CHECK_INT(cr_policy_own(im.policy, CR_ABI_NATIVE, 0)->act, CR_ACT_ALLOW);
	CR_CHECK(!cr_policy_own(im.policy, CR_ABI_I386, 3));
	CR_CHECK_HAS(cr_buf_str(&im.losses), "newer ones are not");
	cr_imported_fini(&im);
	CR_CHECK_INT(import_text("oci", "{\n\"defaultAction\"\n:\"SCMP_ACT", false), -EINVAL);
	CR_CHECK_STR(err.text, "in:3: this is no JSON object: it ends too early");
	CR_CHECK_INT(import_text("oci", "{\"syscalls\":[]}", false), -EINVAL);
	CR_CHECK_STR(err.text, "in: no defaultAction");
}

CR_TEST(names)
{
	must("names", "read\nwrite # mine\n\nopenat, i386:open x32:readv nr:462\n",
	     "read=allow write=allow openat=allow nr:462=allow i386:open=allow x32:readv=allow");
	cr_imported_fini(&im);
	CR_CHECK_INT(import_text("names", "read\nopeanat\n", false), -EINVAL);
	CR_CHECK_STR(err.text, "in:2: no syscall is called \"opeanat\" in x86-64");
}

CR_TEST(minijail)
{
	must("minijail",
	     "# mine\n@default return EPERM\n@frequency ./x\nread: 1\n{write, dup}: allow\n"
	     "ioctl: arg1 == 0x5401 || \\\n  arg1 == 2; return EINVAL\nmount: return ENOENT\n"
	     "ptrace: kill\nclose[arch=arm]: 1\nclone[arch=x86_64]: 1\nstat: trace\n",
	     "read=allow write=allow ioctl=[allow if arg1 in FIGETBSZ TCGETS else errno EINVAL] "
	     "dup=allow clone=allow ptrace=kill mount=errno/ENOENT");
	CR_CHECK_INT(im.policy->violation.err, EPERM);
	CR_CHECK_HAS(cr_buf_str(&im.losses), "trace is not held");
	cr_imported_fini(&im);
	CR_CHECK_INT(import_text("minijail", "read: maybe\n", false), -EINVAL);
	CR_CHECK_STR(err.text, "in:1: \"maybe\" is no filter");
	CR_CHECK_INT(import_text("minijail", "@denylist\nread: kill\n", true), -EINVAL);
}

/* An ELF file of three sections: none, the notes, the names. */
static size_t elf_with(unsigned int type, const void *desc, size_t n, char *out)
{
	static const char names[] = "\0.note.syscalls";
	const uint32_t head[3] = { 5, (uint32_t)n, type };
	Elf64_Ehdr *e = (Elf64_Ehdr *)out;
	Elf64_Shdr *s = (Elf64_Shdr *)(out + 256);

	memset(out, 0, 1024);
	memcpy(e->e_ident, ELFMAG, SELFMAG);
	e->e_ident[EI_CLASS] = ELFCLASS64;
	e->e_ident[EI_DATA] = ELFDATA2LSB;
	e->e_machine = EM_X86_64;
	e->e_shoff = 256;
	e->e_shnum = 3;
	e->e_shstrndx = 2;
	s[1].sh_name = 1;
	s[1].sh_type = SHT_NOTE;
	s[1].sh_offset = 512;
	s[1].sh_size = 20 + ((n + 3) & ~3ul);
	s[2].sh_type = SHT_STRTAB;
	s[2].sh_offset = 700;
	s[2].sh_size = sizeof(names);
	memcpy(out + 512, head, 12);
	memcpy(out + 524, "IAIK", 5);
	memcpy(out + 532, desc, n);
	memcpy(out + 700, names, sizeof(names));
	return 1024;
}

CR_TEST(notes)
{
	static const char json[] = "{\"version\":1,\"syscalls\":[0,3],\"enforce\":\"log\"}";
	const uint32_t len = sizeof(json) - 1;
	_Alignas(16) char elf[2048];
	size_t n = elf_with(0x402, "0 1 60", 6, elf);

	CR_CHECK_INT(import_bytes("note", elf, n, false), 0);
	CR_CHECK_STR(rules(), "read=allow write=allow exit=allow");
	cr_imported_fini(&im);
	n = elf_with(0, "\0\0\1\0\6\0\2\3\1", 9, elf);
	CR_CHECK_INT(import_bytes("note", elf, n, false), 0);
	CR_CHECK_STR(rules(), "write=allow exit=allow exit_group=allow");
	cr_imported_fini(&im);
	memset(elf + 256, 0, 512);
	memcpy(elf + n, json, len);
	memcpy(elf + n + len, &len, 4);
	CR_CHECK_INT(import_bytes("note", elf, n + len + 4, false), 0);
	CR_CHECK_STR(rules(), "read=allow close=allow");
	CR_CHECK_INT(im.policy->mode, CR_MODE_AUDIT);
	cr_imported_fini(&im);
	n = elf_with(0x402, "0 1x 60", 7, elf);
	CR_CHECK_INT(import_bytes("note", elf, n, false), -EINVAL);
	CR_CHECK_STR(err.text, "in: the note has something else than numbers in it");
	n = elf_with(0, "\0\0\12", 3, elf);
	CR_CHECK_INT(import_bytes("note", elf, n, false), -EINVAL);
	CR_CHECK_HAS(err.text, "is no call number");
	CR_CHECK_INT(import_bytes("note", elf, 100, false), -ENODATA);
}

/* Each names what is wrong, and where. */
CR_TEST(refused)
{
	static const struct {
		const char *format;
		const char *text;
		const char *said;
	} bad[] = {
		{ "oci", "[]", "in:1: this is no JSON object" },
		{ "oci", "{\"defaultAction\":\"SCMP_ACT_X\"}",
		  "in: a policy cannot have the defaultAction SCMP_ACT_X" },
		{ "oci", "{\"defaultAction\":\"SCMP_ACT_TRACE\"}",
		  "in: a policy cannot have the defaultAction SCMP_ACT_TRACE" },
		{ "oci", "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":0}",
		  "in: a policy cannot have the defaultAction SCMP_ACT_ERRNO with such a "
		  "defaultErrnoRet" },
		{ "oci", "{\"defaultAction\":\"SCMP_ACT_KILL\",\"syscalls\":[{}]}",
		  "in: entry 1 of syscalls has no action" },
		{ "oci", "{\"defaultAction\":\"SCMP_ACT_KILL\",\"syscalls\":[{\"action\":"
			 "\"SCMP_ACT_ALLOW\"}]}", "in: an entry of syscalls has no names" },
		{ "oci", "{\"spec\":1}", "in: no seccomp profile" },
		{ "strace", "[ Process PID=1 runs in 16 bit mode. ]\n",
		  "in:1: this process is of no known mode" },
		{ "strace", "99999999 read(0) = 0\n", "in:1: 99999999 is no process number" },
		{ "strace", "System call usage summary for 16 bit mode:\n",
		  "in:1: this summary is of no known mode" },
		{ "audit", "type=SECCOMP a: arch=c000003e\n", "in:1: the record has no syscall" },
		{ "audit", "type=SECCOMP a: arch=x86_64 syscall=opeanat\n",
		  "in:1: no syscall is called \"opeanat\" in x86-64" },
		{ "audit", "type=1326 a: arch=c000003e syscall=1024\n",
		  "in:1: 1024 is no call number" },
		{ "minijail", "read 1\n", "in:1: this is no \"name: filter\"" },
		{ "minijail", "read: return EWHAT\n", "in:1: no errno is called \"EWHAT\"" },
		{ "minijail", "@defualt kill\n", "in:1: there is no directive @defualt" },
		{ "minijail", "\n@default allow\n",
		  "in:2: a policy cannot have the default \"allow\"" },
		{ "minijail", "@include ./there-is-none\n",
		  "in:1: cannot include ./there-is-none: No such file or directory" },
		{ "minijail", "@denylist\n",
		  "in:1: a @denylist cannot be a policy: it allows what it does not name" },
	};
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(bad); i++) {
		CR_CHECK_INT(import_text(bad[i].format, bad[i].text, false), -EINVAL);
		CR_CHECK(strncmp(err.text, bad[i].said, strlen(bad[i].said)) == 0 ||
			 (printf("# %s\n", err.text), false));
	}
}

/* Whatever a file says, no more of it is told than a person reads, and quickly. */
CR_TEST(flood)
{
	cr_auto_buf struct cr_buf text = CR_BUF_INIT;
	unsigned int i;

	for (i = 0; i < 20000; i++)
		cr_buf_addf(&text, "type=SECCOMP msg=a: arch=%x syscall=1\n", 0x1000 + i);
	CR_CHECK_INT(import_bytes("audit", text.s, text.len, false), -ENODATA);
	cr_buf_add(&text, "type=SECCOMP msg=a: arch=c000003e syscall=1\n");
	CR_CHECK_INT(import_bytes("audit", text.s, text.len, false), 0);
	CR_CHECK(im.losses.len < 70000);
	CR_CHECK_HAS(cr_buf_str(&im.losses), "there is more of this, which is not told\n");
	cr_imported_fini(&im);
	cr_buf_clear(&text);
	for (i = 0; i < 50; i++)
		cr_buf_addf(&text, "what%u\n", i);
	cr_buf_add(&text, "read(0) = 0\n");
	CR_CHECK_INT(import_bytes("strace", text.s, text.len, true), 0);
	CR_CHECK_INT(im.skipped, 50);
	CR_CHECK_HAS(cr_buf_str(&im.losses), "in:10: skipped");
	CR_CHECK(!strstr(cr_buf_str(&im.losses), "in:11: skipped"));
	cr_imported_fini(&im);
}

CR_TEST(command)
{
	run_dir();
	run_file("log", "read(0) = 0\nwhat\nwrite(1) = 0\n");
	CR_CHECK_INT(RUN(cr_cmd_import, "import", "strace", "log"), 1);
	CR_CHECK_HAS(run_said, "log:2: this is no line of strace\n");
	CR_CHECK_HAS(run_said, "hint: --skip-bad");
	CR_CHECK_STR(run_output, "");
	CR_CHECK_INT(RUN(cr_cmd_import, "import", "--skip-bad", "strace", "log"), 0);
	CR_CHECK_HAS(run_output, "\nread = allow                    # strace log:1\n");
	CR_CHECK_HAS(run_said, "1 broken record skipped");
	CR_CHECK_INT(RUN(cr_cmd_import, "import", "--skip-bad", "--json", "-o", "p", "strace",
			 "log"), 0);
	CR_CHECK_STR(run_output,
		     "{\n  \"format\":\"strace\",\n  \"file\":\"log\",\n  \"policy\":\"p\",\n"
		     "  \"records\":2,\n  \"skipped\":1,\n  \"added\":2,\n  \"known\":0,\n"
		     "  \"losses\":[\n    \"log:2: skipped: this is no line of strace\"\n  ],\n"
		     "  \"conflicts\":[\n  ]\n}\n");
	CR_CHECK_INT(RUN(cr_cmd_import, "import", "--strict-input", "-o", "p", "names", "log"), 1);
	CR_CHECK_INT(RUN(cr_cmd_import, "import", "--exe", "x", "strace", "log"), 2);
	CR_CHECK_INT(RUN(cr_cmd_import, "import", "--json", "strace", "log"), 2);
	CR_CHECK_INT(RUN(cr_cmd_import, "import", "--abi", "i386", "names", "log"), 2);
	CR_CHECK_INT(RUN(cr_cmd_import, "import", "--abi", "arm", "strace", "log"), 2);
	CR_CHECK_INT(RUN(cr_cmd_import, "import", "--abi", "i386", "--skip-bad", "strace", "log"),
		     0);
	CR_CHECK_HAS(run_output, "[syscalls i386]\nread = allow");
	CR_CHECK_INT(RUN(cr_cmd_import, "import", "starce", "log"), 2);
	CR_CHECK_HAS(run_said, "did you mean strace?");
	CR_CHECK_INT(RUN(cr_cmd_import, "import", "strace", "missing"), 1);
	CR_CHECK_HAS(run_said, "cannot read missing: No such file");
	run_done();
}

CR_TEST(written)
{
	struct cr_added add = { .conflicts = CR_BUF_INIT };
	cr_auto_buf struct cr_buf out = CR_BUF_INIT;
	struct cr_policy *p = NULL;

	run_dir();
	run_file("p", "# mine\n[policy]\nmode = learn\n[syscalls]\nclose = allow # why\n"
		 "read = never\n");
	must("names", "read close write\ni386:open", "read=allow write=allow close=allow "
	     "i386:open=allow");
	add.from = im.policy;
	add.note = im.note;
	CR_CHECK_INT(cr_add_file("p", &add, &err), 0);
	CR_CHECK_INT(add.rules, 2);
	CR_CHECK_INT(add.known, 1);
	CR_CHECK_STR(cr_buf_str(&add.conflicts),
		     "read (x86-64) has another rule: that one stays\n");
	run_slurp("p", run_output, sizeof(run_output));
	CR_CHECK_STR(run_output, "# mine\n[policy]\nmode = learn\n[syscalls]\nclose = allow # why\n"
		     "read = never\nwrite = allow                   # names in:1\n\n"
		     "[syscalls i386]\nopen = allow                    # names in:2\n");
	CR_CHECK_INT(cr_ini_load("p", &p, &err), 0);
	cr_policy_free(p);
	run_done();
	cr_buf_fini(&add.conflicts);
	CR_CHECK_INT(cr_add_text("x", &add, &out, &err), 0);
	CR_CHECK_HAS(cr_buf_str(&out), "\nclose = allow                   # names in:1\n");
	cr_imported_fini(&im);
}

int main(void)
{
	CR_RUN(strace_forms,
	       "strace's prefixes, unfinished and resumed lines, signals and exits are read");
	CR_RUN(strace_abis,
	       "a process has the ABI that strace says, and its children have it, too");
	CR_RUN(strace_numbers, "a process's number may come again, or be in no line at all");
	CR_RUN(strace_quiet, "a 32-bit program's log is not taken for a 64-bit one's");
	CR_RUN(strace_doors,
	       "what strace shows of socketcall and ipc opens these, and that is told");
	CR_RUN(strace_summary, "the tables of strace -c are read, each in its ABI");
	CR_RUN(broken, "a broken record is named with its line, and ends the import or is skipped");
	CR_RUN(long_lines, "a line longer than any buffer is one line");
	CR_RUN(audit, "audit records are read by arch and number, and other machines' left out");
	CR_RUN(audit_exes, "audit records are one executable's when asked; several make a warning");
	CR_RUN(audit_forged, "the name of a program cannot forge another call in an audit record");
	CR_RUN(oci, "an OCI profile without conditions becomes a policy without a loss");
	CR_RUN(oci_losses, "what a policy cannot hold of a profile is told");
	CR_RUN(oci_conditions, "conditions of a profile are conditions of the policy");
	CR_RUN(docker, "a profile like Docker's own, with alternatives and capabilities, is read");
	CR_RUN(minijail_conditions, "and so are those of minijail");
	CR_RUN(twice, "of two rules for a call the first one holds, and that is told");
	CR_RUN(oci_deny_list,
	       "a profile that allows by default becomes a list; broken JSON is refused");
	CR_RUN(names, "names may stand in lines, with commas and for another ABI");
	CR_RUN(minijail, "minijail's rules, groups, continued lines and defaults are read");
	CR_RUN(notes, "both kinds of note and the policy at a binary's end are read");
	CR_RUN(refused, "what is wrong is named with its place");
	CR_RUN(flood, "no input makes endless warnings");
	CR_RUN(command, "import says what it did, exits with 1 for bad input and 2 for bad usage");
	CR_RUN(written,
	       "imported rules go into a file with their origin, and change none that is there");
	return cr_done();
}
