/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * window - which functions a thread is inside of, right now
 *
 * In:    entry and exit hits of one thread, in the order they happened; where its stack pointer is
 * Out:   the open windows, innermost first
 * Never: asks the kernel, reads the target, knows a syscall or a policy
 *
 * A window is known by its frame: the address of the slot that holds the return address. That is
 * the stack pointer at the first instruction, and again at each ret and tail jump, so the inner
 * ret of a recursion does not close the outer window (TRAPS 27).
 *
 * A thread that leaves by longjmp or an exception skips its exit hits (TRAPS 25): a window whose
 * slot is below the stack pointer is gone. But the stack pointer orders the frames of one stack
 * only (TRAPS 31). So each call says which stack the thread is on, and closes nothing on others: a
 * coroutine that is not running stays inside its windows.
 *
 * When the thread has gone down again in another function, the stack pointer is below the slot
 * once more and tells nothing. Two remedies. Exact: a trap (CR_BP_MARK) where stacks are cut, and
 * cr_windows_seen() there: at the last jump of longjmp, with sp; at the rets of
 * _Unwind_RaiseException, _Unwind_Resume, _Unwind_Resume_or_Rethrow and _Unwind_ForcedUnwind,
 * with sp and the slot behind it. Cheap: cr_windows_verify() before a call is judged sees that
 * the slot holds something else by now.
 *
 * Entered again with the same frame is the same window: the first instruction is run twice. Go's
 * morestack begins the function again (TRAPS 28; after it has moved the stack, which the caller
 * tells first, cr_windows_moved()), a displaced instruction that faulted is repeated, or the
 * function was left by longjmp and is called from the same place again. The caller knows the
 * first two and does not count them; the windows that are open are the same in all three. Another
 * function with the same frame took its place, by a tail jump that nobody saw or because it is
 * gone: one slot holds one return address. Two names of one address are one function: the caller
 * merges them.
 *
 * A window ends with its thread: clear at thread exit and exec, copy for a fork child.
 */
#ifndef CR_WINDOW_H
#define CR_WINDOW_H

#include "cr/over.h"

#define CR_WINDOWS_MAX 65536u	/* open at a time, on one thread */
#define CR_WINDOWS_LOOK 8u	/* slots that one call of cr_windows_verify() reads */

/* How many windows of each function are open in a whole process: "scope = process" (a depth, not a
 * flag, so that two threads inside need two to leave). It outlives all windows that count in it. */
struct cr_scope;

struct cr_scope *cr_scope_new(void) CR_MUST_CHECK;		/* NULL when out of memory */
void cr_scope_free(struct cr_scope *scope);
unsigned int cr_scope_open(const struct cr_scope *scope, unsigned int fn);
/* ascending */
size_t cr_scope_list(const struct cr_scope *scope, unsigned int *fns, size_t max);

/* Where a thread is. [lo, hi) is the stack that sp points into; lo == hi: not known, for instance
 * memory from an allocator, where many stacks may lie side by side; then only the windows that an
 * exit names are closed. Say the same hi for the same stack. */
struct cr_spot {
	cr_addr sp;
	cr_addr lo, hi;
	/* the alternate signal stack: what is on it is gone when the thread is elsewhere */
	bool alt;
	uint32_t ret;	/* at an entry: the lower half of what the slot holds; 0: not read */
};

enum cr_leave {
	CR_LEAVE_RET,
	/* a jump out of the function: an exit only where its frame is all that is left */
	CR_LEAVE_JUMP,
};

struct cr_windows;	/* the open windows of one thread */

/* NULL when out of memory. The caller owns the result. @scope (may be NULL) is borrowed until the
 * free: what opens and closes here is counted there too. */
struct cr_windows *cr_windows_new(struct cr_scope *scope) CR_MUST_CHECK;

/* For a fork child, whose stacks are copies: the same windows, counted in its own @scope. A new
 * thread begins with none instead. */
struct cr_windows *cr_windows_copy(const struct cr_windows *ws,
				   struct cr_scope *scope) CR_MUST_CHECK;

/* Closes all first: a thread that dies inside is inside no more. */
void cr_windows_free(struct cr_windows *ws);

void cr_windows_clear(struct cr_windows *ws);	/* exec: closes all */

/* At the first instruction of @fn. 1: a window has opened; 0: it was open, see above; -E2BIG beyond
 * CR_WINDOWS_MAX; -ENOMEM. On failure @ws is unchanged but for frames that were gone anyway. */
int cr_windows_enter(struct cr_windows *ws, unsigned int fn,
		     const struct cr_spot *spot) CR_MUST_CHECK;

/* Before an exit of @fn runs. How many windows have closed: those that were left by longjmp
 * before are among them. An exit without a window (attached in the middle) changes nothing and is
 * counted. A ret that several functions share is told once, for any of them; a jump, for each. */
size_t cr_windows_exit(struct cr_windows *ws, unsigned int fn, const struct cr_spot *spot,
		       enum cr_leave kind);

/* The thread was seen at @spot, at a system call or a signal: closes what it has left by longjmp or
 * an exception, so that a call is not attributed to it. How many have closed. */
size_t cr_windows_seen(struct cr_windows *ws, const struct cr_spot *spot);

/* As cr_windows_seen(), and looks into the slots of the innermost CR_WINDOWS_LOOK windows that
 * were entered with a ret: one that holds something else is gone, and on its stack what is inside
 * of it. A slot that cannot be read tells nothing. Never closes a window whose function still is
 * to return, unless that function writes over its own return address. */
size_t cr_windows_verify(struct cr_windows *ws, const struct cr_spot *spot,
			 const struct cr_target_mem *mem);

/* The stack [lo, hi) is no more: a coroutine has ended. How many have closed. */
size_t cr_windows_gone(struct cr_windows *ws, cr_addr lo, cr_addr hi);

/* What was on [lo, hi) is on a stack that ends at @to now, at the same distance from the end. */
void cr_windows_moved(struct cr_windows *ws, cr_addr lo, cr_addr hi, cr_addr to);

/* How often @fn is open. */
unsigned int cr_windows_open(const struct cr_windows *ws, unsigned int fn);

/* The functions that are open, each once, innermost first: at most @max of them into @fns. How many
 * there are, which may be more. */
size_t cr_windows_list(const struct cr_windows *ws, unsigned int *fns, size_t max);

/* The same, of those that a call at @spot is inside of: the windows of the stack that it is made
 * on. A coroutine that is not running is inside its own. @handler: the thread may have come from
 * the stack it was born with by a signal, to an alternate one; then those count, too. */
size_t cr_windows_at(const struct cr_windows *ws, const struct cr_spot *spot, bool handler,
		     unsigned int *fns, size_t max);

size_t cr_windows_depth(const struct cr_windows *ws);		/* all that are open */
unsigned long cr_windows_strays(const struct cr_windows *ws);	/* exits without a window, so far */

#endif
