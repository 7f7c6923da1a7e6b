/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Is an instruction that is worked out, or run from a slot, what the CPU makes of it in its place?
 * A child runs each with random registers and memory, one step at a time, and is the judge.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>

#include <Zydis/Zydis.h>

#include "cr/over.h"
#include "cr-test.h"
#include "over-forms.h"

#define CODE 0x20000000ul
#define NEAR 0x20100000ul	/* a slot that everything reaches */
#define DATA 0x21000000ul
#define FAR 0x510000000000ul	/* a slot that nothing reaches */
#define CODE_SIZE 0x1000ul
#define DATA_SIZE 0x4000ul
#define ROUNDS 4u		/* register sets for each instruction */
#define STEPS 64u
#define XSTATE 16384u	/* with AMX: 11008 bytes */
#define MATH 0xcd5u		/* CF PF AF ZF SF DF OF */

static pid_t child;
static struct user_regs_struct home_regs;
static uint8_t home_xstate[XSTATE], memory[DATA_SIZE];
static size_t xstate_size;
static uint64_t seed;

struct state {
	struct user_regs_struct r;
	uint8_t x[XSTATE];
	uint8_t m[DATA_SIZE];
	siginfo_t info;		/* si_signo 0: it went well */
	unsigned int steps;
};

static struct {
	unsigned int insns, native, emulated, slots, faults, refused, stepped, unfinished;
	unsigned int far_refused;
} count;

static uint64_t dice(void)
{
	/* xorshift64* */
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return seed * 2685821657736338717ull;
}

static long trace(long request, void *addr, void *data)
{
	return syscall(SYS_ptrace, request, (long)child, addr, data);
}

static void map(unsigned long at, size_t size)
{
	void *p = mmap((void *)at, size, PROT_READ | PROT_WRITE | PROT_EXEC,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (p != (void *)at)
		CR_SKIP("%#lx is taken in this process", at);
}

/* What the child may execute it may not write. In a build with an address sanitizer there is memory
 * where registers with odd values point: the child does without its shadow from here on. */
__attribute__((no_sanitize("address")))
static void be_child(void)
{
	sigset_t none;

	mprotect((void *)CODE, CODE_SIZE, PROT_READ | PROT_EXEC);
	mprotect((void *)NEAR, CODE_SIZE, PROT_READ | PROT_EXEC);
	mprotect((void *)FAR, CODE_SIZE, PROT_READ | PROT_EXEC);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	syscall(SYS_munmap, 0x7fff7000ul, 0x10007fff8000ul - 0x7fff7000ul);
	if (syscall(SYS_ptrace, (long)PTRACE_TRACEME, 0l, 0l, 0l) < 0)
		syscall(SYS_exit_group, 1l);
	syscall(SYS_kill, syscall(SYS_getpid), (long)SIGSTOP);
	syscall(SYS_exit_group, 2l);
}

static void start_child(void)
{
	struct iovec iov = { home_xstate, sizeof(home_xstate) };
	cpu_set_t one;
	int status;

	if (child)
		return;
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);
	map(CODE, CODE_SIZE);
	map(NEAR, CODE_SIZE);
	map(FAR, CODE_SIZE);
	map(DATA, DATA_SIZE);
	child = fork();
	if (child == 0)
		be_child();
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
		CR_SKIP("no child may be traced here");
	syscall(SYS_ptrace, (long)PTRACE_SETOPTIONS, (long)child, 0l, (long)PTRACE_O_EXITKILL);
	CR_CHECK_INT(trace(PTRACE_GETREGS, NULL, &home_regs), 0);
	CR_CHECK_INT(trace(PTRACE_GETREGSET, (void *)NT_X86_XSTATE, &iov), 0);
	xstate_size = iov.iov_len;
	home_regs.orig_rax = (unsigned long long)-1;
	home_regs.fs_base = home_regs.gs_base = DATA + DATA_SIZE / 2;
}

static void stop_child(void)
{
	int status;

	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
	}
}

/* ---- registers and memory to start from */

static uint64_t near_data(void)
{
	return DATA + DATA_SIZE / 4 + dice() % (DATA_SIZE / 2);
}

static uint64_t value(void)
{
	static const uint64_t odd[] = { 0, 1, 2, 8, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0x7fffffff,
		0x80000000, 0xffffffff, 0x7fffffffffffffff, 0x8000000000000000, ~0ull, ~7ull };

	switch (dice() % 8) {
	case 0:
		return dice();
	case 1:
		return odd[dice() % CR_ARRAY_SIZE(odd)];
	case 2:
		return dice() % 40;
	case 3:
		return near_data();
	default:
		return near_data() & ~7ull;
	}
}

