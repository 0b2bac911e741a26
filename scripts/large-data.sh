#!/usr/bin/env bash
# large-data.sh [MILLIONS [FOLDER]]: what docs/sharded-data.md measures. Makes an ndjson of that many million sketches
# [5] (limn's own doodles, again and again), converts it to shards, looks at them, trains a tiny model for a few steps,
# and checks the order of an epoch. Needs a build in build/release, LIMN_BUILD names another, and 1 GB of disk for each
# million in FOLDER [a temporary one, removed at the end].
set -euo pipefail
cd "$(dirname "$0")/.."
millions="${1:-5}" build="$(realpath "${LIMN_BUILD:-build/release}")"
limn="$build/app/limn" test="$build/tests/sketch/sketch_test"
if [[ $# -ge 2 ]]; then
  folder="$(realpath "$2")"
else
  folder="$(mktemp -d)"
  trap 'rm -rf "$folder"' EXIT
fi
cd "$folder"

# measured NAME COMMAND...: runs it; then its seconds, the most memory it had, and the most of its own (without mapped
# files, which the system takes back when it needs them).
measured() {
  local name="$1" begin end status peak=0 own=0 value
  shift
  begin="${EPOCHREALTIME/[.,]/}"  # microseconds
  "$@" >"$name.out" &
  local process=$!
  while status="$(cat "/proc/$process/status" 2>/dev/null)" && [[ "$status" == *VmHWM* ]]; do
    value="$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' <<<"$status")" && ((value > peak)) && peak="$value"
    value="$(sed -n 's/^RssAnon:[^0-9]*\([0-9]*\).*/\1/p' <<<"$status")" && ((value > own)) && own="$value"
    sleep 0.05
  done
  wait "$process"
  end="${EPOCHREALTIME/[.,]/}"
  printf '%s: %d.%02d s, at most %d MiB in memory, %d MiB its own\n' "$name" $(((end - begin) / 1000000)) \
    $(((end - begin) / 10000 % 100)) $((peak / 1024)) $((own / 1024))
}

# 11,000 doodles a copy.
"$limn" data convert builtin:doodles-10 -o doodles.ndjson
for ((i = 0; i < (millions * 1000 + 10) / 11; ++i)); do cat doodles.ndjson; done >large.ndjson
measured convert "$limn" data convert large.ndjson -o large.limn --split 99.8/0.1/0.1
cat convert.out
du -sm large.ndjson large.limn
ls large.limn | wc -l
measured info "$limn" data info large.limn
cat info.out
measured verify "$limn" data info large.limn --verify
tiny=(--set enc_rnn_size=16 dec_rnn_size=16 z_size=8 log_every=1 sample_every=0 --batch-size 100 --quiet --threads 1)
measured first-step "$limn" train sketch-rnn --data large.limn --out run --overwrite --steps 1 "${tiny[@]}"
measured train "$limn" train sketch-rnn --data large.limn --out run --overwrite --steps 200 "${tiny[@]}"
measured train-filtered "$limn" train sketch-rnn --data large.limn --out run --overwrite --steps 1 "${tiny[@]}" \
  --set max_seq_len=40
LIMN_LARGE_DATA=large.limn measured order "$test" --gtest_filter='LargeData.*' --gtest_brief=1
cat order.out
