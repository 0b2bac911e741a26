#!/usr/bin/env bash
# Trains a Sketch-RNN on the doodles that limn draws itself, and lets it draw. Installs missing Debian packages and
# builds first. Leaves in demo-out/ of the source tree the trained model and pictures: new drawings as PNG, SVG and
# GIF, reconstructions, endings of half a cat, a path from cat to face, learning curves. A second run replaces them.
# Usage: scripts/demo.sh [--help]   (works from any folder)
set -euo pipefail

# What is trained: under four minutes on two cores. Small, and annealed fast, so that so few steps are enough.
STEPS=1600
TRAIN_OPTIONS=(
  --batch-size 100 --learning-rate 0.002
  --set enc_rnn_size=128 --set dec_rnn_size=320 --set z_size=64
  --set kl_weight_start=0.15 --set decay_rate=0.9992 --set use_recurrent_dropout=false
)
SEED=1
TEMPERATURE=0.2

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
run reconstruct "$out/run" --in builtin:doodles:test -n 10 --temperature 0.1 0.3 0.6 -o "$out/reconstructions.png"
run complete "$out/run" --in builtin:doodles:test#0 --points 14 --temperature "$TEMPERATURE" -o "$out/completions.png"
run interpolate "$out/run" --from builtin:doodles:test#0 --to builtin:doodles:test#1 -o "$out/interpolation.png"
run plot "$out/run" -o "$out/curves.png"
run eval "$out/run"

echo "demo: done; see"
printf '  %s\n' "$out"/samples.{png,svg,gif} "$out"/{reconstructions,completions,interpolation,curves}.png
echo "  model: $out/run/checkpoints/best.safetensors"
