/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* escape-abi - the deed by other doors into the kernel */
#include "escape.h"

#include <asm/ldt.h>
#include <elf.h>
#include <stddef.h>
#include <sys/personality.h>

#define X32 0x40000000ul

static void x32(void)
{
	trying();
	done(raw(X32 | SYS_mkdir, EVIL, 0700));
}

static void x32_at(void)
{
	trying();
	done(raw(X32 | SYS_mkdirat, AT_FDCWD, EVIL));
}

static void x32_high(void)
{
	trying();
	done(raw(0xdeadbeef00000000ul | X32 | SYS_mkdir, EVIL, 0700));
}

/* What is where in memory below 4 GiB, which begins with the path. */
enum { CODE32 = 256, CODE64 = 512, STACK = 60000, LOW = 65536 };

static char *evil_below_4g(void)
{
	return strcpy(low_memory(LOW), EVIL);
}

static void after(void)
{
	done(access(EVIL, F_OK));
	_exit(0);
}

/* Goes on with after(): mov $after, %rax; jmp *%rax */
static void lead_back(char *at)
{
	void (*to)(void) = after;

	memcpy(at, "\x48\xb8", 2);
	memcpy(at + 2, &to, sizeof(to));
	memcpy(at + 10, "\xff\xe0", 2);
}

static void i386_int80(void)
{
	char *low = evil_below_4g();

	trying();
	done(int80(NR_MKDIR32, (long)low, 0700, 0));
}

static void i386_int80_at(void)
{
	char *low = evil_below_4g();

	trying();
	done(int80(296, AT_FDCWD, (long)low, 0700));
}

/* The upper halves of the registers are not looked at. */
static void i386_int80_high(void)
{
	char *low = evil_below_4g();

	trying();
	done(int80((long)(0x7777777700000000ul | NR_MKDIR32),
		   (long)(0x5555555500000000ul | (unsigned long)low), 0700, 0));
}

/* 32-bit code: mov $39, %eax; mov $PATH, %ebx; mov $0700, %ecx; int $0x80; lret. It returns into
 * 64-bit code, and finds that on the stack. */
static char *code32(char *low)
{
	static const unsigned char code[] = {
		0xb8, NR_MKDIR32, 0, 0, 0, 0xbb, 0, 0, 0, 0, 0xb9, 0xc0, 1, 0, 0,
		0xcd, 0x80, 0xcb,
	};
	uint32_t path = (uint32_t)(uintptr_t)low, *sp = (uint32_t *)(low + STACK);

	memcpy(low + CODE32, code, sizeof(code));
	memcpy(low + CODE32 + 6, &path, sizeof(path));
	lead_back(low + CODE64);
	sp[0] = path + CODE64;
	sp[1] = 0x33;
	return low + CODE32;
}

static void far_jump(unsigned int cs, char *low)
{
	struct { uint32_t ip; uint16_t cs; } __attribute__((packed)) to = {
		(uint32_t)(uintptr_t)code32(low), (uint16_t)cs,
	};

	__asm__ volatile("mov %1, %%rsp\n\tljmp *(%0)" : : "r"(&to), "r"(low + STACK) : "memory");
	__builtin_unreachable();
}

static void i386_far(void)
{
	char *low = evil_below_4g();

	trying();
	far_jump(0x23, low);
}

/* The same in a segment of our own. */
static void i386_ldt(void)
{
	struct user_desc d = { .entry_number = 3, .limit = 0xfffff, .seg_32bit = 1,
			       .contents = 2, .limit_in_pages = 1, .useable = 1 };
	char *low = evil_below_4g();

	if (syscall(SYS_modify_ldt, 1, &d, sizeof(d)) != 0) {
		say("trying: no modify_ldt");
		return;
	}
	trying();
	far_jump(3 << 3 | 7, low);
}

static void on_own_stack(int sig)
{
	(void)sig;
	after();
}

/* On Intel's processors it is an entry of the i386 ABI from 64-bit code, too. It comes back to
 * where a 32-bit program has its vDSO, which is nowhere. */
