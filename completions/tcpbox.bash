# SPDX-License-Identifier: MIT
# bash completion for tcpbox; written by packaging/generate_completions.py

_tcpbox() {
  # shellcheck disable=SC2034  # split: for _init_completion
  local cur prev words cword split
  if declare -F _init_completion >/dev/null; then
    _init_completion -s || return
  else
    cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
    words=("${COMP_WORDS[@]}") cword=$COMP_CWORD
  fi
  COMPREPLY=()
  if ((cword == 1)); then
    mapfile -t COMPREPLY < <(compgen -W 'listen connect scan ports handshake-trace help --help --version' -- "$cur")
    return
  fi
  local command=${words[1]}
  case "$command $prev" in
    'listen --color')
      mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur")
      return
      ;;
    'listen --json-fd')
      :
      return
      ;;
    'listen --accept-timeout')
      :
      return
      ;;
    'listen --ready-fd')
      :
      return
      ;;
    'listen --forward')
      :
      return
      ;;
    'listen --balance')
      :
      return
      ;;
    'listen --idle-timeout')
      :
      return
      ;;
    'connect --color')
      mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur")
      return
      ;;
    'connect --json-fd')
      :
      return
      ;;
    'connect --timeout')
      :
      return
      ;;
    'connect -s' | 'connect --source')
      :
      return
      ;;
    'connect --source-port')
      :
      return
      ;;
    'connect --idle-timeout')
      :
      return
      ;;
    'scan --color')
      mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur")
      return
      ;;
    'scan -p' | 'scan --ports')
      :
      return
      ;;
    'scan --technique')
      mapfile -t COMPREPLY < <(compgen -W 'auto syn connect' -- "$cur")
      return
      ;;
    'scan --rate')
      :
      return
      ;;
    'scan --retries')
      :
      return
      ;;
    'scan --timeout')
      :
      return
      ;;
    'scan --exclude')
      :
      return
      ;;
    'scan --interface')
      :
      return
      ;;
    'ports --color')
      mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur")
      return
      ;;
    'ports -s' | 'ports --search')
      :
      return
      ;;
    'ports -r' | 'ports --range')
      mapfile -t COMPREPLY < <(compgen -W 'well-known registered dynamic' -- "$cur")
      return
      ;;
    'ports -P' | 'ports --protocol')
      mapfile -t COMPREPLY < <(compgen -W 'tcp udp sctp dccp any' -- "$cur")
      return
      ;;
    'handshake-trace --color')
      mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur")
      return
      ;;
    'handshake-trace --technique')
      mapfile -t COMPREPLY < <(compgen -W 'auto raw connect' -- "$cur")
      return
      ;;
    'handshake-trace --timeout')
      :
      return
      ;;
    'handshake-trace --close-timeout')
      :
      return
      ;;
    'handshake-trace --syn-retries')
      :
      return
      ;;
  esac
  if [[ $cur == -* ]]; then
    local options=
    case $command in
      listen) options='-h --help -v --verbose --json --ndjson --color --json-fd -k --keep-open --accept-timeout --ready-fd --forward --balance -4 --ipv4 -6 --ipv6 -n --numeric --recv-only --send-only --idle-timeout' ;;
      connect) options='-h --help -v --verbose --json --ndjson --color --json-fd --timeout -z --zero -s --source --source-port -4 --ipv4 -6 --ipv6 -n --numeric --recv-only --send-only --idle-timeout' ;;
      scan) options='-h --help --open -v --verbose --json --ndjson --color -p --ports --technique --rate --retries --timeout --exclude --first-address --interface --i-am-allowed -4 --ipv4 -6 --ipv6 -n --numeric' ;;
      ports) options='-h --help --json --ndjson --color -s --search -r --range -P --protocol -c --common' ;;
      handshake-trace) options='-h --help --json --ndjson --color --technique --timeout --close-timeout --syn-retries -4 --ipv4 -6 --ipv6 -n --numeric' ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
    return
  fi
  case $command in
    connect) mapfile -t COMPREPLY < <(compgen -A hostname -- "$cur") ;;
    scan) mapfile -t COMPREPLY < <(compgen -A hostname -- "$cur") ;;
    ports) mapfile -t COMPREPLY < <(compgen -A service -- "$cur") ;;
    handshake-trace) mapfile -t COMPREPLY < <(compgen -A hostname -- "$cur") ;;
    help) mapfile -t COMPREPLY < <(compgen -W 'listen connect scan ports handshake-trace' -- "$cur") ;;
  esac
}

complete -F _tcpbox tcpbox
