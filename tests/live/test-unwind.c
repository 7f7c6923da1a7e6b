/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "stack-victim.h"

static void check_nested(const char *flags)
{
	cr_auto_free char *line = NULL;

	compile(flags, "victim.c", "built");
	line = stack_of("built", "p", NULL);
	check_order(line, nested);
}

CR_TEST(pie) { check_nested("-g -pie -fPIE"); }
CR_TEST(no_pie) { check_nested("-g -no-pie"); }
CR_TEST(is_static) { check_nested("-g -static -DSTATIC"); }
CR_TEST(static_pie) { check_nested("-g -static-pie -fPIE -DSTATIC"); }
CR_TEST(no_frame_pointer) { check_nested("-g -fomit-frame-pointer"); }
CR_TEST(m32) { check_nested("-g -m32 -pie -fPIE"); }
CR_TEST(m32_static) { check_nested("-g -m32 -static -DSTATIC"); }
CR_TEST(lld_like) { check_nested("-g -Wl,-z,noseparate-code"); }
CR_TEST(compressed) { check_nested("-g -gz"); }

CR_TEST(debug_frame_only)
{
	check_nested("-g -fno-omit-frame-pointer -fno-asynchronous-unwind-tables");
}

CR_TEST(stripped)
{
	static const char *const parts[] = {
		"pause+0x", " (libc.so.6) < built+0x", "built+0x", "built+0x", "built+0x", NULL
	};
	cr_auto_free char *line = NULL;

	compile("-s -pie -fPIE", "victim.c", "built");
	line = stack_of("built", "p", NULL);
	check_order(line, parts);
	CR_CHECK(!strstr(line, "innermost"));
}

CR_TEST(symbols_only)
{
	static const char *const parts[] = {
		"innermost+0x", " (built) < middle+0x", " (built) < outermost+0x", "main+0x", NULL
	};
	cr_auto_free char *line = NULL;

	compile("-g0", "victim.c", "built");
	line = stack_of("built", "p", NULL);
	check_order(line, parts);
}

CR_TEST(cxx)
{
	static const char *const parts[] = {
		"space::thing::method (cxx.cc:4) < main (cxx.cc:5)", NULL
	};
	cr_auto_free char *line = NULL;

	compile("-g", "cxx.cc", "built");
	line = stack_of("built", NULL, NULL);
	check_order(line, parts);
}

CR_TEST(rust)
{
	static const char *const parts[] = {
		"demo::shape::area (victim.c:15) < <(A,B) as Shape>::area (victim.c:16)", NULL
	};
	cr_auto_free char *line = NULL;

	/* Newer names, and older ones, which look like those of C++. */
	compile("-g -Dmiddle=_RNvNtCs1234_4demo5shape4area -Doutermost="
		"'_ZN39_$LT$$LP$A$C$B$RP$$u20$as$u20$Shape$GT$4area17h0123456789abcdefE'",
		"victim.c", "built");
	line = stack_of("built", "p", NULL);
	check_order(line, parts);
}

CR_TEST(signal_frame)
{
	static const char *const parts[] = {
		"innermost (victim.c:12)", "on_signal (victim.c:18)", "libc.so.6",
		"faults (victim.c:19)",
		"main (victim.c:", NULL
	};
	cr_auto_free char *line = NULL;

	compile("-g", "victim.c", "built");
	line = stack_of("built", "s", NULL);
	check_order(line, parts);
}

CR_TEST(bounded)
{
	struct victim v;
	int n;

	compile("-g", "victim.c", "built");
	start(&v, "built", "d", NULL);
	run(&v);
	hold(v.pid);
	look(&v, v.pid);
	n = v.n;
	end(&v);
	CR_CHECK_INT(n, CR_FRAMES_MAX);
}

CR_TEST(jit)
{
	static const char *const parts[] = {
		"innermost (victim.c:12) < 0x", " < jit (victim.c:", "main (victim.c:", NULL
	};
	cr_auto_free char *line = NULL;

	compile("-g", "victim.c", "built");
	line = stack_of("built", "j", NULL);
	check_order(line, parts);
}

static pid_t other_thread(pid_t pid)
{
	char path[64], line[256] = "";
	pid_t tid = 0;
	FILE *f;

	snprintf(path, sizeof(path), "ls /proc/%d/task", pid);
	f = popen(path, "r");
	while (f && fgets(line, sizeof(line), f)) {
		if (atoi(line) != pid)
			tid = atoi(line);
	}
	if (f)
		pclose(f);
	return tid;
}

