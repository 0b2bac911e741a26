#!/usr/bin/env bash
# run.sh LIMN WORK [FILTER]: the studio in Debian's Chromium. Trains a tiny model of each family, serves them with
# `limn serve` and as static files, and drives the page while another run trains: each *.test.mjs in a process of its
# own, two at a time. npm installs below WORK what package-lock.json pins. Ends with 77, for ctest "skipped", without
# node, npm, registry or Chromium. STUDIO_WASM=FILE takes another module than build/wasm/limn-studio.wasm.
# STUDIO_SCREENSHOTS=DIR leaves pictures of each tab there. STUDIO_MODELS="PATH…" serves those models instead.
set -euo pipefail
limn="$1" work="$2" filter="${3:-}"
here="$(cd -P "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

skip() {
  echo "SKIPPED studio: $1"
  exit 77
}
command -v node >/dev/null || skip "node is not here; apt install nodejs npm to run it"
command -v npm >/dev/null || skip "npm is not here; apt install npm to run it"
# The shell has no windows of its own to draw, and takes half the time.
chromium="$(command -v chromium-headless-shell || command -v chromium || command -v chromium-browser || true)"
[[ -n "$chromium" ]] || skip "Chromium is not here; apt install chromium to run it"

mkdir -p "$work"
cd "$work"
if [[ ! -d node_modules/playwright-core || ! -d node_modules/axe-core ]] || ! cmp -s "$here/package-lock.json" package-lock.json; then
  cp "$here/package.json" "$here/package-lock.json" .
  timeout 200 npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1 </dev/null ||
    { rm -rf node_modules; tail -n 3 npm.log; skip "npm could not install playwright-core; is the registry within reach?"; }
fi

models=()
if [[ -n "${STUDIO_MODELS:-}" ]]; then
  read -ra models <<<"$STUDIO_MODELS"
else
  train() { timeout 120 "$limn" train "$@" --overwrite --quiet --valid-every 1000 --sample-every 1000 >"train.log" 2>&1 ||
    { cat train.log; exit 1; }; }
  train sketch-rnn --out doodles --steps 40 --batch-size 20 --set enc_rnn_size=32 --set dec_rnn_size=64 --set z_size=16
  train sketch-rnn --out "second model" --steps 20 --batch-size 20 --set conditional=false --set dec_rnn_size=256
  train vae --out plane --steps 30
  train vae --out cube --steps 10 --set z_size=6
  train draw --out glimpses --steps 4 --batch-size 8 --set time_steps=8 --set enc_rnn_size=24 --set dec_rnn_size=24
  models=(doodles "second model" plane cube glimpses)
fi
# The same models as static files, if there is a WebAssembly module.
rm -rf site
module="${STUDIO_WASM:-$here/../../../build/wasm/limn-studio.wasm}"
if [[ -f "$module" ]]; then
  "$limn" serve --export site --wasm "$module" "${models[@]}" >export.log 2>&1 || { cat export.log; exit 1; }
else
  echo "SKIPPED studio without a server: no build/wasm/limn-studio.wasm; scripts/build-wasm.sh makes it"
fi
rm -f ./*.mjs
cp "$here"/*.mjs .
STUDIO_SERVED="$(printf '%s\n' "${models[@]}")" STUDIO_LIMN="$limn" STUDIO_CHROMIUM="$chromium" STUDIO_WORK="$work" \
  timeout 1150 node --test ${filter:+--test-name-pattern="$filter"} --test-reporter=spec --test-concurrency=2 ./*.test.mjs