static unsigned long long *gpr(struct user_regs_struct *r, unsigned int k)
{
	unsigned long long *const at[16] = { &r->rax, &r->rcx, &r->rdx, &r->rbx, &r->rsp, &r->rbp,
		&r->rsi, &r->rdi, &r->r8, &r->r9, &r->r10, &r->r11, &r->r12, &r->r13, &r->r14,
		&r->r15 };

	return at[k];
}

static void throw(bool is32, struct user_regs_struct *r, uint8_t *x)
{
	unsigned int k;

	*r = home_regs;
	for (k = 0; k < 16; k++)
		*gpr(r, k) = is32 ? (k < 8 ? (uint32_t)value() : 0) : value();
	if (dice() % 8)
		r->rsp = near_data() & ~7ull;
	if (dice() % 2)
		r->rcx = dice() % 12;
	r->eflags = 0x202 | (dice() & MATH);
	if (is32) {
		r->cs = 0x23;
		r->ds = r->es = r->ss = 0x2b;
	}
	for (k = 0; k < DATA_SIZE; k += 8) {
		uint64_t v = dice() % 4 ? near_data() : dice();

		memcpy(memory + k, &v, 8);
	}
	memcpy(x, home_xstate, xstate_size);
	for (k = 0; k < 256; k++)
		x[160 + k] = (uint8_t)dice();
	x[512] = 3;	/* x87 and sse; the rest starts as new */
	memset(x + 513, 0, 7);
}

/* ---- the child */

static int step(struct state *s)
{
	int status;

	if (trace(PTRACE_SINGLESTEP, NULL, NULL) < 0 || waitpid(child, &status, 0) != child ||
	    !WIFSTOPPED(status))
		CR_FAIL("the child is lost");
	s->steps++;
	CR_CHECK_INT(trace(PTRACE_GETREGS, NULL, &s->r), 0);
	CR_CHECK_INT(trace(PTRACE_GETSIGINFO, NULL, &s->info), 0);
	if (WSTOPSIG(status) == SIGTRAP)
		s->info.si_signo = 0;
	return s->info.si_signo;
}

static void begin(const struct user_regs_struct *r, const uint8_t *x, uint64_t rip)
{
	struct user_regs_struct start = *r;
	struct iovec iov = { (void *)(uintptr_t)x, xstate_size };

	start.rip = rip;
	memcpy((void *)DATA, memory, DATA_SIZE);
	CR_CHECK_INT(trace(PTRACE_SETREGS, NULL, &start), 0);
	CR_CHECK_INT(trace(PTRACE_SETREGSET, (void *)NT_X86_XSTATE, &iov), 0);
}

static void end(struct state *s)
{
	struct iovec iov = { s->x, sizeof(s->x) };

	CR_CHECK_INT(trace(PTRACE_GETREGSET, (void *)NT_X86_XSTATE, &iov), 0);
	memset(s->x + 8, 0, 8);		/* FIP: see over.h */
	/* what is in use: the CPU may or may not notice that it is not */
	memset(s->x + 512, 0, 8);
	memcpy(s->m, (void *)DATA, DATA_SIZE);
}

static const char *hex(const uint8_t *b, size_t n)
{
	static char text[64];
	size_t k;

	for (k = 0; k < n; k++)
		sprintf(text + 2 * k, "%02x", b[k]);
	return text;
}

/* ---- the comparison */

#define SAY(o, how, ...) do { \
	char say_[256]; \
	snprintf(say_, sizeof(say_), __VA_ARGS__); \
	CR_FAIL("%s %s at %#lx%s: %s", how, hex((o)->bytes, (o)->len), (unsigned long)(o)->at, \
		(o)->is32 ? " (i386)" : "", say_); \
} while (0)

static void same_memory(const struct cr_over *o, const char *how, const uint8_t *want,
			const uint8_t *got)
{
	size_t k;

	if (!memcmp(want, got, DATA_SIZE))
		return;
	for (k = 0; want[k] == got[k]; k++)
		;
	SAY(o, how, "memory at +%#zx is %02x, not %02x", k, got[k], want[k]);
}

