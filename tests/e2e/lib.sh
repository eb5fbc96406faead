# Shared by the end-to-end scripts: counting checks, a temporary folder, waiting with a deadline, ending what was started.
# Source it from the project's root with B set or unset.
set -u
B=${B:-build}
tmp=$(mktemp -d)
pids=()
passed=0 failed=0 skipped=0

e2e_end() {
	local p
	for p in "${pids[@]:-}"; do [ -n "$p" ] && kill "$p" 2>/dev/null; done
	for p in "${pids[@]:-}"; do [ -n "$p" ] && wait "$p" 2>/dev/null; done
	rm -rf "$tmp"
}
trap e2e_end EXIT
trap 'exit 130' INT TERM

ok() { passed=$((passed + 1)); echo "ok: $1"; }
bad() { failed=$((failed + 1)); echo "FAILED: $1"; [ $# -gt 1 ] && { shift; printf '    %s\n' "$@"; }; return 0; }
skip() { skipped=$((skipped + 1)); echo "skipped: $1"; }

# check WORDS COMMAND...: passes when the command succeeds.
check() {
	local words=$1; shift
	if "$@" >"$tmp/check.out" 2>&1; then ok "$words"; else bad "$words" "command: $*"; sed 's/^/    /' "$tmp/check.out" | tail -25; fi
}

# same WORDS GOT WANTED
same() { if [ "$2" = "$3" ]; then ok "$1"; else bad "$1" "got:    $2" "wanted: $3"; fi; }

# await SECONDS COMMAND...: polls until the command succeeds.
await() {
	local end=$((SECONDS + $1)); shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -ge $end ] && return 1
		read -rt 0.05 <> <(:) || true
	done
}

# line FILE PATTERN: prints what follows PATTERN in its first line there, waiting for it.
line() {
	await 20 grep -q "^$2" "$1" || { echo "no line '$2' in $1" >&2; return 1; }
	sed -n "s|^$2||p" "$1" | head -1
}

# fleet NAME ARGS...: starts printer-fleet; sets fleet_port. Its truth is in $tmp/NAME.truth.
fleet() {
	local name=$1; shift
	"$B/printer-fleet" --port 0 --truth "$tmp/$name.truth" "$@" >"$tmp/$name.out" 2>"$tmp/$name.err" &
	pids+=($!)
	fleet_pid=$!
	fleet_port=$(line "$tmp/$name.out" "port ") || { cat "$tmp/$name.err"; exit 1; }
}

# server NAME [ADDR:PORT]: starts facilities-manager on $tmp/NAME; sets server_url and server_pid.
server() {
	"$B/facilities-manager" serve --data "$tmp/$1" --listen "${2:-127.0.0.1:0}" >"$tmp/$1.out" 2>"$tmp/$1.err" &
	server_pid=$!
	pids+=($server_pid)
	server_url=$(line "$tmp/$1.out" "listening ") || { cat "$tmp/$1.err"; exit 1; }
}

# enrol DATA SITE URL: adds a site and leaves its line in $tmp/SITE.enrolment.
enrol() {
	(umask 077 && "$B/facilities-manager" site add "$2" --data "$tmp/$1" --server "$3" >"$tmp/$2.enrolment") && canary enrolment "$tmp/$2.enrolment"
}

# canary KIND FILE: a secret in a file, which no frame of ICE may show (tests/wiretap/canaries.h).
canary() { [ -z "${ICE_WIRETAP:-}" ] || sed "s/^/$1 /" "$2" >>"$ICE_WIRETAP/canaries"; }

# tap NETNS: ICE in that network namespace is witnessed, too, where the script itself is (tests/wiretap/under.sh).
tap() {
	[ -n "${ICE_WIRETAP:-}" ] || return 0
	nsenter --net="/run/netns/$1" bash tests/wiretap/tap.sh "$ICE_WIRETAP" >"$ICE_WIRETAP/verdict.$1" 2>&1 &
	pids+=($!)
	await 20 grep -q '^ready' "$ICE_WIRETAP/verdict.$1" || bad "the frames in $1 are captured" "$(cat "$ICE_WIRETAP/verdict.$1")"
}

finish() {
	if [ $skipped -gt 0 ]; then echo "$passed passed, $failed failed, $skipped skipped"; else echo "$passed passed, $failed failed"; fi
	[ $failed = 0 ]
}
