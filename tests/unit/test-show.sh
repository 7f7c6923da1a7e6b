#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# show, explain and completeness as their users see them.
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

# json FIELD…: the value there in "out", fields separated by blanks, list elements by number.
json() {
	perl -MJSON::PP -0777 -e '
		my $v = decode_json(<STDIN>);
		$v = ref $v eq "ARRAY" ? $v->[$_] : $v->{$_} for @ARGV;
		$v = $v + 0 if ref $v eq "JSON::PP::Boolean";
		print ref $v ? ref $v eq "ARRAY" ? scalar @$v : join(" ", sort keys %$v) :
			defined $v ? $v : "null"' -- "$@" <out
}

cat >x.policy <<'END'
[policy]
format = 1
program = /usr/bin/x
mode = learn
horizon = 6.1.0 450
runs = 12
all-runs = 2
include = base-dynamic

[syscalls]
brk = allow
close = allow
# the cache is ours to write
mkdir = allow
openat = allow
ptrace = never
read = allow
socket = errno EPERM    # no network here
statfs = allow
symlinkat = allow

[syscalls i386]
write = allow

[evidence]
brk = "3+, first in 1, 90 calls, /usr/bin/x: sbrk < malloc"
close = "3+, first in 1, 9 calls, /usr/bin/x: f < main"
openat = "3+, first in 1, 2/2 all, 7 calls, /usr/bin/x: do_open (a.c:7) < main (a.c:9)"
read = "2, first in 4, 2 calls"
statfs = "1, first in 9, 1 call, /usr/bin/y"
symlinkat = "1, first in 9, 1 call, /usr/bin/y: link_it (b.c:3) < main (b.c:8)"

[window 1]
function = "parse"
object = "libx.so.1"
openat = errno EACCES
read = allow

[window 1 evidence]
read = "4, first in 2, 40 calls, /usr/bin/x: fill < parse"
END

# show
status 'a policy is shown' 0 "$TOOL" show x.policy
has 'what was seen rarely comes first, with who made it' out \
	'^    symlinkat                1 of 12      /usr/bin/y$'
check 'calls of a base set stand together' \
	grep -q '^    access arch_prctl exit exit_group' out
has_not 'an own rule hides that of the base set' out '^    access.* brk'
has 'a window has its name and its own rules' out '^window 1: inside parse \(libx\.so\.1\)$'
has 'its denials as well' out '^    openat                   errno EACCES$'
has 'how far to trust it is told' out \
	'^12 executions, 2 calls seen in only one: expect about 1 new call in every 6 further exec'
has 'and of the window' out '^inside parse \(libx\.so\.1\): 12 executions, no call seen'
has 'and what that does not speak of' out '^This speaks of executions like those only'
if perl -MJSON::PP -e 1 2>/dev/null; then
	status 'it is shown as JSON' 0 "$TOOL" show --json x.policy
	is 'with its executions' "$(json executions)" 12
	is 'with its windows' "$(json windows 0 function)" parse
	is "with the windows' rules" "$(json windows 0 rules 0 action)" 'errno EACCES'
	is 'with evidence' "$(json rules 1 evidence)" null
	is 'with the estimate' "$(json completeness seen-once)" 2
	is 'with no word of a change when it was never finalized' "$(json digest) $(json changed)" \
		'null 0'
	printf '[policy]\nprogram = "/tmp/\377\303\244"\n[syscalls]\nread = allow\n' >odd.policy
	status 'a path that is no UTF-8 can be shown' 0 "$TOOL" show --json odd.policy
	check 'and the JSON is valid all the same' json program
else
	skip 'it is shown as JSON' 'perl has no JSON::PP'
fi

# explain
status 'a learned call is explained' 0 "$TOOL" explain x.policy openat
has 'its rule' out '^  rule        allow, learned, line 15$'
has 'its executions' out '^  made by     3 or more of 12 executions, first by number 1; 7 calls'
has 'also those that traced all' out '^              2 of the 2 that traced every call since'
has 'its executable' out '^  first       /usr/bin/x$'
has 'its stack' out '^            < main \(a\.c:9\)$'
has 'the base set that has it, and for whom' out \
	'^  hides       "allow" of base-dynamic: ld\.so: finding and mapping shared libraries'
