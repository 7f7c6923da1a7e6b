/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Windows of threads: a trap at the entry of a function opens one, a trap at each exit closes it,
 * and no trap is ever taken out to let a thread past (TRAPS 22).
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define CR_LOG_DOMAIN "watch"
#include "cr/log.h"
#include "cr/maps.h"
#include "cr/proc.h"
#include "cr/ptrace.h"
#include "watch.h"

/* ---- births and ends */

static void watch_free(struct cr_watch *w)
{
	if (!w)
		return;
	cr_windows_free(w->windows);
	cr_space_put(w->space);
	free(w);
}

void cr_watch_drop(struct cr_tracee *t)
{
	watch_free(t->watch);
	t->watch = NULL;
}

/* Takes @space. */
static struct cr_watch *watch_new(struct cr_space *space)
{
	struct cr_watch *w = space ? calloc(1, sizeof(*w)) : NULL;

	if (w) {
		w->space = space;
		w->windows = cr_windows_new(space->scope);
	}
	if (w && w->windows)
		return w;
	if (w)
		free(w);
	cr_space_put(space);
	return NULL;
}

static void seat(struct cr_tracee *t, struct cr_watch *w)
{
	struct cr_machine m;

	cr_watch_drop(t);
	t->watch = w;
	if (w && cr_ptrace_getregs(t->tid, &m) == 0)
		w->born_at = m.word[cr_machine_layout.gpr[CR_GPR_SP]];
}

int cr_watch_thread(struct cr_tracee *child, const struct cr_tracee *of)
{
	struct cr_watch *w = watch_new(cr_space_share(cr_watch_of(of)->space));

	if (!w)
		return -ENOMEM;
	seat(child, w);
	return 0;
}

/* The child of a fork goes on inside of the windows that its parent is in; so does that of a vfork,
 * on the very same stack. */
int cr_watch_process(struct cr_tracee *child, const struct cr_tracee *parent)
{
	const struct cr_watch *p = cr_watch_of(parent);
	bool shared = cr_proc_same_memory(child->tid, parent->tid) == 1;
	struct cr_watch *w;

	w = watch_new(shared ? cr_space_share(p->space) : cr_space_copy(p->space));
	if (!w)
		return -ENOMEM;
	cr_windows_free(w->windows);
	w->windows = cr_windows_copy(p->windows, w->space->scope);
	if (!w->windows) {
		watch_free(w);
		return -ENOMEM;
	}
	seat(child, w);
	w->lo = p->lo;
	w->hi = p->hi;
	/* What a vfork child does on a stack of its own is still done for its parent: that stack is
	 * to it what an alternate one is to a handler. Where it is may not be known yet. */
	w->handler = w->born_at < w->lo || w->born_at >= w->hi;
	w->born_at = p->born_at;
	return 0;
}

/* The file that windows without an object are in. Of a policy for one program that is the first
 * file that the first process runs, a script's interpreter for a script; else, what @pid runs. */
static void note_own(struct cr_session *s, struct cr_space *sp, pid_t pid)
{
	char link[64];
	struct stat st;

	sp->own_dev = s->own_dev;
	sp->own_ino = s->own_ino;
	snprintf(link, sizeof(link), "/proc/%d/exe", (int)pid);
	if (s->own_ino || stat(link, &st) < 0)
		return;
	sp->own_dev = st.st_dev;
	sp->own_ino = st.st_ino;
	if (s->plan.on_exec)
		return;
	s->own_dev = st.st_dev;
	s->own_ino = st.st_ino;
}

int cr_watch_exec(struct cr_session *s, struct cr_tracee *t, struct cr_err *err)
{
	struct cr_watch *w = watch_new(cr_space_new(t->targets));

	if (!w)
		return cr_err_set(err, -ENOMEM, "out of memory");
	seat(t, w);
	note_own(s, w->space, t->tid);
	return cr_space_look(w->space, t->tid, err);
}

/* One that is watched already, and has the same memory. */
static const struct cr_tracee *fellow(struct cr_session *s, const struct cr_tracee *t)
{
	const struct cr_tracee *other;
	size_t at = 0;

	while ((other = cr_map_each(&s->tracees.by_tid, &at)))
		if (other->watch && (other->tgid == t->tgid ||
				     cr_proc_same_memory(other->tid, t->tid) == 1))
			return other;
	return NULL;
}

