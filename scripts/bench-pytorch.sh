#!/usr/bin/env bash
# limn beside today's PyTorch from PyPI on this machine, in turns: training steps of all models and cells, and drawing.
# PyTorch runs programs of its own (scripts/bench_pytorch/) in its best form: padded or packed, compiled or not, with
# fused Adam and with denormals flushed; what they cost unflushed is shown beside it. Its fused LSTM knows no recurrent
# dropout, so that row trains without, limn's with. Prints a table in Markdown.
# Usage: scripts/bench-pytorch.sh [--data FILE] [--rounds 5] [--threads N] [--only NAME] [--quick] [--json FILE]
# Variables: LIMN [build/release/app/limn], BENCH_PYTHON: a python3 that has torch and NumPy [a virtual environment in
#            build/bench-pytorch, made with pip, 5 GB]
set -euo pipefail

root="$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
case "${1:-}" in
  -h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
esac
limn="$(realpath "${LIMN:-$root/build/release/app/limn}")"
[[ -x "$limn" ]] || { echo "bench-pytorch: error: $limn is not built; run scripts/test.sh or scripts/demo.sh, which build it" >&2; exit 1; }
python="${BENCH_PYTHON:-}"
if [[ -z "$python" ]]; then
  environment="$root/build/bench-pytorch"
  python="$environment/bin/python"
  [[ -x "$python" ]] || python3 -m venv "$environment"
  "$python" -c 'import torch, numpy' 2> /dev/null || "$environment/bin/pip" install --quiet torch numpy
fi
exec "$python" "$root/scripts/bench_pytorch/turns.py" "$limn" "$@"
