#!/usr/bin/env bash
# Holds a server to its contract (`make contract`): schemathesis sends it at least CASES requests made from openapi.yaml, valid
# ones and wrong ones, and checks each answer in every way that it can. Fails on any finding.
#
#   PROGRAM=FILE   the program to start, else the one that `make build` made
#   MODEL=FOLDER   the checkpoint to serve, else models/sensorium-base
#   CASES=NUMBER   12000 where it is not given
#   FOLDER=FOLDER  where the environment of Python, the data and the reports go, else .build/contract
#
# Small models of the tests are served beside it, for the paths that it has no answer to.
#
# Two servers are asked in turn, one without API keys and one with. Seeds are 1, 2, 3 …, so that a run can be repeated.
set -euo pipefail
cd "$(dirname "$0")/../.."

program=${PROGRAM:-.build/release/sensorium}
model=${MODEL:-models/sensorium-base}
cases=${CASES:-12000}
folder=${FOLDER:-.build/contract}
here=scripts/contract
key=contract-0123456789abcdef0123456789abcdef

mkdir -p "$folder"
if ! cmp -s "$here/requirements.txt" "$folder/installed.txt"; then
    rm -rf "$folder/venv"
    /usr/bin/python3 -m venv "$folder/venv" || { echo "Install the package python3-venv."; exit 1; }
    "$folder/venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
    cp "$here/requirements.txt" "$folder/installed.txt"
fi

servers=()
stop() { for server in "${servers[@]}"; do kill "$server" 2>/dev/null && wait "$server" || true; done; }
trap stop EXIT

# Starts a server with a data folder of its own, and sets `address` once it is ready.
serve() {
    local name=$1
    rm -rf "$folder/data-$name"
    "$program" serve --model "$model" --model Tests/Fixtures/vision/clip --model Tests/Fixtures/text/bert-rank \
        --model Tests/Fixtures/whisper/english --model Tests/Fixtures/whisper/multilingual --model Tests/Fixtures/smolvlm/smolvlm --data "$folder/data-$name" --port 0 --access-log off "${@:2}" 2>"$folder/$name.log" &
    servers+=($!)
    for _ in $(seq 600); do
        address=$(sed -n 's/.*Listening on \(http[^ ]*[0-9]\).*/\1/p' "$folder/$name.log")
        if [ -n "$address" ] && curl --silent --fail --output /dev/null "$address/health/ready"; then return; fi
        sleep 0.2
    done
    echo "The server did not become ready:"
    cat "$folder/$name.log"
    exit 1
}

# A server with keys refuses what brings none: there, its contract does not say that none is needed.
echo "$key" >"$folder/keys"
chmod 600 "$folder/keys"
sed '/^security:$/{n;d}' openapi.yaml >"$folder/keyed.yaml"

serve open
open=$address
serve keyed --api-keys "$folder/keys" --trusted-proxy 127.0.0.1
keyed=$address

# Sends one round of cases, and adds to `sent` how many they were.
sent=0
ask() {
    local seed=$1 contract=$2 report="$folder/report-$1.txt"
    shift 2
    if ! PYTHONPATH=$here SCHEMATHESIS_HOOKS=hooks "$folder/venv/bin/schemathesis" \
        --config-file "$here/schemathesis.toml" run "$contract" --url "$CONTRACT_URL" --seed "$seed" --generation-database none --no-color "$@" \
        >"$report" 2>&1; then
        # Uploads stand in the report as they were sent.
        LC_ALL=C tr -cd '\n\t -~' <"$report" | cut -c 1-1000
        echo "The contract does not hold; the whole report is $report."
        exit 1
    fi
    local count
    count=$(sed -n 's/^ *\([0-9]*\) generated.*/\1/p' "$report")
    sent=$((sent + count))
    echo "seed $seed: $count cases, nothing found; $sent so far"
}

seed=0
while [ "$sent" -lt "$cases" ]; do
    seed=$((seed + 1))
    if [ $((seed % 2)) -eq 1 ]; then
        CONTRACT_URL=$open CONTRACT_KEY= ask "$seed" openapi.yaml
    else
        CONTRACT_URL=$keyed CONTRACT_KEY=$key ask "$seed" "$folder/keyed.yaml" --header "Authorization: Bearer $key"
    fi
done
