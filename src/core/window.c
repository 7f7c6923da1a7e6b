/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "cr/window.h"

#define SLOT 8u		/* bytes of a return address, at most */

struct cr_scope {
	unsigned int *depth;	/* owned; by function */
	size_t n;
	size_t open;		/* functions whose depth is not 0 */
};

struct window {
	cr_addr frame;
	cr_addr hi;		/* of its stack; 0: not known */
	unsigned int fn;
	uint32_t ret;		/* what the slot held at entry; 0: not known */
	bool alt;
};

/*
 * The frames of one stack descend in the order in which they were entered, since each entry closes
 * what is below it. With one stack, the common case, the search for what is gone can stop at
 * the first frame that is not: a deep recursion costs no more than a flat one.
 */
struct cr_windows {
	struct window *list;	/* owned; innermost last */
	size_t n, cap;
	size_t mixed;		/* those that are not plainly on the stack that ends at home */
	cr_addr home;
	struct cr_scope own;
	struct cr_scope *shared;	/* borrowed: from the caller, until the free */
	unsigned long strays;
};

/* ---- counting */

struct cr_scope *cr_scope_new(void)
{
	return calloc(1, sizeof(struct cr_scope));
}

void cr_scope_free(struct cr_scope *scope)
{
	if (scope)
		free(scope->depth);
	free(scope);
}

static int reserve(struct cr_scope *s, unsigned int fn)
{
	size_t n = (size_t)fn + 1;
	unsigned int *depth;

	if (!s || n <= s->n)
		return 0;
	if (n < 2 * s->n)
		n = 2 * s->n;
	depth = realloc(s->depth, n * sizeof(*depth));
	if (!depth)
		return -ENOMEM;
	memset(depth + s->n, 0, (n - s->n) * sizeof(*depth));
	s->depth = depth;
	s->n = n;
	return 0;
}

static void count_in(struct cr_scope *s, unsigned int fn)
{
	if (s && s->depth[fn]++ == 0)
		s->open++;
}

static void count_out(struct cr_scope *s, unsigned int fn)
{
	if (s && --s->depth[fn] == 0)
		s->open--;
}

unsigned int cr_scope_open(const struct cr_scope *scope, unsigned int fn)
{
	return fn < scope->n ? scope->depth[fn] : 0;
}

size_t cr_scope_list(const struct cr_scope *scope, unsigned int *fns, size_t max)
{
	unsigned int fn;
	size_t k = 0;

	for (fn = 0; k < scope->open && fn < scope->n; fn++) {
		if (!scope->depth[fn])
			continue;
		if (k < max)
			fns[k] = fn;
		k++;
	}
	return scope->open;
}

/* ---- the list */

static bool is_mixed(const struct cr_windows *ws, const struct window *w)
{
	return w->alt || !w->hi || w->hi != ws->home;
}

static int make_room(struct cr_windows *ws, unsigned int fn)
{
	size_t cap = ws->cap ? ws->cap * 2 : 16;
	struct window *list;

	if (reserve(&ws->own, fn) < 0 || reserve(ws->shared, fn) < 0)
		return -ENOMEM;
	if (ws->n < ws->cap)
		return 0;
	list = realloc(ws->list, cap * sizeof(*list));
	if (!list)
		return -ENOMEM;
	ws->list = list;
	ws->cap = cap;
	return 0;
}

/* There must be room. */
static void open_one(struct cr_windows *ws, const struct window *w)
{
	if (!ws->n)
		ws->home = w->hi;
	ws->list[ws->n++] = *w;
	ws->mixed += is_mixed(ws, w);
	count_in(&ws->own, w->fn);
	count_in(ws->shared, w->fn);
}

static void uncount(struct cr_windows *ws, const struct window *w)
{
	ws->mixed -= is_mixed(ws, w);
	count_out(&ws->own, w->fn);
	count_out(ws->shared, w->fn);
}

static void close_at(struct cr_windows *ws, size_t i)
{
	uncount(ws, &ws->list[i]);
	memmove(ws->list + i, ws->list + i + 1, (ws->n - i - 1) * sizeof(*ws->list));
	ws->n--;
}

