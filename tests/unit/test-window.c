/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <time.h>

#include "cr/window.h"
#include "window-model.h"
#include "cr-test.h"

/*
 * A script is a list of words: what happens, then "=" and the windows that are open after it,
 * innermost first, with a number behind those that are open more than once.
 *	+fM900  f is entered, with its frame at 900 on stack M	-fM900  a ret of f there
 *	>fM900  a jump out of f there				.M900   the thread is seen there
 *	xM      stack M is no more	mM      stack M has moved, to N
 * Stacks: M the thread's, A its alternate one, C and D coroutines, U not known where,
 * I a coroutine's, in an array on M (500 to 600), J an alternate one, in an array too (700 to 800).
 */
static cr_addr base_of(char stack)
{
	return 0x10000 * (cr_addr)(stack - '@');
}

static struct cr_spot spot_of(const char *s)
{
	struct cr_spot spot = { .alt = s[0] == 'A' || s[0] == 'J' };
	bool array = s[0] == 'I' || s[0] == 'J';
	cr_addr base = base_of(array ? 'M' : s[0]);

	spot.sp = base + strtoul(s + 1, NULL, 10);
	if (s[0] == 'U')
		return spot;
	spot.lo = base + (array ? s[0] == 'I' ? 500 : 700 : 0);
	spot.hi = spot.lo + (array ? 100 : 1000);
	return spot;
}

static int happen(struct cr_windows *ws, const char *word)
{
	struct cr_spot spot = spot_of(word + (strchr("+->", word[0]) ? 2 : 1));
	unsigned int fn = (unsigned int)(word[1] - 'a');

	switch (word[0]) {
	case '+':
		return cr_windows_enter(ws, fn, &spot);
	case '-':
		return (int)cr_windows_exit(ws, fn, &spot, CR_LEAVE_RET);
	case '>':
		return (int)cr_windows_exit(ws, fn, &spot, CR_LEAVE_JUMP);
	case '.':
		return (int)cr_windows_seen(ws, &spot);
	case 'x':
		return (int)cr_windows_gone(ws, base_of(word[1]), base_of(word[1]) + 1000);
	case 'm':
		cr_windows_moved(ws, base_of('M'), base_of('M') + 1000, base_of('N') + 2000);
		return 0;
	default:
		CR_FAIL("no word: %s", word);
	}
}

static const char *open_now(const struct cr_windows *ws)
{
	static char text[256];
	unsigned int fns[26];
	size_t n = cr_windows_list(ws, fns, 26), k, at = 0;

	for (k = 0; k < n; k++) {
		unsigned int depth = cr_windows_open(ws, fns[k]);

		at += (size_t)sprintf(text + at, "%c", (int)('a' + fns[k]));
		if (depth > 1)
			at += (size_t)sprintf(text + at, "%u", depth);
	}
	text[at] = '\0';
	return text;
}

