/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Traps that belong to no window: where the loader tells a debugger that something was mapped, and
 * where a stack is cut without a ret (TRAPS 25, 30).
 */
#include "config.h"

#define CR_LOG_DOMAIN "mark"
#include "cr/log.h"
#include "watch.h"

enum mark {
	MARK_MAPPED = CR_MARKS,	/* the loader has mapped or unmapped something */
	MARK_LONGJMP,		/* the entry of longjmp */
	MARK_SWITCH,		/* Go's runtime puts a goroutine on the thread */
	MARK_CUT,		/* a ret of a function that unwinds: to where sp is */
};

static const struct {
	const char *object;	/* NULL: the program itself, when it is linked statically */
	const char *function;
	enum mark mark;
	enum cr_site_kind where;
} marks[] = {
	{ "ld-*", "_dl_debug_state", MARK_MAPPED, CR_SITE_ENTRY },
	{ "libc", "_dl_debug_state", MARK_MAPPED, CR_SITE_ENTRY },	/* musl's is both */
	{ "libc", "longjmp", MARK_LONGJMP, CR_SITE_ENTRY },
	{ "libc", "__longjmp_chk", MARK_LONGJMP, CR_SITE_ENTRY },
	{ "libgcc_s", "_Unwind_RaiseException", MARK_CUT, CR_SITE_RET },
	{ "libgcc_s", "_Unwind_Resume", MARK_CUT, CR_SITE_RET },
	{ "libgcc_s", "_Unwind_Resume_or_Rethrow", MARK_CUT, CR_SITE_RET },
	{ "libgcc_s", "_Unwind_ForcedUnwind", MARK_CUT, CR_SITE_RET },
	{ NULL, "runtime.gogo", MARK_SWITCH, CR_SITE_LATER },
	{ NULL, "runtime.gogo.abi0", MARK_SWITCH, CR_SITE_LATER },
	{ NULL, "longjmp", MARK_LONGJMP, CR_SITE_ENTRY },
	{ NULL, "__longjmp_chk", MARK_LONGJMP, CR_SITE_ENTRY },
	{ NULL, "_Unwind_RaiseException", MARK_CUT, CR_SITE_RET },
	{ NULL, "_Unwind_Resume", MARK_CUT, CR_SITE_RET },
	{ NULL, "_Unwind_Resume_or_Rethrow", MARK_CUT, CR_SITE_RET },
	{ NULL, "_Unwind_ForcedUnwind", MARK_CUT, CR_SITE_RET },
};

int cr_session_marks(struct cr_targets *t)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < CR_ARRAY_SIZE(marks) && !rc; i++)
		rc = cr_targets_mark(t, marks[i].object, marks[i].function, marks[i].mark,
				     marks[i].where);
	return rc;
}

#define JB_SP 6u	/* of a jmp_buf's words, with glibc and with musl */
#define GUARD 0x30u	/* glibc's key, behind the base of thread-local storage */

/* Where a longjmp will put the stack pointer. glibc keeps it garbled, musl plain; what lies further
 * up on the same stack is the right reading. 0: it cannot be told. */
static cr_addr longjmp_sp(struct cr_tracee *t, const struct cr_machine *m)
{
	const struct cr_machine_layout *l = &cr_machine_layout;
	struct cr_target_mem mem = cr_space_mem(&t->tid);
	cr_addr sp = m->word[l->gpr[CR_GPR_SP]], buf = m->word[l->gpr[CR_GPR_DI]];
	uint64_t raw, guard, plain;

	if (cr_machine_is32(m) ||
	    mem.read(mem.arg, buf + JB_SP * sizeof(raw), &raw, sizeof(raw)) < 0)
		return 0;
	if (cr_watch_spot(t, raw).hi)
		return raw > sp || !cr_watch_spot(t, sp).hi ? raw : 0;
	if (mem.read(mem.arg, m->word[l->thread] + GUARD, &guard, sizeof(guard)) < 0)
		return 0;
	plain = (raw >> 17 | raw << 47) ^ guard;
	return cr_watch_spot(t, plain).hi ? plain : 0;
}

void cr_mark_hit(struct cr_session *s, struct cr_tracee *t, unsigned int mark,
		 const struct cr_machine *m)
{
	struct cr_watch *w = cr_watch_of(t);
	cr_addr sp = m->word[cr_machine_layout.gpr[CR_GPR_SP]];
	struct cr_err err = { "", "" };
	struct cr_spot spot;

	if (mark < CR_MARKS) {
		if (cr_space_resolved(w->space, t->tid, m->word[cr_machine_layout.gpr[0]], mark,
				      &err) < 0)
			cr_watch_failed(s, &err);
		return;
	}
	switch ((enum mark)mark) {
	case MARK_MAPPED:
		if (cr_space_look(w->space, t->tid, &err) < 0)
			cr_watch_failed(s, &err);
		break;
	case MARK_LONGJMP:
		/* It may yet put back the signal mask, which is a call of the window's. */
		w->cut = cr_windows_depth(w->windows) ? longjmp_sp(t, m) : 0;
		w->cut_from = sp;
		break;
	case MARK_SWITCH:
		cr_goroutine_switch(s, t, m);
		break;
	case MARK_CUT:
		spot = cr_watch_spot(t, sp + sizeof(cr_addr));
		cr_windows_seen(w->windows, &spot);
		break;
	}
}
