/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * probe - does tracing work here? Found out by doing it once
 *
 * In:    nothing
 * Out:   yes, or the first step that fails
 * Never: touches a process that is not its own child; leaves the child behind
 */
#ifndef CR_PROBE_H
#define CR_PROBE_H

#include "cr/err.h"

/* Forks a child, attaches, lets it load a filter with one RET_TRACE rule, reads the call
 * that stops and fails it. 0; or a negative errno and which of these did not work. */
int cr_probe_trace(struct cr_err *err) CR_MUST_CHECK;

#endif
