#!/usr/bin/env bash
# A service for years: what the service manager hears, reloads, requests, status, and a stop that never takes long.
cd "$(dirname "$0")/../.."
. tests/e2e/lib.sh

printers=config/demo/printers
umask 077
mkdir "$tmp/etc"
fleet site --site 127.91.0.0/22 --recordings $printers --count 100 --seed 11 --community public --pages-per-hour 0
server fm
enrol fm hq "$server_url"
cp "$tmp/hq.enrolment" "$tmp/etc"

# config RATE ADDRESSES [ROW...]: the configuration of the service; further rows belong to its range.
config() {
	local rate=$1 addresses=$2 row; shift 2
	{
		cat <<-I
			[server]
			enrolment = hq.enrolment
			[state]
			directory = $tmp/state
			[sweep]
			interval = 1h
			rate = $rate
			timeout = 500ms
			retries = 1
			subnet_cap = 0
			port = $fleet_port
			[range site]
			addresses = $addresses
		I
		for row; do echo "$row"; done
	} >"$tmp/etc/new"
	mv "$tmp/etc/new" "$tmp/etc/ice.ini" # as an editor replaces a file
}
# run [VARIABLE=VALUE...]: the service; its log goes on in $tmp/log
run() { env "$@" "$B/ice" run -c "$tmp/etc/ice.ini" >"$tmp/out" 2>>"$tmp/log" & run_pid=$!; pids+=($run_pid); }
said() { [ "$(grep -cE "$1" "$tmp/log")" -ge "${2:-1}" ]; }
times() { grep -cE "$1" "$tmp/log"; }
heard() { [ "$(grep -cE "$1" "$tmp/notified")" -ge "${2:-1}" ]; }
alive() { kill -0 $run_pid 2>/dev/null; }
held() { "$B/facilities-manager" export --data "$tmp/fm" --format ndjson | wc -l; }
holds() { [ "$(held)" = "$1" ]; }
milliseconds() { date +%s%3N; }
# stop [SIGNAL]: ends the service; its status is ours, and how long it took is in $took
stop() {
	local from status
	from=$(milliseconds)
	kill "${1:--TERM}" $run_pid; wait $run_pid 2>/dev/null; status=$?
	took=$(($(milliseconds) - from))
	return $status
}
manager() { # manager NAME: somebody listens there
	: >"$tmp/notified"
	python3 tests/e2e/notified.py "$1" >>"$tmp/notified" & manager_pid=$!; pids+=($manager_pid)
	await 10 grep -q listening "$tmp/notified"
}

# --- what the service manager hears, by both kinds of names, from a confined process
for name in "$tmp/notify" "@ice-test-operation-$$"; do
	kind=path; [ "${name#@}" != "$name" ] && kind="abstract name"
	: >"$tmp/log"
	manager "$name"
	config max 127.91.0.0/26
	run NOTIFY_SOCKET="$name"
	check "$kind: ready" await 20 heard '^READY=1'
	await 20 said "sweep ended"
	kill -HUP $run_pid
	check "$kind: reloading" await 10 heard '^RELOADING=1'
	check "$kind: by the manager's clock" heard '^MONOTONIC_USEC=[0-9]+$'
	check "$kind: ready again" await 10 heard '^READY=1' 2
	stop
	same "$kind: a stop ends well" $? 0
	check "$kind: stopping" await 10 heard '^STOPPING=1'
	kill $manager_pid
done

: >"$tmp/log"
manager "$tmp/notify2"
run NOTIFY_SOCKET="$tmp/notify2" WATCHDOG_USEC=2000000
check "the watchdog is fed" await 20 heard '^WATCHDOG=1' 3
check "and people are told" heard '^STATUS=(idle|sweeping)'
stop
kill $manager_pid
manager "$tmp/notify3"
NOTIFY_SOCKET="$tmp/notify3" "$B/facilities-manager" serve --data "$tmp/fm3" --listen 127.0.0.1:0 >"$tmp/out3" 2>"$tmp/err3" &
run_pid=$!; pids+=($run_pid)
check "the server says that it is ready" await 20 heard '^READY=1'
kill -HUP $run_pid
check "that it reloads" await 10 heard '^RELOADING=1'
check "that it lives" await 20 heard '^WATCHDOG=1'
stop
check "and that it stops" await 10 heard '^STOPPING=1'
kill $manager_pid