CR_TEST(thread)
{
	static const char *const parts[] = {
		"innermost (victim.c:12)", "middle", "outermost", "in_thread (victim.c:17)", NULL
	};
	cr_auto_free char *line = NULL;
	struct victim v;
	pid_t tid;

	compile("-g", "victim.c", "built");
	start(&v, "built", "t", NULL);
	run(&v);
	tid = other_thread(v.pid);
	hold(tid);
	line = strdup(look(&v, tid));
	end(&v);
	CR_CHECK(tid > 0);
	check_order(line, parts);
}

/* To the stop after execve(2), when the thread is at the dynamic loader's entry. */
static void to_exec(struct victim *v)
{
	pid_t tid;
	int st;

	while ((tid = waitpid(v->pid, &st, __WALL)) == v->pid) {
		CR_CHECK(WIFSTOPPED(st));
		if (st >> 16 == PTRACE_EVENT_EXEC)
			return;
		pt(PTRACE_CONT, tid, NULL, NULL);
	}
	CR_FAIL("the victim never got to its exec");
}

CR_TEST(first_instruction)
{
	cr_auto_free char *line = NULL;
	struct victim v;
	int n;

	compile("-g", "victim.c", "built");
	start(&v, "built", "p", NULL);
	to_exec(&v);
	line = strdup(look(&v, v.pid));
	n = v.n;
	end(&v);
	CR_CHECK(n >= 1);
	CR_CHECK_HAS(line, "ld-linux");
}

CR_TEST(after_exec)
{
	cr_auto_free char *before = NULL, *after = NULL;
	struct victim v;

	compile("-g", "victim.c", "built");
	start(&v, "built", "p", NULL);
	to_exec(&v);
	before = strdup(look(&v, v.pid));
	pt(PTRACE_CONT, v.pid, NULL, NULL);
	run(&v);
	hold(v.pid);
	after = strdup(look(&v, v.pid));
	end(&v);
	CR_CHECK_HAS(before, "ld-linux");
	check_order(after, nested);
}

/* As a program does that reads the file of its own library. */
CR_TEST(mapped_twice)
{
	static const char *const parts[] = {
		"innermost (victim.c:12)", "lib_calls (library.c:1)", "in_library", "main (", NULL
	};
	cr_auto_free char *line = NULL;

	compile("-g -shared -fPIC", "library.c", "library.so");
	compile("-g", "victim.c", "built");
	line = stack_of("built", "m", in_dir("library.so"));
	check_order(line, parts);
}

CR_TEST(dead)
{
	struct victim v;
	int rc;

	compile("-g", "victim.c", "built");
	start(&v, "built", "p", NULL);
	run(&v);
	hold(v.pid);
	kill(v.pid, SIGKILL);
	rc = cr_unwind(unwinder, v.pid, v.pid, v.frames, CR_FRAMES_MAX);
	cr_frames_fini(v.frames, rc > 0 ? (size_t)rc : 0);
	CR_CHECK(rc >= 0);
	end(&v);
	CR_CHECK_INT(cr_unwind(unwinder, v.pid, v.pid, v.frames, CR_FRAMES_MAX), 0);
}

/* One register of the stopped victim becomes @value. */
static void set_reg(pid_t pid, size_t at, unsigned long long value)
{
	pt(PTRACE_POKEUSER, pid, (void *)at, (void *)(uintptr_t)value);
}

CR_TEST(garbage)
{
	static const unsigned long long values[] = {
		0, 1, 0xfff, 0x7ffffffff000, 0x7fffffffffff, 0x1000, 0x400000
	};
	struct victim v;
	size_t i;

	compile("-g", "victim.c", "built");
	for (i = 0; i < CR_ARRAY_SIZE(values); i++) {
		start(&v, "built", "p", NULL);
		run(&v);
		hold(v.pid);
		set_reg(v.pid, offsetof(struct user_regs_struct, rsp), values[i]);
		look(&v, v.pid);
		CR_CHECK(v.n >= 1);
		set_reg(v.pid, offsetof(struct user_regs_struct, rip), values[i]);
		look(&v, v.pid);
		CR_CHECK(v.n >= 1);
		CR_CHECK_INT(v.frames[0].pc, values[i]);
		end(&v);
	}
}

