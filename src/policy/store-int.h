/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store-int - a store, and how it comes onto the disk
 *
 * In:    what store.c has noted
 * Out:   a file that says it
 * Never: notes anything
 *
 * Private to the policy room: store.c takes notes, save.c writes.
 */
#ifndef CR_POLICY_STORE_INT_H
#define CR_POLICY_STORE_INT_H

#include "cr/buf.h"
#include "cr/store.h"
#include "seen.h"

struct cr_store {
	char *path;		/* owned; as the user spelled it */
	struct cr_policy *policy;	/* owned; the file, and what could not be written yet */
	struct cr_buf text;	/* the file's bytes when we last saw it */
	struct cr_policy **loaded;	/* borrowed: from the seed, until the first save is done */
	bool fresh;		/* policy says what text says */
	bool exists;
	bool all;
	bool watched;		/* --all: to the end, so that what was not used is known */
	bool watched_saved;
	uint32_t lost;		/* events that this run could make nothing of ... */
	uint32_t lost_saved;	/* ... and those of them that the file knows of */
	struct cr_policy *seed;	/* owned; what a new file begins with */
	struct cr_seen seen;
};

/* The first save of a run, which counts it. */
int cr_store_first(struct cr_store *s, struct cr_err *err) CR_MUST_CHECK;

/* Writes what is pending, and what others have written stays. On failure it is kept. */
int cr_store_commit(struct cr_store *s, struct cr_err *err) CR_MUST_CHECK;

#endif