static void sysenter(void)
{
	struct sigaction sa = { .sa_handler = on_own_stack, .sa_flags = SA_ONSTACK };
	char *low = evil_below_4g();
	stack_t ss = { .ss_sp = low_memory(LOW), .ss_size = LOW };

	NEED(sigaltstack(&ss, NULL) == 0);
	sigaction(SIGILL, &sa, NULL);
	sigaction(SIGSEGV, &sa, NULL);
	trying();
	__asm__ volatile("mov %3, %%rsp\n\tmov %3, %%rbp\n\tsysenter" : : "a"((long)NR_MKDIR32),
			 "b"((long)low), "c"(0700l), "r"(low + STACK) : "memory");
	__builtin_unreachable();
}

/* A 32-bit program: mkdir, write, exit. */
static void i386_exec(void)
{
	static const unsigned char code[] = {
		0xb8, NR_MKDIR32, 0, 0, 0, 0xbb, 0, 0, 0, 0, 0xb9, 0xc0, 1, 0, 0, 0xcd, 0x80,
		0x85, 0xc0, 0x75, 0x16,		/* test %eax, %eax; jnz over the write */
		0xb8, 4, 0, 0, 0, 0xbb, 1, 0, 0, 0, 0xb9, 0, 0, 0, 0, 0xba, 8, 0, 0, 0,
		0xcd, 0x80,
		0xb8, 1, 0, 0, 0, 0xbb, 0, 0, 0, 0, 0xcd, 0x80,
	};
	static const char data[] = EVIL "\0ESCAPED\n";
	const uint32_t base = 0x08048000;
	struct {
		Elf32_Ehdr eh;
		Elf32_Phdr ph;
		unsigned char code[sizeof(code)];
		char data[sizeof(data)];
	} __attribute__((packed)) f = {
		.eh = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_EXEC, .e_machine = EM_386, .e_version = EV_CURRENT,
			.e_ehsize = sizeof(Elf32_Ehdr), .e_phoff = sizeof(Elf32_Ehdr),
			.e_phentsize = sizeof(Elf32_Phdr), .e_phnum = 1 },
		.ph = { .p_type = PT_LOAD, .p_vaddr = base, .p_paddr = base, .p_flags = 5,
			.p_align = 4096 },
	};
	char *argv[] = { "escape32", NULL };
	uint32_t at = base + (uint32_t)offsetof(__typeof__(f), data), text = at + 5;
	int fd = memfd_create("escape32", 0);

	f.eh.e_entry = base + (uint32_t)offsetof(__typeof__(f), code);
	f.ph.p_filesz = f.ph.p_memsz = sizeof(f);
	memcpy(f.code, code, sizeof(code));
	memcpy(f.data, data, sizeof(data));
	memcpy(f.code + 6, &at, sizeof(at));
	memcpy(f.code + 32, &text, sizeof(text));
	NEED(fd >= 0 && write(fd, &f, sizeof(f)) == sizeof(f));
	trying();
	fexecve(fd, argv, environ);
}

static void personality32(void)
{
	NEED(personality(PER_LINUX32) >= 0);
	trying();
	deed();
}

/* The kernel takes the lower half of the number. */
static void high_number(void)
{
	trying();
	done(raw(0xffffffff00000000ul | SYS_mkdir, EVIL, 0700));
	done(raw(0x0000000100000000ul | SYS_mkdir, EVIL, 0700));
}

static void odd_numbers(void)
{
	static const unsigned long bits[] = {
		0x80000000, 0xc0000000, 0x20000000, 0x60000000, 0x10000, 0x8000, 1024, 4096, 512,
	};
	size_t i;

	trying();
	for (i = 0; i < COUNT(bits); i++) {
		done(raw(bits[i] + SYS_mkdir, EVIL, 0700));
		done(raw(-bits[i] + SYS_mkdir, EVIL, 0700));
	}
	done(raw((unsigned long)-SYS_mkdir, EVIL, 0700));
	done(raw((unsigned long)~SYS_mkdir, EVIL, 0700));
	done(raw(-1ul, EVIL, 0700));
}

/* dirfd and mode are ints: their upper halves are not looked at. */
static void high_arguments(void)
{
	trying();
	done(raw6(SYS_mkdirat, (long)(0xdead00000000ul | (uint32_t)AT_FDCWD), (long)EVIL,
		  (long)(0xbeef000000000000ul | 0700), -1, -1, -1));
}

