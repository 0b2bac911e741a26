#!/usr/bin/env bash
# Manual pages, completions, licence and notices of a Debian package, below FOLDER/share.
# Usage: cmake/package-texts.sh LIMN FOLDER SOURCE: the built command, where to write, and limn's source tree
set -euo pipefail

limn="$1" folder="$2" source="$3"
rm -rf "$folder"
mkdir -p "$folder/share/man/man1" "$folder/share/doc/limn"

# help2man starts what it documents by its name.
PATH="$(dirname "$limn"):$PATH"
version="$(limn --version)"
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(date -r "$source/CHANGELOG.md" +%s)}"
# make_pages WHAT WORDS…: a page of what `limn WORDS --help` says, named limn-WORDS, and one for each command below. Their
# date is SOURCE_DATE_EPOCH, or that of the change log, so that they are the same whenever they are made.
make_pages() {
  local what="$1" command rest name
  shift
  name="limn${*:+-$*}" name="${name// /-}"
  help2man --no-info --section 1 --name "$what" \
    --version-string "$version" "limn${*:+ $*}" |
    sed -e "s/^\.TH LIMN /.TH ${name^^} /" -e "0,/^limn /s/^limn /${name//-/\\\\-} /" > "$folder/share/man/man1/$name.1"
  while read -r command rest; do
    [[ -z "$command" ]] || make_pages "$rest" "$@" "$command"
  done < <(limn "$@" --help | sed -n '/^Subcommands:/,$s/^  \([a-z-]\{2,\}\) \{2,\}\(.*\)$/\1 \2/p')
}
make_pages "neural networks that draw"
[[ -e "$folder/share/man/man1/limn-sample.1" ]] ||
  { echo "package-texts: error: limn --help lists no commands" >&2; exit 1; }
gzip -9n "$folder"/share/man/man1/*.1

place() {
  mkdir -p "$(dirname "$folder/share/$2")"
  limn completion "$1" > "$folder/share/$2"
}
place bash bash-completion/completions/limn
place zsh zsh/vendor-completions/_limn
place fish fish/vendor_completions.d/limn.fish

# The libraries that are compiled in from headers, with the words of their authors as Debian's packages keep them.
{
  echo "limn is under this licence."
  echo
  cat "$source/LICENSE"
  for package in libcli11-dev libfmt-dev libhwy-dev libtomlplusplus-dev nlohmann-json3-dev; do
    notice="/usr/share/doc/$package/copyright"
    [[ -e "$notice" ]] || { echo "package-texts: error: $notice is not there" >&2; exit 1; }
    printf '\n\nCompiled in: %s\n\n' "$package"
    cat "$notice"
  done
} > "$folder/share/doc/limn/copyright"
touch "$folder/made"
