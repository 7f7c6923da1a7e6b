# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Victims that run before a supervisor comes to them: beside lib.sh.

# start [WORD]: the victim "$V" in the background, ready, as $victim; "end_victim" lets it end.
start() {
	rm -f in out err
	mkfifo in
	"$V" "$@" <in >out 2>&1 &
	victim=$!
	exec 7>in
	until_true 20 grep -q ready out
}

end_victim() {
	echo end >&7
	exec 7>&-
	wait "$victim" 2>/dev/null
	echo $? >rc
}

# Is no thread of the victim stopped or traced, and does it live?
free_and_running() {
	local f

	for f in /proc/"$victim"/task/*/status; do
		grep -qs '^State:.*stopped\|^State:.*tracing\|^TracerPid:.*[1-9]' "$f" && return 1
	done
	kill -0 "$victim"
}
