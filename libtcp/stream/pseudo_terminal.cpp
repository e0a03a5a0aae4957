// SPDX-License-Identifier: MIT
#include "libtcp/stream/pseudo_terminal.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

#include "libtcp/stream/socket.hpp"

namespace tcp::stream {

Result<PseudoTerminal> open_pseudo_terminal(WindowSize size) {
  constexpr int kFlags = O_RDWR | O_NOCTTY | O_CLOEXEC;
  const std::string attempt = "open a pseudo-terminal";
  PseudoTerminal terminal;
  terminal.ours = above_standard(UniqueFd(::posix_openpt(kFlags)));
  if (!terminal.ours) return system_error(attempt);
  if (::unlockpt(terminal.ours.get()) != 0) return system_error(attempt);
  // Needs no path below /dev/pts (Linux 4.13).
  terminal.childs = above_standard(UniqueFd(::ioctl(terminal.ours.get(), TIOCGPTPEER, kFlags)));
  if (!terminal.childs) return system_error(attempt);
  const winsize window{size.rows, size.columns, 0, 0};
  if (::ioctl(terminal.ours.get(), TIOCSWINSZ, &window) != 0) return system_error(attempt);
  if (::fcntl(terminal.ours.get(), F_SETFL, O_RDWR | O_NONBLOCK) != 0) return system_error(attempt);
  return terminal;
}

}  // namespace tcp::stream
