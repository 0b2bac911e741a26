#!/usr/bin/env bash
# Builds limn and runs its tests; installs missing Debian packages first. The last line is the verdict.
# Usage: scripts/test.sh [--fast] [--packages] [--asan | --tsan] [--jobs N] [--help]
#   --fast    only the tests labelled fast (under two minutes)
#   --packages  also builds the Python and the npm package and runs their tests; skipped aloud without PyPI
#   --asan    fast tests of the rooms without LibTorch, under AddressSanitizer and UBSan
#   --tsan    the same under ThreadSanitizer
#   --jobs N  compile N files at once; default: the cores, at most 2, as a LibTorch file takes 1 GB of memory
# Works from any folder; builds in build/<preset> of the source tree, incrementally. Exit status 0 only if all passed.
set -euo pipefail

root="$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
preset=release
label=()
packages=0
cores="$(nproc)"
jobs=$((cores < 2 ? cores : 2))

usage_error() {
  echo "test: error: $1; see --help" >&2
  exit 2
}
while (($# > 0)); do
  case "$1" in
    --packages) packages=1 ;;
    --fast) label=(--label-regex '^fast$') ;;
    --asan | --tsan)
      [[ "$preset" == release ]] || usage_error "--asan and --tsan exclude each other"
      preset="${1#--}"
      label=(--label-regex '^fast$')
      ;;
    --jobs)
      [[ "${2:-}" =~ ^[1-9][0-9]*$ ]] || usage_error "--jobs needs a number"
      jobs="$2"
      shift
      ;;
    -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) usage_error "unknown option '$1'" ;;
  esac
  shift
done

stage="installing packages"
trap 'status=$?; ((status == 0)) || echo "test: FAILED ($stage, preset $preset)" >&2' EXIT
"$root/scripts/install-deps.sh" --tests

cd "$root"
stage="checking the format"
"$root/scripts/format.sh" --check

stage="configuring"
echo "test: configuring, preset $preset"
# The oracles must run: without LibTorch this is an error. The sanitized presets leave it out.
options=(-D LIMN_BUILD_TESTS=ON)
if [[ "$preset" == release ]]; then options+=(-D LIMN_WITH_TORCH=ON); fi
cmake --preset "$preset" "${options[@]}"

stage="building"
echo "test: building with $jobs jobs"
cmake --build --preset "$preset" --parallel "$jobs"

# Before the other tests: the studio without a server runs on the module that is built here.
packages_skipped=""
if ((packages)); then
  stage="testing the packages"
  # pip knows which index is meant, so it is asked whether there is one.
  if "$root/scripts/install-deps.sh" --python --wasm && python3 -m venv build/python-venv &&
    build/python-venv/bin/pip download --quiet --no-deps --dest build/python-venv/probe nanobind >/dev/null 2>&1; then
    "$root/scripts/test-python.sh"
    "$root/scripts/build-wasm.sh" --test
  else
    packages_skipped=$'\n'"  the Python and npm packages: PyPI cannot be reached"
  fi
fi

stage="testing"
# ThreadSanitizer of GCC 12 cannot map its shadow under the address randomisation of newer kernels.
runner=()
if [[ "$preset" == tsan ]] && setarch --addr-no-randomize true 2>/dev/null; then
  runner=(setarch --addr-no-randomize)
fi
"${runner[@]}" ctest --preset "$preset" --parallel "$jobs" "${label[@]}"
skipped="$(sed -n 's/^SKIPPED /  /p' "build/$preset/Testing/Temporary/LastTest.log")"
skipped+="$packages_skipped"
if [[ -n "$skipped" ]]; then printf 'test: skipped:\n%s\n' "$skipped"; fi
echo "test: all tests passed (preset $preset)"
