#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# --syslog: what arrives at /dev/log, and that nobody waits for whoever reads it, or does not. In a
# mount namespace of its own, where /dev/log is the test's.
. "$(dirname "$0")/lib.sh"
must_be_built "$VICTIMS/denied"
if [ "${CHESTNUT_IN_NAMESPACE:-}" != yes ]; then
	if [ "$(id -u)" != 0 ] || ! need_program unshare || ! unshare -m true 2>/dev/null; then
		skip "--syslog tells the system's log of denials" \
			"needs root, and mount namespaces"
		finish
	fi
	CHESTNUT_IN_NAMESPACE=yes unshare -m --propagation private bash "$0"
	exit
fi
cd "$T" || exit 99
V=$VICTIMS/denied
limited "$RUN" -q --learn -p p.policy -- "$V" usual >/dev/null
sed -i 's/^mode = .*/mode = strict/; s/^violation = .*/violation = errno EPERM/' p.policy

# A /dev of our own, with what programs need and a log that is a link to where we like.
mkdir dev
mount -t tmpfs none dev
for f in null zero urandom random tty; do
	touch dev/$f
	mount --bind /dev/$f dev/$f
done
ln -s /proc/self/fd dev/fd
mount --move dev /dev
cat >listen.py <<'EOP'
# listen.py FILE [stuck]: a datagram a line of FILE, as Python writes bytes; stuck: none is read.
import os, socket, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("/dev/log")
out = open(sys.argv[1], "w")
out.write("ready\n")
out.flush()
while len(sys.argv) > 2:
    time.sleep(1)
while True:
    out.write(repr(s.recv(65536)) + "\n")
    out.flush()
EOP
listen() {	# FILE [stuck]
	rm -f /dev/log "$1"
	python3 listen.py "$@" &
	listener=$!
	until_true 20 grep -qs ready "$1"
}
deaf() {
	kill -KILL "$listener"
	wait "$listener" 2>/dev/null
	rm -f /dev/log
}

listen got
"$RUN" --strict --syslog -p p.policy -- "$V" extra >out 2>err
is "the program gets what it should" "$? $(tail -1 out)" "0 after: EPERM"
check "a denial arrives" until_true 20 grep -q getsid got
is "once" "$(grep -c "^b'" got)" 1
# authpriv is 10, warning is 4: 10 * 8 + 4.
has "as facility authpriv and priority warning" got "^b'<84>"
has "with the time as syslog has it" got \
	"<84>[A-Z][a-z][a-z] [ 0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9] chestnut-run"
has "with who says so, and a process id" got ' chestnut-run\[[0-9]+\]: denied: '
has "and what was denied, whose it was, and what became of it" got \
	"\]: denied: getsid\(0\) by $V, process [0-9]+: errno'\$"
pid=$(sed -n 's/.*process \([0-9]*\): failed with.*/\1/p' err)
has "of the same process as the message" got ", process $pid: "
supervisor=$(sed -n 's/.*chestnut-run\[\([0-9]*\)\].*/\1/p' got)
check "the process id is the supervisor's, not the program's" \
	test "$supervisor" -ne "$pid" -a "$supervisor" -gt 1

# A name that the program has chosen cannot end the line, or speak to who reads the log.
name=$'a\nb\033[31m\377'
cp "$V" "$name"
"$RUN" --strict --syslog -p p.policy -- "./$name" extra >out 2>err
check "an executable with an odd name is told of as well" until_true 20 grep -q 'a?b' got
has "without what is no text" got 'by .*/a\?b\?\[31m\?, process'
has_not "and so is the message" err "$(printf '\033')"

# The daemon is started anew between two denials.
cat >twice.sh <<EOS
"$V" extra
read -r line <go
"$V" number 121
EOS
mkfifo go
echo >go &
limited "$RUN" -q --learn -p t.policy -- sh twice.sh >/dev/null
sed -i 's/^mode = .*/mode = strict/; s/^violation = .*/violation = errno EPERM/
	/^get[sp][^p]*id = /d' t.policy
"$RUN" --strict --syslog -p t.policy -- sh twice.sh >out 2>err &
run=$!
until_true 20 grep -qs after out
deaf
listen got
echo >go
wait "$run"
is "a denial after the log was started anew is denied" "$(tail -1 out)" "121: EPERM"
check "and arrives there" until_true 20 grep -q 'denied: getpgid(-1)' got
deaf

"$RUN" --strict --syslog -p p.policy -- "$V" extra >out 2>err
is "without a log the program gets what it should" "$? $(tail -1 out)" "0 after: EPERM"
has "and it is told that there is none" err "there is no system's log at /dev/log: No such file"
has "and how many lines were lost" err '1 line for the system.s log was lost'
has "a denial is told of all the same" err 'denied getsid'

# A reader that is stuck: its queue holds a few, and whoever waited for it would wait for ever.
python3 - <<'EOP' >many.policy
import subprocess
text = open("p.policy").read()
print(text.replace("[syscalls]", "[syscalls]\nfcntl = log", 1))
EOP
cat >many.c <<'EOC'
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void)
{
	long i, made = 0;

	for (i = 0; i < 500; i++)
		made += syscall(SYS_fcntl, 1000 + i, 1) < 0;
	printf("%ld made\n", made);
	return 0;
}
EOC
check "a program that makes 500 calls can be made" "${CC:-cc}" -O1 -w -o many many.c
listen stuck stuck
shot s "$RUN" --strict --syslog -p many.policy -- ./many
is "a reader that is stuck holds nobody" "$(cat s.rc) $(cat s.out)" "0 500 made"
has "what it did not take is told" s.err '[0-9]+ lines for the system.s log were lost'
deaf
finish
