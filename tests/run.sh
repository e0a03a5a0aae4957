#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every test: dependencies, builds, ctest, fuzz targets.
#
#   tests/run.sh [--fast]
#
# In full: the sanitizer build with all its tests, the release build with the integration tests, and each fuzz target
# for FUZZ_SECONDS (default 5). --fast: the release build and all its tests, nothing else. The corpora of the fuzz
# targets are replayed in both. Tests in network namespaces need root and are skipped without.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../packaging/shell.sh
source "$(dirname "${BASH_SOURCE[0]}")/../packaging/shell.sh"

fuzz_seconds=${FUZZ_SECONDS:-5}
tests_at_once=$((jobs + 1)) # they wait more than they compute
failures=()

# A step that fails is remembered; the others still run.
step() {
  say "$1"
  shift
  show "$@" || failures+=("$*")
}

# build PRESET TARGET...: all of it without a target.
build() {
  local preset=$1
  shift
  say "build: $preset"
  show as_owner cmake --preset "$preset" -DTCPBOX_TESTS=ON >/dev/null
  show as_owner cmake --build --preset "$preset" -j "$jobs" ${1:+--target "$@"}
}

fuzz_targets() {
  local source
  for source in "$root"/tests/fuzz/fuzz_*.cpp; do
    basename "$source" .cpp
  done
}

fuzz_one() {
  local target=$1
  local found=$root/build/fuzz/corpus/$target
  local log=$root/build/fuzz/$target.log
  as_owner mkdir -p "$found"
  if "$root/build/fuzz/tests/fuzz/$target" -max_total_time="$fuzz_seconds" -timeout=10 -rss_limit_mb=2560 \
    -artifact_prefix="$root/build/fuzz/$target-" "$found" "$root/tests/fuzz/corpus/${target#fuzz_}" >"$log" 2>&1; then
    echo "$target: $(tail -n 1 "$log")"
  else
    echo "$target: FAILED"
    tail -n 40 "$log"
    return 1
  fi
}

# As many at a time as there are processors.
fuzz_all() {
  local running=() target failed=0
  for target in "$@"; do
    if ((${#running[@]} >= jobs)); then
      wait "${running[0]}" || failed=1
      running=("${running[@]:1}")
    fi
    fuzz_one "$target" &
    running+=($!)
  done
  for process in "${running[@]}"; do
    wait "$process" || failed=1
  done
  return "$failed"
}

test_fast() {
  build release
  step "all tests, release" ctest --preset release -j "$tests_at_once"
}

test_full() {
  local targets
  mapfile -t targets < <(fuzz_targets)
  build fuzz "${targets[@]}"
  step "fuzz targets, $fuzz_seconds s each" fuzz_all "${targets[@]}"
  build release integration_tools
  step "integration tests, release" ctest --preset release -L integration -j "$tests_at_once"
  build dev
  step "all tests, sanitizers" ctest --preset dev -j "$tests_at_once"
}

main() {
  cd "$root"
  case ${1:-} in
    '') plan=test_full ;;
    --fast) plan=test_fast ;;
    *) die "usage: tests/run.sh [--fast]" ;;
  esac
  packaging/dependencies.sh --test
  ((EUID == 0)) || echo "not root: tests in network namespaces will be skipped" >&2
  "$plan"
  ((${#failures[@]} == 0)) && return
  say "failed"
  printf '%s\n' "${failures[@]}" >&2
  exit 1
}

main "$@"
