#!/usr/bin/env bash
# Tries limn on a GPU: builds against the LibTorch inside the PyTorch that is installed, runs the tests labelled gpu, and
# prints the time of a training step of each model beside that of a plain PyTorch program. Needs no network.
# Usage: scripts/gpu-check.sh [build | test | times]...   [all of them]
# Each piece takes less than ten minutes; one that was interrupted continues. Variables:
#   PYTHON  a python3 that has torch and NumPy [python3]
#   DEVICE  LibTorch's name of the GPU [cuda]; torch:cpu rehearses all of it on the CPU
#   STEPS   of each training that is timed [200]
#   SECONDS_EACH  for which each model of the plain program trains [10]
#   JOBS    files to compile at once [the cores, at most one for each 3 GB of memory]
# The build, in build/gpu, needs Debian's packages of scripts/install-deps.sh --tests without LibTorch.
set -euo pipefail

root="$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
case "${1:-}" in
  -h | --help) sed -n '2,12s/^# \{0,1\}//p' "$0"; exit 0 ;;
esac
cd "$root"
python="${PYTHON:-python3}"
device="${DEVICE:-cuda}"
torch_device="${device#torch:}"
steps="${STEPS:-200}"
folder=build/gpu
limn="$folder/app/limn"
die() {
  echo "gpu-check: error: $*" >&2
  exit 1
}
torch="$("$python" -c 'import torch; print(torch.__path__[0])')" ||
  die "$python has no torch; set PYTHON to one that has"

build() {
  local memory cores jobs
  memory=$(($(sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo) / 3000000))
  cores="$(nproc)"
  jobs="${JOBS:-$((memory < 1 ? 1 : memory < cores ? memory : cores))}"
  cmake -S . -B "$folder" -G Ninja -D CMAKE_BUILD_TYPE=Release -D LIMN_BUILD_TESTS=ON -D LIMN_WITH_TORCH=ON \
    -D "LIMN_TORCH_FROM=$torch" >/dev/null
  # Ended in time and started again: what was compiled stays.
  timeout 570 cmake --build "$folder" --parallel "$jobs" --target limn limn_libtorch device_test ||
    die "the build did not end in time or failed; run 'scripts/gpu-check.sh build' again to continue it"
}

run_tests() {
  [[ -x "$limn" ]] || die "run 'scripts/gpu-check.sh build' first"
  if [[ "$device" == cuda ]]; then
    ctest --test-dir "$folder" --label-regex '^gpu$' --output-on-failure --timeout 570
  else
    OMP_NUM_THREADS=1 LIMN_LIBTORCH_MODULE="$PWD/$folder/app/limn_libtorch.so" LIMN_TEST_DEVICE="$torch_device" \
      timeout 570 "$folder/tests/libtorch/device_test" --gtest_brief=1
  fi
}

# The median of what metrics.jsonl says of the steps after the first tenth, in milliseconds.
limn_ms() {
  local name="$1"
  shift
  rm -rf "$folder/times/$name"
  "$limn" train "$@" --device "$device" --steps "$steps" --batch-size 100 --out "$folder/times/$name" --quiet \
    --set valid_every=1000000 save_every=1000000 sample_every=0 fit_prior=false >/dev/null
  "$python" - "$folder/times/$name/metrics.jsonl" "$steps" <<'END'
import json, statistics, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
print(f"{1e3 * statistics.median(r['seconds'] for r in rows if r['split'] == 'train' and r['step'] > int(sys.argv[2]) / 10):.3f}")
END
}

times() {
  [[ -x "$limn" ]] || die "run 'scripts/gpu-check.sh build' first"
  mkdir -p "$folder/times"
  "$limn" data convert builtin:doodles -o "$folder/times/doodles.npz" >/dev/null
  local plain
  plain="$("$python" scripts/bench_pytorch/on_device.py "$torch_device" "$folder/times/doodles.npz" "${SECONDS_EACH:-10}")"
  printf '| a step of | limn, ms | plain PyTorch, ms |\n| --- | ---: | ---: |\n'
  local mnist=(time_steps=64 z_size=100 read_size=2 write_size=5 image_size=28 color=grey)
  local sketch=(sketch-rnn --data "$folder/times/doodles.npz")
  local row
  for row in lstm "lstm dropout" layer_norm hyper vae draw; do
    local ours
    case "$row" in
      lstm) ours="$(limn_ms lstm "${sketch[@]}" --set use_recurrent_dropout=false)" ;;
      "lstm dropout") ours="$(limn_ms dropout "${sketch[@]}")" ;;
      layer_norm | hyper) ours="$(limn_ms "$row" "${sketch[@]}" --set enc_model="$row" dec_model="$row")" ;;
      vae) ours="$(limn_ms vae vae --set color=grey)" ;;
      draw) ours="$(limn_ms draw draw --set "${mnist[@]}")" ;;
    esac
    printf '| %s | %s | %s |\n' "$row" "$ours" "$(sed -n "s/^train $row //p" <<<"$plain")"
  done
}

echo "gpu-check: $("$python" -c 'import torch; print("torch", torch.__version__, torch.cuda.get_device_name() if torch.cuda.is_available() else "without a CUDA device")')"
for piece in "${@:-build}"; do
  case "$piece" in
    build) build ;;
    test) run_tests ;;
    times) times ;;
    *) echo "gpu-check: error: unknown piece '$piece'; expected build, test or times" >&2; exit 2 ;;
  esac
done
if (($# == 0)); then
  run_tests
  times
fi
