// SPDX-License-Identifier: MIT
// How a packet to a target leaves this host. The routes are asked once for each range of addresses that they treat
// alike, and a probe to the range of the one before costs two comparisons.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "libtcp/base/ip_address.hpp"
#include "libtcp/base/mac_address.hpp"
#include "libtcp/net/route.hpp"
#include "libtcp/scan/frame_template.hpp"
#include "libtcp/scan/neighbours.hpp"

namespace tcp::scan {

struct WayOptions {
  ProbeShape shape;
  std::optional<std::uint32_t> interface_index = {};
  std::optional<IpAddress> source = {};  // for targets of its family
  std::optional<MacAddress> gateway_mac = {};
  std::optional<std::uint16_t> vlan = {};
};

// A way to targets, or why there is none.
struct Way {
  int error_number = 0;
  bool local = false;   // this host itself
  bool framed = false;  // by frames of our own, once the next hop is known; else by the kernel
  std::uint32_t interface_index = 0;
  std::string interface_name;
  NextHop* gateway = nullptr;           // null: each target is its own next hop
  std::optional<MacAddress> given_hop;  // instead of any other
  FrameTemplate probe;
  FrameTemplate reset;
  FrameTemplate acknowledgment;  // a bare ACK
};

class Ways {
 public:
  // `neighbours` must outlive it; when they are cleared, forget().
  Ways(const WayOptions& options, Neighbours& neighbours) : options_(options), neighbours_(neighbours) {}

  // Valid until the next call.
  [[nodiscard]] const Way& to(const IpAddress& target);
  void forget();

 private:
  // An address as a number that compares fast.
  struct Key {
    std::uint64_t upper = 0;
    std::uint64_t lower = 0;
    friend auto operator<=>(const Key&, const Key&) noexcept = default;
  };
  // Where ranges of a family begin, in order; nothing before they were read, empty when they are too many.
  using Starts = std::optional<std::vector<Key>>;

  // The addresses that share the way which was asked for last.
  struct Recent {
    Family family = Family::v4;
    std::uint32_t scope_id = 0;
    Key first{1, 0};
    Key last{0, 0};
    const Way* way = nullptr;
    [[nodiscard]] bool has(const IpAddress& target, const Key& key) const noexcept {
      return first <= key && key <= last && family == target.family() && scope_id == target.scope_id();
    }
  };

  [[nodiscard]] static Key key_of(const IpAddress& address) noexcept;
  [[nodiscard]] static Starts read_starts(Family family);
  [[nodiscard]] Recent range_of(const IpAddress& target, const Key& key);
  [[nodiscard]] const Way& find(const IpAddress& target, const Key& first);
  [[nodiscard]] Way ask(const IpAddress& target) const;

  struct RangeKey {
    Family family = Family::v4;
    std::uint32_t scope_id = 0;
    Key first;
    friend bool operator==(const RangeKey&, const RangeKey&) noexcept = default;
  };
  struct Hash {
    std::size_t operator()(const RangeKey& key) const noexcept {
      return (key.first.upper * 31 + key.first.lower) * 0x9e3779b97f4a7c15 + key.scope_id;
    }
  };

  WayOptions options_;
  Neighbours& neighbours_;
  std::array<Starts, 2> starts_;  // by family
  std::unordered_map<RangeKey, Way, Hash> ways_;
  Recent recent_;
};

}  // namespace tcp::scan
