/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* stop - SIGSTOP, its relatives and SIGCONT, as parents and handlers see them */
#include "victim.h"

#include <pthread.h>
#include <sys/mman.h>

static volatile int conts, chld_codes[16], n_chld;

static void on_cont(int sig)
{
	(void)sig;
	conts++;
}

static void on_chld(int sig, siginfo_t *si, void *ctx)
{
	(void)sig, (void)ctx;
	if (n_chld < 16)
		chld_codes[n_chld] = si->si_code * 100 + si->si_status;
	n_chld++;
}

static void sleep_for_ever(void)
{
	for (;;)
		pause();
}

/* Each way to stop, seen by waitpid, then continued, then killed. */
static void each(int argc, char **argv)
{
	static const int stops[] = { SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU };
	int status;
	size_t i;

	(void)argc, (void)argv;
	for (i = 0; i < COUNT(stops); i++) {
		pid_t child = fork();

		NEED(child >= 0);
		if (child == 0) {
			setpgid(0, 0);	/* its parent keeps the group from being orphaned */
			sleep_for_ever();
		}
		setpgid(child, child);
		kill(child, stops[i]);
		NEED(waitpid(child, &status, WUNTRACED) == child);
		say("%s", status_words(status));
		say("again: %d", waitpid(child, &status, WUNTRACED | WNOHANG));
		say("state %c", task_state(child) == 't' ? 'T' : task_state(child));
		kill(child, SIGCONT);
		NEED(waitpid(child, &status, WCONTINUED) == child);
		say("%s", status_words(status));
		kill(child, i % 2 ? SIGKILL : SIGTERM);
		say("%s", status_words(reap(child)));
	}
}

static void self(int argc, char **argv)
{
	pid_t child = fork();
	int status, i;

	(void)argc, (void)argv;
	NEED(child >= 0);
	if (child == 0) {
		signal(SIGCONT, on_cont);
		for (i = 0; i < 20; i++)
			raise(SIGSTOP);
		_exit(conts);
	}
	for (i = 0; i < 20; i++) {
		NEED(waitpid(child, &status, WUNTRACED) == child);
		NEED(WIFSTOPPED(status));
		kill(child, SIGCONT);
	}
	say("the child counted SIGCONT: %s", status_words(reap(child)));
}

static void by_signal(int argc, char **argv)
{
	struct sigaction sa = { .sa_sigaction = on_chld, .sa_flags = SA_SIGINFO };
	int status, i, seen;
	pid_t child;

	(void)argc, (void)argv;
	NEED(sigaction(SIGCHLD, &sa, NULL) == 0);
	child = fork();
	NEED(child >= 0);
	if (child == 0)
		sleep_for_ever();
	kill(child, SIGSTOP);
	while (n_chld < 1)
		nap_ms(1);
	kill(child, SIGCONT);
	while (n_chld < 2)
		nap_ms(1);
	kill(child, SIGKILL);
	while (n_chld < 3)
		nap_ms(1);
	for (i = 0; i < 3; i++)
		say("SIGCHLD: code %d status %s", chld_codes[i] / 100,
		    signame(chld_codes[i] % 100));
	reap(child);
	sa.sa_flags |= SA_NOCLDSTOP;
	NEED(sigaction(SIGCHLD, &sa, NULL) == 0);
	seen = n_chld;
	child = fork();
	NEED(child >= 0);
	if (child == 0)
		sleep_for_ever();
	kill(child, SIGSTOP);
	waitpid(child, &status, WUNTRACED);
	kill(child, SIGCONT);
	waitpid(child, &status, WCONTINUED);
	say("with SA_NOCLDSTOP: %d more", n_chld - seen);
	kill(child, SIGKILL);
	reap(child);
}

struct counters {
	volatile long n[4];
	volatile int ready;
};

static struct counters *shared;

static void *count(void *arg)
{
	volatile long *n = arg;

	__sync_fetch_and_add(&shared->ready, 1);
	for (;;) {
		(*n)++;
		sched_yield();
	}
	return NULL;
}

