/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * image-int - what the files of this room share; no one else includes it
 *
 * In:    an ELF file that may be hostile
 * Out:   bytes at addresses, symbols, unwind and Go tables, DWARF
 * Never: follows a number of the file without a bound
 */
#ifndef CR_IMAGE_INT_H
#define CR_IMAGE_INT_H

#include <elfutils/libdw.h>
#include <gelf.h>
#include <libelf.h>

#include "cr/functions.h"

/* A vector that grows: @v of @n elements; evaluates to 0 or -ENOMEM. */
#define CR_GROW(v, n) cr_grow((void **)&(v), n, sizeof(*(v)))
int cr_grow(void **v, size_t n, size_t size) CR_MUST_CHECK;

#define CR_SYMBOLS_MAX (4u << 20)	/* of one file; browsers have a million */

struct cr_segment {
	cr_addr start;
	cr_addr end;		/* of what is in the file */
	uint64_t off;
	bool exec;
};

struct cr_symbol {
	cr_addr at;
	uint64_t size;		/* 0: not told */
	const char *name;	/* borrowed: from its file, until the object is freed */
	uint8_t type;		/* STT_*; STT_LOPROC: from Go's table */
	uint8_t bind;
	unsigned int sized;	/* index + 1 of the last function with a size; 0: none */
};

/* A file with debug information beside the object; or the object itself. */
struct cr_debug {
	int fd;
	Elf *elf;		/* owned */
	void *mem;		/* owned: unpacked .gnu_debugdata */
};

struct cr_fde {
	cr_addr start;
	cr_addr end;
	cr_addr lsda;		/* 0: none */
};

struct cr_reloc {
	cr_addr at;
	cr_addr value;
	bool ifunc;
};

/* A function as DWARF has it. */
struct cr_sub {
	cr_addr entry;
	Dwarf_Off die;
	Dwarf_Off cu;
};

struct cr_object {
	char *path;		/* owned */
	struct cr_debug self;
	struct cr_debug debug;	/* separate; elf NULL when there is none */
	struct cr_debug mini;
	struct cr_debug alt;	/* what dwz took out of debug */
	unsigned int word;	/* 4 or 8 */
	bool dyn;		/* ET_DYN */
	bool go;
	struct cr_segment *seg;	/* owned; n_seg */
	size_t n_seg;
	struct cr_symbol *sym;	/* owned; functions, and labels in text; by address */
	size_t n_sym;
	char **made;		/* owned: names that are in no string table */
	size_t n_made;
	struct cr_fde *fde;	/* owned; by address */
	size_t n_fde;
	bool fde_read;
	Dwarf_CFI *cfi;		/* owned */
	struct cr_reloc *rel;	/* owned; by address */
	size_t n_rel;
	bool rel_read;
	Dwarf *dw;		/* owned */
	Dwarf *alt_dw;		/* owned */
	bool dw_tried;
	bool mapped;		/* a process has it: no debug file beside it is believed */
	struct cr_sub *sub;	/* owned; by entry; of the units that were looked at */
	size_t n_sub;
	bool sub_all;
	Dwarf_Off *seen;	/* owned: units that sub[] knows */
	size_t n_seen;
	uint64_t budget;	/* bytes of code that may yet be decoded: symbols may overlap */
	uint64_t patience;	/* steps that may yet be spent on what is not plain */
};

/* object.c */
/* @mapped: see cr_object_open_mapped(); @distrust: with the vetting there. */
struct cr_open_how {
	bool mapped;
	bool distrust;
};
int cr_object_open_how(int fd, const char *path, struct cr_open_how how, struct cr_object **obj,
		       struct cr_err *err) CR_MUST_CHECK;
size_t cr_object_read(const struct cr_object *obj, cr_addr at, void *to, size_t len);
Elf_Scn *cr_object_section(Elf *elf, const char *name, GElf_Shdr *sh);
cr_addr cr_object_got(const struct cr_object *obj);
bool cr_object_in_plt(const struct cr_object *obj, cr_addr at);
/* A file can be made so that looking for what is not plain takes for ever: each step of that (a
 * decoded instruction, say) is paid for. False: no more. */
bool cr_object_spend(struct cr_object *obj, uint64_t steps);
/* The end of the file-backed code around @at; 0 when there is none. */
cr_addr cr_object_text_end(const struct cr_object *obj, cr_addr at);

/* debug.c: separate files */
int cr_debug_open(struct cr_object *obj) CR_MUST_CHECK;
void cr_debug_fini(struct cr_debug *d);
bool cr_debug_vet(Elf *elf);
/* What dwz took out of the separate file, opened when DWARF is. */
void cr_debug_alt(struct cr_object *obj);
/* mini.c: on success *@mem is what the Elf lives in, malloc'ed. */
Elf *cr_mini_open(const void *packed, size_t len, void **mem);

