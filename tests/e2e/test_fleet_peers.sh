#!/usr/bin/env bash
# The simulated fleet against net-snmp's own tools: what a device says by snmpget, snmpwalk and snmpbulkwalk is what its recording holds,
# row for row, over v1 and v2c; and the fleet as a program: options, silence, delay, loss, faults, signals, memory.
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh
command -v snmpbulkwalk >/dev/null || { skip "net-snmp's tools are not installed"; finish; exit; }

# rows FILE [V1]: the recording's rows as snmpwalk -On shows their OIDs and types, without Counter64 for v1.
rows() {
	python3 - "$@" <<'P'
import sys
kinds = {"2": "INTEGER", "4": "octets", "5": "NULL", "6": "OID", "64": "IpAddress", "65": "Counter32", "66": "Gauge32",
         "67": "Timeticks", "68": "Opaque", "70": "Counter64"}
seen = {}
for line in open(sys.argv[1], encoding="latin-1", newline="\n"):
    oid, tag, value = line.rstrip("\r\n").split("|", 2)
    tag = tag.rstrip("x")
    if len(sys.argv) > 2 and tag == "70":
        continue
    kind = kinds[tag]
    shown = value if kind in ("INTEGER", "Counter32", "Gauge32", "Counter64", "Timeticks") else ""
    seen.setdefault(tuple(map(int, oid.split("."))), f".{oid} {kind} {shown}")
for k in sorted(seen):
    print(seen[k])
P
}

# shown: a walk's output in the same form.
shown() {
	python3 -c '
import re, sys
row = re.compile(r"^(\.[0-9.]+) = (?:(STRING|Hex-STRING|INTEGER|OID|IpAddress|Counter32|Counter64|Gauge32|Timeticks|OPAQUE|Opaque: \w+|Network Address|BITS|NULL)\b:? ?)?(.*)$")
for line in sys.stdin.buffer:
    m = row.match(line.decode("latin-1").rstrip("\n"))
    if not m or m[3].startswith("No more variables"):
        continue
    kind = m[2] or "octets"
    kind = {"STRING": "octets", "Hex-STRING": "octets", "OPAQUE": "Opaque"}.get(kind, "Opaque" if kind.startswith("Opaque") else kind)
    value = ""
    if kind in ("INTEGER", "Counter32", "Gauge32", "Counter64"):
        value = m[3]
    elif kind == "Timeticks":
        value = m[3][1:].split(")")[0]
    print(m[1], kind, value)'
}

address() { # address TRUTH RECORDING: the first device with it
	sed -n "s/^{\"ip\":\"\([^\"]*\)\".*\"recording\":\"$2\".*/\1/p" "$1" | head -1
}

