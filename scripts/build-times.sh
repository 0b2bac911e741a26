#!/usr/bin/env bash
# Builds from nothing, without ccache, and prints the CPU seconds of each target and of the slowest files.
# Usage: scripts/build-times.sh [--files N] [--jobs N] [--with-torch] [--help] [TARGET…]
#   --files N     how many of the slowest files to print; default 25
#   --jobs N      compile N files at once; default: the cores, at most 2
#   --with-torch  configure with LIMN_WITH_TORCH=ON; default OFF
#   TARGET        what to build, as limn or limn_sketch; default: the program limn
# Builds in a temporary folder, which it removes. Times are user and system seconds of the compiler and the linker.
set -euo pipefail

root="$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
files=25
cores="$(nproc)"
jobs=$((cores < 2 ? cores : 2))
torch=OFF
targets=()

usage_error() {
  echo "build-times: error: $1; see --help" >&2
  exit 2
}
while (($# > 0)); do
  case "$1" in
    --files | --jobs)
      [[ "${2:-}" =~ ^[1-9][0-9]*$ ]] || usage_error "$1 needs a number"
      declare "${1#--}=$2"
      shift
      ;;
    --with-torch) torch=ON ;;
    -h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) usage_error "unknown option '$1'" ;;
    *) targets+=("$1") ;;
  esac
  shift
done
((${#targets[@]} > 0)) || targets=(limn)

build="$(mktemp -d "${TMPDIR:-/tmp}/limn-build-times.XXXXXX")"
stage="configuring"
trap 'status=$?; rm -rf "$build"; ((status == 0)) || echo "build-times: FAILED ($stage)" >&2' EXIT

# The launcher runs one compiler or linker command and appends "seconds output-file" to the list.
# A line is short, so that two commands at once do not mix theirs.
cat >"$build/timed" <<'LAUNCHER'
#!/usr/bin/env bash
output=
for ((i = 1; i < $#; ++i)); do
  if [[ "${!i}" == -o ]]; then
    next=$((i + 1))
    output="${!next}"
  fi
done
TIMEFORMAT='%U %S'
status=0
exec 3>&1 4>&2
spent="$({ time "$@" >&3 2>&4; } 2>&1)" || status=$?
printf '%s %s\n' "$spent" "$output" >>"$(dirname "$0")/times"
exit "$status"
LAUNCHER
chmod +x "$build/timed"

# CCACHE_DISABLE: the compiler itself may be a link to ccache.
export CCACHE_DISABLE=1
cmake -S "$root" -B "$build/tree" -G Ninja -DCMAKE_BUILD_TYPE=Release -DLIMN_WITH_TORCH="$torch" \
  -DCMAKE_CXX_COMPILER_LAUNCHER="$build/timed" -DCMAKE_CXX_LINKER_LAUNCHER="$build/timed" >"$build/log" ||
  { tail -n 20 "$build/log" >&2; exit 1; }

stage="building"
: >"$build/times"  # what configuring compiled does not count
begin=$SECONDS
cmake --build "$build/tree" --parallel "$jobs" --target "${targets[@]}" >"$build/log" ||
  { tail -n 20 "$build/log" >&2; exit 1; }
wall=$((SECONDS - begin))

# An object is limn/core/CMakeFiles/limn_core.dir/error.cpp.o: its target is limn_core, its file limn/core/error.cpp.
awk '{
  target = $3
  file = $3
  if (match($3, /CMakeFiles\/[^\/]*\.dir\//)) {
    target = substr($3, RSTART + 11, RLENGTH - 16)
    file = substr($3, 1, RSTART - 1) substr($3, RSTART + RLENGTH)
    sub(/\.o$/, "", file)
  }
  printf "%.2f %s %s\n", $1 + $2, target, file
}' "$build/times" >"$build/rows"
echo "CPU seconds by target"
awk '{ seconds[$2] += $1; ++count[$2] }
  END { for (target in seconds) printf "%8.1f  %-20s %d commands\n", seconds[target], target, count[target] }' \
  "$build/rows" | sort -rn
echo "CPU seconds of the slowest files"
sort -rn "$build/rows" | awk -v most="$files" 'NR <= most { printf "%8.1f  %s\n", $1, $3 }'
awk -v wall="$wall" -v jobs="$jobs" '{ sum += $1 }
  END { printf "build-times: %.0f s of CPU in %d commands, %d s by the clock with %d jobs\n", sum, NR, wall, jobs }' \
  "$build/rows"
