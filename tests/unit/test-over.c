/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is planned for an instruction, and what stands in a slot. That all of it does what the CPU
 * does is shown by tests/live/test-over.c.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>

#include "cr/over.h"
#include "over-forms.h"
#include "cr-test.h"

#define AT 0x401000ul
#define SLOT 0x500000ul
#define STACK 0x7ffff000ul

static struct cr_over plan(const char *hex, unsigned int flags)
{
	struct over_form f = { .hex = hex };
	uint8_t b[CR_OVER_INSN];
	struct cr_over o;
	size_t n = over_form_bytes(&f, b);

	CR_CHECK_INT(cr_over_plan(b, n, AT, flags, &o), 0);
	return o;
}

static const char *slot_text(const struct cr_over *o, cr_addr slot)
{
	static char text[2 * CR_OVER_SLOT + 1];
	uint8_t b[CR_OVER_SLOT];
	size_t n, k;

	if (cr_over_slot(o, slot, b, &n) < 0 || n > CR_OVER_SLOT)
		return "none";
	for (k = 0; k < n; k++)
		sprintf(text + 2 * k, "%02x", b[k]);
	return text;
}

CR_TEST(each_form_is_planned_as_the_table_says)
{
	uint8_t b[CR_OVER_INSN];
	struct cr_over o;
	size_t k, n;

	for (k = 0; k < CR_ARRAY_SIZE(over_forms); k++) {
		const struct over_form *f = &over_forms[k];

		n = over_form_bytes(f, b);
		if (cr_over_plan(b, n, AT, f->flags, &o) < 0)
			CR_FAIL("%s: no plan", f->text);
		if (o.how != f->how || o.can != (f->can | CR_OVER_STEP) || o.len != n)
			CR_FAIL("%s: how %d, can %u, %u bytes", f->text, (int)o.how, o.can, o.len);
		if ((o.how == CR_OVER_STEP) != (o.why != NULL))
			CR_FAIL("%s: why is %s", f->text, o.why ? o.why : "not said");
	}
	printf("# %zu forms\n", k);
}

CR_TEST(what_cannot_be_planned_is_refused)
{
	static const uint8_t call[] = { 0xe8, 0, 0, 0, 0, 0x90 }, bad[] = { 0x06, 0x90 };
	struct cr_over o = { .at = 7 };

	CR_CHECK_INT(cr_over_plan(call, 4, AT, 0, &o), -EINVAL);
	CR_CHECK_INT(cr_over_plan(call, 0, AT, 0, &o), -EINVAL);
	CR_CHECK_INT(cr_over_plan(bad, 2, AT, 0, &o), -EINVAL);
	CR_CHECK_INT(cr_over_plan(call, 6, AT, CR_OVER_RSEQ, &o), -EOPNOTSUPP);
	CR_CHECK_INT(o.at, 7);
	CR_CHECK_INT(cr_over_plan(bad, 2, AT, CR_OVER_IS32, &o), 0);
	CR_CHECK_INT(cr_over_plan(call, 6, AT, 0, &o), 0);
	CR_CHECK_INT(o.len, 5);
}

CR_TEST(a_slot_holds_the_instruction_and_a_way_back)
{
	struct cr_over push = plan("55", 0), lea = plan("488d3d00010000", 0);
	struct cr_over ret = plan("c3", 0), jmp = plan("e900010000", 0), i386 = plan("55", 1);

	/* From 0x500006 back to 0x401001: -0xff005. */
	CR_CHECK_STR(slot_text(&push, SLOT), "55e9fb0ff0ff");
	/* 2 GiB are not enough: an address, aligned. */
	CR_CHECK_STR(slot_text(&push, 0x700000000000ul),
		     "55ff25010000000001104000" "00000000");
	/* The operand is 0xff000 nearer. */
	CR_CHECK_STR(slot_text(&lea, SLOT), "488d3d0011f0ff" "e9fb0ff0ff");
	CR_CHECK_STR(slot_text(&ret, 0x700000000000ul), "c3");
	CR_CHECK_STR(slot_text(&jmp, SLOT), "e90011f0ff");
	CR_CHECK_STR(slot_text(&i386, 0xf7000000ul), "55e9fb0f4009");
}

