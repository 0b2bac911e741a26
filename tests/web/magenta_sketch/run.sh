#!/usr/bin/env bash
# run.sh LIMN NEXT_POINT_DISTRIBUTIONS WORK MODELS: a model that limn exports, and Magenta's own in the folder MODELS
# where that is there, loaded by the real npm package @magenta/sketch, must say the same of the next point as in limn.
# npm installs below WORK what package-lock.json pins. Ends with 77, for ctest "skipped", without node, npm or registry.
set -euo pipefail
limn="$1" ours="$2" work="$3" models="$4"
here="$(cd -P "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

skip() {
  echo "SKIPPED magenta_sketch: $1"
  exit 77
}
command -v node >/dev/null || skip "node is not here; apt install nodejs npm to run it"
command -v npm >/dev/null || skip "npm is not here; apt install npm to run it"

mkdir -p "$work"
cd "$work"
if [[ ! -d node_modules/@magenta/sketch ]] || ! cmp -s "$here/package-lock.json" package-lock.json; then
  cp "$here/package.json" "$here/package-lock.json" .
  timeout 200 npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1 </dev/null ||
    { rm -rf node_modules; tail -n 3 npm.log; skip "npm could not install @magenta/sketch; is the registry within reach?"; }
fi
export NODE_PATH="$work/node_modules"

# The format keeps a weight to 10 / 32767 / 2 = 1.5e-4; read back from it, a model is the same in both but for float32.
of_weights=1e-2 of_arithmetic=1e-4
"$ours" --random random.safetensors >random.json
"$limn" export random.safetensors --to magenta-json -o random.gen.json
node "$here/check.cjs" random.gen.json random.json "$of_weights"
"$ours" random.gen.json >read-back.json
node "$here/check.cjs" random.gen.json read-back.json "$of_arithmetic"

for model in "$models"/*.gen.json; do
  [[ -f "$model" ]] || { echo "no models in $models: only a random one was compared"; break; }
  name="$(basename "$model" .gen.json)"
  "$limn" import "$model" -o "$name.safetensors"
  "$ours" "$name.safetensors" >"$name.json"
  node "$here/check.cjs" "$model" "$name.json" "$of_arithmetic"
  "$limn" export "$name.safetensors" --to magenta-json -o "$name.gen.json"
  node "$here/check.cjs" "$name.gen.json" "$name.json" "$of_arithmetic"
done
