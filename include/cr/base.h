/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * base - the few words every room uses
 *
 * In:    nothing
 * Out:   attributes, the target address type, cleanup helpers
 * Never: knows a target, a kernel interface or a policy
 */
#ifndef CR_BASE_H
#define CR_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define CR_MUST_CHECK __attribute__((warn_unused_result))
#define CR_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define CR_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* An address in a target; never a pointer of ours. */
typedef uint64_t cr_addr;

static inline void cr_auto_free_fn(void *p)
{
	free(*(void **)p);
}

static inline void cr_auto_close_fn(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define cr_auto_free __attribute__((cleanup(cr_auto_free_fn)))
#define cr_auto_close __attribute__((cleanup(cr_auto_close_fn)))

#endif
