#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The programs of a directory of cases: natively, learned, confined; and the call that was never
# learned is never made. CHESTNUT_CASES names the directory (it holds run-cases.sh).
. "$(dirname "$0")/lib.sh"
must_be_built
cases=${CHESTNUT_CASES:-$top_srcdir/../shared/cases}
if [ ! -f "$cases/run-cases.sh" ]; then
	skip "the cases pass" "no directory of cases: set CHESTNUT_CASES"
	finish
fi
for p in gcc bc; do
	need_program $p || { skip "the cases pass" "$p is not installed"; finish; }
done

# It builds next to itself: in a copy.
cp -r "$cases" "$T/cases"
chmod -R u+w "$T/cases"
cd "$T/cases" || exit 99
export XDG_CONFIG_HOME=$T/config SET=p
mkdir -p "$XDG_CONFIG_HOME"

total() {
	limited bash ./run-cases.sh >out 2>&1
	sed -n 's/^TOTAL \(pass=[0-9]* fail=[0-9]*\).*/\1/p' out
}

want=$(RUNNER='' total)
case $want in
pass=[1-9]*" fail=0") ok "natively all cases pass ($want)" ;;
*) not_ok "natively all cases pass" "$want" "$(cat out)" ;;
esac
for i in 1 2; do
	got=$(RUNNER="$RUN -q --learn" total)
	is "learning, run $i" "$got" "$want"
	[ "$got" = "$want" ] || comment <out
done
for i in 1 2 3; do
	got=$(RUNNER="$RUN -q --strict" total)
	is "confined, run $i" "$got" "$want"
	[ "$got" = "$want" ] || comment <out
done
got=$(RUNNER='' ARG=evil total)
is "natively the evil call is made" "$(grep -c 'EVIL made' out)" "$(ls p/*.c | grep -vc _lib)"
got=$(RUNNER="$RUN -q --strict" ARG=evil total)
is "confined, it never is" "$(grep 'EVIL made' out)" ""
finish
