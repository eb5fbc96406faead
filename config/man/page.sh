#!/bin/sh
# page.sh SOURCE BUILD VERSION: a manual page from its source. In it "@HELP program command@" becomes what that program says, "@INI file@"
# what a documented configuration says, "@VERSION@" the version.
set -eu
LC_ALL=C.UTF-8
export LC_ALL
here=$(dirname "$0")
while IFS= read -r line; do
	case $line in
	"@HELP "*@)
		line=${line#@HELP } line=${line%@}
		program=${line%% *} command=${line#"$program"}
		# shellcheck disable=SC2086
		"$2/$program" $command --help | awk -f "$here/help.awk"
		;;
	"@INI "*@)
		line=${line#@INI } line=${line%@}
		awk -f "$here/ini.awk" "$here/../$line"
		;;
	*) printf '%s\n' "$line" | sed "s/@VERSION@/$3/" ;;
	esac
done <"$1"
