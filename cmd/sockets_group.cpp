// SPDX-License-Identifier: MIT
#include "cmd/sockets_group.hpp"

#include <algorithm>
#include <array>

#include "cmd/command.hpp"
#include "cmd/sockets_table.hpp"
#include "libtcp/base/sanitize.hpp"

namespace tcp::cmd {
namespace {

// The word, and the column whose text is the group's name.
struct GroupRow {
  std::string_view word;
  std::string_view column;
};
constexpr std::array kGroups{
    GroupRow{"process", "process"},
    GroupRow{"remote", "remote_address"},
    GroupRow{"local-port", "local_port"},
    GroupRow{"state", "state"},
    GroupRow{"unit", "unit"},
    GroupRow{"container", "container"},
    GroupRow{"user", "user"},
    GroupRow{"remote-port", "remote_port"},
    GroupRow{"local", "local_address"},
    GroupRow{"congestion", "congestion"},
    GroupRow{"cgroup", "cgroup"},
    GroupRow{"netns", "netns"},
};
constexpr auto kWords = [] {
  std::array<std::string_view, kGroups.size()> words;
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = kGroups[i].word;
  return words;
}();

struct Sum {
  std::string_view name;
  std::string_view heading;  // on a terminal
  std::string_view key;
  Unit unit;
  std::uint64_t GroupSums::* member;
};
constexpr std::array kSums{
    Sum{"sockets", "SOCKETS", "sockets", Unit::none, &GroupSums::sockets},
    Sum{"recv_queue", "RECV-Q", "recv_queue_bytes", Unit::bytes, &GroupSums::receive_queue},
    Sum{"send_queue", "SEND-Q", "send_queue_bytes", Unit::bytes, &GroupSums::send_queue},
    Sum{"bytes_sent", "SENT", "bytes_sent", Unit::bytes, &GroupSums::bytes_sent},
    Sum{"bytes_received", "RECEIVED", "bytes_received", Unit::bytes, &GroupSums::bytes_received},
    Sum{"total_retrans", "RETRANS", "total_retrans_segments", Unit::segments, &GroupSums::retransmitted_segments},
};

std::string upper(std::string_view name) {
  std::string text(name);
  for (char& c : text) c = c == '_' ? '-' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return text;
}

using Cells = std::vector<std::string>;

// The first row holds the headings. A long name takes a line of its own rather than being cut.
std::string lay_out(const std::vector<Cells>& rows, const Terminal& terminal) {
  constexpr std::size_t kLeastName = 21;  // an IPv4 address, most names
  std::vector<RowLayout::Field> fields(rows.front().size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    fields[i].right_aligned = i > 0;
    for (const Cells& cells : rows) fields[i].width = std::max(fields[i].width, display_width(cells[i]));
  }
  fields.front().least = std::min(kLeastName, fields.front().width);
  const RowLayout layout(std::move(fields), terminal);
  std::string text;
  for (const Cells& cells : rows) {
    std::string line;
    layout.append(line, {cells.begin(), cells.end()});
    if (&cells == &rows.front()) line = paint(terminal, Style::bold, line.substr(0, line.size() - 1)) + "\n";
    text += line;
  }
  return text;
}

}  // namespace

std::span<const std::string_view> group_words() { return kWords; }

Result<SocketGroups> SocketGroups::make(std::string_view word) {
  const auto* row = std::ranges::find(kGroups, word, &GroupRow::word);
  if (row == kGroups.end()) {
    const std::string_view meant = did_you_mean(word, kWords);
    return usage_error("'" + std::string(word) + "'",
                       meant.empty() ? "must be process, remote, local-port, state, unit, container, user, …"
                                     : "unknown; did you mean '" + std::string(meant) + "'?");
  }
  TCP_TRY_ASSIGN(column, find_socket_column(row->column));
  SocketGroups groups(row->word, column);
  groups.by_name_ = row->word == "process";
  return groups;
}

void SocketGroups::add(const sockets::SocketRow& row, const CellStyle& style) {
  key_.clear();
  if (by_name_ && !row.holders.empty()) {
    append_safe(key_, row.holders.front().process->name);
  } else {
    column_->append(key_, row, style);
  }
  GroupSums& sums = groups_[key_];
  const sockets::SocketInfo& socket = *row.socket;
  ++sums.sockets;
  if (socket.state != TcpState::listen) {
    sums.receive_queue += socket.receive_queue;
    sums.send_queue += socket.send_queue;
  }
  sums.bytes_sent += socket.tcp_info.get("bytes_sent").value_or(0);
  sums.bytes_received += socket.tcp_info.get("bytes_received").value_or(0);
  sums.retransmitted_segments += socket.tcp_info.get("total_retrans").value_or(0);
}

Result<std::vector<SocketGroups::Group>> SocketGroups::sorted(const SortWord& sort, std::size_t most) const {
  const auto* sum = std::ranges::find(kSums, sort.name, &Sum::name);
  if (sum == kSums.end() && sort.name != "group") {
    return usage_error("--sort '" + sort.name + "'",
                       "groups have group, sockets, recv_queue, send_queue, bytes_sent, bytes_received, total_retrans");
  }
  std::vector<Group> groups;
  groups.reserve(groups_.size());
  for (const auto& [key, sums] : groups_) groups.push_back({key, sums});
  const auto before = [&](const Group& a, const Group& b) {
    if (sum == kSums.end()) return sort.descending ? b.key < a.key : a.key < b.key;
    const std::uint64_t left = a.sums.*(sum->member);
    const std::uint64_t right = b.sums.*(sum->member);
    if (left != right) return (left < right) != sort.descending;
    return a.key < b.key;
  };
  std::ranges::sort(groups, before);
  if (groups.size() > most) groups.resize(most);
  return groups;
}

Record SocketGroups::to_record(const Group& group) const {
  Record record("group");
  record.add("by", word_);
  record.add("group", group.key == "-" ? Value(nullptr) : Value(group.key));
  for (const Sum& sum : kSums) record.add(sum.key, group.sums.*(sum.member));
  return record;
}

std::string SocketGroups::to_text(const std::vector<Group>& groups, const Terminal& terminal) const {
  std::vector<Cells> rows(1, Cells{upper(word_)});
  for (const Sum& sum : kSums) rows.front().push_back(terminal.is_terminal ? std::string(sum.heading) : upper(sum.key));
  for (const Group& group : groups) {
    Cells& cells = rows.emplace_back(Cells{group.key});
    for (const Sum& sum : kSums) {
      std::string& cell = cells.emplace_back();
      const std::uint64_t value = group.sums.*(sum.member);
      terminal.is_terminal ? append_human(cell, value, sum.unit) : append_number(cell, value);
    }
  }
  return lay_out(rows, terminal);
}

}  // namespace tcp::cmd