static void same_state(const struct cr_over *o, const struct state *want, struct state *got,
		       uint64_t slot)
{
	const char *how = slot < FAR ? "near slot" : "far slot";
	struct state w = *want;
	unsigned int k;

	for (k = 0; k < 16; k++)
		if (*gpr(&w.r, k) != *gpr(&got->r, k))
			SAY(o, how, "register %u is %#llx, not %#llx", k, *gpr(&got->r, k),
			    *gpr(&w.r, k));
	if ((w.r.eflags ^ got->r.eflags) & (MATH | 0x240000))
		SAY(o, how, "flags are %#llx, not %#llx", got->r.eflags, w.r.eflags);
	if (w.r.fs_base != got->r.fs_base || w.r.gs_base != got->r.gs_base)
		SAY(o, how, "fs or gs is another");
	if (memcmp(w.x, got->x, xstate_size))
		SAY(o, how, "a vector register is another");
	same_memory(o, how, w.m, got->m);
}

static void same_fault(const struct cr_over *o, const struct state *want, const struct state *got,
		       uint64_t slot)
{
	uint64_t addr = (uint64_t)(uintptr_t)got->info.si_addr;

	if (want->info.si_signo != got->info.si_signo || want->info.si_code != got->info.si_code)
		SAY(o, "slot", "signal %d, not %d", got->info.si_signo, want->info.si_signo);
	if (got->info.si_signo == SIGILL || got->info.si_signo == SIGFPE)
		addr = cr_over_fix_pc(o, slot, addr);
	if (addr != (uint64_t)(uintptr_t)want->info.si_addr)
		SAY(o, "slot", "si_addr %#llx, not %p", (unsigned long long)addr,
		    want->info.si_addr);
	if (cr_over_fix_pc(o, slot, got->r.rip) != want->r.rip)
		SAY(o, "slot", "faults at %#llx, not %#llx", got->r.rip, want->r.rip);
}

/* From the slot, until it is left. Between the instruction and the way out a signal may come: the
 * pc must then be the one behind the instruction. */
static void try_slot(const struct cr_over *o, const struct state *want, uint64_t slot,
		     const struct user_regs_struct *r, const uint8_t *x)
{
	static struct state got;
	uint8_t bytes[CR_OVER_SLOT];
	size_t n;
	int rc = cr_over_slot(o, slot, bytes, &n);

	if (rc == -ERANGE && slot >= FAR) {
		count.far_refused++;
		return;
	}
	if (rc < 0 || n > CR_OVER_SLOT)
		SAY(o, "slot", "not made: %d", rc);
	memset((void *)slot, 0xcc, CR_OVER_SLOT);
	memcpy((void *)slot, bytes, n);
	begin(r, x, cr_over_slot_pc(o, slot, o->at));
	got.steps = 0;
	while (!step(&got) && got.r.rip - slot < CR_OVER_SLOT && got.steps < 2 * STEPS)
		if (got.r.rip != slot && cr_over_fix_pc(o, slot, got.r.rip) != want->r.rip)
			SAY(o, "slot", "pc %#llx stands for %#lx, not %#llx", got.r.rip,
			    (unsigned long)cr_over_fix_pc(o, slot, got.r.rip), want->r.rip);
	end(&got);
	count.slots++;
	if (!!got.info.si_signo != !!want->info.si_signo)
		SAY(o, "slot", "signal %d at %#llx, not %d", got.info.si_signo, got.r.rip,
		    want->info.si_signo);
	if (got.info.si_signo)
		same_fault(o, want, &got, slot);
	else if (got.r.rip != want->r.rip)
		SAY(o, "slot", "goes on at %#llx, not %#llx", got.r.rip, want->r.rip);
	same_state(o, want, &got, slot);
}

static int read_mem(void *arg, cr_addr at, void *to, size_t n)
{
	(void)arg;
	if (at - DATA < DATA_SIZE && at - DATA + n <= DATA_SIZE)
		memcpy(to, (void *)at, n);
	else if (at - CODE < CODE_SIZE && at - CODE + n <= CODE_SIZE)
		memcpy(to, (void *)at, n);
	else
		return -EFAULT;
	return 0;
}

static int write_mem(void *arg, cr_addr at, const void *from, size_t n)
{
	(void)arg;
	if (at - DATA >= DATA_SIZE || at - DATA + n > DATA_SIZE)
		return -EFAULT;
	memcpy((void *)at, from, n);
	return 0;
}

static const struct cr_target_mem mem = { read_mem, write_mem, NULL };

