/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz-cond - conditions that nobody would write
 *
 * The first line is ABI:CALL, the rest a condition. What is accepted is written in one way and read
 * as the same; the filter that is made of it passes its proof, and answers as the condition does,
 * for arguments near the numbers in the text; what is learned beside it makes it no narrower.
 */
#include <string.h>

#include "cr/filter.h"
#include "cr/names.h"
#include "fuzz.h"

struct input {
	enum cr_abi abi;
	uint32_t nr;
	const char *text;
};

static bool read_call(char *line, struct input *in)
{
	char *colon = strchr(line, ':');
	int nr;

	if (!colon)
		return false;
	*colon = '\0';
	for (in->abi = 0; in->abi < CR_ABI_COUNT; in->abi++)
		if (strcmp(cr_abi_facts[in->abi].name, line) == 0)
			break;
	if (in->abi == CR_ABI_COUNT)
		return false;
	nr = cr_name_to_nr(in->abi, colon + 1);
	in->nr = (uint32_t)nr;
	return nr >= 0;
}

static void check_text(const struct input *in, const struct cr_conds *c)
{
	cr_auto_buf struct cr_buf text = CR_BUF_INIT;
	struct cr_conds *again = NULL;
	struct cr_err err = { "", "" };

	cr_conds_print(in->abi, in->nr, c, &text);
	must(cr_buf_ok(&text), "a condition can be written");
	must(cr_conds_parse(in->abi, in->nr, cr_buf_str(&text), &again, NULL, &err) == 0,
	     err.text);
	must(cr_conds_equal(c, again), "what was written is the same");
	cr_conds_free(again);
}

/* Numbers on the borders of @c, others of @seed's making, and rubbish above. */
static void pick(const struct cr_conds *c, uint32_t *seed, uint64_t args[6])
{
	unsigned int i;

	for (i = 0; i < 6; i++) {
		const struct cr_alternative *a;
		const struct cr_test *t;
		const struct cr_interval *r;

		*seed = *seed * 1664525u + 1013904223u;
		a = &c->alt[*seed / 7 % c->n];
		t = &a->test[*seed / 11 % a->n];
		r = &t->in.v[*seed / 13 % t->in.n];
		args[i] = (*seed & 0x10000 ? r->lo : r->hi) + (*seed >> 20) % 3 - 1;
		if (*seed & 0x40000)
			args[i] ^= (uint64_t)*seed << 32;
	}
}

static void check_filter(const struct input *in, const struct cr_conds *c)
{
	static struct cr_filter_plan plan;
	const struct cr_filter_use strict = { .learning = false };
	const struct cr_rule like = { .abi = in->abi, .nr = in->nr, .act = CR_ACT_ALLOW,
				      .cond = (struct cr_conds *)(uintptr_t)c };
	struct cr_policy *p = cr_policy_new();
	struct seccomp_data d = { .arch = cr_abi_facts[in->abi].audit_arch };
	struct cr_err err = { "", "" };
	struct cr_filter f;
	uint32_t seed = 1;
	uint64_t args[6];
	int i;

	must(p && cr_policy_put(p, NULL, &like) == 0, "a rule can be made of it");
	cr_filter_plan(p, &strict, &plan);
	must(cr_filter_build(&plan, &f, &err) == 0, err.text);
	d.nr = (int)(in->nr | cr_abi_facts[in->abi].nr_bit);
	for (i = 0; i < 200 && cr_filter_guards(&plan, in->abi, in->nr); i++) {
		pick(c, &seed, args);
		if (in->abi == CR_ABI_I386)
			args[i % 6] = (uint32_t)args[i % 6];
		memcpy(d.args, args, sizeof(args));
		/* What else stops, whatever the condition says, does so for a reason of its own. */
		if (cr_bpf_run(&f, &d, NULL) == SECCOMP_RET_ALLOW)
			must(cr_conds_hold(c, args), "what passes is allowed");
		else if (plan.abi[in->abi].pass[in->nr] == CR_PASS_ALLOW)
			must(!cr_conds_hold(c, args), "what stops is not allowed");
	}
	cr_filter_fini(&f);
	cr_policy_free(p);
}

static void check_learning(const struct input *in, const struct cr_conds *c)
{
	struct cr_conds *have = cr_conds_copy(c), *seen = NULL;
	uint32_t seed = 2;
	uint64_t args[6];
	int i, rc = 0;

	must(have != NULL, "it can be copied");
	for (i = 0; i < 20 && rc == 0; i++) {
		pick(c, &seed, args);
		if (cr_conds_seen(in->abi, in->nr, args, &seen) < 0)
			break;
		must(cr_conds_hold(seen, args), "what was seen is allowed");
		rc = cr_conds_learn(in->abi, in->nr, &have, seen);
		cr_conds_free(seen);
		if (rc == 0) {
			must(cr_conds_hold(have, args), "what was learned is allowed");
			must(!cr_conds_hold(c, args) || cr_conds_hold(have, args),
			     "and what was allowed before");
			check_text(in, have);
		}
	}
	cr_conds_free(have);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cr_auto_free char *text = malloc(size + 1);
	struct cr_err err = { "", "" };
	struct cr_conds *c = NULL;
	struct input in;
	char *end;

	if (!text || size > 1000)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	end = strchr(text, '\n');
	if (!end)
		return 0;
	*end = '\0';
	in.text = end + 1;
	if (!read_call(text, &in))
		return 0;
	if (cr_conds_parse(in.abi, in.nr, in.text, &c, NULL, &err) < 0) {
		must(err.text[0] && !c, "a refusal has words and gives nothing");
		return 0;
	}
	check_text(&in, c);
	check_filter(&in, c);
	check_learning(&in, c);
	cr_conds_free(c);
	return 0;
}
