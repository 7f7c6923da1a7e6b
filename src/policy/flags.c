/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <linux/memfd.h>
#include <linux/personality.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "flags.h"

/* For a table of names; check-layers looks for the names themselves. */
#define P(name) { (uint64_t)(PTRACE_##name), "PTRACE_" #name }
#define WORD UINT32_MAX

static const struct cr_flag here[] = { F(AT_FDCWD), END };
static const struct cr_flag open_modes[] = { F(O_RDONLY), F(O_WRONLY), F(O_RDWR), END };
/* Those of several bits come before their parts; of two names for one value, the usual one. The C
 * library of 64-bit programs says that O_LARGEFILE is 0. */
static const struct cr_flag open_bits[] = {
	F(O_TMPFILE), F(O_SYNC), F(O_DSYNC), F(O_CREAT), F(O_EXCL), F(O_NOCTTY), F(O_TRUNC),
	F(O_APPEND), F(O_NONBLOCK), F(O_ASYNC), F(O_DIRECT), F(O_DIRECTORY), F(O_NOFOLLOW),
	F(O_NOATIME), F(O_CLOEXEC), F(O_PATH), { 0100000, "O_LARGEFILE" }, F(O_NDELAY), END
};
static const struct cr_flag at_bits[] = {
	F(AT_SYMLINK_NOFOLLOW), F(AT_REMOVEDIR), F(AT_SYMLINK_FOLLOW), F(AT_NO_AUTOMOUNT),
	F(AT_EMPTY_PATH), F(AT_RECURSIVE), F(AT_EACCESS), END
};
static const struct cr_flag prot_none[] = { F(PROT_NONE), END };
static const struct cr_flag prot_bits[] = {
	F(PROT_READ), F(PROT_WRITE), F(PROT_EXEC), F(PROT_GROWSDOWN), F(PROT_GROWSUP), END
};
static const struct cr_flag mmap_types[] = {
	F(MAP_SHARED), F(MAP_PRIVATE), F(MAP_SHARED_VALIDATE), END
};
static const struct cr_flag mmap_bits[] = {
	F(MAP_FIXED), F(MAP_ANONYMOUS), F(MAP_32BIT), F(MAP_GROWSDOWN), F(MAP_DENYWRITE),
	F(MAP_EXECUTABLE), F(MAP_LOCKED), F(MAP_NORESERVE), F(MAP_POPULATE), F(MAP_NONBLOCK),
	F(MAP_STACK), F(MAP_HUGETLB), F(MAP_SYNC), F(MAP_FIXED_NOREPLACE), F(MAP_ANON), END
};
static const struct cr_flag mremap_bits[] = {
	F(MREMAP_MAYMOVE), F(MREMAP_FIXED), F(MREMAP_DONTUNMAP), END
};
static const struct cr_flag madvises[] = {
	F(MADV_NORMAL), F(MADV_RANDOM), F(MADV_SEQUENTIAL), F(MADV_WILLNEED), F(MADV_DONTNEED),
	F(MADV_FREE), F(MADV_REMOVE), F(MADV_DONTFORK), F(MADV_DOFORK), F(MADV_MERGEABLE),
	F(MADV_UNMERGEABLE), F(MADV_HUGEPAGE), F(MADV_NOHUGEPAGE), F(MADV_DONTDUMP),
	F(MADV_DODUMP), F(MADV_WIPEONFORK), F(MADV_KEEPONFORK), F(MADV_COLD), F(MADV_PAGEOUT),
	F(MADV_POPULATE_READ), F(MADV_POPULATE_WRITE), { 24, "MADV_DONTNEED_LOCKED" },
	{ 25, "MADV_COLLAPSE" }, F(MADV_HWPOISON), { 101, "MADV_SOFT_OFFLINE" },
	{ 102, "MADV_GUARD_INSTALL" }, { 103, "MADV_GUARD_REMOVE" }, END
};
static const struct cr_flag futex_ops[] = {
	F(FUTEX_WAIT), F(FUTEX_WAKE), F(FUTEX_FD), F(FUTEX_REQUEUE), F(FUTEX_CMP_REQUEUE),
	F(FUTEX_WAKE_OP), F(FUTEX_LOCK_PI), F(FUTEX_UNLOCK_PI), F(FUTEX_TRYLOCK_PI),
	F(FUTEX_WAIT_BITSET), F(FUTEX_WAKE_BITSET), F(FUTEX_WAIT_REQUEUE_PI),
	F(FUTEX_CMP_REQUEUE_PI), { 13, "FUTEX_LOCK_PI2" }, F(FUTEX_WAIT_PRIVATE),
	F(FUTEX_WAKE_PRIVATE), F(FUTEX_WAIT_BITSET_PRIVATE), END
};
static const struct cr_flag futex_bits[] = { F(FUTEX_PRIVATE_FLAG), F(FUTEX_CLOCK_REALTIME), END };
static const struct cr_flag clone_bits[] = {
	F(CLONE_VM), F(CLONE_FS), F(CLONE_FILES), F(CLONE_SIGHAND), F(CLONE_PIDFD),
	F(CLONE_PTRACE),
	F(CLONE_VFORK), F(CLONE_PARENT), F(CLONE_THREAD), F(CLONE_NEWNS), F(CLONE_SYSVSEM),
	F(CLONE_SETTLS), F(CLONE_PARENT_SETTID), F(CLONE_CHILD_CLEARTID), F(CLONE_DETACHED),
	F(CLONE_UNTRACED), F(CLONE_CHILD_SETTID), F(CLONE_NEWCGROUP), F(CLONE_NEWUTS),
	F(CLONE_NEWIPC), F(CLONE_NEWUSER), F(CLONE_NEWPID), F(CLONE_NEWNET), F(CLONE_IO), END
};
/* Here the lowest byte is no signal. */
static const struct cr_flag unshare_bits[] = {
	F(CLONE_FS), F(CLONE_FILES), F(CLONE_NEWNS), F(CLONE_SYSVSEM), F(CLONE_NEWCGROUP),
	F(CLONE_NEWUTS), F(CLONE_NEWIPC), F(CLONE_NEWUSER), F(CLONE_NEWPID), F(CLONE_NEWNET),
	F(CLONE_NEWTIME), F(CLONE_VM), F(CLONE_SIGHAND), F(CLONE_THREAD), END
};
static const struct cr_flag whences[] = {
	F(SEEK_SET), F(SEEK_CUR), F(SEEK_END), F(SEEK_DATA), F(SEEK_HOLE), END
};
static const struct cr_flag access_none[] = { F(F_OK), END };
static const struct cr_flag access_bits[] = { F(R_OK), F(W_OK), F(X_OK), END };
static const struct cr_flag wait_bits[] = {
	F(WNOHANG), F(WUNTRACED), F(WEXITED), F(WCONTINUED), F(WNOWAIT), F(__WNOTHREAD),
	F(__WALL),
	F(__WCLONE), END
};
static const struct cr_flag epoll_ops[] = {
	F(EPOLL_CTL_ADD), F(EPOLL_CTL_DEL), F(EPOLL_CTL_MOD), END
};
static const struct cr_flag rlimits[] = {
	F(RLIMIT_CPU), F(RLIMIT_FSIZE), F(RLIMIT_DATA), F(RLIMIT_STACK), F(RLIMIT_CORE),
	F(RLIMIT_RSS),
	F(RLIMIT_NPROC), F(RLIMIT_NOFILE), F(RLIMIT_MEMLOCK), F(RLIMIT_AS), F(RLIMIT_LOCKS),
	F(RLIMIT_SIGPENDING), F(RLIMIT_MSGQUEUE), F(RLIMIT_NICE), F(RLIMIT_RTPRIO),
	F(RLIMIT_RTTIME),
	END
};
static const struct cr_flag clocks[] = {
	F(CLOCK_REALTIME), F(CLOCK_MONOTONIC), F(CLOCK_PROCESS_CPUTIME_ID),
	F(CLOCK_THREAD_CPUTIME_ID), F(CLOCK_MONOTONIC_RAW), F(CLOCK_REALTIME_COARSE),
	F(CLOCK_MONOTONIC_COARSE), F(CLOCK_BOOTTIME), F(CLOCK_REALTIME_ALARM),
	F(CLOCK_BOOTTIME_ALARM), F(CLOCK_TAI), END
};
static const struct cr_flag pipe_bits[] = { F(O_CLOEXEC), F(O_NONBLOCK), F(O_DIRECT), END };
static const struct cr_flag efd_bits[] = {
	F(EFD_CLOEXEC), F(EFD_NONBLOCK), F(EFD_SEMAPHORE), END
};
static const struct cr_flag random_bits[] = {
	F(GRND_NONBLOCK), F(GRND_RANDOM), F(GRND_INSECURE), END
};
static const struct cr_flag signals[] = {
	F(SIGHUP), F(SIGINT), F(SIGQUIT), F(SIGILL), F(SIGTRAP), F(SIGABRT), F(SIGBUS), F(SIGFPE),
	F(SIGKILL), F(SIGUSR1), F(SIGSEGV), F(SIGUSR2), F(SIGPIPE), F(SIGALRM), F(SIGTERM),
	F(SIGSTKFLT), F(SIGCHLD), F(SIGCONT), F(SIGSTOP), F(SIGTSTP), F(SIGTTIN), F(SIGTTOU),
	F(SIGURG), F(SIGXCPU), F(SIGXFSZ), F(SIGVTALRM), F(SIGPROF), F(SIGWINCH), F(SIGIO),
	F(SIGPWR), F(SIGSYS), END
};
static const struct cr_flag sig_hows[] = { F(SIG_BLOCK), F(SIG_UNBLOCK), F(SIG_SETMASK), END };
static const struct cr_flag memfd_bits[] = {
	F(MFD_CLOEXEC), F(MFD_ALLOW_SEALING), F(MFD_HUGETLB), END
};
static const struct cr_flag mount_bits[] = {
	F(MS_RDONLY), F(MS_NOSUID), F(MS_NODEV), F(MS_NOEXEC), F(MS_SYNCHRONOUS), F(MS_REMOUNT),
	F(MS_NOATIME), F(MS_BIND), F(MS_MOVE), F(MS_REC), F(MS_SILENT), F(MS_UNBINDABLE),
	F(MS_PRIVATE), F(MS_SLAVE), F(MS_SHARED), F(MS_RELATIME), F(MS_STRICTATIME),
	F(MS_LAZYTIME),
	END
};
static const struct cr_flag umount_bits[] = {
	F(MNT_FORCE), F(MNT_DETACH), F(MNT_EXPIRE), F(UMOUNT_NOFOLLOW), END
};
static const struct cr_flag ptraces[] = {
	P(TRACEME), P(PEEKTEXT), P(PEEKDATA), P(PEEKUSER),
	P(POKETEXT), P(POKEDATA), P(POKEUSER), P(CONT), P(KILL),
	P(SINGLESTEP), P(GETREGS), P(SETREGS), P(ATTACH),
	P(DETACH), P(SYSCALL), P(SETOPTIONS), P(GETEVENTMSG),
	P(GETSIGINFO), P(GETREGSET), P(SETREGSET), P(SEIZE),
	P(INTERRUPT), P(LISTEN), END
};
static const struct cr_flag seccomps[] = {
	F(SECCOMP_SET_MODE_STRICT), F(SECCOMP_SET_MODE_FILTER), F(SECCOMP_GET_ACTION_AVAIL),
	F(SECCOMP_GET_NOTIF_SIZES), END
};
static const struct cr_flag seccomp_bits[] = {
	F(SECCOMP_FILTER_FLAG_TSYNC), F(SECCOMP_FILTER_FLAG_LOG),
	F(SECCOMP_FILTER_FLAG_SPEC_ALLOW), F(SECCOMP_FILTER_FLAG_NEW_LISTENER),
	F(SECCOMP_FILTER_FLAG_TSYNC_ESRCH), { 32, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" }, END
};

#define POINTER { 0, false, 16, 0, NULL, NULL, NULL }
#define NUMBER(bits, sign, base) { bits, sign, base, 0, NULL, NULL, NULL }
#define ONE_OF(bits, sign, list) { bits, sign, 16, WORD, list, NULL, NULL }
#define ANY_OF(bits, sign, list) { bits, sign, 16, 0, NULL, list, NULL }

const struct cr_kind cr_kinds[CR_ARG_COUNT] = {
	[CR_ARG_END] = POINTER,
	[CR_ARG_INT] = NUMBER(32, true, 10),
	[CR_ARG_UINT] = NUMBER(32, false, 10),
	[CR_ARG_LONG] = NUMBER(64, true, 10),
	[CR_ARG_SIZE] = NUMBER(64, false, 10),
	[CR_ARG_HEX] = NUMBER(32, false, 16),
	[CR_ARG_WORD] = NUMBER(64, false, 16),
	[CR_ARG_PTR] = POINTER,
	[CR_ARG_PATH] = POINTER,
	[CR_ARG_FD] = NUMBER(32, true, 10),
	[CR_ARG_MODE] = NUMBER(16, false, 8),
	[CR_ARG_PID] = NUMBER(32, true, 10),
	[CR_ARG_UID] = NUMBER(32, true, 10),
	[CR_ARG_UID16] = NUMBER(16, true, 10),
	[CR_ARG_DIRFD] = { 32, true, 10, WORD, here, NULL, NULL },
	[CR_ARG_SIGNAL] = { 32, true, 10, WORD, signals, NULL, NULL },
	[CR_ARG_OPEN] = { 32, true, 16, O_ACCMODE, open_modes, open_bits, "O_ACCMODE" },
	[CR_ARG_AT] = ANY_OF(32, true, at_bits),
	/* Zero has a name, which is not one of the bits. */
	[CR_ARG_PROT] = { 64, false, 16, 0, prot_none, prot_bits, NULL },
	[CR_ARG_MMAP] = { 64, false, 16, MAP_TYPE, mmap_types, mmap_bits, "MAP_TYPE" },
	[CR_ARG_MREMAP] = ANY_OF(64, false, mremap_bits),
	[CR_ARG_DOMAIN] = ONE_OF(32, true, cr_domains),
	[CR_ARG_SOCKTYPE] = { 32, true, 16, 0xf, cr_sock_types, cr_sock_bits, "SOCK_TYPE_MASK" },
	[CR_ARG_PROTOCOL] = ONE_OF(32, true, cr_protocols),
	[CR_ARG_IPPROTO] = ONE_OF(32, true, cr_protocols),
	[CR_ARG_NETLINK] = ONE_OF(32, true, cr_netlinks),
	[CR_ARG_CLONE] = { 32, false, 16, CSIGNAL, signals, clone_bits, "CSIGNAL" },
	[CR_ARG_UNSHARE] = ANY_OF(64, false, unshare_bits),
	[CR_ARG_FCNTL] = ONE_OF(32, false, cr_fcntls),
	[CR_ARG_IOCTL] = ONE_OF(32, false, cr_ioctls),
	[CR_ARG_PRCTL] = ONE_OF(32, true, cr_prctls),
	[CR_ARG_ARCH] = ONE_OF(32, true, cr_archs),
	[CR_ARG_MADVISE] = ONE_OF(32, true, madvises),
	[CR_ARG_FUTEX] = { 32, true, 16, FUTEX_CMD_MASK & WORD, futex_ops, futex_bits,
			   "FUTEX_CMD_MASK" },
	[CR_ARG_SOL] = ONE_OF(32, true, cr_sols),
	[CR_ARG_SOCKOPT] = NUMBER(32, true, 10),
	[CR_ARG_SO_SOCKET] = { 32, true, 10, WORD, cr_so_socket, NULL, NULL },
	[CR_ARG_SO_IP] = { 32, true, 10, WORD, cr_so_ip, NULL, NULL },
	[CR_ARG_SO_IPV6] = { 32, true, 10, WORD, cr_so_ipv6, NULL, NULL },
	[CR_ARG_SO_TCP] = { 32, true, 10, WORD, cr_so_tcp, NULL, NULL },
	[CR_ARG_SO_NETLINK] = { 32, true, 10, WORD, cr_so_netlink, NULL, NULL },
	[CR_ARG_SO_PACKET] = { 32, true, 10, WORD, cr_so_packet, NULL, NULL },
	[CR_ARG_WHENCE] = ONE_OF(32, false, whences),
	[CR_ARG_ACCESS] = { 32, true, 16, 0, access_none, access_bits, NULL },
	[CR_ARG_WAIT] = ANY_OF(32, true, wait_bits),
	[CR_ARG_EPOLL] = ONE_OF(32, true, epoll_ops),
	[CR_ARG_RLIMIT] = ONE_OF(32, false, rlimits),
	[CR_ARG_CLOCK] = ONE_OF(32, true, clocks),
	[CR_ARG_MSG] = ANY_OF(32, false, cr_msg_bits),
	[CR_ARG_PIPE] = ANY_OF(32, true, pipe_bits),
	[CR_ARG_EFD] = ANY_OF(32, true, efd_bits),
	[CR_ARG_RANDOM] = ANY_OF(32, false, random_bits),
	[CR_ARG_SIGHOW] = ONE_OF(32, true, sig_hows),
	[CR_ARG_SHUT] = ONE_OF(32, true, cr_shuts),
	[CR_ARG_MEMFD] = ANY_OF(32, false, memfd_bits),
	[CR_ARG_MOUNT] = ANY_OF(64, false, mount_bits),
	[CR_ARG_UMOUNT] = ANY_OF(32, true, umount_bits),
	[CR_ARG_PTRACE] = ONE_OF(64, true, ptraces),
	[CR_ARG_SECCOMP] = ONE_OF(32, false, seccomps),
	[CR_ARG_SECFLAG] = ANY_OF(32, false, seccomp_bits),
	[CR_ARG_KEYCTL] = ONE_OF(32, true, cr_keyctls),
	[CR_ARG_PERSONALITY] = { 32, false, 16, PER_MASK, cr_personalities, cr_personality_bits,
				 "PER_MASK" },
	[CR_ARG_BPF] = ONE_OF(32, true, cr_bpfs),
};
