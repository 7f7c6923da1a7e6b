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

#include "cr/maps.h"
#include "cr/unwind.h"

#define CR_UW_PAGE 4096u
#define CR_UW_PAGES 32u

/* The registers and the memory of one thread during one walk. */
struct cr_uw_mem {
	pid_t tid;
	const struct cr_maps *maps;	/* borrowed: during one walk */
	struct cr_unwind_regs regs;
	unsigned int budget;		/* reads left: DWARF expressions may loop */
	struct cr_uw_page {
		cr_addr at;
		unsigned int len;
		bool used;
		unsigned char bytes[CR_UW_PAGE];
	} pages[CR_UW_PAGES];
};

/* 0; -ESRCH and the like when the thread is gone. */
void cr_uw_mem_start(struct cr_uw_mem *m, pid_t tid, const struct cr_maps *maps,
		     const struct cr_unwind_regs *regs);
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

/* Files that were read for their names: whoever maps one shares what is known of it. Within a
 * bound of files and of bytes; the one that was not asked for longest goes first. */
struct cr_uw_files;
struct cr_uw_file;

struct cr_uw_files *cr_uw_files_new(bool thorough) CR_MUST_CHECK;
void cr_uw_files_free(struct cr_uw_files *fs);
unsigned int cr_uw_files_read(const struct cr_uw_files *fs);	/* how many, so far */
/* The file of @mod, opened only to see which one it is if it is known. NULL when it must not be
 * read or memory is short. Valid until the next cr_uw_files_get(). */
struct cr_uw_file *cr_uw_files_get(struct cr_uw_files *fs, const struct cr_module *mod, pid_t tid);
/* The same one again, by its number; NULL when its place was taken. */
struct cr_uw_file *cr_uw_files_again(struct cr_uw_files *fs, uint64_t id);
uint64_t cr_uw_file_id(const struct cr_uw_file *f);	/* never 0 */
/* Fills in func, offset, file and line of @f where @file, which may be NULL, knows them. They are
 * looked up @delta bytes behind the module's start, and @behind before f->pc. 0 or -ENOMEM. */
int cr_uw_file_name(struct cr_uw_file *file, uint64_t delta, unsigned int behind,
		    struct cr_frame *f) CR_MUST_CHECK;

/* The vDSO, an ELF file in memory that the target can write to, as a file of ours: a descriptor
 * of the caller's, or -1. */
bool cr_uw_is_vdso(const struct cr_module *mod);
int cr_uw_vdso_open(const struct cr_module *mod, pid_t tid) CR_MUST_CHECK;

/* One set of modules: processes that map the same files at the same places share it. @fs is
 * borrowed as long as the space lives. */
struct cr_uw_space *cr_uw_space_new(struct cr_uw_files *fs, struct cr_maps *take) CR_MUST_CHECK;
void cr_uw_space_free(struct cr_uw_space *s);
const struct cr_maps *cr_uw_space_maps(const struct cr_uw_space *s);
/* The modules changed. On failure @s is empty. */
int cr_uw_space_update(struct cr_uw_space *s, struct cr_maps *take) CR_MUST_CHECK;
/* For a walk of @tid, which is among those that share @s; made when it is first asked for. NULL
 * when memory is short. */
Dwfl *cr_uw_space_dwfl(struct cr_uw_space *s, pid_t tid);
/* Fills @f, whose pc is set. 0 or -ENOMEM. */
int cr_uw_space_name(struct cr_uw_space *s, pid_t tid, bool exact, struct cr_frame *f)
	CR_MUST_CHECK;

/* dwfl.c: libdw's idea of such a set. The thread to look at when a module is opened is *@tid. */
Dwfl *cr_uw_dwfl_new(struct cr_maps *maps, pid_t *tid) CR_MUST_CHECK;

/* A name fit for a terminal and a line of text: demangled, no control characters, not too
 * long. The caller owns it; NULL when out of memory. */
char *cr_uw_clean_symbol(const char *raw) CR_MUST_CHECK;
char *cr_uw_clean_path(const char *raw) CR_MUST_CHECK;	/* its base name */

#endif
