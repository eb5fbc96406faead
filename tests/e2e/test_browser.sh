#!/usr/bin/env bash
# The configuration window in a real browser (headless Chromium) against a simulated site: see tests/browser. Pictures of every page, wide, in the
# dark and on a phone, are left in build/test/screenshots.
set -u
cd "$(dirname "$0")/../.."
. tests/e2e/lib.sh
export BROWSER_MODULES=$PWD/build/browser SCREENSHOTS=$PWD/build/test/screenshots
CHROMIUM=$(command -v chromium || command -v chromium-browser) && export CHROMIUM
for need in node "${CHROMIUM:-chromium}"; do
	command -v "$need" >/dev/null || { skip "the window in a browser: there is no $need (make deps installs it)"; finish; exit; }
done
[ -d "$BROWSER_MODULES/node_modules/playwright-core" ] || { skip "the window in a browser: playwright-core is not there (make deps installs it)"; finish; exit; }

# window NAME: starts one on a configuration that is not there yet.
window() {
	mkdir -p "$tmp/$1"
	export INI=$tmp/$1/ice.ini STATE=$tmp/$1/state
	"$B/ice" config -c "$INI" >"$tmp/$1.window" 2>"$tmp/$1.err" &
	window_pid=$!
	pids+=($window_pid)
	await 10 test -s "$tmp/$1.window" || { cat "$tmp/$1.err"; exit 1; }
	WINDOW=$(head -1 "$tmp/$1.window")
	export WINDOW
}

# browse NAME: runs one of the scripts; its checks are ours.
browse() {
	timeout 400 node "tests/browser/$1.mjs" >"$tmp/$1.out" 2>&1
	local status=$?
	cat "$tmp/$1.out"
	passed=$((passed + $(grep -c '^ok: ' "$tmp/$1.out")))
	failed=$((failed + $(grep -c '^FAILED: ' "$tmp/$1.out")))
	[ $status = 0 ] || bad "tests/browser/$1.mjs runs to its end"
}

server fm
enrol fm hq "$server_url" || exit 1
export ENROLMENT=$tmp/hq.enrolment SITE=127.78.0.0/20 EXCLUDE=127.78.3.0-15
fleet site --site $SITE --recordings config/demo/printers --count 160 --others config/demo/devices --other-count 60 --seed 3 --latency 2 --jitter 3
export DEVICE_PORT=$fleet_port
PRINTERS=$("$B/ice" scan $SITE --exclude $EXCLUDE --port "$fleet_port" --timeout 300ms --format ndjson --quiet | wc -l)
export PRINTERS

window setup
browse setup
"$B/facilities-manager" export --data "$tmp/fm" --format ndjson >"$tmp/held.ndjson"
same "the server holds every printer that the window showed" "$(wc -l <"$tmp/held.ndjson")" "$PRINTERS"
check "and its remarks are still in the configuration" grep -q '^# One section for each part of the network' "$INI"
check "which ice check finds right" "$B/ice" check -c "$INI"
await 5 bash -c "! kill -0 $window_pid" && ok "the window has ended" || bad "the window has ended"

# Five printers with words in them that must stay words.
mkdir "$tmp/hostile"
hostile() { # FILE NAME LOCATION
	python3 - "$tmp/hostile/$1.snmprec" "$2" "$3" <<'P'
import sys
path, name, location = sys.argv[1:]
rows = []
for line in open("config/demo/printers/hp-mono.snmprec", encoding="utf-8"):
    oid = line.split("|")[0]
    text = {"1.3.6.1.2.1.1.5.0": name, "1.3.6.1.2.1.1.6.0": location}.get(oid)
    rows.append(line if text is None else f"{oid}|4x|{text.encode().hex()}\n")
open(path, "w", encoding="utf-8").writelines(rows)
P
}
hostile script plain '<script>document.title="harm"</script>'
hostile marks 'plain' '{{page_form}} {{#page_nav}}'
hostile quotes 'plain' "\" onmouseover=\"document.title='harm'\" x=\"<img src=x onerror=document.title='harm'>"
hostile bidi $'abc\u202e\u2066txt.exe' $'\u200f</td></table><h1>harm</h1>'
# The fleet gives each device a name of its own, but to those whose name is too long for that.
hostile long "<img src=x onerror=document.title='harm'>$(printf 'x%.0s' {1..10240})" "$(printf '&lt;%.0s' {1..2500})"
kill "$fleet_pid"
fleet hostile --site 127.78.1.0/28 --recordings "$tmp/hostile" --count 5 --seed 1
window strangers
mkdir -p "$STATE"
printf '[state]\ndirectory = state\n[sweep]\nport = %s\ntimeout = 300ms\nrate = normal\n[range hostile]\naddresses = 127.78.1.0/28\n' "$fleet_port" >"$INI"
browse strangers
kill "$fleet_pid"
fleet plain --site $SITE --recordings config/demo/printers --count 160 --seed 3
export DEVICE_PORT=$fleet_port
window hands
browse hands
echo "| pictures of every page: $(ls "$SCREENSHOTS" | wc -l) in build/test/screenshots"
finish
