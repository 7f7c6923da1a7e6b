/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>

#include "cr/bp.h"
#include "cr-test.h"

#define BASE 0x401000ul
#define SIZE 64u

/* A text of 64 bytes: nop everywhere, but for what a test puts there. */
struct text {
	uint8_t b[SIZE];
	unsigned int writes;
	cr_addr refuses;	/* writes to this address fail */
	cr_addr hole;		/* reads too from here on */
};

static int text_read(void *arg, cr_addr at, void *to, size_t n)
{
	struct text *t = arg;

	if (at < BASE || at - BASE + n > SIZE || (t->hole && at + n > t->hole))
		return -EFAULT;
	memcpy(to, t->b + (at - BASE), n);
	return 0;
}

static int text_write(void *arg, cr_addr at, const void *from, size_t n)
{
	struct text *t = arg;

	if (at < BASE || at - BASE + n > SIZE || at == t->refuses || (t->hole && at + n > t->hole))
		return -EIO;
	memcpy(t->b + (at - BASE), from, n);
	t->writes++;
	return 0;
}

static struct text text;
static const struct cr_target_mem mem = { text_read, text_write, &text };
static uint8_t file[SIZE + CR_OVER_INSN];

static struct cr_bps *fresh(void)
{
	memset(&text, 0, sizeof(text));
	memset(file, 0x90, sizeof(file));
	memset(text.b, 0x90, sizeof(text.b));
	return cr_bps_new();
}

static int want(struct cr_bps *bps, unsigned int at, unsigned int fn, enum cr_bp_kind kind)
{
	struct cr_bp_site site = { BASE + at, { fn, kind }, file + at, CR_OVER_INSN, 0 };

	return cr_bps_add(bps, &site, NULL);
}

static void check_text(const char *traps)
{
	unsigned int k;

	for (k = 0; k < strlen(traps); k++)
		if (text.b[k] != (traps[k] == 'x' ? CR_BP_TRAP : file[k]))
			CR_FAIL("byte %u of \"%s\" is %#x", k, traps, text.b[k]);
}

CR_TEST(planting_writes_one_byte_per_site)
{
	struct cr_bps *bps = fresh();

	CR_CHECK_INT(want(bps, 5, 1, CR_BP_RET), 0);
	CR_CHECK_INT(want(bps, 0, 1, CR_BP_ENTRY), 0);
	CR_CHECK_INT(text.writes, 0);
	CR_CHECK_INT(cr_bps_plant(bps, &mem, NULL), 0);
	check_text("x....x..");
	CR_CHECK_INT(cr_bps_plant(bps, &mem, NULL), 0);
	CR_CHECK_INT(text.writes, 2);
	CR_CHECK_INT(want(bps, 2, 2, CR_BP_ENTRY), 0);
	CR_CHECK_INT(cr_bps_plant(bps, &mem, NULL), 0);
	check_text("x.x..x..");
	CR_CHECK_INT(cr_bps_lift(bps, &mem), 0);
	check_text("........");
	CR_CHECK_INT(cr_bps_count(bps), 3);
	cr_bps_put(bps);
}

CR_TEST(a_failed_write_lifts_all_that_it_came_after)
{
	struct cr_bps *bps = fresh();
	struct cr_err err = { "", "" };

	CR_CHECK_INT(want(bps, 15, 0, CR_BP_ENTRY), 0);
	CR_CHECK_INT(cr_bps_plant(bps, &mem, NULL), 0);
	CR_CHECK_INT(want(bps, 1, 0, CR_BP_ENTRY), 0);
	CR_CHECK_INT(want(bps, 4, 0, CR_BP_RET), 0);
	CR_CHECK_INT(want(bps, 16, 0, CR_BP_RET), 0);
	text.refuses = BASE + 16;
	CR_CHECK_INT(cr_bps_plant(bps, &mem, &err), -EIO);
	CR_CHECK_HAS(err.text, "0x401010");
	check_text("...............x....");
	CR_CHECK_INT(text.writes, 5);
	CR_CHECK(!cr_bps_find(bps, BASE + 1)->planted && cr_bps_find(bps, BASE + 15)->planted);
	text.refuses = 0;
	CR_CHECK_INT(cr_bps_plant(bps, &mem, &err), 0);
	check_text(".x..x..........xx...");
	cr_bps_put(bps);
}