static const struct {
	const char *what, *script;
	unsigned int strays;
} lines[] = {
	{ "a ret closes its window",
	  "+fM900=f .M800=f -fM900=", 0 },
	{ "a leaf may call with the stack pointer at its frame",
	  "+fM900=f .M900=f -fM900=", 0 },
	{ "an inner ret does not close the outer window of a recursion",
	  "+fM900=f +fM800=f2 +fM700=f3 -fM700=f2 .M750=f2 -fM800=f -fM900=", 0 },
	{ "mutual recursion nests",
	  "+fM900=f +gM800=gf +fM700=f2g -fM700=gf +gM750=g2f -gM750=gf -gM800=f -fM900=", 0 },
	{ "a tail jump into another window leaves one open",
	  "+fM900=f >fM900= +gM900=g -gM900=", 0 },
	{ "a tail jump that nobody saw is seen at the next entry",
	  "+fM900=f +gM900=g -gM900=", 0 },
	{ "a jump at another depth goes to a part of the function that lies elsewhere",
	  "+fM900=f >fM850=f -fM900=", 0 },
	{ "a thunk that pops the return address and jumps leaves",
	  "+fM900=f >fM908= ", 0 },
	{ "a jump in code that another function borrows leaves that one open",
	  "+gM900=g >fM900=g -gM900=", 1 },
	{ "the ret of code that two functions share closes what is open",
	  "+fM900=f -gM900=", 0 },
	{ "longjmp past one window, seen at a system call",
	  "+fM900=f +gM800=gf .M850=f -fM900=", 0 },
	{ "longjmp past all, seen where it lands",
	  "+fM900=f +gM800=gf +fM700=f2g .M950= ", 0 },
	{ "longjmp past a window, seen when the outer one returns",
	  "+fM900=f +gM800=gf +hM700=hgf -fM900=", 0 },
	{ "longjmp, and another function at a higher frame",
	  "+fM900=f +gM800=gf +hM850=hf -hM850=f -fM900=", 0 },
	{ "longjmp, and the same function from the same place",
	  "+fM900=f .M904= +fM900=f -fM900=", 0 },
	{ "an entry that is run again is the same window",
	  "+fM900=f +fM900=f -fM900=", 0 },
	{ "an entry that is run again on a moved stack is the same window",
	  "+gM950=g +fM900=fg mM=fg +fN1900=fg -fN1900=g -gN1950=", 0 },
	{ "windows of other stacks stay where they are when one moves",
	  "+fC500=f +gM900=gf mM=gf -gN1900=f .N1950=f -fC500=", 0 },
	{ "a ret without a window is ignored and counted",
	  "-fM900= -fM950= +fM900=f -gM850=f -fM900=", 3 },
	{ "a jump without a window is counted too",
	  ">fM900=", 1 },
	{ "a handler on the same stack is inside",
	  "+fM900=f .M700=f +gM600=gf -gM600=f -fM900=", 0 },
	{ "a handler on the alternate stack is inside",
	  "+fM900=f .A980=f +gA900=gf -gA900=f .A990=f .M800=f -fM900=", 0 },
	{ "a handler that enters the function again nests",
	  "+fM900=f +fA900=f2 -fA900=f -fM900=", 0 },
	{ "siglongjmp leaves the handler and the function",
	  "+fM900=f +gA900=gf .M950= ", 0 },
	{ "siglongjmp leaves the handler alone",
	  "+fM900=f +gA900=gf .M800=f -fM900=", 0 },
	{ "siglongjmp out of nested handlers on one stack",
	  "+fM900=f +gM700=gf +fM500=f2g .M950=", 0 },
	{ "siglongjmp from an alternate stack in an array on the stack that it lands on",
	  "+fM400=f +gJ780=gf .M390=f +gJ780=gf .M450=", 0 },
	{ "a handler on an alternate stack inside a coroutine",
	  "+fM900=f +gC500=gf +hA900=hgf .C450=gf .M850=gf -fM900=g -gC500=", 0 },
	{ "a coroutine that waits stays inside",
	  "+fC500=f .M100=f .M990=f +gM900=gf .C100=gf -gM900=f -fC500=", 0 },
	{ "two coroutines take turns in one function",
	  "+fC500=f +fD500=f2 .C400=f2 -fC500=f .D400=f -fD500=", 0 },
	{ "a longjmp inside a coroutine closes what is on its stack",
	  "+fM900=f +gC500=gf +hC400=hgf .C600=f -fM900=", 0 },
	{ "a coroutine that ends inside takes its windows along",
	  "+fC500=f +gC400=gf +hM900=hgf xC=h -hM900=", 0 },
	{ "a coroutine whose stack is an array on another stack",
	  "+fM400=f +gI580=gf .I560=gf .M390=gf -fM400=g +hI520=hg -hI520=g -gI580=", 0 },
	{ "a longjmp under a coroutine in an array",
	  "+fM400=f +gI580=gf .M450=g -gI580=", 0 },
	{ "where stacks are not known an exit closes what it names",
	  "+fU900=f +gU200=gf +hU800=hgf .U950=hgf -gU200=hf -hU800=f -fU900=", 0 },
	{ "where stacks are not known a jump closes what is just below it, and nothing far away",
	  "+fU900=f >fU950=f >fU909=f >fU908=", 0 },
	{ "where stacks are not known a frame that is taken again is gone",
	  "+fU900=f +gU900=g -gU900=", 0 },
	{ "what was entered on an unknown stack is closed when it is known",
	  "+fU900=f .M100=f .U950=f -fU900=", 0 },
};