has 'that nothing is lost while that is there' out '^  the call    is still "allow", by base-dyn'
has 'what the library may take instead' out '^  twins       open \(no rule\), openat2 \(no rule\): '
has 'what a window says' out '^  rule        errno EACCES, hand-written, line 36$'
status 'a call that one execution needed' 0 "$TOOL" explain x.policy symlinkat
has 'is told what happens without it' out '^  the call    ends the program in strict mode$'
has 'and to how many' out '^  affected    1 of the 12 executions that were learned from$'
status 'the comment of a person is shown' 0 "$TOOL" explain x.policy mkdir
has 'if it stands above' out '^  comment     the cache is ours to write$'
status 'and' 0 "$TOOL" explain x.policy socket
has 'if it stands behind' out '^  comment     no network here$'
status 'a call of a base set' 0 "$TOOL" explain x.policy futex
has 'has the comment of its group' out '^  comment     locks, joins and condition variables$'
printf '[syscalls]\n# one\nread = allow\n# two\nwrite = allow\nopen = allow\n' >groups.ini
printf '[policy]\ninclude = ./groups.ini\n[syscalls]\nbrk = allow\n' >groups.policy
status 'a group has its own comment' 0 "$TOOL" explain groups.policy open
has 'and no other' out '^  comment     two$'
status 'a call without a rule' 0 "$TOOL" explain x.policy connect
has 'has none' out '^  rule        none$'
status 'a call that did not exist yet' 0 "$TOOL" explain x.policy nr:900
has 'fails with ENOSYS' out '^  the call    fails with ENOSYS, as it is newer than the policy'
status 'a call of another ABI' 0 "$TOOL" explain x.policy i386:write
has 'is explained as well' out '^write \(i386, number 4\)$'
status 'a dangerous one' 0 "$TOOL" explain x.policy ptrace
has 'is told to be' out '^  danger      reads, changes and redirects'
"$TOOL" allow x.policy execve >out
status 'what it opens' 0 "$TOOL" explain x.policy execve
has 'is told' out '^  to deny it  cuts off shell'
status 'a call that is none is refused' 1 "$TOOL" explain x.policy opeanat
has 'with the nearest' err 'did you mean "openat"'
mkdir some
cp x.policy some/x.policy
printf '[policy]\nprogram = /usr/bin/z\n[syscalls]\nopenat = errno EPERM\n' >some/z.policy
status 'a call is explained in all policies of a directory' 0 "$TOOL" explain some openat
is 'each is named' "$(grep -c '^some/[xz]\.policy: openat (x86-64, number 257)$' out)" 2
has 'each says what it does' out '^  rule        errno EPERM, hand'
status 'explain wants a call' 2 "$TOOL" explain x.policy
if perl -MJSON::PP -e 1 2>/dev/null; then
	status 'explain has JSON' 0 "$TOOL" explain --json x.policy openat
	is 'with all places' "$(json places)" 2
	is 'and their rules' "$(json places 1 rules 0 action)" 'errno EACCES'
	is 'and comments' "$("$TOOL" explain --json x.policy socket >out; json places 0 comment)" \
		'no network here'
fi

# what is enforced
cat >cond.policy <<'END'
[syscalls]
mprotect = allow if not arg2 & PROT_EXEC else errno EPERM
open = never
read = allow
END
status 'finalize shows what will be enforced' 0 "$TOOL" finalize -n cond.policy
sed -n '1,6p' out >got
cat >want <<'END'
x86-64      2 calls allowed, 1 denied by name; all others are denied
            read
            mprotect = allow if not arg2 & PROT_EXEC else errno EPERM
            denied by name:
            open (never)
END
check 'conditions in full' diff -u want <(head -5 got)

# the other commands that print
if perl -MJSON::PP -e 1 2>/dev/null; then
	"$TOOL" doctor --json >out
	is 'the doctor speaks JSON' "$(json findings 0 grade | tr -d '\n')" ok
	status 'so does the list of functions' 0 "$TOOL" functions --json "$TOOL" main
	is 'with names' "$(json functions 0 name)" main
fi

# completeness
status 'the figures are told' 0 "$TOOL" completeness x.policy
has 'executions' out '^executions        12$'
has 'calls seen in only one' out '^seen in only one  2$'
has 'calls seen in two' out '^seen in just two  1$'
has 'the estimate and its interval' out \
	'^new calls         0\.17 in the next execution, [0-9.]+ to [0-9.]+ with 95 % confidence$'
