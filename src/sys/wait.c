/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <sys/wait.h>

#include "cr/wait.h"

int cr_wait(struct cr_waited batch[CR_WAIT_BATCH], bool single)
{
	int n = 0, flags = __WALL;
	pid_t tid;

	while (n < CR_WAIT_BATCH) {
		tid = waitpid(-1, &batch[n].status, flags);
		if (tid < 0 && n == 0)
			return -errno;
		if (tid <= 0)
			break;
		batch[n++].tid = tid;
		if (single)
			break;
		flags |= WNOHANG;
	}
	return n;
}
