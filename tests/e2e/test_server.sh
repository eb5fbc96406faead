#!/usr/bin/env bash
# facilities-manager against software we did not write: curl posts, openssl signs, verifies and shakes hands.
set -u
cd "$(dirname "$0")/../.."
. tests/e2e/lib.sh

# member FILE NAME: a member of an enrolment line.
member() {
	python3 - "$1" "$2" <<'P'
import base64, json, sys
line = open(sys.argv[1]).read()
assert line.count("\n") == 1 and line.startswith("ice-enrol-1."), "one line and nothing else"
text = line.strip().split(".", 1)[1]
print(json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))[sys.argv[2]])
P
}

hmac() { openssl dgst -sha256 -mac HMAC -macopt "hexkey:$1" -r | cut -d' ' -f1; }

# post SITE KEY BODYFILE [curl options]: signs and posts; sets status, answer and id. Variables send_id, send_sig, send_as override.
post() {
	local site=$1 key=$2 body=$3; shift 3
	id=$(sha256sum <"$body" | cut -d' ' -f1)
	gzip -nc <"$body" >"$tmp/sent"
	[ -n "${send_as:-}" ] && cp "$send_as" "$tmp/sent"
	sig=${send_sig:-$(hmac "$key" <"$tmp/sent")}
	status=$(curl -sS --max-time 20 --cacert "$tmp/ca.pem" -o "$tmp/answer" -D "$tmp/headers" -w '%{http_code}' \
		-H 'Content-Type: application/json' -H 'Content-Encoding: gzip' -H "ICE-Site: $site" \
		-H "ICE-Batch: ${send_id:-$id}" -H "ICE-Signature: $sig" --data-binary @"$tmp/sent" "$@" "$server_url/v1/batches" 2>"$tmp/curl.err")
	answer=$(cat "$tmp/answer" 2>/dev/null)
}
proof() { echo "$1 $(printf '%s%s' "$1" "$id" | hmac "$2")"; }

batch() { # batch SITE SEQUENCE SERIAL... : a batch of one reading for each serial
	local site=$1 sequence=$2 list= s; shift 2
	for s; do list+="${list:+,}{\"ip\":\"10.0.0.1\",\"make\":\"HP\",\"serial\":\"$s\",\"pages\":{\"total\":5},\"read_at\":\"2026-11-22T09:41:00Z\"}"; done
	printf '{"schema":1,"site":"%s","sequence":%s,"readings":[%s]}' "$site" "$sequence" "$list"
}
fm() { "$B/facilities-manager" "$@"; }
held() { fm export --data "$tmp/fm" "$@" | wc -l; }
listed() { fm site list --data "$tmp/fm" | awk -v s="$1" -v c="$2" '$1 == s {print $c}'; }

