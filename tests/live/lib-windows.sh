# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# lib-windows - what tests/victims/win-* say in their heads (see win.h), against what was learned
#
# A test sources this behind lib.sh, and sets $name to the victim's name.

# Calls that no runtime makes by itself.
markers='getegid geteuid getgid getpgrp getppid getpriority getsid gettid getuid sched_yield'
tab=$'\t'

# What a victim's head says behind "WORD:", with its name for %n; a line each.
head_of() {	# source, word
	sed -n "s,^\( \*\|//\) $2: *,,p" "$1" | sed "s/%n/$name/g"
}

# The options that name the windows of a victim, into the array $windows.
windows_of() {	# source
	local word

	windows=()
	set -f
	for word in $(head_of "$1" WINDOW); do
		windows+=(-f "$word")
	done
	set +f
}

# "FUNCTION <tab> CALL <tab> COUNT" for each marker that must be learned in a window.
wanted() {	# source
	head_of "$1" IN | while read -r line; do
		for call in ${line##*: }; do
			printf '%s\t%s\t%s\n' "${line%: *}" "${call%=*}" "${call#*=}"
		done
	done | sort
}

# The same, of what was learned.
learned() {	# policy
	awk -f "$here/win-policy.awk" "$1" | sed 's/\(\t\)\(i386\|x32\):/\1/' | c++filt
}

only_markers() {
	awk -F '\t' -v markers=" $markers " '$1 != "-" && index(markers, " " $2 " ")' | sort
}

# Is each window's part of a policy what the head says, times @times? Prints what is not.
compare() {	# source, policy, times
	wanted "$1" | awk -F '\t' -v OFS='\t' -v n="$3" -v may="$T/may" '
		BEGIN { printf "" >may }
		$3 == "*" { print $1, $2, "" >may; next }
		{ $3 *= n; print }' >"$T/wanted"
	learned "$2" | only_markers | grep -vFf "$T/may" >"$T/learned"
	diff -u --label wanted --label learned "$T/wanted" "$T/learned"
}
