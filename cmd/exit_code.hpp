// SPDX-License-Identifier: MIT
// What a command's exit status means, everywhere. A signal that ended the run is re-raised instead.
#pragma once

namespace tcp::cmd {

enum class ExitCode : int {
  done = 0,
  negative = 1,  // done, and the answer is no: refused, nothing open, nothing matched, handshake incomplete
  usage = 2,     // the words are off; nothing was sent
  failed = 3,    // no permission, no route, I/O
  unmet = 4,     // a step of a script waited in vain
};

}  // namespace tcp::cmd
