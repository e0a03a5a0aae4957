// SPDX-License-Identifier: MIT
// What has to be said beside a listing of sockets: full accept queues, owners that cannot be seen, gaps.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cmd/command.hpp"
#include "cmd/output/record.hpp"
#include "libtcp/sockets/query.hpp"

namespace tcp::cmd {

class SocketsNotes {
 public:
  // Looks for what is worth a warning.
  void see(const sockets::SocketRow& row);
  void add(const sockets::QueryOutcome& outcome);
  void add_warning(std::string warning);

  [[nodiscard]] std::uint64_t selected() const noexcept { return selected_; }
  // On standard error, for people: only what is amiss.
  void say(const Context& context) const;
  // "complete", "results", "examined", "interruptions", "unknown_owners", "forbidden_processes", "warnings".
  [[nodiscard]] Record summary(bool complete) const;

 private:
  static constexpr std::size_t kMostWarnings = 100;

  std::vector<std::string> warnings_;
  std::uint64_t suppressed_ = 0;  // warnings beyond the most
  std::uint64_t selected_ = 0;
  std::uint64_t examined_ = 0;
  std::uint64_t interruptions_ = 0;
  bool consistent_ = true;
  std::uint64_t unknown_holders_ = 0;
  std::size_t forbidden_ = 0;
};

}  // namespace tcp::cmd