/* The policy denies time(2), too. The kernel emulates this page: only seccomp sees it. */
static void vsyscall(void)
{
	time_t (*vtime)(time_t *) = (time_t (*)(time_t *))0xffffffffff600400ul;
	char line[512];
	bool there = false;
	FILE *f = fopen("/proc/self/maps", "re");

	NEED(f);
	while (fgets(line, sizeof(line), f))
		there |= strstr(line, "[vsyscall]") != NULL;
	fclose(f);
	trying();
	if (there && vtime(NULL) > 0)
		say("ESCAPED");
}

static void alarmed(int sig)
{
	(void)sig;
}

/* What restart_syscall goes on with is a call that was judged; it shall be nothing else. */
static void restart_syscall_(void)
{
	struct sigaction sa = { .sa_handler = alarmed };
	struct timespec t = { 0, 200000000 };

	sigaction(SIGALRM, &sa, NULL);
	ualarm(20000, 0);
	syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &t, NULL);
	trying();
	done(raw(SYS_restart_syscall, EVIL, 0700));
	done(raw(0xffffffff00000000ul | SYS_restart_syscall, EVIL, 0700));
	done(int80(0, (long)evil_below_4g(), 0700, 0));
	done(access(EVIL, F_OK));
}

/* A signal frame of our own: rt_sigreturn(2) takes every register from it. */
__attribute__((noinline))
static void forge(unsigned long nr, unsigned long cs, char *ip, char *sp, long a, long b)
{
	static struct {
		ucontext_t uc;
		unsigned char fp[8192];
	} __attribute__((aligned(64))) frame;
	greg_t *g = frame.uc.uc_mcontext.gregs;
	uint64_t selectors;

	NEED(getcontext(&frame.uc) == 0);
	frame.uc.uc_mcontext.fpregs = NULL;
	sigemptyset(&frame.uc.uc_sigmask);
	__asm__("mov %%ss, %%eax" : "=a"(selectors) : : );
	g[REG_CSGSFS] = (greg_t)((selectors & 0xffff) << 48 | cs);
	g[REG_RIP] = (greg_t)ip;
	g[REG_RSP] = (greg_t)sp;
	g[REG_RAX] = (greg_t)nr;
	g[REG_RDI] = a;
	g[REG_RSI] = b;
	g[REG_EFL] = 0x202;
	frame.uc.uc_flags = 4;	/* UC_STRICT_RESTORE_SS */
	__asm__ volatile("mov %0, %%rsp\n\tmov %1, %%eax\n\tsyscall" : :
			 "r"(&frame.uc), "i"(SYS_rt_sigreturn) : "memory");
	__builtin_unreachable();
}

static void forged_frame(void)
{
	char *low = evil_below_4g(), *at = low + CODE64;

	memcpy(at, "\x0f\x05", 2);	/* syscall */
	lead_back(at + 2);
	trying();
	forge(SYS_mkdir, 0x33, at, low + STACK + 8, (long)low, 0700);
}

static void forged_frame32(void)
{
	char *low = evil_below_4g(), *code = code32(low);

	trying();
	forge(0, 0x23, code, low + STACK, 0, 0);
}

int main(int argc, char **argv)
{
	static const struct attempt all[] = {
		{ "x32", x32, "m" }, { "x32-at", x32_at, "m" }, { "x32-high-bits", x32_high, "m" },
		{ "i386-int80", i386_int80, "m" }, { "i386-int80-at", i386_int80_at, "m" },
		{ "i386-int80-high-bits", i386_int80_high, "m" },
		{ "i386-far-call", i386_far, "m" }, { "i386-ldt", i386_ldt, "m" },
		{ "sysenter", sysenter, "m" }, { "i386-exec", i386_exec, "m" },
		{ "personality-32", personality32, "" },
		{ "high-half-of-number", high_number, "" },
		{ "odd-numbers", odd_numbers, "m" },
		{ "high-half-of-arguments", high_arguments, "" },
		{ "vsyscall-page", vsyscall, "m" },
		{ "restart-syscall", restart_syscall_, "m" },
		{ "sigreturn", forged_frame, "" }, { "sigreturn-to-32-bit", forged_frame32, "m" },
	};

	return attempt(all, COUNT(all), argc, argv);
}
