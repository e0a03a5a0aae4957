// SPDX-License-Identifier: MIT
// Probes of hosts on a link as questions for their link-layer addresses (ARP, ND), which the kernel asks: whoever
// answers is there, whatever its filters do. Whom nobody answers for is not: not_sent with EHOSTUNREACH. Needs no
// privilege.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/net/neighbour.hpp"
#include "libtcp/scan/neighbour_key.hpp"
#include "libtcp/scan/network.hpp"
#include "libtcp/scan/ways.hpp"

namespace tcp::scan {

class NeighbourNetwork final : public Network {
 public:
  // Targets go where `ways` leads. Both must outlive it.
  NeighbourNetwork(Ways& ways, const Clock& clock) : clock_(clock), ways_(ways) {}

  // As many as the kernel's table has room for, beside those that it is still asking for.
  [[nodiscard]] Result<std::size_t> send(std::span<const Probe> batch) override;
  [[nodiscard]] Result<std::span<const Answer>> receive(MonotonicTime deadline) override;

 private:
  void ask(const Probe& probe);
  void answer(const Probe& probe, AnswerKind kind, int error_number);
  // True when it has told something.
  [[nodiscard]] Result<bool> look();

  const Clock& clock_;
  Ways& ways_;
  std::unordered_map<NeighbourKey, Probe, NeighbourKey::Hash> asked_;  // the last try of each
  std::vector<Answer> ready_;                                          // not yet handed out
  std::vector<Answer> answers_;                                        // handed out by the last receive()
};

}  // namespace tcp::scan