CR_TEST(a_trap_that_is_not_ours_is_left_alone)
{
	struct cr_bps *bps = fresh();
	struct cr_err err = { "", "" };

	CR_CHECK_INT(want(bps, 1, 0, CR_BP_ENTRY), 0);
	CR_CHECK_INT(want(bps, 8, 0, CR_BP_RET), 0);
	text.b[8] = CR_BP_TRAP;
	CR_CHECK_INT(cr_bps_plant(bps, &mem, &err), -EBUSY);
	CR_CHECK_HAS(err.text, "0x401008");
	CR_CHECK_HAS(err.hint, "debugger");
	CR_CHECK_INT(text.b[1], 0x90);
	CR_CHECK_INT(text.b[8], CR_BP_TRAP);
	file[20] = CR_BP_TRAP;
	CR_CHECK_INT(want(bps, 20, 0, CR_BP_ENTRY), -EBUSY);
	CR_CHECK_INT(cr_bps_count(bps), 2);
	cr_bps_put(bps);
}

CR_TEST(text_that_is_not_the_files_is_not_written)
{
	struct cr_bps *bps = fresh();
	struct cr_err err = { "", "" };

	memcpy(file + 4, "\x48\x83\xec\x08", 4);
	memcpy(text.b + 4, "\x48\x83\xec\x18", 4);
	CR_CHECK_INT(want(bps, 0, 0, CR_BP_ENTRY), 0);
	CR_CHECK_INT(want(bps, 4, 0, CR_BP_ENTRY), 0);
	CR_CHECK_INT(cr_bps_plant(bps, &mem, &err), -ESTALE);
	CR_CHECK_HAS(err.text, "0x401004");
	CR_CHECK_INT(text.b[0], 0x90);
	CR_CHECK_INT(text.b[4], 0x48);
	text.b[7] = 8;
	CR_CHECK_INT(cr_bps_plant(bps, &mem, &err), 0);
	cr_bps_put(bps);
}

CR_TEST(a_trap_of_ours_inside_an_instruction_is_no_changed_text)
{
	struct cr_bps *bps = fresh();

	/* rep ret: a second function begins at its ret. */
	memcpy(file + 4, "\xf3\xc3", 2);
	memcpy(text.b + 4, "\xf3\xc3", 2);
	CR_CHECK_INT(want(bps, 5, 1, CR_BP_RET), 0);
	CR_CHECK_INT(cr_bps_plant(bps, &mem, NULL), 0);
	CR_CHECK_INT(want(bps, 4, 0, CR_BP_RET), 0);
	CR_CHECK_INT(cr_bps_plant(bps, &mem, NULL), 0);
	check_text("....xx..");
	cr_bps_put(bps);
}

CR_TEST(a_site_has_many_owners_and_one_trap)
{
	struct cr_bps *bps = fresh();
	const struct cr_bp *bp;
	unsigned int k;

	CR_CHECK_INT(want(bps, 3, 1, CR_BP_TAIL), 0);
	CR_CHECK_INT(want(bps, 3, 2, CR_BP_ENTRY), 0);
	CR_CHECK_INT(want(bps, 3, 1, CR_BP_TAIL), 0);
	CR_CHECK_INT(want(bps, 3, 1, CR_BP_ENTRY), 0);
	bp = cr_bps_find(bps, BASE + 3);
	CR_CHECK(bp != NULL);
	CR_CHECK_INT(bp->n_owners, 3);
	CR_CHECK(bp->owners[0].fn == 1 && bp->owners[0].kind == CR_BP_TAIL);
	CR_CHECK(bp->owners[1].fn == 2 && bp->owners[2].kind == CR_BP_ENTRY);
	CR_CHECK_INT(cr_bps_plant(bps, &mem, NULL), 0);
	CR_CHECK_INT(text.writes, 1);
	for (k = 3; k < CR_BP_OWNERS; k++)
		CR_CHECK_INT(want(bps, 3, 100 + k, CR_BP_RET), 0);
	CR_CHECK_INT(want(bps, 3, 200, CR_BP_RET), -E2BIG);
	file[3] = 0xc3;
	CR_CHECK_INT(want(bps, 3, 1, CR_BP_RET), -ESTALE);
	CR_CHECK(cr_bps_find(bps, BASE + 4) == NULL);
	cr_bps_put(bps);
}

