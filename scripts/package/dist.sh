#!/bin/sh
# Packs sensorium-VERSION-linux-ARCH.tar.gz into dist/, with its SHA-256 and a bill of materials (SPDX 2.3) beside it:
# scripts/package/dist.sh BINARY
#
# The same program and commit give the same bytes.
set -eu
umask 022
export LC_ALL=C TZ=UTC

binary=$1
here=$(dirname "$0")
root=$(cd "$here/../.." && pwd)
out=$root/dist
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
name=sensorium-$("$binary" version)-linux-$(uname -m)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
DESTDIR=$work/$name PREFIX='' BINDIR=/usr/local/bin "$here/stage.sh" "$binary"
cat > "$work/$name/INSTALL" <<'TEXT'
bin/sensorium runs where this folder is: it finds the model in share/. It needs libraries that Debian 12 has in packages:

    apt-get install @packages@

To have it in /usr/local, copy the folders: cp -r bin share lib /usr/local/
For the systemd unit make its user first: useradd --system --home-dir /var/lib/sensorium --shell /usr/sbin/nologin sensorium
TEXT
packages=$("$here/libraries.sh" "$binary" | cut -d ' ' -f 1 | grep -vx -e libc6 -e 'libgcc-s1' -e 'libstdc++6' | tr '\n' ' ')
sed -i "s/@packages@/${packages% }/" "$work/$name/INSTALL"

mkdir -p "$out"
tar --create --directory "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" \
    --format=gnu "$name" | gzip -9n > "$work/archive"
mv "$work/archive" "$out/$name.tar.gz"
(cd "$out" && sha256sum "$name.tar.gz" > "$name.tar.gz.sha256")
"$here/libraries.sh" "$binary" | python3 "$here/sbom.py" "$root" "$binary" "$out/$name.tar.gz" > "$out/$name.spdx.json"
echo "$out/$name.tar.gz"
