#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# fetch-redis DIR - the source of Debian's redis, for its test suite, into DIR/redis
#
# The package manager is given a state, a cache and a list of sources of its own, made from the
# machine's Debian entries with deb-src in the place of deb: nothing of the machine's is touched.
# Prints the directory. Exit status: 0, or 77 when this machine has no such sources.
set -u
dir=${1:?usage: fetch-redis.sh DIR}
mkdir -p "$dir" && dir=$(cd "$dir" && pwd) || exit 1
if [ -x "$dir/redis/runtest" ]; then
	echo "$dir/redis"
	exit 0
fi
for p in apt-get dpkg-source; do
	command -v $p >/dev/null 2>&1 || { echo "fetch-redis: no $p here" >&2; exit 77; }
done
A=$dir/apt
mkdir -p "$A/state/lists/partial" "$A/cache/archives/partial" "$A/lists.d" "$A/conf.d"

# One-line entries: those of Debian and Ubuntu archives only, as sources.
sed -n 's/^deb \(.*\)/deb-src \1/p' /etc/apt/sources.list /etc/apt/sources.list.d/*.list \
	2>/dev/null |
	grep -E '/(debian|ubuntu|debian-security)/? ' >"$A/lists.d/own.list"
# Paragraphs: the same, a paragraph at a time.
i=0
for f in /etc/apt/sources.list.d/*.sources; do
	[ -f "$f" ] || continue
	i=$((i + 1))
	awk -v RS= -v ORS='\n\n' '/URIs:[^\n]*\/(debian|ubuntu|debian-security)/' "$f" |
		sed 's/^Types:.*/Types: deb-src/' >"$A/lists.d/own$i.sources"
done
if ! grep -qs deb-src "$A"/lists.d/*; then
	echo "fetch-redis: the machine names no Debian archive" >&2
	exit 77
fi

options=(
	-o Dir::State="$A/state" -o Dir::State::status=/var/lib/dpkg/status
	-o Dir::Cache="$A/cache" -o Dir::Etc::sourcelist=/dev/null
	-o Dir::Etc::sourceparts="$A/lists.d"
	-o APT::Sandbox::User=root -o Acquire::Languages=none
)
# apt's hooks after an update belong to the machine: a private one has none.
clear='#clear APT::Update::Post-Invoke-Success; #clear APT::Update::Post-Invoke;
#clear DPkg::Post-Invoke;'
printf '%s\n' "$clear" >"$A/conf"
export APT_CONFIG=$A/conf
apt-get "${options[@]}" -q update >"$A/log" 2>&1 || {
	tail -5 "$A/log" >&2
	exit 77
}
rm -rf "$dir/unpack"
mkdir "$dir/unpack"
cd "$dir/unpack" || exit 1
apt-get "${options[@]}" -q source redis >>"$A/log" 2>&1 || {
	tail -5 "$A/log" >&2
	exit 1
}
set -- redis-*/
[ -f "$1/runtest" ] || { echo "fetch-redis: no runtest in $1" >&2; exit 1; }
rm -rf "$dir/redis"
mv "$1" "$dir/redis"
chmod +x "$dir/redis/runtest"
rm -rf "$dir/unpack"
echo "$dir/redis"