/* The window with this frame, as its index; ws->n: none. Never more than one. */
static size_t with_frame(const struct cr_windows *ws, const struct cr_spot *spot)
{
	bool known = spot->lo < spot->hi;
	size_t i;

	for (i = ws->n; i-- > 0;) {
		if (ws->list[i].frame == spot->sp)
			return i;
		if (!ws->mixed && known && spot->hi == ws->home && ws->list[i].frame > spot->sp)
			break;
	}
	return ws->n;
}

static bool is_gone(const struct window *w, const struct cr_spot *spot)
{
	bool here = w->frame >= spot->lo && w->frame < spot->hi;

	/* A handler has returned, or was left by siglongjmp. */
	if (w->alt && (!spot->alt || !here))
		return true;
	return here && w->frame < spot->sp;
}

static size_t prune(struct cr_windows *ws, const struct cr_spot *spot)
{
	size_t from = 0, to, i, before = ws->n;

	/* A stack pointer outside the stack it is said to be in tells nothing. */
	if (spot->sp < spot->lo || spot->sp > spot->hi || spot->lo >= spot->hi)
		return 0;
	if (!ws->mixed && spot->hi == ws->home)
		for (from = ws->n; from > 0 && is_gone(&ws->list[from - 1], spot);)
			from--;
	for (to = i = from; i < ws->n; i++) {
		if (is_gone(&ws->list[i], spot))
			uncount(ws, &ws->list[i]);
		else
			ws->list[to++] = ws->list[i];
	}
	ws->n = to;
	return before - to;
}

/* ---- what happens to a thread */

struct cr_windows *cr_windows_new(struct cr_scope *scope)
{
	struct cr_windows *ws = calloc(1, sizeof(*ws));

	if (ws)
		ws->shared = scope;
	return ws;
}

struct cr_windows *cr_windows_copy(const struct cr_windows *ws, struct cr_scope *scope)
{
	struct cr_windows *copy = cr_windows_new(scope);
	size_t i;

	for (i = 0; copy && i < ws->n; i++) {
		if (make_room(copy, ws->list[i].fn) < 0) {
			cr_windows_free(copy);
			return NULL;
		}
		open_one(copy, &ws->list[i]);
	}
	return copy;
}

void cr_windows_clear(struct cr_windows *ws)
{
	while (ws->n)
		close_at(ws, ws->n - 1);
}

void cr_windows_free(struct cr_windows *ws)
{
	if (!ws)
		return;
	cr_windows_clear(ws);
	free(ws->own.depth);
	free(ws->list);
	free(ws);
}

int cr_windows_enter(struct cr_windows *ws, unsigned int fn, const struct cr_spot *spot)
{
	struct window w = { .frame = spot->sp, .fn = fn, .ret = spot->ret, .alt = spot->alt };
	size_t same;
	bool again;

	w.hi = spot->lo < spot->hi ? spot->hi : 0;
	prune(ws, spot);
	same = with_frame(ws, spot);
	if (same == ws->n && ws->n >= CR_WINDOWS_MAX)
		return -E2BIG;
	if (make_room(ws, fn) < 0)
		return -ENOMEM;
	again = same < ws->n && ws->list[same].fn == fn;
	/* Also when it is the same window: it is the innermost now. */
	if (same < ws->n)
		close_at(ws, same);
	open_one(ws, &w);
	return !again;
}

/* At its frame, or just above: a thunk may pop the return address and jump to it. */
static size_t left_by_jump(const struct cr_windows *ws, unsigned int fn, const struct cr_spot *spot)
{
	size_t i = with_frame(ws, spot);

	if (i < ws->n)
		return ws->list[i].fn == fn ? i : ws->n;
	for (i = ws->n; i-- > 0;)
		if (ws->list[i].fn == fn && ws->list[i].frame < spot->sp &&
		    spot->sp - ws->list[i].frame <= SLOT)
			return i;
	return ws->n;
}

