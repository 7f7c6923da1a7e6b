/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * decode - a call as people write it: openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC, 0)
 *
 * In:    a call, and the place it is made at, for the strings it points to
 * Out:   one line of printable text, of bounded length
 * Never: decides anything: memory may change under our eyes
 */
#ifndef CR_DECODE_H
#define CR_DECODE_H

#include "cr/buf.h"
#include "cr/judge.h"

/* Appends to @out. A call that this build does not know is "nr:462(0x1, 0x2)": raw, without
 * the zeros at its end. Without @site (NULL) strings are addresses. */
void cr_decode_call(const struct cr_call *call, const struct cr_site *site, struct cr_buf *out);

#endif
