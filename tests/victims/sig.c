/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sig - what a handler is told about signals of every number and origin */
#include "victim.h"

#include <pthread.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

static volatile int n_seen;
static struct {
	int sig, code, value, err;
	pid_t pid;
	uid_t uid;
} seen[4096];

static void note(int sig, siginfo_t *si, void *ctx)
{
	int i = n_seen;

	(void)ctx;
	if (i >= (int)COUNT(seen))
		return;
	seen[i].sig = sig;
	seen[i].code = si->si_code;
	seen[i].value = si->si_value.sival_int;
	seen[i].err = si->si_errno;
	seen[i].pid = si->si_pid;
	seen[i].uid = si->si_uid;
	n_seen = i + 1;
}

static void catch_with(int sig, int flags)
{
	struct sigaction sa = { .sa_sigaction = note, .sa_flags = SA_SIGINFO | flags };

	sigemptyset(&sa.sa_mask);
	NEED(sigaction(sig, &sa, NULL) == 0);
}

static bool catchable(int sig)
{
	return sig != SIGKILL && sig != SIGSTOP && sig != 32 && sig != 33;
}

/* glibc keeps 32 and 33 from sigaction(); the kernel has nothing against them. */
static void catch_all(void)
{
	int sig;

	for (sig = 1; sig <= 64; sig++)
		if (catchable(sig))
			catch_with(sig, SA_RESTART);
}

static const char *code_name(int code)
{
	switch (code) {
	case SI_USER: return "SI_USER";
	case SI_QUEUE: return "SI_QUEUE";
	case SI_TKILL: return "SI_TKILL";
	case SI_TIMER: return "SI_TIMER";
	case SI_KERNEL: return "SI_KERNEL";
	case SI_MESGQ: return "SI_MESGQ";
	}
	return NULL;
}

static const char *who(pid_t pid, pid_t child)
{
	return pid == getpid() ? "me" : pid == child ? "my child" : pid == 0 ? "nobody" : "another";
}

static void tell(int from, pid_t child)
{
	int i;

	for (i = from; i < n_seen; i++) {
		const char *code = code_name(seen[i].code);
		char number[32];

		snprintf(number, sizeof(number), "code %d", seen[i].code);
		say("%s %s from %s uid %s value %d errno %d", signame(seen[i].sig),
		    code ? code : number, who(seen[i].pid, child),
		    seen[i].uid == getuid() ? "mine" : "another",
		    seen[i].code == SI_QUEUE ? seen[i].value : 0, seen[i].err);
	}
}

static void each_self(int argc, char **argv)
{
	int sig, before;

	(void)argc, (void)argv;
	catch_all();
	for (sig = 1; sig <= 64; sig++) {
		union sigval v = { .sival_int = sig * 1000 };

		if (!catchable(sig))
			continue;
		before = n_seen;
		NEED(kill(getpid(), sig) == 0);
		NEED(raise(sig) == 0);
		NEED(sigqueue(getpid(), sig, v) == 0);
		tell(before, -1);
	}
	say("handled %d", n_seen);
}

/* The child sends; the parent waits for each before it lets the child go on. */
static void each_child(int argc, char **argv)
{
	int go[2], sig;
	pid_t child;
	char c;

	(void)argc, (void)argv;
	catch_all();
	NEED(signal(SIGCHLD, SIG_DFL) != SIG_ERR);
	NEED(pipe(go) == 0);
	child = fork();
	NEED(child >= 0);
	if (child == 0) {
		for (sig = 1; sig <= 64; sig++) {
			if (!catchable(sig) || sig == SIGCHLD)
				continue;
			NEED(read(go[0], &c, 1) == 1);
			kill(getppid(), sig);
		}
		_exit(0);
	}
	for (sig = 1; sig <= 64; sig++) {
		int before = n_seen;

		if (!catchable(sig) || sig == SIGCHLD)
			continue;
		NEED(write(go[1], "x", 1) == 1);
		while (n_seen == before)
			nap_ms(1);
		tell(before, child);
	}
	say("child %s", status_words(reap(child)));
}

static void rt_order(int argc, char **argv)
{
	sigset_t all;
	int k;

	(void)argc, (void)argv;
	catch_all();
	sigfillset(&all);
	NEED(sigprocmask(SIG_SETMASK, &all, NULL) == 0);
	for (k = 0; k < 5; k++) {
		union sigval v = { .sival_int = k };

		NEED(sigqueue(getpid(), SIGRTMAX, v) == 0);
		NEED(sigqueue(getpid(), SIGRTMIN + 3, v) == 0);
		NEED(sigqueue(getpid(), SIGRTMIN, v) == 0);
		NEED(sigqueue(getpid(), SIGUSR2, v) == 0);	/* not real-time: one is kept */
		NEED(sigqueue(getpid(), SIGUSR1, v) == 0);
	}
	sigemptyset(&all);
	NEED(sigprocmask(SIG_SETMASK, &all, NULL) == 0);
	tell(0, -1);
}

