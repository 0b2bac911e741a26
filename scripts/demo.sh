#!/usr/bin/env bash
# Trains a Sketch-RNN on the doodles that limn draws itself, a VAE and a DRAW on its built-in shapes, and lets them draw.
# Installs missing Debian packages and builds first. Leaves in demo-out/ of the source tree the trained models and
# pictures: new drawings as PNG, SVG and GIF, reconstructions, endings of half a cat, a path from cat to face, a walk
# from shape to shape, a canvas growing, learning curves. A second run replaces them.
# Usage: scripts/demo.sh [--help]   (works from any folder)
set -euo pipefail

# The training takes under four minutes on two cores: its schedules follow the number of steps.
STEPS=4000
TRAIN_OPTIONS=(
  --set enc_rnn_size=128 dec_rnn_size=320 z_size=64 kl_weight=0.2 use_recurrent_dropout=false
)
SEED=1
TEMPERATURE=0.2
# Each about half a minute more.
VAE_OPTIONS=(--epochs 40 --set z_size=16)
DRAW_OPTIONS=(--preset small --steps 500)

root="$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
out="$root/demo-out"
case "${1:-}" in
  -h | --help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;;
  '') ;;
  *) echo "demo: error: unknown option '$1'; see --help" >&2; exit 2 ;;
esac

stage="installing packages"
trap 'status=$?; ((status == 0)) || echo "demo: FAILED ($stage)" >&2' EXIT
"$root/scripts/install-deps.sh"

cd "$root"
stage="building"
cores="$(nproc)"
echo "demo: building with $cores jobs"
cmake --preset release -D LIMN_WITH_TORCH=OFF -D LIMN_BUILD_TESTS=OFF >/dev/null
cmake --build --preset release --parallel "$cores" --target limn
limn="$root/build/release/app/limn"

stage="training"
mkdir -p "$out"
run() {
  echo "demo: limn $*"
  "$limn" "$@"
}
run train sketch-rnn --data builtin:doodles-10 --out "$out/run" --overwrite --steps "$STEPS" --seed "$SEED" \
  "${TRAIN_OPTIONS[@]}"

stage="drawing"
for ending in png svg gif; do
  run sample "$out/run" -n 36 --temperature "$TEMPERATURE" --seed "$SEED" -o "$out/samples.$ending"
done
run reconstruct "$out/run" --in builtin:doodles-10:test -n 10 --temperature 0.1 0.3 0.6 -o "$out/reconstructions.png"
run complete "$out/run" --in builtin:doodles-10:test#0 --points 14 --temperature "$TEMPERATURE" -o "$out/completions.png"
run interpolate "$out/run" --from builtin:doodles-10:test#0 --to builtin:doodles-10:test#1 -o "$out/interpolation.png"
run plot "$out/run" -o "$out/curves.png"
run eval "$out/run"

stage="training and drawing with a VAE"
run train vae --out "$out/vae" --overwrite --seed "$SEED" "${VAE_OPTIONS[@]}"
run reconstruct "$out/vae" --in builtin:shapes:test -n 10 -o "$out/vae-reconstructions.png"
run interpolate "$out/vae" --from builtin:shapes:test#0 --to builtin:shapes:test#6 -o "$out/vae-walk.gif"

stage="training and drawing with a DRAW"
run train draw --out "$out/draw" --overwrite --seed "$SEED" "${DRAW_OPTIONS[@]}"
run sample "$out/draw" -n 6 --steps-shown -o "$out/draw-steps.png"
run sample "$out/draw" -n 9 -o "$out/draw-canvas.gif"

echo "demo: done; see"
printf '  %s\n' "$out"/samples.{png,svg,gif} "$out"/{reconstructions,completions,interpolation,curves}.png \
  "$out"/vae-{reconstructions.png,walk.gif} "$out"/draw-{steps.png,canvas.gif}
printf '  model: %s\n' "$out"/{run,vae,draw}/checkpoints/best.safetensors
