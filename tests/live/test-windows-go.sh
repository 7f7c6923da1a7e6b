#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Windows in Go programs: exact for goroutines, whichever threads run them and wherever their stacks
# are; and what the tests of a package of Go's standard library need of the kernel, as a profile.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-windows.sh"
must_be_built
if ! need_program go; then
	skip 'windows in Go programs' 'there is no Go compiler (golang-go)'
	finish
fi
cd "$T" || exit 99
# No network, no module, nothing outside of our directory.
export GO111MODULE=off GOFLAGS='' GOPROXY=off GOTOOLCHAIN=local GOCACHE=$T/cache HOME=$T
# Go's runtime makes these by itself.
markers='getegid geteuid getgid getpgid getpgrp getppid getpriority getsid getuid'
name=win-go
source=$top_srcdir/tests/victims/win-go.go

if ! go build -o win-go "$source" 2>build.err; then
	not_ok 'the program can be compiled' "$(cat build.err)"
	finish
fi
windows_of "$source"
shot native ./win-go
wrong=''
for i in 1 2 3; do
	shot learn "$RUN" -q --learn --windows-only -p p "${windows[@]}" -- ./win-go
	wrong+=$(differs native learn)$(compare "$source" p $i)
done
is 'a window follows its goroutine, and each call is counted' "$wrong" ''
is 'with --windows-only nothing is learned outside' "$(learned p | grep '^-')" ''
shot stripped go build -ldflags=-s -o win-stripped "$source"
shot learn "$RUN" -q --learn --windows-only -p q "${windows[@]}" -- ./win-stripped
is 'so it is when the program is stripped' "$(differs native learn)$(compare "$source" q 1)" ''

# ---- the job that windows are for: what do these functions need, while a test suite runs?

if ! (cd "$(go env GOROOT)/src/os" && go test -c -o "$T/os.test" os) >build.err 2>&1; then
	not_ok 'the tests of package os can be compiled' "$(cat build.err)"
	finish
fi
cd "$(go env GOROOT)/src/os" || exit 99
shot "$T/native" "$T/os.test" -test.short
is 'natively the tests of package os pass' "$(tail -1 "$T/native.out")" PASS
for i in 1 2; do
	shot "$T/learn" "$RUN" --learn --windows-only -p "$T/os.policy" -f os.MkdirAll \
		-f os.ReadFile -f 'os.(*File).ReadAt' -- "$T/os.test" -test.short
	is "they pass while windows of them are learned, run $i" "$(tail -1 "$T/learn.out")" PASS
done
has 'no event was lost' "$T/learn.err" ' 0 events lost'
learned "$T/os.policy" >"$T/calls"
for call in os.MkdirAll:mkdirat os.MkdirAll:newfstatat os.ReadFile:openat os.ReadFile:read \
		os.ReadFile:fstat os.ReadFile:close 'os.(*File).ReadAt:pread64'; do
	check "$call" grep -qF "${call%:*}$tab${call#*:}$tab" "$T/calls"
done
has_not 'what other functions do is not learned: sockets, links, programs' "$T/calls" \
	"$tab(socket|connect|symlinkat|linkat|unlinkat|execve|renameat|fchmodat)$tab"
has_not 'each function has its own: only ReadAt reads at an offset' "$T/calls" \
	"^os\.(MkdirAll|ReadFile)${tab}pread64"
has_not 'and only MkdirAll makes directories' "$T/calls" "^os\..*Read.*${tab}mkdirat"
shot "$T/oci" "$TOOL" export oci "$T/os.policy"
has 'as a profile for containers they are allowed' "$T/oci.out" '"mkdirat"'
has_not 'and nothing else' "$T/oci.out" '"(socket|symlinkat|execve|unlinkat)"'
finish
