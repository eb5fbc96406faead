#!/usr/bin/env bash
# The service with 2,000 printers to which nothing happens: what it costs this machine and the network. Rounds are made every few
# seconds here; a day's worth is reckoned from the processor time of one, so that a busy machine measures the same.
cd "$(dirname "$0")/../.."
. tests/e2e/lib.sh

count=2000
server fm
enrol fm hq "$server_url"
fleet still --site 127.88.0.0/20 --recordings config/demo/printers --count $count --seed 4 --pages-per-hour 0
cat >"$tmp/ice.ini" <<-I
	[server]
	enrolment = $tmp/hq.enrolment
	[state]
	directory = $tmp/state
	[sweep]
	interval = 24h
	rate = normal
	timeout = 500ms
	retries = 0
	port = $fleet_port
	[inventory]
	interval = 1h
	[pulse]
	interval = PULSE
	error_interval = PULSE
	[log]
	level = debug
	[range site]
	addresses = 127.88.0.0/20
I
sed 's/PULSE/1h/' "$tmp/ice.ini" >"$tmp/quiet.ini"
sed 's/PULSE/3s/' "$tmp/ice.ini" >"$tmp/pulse.ini"
run() { "$B/ice" run -c "$tmp/$1.ini" >"$tmp/$1.out" 2>"$tmp/$1.err" & run_pid=$!; pids+=($run_pid); }
stop() { kill $run_pid; wait $run_pid 2>/dev/null; }
# User and system time, in hundredths of a second.
cpu() { local f; read -ra f <"/proc/$run_pid/stat"; echo $((f[13] + f[14])); }
resident() { sed -n "s/^$1:[ \t]*\([0-9]*\) kB/\1/p" "/proc/$run_pid/status"; }
pulses() { grep -c 'pulse ended' "$tmp/$1.err"; }
pulsed() { [ "$(pulses "$1")" -ge "$2" ]; }
field() { sed -n "s/.* $1=\([0-9]*\).*/\1/p"; }

run quiet
check "all are found and read" await 60 grep -q "sweep ended range=site printers=$count" "$tmp/quiet.err"
drained() { [ "$("$B/facilities-manager" export --data "$tmp/fm" --format ndjson | wc -l)" = $count ]; }
check "and delivered" await 60 drained
stop
# Nothing is due for an hour.
run quiet
await 20 grep -q confined "$tmp/quiet.err"
await 20 pulsed quiet 1 # the one at the start
from=$(cpu); await 6 false; to=$(cpu)
idle=$((to - from)) # in six seconds
echo "idle: $idle hundredths of a second of processor time in six seconds, $(resident VmRSS) KiB resident (at most $(resident VmHWM))"
stop
run pulse
check "pulses go round" await 60 pulsed pulse 2
before=$(pulses pulse); from=$(cpu)
check "and go on" await 60 pulsed pulse $((before + 5))
rounds=$(($(pulses pulse) - before)); to=$(cpu)
last=$(grep 'pulse ended' "$tmp/pulse.err" | tail -1)
same "each printer is asked once and is as it was" "$(field asked <<<"$last") $(field unchanged <<<"$last") $(field probes <<<"$last")" "$count $count $count"
bytes=$(($(field bytes <<<"$last") / count + 56)) # IPv4 and UDP headers, both ways
each=$(((to - from) * 10000 / rounds / count)) # microseconds
# Twelve pulses an hour, one of which is the inventory's question, and the idle rest.
share=$(((12 * each * count / 3600 + idle * 10000 / 6) / 100)) # hundredths of a percent
echo "a pulse: $bytes bytes on the wire and $each us of processor time a printer; $count printers every five minutes: $((share / 100)).$(printf %02d $((share % 100))) % of a core; $(resident VmRSS) KiB resident (at most $(resident VmHWM))"
check "a pulse stays below 700 bytes on the wire" [ "$bytes" -lt 700 ]
check "the service below 1 % of a core" [ "$share" -lt 100 ]
if [ "${B##*/}" = san ]; then
	skip "a sanitized program's memory tells nothing"
else
	check "and below 24 MiB" [ "$(resident VmRSS)" -lt $((24 * 1024)) ]
fi
stop
finish
