/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "cr-test.h"
#include "cr/buf.h"
#include "cr/err.h"
#include "cr/map.h"
#include "cr/utf8.h"

CR_TEST(text_grows)
{
	cr_auto_buf struct cr_buf b = CR_BUF_INIT;
	int i;

	CR_CHECK_STR(cr_buf_str(&b), "");
	for (i = 0; i < 1000; i++)
		cr_buf_addf(&b, "%d,", i % 10);
	CR_CHECK(cr_buf_ok(&b));
	CR_CHECK_INT(b.len, 2000);
	CR_CHECK_STR(cr_buf_str(&b) + 1996, "8,9,");
	cr_buf_clear(&b);
	cr_buf_add(&b, "x");
	cr_buf_addn(&b, "yz", 1);
	CR_CHECK_STR(cr_buf_str(&b), "xy");
}

CR_TEST(a_failed_text_stays_failed)
{
	cr_auto_buf struct cr_buf b = CR_BUF_INIT;

	cr_buf_addn(&b, "x", SIZE_MAX / 2);
	CR_CHECK(!cr_buf_ok(&b));
	cr_buf_add(&b, "more");
	CR_CHECK(!cr_buf_ok(&b));
	CR_CHECK(cr_buf_take(&b) == NULL);
	CR_CHECK(cr_buf_ok(&b));
}

CR_TEST(a_taken_text_leaves_the_buffer_empty)
{
	struct cr_buf b = CR_BUF_INIT;
	char *s;

	cr_buf_add(&b, "mine");
	s = cr_buf_take(&b);
	CR_CHECK_STR(s, "mine");
	CR_CHECK(b.s == NULL && b.len == 0);
	free(s);
	s = cr_buf_take(&b);
	CR_CHECK_STR(s, "");
	free(s);
}

CR_TEST(an_error_carries_words_and_the_kernels_reason)
{
	struct cr_err err = { "", "left over" };

	CR_CHECK_INT(cr_err_sys(&err, -ENOENT, "cannot open %s", "x"), -ENOENT);
	CR_CHECK_STR(err.text, "cannot open x: No such file or directory");
	CR_CHECK_STR(err.hint, "");
	cr_err_hint(&err, "try %d", 2);
	CR_CHECK_STR(err.hint, "try 2");
	CR_CHECK_INT(cr_err_set(NULL, -EIO, "nobody listens"), -EIO);
}

/* Keys that fall on one home slot are the ones that a wrong deletion loses. */
CR_TEST(a_map_keeps_all_but_what_was_deleted)
{
	struct cr_map m = { NULL, 0, 0 };
	static char thing[5000];
	uint32_t k, round;

	for (k = 1; k < 5000; k++)
		CR_CHECK_INT(cr_map_put(&m, k, &thing[k]), 0);
	for (round = 2; round < 7; round++)
		for (k = round; k < 5000; k += 7)
			CR_CHECK(cr_map_del(&m, k) == &thing[k]);
	CR_CHECK(cr_map_del(&m, 2) == NULL);
	for (k = 1; k < 5000; k++)
		CR_CHECK(cr_map_get(&m, k) == (k % 7 < 2 ? &thing[k] : NULL));
	cr_map_fini(&m);
	CR_CHECK(cr_map_get(&m, 1) == NULL);
}

CR_TEST(a_map_is_walked_once)
{
	struct cr_map m = { NULL, 0, 0 };
	char seen[300] = "", *p;
	size_t at = 0, n = 0;
	uint32_t k;

	for (k = 1; k < 300; k++)
		CR_CHECK_INT(cr_map_put(&m, k * 64, &seen[k]), 0);
	CR_CHECK_INT(cr_map_put(&m, 64, &seen[1]), 0);
	while ((p = cr_map_each(&m, &at))) {
		CR_CHECK(!*p);
		*p = 1;
		n++;
	}
	CR_CHECK_INT(n, 299);
	CR_CHECK_INT(m.len, 299);
	cr_map_fini(&m);
}

/* What a target may have put into a name. */
CR_TEST(a_line_is_fit_for_a_terminal)
{
	static const char *const rows[][2] = {
		{ "plain \xc3\xa4 \xe2\x82\xac \xf0\x9f\x8c\xb0", "plain \xc3\xa4 \xe2\x82\xac "
		  "\xf0\x9f\x8c\xb0" },
		{ "a\nb\033[2Jc\177", "a?b?[2Jc?" },
		{ "\xc2\x9b" "31m\xc2\xa0", "??31m\xc2\xa0" },
		{ "\xff\xfe" "x\xc3", "??x?" },
		{ "\xe2\x82", "??" },
		{ "\xc0\x8a\xed\xa0\x80", "?????" },
		{ "\xe2\x80\xae" "evil\xe2\x81\xa9\xe2\x80\xa8", "???evil??????" },
		{ "\xe2\x80\x94\xe2\x81\xa5", "\xe2\x80\x94\xe2\x81\xa5" },
	};
	char text[64];
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(rows); i++) {
		snprintf(text, sizeof(text), "%s", rows[i][0]);
		cr_utf8_clean(text);
		CR_CHECK_STR(text, rows[i][1]);
	}
}

int main(void)
{
	CR_RUN(text_grows, "text grows");
	CR_RUN(a_failed_text_stays_failed, "a failed text stays failed");
	CR_RUN(a_taken_text_leaves_the_buffer_empty, "a taken text leaves the buffer empty");
	CR_RUN(an_error_carries_words_and_the_kernels_reason,
	       "an error carries words and the kernel's reason");
	CR_RUN(a_map_keeps_all_but_what_was_deleted, "a map keeps all but what was deleted");
	CR_RUN(a_line_is_fit_for_a_terminal, "what is no text is a question mark");
	CR_RUN(a_map_is_walked_once, "each thing in a map is met once");
	return cr_done();
}
