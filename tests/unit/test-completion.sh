#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Three shells complete the words of both programs.
. "$(dirname "$0")/../live/lib.sh"
must_be_built
C=$top_builddir/completions
PATH=$(dirname "$TOOL"):$PATH
export HOME=$T/home XDG_CONFIG_HOME=$T/config
mkdir -p "$HOME" "$XDG_CONFIG_HOME/chestnut" "$T/here/dir"
cd "$T/here" || exit 99
touch one.policy two.policy notes.txt "$XDG_CONFIG_HOME/chestnut/tarball.policy"

# words_of SHELL LINE: what the shell offers behind LINE, sorted, on one line.
words_of() {
	"$1_words" "$2" 2>"$T/said" | sort -u | tr '\n' ' ' | sed 's/ $//'
}

# As readline does it: the line in pieces, broken at the characters of COMP_WORDBREAKS.
# shellcheck disable=SC2016 # the other shell expands it
bash_words() {
	bash --norc -c '
		. "$1/bash/chestnut" && . "$1/bash/chestnut-run" || exit
		while IFS= read -r word; do COMP_WORDS+=("$word"); done < <(
			printf "%s" "$2" | sed "s/[=:]/ & /g; s/  */ /g" | tr " " "\n"; echo)
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		function=$(complete -p "${COMP_WORDS[0]}" | sed "s/.*-F \([^ ]*\).*/\1/")
		"$function"
		printf "%s\n" "${COMPREPLY[@]}"' - "$C" "$1"
}

# shellcheck disable=SC2016
fish_words() {
	fish --no-config -c '
		source $argv[1]/fish/chestnut.fish; source $argv[1]/fish/chestnut-run.fish
		complete -C $argv[2] | string replace -r "\t.*" ""' "$C" "$1"
}

# zsh completes in its line editor only: in a terminal of its own, where compadd tells what it is
# given.
mkdir "$T/zdotdir"
cat >"$T/zdotdir/.zshrc" <<END
fpath=('$C/zsh' \$fpath)
autoload -Uz compinit
compinit -u -D
compadd() {
	local -a hits

	if [[ \${@[1,(i)(-|--)]} != *-(O|A|D)\ * ]]; then
		builtin compadd -O hits "\$@"
		print -rl -- \$hits >>'$T/zsh.hits'
	fi
	builtin compadd "\$@"
}
tell-all() {
	zle list-choices
	print END >>'$T/zsh.end'
}
zle -N tell-all
bindkey '^I' tell-all
LISTMAX=0 PS1=
END
zsh_words() {
	rm -f "$T/zsh.end" "$T/zsh.hits"
	# shellcheck disable=SC2016 # zsh expands it
	ZDOTDIR=$T/zdotdir TERM=dumb zsh -f -c '
		zmodload zsh/zpty
		zpty z "zsh -d -i"
		zpty -w -n z "$1"$'"'\\t'"'
		for i in {1..200}; do
			zpty -r -t z said && continue
			test -e $2 && break
			sleep 0.05
		done
		zpty -d z' - "$1" "$T/zsh.end" >/dev/null
	sed '/^$/d' "$T/zsh.hits"
}

for f in bash/chestnut bash/chestnut-run zsh/_chestnut zsh/_chestnut-run fish/chestnut.fish \
		fish/chestnut-run.fish; do
	shell=${f%/*}
	need_program "$shell" || { skip "$f is read by its shell" "no $shell"; continue; }
	check "$f is read by its shell" "$shell" -n "$C/$f"
done

for shell in bash zsh fish; do
	need_program $shell || { skip "$shell completes" "$shell is not installed"; continue; }
	is "$shell completes a command" "$(words_of $shell 'chestnut comp')" completeness
	is "$shell completes a command's options" "$(words_of $shell 'chestnut diff --e')" \
		'--effective --evidence'
	is "$shell completes the words an option takes" \
		"$(words_of $shell 'chestnut merge --prefer ')" 'first last'
	is "$shell completes the name of a policy" "$(words_of $shell 'chestnut show tarb')" tarball
	is "$shell completes the file of a policy" \
		"$(words_of $shell 'chestnut show on')" one.policy
	is "$shell completes calls" "$(words_of $shell 'chestnut allow one.policy io_uring_s')" \
		io_uring_setup
	is "$shell completes an errno" "$(words_of $shell 'chestnut deny -e EACC')" EACCES
	is "$shell completes a format" "$(words_of $shell 'chestnut export sys')" systemd
	is "$shell completes chestnut-run's options" "$(words_of $shell 'chestnut-run --on')" \
		--on-violation
	is "$shell completes the words these take" "$(words_of $shell 'chestnut-run --scope ')" \
		'process thread'
	case $(words_of $shell 'chestnut-run -q -p one.policy -- printen') in
	printenv|*' printenv'*) ok "$shell completes the program that chestnut-run runs" ;;
	*) not_ok "$shell completes the program that chestnut-run runs" \
		"$(words_of $shell 'chestnut-run -q -p one.policy -- printen')" ;;
	esac
done
is 'bash completes a call of another ABI behind its colon' \
	"$(words_of bash 'chestnut allow one.policy i386:mmap')" 'mmap mmap2'
is 'bash completes the value behind a =' "$(words_of bash 'chestnut merge --prefer=l')" last
touch 'a policy.policy'
is 'bash completes a name with a blank as one' "$(words_of bash 'chestnut show a')" \
	'a policy.policy'
is 'bash offers no second policy where one is wanted' \
	"$(words_of bash 'chestnut show one.policy t')" ''
finish
