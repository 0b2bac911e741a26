#!/usr/bin/env bash
# Makes what a release consists of, from the last commit, into build/release-VERSION: the source archive, the Debian
# package, the Python wheel and the npm package, with their checksums. Then installs each in a fresh place and tries it.
# Usage: scripts/release.sh [--no-try] [source|deb|wheel|npm …]      all four without a name
# Variables: JOBS [the cores, at most 2]
# Needs a clean work tree; installs missing packages with scripts/install-deps.sh. The Debian package is tried in a
# system of its own, which mmdebstrap makes, by root; without root it is unpacked and run.
set -euo pipefail

root="$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cores="$(nproc)"
jobs="${JOBS:-$((cores < 2 ? cores : 2))}"
tries=1
names=()
for word in "$@"; do
  case "$word" in
    -h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
    --no-try) tries=0 ;;
    source | deb | wheel | npm) names+=("$word") ;;
    *) echo "release: error: unknown word '$word'; see --help" >&2; exit 2 ;;
  esac
done
((${#names[@]} > 0)) || names=(source deb wheel npm)

die() {
  echo "release: error: $*" >&2
  exit 1
}
cd "$root"
[[ -z "$(git status --porcelain)" ]] || die "the work tree has changes; commit them, since a release is of a commit"
version="$(< VERSION)"
out="$root/build/release-$version"
work="$root/build/release-work"
rm -rf "$out" "$work"
mkdir -p "$out" "$work"
SOURCE_DATE_EPOCH="$(git log -1 --format=%ct)"
export SOURCE_DATE_EPOCH

# Everything is made of the archive, so that nothing can be in a package that is not in a commit.
archive="$out/limn-$version.tar.gz"
git archive --format=tar --prefix="limn-$version/" HEAD | gzip -9n > "$archive"
tar -xzf "$archive" -C "$work"
tree="$work/limn-$version"

make_source() { [[ -s "$archive" ]]; }
try_source() { [[ -x "$tree/scripts/test.sh" && -s "$tree/pretrained/doodles.safetensors" ]]; }

make_deb() {
  "$tree/scripts/install-deps.sh" --release
  cmake -S "$tree" -B "$tree/build/deb" -G Ninja -D CMAKE_BUILD_TYPE=Release -D CMAKE_INSTALL_PREFIX=/usr \
    -D LIMN_BUILD_TESTS=OFF -D LIMN_WITH_TORCH=OFF -D LIMN_WARNINGS_AS_ERRORS=ON -D LIMN_BUILD_PACKAGE=ON > "$work/deb.log"
  cmake --build "$tree/build/deb" --parallel "$jobs" --target package >> "$work/deb.log" ||
    { tail -n 20 "$work/deb.log" >&2; die "the Debian package cannot be built, see above"; }
  cp "$tree"/build/deb/limn_*.deb "$out"
}
deb_check='set -e; limn --version; cd /tmp; limn sample builtin:doodles -n 4 -o new.svg; grep -q "<path" new.svg
  limn train sketch-rnn --steps 2 --batch-size 4 --out run --quiet --set valid_every=2; limn sample run -n 1 -o one.png'
try_deb() {
  local deb
  deb="$(echo "$out"/limn_*.deb)"
  dpkg-deb --contents "$deb" | grep -q man1/limn-sample.1.gz || die "$deb has no manual pages"
  if ((EUID == 0)) && command -v mmdebstrap > /dev/null; then
    printf '%s\n' "$deb_check" > "$work/check.sh"
    mmdebstrap --quiet --variant=apt --hook-dir=/usr/share/mmdebstrap/hooks/file-mirror-automount --include="$deb" \
      --customize-hook="copy-in '$work/check.sh' /root" --customize-hook='chroot "$1" bash /root/check.sh' \
      "$(. /etc/os-release && echo "$VERSION_CODENAME")" /dev/null
  else
    echo "SKIPPED release: the Debian package in a system of its own, which needs root and mmdebstrap"
    dpkg-deb --extract "$deb" "$work/deb"
    (PATH="$work/deb/usr/bin:$PATH" && bash -c "$deb_check")
  fi
}

make_wheel() {
  "$tree/scripts/install-deps.sh" --python
  "$tree/scripts/build-wheel.sh" --out "$out"
}
try_wheel() {
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install --quiet "$out"/limn-*.whl
  (cd "$work" && "$work/venv/bin/python" -c '
import limn
drawings = limn.load("builtin:doodles").sample(4, seed=1)
assert len(drawings) == 4 and "<path" in drawings[0].svg()
print("limn", limn.__version__, "for Python draws", len(drawings[0].stroke3), "points")')
}

make_npm() {
  "$tree/scripts/install-deps.sh" --wasm
  "$tree/scripts/build-wasm.sh"
  cp "$tree"/build/wasm/limn-*.tgz "$out"
}
try_npm() {
  mkdir -p "$work/npm"
  (cd "$work/npm" && npm init --yes > /dev/null && npm install --silent --no-audit --no-fund "$out"/limn-*.tgz &&
    LIMN_MODEL="$tree/pretrained/doodles.safetensors" node --input-type=module -e '
import { readFileSync } from "node:fs";
import { load } from "limn";
const model = await load(readFileSync(process.env.LIMN_MODEL));
const drawings = await model.sample(2, { seed: 1 });
if (drawings.length !== 2) throw new Error("no drawings");
console.log("limn for JavaScript draws", drawings.length, "drawings");')
}

for name in "${names[@]}"; do
  echo "release: $name"
  "make_$name"
  ((tries == 0)) || "try_$name"
done
(cd "$out" && sha256sum -- * > SHA256SUMS)
echo "release: made $out:"
cat "$out/SHA256SUMS"
