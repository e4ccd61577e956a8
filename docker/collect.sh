#!/bin/sh
# Lays out what a program needs to run, and no more: docker/collect.sh BINARY TREE
#
# The program without its symbols, the libraries that the loader finds for it with their licences, certificates, a user, and folders
# that it may write to.
set -eu
umask 022
export LC_ALL=C

binary=$1
tree=$2
mkdir -p "$tree/usr/bin" "$tree/etc/ssl/certs" "$tree/var/lib/sensorium" "$tree/tmp"
strip -o "$tree/usr/bin/sensorium" "$binary"
chmod 755 "$tree/usr/bin/sensorium"

# "name => /path (address)" and, of the loader itself, "/path (address)".
ldd "$binary" | awk '/=> not found/ {print "There is no " $1 "." > "/dev/stderr"; exit 1}
    $2 == "=>" && $3 ~ /^\// {print $3} $1 ~ /^\// {print $1}' | sort -u | while read -r library; do
    # Where it is looked for, with what it is: the loader knows these folders without a cache.
    mkdir -p "$tree$(dirname "$library")"
    cp --dereference "$library" "$tree$library"
    file=$(readlink -f "$library")
    package=$(dpkg -S "$file" 2>/dev/null || dpkg -S "${file#/usr}" 2>/dev/null || dpkg -S "*/$(basename "$file")")
    package=$(echo "$package" | head -n 1 | cut -d : -f 1)
    mkdir -p "$tree/usr/share/doc/$package"
    cp --dereference "/usr/share/doc/$package/copyright" "$tree/usr/share/doc/$package/copyright"
done
mkdir -p "$tree/usr/share/doc/sensorium"
cp LICENSE "$tree/usr/share/doc/sensorium/copyright"

cp --dereference /etc/ssl/certs/ca-certificates.crt "$tree/etc/ssl/certs/"
echo 'sensorium:x:65532:65532::/var/lib/sensorium:/sbin/nologin' > "$tree/etc/passwd"
echo 'sensorium:x:65532:' > "$tree/etc/group"
echo 'hosts: files dns' > "$tree/etc/nsswitch.conf"
chmod 1777 "$tree/tmp"
chown 65532:65532 "$tree/var/lib/sensorium"
chmod 700 "$tree/var/lib/sensorium"
