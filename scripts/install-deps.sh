#!/usr/bin/env bash
# Installs what limn needs to be built and tested on Debian 12, as far as it is missing, and says so.
# Usage: scripts/install-deps.sh [--tests] [--web] [--wasm] [--python] [--fuzz] [--release] [--torch-from-pypi] [--help]
#   (scripts/demo.sh and scripts/test.sh call it)
#   --tests also what scripts/test.sh needs: LibTorch, GoogleTest, clang-format
#   --web   also what the tests in a browser need: Chromium, Node, npm
#   --wasm  also what scripts/build-wasm.sh needs: Node, npm, and Zig's package of Clang from PyPI, into build/zig
#   --python  also what scripts/test-python.sh and scripts/build-wheel.sh need
#   --fuzz  also what scripts/fuzz.sh needs: Clang with libFuzzer
#   --torch-from-pypi  also PyTorch's package from PyPI, with CUDA, into build/torch (5 GB), and prints the option
#           of CMake that builds limn's module against the LibTorch inside (docs/devices.md)
#   --release  also what scripts/release.sh needs for the Debian package: help2man, mmdebstrap
# Needs bash and apt, and either root or sudo where something is missing. Prints one line and does nothing where
# everything is there.
set -euo pipefail

# The one list of packages. docs/architecture.md says what each is for.
PACKAGES=(
  g++ cmake ninja-build ccache pkg-config                   # the build
  libfmt-dev nlohmann-json3-dev                             # core
  libdnnl-dev libhwy-dev                                    # kernels
  zlib1g-dev libzip-dev libdeflate-dev                      # sketch: npz; image: gzip
  libcairo2-dev libgif-dev libpugixml-dev                   # render; sketch: SVG
  libpng-dev libjpeg-dev libwebp-dev libtiff-dev            # image
  libprotobuf-dev protobuf-compiler                         # train: TensorBoard
  libcpp-httplib-dev                                        # serve
  libcli11-dev libtomlplusplus-dev libcurl4-openssl-dev     # app
  libqrencode-dev                                           # app: limn serve
)
# LibTorch is for the oracle and for several processes; its CMake files ask for Gloo.
TEST_PACKAGES=(libtorch-dev libgloo-dev libgtest-dev libgmock-dev clang-format-14 curl)
# For the tests labelled web, which drive the studio; hundreds of packages, so only on request.
WEB_PACKAGES=(chromium chromium-headless-shell nodejs npm)
WASM_PACKAGES=(nodejs npm python3-venv)
# For the Python package; the rest comes from PyPI (pyproject.toml).
PYTHON_PACKAGES=(python3-dev python3-venv libminizip-dev)
FUZZ_PACKAGES=(clang-14 libclang-rt-14-dev)
RELEASE_PACKAGES=(help2man dpkg-dev file mmdebstrap)

# PyTorch, for the LibTorch inside; and headers of the CUDA that it was built with, which it does not ask for itself:
# without them several processes exchange gradients over the host in place of NCCL.
TORCH=(torch==2.15.0 nvidia-cuda-crt==13.2.86)

# The version of Clang in it is that of the libc++ sources beside it, 22.1.8.
ZIG=ziglang==0.17.0

die() {
  echo "install-deps: error: $*" >&2
  exit 1
}

is_installed() {
  # A Python of another source brings its own venv.
  [[ "$1" == python3-venv ]] && python3 -c 'import venv, ensurepip' 2>/dev/null && return
  # npm also comes with the nodejs of other sources, which Debian's package of that name would conflict with.
  [[ "$1" == npm ]] && command -v npm >/dev/null && return
  # ${Status} and not the exit status: a package that was removed but not purged is still known to dpkg.
  [[ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]
}

# Into a virtual environment of its own, so that nothing else of Python changes.
install_zig() {
  local folder
  folder="$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/build/zig"
  [[ "$(cat "$folder/installed" 2>/dev/null)" == "$ZIG" ]] && return
  echo "install-deps: installing $ZIG from PyPI into $folder"
  rm -rf "$folder"
  python3 -m venv "$folder" && "$folder/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: "$ZIG" ||
    die "pip could not install $ZIG, see above; check the network, then run this again"
  echo "$ZIG" >"$folder/installed"
}

install_torch() {
  local folder
  folder="$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/build/torch"
  if [[ "$(cat "$folder/installed" 2>/dev/null)" != "${TORCH[*]}" ]]; then
    echo "install-deps: installing ${TORCH[0]} from PyPI into $folder"
    rm -rf "$folder"
    python3 -m venv "$folder" &&
      "$folder/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: "${TORCH[@]}" numpy ||
      die "pip could not install ${TORCH[*]}, see above; check the network and the space, then run this again"
    echo "${TORCH[*]}" >"$folder/installed"
  fi
  echo "install-deps: -D LIMN_WITH_TORCH=ON -D LIMN_TORCH_FROM=$("$folder/bin/python" -c 'import torch; print(torch.__path__[0])')"
}

with_zig=0
with_torch=0
for option in "$@"; do
  case "$option" in
    -h | --help) sed -n '2,14s/^# \{0,1\}//p' "$0"; exit 0 ;;
    --tests) PACKAGES+=("${TEST_PACKAGES[@]}") ;;
    --web) PACKAGES+=("${WEB_PACKAGES[@]}") ;;
    --wasm) PACKAGES+=("${WASM_PACKAGES[@]}"); with_zig=1 ;;
    --torch-from-pypi) PACKAGES+=(libgloo-dev python3-venv); with_torch=1 ;;
    --python) PACKAGES+=("${PYTHON_PACKAGES[@]}") ;;
    --release) PACKAGES+=("${RELEASE_PACKAGES[@]}") ;;
    --fuzz) PACKAGES+=("${FUZZ_PACKAGES[@]}") ;;
    *) echo "install-deps: error: unknown option '$option'; see --help" >&2; exit 2 ;;
  esac
done

command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
  die "apt is not here, so this is not Debian; install these by hand: ${PACKAGES[*]}"

missing=()
for package in "${PACKAGES[@]}"; do
  is_installed "$package" || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
  ((with_zig)) && install_zig
  ((with_torch)) && install_torch
  echo "install-deps: all ${#PACKAGES[@]} packages are there"
  exit 0
fi

as_root=()
if ((EUID != 0)); then
  command -v sudo >/dev/null ||
    die "neither root nor sudo; let an administrator run: apt-get install ${missing[*]}"
  as_root=(sudo)
fi
as_root+=(env DEBIAN_FRONTEND=noninteractive)

echo "install-deps: installing ${#missing[@]} missing packages with apt:"
echo "  ${missing[*]}"
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
# A third-party source that does not answer need not matter, so only a failing install is an error.
"${as_root[@]}" apt-get update >"$log" 2>&1 </dev/null ||
  echo "install-deps: warning: apt-get update failed; continuing with the package lists that are here" >&2
if ! "${as_root[@]}" apt-get install --yes --no-install-recommends "${missing[@]}" >>"$log" 2>&1 </dev/null; then
  tail -n 15 "$log" >&2
  die "apt-get install failed, see above; check the network and /etc/apt, then run this again"
fi
((with_zig)) && install_zig
((with_torch)) && install_torch
echo "install-deps: done"
