/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * window-model - a program with real stacks, which knows what it is inside of
 *
 * It calls, returns, tail-jumps, longjmps, takes signals on either stack, switches coroutines,
 * forks and has its stacks moved, at random; and compares what struct cr_windows thinks of it. A
 * window that was left without a sign may linger until the thread is seen above it on the same
 * stack: such frames are remembered as stale.
 */
#ifndef WINDOW_MODEL_H
#define WINDOW_MODEL_H

#include <stdio.h>
#include <string.h>

#include "cr/window.h"

enum {
	MODEL_CALL,
	MODEL_RET,
	MODEL_TAIL,
	MODEL_LONGJMP,
	MODEL_SIGNAL,
	MODEL_SWITCH,
	MODEL_FORK,
	MODEL_MOVE,
	MODEL_SEEN,
	MODEL_AGAIN,
	MODEL_GONE,
	MODEL_KINDS,
};

#define MODEL_STACKS 5u		/* main, alternate, two coroutines, one in an array on main */
#define MODEL_ALT 1u
#define MODEL_INNER 4u
#define MODEL_FRAMES 64u
#define MODEL_FNS 6u
#define MODEL_NONE MODEL_FNS	/* a function that is no window */

struct model_frame {
	cr_addr at;
	unsigned int fn;
	bool handler;
};

struct model_stack {
	cr_addr lo, hi;
	struct model_frame live[MODEL_FRAMES];
	unsigned int n;
	struct model_frame stale[MODEL_FRAMES];
	unsigned int n_stale;
};

struct model {
	struct model_stack s[MODEL_STACKS];
	/* below: what the handler on the alternate stack interrupted */
	unsigned int cur, below;
	struct cr_windows *ws;
	struct cr_scope *scope;
	uint64_t seed;
	bool marks;
	unsigned int count[MODEL_KINDS];
	unsigned int deepest, moves;
	char why[256];
};

static inline uint64_t model_dice(struct model *m, unsigned int sides)
{
	m->seed ^= m->seed >> 12;
	m->seed ^= m->seed << 25;
	m->seed ^= m->seed >> 27;
	return (m->seed * 2685821657736338717ull >> 33) % sides;
}

static inline int model_start(struct model *m, uint64_t seed, bool marks)
{
	static const cr_addr lo[MODEL_STACKS] = {
		0x700000, 0x200000, 0x300000, 0x400000, 0x70ff00 };
	static const cr_addr hi[MODEL_STACKS] = {
		0x710000, 0x202000, 0x304000, 0x404000, 0x70ffc0 };
	unsigned int k;

	memset(m, 0, sizeof(*m));
	m->seed = seed;
	m->marks = marks;
	m->scope = cr_scope_new();
	m->ws = cr_windows_new(m->scope);
	for (k = 0; k < MODEL_STACKS; k++) {
		m->s[k].lo = lo[k];
		m->s[k].hi = hi[k];
	}
	return m->scope && m->ws ? 0 : -1;
}

static inline void model_end(struct model *m)
{
	cr_windows_free(m->ws);
	cr_scope_free(m->scope);
}

/* Main's frames begin below the array that it holds. */
static inline cr_addr model_top(const struct model *m, unsigned int k)
{
	const struct model_stack *s = &m->s[k];

	if (s->n)
		return s->live[s->n - 1].at;
	return k == 0 ? m->s[MODEL_INNER].lo - 16 : s->hi - 8;
}

static inline struct cr_spot model_spot(const struct model *m, cr_addr sp)
{
	const struct model_stack *s = &m->s[m->cur];

	return (struct cr_spot){ .sp = sp, .lo = s->lo, .hi = s->hi, .alt = m->cur == MODEL_ALT };
}

/* The thread was seen with @sp: what is stale and must not linger any longer. */
static inline void model_sign(struct model *m, cr_addr sp, bool slot_taken)
{
	struct model_stack *s = &m->s[m->cur];
	unsigned int k, kept = 0;

	for (k = 0; k < s->n_stale; k++)
		if (s->stale[k].at > sp || (s->stale[k].at == sp && !slot_taken))
			s->stale[kept++] = s->stale[k];
	s->n_stale = kept;
	if (m->cur != MODEL_ALT)
		m->s[MODEL_ALT].n_stale = 0;
}

