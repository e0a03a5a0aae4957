# SPDX-License-Identifier: MIT
# bash completion for tcpbox; written by packaging/generate_completions.py

_tcpbox() {
  local cur prev words cword
  if declare -F _init_completion >/dev/null; then
    _init_completion || return
  else
    cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
    words=("${COMP_WORDS[@]}") cword=$COMP_CWORD
  fi
  COMPREPLY=()
  if ((cword == 1)); then
    mapfile -t COMPREPLY < <(compgen -W 'help --help --version' -- "$cur")
    return
  fi
  local command=${words[1]}
  case "$command $prev" in
  esac
  if [[ $cur == -* ]]; then
    local options=
    case $command in
    esac
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
    return
  fi
  case $command in
    help) mapfile -t COMPREPLY < <(compgen -W '' -- "$cur") ;;
  esac
}

complete -F _tcpbox tcpbox
