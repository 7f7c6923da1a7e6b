#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Programs that look closely see no difference: natively, while learning, when confined.
. "$(dirname "$0")/lib.sh"
must_be_built "$VICTIMS/sig"
cd "$T" || exit 99

# acts VICTIM ACT…
acts() {
	local victim=$1 act

	shift
	for act in "$@"; do
		# shellcheck disable=SC2086 # an act may have arguments
		same "$victim-${act// /-}" "$VICTIMS/$victim" $act
	done
}

groups=${*:-sig fault stop waits restart forks exec threads families spaces filters abi die}
[ $# -gt 0 ] || groups="$groups ptracer unseen"
for g in $groups; do
	case $g in
	sig) acts sig each-self each-child rt-order rt-flood rt-handled blocked by-fd altstack \
		flags pipes by-io threads ;;
	fault) acts fault faults trap step watchpoint timers ;;
	stop) acts stop each self by-signal group held storm parent-stopped ;;
	waits) acts waits options groups by-pidfd clones threads ignored usage many ;;
	restart) acts restart sleeps reads writes polls futexes others locks ;;
	forks) acts forks vforks spawns clone-vm flags siblings "crowd 500" bomb chain killed \
		group-kill no-more ;;
	exec) acts exec threads50 threads-busy threads-forking threads-again zombie-leader \
		files chain huge too-big by-memory library inherits ;;
	threads) acts threads "crowd 1000" churn leader-first all-leave raw zombie-killed \
		exit-in-thread killed crashed unshared robust-list ;;
	families) acts families daemons left-behind subreaper death-signal \
		orphaned-group groups passing ;;
	spaces) acts spaces clone3-first clone3-last clone3-wrong first-crashes first-handles ;;
	filters) acts filters trapped denied traced killed stays synced strict-mode asked ;;
	abi) acts abi i386 i386-fork x32 bogus vsyscall vdso ;;
	die) acts die "exit 0" "exit 77" "thread 9" fault abort child-core limit "limit ignored" \
		"limit cpu" ;;
	unseen) acts affinity all; acts ignored all ;;
	ptracer) acts ptracer traceme seize memory ;;
	esac
done

# What a process's status says of its signals comes behind its groups.
if [ $# -eq 0 ]; then
	if [ "$(id -u)" = 0 ] && need_program setpriv; then
		same spaces-in-2500-groups setpriv --groups "$(seq -s, 1000 3499)" \
			"$VICTIMS/spaces" first-crashes
	else
		skip "a user in many groups" "needs root, and setpriv"
	fi
fi

# A daemon that outlives its program does its work, watched or not.
if [ $# -eq 0 ]; then
	for mode in --learn --strict; do
		rm -f late
		limited "$RUN" -q $mode -p late.policy -- "$VICTIMS/families" left-behind \
			"$T/late" \
			>/dev/null
		is "families: status of the program, not of its daemon ($mode)" $? 12
		check "families: the daemon wrote its file ($mode)" until_true 10 grep -qs late late
	done
fi

# Nobody else than the reader of a pipe holds it open: the writer learns that it has gone.
pipes() {
	limited bash -c '"$@" | head -1; echo "${PIPESTATUS[0]}"' - "$@" yes
}
if [ $# -eq 0 ]; then
	want=$(pipes env)
	is "a pipe: natively the writer dies by SIGPIPE" "$want" "$(printf 'y\n141')"
	is "a pipe: while learning, too" "$(pipes "$RUN" -q --learn -p pipe.policy --)" "$want"
	is "a pipe: when confined, too" "$(pipes "$RUN" -q --strict -p pipe.policy --)" "$want"
	is "a pipe: what comes before it ends at once" \
		"$(limited bash -c 'sleep 0.1 | "$@"' - "$RUN" -q --learn -p cat.policy -- cat)" ""

	# A task has one tracer: tracing programs get EPERM, say so, and end.
	for tool in "strace -f -o /dev/null true" "gdb --batch -ex run --args true"; do
		name=${tool%% *}
		if ! need_program "$name"; then
			skip "$name inside ends" "$name is not installed"
			continue
		fi
		# shellcheck disable=SC2086
		shot inside "$RUN" -q --learn -p "$name.policy" -- $tool
		case $(cat inside.rc) in
		124|137) not_ok "$name inside ends" "it hung" "$(head -20 inside.err)" ;;
		*) ok "$name inside ends" ;;
		esac
	done
fi
finish