CR_TEST(a_conditional_jump_has_two_ways_out_of_its_slot)
{
	struct cr_over je = plan("0f8400010000", 0), jecxz = plan("67e310", 0);

	/* je over the way back, to the way there. */
	CR_CHECK_STR(slot_text(&je, SLOT), "7405" "e9ff0ff0ff" "e9fa10f0ff");
	CR_CHECK_INT(cr_over_fix_pc(&je, SLOT, SLOT), AT);
	CR_CHECK_INT(cr_over_fix_pc(&je, SLOT, SLOT + 2), AT + 6);
	CR_CHECK_INT(cr_over_fix_pc(&je, SLOT, SLOT + 7), AT + 6 + 0x100);
	CR_CHECK_STR(slot_text(&jecxz, SLOT), "67e305" "e9fb0ff0ff" "e90610f0ff");
}

CR_TEST(a_rip_relative_operand_out_of_reach_is_refused)
{
	struct cr_over o = plan("488b0500000000", 0), eip = plan("678d3d00000000", 0);
	cr_addr edge = AT + 0x80000000ul;
	uint8_t b[CR_OVER_SLOT];
	size_t n;

	CR_CHECK_INT(cr_over_slot(&o, edge, b, &n), 0);
	CR_CHECK_INT(cr_over_slot(&o, edge + 1, b, &n), -ERANGE);
	CR_CHECK_INT(cr_over_slot(&eip, edge + 1, b, &n), 0);
	CR_CHECK_INT(cr_over_plan(o.bytes, o.len, edge, 0, &o), 0);
	CR_CHECK_INT(cr_over_slot(&o, AT + 1, b, &n), 0);
	CR_CHECK_INT(cr_over_slot(&o, AT, b, &n), -ERANGE);
	o = plan("e800000000", 0);
	CR_CHECK_INT(cr_over_slot(&o, SLOT, b, &n), -EOPNOTSUPP);
	o = plan("0f05", 0);
	CR_CHECK_INT(cr_over_slot(&o, SLOT, b, &n), -EOPNOTSUPP);
}

CR_TEST(a_pc_in_a_slot_stands_for_one_at_the_site)
{
	struct cr_over sub = plan("4883ec08", 0), ret = plan("c3", 0);

	CR_CHECK_INT(cr_over_fix_pc(&sub, SLOT, SLOT), AT);
	CR_CHECK_INT(cr_over_fix_pc(&sub, SLOT, SLOT + 4), AT + 4);
	CR_CHECK_INT(cr_over_fix_pc(&sub, SLOT, AT + 17), AT + 17);
	CR_CHECK_INT(cr_over_fix_pc(&ret, SLOT, SLOT), AT);
	CR_CHECK_INT(cr_over_slot_pc(&sub, SLOT, AT), SLOT);
	CR_CHECK_INT(cr_over_slot_pc(&sub, SLOT, AT + 4), AT + 4);
}

/* ---- emulation */

static struct {
	uint64_t words[4];	/* at STACK and up */
	cr_addr written;
	bool full;
} memory;

static int mem_read(void *arg, cr_addr at, void *to, size_t n)
{
	(void)arg;
	if (at < STACK || at + n > STACK + sizeof(memory.words))
		return -EFAULT;
	memcpy(to, (char *)memory.words + (at - STACK), n);
	return 0;
}

static int mem_write(void *arg, cr_addr at, const void *from, size_t n)
{
	(void)arg;
	if (memory.full || at < STACK || at + n > STACK + sizeof(memory.words))
		return -EFAULT;
	memcpy((char *)memory.words + (at - STACK), from, n);
	memory.written = at;
	return 0;
}

static const struct cr_target_mem mem = { mem_read, mem_write, NULL };

static struct cr_over_regs start(void)
{
	struct cr_over_regs r = { .rip = AT + 1, .eflags = 0x202 };

	r.gpr[CR_GPR_SP] = STACK + 16;
	memset(&memory, 0, sizeof(memory));
	memory.words[2] = 0x402000;
	return r;
}

CR_TEST(a_call_pushes_the_address_behind_it)
{
	struct cr_over call = plan("e800010000", 0), ret = plan("c21000", 0);
	struct cr_over_regs r = start();

	CR_CHECK_INT(cr_over_emulate(&call, &r, &mem), 0);
	CR_CHECK_INT(r.rip, AT + 5 + 0x100);
	CR_CHECK_INT(r.gpr[CR_GPR_SP], STACK + 8);
	CR_CHECK_INT(memory.words[1], AT + 5);
	CR_CHECK_INT(memory.words[2], 0x402000);
	memory.written = 0;
	CR_CHECK_INT(cr_over_emulate(&ret, &r, &mem), 0);
	CR_CHECK_INT(r.rip, AT + 5);
	CR_CHECK_INT(r.gpr[CR_GPR_SP], STACK + 32);
	CR_CHECK_INT(memory.written, 0);
}