static uint32_t random_next(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* Writes noise over some words of the victim's [@from, @to), read-only or not. */
static void spoil(pid_t pid, cr_addr from, cr_addr to, uint32_t *state)
{
	size_t i, words = (to - from) / 8;

	for (i = 0; i < 24 && words; i++) {
		unsigned long noise = (unsigned long)random_next(state) * 0x9e3779b97f4a7c15ul;

		if (i % 3 == 0)
			noise = 0x2f2f2f2f2f2f2f2ful;	/* DW_OP_skip and friends */
		pt(PTRACE_POKEDATA, pid, (void *)(uintptr_t)(from + random_next(state) % words * 8),
		   (void *)noise);
	}
}

static bool mapping(pid_t pid, const char *what, const char *perms, cr_addr *from, cr_addr *to)
{
	unsigned long long a, b;
	char path[64], line[1024], p[8];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f)) {
		if (strstr(line, what) && sscanf(line, "%llx-%llx %7s", &a, &b, p) == 3 &&
		    strcmp(p, perms) == 0) {
			*from = a;
			*to = b;
			found = true;
		}
	}
	if (f)
		fclose(f);
	return found;
}

/* The last read-only part of a file is where .eh_frame_hdr and .eh_frame are. */
CR_TEST(spoiled)
{
	static const char *const where[][2] = {
		{ "/built", "r--p" }, { "libc.so", "r--p" }, { "[stack]", "rw-p" },
	};
	uint32_t state = 4711;
	cr_addr from = 0, to = 0;
	struct victim v;
	int round;
	size_t i;

	compile("-g", "victim.c", "built");
	start(&v, "built", "p", NULL);
	run(&v);
	hold(v.pid);
	for (round = 0; round < 300; round++) {
		i = (size_t)round % CR_ARRAY_SIZE(where);
		CR_CHECK(mapping(v.pid, where[i][0], where[i][1], &from, &to));
		if (i == 2)
			from = to - 8192;
		spoil(v.pid, from, to, &state);
		look(&v, v.pid);
		CR_CHECK(v.n >= 1);
	}
	end(&v);
}

CR_TEST(deleted)
{
	cr_auto_free char *line = NULL;
	struct victim v;

	compile("-g", "victim.c", "built");
	start(&v, "built", "p", NULL);
	run(&v);
	hold(v.pid);
	unlink(in_dir("built"));
	line = strdup(look(&v, v.pid));
	end(&v);
	check_order(line, nested);
}

/* As a user has it: /proc/PID/map_files tells nothing. */
static void without_map_files(bool without)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];
	const uint32_t admin = 1u << CAP_SYS_ADMIN, restore = 1u << (CAP_CHECKPOINT_RESTORE - 32);

	CR_CHECK(syscall(SYS_capget, &head, data) == 0);
	data[0].effective = without ? data[0].effective & ~admin
				    : data[0].effective | (data[0].permitted & admin);
	data[1].effective = without ? data[1].effective & ~restore
				    : data[1].effective | (data[1].permitted & restore);
	CR_CHECK(syscall(SYS_capset, &head, data) == 0);
}

static char *fifo_stack(bool privileged)
{
	struct victim v;
	char *line;

	compile("-g -shared -fPIC", "library.c", "library.so");
	compile("-g", "victim.c", "built");
	start(&v, "built", "l", in_dir("library.so"));
	run(&v);
	hold(v.pid);
	unlink(in_dir("library.so"));
	mkfifo(in_dir("library.so"), 0600);
	mkfifo(in_dir("library.so (deleted)"), 0600);
	without_map_files(!privileged);
	line = strdup(look(&v, v.pid));
	without_map_files(false);
	end(&v);
	unlink(in_dir("library.so"));
	unlink(in_dir("library.so (deleted)"));
	return line;
}

CR_TEST(fifo)
{
	static const char *const parts[] = {
		"innermost (victim.c:12)", "library.so (deleted)+0x", "in_library (victim.c:",
		"main (", NULL
	};
	cr_auto_free char *line = fifo_stack(true), *plain = fifo_stack(false);

	/* Root reaches the mapped file itself. */
	CR_CHECK_HAS(line, "innermost (victim.c:12)");
	check_order(plain, parts);
	CR_CHECK(!strstr(plain, "lib_calls"));
}

