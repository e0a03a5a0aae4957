// SPDX-License-Identifier: MIT
// Who looks at the payload of a conversation as it passes, changing nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "libtcp/stream/address.hpp"
#include "libtcp/stream/session.hpp"

namespace tcp::stream {

enum class Way : std::uint8_t { sent, received };

struct TapContext {
  std::uint64_t id = 0;  // the conversation's
  AddressPair addresses;
  bool opened_here = false;  // by us; otherwise we accepted it
};

class Tap {
 public:
  virtual ~Tap() = default;
  // What the connection took, or gave, in order. Not called after on_closed().
  virtual void on_bytes(Way way, std::span<const std::byte> bytes) = 0;
  // Nothing more comes this way, by a FIN.
  virtual void on_end(Way way) { (void)way; }
  virtual void on_closed(CloseReason reason) { (void)reason; }
};

class TapSource {
 public:
  virtual ~TapSource() = default;
  // One for each conversation; it does not outlive the source.
  [[nodiscard]] virtual std::unique_ptr<Tap> open(const TapContext& context) = 0;
};

// Several that see the same.
class TapGroup final : public Tap {
 public:
  void add(std::unique_ptr<Tap> tap) { taps_.push_back(std::move(tap)); }
  [[nodiscard]] bool empty() const noexcept { return taps_.empty(); }

  void on_bytes(Way way, std::span<const std::byte> bytes) override {
    for (const auto& tap : taps_) tap->on_bytes(way, bytes);
  }
  void on_end(Way way) override {
    for (const auto& tap : taps_) tap->on_end(way);
  }
  void on_closed(CloseReason reason) override {
    for (const auto& tap : taps_) tap->on_closed(reason);
  }

 private:
  std::vector<std::unique_ptr<Tap>> taps_;
};

}  // namespace tcp::stream
