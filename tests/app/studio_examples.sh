#!/usr/bin/env bash
# studio_examples.sh LIMN STUDIO_MD: pastes every curl example of docs/studio.md against a studio with small models of the
# names that the page uses, once directly and once through nginx with the page's own configuration where nginx is
# installed. All must succeed and answer something. Exit status 77 where there is no curl.
set -euo pipefail
limn="$(realpath "$1")" page="$(realpath "$2")"
if ! command -v curl >/dev/null; then
  echo "SKIPPED studio_examples: curl is not installed; scripts/install-deps.sh brings it"
  exit 77
fi

folder="$(mktemp -d)"
studio='' proxy=''
clean_up() {
  for process in $proxy $studio; do kill "$process" 2>/dev/null && wait "$process" 2>/dev/null; done
  rm -rf "$folder"
}
trap clean_up EXIT
cd "$folder"
export OMP_NUM_THREADS=1

small_sketches='--set dec_rnn_size=12 enc_rnn_size=7 z_size=4 --batch-size 20'
small_images='--set sample_every=0'
train() {
  # shellcheck disable=SC2086
  "$limn" train "$@" --quiet >/dev/null
}
# shellcheck disable=SC2086
train sketch-rnn --out models/bicycle $small_sketches --steps 2 --set conditional=false --set sample_every=0
# shellcheck disable=SC2086
train sketch-rnn --out models/doodles $small_sketches --steps 2 --set sample_every=0
# shellcheck disable=SC2086
train vae --out models/mnist $small_images --steps 2
# shellcheck disable=SC2086
train draw --out models/glimpses $small_images --steps 1 --set time_steps=3 --set enc_rnn_size=16 --set dec_rnn_size=16
# shellcheck disable=SC2086
train sketch-rnn --out runs/watched $small_sketches --steps 2 --set sample_every=2

timeout 120 "$limn" serve models/* --runs runs --port 0 --allow-host studio.example.org >serve.txt 2>&1 &
studio=$!
for _ in $(seq 100); do
  address="$(sed -n 's|.*http://\(127\.0\.0\.1:[0-9]*\).*|\1|p' serve.txt | head -1)"
  [[ -n "$address" ]] && break
  sleep 0.1
done
[[ -n "$address" ]] || { echo "FAILED: the studio did not start: $(cat serve.txt)"; exit 1; }

# A block of the page that begins with curl, with the lines that it goes on with.
examples() {
  awk '/^    curl /{going = 1} going {line = line substr($0, 5); if (sub(/\\$/, "", line)) next; print line; line = ""; going = 0}' "$page"
}

# paste_all ADDRESS [CURL_OPTION…]: every example against that address.
paste_all() {
  local at="$1" count=0 failed=0 example run
  shift
  run="$(curl -s "$@" "$at/api/runs" | sed -n 's/.*"id":"\([^"]*\)".*/\1/p' | head -1)"
  while IFS= read -r example; do
    example="${example//localhost:8080/$at}"
    example="${example//\/runs\/RUN//runs/$run}"
    example="${example//samples\/500/samples\/2}"
    ((++count))
    rm -f ./*.png ./*.gif ./*.svg
    if ! timeout 20 bash -c "${example/curl /curl --fail-with-body $* }" >out.txt 2>err.txt; then
      ((++failed))
      echo "FAILED: $example"
      head -c 300 out.txt err.txt
    elif [[ "$example" == *" -o "* && ! -s "${example##* -o }" || "$example" != *" -o "* && ! -s out.txt ]]; then
      ((++failed))
      echo "FAILED, no answer: $example"
    fi
  done < <(examples)
  echo "studio examples at $at: $((count - failed)) of $count work when pasted"
  ((failed == 0 && count >= 10))
}

paste_all "$address"

nginx="$(command -v nginx || true)"
[[ -n "$nginx" || ! -x /usr/sbin/nginx ]] || nginx=/usr/sbin/nginx
if [[ -z "$nginx" ]]; then
  echo "studio examples: not tried behind a reverse proxy, nginx is not installed"
  exit 0
fi
# The page's location block, without the passwords and with this studio's port.
port=$((20000 + RANDOM % 20000))
{
  echo "pid $folder/nginx.pid; error_log $folder/error.log; daemon off; master_process off;"
  echo "events {}"
  echo "http { access_log off; client_body_temp_path $folder/body; proxy_temp_path $folder/proxy;"
  echo "fastcgi_temp_path $folder/f; uwsgi_temp_path $folder/u; scgi_temp_path $folder/s;"
  echo "server { listen 127.0.0.1:$port;"
  sed -n '/^    location \/ {/,/^    }/p' "$page" | sed "s|127.0.0.1:8080|$address|; /auth_basic/d"
  echo "} }"
} >nginx.conf
timeout 120 "$nginx" -c "$folder/nginx.conf" -p "$folder" 2>>error.log &
proxy=$!
for _ in $(seq 50); do
  curl -s -o /dev/null "http://127.0.0.1:$port/" && break
  sleep 0.1
done
# As a browser there would ask: by the public name.
paste_all "studio.example.org:$port" --resolve "studio.example.org:$port:127.0.0.1"
