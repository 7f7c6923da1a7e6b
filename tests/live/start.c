/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * start - starts a program in a strange state and says how it ended
 *
 *	start [-c FD]… [-o FD]… [-i SIG]… [-B] [-l N:SOFT:HARD]… [-n NICE] [-S] [-U UID]
 *	      [-u MASK] [-a CPU] [-m] [-w] [-0 NAME] COMMAND [ARG…]
 *
 * -c closes, -o opens (a pipe that nobody reads), -i ignores, -B blocks every signal, -l limits, -S
 * starts a session, -U becomes another user without any capability, -u sets the umask,
 * -a pins, -m other marks (personality, timer slack), -w prints how it ended, -0 argv[0].
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DO(c) do { \
	if ((c) < 0) { \
		perror("start: " #c); \
		exit(99); \
	} \
} while (0)

static const char *argv0;
static int say_how;
static int closed[16], n_closed;

static void open_at(int fd)
{
	int p[2];

	DO(pipe(p));
	if (fd == p[0])
		return;
	DO(dup2(p[0], fd));
	DO(close(p[0]));
	DO(close(p[1]));
}

static void limit(const char *text)
{
	struct rlimit rl;
	unsigned long long soft, hard;
	int which;

	if (sscanf(text, "%d:%llu:%llu", &which, &soft, &hard) != 3)
		exit(99);
	rl.rlim_cur = soft;
	rl.rlim_max = hard;
	DO(setrlimit((__rlimit_resource_t)which, &rl));
}

static void become(int uid)
{
	int cap;

	for (cap = 0; cap < 64; cap++)
		prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	DO(setgroups(0, NULL));
	DO(setresgid((gid_t)uid, (gid_t)uid, (gid_t)uid));
	DO(setresuid((uid_t)uid, (uid_t)uid, (uid_t)uid));
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	DO(sched_setaffinity(0, sizeof(set), &set));
}

static void marks(void)
{
	DO(personality(ADDR_NO_RANDOMIZE));
	DO(prctl(PR_SET_TIMERSLACK, 123456));
}

static void option(int c)
{
	sigset_t all;

	switch (c) {
	case 'c': closed[n_closed++ % 16] = atoi(optarg); break;
	case 'o': open_at(atoi(optarg)); break;
	case 'i': signal(atoi(optarg), SIG_IGN); break;
	case 'B':
		sigfillset(&all);
		sigprocmask(SIG_SETMASK, &all, NULL);
		break;
	case 'l': limit(optarg); break;
	case 'n': DO(setpriority(PRIO_PROCESS, 0, atoi(optarg))); break;
	case 'S': setsid(); break;
	case 'U': become(atoi(optarg)); break;
	case 'u': umask((mode_t)strtol(optarg, NULL, 8)); break;
	case 'a': pin(atoi(optarg)); break;
	case 'm': marks(); break;
	case 'w': say_how = 1; break;
	case '0': argv0 = optarg; break;
	default: exit(99);
	}
}

static void go(char **argv)
{
	const char *file = argv[0];
	int i;

	if (argv0)
		argv[0] = (char *)argv0;
	for (i = 0; i < n_closed; i++)
		close(closed[i]);
	execvp(file, argv);
	_exit(98);
}

int main(int argc, char **argv)
{
	siginfo_t si;
	pid_t child;
	int c;

	while ((c = getopt(argc, argv, "+c:o:i:Bl:n:SU:u:a:mw0:")) != -1)
		option(c);
	if (optind >= argc)
		return 99;
	if (!say_how)
		go(argv + optind);
	child = fork();
	DO(child);
	if (child == 0)
		go(argv + optind);
	memset(&si, 0, sizeof(si));
	DO(waitid(P_PID, (id_t)child, &si, WEXITED));
	printf("%s %d\n", si.si_code == CLD_EXITED ? "exited" :
	       si.si_code == CLD_DUMPED ? "dumped" : "killed", si.si_status);
	return 0;
}
