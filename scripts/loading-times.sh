#!/usr/bin/env bash
# loading-times.sh FOLDER [LIMN]: how long limn takes from its start to a picture, to a summary and to a converted file;
# the table of docs/performance.md, section Starting. Takes from FOLDER bird.gen.json of Magenta, aaron_sheep.npz,
# short_kanji.npz and simplified.ndjson of Quick, Draw!, and passes over those that are not there. Medians of 11 runs
# (RUNS=N: of N). LIMN is another program, an older one, which then runs in turns with ours in a second column. Needs a
# build in build/release, LIMN_BUILD names another. Nothing else should run.
set -euo pipefail
cd "$(dirname "$0")/.."
if [[ $# -lt 1 || $# -gt 2 || "$1" == -* ]]; then
  sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
  exit 1
fi
data="$(realpath "$1")" ours="$(realpath "${LIMN_BUILD:-build/release}")/app/limn" runs="${RUNS:-11}"
programs=("$ours")
[[ $# -eq 2 ]] && programs=("$(realpath "$2")" "$ours")
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"

# row NAME MEGABYTES ARGUMENTS...: a line of the table. With megabytes, which may be broken, their number per second too.
row() {
  local name="$1" size="$2" cells="" program i begin
  shift 2
  for ((i = 0; i < runs; ++i)); do
    for program in "${!programs[@]}"; do
      begin="${EPOCHREALTIME/[.,]/}"  # microseconds
      "${programs[program]}" "$@" >/dev/null
      echo $((${EPOCHREALTIME/[.,]/} - begin)) >>"times.$program"
    done
  done
  for program in "${!programs[@]}"; do
    cells+="$(sort -n "times.$program" | awk -v size="$size" '{ t[NR] = $1 } END {
      median = (t[int((NR + 1) / 2)] + t[int((NR + 2) / 2)]) / 2
      printf " %.0f ms", median / 1e3
      if (size > 0) printf ", %.0f MB/s", size * 1e6 / median
      printf " |"
    }')"
    rm "times.$program"
  done
  echo "| $name |$cells"
}

# has FILE...: whether FOLDER has them; says so where not.
has() {
  local file
  for file in "$@"; do
    [[ -e "$data/$file" ]] && continue
    echo "loading-times: $file is not in $data; its row is left out" >&2
    return 1
  done
}

row "limn --version" 0 --version
row "limn sample builtin:doodles, one drawing" 0 sample builtin:doodles -n 1 -o new.svg
if has bird.gen.json; then
  row "limn sample bird.gen.json, one drawing" 0 sample "$data/bird.gen.json" -n 1 -o new.svg
fi
if has aaron_sheep.npz; then
  row "limn data info aaron_sheep.npz" 0 data info "$data/aaron_sheep.npz"
fi
if has simplified.ndjson; then
  cat "$data/simplified.ndjson" >many.ndjson
  while [[ "$(stat -c %s many.ndjson)" -lt 20000000 ]]; do
    cat many.ndjson many.ndjson >more.ndjson
    mv more.ndjson many.ndjson
  done
  megabytes="$(stat -c %s many.ndjson | awk '{ print $1 / 1e6 }')"
  row "limn data convert many.ndjson -o many.npz" "$megabytes" data convert many.ndjson -o many.npz
fi
if has short_kanji.npz; then
  "$ours" data convert "$data/short_kanji.npz" -o kanji/ >/dev/null
  row "limn data info kanji/, $(ls kanji | wc -l) SVGs" 0 data info kanji
fi
