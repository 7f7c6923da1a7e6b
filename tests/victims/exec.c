/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* exec - exec of everything, from everywhere */
#include "victim.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

extern char **environ;
static char self_path[PATH_MAX];

static void *sleeper(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

static void *spinner(void *arg)
{
	(void)arg;
	for (;;)
		sched_yield();
	return NULL;
}

static void *forker(void *arg)
{
	(void)arg;
	for (;;) {
		pid_t child = fork();

		if (child == 0)
			_exit(0);
		if (child > 0)
			waitpid(child, NULL, 0);
	}
	return NULL;
}

static void *exec_from(void *arg)
{
	char pid[32];

	nap_ms(20);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	execl(self_path, (char *)arg, "report", pid, (char *)NULL);
	_exit(95);
}

/* What the new program finds. */
static void report(int argc, char **argv)
{
	struct stat st;
	int n = 0, i;

	say("argv0 given, pid %s, tid %s", argc > 1 && atoi(argv[1]) == getpid() ? "kept" : "other",
	    gettid() == getpid() ? "the leader's" : "another");
	for (i = 0; i < 2000; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/self/task/%d", (int)getpid() + i);
		n += stat(path, &st) == 0;
	}
	say("threads near by: %d", n);
}

static void crowd_exec(int sleepers, int spinners, int forkers)
{
	pthread_t t;
	int i;

	for (i = 0; i < sleepers; i++)
		NEED(pthread_create(&t, NULL, sleeper, NULL) == 0);
	for (i = 0; i < spinners; i++)
		NEED(pthread_create(&t, NULL, spinner, NULL) == 0);
	for (i = 0; i < forkers; i++)
		NEED(pthread_create(&t, NULL, forker, NULL) == 0);
	NEED(pthread_create(&t, NULL, exec_from, (void *)"by a thread") == 0);
	pthread_join(t, NULL);
	say("not reached");
}

static void threads50(int argc, char **argv)
{
	(void)argc, (void)argv;
	crowd_exec(50, 0, 0);
}

static void threads_busy(int argc, char **argv)
{
	(void)argc, (void)argv;
	crowd_exec(20, 4, 0);
}

static void threads_forking(int argc, char **argv)
{
	(void)argc, (void)argv;
	crowd_exec(4, 0, 3);
}

/* The same again and again, with threads to leave behind each time. */
static void threads_again(int argc, char **argv)
{
	int left = argc > 1 ? atoi(argv[1]) : 20;
	char *next;
	pthread_t t;
	int i;

	if (left == 0) {
		say("twenty generations");
		return;
	}
	for (i = 0; i < 5; i++)
		NEED(pthread_create(&t, NULL, sleeper, NULL) == 0);
	if (fork() == 0)
		_exit(0);
	NEED(asprintf(&next, "%d", left - 1) > 0);
	execl(self_path, argv[0], "threads-again", next, (char *)NULL);
	_exit(95);
}

/* The leader has ended; a thread of the zombie execs and takes its number. */
static void zombie_leader(int argc, char **argv)
{
	pthread_t t;

	(void)argc, (void)argv;
	NEED(pthread_create(&t, NULL, exec_from, (void *)"after the leader") == 0);
	pthread_exit(NULL);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);

	NEED(fd >= 0);
	NEED(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	NEED(fchmod(fd, mode) == 0);
	close(fd);
}

static void run(const char *what, const char *path, bool shell)
{
	pid_t child = fork();

	NEED(child >= 0);
	if (child == 0) {
		if (shell)
			execlp(path, path, "one", "two", (char *)NULL);
		else
			execl(path, path, "one", "two", (char *)NULL);
		say("%s: %s", what, outcome(-1));
		_exit(9);
	}
	say("%s: %s", what, status_words(reap(child)));
}

static void files(int argc, char **argv)
{
	char dir[] = "/tmp/victim.XXXXXX", noexec[] = "./none";

	(void)argc, (void)argv;
	NEED(mkdtemp(dir) && chdir(dir) == 0);
	write_file("script", "#!/bin/sh\necho script $#: $1 $2\nexit 5\n", 0755);
	write_file("bare", "echo bare $#: $1 $2\nexit 6\n", 0755);
	write_file("loop", "#!./loop\n", 0755);
	write_file("lost", "#!/nonexistent/interpreter\n", 0755);
	write_file("plain", "text\n", 0644);
	write_file("empty", "", 0755);
	write_file("elf", "\177ELF but no more", 0755);
	run("a script", "./script", false);
	run("no shebang, execv", "./bare", false);
	run("no shebang, execvp", "./bare", true);
	run("a loop", "./loop", false);
	run("a lost interpreter", "./lost", false);
	run("no permission", "./plain", false);
	run("empty", "./empty", false);
	run("half an ELF file", "./elf", false);
	run("missing", noexec, false);
	run("a directory", "/tmp", false);
	run("in the path", "true", true);
	run("not in the path", "no-such-program-anywhere", true);
	NEED(chdir("/") == 0);
	run("clean", "/bin/true", false);
	NEED(execl("/bin/rm", "rm", "-r", dir, (char *)NULL) == 0);
}

static void chain(int argc, char **argv)
{
	int left = argc > 1 ? atoi(argv[1]) : 40;
	char next[16];

	if (left == 0) {
		say("the end of forty programs");
		_exit(40);
	}
	snprintf(next, sizeof(next), "%d", left - 1);
	execl(self_path, argv[0], "chain", next, (char *)NULL);
	_exit(95);
}

static void huge(int argc, char **argv)
{
	enum { N = 12, LEN = 100000 };
	char *args[N + 4];
	int i;

	if (argc > 1) {
		long sum = 0;

		for (i = 1; i < argc; i++)
			sum += (long)strlen(argv[i]);
		say("%d arguments, %ld characters, AT_SECURE %lu", argc - 1, sum,
		    getauxval(AT_SECURE));
		return;
	}
	args[0] = (char *)"x";
	args[1] = (char *)"huge";
	for (i = 0; i < N; i++) {
		args[i + 2] = malloc(LEN + 1);
		NEED(args[i + 2]);
		memset(args[i + 2], 'a' + i, LEN);
		args[i + 2][LEN] = '\0';
	}
	args[N + 2] = NULL;
	execv(self_path, args);
	say("exec of %d: %s", N * LEN, outcome(-1));
}

static void too_big(int argc, char **argv)
{
	size_t len = 200 * 1024, n = 40, i;
	char **args = calloc(n + 3, sizeof(*args));

	(void)argc, (void)argv;
	NEED(args);
	args[0] = (char *)"x";
	for (i = 1; i < n; i++) {
		args[i] = malloc(len + 1);
		NEED(args[i]);
		memset(args[i], 'a', len);
		args[i][len] = '\0';
	}
	execv(self_path, args);
	say("too big: %s", outcome(-1));
	say("a bad pointer: %s", outcome(syscall(SYS_execve, (void *)8, NULL, NULL)));
}

static void by_memory(int argc, char **argv)
{
	char *args[] = { (char *)"in memory", (char *)"report", NULL }, buf[65536];
	int in = open(self_path, O_RDONLY | O_CLOEXEC), out = memfd_create("copy", MFD_CLOEXEC);
	ssize_t n;
	pid_t child;

	(void)argc, (void)argv;
	NEED(in >= 0 && out >= 0);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		NEED(write(out, buf, (size_t)n) == n);
	child = fork();
	NEED(child >= 0);
	if (child == 0) {
		fexecve(out, args, environ);
		_exit(94);
	}
	say("memfd: %s", status_words(reap(child)));
	child = fork();
	NEED(child >= 0);
	if (child == 0) {
		syscall(SYS_execveat, in, "", args, environ, AT_EMPTY_PATH);
		_exit(94);
	}
	say("execveat: %s", status_words(reap(child)));
}

static void library(int argc, char **argv)
{
	static const char *const libs[] = { "libm.so.6", "libnsl.so.1", "libnothing.so.77" };
	size_t i;

	(void)argc, (void)argv;
	for (i = 0; i < COUNT(libs); i++) {
		void *h = dlopen(libs[i], RTLD_NOW);

		say("dlopen %zu: %s", i, h ? "there" : "not there");
		if (h)
			dlclose(h);
	}
}

static void inherits(int argc, char **argv)
{
	sigset_t set;
	char name[17] = "";

	if (argc > 1) {
		sigprocmask(SIG_SETMASK, NULL, &set);
		prctl(PR_GET_NAME, name);
		say("blocked USR1 %d, name %s, pending %d, ignored HUP %d, fd 9 %s",
		    sigismember(&set, SIGUSR1), strcmp(name, "renamed") ? "of the file" : name,
		    sigpending(&set) == 0 && sigismember(&set, SIGUSR1),
		    signal(SIGHUP, SIG_DFL) == SIG_IGN, outcome(fcntl(9, F_GETFD)));
		return;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	signal(SIGHUP, SIG_IGN);
	prctl(PR_SET_NAME, "renamed");
	NEED(dup3(1, 9, O_CLOEXEC) == 9);
	execl(self_path, argv[0], "inherits", "now", (char *)NULL);
	_exit(95);
}

int main(int argc, char **argv)
{
	static const struct act acts[] = {
		{ "threads50", threads50 }, { "threads-busy", threads_busy },
		{ "threads-forking", threads_forking }, { "threads-again", threads_again },
		{ "zombie-leader", zombie_leader }, { "files", files }, { "chain", chain },
		{ "huge", huge }, { "too-big", too_big }, { "by-memory", by_memory },
		{ "library", library }, { "inherits", inherits }, { "report", report },
	};

	NEED(readlink("/proc/self/exe", self_path, sizeof(self_path) - 1) > 0);
	return play(acts, COUNT(acts), argc, argv);
}
