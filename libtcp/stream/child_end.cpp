// SPDX-License-Identifier: MIT
#include "libtcp/stream/child_end.hpp"

#include <unistd.h>

namespace tcp::stream {

Awaitable<IoResult> ChildEnd::receive(std::span<std::byte> buffer) {
  while (output_) {
    const ssize_t bytes = ::read(output_->get(), buffer.data(), buffer.size());
    if (bytes >= 0) co_return static_cast<std::size_t>(bytes);
    if (errno == EINTR) continue;
    if (errno != EAGAIN) co_return std::unexpected(std::error_code(errno, std::generic_category()));
    const std::error_code error = co_await output_->readable();
    if (error) co_return std::unexpected(error);
  }
  co_return std::size_t{0};
}

Awaitable<IoResult> ChildEnd::send(std::span<const std::byte> bytes) {
  while (input_) {
    const ssize_t some = ::write(input_->get(), bytes.data(), bytes.size());
    if (some >= 0) co_return static_cast<std::size_t>(some);
    if (errno == EINTR) continue;
    if (errno == EPIPE) break;
    if (errno != EAGAIN) co_return std::unexpected(std::error_code(errno, std::generic_category()));
    const std::error_code error = co_await input_->writable();
    if (error) co_return std::unexpected(error);
  }
  co_return bytes.size();
}

Awaitable<std::error_code> ChildEnd::finish_sending() {
  if (input_) input_->close();
  co_return std::error_code();
}

void ChildEnd::cancel_receiving() noexcept {
  if (output_) output_->cancel();
}

void ChildEnd::cancel_sending() noexcept {
  if (input_) input_->cancel();
}

void ChildEnd::close() noexcept {
  if (input_) input_->close();
  if (output_) output_->close();
}

RawEnd ChildEnd::raw(const std::unique_ptr<ReadyFd>& descriptor) noexcept {
  if (!descriptor) return {};
  return {descriptor.get(), DescriptorKind::pipe};
}

}  // namespace tcp::stream
