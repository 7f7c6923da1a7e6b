/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Victims with stacks to look at. They are compiled here, in several ways, from the source below.
 * Each says by a byte on its stdout that it is where it wants to be seen, and waits there.
 */
#ifndef STACK_VICTIM_H
#define STACK_VICTIM_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "cr-test.h"
#include "cr/unwind.h"

static const char victim_source[] =
	"#include <dlfcn.h>\n"
	"#include <fcntl.h>\n"
	"#include <pthread.h>\n"
	"#include <signal.h>\n"
	"#include <string.h>\n"
	"#include <sys/mman.h>\n"
	"#include <unistd.h>\n"
	"#define FAR __attribute__((noinline))\n"
	"FAR int innermost(int n)\n"
	"{\n"
	"	if (write(1, \"x\", 1) != 1) _exit(1);\n"
	"	for (;;) pause();\n"		/* line 12 */
	"	return n;\n"
	"}\n"
	"FAR int middle(int n) { n += innermost(n); return n + 1; }\n"	/* 15 */
	"FAR int outermost(int n) { n += middle(n); return n + 1; }\n"	/* 16 */
	"FAR void *in_thread(void *p) { outermost(p != 0); return p; }\n"
	"FAR void on_signal(int s) { innermost(s); }\n"
	"FAR int faults(int n) { *(volatile int *)16 = n; return n; }\n"	/* 19 */
	"FAR int deep(int n) { return n ? deep(n - 1) + 1 : innermost(n); }\n"
	"FAR int jit(void)\n"
	"{\n"
	"	char *p = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,\n"
	"		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);\n"
	"	memcpy(p, \"\\x55\\x48\\x89\\xe5\\xff\\xd7\\x5d\\xc3\", 8);\n"
	"	return ((int (*)(int (*)(int)))p)(innermost);\n"
	"}\n"
	"#ifndef STATIC\n"
	"static int twice;\n"
	"static void map_below(void *f, const char *path)\n"
	"{\n"
	"	Dl_info in;\n"
	"	if (!dladdr(f, &in)) _exit(1);\n"
	"	if (mmap((char *)in.dli_fbase - 8192, 8192, PROT_READ, MAP_PRIVATE | MAP_FIXED,\n"
	"		 open(path, O_RDONLY), 0) == MAP_FAILED) _exit(1);\n"
	"}\n"
	"FAR int in_library(const char *path)\n"
	"{\n"
	"	void *h = dlopen(path, RTLD_NOW);\n"
	"	void (*f)(int (*)(int)) = 0;\n"
	"	if (h) f = (void (*)(int (*)(int)))dlsym(h, \"lib_calls\");\n"
	"	if (twice && f) map_below(f, path);\n"
	"	if (f) f(innermost);\n"
	"	return 2;\n"
	"}\n"
	"#endif\n"
	"int main(int argc, char **argv)\n"
	"{\n"
	"	pthread_t t;\n"
	"	switch (argc > 1 ? *argv[1] : 'p') {\n"
	"	case 't':\n"
	"		pthread_create(&t, 0, in_thread, argv);\n"
	"		return pthread_join(t, 0);\n"
	"	case 's':\n"
	"		signal(SIGSEGV, on_signal);\n"
	"		return faults(argc);\n"
	"	case 'd': return deep(100);\n"
	"	case 'j': return jit();\n"
	"#ifndef STATIC\n"
	"	case 'm': twice = 1; /* fall through */\n"
	"	case 'l': return in_library(argv[2]);\n"
	"#endif\n"
	"	}\n"
	"	return outermost(argc);\n"
	"}\n";

static const char library_source[] =
	"void lib_calls(int (*f)(int)) { f(1); f(2); }\n";

static const char cxx_source[] =
	"#include <unistd.h>\n"
	"namespace space { struct thing { int method(const char *s, int n); }; }\n"
	"__attribute__((noinline)) int space::thing::method(const char *s, int n)\n"
	"{ if (write(1, s, 1) != 1) _exit(1); for (;;) pause(); return n; }\n"
	"int main() { space::thing t; return t.method(\"x\", 1) + 1; }\n";

static char dir[] = "/tmp/cr-unwind-XXXXXX";
static struct cr_unwinder *unwinder;

struct victim {
	pid_t pid;
	int out;
	struct cr_frame frames[CR_FRAMES_MAX];
	int n;
	struct cr_buf line;
};

static inline long pt(long request, pid_t pid, void *addr, void *data)
{
	return syscall(SYS_ptrace, request, pid, addr, data);
}

static inline const char *in_dir(const char *name)
{
	static char path[4][512];
	static unsigned int turn;

	turn = (turn + 1) % 4;
	snprintf(path[turn], sizeof(path[0]), "%s/%s", dir, name);
	return path[turn];
}

static inline void write_file(const char *name, const char *text)
{
	FILE *f = fopen(in_dir(name), "w");

	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		CR_FAIL("cannot write %s: %s", name, strerror(errno));
}

