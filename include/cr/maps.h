/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * maps - what a process has mapped executable, and from which files
 *
 * In:    a thread's /proc files
 * Out:   modules, by address; the file behind one, opened
 * Never: opens a path that the target could have turned into something else than a file
 *
 * The target may be hostile, and it stands still while we look at it. So whatever could wait for
 * the target (a FIFO, a FUSE file served by a process that we trace) is left alone.
 */
#ifndef CR_MAPS_H
#define CR_MAPS_H

#include <sys/types.h>

#include "cr/base.h"

#define CR_MAPS_PAGE 4096u

/* A file, or something with a name in brackets, that is mapped executable. */
struct cr_module {
	cr_addr start;
	cr_addr end;
	dev_t dev;
	ino_t ino;
	char *path;		/* owned; as in /proc/PID/maps */
	cr_addr first_end;	/* of its first mapping: start-first_end is a map_files entry */
	bool whole;		/* starts at offset 0 of the file */
	bool exec;
	bool slow;		/* on a file system that may wait for the target */
	void *owner;		/* borrowed: whose list it is in; NULL in a fresh list */
};

struct cr_map_range {
	cr_addr start;
	cr_addr end;
	dev_t dev;
};

struct cr_maps {
	struct cr_module *mods;	/* owned; by address */
	size_t n_mods;
	struct cr_map_range *exec;	/* owned; by address: where code may be */
	size_t n_exec;
	struct cr_map_range *slow;	/* owned; by address: never to be read */
	size_t n_slow;
};

/* 0; -ENOMEM; -ESRCH and the like when the thread is gone. On failure @m is empty. @shm:
 * cr_maps_shm(). */
int cr_maps_read(struct cr_maps *m, pid_t tid, dev_t shm) CR_MUST_CHECK;
/* The device of memfds and shared memory, which is mounted nowhere. */
dev_t cr_maps_shm(void);
void cr_maps_fini(struct cr_maps *m);
bool cr_maps_same(const struct cr_maps *a, const struct cr_maps *b);
struct cr_module *cr_maps_find(const struct cr_maps *m, cr_addr at);
bool cr_maps_is_code(const struct cr_maps *m, cr_addr at);

/* All of the text file @path, NUL-terminated, within a bound: its length, or a negative errno. */
ssize_t cr_maps_slurp(const char *path, char **text) CR_MUST_CHECK;

/* Takes the ranges off @m->slow that lie on file systems which answer without the target. */
int cr_maps_slow_sort(struct cr_maps *m, pid_t tid, dev_t shm) CR_MUST_CHECK;

/* The file of @mod, opened for reading: a regular file for sure, and the mapped one. @trusted: the
 * target cannot change it. A descriptor of the caller's, or -1. */
int cr_maps_open(const struct cr_module *mod, pid_t tid, bool *trusted) CR_MUST_CHECK;

/* The mapping that holds @at. -ENOENT when there is none. */
int cr_maps_around(pid_t tid, cr_addr at, cr_addr *lo, cr_addr *hi) CR_MUST_CHECK;

#endif
