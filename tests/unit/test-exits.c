/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Exits of functions written in assembly, whose source marks each one by a label. */
#include "config.h"

#include "fn-build.h"

#define FLAGS "-nostdlib -static -no-pie"

static const char *const kinds[] = {
	[CR_EXIT_BY_RET] = "ret",
	[CR_EXIT_BY_JUMP] = "jump",
	[CR_EXIT_BY_POINTER] = "pointer",
};

static const struct cr_exit *exit_at(const struct cr_function *fn, cr_addr at)
{
	size_t i;

	for (i = 0; i < fn->n_exit; i++)
		if (fn->exit[i].at == at)
			return &fn->exit[i];
	return NULL;
}

/* The exits of @name are those that the labels say; gives it to @use, too. */
static void check(const char *file, const char *name,
		  void (*use)(const struct cr_function *fn))
{
	struct cr_object *obj = fn_open(file);
	struct cr_functions list;
	struct cr_err err = { "", "" };
	const struct cr_exit *e;
	char label[16][64], prefix[64];
	cr_addr at[16];
	size_t n, i;

	snprintf(prefix, sizeof(prefix), "x_%s_", name);
	n = fn_labels(file, prefix, label, at, 16);
	if (cr_functions_find(obj, name, &list, &err) < 0)
		CR_FAIL("%s", err.text);
	CR_CHECK_INT(list.n, 1);
	for (i = 0; i < n; i++) {
		e = exit_at(&list.fn[0], at[i]);
		if (!e)
			CR_FAIL("%s was not found", label[i]);
		CR_CHECK_STR(strrchr(label[i], '_') + 1, kinds[e->kind]);
	}
	for (i = 0; i < list.fn[0].n_exit; i++)
		if (i >= n)
			CR_FAIL("%s has no exit at %#llx", name,
				(unsigned long long)list.fn[0].exit[i].at);
	if (use)
		use(&list.fn[0]);
	cr_functions_fini(&list);
	cr_object_free(obj);
}

static void complete(const struct cr_function *fn)
{
	CR_CHECK(!(fn->flags & CR_FN_INCOMPLETE));
}

static void in_doubt(const struct cr_function *fn)
{
	CR_CHECK(fn->flags & CR_FN_INCOMPLETE);
}

static void check64(const char *name, void (*use)(const struct cr_function *fn))
{
	fn_build("exits", "fn-exits.S", FLAGS);
	check("exits", name, use);
}

static void of_rets(const struct cr_function *fn)
{
	complete(fn);
	CR_CHECK_INT(fn->exit[0].len, 1);
	CR_CHECK_INT(fn->exit[1].len, 2);
	CR_CHECK_INT(fn->exit[2].len, 2);
	CR_CHECK_INT(fn->exit[3].len, 3);
	CR_CHECK_INT(fn->exit[2].pops, 0);
	CR_CHECK_INT(fn->exit[3].pops, 16);
}

CR_TEST(rets)
{
	check64("rets", of_rets);
}

CR_TEST(far_returns)
{
	check64("far", complete);
}

CR_TEST(loops)
{
	check64("loops", complete);
}

static void of_tails(const struct cr_function *fn)
{
	complete(fn);
	CR_CHECK(fn->exit[0].conditional);
	CR_CHECK(!fn->exit[1].conditional);
	CR_CHECK(fn->exit[0].to && fn->exit[0].to == fn->exit[1].to);
}

CR_TEST(tails)
{
	check64("tails", of_tails);
	check64("thunked", NULL);
}

CR_TEST(inner_calls)
{
	check64("here", complete);
}

CR_TEST(data_between)
{
	check64("data", complete);
	check64("stops", complete);
}

static void of_hot(const struct cr_function *fn)
{
	complete(fn);
	CR_CHECK_INT(fn->n_range, 2);
	CR_CHECK(fn->entry >= fn->range[0].start && fn->entry < fn->range[0].end);
}

CR_TEST(cold_parts)
{
	check64("hot", of_hot);
}

static void of_nosize(const struct cr_function *fn)
{
	complete(fn);
	CR_CHECK(fn->flags & CR_FN_GUESSED);
	CR_CHECK_INT(fn->range[0].end - fn->range[0].start, 2);
}

static void of_framed(const struct cr_function *fn)
{
	complete(fn);
	CR_CHECK(!(fn->flags & CR_FN_GUESSED));
}

CR_TEST(without_size)
{
	check64("nosize", of_nosize);
	check64("behind", complete);
	check64("framed", of_framed);
}

CR_TEST(table_in_text)
{
	check64("table", complete);
}

CR_TEST(table_elsewhere)
{
	check64("absolute", complete);
}

CR_TEST(table_without_bound)
{
	check64("unbounded", NULL);
}

CR_TEST(code_behind_a_pointer)
{
	check64("hidden", complete);
}

CR_TEST(data_behind_a_pointer)
{
	check64("constants", in_doubt);
}

CR_TEST(lock_prefix)
{
	check64("prefixed", complete);
}

CR_TEST(narrow)
{
	static const char *const names[] = { "rets", "loops", "tails", "here", "data", "stops",
					     "hot", "nosize", "behind", "framed" };
	size_t i;

	fn_build("exits32", "fn-exits.S", FLAGS " -m32");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		check("exits32", names[i], complete);
}

int main(void)
{
	fn_start();
	CR_RUN(rets, "every form of ret is an exit, with its length and what it pops");
	CR_RUN(far_returns, "a far return is an exit that goes by what is in memory");
	CR_RUN(loops, "a jump to the function's own entry is no exit");
	CR_RUN(tails, "jumps out of the function are exits, conditional or by pointer");
	CR_RUN(inner_calls, "a call of the next instruction is followed");
	CR_RUN(data_between, "bytes that no code leads to are not taken for a ret");
	CR_RUN(cold_parts, "a part that was moved elsewhere belongs to its function");
	CR_RUN(without_size, "without a size a function ends by unwind table or next symbol");
	CR_RUN(table_in_text, "a jump table in the text is followed and is not code");
	CR_RUN(table_elsewhere, "a table of addresses ends where its comparison says");
	CR_RUN(table_without_bound, "a table of unknown size leads to borders of instructions");
	CR_RUN(code_behind_a_pointer, "code that only an unknown jump leads to is found");
	CR_RUN(data_behind_a_pointer, "what the code reads is data, and then it says that it does "
	       "not know all");
	CR_RUN(lock_prefix, "a jump behind a lock prefix is understood");
	CR_RUN(narrow, "32-bit code is read as such");
	return cr_done();
}
