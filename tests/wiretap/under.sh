#!/usr/bin/env bash
# under.sh COMMAND...: runs it in a network and a mount namespace of its own, with the promises on the wire held against every frame that ICE sends
# meanwhile: it has the loopback interface alone, $B/ice is the one whose frames the kernel knows (tests/kills/with_tapped.c), and
# wiretap.c judges them. The command's closing line counts one check more. Status 77 when this machine does not let us.
set -u
deny() { echo "no wiretap: $1"; exit 77; }
if [ "${1:-}" != --here ]; then
	unshare -n -m true 2>/dev/null || deny "network namespaces need root"
	exec unshare -n -m bash "$0" --here "$@"
fi
shift
export B=${B:-build}
folder=$(mktemp -d)
group=$folder/cgroup/ice-wiretap-$$
taps=()

end() {
	[ ${#taps[@]} = 0 ] || kill "${taps[@]}" 2>/dev/null
	if [ -d "$group" ]; then
		echo 1 >"$group/cgroup.kill" # what the command left behind
		until rmdir "$group"/ice "$group"/window "$group" 2>/dev/null; [ ! -d "$group" ]; do read -rt 0.05 <> <(:); done
	fi
	umount -l /sys/fs/cgroup "$folder/cgroup" "$folder/outside" "$B/ice" 2>/dev/null
	rm -rf --one-file-system "$folder"
}
trap end EXIT

[ -x "$B/kills/ice-tapped" ] && [ -x "$B/tests/wiretap/wiretap" ] || deny "make wrong $B/tests/wiretap/wiretap"
command -v nft >/dev/null || deny "nft is not installed"
chmod 755 "$folder"
mkdir "$folder/cgroup"
{ mount -t cgroup2 none "$folder/cgroup" && mount --bind "$folder/cgroup" /sys/fs/cgroup; } 2>/dev/null || deny "no cgroups (v2)"
mkdir -p "$group/ice" "$group/window" 2>/dev/null || deny "no cgroup can be made"
[ -e "$group/cgroup.kill" ] || deny "cgroup.kill (Linux 5.14)"
chmod 666 "$group/cgroup.procs" "$group"/*/cgroup.procs
: >"$folder/outside"
mount --bind "/proc/$PPID/ns/net" "$folder/outside" || deny "the network namespace outside cannot be kept"
ln -s "cgroup/${group##*/}/ice" "cgroup/${group##*/}/window" "$folder"
(umask 0; : >"$folder/canaries")
"$B/ice" check --oids >"$folder/objects" || deny "ice check --oids"
ip link set lo up
mount --bind "$B/kills/ice-tapped" "$B/ice" || deny "$B/ice cannot be replaced"

: >"$folder/verdict.here"
bash tests/wiretap/tap.sh "$folder" >"$folder/verdict.here" 2>&1 &
taps+=($!)
until grep -q '^ready' "$folder/verdict.here"; do
	kill -0 "${taps[0]}" 2>/dev/null || deny "$(tail -1 "$folder/verdict.here")"
	read -rt 0.02 <> <(:)
done

(echo 0 >"$group/cgroup.procs" && ICE_WIRETAP=$folder exec "$@") >"$folder/out" 2>&1 </dev/null
status=$?
kill "${taps[0]}" && wait "${taps[0]}"
taps=()

# Each tap has said what it saw; the script may have started more of them.
whole=$(grep -L '^witnessed: ' "$folder"/verdict.*)
broken=$(grep -h '^    ' "$folder"/verdict.*)
grep -vE '^[0-9]+ passed, [0-9]+ failed' "$folder/out"
grep -h '^witnessed: ' "$folder"/verdict.*
read -r passed failed rest < <(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed(.*)/\1 \2 \3/p' "$folder/out" | tail -1)
if [ -z "$broken$whole" ]; then
	passed=$((${passed:-0} + 1))
	echo "ok: every frame keeps the promises"
else
	failed=$((${failed:-0} + 1)) status=1
	printf 'FAILED: every frame keeps the promises\n%s\n' "$broken"
	[ -z "$whole" ] || tail -n 3 $whole
fi
echo "$passed passed, ${failed:-0} failed${rest:-}"
exit $status
