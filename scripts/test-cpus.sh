#!/usr/bin/env bash
# Runs the tests whose results depend on the CPU (label cpu) as other kinds of CPU would: our own products with each set
# of vector instructions that this CPU has, then oneDNN's with each of its instruction sets. One line for each; the last
# line is the verdict.
# Usage: scripts/test-cpus.sh [--fast] [--only TEXT] [--build DIR] [--jobs N] [--help]
#   --fast       only the tests labelled fast: not those of the whole command
#   --only TEXT  only combinations whose line begins with TEXT: own, own avx2, onednn AVX2, …
#   --build DIR  a build with tests; default: build/release, which scripts/test.sh makes
#   --jobs N     tests at once; default: the cores
# A combination takes two minutes on two cores, or four without --fast. Exit status 0 only if all passed.
set -euo pipefail

root="$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
build="$root/build/release"
jobs="$(nproc)"
only=""
labels=(--label-regex '^cpu$')

usage_error() {
  echo "test-cpus: error: $1; see --help" >&2
  exit 2
}
while (($# > 0)); do
  case "$1" in
    --fast) labels+=(--label-regex '^fast$') ;;
    --only | --build)
      [[ -n "${2:-}" ]] || usage_error "$1 needs a value"
      if [[ "$1" == --only ]]; then only="$2"; else build="$(realpath "$2")"; fi
      shift
      ;;
    --jobs)
      [[ "${2:-}" =~ ^[1-9][0-9]*$ ]] || usage_error "--jobs needs a number"
      jobs="$2"
      shift
      ;;
    -h | --help) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) usage_error "unknown option '$1'" ;;
  esac
  shift
done
limn="$build/app/limn"
[[ -x "$limn" && -d "$build/tests" ]] || usage_error "$build holds no build with tests; run scripts/test.sh first"

log="$(mktemp -d)"
trap 'rm -rf "$log"' EXIT

# fact NAME: a line of limn doctor.
fact() { "$limn" doctor 2>/dev/null | sed -n "s/^$1  *//p"; }

# Each combination: its name, then the variables that force it.
combinations=("as this CPU:")
for simd in $(fact 'simd usable'); do combinations+=("own $simd:LIMN_GEMM=own LIMN_SIMD=$simd"); done
for isa in SSE41 AVX AVX2 AVX2_VNNI AVX512_CORE AVX512_CORE_VNNI AVX512_CORE_BF16 AVX512_CORE_AMX; do
  # oneDNN takes the best set that is there and allowed.
  if [[ " $(ONEDNN_MAX_CPU_ISA="$isa" fact products) " =~ \ with\ "$isa"[\ ,] ]]; then
    combinations+=("onednn $isa:LIMN_GEMM=onednn ONEDNN_MAX_CPU_ISA=$isa")
  fi
done

failed=0 ran=0
for combination in "${combinations[@]}"; do
  name="${combination%%:*}"
  [[ "$name" == "$only"* ]] || continue
  read -ra variables <<<"${combination#*:}"
  start="$SECONDS"
  verdict=passed
  env "${variables[@]}" "$limn" doctor >"$log/doctor" 2>&1 || verdict="FAILED: limn doctor"
  if ! env "${variables[@]}" ctest --test-dir "$build" "${labels[@]}" --parallel "$jobs" --output-on-failure \
    --no-tests=error >"$log/tests" 2>&1; then
    verdict="FAILED: $(sed -n 's/^\t *[0-9]* - \([^ ]*\) .*/\1/p' "$log/tests" | paste -sd ' ')"
  fi
  printf '%-24s %s (%d s)\n' "$name" "$verdict" "$((SECONDS - start))"
  ran=$((ran + 1))
  if [[ "$verdict" != passed ]]; then
    failed=$((failed + 1))
    cat "$log/doctor" "$log/tests"
  fi
done
((ran > 0)) || usage_error "--only $only: no combination begins so"
if ((failed > 0)); then
  echo "test-cpus: FAILED ($failed of $ran combinations)"
  exit 1
fi
echo "test-cpus: all $ran combinations passed"