CR_TEST(what_is_no_instruction_or_restartable_is_refused)
{
	struct cr_bps *bps = fresh();
	struct cr_bp_site site = { BASE, { 0, CR_BP_ENTRY }, file, CR_OVER_INSN, CR_OVER_RSEQ };
	struct cr_err err = { "", "" };

	CR_CHECK_INT(cr_bps_add(bps, &site, &err), -EOPNOTSUPP);
	CR_CHECK_HAS(err.text, "restartable");
	file[0] = 0x06;
	site.flags = 0;
	CR_CHECK_INT(cr_bps_add(bps, &site, &err), -EINVAL);
	file[0] = 0xe8;
	site.n = 4;
	CR_CHECK_INT(cr_bps_add(bps, &site, &err), -EINVAL);
	site.n = 0;
	CR_CHECK_INT(cr_bps_add(bps, &site, &err), -EINVAL);
	CR_CHECK_INT(cr_bps_count(bps), 0);
	cr_bps_put(bps);
}

CR_TEST(a_reader_sees_what_the_traps_hide)
{
	struct cr_bps *bps = fresh();
	uint8_t b[SIZE], part[3];
	unsigned int k;

	for (k = 0; k < SIZE; k++)
		text.b[k] = file[k] = (uint8_t)(0x50 + k % 8);
	CR_CHECK_INT(want(bps, 0, 0, CR_BP_ENTRY), 0);
	CR_CHECK_INT(want(bps, 7, 0, CR_BP_RET), 0);
	CR_CHECK_INT(want(bps, 40, 0, CR_BP_RET), 0);
	CR_CHECK_INT(want(bps, SIZE - 1, 0, CR_BP_RET), 0);
	CR_CHECK_INT(cr_bps_plant(bps, &mem, NULL), 0);
	text.b[40] = 0x11;	/* the target wrote over it */
	CR_CHECK_INT(want(bps, 9, 0, CR_BP_RET), 0);	/* not planted */
	text.b[9] = CR_BP_TRAP;				/* somebody else's */
	memcpy(b, text.b, SIZE);
	cr_bps_clean_read(bps, BASE, b, SIZE);
	CR_CHECK(b[0] == 0x50 && b[7] == 0x57 && b[SIZE - 1] == 0x57);
	CR_CHECK(b[40] == 0x11 && b[9] == CR_BP_TRAP);
	memcpy(part, text.b + 6, 3);
	cr_bps_clean_read(bps, BASE + 6, part, 3);
	CR_CHECK(part[0] == 0x56 && part[1] == 0x57 && part[2] == 0x50);
	memcpy(part, text.b + 6, 1);
	part[1] = CR_BP_TRAP;
	cr_bps_clean_read(bps, BASE + 6, part, 1);
	CR_CHECK_INT(part[1], CR_BP_TRAP);
	cr_bps_put(bps);
}

CR_TEST(a_copy_of_half_lifted_memory_is_scrubbed)
{
	struct cr_bps *bps = fresh(), *child;

	CR_CHECK_INT(want(bps, 4, 1, CR_BP_ENTRY), 0);
	CR_CHECK_INT(want(bps, 8, 1, CR_BP_RET), 0);
	CR_CHECK_INT(want(bps, 12, 1, CR_BP_RET), 0);
	CR_CHECK_INT(cr_bps_plant(bps, &mem, NULL), 0);
	CR_CHECK_INT(cr_bps_lift(bps, &mem), 0);
	child = cr_bps_copy(bps);
	text.b[4] = text.b[12] = CR_BP_TRAP;
	CR_CHECK_INT(cr_bps_lift(child, &mem), 0);
	check_text("....x.......x");
	text.writes = 0;
	CR_CHECK_INT(cr_bps_scrub(child, &mem), 0);
	check_text("..............");
	CR_CHECK_INT(text.writes, 2);
	cr_bps_put(child);
	cr_bps_put(bps);
}