# --- start, enrolment, certificate ---------------------------------------------------------------------------------
cat >"$tmp/fm.ini" <<I
[server]
data = $tmp/fm
listen = 127.0.0.1:0
listen_http = 127.0.0.1:0
name = 127.0.0.1
[limits]
connections = 200
connections_per_address = 40
deadline = 3s
I
start() {
	rm -f "$tmp/fm.out"
	"$B/facilities-manager" serve -c "$tmp/fm.ini" "$@" >"$tmp/fm.out" 2>>"$tmp/fm.err" &
	server_pid=$!
	pids+=($server_pid)
	server_url=$(line "$tmp/fm.out" "listening ") || { cat "$tmp/fm.err"; exit 1; }
	host=${server_url#https://}
}
start
enrol fm hq "$server_url"
key=$(member "$tmp/hq.enrolment" key)
member "$tmp/hq.enrolment" ca >"$tmp/ca.pem"
same "the enrolment tells site and server" "$(member "$tmp/hq.enrolment" site) $(member "$tmp/hq.enrolment" server)" "hq $server_url"
printed=$(sed -n 's/.*own certificate authority sha256=//p' "$tmp/fm.err" | head -1)
same "the fingerprint told at the start is that of the authority enrolled" "$printed" "$(openssl x509 -in "$tmp/ca.pem" -noout -fingerprint -sha256 | cut -d= -f2)"
check "openssl verifies the certificate for its address, as a TLS server's" openssl verify -CAfile "$tmp/ca.pem" -purpose sslserver -verify_ip 127.0.0.1 "$tmp/fm/server.pem"
same "keys, certificates and database are for their owner alone" "$(find "$tmp/fm" -type f -perm /077 | wc -l) $(stat -c %a "$tmp/fm")" "0 700"
check "a site's name that needs quoting is refused" test "$(fm site add 'a b' --data "$tmp/fm" 2>/dev/null; echo $?)" = 64
check "a site is not added twice" test "$(fm site add hq --data "$tmp/fm" 2>/dev/null; echo $?)" = 1
fm site add other --data "$tmp/fm" >"$tmp/other.enrolment" && canary enrolment "$tmp/other.enrolment"
same "without --server the line tells where the server listens" "$(member "$tmp/other.enrolment" server)" "$server_url"
other_key=$(member "$tmp/other.enrolment" key)

# --- TLS --------------------------------------------------------------------------------------------------------------
shake() { openssl s_client -connect "$host" -CAfile "$tmp/ca.pem" -verify_return_error "$@" </dev/null 2>&1; }
for v in tls1 tls1_1; do
	shake -$v -cipher 'ALL:@SECLEVEL=0' | grep -q "Cipher is (NONE)" && ok "$v is refused" || bad "$v is refused"
done
for v in tls1_2 tls1_3; do
	shake -$v | grep -q "Cipher is [A-Z]" && ok "$v works, with the chain verified" || bad "$v works"
done
for c in AES128-SHA AES128-GCM-SHA256 ECDHE-ECDSA-AES128-SHA ECDHE-ECDSA-AES128-SHA256 aNULL; do
	shake -tls1_2 -cipher "$c:@SECLEVEL=0" | grep -q "Cipher is (NONE)" && ok "suite $c is refused" || bad "suite $c is refused"
done
shake -tls1_2 | grep -q "Compression: NONE" && ok "no compression" || bad "no compression"
check "plain HTTP gets nothing" test -z "$(curl -s --max-time 5 "http://$host/v1/batches" | tr -d '\0')"
check "curl without the authority refuses the server" test "$(curl -s --max-time 10 -o /dev/null "$server_url/"; echo $?)" = 60

# --- batches ----------------------------------------------------------------------------------------------------------
batch hq 1 CNB0001 CNB0002 >"$tmp/b1"
post hq "$key" "$tmp/b1"
same "a signed batch is acknowledged, and openssl finds the proof right" "$status $answer" "200 $(proof ack "$key")"
same "its devices are there" "$(held)" 2
same "the answer is small and says nothing of the server" "$(grep -ciE '^(server|set-cookie|x-powered)' "$tmp/headers")" 0
post hq "$key" "$tmp/b1"
same "the same again is acknowledged again" "$status $answer" "200 $(proof ack "$key")"
same "and stored once" "$(listed hq 5) $(listed hq 6)" "2 1"
printf '{"schema":1,"site":"hq","sequence":0,"readings":[]}' >"$tmp/empty"
post hq "$key" "$tmp/empty"
same "a test batch is acknowledged and not stored" "$status $answer $(listed hq 6)" "200 $(proof ack "$key") 1"
batch hq 4 CNB0003 >"$tmp/b4"
post hq "$key" "$tmp/b4"
same "missing sequence numbers show in the list" "$(listed hq 8)" 2

forbidden() { same "$1" "$status $answer" "403 forbidden"; }
post hq "$other_key" "$tmp/b1"; forbidden "another site's key is refused"
post other "$key" "$tmp/b1"; forbidden "another site's name is refused"
post nobody "$key" "$tmp/b1"; forbidden "an unknown site is refused in the same words"
send_sig=$(printf '0%.0s' {1..64}) post hq "$key" "$tmp/b1"; forbidden "a wrong signature is refused"
send_sig=short post hq "$key" "$tmp/b1"; forbidden "a short signature is refused"
post hq "$key" "$tmp/b1" -H "ICE-Site: other"
same "a header given twice is refused" "$status" 400
batch other 1 CNB9999 >"$tmp/cross"
post hq "$key" "$tmp/cross"
same "a batch that names another site is rejected, with proof" "$status $answer" "422 $(proof reject "$key")"
echo '{"schema":9}' >"$tmp/odd"
post hq "$key" "$tmp/odd"
same "a schema it does not know is rejected, with proof" "$status $answer" "422 $(proof reject "$key")"
head -c 3000 /dev/urandom >"$tmp/garbage"
post hq "$key" "$tmp/garbage"
same "signed garbage is rejected, with proof" "$status $answer" "422 $(proof reject "$key")"
send_as="$tmp/garbage" post hq "$key" "$tmp/b1"
same "what is not gzip gets no proof of anything" "$status $answer" "400 damaged"
send_id=$(printf 'a%.0s' {1..64}) post hq "$key" "$tmp/b1"
same "an id the body does not have gets no proof of it" "$status $answer" "400 damaged"
head -c 200000000 /dev/zero | gzip -n >"$tmp/bomb"
rss() { awk '/VmHWM/ {print $2}' "/proc/$server_pid/status"; }
before=$(rss)
send_as="$tmp/bomb" post hq "$key" "$tmp/b1"
same "a bomb of 200 MB is refused" "$status" 400
check "and was not unpacked (memory grew by less than 8 MiB)" test $(($(rss) - before)) -lt 8192
head -c 3000000 /dev/urandom >"$tmp/large"
send_as="$tmp/large" post hq "$key" "$tmp/b1" -H 'Expect:'
check "a body over the bound is not taken" test "$status" = 413 -o "$status" = 000
same "nothing of all this was stored" "$(held) $(held --site other)" "3 0"

# --- methods, paths, framing ------------------------------------------------------------------------------------------
try() { curl -sS --max-time 10 --cacert "$tmp/ca.pem" -o "$tmp/answer" -w '%{http_code}' "$@" 2>/dev/null; }
for m in GET PUT DELETE OPTIONS PATCH; do same "$m is refused" "$(try -X $m "$server_url/v1/batches")" 405; done
same "HEAD is refused" "$(try -I "$server_url/v1/batches")" 405
check "a method that does not exist is refused" test "$(try -X BREW "$server_url/v1/batches")" -ge 400
for p in / /v1/batches/ /v1/batches?x /v1/../v1/batches /admin; do same "$p is not found" "$(try --path-as-is -X POST -d x "$server_url$p")" 404; done
same "the wrong type is refused" "$(try -d x "$server_url/v1/batches")" 415
same "a chunked body is refused" "$(try -H 'Transfer-Encoding: chunked' -H 'Content-Type: application/json' -d x "$server_url/v1/batches")" 400
raw() { (printf "$1"; sleep 0.3) | timeout 10 openssl s_client -quiet -connect "$host" -CAfile "$tmp/ca.pem" 2>/dev/null | head -c 2000; }
check "two lengths are refused" grep -q " 400 " <(raw 'POST /v1/batches HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx')
# endless START: a request that begins so and never ends; how many MiB of it the server took before it closed, 64 at most.
endless() {
	python3 - "${server_url##*:}" "$1" <<'P'
import socket, ssl, sys
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
sent = 0
try:
    s = context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=20))
    s.sendall(sys.argv[2].encode().decode("unicode_escape").encode())
    while sent < 64 << 20:
        s.sendall(b"a" * 65536)
        sent += 65536
