// SPDX-License-Identifier: MIT
// Which size to try next: the largest first, then what a router says, otherwise halving. No I/O and no clock.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "libtcp/trace/pmtu.hpp"

namespace tcp::trace {

struct MtuSearchOptions {
  std::uint32_t least = 68;   // is taken to come through; the least that the family guarantees, or the headers
  std::uint32_t most = 1500;  // the largest that can leave this host
  std::uint32_t tries = 3;    // before a size counts as lost
};

class MtuSearch {
 public:
  explicit MtuSearch(const MtuSearchOptions& options);

  // The size to send now; nothing once the search is over.
  [[nodiscard]] std::optional<std::uint32_t> next() const;
  void sent(std::uint32_t size);
  void passed(std::uint32_t size);
  // No answer in time to what was sent last.
  void unanswered(std::uint32_t size);
  // Returns whether the notice is believed.
  bool told(const MtuNotice& notice);

  [[nodiscard]] std::uint32_t mtu() const noexcept { return passes_; }
  // Sizes above are lost, and nobody who can be believed said so.
  [[nodiscard]] bool black_hole() const noexcept { return fails_ && !fails_told_; }
  [[nodiscard]] bool any_passed() const noexcept { return any_passed_; }
  [[nodiscard]] const std::vector<MtuProbe>& probes() const noexcept { return probes_; }

  // Plausible: below the size that it is about, and not below what the family guarantees (RFC 791, RFC 8201 §4).
  [[nodiscard]] static bool is_plausible(const MtuNotice& notice, Family family) noexcept;

 private:
  MtuProbe& probe(std::uint32_t size);
  void fail(std::uint32_t size, bool told);

  MtuSearchOptions options_;
  std::uint32_t passes_;
  std::optional<std::uint32_t> fails_;  // the smallest that does not come through
  bool fails_told_ = false;
  bool any_passed_ = false;
  std::optional<std::uint32_t> hint_;  // what a router said
  std::vector<MtuProbe> probes_;
};

}  // namespace tcp::trace