# --- how it is, and what is to be done at once
rm -rf "$tmp/state"; : >"$tmp/log"
ice() { "$B/ice" "$@" -c "$tmp/etc/ice.ini"; }
# ends WORDS STATUS PATTERN COMMAND...
ends() {
	local words=$1 status=$2 pattern=$3 got; shift 3
	"$@" >"$tmp/said" 2>&1; got=$?
	if [ $got = "$status" ] && grep -qE -- "$pattern" "$tmp/said"; then ok "$words"; else bad "$words" "ended with $got, not $status, or did not say $pattern" "$(cat "$tmp/said")"; fi
}
member() { ice status --json | python3 -c "import json,sys; print($1)" 2>&1; }
config max 127.91.0.0/22 '[range "b"]' 'addresses = 127.93.0.0/24' '[status]' "prometheus = $tmp/prom/ice.prom"
mkdir "$tmp/prom"
ends "no service has ever run" 1 "no service has ever run" ice status
ends "who asks nobody is told" 1 "no service is running" ice now sweep
ends "now needs to know what" 64 "sweep, inventory or upload" ice now
ends "and refuses what it does not know" 64 "sweep, inventory or upload" ice now dance
ends "an upload has no range" 64 "one too many" ice now upload site
run
await 20 said "sweep ended"
ends "a healthy service" 0 "ice: healthy, running for" ice status
for p in "site: hq at https" "config: .*ice.ini, read" "outbox: " "upload: .*by https" "network: .*sent" "RANGE +ADDRESSES" "^site +1022"; do
	check "its status tells $p" grep -qE "$p" "$tmp/said"
done
check "there is no colour in a pipe" bash -c "! grep -q $'\\033' '$tmp/said'"
found() { [ "$(member 'json.load(sys.stdin)["ranges"][0]["sweep"]["found"]')" = 100 ]; }
check "it tells what was found" await 10 found
known() { ice status | grep -qE "^site +1022 +100 "; }
check "and what is known" await 10 known
same "every printer of it has a state" "$(member 'sum(json.load(sys.stdin)["ranges"][0]["printers"].values())')" 100
same "and each lane its time" "$(member 'sorted(json.load(sys.stdin)["ranges"][0]["next"])')" "['inventory', 'pulse', 'sweep']"
same "the slowest twenty are told, each once" "$(member 'len({d["ip"] for d in json.load(sys.stdin)["slowest"]})')" 20
same "it is alive, by the right number" "$(member 'str(json.load(sys.stdin)["pid"])')" "$run_pid"
acknowledged() { [ "$(member 'json.load(sys.stdin)["upload"]["acknowledged"] > 0')" = True ]; }
check "and delivers" await 10 acknowledged
check "samples for Prometheus are there" await 10 test -s "$tmp/prom/ice.prom"
check "and are right" python3 tests/e2e/samples.py <"$tmp/prom/ice.prom"
promtool=$(command -v promtool || echo "${PROMTOOL:-}")
if [ -n "$promtool" ]; then check "as promtool says, too" "$promtool" check metrics <"$tmp/prom/ice.prom"; else skip "promtool is not here"; fi
same "for others to read" "$(stat -c %a "$tmp/prom/ice.prom")" 644
before=$(times "sweep began")
ends "sweep now" 0 "^sweep: begun" ice now sweep
check "is done" await 20 said "sweep began" $((before + 1))
await 20 said "sweep ended" 2
ends "inventory now, of one range" 0 "^inventory of site: begun" ice now inventory site
ends "upload now" 0 "^upload: begun" ice now upload
ends "a range that is not there" 1 "there is no such range" ice now sweep nowhere
echo nonsense >"$tmp/state/requests/nonsense"
gone() { ! [ -e "$tmp/state/requests/nonsense" ]; }
check "what is no request is thrown away" await 10 gone
check "and told" await 5 said "thrown away what is no request"
ends "with what to do about it" 0 "do: see who writes into the folder" ice status
kill -STOP $run_pid
ends "a service that does not take it" 1 "has not taken it" ice now upload --wait 300ms
same "leaves no request behind" "$(ls "$tmp/state/requests")" ""
kill -CONT $run_pid
kill -KILL $run_pid; wait $run_pid 2>/dev/null
ends "a service that was killed is not alive" 1 "ice: not running" ice status
ends "for programs, too" 1 '"alive": false' ice status --json

