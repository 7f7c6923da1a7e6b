/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <signal.h>
#include <sys/ptrace.h>

#include "cr-test.h"
#include "cr/arch.h"
#include "cr/event.h"
#include "cr/tracee.h"

#define STOPPED(sig, event) (0x7f | (sig) << 8 | (event) << 16)

static const struct {
	int status;
	enum cr_ev kind;
	int sig;
} statuses[] = {
	{ 0x0000, CR_EV_EXITED, 0 },
	{ 0xff00, CR_EV_EXITED, 0 },
	{ 0x0009, CR_EV_KILLED, 0 },
	{ 0x008b, CR_EV_KILLED, 0 },	/* SIGSEGV, with a core */
	{ STOPPED(SIGTERM, 0), CR_EV_SIGNAL, SIGTERM },
	{ STOPPED(SIGSTOP, 0), CR_EV_SIGNAL, SIGSTOP },
	{ STOPPED(SIGTRAP, 0), CR_EV_SIGNAL, SIGTRAP },
	{ STOPPED(64, 0), CR_EV_SIGNAL, 64 },
	{ STOPPED(SIGTRAP, PTRACE_EVENT_SECCOMP), CR_EV_SECCOMP, SIGTRAP },
	{ STOPPED(SIGTRAP | 0x80, 0), CR_EV_CALL, SIGTRAP | 0x80 },
	{ STOPPED(SIGTRAP, PTRACE_EVENT_FORK), CR_EV_BIRTH, SIGTRAP },
	{ STOPPED(SIGTRAP, PTRACE_EVENT_VFORK), CR_EV_BIRTH, SIGTRAP },
	{ STOPPED(SIGTRAP, PTRACE_EVENT_CLONE), CR_EV_BIRTH, SIGTRAP },
	{ STOPPED(SIGTRAP, PTRACE_EVENT_EXEC), CR_EV_EXEC, SIGTRAP },
	{ STOPPED(SIGTRAP, PTRACE_EVENT_STOP), CR_EV_PAUSED, SIGTRAP },
	{ STOPPED(SIGSTOP, PTRACE_EVENT_STOP), CR_EV_GROUP_STOP, SIGSTOP },
	{ STOPPED(SIGTTOU, PTRACE_EVENT_STOP), CR_EV_GROUP_STOP, SIGTTOU },
	{ STOPPED(SIGTRAP, PTRACE_EVENT_VFORK_DONE), CR_EV_UNKNOWN, SIGTRAP },
	{ STOPPED(SIGTRAP, 99), CR_EV_UNKNOWN, SIGTRAP },
	{ 0xffff, CR_EV_UNKNOWN, 0 },	/* continued: nobody asked for that */
};

CR_TEST(each_status_is_one_event)
{
	struct cr_event ev;
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(statuses); i++) {
		cr_event_of(7, statuses[i].status, &ev);
		if (ev.kind != statuses[i].kind || ev.sig != statuses[i].sig || ev.tid != 7)
			CR_FAIL("status %#x is %s with signal %d", (unsigned int)statuses[i].status,
				cr_event_name(ev.kind), ev.sig);
	}
}

static const struct {
	uint32_t arch, raw;
	int rc;
	enum cr_abi abi;
	uint32_t nr;
} numbers[] = {
	{ 0xc000003eu, 0, 0, CR_ABI_X86_64, 0 },
	{ 0xc000003eu, 0x3fffffff, 0, CR_ABI_X86_64, 0x3fffffff },
	{ 0xc000003eu, 0x40000000, 0, CR_ABI_X32, 0 },
	{ 0xc000003eu, 0x40000201, 0, CR_ABI_X32, 0x201 },
	{ 0xc000003eu, 0xffffffff, 0, CR_ABI_X86_64, 0xffffffff },
	{ 0x40000003u, 11, 0, CR_ABI_I386, 11 },
	{ 0x40000003u, 0x40000000, 0, CR_ABI_I386, 0x40000000 },
	{ 0xc00000b7u, 0, -38, CR_ABI_COUNT, 12345 },
};

CR_TEST(numbers_are_told_apart_by_abi)
{
	enum cr_abi abi;
	uint32_t nr;
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(numbers); i++) {
		abi = CR_ABI_COUNT;
		nr = 12345;
		CR_CHECK_INT(cr_abi_of(numbers[i].arch, numbers[i].raw, &abi, &nr), numbers[i].rc);
		CR_CHECK_INT(abi, numbers[i].abi);
		CR_CHECK_INT(nr, numbers[i].nr);
	}
}

CR_TEST(an_exec_leaves_the_leaders_id_alone)
{
	struct cr_tracees t = { .last = NULL };
	struct cr_tracee *x;
	pid_t tid;

	for (tid = 100; tid < 150; tid++)
		CR_CHECK(cr_tracees_add(&t, tid, 100, tid == 120 ? CR_ST_STOPPED : CR_ST_RUNNING));
	CR_CHECK(cr_tracees_add(&t, 200, 200, CR_ST_RUNNING));
	x = cr_tracees_exec(&t, 100, 120);
	CR_CHECK(x && x->tid == 100 && x->tgid == 100);
	CR_CHECK_INT(x->state, CR_ST_STOPPED);
	CR_CHECK_INT(cr_tracees_count(&t), 2);
	CR_CHECK(cr_tracees_get(&t, 120) == NULL);
	CR_CHECK(cr_tracees_get(&t, 100) == x);
	CR_CHECK(cr_tracees_get(&t, 200) != NULL);
	cr_tracees_fini(&t);
}

/* The leader may have exited before: its record is gone when a thread of its group calls exec. */
CR_TEST(an_exec_brings_a_lost_leader_back)
{
	struct cr_tracees t = { .last = NULL };
	struct cr_tracee *x;

	CR_CHECK(cr_tracees_add(&t, 101, 100, CR_ST_RUNNING));
	x = cr_tracees_exec(&t, 100, 101);
	CR_CHECK(x && x->tid == 100);
	CR_CHECK_INT(cr_tracees_count(&t), 1);
	cr_tracees_fini(&t);
}

CR_TEST(a_new_thread_takes_the_place_of_a_stale_one)
{
	struct cr_tracees t = { .last = NULL };
	struct cr_tracee *x;

	CR_CHECK(cr_tracees_add(&t, 5, 5, CR_ST_STOPPED));
	x = cr_tracees_add(&t, 5, 4, CR_ST_BORN);
	CR_CHECK_INT(cr_tracees_count(&t), 1);
	CR_CHECK_INT(x->state, CR_ST_BORN);
	CR_CHECK_INT(x->tgid, 4);
	cr_tracees_del(&t, 5);
	CR_CHECK_INT(cr_tracees_count(&t), 0);
	CR_CHECK(cr_tracees_knew(&t, 5));
	CR_CHECK(!cr_tracees_knew(&t, 6));
	cr_tracees_fini(&t);
}

int main(void)
{
	CR_RUN(each_status_is_one_event, "each wait status is one event");
	CR_RUN(numbers_are_told_apart_by_abi, "numbers are told apart by ABI");
	CR_RUN(an_exec_leaves_the_leaders_id_alone, "an exec leaves the leader's id alone");
	CR_RUN(an_exec_brings_a_lost_leader_back, "an exec brings a lost leader back");
	CR_RUN(a_new_thread_takes_the_place_of_a_stale_one,
	       "a new thread takes the place of a stale one");
	return cr_done();
}