# ---- every recording, row for row ----
folders=(config/demo/printers config/demo/devices)
if [ -d ../shared/corpus/printers ]; then folders+=(../shared/corpus/printers); else skip "../shared/corpus is not here"; fi
args=()
for f in "${folders[@]}"; do args+=(--recordings "$f"); done
fleet plain --site 127.91.0.0/16 --as-recorded "${args[@]}"
differ=0 walked=0
for f in "${folders[@]}"; do
	for file in "$f"/*.snmprec; do
		name=$(basename "$file" .snmprec)
		ip=$(address "$tmp/plain.truth" "$name")
		[ "$(wc -l <"$file")" -gt 1500 ] && continue # the largest take net-snmp's one row at a time too long
		rows "$file" >"$tmp/rows.v2"
		rows "$file" v1 >"$tmp/rows.v1"
		snmpwalk -v1 -c public -On -Oe -Pe -m '' -r 3 "$ip:$fleet_port" .1 2>/dev/null | shown >"$tmp/walk.v1"
		snmpwalk -v2c -c public -On -Oe -m '' -r 3 "$ip:$fleet_port" .1 2>/dev/null | shown >"$tmp/walk.v2"
		snmpbulkwalk -v2c -c public -On -Oe -m '' -r 3 -Cr20 "$ip:$fleet_port" .1 2>/dev/null | shown >"$tmp/bulk.v2"
		walked=$((walked + 1))
		cmp -s "$tmp/rows.v1" "$tmp/walk.v1" && cmp -s "$tmp/rows.v2" "$tmp/walk.v2" && cmp -s "$tmp/rows.v2" "$tmp/bulk.v2" && continue
		differ=$((differ + 1))
		echo "    $name:"
		diff "$tmp/rows.v1" "$tmp/walk.v1" | head -3
		diff "$tmp/rows.v2" "$tmp/walk.v2" | head -3
		diff "$tmp/rows.v2" "$tmp/bulk.v2" | head -3
	done
done
same "$walked recordings walked by snmpwalk (v1, v2c) and snmpbulkwalk: how many differ" "$differ" 0

# ---- one device, by hand ----
ip=$(address "$tmp/plain.truth" hp-mono)
get() { snmpget -On -Oe -m '' -r 1 -t 2 "$@" 2>&1; }
same "v1 GET" "$(get -v1 -c public "$ip:$fleet_port" .1.3.6.1.2.1.1.5.0)" '.1.3.6.1.2.1.1.5.0 = STRING: "NPI0D4C21"'
same "v2c GET" "$(get -v2c -c public "$ip:$fleet_port" .1.3.6.1.2.1.43.10.2.1.4.1.1)" '.1.3.6.1.2.1.43.10.2.1.4.1.1 = Counter32: 48213'
same "v2c: an instance that is missing" "$(get -v2c -c public "$ip:$fleet_port" .1.3.6.1.2.1.43.10.2.1.4.1.9)" \
	'.1.3.6.1.2.1.43.10.2.1.4.1.9 = No Such Instance currently exists at this OID'
same "v2c: an object that is missing" "$(get -v2c -c public "$ip:$fleet_port" .1.3.6.1.2.1.99.1.0)" \
	'.1.3.6.1.2.1.99.1.0 = No Such Object available on this agent at this OID'
check "v1: noSuchName names the second varbind" grep -q 'Failed object: .1.3.6.1.2.1.99.1.0' \
	<(get -v1 -c public -Cf "$ip:$fleet_port" .1.3.6.1.2.1.1.5.0 .1.3.6.1.2.1.99.1.0)
check "past the end: endOfMibView" grep -q 'No more variables' \
	<(snmpgetnext -v2c -c public -On -m '' "$ip:$fleet_port" .1.3.6.1.6 2>&1)
check "another community: silence" grep -q Timeout <(get -v2c -c private -t 0.3 -r 0 "$ip:$fleet_port" .1.3.6.1.2.1.1.5.0)
check "an address without a device: silence" grep -q Timeout <(get -v2c -c public -t 0.3 -r 0 "127.91.0.0:$fleet_port" .1.3.6.1.2.1.1.5.0)
kill -TERM "$fleet_pid"
wait "$fleet_pid"
same "SIGTERM: a clean end" $? 0
check "its counters on standard error" grep -qE 'printer-fleet: received=[0-9]+ requests=[0-9]+ answers=[0-9]+ .*kernel_drops=0' "$tmp/plain.err"

# ---- devices of their own ----
fleet own --site 127.92.0.0/20 --recordings config/demo/printers --count 60 --others config/demo/devices --other-count 40 --seed 5
same "one line of truth per device" "$(wc -l <"$tmp/own.truth")" 100
python3 - "$tmp/own.truth" "$fleet_port" >"$tmp/own.check" 2>&1 <<'P'
import json, subprocess, sys
wrong = 0
lines = [json.loads(l) for l in open(sys.argv[1])]
for t in lines[:24] + lines[60:68]:
    oids = [".1.3.6.1.2.1.1.5.0"]
    if t["printer"]:
        index = subprocess.run(["snmpget", "-v1", "-c", "public", "-Oqv", "-m", "", f"{t['ip']}:{sys.argv[2]}",
                                f".1.3.6.1.2.1.4.20.1.2.{t['ip']}"], capture_output=True, text=True).stdout.strip()
        oids += [".1.3.6.1.2.1.43.5.1.1.17.1", f".1.3.6.1.2.1.2.2.1.6.{index}", ".1.3.6.1.2.1.43.10.2.1.4.1.1"]
    out = subprocess.run(["snmpget", "-v2c", "-c", "public", "-Oqv", "-Ox", "-m", "", f"{t['ip']}:{sys.argv[2]}"] + oids,
                         capture_output=True, text=True).stdout.splitlines()
    octets = lambda s: bytes.fromhex(s.strip('" '))
    got = {"name": octets(out[0]).decode()}
    if t["printer"]:
        got |= {"serial": octets(out[1]).decode(), "mac": ":".join("%02x" % b for b in octets(out[2])), "pages_total": int(out[3])}
    for k, v in got.items():
        good = t["pages_total"] <= v <= t["pages_total"] + 20 if k == "pages_total" else t[k] == v
        if not good:
            wrong += 1
            print(t["ip"], k, "is", v, "true is", t[k])
print("wrong", wrong)
P
same "name, serial, MAC and pages are those of the truth" "$(tail -1 "$tmp/own.check")" "wrong 0"
rm -f "$tmp/own.truth"
kill -USR1 "$fleet_pid"
written() { [ "$(wc -l <"$tmp/own.truth")" = 100 ]; }
check "SIGUSR1 writes the truth anew" await 5 written
kill -INT "$fleet_pid"
wait "$fleet_pid"
same "Ctrl-C: a clean end" $? 0

# ---- delay, loss, versions, faults ----
fleet slow --site 127.93.0.0/24 --recordings config/demo/printers --count 20 --latency 150 --jitter 20 --v1-share 100
ip=$(sed -n '1s/{"ip":"\([^"]*\)".*/\1/p' "$tmp/slow.truth")
begin=$(date +%s%N)
check "a late answer arrives" get -v1 -c public "$ip:$fleet_port" .1.3.6.1.2.1.1.5.0
took=$((($(date +%s%N) - begin) / 1000000))
check "and not before its latency ($took ms)" [ "$took" -ge 150 ]
check "a device that speaks v1 only is silent to v2c" grep -q Timeout <(get -v2c -c public -t 0.4 -r 0 "$ip:$fleet_port" .1.3.6.1.2.1.1.5.0)
before=$(awk '{print $14 + $15}' "/proc/$fleet_pid/stat")
sleep 1
after=$(awk '{print $14 + $15}' "/proc/$fleet_pid/stat")
check "an idle fleet sleeps" [ $((after - before)) -le 2 ]
fleet lossy --site 127.94.0.0/24 --recordings config/demo/printers --count 20 --loss 100
ip=$(sed -n '1s/{"ip":"\([^"]*\)".*/\1/p' "$tmp/lossy.truth")
check "all lost: silence" grep -q Timeout <(get -v2c -c public -t 0.3 -r 0 "$ip:$fleet_port" .1.3.6.1.2.1.1.5.0)
fleet faulty --site 127.95.0.0/24 --recordings config/demo/printers --count 20 --fault gen-err:50
same "half of the printers have the fault" "$(grep -c '"fault":"gen-err"' "$tmp/faulty.truth")" 10
ip=$(sed -n '/gen-err/s/{"ip":"\([^"]*\)".*/\1/p' "$tmp/faulty.truth" | head -1)
check "and show it" grep -q 'genError' <(get -v2c -c public "$ip:$fleet_port" .1.3.6.1.2.1.1.5.0)