static void try_emulation(const struct cr_over *o, const struct state *want, unsigned int undefined,
			  const struct user_regs_struct *r)
{
	struct user_regs_struct start = *r;
	struct cr_over_regs regs = { .rip = o->at + 1, .eflags = r->eflags }, before;
	struct state w = *want;
	cr_addr next = 0;
	unsigned int k;
	int rc, rc_next;

	memcpy((void *)DATA, memory, DATA_SIZE);
	for (k = 0; k < 16; k++)
		regs.gpr[k] = *gpr(&start, k);
	before = regs;
	rc_next = cr_over_next(o, &regs, &mem, &next);
	same_memory(o, "looked at", memory, (void *)DATA);
	rc = cr_over_emulate(o, &regs, &mem);
	if (want->info.si_signo || (rc == -EFAULT && want->r.rip >> 47)) {
		if (rc != -EFAULT || memcmp(&regs, &before, sizeof(regs)))
			SAY(o, "emulation", "%d instead of the fault", rc);
		same_memory(o, "refused", memory, (void *)DATA);
		count.refused++;
		return;
	}
	if (rc || rc_next || next != want->r.rip || regs.rip != want->r.rip)
		SAY(o, "emulation", "%d, goes on at %#llx (looked: %#llx), not %#llx", rc,
		    (unsigned long long)regs.rip, (unsigned long long)next, want->r.rip);
	for (k = 0; k < 16; k++)
		if (regs.gpr[k] != *gpr(&w.r, k))
			SAY(o, "emulation", "register %u is %#llx, not %#llx", k,
			    (unsigned long long)regs.gpr[k], *gpr(&w.r, k));
	if ((regs.eflags ^ w.r.eflags) & MATH & ~undefined)
		SAY(o, "emulation", "flags are %#llx, not %#llx", (unsigned long long)regs.eflags,
		    w.r.eflags);
	same_memory(o, "emulation", w.m, (void *)DATA);
	count.emulated++;
}

/* ---- one instruction */

/* Different each time, slow, or more than one instruction in a step. */
static bool no_judge(const ZydisDecodedInstruction *i)
{
	static const ZydisMnemonic names[] = {
		ZYDIS_MNEMONIC_RDTSC, ZYDIS_MNEMONIC_RDTSCP, ZYDIS_MNEMONIC_RDRAND,
		ZYDIS_MNEMONIC_RDSEED, ZYDIS_MNEMONIC_RDPMC, ZYDIS_MNEMONIC_RDPRU,
		ZYDIS_MNEMONIC_CPUID, ZYDIS_MNEMONIC_VMCALL,
		ZYDIS_MNEMONIC_VMMCALL, ZYDIS_MNEMONIC_VMFUNC, ZYDIS_MNEMONIC_MONITORX,
		ZYDIS_MNEMONIC_MWAITX, ZYDIS_MNEMONIC_UMONITOR, ZYDIS_MNEMONIC_UMWAIT,
		ZYDIS_MNEMONIC_TPAUSE, ZYDIS_MNEMONIC_LSS, ZYDIS_MNEMONIC_XSAVE,
		ZYDIS_MNEMONIC_XSAVEC,
		ZYDIS_MNEMONIC_XSAVEOPT, ZYDIS_MNEMONIC_XSAVE64, ZYDIS_MNEMONIC_XSAVEC64,
		ZYDIS_MNEMONIC_XSAVEOPT64, ZYDIS_MNEMONIC_XRSTOR, ZYDIS_MNEMONIC_XRSTOR64,
		/* The kernel does these for the CPU, and misses the step. */
		ZYDIS_MNEMONIC_SGDT, ZYDIS_MNEMONIC_SIDT, ZYDIS_MNEMONIC_SLDT, ZYDIS_MNEMONIC_STR,
		ZYDIS_MNEMONIC_SMSW,
	};
	size_t k;

	for (k = 0; k < CR_ARRAY_SIZE(names); k++)
		if (i->mnemonic == names[k])
			return true;
	return false;
}