has 'windows apart' out '^window 1          libx\.so\.1:parse$'
has 'and in words' out 'expect about 1 new call in every 6 further executions'
if perl -MJSON::PP -e 1 2>/dev/null; then
	status 'as JSON, too' 0 "$TOOL" completeness --json x.policy
	is 'with the estimate' "$(json estimate)" Good-Turing
	is 'of a window as well' "$(json windows 0 estimate)" 'rule of three'
fi
status '--below: the interval lies below' 0 "$TOOL" completeness --below 2 x.policy
status '--below: it does not' 1 "$TOOL" completeness --below 0.2 x.policy
printf '[policy]\nruns = 1\n[syscalls]\nread = allow\n[evidence]\nread = "1, 1 call"\n' >1.policy
status '--below: nothing can be told' 1 "$TOOL" completeness --below 1000 1.policy
has 'one execution says nothing' out '^1 execution says nothing about the next one'
status 'a rate that is none is refused' 2 "$TOOL" completeness --below few x.policy
status 'trouble is neither 0 nor 1' 2 "$TOOL" completeness none.policy
printf '[policy]\nruns = 4\n[syscalls]\nread = allow\n[evidence]\nread = "1+, 1 call"\n' >c.policy
status 'counts that were cut short' 0 "$TOOL" completeness c.policy
has 'are told' out '^1 of these calls passed uncounted after one or two executions'
sed 's/runs = 1/runs = 30/; s/"1, /"3+, /' 1.policy >30.policy
status 'thirty executions without a call of its own' 0 "$TOOL" completeness 30.policy
has 'have the rule of three' out \
	'^30 executions, no call seen in only one: with 95 % confidence, at most 1 in every 10 '
printf '[syscalls]\nread = allow\n' >0.policy
status 'a hand-written policy' 0 "$TOOL" completeness 0.policy
has 'has nothing to estimate' out '^Nothing was learned by watching executions\.$'
status 'and no curve' 2 "$TOOL" completeness --plot - 0.policy

cat >d.policy <<'END'
[policy]
runs = 4
[syscalls]
brk = allow
close = allow
open = allow
read = allow
write = allow
[evidence]
brk = "3+, first in 1, 4 calls"
close = "3+, first in 1, 4 calls"
open = "1, first in 2, 4 calls"
read = "1, first in 3, 4 calls"
write = "3, first in 1, 4 calls"
END
cat >want <<'END'
d.policy: calls known after each execution

     6 |
       |
       |                                                   .............
     5 |                          ############.............
       |
       |
       |             #############
       |
       |
       |
       |#############
       |
       |
     2 |
       +----------------------------------------------------------------
        1                                     4                        6 executions
# seen   . to be expected of executions like these
END
status 'the curve is drawn as text' 0 "$TOOL" completeness --plot - d.policy
sed -n '/calls known/,$p' out >got
check 'as it was' diff -u want got
status 'and as SVG' 0 "$TOOL" completeness --plot d.svg d.policy
has 'which begins as one' d.svg '^<svg xmlns="http://www\.w3\.org/2000/svg"'
check 'each of its tags is closed' perl -0777 -ne '
	my @open;
	while (m{<(/?)(\w+)[^<>]*?(/?)>}g) {
		if ($1) { (pop @open // "") eq $2 or die } elsif (!$3) { push @open, $2 }
	}
	die if @open or !m{</svg>\n\z}' d.svg
is 'it has a step for each execution that learned something' \
	"$(grep 'stroke="#05c" stroke-width="2"/' d.svg | grep -o V | wc -l)" 4
sed 's/first in [123], //; s/^\[policy\]/&\nprogram = "\/bin\/a<b\&c"/' d.policy >e.policy
status 'a name with markup in it' 0 "$TOOL" completeness --plot e.svg e.policy
has 'stays a name' e.svg '/bin/a&#60;b&#38;c<'
has 'calls of unknown executions are told of' e.svg 'Of 5 calls nobody knows which exec'
status 'a curve that cannot be written is a failure' 2 \
	"$TOOL" completeness --plot no/d.svg d.policy
finish
