/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unwind - the call stack of a stopped thread, with names
 *
 * In:    a thread in a ptrace-stop
 * Out:   frames, innermost first: address, function, object, file:line
 * Never: resumes or changes the thread; keeps it waiting for a network (no debuginfod)
 *
 * libunwind walks native frames, libdw the 32-bit ones; the room image names them (symbols, debug
 * files below /usr/lib/debug, minidebuginfo, Go's table). A line is told where that costs
 * little: see cr/lookup.h. Names are printable ASCII of bounded length. Every
 * answer is best effort: what the target's memory says is a hint for people, never an input to
 * a decision.
 */
#ifndef CR_UNWIND_H
#define CR_UNWIND_H

#include <sys/types.h>

#include "cr/arch.h"
#include "cr/buf.h"

#define CR_FRAMES_MAX 32

struct cr_frame {
	cr_addr pc;
	char *func;		/* owned; demangled; NULL when unknown */
	char *object;		/* owned; base name of the mapped file; NULL when none */
	char *file;		/* owned; base name of the source; NULL when unknown */
	unsigned int line;
	uint64_t offset;	/* of pc in func, or in object when func is NULL */
};

struct cr_unwinder;		/* symbols of the processes looked at so far, within a bound */

/* @thorough: line numbers also where megabytes of a library's debug information must be unpacked
 * for them. NULL when out of memory. The caller owns the result. */
struct cr_unwinder *cr_unwinder_new(bool thorough) CR_MUST_CHECK;
void cr_unwinder_free(struct cr_unwinder *u);
/* How many files were read for their names: each once, whoever maps it and wherever, unless its
 * place was taken meanwhile or it has changed. */
unsigned int cr_unwinder_files(const struct cr_unwinder *u);

/* The stack of thread @tid of process @pid, which must be in a ptrace-stop of the caller's. Whether
 * it runs 64-bit or 32-bit code is found out here (int 0x80 from a 64-bit program still has a
 * 64-bit stack). The number of frames (0 when there is nothing to say), or
 * -ENOMEM. The caller owns the strings: cr_frames_fini. */
int cr_unwind(struct cr_unwinder *u, pid_t pid, pid_t tid, struct cr_frame *frames, size_t max)
	CR_MUST_CHECK;
/* The same in two steps, of which only the first wants to be done by the tracer. */
#define CR_UNWIND_REGS 17
struct cr_unwind_regs {
	bool wide;			/* it runs 64-bit code; else i386 registers */
	unsigned int n;
	uint64_t value[CR_UNWIND_REGS];	/* by DWARF number; the last is the program counter */
};
int cr_unwind_regs(pid_t tid, struct cr_unwind_regs *r) CR_MUST_CHECK;
int cr_unwind_from(struct cr_unwinder *u, pid_t pid, pid_t tid, const struct cr_unwind_regs *r,
		   struct cr_frame *frames, size_t max) CR_MUST_CHECK;
void cr_frames_fini(struct cr_frame *frames, size_t n);

/* What is known about @pid no longer holds (exec) or is no longer needed (exit). */
void cr_unwind_forget(struct cr_unwinder *u, pid_t pid);

/* "read_all (io.c:42) < main (tar.c:7) < __libc_start_main+0x85 (libc.so.6)", at most @max bytes,
 * cut at a frame's end. */
void cr_frames_print(const struct cr_frame *frames, size_t n, size_t max, struct cr_buf *out);

#endif
