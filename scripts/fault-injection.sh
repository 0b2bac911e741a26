#!/usr/bin/env bash
# Runs limn with one system call that fails, or is the last one before SIGKILL: for every call of short runs of each
# family, and of the commands that write, with every error that the call may have. The last line is the verdict.
# Usage: scripts/fault-injection.sh [--jobs N] [--help] [CASE [FAULT]]
#   --jobs N  compile N files and run N cases at once; default: the cores, at most 2
#   CASE      one of those that the run lists, as vae or sample_png; default: all
#   FAULT     only faults that begin so, as "rename" or "write 12 ENOSPC", to repeat what failed
# Builds in build/release. Takes about 20 minutes of one core for each family, and five for the other commands.
# tests/faults/ has the tests; scripts/test.sh runs a sample of the same faults. Exit status 0 only if all passed.
set -euo pipefail

root="$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cores="$(nproc)"
jobs=$((cores < 2 ? cores : 2))
wanted=()

usage_error() {
  echo "fault-injection: error: $1; see --help" >&2
  exit 2
}
while (($# > 0)); do
  case "$1" in
    --jobs)
      [[ "${2:-}" =~ ^[1-9][0-9]*$ ]] || usage_error "--jobs needs a number"
      jobs="$2"
      shift
      ;;
    -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) usage_error "unknown option '$1'" ;;
    *) wanted+=("$1") ;;
  esac
  shift
done
((${#wanted[@]} <= 2)) || usage_error "one case and one fault at most"

stage="installing packages"
trap 'status=$?; ((status == 0)) || echo "fault-injection: FAILED ($stage)" >&2' EXIT
"$root/scripts/install-deps.sh" --tests

cd "$root"
stage="building"
programs=(training_faults_test writing_faults_test fetch_faults_test)
cmake --preset release -D LIMN_BUILD_TESTS=ON >/dev/null
cmake --build --preset release --parallel "$jobs" --target "${programs[@]}"

stage="injecting faults"
folder=build/release/tests/faults
logs=build/release/faults
rm -rf "$logs"
mkdir -p "$logs"
cases=()  # PROGRAM:TEST
for program in "${programs[@]}"; do
  suite=
  while read -r name _; do
    if [[ "$name" == *. ]]; then suite="$name"; else cases+=("$program:$suite$name"); fi
  done < <("$folder/$program" --gtest_list_tests)
done
if ((${#wanted[@]} > 0)); then
  mapfile -t cases < <(printf '%s\n' "${cases[@]}" | grep -E "(/|\.)${wanted[0]}\$") || true
  ((${#cases[@]} > 0)) || usage_error "no case '${wanted[0]}'"
fi
export LIMN_FAULTS="${wanted[1]:-all}"

# run PROGRAM:TEST: the line that counts its faults, and what failed.
run() {
  local name="${1##*[/.]}"
  local log="$2/$name.log" status=0
  "$3/${1%%:*}" --gtest_filter="${1#*:}" >"$log" 2>&1 </dev/null || status=$?
  grep -E '^[a-z_]+: [0-9]+ faults' "$log" | sed 's/^/fault-injection: /'
  if ((status != 0)); then
    echo "fault-injection: $name: $(grep -c ': Failure$' "$log" || true) failures, see $log"
    return 1
  fi
}
export -f run
failed=0
printf '%s\n' "${cases[@]}" | xargs -P "$jobs" -I{} bash -c 'run {} "$0" "$1"' "$logs" "$folder" || failed=1
total="$(cat "$logs"/*.log | sed -n 's/^[a-z_]*: \([0-9]*\) faults.*/\1/p' | paste -sd+ | sed 's/^$/0/')"
if ((failed)); then
  stage="after $((total)) faults, see $logs"
  exit 1
fi
((total > 0)) || {
  stage="no fault begins with '$LIMN_FAULTS'"
  exit 1
}
echo "fault-injection: $((total)) faults in ${#cases[@]} cases, nothing lost"
