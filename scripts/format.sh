#!/usr/bin/env bash
# Formats the C++ files of the repository as .clang-format says, or checks that they are.
# Usage: scripts/format.sh [--check] [--help]
#   --check   changes nothing; prints the files that differ, and exits with 1 if there are any
# Needs clang-format 14 (scripts/install-deps.sh --tests): other versions format differently.
set -euo pipefail

root="$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
options=(-i)
case "${1:-}" in
  -h | --help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;;
  --check) options=(--dry-run -Werror) ;;
  '') ;;
  *) echo "format: error: unknown option '$1'; see --help" >&2; exit 2 ;;
esac
tool="$(command -v clang-format-14)" || {
  echo "format: error: clang-format-14 is not here; scripts/install-deps.sh --tests installs it" >&2
  exit 1
}

cd "$root"
mapfile -t files < <(git ls-files --cached --others --exclude-standard '*.cpp' '*.hpp' '*.h' | while read -r file; do [[ -f "$file" ]] && echo "$file"; done)
((${#files[@]} > 0)) || { echo "format: error: no C++ file is tracked here" >&2; exit 1; }
differing=0
if [[ "${1:-}" == --check ]]; then
  # One process for several files, as many as there are cores.
  report="$(printf '%s\0' "${files[@]}" | xargs -0 -n 25 -P "$(nproc)" "$tool" "${options[@]}" 2>&1)" || differing=1
  if ((differing)); then
    printf '%s\n' "$report" | sed -n 's/^\([^:]*\):[0-9]*:[0-9]*: error: code should.*/  \1/p' | sort -u >&2
    echo "format: error: these files are not formatted; run scripts/format.sh" >&2
    exit 1
  fi
  echo "format: ${#files[@]} files are formatted"
else
  printf '%s\0' "${files[@]}" | xargs -0 -n 25 -P "$(nproc)" "$tool" "${options[@]}"
  echo "format: ${#files[@]} files done"
fi
