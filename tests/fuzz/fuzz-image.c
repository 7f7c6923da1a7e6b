/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz-image - programs and libraries that no linker would make
 *
 * The input is an ELF file. Whatever is found in it must be such that traps can be planted: a
 * function has code, its exits begin instructions inside of it, and none overlaps the next. Built
 * with -fsanitize=fuzzer -DCR_FUZZER it is a libFuzzer target; else it replays the files it is
 * given. The corpus began as tests/victims/fn-*, linked small and then damaged.
 */
#include <string.h>
#include <sys/mman.h>

#include "cr/functions.h"
#include "fuzz.h"

#define ENTRIES 8u		/* of one file, asked for by address */
#define SLOTS 4u

static bool printable(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

static bool in_ranges(const struct cr_function *fn, cr_addr at, cr_addr end)
{
	size_t i;

	for (i = 0; i < fn->n_range; i++)
		if (at >= fn->range[i].start && end <= fn->range[i].end)
			return true;
	return false;
}

static void look_at_exits(const struct cr_function *fn)
{
	const struct cr_exit *e;
	cr_addr free_from = 0;
	size_t i;

	for (i = 0; i < fn->n_exit; i++) {
		e = &fn->exit[i];
		must(e->len > 0 && e->len <= 15, "an exit is an instruction");
		must(e->at >= free_from, "exits are sorted and do not overlap");
		must(in_ranges(fn, e->at, e->at + e->len), "an exit is in its function");
		free_from = e->at + e->len;
	}
}

static void look_at(const struct cr_object *obj, const struct cr_function *fn)
{
	size_t i;

	must(fn->name && printable(fn->name), "a function has a name to show");
	must(fn->linkage && printable(fn->linkage), "and one for the linker");
	must(!fn->file || printable(fn->file), "its file can be shown");
	for (i = 0; i < fn->n_range; i++)
		must(fn->range[i].start < fn->range[i].end &&
		     cr_object_is_text(obj, fn->range[i].start), "a range has code");
	if (!(fn->flags & CR_FN_INLINED))
		must(fn->n_range && fn->range[0].start == fn->entry, "the first holds the entry");
	look_at_exits(fn);
}

/* What is found, or what is said; the entries of the first few go to @entry. */
static size_t look_for(struct cr_object *obj, const char *pattern, cr_addr *entry)
{
	struct cr_err err = { "", "" };
	struct cr_functions list;
	size_t i, n;

	if (cr_functions_find(obj, pattern, &list, &err) < 0) {
		must(err.text[0] && !list.n && !list.fn, "a refusal has words and gives nothing");
		return 0;
	}
	for (i = n = 0; i < list.n; i++) {
		look_at(obj, &list.fn[i]);
		if (n < ENTRIES && !(list.fn[i].flags & CR_FN_INLINED))
			entry[n++] = list.fn[i].entry;
	}
	cr_functions_fini(&list);
	return n;
}

static void ask_again(struct cr_object *obj, const cr_addr *entry, size_t n)
{
	struct cr_err err = { "", "" };
	struct cr_functions list;
	cr_addr slot[SLOTS];
	size_t i;

	for (i = 0; i < n; i++) {
		must(cr_function_at(obj, entry[i], &list, &err) == 0, "an entry told is one");
		must(list.n == 1 && list.fn[0].entry == entry[i], "it is the one meant");
		look_at(obj, &list.fn[0]);
		must(cr_object_ifunc_slots(obj, entry[i], slot, SLOTS) >= 0, "slots are counted");
		cr_functions_fini(&list);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const patterns[] = {
		"main", "f*", "ns::load", "*everywhere*", "fuzz.c:3", "0x401000", "no such name",
	};
	cr_auto_close int fd = memfd_create("fuzz-image", MFD_CLOEXEC);
	cr_addr entry[ENTRIES], ignored[ENTRIES];
	struct cr_err err = { "", "" };
	struct cr_object *obj;
	size_t i, n;

	must(fd >= 0 && write(fd, data, size) == (ssize_t)size, "there is room");
	if (cr_object_open_fd(fd, "fuzz", &obj, &err) < 0) {
		must(err.text[0] && !obj, "a refusal has words and gives nothing");
		return 0;
	}
	n = look_for(obj, NULL, entry);
	for (i = 0; i < CR_ARRAY_SIZE(patterns); i++)
		look_for(obj, patterns[i], ignored);
	ask_again(obj, entry, n);
	cr_object_free(obj);
	return 0;
}