CR_TEST(lifting_does_not_write_over_what_the_target_wrote)
{
	struct cr_bps *bps = fresh();

	CR_CHECK_INT(want(bps, 1, 0, CR_BP_ENTRY), 0);
	CR_CHECK_INT(want(bps, 2, 0, CR_BP_ENTRY), 0);
	CR_CHECK_INT(want(bps, 3, 0, CR_BP_ENTRY), 0);
	CR_CHECK_INT(cr_bps_plant(bps, &mem, NULL), 0);
	text.b[1] = 0xc3;
	text.refuses = BASE + 2;
	CR_CHECK_INT(cr_bps_lift(bps, &mem), -EIO);
	CR_CHECK_INT(text.b[1], 0xc3);
	CR_CHECK_INT(text.b[2], CR_BP_TRAP);
	CR_CHECK_INT(text.b[3], 0x90);
	CR_CHECK(cr_bps_find(bps, BASE + 2)->planted && !cr_bps_find(bps, BASE + 3)->planted);
	CR_CHECK_INT(cr_bps_drop(bps, &mem, BASE, BASE + 3), -EIO);
	CR_CHECK_INT(cr_bps_count(bps), 2);
	text.refuses = 0;
	CR_CHECK_INT(cr_bps_drop(bps, &mem, BASE, BASE + 3), 0);
	CR_CHECK_INT(cr_bps_count(bps), 1);
	CR_CHECK_INT(text.b[2], 0x90);
	cr_bps_put(bps);
}

CR_TEST(a_fork_child_has_traps_of_its_own)
{
	struct cr_bps *bps = fresh(), *child;
	struct text parent;

	CR_CHECK_INT(want(bps, 1, 7, CR_BP_ENTRY), 0);
	CR_CHECK_INT(want(bps, 9, 7, CR_BP_RET), 0);
	CR_CHECK_INT(cr_bps_plant(bps, &mem, NULL), 0);
	child = cr_bps_copy(bps);
	parent = text;
	CR_CHECK_INT(cr_bps_lift(child, &mem), 0);
	check_text("..........");
	CR_CHECK(!cr_bps_find(child, BASE + 1)->planted && cr_bps_find(bps, BASE + 1)->planted);
	CR_CHECK_INT(cr_bps_find(child, BASE + 9)->owners[0].fn, 7);
	cr_bps_put(child);
	text = parent;
	CR_CHECK_INT(cr_bps_lift(bps, &mem), 0);
	check_text("..........");
	cr_bps_put(bps);
}

CR_TEST(threads_share_traps_until_the_last_is_gone)
{
	struct cr_bps *bps = fresh(), *vfork_child = cr_bps_share(bps);

	CR_CHECK_INT(want(bps, 1, 0, CR_BP_ENTRY), 0);
	CR_CHECK_INT(cr_bps_plant(vfork_child, &mem, NULL), 0);
	cr_bps_put(vfork_child);	/* it has called exec */
	CR_CHECK(cr_bps_find(bps, BASE + 1)->planted);
	CR_CHECK_INT(text.b[1], CR_BP_TRAP);
	cr_bps_put(bps);
	cr_bps_put(NULL);
}

CR_TEST(what_is_unmapped_is_forgotten_without_a_write)
{
	struct cr_bps *bps = fresh();

	CR_CHECK_INT(want(bps, 1, 0, CR_BP_ENTRY), 0);
	CR_CHECK_INT(want(bps, 16, 0, CR_BP_ENTRY), 0);
	CR_CHECK_INT(want(bps, 31, 0, CR_BP_RET), 0);
	CR_CHECK_INT(want(bps, 32, 0, CR_BP_RET), 0);
	CR_CHECK_INT(cr_bps_plant(bps, &mem, NULL), 0);
	CR_CHECK_INT(cr_bps_forget(bps, BASE + 16, BASE + 32), 2);
	CR_CHECK_INT(text.writes, 4);
	CR_CHECK(cr_bps_find(bps, BASE + 16) == NULL && cr_bps_find(bps, BASE + 31) == NULL);
	CR_CHECK(cr_bps_find(bps, BASE + 1) != NULL);
	CR_CHECK_INT(cr_bps_from(bps, BASE + 2)->at, BASE + 32);
	CR_CHECK(cr_bps_from(bps, BASE + 33) == NULL);
	cr_bps_put(bps);
}