static int watch_found(struct cr_session *s, struct cr_tracee *t, struct cr_err *err)
{
	const struct cr_tracee *other = fellow(s, t);

	t->watch = watch_new(other ? cr_space_share(cr_watch_of(other)->space) :
				     cr_space_new(s->plan.targets));
	if (!t->watch)
		return cr_err_set(err, -ENOMEM, "out of memory");
	note_own(s, cr_watch_of(t)->space, s->root);
	return other ? 0 : cr_space_look(cr_watch_of(t)->space, t->tid, err);
}

int cr_watch_attach(struct cr_session *s, struct cr_err *err)
{
	struct cr_tracee *t;
	size_t at = 0;
	int rc = 0;

	if (!s->plan.targets)
		return 0;
	while (rc == 0 && (t = cr_map_each(&s->tracees.by_tid, &at)))
		rc = watch_found(s, t, err);
	if (rc < 0)
		cr_watch_lift(s);
	return rc;
}

void cr_watch_lift(struct cr_session *s)
{
	struct cr_tracee *t;
	size_t at = 0;

	while ((t = cr_map_each(&s->tracees.by_tid, &at)))
		if (t->watch && cr_space_lift(cr_watch_of(t)->space, t->tid) < 0)
			cr_debug("%d: some breakpoints could not be taken out", (int)t->tid);
}

/* ---- where a thread is */

/* The stack that a thread was born with is known by its mapping; on any other one, an alternate
 * signal stack or a coroutine's, the stack pointer does not order frames (TRAPS 31). */
struct cr_spot cr_watch_spot(const struct cr_tracee *t, cr_addr sp)
{
	struct cr_watch *w = cr_watch_of(t);
	struct cr_spot spot = { .sp = sp };
	cr_addr lo, hi;

	/* One that was running already when we came is on its own stack, most likely. */
	if (!w->born_at && cr_maps_around(t->tid, sp, &lo, &hi) == 0)
		w->born_at = hi - 1;
	/* Stacks grow. */
	if ((w->lo >= w->hi || (sp < w->lo && sp < w->hi)) && w->born_at &&
	    cr_maps_around(t->tid, w->born_at, &lo, &hi) == 0) {
		w->lo = lo;
		w->hi = w->born_at + 1 < hi ? w->born_at + 1 : hi;
	}
	if (sp >= w->lo && sp < w->hi) {
		spot.lo = w->lo;
		spot.hi = w->hi;
	}
	return spot;
}

#define LONGJMP_FRAME 1024u	/* what longjmp may use of the stack itself */

/* A longjmp has left what is below its goal: on this stack, and on an alternate one that a handler
 * was on. (Without a signal, another stack is a coroutine's, which stays inside its windows.) */
static void finish_cut(struct cr_tracee *t)
{
	struct cr_watch *w = cr_watch_of(t);
	struct cr_spot spot;
	cr_addr lo, hi;

	if (!w->cut)
		return;
	spot = cr_watch_spot(t, w->cut);
	cr_windows_seen(w->windows, &spot);
	if (w->handler && !cr_watch_spot(t, w->cut_from).hi &&
	    cr_maps_around(t->tid, w->cut_from, &lo, &hi) == 0)
		cr_windows_gone(w->windows, lo, hi);
	w->cut = 0;
}

/* The call that siglongjmp makes before it jumps. */
static bool is_before_cut(const struct cr_watch *w, const struct cr_call *call)
{
	return w->cut && call->abi == CR_ABI_NATIVE && call->nr == SYS_rt_sigprocmask &&
	       call->sp < w->cut_from && w->cut_from - call->sp < LONGJMP_FRAME;
}

/* ---- traps */

/* Is @bp in code of a Go program, whose windows are its goroutines'? */
static bool is_go(const struct cr_tracee *t, const struct cr_bp *bp)
{
	const struct cr_space_object *o = cr_space_object(cr_watch_of(t)->space, bp->at);

	return o && o->file->go;
}

void cr_watch_lost(struct cr_session *s, pid_t tid, int rc)
{
	struct cr_err err = { "", "" };

	s->out.lost++;
	if (s->warned_entry)
		return;
	s->warned_entry = true;
	if (rc == -E2BIG) {
		cr_err_set(&err, rc, "thread %d is inside of %u windows at once: what it enters "
			   "besides is not kept", (int)tid, CR_WINDOWS_MAX);
		cr_err_hint(&err, "a function that calls itself is better watched from its caller");
	} else {
		cr_err_set(&err, rc, "out of memory: what thread %d enters is not kept", (int)tid);
	}
	cr_watch_failed(s, &err);
}

