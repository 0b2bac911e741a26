#!/usr/bin/env bash
# Builds limn's WebAssembly module and makes the npm package of it: build/wasm/npm/, and limn-VERSION.tgz beside it.
# build/wasm/limn-studio.wasm is the studio's module, for limn serve --export.
# Usage: scripts/build-wasm.sh [--test] [--help]   (works from any folder)
#   --test  also runs the package's tests (wasm/test/) in Node, and in Chromium where that is there
# Needs what scripts/install-deps.sh --wasm installs. ZIG=PATH takes another `zig` than build/zig's.
# LIMN=PATH is the command that the tests compare with [build/release/app/limn].
set -euo pipefail

root="$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
tests=0
case "${1:-}" in
  -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
  --test) tests=1 ;;
  '') ;;
  *) echo "build-wasm: error: unknown option '$1'; see --help" >&2; exit 2 ;;
esac

die() {
  echo "build-wasm: error: $*" >&2
  exit 1
}
zig="${ZIG:-$(echo "$root"/build/zig/lib/python3*/site-packages/ziglang/zig)}"
[[ -x "$zig" ]] || die "Zig is not here; scripts/install-deps.sh --wasm installs it into build/zig"
command -v npm >/dev/null || die "npm is not here; scripts/install-deps.sh --wasm installs it"

build="$root/build/wasm"
# Zig keeps what it compiles of wasi-libc there; the first link takes minutes.
export ZIG_GLOBAL_CACHE_DIR="${ZIG_GLOBAL_CACHE_DIR:-$build/zig-cache}" ZIG_LOCAL_CACHE_DIR="${ZIG_LOCAL_CACHE_DIR:-$build/zig-cache}"
cmake -S "$root/wasm" -B "$build" -G Ninja -D LIMN_ZIG="$zig" -D LIMN_HEADERS="${LIMN_HEADERS:-/usr/include}" >/dev/null
cmake --build "$build" --parallel "$(nproc)"

package="$build/npm"
rm -rf "$package"
mkdir -p "$package"
cp -r "$root/wasm/js" "$root/wasm/README.md" "$root/LICENSE" "$package"
cp "$root/web/static/third-party-notices.txt" "$package/THIRD-PARTY-NOTICES"
cp "$build/limn.wasm" "$package"
VERSION="$(<"$root/VERSION")" node -e '
  const fs = require("fs");
  const facts = JSON.parse(fs.readFileSync(process.argv[1]));
  fs.writeFileSync(process.argv[2], JSON.stringify({ ...facts, version: process.env.VERSION.trim() }, null, 2) + "\n");
' "$root/wasm/package.json" "$package/package.json"
(cd "$build" && npm pack --silent ./npm)
node -e '
  const { brotliCompressSync } = require("zlib");
  for (const path of process.argv.slice(1)) {
    const module = require("fs").readFileSync(path);
    console.log(`build-wasm: ${path.split("/").at(-1)} ${module.length} bytes, ${brotliCompressSync(module).length} with brotli`);
  }
' "$package/limn.wasm" "$build/limn-studio.wasm"

if ((tests)); then
  cd "$root/wasm/test"
  LIMN_PACKAGE="$package" LIMN="${LIMN:-$root/build/release/app/limn}" node --test --test-reporter=spec ./*.test.js
fi
