/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tracee - the threads we trace, and what each is doing
 *
 * In:    births, deaths, execs, in the order they are seen
 * Out:   one record a thread
 * Never: asks the kernel
 *
 * A child may be seen before its parent's event or after, and a thread that calls exec takes its
 * leader's id while its siblings vanish without a word.
 */
#ifndef CR_TRACEE_H
#define CR_TRACEE_H

#include <sys/types.h>

#include "cr/map.h"

enum cr_state {
	CR_ST_LAUNCHING,	/* ours until its exec: what it calls is not the program's */
	CR_ST_BORN,		/* has not been seen stopping yet */
	CR_ST_RUNNING,
	CR_ST_STOPPED,		/* in a group-stop, listening */
	CR_ST_INJECTING,	/* makes a call of ours; its own go on behind it */
	CR_ST_HELD,		/* born, and kept until its parent's event has told of it */
	CR_ST_COUNT,
};

struct cr_targets;

struct cr_tracee {
	pid_t tid;
	pid_t tgid;
	enum cr_state state;
	pid_t born_of;	/* the thread that has made it; 0: none that is known */
	bool told;	/* its parent has told of it: what it inherits is known */
	pid_t parent;	/* while CR_ST_HELD: the process that is to tell */
	bool calls;	/* each of its calls stops, whatever a filter says */
	bool filtered;	/* it has our filter, which stays for good */
	bool leaving;	/* it is let go, stopped, as soon as it stops */
	bool ignored;	/* nothing that it does is judged */
	bool in_call;	/* a call has begun and was judged; its end will be told */
	bool kept;	/* it has stopped, and waits until others have */
	int sig;	/* … which it is let go with */
	void *program;	/* borrowed: what the session's owner knows its executable by */
	struct cr_targets *targets;	/* borrowed: the windows of its executable; NULL: none */
	void *inject;	/* owned likewise */
	void *watch;	/* owned: by whoever set cr_tracees.drop, which gives it back */
	bool fell_back;	/* it may make clone3, but there is none: clone stands for that */
	struct cr_rewritten *rewritten;	/* owned; a call whose registers are not the program's */
};

#define CR_TRACEES_DEAD 64u

struct cr_tracees {
	struct cr_map by_tid;	/* owned records */
	/* Called before a record goes or is used anew; may be NULL. */
	void (*drop)(struct cr_tracee *t);
	struct cr_tracee *last;	/* borrowed: the one found last, which mostly stops next, too */
	pid_t dead[CR_TRACEES_DEAD];	/* the ids that ended last */
	unsigned int n_dead;
};

struct cr_tracee *cr_tracees_get(struct cr_tracees *t, pid_t tid);

/* A new record, replacing a stale one with the same id. NULL when out of memory. */
struct cr_tracee *cr_tracees_add(struct cr_tracees *t, pid_t tid, pid_t tgid, enum cr_state state);

void cr_tracees_del(struct cr_tracees *t, pid_t tid);

/* @tgid has called exec in its thread @former: only the leader's id is left. Returns the
 * record that goes on, or NULL when out of memory. */
struct cr_tracee *cr_tracees_exec(struct cr_tracees *t, pid_t tgid, pid_t former);

/* Is or was @tid one of ours, not long ago? */
bool cr_tracees_knew(struct cr_tracees *t, pid_t tid);

size_t cr_tracees_count(const struct cr_tracees *t);
void cr_tracees_fini(struct cr_tracees *t);

#endif
