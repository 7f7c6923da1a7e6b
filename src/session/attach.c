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

/* 1: a thread more is seized; 0: it has ended, or is a seized one's child, which will tell. */
static int seize(struct cr_session *s, pid_t pid, pid_t tid, struct cr_err *err)
{
	struct cr_tracee *t;
	int rc = cr_ptrace_attach(tid, s->plan.strict);

	if ((rc == -ESRCH && tid != pid) || (rc == -EPERM && cr_proc_tracer(tid) == getpid()))
		return 0;
	if (rc < 0)
		return cr_proc_refused(pid, rc, err);
	t = cr_tracees_add(&s->tracees, tid, pid, CR_ST_RUNNING);
	if (!t)
		return cr_err_set(err, -ENOMEM, "out of memory");
	t->told = true;
	t->calls = true;
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
int cr_session_attach(struct cr_session *s, pid_t pid, struct cr_err *err)
{
	struct cr_tracee *t;
	size_t at = 0;
	int rc;

	s->root = pid;
	s->attached = true;
	s->inherits = true;
	s->out.started = true;
	do {
		rc = seize_new(s, pid, err);
	} while (rc > 0);
	if (rc == 0)
		rc = cr_watch_attach(s, pid, err);
	while (rc == 0 && (t = cr_map_each(&s->tracees.by_tid, &at)))
		if (cr_ptrace_interrupt(t->tid) == -EIO)
			rc = cr_err_sys(err, -EIO, "cannot stop thread %d", (int)t->tid);
	return rc;
}

/* Each thread is let go at its next stop, which is asked for here. The traps go at once: who
 * hits one before that has its program counter put right. */
void cr_session_detach(struct cr_session *s)
{
	struct cr_tracee *t;
	size_t at = 0;

	if (s->detaching || s->ending)
		return;
	s->detaching = true;
	cr_watch_lift(s);
	while ((t = cr_map_each(&s->tracees.by_tid, &at)))
		/* Gone, or in a stop that is yet to be seen: either will be reported. */
		if (cr_ptrace_interrupt(t->tid) < 0)
			continue;
}
