# SPDX-License-Identifier: MIT
"""What ss(8) says of TCP sockets, as words by socket: read(ss_text) of `ss -tanieomO`, with or without -M."""

import dataclasses
import re

STATES = {"ESTAB": "ESTABLISHED", "SYN-RECV": "SYN-RECEIVED", "UNCONN": "CLOSED"}
_TIMERS = {"on": "retransmission", "keepalive": "keepalive", "timewait": "time_wait", "persist": "zero_window_probe"}
_PAIRED = ("pacing_rate", "delivery_rate", "send")  # a value after a blank, not a colon
_SPAN = re.compile(r"(?:(\d+)min)?(?:(\d+)(?:sec|\.))?(?:(\d+)ms)?")


@dataclasses.dataclass
class Said:
    """One line. `words` by their names; a flag such as "ts" has the value "". `names` are all of them, in order."""
    state: str
    receive_queue: int
    send_queue: int
    local: str
    remote: str
    words: dict
    names: list

    @property
    def cookie(self):
        return int(self.words["sk"], 16)

    @property
    def timer(self):
        """(kind, milliseconds, retransmissions), or None. ss leaves out milliseconds from ten seconds on, and more."""
        if "timer" not in self.words:
            return None
        kind, span, retransmissions = self.words["timer"].strip("()").split(",")
        minutes, seconds, milliseconds = (int(part or 0) for part in _SPAN.fullmatch(span).groups())
        return _TIMERS[kind], (minutes * 60 + seconds) * 1000 + milliseconds, int(retransmissions)


def read(text):
    """A dict from cookie to Said."""
    return {said.cookie: said for said in map(_line, text.splitlines()[1:]) if said is not None}


def _line(line):
    parts = line.split()
    if parts and parts[0] in ("tcp", "mptcp"):
        parts = parts[1:]
    if len(parts) < 5:
        return None
    words = {}
    rest = iter(parts[5:])
    for part in rest:
        name, _, value = part.partition(":")
        words[name] = next(rest) if name in _PAIRED else value
    return Said(STATES.get(parts[0], parts[0]), int(parts[1]), int(parts[2]), parts[3], parts[4], words, list(words))