CR_TEST(what_moves_is_planned_anew)
{
	struct cr_bps *bps = fresh();
	const struct cr_bp *bp;

	memcpy(file + 4, "\xe8\x00\x01\x00\x00", 5);
	memcpy(text.b + 4, file + 4, 5);
	CR_CHECK_INT(want(bps, 4, 3, CR_BP_ENTRY), 0);
	CR_CHECK_INT(want(bps, 20, 3, CR_BP_RET), 0);
	CR_CHECK_INT(want(bps, 44, 4, CR_BP_RET), 0);
	CR_CHECK_INT(cr_bps_plant(bps, &mem, NULL), 0);
	CR_CHECK_INT(cr_bps_move(bps, BASE, BASE + 16, BASE + 8), -EINVAL);
	CR_CHECK_INT(cr_bps_move(bps, BASE, BASE + 16, BASE + 40), 0);
	CR_CHECK_INT(cr_bps_count(bps), 2);
	bp = cr_bps_find(bps, BASE + 44);
	CR_CHECK(bp && bp->planted && bp->owners[0].fn == 3);
	CR_CHECK_INT(bp->over.at, BASE + 44);
	CR_CHECK_INT(bp->over.src.value, BASE + 44 + 5 + 0x100);
	CR_CHECK_INT(cr_bps_from(bps, 0)->at, BASE + 20);
	cr_bps_put(bps);
}

CR_TEST(ten_thousand_sites_are_found)
{
	struct cr_bps *bps = fresh();
	uint8_t nops[CR_OVER_INSN];
	struct cr_bp_site site = { 0, { 0, CR_BP_ENTRY }, nops, sizeof(nops), 0 };
	unsigned int k;

	memset(nops, 0x90, sizeof(nops));
	for (k = 0; k < 10000; k++) {
		site.at = BASE + k * 7919u % 10007u * 16;
		site.owner.fn = k;
		CR_CHECK_INT(cr_bps_add(bps, &site, NULL), 0);
	}
	CR_CHECK_INT(cr_bps_count(bps), 10000);
	for (k = 0; k < 10000; k++) {
		const struct cr_bp *bp = cr_bps_find(bps, BASE + k * 7919u % 10007u * 16);

		CR_CHECK(bp && bp->owners[0].fn == k);
	}
	cr_bps_put(bps);
}

int main(void)
{
	CR_RUN(planting_writes_one_byte_per_site,
	       "planting writes one byte for each site that is not planted");
	CR_RUN(a_failed_write_lifts_all_that_it_came_after,
	       "a write that fails lifts what was planted before it, and nothing older");
	CR_RUN(a_trap_that_is_not_ours_is_left_alone, "a trap that is not ours is left alone");
	CR_RUN(text_that_is_not_the_files_is_not_written,
	       "text that is not what the file has is not written");
	CR_RUN(a_trap_of_ours_inside_an_instruction_is_no_changed_text,
	       "a trap of ours inside an instruction does not make it changed text");
	CR_RUN(a_site_has_many_owners_and_one_trap, "a site may have many owners and has one trap");
	CR_RUN(what_is_no_instruction_or_restartable_is_refused,
	       "what is no instruction, or inside a restartable sequence, is refused");
	CR_RUN(a_reader_sees_what_the_traps_hide,
	       "a reader sees what the traps hide, and nothing else changed");
	CR_RUN(a_copy_of_half_lifted_memory_is_scrubbed,
	       "a copy that was made while traps were lifted is scrubbed of those that it has");
	CR_RUN(lifting_does_not_write_over_what_the_target_wrote,
	       "lifting goes on after a failure and does not write over what the target wrote");
	CR_RUN(a_fork_child_has_traps_of_its_own, "a fork child has traps of its own");
	CR_RUN(threads_share_traps_until_the_last_is_gone,
	       "threads share traps until the last is gone");
	CR_RUN(what_is_unmapped_is_forgotten_without_a_write,
	       "what is unmapped is forgotten without a write");
	CR_RUN(what_moves_is_planned_anew, "what moves is planned anew for where it is");
	CR_RUN(ten_thousand_sites_are_found, "ten thousand sites in any order are all found");
	return cr_done();
}
