# Completion for bash: what may follow is asked of the programs themselves, so that it is never out of date.

_ice_words() { # _ice_words TEXT: the commands and the long options that a --help tells of
	awk '/^Commands:/ { commands = 1; next }
		/^[^ ]/ { commands = 0 }
		commands && /^  [a-z]+  / { print $1 }
		/^ +(-., )?--[a-z]/ { match($0, /--[a-z0-9-]+/); print substr($0, RSTART, RLENGTH) }' <<<"$1"
}

_ice() {
	local program=${COMP_WORDS[0]} current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local command= word words=
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		[[ $word == -* ]] || { command=$word; break; }
	done
	COMPREPLY=()
	case $before in
	-c | --config | --*-file | --outbox | --enrolment | --stats | --truth | --certificate | --key | --ca | --pcap)
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	--profiles | --profile-folder | --recordings | --others | --state | --data)
		mapfile -t COMPREPLY < <(compgen -d -- "$current")
		return
		;;
	esac
	case $command:$before in
	now:now) words="sweep inventory upload" ;;
	outbox:outbox) words="list show export retry" ;;
	site:site) words="add list revoke" ;;
	esac
	[[ $program == *printer-fleet ]] && command=
	[[ -n $words && $current != -* ]] || words=$(_ice_words "$("$program" $command --help 2>/dev/null)")
	if [[ -n $command && $current != -* && $words == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
	else
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
	fi
}

complete -o filenames -F _ice ice facilities-manager printer-fleet