CR_TEST(each_line_of_the_table_holds)
{
	char script[256], *word, *state;
	size_t k;

	for (k = 0; k < CR_ARRAY_SIZE(lines); k++) {
		struct cr_windows *ws = cr_windows_new(NULL);

		snprintf(script, sizeof(script), "%s", lines[k].script);
		word = strtok_r(script, " ", &state);
		for (; word; word = strtok_r(NULL, " ", &state)) {
			char *want = strchr(word, '=');

			CR_CHECK(happen(ws, word) >= 0);
			if (strcmp(open_now(ws), want + 1) != 0)
				CR_FAIL("%s: after %s \"%s\" is open", lines[k].what, word,
					open_now(ws));
		}
		if (cr_windows_strays(ws) != lines[k].strays)
			CR_FAIL("%s: %lu strays", lines[k].what, cr_windows_strays(ws));
		cr_windows_free(ws);
	}
	printf("# %zu scripts\n", k);
}

CR_TEST(calls_tell_what_they_changed)
{
	struct cr_windows *ws = cr_windows_new(NULL);
	struct cr_spot spot;

	CR_CHECK_INT(happen(ws, "+fM900"), 1);
	CR_CHECK_INT(happen(ws, "+fM900"), 0);
	CR_CHECK_INT(happen(ws, "+gM800"), 1);
	CR_CHECK_INT(happen(ws, "+gM700"), 1);
	CR_CHECK_INT(happen(ws, ".M600"), 0);
	CR_CHECK_INT(happen(ws, "-fM900"), 3);
	CR_CHECK_INT(happen(ws, "-fM900"), 0);
	CR_CHECK_INT(cr_windows_strays(ws), 1);
	CR_CHECK_INT(cr_windows_open(ws, 12345), 0);
	CR_CHECK_INT(happen(ws, "+gA900"), 1);
	spot = (struct cr_spot){ .sp = 0x5000, .lo = 0x5000, .hi = 0x5000 };
	/* Perhaps it is still on the alternate stack. */
	CR_CHECK_INT(cr_windows_seen(ws, &spot), 0);
	spot.hi = 0x6000;
	CR_CHECK_INT(cr_windows_seen(ws, &spot), 1);
	cr_windows_free(ws);
}

CR_TEST(a_short_list_holds_the_innermost)
{
	struct cr_windows *ws = cr_windows_new(NULL);
	unsigned int fns[2] = { 99, 99 };

	happen(ws, "+fM900");
	happen(ws, "+gM800");
	happen(ws, "+gM700");
	happen(ws, "+hM600");
	CR_CHECK_INT(cr_windows_list(ws, fns, 2), 3);
	CR_CHECK(fns[0] == 'h' - 'a' && fns[1] == 'g' - 'a');
	CR_CHECK_INT(cr_windows_list(ws, NULL, 0), 3);
	CR_CHECK_INT(cr_windows_depth(ws), 4);
	cr_windows_free(ws);
}

static size_t at(const struct cr_windows *ws, const char *where, bool handler, unsigned int *fns)
{
	struct cr_spot spot = spot_of(where);

	return cr_windows_at(ws, &spot, handler, fns, 4);
}

/* f and g on the thread's stack, h on a stack that nobody knows. */
CR_TEST(a_call_belongs_to_the_windows_of_its_own_stack)
{
	struct cr_windows *ws = cr_windows_new(NULL);
	unsigned int fns[4] = { 0 };

	CR_CHECK(ws != NULL);
	CR_CHECK(happen(ws, "+fM900") == 1 && happen(ws, "+gM800") == 1 &&
		 happen(ws, "+hU300") == 1);
	CR_CHECK(at(ws, "M700", false, fns) == 2 && fns[0] == 'g' - 'a' && fns[1] == 'f' - 'a');
	CR_CHECK(at(ws, "U200", false, fns) == 1 && fns[0] == 'h' - 'a');
	CR_CHECK(at(ws, "U200", true, fns) == 3 && fns[0] == 'h' - 'a' && fns[2] == 'f' - 'a');
	CR_CHECK(at(ws, "C700", false, fns) == 0);
	cr_windows_free(ws);
}

