#!/bin/sh
# Prints the licences of the program and of all that is linked into it: scripts/package/licences.sh BUILD-FOLDER
set -eu

build=$1
root=$(dirname "$0")/../..
toolchain=$(dirname "$(dirname "$(readlink -f "$(command -v swift)")")")

cat <<'TEXT'
Sensorium is licensed under the Apache License 2.0. The model in models/sensorium-base has a card, README.md beside its
weights, that says where they come from and under which terms they may be used.

The program holds, linked statically:

  - the run-time library of Swift, with Dispatch and FoundationEssentials: Apache License 2.0 with Runtime Library Exception
  - swift-argument-parser: Apache License 2.0 with Runtime Library Exception
  - swift-log: Apache License 2.0

The other libraries that it uses are the system's own.
TEXT

section() {
    printf '\n%s\n%s\n\n' "================================================================================" "$1"
    cat "$2"
}

section "Sensorium" "$root/LICENSE"
section "Swift" "$toolchain/share/swift/LICENSE.txt"
section "swift-argument-parser" "$build/checkouts/swift-argument-parser/LICENSE.txt"
section "swift-log" "$build/checkouts/swift-log/LICENSE.txt"
section "swift-log, NOTICE" "$build/checkouts/swift-log/NOTICE.txt"