# --- a reload that is refused
rm -rf "$tmp/state"; : >"$tmp/log"
config 200 127.91.0.0/22
run
check "a sweep goes on" await 20 said "sweep began"
printf '[sweep]\nintervall = 1h\nrate = fast\n[range site]\naddresses = 8.8.8.8\ncommunities = absent\n[state]\ndirectory = %s\n' "$tmp/state" >"$tmp/etc/ice.ini"
kill -HUP $run_pid
ends "a wrong file does not hide the status" 0 "there are mistakes in .*ice.ini" ice status
check "mistakes refuse a reload" await 10 said "reload refused, the old configuration stays.*mistakes=5"
for p in 2:.*interval 3:.*rate 5:.*addresses 6:.*communities ' server.enrolment'; do
	check "it tells $p" grep -qE "mistake in the configuration.*ice.ini:$p" "$tmp/log"
done
config 200 127.91.0.0/22
sed -i "s|^directory = .*|directory = $tmp/elsewhere|" "$tmp/etc/ice.ini"
kill -HUP $run_pid
check "another state folder takes a restart" await 10 said 'ice.ini:4: state.directory: .*restart'
ends "whose status tells what it cannot see" 1 'started with another state.directory is not seen' ice status
ends "and so does now" 1 'started with another state.directory is not seen' ice now sweep
enrol fm other "https://127.0.0.1:9"
config 200 127.91.0.0/22
sed -i "s|^enrolment = .*|enrolment = $tmp/other.enrolment|" "$tmp/etc/ice.ini"
kill -HUP $run_pid
check "a file where none was before, too" await 10 said 'ice.ini:2: server.enrolment: .*Permission denied'
check "and why is told" await 10 said 'reload refused.* hint=.*restart'
cp "$tmp/other.enrolment" "$tmp/etc"
sed -i "s|^enrolment = .*|enrolment = other.enrolment|" "$tmp/etc/ice.ini"
kill -HUP $run_pid
check "another port of the server, too" await 10 said 'ice.ini:2: server: .*port 9 .*restart'
check "the service keeps running" alive
refused() { ice status >"$tmp/said" 2>&1; [ $? = 1 ] && grep -q "the last reload was refused: 1 mistakes" "$tmp/said"; }
check "and its status tells why it needs attention" await 5 refused

# --- a reload in mid-sweep, several times: the sweep goes on where it was, and nothing is lost or twice
config 300 127.91.0.0/22
for i in 1 2 3; do
	before=$(times "configuration reloaded")
	sed -i "s/^rate = .*/rate = $((300 + i))/" "$tmp/etc/ice.ini"
	kill -HUP $run_pid
	await 10 said "configuration reloaded" $((before + 1)) || bad "reload $i"
	read -rt 0.4 <> <(:)
