/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * disk - one file, replaced as a whole, by one writer at a time
 *
 * In:    a path, and new contents
 * Out:   a file that holds the old or the new contents at every moment
 * Never: knows what the contents mean
 *
 * Private to the policy room. The lock is flock(2) on the directory: the file itself is replaced,
 * so a lock on it would guard nothing, and a lock file would be litter.
 */
#ifndef CR_POLICY_DISK_H
#define CR_POLICY_DISK_H

#include "cr/base.h"
#include "cr/err.h"

struct cr_disk {
	int dir;		/* owned; the locked directory */
	const char *shown;	/* borrowed; the path as the user spelled it */
	char *real;		/* owned; behind symbolic links */
	const char *name;	/* borrowed from real: the last component */
};

/* Locks the directory of @path, waiting at most ten seconds; with @create makes the directory's
 * last component. On failure @d is empty. @path must outlive @d. */
int cr_disk_lock(const char *path, bool create, struct cr_disk *d,
		 struct cr_err *err) CR_MUST_CHECK;

/* Replaces the file and sees it onto the disk. On failure the old file is untouched. */
int cr_disk_write(const struct cr_disk *d, const char *text, size_t len, struct cr_err *err)
	CR_MUST_CHECK;

/* Writes bytes @from to @from + @n of @text over those of the file, which differs in nothing else.
 * Not synced. -EOPNOTSUPP, and the file is still to be written, where only cr_disk_write() is safe
 * or can say what is wrong. */
int cr_disk_patch(const struct cr_disk *d, const char *text, size_t len, size_t from, size_t n)
	CR_MUST_CHECK;

/* Takes away what writers that were killed have left behind. */
void cr_disk_sweep(const struct cr_disk *d);

void cr_disk_unlock(struct cr_disk *d);

#endif
