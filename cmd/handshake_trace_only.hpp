// SPDX-License-Identifier: MIT
// --only: which of the handshakes that pass are shown.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "libtcp/base/error.hpp"
#include "libtcp/trace/observed.hpp"

namespace tcp::cmd {

class OnlyRule {
 public:
  // "failed", "retransmitted", "new-peer" or "slow:DURATION"; several with commas, of which one must hold.
  // Errors: usage.
  [[nodiscard]] Result<void> add(const std::string& words);
  [[nodiscard]] bool passes(const trace::ObservedHandshake& handshake);

 private:
  [[nodiscard]] Result<void> add_one(std::string_view word);
  [[nodiscard]] bool is_new(const trace::ObservedHandshake& handshake);

  bool everything_ = true;
  bool failed_ = false;
  bool retransmitted_ = false;
  bool new_peer_ = false;
  std::optional<Duration> slow_;
  std::unordered_set<std::uint64_t> peers_;  // digests of client and server address, bounded
};

}  // namespace tcp::cmd