except (OSError, ssl.SSLError):
    pass
print(sent >> 20)
P
}
check "a chunk line without end is cut off" test "$(endless 'POST /v1/batches HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;')" -lt 16
check "so is a header" test "$(endless 'POST /v1/batches HTTP/1.1\r\nHost: x\r\nX-More: ')" -lt 16
check "length and chunks together are refused" grep -q " 400 " <(raw 'POST /v1/batches HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n')
check "a head of 20 kB is refused or cut off" test "$(try -d x -H "X: $(head -c 20000 /dev/zero | tr '\0' x)" "$server_url/v1/batches")" != 415
head -c 100000 /dev/urandom | timeout 5 openssl s_client -quiet -connect "$host" >/dev/null 2>&1
head -c 100000 /dev/urandom | timeout 5 bash -c "cat >/dev/tcp/${host%:*}/${host##*:}" 2>/dev/null
batch hq 5 CNB0004 >"$tmp/b5"
post hq "$key" "$tmp/b5"
same "after garbage on both layers an honest batch is taken" "$status $answer" "200 $(proof ack "$key")"

# --- sealed batches over HTTP -----------------------------------------------------------------------------------------
same "key and certificate for sealing are there, for their owner alone" "$(stat -c %a "$tmp/fm/seal.key" "$tmp/fm/seal.pem" | xargs)" "600 600"
member "$tmp/hq.enrolment" seal >"$tmp/seal.pem"
check "the enrolment carries the certificate" diff -B "$tmp/seal.pem" "$tmp/fm/seal.pem"
plain_url=$(line "$tmp/fm.out" "listening http://")
# post_sealed SITE KEY BODYFILE [curl options]: like post, over HTTP, sealed by openssl; send_as overrides what is sent.
post_sealed() {
	local site=$1 key=$2 body=$3; shift 3
	id=$(sha256sum <"$body" | cut -d' ' -f1)
	gzip -nc <"$body" >"$tmp/packed"
	openssl cms -encrypt -binary -aes-256-gcm -in "$tmp/packed" -outform DER -out "$tmp/sent" -recip "${seal_to:-$tmp/seal.pem}" -keyopt ecdh_kdf_md:sha256
	[ -n "${send_as:-}" ] && cp "$send_as" "$tmp/sent"
	sig=${send_sig:-$(hmac "$key" <"$tmp/sent")}
	status=$(curl -sS --max-time 20 -o "$tmp/answer" -w '%{http_code}' -H 'Content-Type: application/cms' -H "ICE-Site: $site" \
		-H "ICE-Batch: $id" -H "ICE-Signature: $sig" --data-binary @"$tmp/sent" "$@" "http://$plain_url/v1/batches" 2>"$tmp/curl.err")
	answer=$(cat "$tmp/answer" 2>/dev/null)
}
before=$(held)
batch hq 6 SEALED1 SEALED2 >"$tmp/s1"
post_sealed hq "$key" "$tmp/s1"
same "a sealed batch is acknowledged over HTTP, with the same proof" "$status $answer" "200 $(proof ack "$key")"
same "and stored" "$(($(held) - before))" 2
post hq "$key" "$tmp/s1"
same "the same over HTTPS is the same batch" "$status $answer $(($(held) - before))" "200 $(proof ack "$key") 2"
same "the server can be asked how it came" "$(grep -c 'batch acknowledged.*by="http, sealed"' "$tmp/fm.err")" 1
post_sealed hq "$other_key" "$tmp/s1"; forbidden "sealed, but signed by another site's key: refused"
cp "$tmp/sent" "$tmp/flipped"; printf 'X' | dd of="$tmp/flipped" bs=1 seek=250 conv=notrunc 2>/dev/null
send_sig=$(hmac "$key" <"$tmp/sent") send_as="$tmp/flipped" post_sealed hq "$key" "$tmp/s1"; forbidden "a changed byte under the old signature: refused"
send_as="$tmp/flipped" post_sealed hq "$key" "$tmp/s1"
same "a changed byte under a right signature: no proof" "$status $answer" "400 damaged"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=x -keyout "$tmp/x.key" -out "$tmp/x.pem" 2>/dev/null
seal_to="$tmp/x.pem" post_sealed hq "$key" "$tmp/s1"
same "sealed to another key: no proof" "$status $answer" "400 damaged"
send_as="$tmp/packed" post_sealed hq "$key" "$tmp/s1"
same "what is not sealed is not taken, signed as it may be" "$status $answer" "400 damaged"
same "nor is JSON" "$(curl -sS --max-time 10 -o "$tmp/answer" -w '%{http_code}' --data-binary @"$tmp/s1" -H 'Content-Type: application/json' -H 'Content-Encoding: gzip' "http://$plain_url/v1/batches")" 415
for m in GET PUT DELETE; do same "$m over HTTP is refused" "$(curl -s --max-time 10 -o "$tmp/answer" -w '%{http_code}' -X $m "http://$plain_url/v1/batches")" 405; done
same "another path over HTTP is not found" "$(curl -s --max-time 10 -o "$tmp/answer" -w '%{http_code}' -d x "http://$plain_url/")" 404
post hq "$key" "$tmp/s1" -H 'Content-Type: application/cms'
check "a sealed type over HTTPS is refused" test "$status" = 400 -o "$status" = 415
same "nothing of all this was stored" "$(($(held) - before))" 2
head -c 100000 /dev/urandom | timeout 5 bash -c "cat >/dev/tcp/${plain_url%:*}/${plain_url##*:}" 2>/dev/null
# Whoever saw a sealed batch can bring it again, and again: that makes nobody an engine.
post_sealed hq "$key" "$tmp/s1"
same "a sealed batch that was seen on the way can be brought again" "$status" 200
check "whoever fills the server with such does not keep an engine out" python3 - "$host" "$plain_url" "$id" "$sig" "$tmp/sent" <<'P'
import socket, ssl, sys
https, plain = ((a, int(p)) for a, p in (x.rsplit(":", 1) for x in sys.argv[1:3]))
body = open(sys.argv[5], "rb").read()
batch = (f"POST /v1/batches HTTP/1.1\r\nHost: x\r\nContent-Type: application/cms\r\nICE-Site: hq\r\nICE-Batch: {sys.argv[3]}\r\n"
         f"ICE-Signature: {sys.argv[4]}\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body
def replay(source):
    s = socket.create_connection(plain, 10, (source, 0))
    s.sendall(batch)
    assert s.recv(4096).startswith(b"HTTP/1.1 200 "), "taken for what it is: a batch it has"
    return s
crowd = [replay(f"127.0.0.{11 + i % 6}") for i in range(204)]
tls = ssl._create_unverified_context()
engine = tls.wrap_socket(socket.create_connection(https, 10))
crowd.append(replay("127.0.0.17"))
engine.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
assert engine.recv(4096).startswith(b"HTTP/1.1 404 "), "the engine's connection was closed"
P

# --- held connections ---------------------------------------------------------------------------------------------------
# Descriptors of the server; where only root may look at these (its process shows nothing to its own user), its connections.
open_now() {
	if ls "/proc/$server_pid/fd" >/dev/null 2>&1; then
		ls "/proc/$server_pid/fd" | wc -l
	else
		ss -Htn state established "( sport = :${host##*:} or sport = :${plain_url##*:} )" | wc -l
	fi
}
fewer() { [ "$(open_now)" -lt "$1" ]; }
idle=$(open_now)
for kind in plain tls drip http; do
	port=${host##*:}; [ $kind = http ] && port=${plain_url##*:}
	rm -f "$tmp/slow.in"; mkfifo "$tmp/slow.in"
	python3 tests/e2e/slow_clients.py 127.0.0.1 "$port" 600 $kind <"$tmp/slow.in" >"$tmp/slow.out" &
	slow=$!; pids+=($slow)
	exec 7>"$tmp/slow.in"
	line "$tmp/slow.out" "ready" >/dev/null
	check "600 held connections ($kind): no more than the 200 allowed stay open" await 5 fewer 240
	worst=0
	for n in 1 2 3 4 5; do
		from=$(date +%s%N)
		post hq "$key" "$tmp/b5"
		took=$((($(date +%s%N) - from) / 1000000))
		[ $took -gt $worst ] && worst=$took
		[ "$status" = 200 ] || break
	done
	same "honest batches are acknowledged meanwhile ($kind; the slowest took $worst ms, curl's start and signing included)" "$status" 200
	check "all held connections end at their deadline ($kind)" await 10 fewer $((idle + 1))
	exec 7>&-
	same "and their clients were told ($kind)" "$(line "$tmp/slow.out" "open ")" 0
	wait $slow
done

# --- kill, revoke, renewal --------------------------------------------------------------------------------------------
for n in 1 2 3 4 5; do
	batch hq $((10 + n)) "KILLED$n" >"$tmp/k$n"
	post hq "$key" "$tmp/k$n"
	kill -9 "$server_pid"; wait "$server_pid" 2>/dev/null
	[ "$status" = 200 ] || bad "batch $n was acknowledged" "$status $answer"
	start
done
same "five batches, each acknowledged just before a kill -9, are there" "$(fm export --data "$tmp/fm" | grep -c KILLED)" 5
post hq "$key" "$tmp/k5"
same "and known" "$status $answer $(fm export --data "$tmp/fm" | grep -c KILLED)" "200 $(proof ack "$key") 5"
fm site add third --data "$tmp/fm" --server "https://fm.example.org:${host##*:}" >"$tmp/third.enrolment" && canary enrolment "$tmp/third.enrolment"
check "a server name of a later enrolment gets into the certificate" openssl verify -CAfile "$tmp/ca.pem" -verify_hostname fm.example.org "$tmp/fm/server.pem"
named() { curl -s --max-time 5 --cacert "$tmp/ca.pem" --resolve "fm.example.org:${host##*:}:127.0.0.1" -o /dev/null "https://fm.example.org:${host##*:}/"; }
check "the running server takes the new certificate without a restart" await 15 named
fm site revoke hq --data "$tmp/fm" 2>/dev/null
post hq "$key" "$tmp/b5"; forbidden "a revoked site is refused at once, the server running"
same "what it delivered stays" "$(held)" 11

# --- export -------------------------------------------------------------------------------------------------------------
printf '{"schema":1,"site":"other","sequence":1,"readings":[{"ip":"10.0.0.7","mac":"00:11:22:33:44:55","name":"=HYPERLINK(1)","make":"HP","model":"a\\"b,c","serial":"ZZZ1","supplies":[{"name":"Black","state":"exact","percent":43.5}],"read_at":"2026-11-22T09:41:00Z"}]}' >"$tmp/csv"
post other "$other_key" "$tmp/csv"
same "csv keeps a formula from being one, and quotes" "$(fm export --format csv --data "$tmp/fm" --site other | tail -1 | tr -d '\r')" \
	"other,10.0.0.7,00:11:22:33:44:55,\"'=HYPERLINK(1)\",HP,\"a\"\"b,c\",ZZZ1,,,,,,,,,,,,Black: 43.5%,,2026-11-22T09:41:00Z,2026-11-22T09:41:00Z"
same "ndjson is the record with site, first and last seen" "$(fm export --data "$tmp/fm" --site other)" \
	'{"ip":"10.0.0.7","mac":"00:11:22:33:44:55","name":"=HYPERLINK(1)","make":"HP","model":"a\"b,c","serial":"ZZZ1","supplies":[{"name":"Black","state":"exact","percent":43.5}],"read_at":"2026-11-22T09:41:00Z","site":"other","first_seen":"2026-11-22T09:41:00Z","last_seen":"2026-11-22T09:41:00Z"}'
fm export --data "$tmp/fm" >"$tmp/e1"; fm export --data "$tmp/fm" >"$tmp/e2"
check "two exports are the same" cmp "$tmp/e1" "$tmp/e2"

# --- the command line -------------------------------------------------------------------------------------------------
code() { fm "$@" >/dev/null 2>"$tmp/code.err"; echo $?; }
for c in serve site export; do same "$c --help helps" "$(code $c --help)" 0; done
same "an unknown option is refused" "$(code serve --lissten x)" 64
check "with a hint" grep -q "did you mean --listen" "$tmp/code.err"
same "an unknown command is refused" "$(code exprot)" 64
same "an unknown format is refused" "$(code export --format xml --data "$tmp/fm")" 64
same "asking where there is nothing fails, and makes nothing" "$(code export --data "$tmp/none") $(ls -d "$tmp/none" 2>&1 | grep -c 'No such')" "1 1"
printf '[server]\nlisten = here\nprot = 3\n' >"$tmp/bad.ini"
same "mistakes in the configuration end it" "$(code serve -c "$tmp/bad.ini")" 78
same "all of them are told, with their lines" "$(grep -cE 'bad.ini:[23]: ' "$tmp/code.err")" 2
same "an address in use fails plainly" "$(code serve --data "$tmp/fm2" --listen "$host")" 1
kill "$server_pid"; wait "$server_pid"; same "SIGTERM ends it with status 0" $? 0

# --- a certificate of one's own -----------------------------------------------------------------------------------------
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=x -addext subjectAltName=IP:127.0.0.1 -keyout "$tmp/own.key" -out "$tmp/own.pem" 2>/dev/null
printf '[server]\ndata = %s\nlisten = 127.0.0.1:0\ncertificate = %s\nkey = %s\nca = %s\n' "$tmp/fm" "$tmp/own.pem" "$tmp/own.key" "$tmp/own.pem" >"$tmp/fm.ini"
chmod 644 "$tmp/own.key"
same "a private key that others may read is refused" "$(code serve -c "$tmp/fm.ini")" 1
chmod 600 "$tmp/own.key"
start
fm site add fourth -c "$tmp/fm.ini" >"$tmp/fourth.enrolment" && canary enrolment "$tmp/fourth.enrolment"
same "the line carries the given authority" "$(member "$tmp/fourth.enrolment" ca | openssl x509 -noout -fingerprint)" "$(openssl x509 -in "$tmp/own.pem" -noout -fingerprint)"
cp "$tmp/own.pem" "$tmp/ca.pem"
batch fourth 1 CNB4444 >"$tmp/b"
post fourth "$(member "$tmp/fourth.enrolment" key)" "$tmp/b"
same "and a batch arrives over it" "$status" 200

# --- more changes wait than fit into a small part of memory -------------------------------------------------------------------
# The confined server can make no temporary file; what it sets right in one statement must not need one.
fourth=$(member "$tmp/fourth.enrolment" key)
batch fourth 2 WAITED >"$tmp/whole"
base=$(sed 's/.*"readings":\[//; s/\]}$//' "$tmp/whole" | tr -d '\n' | sha256sum | cut -c1-16)
for n in 3 4 5; do
	python3 -c 'import json,sys; n=int(sys.argv[2])
print(json.dumps({"schema":2,"site":"fourth","sequence":n,"readings":[{"base":sys.argv[1],"set":{"pages":{"total":n*500+i}}} for i in range(500)]}),end="")' "$base" $n >"$tmp/b"
	post fourth "$fourth" "$tmp/b"
done
same "changes whose base is not there are taken, and wait" "$status $(fm site list -c "$tmp/fm.ini" | awk '$1 == "fourth" {print $NF}')" "200 1500"
post fourth "$fourth" "$tmp/whole"
same "their base is taken, however many wait for it" "$status $answer" "200 $(proof ack "$fourth")"
batch fourth 6 CNB4445 >"$tmp/b"
post fourth "$fourth" "$tmp/b"
same "and all come into their places" "$status $(fm site list -c "$tmp/fm.ini" | awk '$1 == "fourth" {print $NF}')" "200 0"

finish
