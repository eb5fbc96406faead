#!/usr/bin/env bash
# The configuration window against whoever is not meant to use it: other people of this machine, other pages of the web, names that lead here;
# and that what it saves is what was entered. All by curl; the window in a browser is tests/browser.
set -u
cd "$(dirname "$0")/../.."
. tests/e2e/lib.sh
ini=$tmp/etc/ice.ini
mkdir -m 700 "$tmp/etc"

# window ARGS...: starts one; sets url (with the token), at (without), port.
window() {
	rm -f "$tmp/window.out"
	"$B/ice" config -c "$ini" "$@" >"$tmp/window.out" 2>"$tmp/window.err" &
	window_pid=$!
	pids+=($window_pid)
	await 10 test -s "$tmp/window.out" || { cat "$tmp/window.err"; exit 1; }
	url=$(head -1 "$tmp/window.out")
	at=${url%/enter*}
	port=${at##*:}
}

# status ARGS...: what the window answers: only the number.
status() { curl -s -o "$tmp/body" -D "$tmp/head" -w '%{http_code}' --max-time 10 "$@"; }
known() { status -b "$tmp/jar" "$@"; }
# secret NAME PATH: the value of a hidden field of a page.
secret() { curl -s -b "$tmp/jar" "$at$2" | grep -o "name=\"$1\" value=\"[0-9a-f]*\"" | head -1 | grep -o '[0-9a-f]\{32,64\}'; }
# send PATH FIELD...: as the window's own form would.
send() {
	local path=$1; shift
	known -H "Origin: $at" --data-urlencode "form=$(secret form /timing)" --data-urlencode "mark=$(secret mark /timing)" "$@" "$at$path"
}

window
check "one line is printed, with a token of 128 bits" grep -qxE 'http://127\.0\.0\.1:[0-9]+/enter\?token=[0-9a-f]{32}' "$tmp/window.out"
listens=$(ss -Hltnp 2>/dev/null | grep "pid=$window_pid," | awk '{print $4}')
same "it listens on the loopback address and nowhere else" "$listens" "127.0.0.1:$port"

same "without the cookie: refused" "$(status "$at/")" 403
same "a wrong token: refused" "$(status "$at/enter?token=00000000000000000000000000000000")" 403
same "no token: refused" "$(status "$at/enter")" 403
same "a token brought from another site: refused, and not used up" "$(status -H 'Sec-Fetch-Site: cross-site' "$url")" 403
same "the token: goes on to the page" "$(status -c "$tmp/jar" "$url")" 303
check "the cookie is strict" grep -qiE '^set-cookie: ice-[0-9]+=[0-9a-f]{32}; HttpOnly; SameSite=Strict; Path=/' "$tmp/head"
same "the token again: refused" "$(status "$url")" 403
same "with the cookie: the page" "$(known "$at/")" 200
check "which tells how to start a service of this file" grep -qF "ice run -c $ini" "$tmp/body"
check "and no unit that runs another" bash -c "! grep -q systemctl '$tmp/body'"
for header in "Content-Security-Policy: default-src 'none'" "X-Frame-Options: DENY" "Cache-Control: no-store" "X-Content-Type-Options: nosniff" \
	"Referrer-Policy: same-origin"; do
	check "every page says $header" grep -qi "^$header" "$tmp/head"
done
check "the policy allows nothing from outside, nothing inline, no frame" \
	grep -qiE "script-src 'self'; .*form-action 'self'; base-uri 'none'; frame-ancestors 'none'" "$tmp/head"
check "no page names anything outside" bash -c "! grep -oE '(src|href|action)=\"[^/#\"][^\"]*\"' '$tmp/body'"

same "a wrong cookie: refused" "$(status -H "Cookie: ice-$port=00000000000000000000000000000000" "$at/")" 403
same "the cookie twice: refused" "$(known -H "Cookie: ice-$port=0; ice-$port=0" "$at/")" 403
for host in "evil.example" "evil.example:$port" "127.0.0.1" "127.0.0.1:1" "127.0.0.1.evil.example:$port" "localhost:$port.evil.example" ""; do
	same "Host: ${host:-(none)}: refused" "$(known -H "Host: $host" "$at/")" "$([ -n "$host" ] && echo 421 || echo 421)"
done
same "two Hosts: refused" "$(printf 'GET / HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nHost: 127.0.0.1:%s\r\n\r\n' "$port" "$port" |
	timeout 5 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port; cat >&3; head -1 <&3" | cut -d' ' -f2)" 421
same "localhost is this machine, too" "$(known -H "Host: localhost:$port" -H "Cookie: $(awk '/ice-/ {print $6"="$7}' "$tmp/jar")" "$at/")" 200
for site in cross-site same-site; do
	same "a page asked for by another page ($site): refused" "$(known -H "Sec-Fetch-Site: $site" "$at/")" 403
done

form=$(secret form /timing)
post() { known "$@" -d "form=$form" -d sweep.interval=3h "$at/timing"; }
same "a post that tells no origin: refused" "$(post)" 403
same "a post of another origin: refused" "$(post -H 'Origin: http://evil.example')" 403
same "a post of a hidden origin: refused" "$(post -H 'Origin: null')" 403
same "a post of this machine's other port: refused" "$(post -H 'Origin: http://127.0.0.1:1')" 403
same "a post of another site, whatever its origin: refused" "$(post -H "Origin: $at" -H 'Sec-Fetch-Site: cross-site')" 403
same "a post by hand, of no page: refused" "$(post -H "Origin: $at" -H 'Sec-Fetch-Site: none')" 403
same "a post without the form's token: refused" "$(known -H "Origin: $at" -d sweep.interval=3h "$at/timing")" 403
same "a post with a wrong one: refused" "$(known -H "Origin: $at" -d form=00000000000000000000000000000000 "$at/timing")" 403
same "a post of another type: refused" "$(known -H "Origin: $at" -H 'Content-Type: text/plain' -d "form=$form" "$at/timing")" 415
same "a post in pieces of untold length: refused" "$(known -H "Origin: $at" -H 'Transfer-Encoding: chunked' -d "form=$form" "$at/timing")" 400
same "nothing of all that was written" "$(ls "$tmp/etc")" ""

same "addresses are counted before there is a file" "$(known -H "Origin: $at" -d "form=$form" -d was= -d range.addresses=127.8.0.0/24 "$at/count"; grep -o '<b>254</b>' "$tmp/body")" "200<b>254</b>"

head -c 70000 /dev/zero | tr '\0' a >"$tmp/long"
check "a body over 64 KiB: refused" bash -c "[ $(known -H "Origin: $at" --data-binary "@$tmp/long" "$at/timing") != 200 ]"
same "a wrong escape: refused" "$(known -H "Origin: $at" -d "form=$form&a=%zz" "$at/timing")" 400
same "a NUL: refused" "$(known -H "Origin: $at" -d "form=$form&a=%00" "$at/timing")" 400
same "a text that is no UTF-8: refused" "$(known -H "Origin: $at" -d "form=$form&a=%ff" "$at/timing")" 400
same "no such page" "$(known "$at/../../etc/passwd" --path-as-is)" 404
check "PUT is not known" bash -c "! curl -s -o /dev/null -w '%{http_code}' -X PUT -b '$tmp/jar' '$at/' | grep -q '^[23]'"

# Many connections that say nothing, or never end: the window stays open for who belongs there.
python3 - "$port" <<'P' &
import socket, sys, time
held = []
for i in range(200):
    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    s.sendall(b"GET / HT" if i % 2 else b"")
    held.append(s)
time.sleep(3)
P
crowd=$!
same "two hundred silent connections do not shut it" "$(await 10 test "$(known "$at/")" = 200 && echo 200)" 200
kill $crowd 2>/dev/null; wait $crowd 2>/dev/null
check "and hold no more descriptors than it allows" bash -c "[ $(ls /proc/$window_pid/fd | wc -l) -lt 64 ]"

# What is entered is what is written.
same "an interval is saved" "$(send /timing -d sweep.interval=3h)" 303
same "in the file" "$(grep -c '^interval = 3h$' "$ini")" 1
check "with its remarks around it" bash -c "grep -B4 '^interval = 3h\$' '$ini' | grep -q '^# '"
before=$(sha256sum <"$ini")
same "a mistake is told" "$(send /timing -d sweep.interval=soon -d sweep.retries=99)" 200
check "beside its field" grep -q 'id="sweep.interval-mistake"' "$tmp/body"
check "all of them at once" grep -q 'id="sweep.retries-mistake"' "$tmp/body"
check "what was entered is still there" grep -q 'value="soon"' "$tmp/body"
same "and nothing is saved" "$(sha256sum <"$ini")" "$before"
same "a file that somebody else changed is not overwritten" \
	"$(known -H "Origin: $at" -d "form=$form" -d "mark=$(printf '0%.0s' {1..64})" -d sweep.interval=4h "$at/timing")" 200
same "it is as it was" "$(sha256sum <"$ini")" "$before"

cp "$ini" "$tmp/kept.ini"
sed -i 's|^interval = .*|& ; daily|' "$ini"
curl -s -b "$tmp/jar" "$at/" >"$tmp/body"
check "a remark behind a value is told at once" grep -q 'sweep.interval: .*begins a comment' "$tmp/body"
same "and refused" "$(send /timing --data-urlencode "sweep.interval=$(sed -n 's/^interval = //p' "$ini")")" 200
same "with one word against it" "$(grep -c 'comment' "$tmp/body")" 2 # above the page, and beside the field
cp "$tmp/kept.ini" "$ini"

canary community <(printf 'window-canary-1\nwindow-canary-2\n')
same "a range with communities is saved" "$(send /range -d do=save -d was= --data-urlencode 'name=first & <floor>' -d range.addresses=127.9.0.0/24 \
	--data-urlencode $'communities=window-canary-1\nwindow-canary-2')" 303
file=$(sed -n 's/^communities = //p' "$ini")
same "a community that would be a remark in that file is refused" "$(send /range -d do=save -d was= -d name=remark -d range.addresses=127.9.1.0/24 \
	--data-urlencode $'communities=one\n#two')" 200
check "which is said" grep -q 'begins with # would be a remark' "$tmp/body"
check "and nothing of it is kept" bash -c "! test -e '$tmp/etc/communities.remark' && ! grep -q 'range remark' '$ini'"
same "they are in a file of their own that nobody else may read" "$(stat -c %a "$tmp/etc/$file")" 600
same "as they were entered" "$(cat "$tmp/etc/$file")" $'window-canary-1\nwindow-canary-2'
curl -s -b "$tmp/jar" "$at/range?name=first+%26+%3Cfloor%3E" >"$tmp/range.html"
check "its page says that there are some" grep -q 'Some are stored' "$tmp/range.html"
check "and shows its name as text" grep -q 'first &amp; &lt;floor&gt;' "$tmp/range.html"
for page in / /server /network /timing /privacy /more /test /printers /outbox /log; do curl -s -b "$tmp/jar" "$at$page"; done >"$tmp/all.html"
check "no page ever shows a community" bash -c "! grep -q window-canary '$tmp/all.html' '$tmp/range.html' '$tmp/window.err' '$ini'"
check "nor does any process's command line" bash -c "! cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -q window-canar[y]"
same "a name with what does not show is refused" "$(send /range -d do=save -d was= --data-urlencode $'name=a\u202eb' -d range.addresses=127.9.3.0/24)" 200
check "which is said" grep -q 'a character that does not show' "$tmp/body"
same "a value with it comes back as it is" \
	"$(send /range -d do=save -d was= -d name=tagged -d range.addresses=127.9.2.0/24 --data-urlencode $'range.location_tag=x\u200fy')" 303
curl -s -b "$tmp/jar" "$at/range?name=tagged" >"$tmp/range.html"
check "in its field" grep -q 'name="range.location_tag" value="x&#8207;y"' "$tmp/range.html"
same "addresses are counted before they are saved" "$(send /count -d was= -d range.addresses=127.8.0.0/23 && grep -o '<b>510</b>' "$tmp/body")" "200<b>510</b>"
dry=$("$B/ice" scan 127.8.0.0/24 -c "$ini" --dry-run --format json | jq -r '.sweep | "\(.seconds + 0.5 | floor) \(.packets.most)"')
same "and what a sweep costs is what a dry run says, which knows the cap per subnet" \
	"$(send /count -d was= -d range.addresses=127.8.0.0/24 >/dev/null; sed -nE 's|.*takes <b>about ([0-9]+) seconds</b>.*at most <b>([0-9]+)</b> datagrams.*|\1 \2|p' "$tmp/body")" "$dry"
check "and that one by the clock is spread" grep -q 'spread over about 2 hours' "$tmp/body"
same "an overlap is told" "$(send /count -d was= -d range.addresses=127.9.0.0/25 >/dev/null; grep -c 'stand in the range' "$tmp/body")" 1
same "a public range is refused there" "$(send /count -d was= -d range.addresses=8.8.8.0/24 >/dev/null; grep -c 'class="mistake"' "$tmp/body")" 1
same "an argument is never an option" "$(send /start -d kind=probe --data-urlencode 'address=--help')" 303
check "it is told to be no address" bash -c "curl -s -b '$tmp/jar' '$at/test' | grep -q 'is no address'"
same "a button that is none: refused" "$(send /start -d kind=sh)" 400

# Nothing is saved means nothing: neither the configuration nor what it points to.
folder() { (cd "$tmp/etc" && sha256sum -- *); }
stale=(-d "mark=$(printf '0%.0s' {1..64})")
raw() { local path=$1; shift; known -H "Origin: $at" -d "form=$form" "$@" "$at$path"; }
before=$(folder)
same "communities for a file that somebody else changed" "$(raw /range "${stale[@]}" -d do=save --data-urlencode 'was=first & <floor>' \
	--data-urlencode 'name=first & <floor>' -d range.addresses=127.9.0.0/24 -d communities=OVERWRITTEN)" 200
same "are not taken in" "$(folder)" "$before"
for wrong in "$(printf 'x%.0s' {1..300})" '#secret'; do
	same "communities that would not be read (${wrong:0:7})" "$(send /range -d do=save --data-urlencode 'was=first & <floor>' \
		--data-urlencode 'name=first & <floor>' -d range.addresses=127.9.0.0/24 --data-urlencode "communities=$wrong")" 200
	same "do not break those that are" "$(folder)" "$before"
	case $wrong in
	'#'*) check "and it is said why" grep -q "a line that begins with # would be a remark" "$tmp/body" ;;
	*) check "and it is said why, of the file" grep -q "$tmp/etc/$file:\? *[0-9:]* the line is longer" "$tmp/body" ;;
	esac
