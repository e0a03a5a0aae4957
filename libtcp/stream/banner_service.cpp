// SPDX-License-Identifier: MIT
#include "libtcp/stream/banner_service.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace tcp::stream {
namespace {

// Gives a text and then nothing until it is told not to wait for more; takes anything.
class BannerEnd final : public End {
 public:
  BannerEnd(const Executor& executor, std::string_view text) : text_(text), more_(executor, Timer::time_point::max()) {}

  Awaitable<IoResult> receive(std::span<std::byte> buffer) override {
    const std::size_t size = std::min(buffer.size(), text_.size());
    if (size > 0) {
      std::memcpy(buffer.data(), text_.data(), size);
      text_.remove_prefix(size);
      co_return size;
    }
    if (waits_) {
      auto [ignored] = co_await more_.async_wait(kToken);
      (void)ignored;
    }
    co_return std::unexpected(asio::error::make_error_code(asio::error::operation_aborted));
  }
  Awaitable<IoResult> send(std::span<const std::byte> bytes) override { co_return bytes.size(); }
  Awaitable<std::error_code> finish_sending() override { co_return std::error_code(); }

  void set_waiting(bool waits) noexcept override {
    waits_ = waits;
    if (!waits) cancel_receiving();
  }
  void cancel_receiving() noexcept override { more_.cancel(); }
  void cancel_sending() noexcept override {}
  Error receive_error(std::error_code code) const override { return {code, "banner", {}, {}}; }
  Error send_error(std::error_code code) const override { return {code, "banner", {}, {}}; }

 private:
  std::string_view text_;
  Timer more_;  // never expires
  bool waits_ = true;
};

}  // namespace

BannerService::BannerService(const Executor& executor, std::string text, const RelayOptions& relay)
    : executor_(executor), text_(std::move(text)), relay_(relay) {
  relay_.finish_at_remote_end = true;
}

Awaitable<void> BannerService::serve(Conversation& conversation) {
  BannerEnd end(executor_, text_);
  co_await conversation.relay(executor_, end, relay_);
}

}  // namespace tcp::stream
