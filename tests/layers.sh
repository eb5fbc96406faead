#!/usr/bin/env bash
# Fails on the first include that breaks the layers of README "Source layout", and on a third-party header outside its room.
set -u
cd "$(dirname "$0")/.."
bad=0
say() { echo "layers: $*" >&2; bad=1; }

# A public header belongs to the folder that has its .c (attr.h belongs to base).
declare -A room
for f in src/*/*.c; do
	m=$(basename "$f" .c); d=$(basename "$(dirname "$f")")
	[ -f "include/ice/$m.h" ] && room[$m]=$d
done
room[attr]=base
declare -A may=(
	[base]="base" [snmp]="base snmp" [printer]="base snmp printer" [sweep]="base snmp printer sweep"
	[delivery]="base delivery" [settings]="base sweep delivery settings"
	[engine]="base snmp printer sweep delivery settings engine" [service]="base snmp printer sweep delivery settings engine service"
	[proof]="base snmp printer sweep delivery settings engine proof" [window]="base sweep delivery settings window"
	[agent]="base snmp printer sweep delivery settings engine service proof window agent"
	[server]="base printer delivery server" [fleet]="base snmp fleet"
)
# Which folders may name which outside header.
declare -A own=(
	[net-snmp]="src/snmp/snmp.c src/snmp/usm.c" [curl]="src/delivery/upload_post.c src/delivery/upload_loop.c src/delivery/upload_loop.h src/delivery/upload_words.c src/delivery/upload_words.h" [sqlite3.h]="src/delivery/outbox.c src/delivery/outbox_file.c src/delivery/outbox_log.c src/delivery/outbox_look.c src/delivery/outbox_places.c src/delivery/outbox_bases.c src/delivery/outbox_salvage.c src/server/store_sqlite.c src/server/store_readings.c"
	[ini.h]="src/base/conf.c" [event2]="src/snmp/udp.c src/delivery/upload.c src/delivery/upload_loop.c src/delivery/upload_trial.c src/engine src/service src/proof src/agent src/window src/server src/fleet"
)
for h in include/ice/*.h; do
	m=$(basename "$h" .h)
	[ -n "${room[$m]:-}" ] || say "$h: no src/*/$m.c stands behind it"
done
for f in include/ice/*.h src/*/*.[ch]; do
	case $f in
	include/*) d=${room[$(basename "$f" .h)]:-none} ;;
	*) d=$(basename "$(dirname "$f")") ;;
	esac
	[ "$d" = none ] && continue
	while read -r inc; do
		m=$(basename "$inc" .h); r=${room[$m]:-unknown}
		case " ${may[$d]} " in *" $r "*) ;; *) say "$f includes ice/$m.h ($r): $d may include only: ${may[$d]}" ;; esac
	done < <(sed -n 's/^#include "ice\/\(.*\)"/\1/p' "$f")
	while read -r inc; do
		# A wing's header is named with its folder; without one it stands beside the file.
		case $inc in
		*/*)
			r=${inc%%/*}
			[ -f "src/$inc" ] || say "$f includes \"$inc\", which is not there"
			case " ${may[$d]} " in *" $r "*) ;; *) say "$f includes \"$inc\": $d may include only: ${may[$d]}" ;; esac ;;
		*) [ -f "$(dirname "$f")/$inc" ] || say "$f includes \"$inc\", which is not in its own folder" ;;
		esac
	done < <(sed -n 's/^#include "\([^"]*\)"/\1/p' "$f" | grep -v '^ice/')
	for lib in "${!own[@]}"; do
		grep -qE "^#include <$lib(/|>)" "$f" || continue
		ok=
		for o in ${own[$lib]}; do case $f in "$o" | "$o"/*) ok=1 ;; esac; done
		[ -n "$ok" ] || say "$f includes <$lib>, which stays in: ${own[$lib]}"
	done
done
# No circles between the modules of one folder.
for d in base snmp printer sweep delivery settings; do
	for f in src/"$d"/*.c include/ice/*.h; do
		m=$(basename "$f"); m=${m%.*}
		[ "${room[$m]:-}" = "$d" ] || continue
		sed -n 's/^#include "ice\/\(.*\)\.h"/\1/p' "$f" | while read -r i; do
			[ "$i" != "$m" ] && [ "${room[$i]:-}" = "$d" ] && echo "$m $i"
		done
	done | sort -u | tsort >/dev/null 2>/tmp/layers.$$ || true
	if [ -s /tmp/layers.$$ ]; then say "src/$d has a circle: $(tr '\n' ' ' </tmp/layers.$$)"; fi
	rm -f /tmp/layers.$$
done
[ $bad = 0 ] && echo "layers: ok"
exit $bad