CR_TEST(library_by_path)
{
	static const char *const parts[] = {
		"innermost (victim.c:12)", "lib_calls (library.c:1)", "in_library", "main (", NULL
	};
	cr_auto_free char *line = NULL;

	compile("-g -shared -fPIC", "library.c", "library.so");
	compile("-g", "victim.c", "built");
	without_map_files(true);
	line = stack_of("built", "l", in_dir("library.so"));
	without_map_files(false);
	check_order(line, parts);
}

CR_TEST(truncated)
{
	cr_auto_free char *line = NULL;
	struct victim v;

	compile("-g -shared -fPIC", "library.c", "library.so");
	compile("-g", "victim.c", "built");
	start(&v, "built", "l", in_dir("library.so"));
	run(&v);
	hold(v.pid);
	CR_CHECK(truncate(in_dir("library.so"), 100) == 0);
	line = strdup(look(&v, v.pid));
	CR_CHECK(truncate(in_dir("library.so"), 0) == 0);
	look(&v, v.pid);
	end(&v);
	CR_CHECK_HAS(line, "innermost");
}

CR_TEST(printing_is_bounded)
{
	struct cr_frame frames[] = {
		{ .pc = 1, .func = "read_all", .object = "tar", .file = "io.c", .line = 42 },
		{ .pc = 2, .func = "start", .object = "libc.so.6", .offset = 0x85 },
		{ .pc = 3, .object = "tar", .offset = 0x10 },
		{ .pc = 0x7f00 },
	};
	cr_auto_buf struct cr_buf b = CR_BUF_INIT;

	cr_frames_print(frames, 4, 4096, &b);
	CR_CHECK_STR(cr_buf_str(&b),
		     "read_all (io.c:42) < start+0x85 (libc.so.6) < tar+0x10 < 0x7f00");
	cr_buf_clear(&b);
	cr_frames_print(frames, 4, 43, &b);
	CR_CHECK_STR(cr_buf_str(&b), "read_all (io.c:42) < start+0x85 (libc.so.6)");
	cr_buf_clear(&b);
	cr_frames_print(frames, 4, 42, &b);
	CR_CHECK_STR(cr_buf_str(&b), "read_all (io.c:42)");
}

int main(void)
{
	/* A test that hangs is a test that failed: this ends us, and EXITKILL the victims. */
	alarm(120);
	unwinder = cr_unwinder_new(false);
	if (!unwinder || !mkdtemp(dir))
		return 1;
	prepare();
	CR_RUN(printing_is_bounded, "a stack is printed in one line and cut at a frame's end");
	CR_RUN(pie, "a PIE's frames have names and lines, innermost first");
	CR_RUN(no_pie, "so have those of an executable at a fixed address");
	CR_RUN(is_static, "so have those of a static executable");
	CR_RUN(static_pie, "so have those of a static PIE");
	CR_RUN(no_frame_pointer, "so have those without frame pointers");
	CR_RUN(lld_like, "so have those of a file whose segments share pages");
	CR_RUN(compressed, "so have those with compressed debugging information");
	CR_RUN(debug_frame_only, "so have those without unwind tables");
	CR_RUN(m32, "so have those of a 32-bit program");
	CR_RUN(m32_static, "so have those of a static 32-bit program");
	CR_RUN(stripped, "a stripped program's frames have offsets");
	CR_RUN(symbols_only, "without debugging information there are names and offsets");
	CR_RUN(cxx, "C++ names are demangled, without their arguments");
	CR_RUN(rust, "Rust names are demangled, older and newer ones");
	CR_RUN(signal_frame, "a signal handler's stack goes on to what it interrupted");
	CR_RUN(bounded, "a deep stack is cut");
	CR_RUN(jit, "a frame in anonymous memory is an address between its neighbours");
	CR_RUN(thread, "a thread has its own stack");
	CR_RUN(first_instruction, "the loader's first instruction has a frame");
	CR_RUN(after_exec, "after an exec the names are those of the new program");
	CR_RUN(mapped_twice, "a library whose file is mapped as data as well has its names");
	CR_RUN(dead, "a thread that is gone has no stack, and that is no error");
	CR_RUN(garbage, "garbage in the stack and instruction pointers gives a frame and no more");
	CR_RUN(spoiled, "noise in unwind tables and stack does no harm");
	CR_RUN(deleted, "a deleted executable still has names");
	CR_RUN(library_by_path, "a library is named without privileges");
	CR_RUN(fifo, "a FIFO in place of a mapped file is not waited for");
	CR_RUN(truncated, "a file that was truncated does no harm");
	cr_unwinder_free(unwinder);
	clean_up();
	return cr_done();
}
