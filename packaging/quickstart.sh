#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# From a fresh Debian 12 to a working tool: dependencies, release build, installation, and a first run on this machine.
#
#   packaging/quickstart.sh [--prefix DIRECTORY]      (default: /usr/local)
#
# Run it as root, through sudo, or as an ordinary user with a prefix of your own. Running it again is harmless.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=shell.sh
source "$(dirname "${BASH_SOURCE[0]}")/shell.sh"

prefix=/usr/local
work=

usage() {
  die "usage: packaging/quickstart.sh [--prefix DIRECTORY]"
}

read_options() {
  while (($# > 0)); do
    case $1 in
      --prefix)
        (($# > 1)) || usage
        prefix=$2
        shift
        ;;
      --prefix=*) prefix=${1#--prefix=} ;;
      *) usage ;;
    esac
    shift
  done
  [[ $prefix == /* ]] || prefix=$PWD/$prefix
}

build() {
  say "build: release"
  cd "$root"
  show as_owner cmake --preset release -DTCPBOX_TESTS=OFF -DCMAKE_INSTALL_PREFIX="$prefix" >/dev/null
  show as_owner cmake --build --preset release -j "$jobs"
}

# Directly where this user may write, through sudo otherwise.
install_to_prefix() {
  say "install: $prefix"
  local place=$prefix
  until [[ -e $place ]]; do place=$(dirname "$place"); done
  if [[ -w $place ]]; then
    show cmake --install "$root/build/release" >/dev/null
  else
    show as_root cmake --install "$root/build/release" >/dev/null
  fi
}

# The listener waits for a client on a port that the kernel chooses, and tells it through descriptor 3.
listener=
start_listener() {
  mkfifo "$work/ready" "$work/never"
  # Its standard input stays open and silent.
  sleep infinity >"$work/never" &
  keeper=$!
  "$tcpbox" listen 127.0.0.1:0 --keep-open --ready-fd 3 3>"$work/ready" <"$work/never" >/dev/null 2>"$work/listen.log" &
  listener=$!
  local line
  if ! read -r -t 10 line <"$work/ready"; then
    cat "$work/listen.log" >&2
    die "the listener did not start"
  fi
  port=${line##*[!0-9]}
}

clean_up() {
  local process
  for process in "$listener" "${keeper:-}"; do
    [[ -z $process ]] && continue
    kill "$process" 2>/dev/null || true
    wait "$process" 2>/dev/null || true
  done
  [[ -z $work ]] || rm -rf "$work"
}

first_run() {
  tcpbox=$prefix/bin/tcpbox
  work=$(mktemp -d)
  trap clean_up EXIT
  trap 'exit 130' INT TERM HUP
  say "a listener on a free port of this machine"
  start_listener
  echo "listening on 127.0.0.1 port $port" >&2
  say "the handshake with it"
  show "$tcpbox" handshake-trace "127.0.0.1:$port"
  say "a scan that finds it"
  show "$tcpbox" scan 127.0.0.1 -p "22,80,443,$port" | tee "$work/scan"
  grep -w open "$work/scan" | grep -qw "$port" || die "the scan did not find port $port"
  say "what that port is"
  show "$tcpbox" ports "$port"
  say "tcpbox is ready: $tcpbox"
}

read_options "$@"
"$root/packaging/dependencies.sh" --build
build
install_to_prefix
first_run
