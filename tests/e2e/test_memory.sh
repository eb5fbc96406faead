#!/usr/bin/env bash
# The service over two thousand printers, all of them read, delivered and acknowledged in every sweep: what it keeps resident, open and on the disk has a
# bound and does not grow. SWEEPS=n or MINUTES=n watches for longer.
cd "$(dirname "$0")/../.."
. tests/e2e/lib.sh
[ "${B##*/}" = san ] && { skip "a sanitized program's memory says nothing of its own"; finish; exit; }
printers=2000 bound=32768
sweeps=${SWEEPS:-6} minutes=${MINUTES:-0}

fleet busy --site 127.87.0.0/20 --recordings config/demo/printers --count $printers --seed 6 --pages-per-hour 1000000
server fm
enrol fm hq "$server_url"
cat >"$tmp/ice.ini" <<I
[server]
enrolment = $tmp/hq.enrolment
[state]
directory = $tmp/state
[sweep]
interval = 1s
spread = 0s
rate = max
timeout = 500ms
retries = 0
subnet_cap = 0
port = $fleet_port
[inventory]
interval = off
full_read = 0
[pulse]
interval = off
[range site]
addresses = 127.87.0.0/20
I
"$B/ice" run -c "$tmp/ice.ini" >"$tmp/run.out" 2>"$tmp/run.err" &
run_pid=$!
pids+=($run_pid)
ended() { [ "$(grep -c 'sweep ended' "$tmp/run.err")" -ge "$1" ]; }
field() { awk -v f="$1:" '$1 == f { print $2 }' "/proc/$2/status"; }
descriptors() { ls "/proc/$1/fd" 2>/dev/null | wc -l; }
size() { stat -c %s "$@" 2>/dev/null | awk '{ n += $1 } END { print n + 0 }'; }
# In the middle of work, files of the log and of sorting come and go: each figure is the least of a few looks.
least() { local n best=; for _ in 1 2 3 4 5; do n=$("$@"); [ -z "$best" ] || [ "$n" -lt "$best" ] && best=$n; read -rt 0.05 <> <(:); done; echo "$best"; }
say() { # say SWEEP: one line of figures, and the growth of each since the second sweep
	rss=$(least field VmRSS $run_pid) fds=$(least descriptors $run_pid) outbox=$(least size "$tmp/state/outbox.db" "$tmp/state/outbox.db-wal")
	echo "| sweep $1: service $rss KiB resident, $(field VmHWM $run_pid) at most, $fds descriptors, outbox $outbox bytes; server $(field VmRSS $server_pid) KiB, database $(size "$tmp/fm/facilities-manager.db") bytes"
}
check "two sweeps of $printers printers end" await 120 ended 2
say 2
first_rss=$rss first_fds=$fds first_outbox=$outbox n=2
until [ $n -ge "$sweeps" ] && [ $SECONDS -ge $((minutes * 60)) ]; do
	step=$((minutes > 0 ? 60 : 2)) # a line every two sweeps, or about every minute
	until=$((n + step))
	await 300 ended $until || { bad "the service goes on sweeping"; break; }
	n=$until
	say $n
done
delivered() { [ "$(sqlite3 "file:$tmp/fm/facilities-manager.db?mode=ro" 'select count(*) from reading')" -ge $((printers * n / 2)) ]; }
check "every printer was read and delivered, again and again" await 60 delivered
high=$(field VmHWM $run_pid)
check "never more than 32 MiB resident ($high KiB)" test "$high" -lt $bound
check "and flat: no more than 4 MiB above what it was after two sweeps ($first_rss, then $rss KiB)" test "$rss" -le $((first_rss + 4096))
check "no descriptor is left open ($first_fds, then $fds)" test "$fds" -le $((first_fds + 2))
# A service that is never idle lets its log grow to 16 MiB before it is folded in.
check "the outbox keeps within its bound ($first_outbox, then $outbox bytes)" test "$outbox" -le $((32 << 20))
kill $run_pid
wait $run_pid
same "it ends in order" $? 0
finish
