#!/usr/bin/env bash
# The way from a sweep to the server under valgrind's memcheck: no error, no definite leak.
cd "$(dirname "$0")/../.."
. tests/e2e/lib.sh
command -v valgrind >/dev/null || { skip "valgrind is not installed"; finish; exit; }

# memcheck NAME COMMAND...: becomes the command; an error or a leak makes its status 99.
memcheck() {
	exec valgrind --quiet --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite --error-exitcode=99 \
		--log-file="$tmp/$1.memcheck" "${@:2}"
}
clean() { # clean NAME STATUS
	if [ "$2" = 0 ]; then ok "$1: no error, no leak"; else bad "$1: status $2" "$(cat "$tmp/$1.memcheck")"; fi
}
fleet x --site 127.89.0.0/27 --recordings config/demo/printers --count 8 --others config/demo/devices --other-count 6 --seed 3
(memcheck serve "$B/facilities-manager" serve --data "$tmp/fm" --listen 127.0.0.1:0) >"$tmp/fm.out" 2>"$tmp/fm.err" &
pids+=($!)
server_pid=$!
server_url=$(line "$tmp/fm.out" "listening ") || { cat "$tmp/fm.err"; exit 1; }
install -m 600 /dev/null "$tmp/hq.enrolment"
(memcheck site "$B/facilities-manager" site add hq --data "$tmp/fm" --server "$server_url") >"$tmp/hq.enrolment"
clean site $?
scan=("$B/ice" scan 127.89.0.0/27 --port "$fleet_port" --rate max --timeout 800ms)
(memcheck scan "${scan[@]}" --upload --enrolment "$tmp/hq.enrolment" --format ndjson) >"$tmp/found" 2>/dev/null
clean scan $?
check "and it found the fleet" python3 tests/e2e/compare.py "$tmp/x.truth" "$tmp/found"
(memcheck table "${scan[@]}" --format table --stats "$tmp/stats") >/dev/null 2>&1
clean table $?
(memcheck replay "$B/ice" replay config/demo/printers/* config/demo/devices/*) >/dev/null 2>&1
clean replay $?
(memcheck export "$B/facilities-manager" export --data "$tmp/fm" --format ndjson) >"$tmp/held" 2>/dev/null
clean export $?
check "and the server holds the fleet" python3 tests/e2e/compare.py "$tmp/x.truth" "$tmp/held"
kill -TERM "$server_pid"
wait "$server_pid"
clean serve $?
finish
