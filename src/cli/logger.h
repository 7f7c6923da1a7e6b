/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * logger - lines for the system's log
 *
 * In:    sentences about a program that is held meanwhile
 * Out:   a datagram each to /dev/log, as syslog(3) sends it
 * Never: waits: who does not read must not hold the program. syslog(3) would
 */
#ifndef CR_LOGGER_H
#define CR_LOGGER_H

#include <stdint.h>

struct cr_logger {
	int fd;			/* -1: not connected */
	uint64_t lost;
};

/* Tells when there is no log: that is no reason not to start. */
void cr_logger_open(struct cr_logger *l);
/* As facility authpriv, with the priority of a warning. */
void cr_logger_tell(struct cr_logger *l, const char *sentence);
/* Tells how many lines were lost. */
void cr_logger_close(struct cr_logger *l);

#endif
