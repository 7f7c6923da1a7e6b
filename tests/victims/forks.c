/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* forks - new tasks by every call and flag, many of them, and who is whose parent */
#include "victim.h"

#include <linux/sched.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

extern char **environ;

static volatile int shared_word;
static char stack[1 << 16] __attribute__((aligned(16)));

/* vfork in a function of its own: what it returns into must not keep values in registers. */
__attribute__((noinline))
static pid_t vfork_to(const char *program, const char *argv0, int code)
{
	pid_t child = vfork();

	NEED(child >= 0);
	if (child == 0) {
		shared_word++;
		if (program) {
			execl(program, argv0, "nothing", (char *)NULL);
			_exit(errno == ENOENT ? 44 : 1);
		}
		_exit(code);
	}
	return child;
}

static void vforks(int argc, char **argv)
{
	int i, sum = 0;

	(void)argc;
	for (i = 0; i < 100; i++)
		sum += WEXITSTATUS(reap(vfork_to(NULL, NULL, i & 0x3f)));
	say("vfork and _exit: sum %d, shared writes %d", sum, shared_word);
	for (i = 0, sum = 0; i < 60; i++)
		sum += reap(vfork_to("/proc/self/exe", argv[0], 0)) == 0;
	say("vfork and exec: %d", sum);
	say("vfork and a failed exec: %s",
	    status_words(reap(vfork_to("/nonexistent/program", "x", 0))));
}

static void spawns(int argc, char **argv)
{
	char *args[] = { argv[0], (char *)"nothing", NULL }, *bad[] = { (char *)"x", NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	pid_t child[60];
	int i, ok = 0;

	(void)argc;
	for (i = 0; i < 60; i++)
		NEED(posix_spawn(&child[i], "/proc/self/exe", NULL, NULL, args, environ) == 0);
	for (i = 0; i < 60; i++)
		ok += reap(child[i]) == 0;
	say("spawned %d", ok);
	say("spawn of nothing: %s",
	    strerrorname_np(posix_spawn(&child[0], "/nonexistent/x", NULL, NULL, bad, environ)));
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 5, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, 5, 0);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
	NEED(posix_spawn(&child[0], "/proc/self/exe", &actions, &attr, args, environ) == 0);
	say("with attributes: %s", status_words(reap(child[0])));
}

static int same_memory(void *arg)
{
	shared_word += (int)(intptr_t)arg;
	return 9;
}

static void clone_vm(int argc, char **argv)
{
	pid_t child;
	int status;

	(void)argc, (void)argv;
	child = clone(same_memory, stack + sizeof(stack), CLONE_VM | SIGCHLD, (void *)5);
	NEED(child >= 0);
	status = reap(child);
	say("CLONE_VM: %s, word %d", status_words(status), shared_word);
	child = clone(same_memory, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD,
		      (void *)6);
	NEED(child >= 0);
	say("CLONE_VM|CLONE_VFORK, at once: word %d", shared_word);
	say("%s", status_words(reap(child)));
	child = clone(same_memory, stack + sizeof(stack),
		      CLONE_VM | CLONE_FILES | CLONE_FS | CLONE_SIGHAND | SIGCHLD, (void *)7);
	NEED(child >= 0);
	status = reap(child);
	say("everything but CLONE_THREAD: %s, word %d", status_words(status), shared_word);
}

/* What a child that nobody may trace does: calls that an unwatched one would fail at. */
static int busy_child(void)
{
	pid_t grandchild;
	int fd = open("/dev/null", O_WRONLY), status;

	if (fd < 0 || write(fd, "x", 1) != 1 || close(fd) < 0)
		return 1;
	if (getpid() <= 0 || getppid() <= 0)
		return 2;
	grandchild = fork();
	if (grandchild == 0)
		_exit(21);
	if (grandchild < 0 || waitpid(grandchild, &status, 0) != grandchild)
		return 3;
	return WEXITSTATUS(status);
}

static void raw_clone(const char *what, unsigned long flags)
{
	pid_t child = (pid_t)syscall(SYS_clone, flags, 0, 0, 0, 0);

	if (child < 0) {
		say("%s: %s", what, outcome(child));
		return;
	}
	if (child == 0)
		_exit(busy_child());
	say("%s: %s", what, status_words(reap(child)));
}

