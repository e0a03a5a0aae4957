// SPDX-License-Identifier: MIT
#include "libtcp/stream/starttls_exchange.hpp"

#include <vector>

#include "libtcp/stream/socket_deadline.hpp"

namespace tcp::stream {
namespace {

constexpr std::size_t kAtOnce = 4096;  // bytes

class Exchange {
 public:
  Exchange(Channel& channel, StartTls protocol, const StartTlsNames& names)
      : channel_(channel), protocol_(protocol), dialogue_(make_starttls_dialogue(protocol, names)) {}

  // Until the dialogue is over or the connection is.
  Awaitable<std::error_code> run() {
    std::vector<std::byte> buffer(kAtOnce);
    for (;;) {
      const std::error_code unsent = co_await send_output();
      if (unsent) co_return unsent;
      if (dialogue_->state() != StartTlsState::talking) break;
      const std::span<std::byte> room(buffer);
      const IoResult got = co_await channel_.receive(room);
      if (!got) co_return got.error();
      if (*got == 0) co_return std::make_error_code(std::errc::connection_aborted);
      dialogue_->receive({reinterpret_cast<const char*>(buffer.data()), *got});
    }
    if (!is_ready()) co_return std::error_code();
    const Attempt early = channel_.receive_now(buffer);
    if (early.bytes > 0) dialogue_->reject_early(early.bytes);
    co_return early.error;
  }

  [[nodiscard]] bool is_ready() const noexcept { return dialogue_->state() == StartTlsState::ready; }

  [[nodiscard]] Error failure(std::error_code code, bool is_late) const {
    std::string why = dialogue_->reason();
    if (is_late) {
      code = make_error_code(Errc::timed_out);
      why = "no answer in time";
    } else if (code == std::errc::connection_aborted) {
      why = "the server closed the connection";
    } else if (code) {
      why = code.message();
    } else {
      code = make_error_code(dialogue_->state() == StartTlsState::refused ? Errc::unsupported : Errc::malformed);
    }
    return {code,
            "STARTTLS with " + to_string(channel_.addresses().remote),
            std::string(to_string(protocol_)) + " " + std::string(dialogue_->step()) + ": " + why,
            {}};
  }

 private:
  Awaitable<std::error_code> send_output() {
    const std::string output = dialogue_->take_output();
    const std::error_code error = co_await send_all(channel_, output);
    co_return error;
  }

  Channel& channel_;
  StartTls protocol_;
  std::unique_ptr<StartTlsDialogue> dialogue_;
};

}  // namespace

std::string address_literal(const Address& local) {
  const auto* endpoint = std::get_if<Endpoint>(&local);
  if (endpoint == nullptr) return "localhost";
  const IpAddress address = endpoint->address.without_scope().unmapped();
  return (address.family() == Family::v6 ? "[IPv6:" : "[") + to_string(address) + "]";
}

Awaitable<Result<void>> ask_for_tls(Executor executor, Channel& channel, StartTls protocol, StartTlsNames names,
                                    MonotonicTime deadline) {
  Exchange exchange(channel, protocol, names);
  const SocketDeadline limit(executor, channel.socket(), deadline);
  const std::error_code code = co_await exchange.run();
  if (code || limit.has_passed() || !exchange.is_ready()) {
    co_return std::unexpected(exchange.failure(code, limit.has_passed()));
  }
  co_return Result<void>();
}

}  // namespace tcp::stream