done
same "a range that is refused" "$(send /range -d do=save -d was= -d name=lab -d range.addresses=127.9.9.0/33 -d communities=lab)" 200
same "leaves no file behind" "$(folder)" "$before"
enrolment=$("$B/facilities-manager" site add there --data "$tmp/there" --server https://127.0.0.1:1 2>"$tmp/there.err")
same "an enrolment for a file that somebody else changed" "$(raw /enrol "${stale[@]}" --data-urlencode "line=$enrolment")" 200
same "is not taken in" "$(folder)" "$before"
same "nor proxy credentials" "$(raw /server "${stale[@]}" -d server.proxy=http://127.0.0.1:3128 -d credentials=a:b)$(folder)" "200$before"
same "an enrolment is taken in" "$(send /enrol --data-urlencode "line=$enrolment")" 303
same "as it was entered" "$(cat "$tmp/etc/enrolment")" "$enrolment"
same "proxy credentials are taken in" "$(send /server -d server.proxy=http://127.0.0.1:3128 -d credentials=a:b)" 303
same "in a file of their own" "$(cat "$tmp/etc/proxy.credentials") $(stat -c %a "$tmp/etc/proxy.credentials")" "a:b 600"

# What stands there already is nobody's new file.
echo 'something else' >"$tmp/etc/communities.yard"
ln -s nowhere "$tmp/etc/communities.yard-2"
same "a new range of a name that a file has" "$(send /range -d do=save -d was= -d name=yard -d range.addresses=127.9.3.0/24 -d communities=yard)" 303
same "leaves that file alone" "$(cat "$tmp/etc/communities.yard"; readlink "$tmp/etc/communities.yard-2")" $'something else\nnowhere'
same "and has one of its own" "$(sed -n '/range yard/,/^$/s/^communities = //p' "$ini") $(cat "$tmp/etc/communities.yard-3")" "communities.yard-3 yard"

# A file that two ranges share does not change for the other one.
printf '\n[range one]\naddresses = 127.9.4.0/24\ncommunities = shared\n\n[range two]\naddresses = 127.9.5.0/24\ncommunities = ./shared\n' >>"$ini"
(umask 077; echo both >"$tmp/etc/shared")
check "a shared file is told to be one" bash -c "curl -s -b '$tmp/jar' '$at/range?name=two' | grep -q 'Another range uses the same file'"
same "new communities for one of them" "$(send /range -d do=save -d was=two -d name=two -d range.addresses=127.9.5.0/24 -d communities=two)" 303
same "leave the other's" "$(cat "$tmp/etc/shared") $(sed -n '/range one/,/^$/s/^communities = //p' "$ini")" "both shared"
same "and are in a file of its own" "$(sed -n '/range two/,/^$/s/^communities = //p' "$ini") $(cat "$tmp/etc/communities.two")" "communities.two two"
same "which the next ones replace" "$(send /range -d do=save -d was=two -d name=two -d range.addresses=127.9.5.0/24 -d communities=three)$(cat "$tmp/etc/communities.two")" "303three"

# A range goes when it was asked for twice, and nothing goes with it.
printf '\n# the yard, until Eva says so\n[range gone]\naddresses = 127.9.6.0/24\n\n;[range later]\n;addresses = 127.9.7.0/24\n\n# see the wiki\n' >>"$ini"
before=$(folder)
same "removing a range is asked about" "$(send /range -d do=remove -d was=gone)$(grep -c 'name="sure" value="yes"' "$tmp/body")$(folder)" "2001$before"
same "and done when it is meant" "$(send /range -d do=remove -d was=gone -d sure=yes)" 303
same "with its own lines alone" "$(tail -6 "$ini")" $'# the yard, until Eva says so\n\n;[range later]\n;addresses = 127.9.7.0/24\n\n# see the wiki'

# What a form did not change is nobody's to take back. fields FILE NAME=VALUE...: what a browser would send of the page's form that has a mark.
fields() { python3 - "$@" <<'P'
import html.parser, sys, urllib.parse
class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(); self.sent = {}; self.area = None
    def handle_starttag(self, tag, given):
        a = dict(given)
        if tag == "form" and "mark" not in self.sent: self.sent = {}
        if tag == "input" and (a.get("type") != "radio" or "checked" in a) and a.get("type") != "checkbox" and "name" in a:
            self.sent[a["name"]] = a.get("value", "")
        if tag == "textarea": self.area = a["name"]; self.sent[self.area] = ""
    def handle_endtag(self, tag):
        if tag == "textarea": self.area = None
    def handle_data(self, text):
        if self.area: self.sent[self.area] += text
page = Page(); page.feed(open(sys.argv[1]).read())
page.sent.update(one.split("=", 1) for one in sys.argv[2:])
page.sent["do"] = "save"
print(urllib.parse.urlencode({k: v.strip("\n").replace("\n", "\r\n") for k, v in page.sent.items()}), end="")
P
}
post_page() { local path=$1; shift; known -H "Origin: $at" -d "$(fields "$tmp/page" "$@")" "$at$path"; }
known "$at/timing" >/dev/null; cp "$tmp/body" "$tmp/page"
before=$(sha256sum <"$ini")
same "a form that nothing was entered in" "$(post_page /timing)" 303
same "changes nothing" "$(sha256sum <"$ini")" "$before"
known "$at/timing" >/dev/null; cp "$tmp/body" "$tmp/page"
sed -i '/^\[inventory\]/,/^\[/s/^;interval = .*/interval = 5h/' "$ini"
sed -i '/^\[sweep\]/,/^\[/s/^;rate = .*/rate = normal/' "$ini"
same "a form of a file that somebody else has changed meanwhile is not saved" "$(post_page /timing pulse.interval=7m)" 200
cp "$tmp/body" "$tmp/page"
same "when it is saved again, it is" "$(post_page /timing)" 303
same "and their change as well" "$(grep -cE '^interval = (5h|7m)$|^rate = normal$' "$ini")" 3
known "$at/timing" >/dev/null; cp "$tmp/body" "$tmp/page"
sed -i 's/^interval = 5h/interval = 6h/' "$ini"
same "where both changed one option" "$(post_page /timing inventory.interval=9h)" 200
check "it is told beside its field" bash -c "grep 'inventory.interval-mistake' '$tmp/body' | grep -q 'is now 6h'"
cp "$tmp/body" "$tmp/page"
same "and who saves again means it" "$(post_page /timing; grep -c '^interval = 9h' "$ini")" 3031
known "$at/range?name=two" >/dev/null; cp "$tmp/body" "$tmp/page"
sed -i 's/^addresses = 127.9.5.0.24/# theirs\n&\nexclude = 127.9.5.7/' "$ini"
same "a range that somebody else has changed" "$(post_page /range range.location_tag=there)" 200
cp "$tmp/body" "$tmp/page"
same "keeps it" "$(post_page /range; grep -cxE 'exclude = 127.9.5.7|# theirs|location_tag = there' "$ini")" 3033

# Rows are as many as they are: what is not asked must not become asked.
lots() { for ((i = 1; i <= 300; i++)); do echo "127.$1.$((i / 200)).$((i % 200 + 1))"; done; }
field() { curl -s -b "$tmp/jar" "$at$2" | python3 -c 'import html,re,sys
print(re.search(r"<textarea id=\"%s\"[^>]*>\n(.*?)</textarea>" % re.escape(sys.argv[1]), html.unescape(sys.stdin.read()), re.S)[1])' "$1"; }
same "a range of 600 rows is saved" "$(send /range -d do=save -d was= -d name=rows --data-urlencode "range.addresses=$(lots 20; lots 21)" \
	--data-urlencode "range.exclude=$(lots 21)")" 303
same "with all of them" "$(grep -c '^addresses = 127\.2' "$ini") $(grep -c '^exclude = 127\.2' "$ini")" "600 300"
same "a change beside them is saved" "$(send /range -d do=save -d was=rows -d name=rows --data-urlencode "range.addresses=$(field range.addresses '/range?name=rows')" \
	--data-urlencode "range.exclude=$(field range.exclude '/range?name=rows')" -d range.location_tag=here)" 303
same "and leaves all of them" "$(grep -c '^addresses = 127\.2' "$ini") $(grep -c '^exclude = 127\.2' "$ini") $(grep -c '^location_tag = here' "$ini")" "600 300 1"

same "Done" "$(send /done)" 200
await 5 bash -c "! kill -0 $window_pid" && ok "ends the window" || bad "ends the window"
check "with status 0" wait $window_pid

window --ipv6 2>/dev/null
same "by IPv6 as well" "$(status -c "$tmp/jar" "$url" && known "$at/")" 303200
kill -INT $window_pid
check "Ctrl-C ends it" wait $window_pid

ln -s "$ini" "$tmp/link.ini"
"$B/ice" config -c "$tmp/link.ini" >"$tmp/window.out" 2>"$tmp/window.err"
same "a symbolic link: no window" "$? $(cat "$tmp/window.out")" "1 "
check "but the command that opens it" grep -qF "ice config -c $ini" "$tmp/window.err"

# Beside the service.
ini=$tmp/run/ice.ini
mkdir "$tmp/run"
server fm
enrol fm hq "$server_url"
fleet site --site 127.78.0.0/28 --recordings config/demo/printers --count 4 --seed 3
printf '[server]\nenrolment = %s\n[state]\ndirectory = state\n[sweep]\nport = %s\ntimeout = 300ms\n[range office]\naddresses = 127.78.0.0/28\n' \
	"$tmp/hq.enrolment" "$fleet_port" >"$ini"
"$B/ice" run -c "$ini" >"$tmp/run.out" 2>"$tmp/run.err" &
run_pid=$!
pids+=($run_pid)
await 20 "$B/ice" status -c "$ini"
window
rm -f "$tmp/jar"
status -c "$tmp/jar" "$url" >/dev/null
page() { curl -s -b "$tmp/jar" "$at$1"; }
check "the overview shows that the service is running" bash -c "curl -s -b '$tmp/jar' '$at/' | grep -q 'The service is running'"
await 20 bash -c "curl -s -b '$tmp/jar' '$at/status' | grep -qE 'Printers known</dt><dd>4<'" && ok "and what it knows" || bad "and what it knows" "$(page /status)"
same "a change is saved beside it" "$(send /timing -d sweep.interval=6h)" 303
check "and it is said that the service does not know it" bash -c "curl -s -b '$tmp/jar' '$at/timing' | grep -q 'Tell the service'"
same "it is told to read it" "$(send /reload)" 303
check "which is said" bash -c "curl -s -b '$tmp/jar' '$at/' | grep -q 'was told to read its configuration again'"
await 10 grep -qi 'configuration' "$tmp/run.err" && ok "and it does" || bad "and it does" "$(tail -5 "$tmp/run.err")"
same "a sweep now is the service's" "$(send /start -d kind=now)" 303
await 20 bash -c "! curl -s -b '$tmp/jar' '$at/job?id=1' | grep -q data-running"
check "which takes it" bash -c "curl -s -b '$tmp/jar' '$at/job?id=1' | grep -q 'state-card good'"
kill -INT $window_pid
await 20 bash -c "[ \"\$('$B/ice' status -c '$ini' --json | jq '.upload.last_acknowledged_at // 0')\" -gt 0 ]"
kill $run_pid
wait $run_pid
window
rm -f "$tmp/jar"
status -c "$tmp/jar" "$url" >/dev/null
page / >"$tmp/body"
check "what the service delivered counts in a new window, too" grep -q 'All is set up' "$tmp/body"
check "with no step before it left" bash -c "! grep -q '<h2>Test the connection' '$tmp/body'"
kill -INT $window_pid

# Root becomes who owns the folder, so that what it makes can be read by the service.
if [ "$(id -u)" = 0 ]; then
	ini=$tmp/owned/ice.ini
	install -d -o nobody -m 700 "$tmp/owned"
	chmod 711 "$tmp"
	window
	same "run by root, it is the user that owns the folder" "$(awk '/^Uid:/ {print $2, $3, $4}' /proc/$window_pid/status)" "$(id -u nobody) $(id -u nobody) $(id -u nobody)"
	rm -f "$tmp/jar"
	status -c "$tmp/jar" "$url" >/dev/null
	same "and saves" "$(send /range -d do=save -d was= -d name=a -d range.addresses=127.9.0.0/24 -d communities=c)" 303
	same "files of its own" "$(stat -c %U "$ini" "$tmp/owned/communities.a" | sort -u)" nobody
	kill -INT $window_pid
	# A folder of root's with a state folder of the service's.
	ini=$tmp/etc2/ice.ini
	install -d -m 755 "$tmp/etc2"
	install -d -o nobody -m 700 "$tmp/state2"
	printf '[state]\ndirectory = %s\n' "$tmp/state2" >"$ini"
	window
	rm -f "$tmp/jar"
	status -c "$tmp/jar" "$url" >/dev/null
	send /range -d do=save -d was= -d name=a -d range.addresses=127.9.0.0/30 -d communities=c >/dev/null
	same "where the folder is root's, secrets are for who owns the state folder" "$(stat -c '%U %a' "$tmp/etc2/communities.a")" "nobody 600"
	same "and so are the commands that it runs" "$(send /start -d kind=sweep)" 303
	await 20 bash -c "! curl -s -b '$tmp/jar' '$at/job?id=1' | grep -q data-running"
	check "which can read them" bash -c "curl -s -b '$tmp/jar' '$at/job?id=1' | grep -q '0 printers found'"
	check "which is no matter to be told" bash -c "! grep -q 'belong to root' '$tmp/body' '$tmp/window.err'"
	kill -INT $window_pid
	# With nobody to become, and nobody whose the secrets are to be: that is told, with the command that helps, until it has helped.
	ini=$tmp/etc3/ice.ini
	install -d -m 755 "$tmp/etc3"
	printf '[state]\ndirectory = %s\n' "$tmp/state3" >"$ini"
	window
	rm -f "$tmp/jar"
	status -c "$tmp/jar" "$url" >/dev/null
	check "root that saves for itself is told so at the start" grep -qF "install -d -o ice -m 700 $tmp/state3" "$tmp/window.err"
	for page in / /server /range; do
		curl -s -b "$tmp/jar" "$at$page" >"$tmp/body"
		check "and on $page, with the command that helps" grep -qF "install -d -o ice -m 700 $tmp/state3" "$tmp/body"
	done
	install -d -o nobody -m 700 "$tmp/state3"
	check "until it has helped" bash -c "! curl -s -b '$tmp/jar' '$at/range' | grep -q 'belong to root'"
	kill -INT $window_pid
else
	skip "as whom it runs when root starts it: not root"
fi
finish
