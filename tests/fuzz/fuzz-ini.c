/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz-ini - policy files that nobody would write
 *
 * What is accepted must survive being edited: unchanged when nothing is wanted, and still valid,
 * with the same rules and one more, when a rule is added. Built with -fsanitize=fuzzer -DCR_FUZZER
 * it is a libFuzzer target; else it replays the files it is given.
 */
#include <string.h>

#include "cr/ini.h"
#include "fuzz.h"

static void grow(struct cr_policy *p, const char *text, size_t size)
{
	cr_auto_buf struct cr_buf out = CR_BUF_INIT;
	struct cr_evidence ev = { .seen = 1, .calls = 1, .stack = (char *)"f \"x\" \\ < g" };
	struct cr_policy *again = NULL;
	struct cr_err err;

	must(cr_policy_set(p, NULL, CR_ABI_X32, 1000, CR_ACT_ALLOW, 0) == 0, "a rule can be set");
	must(cr_rule_witness(cr_policy_own(p, CR_ABI_X32, 1000), &ev) == 0, "it takes evidence");
	must(cr_ini_edit(text, size, p, &out) == 0, "a longer policy can be written");
	if (cr_ini_parse("fuzz", cr_buf_str(&out), out.len, &again, &err) < 0) {
		/* a file that was full to the brim */
		must(strstr(err.text, "too large"), err.text);
		return;
	}
	must(again->n_own == p->n_own && again->n_rules == p->n_rules, "the rules are the same");
	must(cr_rule_learned(cr_policy_own(again, CR_ABI_X32, 1000)), "the new rule is learned");
	cr_policy_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cr_auto_buf struct cr_buf out = CR_BUF_INIT;
	struct cr_policy *p = NULL;
	struct cr_err err = { "", "" };
	const char *text = size ? (const char *)data : "";
	int rc = cr_ini_parse("fuzz", text, size, &p, &err);

	if (rc < 0) {
		must(err.text[0] && !p, "a refusal has words and gives nothing");
		return 0;
	}
	must(cr_ini_edit(text, size, p, &out) == 0, "what is read can be edited");
	must(!size || (out.len == size && memcmp(out.s, text, size) == 0), "and stays as it is");
	grow(p, text, size);
	cr_policy_free(p);
	return 0;
}