done
same "three reloads were taken" "$(times "configuration reloaded")" 3
same "each time the sweep went on" "$(times "sweep resumed")" 3
config max 127.91.0.0/22
kill -HUP $run_pid
check "and it ends" await 40 said "sweep ended"
same "having begun once" "$(times "sweep began")" 1
check "every printer arrives" await 20 holds 100
readings=$(sqlite3 "file:$tmp/fm/facilities-manager.db?mode=ro" 'select count(*) from reading')
check "few of them twice (got $readings readings)" test "$readings" -le 260
same "the lock on the state folder was kept" "$("$B/ice" run -c "$tmp/etc/ice.ini" 2>&1 | grep -c 'another')" 1

# --- a reload between sweeps: a range more, whose community file is new in a folder that was known
enough=$(times "sweep began")
counters() { member '(lambda o: (o["network"]["sent"], o["upload"]["acknowledged"]))(json.load(sys.stdin))'; }
before=$(counters) at=$(date +%s)
printf 'public\n' >"$tmp/etc/communities.new"
config max 127.91.0.0/23 "communities = communities.new"
kill -HUP $run_pid
check "a new community file is read" await 10 said "configuration reloaded" 5
told() { [ "$(member 'json.load(sys.stdin)["configuration"]["read_at"]')" -ge $at ]; }
check "the status tells so" await 5 told
after=$(counters)
check "and counts on from where it was" python3 -c "assert $before[0] > 0 and all(x <= y for x, y in zip($before, $after)), ($before, $after)"
same "and no sweep begins before its time" "$(times "sweep began")" "$enough"
printf 'wrong\n' >"$tmp/etc/communities.next"
mv "$tmp/etc/communities.next" "$tmp/etc/communities.new"
kill -HUP $run_pid
check "one that was replaced is read, too" await 10 said "configuration reloaded" 6

# --- at once, by signals
kill -USR1 $run_pid
check "SIGUSR1 sweeps now" await 10 said "sweep began" $((enough + 1))
check "with the new community nobody answers" await 20 said "sweep ended .*printers=0"
kill -USR2 $run_pid
check "SIGUSR2 uploads now" await 10 said 'asked for what=upload .*by=SIGUSR2'
stop
same "a stop ends well" $? 0
check "in less than two seconds ($took ms)" test "$took" -lt 2000

# --- a stop in the midst of a reload that does not come to an end
rm -rf "$tmp/state"; : >"$tmp/log"
config 300 127.91.0.0/22
run
await 20 said "sweep began"
rm "$tmp/etc/ice.ini"
mkfifo "$tmp/etc/ice.ini"
kill -HUP $run_pid
await 10 said reloading
stop
check "in mid-reload: in less than two seconds ($took ms)" test "$took" -lt 2000
rm "$tmp/etc/ice.ini"

# --- a stop while the disk, the server or the name service does not answer
if [ "${B##*/}" = san ]; then
	skip "a sanitized program takes no shim"
else
	: >"$tmp/log"
	config 300 127.91.0.0/22
	run LD_PRELOAD="$PWD/$B/kills/faultydisk.so" FAULTYDISK_FOLDER="$tmp/state" FAULTYDISK_ORDER="$tmp/state/order"
	check "a sweep goes on" await 20 said "sweep (began|resumed)"
	await 20 test -s "$tmp/state/outbox.db-wal"
	echo "9 s" >"$tmp/state/order"
	read -rt 1 <> <(:)
	stop
	check "a disk that takes nine seconds: in less than two ($took ms)" test "$took" -lt 2000
	rm "$tmp/state/order"
fi
deaf=$(python3 - <<'P'
import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(0)
import os
if os.fork() == 0:
    import time
    os.close(1); os.close(2)
    time.sleep(60)
else:
    print(s.getsockname()[1])
P
)
: >"$tmp/log"
enrol fm deaf "https://127.0.0.1:$deaf"
config 300 127.91.0.0/22
sed -i "s|^enrolment = .*|enrolment = $tmp/deaf.enrolment|" "$tmp/etc/ice.ini"
run
await 20 said "sweep (began|resumed)"
read -rt 1 <> <(:)
stop
same "a server that does not answer: a stop ends well" $? 0
check "in less than two seconds ($took ms)" test "$took" -lt 2000
finish
