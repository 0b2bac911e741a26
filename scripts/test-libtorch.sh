#!/usr/bin/env bash
# Runs the tests of the room limn/libtorch against Debian's LibTorch and against the one inside PyTorch's package.
# Usage: scripts/test-libtorch.sh [--debian | --package] [--jobs N] [--help]
#   --debian, --package   against one of them only
#   --jobs N              compile N files at once; default: the cores, at most 2, as a file takes 1 GB of memory or more
# The package is that of LIMN_TORCH_FROM, or else of build/torch (scripts/install-deps.sh --torch-from-pypi).
# One build folder, build/libtorch: only what includes LibTorch is compiled twice. Installs nothing.
set -euo pipefail

root="$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root"
which=(debian package)
cores="$(nproc)"
jobs=$((cores < 2 ? cores : 2))
while (($# > 0)); do
  case "$1" in
    --debian | --package) which=("${1#--}") ;;
    --jobs)
      [[ "${2:-}" =~ ^[1-9][0-9]*$ ]] || { echo "test-libtorch: error: --jobs needs a number" >&2; exit 2; }
      jobs="$2"
      shift
      ;;
    -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "test-libtorch: error: unknown option '$1'; see --help" >&2; exit 2 ;;
  esac
  shift
done

package_folder() {
  local folder="${LIMN_TORCH_FROM:-}"
  if [[ -z "$folder" && -x build/torch/bin/python ]]; then
    folder="$(build/torch/bin/python -c 'import torch; print(torch.__path__[0])')"
  fi
  [[ -n "$folder" ]] || {
    echo "test-libtorch: error: no PyTorch package; run scripts/install-deps.sh --torch-from-pypi or set LIMN_TORCH_FROM" >&2
    exit 1
  }
  echo "$folder"
}

for one in "${which[@]}"; do
  from=""
  [[ "$one" == package ]] && from="$(package_folder)"
  echo "test-libtorch: building with LibTorch of ${from:-Debian}"
  cmake -S . -B build/libtorch -G Ninja -D CMAKE_BUILD_TYPE=Release -D LIMN_WARNINGS_AS_ERRORS=ON -D LIMN_BUILD_TESTS=ON \
    -D LIMN_WITH_TORCH=ON -D "LIMN_TORCH_FROM=$from" >/dev/null
  cmake --build build/libtorch --parallel "$jobs" --target limn_libtorch twin_test step_twin_test module_test device_test \
    process_group_test
  ctest --test-dir build/libtorch --output-on-failure --tests-regex \
    '^(twin_test|step_twin_test|module_test|device_test|gpu_device_test|process_group_test)$'
done
echo "test-libtorch: all tests passed (${which[*]})"
