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
# The service: a sweep delivered, a second one, its end in order.
cat >"$tmp/ice.ini" <<-I
	[server]
	enrolment = hq.enrolment
	[state]
	directory = state
	[sweep]
	interval = 1s
	spread = 0s
	rate = max
	timeout = 800ms
	port = $fleet_port
	[inventory]
	interval = off
	full_read = 0
	[pulse]
	interval = off
	[range all]
	addresses = 127.89.0.0/27
I
mkdir -m 700 "$tmp/state"
before=$(sqlite3 "$tmp/fm/facilities-manager.db" 'select count(*) from reading')
(memcheck run "$B/ice" run -c "$tmp/ice.ini") >"$tmp/run.out" 2>"$tmp/run.err" &
run_pid=$!
pids+=($run_pid)
delivered() { [ "$(sqlite3 "file:$tmp/fm/facilities-manager.db?mode=ro" 'select count(*) from reading')" -ge $((before + 16)) ]; }
check "the service delivers two sweeps" await 120 delivered
kill -HUP $run_pid
check "and takes its configuration anew" await 60 grep -q "configuration reloaded" "$tmp/run.err"
kill -TERM $run_pid
wait $run_pid
clean run $?
kill -TERM "$server_pid"
wait "$server_pid"
clean serve $?
finish