CR_TEST(depth_has_an_end_and_survives_it)
{
	struct cr_windows *ws = cr_windows_new(NULL);
	struct cr_spot spot = { .lo = 0x1000, .hi = 0x10000000 };
	unsigned int k;

	for (k = 0; k < CR_WINDOWS_MAX; k++) {
		spot.sp = spot.hi - 16 * (k + 1);
		CR_CHECK_INT(cr_windows_enter(ws, k % 3, &spot), 1);
	}
	CR_CHECK_INT(cr_windows_enter(ws, k % 3, &spot), 1);	/* in the place of the last */
	spot.sp -= 16;
	CR_CHECK_INT(cr_windows_enter(ws, 1, &spot), -E2BIG);
	CR_CHECK_INT(cr_windows_depth(ws), CR_WINDOWS_MAX);
	for (k = CR_WINDOWS_MAX; k-- > 0;) {
		spot.sp = spot.hi - 16 * (k + 1);
		CR_CHECK_INT(cr_windows_exit(ws, k % 3, &spot, CR_LEAVE_RET), 1);
	}
	CR_CHECK_INT(cr_windows_depth(ws), 0);
	cr_windows_free(ws);
}

CR_TEST(a_scope_counts_the_windows_of_all_threads)
{
	struct cr_scope *scope = cr_scope_new(), *child_scope = cr_scope_new();
	struct cr_windows *a = cr_windows_new(scope), *b = cr_windows_new(scope), *child;
	unsigned int fns[4];

	happen(a, "+fM900");
	happen(b, "+fC900");
	happen(b, "+fC800");
	happen(b, "+gC700");
	CR_CHECK_INT(cr_scope_open(scope, 'f' - 'a'), 3);
	CR_CHECK_INT(cr_scope_list(scope, fns, 4), 2);
	CR_CHECK(fns[0] == 'f' - 'a' && fns[1] == 'g' - 'a');
	child = cr_windows_copy(b, child_scope);	/* b forks */
	CR_CHECK_INT(cr_scope_open(scope, 'f' - 'a'), 3);
	CR_CHECK_INT(cr_scope_open(child_scope, 'f' - 'a'), 2);
	CR_CHECK_STR(open_now(child), "gf2");
	cr_windows_free(b);				/* dies inside */
	CR_CHECK_INT(cr_scope_open(scope, 'f' - 'a'), 1);
	CR_CHECK_INT(cr_scope_list(scope, fns, 4), 1);
	happen(a, "-fM900");
	CR_CHECK_INT(cr_scope_list(scope, fns, 4), 0);
	cr_windows_clear(child);			/* calls exec */
	CR_CHECK_INT(cr_scope_list(child_scope, fns, 4), 0);
	CR_CHECK_INT(cr_scope_open(child_scope, 4711), 0);
	cr_windows_free(child);
	cr_windows_free(a);
	cr_scope_free(scope);
	cr_scope_free(child_scope);
}

/* ---- slots that are looked into */

static uint32_t slots[0x1000];

static int slot_read(void *arg, cr_addr at, void *to, size_t n)
{
	(void)arg;
	if (at < base_of('M') || at - base_of('M') >= 1000 || n != 4)
		return -EFAULT;
	memcpy(to, &slots[at - base_of('M')], 4);
	return 0;
}

static int enter_with(struct cr_windows *ws, const char *word, uint32_t ret)
{
	struct cr_spot spot = spot_of(word + 2);

	spot.ret = ret;
	if (word[2] == 'M')
		slots[spot.sp - base_of('M')] = ret;
	return cr_windows_enter(ws, (unsigned int)(word[1] - 'a'), &spot);
}

