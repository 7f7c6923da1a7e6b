#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The house checks: they pass on this tree, and each of their rules notices when it is broken.
#
# shellcheck disable=SC2016 # $ is sed's last line
#
# Environment: top_srcdir (default: two above this file), top_builddir (default: .)

set -u

src=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd) || exit 1
build=$(cd "${top_builddir:-.}" && pwd) || exit 1
tmp=$(mktemp -d "${TMPDIR:-/tmp}/chestnut checks.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
n=0
failed=0

# What the last check said is told when it was wrong.
result() {	# status, sentence
	n=$((n + 1))
	if test "$1" -eq 0; then
		echo "ok $n - $2"
	else
		failed=$((failed + 1))
		echo "not ok $n - $2"
		sed 's/^/# /' "$tmp/said"
	fi
}

clean() {	# sentence, command…
	sentence=$1
	shift
	"$@" >"$tmp/said" 2>&1
	result $? "$sentence"
}

# The command must fail and say little: a line with the place and the words, at most two others.
caught() {	# sentence, place, words, command…
	sentence=$1 place=$2 words=$3
	shift 3
	if "$@" >"$tmp/said" 2>&1; then
		echo "(it found nothing)" >>"$tmp/said"
		result 1 "$sentence"
		return
	fi
	test "$(wc -l <"$tmp/said")" -le 3 &&
		grep -F -e "$words" "$tmp/said" | grep -q "^$place: "
	result $? "$sentence"
}

# A small house in order; each test breaks one thing in it.
small_house() {
	rm -rf "$tmp/h"
	mkdir -p "$tmp/h/src/base" "$tmp/h/src/sys" "$tmp/h/src/core" "$tmp/h/include/cr" \
		"$tmp/h/man"
	cat >"$tmp/h/src/LAYERS" <<-END
		# rooms
		room base	base
		room sys	base sys
		room core	base core
		header err	base
		header door	sys
		header event	core
	END
	for h in err door event; do
		cat >"$tmp/h/include/cr/$h.h" <<-END
			/* SPDX-License-Identifier: LGPL-2.1-or-later */
			/*
			 * $h - a header
			 *
			 * In:    this
			 * Out:   that
			 * Never: anything else
			 */
		END
	done
	for c in base/err core/event sys/door; do
		cat >"$tmp/h/src/$c.c" <<-END
			/* SPDX-License-Identifier: LGPL-2.1-or-later */
			/* ptrace(2) and exit(3) in a comment are words, __x86_64__ too */
			#include "cr/err.h"
			static const char s[] = "ptrace(1) waitpid(2) exit(3)";
		END
	done
}

layers() {	# sentence, file under src or include, words, line to plant
	small_house
	printf '%s\n' "$4" >>"$tmp/h/$2"
	caught "$1" "$2:$(wc -l <"$tmp/h/$2")" "$3" "$src/scripts/check-layers" "$tmp/h"
}

style() {	# sentence, file, line (or ""), words, text to plant
	small_house
	printf '%b\n' "$5" >>"$tmp/h/$2"
	caught "$1" "$2:${3:-$(wc -l <"$tmp/h/$2")}" "$4" "$src/scripts/check-style" "$tmp/h"
}

repeat() {	# count, text
	awk -v n="$1" -v t="$2" 'BEGIN { for (i = 0; i < n; i++) printf "%s\\n", t }'
}

a_switch() {	# value
	printf '%s' "int f(int a)\\n{\\n\\tswitch (a) {\\n\\tcase $1:\\n\\t\\treturn 1;\\n"
	printf '%s' '\tdefault:\n\t\treturn 0;\n\t}\n}'
}

clean 'every include and every kernel word of this tree is in its room' "$src/scripts/check-layers"
clean 'this tree keeps the style that a program can check' "$src/scripts/check-style"
clean 'the man pages and the option tables say the same' "$src/scripts/check-man" "$build"

small_house
clean 'a house in order passes check-layers' "$src/scripts/check-layers" "$tmp/h"
clean 'a house in order passes check-style' "$src/scripts/check-style" "$tmp/h"

layers 'an include that LAYERS does not allow is found' src/core/event.c \
	'core may not include cr/door.h' '#include "cr/door.h"'
layers 'a header that includes too much is found' include/cr/err.h \
	'base may not include cr/event.h' '#include "cr/event.h"'
layers 'a header that is in no room is found' src/core/event.c \
	'cr/none.h belongs to no room' '#include "cr/none.h"'
layers 'the header of another directory is found' src/core/event.c \
	'neither cr/' '#include "../sys/private.h"'
layers 'ptrace outside src/sys is found' src/core/event.c 'ptrace outside' \
	'long f(void) { return ptrace(0); }'
layers 'the raw ptrace call outside src/sys is found' src/base/err.c 'ptrace outside' \
	'long f(void) { return syscall(SYS_ptrace, 0); }'
layers 'an architecture #if outside src/arch is found' src/sys/door.c 'architecture #if' \
	'#if defined(__x86_64__)'
layers 'iniparser outside its file is found' src/base/err.c iniparser 'dictionary *d;'
layers 'elfutils outside image and unwind is found' src/core/event.c elfutils 'Dwfl *d;'
layers 'libunwind outside unwind is found' src/core/event.c libunwind '#include <libunwind.h>'
layers 'an exit below cli is found' src/base/err.c 'may end the program' \
	'void f(void) { exit(1); }'
layers 'an abort below cli is found' src/sys/door.c 'may end the program' \
	'void f(void) { abort(); }'
layers 'a wait outside src/sys is found' src/core/event.c 'waiting' \
	'int f(void) { return waitpid(-1, 0, 0); }'
layers 'a resuming request outside src/sys/ptrace.c is found' src/sys/door.c 'resuming' \
	'int f(void) { return g(PTRACE_CONT); }'
layers 'a resumption outside src/session is found' src/core/event.c 'only src/session' \
	'int f(void) { return cr_ptrace_resume(1, 0, 0); }'

small_house
echo 'header err	base' >>"$tmp/h/src/LAYERS"
caught 'a header that is listed twice is found' src/LAYERS:1 'listed twice' \
	"$src/scripts/check-layers" "$tmp/h"
small_house
rm "$tmp/h/include/cr/event.h"
caught 'a header that LAYERS invents is found' src/LAYERS:1 'does not exist' \
	"$src/scripts/check-layers" "$tmp/h"
small_house
mkdir "$tmp/h/src/attic"
cp "$tmp/h/src/base/err.c" "$tmp/h/src/attic/old.c"
sed -i '/include/d' "$tmp/h/src/attic/old.c"
caught 'a directory that is no room is found' src/attic/old.c:1 'no room' \
	"$src/scripts/check-layers" "$tmp/h"

style 'a line of 101 columns is found, a tab being 8' src/core/event.c '' '101 columns' \
	"\\t\\t\\t\\t\\t$(printf '%061d' 0)"
style 'a trailing blank is found' src/core/event.c '' 'trailing blank' 'int a; '
style 'a note to oneself is found' src/core/event.c '' 'note to oneself' "/* TO""DO: later */"
style 'a path of one machine is found' man/x.1 '' 'path of one machine' "see /wo""rk/here"
style 'the host of a package archive is found' man/x.1 '' 'package archive' "at deb.debian.""org"
style 'a file of 801 lines is found' src/core/event.c '805' 'longer than 800' "$(repeat 800 x)"
style 'a function of 81 lines is found' src/core/event.c 6 'more than 80 lines' \
	"int f(void)\\n{\\n$(repeat 80 '\tg();')}"
style 'a default: in a switch over our own enum is found' src/core/event.c 10 'default:' \
	"$(a_switch CR_ACT_ALLOW)"
small_house
printf 'int a;\n' >"$tmp/h/src/core/bare.c"
caught 'a source without a licence line is found' src/core/bare.c:1 SPDX \
	"$src/scripts/check-style" "$tmp/h"
small_house
sed -i '/Never:/d' "$tmp/h/include/cr/err.h"
caught 'a header that does not say Never: is found' include/cr/err.h:1 'Never:' \
	"$src/scripts/check-style" "$tmp/h"
small_house
printf '%b\n' "static const int t[] = {\\n$(repeat 90 '\t1,')};" >>"$tmp/h/src/core/event.c"
clean 'a table of 90 lines is no function' "$src/scripts/check-style" "$tmp/h"
small_house
printf '%b\n' "$(a_switch 1)" >>"$tmp/h/src/core/event.c"
clean 'a switch over numbers may have a default:' "$src/scripts/check-style" "$tmp/h"

# A program with two options and its page.
program() {
	small_house
	mkdir -p "$tmp/h/bin"
	cat >"$tmp/h/bin/tool" <<-'END'
		#!/bin/sh
		case "$*" in
		--dump-options)
			printf 'q\tquiet\t-\tsay less\n-\tconfirm\tN\tas often\n'
			printf 'command\tshow\tPOLICY\tprint it\n'
			;;
		'show --dump-options')
			printf 'j\tjson\t-\tfor programs\nh\thelp\t-\thelp\n'
			;;
		esac
	END
	chmod +x "$tmp/h/bin/tool"
	cat >"$tmp/h/man/tool.1" <<-'END'
		.TH TOOL 1
		.SH NAME
		tool \- a tool
		.SH OPTIONS
		.TP
		.BR \-q ", " \-\-quiet
		Say less.
		.TP
		.BI \-\-confirm " N"
		As often.
		.SH COMMANDS
		.SS show \fIPOLICY\fR
		Print it.
		.TP
		\fB\-j\fR, \fB\-\-json\fR
		For programs.
	END
}

man_page() {	# sentence, line, words, sed command on the page
	program
	sed -i "$4" "$tmp/h/man/tool.1"
	caught "$1" "man/tool.1:$2" "$3" "$src/scripts/check-man" "$tmp/h/bin" "$tmp/h"
}

program
clean 'a page that says what its program does passes' \
	"$src/scripts/check-man" "$tmp/h/bin" "$tmp/h"
man_page 'an option that the page leaves out is found' 1 '--confirm is not explained' '8,10d'
man_page 'an option that the page invents is found' 9 'no option --cnfirm' \
	's/\\-confirm/\\-cnfirm/'
man_page 'another letter on the page is found' 6 'not -x, --quiet' 's/\\-q/\\-x/'
man_page 'another argument on the page is found' 9 'takes "N", not "M"' 's/ N"/ M"/'
man_page 'a command that the page leaves out is found' 1 'command show is not explained' '12,13d'
man_page 'a command option that the page leaves out is found' 1 '--json of show' '14,$d'
man_page 'a page with a broken macro is found' 1 'XY' '$a .XY'

echo "1..$n"
test "$failed" -eq 0
