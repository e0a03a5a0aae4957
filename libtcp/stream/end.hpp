// SPDX-License-Identifier: MIT
// What a relay joins: bytes come from it and go to it, each way with an end of its own. A channel to a peer is one
// kind, standard input and output or a child process another.
#pragma once

#include <cstddef>
#include <span>
#include <system_error>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/stream/asio.hpp"
#include "libtcp/stream/descriptor_kind.hpp"
#include "libtcp/stream/ready_fd.hpp"
#include "libtcp/stream/session.hpp"

namespace tcp::stream {

using IoResult = std::expected<std::size_t, std::error_code>;

// A descriptor whose bytes are the payload itself, so that the kernel can move them. None: `ready` is null.
struct RawEnd {
  ReadyFd* ready = nullptr;
  DescriptorKind kind = DescriptorKind::socket;
};

class End {
 public:
  virtual ~End() = default;

  // At least one byte, or 0 at the end. The buffer is the caller's until then.
  [[nodiscard]] virtual Awaitable<IoResult> receive(std::span<std::byte> buffer) = 0;
  // Some of them, at least one.
  [[nodiscard]] virtual Awaitable<IoResult> send(std::span<const std::byte> bytes) = 0;
  // Whoever reads what was sent sees the end of it. Receiving goes on.
  [[nodiscard]] virtual Awaitable<std::error_code> finish_sending() = 0;
  // Waits until all that was sent has been acknowledged, where there is such a thing. ECONNRESET or EPIPE when it was
  // not wanted, ETIMEDOUT when nothing was acknowledged for as long as `patience`.
  [[nodiscard]] virtual Awaitable<std::error_code> confirm_delivery(Duration patience) {
    (void)patience;
    co_return std::error_code();
  }

  [[nodiscard]] virtual RawEnd source() noexcept { return {}; }
  [[nodiscard]] virtual RawEnd sink() noexcept { return {}; }
  // The kernel may move bytes past receive() and send(). Once it may, it may for good.
  [[nodiscard]] virtual bool is_transparent() const noexcept { return true; }

  // What it was there for has come: the conversation is over, and well.
  [[nodiscard]] virtual bool has_enough() const noexcept { return false; }
  // What it was there for has not come so far: the reason to close with when nothing more comes. Finished: it asks for
  // nothing.
  [[nodiscard]] virtual CloseReason shortfall() const noexcept { return CloseReason::finished; }
  // The same in words.
  [[nodiscard]] virtual Error shortfall_error() const { return {}; }

  // The end was seen: an end that outlives this relay gives no byte to the next one either.
  virtual void note_end() noexcept {}
  [[nodiscard]] virtual bool has_ended() const noexcept { return false; }

  // It exists for this conversation alone, as a child process does: that it reads no more is no failure, send() throws
  // away from then on; and that the peer is gone ends it even while nothing moves.
  [[nodiscard]] virtual bool is_dedicated() const noexcept { return false; }

  // While it does not wait, a receive that would have to gives operation_aborted, also one that is under way.
  virtual void set_waiting(bool waits) noexcept {
    if (!waits) cancel_receiving();
  }
  // End the waits that are under way with operation_aborted.
  virtual void cancel_receiving() noexcept = 0;
  virtual void cancel_sending() noexcept = 0;

  // What was sent so far is not all: whoever reads it must not take its end for a regular one.
  virtual void abort() noexcept {}

  // The same failure with the words that people need.
  [[nodiscard]] virtual Error receive_error(std::error_code code) const = 0;
  [[nodiscard]] virtual Error send_error(std::error_code code) const = 0;
};

}  // namespace tcp::stream