static void enter(struct cr_session *s, struct cr_tracee *t, unsigned int window,
		  struct cr_spot spot)
{
	struct cr_watch *w = cr_watch_of(t);
	struct cr_target_mem mem = cr_space_mem(&t->tid);
	int rc;

	if (mem.read(mem.arg, spot.sp, &spot.ret, sizeof(spot.ret)) < 0)
		spot.ret = 0;
	rc = cr_windows_enter(w->windows, window, &spot);
	if (rc == 1)
		s->out.windows++;
	if (rc < 0)
		cr_watch_lost(s, t->tid, rc);
	cr_debug("%d: window %u %s", (int)t->tid, window, rc == 1 ? "opens" : "is entered again");
}

/* Does the jump lead out of the function that @window is? A table's jumps lead back into it. */
static bool leaves(const struct cr_tracee *t, const struct cr_bp *bp, unsigned int window,
		   const struct cr_over_regs *regs)
{
	struct cr_watch *w = cr_watch_of(t);
	const struct cr_target_site *site = cr_space_site(w->space, bp->at, window);
	const struct cr_space_object *o = cr_space_object(w->space, bp->at);
	pid_t tid = t->tid;
	struct cr_target_mem mem = cr_space_mem(&tid);
	cr_addr to;
	size_t i;

	if (!site || !site->fn || cr_over_next(&bp->over, regs, &mem, &to) < 0)
		return true;
	to -= o->bias;
	for (i = 0; i < site->fn->n_range; i++)
		if (to >= site->fn->range[i].start && to < site->fn->range[i].end)
			return false;
	return true;
}

static size_t leave(struct cr_tracee *t, unsigned int window, const struct cr_spot *spot,
		    enum cr_leave kind)
{
	size_t n = cr_windows_exit(cr_watch_of(t)->windows, window, spot, kind);

	cr_debug("%d: %zu window%s closed at an exit of window %u", (int)t->tid, n,
		 n == 1 ? " is" : "s are", window);
	return n;
}

/* "push g; ret" is a jump to g: what it takes off the stack is not the function's own slot. */
static void leave_by_ret(struct cr_tracee *t, const struct cr_bp *bp, unsigned int window,
			 const struct cr_over_regs *regs, struct cr_spot spot)
{
	if (leave(t, window, &spot, CR_LEAVE_RET) || !leaves(t, bp, window, regs))
		return;
	spot.sp += bp->over.is32 ? 4 : 8;
	leave(t, window, &spot, CR_LEAVE_JUMP);
}

static void hit(struct cr_session *s, struct cr_tracee *t, const struct cr_bp *bp,
		const struct cr_over_regs *regs, const struct cr_machine *m)
{
	struct cr_spot spot = cr_watch_spot(t, regs->gpr[CR_GPR_SP]);
	bool returned = false, go = is_go(t, bp);
	unsigned int i;

	finish_cut(t);
	for (i = 0; bp && i < bp->n_owners; i++) {
		unsigned int fn = bp->owners[i].fn;

		switch (bp->owners[i].kind) {
		case CR_BP_ENTRY:
			if (!go || !cr_goroutine_enter(s, t, fn, m))
				enter(s, t, fn, spot);
			break;
		case CR_BP_RET:
			if (!returned && !(go && cr_goroutine_leave(t, fn, m, CR_LEAVE_RET)))
				leave_by_ret(t, bp, fn, regs, spot);
			returned = true;
			break;
		case CR_BP_TAIL:
			if (leaves(t, bp, fn, regs) &&
			    !(go && cr_goroutine_leave(t, fn, m, CR_LEAVE_JUMP)))
				leave(t, fn, &spot, CR_LEAVE_JUMP);
			break;
		case CR_BP_MARK:
			cr_mark_hit(s, t, fn, m);
			/* A mark plants and lifts, even what we are at. */
			bp = cr_bps_find(cr_watch_of(t)->space->bps, regs->rip);
			break;
		}
	}
}

static void from_machine(const struct cr_machine *m, struct cr_over_regs *regs)
{
	const struct cr_machine_layout *l = &cr_machine_layout;
	unsigned int i;

	for (i = 0; i < 16; i++)
		regs->gpr[i] = m->word[l->gpr[i]];
	regs->rip = m->word[l->ip];
	regs->eflags = m->word[l->flags];
}