/* A ret takes the slot at the stack pointer: whoever has it as its frame is gone, be the ret its
 * own or one that several functions share. A jump at another depth is one to a part of the
 * function that lies elsewhere (.cold). */
size_t cr_windows_exit(struct cr_windows *ws, unsigned int fn, const struct cr_spot *spot,
		       enum cr_leave kind)
{
	size_t before = ws->n, i;
	bool jump = kind == CR_LEAVE_JUMP;

	i = jump ? left_by_jump(ws, fn, spot) : with_frame(ws, spot);
	if (i < ws->n)
		close_at(ws, i);
	prune(ws, spot);
	if (ws->n == before && !(jump && cr_windows_open(ws, fn)))
		ws->strays++;
	return before - ws->n;
}

size_t cr_windows_seen(struct cr_windows *ws, const struct cr_spot *spot)
{
	return prune(ws, spot);
}

static bool overwritten(const struct window *w, const struct cr_target_mem *mem)
{
	uint32_t now;

	return w->ret && !mem->read(mem->arg, w->frame, &now, sizeof(now)) && now != w->ret;
}

size_t cr_windows_verify(struct cr_windows *ws, const struct cr_spot *spot,
			 const struct cr_target_mem *mem)
{
	size_t before = ws->n, i, k, last;
	struct window gone;

	prune(ws, spot);
	last = ws->n > CR_WINDOWS_LOOK ? ws->n - CR_WINDOWS_LOOK : 0;
	for (i = last; i < ws->n;) {
		gone = ws->list[i];
		if (!overwritten(&gone, mem)) {
			i++;
			continue;
		}
		/* It and what it called, which came after it; the outermost is looked at first. */
		for (k = ws->n; k-- > i;)
			if (k == i || (gone.hi && ws->list[k].hi == gone.hi &&
				       ws->list[k].frame < gone.frame))
				close_at(ws, k);
	}
	return before - ws->n;
}

size_t cr_windows_gone(struct cr_windows *ws, cr_addr lo, cr_addr hi)
{
	size_t i, before = ws->n;

	for (i = ws->n; i-- > 0;)
		if (ws->list[i].frame >= lo && ws->list[i].frame < hi)
			close_at(ws, i);
	return before - ws->n;
}

void cr_windows_moved(struct cr_windows *ws, cr_addr lo, cr_addr hi, cr_addr to)
{
	struct window *w;
	size_t i;

	if (ws->home == hi)
		ws->home = to;
	for (ws->mixed = i = 0; i < ws->n; i++) {
		w = &ws->list[i];
		if (w->frame >= lo && w->frame < hi) {
			w->frame += to - hi;
			w->hi = to;
		}
		ws->mixed += is_mixed(ws, w);
	}
}

/* ---- questions */

unsigned int cr_windows_open(const struct cr_windows *ws, unsigned int fn)
{
	return cr_scope_open(&ws->own, fn);
}

static bool is_among(const unsigned int *fns, size_t n, unsigned int fn)
{
	while (n-- > 0)
		if (fns[n] == fn)
			return true;
	return false;
}

size_t cr_windows_list(const struct cr_windows *ws, unsigned int *fns, size_t max)
{
	size_t i, k = 0;

	for (i = ws->n; i-- > 0 && k < ws->own.open && k < max;)
		if (!is_among(fns, k, ws->list[i].fn))
			fns[k++] = ws->list[i].fn;
	return ws->own.open;
}

size_t cr_windows_at(const struct cr_windows *ws, const struct cr_spot *spot, bool handler,
		     unsigned int *fns, size_t max)
{
	cr_addr here = spot->lo < spot->hi ? spot->hi : 0;
	size_t i, k = 0;

	for (i = ws->n; i-- > 0 && k < max;) {
		const struct window *w = &ws->list[i];

		if ((w->hi == here || (!here && handler)) && !is_among(fns, k, w->fn))
			fns[k++] = w->fn;
	}
	return k;
}

size_t cr_windows_depth(const struct cr_windows *ws)
{
	return ws->n;
}

unsigned long cr_windows_strays(const struct cr_windows *ws)
{
	return ws->strays;
}