static bool touches_ss(const ZydisDecodedInstruction *i, const ZydisDecodedOperand *ops)
{
	return i->operand_count && ops[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
	       ops[0].reg.value == ZYDIS_REGISTER_SS;
}

static bool decode(const uint8_t *b, size_t n, bool is32, ZydisDecodedInstruction *i,
		   ZydisDecodedOperand *ops)
{
	ZydisDecoder d;

	ZydisDecoderInit(&d, is32 ? ZYDIS_MACHINE_MODE_LONG_COMPAT_32 : ZYDIS_MACHINE_MODE_LONG_64,
			 is32 ? ZYDIS_STACK_WIDTH_32 : ZYDIS_STACK_WIDTH_64);
	return ZYAN_SUCCESS(ZydisDecoderDecodeFull(&d, b, n, i, ops));
}

/* An operand near rip is moved to where there is memory. */
static void aim(uint8_t *b, const ZydisDecodedInstruction *i, uint64_t at)
{
	int32_t disp = (int32_t)(near_data() - (at + i->length));

	if ((i->attributes & ZYDIS_ATTRIB_IS_RELATIVE) && !i->raw.imm[0].is_relative)
		memcpy(b + i->raw.disp.offset, &disp, 4);
}

static void compare(const struct cr_over *o, const ZydisDecodedInstruction *i)
{
	bool rep = i->attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE |
				    ZYDIS_ATTRIB_HAS_REPNE);
	unsigned int undefined = i->cpu_flags ? i->cpu_flags->undefined : 0;
	static struct user_regs_struct r;
	static uint8_t x[XSTATE];
	static struct state native;

	throw(o->is32, &r, x);
	memcpy((void *)o->at, o->bytes, o->len);
	begin(&r, x, o->at);
	native.steps = 0;
	while (!step(&native) && rep && native.r.rip == o->at && native.steps < STEPS)
		;
	end(&native);
	memset((void *)o->at, 0xcc, o->len);	/* only a slot may run it from here on */
	if (native.steps == STEPS) {
		count.unfinished++;
		return;
	}
	count.native++;
	count.faults += !!native.info.si_signo;
	if (o->can & CR_OVER_EMULATE)
		try_emulation(o, &native, undefined, &r);
	if (o->can & CR_OVER_DISPLACE) {
		try_slot(o, &native, NEAR + dice() % 3, &r, x);
		if (!o->is32 && dice() % 2)
			try_slot(o, &native, FAR + dice() % 9, &r, x);
	}
}

/* true when it was an instruction that can be judged. */
static bool one(const uint8_t *bytes, size_t n, unsigned int flags)
{
	bool is32 = flags & CR_OVER_IS32;
	ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecodedInstruction i;
	uint64_t at = CODE + 0x100 + dice() % 64;
	struct cr_over o;
	uint8_t b[CR_OVER_INSN];
	unsigned int k;

	if (!decode(bytes, n, is32, &i, ops) || no_judge(&i) || touches_ss(&i, ops))
		return false;
	memcpy(b, bytes, i.length);
	aim(b, &i, at);
	CR_CHECK_INT(cr_over_plan(b, i.length, at, flags, &o), 0);
	CR_CHECK_INT(o.len, i.length);
	count.insns++;
	if (o.how == CR_OVER_STEP) {
		count.stepped++;
		return true;
	}
	memset((void *)CODE, 0xcc, CODE_SIZE);
	for (k = 0; k < ROUNDS; k++)
		compare(&o, &i);
	return true;
}

static void tell(const char *what)
{
	printf("# %s: %u instructions, %u native runs (%u faults) = %u emulated + %u refused, "
	       "%u slots; %u too far, %u only to step, %u without end\n", what, count.insns,
	       count.native,
	       count.faults, count.emulated, count.refused, count.slots, count.far_refused,
	       count.stepped, count.unfinished);
	memset(&count, 0, sizeof(count));
}

CR_TEST(forms_of_entries_and_exits_do_what_the_cpu_does)
{
	uint8_t b[CR_OVER_INSN];
	size_t k, n, round;

	start_child();
	for (k = 0; k < CR_ARRAY_SIZE(over_forms); k++) {
		n = over_form_bytes(&over_forms[k], b);
		for (round = 0; round < 25; round++)
			CR_CHECK(one(b, n, over_forms[k].flags));
	}
	CR_CHECK(count.emulated > 4000 && count.slots > 10000);
	tell("forms");
}

/* ---- what compilers and people wrote: the functions of libc */

static uint8_t *load_file(const char *path, size_t *size)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t *p = NULL;

	if (fd >= 0 && !fstat(fd, &st)) {
		*size = (size_t)st.st_size;
		p = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
	}
	if (fd >= 0)
		close(fd);
	return p == MAP_FAILED ? NULL : p;
}

/* The file is a library that this process runs: it is trusted. */
static const Elf64_Shdr *dynsym(const uint8_t *file)
{
	const Elf64_Ehdr *e = (const void *)file;
	const Elf64_Shdr *s = (const void *)(file + e->e_shoff);
	unsigned int k;

	for (k = 0; k < e->e_shnum; k++)
		if (s[k].sh_type == SHT_DYNSYM)
			return &s[k];
	return NULL;
}

