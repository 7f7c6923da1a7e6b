/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * proc - what /proc says about a tracee
 *
 * In:    a thread id
 * Out:   one fact, or a negative errno (the thread may be gone)
 * Never: keeps a file open
 */
#ifndef CR_PROC_H
#define CR_PROC_H

#include <sys/types.h>

#include "cr/err.h"

/* The process (thread group) that @tid belongs to. */
pid_t cr_proc_tgid(pid_t tid) CR_MUST_CHECK;

/* Is @tid a thread of process @tgid? */
bool cr_proc_is_thread(pid_t tgid, pid_t tid);

/* May the caller trace @pid? 0, or a negative errno. It does not, yet. */
int cr_proc_may_trace(pid_t pid) CR_MUST_CHECK;

/* Says why process @pid cannot be traced; @rc: what the kernel answered, given back. */
int cr_proc_refused(pid_t pid, int rc, struct cr_err *err);

/* Who traces @pid; 0: nobody. */
pid_t cr_proc_tracer(pid_t pid) CR_MUST_CHECK;

/* The process that made process @pid, or to which it was given. */
pid_t cr_proc_parent(pid_t pid) CR_MUST_CHECK;

/* Do two threads have the same memory? A negative errno when the kernel does not tell. */
int cr_proc_same_memory(pid_t a, pid_t b) CR_MUST_CHECK;

/* The path of the executable into @path; its length. */
int cr_proc_exe(pid_t pid, char *path, size_t size) CR_MUST_CHECK;

/* Is what @pid runs the file that we find at @path? */
bool cr_proc_exe_is(pid_t pid, const char *path);

/* Is @sig pending for process @pid? */
bool cr_proc_pending(pid_t pid, int sig);

/* Does @pid ignore @sig, by its own will or because that is the default? */
bool cr_proc_ignores(pid_t pid, int sig);

/* Is @pid the first process of a pid namespace, and without a handler for @sig? What has no handler
 * the kernel does not deliver to it. */
bool cr_proc_first_ignores(pid_t pid, int sig);

/* The letter of its state (proc(5)), and how often it has gone to sleep by itself. */
int cr_proc_sleep(pid_t tid, char *state, unsigned long *sleeps) CR_MUST_CHECK;

#endif
