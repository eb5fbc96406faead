#!/usr/bin/env bash
# Five thousand connections that never finish, all held open at once (without a word, in the middle of a request, or sending one more byte now and
# then), and honest uploads are answered all the same.
cd "$(dirname "$0")/../.."
. tests/e2e/lib.sh
crowd=5000 limit=100
[ "${B##*/}" = san ] && crowd=600 limit=1000 # a sanitized server shows errors, not times
if ! ulimit -n $((crowd + 1500)) 2>/dev/null; then
	skip "no right to $((crowd + 1500)) open files ($(ulimit -Hn) are the most): $crowd held connections are not tried"
	finish
	exit
fi
cat >"$tmp/fm.ini" <<I
[server]
data = $tmp/fm
listen = 127.0.0.1:0
name = 127.0.0.1
[limits]
connections = $((crowd + 1000))
connections_per_address = 200
deadline = 10m
I
"$B/facilities-manager" serve -c "$tmp/fm.ini" >"$tmp/fm.out" 2>"$tmp/fm.err" &
server_pid=$!
pids+=($server_pid)
server_url=$(line "$tmp/fm.out" "listening ") || { cat "$tmp/fm.err"; exit 1; }
enrol fm hq "$server_url"
port=${server_url##*:}
python3 tests/e2e/honest_uploads.py "$tmp/hq.enrolment" 100 1 1000 | sed 's/^/| alone: /'
mkfifo "$tmp/slow.in"
python3 tests/e2e/slow_clients.py 127.0.0.1 "$port" $crowd all <"$tmp/slow.in" >"$tmp/slow.out" &
pids+=($!)
exec 7>"$tmp/slow.in"
await 60 grep -q ready "$tmp/slow.out" || bad "the crowd is there"
# An honest one may be among them that is not quite closed yet.
held() { ss -Htn state established src "127.0.0.1:$port" 2>/dev/null | wc -l; }
check "the server holds all of the crowd's connections" test "$(held)" -ge $crowd
python3 tests/e2e/honest_uploads.py "$tmp/hq.enrolment" 200 4 $limit >"$tmp/honest"
status=$?
sed "s/^/| beside $crowd held connections: /" "$tmp/honest"
same "every honest upload is acknowledged, the 99th percentile under $limit ms" $status 0
check "and none of the crowd was sent away for it" test "$(held)" -ge $crowd
check "the server goes on" kill -0 $server_pid
finish
