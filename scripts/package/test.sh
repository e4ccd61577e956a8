#!/bin/sh
# Tries the Debian package in a Debian that has never seen Swift: scripts/package/test.sh BINARY
#
# As root, with debootstrap; takes minutes and a gigabyte in TMPDIR. It installs the package, runs the program, serves and asks for
# a caption from outside, upgrades, removes and purges. DEB_TEST_PORT is that of the server, 8600 if nothing is said.
set -eu
export LC_ALL=C

binary=$1
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
port=${DEB_TEST_PORT:-8600}
suite=${SUITE:-bookworm}
# The archive that this machine has its own packages from.
mirror=${MIRROR:-$(apt-get indextargets --format '$(SITE)' 'Codename: '"$suite" 'Created-By: Packages' | head -n 1)}

say() { echo "deb-test: $*"; }
fail() { say "FAILED: $*"; exit 1; }
milliseconds() { echo $(($(date +%s%N) / 1000000)); }

package=$("$here/deb.sh" "$binary")
newer=$(DEB_VERSION=$("$binary" version)+1 "$here/deb.sh" "$binary")
digest=$(sha256sum < "$package")
"$here/deb.sh" "$binary" > /dev/null
[ "$digest" = "$(sha256sum < "$package")" ] || fail "two runs gave different packages"
say "$(stat -c %s "$package") bytes of package, the same in two runs; the program has $(dpkg-deb --fsys-tarfile "$package" |
    tar -xO ./usr/bin/sensorium | wc -c)"
say "Depends: $(dpkg-deb --field "$package" Depends)"

tree=$(mktemp -d)
# The user of the service goes through it, too.
chmod 755 "$tree"
server=
cleanup() {
    [ -z "$server" ] || kill "$server" 2> /dev/null || true
    ! mountpoint -q "$tree/proc" || umount "$tree/proc"
    rm -rf "$tree"
    rm -f "$newer"
}
trap cleanup EXIT
wanted=$(dpkg-deb --field "$package" Depends | sed -e 's/([^)]*)//g' -e 's/|[^,]*//g' -e 's/ //g')
debootstrap --variant=minbase --include="$wanted" "$suite" "$tree" "$mirror" > "$tree.log" 2>&1 ||
    { tail -n 20 "$tree.log"; fail "debootstrap"; }
rm -f "$tree.log"
mount -t proc proc "$tree/proc"
cp "$package" "$tree/package.deb"
cp "$newer" "$tree/newer.deb"
inside() { DEBIAN_FRONTEND=noninteractive chroot "$tree" "$@"; }
[ -z "$(find "$tree" -xdev -name 'libswift*' -o -xdev -name 'libFoundation*')" ] || fail "there is Swift in the tree"

start=$(milliseconds)
inside dpkg --install /package.deb > /dev/null
say "installed in $(($(milliseconds) - start)) ms"
inside /usr/bin/sensorium --version
! inside ldd /usr/bin/sensorium | grep -e 'not found' -e swift -e Foundation || fail "libraries are missing"
[ "$(inside stat -c '%U %a' /var/lib/sensorium)" = "sensorium 700" ] || fail "the data folder is not the user's alone"
inside sensorium config check

serve() {
    # As the unit does: its user, the folder of its state, nothing else in the environment.
    chroot --userspec=sensorium:sensorium "$tree" /usr/bin/env -i HOME=/var/lib/sensorium STATE_DIRECTORY=/var/lib/sensorium \
        PATH=/usr/bin /usr/bin/sensorium serve --port "$port" 2> "$tree/server.log" &
    server=$!
    until curl -sf "http://127.0.0.1:$port/health/ready" > /dev/null; do
        kill -0 "$server" 2> /dev/null || fail "the server ended: $(cat "$tree/server.log")"
        sleep 0.05
    done
}
ask() { curl -sS --fail --max-time 60 -H 'X-Request-Timeout: 50' "$@"; }
stop() {
    kill -INT "$server"
    wait "$server" || fail "the server ended with an error: $(cat "$tree/server.log")"
    server=
}
serve
caption=$(ask -F "image=@$root/examples/photos/coffee.jpg" "http://127.0.0.1:$port/v1/caption" | grep -o '"caption":"[^"]*"')
say "from package to first caption in $(($(milliseconds) - start)) ms: $caption"
ask -X PUT -F "image=@$root/examples/photos/chelsea.jpg" "http://127.0.0.1:$port/v1/collections/photos/items/cat" > /dev/null
# Linux gives a process of a chroot no user namespace; in the service there is one.
grep -o 'Decoders: seccomp on, landlock [a-z]*' "$tree/server.log" || fail "decoders are not confined: $(cat "$tree/server.log")"
stop
[ -f "$tree/var/lib/sensorium/collections.sqlite" ] || fail "the collection is not in the folder of the service"

echo '# mine' >> "$tree/etc/sensorium/sensorium.toml"
inside dpkg --install /newer.deb > /dev/null
[ "$(inside dpkg-query -W -f '${Version}' sensorium)" = "$("$binary" version)+1" ] || fail "it was not upgraded"
grep -q '# mine' "$tree/etc/sensorium/sensorium.toml" || fail "the upgrade took the settings away"
serve
found=$(ask -F collection=photos -F text='a cat' "http://127.0.0.1:$port/v1/retrieve" | grep -o '"id":"cat"') || fail "the item is gone"
stop
say "upgraded; settings and collections are there: $found"

inside dpkg --remove sensorium > /dev/null
[ ! -e "$tree/usr/bin/sensorium" ] || fail "the program is still there"
[ -f "$tree/etc/sensorium/sensorium.toml" ] || fail "removing took the settings away"
inside dpkg --purge sensorium > "$tree/purge.log" 2>&1 || fail "purging: $(cat "$tree/purge.log")"
[ ! -e "$tree/etc/sensorium" ] || fail "purging left the settings"
[ -f "$tree/var/lib/sensorium/collections.sqlite" ] || fail "purging took collections that nobody told it to"
say "removed and purged; collections stayed"

inside dpkg --install /package.deb > /dev/null
echo 'sensorium sensorium/purge-data boolean true' | inside debconf-set-selections
inside dpkg --purge sensorium > "$tree/purge.log" 2>&1 || fail "purging: $(cat "$tree/purge.log")"
[ ! -e "$tree/var/lib/sensorium" ] || fail "purging left collections that it was told to remove"
! inside getent passwd sensorium > /dev/null || fail "purging left the user"
left=$(find "$tree" -xdev -iname '*sensorium*' -not -path "$tree/var/log/*" -not -path "$tree/var/cache/debconf/*")
[ -z "$left" ] || fail "purging left $left"
say "purged with the collections; all is well"
