#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What chestnut's commands make of the function windows of a policy.
. "$(dirname "$0")/../live/lib.sh"
must_be_built
cd "$T" || exit 99

# status SENTENCE WANT COMMAND…: what was printed is in "out" and "err".
status() {
	local sentence=$1 want=$2 rc

	shift 2
	"$@" >out 2>err
	rc=$?
	if [ $rc -eq "$want" ]; then
		ok "$sentence"
	else
		not_ok "$sentence" "status $rc, not $want: $*" "$(head -20 out err)"
	fi
}

cat >a.policy <<'EOF'
# reviewed
[policy]
mode = learn
runs = 3
all-runs = 2

[syscalls]
read = allow

# the parser
[window 1]
function = "parse_header"
read = allow

[window 1 evidence]
read = "2, 0/2 all, 4 calls, /bin/x: full_read < parse_header (http.c:88)"

[window 2]
function = "std::f(int) [clone .cold]"
object = "libx.so.1"
scope = process
# slow
write = log

[window 2 i386]
time = allow

[window 5]
function = "parse_header"
object = "libx.so.1"
EOF
cp a.policy a.orig

# allow, deny, never, drop
status 'a call is allowed inside of a window' 0 \
	"$TOOL" allow --window 'std::f(int) [clone .cold]' a.policy openat i386:read
has 'and told with it' out '^openat inside std::f\(int\) \[clone \.cold\] = allow$'
check 'its rule stands in the window' diff - \
	<(sed -n '/^\[window 2\]/,/^\[window 5\]/p' a.policy) <<'EOF'
[window 2]
function = "std::f(int) [clone .cold]"
object = "libx.so.1"
scope = process
openat = allow
# slow
write = log

[window 2 i386]
read = allow
time = allow

[window 5]
EOF
has_not 'and not outside' <(sed '/^\[window 1\]/,$d' a.policy) openat
status 'a window goes by its number' 0 "$TOOL" deny -w 2 -e ENOENT a.policy openat
has 'and the old rule is told' out ' = errno ENOENT \(was: allow\)$'
status 'by its object and function' 0 "$TOOL" never -w libx.so.1:parse_header a.policy openat
check 'in the right one' grep -qxF 'openat = never' <(sed '1,/^\[window 5\]/d' a.policy)
status 'but not by a function that several have' 1 "$TOOL" allow -w parse_header a.policy openat
has 'which is told with all of them' err \
	'hint: there are: 1 parse_header, 2 libx\.so\.1:std::f.*, 5 libx\.so\.1:parse_header$'
status 'nor by one that is not there' 1 "$TOOL" allow -w 3 a.policy openat
has 'which is told, too' err 'a\.policy has no window "3"$'
status 'a rule is dropped' 0 "$TOOL" drop -w 2 a.policy openat i386:read write
has 'from its window' out '^write inside std::f.*: dropped$'
status 'and what is not there cannot be' 0 "$TOOL" drop -w 5 a.policy read openat
has 'although it is outside' out '^read inside parse_header has no rule already$'
"$TOOL" never -w 5 a.policy read >/dev/null
status 'a learned rule is taken by hand' 0 "$TOOL" deny -w 1 a.policy read
has_not 'and has no evidence then' a.policy '^read = "'
printf '[syscalls]\nread = allow\n' >plain.policy
status 'a policy without windows says so' 1 "$TOOL" allow -w f plain.policy read
has 'in its hint' err 'it has none at all$'

# show
status 'windows are shown' 0 "$TOOL" show -v a.orig
has 'with their number and function' out '^window 1: inside parse_header$'
has 'object and scope' out '^window 2: inside std::f.* \(libx\.so\.1\), for the whole process$'
has 'also empty ones' out '^window 5: inside parse_header \(libx\.so\.1\), no call$'
has 'their rules' out '^    write$'
has 'the evidence of these' out '^    read +2 of 3; 0 of 2 --all /bin/x$'
has 'the stacks' out ' full_read < parse_header \(http\.c:88\)$'
has 'and what to expect of them' out \
	'^inside parse_header: 3 executions, no call seen in only one: '
sed 's/^runs/outside = any\nruns/' a.orig >any.policy
status 'that everything passes outside is shown' 0 "$TOOL" show any.policy
has 'in the head' out '^outside     everything passes: only windows are confined$'
has 'and with the rules there' out '^x86-64: 1 call, not enforced'

# lint
status 'lint is not troubled by windows' 0 "$TOOL" lint a.orig