static void rt_flood(int argc, char **argv)
{
	sigset_t set;
	pid_t child;
	int i, order = 0, got = 0;
	siginfo_t si;

	(void)argc, (void)argv;
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 1);
	NEED(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	child = fork();
	NEED(child >= 0);
	if (child == 0) {
		for (i = 0; i < 2000; i++) {
			union sigval v = { .sival_int = i };

			while (sigqueue(getppid(), SIGRTMIN + 1, v) < 0)
				nap_ms(1);
		}
		_exit(0);
	}
	while (got < 2000) {
		NEED(sigwaitinfo(&set, &si) == SIGRTMIN + 1);
		order += si.si_value.sival_int == got++;
	}
	say("got %d in order %d, child %s", got, order, status_words(reap(child)));
}

static void rt_handled(int argc, char **argv)
{
	pid_t child;
	int i, order = 0;

	(void)argc, (void)argv;
	catch_with(SIGRTMIN + 2, SA_RESTART);
	child = fork();
	NEED(child >= 0);
	if (child == 0) {
		for (i = 0; i < 1000; i++) {
			union sigval v = { .sival_int = i };

			while (sigqueue(getppid(), SIGRTMIN + 2, v) < 0)
				nap_ms(1);
		}
		_exit(0);
	}
	say("child %s", status_words(reap(child)));
	for (i = 0; i < n_seen; i++)
		order += seen[i].value == i && seen[i].pid == child;
	say("handled %d in order %d", n_seen, order);
}

static void say_set(const char *what, const sigset_t *set)
{
	char line[512] = "";
	int sig;

	for (sig = 1; sig <= 64; sig++)
		if (sigismember(set, sig) == 1)
			snprintf(line + strlen(line), sizeof(line) - strlen(line), " %d", sig);
	say("%s:%s", what, line);
}

static void blocked(int argc, char **argv)
{
	struct timespec soon = { 0, 20000000 }, zero = { 0, 0 };
	sigset_t set, old;
	siginfo_t si;
	int sig;

	(void)argc, (void)argv;
	sigemptyset(&set);
	for (sig = 1; sig < 64; sig += 7)
		if (catchable(sig))
			sigaddset(&set, sig);
	NEED(sigprocmask(SIG_BLOCK, &set, &old) == 0);
	say_set("blocked before", &old);
	for (sig = 1; sig < 64; sig += 7)
		if (catchable(sig))
			NEED(kill(getpid(), sig) == 0);
	sigpending(&set);
	say_set("pending", &set);
	while ((sig = sigtimedwait(&set, &si, &soon)) > 0)
		say("waited %s code %d from %s", signame(sig), si.si_code, who(si.si_pid, -1));
	say("sigtimedwait then %s", outcome(sig));
	say("and at once %s", outcome(sigtimedwait(&set, &si, &zero)));
	sigpending(&set);
	say_set("pending", &set);
}

static void by_fd(int argc, char **argv)
{
	struct signalfd_siginfo info;
	union sigval v = { .sival_int = 77 };
	sigset_t set;
	int fd, i;

	(void)argc, (void)argv;
	sigfillset(&set);
	NEED(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	fd = signalfd(-1, &set, SFD_NONBLOCK);
	NEED(fd >= 0);
	kill(getpid(), SIGUSR1);
	raise(SIGUSR2);
	sigqueue(getpid(), SIGRTMIN, v);
	sigqueue(getpid(), SIGTRAP, v);
	for (i = 0; i < 4; i++) {
		NEED(read(fd, &info, sizeof(info)) == sizeof(info));
		say("%s code %d pid %s value %d", signame((int)info.ssi_signo), info.ssi_code,
		    who((pid_t)info.ssi_pid, -1), info.ssi_code == SI_QUEUE ? info.ssi_int : 0);
	}
	say("empty: %s", outcome(read(fd, &info, sizeof(info))));
}

static char alt[65536];
static volatile int on_alt, depth, deepest;

static void check_alt(int sig)
{
	char here;
	stack_t now;

	(void)sig;
	on_alt += &here >= alt && &here < alt + sizeof(alt);
	sigaltstack(NULL, &now);
	on_alt += (now.ss_flags & SS_ONSTACK) ? 10 : 0;
}

static void altstack(int argc, char **argv)
{
	stack_t ss = { .ss_sp = alt, .ss_size = sizeof(alt) };
	struct sigaction sa = { .sa_handler = check_alt, .sa_flags = SA_ONSTACK };

	(void)argc, (void)argv;
	NEED(sigaltstack(&ss, NULL) == 0);
	NEED(sigaction(SIGUSR1, &sa, NULL) == 0);
	raise(SIGUSR1);
	kill(getpid(), SIGUSR1);
	say("on the alternate stack: %d", on_alt);
	sa.sa_flags = 0;
	NEED(sigaction(SIGUSR1, &sa, NULL) == 0);
	raise(SIGUSR1);
	say("and then: %d", on_alt);
}

static void nest(int sig)
{
	depth++;
	if (depth > deepest)
		deepest = depth;
	if (depth < 4)
		raise(sig);
	depth--;
}

static void flags(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = nest, .sa_flags = SA_NODEFER };
	sigset_t set;

	(void)argc, (void)argv;
	NEED(sigaction(SIGUSR1, &sa, NULL) == 0);
	raise(SIGUSR1);
	say("SA_NODEFER nests %d deep", deepest);
	deepest = 0;
	sa.sa_flags = 0;
	NEED(sigaction(SIGUSR1, &sa, NULL) == 0);
	depth = 3;
	raise(SIGUSR1);
	say("without it %d", deepest - 3);
	sa.sa_flags = SA_RESETHAND;
	depth = 4;
	NEED(sigaction(SIGTERM, &sa, NULL) == 0);
	raise(SIGTERM);
	sigaction(SIGTERM, NULL, &sa);
	say("SA_RESETHAND leaves %s", sa.sa_handler == SIG_DFL ? "SIG_DFL" : "a handler");
	NEED(signal(SIGTERM, SIG_IGN) != SIG_ERR);
	raise(SIGTERM);
	sigemptyset(&set);
	sigpending(&set);
	say_set("ignored, pending", &set);
}

