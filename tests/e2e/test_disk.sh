#!/usr/bin/env bash
# The disk full, read-only, failing, its database damaged; the clock years off: the service goes on or says why and can be started
# again, tells each trouble once, and loses nothing that it had committed.
cd "$(dirname "$0")/../.."
. tests/e2e/lib.sh

disk=$tmp/disk mounted=
mkdir "$disk"
mount -t tmpfs -o size=3m,mode=700 tmpfs "$disk" 2>/dev/null && mounted=1
trap '[ -n "$mounted" ] && umount -l "$disk"; e2e_end' EXIT

fleet site --site 127.96.0.0/26 --recordings config/demo/printers --count 20 --seed 4
server fm 127.96.1.1:0
listen=${server_url#https://}
enrol fm hq "$server_url"

config() { # config NAME STATE-FOLDER
	cat >"$tmp/$1.ini" <<-I
		[server]
		enrolment = $tmp/hq.enrolment
		[state]
		directory = $2
		[sweep]
		interval = 1h
		rate = max
		timeout = 200ms
		retries = 1
		port = $fleet_port
		[inventory]
		interval = off
		full_read = 0
		[pulse]
		interval = off
		[range site]
		addresses = 127.96.0.0/26
	I
}
# The old log is gone before the new process is there, or it would be taken for the new one.
start() { local name=$1; shift; : >"$tmp/$name.err"; env "$@" "${ice:-$B/ice}" run -c "$tmp/$name.ini" >"$tmp/$name.out" 2>"$tmp/$name.err" & run_pid=$!; pids+=($run_pid); }
# ... and sweeps, though the last sweep was just now.
again() { start "$@"; await 20 says "$1" "service started" && kill -USR1 $run_pid; }
stop() { kill -TERM $run_pid; wait $run_pid; }
says() { grep -qE -- "$2" "$tmp/$1.err"; }
times() { grep -cE -- "$2" "$tmp/$1.err"; }
readings() { sqlite3 "$tmp/fm/facilities-manager.db" 'select count(*) from reading'; }
stored() { [ "$(readings)" = "$1" ]; }
# Sequence numbers at the server: each once, none missing between the first and the last.
exact() { sqlite3 "$tmp/fm/facilities-manager.db" 'select count(*) = count(distinct sequence) and count(*) = max(sequence) - min(sequence) + 1 from batch'; }
away() { kill $server_pid; wait $server_pid 2>/dev/null; }
back() { server fm "$listen"; }
# refused NAME PATTERN: it ends by itself with 1 and says why
refused() { wait $run_pid; [ $? = 1 ] && says "$1" "$2"; }
# afresh: an empty server, for the same site
alive() { kill -0 $run_pid; }

# --- a full disk
if [ -n "$mounted" ]; then
	config full "$disk/state"
	start full
	check "on a small disk the service works" await 20 stored 20
	stop
	filler() { dd if=/dev/zero of="$disk/filler" bs=4096 2>/dev/null; true; }
	filler
	again full
	check "on a full disk it starts, and the sweep waits" await 20 says full "outbox is full, sweeping waits.*disk is full"
	read -rt 6 <> <(:)
	check "it keeps running" alive
	same "and says so once" "$(times full 'sweeping waits')" 1
	rm "$disk/filler"
	check "with room again it goes on" await 20 says full "outbox takes readings again"
	check "and delivers" await 20 stored 40
	stop
	# with room for what is known of printers, and for no batch
	config known "$disk/known"
	sed -i '/^.inventory/,/^.pulse/s/^interval = off/interval = 1h/' "$tmp/known.ini"
	filler; truncate -s -700k "$disk/filler"
	start known
	check "printers are found that cannot be kept" await 20 says known "outbox is full, sweeping waits"
	stop
	check "the service that is ended says so" says known "could not be committed, their devices are due again"
	rm "$disk/filler"
	start known
	check "with room again they are read at once, as nobody had" await 20 stored 60
	stop
	rm -r "$disk/known"
	rm -rf "$disk/state"; mkdir -m 700 "$disk/state"; filler
	start full
	check "without room for a new outbox it ends, and says why" refused full "disk is full|No space left"
	rm "$disk/filler"
	away; back; sqlite3 "$tmp/fm/facilities-manager.db" 'delete from reading; delete from batch'
	start full
	check "with room it starts" await 20 stored 20
	stop

	# --- a disk that can only be read
	away
	again full
	await 20 says full "sweep ended"; stop
	mount -o remount,ro "$disk"
	start full
	check "on a read-only disk it ends, and says why" refused full "cannot be written|[Rr]ead-only"
	mount -o remount,rw "$disk"
	back
	again full
	check "once it can be written to again, what waited is delivered, too" await 20 stored 60
	stop
	same "every batch once" "$(exact)" 1

	# --- a scan with an outbox that has no room
	away
	filler
	"$B/ice" scan 127.96.0.0/26 --port "$fleet_port" --rate max --timeout 200ms -q --enrolment "$tmp/hq.enrolment" --upload \
		--outbox "$disk/box" --upload-wait 1s >"$tmp/scan.out" 2>"$tmp/scan.err"
	same "a scan whose outbox takes nothing ends with 1" $? 1
	check "and says why" grep -qE "outbox took nothing|disk is full|No space" "$tmp/scan.err"
	rm "$disk/filler"
	back
else
	skip "no right to mount a small disk: full and read-only disks are not tried"
fi

# --- a file that is something else
echo "what somebody wrote" >"$tmp/letter"
check "ice outbox refuses a file that is no outbox" bash -c "! '$B/ice' outbox list --outbox '$tmp/letter'"
same "and leaves it alone" "$(cat "$tmp/letter")" "what somebody wrote"

# --- a disk that fails in mid-work
sqlite3 "$tmp/fm/facilities-manager.db" 'delete from reading; delete from batch'
config eio "$tmp/eio"
# Orders stand in the state folder: the confined service may open nothing else.
shim=$B/kills/faultydisk.so order=$tmp/eio/order
if [ "${B##*/}" = san ]; then
	skip "a sanitized program takes no shim"
else
	faulty() { "${1:-again}" eio LD_PRELOAD="$PWD/$shim" FAULTYDISK_FOLDER="$tmp/eio" FAULTYDISK_ORDER="$order"; }
	away
	faulty start
	check "readings wait in the outbox" await 20 says eio "sweep ended"
	stop
	sed -i 's/^rate = max/rate = 60/' "$tmp/eio.ini"
	faulty
	check "a sweep goes on" await 20 says eio "sweep began"
	echo "5 w" >"$order" # EIO
	check "when writing fails the sweep waits" await 20 says eio "outbox refuses, sweeping waits.*I/O error"
	back
	# Its next try may be a while off: the server was away.
	arrived() { [ "$(sqlite3 "$tmp/fm/facilities-manager.db" 'select count(*) from batch where sequence = 1')" = 1 ]; }
	check "what waited arrives, though the disk does not let go of it" await 90 arrived
	read -rt 3 <> <(:)
	check "the service keeps running" alive
	same "and says so once" "$(times eio 'sweeping waits')" 1
	check "and it is at the server once" arrived
	rm "$order"
	check "when the disk works again so does the sweep" await 20 says eio "outbox takes readings again"
	check "and all is delivered" await 40 stored 40
	stop
	same "every batch once" "$(exact)" 1
	away
	sed -i 's/^rate = 60/rate = max/' "$tmp/eio.ini"
	faulty; await 20 says eio "sweep ended"; stop
	back
	echo "5 r" >"$order"
	faulty
	check "an outbox that cannot be read is a clear end" refused eio "I/O error"
	rm "$order"
	faulty
	check "and loses nothing" await 20 stored 80
	stop
fi

# --- a database damaged while nobody looked
damage() { # damage WORDS SEQUENCES-SAVED COMMAND...
	local words=$1 least=$2; shift 2
	away
	sqlite3 "$tmp/fm/facilities-manager.db" 'delete from reading; delete from batch'
	rm -rf "$tmp/torn"; config torn "$tmp/torn"
	for i in 1 2 3; do again torn; await 20 says torn "sweep ended"; stop; done
	"$@" || bad "$words: the damage could not be done"
	back
	again torn
	check "$words: the service runs" await 20 says torn "sweep ended"
	check "and says once what happened" test "$(times torn 'outbox damaged')" = 1
	saved() { [ "$(readings)" -ge $((least * 20 + 20)) ]; }
	check "$least batches are saved, and all printers are read anew" await 20 saved
	stop
	check "the damaged file is kept" test -s "$tmp/torn/outbox.db.corrupt-1" -o -s "$tmp/torn/outbox.db.corrupt-1-wal"
	same "no sequence number comes twice" "$(sqlite3 "$tmp/fm/facilities-manager.db" 'select count(*) = count(distinct sequence) from batch')" 1
}
size() { stat -c %s "$tmp/torn/outbox.db"; }
damage "first page zeroed" 0 dd if=/dev/zero of="$tmp/torn/outbox.db" bs=4096 count=1 conv=notrunc status=none
damage "all of it zeroed" 0 bash -c "dd if=/dev/zero of='$tmp/torn/outbox.db' bs=\$(stat -c %s '$tmp/torn/outbox.db') count=1 conv=notrunc status=none"
damage "cut in the middle" 0 truncate -s 12288 "$tmp/torn/outbox.db"
damage "a torn table of devices" 3 python3 - "$tmp/torn/outbox.db" <<'P'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
page = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'device'").fetchone()[0]
db.close()
with open(sys.argv[1], "r+b") as f:
    f.seek((page - 1) * 4096)
    f.write(b"\xa5" * 4096)
P

# --- the wall clock
if [ "${B##*/}" != san ]; then
	sqlite3 "$tmp/fm/facilities-manager.db" 'delete from reading; delete from batch'
	config clock "$tmp/clock"
	mkdir -m 700 "$tmp/clock"
	step=$tmp/clock/step
	clocked() { "${1:-again}" clock LD_PRELOAD="$PWD/$B/kills/clockstep.so" CLOCKSTEP="$step"; }
	year=31557600
	echo $((40 * year)) >"$step"
	clocked start
	check "forty years ahead a sweep ends" await 20 says clock "sweep ended"
	check "the server's certificate has expired by then, which is told" await 20 says clock "expired"
	echo $((-30 * year)) >"$step"
	read -rt 1 <> <(:)
	echo 0 >"$step"
	check "back in the present what waited is delivered" await 40 stored 20
	echo $((10 * year)) >"$step"
	read -rt 1 <> <(:)
	echo $((-10 * year)) >"$step"
	read -rt 1 <> <(:)
	same "no step of the clock sets off a sweep" "$(times clock 'sweep began')" 1
	check "nor ends the service" alive
	stop
	echo $((-30 * year)) >"$step"
	clocked
	check "thirty years ago a sweep ends" await 20 says clock "sweep ended"
	echo 0 >"$step"
	# A clock that was set forward was one missed sweep, and one inventory, which are made up for.
	check "and in the present it is delivered, with what was missed" await 40 stored 60
	await 10 eval '[ "$(times clock "sweep began")" = 2 ]'; began=$(times clock 'sweep began')
	kill -STOP $run_pid; read -rt 2 <> <(:); kill -CONT $run_pid
	read -rt 0.5 <> <(:)
	same "a suspended machine that wakes up sweeps when it is due" "$(times clock 'sweep began')" "$began"
	stop
	same "every batch once" "$(exact)" 1
	same "no device of the server is seen in the future" "$(sqlite3 "$tmp/fm/facilities-manager.db" "select count(*) from device where last_seen > strftime('%s')")" 0
else
	skip "a sanitized program takes no shim: clock steps are not tried"
fi

# --- how long the loop waits for a slow disk: a turn of it syncs a batch's commit and the head of a log that begins anew, or folds the log.
# Four ranges, whose lanes begin all the time; every inventory reads all printers anew, so that batches and acknowledgements meet.
if [ "${B##*/}" != san ]; then
	fleet many --site 127.97.0.0/20 --recordings config/demo/printers --count 2000 --seed 4
	# slowly NAME: the engine, on a disk that takes 20 ms for a sync
	slowly() {
		sqlite3 "$tmp/fm/facilities-manager.db" 'delete from reading; delete from batch'
		config "$1" "$tmp/$1"
		sed -i 's|^interval = 1h|interval = 5s|; s|^interval = off|interval = 2s|; s|^full_read = 0|full_read = 2s|; /^.range/,$d' "$tmp/$1.ini"
		for i in 0 1 2 3; do printf '[range r%s]\naddresses = 127.97.%s.0/22\n' $i $((4 * i)); done >>"$tmp/$1.ini"
		mkdir -m 700 "$tmp/$1"
		order=$tmp/$1/order
		start "$1" LD_PRELOAD="$PWD/$B/kills/turns.so:$PWD/$B/kills/faultydisk.so" TURNS="$tmp/$1/most" TURNS_WAIT=20000 \
			FAULTYDISK_FOLDER="$tmp/$1" FAULTYDISK_ORDER="$order"
	}
	inventories() { [ "$(times "$1" "inventory ended.* read=[1-9]")" -ge "$2" ]; }
	most() {
		turns= syncs= most=0 folds=0
		[ -e "$tmp/$1/most" ] && read -r turns syncs most folds <"$tmp/$1/most"
		echo "| $1: $turns turns of the loop, $syncs syncs of the disk, at most $most in a turn; the log was folded $folds times"
	}
	slowly turns
	check "2,000 printers are found, read in rounds" await 90 inventories turns 20
	check "and delivered" await 30 eval '[ "$(readings)" -ge 4000 ]'
	check "while sweeps go on" await 30 eval '[ "$(times turns "sweep ended")" -ge 6 ]'
	echo "5 w" >"$order"
	check "when the disk fails, readings wait" await 30 says turns "outbox refuses, sweeping waits"
	rm "$order"
	check "when it works again they are committed" await 30 says turns "outbox takes readings again"
	check "and the rounds go on" await 30 inventories turns $(($(times turns "inventory ended.* read=[1-9]") + 4))
	stop
	most turns
	check "no turn of the loop waits for the disk more than twice" test "${most:-0}" -ge 1 -a "${most:-9}" -le 2
	check "nor when the log is folded" test "${folds:-0}" -ge 1
	ice=$B/kills/ice-sync-full slowly waiting
	more() { most waiting; [ "${most:-0}" -gt 2 ]; }
	check "of an engine whose every commit waits one does" await 90 more
	stop
	most waiting
else
	skip "a sanitized program takes no shim: the turns of the loop are not counted"
fi
finish
