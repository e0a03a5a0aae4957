// SPDX-License-Identifier: MIT
#include "libtcp/stream/telnet_transport.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "libtcp/stream/telnet.hpp"

namespace tcp::stream {
namespace {

constexpr std::size_t kMostAtOnce = 16384;  // of payload that is sent
constexpr unsigned kMostRounds = 16;        // of commands only; then others have their turn

class TelnetTransport final : public Transport {
 public:
  explicit TelnetTransport(std::unique_ptr<Transport> below) : below_(std::move(below)) {}

  Attempt prepare() override { return below_->prepare(); }

  Attempt receive(std::span<std::byte> buffer) override {
    for (unsigned round = 0; round < kMostRounds || below_->has_buffered(); ++round) {
      const Attempt got = below_->receive(buffer);
      if (got.want == Want::readable) return flush_before(got);
      if (got.error || got.bytes == 0) return got;
      answers_.clear();
      const std::size_t size = decoder_.decode(buffer.first(got.bytes), answers_);
      if (!finished_) pending_.insert(pending_.end(), answers_.begin(), answers_.end());
      (void)flush();  // a failure is seen again by whoever sends or receives next
      if (size > 0) return {size, Want::nothing, {}};
    }
    return {0, Want::readable, {}};
  }

  // Bytes count as sent when all that they became has been taken.
  Attempt send(std::span<const std::byte> bytes) override {
    if (taken_ == 0) {
      taken_ = std::min(bytes.size(), kMostAtOnce);
      encoder_.encode(bytes.first(taken_), pending_);
    }
    const Attempt flushed = flush();
    if (flushed.error || flushed.want != Want::nothing) return flushed;
    return {std::exchange(taken_, 0), Want::nothing, {}};
  }

  Attempt finish_sending() override {
    if (!std::exchange(finished_, true)) encoder_.finish(pending_);
    const Attempt flushed = flush();
    if (flushed.error || flushed.want != Want::nothing) return flushed;
    return below_->finish_sending();
  }

  std::error_code delivery(std::error_code pending) const override { return below_->delivery(pending); }
  bool is_plain() const noexcept override { return false; }
  bool has_buffered() const noexcept override { return below_->has_buffered(); }

 private:
  // Answers that are still to be sent are waited for where no payload is being sent, which takes them along.
  Attempt flush_before(const Attempt& got) {
    const Attempt flushed = flush();
    return flushed.want == Want::writable && taken_ == 0 && !finished_ ? flushed : got;
  }

  Attempt flush() {
    while (!pending_.empty()) {
      const Attempt sent = below_->send(pending_);
      if (sent.error || sent.want != Want::nothing) return {0, sent.want, sent.error};
      pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(sent.bytes));
    }
    return {};
  }

  std::unique_ptr<Transport> below_;
  TelnetDecoder decoder_;
  TelnetEncoder encoder_;
  std::vector<std::byte> answers_;
  std::vector<std::byte> pending_;  // to be sent: payload and answers, each whole
  std::size_t taken_ = 0;           // bytes of payload in it
  bool finished_ = false;
};

}  // namespace

std::unique_ptr<Transport> make_telnet_transport(std::unique_ptr<Transport> below) {
  return std::make_unique<TelnetTransport>(std::move(below));
}

}  // namespace tcp::stream
