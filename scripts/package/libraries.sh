#!/bin/sh
# Prints the Debian packages of the libraries that a program loads, one a line with its version: scripts/package/libraries.sh BINARY
#
# Of what the program itself names; theirs are their packages' affair.
set -eu
export LC_ALL=C

loaded=$(ldd "$1" | awk '/=> \//{print $1, $3}')
readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | while read -r name; do
    path=$(echo "$loaded" | awk -v name="$name" '$1 == name {print $2; exit}')
    case $path in
    '') continue ;;
    esac
    # A library may lie in a folder that is a link.
    package=$(dpkg -S "$(readlink -f "$path")" 2>/dev/null || dpkg -S "*${path#/usr}" 2>/dev/null) ||
        { echo "No package has $path." >&2; exit 1; }
    package=$(echo "$package" | head -n 1 | cut -d ':' -f 1)
    dpkg-query -W -f '${Package} ${Version}\n' "$package" | head -n 1
done | sort -u
