#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The target inherits exactly what it would have had without a supervisor.
. "$(dirname "$0")/lib.sh"
must_be_built "$VICTIMS/inherit" "$LIVE/start"
mkdir -m 1777 "$T/open"
cd "$T/open" || exit 99
no=0

# state NAME OPTION…: what "inherit" finds when started so, natively and supervised. It writes
# into a file: its standard output may be one of the things that are strange.
state() {
	local name=$1 mode rc

	shift
	no=$((no + 1))
	rm -f native learn strict err.* diff.*
	limited "$LIVE/start" "$@" "$VICTIMS/inherit" native </dev/null >/dev/null 2>err.native
	rc=$?
	[ $rc = 0 ] || { not_ok "inherited: $name" "natively it failed: $rc"; return; }
	for mode in learn strict; do
		limited "$LIVE/start" "$@" "$RUN" -q --$mode -p $no.policy -- \
			"$VICTIMS/inherit" $mode </dev/null >/dev/null 2>err.$mode
		rc=$?
		if [ $rc != 0 ] || ! diff native $mode >diff.$mode; then
			not_ok "inherited: $name ($mode)" "status $rc" "$(cat diff.$mode err.$mode)"
			return
		fi
	done
	ok "inherited: $name"
}

unset _
for set in 0 1 2 3 4 5 6 7; do
	args=(-u 022)
	words=
	for fd in 0 1 2; do
		if [ $((set >> fd & 1)) = 1 ]; then
			args+=(-c $fd)
			words="$words $fd"
		fi
	done
	state "closed:${words:- nothing}" "${args[@]}"
done
state "files 3, 9 and 1000 open" -o 3 -o 9 -o 1000
state "SIGCHLD ignored" -i 17
state "SIGPIPE, SIGHUP and SIGINT ignored" -i 13 -i 1 -i 2
state "SIGTERM, SIGQUIT, SIGTSTP and a real-time signal ignored" -i 15 -i 3 -i 20 -i 40
state "all signals blocked" -B
state "all signals blocked, SIGCHLD ignored" -B -i 17
state "few files allowed" -l 7:64:64
state "a soft limit only for files" -l 7:100:2000
state "small file size" -l 1:20000000:30000000
state "CPU time" -l 0:1000:2000
state "stack and memory lock" -l 3:4194304:8388608 -l 8:65536:65536
state "core size" -l 4:1000:2000
# They are counted for each user: this one has no other processes.
if [ "$(id -u)" = 0 ]; then
	state "few pending signals" -U 54321 -l 11:50:60
else
	state "few pending signals" -l 11:50:60
fi
state "umask 077, nice 5" -u 077 -n 5
state "one processor" -a 0
state "a session without a terminal" -S -w
state "personality and timer slack" -m
state "a user without capabilities" -U 65534 -u 0
finish