/* Takes the innermost frame off without a word. */
static inline void model_drop(struct model *m, unsigned int k)
{
	struct model_stack *s = &m->s[k];
	struct model_frame *f = &s->live[--s->n];

	if (f->fn != MODEL_NONE && s->n_stale < MODEL_FRAMES)
		s->stale[s->n_stale++] = *f;
}

static inline const char *model_compare(struct model *m)
{
	unsigned int want[MODEL_FNS] = { 0 }, all = 0, live = 0, k, i;

	for (k = 0; k < MODEL_STACKS; k++) {
		for (i = 0; i < m->s[k].n; i++)
			if (m->s[k].live[i].fn != MODEL_NONE)
				want[m->s[k].live[i].fn]++, all++, live++;
		for (i = 0; i < m->s[k].n_stale; i++)
			want[m->s[k].stale[i].fn]++, all++;
	}
	if (live > m->deepest)
		m->deepest = live;
	for (k = 0; k < MODEL_FNS; k++) {
		if (cr_windows_open(m->ws, k) == want[k] && cr_scope_open(m->scope, k) == want[k])
			continue;
		snprintf(m->why, sizeof(m->why),
			 "function %u is open %u times, not %u (stack %u)", k,
			 cr_windows_open(m->ws, k), want[k], m->cur);
		return m->why;
	}
	return cr_windows_depth(m->ws) == all ? NULL : "another depth";
}

static inline const char *model_enter(struct model *m, struct model_frame f, int want)
{
	struct cr_spot spot = model_spot(m, f.at);
	int got;

	m->s[m->cur].live[m->s[m->cur].n++] = f;
	if (f.fn == MODEL_NONE)
		return NULL;
	got = cr_windows_enter(m->ws, f.fn, &spot);
	model_sign(m, f.at, true);
	if (got < 0 || (want >= 0 && got != want))
		return "an entry was not what it was";
	m->count[MODEL_CALL]++;
	return model_compare(m);
}

static inline const char *model_seen(struct model *m)
{
	/* Below the innermost frame are its locals; and sometimes none. */
	cr_addr sp = model_top(m, m->cur) - (m->s[m->cur].n ? 8 * model_dice(m, 3) : 0);
	struct cr_spot spot = model_spot(m, sp);

	cr_windows_seen(m->ws, &spot);
	model_sign(m, sp, false);
	m->count[MODEL_SEEN]++;
	return model_compare(m);
}

static inline const char *model_call(struct model *m, bool handler)
{
	struct model_stack *s = &m->s[m->cur];
	struct model_frame f = { .fn = (unsigned int)model_dice(m, MODEL_FNS + 3) };

	f.at = model_top(m, m->cur) - 8 - 8 * model_dice(m, m->cur == MODEL_INNER ? 2 : 20);
	if (f.fn > MODEL_NONE || handler)
		f.fn = MODEL_NONE;
	f.handler = handler;
	if (s->n == MODEL_FRAMES || f.at < s->lo + 64)
		return NULL;
	return model_enter(m, f, -1);
}

static inline const char *model_ret(struct model *m)
{
	struct model_stack *s = &m->s[m->cur];
	struct model_frame f;
	struct cr_spot spot;

	if (!s->n)
		return NULL;
	f = s->live[--s->n];
	if (m->cur == MODEL_ALT && f.handler) {
		m->cur = m->below;	/* sigreturn */
		return NULL;
	}
	if (f.fn == MODEL_NONE)
		return NULL;
	spot = model_spot(m, f.at);
	if (!cr_windows_exit(m->ws, f.fn, &spot, CR_LEAVE_RET))
		return "a ret has closed nothing";
	model_sign(m, f.at, true);
	m->count[MODEL_RET]++;
	return model_compare(m);
}

/* Into a window, or into something else; and into a window without being seen. */
static inline const char *model_tail(struct model *m)
{
	struct model_stack *s = &m->s[m->cur];
	struct model_frame f;
	struct cr_spot spot;

	if (!s->n || s->live[s->n - 1].fn == MODEL_NONE)
		return NULL;
	f = s->live[--s->n];
	m->count[MODEL_TAIL]++;
	spot = model_spot(m, f.at);
	if (model_dice(m, 3)) {
		if (!cr_windows_exit(m->ws, f.fn, &spot, CR_LEAVE_JUMP))
			return "a tail jump has closed nothing";
		model_sign(m, f.at, true);
		f.fn = (unsigned int)model_dice(m, MODEL_FNS + 1);
		return model_enter(m, f, 1);
	}
	f.fn = (f.fn + 1) % MODEL_FNS;
	return model_enter(m, f, 1);
}

