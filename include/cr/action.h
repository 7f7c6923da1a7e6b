/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * action - what becomes of a call, and the words for it
 *
 * In:    words, as a policy or a command line has them
 * Out:   actions, and the words again
 * Never: knows a call
 */
#ifndef CR_ACTION_H
#define CR_ACTION_H

#include "cr/buf.h"
#include "cr/names.h"

/* From ALLOW to KILL each is stricter than the one before. */
enum cr_action {
	CR_ACT_NONE,	/* no rule: what the mode makes of the unknown */
	CR_ACT_ALLOW,
	CR_ACT_LOG,	/* allowed, and reported */
	CR_ACT_ASK,	/* a person decides */
	CR_ACT_ERRNO,	/* denied: the call fails with an errno */
	CR_ACT_STOP,	/* denied: the call fails, and its process is left stopped */
	CR_ACT_KILL,	/* denied: the tree ends */
	CR_ACT_NEVER,	/* a violation, and never learned */
};

/* What becomes of a call that no rule is about, and of one that is NEVER to be made. */
struct cr_violation {
	enum cr_action what;	/* LOG, ASK, ERRNO, STOP or KILL */
	int err;		/* with CR_ACT_ERRNO: 1..4095 */
};

/* "allow", "log", "ask", "errno EPERM", "stop", "kill", "never". -EINVAL when it is none of these;
 * -ENOENT: an errno that there is not. */
int cr_action_parse(const char *text, enum cr_action *act, int *err) CR_MUST_CHECK;
/* The way back; nothing for CR_ACT_NONE. */
void cr_action_print(enum cr_action act, int err, struct cr_buf *out);

/* The same for a violation, which is neither "allow" nor "never". */
int cr_violation_parse(const char *text, struct cr_violation *v) CR_MUST_CHECK;
/* Writes into @out, gives it back. */
#define CR_VIOLATION_MAX (CR_NAME_MAX + 8)
const char *cr_violation_name(const struct cr_violation *v, char out[CR_VIOLATION_MAX]);

/* What becomes of a call of which is said @act: NONE and NEVER are what @v says. */
enum cr_action cr_violation_act(const struct cr_violation *v, enum cr_action act);

#endif
