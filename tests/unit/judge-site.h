/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A place for a judge to look at, of a program that does not run. */
#ifndef JUDGE_SITE_H
#define JUDGE_SITE_H

#include "cr/judge.h"

static unsigned int stacks;	/* how often a stack was asked for */
static const char *stack_words = "f (f.c:1) < main";

static inline const char *site_exe(const struct cr_site *site)
{
	(void)site;
	return "/opt/prog";
}

static inline const char *site_stack(const struct cr_site *site)
{
	(void)site;
	stacks++;
	return stack_words;
}

#endif
