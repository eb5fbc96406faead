#!/usr/bin/env bash
# Devices that misbehave in every way that printer-fleet knows, among healthy neighbours: a sweep ends, in time, reads the neighbours
# completely and exactly, and believes nothing that is not so.
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

printers=config/demo/printers devices=config/demo/devices
count=$("$B/printer-fleet" --list-faults | wc -l)
check "at least 120 kinds of misbehaviour ($count)" [ "$count" -ge 120 ]
"$B/ice" replay $printers/*.snmprec >"$tmp/replayed"

# hostile NAME SITE SEED FLEET-ARGS -- SCAN-ARGS: half of the printers misbehave, each in another way, on a site so full that most
# have neighbours on both sides.
hostile() {
	local name=$1 site=$2 seed=$3 args=() begin took; shift 3
	while [ "$1" != -- ]; do args+=("$1"); shift; done; shift
	fleet "$name" --site "$site" --recordings $printers --count $((count * 8)) --others $devices --other-count 60 --seed "$seed" \
		--fault any:50 "${args[@]}"
	begin=$SECONDS
	timeout 60 "$B/ice" scan "$site" --port "$fleet_port" --rate max --timeout 250ms --format ndjson "$@" \
		--stats "$tmp/$name.stats" >"$tmp/$name.found" 2>"$tmp/$name.said"
	same "$name: the sweep ends well" $? 0
	took=$((SECONDS - begin))
	check "$name: and in time ($took s)" [ $took -le 30 ]
	same "$name: no sanitizer, assertion or signal speaks up" \
		"$(grep -hE 'Sanitizer|runtime error|[Aa]ssertion|Segmentation|Aborted' "$tmp/$name.said" "$tmp/$name.err")" ""
	if python3 tests/e2e/hostile.py "$tmp/$name.truth" "$tmp/$name.found" "$tmp/replayed" "$count" >"$tmp/check.out" 2>&1; then
		ok "$name: $(head -1 "$tmp/check.out")"
	else
		bad "$name: what was read is true"; sed 's/^/    /' "$tmp/check.out"
	fi
	kill "$fleet_pid"
	wait "$fleet_pid"
	same "$name: the fleet ends well" $? 0
}

hostile both 127.96.0.0/21 11 -- --retries 1
hostile v2c 127.97.0.0/21 12 -- --retries 1 --snmp 2c
hostile v1 127.98.0.0/21 13 -- --retries 1 --snmp 1
hostile v1-devices 127.99.0.0/21 14 --v1-share 100 -- --retries 1
finish
