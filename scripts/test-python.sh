#!/usr/bin/env bash
# Builds the Python package, installs it into an environment of its own, and runs its tests there.
# Usage: scripts/test-python.sh [--wheel FILE.whl] [--help] [-- PYTEST OPTIONS]
#   --wheel   installs that wheel instead of building the source
# LIMN_COMMAND names the built command limn, which some tests compare with; without it they are skipped aloud. It is
# build/release/app/limn where that is there. Needs Python 3.10 or later, PyPI, and what scripts/install-deps.sh
# --python installs. Ends with "test-python: all tests passed".
set -euo pipefail

root="$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
wheel=""
while (($#)); do
  case "$1" in
    -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
    --wheel)
      (($# >= 2)) && [[ -f "$2" ]] || { echo "test-python: error: --wheel wants a file" >&2; exit 2; }
      wheel="$(realpath "$2")"
      shift 2 ;;
    --) shift; break ;;
    *) echo "test-python: error: unknown option '$1'; see --help" >&2; exit 2 ;;
  esac
done

cd "$root"
export SKBUILD_CMAKE_DEFINE="LIMN_WARNINGS_AS_ERRORS=ON"
if [[ -z "${LIMN_COMMAND:-}" && -x build/release/app/limn ]]; then LIMN_COMMAND="$root/build/release/app/limn"; fi
export LIMN_COMMAND="${LIMN_COMMAND:-}"
[[ -n "$LIMN_COMMAND" ]] && LIMN_COMMAND="$(realpath "$LIMN_COMMAND")"

# The environment stays, so that a second run takes seconds. The package itself is installed anew each time.
environment="$root/build/python-venv"
[[ -x "$environment/bin/python" ]] || python3 -m venv "$environment" || {
  echo "test-python: error: no virtual environment; scripts/install-deps.sh --python installs python3-venv" >&2
  exit 1
}
pip=("$environment/bin/python" -m pip --quiet --disable-pip-version-check)
mapfile -t pinned < <("$environment/bin/python" "$root/scripts/python-requirements.py")
"${pip[@]}" install "${pinned[@]}"
"${pip[@]}" uninstall --yes limn 2>/dev/null || true
if [[ -n "$wheel" ]]; then
  "${pip[@]}" install "$wheel"
else
  "${pip[@]}" install --no-build-isolation "$root"
fi
# From another folder, so that the installed package is meant and not the source.
cd "$root/python/tests"
"$environment/bin/python" -m pytest -rs -p no:cacheprovider "$@" .
echo "test-python: all tests passed"
