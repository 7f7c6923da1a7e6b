/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * utf8 - is a byte the beginning of a character?
 *
 * In:    bytes that came from anywhere: paths, names of functions
 * Out:   how many of them are one character
 * Never: depends on the locale
 */
#ifndef CR_UTF8_H
#define CR_UTF8_H

#include "cr/base.h"

/* How many bytes at @s are one UTF-8 character; 0 when they are none. */
size_t cr_utf8_length(const char *s);

/* Makes @s fit for a terminal and for a line of a log: bytes that are no character, control
 * characters, and those that end a line or turn the direction of text are question marks. */
void cr_utf8_clean(char *s);

#endif
