#!/usr/bin/env bash
# What is installed: manual pages that agree with the programs, completion, make install, Debian packages, hardened units.
cd "$(dirname "$0")/../.."
. tests/e2e/lib.sh
# What is packaged is the program itself, not the one that a capture knows; nothing here has it send anything.
[ -z "${ICE_WIRETAP:-}" ] || { umount "$B/ice" && unset ICE_WIRETAP; }
if [ "${B##*/}" = san ]; then skip "sanitized programs are not installed"; finish; exit; fi

# --- manual pages
check "the pages are made" make -s man
page() { man -P cat -l "$B/man/$1" 2>/dev/null | col -b; }
# agree PAGE PROGRAM COMMAND...: every option of its --help stands in the page.
agree() {
	local page=$1 program=$2 missing= option; shift 2
	for option in $("$B/$program" "$@" --help | grep -oE '^ +(-., )?--[a-z0-9-]+' | grep -oE -- '--[a-z0-9-]+' | sort -u); do
		grep -qF -- "${option//-/\\-}" "$B/man/$page" || missing+=" $option"
	done
	same "$program $*: every option is in its page" "$missing" ""
}
commands() { "$B/$1" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\)  .*/\1/p'; }
for c in $(commands ice); do
	check "ice $c has its part" grep -q "^\.SS ice $c\$" "$B/man/ice.1"
	agree ice.1 ice "$c"
done
for c in $(commands facilities-manager); do
	check "facilities-manager $c has its part" grep -q "^\.SS facilities\\\\-manager $c\$" "$B/man/facilities-manager.1"
	agree facilities-manager.1 facilities-manager "$c"
done
agree printer-fleet.1 printer-fleet
options() { sed -nE 's/^;?([a-z0-9_]+) *=.*/\1/p' "$1" | sort -u; }
missing=
for o in $(options config/ice.ini); do grep -q "^\.B $o = " "$B/man/ice.ini.5" || missing+=" $o"; done
same "every option of ice.ini is in its page" "$missing" ""
for s in $(sed -nE 's/^;?\[([a-z]+).*\]/\1/p' config/ice.ini); do check "and section $s" grep -q "^\.SH \[$s" "$B/man/ice.ini.5"; done
for p in "$B"/man/*.[15]; do
	if command -v mandoc >/dev/null; then same "mandoc has no word against ${p##*/}" "$(mandoc -T lint -W warning "$p")" ""; else skip "mandoc is not here"; fi
	if command -v man >/dev/null; then same "nor has man" "$(LC_ALL=C.UTF-8 man --warnings -E UTF-8 -l "$p" 2>&1 >/dev/null)" ""; else skip "man is not here"; fi
	check "it holds no place that was to be filled in" bash -c "! grep -nE '@(HELP|INI|VERSION)' '$p'"
done

# --- completion
complete_line() { # complete_line WORD...: what may stand in place of the last word
	PATH=$PWD/$B:$PATH bash -c '. config/completion/ice.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ice; echo "${COMPREPLY[*]}"' _ "$@"
}
same "bash: commands" "$(complete_line ice "" | tr ' ' '\n' | sort | xargs)" "$(commands ice | sort | xargs)"
same "bash: a command begun" "$(complete_line ice stat)" status
same "bash: what is to be done now" "$(complete_line ice now "")" "sweep inventory upload"
same "bash: an option begun" "$(complete_line ice status --js)" --json
same "bash: the server's" "$(complete_line facilities-manager serve --listen-)" --listen-http
same "bash: a file" "$(complete_line ice run -c config/ice.i)" config/ice.ini
if command -v zsh >/dev/null; then check "zsh takes its file" zsh -n config/completion/_ice; else skip "zsh is not here"; fi

# --- make install
there="$tmp/a place"
check "make install, with a blank in its place" make -s install DESTDIR="$there" PREFIX=/opt/ice
for f in bin/ice bin/facilities-manager bin/printer-fleet share/man/man1/ice.1 share/man/man5/ice.ini.5 share/bash-completion/completions/ice \
	share/zsh/site-functions/_ice lib/systemd/system/ice.service share/ice/examples/ice.ini share/ice/profiles/generic.ini; do
	check "$f is there" test -s "$there/opt/ice/$f"
done
check "the unit starts what was installed" grep -q '^ExecStart=/opt/ice/bin/ice run ' "$there/opt/ice/lib/systemd/system/ice.service"
check "the unit keeps the service from writing its configuration" grep -qx "ReadOnlyPaths=-/etc/ice" "$there/opt/ice/lib/systemd/system/ice.service"
check "the program finds its profiles" grep -q "$there/opt/ice/share/ice/profiles" <("$there/opt/ice/bin/ice" check --profiles --offline)
check "make uninstall" make -s uninstall DESTDIR="$there" PREFIX=/opt/ice
same "leaves no file" "$(find "$there" -type f -o -type l)" ""