static uint64_t offset_of(const uint8_t *file, uint64_t vaddr)
{
	const Elf64_Ehdr *e = (const void *)file;
	const Elf64_Phdr *p = (const void *)(file + e->e_phoff);
	unsigned int k;

	for (k = 0; k < e->e_phnum; k++)
		if (p[k].p_type == PT_LOAD && vaddr - p[k].p_vaddr < p[k].p_filesz)
			return vaddr - p[k].p_vaddr + p[k].p_offset;
	return 0;
}

/* Bytes that were tried are not tried again: half of all code is mov. */
static bool seen(const uint8_t *b, size_t n)
{
	static uint64_t set[1 << 20];
	uint64_t h = 14695981039346656037ull;
	size_t k;

	for (k = 0; k < n; k++)
		h = (h ^ b[k]) * 1099511628211ull;
	k = (size_t)(h >> 44);
	if (set[k] == h)
		return true;
	set[k] = h;
	return false;
}

static void try_function(const uint8_t *text, size_t size)
{
	ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecodedInstruction i;
	size_t at = 0;

	while (at < size && decode(text + at, size - at, false, &i, ops)) {
		if (!seen(text + at, i.length))
			one(text + at, i.length, 0);
		at += i.length;
	}
}

static unsigned int many(void)
{
	const char *s = getenv("CR_OVER_INSNS");

	return s ? (unsigned int)atoi(s) : 8000;
}

CR_TEST(the_code_of_libc_does_what_it_did)
{
	const Elf64_Shdr *sh;
	const Elf64_Sym *sym;
	Dl_info info;
	uint8_t *file = NULL;
	size_t size = 0, n, tries, functions = 0;
	uint64_t at;

	start_child();
	if (dladdr((void *)(uintptr_t)&getauxval, &info))
		file = load_file(info.dli_fname, &size);
	if (!file)
		CR_SKIP("no libc to read");
	sh = dynsym(file);
	CR_CHECK(sh != NULL);
	n = sh->sh_size / sizeof(*sym);
	for (tries = 0; count.insns < many() && tries < 40 * n; tries++) {
		sym = (const Elf64_Sym *)(const void *)(file + sh->sh_offset) + dice() % n;
		at = offset_of(file, sym->st_value);
		if (ELF64_ST_TYPE(sym->st_info) != STT_FUNC || !at || at + sym->st_size > size)
			continue;
		functions++;
		try_function(file + at, sym->st_size < 2000 ? sym->st_size : 2000);
	}
	munmap(file, size);
	printf("# %zu functions of %s\n", functions, info.dli_fname);
	CR_CHECK(functions > 100 && count.native > many());
	tell("libc");
}

/* ---- what nobody wrote */

static void random_insns(unsigned int flags, const char *what)
{
	static const uint8_t front[] = { 0x66, 0x67, 0x48, 0x41, 0x4d, 0x0f, 0xf3, 0xf2, 0xff, 0x8b,
					 0x89, 0x83, 0x3e, 0x40, 0x64, 0xc5, 0xc4 };
	uint8_t b[CR_OVER_INSN];
	unsigned int k, n;

	start_child();
	while (count.insns < many() / 2) {
		for (k = 0; k < sizeof(b); k++)
			b[k] = (uint8_t)dice();
		for (n = (unsigned int)(dice() % 3), k = 0; k < n; k++)
			b[k] = front[dice() % sizeof(front)];
		one(b, sizeof(b), flags);
	}
	CR_CHECK(count.native > many());
	tell(what);
}

CR_TEST(random_instructions_do_what_the_cpu_does)
{
	random_insns(0, "random");
}

CR_TEST(random_i386_instructions_do_what_the_cpu_does)
{
	random_insns(CR_OVER_IS32, "random i386");
}

int main(void)
{
	const char *s = getenv("CR_SEED");

	seed = s ? strtoull(s, NULL, 0) : (uint64_t)time(NULL) * 2654435761u | 1;
	printf("# CR_SEED=%#llx\n", (unsigned long long)seed);
	CR_RUN(forms_of_entries_and_exits_do_what_the_cpu_does,
	       "an entry or exit of any form, worked out or in a slot, does what the CPU does");
	CR_RUN(the_code_of_libc_does_what_it_did, "so do thousands of instructions of libc");
	CR_RUN(random_instructions_do_what_the_cpu_does, "so do random ones");
	CR_RUN(random_i386_instructions_do_what_the_cpu_does, "so do random ones of i386");
	stop_child();
	return cr_done();
}
