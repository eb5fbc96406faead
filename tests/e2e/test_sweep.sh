#!/usr/bin/env bash
# A sweep at full speed over a network that is far, shaky and loses datagrams: everyone is found, once. And its parts, and its order.
cd "$(dirname "$0")/../.."
. tests/e2e/lib.sh

sorted() { sed -n 's/.*"ip": *"\([0-9.]*\)".*/\1/p' "$1" | sort; }

# sweep NAME SITE ARGS...: everything in the fleet's truth is found, nothing twice, nothing else.
sweep() {
	local name=$1 site=$2; shift 2
	"$B/ice" scan "$site" --discover --rate max --port "$fleet_port" --format ndjson --stats "$tmp/$name.stats" -q "$@" >"$tmp/$name.found" 2>"$tmp/$name.err"
	same "$name: the sweep ends well" $? 0
	same "$name: all of them, each once, and nobody else" "$(sorted "$tmp/$name.found" | md5sum)" "$(sorted "$tmp/$name.truth" | md5sum)"
}

fleet far --site 127.71.0.0/20 --recordings config/demo/printers --count 250 --others config/demo/devices --other-count 250 --seed 5 \
	--latency 300 --jitter 150 --loss 1
sweep far 127.71.0.0/20 --retries 2

fleet twice --site 127.72.0.0/20 --recordings config/demo/printers --count 400 --seed 6 --fault duplicate:60 --fault jittery:40
sweep twice 127.72.0.0/20 --retries 2

# 1,000 answers at once to a sweep that waits no longer than 300 ms: late ones count, too.
fleet many --site 127.73.0.0/20 --recordings config/demo/printers --count 3000 --seed 7
sweep many 127.73.0.0/20 --retries 2 --timeout 300ms

# Three engines with one seed.
for k in 1 2 3; do
	"$B/ice" scan 127.73.0.0/20 --discover --rate max --port "$fleet_port" --format ndjson --seed 11 --shard $k/3 --retries 2 -q --stats "$tmp/s$k" >"$tmp/p$k" 2>/dev/null
done
cat "$tmp"/p[123] >"$tmp/parts"
same "three parts find all, each once" "$(sorted "$tmp/parts" | md5sum)" "$(sorted "$tmp/many.truth" | md5sum)"
same "their addresses add up" "$(python3 -c "
import json; print(sum(json.load(open('$tmp/s%d' % k))['addresses'] for k in (1, 2, 3)))")" 4094

# Gently to each subnet.
"$B/ice" scan 127.73.0.0/24 --discover --rate max --port "$fleet_port" --format ndjson --subnet-cap 4 --timeout 100ms --retries 1 -q --stats "$tmp/capped" >/dev/null 2>&1
same "no more of a subnet are asked at the same time than the command says" "$(python3 -c "
import json; s = json.load(open('$tmp/capped')); print(s['peak_in_flight'], s['addresses_done'])")" "4 254"

# Only first contact: a found printer costs no second request to be listed.
requests=$(python3 -c "
import json; s = json.load(open('$tmp/many.stats')); print(s['probes_sent'] == s['identify_sent'])")
same "a sweep that only discovers sends first contacts and nothing else" "$requests" True

# A machine that gives the sockets hardly any room: answers are lost on our side, and nobody is missed for it.
if [ "${B##*/}" = san ]; then
	skip "a sanitized program takes no shim: a tiny receive buffer is not tried"
elif [ -e "$B/kills/smallbuffer.so" ]; then
	fleet crowd --site 127.74.0.0/21 --recordings config/demo/printers --count 1800 --seed 8
	SMALLBUFFER=8192 LD_PRELOAD=$B/kills/smallbuffer.so "$B/ice" scan 127.74.0.0/21 --discover --rate max --port "$fleet_port" --format ndjson \
		--stats "$tmp/crowd.stats" >"$tmp/crowd.found" 2>"$tmp/crowd.err"
	same "a tiny receive buffer: the sweep ends well" $? 0
	same "a tiny receive buffer: all of them, each once, and nobody else" "$(sorted "$tmp/crowd.found" | md5sum)" "$(sorted "$tmp/crowd.truth" | md5sum)"
	same "a tiny receive buffer: answers were lost, and it slowed down" "$(python3 -c "
import json; s = json.load(open('$tmp/crowd.stats')); print(s['kernel_drops'] > 0, s['slowed_down'] > 0)")" "True True"
	check "a tiny receive buffer: it says so" grep -q "came faster than they were read: slowed down [1-9]" "$tmp/crowd.err"
else
	skip "a tiny receive buffer: needs $B/kills/smallbuffer.so (make test builds it)"
fi
finish
