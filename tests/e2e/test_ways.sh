#!/usr/bin/env bash
# The ways to the server, by the programs themselves: sealed over HTTP when the HTTPS port is closed, through a proxy, with a pin.
set -u
cd "$(dirname "$0")/../.."
. tests/e2e/lib.sh

"$B/facilities-manager" serve --data "$tmp/fm" --listen 127.0.0.1:0 --listen-http 127.0.0.1:0 >"$tmp/fm.out" 2>"$tmp/fm.err" &
pids+=($!)
server_url=$(line "$tmp/fm.out" "listening ") || { cat "$tmp/fm.err"; exit 1; }
plain_port=$(line "$tmp/fm.out" "listening http://"); plain_port=${plain_port##*:}
closed=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
enrol fm open "$server_url"
enrol fm shut "https://127.0.0.1:$closed"
umask 077

# ways SITE ROW...: a configuration with these rows in [server], and what `ice check` makes of it, in $tmp/check; its status is ours.
ways() {
	local site=$1 row; shift
	{ printf '[server]\nenrolment = %s\n' "$tmp/$site.enrolment"; for row; do echo "$row"; done; printf '[range a]\naddresses = 127.0.0.1\n'; } >"$tmp/ice.ini"
	timeout 60 "$B/ice" check -c "$tmp/ice.ini" >"$tmp/check" 2>&1
}
says() { grep -qF "$1" "$tmp/check" || { cat "$tmp/check"; false; }; }

check "the server over HTTPS" ways open
check "is acknowledged" says "a signed batch was acknowledged"
ways shut "http_port = $plain_port"
same "a closed HTTPS port is a failed check" $? 1
check "which tells that HTTP was tried" says "sealed"
check "and that a sealed batch was acknowledged" says "a signed batch was acknowledged"
check "as the server says, too" grep -q 'by="http, sealed"' "$tmp/fm.err"
before=$(grep -c 'http, sealed' "$tmp/fm.err")
ways shut "http_port = $plain_port" "http_fallback = off"
same "switched off, it fails" $? 1
same "and nothing goes over HTTP" "$(grep -c 'http, sealed' "$tmp/fm.err")" "$before"

pin=sha256//$(openssl x509 -in "$tmp/fm/server.pem" -noout -pubkey | openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary | base64)
check "the pin that the sample file tells how to make fits" ways open "pin = $pin"
ways open "pin = sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" "http_port = $plain_port"
same "another pin does not" $? 1
check "and is told" says "not the pinned one"
same "nor does it lead to HTTP" "$(grep -c 'http, sealed' "$tmp/fm.err")" "$before"

python3 tests/e2e/connect_proxy.py user:word >"$tmp/proxy.out" &
pids+=($!)
proxy=$(line "$tmp/proxy.out" "port ")
echo user:word >"$tmp/credentials"
check "through a proxy with credentials" ways open "proxy = http://127.0.0.1:$proxy" "proxy_credentials = $tmp/credentials"
same "which gave a tunnel to the server" "$(grep -c "asked CONNECT ${server_url#https://} " "$tmp/proxy.out")" 1
echo user:wrong >"$tmp/credentials"
ways open "proxy = http://127.0.0.1:$proxy" "proxy_credentials = $tmp/credentials"
same "with wrong ones it fails" $? 1
check "and says so" says "the proxy says: 407"
asked=$(grep -c asked "$tmp/proxy.out")
https_proxy=http://127.0.0.1:$proxy ways open
same "a proxy of the environment is not asked" "$? $(grep -c asked "$tmp/proxy.out")" "0 $asked"

# What OpenSSL would be set up by: a configuration of it that leaves no algorithm, and could as well name a module to be loaded.
printf 'openssl_conf = a\n[a]\nalg_section = b\n[b]\ndefault_properties = provider=none\n' >"$tmp/openssl.cnf"
OPENSSL_CONF=$tmp/openssl.cnf openssl dgst -sha256 /dev/null >"$tmp/dgst" 2>&1
same "openssl itself obeys a configuration of the environment" $(($? > 0)) 1
OPENSSL_CONF=$tmp/openssl.cnf ways open
same "a configuration of OpenSSL in the environment is not read" $? 0
check "nor by the server" env OPENSSL_CONF="$tmp/openssl.cnf" "$B/facilities-manager" site add other --data "$tmp/fm" --server "$server_url"
finish
