// SPDX-License-Identifier: MIT
// --group-by: how many sockets have something in common, and what they move together.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cmd/output/output.hpp"
#include "cmd/output/record.hpp"
#include "cmd/sockets_columns.hpp"
#include "cmd/sockets_order.hpp"

namespace tcp::cmd {

struct GroupSums {
  std::uint64_t sockets = 0;
  std::uint64_t receive_queue = 0;  // bytes; listeners' accept queues are no bytes and left out
  std::uint64_t send_queue = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t retransmitted_segments = 0;
};

// The words that --group-by takes: process, remote, local-port, state, unit, …
[[nodiscard]] std::span<const std::string_view> group_words();

class SocketGroups {
 public:
  // Errors: another word than those, with the one that was meant.
  [[nodiscard]] static Result<SocketGroups> make(std::string_view word);

  void add(const sockets::SocketRow& row, const CellStyle& style);
  // What must be known of each socket.
  [[nodiscard]] const SocketColumn& column() const noexcept { return *column_; }

  struct Group {
    std::string key;  // "-" when it is not known
    GroupSums sums;
  };
  // By a sum ("sockets", "bytes_sent", …) or by "group" itself. Errors: another name.
  [[nodiscard]] Result<std::vector<Group>> sorted(const SortWord& sort, std::size_t most) const;

  // {"type":"group","by":"process","group":…, the sums}
  [[nodiscard]] Record to_record(const Group& group) const;
  [[nodiscard]] std::string to_text(const std::vector<Group>& groups, const Terminal& terminal) const;

 private:
  SocketGroups(std::string_view word, const SocketColumn* column) : word_(word), column_(column) {}

  std::string_view word_;
  const SocketColumn* column_;
  bool by_name_ = false;  // of processes: by the name alone
  std::unordered_map<std::string, GroupSums> groups_;
  std::string key_;
};

}  // namespace tcp::cmd
