// SPDX-License-Identifier: MIT
#include "libtcp/stream/terminal_end.hpp"

#include <termios.h>
#include <unistd.h>

namespace tcp::stream {
namespace {

constexpr std::chrono::seconds kSilence{1};
constexpr char kCtrlD = '\x04';

}  // namespace

// EIO: nobody has the terminal open any more, and all that was written to it has been read.
Awaitable<IoResult> TerminalEnd::receive(std::span<std::byte> buffer) {
  while (!hung_up_) {
    const ssize_t bytes = ::read(ours_.get(), buffer.data(), buffer.size());
    spoke_ = spoke_ || bytes > 0;
    if (bytes >= 0) co_return static_cast<std::size_t>(bytes);
    if (errno == EINTR) continue;
    if (errno == EIO) break;
    if (errno != EAGAIN) co_return std::unexpected(std::error_code(errno, std::generic_category()));
    const std::error_code error = co_await ours_.readable();
    if (error && !hung_up_) co_return std::unexpected(error);
  }
  co_return std::size_t{0};
}

Awaitable<IoResult> TerminalEnd::send(std::span<const std::byte> bytes) {
  while (!hung_up_) {
    const ssize_t some = ::write(ours_.get(), bytes.data(), bytes.size());
    if (some > 0) {
      const std::byte last = bytes[static_cast<std::size_t>(some) - 1];
      in_line_ = last != std::byte{'\n'} && last != std::byte{'\r'};
      co_return static_cast<std::size_t>(some);
    }
    if (some < 0 && errno == EINTR) continue;
    if (some < 0 && errno == EIO) break;
    if (some < 0 && errno != EAGAIN) co_return std::unexpected(std::error_code(errno, std::generic_category()));
    const std::error_code error = co_await ours_.writable();
    if (error && !hung_up_) co_return std::unexpected(error);
  }
  co_return bytes.size();
}

Awaitable<std::error_code> TerminalEnd::finish_sending() {
  if (!half_open_) watch_silence();
  const std::string typed = end_of_input();
  std::span<const std::byte> rest = std::as_bytes(std::span(typed));
  while (!rest.empty()) {
    const IoResult sent = co_await send(rest);
    if (!sent) co_return sent.error();
    rest = rest.subspan(*sent);
  }
  co_return std::error_code();
}

// The first one ends the line, where lines are what is read; the second, with nothing before it, the input.
std::string TerminalEnd::end_of_input() {
  termios settings{};
  if (::tcgetattr(ours_.get(), &settings) != 0) return {kCtrlD};
  const char key = static_cast<char>(settings.c_cc[VEOF]);
  const bool reads_lines = (settings.c_lflag & static_cast<tcflag_t>(ICANON)) != 0;
  return std::string(reads_lines && in_line_ ? 2 : 1, key);
}

void TerminalEnd::watch_silence() {
  spoke_ = false;
  silence_.expires_after(kSilence);
  silence_.async_wait([this](std::error_code error) {
    if (error) return;
    if (spoke_) return watch_silence();
    hung_up_ = true;
    ours_.cancel();
  });
}

}  // namespace tcp::stream
