#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Ordinary users, places that cannot be written, disks that are full, set-user-id targets.
. "$(dirname "$0")/lib.sh"
must_be_built "$VICTIMS/denied" "$LIVE/start"
cd "$T" || exit 99

# Copies where every user can reach them.
mkdir -m 755 bin
cp "$VICTIMS/denied" "$VICTIMS/forks" "$VICTIMS/sig" "$VICTIMS/ptracer" "$LIVE/start" bin/
if [ -x "$(dirname "$RUN")/.libs/chestnut-run" ]; then
	cp "$(dirname "$RUN")/.libs/chestnut-run" bin/
else
	cp "$RUN" bin/chestnut-run
fi
# It finds its base sets as in a build tree: beside itself, where a config.status lies.
cp -r "$top_srcdir/policies" bin/
touch bin/config.status
ME=$T/bin/chestnut-run
if [ "$(id -u)" = 0 ]; then
	AS=("$T/bin/start" -U 65534)
else
	AS=(env)
fi

mkdir -m 1777 open
for victim in "denied usual" "forks flags" "sig each-self" "forks vforks"; do
	# shellcheck disable=SC2086
	set -- $victim
	shot n "${AS[@]}" "$T/bin/$1" "$2"
	shot l "${AS[@]}" "$ME" -q --learn -p "$T/open/$1-$2.policy" -- "$T/bin/$1" "$2"
	shot s "${AS[@]}" "$ME" -q --strict -p "$T/open/$1-$2.policy" -- "$T/bin/$1" "$2"
	if [ "$(cat n.rc)" != 0 ]; then
		not_ok "without capabilities: $victim, natively" "$(cat n.rc n.err)"
	elif differs n l >diff || differs n s >diff; then
		not_ok "without capabilities: $victim" "$(head -30 diff)"
	else
		ok "without capabilities: $victim"
	fi
done

# The supervisor has the target's uid, and is out of its reach all the same.
shot l "${AS[@]}" "$ME" -q --learn -p "$T/open/t.policy" -- "$T/bin/ptracer" supervisor
is "a target can neither trace its supervisor nor open its memory" "$(cat l.out)" \
	"its tracer: refused
its parent: refused
its tracer's memory: EACCES
its parent's memory: EACCES"

mkdir -m 755 closed
cd closed || exit 99
if [ "$(id -u)" != 0 ]; then
	chmod 555 .
fi
shot ../c "${AS[@]}" "$ME" --learn -p here.policy -- "$T/bin/denied" usual
cd ..
is "a directory that cannot be written: 125" "$(cat c.rc)" 125
has "the error names the place and the reason" c.err 'directory .*: Permission denied'
is "and nothing was started" "$(cat c.out)" ""
is "and nothing was left there" "$(ls closed)" ""
echo text >unreadable
chmod 600 unreadable
if [ "$(id -u)" = 0 ]; then
	shot c "${AS[@]}" "$ME" --strict -p unreadable -- "$T/bin/denied" usual
	is "a policy that may not be read: 125, nothing started" "$(cat c.rc)$(cat c.out)" 125
fi

# A full disk: in a file system of our own.
full='
	mount -t tmpfs -o size=64k none "$1" || exit 77
	cd "$1"
	"$2" -q --learn --confirm 1 -p p.policy -- "$3" usual >/dev/null || exit 78
	cp p.policy "$4/before"
	dd if=/dev/zero of=filler bs=1k 2>/dev/null
	dd if=/dev/zero of=filler2 bs=1 count=4096 2>/dev/null
	"$2" --learn -p p.policy -- "$3" extra >"$4/full.out" 2>"$4/full.err"
	echo $? >"$4/full.rc"
	cp p.policy "$4/after"
	ls -A >"$4/full.ls"
'
mkdir disk
if [ "$(id -u)" != 0 ] || ! unshare -m true 2>/dev/null; then
	skip "a full disk" "no mount namespace for us"
else
	unshare -m --propagation private sh -c "$full" - "$T/disk" "$RUN" "$VICTIMS/denied" "$T" \
		>setup.out 2>&1
	rc=$?
	if [ $rc != 0 ]; then
		not_ok "a full disk: set up" "status $rc" "$(cat setup.out)"
	else
		has "a full disk: the error says so" full.err 'No space left on device'
		is "a full disk: 125, before anything was started" \
			"$(cat full.rc) $(cat full.out)" "125 "
		is "a full disk: the old policy is intact" \
			"$(cmp before after && echo same)" same
		is "a full disk: no temporary file stays" \
			"$(grep -vx -e 'p\.policy' -e 'filler2\?' full.ls | grep -v lock)" ""
	fi
fi

# A set-user-id program loses its powers under a supervisor: that is said.
if [ "$(id -u)" = 0 ] && "${AS[@]}" test -x "$T/bin/denied"; then
	cp bin/denied bin/setuid
	chmod 4755 bin/setuid
	shot w "${AS[@]}" "$ME" --learn -p "$T/open/w.policy" -- "$T/bin/setuid" usual
	has "a set-user-id target: the warning names the reason" w.err \
		'[Ss]et-user-id|setuid|set-uid'
	is "a set-user-id target: it runs all the same" "$(cat w.rc) $(cat w.out)" "0 usual"
else
	skip "a set-user-id target: the warning" "only root can make one for another user"
fi
finish
