/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>
#include <sys/mman.h>

#include "cr/proc.h"
#include "cr/pulse.h"

#define ASLEEP_LOOKS 3	/* of one sleep: it does not wait for a disk */
#define BUSY_LOOKS 60	/* of one piece of work, whatever it is */

struct cr_pulse *cr_pulse_new(void)
{
	void *p = mmap(NULL, sizeof(struct cr_pulse), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

bool cr_pulse_stuck(const struct cr_pulse *p, struct cr_pulse_look *l, pid_t pid)
{
	struct cr_pulse_look last = *l;
	char state = '?';

	*l = (struct cr_pulse_look){ .beat = p->beat };
	if (!(l->beat & 1) || l->beat != last.beat)
		return false;
	l->busy = last.busy + 1;
	if (cr_proc_sleep(pid, &state, &l->sleeps) == 0 && (state == 'S' || state == 'D') &&
	    l->sleeps == last.sleeps)
		l->asleep = last.asleep + 1;
	return l->asleep >= ASLEEP_LOOKS || l->busy >= BUSY_LOOKS;
}
