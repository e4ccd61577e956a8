#!/bin/sh
# Lays out an installation: scripts/package/stage.sh BINARY
#
# DESTDIR   where it is laid out; the root of the system if nothing is said
# PREFIX    where it will be, /usr/local if nothing is said
# BINDIR    where the program will be, for the systemd unit, if not in PREFIX/bin
# ZSHDIR    the folder of zsh's completions below PREFIX
set -eu
umask 022
export LC_ALL=C

binary=$1
here=$(dirname "$0")
root=$here/../..
prefix=${PREFIX-/usr/local}
base=${DESTDIR-}$prefix
share=$base/share
doc=$share/doc/sensorium

install -d "$base/bin" "$share/sensorium/models/sensorium-base" "$share/man/man1" "$share/bash-completion/completions" \
    "$share/${ZSHDIR:-zsh/site-functions}" "$share/fish/vendor_completions.d" "$base/lib/systemd/system" "$doc"

# In place of a program that runs, which nobody may write to.
strip -o "$base/bin/sensorium.new" "$binary"
chmod 755 "$base/bin/sensorium.new"
mv -f "$base/bin/sensorium.new" "$base/bin/sensorium"

install -m 644 "$root"/models/sensorium-base/* "$share/sensorium/models/sensorium-base"

python3 "$here/manual.py" "$binary" "$share/man/man1"
gzip -9nf "$share"/man/man1/sensorium*.1

"$binary" --generate-completion-script bash > "$share/bash-completion/completions/sensorium"
"$binary" --generate-completion-script zsh > "$share/${ZSHDIR:-zsh/site-functions}/_sensorium"
"$binary" --generate-completion-script fish > "$share/fish/vendor_completions.d/sensorium.fish"

sed "s|@bindir@|${BINDIR:-$prefix/bin}|" "$here/sensorium.service" > "$base/lib/systemd/system/sensorium.service"
chmod 644 "$base/lib/systemd/system/sensorium.service"

install -m 644 "$here/sensorium.toml" "$doc/sensorium.toml"
"$here/licences.sh" "$(dirname "$binary")/../.." > "$doc/copyright"