# ---- a large site ----
fleet large --site 127.0.0.0/8 --recordings config/demo/printers --count 100000
rss=$(awk '/VmRSS/ {print $2}' "/proc/$fleet_pid/status")
case $B in
*san*) skip "memory of 100,000 devices: a sanitizer has its own" ;;
*) check "100,000 devices on a /8 in $rss KiB" [ "$rss" -le 24576 ] ;;
esac
ip=$(sed -n '77777s/{"ip":"\([^"]*\)".*/\1/p' "$tmp/large.truth")
check "any of them answers" get -v2c -c public "$ip:$fleet_port" .1.3.6.1.2.1.1.5.0

# ---- what it refuses ----
refuses() { # refuses STATUS HINT ARGS...
	local status=$1 hint=$2 out rc; shift 2
	out=$("$B/printer-fleet" "$@" 2>&1 </dev/null); rc=$?
	if [ $rc = "$status" ] && [[ $out == *"$hint"* ]]; then ok "refused: $*"; else bad "refused: $*" "status $rc: $out"; fi
}
refuses 64 "did you mean --recordings?" --recording config/demo/printers
refuses 64 "needs a value" --recordings
refuses 64 "is missing" --port 0
refuses 64 "host bits" --recordings config/demo/printers --site 127.1.2.3/16
refuses 64 "no CIDR" --recordings config/demo/printers --site 127.1.2.3
refuses 64 "a site is inside" --recordings config/demo/printers --site 8.8.8.0/24
refuses 64 "whole number" --recordings config/demo/printers --count -5
refuses 64 "whole number" --recordings config/demo/printers --port 65536
refuses 64 "in percent" --recordings config/demo/printers --loss 101
refuses 64 "did you mean" --recordings config/demo/printers --fault truncate
refuses 1 "do not fit" --recordings config/demo/printers --site 127.1.2.0/24 --count 255 --port 0
refuses 1 "no recording in it" --recordings src --port 0
refuses 1 "No such file" --recordings nowhere --port 0
refuses 1 "--truth" --recordings config/demo/printers --port 0 --truth /nonexistent/truth
refuses 0 "usage: printer-fleet" --help
refuses 0 "truncated" --list-faults
finish
