/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Says which signals it got, from whom and how often, until SIGTERM, and then ends by it.
 * usage: heard SENDER-PID
 */
#include "victim.h"

static pid_t sender;
static volatile sig_atomic_t over;

static void on_signal(int sig, siginfo_t *info, void *context)
{
	char line[100];
	int n;

	(void)context;
	n = snprintf(line, sizeof(line), "signal %d, %s, from %s\n", sig,
		     info->si_code == SI_USER ? "kill" : "something else",
		     info->si_pid == sender ? "the sender" : "somebody else");
	if (write(STDOUT_FILENO, line, (size_t)n) != n)
		_exit(99);
	over |= sig == SIGTERM;
}

int main(int argc, char **argv)
{
	struct sigaction act = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	const int signals[] = { SIGUSR1, SIGUSR2, SIGTERM, SIGRTMIN + 3 };
	size_t i;

	sender = argc > 1 ? (pid_t)atoi(argv[1]) : 0;
	sigfillset(&act.sa_mask);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &act, NULL);
	if (write(STDOUT_FILENO, "ready\n", 6) != 6)
		return 99;
	while (!over)
		usleep(10000);
	/* What comes twice shows now. */
	usleep(200000);
	signal(SIGTERM, SIG_DFL);
	raise(SIGTERM);
	return 1;
}
