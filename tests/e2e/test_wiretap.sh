#!/usr/bin/env bash
# The capture that stands around the end-to-end scripts (tests/wiretap) catches each broken promise, by its name, and nothing else.
cd "$(dirname "$0")/../.."
. tests/e2e/lib.sh
under() { bash tests/wiretap/under.sh "$@" >"$tmp/out" 2>&1; status=$?; }
under true
if [ $status = 77 ]; then
	skip "$(tail -1 "$tmp/out")"
	finish
	exit
fi
same "a script that sends nothing is fine" "$status $(tail -1 "$tmp/out")" "0 1 passed, 0 failed"

caught() { sed -n '/^witnessed: /,$s/^    \([a-zA-Z ]*\): .*/\1/p' "$tmp/out" | sort -u | paste -sd,; }
while IFS='|' read -r what rule; do
	under python3 tests/wiretap/break.py $what
	same "$what: ${rule:-kept}" "$status $(caught)" "$([ -n "$rule" ] && echo 1 || echo 0) $rule" || cat "$tmp/out"
done <<-ROWS
	nothing|
	broadcast|unicast only
	multicast|unicast only
	set|only reading
	response|only reading
	noise|only reading
	long|only reading
	object|only allowed objects
	tcp|no TCP to a device
	plain|encrypted
	proxy|encrypted
	alert|
	alert_and_more|encrypted
	alert_then|encrypted
	listen|nothing listens
	listen6|nothing listens
	accept|nothing listens
	ping|UDP and TCP only
	community|no secret
	key|no secret
	hex|no secret
	base64|no secret
	field|no secret
	answer window|
	call window|the window stays here
	nothing window|the window stays here
	everywhere window|the window stays here
ROWS
export WIRETAP_BUFFER=4096
under python3 tests/wiretap/break.py flood
unset WIRETAP_BUFFER
same "a capture that lost frames is no proof" "$status $(caught)" "1 whole capture"

# The engine itself, at full rate: it tells how many datagrams it sent.
under bash -c '
	. tests/e2e/lib.sh
	fleet site --site 127.99.0.0/20 --recordings config/demo/printers --count 300
	"$B/ice" scan 127.99.0.0/19 --port "$fleet_port" --timeout 300ms --retries 1 --rate max --format ndjson --stats "$tmp/stats" | wc -l
	grep probes_sent "$tmp/stats"'
same "every datagram of a sweep is seen" "$(sed -n 's/^witnessed: .* \([0-9]*\) requests.*/\1/p' "$tmp/out")" "$(sed -n 's/.*"probes_sent": \([0-9]*\),/\1/p' "$tmp/out")"
same "of which the sweep had its answers" "$status $(grep -c '^300$' "$tmp/out")" "0 1"
under sh -c '(exit 3)'
same "a script that fails, fails" "$status" 3
finish