static int to_machine(pid_t tid, struct cr_machine *m, const struct cr_over_regs *regs)
{
	const struct cr_machine_layout *l = &cr_machine_layout;
	bool only_ip = true;
	unsigned int i;

	for (i = 0; i < 16; i++) {
		only_ip = only_ip && m->word[l->gpr[i]] == regs->gpr[i];
		m->word[l->gpr[i]] = regs->gpr[i];
	}
	only_ip = only_ip && m->word[l->flags] == regs->eflags;
	m->word[l->flags] = regs->eflags;
	m->word[l->ip] = regs->rip;
	return only_ip ? cr_ptrace_set_ip(tid, regs->rip) : cr_ptrace_setregs(tid, m);
}

/* @make: now, if there is none yet. */
static int from_slot(struct cr_tracee *t, const struct cr_bp *bp, bool make)
{
	struct cr_watch *w = cr_watch_of(t);
	cr_addr slot;
	int rc = -ENOSPC;

	if (cr_space_find_slot(w->space, bp, &slot))
		rc = 0;
	else if (make && (bp->over.can & CR_OVER_DISPLACE))
		rc = cr_space_slot(w->space, t->tid, bp, true, &slot);
	if (!rc)
		rc = cr_ptrace_set_ip(t->tid, slot);
	if (rc < 0)
		return rc;
	w->slot = slot;
	w->slot_of = bp->at;
	return 0;
}

/* Past the trap, which stays where it is. What touches memory runs from a slot, which costs one
 * word of a register, and faults as it would in its place; so does what steps itself. */
static int pass(struct cr_tracee *t, const struct cr_bp *bp, struct cr_over_regs *regs,
		struct cr_machine *m)
{
	struct cr_target_mem mem = cr_space_mem(&t->tid);
	int rc = -EOPNOTSUPP, slot = -EOPNOTSUPP;

	if (bp->over.how == CR_OVER_DISPLACE)
		slot = from_slot(t, bp, false);
	if (slot == 0 || slot == -ESRCH)
		return slot;
	if (bp->over.can & CR_OVER_EMULATE)
		rc = cr_over_emulate(&bp->over, regs, &mem);
	if (rc < 0)
		return from_slot(t, bp, true);
	return to_machine(t->tid, m, regs);
}

/* A trap that is no longer there: it was hit just before it was lifted. The thread goes on with
 * what is there now. */
static bool was_lifted(const struct cr_tracee *t, cr_addr at)
{
	pid_t tid = t->tid;
	struct cr_target_mem mem = cr_space_mem(&tid);
	uint8_t now[2] = { 0, 0 };

	/* The page before may not be there. */
	if (mem.read(mem.arg, at - 1, now, 2) < 0 && mem.read(mem.arg, at, &now[1], 1) < 0)
		return false;
	return !cr_bp_is_trap(now);
}

enum cr_trap cr_watch_trap(struct cr_session *s, struct cr_tracee *t)
{
	struct cr_watch *w = cr_watch_of(t);
	const struct cr_bp *bp;
	struct cr_over_regs regs;
	struct cr_machine m;
	siginfo_t info;
	int rc;

	if (!w || cr_ptrace_siginfo(t->tid, &info) < 0 ||
	    (info.si_code != SI_KERNEL && info.si_code != TRAP_BRKPT) ||
	    cr_ptrace_getregs(t->tid, &m) < 0)
		return CR_TRAP_OTHER;
	from_machine(&m, &regs);
	regs.rip -= CR_BP_SIZE;
	bp = cr_bps_find(w->space->bps, regs.rip);
	if (!bp || !bp->planted) {
		if (!was_lifted(t, regs.rip))
			return CR_TRAP_OTHER;
		return cr_ptrace_set_ip(t->tid, regs.rip) < 0 ? CR_TRAP_GONE : CR_TRAP_OURS;
	}
	m.word[cr_machine_layout.ip] = regs.rip;
	hit(s, t, bp, &regs, &m);
	/* A mark may have lifted it. */
	bp = cr_bps_find(w->space->bps, regs.rip);
	rc = bp ? pass(t, bp, &regs, &m) : cr_ptrace_set_ip(t->tid, regs.rip);
	if (rc == -ESRCH)
		return CR_TRAP_GONE;
	if (rc < 0) {
		cr_error("thread %d cannot get past the trap at %#llx: %s", (int)t->tid,
			 (unsigned long long)regs.rip, strerror(-rc));
		return CR_TRAP_STUCK;
	}
	return CR_TRAP_OURS;
}

/* ---- signals */

/* Nobody shall see a thread in a slot: it is at the trap, or behind it (TRAPS 23). Should the trap
 * be hit again after the handler, the window is the same one: its frame is. */
