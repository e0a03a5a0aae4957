// SPDX-License-Identifier: MIT
#include "libtcp/stream/prefix_transport.hpp"

#include <algorithm>
#include <cstring>

namespace tcp::stream {
namespace {

class PrefixTransport final : public Transport {
 public:
  PrefixTransport(std::string received, std::unique_ptr<Transport> below)
      : received_(std::move(received)), below_(std::move(below)) {}

  Attempt receive(std::span<std::byte> buffer) override {
    const std::size_t size = std::min(buffer.size(), received_.size() - taken_);
    if (size == 0) return below_->receive(buffer);
    std::memcpy(buffer.data(), received_.data() + taken_, size);
    taken_ += size;
    return {size, Want::nothing, {}};
  }

  Attempt prepare() override { return below_->prepare(); }
  Attempt send(std::span<const std::byte> bytes) override { return below_->send(bytes); }
  Attempt finish_sending() override { return below_->finish_sending(); }
  std::error_code delivery(std::error_code pending) const override { return below_->delivery(pending); }
  bool is_plain() const noexcept override { return false; }
  bool has_buffered() const noexcept override { return taken_ < received_.size() || below_->has_buffered(); }

 private:
  std::string received_;
  std::size_t taken_ = 0;
  std::unique_ptr<Transport> below_;
};

}  // namespace

std::unique_ptr<Transport> make_prefix_transport(std::string received, std::unique_ptr<Transport> below) {
  return std::make_unique<PrefixTransport>(std::move(received), std::move(below));
}

}  // namespace tcp::stream
