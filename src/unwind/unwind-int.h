/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unwind-int - what the files of this room share; no one else includes it
 *
 * In:    a stopped thread, its /proc files, its memory
 * Out:   modules, bytes, program counters, names
 * Never: opens a path that the target could have turned into something else than a file;
 *        reads memory that a file system in user space would have to deliver
 *
 * The target may be hostile, and it stands still while we look at it. So whatever could
 * wait for the target (a FIFO, a FUSE file served by a process that we trace) is left alone,
 * and whatever could run for ever on its data has a bound.
 */
#ifndef CR_UNWIND_INT_H
#define CR_UNWIND_INT_H

#include <elfutils/libdwfl.h>
#include <sys/stat.h>

#include "cr/unwind.h"

/* A file, or something with a name in brackets, that is mapped executable. */
struct cr_uw_module {
	cr_addr start;
	cr_addr end;
	dev_t dev;
	ino_t ino;
	char *path;		/* owned; as in /proc/PID/maps */
	cr_addr first_end;	/* of its first mapping: start-first_end is a map_files entry */
	bool whole;		/* starts at offset 0 of the file */
	bool exec;
	bool slow;		/* on a file system that may wait for the target */
	struct cr_uw_space *space;	/* borrowed: whose module it is; NULL in a fresh list */
};

struct cr_uw_range {
	cr_addr start;
	cr_addr end;
	dev_t dev;
};

struct cr_uw_maps {
	struct cr_uw_module *mods;	/* owned; by address */
	size_t n_mods;
	struct cr_uw_range *exec;	/* owned; by address: where code may be */
	size_t n_exec;
	struct cr_uw_range *slow;	/* owned; by address: never to be read */
	size_t n_slow;
};

/* 0; -ENOMEM; -ESRCH and the like when the thread is gone. On failure @m is empty. @shm: the
 * device of memfds and shared memory, which is mounted nowhere. */
int cr_uw_maps_read(struct cr_uw_maps *m, pid_t tid, dev_t shm) CR_MUST_CHECK;
void cr_uw_maps_fini(struct cr_uw_maps *m);
bool cr_uw_maps_same(const struct cr_uw_maps *a, const struct cr_uw_maps *b);
struct cr_uw_module *cr_uw_maps_find(const struct cr_uw_maps *m, cr_addr at);
bool cr_uw_maps_is_code(const struct cr_uw_maps *m, cr_addr at);

/* All of the text file @path, NUL-terminated, within a bound: its length, or a negative errno. */
ssize_t cr_uw_slurp(const char *path, char **text) CR_MUST_CHECK;

/* Takes the ranges off @m->slow that lie on file systems which answer without the target. */
int cr_uw_slow_sort(struct cr_uw_maps *m, pid_t tid, dev_t shm) CR_MUST_CHECK;

#define CR_UW_PAGE 4096u
#define CR_UW_PAGES 32u

#define CR_UW_REGS 17	/* of x86-64, by their DWARF numbers: the last is the program counter */

/* The registers and the memory of one thread during one walk. */
struct cr_uw_mem {
	pid_t tid;
	const struct cr_uw_maps *maps;	/* borrowed: during one walk */
	bool wide;			/* it runs 64-bit code; else i386 registers */
	uint64_t regs[CR_UW_REGS];	/* by DWARF number */
	unsigned int n_regs;
	unsigned int budget;		/* reads left: DWARF expressions may loop */
	struct cr_uw_page {
		cr_addr at;
		unsigned int len;
		bool used;
		unsigned char bytes[CR_UW_PAGE];
	} pages[CR_UW_PAGES];
};

/* 0; -ESRCH and the like when the thread is gone. */
int cr_uw_mem_start(struct cr_uw_mem *m, pid_t tid, const struct cr_uw_maps *maps) CR_MUST_CHECK;
cr_addr cr_uw_mem_pc(const struct cr_uw_mem *m);
int cr_uw_mem_read(struct cr_uw_mem *m, cr_addr at, void *to, size_t len) CR_MUST_CHECK;

/* What a walk finds. */
struct cr_uw_pc {
	cr_addr pc;
	bool exact;	/* the thread is here; else it will return here */
};

struct cr_uw_space;

/* Both: how many frames are in @pcs now (0 when the thread is gone). @guessed: there was code
 * without unwind tables in memory (a static executable), so frames may be left out. */
size_t cr_uw_walk(struct cr_uw_mem *mem, struct cr_uw_pc *pcs, size_t max, bool *guessed);
size_t cr_uw_walk_dw(struct cr_uw_space *s, struct cr_uw_mem *mem, struct cr_uw_pc *pcs,
		     size_t max);

/* Names of one set of modules: processes that map the same files at the same places share it. */
struct cr_uw_space *cr_uw_space_new(struct cr_uw_maps *take) CR_MUST_CHECK;
void cr_uw_space_free(struct cr_uw_space *s);
const struct cr_uw_maps *cr_uw_space_maps(const struct cr_uw_space *s);
/* The modules changed: keeps what is known of those that stayed. On failure @s is empty. */
int cr_uw_space_update(struct cr_uw_space *s, struct cr_uw_maps *take) CR_MUST_CHECK;
/* For questions about @tid, which is among those that share @s. NULL in an empty one. */
Dwfl *cr_uw_space_dwfl(struct cr_uw_space *s, pid_t tid);
/* Fills @f, whose pc is set. 0 or -ENOMEM. */
int cr_uw_space_name(struct cr_uw_space *s, pid_t tid, bool exact, struct cr_frame *f)
	CR_MUST_CHECK;

/* The file of @mod, opened for reading: a regular file for sure, and the mapped one. @trusted: the
 * target cannot change it. A descriptor of the caller's, or -1. */
int cr_uw_file_open(const struct cr_uw_module *mod, pid_t tid, bool *trusted) CR_MUST_CHECK;
/* May libdw be let loose on the debugging information of a file that the target may have
 * written? */
bool cr_uw_file_vet(Elf *elf);

/* A name fit for a terminal and a line of text: demangled, no control characters, not too
 * long. The caller owns it; NULL when out of memory. */
char *cr_uw_clean_symbol(const char *raw) CR_MUST_CHECK;
char *cr_uw_clean_path(const char *raw) CR_MUST_CHECK;	/* its base name */

#endif
