/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "unwind-int.h"

/* Where the modules are, of so many processes. What is in their files is shared by all. */
#define SPACES_MAX 4

struct cr_unwinder {
	struct cr_uw_mem mem;
	struct cr_uw_files *files;	/* owned */
	dev_t shm;
	uint64_t clock;
	struct slot {
		struct cr_uw_space *space;	/* owned; NULL: free */
		pid_t pid;			/* who used it last; 0 after an exec or exit */
		uint64_t used;
	} slots[SPACES_MAX];
};

struct cr_unwinder *cr_unwinder_new(bool thorough)
{
	struct cr_unwinder *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	u->files = cr_uw_files_new(thorough);
	if (!u->files) {
		free(u);
		return NULL;
	}
	elf_version(EV_CURRENT);
	u->shm = cr_maps_shm();
	return u;
}

void cr_unwinder_free(struct cr_unwinder *u)
{
	size_t i;

	if (!u)
		return;
	for (i = 0; i < SPACES_MAX; i++)
		cr_uw_space_free(u->slots[i].space);
	cr_uw_files_free(u->files);
	free(u);
}

unsigned int cr_unwinder_files(const struct cr_unwinder *u)
{
	return cr_uw_files_read(u->files);
}

/* Nothing is believed without a look at the maps, so this is only about whose place is
 * taken next: a space that a fork shares stays, since the child may still be there. */
void cr_unwind_forget(struct cr_unwinder *u, pid_t pid)
{
	size_t i;

	for (i = 0; i < SPACES_MAX; i++) {
		if (u->slots[i].pid == pid)
			u->slots[i].pid = 0;
	}
}

static struct slot *slot_same(struct cr_unwinder *u, const struct cr_maps *maps)
{
	size_t i;

	for (i = 0; i < SPACES_MAX; i++) {
		if (u->slots[i].space && cr_maps_same(cr_uw_space_maps(u->slots[i].space), maps))
			return &u->slots[i];
	}
	return NULL;
}

/* The one that @pid used before, for it to grow; else a free one; else the oldest. */
static struct slot *slot_for(struct cr_unwinder *u, pid_t pid)
{
	struct slot *best = &u->slots[0];
	size_t i;

	for (i = 0; i < SPACES_MAX; i++) {
		if (u->slots[i].space && u->slots[i].pid == pid)
			return &u->slots[i];
		if (u->slots[i].used < best->used)
			best = &u->slots[i];
	}
	return best;
}

static void slot_clear(struct slot *slot)
{
	cr_uw_space_free(slot->space);
	*slot = (struct slot){ 0 };
}

/* A slot whose space is that of @maps, which may be taken. NULL when out of memory. */
static struct slot *slot_get(struct cr_unwinder *u, pid_t pid, struct cr_maps *maps)
{
	struct slot *slot = slot_same(u, maps);
	int rc = 0;

	if (!slot) {
		slot = slot_for(u, pid);
		if (slot->space && slot->pid == pid) {
			rc = cr_uw_space_update(slot->space, maps);
		} else {
			slot_clear(slot);
			slot->space = cr_uw_space_new(u->files, maps);
		}
	}
	if (rc < 0 || !slot->space) {
		slot_clear(slot);
		return NULL;
	}
	slot->pid = pid;
	slot->used = ++u->clock;
	return slot;
}

/* syscall, sysenter, int 0x80: behind one of them, which may be the last instruction of its
 * function, the name is that of the instruction. */
static bool behind_call(struct cr_uw_mem *mem, cr_addr pc)
{
	static const unsigned char calls[][2] = { { 0x0f, 0x05 }, { 0x0f, 0x34 }, { 0xcd, 0x80 } };
	unsigned char at[2];
	size_t i;

	if (cr_uw_mem_read(mem, pc - 2, at, sizeof(at)) < 0)
		return false;
	for (i = 0; i < CR_ARRAY_SIZE(calls); i++) {
		if (memcmp(at, calls[i], sizeof(at)) == 0)
			return true;
	}
	return false;
}

static size_t walk(struct cr_uw_space *s, struct cr_uw_mem *mem, struct cr_uw_pc *pcs, size_t max)
{
	struct cr_uw_pc other[CR_FRAMES_MAX];
	bool guessed = false;
	size_t n = 0, m;

	if (mem->regs.wide)
		n = cr_uw_walk(mem, pcs, max, &guessed);
	if (n <= 1 || guessed) {
		m = cr_uw_walk_dw(s, mem, other, max);
		if (m > n || (guessed && m > 1)) {
			memcpy(pcs, other, m * sizeof(*pcs));
			n = m;
		}
	}
	if (n == 0) {
		pcs[0].pc = cr_uw_mem_pc(mem);
		n = 1;
	}
	pcs[0].exact = !behind_call(mem, pcs[0].pc);
	return n;
}

static int unwind(struct cr_unwinder *u, struct slot *slot, struct cr_frame *frames, size_t max)
{
	struct cr_uw_pc pcs[CR_FRAMES_MAX];
	size_t i, n = walk(slot->space, &u->mem, pcs, max);
	int rc;

	for (i = 0; i < n; i++) {
		frames[i] = (struct cr_frame){ .pc = pcs[i].pc };
		rc = cr_uw_space_name(slot->space, u->mem.tid, pcs[i].exact, &frames[i]);
		if (rc < 0) {
			cr_frames_fini(frames, i + 1);
			return rc;
		}
	}
	return (int)n;
}

int cr_unwind_from(struct cr_unwinder *u, pid_t pid, pid_t tid, const struct cr_unwind_regs *regs,
		   struct cr_frame *frames, size_t max)
{
	struct cr_maps maps;
	struct slot *slot;
	int rc;

	if (!max)
		return 0;
	rc = cr_maps_read(&maps, tid, u->shm);
	if (rc < 0)
		return rc == -ENOMEM ? rc : 0;
	slot = slot_get(u, pid, &maps);
	if (!slot) {
		cr_maps_fini(&maps);
		return -ENOMEM;
	}
	/* Where code is and what must not be read changes more often than the modules. */
	cr_uw_mem_start(&u->mem, tid, maps.n_exec ? &maps : cr_uw_space_maps(slot->space), regs);
	rc = unwind(u, slot, frames, max < CR_FRAMES_MAX ? max : CR_FRAMES_MAX);
	u->mem.maps = NULL;
	cr_maps_fini(&maps);
	return rc;
}

int cr_unwind(struct cr_unwinder *u, pid_t pid, pid_t tid, struct cr_frame *frames, size_t max)
{
	struct cr_unwind_regs regs;

	if (cr_unwind_regs(tid, &regs) < 0)
		return 0;
	return cr_unwind_from(u, pid, tid, &regs, frames, max);
}

void cr_frames_fini(struct cr_frame *frames, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		free(frames[i].func);
		free(frames[i].object);
		free(frames[i].file);
		frames[i] = (struct cr_frame){ 0 };
	}
}
