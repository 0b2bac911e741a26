#!/usr/bin/env bash
# Fuzzes what reads files and requests: libFuzzer under AddressSanitizer and UBSan. The last line is the verdict.
# Usage: scripts/fuzz.sh [--minutes N | --seconds N] [--jobs N] [--help] [TARGET…]
#   --minutes N  in all, over the targets in turns; a target that finds new coverage gets longer turns
#   --seconds N  for each target, one turn; default 60
#   --jobs N     compile N files at once; default: the cores, at most 2
#   TARGET       one of tests/fuzz/*.cpp by its name, as npz; default: all
# Installs Clang 14 where it is missing. Builds in build/fuzz. Inputs that give new coverage gather in
# build/fuzz/corpus and are minimised at the end: 400 files and 1 MiB for each target. Those that break something are
# kept in build/fuzz/findings; a target that broke gets no more turns. Prints a table of what was done.
# Exit status 0 only if nothing broke.
set -euo pipefail

root="$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
MAX_MEGABYTES=2048        # of memory in all
MAX_BLOCK_MEGABYTES=300   # of one allocation: a PNG may have 2^26 pixels of four bytes
MAX_INPUT_BYTES=8192      # longer inputs find little more, and slowly
SECONDS_PER_INPUT=60      # even on a busy machine
SHORTEST_TURN=10          # seconds
LONGEST_TURN=120
MAX_CORPUS_FILES=400      # of one target
MAX_CORPUS_BYTES=1048576
seconds=60
minutes=
cores="$(nproc)"
jobs=$((cores < 2 ? cores : 2))
targets=()

usage_error() {
  echo "fuzz: error: $1; see --help" >&2
  exit 2
}
while (($# > 0)); do
  case "$1" in
    --minutes | --seconds | --jobs)
      [[ "${2:-}" =~ ^[1-9][0-9]*$ ]] || usage_error "$1 needs a number"
      declare "${1#--}=$2"
      shift
      ;;
    -h | --help) sed -n '2,12s/^# \{0,1\}//p' "$0"; exit 0 ;;
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
declare -A runs spent memory coverage turn files bytes
broken=()
mkdir -p "$findings"
for target in "${targets[@]}"; do
  mkdir -p "build/fuzz/corpus/$target"
  runs[$target]=0 spent[$target]=0 memory[$target]=0 coverage[$target]=- turn[$target]=$SHORTEST_TURN
done

is_broken() { [[ " ${broken[*]-} " == *" $1 "* ]]; }

# The number that the log of a target has for a name, or 0.
figure() {
  local value
  value="$(sed -n "s/^stat::$2: *//p" "build/fuzz/$1.log" | tail -n 1)"
  echo "${value:-0}"
}

# fuzz TARGET SECONDS: one turn. Its log stays in build/fuzz/TARGET.log.
fuzz() {
  local target="$1" log="build/fuzz/$1.log" status=0 start=$SECONDS peak edges
  "build/fuzz/tests/fuzz/fuzz_$target" -max_total_time="$2" -max_len="$MAX_INPUT_BYTES" -fork=0 \
    -rss_limit_mb="$MAX_MEGABYTES" -malloc_limit_mb="$MAX_BLOCK_MEGABYTES" -timeout="$SECONDS_PER_INPUT" \
    -print_final_stats=1 -artifact_prefix="$findings/$target-" "build/fuzz/corpus/$target" \
    "tests/fuzz/corpus/$target" >"$log" 2>&1 </dev/null || status=$?
  runs[$target]=$((runs[$target] + $(figure "$target" number_of_executed_units)))
  spent[$target]=$((spent[$target] + SECONDS - start))
  peak="$(figure "$target" peak_rss_mb)"
  if ((peak > memory[$target])); then memory[$target]=$peak; fi
  edges="$(sed -n 's/.* cov: \([0-9]*\) ft: .*/\1/p' "$log" | tail -n 1)"
  coverage[$target]="${edges:-${coverage[$target]}}"
  if ((status != 0)); then
    broken+=("$target")
    echo "fuzz: $target: BROKEN, see $log"
    grep --max-count=3 -E '^finding:|ERROR: |runtime error: |SUMMARY: |Test unit written' "$log" | sed 's/^/  /'
  elif (($(figure "$target" new_units_added) > 0)); then
    turn[$target]=$((2 * turn[$target] < LONGEST_TURN ? 2 * turn[$target] : LONGEST_TURN))
  else
    turn[$target]=$((turn[$target] / 2 > SHORTEST_TURN ? turn[$target] / 2 : SHORTEST_TURN))
  fi
}

# minimise TARGET: keeps of its gathered corpus what covers more than the seeds do, the smallest files first.
minimise() {
  local target="$1" gathered="build/fuzz/corpus/$1" merged="build/fuzz/merged/$1" file size
  files[$target]=0 bytes[$target]=0
  rm -rf "$merged"
  mkdir -p "$merged"
  cp "tests/fuzz/corpus/$target/"* "$merged"
  if ! "build/fuzz/tests/fuzz/fuzz_$target" -merge=1 -artifact_prefix="$findings/$target-" -max_len="$MAX_INPUT_BYTES" \
    -rss_limit_mb="$MAX_MEGABYTES" -malloc_limit_mb="$MAX_BLOCK_MEGABYTES" -timeout="$SECONDS_PER_INPUT" \
    "$merged" "$gathered" \
    >"build/fuzz/$target.merge.log" 2>&1 </dev/null; then
    echo "fuzz: $target: its corpus cannot be minimised, see build/fuzz/$target.merge.log" >&2
    return
  fi
  for file in "tests/fuzz/corpus/$target/"*; do rm -f "$merged/${file##*/}"; done
  rm -rf "$gathered"
  mkdir "$gathered"
  while read -r size file; do
    if ((files[$target] >= MAX_CORPUS_FILES || bytes[$target] + size > MAX_CORPUS_BYTES)); then break; fi
    mv "$merged/$file" "$gathered"
    files[$target]=$((files[$target] + 1)) bytes[$target]=$((bytes[$target] + size))
  done < <(find "$merged" -type f -printf '%s %f\n' | sort -n)
  rm -rf "$merged"
}

if [[ -z "$minutes" ]]; then
  for target in "${targets[@]}"; do fuzz "$target" "$seconds"; done
else
  end=$((SECONDS + 60 * minutes))
  while ((SECONDS < end && ${#broken[@]} < ${#targets[@]})); do
    for target in "${targets[@]}"; do
      left=$((end - SECONDS))
      if ((left <= 0)); then break; fi
      if is_broken "$target"; then continue; fi
      fuzz "$target" "$((left < turn[$target] ? left : turn[$target]))"
    done
  done
fi

stage="minimising"
total=0
printf '%-14s %12s %8s %8s %7s %9s %7s  %s\n' target executions seconds edges files bytes MB ''
for target in "${targets[@]}"; do
  minimise "$target"
  total=$((total + runs[$target]))
  note=
  if is_broken "$target"; then note=BROKEN; fi
  printf '%-14s %12d %8d %8s %7d %9d %7d  %s\n' "$target" "${runs[$target]}" "${spent[$target]}" \
    "${coverage[$target]}" "${files[$target]}" "${bytes[$target]}" "${memory[$target]}" "$note"
done
if ((${#broken[@]} > 0)); then
  stage="findings in ${broken[*]}; the inputs are in $findings"
  exit 1
fi
echo "fuzz: nothing broke in ${#targets[@]} targets, $total inputs"
