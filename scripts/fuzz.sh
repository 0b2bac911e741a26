#!/usr/bin/env bash
# Fuzzes what reads files and requests: libFuzzer under AddressSanitizer and UBSan. The last line is the verdict.
# Usage: scripts/fuzz.sh [--seconds N] [--jobs N] [--help] [TARGET…]
#   --seconds N  for each target; default 60
#   --jobs N     compile N files at once; default: the cores, at most 2
#   TARGET       one of tests/fuzz/*.cpp by its name, as npz; default: all
# Installs Clang 14 where it is missing. Builds in build/fuzz; inputs that give new coverage gather in
# build/fuzz/corpus, those that break something in build/fuzz/findings. Exit status 0 only if nothing broke.
set -euo pipefail

root="$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
MAX_MEGABYTES=2048        # of memory in all
MAX_BLOCK_MEGABYTES=300   # of one allocation: a PNG may have 2^26 pixels of four bytes
MAX_INPUT_BYTES=8192      # longer inputs find little more, and slowly
SECONDS_PER_INPUT=60      # even on a busy machine
seconds=60
cores="$(nproc)"
jobs=$((cores < 2 ? cores : 2))
targets=()

usage_error() {
  echo "fuzz: error: $1; see --help" >&2
  exit 2
}
while (($# > 0)); do
  case "$1" in
    --seconds | --jobs)
      [[ "${2:-}" =~ ^[1-9][0-9]*$ ]] || usage_error "$1 needs a number"
      declare "${1#--}=$2"
      shift
      ;;
    -h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) usage_error "unknown option '$1'" ;;
    *)
      [[ -d "$root/tests/fuzz/corpus/$1" ]] ||
        usage_error "no target '$1'; there are: $(ls "$root/tests/fuzz/corpus" | xargs)"
      targets+=("$1")
      ;;
  esac
  shift
done
((${#targets[@]} > 0)) || mapfile -t targets < <(ls "$root/tests/fuzz/corpus")

stage="installing packages"
trap 'status=$?; ((status == 0)) || echo "fuzz: FAILED ($stage)" >&2' EXIT
"$root/scripts/install-deps.sh" --fuzz

cd "$root"
stage="building"
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --parallel "$jobs"

export UBSAN_OPTIONS=print_stacktrace=1
stage="fuzzing"
findings=build/fuzz/findings
broken=()
for target in "${targets[@]}"; do
  gathered="build/fuzz/corpus/$target"
  log="build/fuzz/$target.log"
  mkdir -p "$gathered" "$findings"
  status=0
  "build/fuzz/tests/fuzz/fuzz_$target" -max_total_time="$seconds" -max_len="$MAX_INPUT_BYTES" \
    -rss_limit_mb="$MAX_MEGABYTES" -malloc_limit_mb="$MAX_BLOCK_MEGABYTES" -timeout="$SECONDS_PER_INPUT" \
    -print_final_stats=1 -artifact_prefix="$findings/$target-" "$gathered" "tests/fuzz/corpus/$target" \
    >"$log" 2>&1 </dev/null || status=$?
  runs="$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
  memory="$(sed -n 's/^stat::peak_rss_mb: *//p' "$log")"
  if ((status == 0)); then
    echo "fuzz: $target: $runs inputs in $seconds s, at most $memory MB"
  else
    broken+=("$target")
    echo "fuzz: $target: BROKEN after ${runs:-some} inputs, see $log"
    grep --max-count=3 -E '^finding:|ERROR: |runtime error: |SUMMARY: |Test unit written' "$log" | sed 's/^/  /'
  fi
done
if ((${#broken[@]} > 0)); then
  stage="findings in ${broken[*]}; the inputs are in $findings"
  exit 1
fi
echo "fuzz: nothing broke in ${#targets[@]} targets, $seconds s each"
