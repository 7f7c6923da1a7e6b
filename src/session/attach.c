/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A process that runs already: all its threads are seized, with no filter of ours in it, so each of
 * their calls stops; and they are let go as they were found (TRAPS 14).
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CR_LOG_DOMAIN "attach"
#include "cr/log.h"
#include "cr/proc.h"
#include "cr/ptrace.h"
#include "parts.h"

#define PATIENCE_S 10	/* with a thread that waits for a device */

/* Is a thread that could not be seized no matter: it is ending, or a seized one's child? */
static bool is_no_matter(pid_t tid)
{
	unsigned long sleeps;
	char state;

	if (cr_proc_tracer(tid) == getpid())
		return true;
	return cr_proc_sleep(tid, &state, &sleeps) < 0 || state == 'Z' || state == 'X';
}

/* 1: a thread more is seized; 0: it has ended, or is a seized one's child, which will tell. */
static int seize(struct cr_session *s, pid_t pid, pid_t tid, struct cr_err *err)
{
	struct cr_tracee *t;
	int rc = cr_ptrace_attach(tid, s->plan.strict);

	if ((rc == -ESRCH && tid != pid) || (rc == -EPERM && tid != pid && is_no_matter(tid)))
		return 0;
	if (rc < 0)
		return cr_proc_refused(pid, rc, err);
	t = cr_tracees_add(&s->tracees, tid, pid, CR_ST_RUNNING);
	if (!t)
		return cr_err_set(err, -ENOMEM, "out of memory");
	t->told = true;
	t->calls = !s->plan.inside_only;
	return 1;
}

/* One pass over /proc/PID/task: how many threads were new. */
static int seize_new(struct cr_session *s, pid_t pid, struct cr_err *err)
{
	char path[64];
	struct dirent *e;
	int n = 0, rc = 0;
	pid_t tid;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	if (!dir)
		return cr_proc_refused(pid, errno == ENOENT ? -ESRCH : -errno, err);
	while (rc >= 0 && (e = readdir(dir))) {
		tid = (pid_t)strtol(e->d_name, NULL, 10);
		if (tid <= 0 || cr_tracees_get(&s->tracees, tid))
			continue;
		rc = seize(s, pid, tid, err);
		n += rc > 0;
	}
	closedir(dir);
	return rc < 0 ? rc : n;
}

/* Threads that are born meanwhile are children of seized ones, and come by themselves, or they are
 * found by the next pass: the last one finds none. */
static int seize_all(struct cr_session *s, pid_t pid, struct cr_err *err)
{
	struct cr_tracee *t;
	size_t at = 0;
	int rc;

	do {
		rc = seize_new(s, pid, err);
	} while (rc > 0);
	while (rc == 0 && (t = cr_map_each(&s->tracees.by_tid, &at)))
		if (!t->kept && cr_ptrace_interrupt(t->tid) == -EIO)
			rc = cr_err_sys(err, -EIO, "cannot stop thread %d", (int)t->tid);
	return rc;
}

/* While threads end, a list of them may have gaps; when all stand still, it has none. */
static int stop_all(struct cr_session *s, pid_t pid, struct cr_err *err)
{
	struct cr_tracee *t;
	size_t at = 0;
	int rc;

	do {
		rc = cr_gather(s, err);
		if (rc == 0)
			rc = seize_new(s, pid, err);
		if (rc > 0)
			rc = seize_all(s, pid, err) < 0 ? -EIO : 1;
	} while (rc > 0 && !s->detaching);
	while ((t = cr_map_each(&s->tracees.by_tid, &at)))
		t->kept = false;
	return rc < 0 ? rc : 0;
}

int cr_session_attach(struct cr_session *s, pid_t pid, struct cr_err *err)
{
	int rc;

	s->root = pid;
	s->attached = true;
	s->inherits = true;
	s->out.started = true;
	rc = seize_all(s, pid, err);
	/* Who is only watched may as well come by and by. */
	if (rc == 0 && (s->plan.targets || s->plan.strict))
		rc = stop_all(s, pid, err);
	if (rc == 0 && !s->detaching)
		rc = cr_watch_attach(s, err);
	return rc;
}

/* Each thread is let go at its next stop, which is asked for here. The traps go at once: who
 * hits one before that has its program counter put right. */
void cr_session_detach(struct cr_session *s)
{
	struct timespec now;
	struct cr_tracee *t;
	size_t at = 0;

	if (s->detaching || s->ending)
		return;
	s->detaching = true;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	s->patience = now.tv_sec + (s->impatient ? -1 : PATIENCE_S);
	cr_watch_lift(s);
	while ((t = cr_map_each(&s->tracees.by_tid, &at)))
		/* Gone, or in a stop that is yet to be seen: either will be reported. */
		if (cr_ptrace_interrupt(t->tid) < 0)
			continue;
}