static void pipes(int argc, char **argv)
{
	int p[2];
	ssize_t n;

	(void)argc, (void)argv;
	catch_with(SIGPIPE, 0);
	NEED(pipe(p) == 0);
	close(p[0]);
	n = write(p[1], "x", 1);
	say("write to a broken pipe: %s", outcome(n));
	tell(0, -1);
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, p) == 0);
	close(p[0]);
	n = send(p[1], "x", 1, MSG_NOSIGNAL);
	say("send without a signal: %s, signals %d", outcome(n), n_seen);
	signal(SIGPIPE, SIG_DFL);
	n = write(p[1], "x", 1);
	say("not reached %zd", n);
}

static void by_io(int argc, char **argv)
{
	int p[2];
	sigset_t set;
	siginfo_t si;

	(void)argc, (void)argv;
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 4);
	NEED(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, p) == 0);
	NEED(fcntl(p[0], F_SETOWN, getpid()) == 0);
	NEED(fcntl(p[0], F_SETSIG, SIGRTMIN + 4) == 0);
	NEED(fcntl(p[0], F_SETFL, O_ASYNC | O_NONBLOCK) == 0);
	NEED(write(p[1], "x", 1) == 1);
	NEED(sigwaitinfo(&set, &si) == SIGRTMIN + 4);
	say("%s code %d fd %s band %#lx", signame(si.si_signo), si.si_code,
	    si.si_fd == p[0] ? "right" : "wrong", si.si_band & 0x41);
}

static volatile pid_t last_tid;
static volatile int by_thread[3];

static void note_thread(int sig, siginfo_t *si, void *ctx)
{
	(void)sig, (void)ctx;
	by_thread[1] = si->si_code;
	last_tid = gettid();
	/* The others look when this has changed. */
	by_thread[0]++;
}

static void *open_thread(void *arg)
{
	sigset_t set;

	sigemptyset(&set);
	pthread_sigmask(SIG_SETMASK, &set, NULL);
	*(volatile pid_t *)arg = gettid();
	while (by_thread[0] < 3)
		nap_ms(1);
	return NULL;
}

static void threads(int argc, char **argv)
{
	struct sigaction sa = { .sa_sigaction = note_thread, .sa_flags = SA_SIGINFO };
	volatile pid_t tid = 0;
	pthread_t t;
	sigset_t set;
	int i;

	(void)argc, (void)argv;
	NEED(sigaction(SIGUSR1, &sa, NULL) == 0);
	sigfillset(&set);
	NEED(pthread_sigmask(SIG_SETMASK, &set, NULL) == 0);
	NEED(pthread_create(&t, NULL, open_thread, (void *)&tid) == 0);
	while (!tid)
		nap_ms(1);
	for (i = 0; i < 3; i++) {
		if (i == 0)
			kill(getpid(), SIGUSR1);
		else if (i == 1)
			pthread_kill(t, SIGUSR1);
		else
			syscall(SYS_tgkill, getpid(), tid, SIGUSR1);
		while (by_thread[0] == i)
			nap_ms(1);
		say("signal %d: code %d in %s", i, by_thread[1],
		    last_tid == tid ? "the open thread" : "another");
	}
	pthread_join(t, NULL);
}

int main(int argc, char **argv)
{
	static const struct act acts[] = {
		{ "each-self", each_self }, { "each-child", each_child },
		{ "rt-order", rt_order }, { "rt-flood", rt_flood }, { "rt-handled", rt_handled },
		{ "blocked", blocked }, { "by-fd", by_fd }, { "altstack", altstack },
		{ "flags", flags }, { "pipes", pipes }, { "by-io", by_io },
		{ "threads", threads },
	};

	return play(acts, COUNT(acts), argc, argv);
}