# --- Debian packages
if ! command -v dpkg-deb >/dev/null || ! command -v dpkg-shlibdeps >/dev/null; then skip "no tools to make Debian packages"; finish; exit; fi
check "make deb" make -s deb
engine=$(ls "$B"/deb/ice_*.deb) server=$(ls "$B"/deb/facilities-manager_*.deb)
lists() { dpkg-deb -c "$1" | awk '{print $1, $2, $6}'; }
for d in "$engine" "$server"; do
	name=${d##*/} name=${name%%_*}
	same "$name: all of it is root's, and nobody else may write" "$(lists "$d" | grep -v ' root/root \| ->' ; lists "$d" | grep -E '^[-d].(.{4})?w.* ' | grep -vE '^[-d]rw[-x]r-[-x]r-[-x]')" ""
	check "$name: depends on what it is linked with" grep -q "libevent-core" <(dpkg-deb -f "$d" Depends)
	check "$name: the rest of the life of a package" test "$(dpkg-deb --ctrl-tarfile "$d" | tar -t | grep -cE '^./(postinst|prerm|postrm|conffiles|md5sums)$')" = 5
done
same "the configurations are the administrator's" "$(dpkg-deb --ctrl-tarfile "$engine" | tar -xO ./conffiles) $(dpkg-deb --ctrl-tarfile "$server" | tar -xO ./conffiles)" "/etc/ice/ice.ini /etc/ice/facilities-manager.ini"
same "no file is in both" "$(comm -12 <(lists "$engine" | grep -v '/$' | cut -d' ' -f3 | sort) <(lists "$server" | grep -v '/$' | cut -d' ' -f3 | sort))" ""
if command -v lintian >/dev/null; then same "lintian has no word against them" "$(lintian --tag-display-limit 0 "$engine" "$server" 2>/dev/null)" ""; else skip "lintian is not here"; fi
root=$tmp/root
mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates" "$root/etc" "$root/usr/bin"
touch "$root/var/lib/dpkg/status"
check "they can be unpacked" dpkg --root="$root" --force-not-root --force-depends --force-script-chrootless --log="$tmp/dpkg.log" --unpack "$engine" "$server"
mv "$root/etc/ice/ice.ini.dpkg-new" "$root/etc/ice/ice.ini" # what configuring them would do
check "what was unpacked works" grep -q "$root/usr/share/ice/profiles" <("$root/usr/bin/ice" check --profiles --offline)
check "its sample is right but for what only the administrator knows" grep -q "range: none is there" <("$root/usr/bin/ice" check --offline -c "$root/etc/ice/ice.ini" 2>&1)
if command -v systemd-sysusers >/dev/null; then
	check "the users can be made" systemd-sysusers --root="$root" ice.conf facilities-manager.conf
	for u in ice facilities-manager; do check "$u cannot log in" grep -qE "^$u:.*/nologin$" "$root/etc/passwd"; done
else
	skip "systemd-sysusers is not here"
fi

# --- units
if command -v systemd-analyze >/dev/null; then
	mkdir -p "$root/bin"
	cp "$(command -v kill || echo /bin/kill)" "$root/bin/kill" 2>/dev/null || cp /bin/kill "$root/bin/kill"
	for t in sysinit basic shutdown network-online multi-user; do printf '[Unit]\nDescription=%s\n' $t >"$root/usr/lib/systemd/system/$t.target"; done
	for u in ice facilities-manager; do
		same "systemd-analyze has no word against $u.service" "$(systemd-analyze verify --man=no --root="$root" "/usr/lib/systemd/system/$u.service" 2>&1)" ""
		check "$u.service is hardened" systemd-analyze security --offline=true --threshold=15 "$root/usr/lib/systemd/system/$u.service"
	done
else
	skip "systemd-analyze is not here"
fi

# --- installed for real, each time on a copy of this machine that is gone afterwards
mkdir "$tmp/copy" "$tmp/copy.debs"
cp "$engine" "$server" "$tmp/copy.debs"
# on_copy NAME: runs $tmp/NAME.sh beside such a copy, "root", into $tmp/NAME.out; false, told, where that cannot be.
cat >"$tmp/copy.sh" <<'S'
mount -t tmpfs none "$1/copy" && cd "$1/copy" && mkdir upper work root &&
	mount -t overlay overlay -o "lowerdir=/,upperdir=$PWD/upper,workdir=$PWD/work" root || exit 77
mount --rbind /dev root/dev && mount -t proc proc root/proc && mkdir -p root/run/debs && cp "$1/copy.debs"/*.deb root/run/debs || exit 77
# as NAME COMMAND: in the copy, as the user of that name.
as() { chroot root su -s /bin/sh "$1" -c "$2"; }
enrol() {
	as facilities-manager 'umask 077; facilities-manager site add hq --data /var/lib/facilities-manager \
		--server https://fm.example.com:8443 >/var/lib/facilities-manager/hq.enrolment' && echo "site added"
	chroot root install -o ice -g ice -m 600 /var/lib/facilities-manager/hq.enrolment /etc/ice/enrolment
}
# window: saves a community as root does who opens the window; tells as whom it runs, and what files there are then.
window() {
	rm -f "$1/address" "$1/jar"
	chroot root ice config -c /etc/ice/ice.ini >"$1/address" 2>"$1/told" &
	local window=$! url at form mark
	until [ -s "$1/address" ]; do kill -0 $window || return; sleep 0.1; done
	url=$(cat "$1/address") at=${url%/enter*}
	echo "the window is $(chroot root ps -o user= -p $window)"
	curl -s -c "$1/jar" -o /dev/null "$url"
	curl -s -b "$1/jar" "$at/range" >"$1/page"
	form=$(grep -o 'name="form" value="[0-9a-f]*"' "$1/page" | head -1 | cut -d'"' -f4)
	mark=$(grep -o 'name="mark" value="[0-9a-f]*"' "$1/page" | head -1 | cut -d'"' -f4)
	curl -s -o /dev/null -b "$1/jar" -H "Origin: $at" -d "form=$form" -d "mark=$mark" -d do=save -d was= -d name=here \
		-d range.addresses=127.97.0.0/24 -d communities=some "$at/range"
	kill -INT $window
	wait $window
	cat "$1/told"
	chroot root stat -c '%n %U %a' /etc/ice/ice.ini /etc/ice/communities.here
}
. "$1/$2.sh"
S
on_copy() {
	unshare -mp --fork bash "$tmp/copy.sh" "$tmp" "$1" >"$tmp/$1.out" 2>&1
	[ $? != 77 ] || { skip "$1: an overlay of this machine's files cannot be mounted here"; false; }
}
cat >"$tmp/packages.sh" <<'S'
chroot root sh -c 'dpkg --force-confold --force-downgrade -i /run/debs/*.deb' || exit 1
chroot root stat -c '%n %U %a' /var/lib/ice /var/lib/facilities-manager
enrol
window "$1"
as ice 'ice check --offline -c /etc/ice/ice.ini' && echo "configuration checked"
chroot root sh -c 'dpkg-statoverride --add root root 755 /etc/ice && chown root /etc/ice &&
	dpkg --force-confold -i /run/debs/ice_*.deb && stat -c "%n %U" /etc/ice'
chroot root dpkg --purge ice facilities-manager || exit 1
chroot root ls /var/lib/ice /var/lib/facilities-manager 2>/dev/null || echo "purged"
S
if on_copy packages; then
	check "installing makes the users and their folders" test "$(grep -cE '^/var/lib/(ice ice|facilities-manager facilities-manager) 700$' "$tmp/packages.out")" = 2
	for w in "site added" "configuration checked" purged; do check "on an installed machine: $w" grep -qx "$w" "$tmp/packages.out"; done
	for w in "the window is ice" "/etc/ice/ice.ini ice 644" "/etc/ice/communities.here ice 600"; do
		check "what the window saves there is the service's: $w" grep -qx "$w" "$tmp/packages.out"
	done
	check "an administrator's own choice of the owner stays" grep -qx "/etc/ice root" "$tmp/packages.out"
fi

# The same by hand, with the box of the README as it stands there.
mkdir "$tmp/by-hand"
make -s install DESTDIR="$tmp/by-hand" || bad "make install"
cp -r config "$tmp/by-hand/config"
awk '/^`make install` leaves to you/ {found = 1} found && /^```/ && n++ {exit} n' README.md | sed 1d >"$tmp/box"
check "the box is there" grep -q "^useradd" "$tmp/box"
cat >"$tmp/by_hand.sh" <<'S'
chroot root userdel ice 2>/dev/null; chroot root userdel facilities-manager 2>/dev/null
rm -rf root/etc/ice root/var/lib/ice root/var/lib/facilities-manager
cp -a "$1/by-hand/usr" root/ && cp -r "$1/by-hand/config" root/run/config || exit 1
{ echo 'cd /run'; cat "$1/box"; } | chroot root bash -e || exit 1
chroot root stat -c '%n %U %a' /var/lib/ice /var/lib/facilities-manager
enrol
window "$1"
as ice 'ice check --offline -c /etc/ice/ice.ini' && echo "configuration checked"
S
if on_copy by_hand; then
	check "the box makes the users and their folders" test "$(grep -cE '^/var/lib/(ice ice|facilities-manager facilities-manager) 700$' "$tmp/by_hand.out")" = 2
	for w in "site added" "configuration checked" "the window is ice" "/etc/ice/ice.ini ice 644" "/etc/ice/communities.here ice 600"; do
		check "installed by hand: $w" grep -qx "$w" "$tmp/by_hand.out"
	done
fi
finish
