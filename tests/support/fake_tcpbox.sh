#!/bin/bash
# SPDX-License-Identifier: MIT
# Says what help looks like; for the tests of what reads it.
case "$1" in
  --help)
    cat <<'HELP'
Usage: tcpbox COMMAND [OPTION]... [ARGUMENT]...

Commands:
  scan              Find out which ports are open, and say
                    how each is known
  ports             Explain port numbers

  tcpbox COMMAND --help    what a command takes
HELP
    ;;
  scan)
    cat <<'HELP'
Find out which ports are open
Usage: tcpbox scan [OPTION]... TARGET...

Positionals:
  TARGET...               Addresses, ranges, names

Addresses:
  -4,--ipv4               Use IPv4 only

Output:
  -h,--help               Show this help
  --color WHEN            When to use colour: auto, always or never
  --technique,--how-to-probe TECHNIQUE
                          How to probe: "syn" or [connect], it's
                          the user's choice
  -r,--resume FILE        Go on where FILE ends
HELP
    ;;
  ports)
    cat <<'HELP'
Explain port numbers
Usage: tcpbox ports [OPTION]... [QUERY...]

Output:
  -h,--help               Show this help
HELP
    ;;
esac
