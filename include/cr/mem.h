/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mem - the memory of a tracee
 *
 * In:    a process of ours, an address of its
 * Out:   bytes, or a negative errno; fewer bytes than asked at the end of a mapping
 * Never: trusts what it read: another thread may be writing at this moment
 */
#ifndef CR_MEM_H
#define CR_MEM_H

#include <sys/types.h>

#include "cr/base.h"

/* How many bytes were read (less than @len when the mapping ends there), or a negative errno. */
ssize_t cr_mem_read(pid_t pid, cr_addr at, void *to, size_t len) CR_MUST_CHECK;

/* One byte at each of @n addresses (at most 1024): how many could be read before one could not,
 * or a negative errno. */
ssize_t cr_mem_gather(pid_t pid, const cr_addr *at, unsigned int n, uint8_t *to) CR_MUST_CHECK;

/* From now on reads go through @fd, an open /proc/PID/mem, whatever process they name; -1: they
 * do not. The kernel asks who may read when that is opened, not again. */
void cr_mem_through(int fd);

/* All of @len or nothing. */
int cr_mem_write(pid_t pid, cr_addr at, const void *from, size_t len) CR_MUST_CHECK;

/* The same where the target itself may not write: its text. The page becomes its own copy. */
int cr_mem_patch(pid_t tid, cr_addr at, const void *from, size_t len) CR_MUST_CHECK;

/* A string, cut at @size - 1 and always terminated: its length, or a negative errno. */
int cr_mem_string(pid_t pid, cr_addr at, char *text, size_t size) CR_MUST_CHECK;

#endif
