// SPDX-License-Identifier: MIT
// A descriptor in the event loop: it waits for readiness, the system calls are the caller's.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include "libtcp/base/error.hpp"
#include "libtcp/base/unique_fd.hpp"
#include "libtcp/stream/asio.hpp"

namespace tcp::stream {

class ReadyFd {
 public:
  // The first wait makes the open file description non-blocking. Errors: the event loop takes no more descriptors.
  [[nodiscard]] static Result<ReadyFd> open(const Executor& executor, UniqueFd fd, const std::string& name);

  [[nodiscard]] int get() noexcept { return descriptor_.native_handle(); }

  // Level-triggered. A descriptor that epoll does not know (a regular file) is always ready. operation_aborted after
  // cancel().
  [[nodiscard]] Awaitable<std::error_code> readable();
  [[nodiscard]] Awaitable<std::error_code> writable();
  // Until the other end is gone: POLLERR or POLLHUP.
  [[nodiscard]] Awaitable<std::error_code> broken();
  // Reads what is there, at once or as soon as there is some, then calls `handler(error, bytes)`; asio::error::eof at
  // the end. Unlike a wait, it needs no call to be armed again.
  template <class Handler>
  void read(std::span<std::byte> buffer, Handler&& handler) {
    descriptor_.async_read_some(asio::buffer(buffer.data(), buffer.size()), std::forward<Handler>(handler));
  }

  // Ends the waits that are under way.
  void cancel() noexcept;
  void close() noexcept;
  // Takes it out of the event loop again.
  [[nodiscard]] UniqueFd release();

 private:
  using Descriptor = asio::posix::basic_stream_descriptor<Executor>;
  explicit ReadyFd(const Executor& executor) : descriptor_(executor) {}
  [[nodiscard]] Awaitable<std::error_code> wait(Descriptor::wait_type what);

  Descriptor descriptor_;
};

}  // namespace tcp::stream
