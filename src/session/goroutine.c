/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Windows of Go's functions follow the goroutine, not the thread: it may block inside of a window
 * and go on in another thread, and its stack moves (TRAPS 28). Measured from the end of the stack a
 * frame stays where it is, and a function that begins again, on a stack that has grown, has the
 * same one.
 *
 * What is taken from Go's runtime has not changed since Go 1.17: the goroutine (g) is in r14 and in
 * thread-local storage; its record begins with the bounds of its stack.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#define CR_LOG_DOMAIN "goroutine"
#include "cr/log.h"
#include "cr/mem.h"
#include "watch.h"

#define R14 14u
#define TLS_G (-8)	/* from the base of thread-local storage */
#define G_M 48u		/* in the record of a g: its thread's record, m … */
#define M_CURG 192u	/* … which has the g that it runs, also while it is on another stack */
#define GOBUF_SP 0u
#define GOBUF_G 16u

/* Where frames of goroutine @index are said to be: 2^32 bytes for each, where no address can be. */
#define STACK_END(index) ((UINT64_C(1) << 63) + ((uint64_t)((index) + 1) << 32))

struct cr_goroutine {
	uint64_t g;
	uint32_t index;
	struct cr_windows *windows;	/* owned */
};

void cr_goroutines_fini(struct cr_space *sp)
{
	size_t i;

	for (i = 0; i < sp->n_goroutines; i++)
		cr_windows_free(sp->goroutines[i].windows);
	free(sp->goroutines);
	sp->goroutines = NULL;
	sp->n_goroutines = 0;
}

static struct cr_goroutine *find(const struct cr_space *sp, uint64_t g)
{
	size_t i;

	for (i = 0; i < sp->n_goroutines; i++)
		if (sp->goroutines[i].g == g)
			return &sp->goroutines[i];
	return NULL;
}

/* Those that are in no window are not kept: their places in the list are used again. */
static struct cr_goroutine *find_or_add(struct cr_space *sp, uint64_t g)
{
	struct cr_goroutine *one = find(sp, g), *more;
	size_t i;

	for (i = 0; i < sp->n_goroutines && !one; i++)
		if (!cr_windows_depth(sp->goroutines[i].windows)) {
			one = &sp->goroutines[i];
			one->g = g;
		}
	if (one)
		return one;
	more = reallocarray(sp->goroutines, sp->n_goroutines + 1, sizeof(*more));
	if (!more)
		return NULL;
	sp->goroutines = more;
	one = &more[sp->n_goroutines];
	*one = (struct cr_goroutine){ g, (uint32_t)sp->n_goroutines, cr_windows_new(sp->scope) };
	if (!one->windows)
		return NULL;
	sp->n_goroutines++;
	return one;
}

static bool peek(const struct cr_tracee *t, cr_addr at, uint64_t *word)
{
	return cr_mem_read(t->tid, at, word, sizeof(*word)) == (ssize_t)sizeof(*word);
}

/* The g whose call this is: of thread-local storage, or, on the runtime's own stacks, the one that
 * the thread runs for. */
static struct cr_goroutine *current(const struct cr_tracee *t, const struct cr_machine *m)
{
	const struct cr_space *sp = cr_watch_of(t)->space;
	struct cr_goroutine *one;
	uint64_t g, thread, back;

	if (!peek(t, m->word[cr_machine_layout.thread] + (uint64_t)TLS_G, &g))
		return NULL;
	one = find(sp, g);
	if (one)
		return one;
	if (peek(t, g + G_M, &thread) && peek(t, thread + M_CURG, &g) && peek(t, g + G_M, &back) &&
	    back == thread)
		return find(sp, g);
	return NULL;
}

/* A spot on the goroutine's stack, as if it never moved. */
struct frame {
	struct cr_spot spot;
	cr_addr shift;		/* from there to where the stack is now */
	struct cr_tracee *t;	/* borrowed */
};

static bool frame_at(struct cr_tracee *t, const struct cr_goroutine *one, cr_addr sp,
		     struct frame *f)
{
	uint64_t bounds[2];
	cr_addr end = STACK_END(one->index);

	if (cr_mem_read(t->tid, one->g, bounds, sizeof(bounds)) != (ssize_t)sizeof(bounds) ||
	    sp < bounds[0] || sp > bounds[1] || bounds[1] - bounds[0] > UINT32_MAX)
		return false;
	f->shift = bounds[1] - end;
	f->t = t;
	f->spot = (struct cr_spot){ .sp = sp - f->shift, .lo = bounds[0] - f->shift, .hi = end };
	return true;
}