static bool moving(void)
{
	long before[4];
	int i, tries, moved = 0;

	for (i = 0; i < 4; i++)
		before[i] = shared->n[i];
	for (tries = 0; tries < 200 && moved < 4; tries++) {
		nap_ms(1);
		for (i = 0, moved = 0; i < 4; i++)
			moved += shared->n[i] != before[i];
		if (tries >= 30 && moved == 0)
			return false;
	}
	return moved == 4;
}

/* A stop holds every thread of the process; SIGCONT lets every one go on. */
static void group(int argc, char **argv)
{
	pthread_t t;
	pid_t child;
	int status, i;

	(void)argc, (void)argv;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	NEED(shared != MAP_FAILED);
	child = fork();
	NEED(child >= 0);
	if (child == 0) {
		for (i = 0; i < 4; i++)
			NEED(pthread_create(&t, NULL, count, (void *)&shared->n[i]) == 0);
		sleep_for_ever();
	}
	while (shared->ready < 4)
		nap_ms(1);
	for (i = 0; i < 3; i++) {
		say("running: %s", moving() ? "all move" : "some stand");
		kill(child, SIGSTOP);
		NEED(waitpid(child, &status, WUNTRACED) == child);
		say("%s: %s", status_words(status), moving() ? "some move" : "all stand");
		kill(child, SIGCONT);
		NEED(waitpid(child, &status, WCONTINUED) == child);
	}
	kill(child, SIGSTOP);
	NEED(waitpid(child, &status, WUNTRACED) == child);
	kill(child, SIGKILL);	/* a stopped process dies, too */
	say("%s", status_words(reap(child)));
}

/* Signals sent to a stopped process wait until it goes on. */
static void held(int argc, char **argv)
{
	pid_t child;
	sigset_t set;
	int status, i;

	(void)argc, (void)argv;
	sigemptyset(&set);
	for (i = 0; i < 5; i++)
		sigaddset(&set, SIGRTMIN + i);
	NEED(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	child = fork();
	NEED(child >= 0);
	if (child == 0) {
		siginfo_t si;
		int sum = 0;

		raise(SIGSTOP);
		for (i = 0; i < 10; i++) {
			NEED(sigwaitinfo(&set, &si) > 0);
			sum = sum * 2 + (si.si_signo - SIGRTMIN == i / 2) +
			      (si.si_pid != getppid());
		}
		_exit(sum == 1023 ? 0 : 1);
	}
	NEED(waitpid(child, &status, WUNTRACED) == child);
	for (i = 9; i >= 0; i--) {
		union sigval v = { .sival_int = i };

		sigqueue(child, SIGRTMIN + i / 2, v);
	}
	say("stopped: %d", waitpid(child, &status, WNOHANG));
	kill(child, SIGCONT);
	say("in order: %s", status_words(reap(child)));
}

static void storm(int argc, char **argv)
{
	pid_t child;
	int i, status, stops = 0, continues = 0;

	(void)argc, (void)argv;
	child = fork();
	NEED(child >= 0);
	if (child == 0)
		sleep_for_ever();
	for (i = 0; i < 100; i++) {
		kill(child, SIGSTOP);
		NEED(waitpid(child, &status, WUNTRACED) == child);
		stops += WIFSTOPPED(status);
		kill(child, SIGCONT);
		NEED(waitpid(child, &status, WCONTINUED) == child);
		continues += WIFCONTINUED(status);
	}
	kill(child, SIGTERM);
	say("%d stops, %d continues, %s", stops, continues, status_words(reap(child)));
}

/* The child stops its parent for a while and says so. */
static void parent_stopped(int argc, char **argv)
{
	pid_t child, parent = getpid();
	char state;
	int p[2];

	(void)argc, (void)argv;
	NEED(pipe(p) == 0);
	child = fork();
	NEED(child >= 0);
	if (child == 0) {
		kill(parent, SIGSTOP);
		while ((state = task_state(parent)) != 'T' && state != 't')
			nap_ms(1);
		say("my parent stands");
		kill(parent, SIGCONT);
		_exit(0);
	}
	say("child %s", status_words(reap(child)));
}

int main(int argc, char **argv)
{
	static const struct act acts[] = {
		{ "each", each }, { "self", self }, { "by-signal", by_signal },
		{ "group", group }, { "held", held }, { "storm", storm },
		{ "parent-stopped", parent_stopped },
	};

	return play(acts, COUNT(acts), argc, argv);
}
