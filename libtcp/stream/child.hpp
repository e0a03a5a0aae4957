// SPDX-License-Identifier: MIT
// A child process and the process group that it leads.
#pragma once

#include <sys/types.h>

#include <optional>
#include <span>

#include "libtcp/base/clock.hpp"
#include "libtcp/stream/ready_fd.hpp"
#include "libtcp/stream/session.hpp"
#include "libtcp/stream/spawn.hpp"

namespace tcp::stream {

// A group is asked to end, told to, and killed: SIGHUP, SIGTERM, SIGKILL, with so much time after each.
inline constexpr Duration kEndingPatience = std::chrono::seconds(1);

class Child {
 public:
  // Errors: spawn()'s; the event loop takes no more descriptors.
  [[nodiscard]] static Result<Child> start(const Executor& executor, const SpawnRequest& request);

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  // How it ended, once it has been reaped.
  [[nodiscard]] const std::optional<ChildExit>& exit() const noexcept { return exit_; }

  // Until the process itself has ended; others of its group may go on.
  [[nodiscard]] Awaitable<void> ended();
  // Ends whoever is left of the group.
  [[nodiscard]] Awaitable<void> end_group();

  // The process itself was reaped by somebody else, with this status of waitpid(2).
  void note_end(int status) noexcept;
  // To everybody of the group; a stopped one goes on, so that it can heed it.
  void signal_group(int number) noexcept;
  // Nobody of the group is left. Reaps those of it that are our children.
  [[nodiscard]] bool is_gone() noexcept;

 private:
  Child(const Executor& executor, pid_t pid, ReadyFd pidfd);
  void reap() noexcept;

  pid_t pid_;
  ReadyFd pidfd_;
  Timer pause_;
  std::optional<ChildExit> exit_;
  bool gone_ = false;  // its number may belong to somebody else by now
};

// end_group() of them all at once, without an event loop: blocks.
void end_groups(std::span<Child* const> children);

}  // namespace tcp::stream
