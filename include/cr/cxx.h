/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cxx - C++ names as their authors wrote them
 *
 * In:    a mangled name, perhaps made to hurt
 * Out:   the name for people
 * Never: loads the C++ library before there is such a name: that costs more than a short run
 */
#ifndef CR_CXX_H
#define CR_CXX_H

#include "cr/base.h"

/* "_ZN1a1bEi" is "a::b(int)". The caller owns the result; NULL when @name is no C++ name or would
 * take a gigabyte, when there is no C++ library here, and when memory is short. */
char *cr_cxx_demangle(const char *name) CR_MUST_CHECK;

#endif
