#!/usr/bin/env bash
# build.sh ROOT OUT VERSION: Debian packages from what `make install` put below ROOT with PREFIX=/usr. The engine and the server are
# two packages, since they live on different machines. Each has its folder here with the parts of its control data.
set -euo pipefail
root=$1 out=$2 version=$3
here=$(cd "$(dirname "$0")" && pwd)
umask 022
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(stat -c %Y "$here/changelog")}
architecture=$(dpkg --print-architecture)

# take PACKAGE PATH...: out of what was installed, into the package's tree.
take() {
	local tree=$out/$1 path; shift
	for path; do
		mkdir -p "$tree/$(dirname "$path")"
		cp -a "$root/$path" "$tree/$path"
	done
}

# finish PACKAGE: what every package has, and the package itself.
finish() {
	local package=$1 tree=$out/$1 doc=$out/$1/usr/share/doc/$1 f
	mkdir -p "$doc" "$tree/DEBIAN" "$tree/usr/lib/sysusers.d"
	cp "$here/$package/sysusers" "$tree/usr/lib/sysusers.d/$package.conf"
	{ cat "$here/copyright"; sed 's/^$/./; s/^/ /' "$here/../../LICENSE"; } >"$doc/copyright"
	sed "s/@PACKAGE@/$package/; s/@VERSION@/$version/" "$here/changelog" | gzip -9n >"$doc/changelog.gz"
	for f in "$tree"/usr/bin/*; do strip --strip-unneeded --remove-section=.comment --remove-section=.note "$f"; done
	find "$tree/usr/share/man" -type f -exec gzip -9n {} +
	find "$tree" -type d -exec chmod 755 {} + -o -type f -not -path '*/bin/*' -exec chmod 644 {} +
	(cd "$tree" && find etc -type f | sort | sed 's|^|/|') >"$tree/DEBIAN/conffiles"
	for f in postinst prerm postrm; do
		sed "s/@PACKAGE@/$package/g" "$here/$f" >"$tree/DEBIAN/$f"
		chmod 755 "$tree/DEBIAN/$f"
	done
	(cd "$tree" && find usr -type f | sort | xargs -d '\n' md5sum) >"$tree/DEBIAN/md5sums"
	control "$package" >"$tree/DEBIAN/control"
	dpkg-deb --root-owner-group --build "$tree" "$out/${package}_${version}_$architecture.deb" >/dev/null
	echo "$out/${package}_${version}_$architecture.deb"
}

# control PACKAGE: its control file; what it depends on is what its programs are linked with.
control() {
	local package=$1 tree=$out/$1 work depends
	work=$(mktemp -d)
	mkdir "$work/debian"
	printf 'Source: ice\n\nPackage: %s\nArchitecture: any\n' "$package" >"$work/debian/control"
	depends=$(cd "$work" && dpkg-shlibdeps -O "$tree"/usr/bin/* 2>/dev/null | sed 's/^shlibs:Depends=//')
	rm -rf "$work"
	sed -e "s/@VERSION@/$version/; s/@ARCHITECTURE@/$architecture/; s/@DEPENDS@/$depends/" \
		-e "s/@SIZE@/$(du -sk --apparent-size --exclude=DEBIAN "$tree" | cut -f1)/" "$here/$package/control"
}

out=$(cd "$out" && pwd) root=$(cd "$root" && pwd)
rm -rf "$out/ice" "$out/facilities-manager" "$out"/*.deb
take ice usr/bin/ice usr/bin/printer-fleet usr/share/ice/profiles usr/share/ice/demo usr/share/man/man1/ice.1 \
	usr/share/man/man1/printer-fleet.1 usr/share/man/man5/ice.ini.5 usr/share/bash-completion/completions/ice \
	usr/share/bash-completion/completions/printer-fleet usr/lib/systemd/system/ice.service
mkdir -p "$out/ice/usr/share/zsh/vendor-completions" "$out/ice/etc/ice"
cp "$root/usr/share/zsh/site-functions/_ice" "$out/ice/usr/share/zsh/vendor-completions"
cp "$root/usr/share/ice/examples/ice.ini" "$out/ice/etc/ice"
finish ice
take facilities-manager usr/bin/facilities-manager usr/share/man/man1/facilities-manager.1 \
	usr/lib/systemd/system/facilities-manager.service
mkdir -p "$out/facilities-manager/etc/ice" "$out/facilities-manager/usr/share/bash-completion/completions"
cp "$root/usr/share/bash-completion/completions/ice" "$out/facilities-manager/usr/share/bash-completion/completions/facilities-manager"
cp "$root/usr/share/ice/examples/facilities-manager.ini" "$out/facilities-manager/etc/ice"
finish facilities-manager
