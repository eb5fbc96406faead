#!/usr/bin/env bash
# ICE against SNMP agents that were written by others: Debian's snmpd, and snmpsim serving recordings of real printers.
cd "$(dirname "$0")/../.."
. tests/e2e/lib.sh

free_port() { python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
scan() { "$B/ice" scan 127.0.0.1 --port "$port" --format ndjson --timeout 1s --retries 2 "$@" 2>"$tmp/scan.err"; }

# --- net-snmp's agent: a Linux host, no printer
snmpd=$(command -v snmpd || echo /usr/sbin/snmpd)
if [ -x "$snmpd" ]; then
	port=$(free_port)
	printf 'rocommunity public\nsysLocation "server room"\nsysName "not-a-printer"\n' >"$tmp/snmpd.conf"
	"$snmpd" -f -Lf "$tmp/snmpd.log" -C -c "$tmp/snmpd.conf" -p "$tmp/snmpd.pid" "udp:127.0.0.1:$port" >/dev/null 2>&1 &
	pids+=($!)
	if await 20 snmpget -v2c -c public -t 1 -r 0 "127.0.0.1:$port" 1.3.6.1.2.1.1.5.0; then
		same "snmpd is not listed as a printer" "$(scan)" ""
		scan --discover >"$tmp/out"
		check "--discover lists snmpd" grep -q '"printer":false' "$tmp/out"
		check "with its system description" grep -q 'Linux' "$tmp/out"
		same "a wrong community finds nothing" "$(scan --discover --community wrong)" ""
		"$B/ice" probe 127.0.0.1 --port "$port" >"$tmp/probe" 2>&1
		check "ice probe says that it is no printer" grep -q 'printer:  no' "$tmp/probe"
	else
		bad "snmpd answers" "$(tail -5 "$tmp/snmpd.log")"
	fi
else
	skip "snmpd is not installed"
fi

# --- snmpsim, with real recordings: the community chooses the recording
corpus=../shared/corpus/printers
if ! command -v snmpsimd >/dev/null; then
	skip "snmpsim is not installed"
elif [ ! -d $corpus ]; then
	skip "the corpus of recordings is not here"
else
	port=$(free_port)
	mkdir -p "$tmp/sim" "$tmp/cache"
	names="brother_hl-5370dw hp_laserjet_mfp_m130nw ricoh_aficio_mp_c3002 oki_mc873 samsung_m4080fx xerox_altalink_c8045 sharp_mx-m266nv"
	for n in $names; do cp $corpus/$n.snmprec "$tmp/sim/"; done
	chmod 755 "$tmp" "$tmp/sim" && chmod 644 "$tmp"/sim/* && chmod 777 "$tmp/cache"
	who=()
	[ "$(id -u)" = 0 ] && who=(--process-user=nobody --process-group=nogroup)
	snmpsimd --data-dir="$tmp/sim" --cache-dir="$tmp/cache" --agent-udpv4-endpoint="127.0.0.1:$port" "${who[@]}" --logging-method=null >"$tmp/sim.log" 2>&1 &
	pids+=($!)
	if await 60 snmpget -v2c -c brother_hl-5370dw -t 1 -r 0 "127.0.0.1:$port" 1.3.6.1.2.1.1.1.0; then
		for n in $names; do
			scan --community "$n" >"$tmp/live"
			"$B/ice" replay "$corpus/$n.snmprec" >"$tmp/replayed" 2>/dev/null
			check "snmpsim $n: the record is that of the replay" python3 - "$tmp/live" "$tmp/replayed" <<'P'
import json, sys
live = json.loads(open(sys.argv[1]).readline())
live = live.get("record", live)
replayed = json.loads(open(sys.argv[2]).readline())["record"]
# The polled address and the time differ by nature; the MAC is chosen by the polled address.
for r in (live, replayed):
    for key in ("ip", "read_at", "mac"):
        r.pop(key, None)
if live != replayed:
    print(json.dumps(live, sort_keys=True))
    print(json.dumps(replayed, sort_keys=True))
    sys.exit(1)
P
		done
	else
		bad "snmpsimd answers" "$(tail -5 "$tmp/sim.log")"
	fi
fi
finish
