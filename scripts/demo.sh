#!/usr/bin/env bash
# Trains a Sketch-RNN on the doodles that limn draws itself, and lets it draw. Installs missing Debian packages and
# builds first. Leaves in demo-out/ of the source tree the trained model and pictures: new drawings as PNG, SVG and
# GIF, and reconstructions beside their originals. A second run replaces them.
# Usage: scripts/demo.sh [--help]   (works from any folder)
set -euo pipefail

# What is trained: some four minutes on two cores.
STEPS=1500
TRAIN_OPTIONS=(
  --batch-size 100
  --set conditional=true --set enc_rnn_size=128 --set dec_rnn_size=256 --set z_size=32
)
SEED=1
TEMPERATURE=0.3

root="$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
out="$root/demo-out"
case "${1:-}" in
  -h | --help) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 0 ;;
  '') ;;
  *) echo "demo: error: unknown option '$1'; see --help" >&2; exit 2 ;;
esac

stage="installing packages"
trap 'status=$?; ((status == 0)) || echo "demo: FAILED ($stage)" >&2' EXIT
"$root/scripts/install-deps.sh"

cd "$root"
stage="building"
cores="$(nproc)"
jobs=$((cores < 2 ? cores : 2))  # a LibTorch file takes 1 GB of memory to compile
echo "demo: building with $jobs jobs"
cmake --preset release >/dev/null
cmake --build --preset release --parallel "$jobs" --target limn
limn="$root/build/release/app/limn"

stage="training"
mkdir -p "$out"
run() {
  echo "demo: limn $*"
  "$limn" "$@"
}
run train sketch-rnn --data builtin:doodles --out "$out/run" --overwrite --steps "$STEPS" --seed "$SEED" \
  "${TRAIN_OPTIONS[@]}"

stage="drawing"
for ending in png svg gif; do
  run sample "$out/run" -n 36 --temperature "$TEMPERATURE" --seed "$SEED" -o "$out/samples.$ending"
done
run reconstruct "$out/run" --in builtin:doodles:test -n 18 --temperature "$TEMPERATURE" -o "$out/reconstructions.png"
run eval "$out/run"

echo "demo: done; see"
printf '  %s\n' "$out"/samples.{png,svg,gif} "$out/reconstructions.png"
echo "  model: $out/run/checkpoints/best.safetensors"
