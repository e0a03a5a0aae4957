# SPDX-License-Identifier: MIT
# What the scripts of the project share. Sourced; `root` is the project's directory.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck disable=SC2034  # for the scripts that source this
jobs=$(nproc)

# A heading on standard error, so that what a program prints stays apart.
say() {
  printf '\n== %s\n' "$*" >&2
}

die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# The command as it is run, then the command.
show() {
  local word line='$'
  for word in "$@"; do
    [[ $word =~ ^[[:alnum:]_./:,=@+-]+$ ]] || printf -v word %q "$word"
    line+=" $word"
  done
  printf '%s\n' "$line" >&2
  "$@"
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "needs root (or sudo): $*"
  fi
}

# Through sudo, what is written into the checkout should still belong to the one who owns it.
as_owner() {
  local owner
  owner=$(stat -c %u "$root")
  if ((EUID == 0 && owner != 0)) && [[ ${SUDO_UID:-} == "$owner" ]] && command -v sudo >/dev/null; then
    sudo -u "#$owner" -- "$@"
  else
    "$@"
  fi
}
