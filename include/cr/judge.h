/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * judge - what the session asks about every call that stops
 *
 * In:    a call, and the place it is made at
 * Out:   a verdict
 * Never: touches the target: the session carries the verdict out
 *
 * learn/ and enforce/ implement it; the session does not know which one is seated.
 */
#ifndef CR_JUDGE_H
#define CR_JUDGE_H

#include <sys/types.h>

#include "cr/arch.h"

enum cr_verdict_what {
	CR_VERDICT_ALLOW,
	CR_VERDICT_ERRNO,	/* the call is not made and fails with err */
	CR_VERDICT_KILL,	/* the whole tree ends */
	CR_VERDICT_STOP,	/* the call fails with err, its process stops and is let go */
};

struct cr_verdict {
	enum cr_verdict_what what;
	int err;
};

/* Where a call is made. Valid during the judge's call only. */
struct cr_site {
	pid_t pid;
	pid_t tid;
	void *host;		/* for the functions below */
	void *program;		/* what the executable is known by; NULL when nobody asked */
	/* The policy's windows that are open here, each once, innermost first; borrowed, valid
	 * until the judge returns. None: the call is made outside. */
	const unsigned int *windows;
	size_t n_windows;
	/* The same with its arguments in registers, where a call that takes them from memory is
	 * made as another one, with what was read there; NULL when it is not. */
	const struct cr_call *meant;
	/* The path of the executable, or "?"; borrowed, valid until the judge returns. */
	const char *(*exe)(const struct cr_site *site);
	/* The caller's stack as one line of text, or "" when there is none; borrowed, valid
	 * until the judge returns. Costs much; ask only when it is going to be written down. */
	const char *(*stack)(const struct cr_site *site);
	/* Where windows[k] was entered, for people: "f (server+0x41c0, http.c:88)"; borrowed, valid
	 * until the judge returns. May be NULL: then the policy's name for it does. */
	const char *(*window)(const struct cr_site *site, size_t k);
	/* A string in the target's memory, for people only (it may change under our eyes): the
	 * length read into @text (NUL-terminated, cut at @size), or a negative errno. */
	int (*string)(const struct cr_site *site, cr_addr at, char *text, size_t size);
};

struct cr_judge {
	struct cr_verdict (*judge)(struct cr_judge *j, const struct cr_call *call,
				   const struct cr_site *site);
};

#endif
