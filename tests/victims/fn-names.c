/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Functions with all kinds of names. None of it is run. */
#include <stdio.h>

#define NAMED(f, name) __attribute__((noinline, used)) int f(int x) __asm__(name)

int table[4] = { 1, 2, 3, 4 };

NAMED(cxx_overload_i, "_ZN2ns4loadEi");
NAMED(cxx_overload_c, "_ZN2ns4loadEPKc");
NAMED(cxx_template, "_ZN2ns4castIiEEiT_");
NAMED(rust_old, "_ZN4demo5Thing3run17h0123456789abcdefE");
NAMED(rust_trait,
      "_ZN50_$LT$demo..Thing$u20$as$u20$core..fmt..Display$GT$3fmt17h0123456789abcdefE");
NAMED(rust_new, "_RNvMs_NtCs1234_4demo5shapeNtB4_6Square4area");
/* The quotes are for the assembler. */
NAMED(go_method, "\"os.(*File).ReadAt\"");
NAMED(go_closure, "\"example.com/pkg/sub.Run.func1\"");
NAMED(work, "work");
NAMED(work_clone, "work.constprop.0");
NAMED(evil, "\"evil\033[31mname\"");

#define BODY(f) int f(int x) { table[x & 3]++; return x + table[0]; }
BODY(cxx_overload_i)
BODY(cxx_overload_c)
BODY(cxx_template)
BODY(rust_old)
BODY(rust_trait)
BODY(rust_new)
BODY(go_method)
BODY(go_closure)
BODY(work)
BODY(work_clone)
BODY(evil)

int aliased(int x) { return puts("aliased") + x; }
__attribute__((weak, alias("aliased"))) int other_name(int x);

static int chosen(int x) { return x + 1; }
static int (*resolve(void))(int) { return chosen; }
__attribute__((ifunc("resolve"))) int picked(int x);

static inline __attribute__((always_inline)) int everywhere(int x)
{
	return x * table[x & 3];	/* LINE: everywhere */
}

static __attribute__((noinline)) int hidden(int x)
{
	return puts("hidden") + x;	/* LINE: hidden */
}

int main(int argc, char **argv)
{
	(void)argv;
	return everywhere(argc) + everywhere(argc + 1) + hidden(argc) + picked(argc) +
	       aliased(argc);
}