/* As libraries do: a supervisor may have no words for what clone3 was asked. */
static void fall_back(void)
{
	struct clone_args args = { .flags = 0x100000000ull, .exit_signal = SIGCHLD };
	long child = syscall(SYS_clone3, &args, sizeof(args));	/* CLONE_CLEAR_SIGHAND */

	if (child < 0 && errno == ENOSYS)
		child = syscall(SYS_clone, SIGCHLD, 0L, 0L, 0L, 0L);
	NEED(child >= 0);
	if (child == 0)
		_exit(9);
	say("clone3, or clone instead: %s", status_words(reap((pid_t)child)));
}

static void raw_clone3(const char *what, uint64_t flags, uint64_t extra)
{
	struct clone_args args = { .flags = flags, .exit_signal = SIGCHLD };
	int pidfd = -1;
	pid_t child, tid = 0;

	if (extra & CLONE_PIDFD)
		args.pidfd = (uintptr_t)&pidfd;
	if (extra & CLONE_CHILD_SETTID)
		args.child_tid = (uintptr_t)&tid;
	args.flags |= extra;
	child = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (child < 0) {
		say("%s: %s", what, outcome(child));
		return;
	}
	if (child == 0)
		_exit((extra & CLONE_CHILD_SETTID) && tid != gettid() ? 5 : busy_child());
	say("%s: %s%s", what, status_words(reap(child)),
	    extra & CLONE_PIDFD ? pidfd >= 0 ? " pidfd" : " no pidfd" : "");
}

static void flags(int argc, char **argv)
{
	struct clone_args bad = { .flags = CLONE_THREAD, .exit_signal = 0 };

	(void)argc, (void)argv;
	raw_clone("clone", SIGCHLD);
	raw_clone("clone CLONE_UNTRACED", CLONE_UNTRACED | SIGCHLD);
	raw_clone("clone CLONE_UNTRACED|CLONE_VFORK", CLONE_UNTRACED | CLONE_VFORK | SIGCHLD);
	raw_clone("clone CLONE_PTRACE", CLONE_PTRACE | SIGCHLD);
	raw_clone("clone without a signal", 0);
	raw_clone("clone with SIGUSR1|CLONE_UNTRACED, ignored", CLONE_UNTRACED | SIGURG);
	raw_clone3("clone3", 0, 0);
	raw_clone3("clone3 CLONE_UNTRACED", CLONE_UNTRACED, 0);
	raw_clone3("clone3 CLONE_UNTRACED|CLONE_VFORK", CLONE_UNTRACED | CLONE_VFORK, 0);
	raw_clone3("clone3 CLONE_PTRACE", CLONE_PTRACE, 0);
	raw_clone3("clone3 CLONE_PIDFD", 0, CLONE_PIDFD);
	raw_clone3("clone3 CLONE_CHILD_SETTID", CLONE_UNTRACED, CLONE_CHILD_SETTID);
	fall_back();
	say("clone3 with bad flags: %s",
	    outcome(syscall(SYS_clone3, &bad, sizeof(bad))));
	say("clone3 with a bad size: %s", outcome(syscall(SYS_clone3, &bad, 3ul)));
	say("clone3 with a bad pointer: %s",
	    outcome(syscall(SYS_clone3, (void *)8, sizeof(bad))));
}

/* CLONE_PARENT: a sibling of its maker, so that the maker's parent waits for it. */
static void siblings(int argc, char **argv)
{
	int p[2], status, code;
	pid_t child, sibling;

	(void)argc, (void)argv;
	NEED(pipe(p) == 0);
	child = fork();
	NEED(child >= 0);
	if (child == 0) {
		pid_t parent = getppid();

		sibling = (pid_t)syscall(SYS_clone, CLONE_PARENT | CLONE_UNTRACED, 0, 0, 0, 0);
		if (sibling == 0)
			_exit(getppid() == parent ? 33 : 1);
		NEED(write(p[1], &sibling, sizeof(sibling)) == sizeof(sibling));
		_exit(waitpid(sibling, &status, __WALL) < 0 ? errno : 0);
	}
	NEED(read(p[0], &sibling, sizeof(sibling)) == sizeof(sibling));
	code = WEXITSTATUS(reap(child));
	say("the maker waits: %s", strerrorname_np(code));
	say("its parent waits: %s", status_words(reap(sibling)));
}

