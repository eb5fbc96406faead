#!/usr/bin/env bash
# A machine that is suspended: the clock that counts the suspension and the one on the wall are hours on at once, and the monotonic one stood
# still. What was missed is made up for once, nothing is lost, nothing comes twice.
cd "$(dirname "$0")/../.."
. tests/e2e/lib.sh
shim=$B/kills/clockstep.so
[ "${B##*/}" = san ] && { skip "a sanitized program takes no shim"; finish; exit; }
[ -e "$shim" ] || make -s B="$B" "$shim" >"$tmp/make.out" 2>&1 || { skip "the shim is not built (make wrong)"; finish; exit; }

fleet site --site 127.99.0.0/26 --recordings config/demo/printers --count 20 --seed 4 --pages-per-hour 100000
server fm
enrol fm hq "$server_url"
mkdir -m 700 "$tmp/state"
step=$tmp/state/step # the confined service may open nothing else
cat >"$tmp/ice.ini" <<I
[server]
enrolment = $tmp/hq.enrolment
[state]
directory = $tmp/state
[sweep]
interval = 1h
spread = 0s
rate = max
timeout = 300ms
retries = 1
port = $fleet_port
[inventory]
interval = off
full_read = 0
[pulse]
interval = off
[range site]
addresses = 127.99.0.0/26
I
echo "0 0" >"$step"
env LD_PRELOAD="$PWD/$shim" CLOCKSTEP="$step" "$B/ice" run -c "$tmp/ice.ini" >"$tmp/run.out" 2>"$tmp/run.err" &
run_pid=$!
pids+=($run_pid)
began() { grep -c 'sweep began' "$tmp/run.err"; }
ended() { [ "$(grep -c 'sweep ended' "$tmp/run.err")" -ge "$1" ]; }
readings() { sqlite3 "file:$tmp/fm/facilities-manager.db?mode=ro" 'select count(*) from reading'; }
stored() { [ "$(readings)" -ge "$1" ]; }

check "the first sweep ends" await 30 ended 1
check "and is delivered" await 30 stored 20
echo "5400 5400" >"$step" # at least one start of the hourly sweep was missed, perhaps two
check "woken up after an hour and a half, what was missed is swept within a minute" await 70 ended 2
check "and delivered" await 30 stored 40
read -rt 3 <> <(:)
same "once, whatever was missed" "$(began)" 2
echo "-315576000 5400" >"$step"
read -rt 3 <> <(:)
same "a wall clock that is set back ten years sets off nothing" "$(began)" 2
check "nor ends the service" kill -0 $run_pid
kill $run_pid
wait $run_pid
same "it ends in order" $? 0
same "every batch is at the server once" "$(sqlite3 "$tmp/fm/facilities-manager.db" 'select count(*) = count(distinct sequence) and count(*) = max(sequence) - min(sequence) + 1 from batch')" 1
finish
