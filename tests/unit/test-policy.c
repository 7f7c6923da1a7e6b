/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "../cr-test.h"
#include "cr/policy.h"

static struct cr_policy *p;

static void again(void)
{
	cr_policy_free(p);
	p = cr_policy_new();
	CR_CHECK(p != NULL);
}

static void set(const char *base, enum cr_abi abi, uint32_t nr, enum cr_action act)
{
	CR_CHECK_INT(cr_policy_set(p, base, abi, nr, act, 0), 0);
}

CR_TEST(a_new_policy_is_empty)
{
	again();
	CR_CHECK_INT(p->mode, CR_MODE_UNSET);
	CR_CHECK_INT(p->violation.what, CR_ACT_KILL);
	CR_CHECK(!cr_policy_find(p, CR_ABI_NATIVE, 0));
	CR_CHECK(!cr_policy_find(p, CR_ABI_X32, CR_NR_MAX + 7));
}

CR_TEST(rules_are_found_whatever_the_order)
{
	uint32_t i, nr;
	int abi;

	again();
	for (i = 0; i < CR_NR_MAX; i++) {
		nr = i * 389 % CR_NR_MAX;	/* every number once, in no order */
		for (abi = 0; abi < CR_ABI_COUNT; abi++)
			set(nr % 2 ? NULL : "base", (enum cr_abi)abi, nr,
			    nr % 3 ? CR_ACT_ALLOW : CR_ACT_LOG);
	}
	CR_CHECK_INT(p->n_rules, 3 * CR_NR_MAX);
	CR_CHECK_INT(p->n_own, 3 * CR_NR_MAX / 2);
	for (nr = 0; nr < CR_NR_MAX; nr++)
		for (abi = 0; abi < CR_ABI_COUNT; abi++) {
			const struct cr_rule *r = cr_policy_find(p, (enum cr_abi)abi, nr);

			CR_CHECK(r && r->nr == nr && (int)r->abi == abi);
			CR_CHECK_INT(r->act, nr % 3 ? CR_ACT_ALLOW : CR_ACT_LOG);
			CR_CHECK_INT(r->base == NULL, nr % 2);
		}
}

CR_TEST(own_rules_hide_base_rules)
{
	again();
	set("base-dynamic", CR_ABI_NATIVE, 5, CR_ACT_ALLOW);
	CR_CHECK_STR(cr_policy_find(p, CR_ABI_NATIVE, 5)->base, "base-dynamic");
	CR_CHECK(!cr_policy_own(p, CR_ABI_NATIVE, 5));
	set(NULL, CR_ABI_NATIVE, 5, CR_ACT_NEVER);
	CR_CHECK_INT(cr_policy_find(p, CR_ABI_NATIVE, 5)->act, CR_ACT_NEVER);
	CR_CHECK_INT(p->n_rules, 2);
	cr_policy_unset(p, CR_ABI_NATIVE, 5);
	CR_CHECK_INT(cr_policy_find(p, CR_ABI_NATIVE, 5)->act, CR_ACT_ALLOW);
	cr_policy_unset(p, CR_ABI_NATIVE, 5);
	CR_CHECK_INT(p->n_rules, 1);
}

CR_TEST(a_later_base_set_wins)
{
	char name[8] = "one";

	again();
	set(name, CR_ABI_NATIVE, 5, CR_ACT_ALLOW);
	strcpy(name, "two");
	set(name, CR_ABI_NATIVE, 5, CR_ACT_LOG);
	strcpy(name, "zzz");
	CR_CHECK_STR(cr_policy_find(p, CR_ABI_NATIVE, 5)->base, "two");
	CR_CHECK_INT(p->n_rules, 1);
}

CR_TEST(a_replaced_rule_has_no_evidence)
{
	struct cr_evidence ev = { .seen = 2, .calls = 7, .exe = (char *)"/bin/x" };

	again();
	set(NULL, CR_ABI_NATIVE, 5, CR_ACT_ALLOW);
	CR_CHECK(!cr_rule_learned(cr_policy_own(p, CR_ABI_NATIVE, 5)));
	CR_CHECK_INT(cr_rule_witness(cr_policy_own(p, CR_ABI_NATIVE, 5), &ev), 0);
	CR_CHECK(cr_rule_learned(cr_policy_own(p, CR_ABI_NATIVE, 5)));
	CR_CHECK_STR(cr_policy_own(p, CR_ABI_NATIVE, 5)->ev->exe, "/bin/x");
	set(NULL, CR_ABI_NATIVE, 5, CR_ACT_ALLOW);
	CR_CHECK(!cr_policy_own(p, CR_ABI_NATIVE, 5)->ev);
}

CR_TEST(confirmed_means_no_one_needs_to_look)
{
	struct cr_evidence ev = { .seen = 2 };
	struct cr_rule r = { .act = CR_ACT_ALLOW };

	CR_CHECK(!cr_rule_confirmed(NULL, false, 3));
	CR_CHECK(cr_rule_confirmed(&r, true, 3));
	r.ev = &ev;
	CR_CHECK(!cr_rule_confirmed(&r, true, 3));
	CR_CHECK(cr_rule_confirmed(&r, true, 2));
	CR_CHECK(cr_rule_confirmed(&r, false, 3));
	r.act = CR_ACT_LOG;
	CR_CHECK(!cr_rule_confirmed(&r, false, 1));
	r = (struct cr_rule){ .act = CR_ACT_ALLOW, .base = "base-dynamic" };
	CR_CHECK(!cr_rule_confirmed(&r, true, 1));
	CR_CHECK(cr_rule_confirmed(&r, false, 1));
	r = (struct cr_rule){ .act = CR_ACT_ERRNO, .err = EPERM };
	CR_CHECK(!cr_rule_confirmed(&r, false, 1));
}

int main(void)
{
	CR_RUN(a_new_policy_is_empty, "a new policy has no rules and kills");
	CR_RUN(rules_are_found_whatever_the_order, "3072 rules set in no order are all found");
	CR_RUN(own_rules_hide_base_rules,
	       "an own rule hides a base set's, and shows it again when it goes");
	CR_RUN(a_later_base_set_wins,
	       "of two base sets the later wins, and its name is the policy's own");
	CR_RUN(a_replaced_rule_has_no_evidence, "a rule is learned while it has evidence");
	CR_RUN(confirmed_means_no_one_needs_to_look,
	       "confirmed: allowed, silent, and seen often enough");
	cr_policy_free(p);
	return cr_done();
}
