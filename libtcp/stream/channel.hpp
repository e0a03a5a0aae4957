// SPDX-License-Identifier: MIT
// A connection as its user sees it: payload in both directions over a transport, waiting in the event loop.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "libtcp/stream/address.hpp"
#include "libtcp/stream/end.hpp"
#include "libtcp/stream/transport.hpp"

namespace tcp::stream {

// A failure of the connection with `remote`, with the words that people need.
[[nodiscard]] Error connection_error(const Address& remote, std::error_code code);

class Channel final : public End {
 public:
  // `socket` is connected and non-blocking; `transport` borrows it. Errors: the event loop takes no more descriptors.
  // Without `addresses` the kernel is asked.
  [[nodiscard]] static Result<std::unique_ptr<Channel>> open(const Executor& executor, UniqueFd socket,
                                                             std::unique_ptr<Transport> transport,
                                                             std::optional<AddressPair> addresses = std::nullopt);

  // Before all else (see Transport::prepare()).
  [[nodiscard]] Awaitable<std::error_code> prepare();

  Awaitable<IoResult> receive(std::span<std::byte> buffer) override;
  // Without waiting, see Transport::receive().
  [[nodiscard]] Attempt receive_now(std::span<std::byte> buffer) { return transport_->receive(buffer); }
  Awaitable<IoResult> send(std::span<const std::byte> bytes) override;
  Awaitable<std::error_code> finish_sending() override;
  Awaitable<std::error_code> confirm_delivery(Duration patience) override;

  RawEnd source() noexcept override { return raw(); }
  RawEnd sink() noexcept override { return raw(); }
  // Both directions: one socket, one set of waits.
  void cancel_receiving() noexcept override { cancel(); }
  void cancel_sending() noexcept override { cancel(); }
  void cancel() noexcept;
  // Closing will reset the connection.
  void abort() noexcept override;
  // Until the connection is gone, also while nothing moves.
  Awaitable<std::error_code> broken() { return socket_.broken(); }

  Error receive_error(std::error_code code) const override;
  Error send_error(std::error_code code) const override { return receive_error(code); }

  // Whom it was dialled to: before the handshake the kernel names no remote address (RFC 7413).
  void set_remote(Address remote) { addresses_.remote = std::move(remote); }

  // We have reset it on purpose.
  [[nodiscard]] bool has_reset() const noexcept { return transport_->has_reset(); }

  // Closing says no less than finish_sending().
  [[nodiscard]] bool ends_with_its_socket() const noexcept { return transport_->is_plain(); }

  // Puts another one on top of it. Nothing may be under way.
  template <class Change>
  void change_transport(Change&& change) {
    transport_ = std::forward<Change>(change)(std::move(transport_));
  }

  // Takes the connection out of the event loop; nothing else may be done with the channel then.
  [[nodiscard]] std::pair<UniqueFd, std::unique_ptr<Transport>> release();

  // For statistics and options.
  [[nodiscard]] int socket() noexcept { return socket_.get(); }
  [[nodiscard]] const AddressPair& addresses() const noexcept { return addresses_; }

 private:
  Channel(const Executor& executor, ReadyFd socket, std::unique_ptr<Transport> transport, AddressPair addresses);
  [[nodiscard]] RawEnd raw() noexcept;
  [[nodiscard]] Awaitable<std::error_code> wait(Want want);

  ReadyFd socket_;
  std::unique_ptr<Transport> transport_;
  Timer pause_;
  AddressPair addresses_;
};

// Plain TCP or a Unix-domain stream.
[[nodiscard]] Result<std::unique_ptr<Channel>> make_plain_channel(const Executor& executor, UniqueFd socket);

// What came, where it is read as text.
[[nodiscard]] inline std::string_view as_text(std::span<const std::byte> bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The bytes must stay where they are until then.
[[nodiscard]] Awaitable<std::error_code> send_all(Channel& channel, std::string_view bytes);

}  // namespace tcp::stream