CR_TEST(what_fails_changes_nothing)
{
	static const char *const hex[] = { "55", "e800000000", "ffd0", "c3", "c9", "5d", "8b442420",
					   "ff2424", "68ffffffff" };
	struct cr_over_regs r, before;
	struct cr_over o;
	size_t k;

	for (k = 0; k < CR_ARRAY_SIZE(hex); k++) {
		o = plan(hex[k], 0);
		r = start();
		memory.full = true;
		memory.words[2] = 0x8000000000000000;	/* no address to return to */
		r.gpr[CR_GPR_SP] += k == 4 || k == 5 ? 64 : 0;
		before = r;
		if (cr_over_emulate(&o, &r, &mem) != -EFAULT || memcmp(&r, &before, sizeof(r)) != 0)
			CR_FAIL("%s is not refused as it should be", hex[k]);
	}
}

CR_TEST(a_thread_that_steps_itself_is_left_to_the_cpu)
{
	struct cr_over o = plan("55", 0);
	struct cr_over_regs r = start();

	r.eflags |= 0x100;
	CR_CHECK_INT(cr_over_emulate(&o, &r, &mem), -EOPNOTSUPP);
	o = plan("0f05", 0);
	r.eflags = 0x202;
	CR_CHECK_INT(cr_over_emulate(&o, &r, &mem), -EOPNOTSUPP);
	o = plan("c3", CR_OVER_SHSTK);
	CR_CHECK_INT(cr_over_emulate(&o, &r, &mem), -EOPNOTSUPP);
}

CR_TEST(it_can_be_told_where_an_instruction_leads)
{
	struct cr_over je = plan("7410", 0), push = plan("55", 0), call = plan("e800010000", 0);
	struct cr_over ret = plan("c3", 0), sys = plan("0f05", 0), shl = plan("48c1e703", 0);
	struct cr_over_regs r = start();
	cr_addr next;

	CR_CHECK(!cr_over_next(&je, &r, &mem, &next) && next == AT + 2);
	r.eflags |= 0x140;	/* ZF, and TF which does not matter here */
	CR_CHECK(!cr_over_next(&je, &r, &mem, &next) && next == AT + 0x12);
	memory.full = true;
	CR_CHECK(!cr_over_next(&push, &r, &mem, &next) && next == AT + 1);
	CR_CHECK(!cr_over_next(&shl, &r, &mem, &next) && next == AT + 4);
	CR_CHECK(!cr_over_next(&call, &r, &mem, &next) && next == AT + 5 + 0x100);
	CR_CHECK(!cr_over_next(&ret, &r, &mem, &next) && next == 0x402000);
	CR_CHECK_INT(cr_over_next(&sys, &r, &mem, &next), -EOPNOTSUPP);
	CR_CHECK_INT(r.gpr[CR_GPR_SP], STACK + 16);
	CR_CHECK_INT(memory.words[1], 0);
}

int main(void)
{
	CR_RUN(each_form_is_planned_as_the_table_says,
	       "each form of an entry or exit is got over in the way the table says");
	CR_RUN(what_cannot_be_planned_is_refused,
	       "what is no instruction, or restartable, is refused");
	CR_RUN(a_slot_holds_the_instruction_and_a_way_back,
	       "a slot holds the instruction and a way back, near or far");
	CR_RUN(a_conditional_jump_has_two_ways_out_of_its_slot,
	       "a conditional jump has two ways out of its slot");
	CR_RUN(a_rip_relative_operand_out_of_reach_is_refused,
	       "a rip-relative operand out of reach of the slot is refused");
	CR_RUN(a_pc_in_a_slot_stands_for_one_at_the_site,
	       "a pc in a slot stands for one at the site");
	CR_RUN(a_call_pushes_the_address_behind_it,
	       "a call pushes the address behind it, a ret writes nothing");
	CR_RUN(what_fails_changes_nothing, "an emulation that fails changes nothing");
	CR_RUN(a_thread_that_steps_itself_is_left_to_the_cpu,
	       "a thread that steps itself, or has a shadow stack, is left to the CPU");
	CR_RUN(it_can_be_told_where_an_instruction_leads,
	       "it can be told where an instruction leads, and nothing is changed by asking");
	return cr_done();
}