static int read_shifted(void *arg, cr_addr at, void *to, size_t n)
{
	const struct frame *f = arg;
	ssize_t got = cr_mem_read(f->t->tid, at + f->shift, to, n);

	return got == (ssize_t)n ? 0 : -EFAULT;
}

static bool any_inside(const struct cr_space *sp)
{
	size_t i;

	for (i = 0; i < sp->n_goroutines; i++)
		if (cr_windows_depth(sp->goroutines[i].windows))
			return true;
	return false;
}

/* Go programs change goroutines all the time: outside of windows it shall cost them nothing. */
static void watch_switches(struct cr_session *s, struct cr_tracee *t, const struct cr_machine *m,
			   bool on)
{
	struct cr_space *sp = cr_watch_of(t)->space;
	struct cr_err err = { "", "" };

	if (sp->switches == on)
		return;
	sp->switches = on;
	if (cr_space_later(sp, t->tid, m->word[cr_machine_layout.ip], on, &err) < 0)
		cr_watch_failed(s, &err);
}

bool cr_goroutine_enter(struct cr_session *s, struct cr_tracee *t, unsigned int window,
			const struct cr_machine *m)
{
	struct cr_watch *w = cr_watch_of(t);
	struct cr_goroutine *one = find_or_add(w->space, m->word[cr_machine_layout.gpr[R14]]);
	struct frame f;
	int rc;

	if (!one || !frame_at(t, one, m->word[cr_machine_layout.gpr[CR_GPR_SP]], &f))
		return false;
	if (read_shifted(&f, f.spot.sp, &f.spot.ret, sizeof(f.spot.ret)) < 0)
		f.spot.ret = 0;
	rc = cr_windows_enter(one->windows, window, &f.spot);
	s->out.windows += rc == 1;
	if (rc < 0)
		cr_watch_lost(s, t->tid, rc);
	w->g = one->g;
	watch_switches(s, t, m, true);
	return true;
}

bool cr_goroutine_leave(struct cr_tracee *t, unsigned int window, const struct cr_machine *m,
			enum cr_leave how)
{
	struct cr_watch *w = cr_watch_of(t);
	struct cr_goroutine *one = find(w->space, m->word[cr_machine_layout.gpr[R14]]);
	struct frame f;

	if (!one || !frame_at(t, one, m->word[cr_machine_layout.gpr[CR_GPR_SP]], &f))
		return false;
	cr_windows_exit(one->windows, window, &f.spot, how);
	return true;
}

/* The runtime is about to run another goroutine in this thread: gogo(buf *gobuf). One that begins
 * may have the record of one that has ended inside, by Goexit. */
void cr_goroutine_switch(struct cr_session *s, struct cr_tracee *t, const struct cr_machine *m)
{
	struct cr_watch *w = cr_watch_of(t);
	const struct cr_goroutine *one;
	uint64_t buf, g, sp;
	struct frame f;

	if (!peek(t, m->word[cr_machine_layout.gpr[CR_GPR_SP]] + sizeof(cr_addr), &buf) ||
	    !peek(t, buf + GOBUF_G, &g) || !peek(t, buf + GOBUF_SP, &sp))
		return;
	w->g = g;
	one = find(w->space, g);
	if (one && frame_at(t, one, sp, &f))
		cr_windows_seen(one->windows, &f.spot);
	if (!any_inside(w->space))
		watch_switches(s, t, m, false);
}

bool cr_goroutine_inside(const struct cr_tracee *t)
{
	const struct cr_watch *w = cr_watch_of(t);
	const struct cr_goroutine *one = w->g ? find(w->space, w->g) : NULL;

	return one && cr_windows_depth(one->windows) > 0;
}

size_t cr_goroutine_list(struct cr_session *s, struct cr_tracee *t, const struct cr_machine *m,
			 unsigned int *fns, size_t max)
{
	struct cr_goroutine *one = current(t, m);
	struct cr_target_mem mem;
	struct frame f;
	size_t n;

	if (!one)
		return 0;
	if (frame_at(t, one, m->word[cr_machine_layout.gpr[CR_GPR_SP]], &f)) {
		mem = (struct cr_target_mem){ read_shifted, NULL, &f };
		if (s->plan.strict)
			cr_windows_seen(one->windows, &f.spot);
		else
			cr_windows_verify(one->windows, &f.spot, &mem);
	}
	n = cr_windows_list(one->windows, fns, max);
	return n < max ? n : max;
}
