#!/usr/bin/env bash
# Reads the icons of npm's bootstrap-icons and the characters of PyPI's kanjivg with limn, and compares the number of
# strokes of each file with a count that shares nothing with limn.
# Usage: scripts/read-icons.sh [--limn PROGRAM] [--keep DIR] [--help]
#   --limn PROGRAM  the command to test [build/release/app/limn]
#   --keep DIR      where the packages are unpacked, and kept for the next call; else a temporary folder
# Needs npm, python3 with pip, unzip, tar and the network. Not part of the tests.
set -euo pipefail

root="$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
limn="$root/build/release/app/limn"
folder=''
while (($# > 0)); do
  case "$1" in
    -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
    --limn) limn="$(realpath "${2:?read-icons: --limn needs a program}")"; shift 2 ;;
    --keep) folder="${2:?read-icons: --keep needs a folder}"; shift 2 ;;
    *) echo "read-icons: error: unknown option '$1'; see --help" >&2; exit 2 ;;
  esac
done
[[ -x "$limn" ]] || { echo "read-icons: error: $limn is not there; build limn first" >&2; exit 1; }
if [[ -z "$folder" ]]; then
  folder="$(mktemp -d)"
  trap 'rm -rf "$folder"' EXIT
fi
mkdir -p "$folder"
cd "$folder"

[[ -d package/icons ]] || tar xzf "$(npm pack --silent bootstrap-icons)"
if [[ ! -d kanji ]]; then
  python3 -m pip download --quiet --no-deps --only-binary :all: kanjivg
  unzip -q kanjivg-*.whl 'kanji/*'
fi

# compare NAME FOLDER: each file's strokes by limn and by the count below.
compare() {
  "$limn" data convert "$2" -o "$1.json" > "$1.log" 2>&1 || { cat "$1.log" >&2; exit 1; }
  python3 - "$1" "$2" "$1.json" << 'PYTHON'
import json
import pathlib
import re
import sys

name, folder, converted = sys.argv[1:]


def subpaths(data):
    """The subpaths that draw something: a move alone does not, and a line after a close begins another one."""
    count, is_open = 0, False
    data = re.sub(r'[eE][-+]?\d+', '', data)
    for command, numbers in re.findall(r'([A-Za-z])([^A-Za-z]*)', data):
        if command in 'Mm':
            is_open = len(re.findall(r'[-+]?(?:\d+\.?\d*|\.\d+)', numbers)) > 2
            count += is_open
        elif command in 'Zz':
            is_open = False
        elif not is_open:
            is_open = True
            count += 1
    return count


def strokes_of_icon(text):
    data = re.findall(r'<path\b[^>]*?\bd="([^"]*)"', text)
    return sum(map(subpaths, data)) + len(re.findall(r'<(?:rect|circle|ellipse|line|polyline|polygon)\b', text))


def strokes_of_character(text):
    return len(re.findall(r'<path\b[^>]*\bid="kvg:[^"]*-s\d+"', text))


expected = strokes_of_character if name == 'kanjivg' else strokes_of_icon
files = sorted(pathlib.Path(folder).rglob('*.svg'))
sketches = json.load(open(converted))
if len(files) != len(sketches):
    sys.exit(f'read-icons: error: {len(files)} files of {name}, but limn read {len(sketches)} sketches')
wrong = [(f, expected(f.read_text()), len(s)) for f, s in zip(files, sketches) if expected(f.read_text()) != len(s)]
for file, count, found in wrong[:20]:
    print(f'  {file}: {found} strokes, expected {count}')
print(f'{name}: {len(files) - len(wrong)} of {len(files)} files have the right number of strokes')
sys.exit(1 if wrong else 0)
PYTHON
}

failed=0
compare bootstrap-icons package/icons || failed=1
compare kanjivg kanji || failed=1
exit "$failed"
