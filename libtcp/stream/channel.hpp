// SPDX-License-Identifier: MIT
// A connection as its user sees it: payload in both directions, each with an end of its own. Plain TCP is one kind; one
// that transforms the bytes on their way (TLS) is another and gives no descriptor to splice.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <system_error>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/endpoint.hpp"
#include "libtcp/stream/asio.hpp"
#include "libtcp/stream/ready_fd.hpp"

namespace tcp::stream {

using IoResult = std::expected<std::size_t, std::error_code>;

class Channel {
 public:
  virtual ~Channel() = default;

  // At least one byte, or 0 at the peer's end. The buffer is the caller's until then.
  [[nodiscard]] virtual Awaitable<IoResult> receive(std::span<std::byte> buffer) = 0;
  // All of them.
  [[nodiscard]] virtual Awaitable<IoResult> send(std::span<const std::byte> bytes) = 0;
  // Nothing more will be sent: FIN. Receiving goes on.
  [[nodiscard]] virtual Awaitable<std::error_code> finish_sending() = 0;
  // Waits until the peer's TCP has acknowledged all that was sent. ECONNRESET or EPIPE when it did not want it,
  // ETIMEDOUT when nothing was acknowledged for as long as `patience`.
  [[nodiscard]] virtual Awaitable<std::error_code> confirm_delivery(Duration patience) = 0;

  // The socket when payload and stream are the same bytes; null otherwise.
  [[nodiscard]] virtual ReadyFd* plain() noexcept = 0;
  // For statistics and options.
  [[nodiscard]] virtual int socket() noexcept = 0;
  [[nodiscard]] virtual const FourTuple& endpoints() const noexcept = 0;
  // Ends all waits that are under way.
  virtual void cancel() noexcept = 0;
};

// `socket` is connected and non-blocking.
[[nodiscard]] Result<std::unique_ptr<Channel>> make_plain_channel(const Executor& executor, UniqueFd socket);

}  // namespace tcp::stream
