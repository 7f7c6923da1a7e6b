/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The proof is worth what the interpreter is worth: here the kernel is asked. Random programs
 * decide about getppid and about nothing else.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <linux/audit.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "cr/filter.h"
#include "cr-test.h"

#define PROGRAMS 400
#define CALLS 6
#define BODY 24
#define HEAD 6
#define TAIL 3

struct answer {
	int loaded;		/* 0, or the errno of seccomp(2) */
	int err[CALLS];
};

static uint32_t word(void)
{
	static const uint32_t odd[] = { 0, 1, 2, 4, 8, 16, 31, 32, 33, 60, 64, 0x7fffffff,
					0x80000000, 0xffffffff };

	return rand() % 2 ? odd[(unsigned int)rand() % CR_ARRAY_SIZE(odd)] :
			    (uint32_t)rand() << 16 ^ (uint32_t)rand();
}

/* An instruction that is all right; @left follow it. The instruction pointer (words 2 and 3)
 * is not loaded: it is not known here. */
static struct sock_filter random_insn(unsigned int left)
{
	static const uint16_t codes[] = {
		BPF_LD | BPF_W | BPF_ABS, BPF_LD | BPF_W | BPF_ABS, BPF_LD | BPF_W | BPF_LEN,
		BPF_LDX | BPF_W | BPF_LEN, BPF_LD | BPF_IMM, BPF_LDX | BPF_IMM, BPF_ST, BPF_STX,
		BPF_MISC | BPF_TAX, BPF_MISC | BPF_TXA, BPF_ALU | BPF_NEG, BPF_LD | BPF_MEM,
		BPF_JMP | BPF_JA,
	};
	static const uint16_t ops[] = { BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_OR, BPF_AND,
					BPF_LSH, BPF_RSH, BPF_XOR };
	struct sock_filter i = { .k = word() };
	unsigned int kind = (unsigned int)rand() % 8;

	if (kind < 3) {
		i.code = codes[(unsigned int)rand() % CR_ARRAY_SIZE(codes)];
		if (i.code == (BPF_LD | BPF_W | BPF_ABS))
			i.k = 4 * (4 + (uint32_t)rand() % 12);
		else if (i.code == BPF_ST || i.code == BPF_STX || i.code == (BPF_LD | BPF_MEM))
			i.k = (uint32_t)rand() % 3;
		else if (BPF_CLASS(i.code) == BPF_JMP)
			i.k = (uint32_t)rand() % left;
	} else if (kind < 6) {
		i.code = (uint16_t)(BPF_ALU | ops[(unsigned int)rand() % CR_ARRAY_SIZE(ops)] |
				    (rand() % 2 ? BPF_X : BPF_K));
		if (BPF_OP(i.code) == BPF_LSH || BPF_OP(i.code) == BPF_RSH)
			i.k %= 32;
		else if (BPF_OP(i.code) == BPF_DIV && !i.k)
			i.k = 7;
	} else {
		i.code = (uint16_t)(BPF_JMP | ((1 + rand() % 4) << 4) |
				    (rand() % 2 ? BPF_X : BPF_K));
		i.jt = (uint8_t)((unsigned int)rand() % left);
		i.jf = (uint8_t)((unsigned int)rand() % left);
	}
	return i;
}

/* Once in a while something that nobody should take. */
static void damage(struct sock_filter *i)
{
	switch (rand() % 4) {
	case 0:
		i->code = (uint16_t)rand();
		break;
	case 1:
		i->k = word();
		break;
	case 2:
		i->jt = (uint8_t)rand();
		break;
	case 3:
		i->code ^= (uint16_t)(1u << rand() % 8);
		break;
	}
}

/* Only getppid reaches the random part, and what that leaves in A becomes an errno. A division by
 * zero answers 0, which kills. */
static void random_program(struct cr_filter *f)
{
	unsigned int i;

	f->insn[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0);
	f->insn[1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 1, 0);
	f->insn[2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	for (i = 3; i < HEAD; i++)
		f->insn[i] = (struct sock_filter)BPF_STMT(BPF_ST, i - 3);
	for (i = 0; i < BODY; i++)
		f->insn[HEAD + i] = random_insn(BODY - i);
	f->insn[HEAD + BODY] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xfff);
	f->insn[HEAD + BODY + 1] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_OR | BPF_K,
								SECCOMP_RET_ERRNO);
	f->insn[HEAD + BODY + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_A, 0);
	f->len = HEAD + BODY + TAIL;
	if (rand() % 3 == 0)
		damage(&f->insn[HEAD + (unsigned int)rand() % BODY]);
}