/* symbols.c */
int cr_symbols_read(struct cr_object *obj) CR_MUST_CHECK;
/* The first symbol at or behind @at: an index, n_sym when there is none. */
size_t cr_symbols_from(const struct cr_object *obj, cr_addr at);
/* What a name is that is no function: "data", "imported"; NULL when there is no such name. */
const char *cr_symbols_other(const struct cr_object *obj, const char *name);
bool cr_symbol_is_function(const struct cr_symbol *s);
/* The function that begins at @at or goes on there; NULL when no symbol says so. */
const struct cr_symbol *cr_symbol_around(const struct cr_object *obj, cr_addr at);
/* How long @name is without .cold, .constprop.0 and so on. */
size_t cr_symbol_stem(const char *name, bool *cold);

/* gotab.c: Go's table of functions */
int cr_gotab_read(struct cr_object *obj) CR_MUST_CHECK;
/* Where the function at @entry goes on when a panic in it was recovered; 0: nowhere. Only the
 * runtime jumps there. */
cr_addr cr_gotab_defer(struct cr_object *obj, cr_addr entry);

/* frames.c: unwind tables */
int cr_fdes_read(struct cr_object *obj) CR_MUST_CHECK;
const struct cr_fde *cr_fde_of(struct cr_object *obj, cr_addr at);
/* Does the unwind table at @fde begin in the middle of a call, as it does for a part split off? */
bool cr_fde_is_part(struct cr_object *obj, const struct cr_fde *fde);
/* Calls @fn for each landing pad. */
int cr_fde_pads(struct cr_object *obj, const struct cr_fde *fde,
		int (*fn)(void *ctx, cr_addr pad), void *ctx) CR_MUST_CHECK;

/* relocs.c */
int cr_relocs_read(struct cr_object *obj) CR_MUST_CHECK;
const struct cr_reloc *cr_reloc_at(const struct cr_object *obj, cr_addr at);

/* cr_demangle() of "_R…", rust.c, and of "_Z…", cxx.c: not before there is such a name is the C++
 * library loaded, which costs more than a short run. */
char *cr_demangle_rust(const char *name) CR_MUST_CHECK;
char *cr_demangle_cxx(const char *name) CR_MUST_CHECK;
/* demangle.c */
/* The part of a demangled name that is the name: without result type and parameters. */
struct cr_slice {
	const char *s;
	size_t len;
};
struct cr_slice cr_plain_name(const char *demangled);

/* pattern.c */
struct cr_pattern {
	const char *text;
	struct cr_slice probe;	/* what the linker's name must contain if the plain one matches */
	bool glob;
};
struct cr_pattern cr_pattern_of(const char *text);
enum cr_match { CR_MATCH_NO, CR_MATCH_YES, CR_MATCH_VARIANT };
/* @glob: as one; else as a name. */
enum cr_match cr_pattern_match(const struct cr_pattern *p, const char *linkage, bool glob);
void cr_pattern_hint(const struct cr_object *obj, const char *text, struct cr_err *err);

/* dwarf.c */
Dwarf *cr_dwarf(struct cr_object *obj);
/* The unit whose code @at is. */
bool cr_dwarf_unit(struct cr_object *obj, cr_addr at, Dwarf_Die *cu);
int cr_dwarf_all(struct cr_object *obj) CR_MUST_CHECK;
/* Adds DWARF's file, line, further ranges; 0 also when it knows nothing. */
int cr_dwarf_describe(struct cr_object *obj, struct cr_function *fn) CR_MUST_CHECK;
/* Counts the places in its unit where @fn was inlined. */
int cr_dwarf_also_inlined(struct cr_object *obj, struct cr_function *fn) CR_MUST_CHECK;
/* The entry of the function that the code at @part belongs to; 0 when that is not known. */
cr_addr cr_dwarf_owner(struct cr_object *obj, cr_addr part);
/* Calls @row for each address in fn's ranges that begins an instruction according to the line
 * table. */
int cr_dwarf_rows(struct cr_object *obj, const struct cr_function *fn,
		  int (*row)(void *ctx, cr_addr at), void *ctx) CR_MUST_CHECK;
/* dwarf-find.c: addresses of code of that line; grows @at. */
int cr_dwarf_line(struct cr_object *obj, const char *file, unsigned int line, cr_addr **at,
		  size_t *n) CR_MUST_CHECK;
/* Functions that were inlined and match. */
int cr_dwarf_inlined(struct cr_object *obj, const struct cr_pattern *p, bool glob,
		     struct cr_functions *list) CR_MUST_CHECK;

/* functions.c */
int cr_function_add_range(struct cr_function *fn, cr_addr start, cr_addr end) CR_MUST_CHECK;
bool cr_function_has(const struct cr_function *fn, cr_addr at);
struct cr_function *cr_functions_add(struct cr_functions *list);

/* exits.c */
int cr_exits_find(struct cr_object *obj, struct cr_function *fn) CR_MUST_CHECK;

#endif
