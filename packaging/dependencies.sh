#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs the Debian packages that are missing, and nothing when none is.
#
#   packaging/dependencies.sh [--build] [--test]
#
#   --build   what a build needs (the default)
#   --test    that, and what the tests need; a tool that cannot be had makes its tests skip
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=shell.sh
source "$(dirname "${BASH_SOURCE[0]}")/shell.sh"

build_packages=(
  g++ cmake ninja-build pkg-config
  libcli11-dev libfmt-dev nlohmann-json3-dev libpcap-dev libasio-dev libssl-dev zlib1g-dev
)
# Without these there is nothing to test with.
test_packages=(doctest-dev python3 iproute2 util-linux)
# Peers, judges and tools of single tests; ccache makes the second build quick.
test_tools=(
  ccache python3-jsonschema nginx haproxy nftables ncat netcat-openbsd socat microsocks tinyproxy dante-server squid nmap
  tshark tcpdump openssh-server openssl curl jq mandoc shellcheck zsh fish strace clang-19 libclang-rt-19-dev
  clang-format-19
)

is_installed() {
  [[ $(dpkg-query -W -f='${Status}' "$1" 2>/dev/null) == 'install ok installed' ]]
}

missing_of() {
  local package
  for package in "$@"; do
    is_installed "$package" || printf '%s\n' "$package"
  done
}

# Debian starts a server as soon as it is installed; the tests want its program only. The policy is ours as long as we
# run, unless the host has one.
policy=/usr/sbin/policy-rc.d
start_no_servers() {
  [[ -e $policy ]] && return
  trap 'as_root rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
  as_root chmod 755 "$policy"
}

updated=no
apt_install() {
  if [[ $updated == no ]]; then
    show as_root apt-get update -q || true
    updated=yes
  fi
  show as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
}

install_required() {
  local missing
  mapfile -t missing < <(missing_of "$@")
  ((${#missing[@]} == 0)) && return
  say "missing: ${missing[*]}"
  apt_install "${missing[@]}" || die "could not install ${missing[*]}"
}

install_wanted() {
  local missing package
  mapfile -t missing < <(missing_of "$@")
  ((${#missing[@]} == 0)) && return
  say "missing: ${missing[*]}"
  apt_install "${missing[@]}" && return
  for package in "${missing[@]}"; do
    apt_install "$package" || echo "without $package: the tests that need it are skipped" >&2
  done
}

main() {
  local tests=no word
  for word in "$@"; do
    case $word in
      --build) ;;
      --test) tests=yes ;;
      *) die "unknown option '$word'" ;;
    esac
  done
  command -v dpkg-query >/dev/null || die "this script knows Debian only; README.md lists what is needed"
  say "dependencies: Debian packages, only what is missing"
  install_required "${build_packages[@]}"
  if [[ $tests == yes ]]; then
    start_no_servers_if_needed
    install_required "${test_packages[@]}"
    install_wanted "${test_tools[@]}"
  fi
  echo "dependencies are there" >&2
}

start_no_servers_if_needed() {
  [[ -z $(missing_of "${test_packages[@]}" "${test_tools[@]}") ]] || start_no_servers
}

main "$@"