static void crowd(int argc, char **argv)
{
	int i, n = argc > 1 ? atoi(argv[1]) : 500, go[2], here[2], status, sum = 0, left = 0;
	char c;

	NEED(pipe(go) == 0 && pipe(here) == 0);
	for (i = 0; i < n; i++) {
		pid_t child = fork();

		NEED(child >= 0);
		if (child)
			continue;
		close(go[1]);
		if (write(here[1], "x", 1) != 1 || read(go[0], &c, 1) != 0)
			_exit(255);
		_exit(i % 100);
	}
	for (i = 0; i < n; i++)
		NEED(read(here[0], &c, 1) == 1);
	say("%d alive at once", i);
	close(go[1]);
	while (wait(&status) > 0) {
		left++;
		sum += WEXITSTATUS(status);
	}
	say("%d left, sum %d", left, sum);
}

/* Forks until the limit, in every child too; all of it ends by itself. */
static void bomb(int argc, char **argv)
{
	int *count = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int depth;
	pid_t children[2];

	(void)argc, (void)argv;
	NEED(count != MAP_FAILED);
	__sync_fetch_and_add(count, 1);
	for (depth = 0; depth < 7; depth++) {
		int i;

		for (i = 0; i < 2; i++) {
			children[i] = fork();
			NEED(children[i] >= 0);
			if (children[i] == 0) {
				__sync_fetch_and_add(count, 1);
				break;
			}
		}
		if (i < 2)
			continue;
		for (i = 0; i < 2; i++)
			reap(children[i]);
		break;
	}
	if (depth == 0)
		say("%d processes in all", *count);
	_exit(0);
}

static void chain(int argc, char **argv)
{
	int depth = argc > 1 ? atoi(argv[1]) : 30;
	pid_t child;

	while (depth-- > 0) {
		child = fork();
		NEED(child >= 0);
		if (child)
			_exit(WEXITSTATUS(reap(child)));
	}
	say("at the end of the chain");
	_exit(17);
}

static void nothing(int argc, char **argv)
{
	(void)argc, (void)argv;
}

/* Children die by SIGKILL at any moment of their lives, births and execs included. */
static void killed(int argc, char **argv)
{
	int i, by_kill = 0, ended = 0;

	(void)argc;
	for (i = 0; i < 200; i++) {
		pid_t child = i % 2 ? fork() :
				      vfork_to(i % 3 ? "/proc/self/exe" : NULL, argv[0], 0);
		int status;

		NEED(child >= 0);
		if (child == 0) {
			if (i % 3)
				execl("/proc/self/exe", argv[0], "nothing", (char *)NULL);
			_exit(0);
		}
		if (i % 5 == 0)
			sched_yield();
		kill(child, SIGKILL);
		status = reap(child);
		by_kill += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
		ended += WIFEXITED(status) && WEXITSTATUS(status) == 0;
	}
	say("all %d ended", by_kill + ended);
}

static void group_kill(int argc, char **argv)
{
	pid_t leader = fork();
	int i, p[2];
	char c;

	(void)argc, (void)argv;
	NEED(leader >= 0 && pipe(p) == 0);
	if (leader == 0) {
		setpgid(0, 0);
		for (i = 0; i < 20; i++)
			if (fork() == 0)
				for (;;)
					pause();
		raise(SIGSTOP);
		_exit(1);
	}
	NEED(waitpid(leader, &i, WUNTRACED) == leader);
	kill(-leader, SIGKILL);
	say("leader %s", status_words(reap(leader)));
	while (kill(-leader, 0) == 0)
		nap_ms(1);
	close(p[1]);
	say("the group is gone: %s, pipe %zd", strerrorname_np(errno), read(p[0], &c, 1));
}

static void no_more(int argc, char **argv)
{
	struct rlimit none = { 0, 0 };
	pid_t child = fork();
	int status;

	(void)argc, (void)argv;
	NEED(child >= 0);
	if (child == 0) {
		if (getuid() == 0)
			NEED(setresuid(64321, 64321, 64321) == 0);
		NEED(setrlimit(RLIMIT_NPROC, &none) == 0);
		status = fork();
		if (status == 0)
			_exit(0);
		say("fork beyond RLIMIT_NPROC: %s", outcome(status));
		say("vfork: %s", outcome(syscall(SYS_vfork)));
		_exit(0);
	}
	say("%s", status_words(reap(child)));
}

int main(int argc, char **argv)
{
	static const struct act acts[] = {
		{ "vforks", vforks }, { "spawns", spawns }, { "clone-vm", clone_vm },
		{ "flags", flags }, { "siblings", siblings }, { "crowd", crowd },
		{ "bomb", bomb }, { "chain", chain }, { "nothing", nothing },
		{ "killed", killed }, { "group-kill", group_kill }, { "no-more", no_more },
	};

	return play(acts, COUNT(acts), argc, argv);
}