CR_TEST(a_slot_that_was_overwritten_closes_its_window)
{
	const struct cr_target_mem mem = { slot_read, NULL, NULL };
	struct cr_windows *ws = cr_windows_new(NULL);
	struct cr_spot low = spot_of("M100");

	CR_CHECK_INT(enter_with(ws, "+eM950", 0x11), 1);
	CR_CHECK_INT(enter_with(ws, "+fM900", 0x22), 1);
	CR_CHECK_INT(enter_with(ws, "+gC900", 0x33), 1);	/* its slot cannot be read */
	CR_CHECK_INT(enter_with(ws, "+hM800", 0x44), 1);
	CR_CHECK_INT(enter_with(ws, "+iM700", 0), 1);		/* not read at entry */
	slots[700] = 0x99;
	CR_CHECK_INT(cr_windows_verify(ws, &low, &mem), 0);
	CR_CHECK_STR(open_now(ws), "ihgfe");
	slots[900] = 0x55;	/* longjmp to e, which calls another function from there */
	CR_CHECK_INT(cr_windows_verify(ws, &low, &mem), 3);
	CR_CHECK_STR(open_now(ws), "ge");
	CR_CHECK_INT(cr_windows_verify(ws, &low, &mem), 0);
	low.sp = base_of('M') + 960;
	CR_CHECK_INT(cr_windows_verify(ws, &low, &mem), 1);
	CR_CHECK_STR(open_now(ws), "g");
	cr_windows_free(ws);
}

/* ---- a program with real stacks */

static void run_model(bool marks)
{
	static struct model m;
	const char *s = getenv("CR_SEED"), *why;
	uint64_t seed = s ? strtoull(s, NULL, 0) : (uint64_t)time(NULL) * 2654435761u | 1;
	unsigned int k;

	printf("# CR_SEED=%#llx\n", (unsigned long long)seed);
	CR_CHECK_INT(model_start(&m, seed, marks), 0);
	for (k = 0; k < 100000; k++) {
		why = model_step(&m);
		if (why)
			CR_FAIL("step %u: %s", k, why);
	}
	printf("# %u entries, %u rets, %u tail jumps, %u longjmps, %u signals, %u switches, "
	       "%u forks, %u moves, deepest %u\n", m.count[MODEL_CALL], m.count[MODEL_RET],
	       m.count[MODEL_TAIL], m.count[MODEL_LONGJMP], m.count[MODEL_SIGNAL],
	       m.count[MODEL_SWITCH], m.count[MODEL_FORK], m.count[MODEL_MOVE], m.deepest);
	for (k = 0; k < MODEL_KINDS; k++)
		CR_CHECK(m.count[k] > 100);
	CR_CHECK(m.deepest > 8);
	model_end(&m);
}

CR_TEST(a_random_program_is_inside_what_it_is_inside_of)
{
	run_model(true);
}

CR_TEST(a_random_program_without_marks_too)
{
	run_model(false);
}

int main(void)
{
	CR_RUN(each_line_of_the_table_holds,
	       "each way into and out of a function leaves open what is open");
	CR_RUN(calls_tell_what_they_changed, "each call tells how much it changed");
	CR_RUN(a_short_list_holds_the_innermost,
	       "a short list holds the innermost functions, each once");
	CR_RUN(a_call_belongs_to_the_windows_of_its_own_stack,
	       "a call belongs to the windows of its own stack");
	CR_RUN(depth_has_an_end_and_survives_it,
	       "the depth has an end, and all that is below it still closes");
	CR_RUN(a_scope_counts_the_windows_of_all_threads,
	       "a scope counts the windows of all threads, and of one that dies inside no more");
	CR_RUN(a_slot_that_was_overwritten_closes_its_window,
	       "a slot that was overwritten closes its window and what is inside of it");
	CR_RUN(a_random_program_is_inside_what_it_is_inside_of,
	       "a random program whose longjmps are marked is inside exactly what it is inside of");
	CR_RUN(a_random_program_without_marks_too,
	       "without marks it leaves a window at the first sign, and never one it is inside of");
	return cr_done();
}
