// SPDX-License-Identifier: MIT
// What a child process writes to its standard error, told line by line.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "libtcp/stream/ready_fd.hpp"
#include "libtcp/stream/session.hpp"

namespace tcp::stream {

class ChildLog {
 public:
  // `pipe` is non-blocking. The observer must outlive it.
  ChildLog(const Executor& executor, ReadyFd pipe, std::uint64_t id, SessionObserver& observer);

  // From here on it reads in the background. It must not be moved any more.
  void start(std::string program, pid_t pid);
  // Tells what is at hand, then reads no more.
  [[nodiscard]] Awaitable<void> finish();
  // Likewise, when the event loop does not run any more.
  void finish_now();

 private:
  [[nodiscard]] Awaitable<void> run();
  // False when nothing is at hand, now or for good.
  [[nodiscard]] bool read_some();
  void take(std::string_view text);
  void tell();

  Executor executor_;
  ReadyFd pipe_;
  SessionObserver& observer_;
  ChildLine line_;
  std::vector<char> buffer_;
  Timer done_;  // never expires: cancelled when run() has ended
  bool running_ = false;
  bool finishing_ = false;
  bool ended_ = false;
};

}  // namespace tcp::stream
