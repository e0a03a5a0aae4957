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
    mapfile -t COMPREPLY < <(compgen -W 'listen connect scan ports handshake-trace sockets help --help --version' -- "$cur")
    return
  fi
  local command=${words[1]}
  case "$command $prev" in
    'listen --record')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
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
    'listen --max-connections')
      :
      return
      ;;
    'listen --when-full')
      :
      return
      ;;
    'listen --max-per-host')
      :
      return
      ;;
    'listen --allow')
      :
      return
      ;;
    'listen --deny')
      :
      return
      ;;
    'listen --proxy-protocol-from')
      :
      return
      ;;
    'listen --proxy-protocol-timeout')
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
    'listen --send-proxy')
      :
      return
      ;;
    'listen --exec')
      :
      return
      ;;
    'listen --shell')
      :
      return
      ;;
    'listen --stderr')
      :
      return
      ;;
    'listen --pty-size')
      :
      return
      ;;
    'listen --queue')
      :
      return
      ;;
    'listen --stuck-timeout')
      :
      return
      ;;
    'listen --serve')
      :
      return
      ;;
    'listen --http-timeout')
      :
      return
      ;;
    'listen --forward-tls-cert')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    'listen --forward-tls-key')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    'listen --forward-tls-alpn')
      :
      return
      ;;
    'listen --forward-tls-min')
      :
      return
      ;;
    'listen --forward-tls-max')
      :
      return
      ;;
    'listen --forward-tls-ciphers')
      :
      return
      ;;
    'listen --forward-tls-ca')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    'listen --forward-tls-name')
      :
      return
      ;;
    'listen --forward-tls-pin')
      :
      return
      ;;
    'listen --keepalive')
      :
      return
      ;;
    'listen --user-timeout')
      :
      return
      ;;
    'listen --congestion')
      :
      return
      ;;
    'listen --mss')
      :
      return
      ;;
    'listen --ttl')
      :
      return
      ;;
    'listen --min-ttl')
      :
      return
      ;;
    'listen --dscp')
      :
      return
      ;;
    'listen --mark')
      :
      return
      ;;
    'listen --recv-buffer')
      :
      return
      ;;
    'listen --send-buffer')
      :
      return
      ;;
    'listen --notsent-lowat')
      :
      return
      ;;
    'listen --linger')
      :
      return
      ;;
    'listen --md5')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    'listen --tls-cert')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    'listen --tls-key')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    'listen --tls-alpn')
      :
      return
      ;;
    'listen --tls-min')
      :
      return
      ;;
    'listen --tls-max')
      :
      return
      ;;
    'listen --tls-ciphers')
      :
      return
      ;;
    'listen --tls-client-ca')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    'listen --handshake-timeout')
      :
      return
      ;;
    'listen --user')
      :
      return
      ;;
    'listen --group')
      :
      return
      ;;
    'listen --chroot')
      :
      return
      ;;
    'listen --delay-accept')
      :
      return
      ;;
    'listen --reset-after')
      :
      return
      ;;
    'listen --stall-after')
      :
      return
      ;;
    'listen --receive')
      :
      return
      ;;
    'listen --code')
      :
      return
      ;;
    'listen --code-file')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    'listen --proxy-auth')
      :
      return
      ;;
    'listen --proxy-auth-file')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    'listen --allow-target')
      :
      return
      ;;
    'listen --deny-target')
      :
      return
      ;;
    'listen --request-timeout')
      :
      return
      ;;
    'listen --idle-timeout')
      :
      return
      ;;
    'listen --delay')
      :
      return
      ;;
    'listen --quit-after')
      :
      return
      ;;
    'listen --until-bytes')
      :
      return
      ;;
    'listen --rate')
      :
      return
      ;;
    'connect --record')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
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
    'connect --retry')
      :
      return
      ;;
    'connect --retry-delay')
      :
      return
      ;;
    'connect --wait')
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
    'connect --interface')
      :
      return
      ;;
    'connect --idle-timeout')
      :
      return
      ;;
    'connect --delay')
      :
      return
      ;;
    'connect --quit-after')
      :
      return
      ;;
    'connect --until-bytes')
      :
      return
      ;;
    'connect --rate')
      :
      return
      ;;
    'connect --keepalive')
      :
      return
      ;;
    'connect --user-timeout')
      :
      return
      ;;
    'connect --congestion')
      :
      return
      ;;
    'connect --mss')
      :
      return
      ;;
    'connect --ttl')
      :
      return
      ;;
    'connect --min-ttl')
      :
      return
      ;;
    'connect --dscp')
      :
      return
      ;;
    'connect --mark')
      :
      return
      ;;
    'connect --recv-buffer')
      :
      return
      ;;
    'connect --send-buffer')
      :
      return
      ;;
    'connect --notsent-lowat')
      :
      return
      ;;
    'connect --linger')
      :
      return
      ;;
    'connect --md5')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    'connect --exec')
      :
      return
      ;;
    'connect --shell')
      :
      return
      ;;
    'connect --stderr')
      :
      return
      ;;
    'connect --pty-size')
      :
      return
      ;;
    'connect --tls-cert')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    'connect --tls-key')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    'connect --tls-alpn')
      :
      return
      ;;
    'connect --tls-min')
      :
      return
      ;;
    'connect --tls-max')
      :
      return
      ;;
    'connect --tls-ciphers')
      :
      return
      ;;
    'connect --starttls')
      :
      return
      ;;
    'connect --tls-ca')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    'connect --tls-name')
      :
      return
      ;;
    'connect --tls-pin')
      :
      return
      ;;
    'connect --proxy')
      :
      return
      ;;
    'connect --proxy-auth-file')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    'connect --proxy-tls-cert')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    'connect --proxy-tls-key')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    'connect --proxy-tls-alpn')
      :
      return
      ;;
    'connect --proxy-tls-min')
      :
      return
      ;;
    'connect --proxy-tls-max')
      :
      return
      ;;
    'connect --proxy-tls-ciphers')
      :
      return
      ;;
    'connect --proxy-tls-ca')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    'connect --proxy-tls-name')
      :
      return
      ;;
    'connect --proxy-tls-pin')
      :
      return
      ;;
    'connect --expect')
      :
      return
      ;;
    'connect --send')
      :
      return
      ;;
    'connect --send-secret')
      :
      return
      ;;
    'connect --expect-timeout')
      :
      return
      ;;
    'connect --until')
      :
      return
      ;;
    'connect --send-file')
      :
      return
      ;;
    'connect --code')
      :
      return
      ;;
    'connect --code-file')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    'scan --baseline')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    'scan --output')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    'scan --color')
      mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur")
      return
      ;;
    'scan --targets-file')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    'scan --exclude')
      :
      return
      ;;
    'scan --exclude-file')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    'scan -p' | 'scan --ports')
      :
      return
      ;;
    'scan --top')
      :
      return
      ;;
    'scan --exclude-ports')
      :
      return
      ;;
    'scan --technique')
      mapfile -t COMPREPLY < <(compgen -W 'auto syn connect fin null xmas maimon ack window list' -- "$cur")
      return
      ;;
    'scan --flags')
      :
      return
      ;;
    'scan --mss')
      :
      return
      ;;
    'scan --ttl')
      :
      return
      ;;
    'scan --source')
      :
      return
      ;;
    'scan --source-port')
      :
      return
      ;;
    'scan --interface')
      :
      return
      ;;
    'scan --gateway-mac')
      :
      return
      ;;
    'scan --vlan')
      :
      return
      ;;
    'scan --timing')
      :
      return
      ;;
    'scan --rate')
      :
      return
      ;;
    'scan --max-rate')
      :
      return
      ;;
    'scan --min-rate')
      :
      return
      ;;
    'scan --retries')
      :
      return
      ;;
    'scan --confidence')
      :
      return
      ;;
    'scan --timeout')
      :
      return
      ;;
    'scan --host-timeout')
      :
      return
      ;;
    'scan --shard')
      :
      return
      ;;
    'scan --seed')
      :
      return
      ;;
    'scan --checkpoint')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    'scan --resume')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    'scan --banner-timeout')
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
    'handshake-trace --svg')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    'handshake-trace --color')
      mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur")
      return
      ;;
    'handshake-trace -i' | 'handshake-trace --interface')
      :
      return
      ;;
    'handshake-trace --read')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    'handshake-trace --filter')
      :
      return
      ;;
    'handshake-trace --only')
      :
      return
      ;;
    'handshake-trace --top')
      :
      return
      ;;
    'handshake-trace --write')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    'handshake-trace --html')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    'handshake-trace --duration')
      :
      return
      ;;
    'handshake-trace --most-connections')
      :
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
    'handshake-trace --send')
      :
      return
      ;;
    'handshake-trace --max-hops')
      :
      return
      ;;
    'handshake-trace --queries')
      :
      return
      ;;
    'handshake-trace --mss')
      :
      return
      ;;
    'handshake-trace --window')
      :
      return
      ;;
    'handshake-trace --window-scale')
      :
      return
      ;;
    'handshake-trace --ttl')
      :
      return
      ;;
    'handshake-trace --dscp')
      :
      return
      ;;
    'handshake-trace --source-port')
      :
      return
      ;;
    'handshake-trace --flags')
      :
      return
      ;;
    'handshake-trace -c' | 'handshake-trace --count')
      :
      return
      ;;
    'handshake-trace --interval')
      :
      return
      ;;
    'sockets --columns')
      :
      return
      ;;
    'sockets --color')
      mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur")
      return
      ;;
    'sockets --state')
      :
      return
      ;;
    'sockets --netns')
      :
      return
      ;;
    'sockets --sort')
      :
      return
      ;;
    'sockets --top')
      :
      return
      ;;
    'sockets --group-by')
      :
      return
      ;;
    'sockets --rates')
      :
      return
      ;;
  esac
  if [[ $cur == -* ]]; then
    local options=
    case $command in
      listen) options='-h --help --progress --hexdump --record -v --verbose --json --ndjson --color --json-fd -k --keep-open --accept-timeout --ready-fd --reuse-port --max-connections --when-full --max-per-host --allow --deny --proxy-protocol --proxy-protocol-from --proxy-protocol-timeout --forward --balance --send-proxy --transparent --exec --shell --stderr --pty --pty-size --broker --chat --queue --stuck-timeout --serve --http-listing --http-timeout --forward-tls-cert --forward-tls-key --forward-tls-alpn --forward-tls-min --forward-tls-max --forward-tls-ciphers --forward-tls-ca --forward-tls-name --forward-tls-pin --forward-tls-insecure --nodelay --keepalive --user-timeout --congestion --mss --ttl --min-ttl --dscp --mark --fastopen --recv-buffer --send-buffer --notsent-lowat --linger --mptcp --md5 --tls --tls-cert --tls-key --tls-alpn --tls-min --tls-max --tls-ciphers --tls-client-ca --tls-client-optional --handshake-timeout --user --group --chroot --delay-accept --reset-after --stall-after --receive --overwrite --code --code-file --fsync --proxy-auth --proxy-auth-file --allow-target --deny-target --request-timeout -4 --ipv4 -6 --ipv6 -n --numeric --recv-only --send-only --idle-timeout -C --crlf --delay --quit-after --half-open --until-bytes --rate' ;;
      connect) options='-h --help --progress --hexdump --record -v --verbose --json --ndjson --color --json-fd --timeout --retry --retry-delay --wait -s --source --source-port --interface -z --zero --telnet --recv-only --send-only --idle-timeout -C --crlf --delay --quit-after --half-open --until-bytes --rate --nodelay --keepalive --user-timeout --congestion --mss --ttl --min-ttl --dscp --mark --fastopen --recv-buffer --send-buffer --notsent-lowat --linger --mptcp --md5 --exec --shell --stderr --pty --pty-size --tls --tls-cert --tls-key --tls-alpn --tls-min --tls-max --tls-ciphers --starttls --tls-ca --tls-name --tls-pin --tls-insecure --proxy --proxy-auth-file --proxy-tls-cert --proxy-tls-key --proxy-tls-alpn --proxy-tls-min --proxy-tls-max --proxy-tls-ciphers --proxy-tls-ca --proxy-tls-name --proxy-tls-pin --proxy-tls-insecure --expect --send --send-secret --expect-timeout --until --send-file --code --code-file -4 --ipv4 -6 --ipv6 -n --numeric' ;;
      scan) options='-h --help --open -v --verbose --stream --progress --list --baseline --output --csv --xml --greppable --html --json --ndjson --color --targets-file --exclude --exclude-file --first-address --i-am-allowed --discover --no-discover -4 --ipv4 -6 --ipv6 -n --numeric -p --ports --top --exclude-ports --technique --flags --mss --ttl --no-options --source --source-port --interface --gateway-mac --vlan --timing --rate --max-rate --min-rate --retries --confidence --timeout --host-timeout --shard --seed --checkpoint --resume --banner --banner-timeout' ;;
      ports) options='-h --help --json --ndjson --color -s --search -r --range -P --protocol -c --common' ;;
      handshake-trace) options='-h --help --svg --json --ndjson --color -i --interface --read --filter --only --summary --top --write --html --duration --most-connections --technique --timeout --close-timeout --syn-retries --half-open --send --path --max-hops --queries --paris --watch --pmtu --mss --window --window-scale --no-sack --no-timestamps --ecn --accecn --fastopen --mptcp --ttl --dscp --source-port --flags -c --count --interval --flood -4 --ipv4 -6 --ipv6 -n --numeric' ;;
      sockets) options='-h --help --columns -i --info --no-owner --json --ndjson --color -l --listening -a --all --state --bound-inactive --mptcp --netns --explain -4 --ipv4 -6 --ipv6 -n --numeric --sort --top --group-by --summary --rates --watch --events --kill --yes' ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
    return
  fi
  case $command in
    connect) mapfile -t COMPREPLY < <(compgen -A hostname -- "$cur") ;;
    scan) mapfile -t COMPREPLY < <(compgen -A hostname -- "$cur") ;;
    ports) mapfile -t COMPREPLY < <(compgen -A service -- "$cur") ;;
    handshake-trace) mapfile -t COMPREPLY < <(compgen -A hostname -- "$cur") ;;
    help) mapfile -t COMPREPLY < <(compgen -W 'listen connect scan ports handshake-trace sockets' -- "$cur") ;;
  esac
}

complete -F _tcpbox tcpbox