static void random_args(uint64_t args[CALLS][6])
{
	unsigned int i, j;

	for (i = 0; i < CALLS; i++) {
		for (j = 0; j < 6; j++)
			args[i][j] = (uint64_t)word() << 32 | word();
	}
}

static void in_child(const struct cr_filter *f, uint64_t args[CALLS][6], int out)
{
	struct sock_fprog prog = { f->len, f->insn };
	struct answer a = { 0, { 0 } };
	unsigned int i;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) < 0)
		a.loaded = errno;
	for (i = 0; i < CALLS && !a.loaded; i++) {
		errno = 0;
		a.err[i] = syscall(SYS_getppid, args[i][0], args[i][1], args[i][2], args[i][3],
				   args[i][4], args[i][5]) < 0 ? errno : 0;
	}
	_exit(write(out, &a, sizeof(a)) != sizeof(a));
}

/* What the kernel says; false when the child was killed by its filter (RET 0). */
static bool ask(const struct cr_filter *f, uint64_t args[CALLS][6], struct answer *a)
{
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	CR_CHECK_INT(pipe(fds), 0);
	pid = fork();
	CR_CHECK(pid >= 0);
	if (pid == 0)
		in_child(f, args, fds[1]);
	close(fds[1]);
	n = read(fds[0], a, sizeof(*a));
	close(fds[0]);
	CR_CHECK_INT(waitpid(pid, &status, 0), pid);
	if (n == (ssize_t)sizeof(*a))
		return true;
	/* RET_KILL_THREAD of the only thread: SIGSYS. Anything else is no answer. */
	CR_CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	return false;
}

/* -1 when the program would kill. */
static int ours(const struct cr_filter *f, const uint64_t args[6])
{
	struct seccomp_data d = { .nr = SYS_getppid, .arch = AUDIT_ARCH_X86_64 };
	uint32_t ret;

	memcpy(d.args, args, sizeof(d.args));
	ret = cr_bpf_run(f, &d, NULL);
	if (ret == 0)
		return -1;
	CR_CHECK_INT(ret & SECCOMP_RET_ACTION_FULL, SECCOMP_RET_ERRNO);
	return ret & SECCOMP_RET_DATA;
}

struct tally {
	unsigned int refused, killed, answered;
};

static void compare(const struct cr_filter *f, uint64_t args[CALLS][6], unsigned int no,
		    struct tally *t)
{
	struct answer a = { 0, { 0 } };
	bool lived = ask(f, args, &a), dies = false;
	unsigned int i;

	if ((a.loaded != 0) != (cr_bpf_check(f) < 0))
		CR_FAIL("program %u: the kernel says \"%s\", we differ", no, strerror(a.loaded));
	if (a.loaded) {
		t->refused++;
		return;
	}
	for (i = 0; i < CALLS; i++) {
		int e = ours(f, args[i]);

		dies |= e < 0;
		if (lived && e != a.err[i])
			CR_FAIL("program %u, call %u: %d, but the kernel says %d", no, i, e,
				a.err[i]);
	}
	if (dies == lived)
		CR_FAIL("program %u: we say it %s, the kernel does not", no,
			dies ? "kills" : "lives");
	t->killed += !lived;
	t->answered += lived;
}

CR_TEST(agrees)
{
	struct sock_filter insn[HEAD + BODY + TAIL];
	struct cr_filter f = { insn, 0 };
	uint64_t args[CALLS][6];
	struct tally t = { 0, 0, 0 };
	unsigned int no;

	srand(20);
	for (no = 0; no < PROGRAMS; no++) {
		random_program(&f);
		random_args(args);
		compare(&f, args, no, &t);
	}
	if (t.refused < PROGRAMS / 20 || t.killed < 3 || t.answered < PROGRAMS / 5)
		CR_FAIL("too few of a kind: %u refused, %u killing, %u answered", t.refused,
			t.killed, t.answered);
}

int main(void)
{
	CR_RUN(agrees, "the kernel takes the programs we take, and answers what we answer");
	return cr_done();
}
