#!/usr/bin/env bash
# Trains the models that are part of limn, and writes them to pretrained/NAME.safetensors in float16: doodles, digits and
# glimpses (docs/pretrained.md). Building again puts them into the program. Says the losses on the test split and the
# size of each. The runs stay in build/pretrained/; one that was stopped there continues.
# Usage: scripts/pretrained.sh [--help] [NAME…]      all of them without a NAME
# Variables: LIMN [build/release/app/limn], MNIST (a folder with MNIST's files) [fetched], THREADS [all cores],
#            DOODLES_TIME, DIGITS_TIME, GLIMPSES_TIME: how long each is trained, options of limn train
set -euo pipefail

# How the models are trained: first their shape, then how long and how.
DOODLES=(sketch-rnn --data builtin:doodles
  --set enc_rnn_size=160 dec_rnn_size=384 z_size=64 kl_weight=0.2 valid_every=250
  ${DOODLES_TIME:---for 62m} --seed 3 --batch-size 100)
# Black and white, drawn anew each epoch, are new examples to the end; the last steps learn the greys themselves.
DIGITS_DRAWN=(vae --data data/mnist
  --set z_size=2 hidden=256 binarize=dynamic valid_share=0.0833333 valid_every=2500 sample_every=0
  ${DIGITS_TIME:---steps 60000} --learning-rate 0.002)
DIGITS=(vae --data data/mnist
  --set z_size=2 hidden=256 binarize=none valid_share=0.0833333 valid_every=2500 sample_every=0
  --steps 5000 --learning-rate 0.0003)
GLIMPSES=(draw --data data/mnist
  --set time_steps=16 read_size=8 write_size=8 z_size=32 valid_share=0.0833333 valid_every=500
  ${GLIMPSES_TIME:---for 60m} --learning-rate 0.002)

root="$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
case "${1:-}" in
  -h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
  -*) echo "pretrained: error: unknown option '$1'; see --help" >&2; exit 2 ;;
esac
limn="$(realpath "${LIMN:-$root/build/release/app/limn}")"
mnist="${MNIST:+$(realpath "$MNIST")}"
names=("$@")
((${#names[@]} > 0)) || names=(doodles digits glimpses)

# The checkpoints record the names of their data: data/mnist, wherever it lies.
mkdir -p "$root/build/pretrained"
cd "$root/build/pretrained"
fetch_mnist() {
  [[ -e data/mnist ]] && return
  mkdir -p data
  if [[ -n "$mnist" ]]; then ln -s "$mnist" data/mnist; else "$limn" data fetch mnist; fi
}

# From the weights of the run FROM, if that is set.
train_model() {
  local name="$1" how=(${FROM:+--init-from "$FROM"})
  shift
  [[ -e "$name/config.toml" ]] && how=(--resume)
  "$limn" train "$@" --out "$name" ${how[@]+"${how[@]}"} ${THREADS:+--threads "$THREADS"}
}

make_model() {
  local name="$1" most_bytes="$2"
  shift 2
  local family="$1" file="$root/pretrained/$name.safetensors"
  train_model "$name" "$@"
  mkdir -p "$root/pretrained"
  "$limn" export "$name" -o "$file" --half
  "$limn" eval "$file" --split test $([[ $family == sketch-rnn ]] || echo --data data/mnist)
  local size
  size="$(stat -c %s "$file")"
  echo "pretrained: $name.safetensors has $size bytes"
  ((size <= most_bytes)) || { echo "pretrained: error: more than $most_bytes bytes" >&2; exit 1; }
}

for name in "${names[@]}"; do
  case "$name" in
    doodles) make_model doodles 2500000 "${DOODLES[@]}" ;;
    digits)
      fetch_mnist
      train_model digits-drawn "${DIGITS_DRAWN[@]}"
      FROM=digits-drawn make_model digits 1000000 "${DIGITS[@]}"
      ;;
    glimpses) fetch_mnist; make_model glimpses 2000000 "${GLIMPSES[@]}" ;;
    *) echo "pretrained: error: there is no model '$name'; there are doodles, digits and glimpses" >&2; exit 2 ;;
  esac
done
