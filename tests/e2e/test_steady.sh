#!/usr/bin/env bash
# Printers that have not changed: one small question each, nothing to deliver; and whoever has changed is read at once.
cd "$(dirname "$0")/../.."
. tests/e2e/lib.sh

printers=config/demo/printers
count=40

# config NAME FULL_READ SITE: the service over the present fleet, an inventory every second and a pulse between
config() {
	cat >"$tmp/$1.ini" <<-I
		[server]
		enrolment = $tmp/$3.enrolment
		[state]
		directory = $tmp/$1.state
		[sweep]
		interval = 1h
		rate = max
		timeout = 500ms
		retries = 1
		subnet_cap = 0
		port = $fleet_port
		[inventory]
		interval = ${4:-1s}
		full_read = $2
		[pulse]
		interval = ${5:-5m}
		error_interval = ${5:-1m}
		[log]
		level = debug
		[range site]
		addresses = 127.86.0.0/26
	I
}
run() { "$B/ice" run -c "$tmp/$1.ini" >"$tmp/$1.out" 2>>"$tmp/$1.err" & run_pid=$!; pids+=($run_pid); }
stop() { kill "${1:--TERM}" $run_pid; wait $run_pid 2>/dev/null; }
ended() { grep -h "${2:-inventory} ended" "$tmp/$1.err"; }
rounds() { [ "$(ended "$1" "${3:-inventory}" | wc -l)" -ge "$2" ]; }
field() { sed -n "s/.* $1=\([0-9]*\).*/\1/p"; }
readings() { sqlite3 "file:$tmp/$1/facilities-manager.db?mode=ro" 'select count(*) from reading' 2>/dev/null; }
has() { [ "$(readings "$1")" -ge "$2" ]; }

server fm
enrol fm hq "$server_url"

# --- nothing changes
fleet still --site 127.86.0.0/26 --recordings $printers --count $count --seed 4 --pages-per-hour 0
config still 24h hq
run still
check "the first sweep ends" await 30 rounds still 1 sweep
same "and reads every printer" "$(ended still sweep | field unchanged) $(ended still sweep | field printers)" "0 $count"
check "the first reading of each printer is delivered" await 30 has fm $count
check "two inventories end" await 30 rounds still 2
same "each finds every printer unchanged" "$(ended still | sed -n 2p | field unchanged) $(ended still | sed -n 2p | field read)" "$count 0"
same "by one request each" "$(ended still | sed -n 2p | field probes)" $count
same "and nothing new is delivered" "$(readings fm)" $count
stop -KILL
run still
await 30 rounds still 5
same "what is known outlives kill -9" "$(ended still | sed -n '$p' | field unchanged)" $count
same "and still nothing new is delivered" "$(readings fm)" $count
stop
same "no community is kept" "$(cat "$tmp/still.state/"*.db* | grep -c public)" 0

# --- another server has nothing of it
enrol fm second "$server_url"
config still 24h second
run still
check "another site gets a reading of each printer" await 30 has fm $((2 * count))
stop

# --- full_read = 0
: >"$tmp/still.err"
config still 0 second
run still
check "full_read = 0 reads every printer in every inventory" await 30 has fm $((4 * count))
same "none is said to be unchanged" "$(ended still | sed -n 2p | field unchanged)" 0
stop
kill $fleet_pid; wait $fleet_pid 2>/dev/null

# --- pages are printed
fleet busy --site 127.86.0.0/26 --recordings $printers --count $count --seed 4 --pages-per-hour 100000
enrol fm third "$server_url"
before=$(readings fm)
# An inventory that begins in the midst of the sweep would read each printer again for the same batch, whole: nothing stands before it.
config busy 24h third 1h
run busy
check "printers that print are found, too" await 30 has fm $((before + count))
stop
config busy 24h third 3s
run busy
check "printers that print are read and delivered again and again" await 40 has fm $((before + 2 * count))
stop
sql() { sqlite3 "file:$tmp/fm/facilities-manager.db?mode=ro" "$1"; }
ours="from reading join batch using(batch) join site using(site) where site.name = 'third'"
check "all but the first travel as changes, which the server tells in full" \
	[ "$(sql "select count(*) $ours and reading.name is null")" -ge $count ]
same "once whole, and from then on as changes" "$(sql "select count(*) $ours and reading.name is not null")" $count
same "of each printer a page count that grows" "$(sql "select count(*) from (select device, read_at,
	json_extract(json, '$.pages.total') < lag(json_extract(json, '$.pages.total')) over (partition by device order by read_at) as less
	$ours) where less")" 0
same "none of them waits for another" "$(sql "select count(*) from waiting")" 0
finish
