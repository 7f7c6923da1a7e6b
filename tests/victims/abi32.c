/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* abi32 - a 32-bit program: compiled with -m32 -static where the compiler can */
#include "victim.h"

#include <sys/mman.h>
#include <sys/socket.h>

static volatile int caught;

static void on_signal(int sig)
{
	caught += sig;
}

static int stack_size(void)
{
	return (int)sizeof(void *);
}

int main(void)
{
	int pair[2], status;
	pid_t child;
	char c = 0;

	warm_up();
	say("%d-byte pointers", stack_size());
	signal(SIGUSR1, on_signal);
	raise(SIGUSR1);
	kill(getpid(), SIGUSR1);
	say("caught %d", caught);
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	child = fork();
	NEED(child >= 0);
	if (child == 0) {
		NEED(write(pair[1], "x", 1) == 1);
		execl("/bin/sh", "sh", "-c", "exit 8", (char *)NULL);
		_exit(1);
	}
	NEED(read(pair[0], &c, 1) == 1);
	say("child of the other kind: %s", status_words(reap(child)));
	say("bogus: %s", outcome(syscall(9999)));
	say("wait: %s", outcome(waitpid(-1, &status, 0)));
	nap_ms(5);
	return 7;
}
