#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Real programs, one policy each: the digest of what they do is the same natively, twice
# learning, thrice confined. CHESTNUT_CASES names the directory that holds apps.sh.
. "$(dirname "$0")/lib.sh"
must_be_built
cases=${CHESTNUT_CASES:-$top_srcdir/../shared/cases}
apps=${APPS:-sqlite git tar coreutils busybox bash perl vim mutt nginxcurl apache memcached redis}
if [ ! -f "$cases/apps.sh" ]; then
	skip "real programs" "no directory of cases: set CHESTNUT_CASES"
	finish
fi
if [ "$(id -u)" != 0 ]; then
	skip "real programs" "its servers want root"
	finish
fi

programs_of() {
	case $1 in
	sqlite) echo sqlite3 ;;
	coreutils) echo sort ;;
	nginxcurl) echo nginx curl wget ;;
	apache) echo apache2 curl ;;
	memcached) echo memcached nc ;;
	redis) echo redis-server redis-cli redis-benchmark ;;
	*) echo "$1" ;;
	esac
}

# digest APP RUNNER: its status and digest. (The script runs the functions by "bash -c".)
digest() {
	APPS=$1 RUNNER=$2 V=30 limited bash "$cases/apps.sh" >"$T/$1.out" 2>&1
	sed -n "s/^$1 *\(rc=[0-9]*\) *[0-9]*ms \([0-9a-f]*\)\$/\1 \2/p" "$T/$1.out"
}

PATH=$PATH:/usr/sbin:/sbin
export XDG_CONFIG_HOME=$T/config
mkdir -p "$XDG_CONFIG_HOME"
cd "$T" || exit 99
for app in $apps; do
	missing=
	for p in $(programs_of "$app"); do
		need_program "$p" || missing="$missing $p"
	done
	if [ -n "$missing" ]; then
		skip "$app" "not installed:$missing"
		continue
	fi
	want=$(digest "$app" '')
	cp "$T/$app.out" "$T/native.out"
	if [ -z "$want" ] || [ "${want%% *}" != rc=0 ]; then
		not_ok "$app: natively it works" "$want" "$(head -40 "$T/$app.out")"
		continue
	fi
	bad=
	for how in --learn --learn --strict --strict --strict; do
		got=$(digest "$app" "$RUN -q $how")
		[ "$got" = "$want" ] && continue
		bad="$how: $got, natively $want"
		break
	done
	if [ -z "$bad" ]; then
		ok "$app: the same natively, learning and confined"
	else
		not_ok "$app: the same natively, learning and confined" "$bad" \
			"$(diff "$T/native.out" "$T/$app.out" | head -40)"
	fi
done
is "one policy per program" \
	"$([ "$(find "$XDG_CONFIG_HOME/chestnut" -name '*.policy' | wc -l)" -ge \
		"$(echo "$apps" | wc -w)" ] || [ -n "${APPS:-}" ] && echo yes)" yes
finish
