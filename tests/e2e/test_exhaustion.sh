#!/usr/bin/env bash
# Memory, descriptors, disk and network fail in turn, one call at a time, while ice sweeps and uploads.
cd "$(dirname "$0")/../.."
. tests/e2e/lib.sh
if [ "$B" != build ]; then
	skip "a sanitizer brings its own allocator"
	finish
	exit
fi
check "the failing library builds" "${CC:-cc}" -std=c11 -D_GNU_SOURCE -O2 -shared -fPIC -o "$tmp/exhaust.so" tests/e2e/exhaust.c -ldl
fleet some --site 127.88.0.0/28 --recordings config/demo/printers --count 8 --seed 3
server fm
sites=()
for i in 1 2 3 4; do
	enrol fm "site$i" "$server_url"
	sites+=("$tmp/site$i.enrolment")
done
addresses=$(python3 -c 'import json, sys; print(*(json.loads(l)["ip"] for l in open(sys.argv[1])))' "$tmp/some.truth")
python3 tests/e2e/exhaustion.py "$B/ice" "$tmp/exhaust.so" "$tmp/fm" "$fleet_port" "$addresses" "${sites[@]}" >"$tmp/out" 2>&1
same "whatever fails: no crash, no hang, no false success, nothing lost" $? 0
cat "$tmp/out"
[ $failed = 0 ] || grep -E "reject" "$tmp/fm.err"
finish
