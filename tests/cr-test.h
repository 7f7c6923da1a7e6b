/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cr-test - a test program in one header; prints TAP
 *
 * A test is a sentence that is true:
 *
 *	CR_TEST(names_are_found) { CR_CHECK_INT(cr_name_to_nr(CR_ABI_X86_64, "read"), 0); }
 *	int main(void) { CR_RUN(names_are_found, "a name is found in its ABI"); return cr_done(); }
 *
 * A failed check ends its test. CR_SKIP(why) does too; under CR_MUST_RUN=1 a skip is a failure.
 */
#ifndef CR_TEST_H
#define CR_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static jmp_buf cr_test_out;
static char cr_test_why[2048];
static int cr_test_no, cr_test_failures;

#define CR_TEST(name) static void name(void)
#define CR_RUN(name, sentence) cr_test_run(name, sentence)

__attribute__((noreturn, format(printf, 4, 5), unused))
static void cr_test_leave(int how, const char *file, int line, const char *fmt, ...)
{
	va_list ap;
	int n = how == 1 ? snprintf(cr_test_why, sizeof(cr_test_why), "%s:%d: ", file, line) : 0;

	va_start(ap, fmt);
	vsnprintf(cr_test_why + n, sizeof(cr_test_why) - (size_t)n, fmt, ap);
	va_end(ap);
	longjmp(cr_test_out, how);
}

#define CR_FAIL(...) cr_test_leave(1, __FILE__, __LINE__, __VA_ARGS__)
#define CR_SKIP(...) cr_test_leave(2, __FILE__, __LINE__, __VA_ARGS__)

#define CR_CHECK(c) do { if (!(c)) CR_FAIL("not true: %s", #c); } while (0)

#define CR_CHECK_INT(got, want) do { \
	long long got_ = (long long)(got), want_ = (long long)(want); \
	if (got_ != want_) \
		CR_FAIL("%s is %lld, not %lld", #got, got_, want_); \
} while (0)

#define CR_CHECK_STR(got, want) do { \
	const char *got_ = (got), *want_ = (want); \
	if (!got_ || strcmp(got_, want_) != 0) \
		CR_FAIL("%s is \"%s\", not \"%s\"", #got, got_ ? got_ : "(null)", want_); \
} while (0)

#define CR_CHECK_HAS(got, part) do { \
	const char *got_ = (got), *part_ = (part); \
	if (!got_ || !strstr(got_, part_)) \
		CR_FAIL("%s is \"%s\", without \"%s\"", #got, got_ ? got_ : "(null)", part_); \
} while (0)

__attribute__((unused))
static void cr_test_run(void (*test)(void), const char *sentence)
{
	const char *must = getenv("CR_MUST_RUN");
	int how = setjmp(cr_test_out);
	char *nl;

	if (how == 0) {
		test();
		printf("ok %d - %s\n", ++cr_test_no, sentence);
		fflush(stdout);
		return;
	}
	while ((nl = strchr(cr_test_why, '\n')))
		*nl = ' ';
	if (how == 2 && !(must && *must == '1')) {
		printf("ok %d - %s # SKIP %s\n", ++cr_test_no, sentence, cr_test_why);
	} else {
		cr_test_failures++;
		printf("not ok %d - %s\n# %s\n", ++cr_test_no, sentence, cr_test_why);
	}
	fflush(stdout);
}

__attribute__((unused))
static int cr_done(void)
{
	printf("1..%d\n", cr_test_no);
	return cr_test_failures != 0;
}

#endif
