// SPDX-License-Identifier: MIT
// A connection's bytes without waiting: each call does what can be done now and says what has to be waited for. Plain
// TCP is one kind; one that transforms the bytes on their way (TLS) is another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <system_error>

namespace tcp::stream {

enum class Want : std::uint8_t {
  nothing,
  readable,
  writable,
  gone,  // until the connection is gone
};

struct Attempt {
  std::size_t bytes = 0;
  Want want = Want::nothing;  // otherwise nothing was done: wait for it and call again
  std::error_code error;
};

// The socket is borrowed and non-blocking.
class Transport {
 public:
  virtual ~Transport() = default;

  // What has to be done before the first byte of payload.
  [[nodiscard]] virtual Attempt prepare() { return {}; }
  // At least one byte; 0 with nothing wanted and no error: the peer's end.
  [[nodiscard]] virtual Attempt receive(std::span<std::byte> buffer) = 0;
  // Some of them, at least one. After `want`, the next call begins with the same bytes.
  [[nodiscard]] virtual Attempt send(std::span<const std::byte> bytes) = 0;
  // Nothing more will be sent: FIN. Receiving goes on.
  [[nodiscard]] virtual Attempt finish_sending() = 0;
  // After finish_sending(), once nothing is on its way any more: whether the peer has had all payload, given the error
  // that the socket has pending.
  [[nodiscard]] virtual std::error_code delivery(std::error_code pending) const { return pending; }
  // Payload and the socket's bytes are the same, so that the kernel can move them by itself.
  [[nodiscard]] virtual bool is_plain() const noexcept = 0;
  // We have reset the connection on purpose.
  [[nodiscard]] virtual bool has_reset() const noexcept { return false; }
  // More payload is at hand than the socket's readiness tells of.
  [[nodiscard]] virtual bool has_buffered() const noexcept { return false; }
};

[[nodiscard]] std::unique_ptr<Transport> make_plain_transport(int socket);
// Of a client who was accepted: no handshake is under way any more.
[[nodiscard]] std::unique_ptr<Transport> make_accepted_transport(int socket);

}  // namespace tcp::stream
