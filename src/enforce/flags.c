/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <linux/memfd.h>
#include <linux/prctl.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "decode-int.h"

#define F(name) { (uint64_t)(uint32_t)(name), #name }
/* For a table of names; check-layers looks for the names themselves. */
#define P(name) { (uint64_t)(PTRACE_##name), "PTRACE_" #name }
#define END { 0, NULL }
#define WORD UINT32_MAX

static const struct cr_flag open_modes[] = { F(O_RDONLY), F(O_WRONLY), F(O_RDWR), END };
/* Those of several bits come before their parts. */
static const struct cr_flag open_bits[] = {
	F(O_TMPFILE), F(O_SYNC), F(O_DSYNC), F(O_CREAT), F(O_EXCL), F(O_NOCTTY), F(O_TRUNC),
	F(O_APPEND), F(O_NONBLOCK), F(O_ASYNC), F(O_DIRECT), F(O_DIRECTORY), F(O_NOFOLLOW),
	F(O_NOATIME), F(O_CLOEXEC), F(O_PATH), END
};
static const struct cr_flag at_bits[] = {
	F(AT_SYMLINK_NOFOLLOW), F(AT_REMOVEDIR), F(AT_SYMLINK_FOLLOW), F(AT_NO_AUTOMOUNT),
	F(AT_EMPTY_PATH), END
};
static const struct cr_flag prot_none[] = { F(PROT_NONE), END };
static const struct cr_flag prot_bits[] = {
	F(PROT_READ), F(PROT_WRITE), F(PROT_EXEC), F(PROT_GROWSDOWN), F(PROT_GROWSUP), END
};
static const struct cr_flag mmap_types[] = {
	F(MAP_SHARED), F(MAP_PRIVATE), F(MAP_SHARED_VALIDATE), END
};
static const struct cr_flag mmap_bits[] = {
	F(MAP_FIXED), F(MAP_ANONYMOUS), F(MAP_GROWSDOWN), F(MAP_DENYWRITE), F(MAP_LOCKED),
	F(MAP_NORESERVE), F(MAP_POPULATE), F(MAP_NONBLOCK), F(MAP_STACK), F(MAP_HUGETLB),
	F(MAP_SYNC), F(MAP_FIXED_NOREPLACE), END
};
static const struct cr_flag domains[] = {
	F(AF_UNSPEC), F(AF_UNIX), F(AF_INET), F(AF_INET6), F(AF_NETLINK), F(AF_PACKET), F(AF_ALG),
	F(AF_VSOCK), F(AF_BLUETOOTH), F(AF_CAN), F(AF_TIPC), F(AF_KEY), F(AF_XDP), F(AF_RDS), END
};
static const struct cr_flag sock_types[] = {
	F(SOCK_STREAM), F(SOCK_DGRAM), F(SOCK_RAW), F(SOCK_RDM), F(SOCK_SEQPACKET), F(SOCK_DCCP),
	F(SOCK_PACKET), END
};
static const struct cr_flag sock_bits[] = { F(SOCK_CLOEXEC), F(SOCK_NONBLOCK), END };
static const struct cr_flag protocols[] = {
	F(IPPROTO_IP), F(IPPROTO_ICMP), F(IPPROTO_TCP), F(IPPROTO_UDP), F(IPPROTO_IPV6),
	F(IPPROTO_ICMPV6), F(IPPROTO_SCTP), F(IPPROTO_UDPLITE), F(IPPROTO_RAW), END
};
/* The lowest byte is the signal for the parent. */
static const struct cr_flag exit_signals[] = { F(SIGCHLD), END };
static const struct cr_flag clone_bits[] = {
	F(CLONE_VM), F(CLONE_FS), F(CLONE_FILES), F(CLONE_SIGHAND), F(CLONE_PIDFD),
	F(CLONE_PTRACE),
	F(CLONE_VFORK), F(CLONE_PARENT), F(CLONE_THREAD), F(CLONE_NEWNS), F(CLONE_SYSVSEM),
	F(CLONE_SETTLS), F(CLONE_PARENT_SETTID), F(CLONE_CHILD_CLEARTID), F(CLONE_DETACHED),
	F(CLONE_UNTRACED), F(CLONE_CHILD_SETTID), F(CLONE_NEWCGROUP), F(CLONE_NEWUTS),
	F(CLONE_NEWIPC), F(CLONE_NEWUSER), F(CLONE_NEWPID), F(CLONE_NEWNET), F(CLONE_IO), END
};
static const struct cr_flag fcntls[] = {
	F(F_DUPFD), F(F_GETFD), F(F_SETFD), F(F_GETFL), F(F_SETFL), F(F_GETLK), F(F_SETLK),
	F(F_SETLKW), F(F_SETOWN), F(F_GETOWN), F(F_SETSIG), F(F_GETSIG), F(F_SETOWN_EX),
	F(F_GETOWN_EX), F(F_OFD_GETLK), F(F_OFD_SETLK), F(F_OFD_SETLKW), F(F_SETLEASE),
	F(F_GETLEASE),
	F(F_NOTIFY), F(F_DUPFD_CLOEXEC), F(F_SETPIPE_SZ), F(F_GETPIPE_SZ), F(F_ADD_SEALS),
	F(F_GET_SEALS), END
};
static const struct cr_flag ioctls[] = {
	F(TCGETS), F(TCSETS), F(TCSETSW), F(TCSETSF), F(TIOCSTI), F(TIOCGWINSZ), F(TIOCSWINSZ),
	F(TIOCGPGRP), F(TIOCSPGRP), F(TIOCSCTTY), F(TIOCNOTTY), F(TIOCGPTN), F(TIOCSPTLCK),
	F(TIOCGPTPEER), F(TIOCLINUX), F(TIOCOUTQ), F(FIONREAD), F(FIONBIO), F(FIOASYNC),
	F(FIOCLEX),
	F(FIONCLEX), F(SIOCGIFCONF), F(SIOCGIFFLAGS), F(SIOCSIFFLAGS), F(SIOCGIFADDR),
	F(SIOCGIFINDEX), F(SIOCGIFNAME), F(SIOCGIFHWADDR), END
};
static const struct cr_flag prctls[] = {
	F(PR_SET_PDEATHSIG), F(PR_GET_PDEATHSIG), F(PR_GET_DUMPABLE), F(PR_SET_DUMPABLE),
	F(PR_GET_KEEPCAPS), F(PR_SET_KEEPCAPS), F(PR_SET_NAME), F(PR_GET_NAME), F(PR_GET_SECCOMP),
	F(PR_SET_SECCOMP), F(PR_CAPBSET_READ), F(PR_CAPBSET_DROP), F(PR_GET_SECUREBITS),
	F(PR_SET_SECUREBITS), F(PR_SET_TIMERSLACK), F(PR_SET_MM), F(PR_SET_PTRACER),
	F(PR_SET_CHILD_SUBREAPER), F(PR_GET_CHILD_SUBREAPER), F(PR_SET_NO_NEW_PRIVS),
	F(PR_GET_NO_NEW_PRIVS), F(PR_SET_THP_DISABLE), F(PR_CAP_AMBIENT),
	F(PR_SET_SPECULATION_CTRL),
	F(PR_GET_SPECULATION_CTRL), F(PR_SET_SYSCALL_USER_DISPATCH), F(PR_SET_VMA), END
};
static const struct cr_flag madvises[] = {
	F(MADV_NORMAL), F(MADV_RANDOM), F(MADV_SEQUENTIAL), F(MADV_WILLNEED), F(MADV_DONTNEED),
	F(MADV_FREE), F(MADV_REMOVE), F(MADV_DONTFORK), F(MADV_DOFORK), F(MADV_MERGEABLE),
	F(MADV_HUGEPAGE), F(MADV_NOHUGEPAGE), F(MADV_DONTDUMP), F(MADV_DODUMP),
	F(MADV_WIPEONFORK),
	F(MADV_COLD), F(MADV_PAGEOUT), END
};
static const struct cr_flag futex_ops[] = {
	F(FUTEX_WAIT), F(FUTEX_WAKE), F(FUTEX_FD), F(FUTEX_REQUEUE), F(FUTEX_CMP_REQUEUE),
	F(FUTEX_WAKE_OP), F(FUTEX_LOCK_PI), F(FUTEX_UNLOCK_PI), F(FUTEX_TRYLOCK_PI),
	F(FUTEX_WAIT_BITSET), F(FUTEX_WAKE_BITSET), F(FUTEX_WAIT_REQUEUE_PI),
	F(FUTEX_CMP_REQUEUE_PI), END
};
static const struct cr_flag futex_bits[] = { F(FUTEX_PRIVATE_FLAG), F(FUTEX_CLOCK_REALTIME), END };
static const struct cr_flag sols[] = {
	F(SOL_SOCKET), F(IPPROTO_IP), F(IPPROTO_TCP), F(IPPROTO_UDP), F(IPPROTO_IPV6),
	F(SOL_NETLINK),
	F(SOL_PACKET), F(SOL_ALG), END
};
/* Their meaning depends on the level; see cr_decode_call. */
static const struct cr_flag sockopts[] = {
	F(SO_DEBUG), F(SO_REUSEADDR), F(SO_TYPE), F(SO_ERROR), F(SO_DONTROUTE), F(SO_BROADCAST),
	F(SO_SNDBUF), F(SO_RCVBUF), F(SO_KEEPALIVE), F(SO_LINGER), F(SO_REUSEPORT),
	F(SO_PASSCRED),
	F(SO_PEERCRED), F(SO_RCVTIMEO), F(SO_SNDTIMEO), F(SO_BINDTODEVICE), F(SO_ATTACH_FILTER),
	F(SO_ACCEPTCONN), F(SO_PROTOCOL), F(SO_DOMAIN), F(SO_MARK), F(SO_SNDBUFFORCE),
	F(SO_RCVBUFFORCE), END
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
static const struct cr_flag msg_bits[] = {
	F(MSG_OOB), F(MSG_PEEK), F(MSG_DONTROUTE), F(MSG_CTRUNC), F(MSG_TRUNC), F(MSG_DONTWAIT),
	F(MSG_EOR), F(MSG_WAITALL), F(MSG_CONFIRM), F(MSG_ERRQUEUE), F(MSG_NOSIGNAL), F(MSG_MORE),
	F(MSG_WAITFORONE), F(MSG_ZEROCOPY), F(MSG_FASTOPEN), F(MSG_CMSG_CLOEXEC), END
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
static const struct cr_flag shuts[] = { F(SHUT_RD), F(SHUT_WR), F(SHUT_RDWR), END };
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

const struct cr_flag_set cr_flag_sets[CR_ARG_COUNT] = {
	[CR_ARG_SIGNAL] = { WORD, signals, NULL, false },
	[CR_ARG_OPEN] = { O_ACCMODE, open_modes, open_bits, false },
	[CR_ARG_AT] = { 0, NULL, at_bits, false },
	/* Zero has a name, which is not one of the bits. */
	[CR_ARG_PROT] = { 0, prot_none, prot_bits, true },
	[CR_ARG_MMAP] = { MAP_TYPE, mmap_types, mmap_bits, true },
	[CR_ARG_DOMAIN] = { WORD, domains, NULL, false },
	[CR_ARG_SOCKTYPE] = { 0xf, sock_types, sock_bits, false },
	[CR_ARG_IPPROTO] = { WORD, protocols, NULL, false },
	[CR_ARG_CLONE] = { CSIGNAL, exit_signals, clone_bits, true },
	[CR_ARG_FCNTL] = { WORD, fcntls, NULL, false },
	[CR_ARG_IOCTL] = { WORD, ioctls, NULL, false },
	[CR_ARG_PRCTL] = { WORD, prctls, NULL, false },
	[CR_ARG_MADVISE] = { WORD, madvises, NULL, false },
	[CR_ARG_FUTEX] = { FUTEX_CMD_MASK & WORD, futex_ops, futex_bits, false },
	[CR_ARG_SOL] = { WORD, sols, NULL, false },
	[CR_ARG_SOCKOPT] = { WORD, sockopts, NULL, false },
	[CR_ARG_WHENCE] = { WORD, whences, NULL, false },
	[CR_ARG_ACCESS] = { 0, access_none, access_bits, false },
	[CR_ARG_WAIT] = { 0, NULL, wait_bits, false },
	[CR_ARG_EPOLL] = { WORD, epoll_ops, NULL, false },
	[CR_ARG_RLIMIT] = { WORD, rlimits, NULL, false },
	[CR_ARG_CLOCK] = { WORD, clocks, NULL, false },
	[CR_ARG_MSG] = { 0, NULL, msg_bits, false },
	[CR_ARG_PIPE] = { 0, NULL, pipe_bits, false },
	[CR_ARG_EFD] = { 0, NULL, efd_bits, false },
	[CR_ARG_RANDOM] = { 0, NULL, random_bits, false },
	[CR_ARG_SIGHOW] = { WORD, sig_hows, NULL, false },
	[CR_ARG_SHUT] = { WORD, shuts, NULL, false },
	[CR_ARG_MEMFD] = { 0, NULL, memfd_bits, false },
	[CR_ARG_MOUNT] = { 0, NULL, mount_bits, true },
	[CR_ARG_UMOUNT] = { 0, NULL, umount_bits, false },
	[CR_ARG_PTRACE] = { WORD, ptraces, NULL, true },
	[CR_ARG_SECCOMP] = { WORD, seccomps, NULL, false },
};
