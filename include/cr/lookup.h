/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lookup - which function, and which source line, an address of a file is
 *
 * In:    a file that a process has mapped, an address as the linker gave it
 * Out:   names as the file has them: mangled, perhaps not printable
 * Never: looks for debug files beside a program, where the target may have put one
 */
#ifndef CR_LOOKUP_H
#define CR_LOOKUP_H

#include "cr/functions.h"

struct cr_lookup {
	const char *func;	/* borrowed, like file: of the object; NULL when unknown */
	uint64_t offset;	/* of the address in func */
	const char *file;	/* path of the source; NULL when unknown, or too dear */
	unsigned int line;
};

/* As cr_object_open_fd, of a file that is mapped somewhere; @path is for messages only. The file of
 * one that is not @trusted may have been made to hurt: what is large for no reason, or leads
 * elsewhere, is refused. Negative when there is nothing to look up. */
int cr_object_open_mapped(int fd, const char *path, bool trusted, struct cr_object **obj)
	CR_MUST_CHECK;

/* DWARF is opened by the first address that has a function. That of a library which is packed in a
 * file apart, as distributions have it, is megabytes, and all of them are unpacked for one line:
 * only if @thorough. */
void cr_object_lookup(struct cr_object *obj, cr_addr at, bool thorough, struct cr_lookup *found);

/* About how many bytes of memory @obj holds now. */
size_t cr_object_weight(const struct cr_object *obj);

/* A name of C++ or Rust as its author wrote it: "_ZN1a1bEi" is "a::b(int)". The caller owns the
 * result; NULL when @name is not mangled or would take a gigabyte, when it is C++ and there is no
 * C++ library here, and when memory is short. */
char *cr_demangle(const char *name) CR_MUST_CHECK;

struct Elf;
/* May libdw be let loose on the debugging information of a file that the target may have
 * written? */
bool cr_elf_vet(struct Elf *elf);

#endif
