/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * launch - start a program under a filter, with us attached
 *
 * In:    a program, its arguments and environment, a BPF filter
 * Out:   a traced child that has not executed its first call yet
 * Never: gives the program anything of ours: no descriptor, mask, disposition or limit
 *
 * The child waits until it is seized, then installs the filter and executes the program; what it
 * calls in between is ours, not the program's. Its session treats it so until the exec event.
 */
#ifndef CR_LAUNCH_H
#define CR_LAUNCH_H

#include <linux/filter.h>
#include <sys/types.h>

#include "cr/err.h"
#include "cr/wake.h"

struct cr_user {
	const char *name;	/* borrowed; for initgroups(3) */
	uid_t uid;
	gid_t gid;
};

struct cr_launch {
	const char *path;		/* borrowed; what to execute */
	char *const *argv;		/* borrowed */
	char *const *envp;		/* borrowed */
	const struct sock_filter *filter;	/* borrowed; NULL: none */
	unsigned short filter_len;
	const struct cr_signals *signals;	/* borrowed; what the program shall find */
	const struct cr_user *user;	/* borrowed; NULL: as we are */
	const uint64_t *key;	/* borrowed; for cr_launch_replace: CR_LAUNCH_KEYS words */
};

/* With these as their last two arguments the filter lets the calls below pass, whatever else it
 * says: the kernel does not look at arguments that a call does not have. */
#define CR_LAUNCH_KEYS 2
extern const uint32_t cr_launch_calls[];	/* native; ends with UINT32_MAX */
extern const uint32_t cr_launch_user_calls[];	/* with a user, these as well */

/* Which of descriptors 0, 1, 2 were closed: they are filled with /dev/null (closed on exec), so
 * that nothing of ours is ever opened there. */
int cr_launch_guard_stdio(void) CR_MUST_CHECK;

/* Finds @name as execvp(3) would, with @search as PATH. 0 and the path in @path; -ENOENT or
 * -EACCES. */
int cr_launch_find(const char *name, const char *search, char *path, size_t size) CR_MUST_CHECK;

/* On success @pid is a child that waits to be seized. The caller owns @report. */
int cr_launch(const struct cr_launch *l, pid_t *pid, int *report, struct cr_err *err) CR_MUST_CHECK;

/* The caller (perhaps another process than cr_launch's) becomes its tracer; it runs towards its
 * exec. At its end @report tells why the program could not be executed (cr_launch_failed). */
int cr_launch_seize(pid_t pid, int report, struct cr_err *err) CR_MUST_CHECK;

enum cr_launch_step {
	CR_LAUNCH_NONE,		/* nothing failed */
	CR_LAUNCH_FILTER,
	CR_LAUNCH_USER,
	CR_LAUNCH_EXEC,
};

/* After the child ended without an exec: the step that failed; its errno in @error. */
enum cr_launch_step cr_launch_failed(int report, int *error);

/* We become the program ourselves, under a filter that is in force from here on. Returns only when
 * that failed: the errno; @step: where. From CR_LAUNCH_USER on nothing is left to be done but
 * cr_launch_leave. */
int cr_launch_replace(const struct cr_launch *l, enum cr_launch_step *step) CR_MUST_CHECK;

/* Writes @text to @fd and ends with @status. */
__attribute__((noreturn))
void cr_launch_leave(const struct cr_launch *l, int fd, const char *text, int status);

#endif