static inline const char *model_again(struct model *m)
{
	struct model_stack *s = &m->s[m->cur];
	struct model_frame f;

	if (!s->n || s->live[s->n - 1].fn == MODEL_NONE)
		return NULL;
	f = s->live[--s->n];
	m->count[MODEL_AGAIN]++;
	return model_enter(m, f, 0);
}

/* Some frames up; from the alternate stack to the one below it, handler and all. */
static inline const char *model_longjmp(struct model *m)
{
	unsigned int k;

	if (m->cur == MODEL_ALT) {
		while (m->s[MODEL_ALT].n)
			model_drop(m, MODEL_ALT);
		m->cur = m->below;
	}
	for (k = (unsigned int)model_dice(m, 5); k > 0 && m->s[m->cur].n > 1; k--)
		model_drop(m, m->cur);
	m->count[MODEL_LONGJMP]++;
	return m->marks ? model_seen(m) : NULL;
}

static inline const char *model_signal(struct model *m)
{
	m->count[MODEL_SIGNAL]++;
	if (m->cur == MODEL_ALT || model_dice(m, 2))
		return model_call(m, m->cur != MODEL_ALT);
	m->below = m->cur;
	m->cur = MODEL_ALT;
	return model_call(m, true);
}

static inline const char *model_switch(struct model *m)
{
	static const unsigned int to[] = { 0, 2, 3, MODEL_INNER };

	if (m->cur == MODEL_ALT)
		return NULL;
	m->cur = to[model_dice(m, 4)];
	m->count[MODEL_SWITCH]++;
	return NULL;
}

/* The child goes on, with a copy; sometimes the parent. */
static inline const char *model_fork(struct model *m)
{
	struct cr_scope *scope = cr_scope_new();
	struct cr_windows *child = cr_windows_copy(m->ws, scope);
	bool go_on = model_dice(m, 2);

	m->count[MODEL_FORK]++;
	cr_windows_free(go_on ? m->ws : child);
	if (cr_scope_list(go_on ? m->scope : scope, NULL, 0))
		return "a dead process is inside";
	cr_scope_free(go_on ? m->scope : scope);
	if (go_on) {
		m->ws = child;
		m->scope = scope;
	}
	return model_compare(m);
}

static inline void model_shift(struct model_stack *s, cr_addr by)
{
	unsigned int k;

	for (k = 0; k < s->n; k++)
		s->live[k].at += by;
	for (k = 0; k < s->n_stale; k++)
		s->stale[k].at += by;
}

/* A goroutine's stack, to one twice as large or half, elsewhere. */
static inline const char *model_move(struct model *m)
{
	struct model_stack *s = &m->s[3];
	cr_addr lo = 0x1000000 + 0x10000 * (cr_addr)(m->moves % 8), hi = lo + 0x4000;

	m->moves++;
	m->count[MODEL_MOVE]++;
	cr_windows_moved(m->ws, s->lo, s->hi, hi);
	model_shift(s, hi - s->hi);
	s->lo = lo;
	s->hi = hi;
	return model_compare(m);
}

static inline const char *model_gone(struct model *m)
{
	unsigned int k = 2 + (unsigned int)model_dice(m, 3);

	if (m->cur == k || (m->cur == MODEL_ALT && m->below == k))
		return NULL;
	cr_windows_gone(m->ws, m->s[k].lo, m->s[k].hi);
	m->s[k].n = m->s[k].n_stale = 0;
	m->count[MODEL_GONE]++;
	return model_compare(m);
}

/* One thing happens. NULL, or how the two disagree. */
static inline const char *model_step(struct model *m)
{
	unsigned int roll = (unsigned int)model_dice(m, 1000);

	/* The alternate stack holds nothing while the thread is not on it. */
	if (roll < 330)
		return model_call(m, false);
	if (roll < 560)
		return model_ret(m);
	if (roll < 640)
		return model_tail(m);
	if (roll < 700)
		return model_longjmp(m);
	if (roll < 760)
		return model_signal(m);
	if (roll < 840)
		return model_switch(m);
	if (roll < 845)
		return model_fork(m);
	if (roll < 855)
		return model_move(m);
	if (roll < 900)
		return model_again(m);
	if (roll < 905)
		return model_gone(m);
	return model_seen(m);
}

#endif