void cr_watch_signal(struct cr_tracee *t)
{
	struct cr_watch *w = cr_watch_of(t);
	const struct cr_bp *bp;
	struct cr_machine m;
	cr_addr pc, fixed;

	if (!w)
		return;
	if ((!w->slot && !cr_windows_depth(w->windows)) || cr_ptrace_getregs(t->tid, &m) < 0)
		return;
	/* A handler may run on another stack, and is inside of what it has interrupted. */
	if (cr_watch_spot(t, m.word[cr_machine_layout.gpr[CR_GPR_SP]]).hi)
		w->handler = true;
	if (!w->slot)
		return;
	bp = cr_bps_find(w->space->bps, w->slot_of);
	pc = m.word[cr_machine_layout.ip];
	fixed = bp ? cr_over_fix_pc(&bp->over, w->slot, pc) : pc;
	if (fixed != pc && cr_ptrace_set_ip(t->tid, fixed) < 0)
		return;
	w->slot = 0;
}

/* ---- calls */

bool cr_watch_inside(const struct cr_tracee *t)
{
	const struct cr_watch *w = cr_watch_of(t);

	return w && (cr_windows_depth(w->windows) > 0 || cr_goroutine_inside(t));
}

bool cr_is_restart(const struct cr_call *call)
{
	return call->nr == cr_abi_facts[call->abi].restart_syscall;
}

/* Windows of the thread itself. */
static size_t own_windows(struct cr_session *s, struct cr_tracee *t, const struct cr_call *call)
{
	struct cr_watch *w = cr_watch_of(t);
	struct cr_target_mem mem = cr_space_mem(&t->tid);
	struct cr_spot spot;
	size_t n;

	if (!cr_windows_depth(w->windows))
		return 0;
	if (!is_before_cut(w, call))
		finish_cut(t);
	spot = cr_watch_spot(t, call->sp);
	w->handler = w->handler && !spot.hi;
	/* Who is confined does not decide by what it writes to its stack whether it still is. */
	if (s->plan.strict)
		cr_windows_seen(w->windows, &spot);
	else
		cr_windows_verify(w->windows, &spot, &mem);
	n = cr_windows_at(w->windows, &spot, w->handler, s->open, CR_ARRAY_SIZE(s->open));
	finish_cut(t);
	return n;
}

/* Code that a process has changed may have been entered unseen. */
bool cr_watch_intact(const struct cr_tracee *t)
{
	struct cr_watch *w = cr_watch_of(t);
	cr_addr at = w ? cr_space_tampered(w->space, t->tid) : 0;

	if (at)
		cr_error("process %d has changed its code at %#llx, where a window begins",
			 (int)t->tgid, (unsigned long long)at);
	return !at;
}

/* Windows of the whole process that other threads have opened: behind the @n that are in
 * s->open. */
static size_t add_process_windows(struct cr_session *s, const struct cr_tracee *t, size_t n)
{
	const struct cr_watch *w = cr_watch_of(t);
	unsigned int fns[CR_OPEN_MAX];
	size_t all = cr_scope_list(w->space->scope, fns, CR_OPEN_MAX), i, k;

	for (i = 0; i < all && i < CR_OPEN_MAX && n < CR_OPEN_MAX; i++) {
		for (k = 0; k < n && s->open[k] != fns[i];)
			k++;
		if (k == n && s->plan.window_role(s->plan.ctx, t->program, fns[i]).process)
			s->open[n++] = fns[i];
	}
	return n;
}

/* At a call: the windows that are open for it into s->open. */
void cr_watch_call(struct cr_session *s, struct cr_tracee *t, const struct cr_call *call,
		   struct cr_site *site)
{
	struct cr_watch *w = cr_watch_of(t);
	struct cr_machine m;
	size_t i;

	site->windows = NULL;
	site->n_windows = 0;
	if (!w)
		return;
	site->windows = s->number;
	s->open_in = w->space;
	site->n_windows = own_windows(s, t, call);
	if (w->space->n_goroutines && cr_ptrace_getregs(t->tid, &m) == 0)
		site->n_windows += cr_goroutine_list(s, t, &m, s->open + site->n_windows,
						     CR_ARRAY_SIZE(s->open) - site->n_windows);
	site->n_windows = add_process_windows(s, t, site->n_windows);
	for (i = 0; i < site->n_windows; i++)
		s->number[i] = s->plan.window_role(s->plan.ctx, t->program, s->open[i]).number;
}
