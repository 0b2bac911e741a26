#!/usr/bin/env bash
# examples.sh LIMN README: pastes the examples of the sketch commands' --help and of the README into a shell, one after
# the other, in a folder where the files that they name lie. All must succeed. Training examples get a tiny model and a few
# steps on top. Left out: pictures' models (other tests train those), downloads, the studio, and files
# from PyTorch. Of every built-in set that a text of the project gives to --data it asks what `limn data info` says.
set -euo pipefail
limn="$(realpath "$1")" readme="$(realpath "$2")"
commands=("" sample reconstruct complete interpolate encode decode eval info plot import export data "data info"
  "data convert" "train sketch-rnn")
left_out='runs/(digits|draw|pictures|photos|shapes|mnist)|data fetch|limn serve|model\.pth|vae\.pth|runs/[a-z]* bicycle'
tiny='--set dec_rnn_size=12 enc_rnn_size=7 z_size=4 sample_every=0 --batch-size 20 --threads 1 --quiet'

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/bin"
ln -s "$limn" "$folder/bin/limn"
export PATH="$folder/bin:$PATH" OMP_NUM_THREADS=1
cd "$folder"

# What the examples name: doodles under other names, and models of them.
limn data convert builtin:doodles:test -o sheep.npz --split 80/10/10 --max-points 40 >/dev/null
cp sheep.npz a.npz && cp sheep.npz cat.npz
limn data convert sheep.npz -o cat.ndjson >/dev/null
limn data convert sheep.npz:test -o drawings/ >/dev/null
limn data convert builtin:doodles#0 -o drawing.svg >/dev/null
for run in doodles sheep; do
  # shellcheck disable=SC2086
  limn train sketch-rnn --data sheep.npz --out "runs/$run" $tiny --steps 4 >/dev/null
done
# shellcheck disable=SC2086
limn train sketch-rnn --data sheep.npz --out gen $tiny --steps 2 --set conditional=false >/dev/null
limn export gen --to magenta-json -o bicycle.gen.json >/dev/null

examples() {
  # Lines of a help text or the README that are commands, without a remark after three blanks.
  for command in "${commands[@]}"; do
    # shellcheck disable=SC2086
    limn $command --help | sed -n '/^Examples\{0,1\}[ :]/,$s/^  \(limn .*\|python3 .*\)$/\1/p'
  done | sed 's/   .*//'
  sed -n 's|^    build/release/app/limn |limn |p' "$readme"
}

count=0 failed=0
while IFS= read -r example; do
  [[ "$example" =~ $left_out ]] && continue
  [[ "$example" == "limn train "* ]] && example="$(sed -E 's/ --steps [0-9]+//' <<<"$example")"
  case "$example" in
    "limn train "*--resume*) example+=" --steps 6 --quiet" ;;
    "limn train "*) example+=" $tiny --steps 4 --overwrite" ;;
  esac
  if [[ "$example" == python3* ]] && ! python3 -c 'import numpy' 2>/dev/null; then
    echo "SKIPPED the example in Python: no NumPy here: $example"
    cp z.npy w.npy  # what the next example reads
    continue
  fi
  ((++count))
  if ! timeout 100 bash -c "$example" >out.txt 2>err.txt </dev/null; then
    ((++failed))
    echo "FAILED: $example"
    tail -n 3 err.txt
  fi
done < <(examples)
source="$(dirname "$readme")"
while IFS= read -r data; do
  ((++count))
  limn data info "$data" >out.txt 2>err.txt && continue
  ((++failed))
  echo "FAILED: --data $data: $(tail -n 1 err.txt)"
done < <(grep -rhoE -- '--data builtin:[a-z0-9:-]+' "$readme" \
  "$source"/{docs,web/js,scripts,python/limn,wasm,app,limn,examples} | sed 's/--data //' | sort -u)
echo "examples: $((count - failed)) of $count work when pasted"
((failed == 0 && count >= 20))
