#!/bin/sh
# Time from a clone to the first caption, build included: what a new user waits.
#   scripts/bench/clone.sh [PORT]
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
port=${1:-18080}
folder=$(mktemp -d)
server=""
trap 'if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; fi; rm -rf "$folder"' EXIT

start=$(date +%s)
git clone -q "$root" "$folder/sensorium"
cd "$folder/sensorium"
make build >"$folder/build.log" 2>&1 || { tail -20 "$folder/build.log"; exit 1; }
built=$(date +%s)
.build/release/sensorium serve --model models/sensorium-base --host 127.0.0.1 --port "$port" 2>"$folder/serve.log" &
server=$!
until curl -sf -o /dev/null "http://127.0.0.1:$port/health/ready"; do
    kill -0 "$server" 2>/dev/null || { cat "$folder/serve.log"; exit 1; }
    sleep 0.05
done
curl -sf -F image=@Tests/Fixtures/media/astronaut.jpg "http://127.0.0.1:$port/v1/caption"
end=$(date +%s)
echo
echo "clone to first caption: $((end - start)) s, of which build $((built - start)) s"
