#!/bin/sh
# Builds sensorium_VERSION_ARCH.deb in dist/: scripts/package/deb.sh BINARY
#
# DEB_VERSION   another version than the program's
# The same program and commit give the same bytes.
set -eu
umask 022
export LC_ALL=C TZ=UTC

binary=$(readlink -f "$1")
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out=$root/dist
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
version=${DEB_VERSION:-$("$binary" version)}
architecture=$(dpkg --print-architecture)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/tree
DESTDIR=$tree PREFIX=/usr ZSHDIR=zsh/vendor-completions "$here/stage.sh" "$binary"
# What is set is in /etc, where dpkg asks before it changes what somebody changed.
install -d "$tree/etc/sensorium" "$tree/DEBIAN"
mv "$tree/usr/share/doc/sensorium/sensorium.toml" "$tree/etc/sensorium/sensorium.toml"
gzip -9nc "$root/CHANGELOG.md" > "$tree/usr/share/doc/sensorium/changelog.gz"

# dpkg-shlibdeps looks for the source package that it belongs to.
mkdir -p "$work/source/debian"
printf 'Source: sensorium\n\nPackage: sensorium\nArchitecture: any\n' > "$work/source/debian/control"
libraries=$(cd "$work/source" && dpkg-shlibdeps -O -e"$tree/usr/bin/sensorium" | sed -n 's/^shlibs:Depends=//p')

size=$(find "$tree/usr" "$tree/etc" -type f -printf '%s\n' | awk '{sum += int(($1 + 1023) / 1024)} END {print sum}')
sed -e "s|@version@|$version|" -e "s|@architecture@|$architecture|" -e "s|@libraries@|$libraries|" -e "s|@size@|$size|" \
    "$here/debian/control" > "$tree/DEBIAN/control"
for script in postinst prerm postrm; do install -m 755 "$here/debian/$script" "$tree/DEBIAN/$script"; done
install -m 644 "$here/debian/templates" "$tree/DEBIAN/templates"
echo /etc/sensorium/sensorium.toml > "$tree/DEBIAN/conffiles"
(cd "$tree" && find usr -type f -print0 | sort -z | xargs -0 md5sum) > "$tree/DEBIAN/md5sums"
find "$tree" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +

mkdir -p "$out"
file=$out/sensorium_${version}_$architecture.deb
# Weights hardly compress: xz would take a minute and a half for 2 % less.
dpkg-deb --root-owner-group -Zgzip -z6 --build "$tree" "$work/package" > /dev/null
mv "$work/package" "$file"
echo "$file"