# finalize
cp a.orig f.policy
status 'a policy with windows is finalized' 0 "$TOOL" finalize f.policy
has 'what no --all execution used goes' out \
	'^dropped     read \(x86-64\) inside parse_header: not used by any of 2 executions'
has_not 'with its evidence' f.policy '^read = "'
has 'windows are summed up' out '^windows     3, with 2 calls allowed inside of them; '
has 'empty ones are named' out \
	'^note        2 windows allow no call at all: parse_header parse_header$'
check 'what was outside stays' grep -qx 'read = allow' f.policy
cp any.policy f.policy
status 'also one that lets everything pass outside' 0 "$TOOL" finalize --keep-unused f.policy
has 'which is told' out '^outside     everything passes; only windows are confined$'
check 'and only the mode changes' diff <(sed 's/^mode = learn/mode = strict/' any.policy) \
	<(grep -v '^digest' f.policy)
printf '[policy]\noutside = any\n[syscalls]\nread = allow\n' >f.policy
status 'unless there is no window' 1 "$TOOL" finalize f.policy
has 'since that would deny nothing' err 'enforcing it would deny nothing$'

# diff
cat >b.policy <<'EOF'
[policy]
mode = learn
runs = 3
all-runs = 2
[syscalls]
read = allow
[window 7]
function = parse_header
read = allow
[window 7 evidence]
read = "2, 0/2 all, 4 calls, /bin/x: full_read < parse_header (http.c:88)"
[window 3]
function = parse_header
object = libx.so.1
[window 1]
function = "std::f(int) [clone .cold]"
scope = process
object = libx.so.1
write = log
[window 1 i386]
time = allow
EOF
status 'windows with other numbers are the same' 0 "$TOOL" diff --evidence a.orig b.policy
"$TOOL" allow -w 7 b.policy socket >/dev/null
sed -i 's/scope = process/scope = thread/' b.policy
printf '[window 9]\nfunction = g\n' >>b.policy
status 'what differs inside of them is a difference' 1 "$TOOL" diff a.orig b.policy
has 'a rule' out '^\+ inside parse_header: socket: allow$'
has 'a scope' out '^~ inside std::f.* \(libx\.so\.1\): scope: process -> thread$'
has 'a window' out '^\+ inside g: scope: thread$'
status '--json tells it' 1 "$TOOL" diff --json a.orig b.policy
has 'with the function' out '"function":"parse_header"'
has 'and the object' out '"object":"libx\.so\.1"'

# merge
status 'two scopes are for a person to settle' 1 "$TOOL" merge a.orig b.policy
has 'which is told' err \
	'conflict: a\.orig has scope process for window 2 .*, b\.policy has scope thread'
status 'or for --prefer' 0 "$TOOL" merge --prefer first -o m.policy a.orig b.policy
has 'the numbers of the first are kept' m.policy '^\[window 5\]$'
has 'a new window comes behind' m.policy '^\[window 9\]$'
has 'comments are kept' m.policy '^# the parser$'
check 'rules come together' grep -qx 'socket = allow' \
	<(sed -n '/^\[window 1\]/,/^\[window 1 ev/p' m.policy)
has 'evidence adds up' m.policy '^read = "4, 0/4 all, 8 calls, /bin/x: full_read'
printf '[window 1]\nfunction = parse_header\nread = never\n' >never.policy
status 'a denial in a window wins' 0 "$TOOL" merge a.orig never.policy
has 'which is told with the window' err \
	'note: read inside parse_header: a\.orig:13 says "allow", never\.policy:3'
check 'and holds there only' grep -qx 'read = allow' out

# check
status 'calls learned in a window are found' 1 "$TOOL" check --update a.orig b.policy
has 'and told with it' out '^\+ socket inside parse_header  b\.policy:[0-9]+$'
has_not 'alone' out '^\+ .*read'
"$TOOL" check --update a.orig b.policy b.policy >out2
check 'once, however many have learned them' cmp out out2
printf '[syscalls]\nread = allow\nwrite = allow\n' >outside.policy
status 'what is allowed outside is not allowed inside' 1 \
	"$TOOL" check --update outside.policy a.orig
has 'of a window that is not there' out '^\+ write inside std::f'
status 'a policy is up to date with itself' 0 "$TOOL" check --update a.orig a.orig
status 'what a window denies is noted, and the rest would be added' 1 \
	"$TOOL" check --update never.policy a.orig
has 'with both places' out \
	'^note: read inside parse_header \(a\.orig:13\) is denied by never\.policy:3 \("never"\)'
has 'a window that is not there lacks all its calls' out '^\+ i386:time inside std::f'
has 'and each counts' out '^never\.policy is not up to date: 3 calls would be added'
finish
