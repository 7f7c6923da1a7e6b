/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cr/tracee.h"

struct cr_tracee *cr_tracees_get(struct cr_tracees *t, pid_t tid)
{
	if (!t->last || t->last->tid != tid)
		t->last = cr_map_get(&t->by_tid, (uint32_t)tid);
	return t->last;
}

static void drop(struct cr_tracees *t, struct cr_tracee *task)
{
	if (!task)
		return;
	if (t->drop)
		t->drop(task);
	free(task->rewritten);
	task->rewritten = NULL;
}

struct cr_tracee *cr_tracees_add(struct cr_tracees *t, pid_t tid, pid_t tgid, enum cr_state state)
{
	struct cr_tracee *old = cr_tracees_get(t, tid), *new;

	new = old ? old : calloc(1, sizeof(*new));
	if (!new)
		return NULL;
	drop(t, old);
	*new = (struct cr_tracee){ .tid = tid, .tgid = tgid, .state = state };
	if (!old && cr_map_put(&t->by_tid, (uint32_t)tid, new) < 0) {
		free(new);
		return NULL;
	}
	return new;
}

void cr_tracees_del(struct cr_tracees *t, pid_t tid)
{
	struct cr_tracee *task = cr_map_del(&t->by_tid, (uint32_t)tid);

	t->last = NULL;
	drop(t, task);
	free(task);
	t->dead[t->n_dead++ % CR_TRACEES_DEAD] = tid;
}

/* Collects the ids first: the map may not change while it is walked. */
static size_t threads_of(struct cr_tracees *t, pid_t tgid, pid_t *tids)
{
	struct cr_tracee *task;
	size_t at = 0, n = 0;

	while ((task = cr_map_each(&t->by_tid, &at)))
		if (task->tgid == tgid)
			tids[n++] = task->tid;
	return n;
}

struct cr_tracee *cr_tracees_exec(struct cr_tracees *t, pid_t tgid, pid_t former)
{
	enum cr_state state = CR_ST_RUNNING;
	struct cr_tracee *task;
	pid_t *tids;
	size_t n, i;

	task = cr_tracees_get(t, former);
	if (task)
		state = task->state;
	tids = calloc(cr_tracees_count(t) + 1, sizeof(*tids));
	if (!tids)
		return NULL;
	n = threads_of(t, tgid, tids);
	for (i = 0; i < n; i++)
		if (tids[i] != tgid)
			cr_tracees_del(t, tids[i]);
	free(tids);
	return cr_tracees_add(t, tgid, tgid, state);
}

bool cr_tracees_knew(struct cr_tracees *t, pid_t tid)
{
	unsigned int i;

	for (i = 0; i < CR_TRACEES_DEAD; i++)
		if (t->dead[i] == tid)
			return true;
	return cr_tracees_get(t, tid) != NULL;
}

size_t cr_tracees_count(const struct cr_tracees *t)
{
	return t->by_tid.len;
}

void cr_tracees_fini(struct cr_tracees *t)
{
	struct cr_tracee *task;
	size_t at = 0;

	while ((task = cr_map_each(&t->by_tid, &at))) {
		drop(t, task);
		free(task);
	}
	cr_map_fini(&t->by_tid);
	t->last = NULL;
}
