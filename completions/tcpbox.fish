# SPDX-License-Identifier: MIT
# fish completion for tcpbox; written by packaging/generate_completions.py

complete -c tcpbox -f
complete -c tcpbox -n __fish_use_subcommand -l help -d 'Show the help'
complete -c tcpbox -n __fish_use_subcommand -l version -d 'Show the version'
