/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A window that is the whole process's: what any thread does while one is inside.
 *
 * BUILD: -O2 -pthread | --scope process
 * WINDOW: inside
 * IN: inside: getuid=30 getgid=30 geteuid=60
 * AFTER: getegid
 */
#include "win.h"

#include <pthread.h>

static pthread_barrier_t step;
static volatile int zero;

static void meet(void)
{
	int rc = pthread_barrier_wait(&step);

	NEED(rc == 0 || rc == PTHREAD_BARRIER_SERIAL_THREAD);
}

/* Two threads enter at a time, the third does its work meanwhile, and then after the first has
 * left: the second is inside still. */
NOINLINE int inside(int second)
{
	mark(SYS_getuid);
	evil();
	meet();			/* both are inside */
	meet();			/* the third has done its work */
	if (second) {
		meet();		/* the first has left */
		meet();		/* the third has done its work again */
	}
	mark(SYS_getgid);
	return second + zero;
}

static void *play(void *arg)
{
	int second = arg != NULL, i;

	/* A thread that is being made while another is inside would be made inside. */
	meet();
	for (i = 0; i < 15; i++) {
		inside(second);
		if (!second) {
			meet();
			meet();
		}
		meet();		/* nobody is inside */
		meet();
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t[2];
	int i, n;

	win_start(argc, argv);
	NEED(pthread_barrier_init(&step, NULL, 3) == 0);
	for (i = 0; i < 2; i++)
		NEED(pthread_create(&t[i], NULL, play, i ? argv : NULL) == 0);
	meet();
	for (i = 0; i < 15; i++) {
		for (n = 0; n < 2; n++) {
			meet();
			mark(SYS_geteuid);
			mark(SYS_geteuid);
			meet();
		}
		meet();
		mark(SYS_getegid);
		meet();
	}
	for (i = 0; i < 2; i++)
		NEED(pthread_join(t[i], NULL) == 0);
	mark(SYS_getegid);
	printf("two inside, one beside them\n");
	outside(SYS_getuid);
	return 0;
}