/* Writes the bytes of @from to @to: to the file that is there, if there is one. */
static inline void copy_into(const char *from, const char *to)
{
	char cmd[1200];

	snprintf(cmd, sizeof(cmd), "cat '%s' >'%s' && chmod +x '%s'", in_dir(from), in_dir(to),
		 in_dir(to));
	CR_CHECK(system(cmd) == 0);
}

/* Compiles SOURCE of the directory to NAME. A compiler that cannot is a reason to skip. */
static inline void compile(const char *flags, const char *source, const char *name)
{
	const char *cc = getenv("CC");
	char cmd[2048];

	snprintf(cmd, sizeof(cmd),
		 "cd '%s' && %s -w -D_GNU_SOURCE -O0 %s -o '%s' %s -lpthread 2>cc.log",
		 dir, cc && *cc ? cc : "cc", flags, name, source);
	if (system(cmd) != 0)
		CR_SKIP("this compiler cannot: %s", flags);
}

static inline void start(struct victim *v, const char *name, const char *arg, const char *arg2)
{
	int fds[2], stop;

	*v = (struct victim){ .line = CR_BUF_INIT };
	CR_CHECK(pipe2(fds, O_CLOEXEC) == 0);
	v->pid = fork();
	CR_CHECK(v->pid >= 0);
	if (v->pid == 0) {
		dup2(fds[1], 1);
		raise(SIGSTOP);
		execl(in_dir(name), name, arg, arg2, (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	v->out = fds[0];
	CR_CHECK_INT(waitpid(v->pid, &stop, WUNTRACED), v->pid);
	CR_CHECK_INT(pt(PTRACE_SEIZE, v->pid, NULL, (void *)(PTRACE_O_EXITKILL |
		     PTRACE_O_TRACEEXEC | PTRACE_O_TRACECLONE)), 0);
	kill(v->pid, SIGCONT);
}

/* Lets everything pass until the victim says that it is there. */
static inline void run(struct victim *v)
{
	char byte;
	pid_t tid;
	int st, sig;

	fcntl(v->out, F_SETFL, O_NONBLOCK);
	while (read(v->out, &byte, 1) != 1) {
		tid = waitpid(-1, &st, __WALL | WNOHANG);
		if (tid <= 0) {
			usleep(1000);
			continue;
		}
		CR_CHECK(tid != v->pid || WIFSTOPPED(st));
		sig = st >> 16 ? 0 : WSTOPSIG(st);
		pt(PTRACE_CONT, tid, NULL, (void *)(long)(sig == SIGCONT ? 0 : sig));
	}
}

static inline void hold(pid_t tid)
{
	int st;

	pt(PTRACE_INTERRUPT, tid, NULL, NULL);
	while (waitpid(tid, &st, __WALL) == tid && WIFSTOPPED(st) && st >> 16 != PTRACE_EVENT_STOP)
		pt(PTRACE_CONT, tid, NULL, NULL);
}

static inline const char *look(struct victim *v, pid_t tid)
{
	cr_frames_fini(v->frames, v->n > 0 ? (size_t)v->n : 0);
	cr_buf_clear(&v->line);
	v->n = cr_unwind(unwinder, v->pid, tid, v->frames, CR_FRAMES_MAX);
	if (v->n > 0)
		cr_frames_print(v->frames, (size_t)v->n, 4096, &v->line);
	return cr_buf_str(&v->line);
}

static inline void end(struct victim *v)
{
	kill(v->pid, SIGKILL);
	/* A traced thread is waited for by itself, and before its leader. */
	while (waitpid(-1, NULL, __WALL) > 0 || errno == EINTR)
		;
	close(v->out);
	cr_frames_fini(v->frames, v->n > 0 ? (size_t)v->n : 0);
	cr_buf_fini(&v->line);
	cr_unwind_forget(unwinder, v->pid);
}

/* Checks must not leave a victim behind: they are made on a copy, after its end. */
static inline char *stack_of(const char *name, const char *arg, const char *arg2)
{
	struct victim v;
	char *line;

	start(&v, name, arg, arg2);
	run(&v);
	hold(v.pid);
	line = strdup(look(&v, v.pid));
	end(&v);
	return line;
}

static inline void check_order(const char *line, const char *const *parts)
{
	const char *at = line;

	for (; *parts; parts++) {
		at = strstr(at, *parts);
		if (!at)
			CR_FAIL("\"%s\" has no \"%s\" where it belongs", line, *parts);
		at += strlen(*parts);
	}
}

static const char *const nested[] = {
	"innermost (victim.c:12)", "middle (victim.c:15)", "outermost (victim.c:16)",
	"main (victim.c:", NULL
};

static inline void clean_up(void)
{
	char cmd[600];

	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", dir);
	if (system(cmd) != 0)
		fprintf(stderr, "# %s is left\n", dir);
}

static inline void prepare(void)
{
	write_file("victim.c", victim_source);
	write_file("library.c", library_source);
	write_file("cxx.cc", cxx_source);
}

#endif
