// SPDX-License-Identifier: MIT
#include "libtcp/stream/ready_fd.hpp"

namespace tcp::stream {

Result<ReadyFd> ReadyFd::open(const Executor& executor, UniqueFd fd, const std::string& name) {
  ReadyFd ready(executor);
  std::error_code error;
  ready.descriptor_.assign(fd.get(), error);
  if (error) return system_error("watch " + name, error.value());
  (void)fd.release();
  return ready;
}

Awaitable<std::error_code> ReadyFd::wait(Descriptor::wait_type what) {
  auto [error] = co_await descriptor_.async_wait(what, kToken);
  if (error == asio::error::operation_not_supported) error.clear();
  co_return error;
}

Awaitable<std::error_code> ReadyFd::readable() { return wait(Descriptor::wait_read); }

Awaitable<std::error_code> ReadyFd::writable() { return wait(Descriptor::wait_write); }

Awaitable<std::error_code> ReadyFd::broken() { return wait(Descriptor::wait_error); }

void ReadyFd::cancel() noexcept {
  std::error_code ignored;
  descriptor_.cancel(ignored);
}

UniqueFd ReadyFd::release() { return UniqueFd(descriptor_.release()); }

void ReadyFd::close() noexcept {
  std::error_code ignored;
  descriptor_.close(ignored);
}

}  // namespace tcp::stream
