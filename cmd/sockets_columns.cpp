// SPDX-License-Identifier: MIT
#include "cmd/sockets_columns.hpp"

#include <algorithm>

#include "cmd/command.hpp"
#include "cmd/sockets_own_columns.hpp"

namespace tcp::cmd {
namespace {

using sockets::SocketRow;
using Number = std::optional<std::uint64_t>;

// "state" is a column already.
std::vector<SocketColumn> all_columns() {
  std::vector<SocketColumn> columns(own_socket_columns().begin(), own_socket_columns().end());
  for (const sockets::TcpInfoField& field : sockets::tcp_info_fields()) {
    if (field.name == "state") continue;
    SocketColumn column;
    column.name = field.name;
    column.description = "tcp_info";
    column.unit = unit_of(field);
    column.details = static_cast<sockets::DetailSet>(sockets::Detail::tcp_info);
    column.info = &field;
    columns.push_back(column);
  }
  return columns;
}

}  // namespace

Unit unit_of(const sockets::TcpInfoField& field) {
  const bool packet = field.name.ends_with("mss") || field.name == "pmtu";
  switch (field.unit) {
    case sockets::TcpInfoUnit::segments: return Unit::segments;
    case sockets::TcpInfoUnit::bytes: return packet ? Unit::packet_bytes : Unit::bytes;
    case sockets::TcpInfoUnit::bytes_per_second: return Unit::bytes_per_second;
    case sockets::TcpInfoUnit::microseconds: return Unit::microseconds;
    case sockets::TcpInfoUnit::milliseconds: return Unit::milliseconds;
    default: return Unit::none;
  }
}

Number SocketColumn::number_of(const SocketRow& row) const {
  // A listener's tcp_info is that of no connection: the kernel tells its queue in place of segments.
  if (info != nullptr && row.socket->state == TcpState::listen) return std::nullopt;
  return info != nullptr ? row.socket->tcp_info.get(*info) : number != nullptr ? number(row) : std::nullopt;
}

void SocketColumn::append(std::string& out, const SocketRow& row, const CellStyle& style) const {
  const std::size_t before = out.size();
  if (text != nullptr) {
    text(out, row, style);
  } else if (const auto value = number_of(row)) {
    append_number_of(out, *value, row, style);
  }
  if (out.size() == before) out += '-';
}

void SocketColumn::append_number_of(std::string& out, std::uint64_t value, const SocketRow& row,
                                    const CellStyle& style) const {
  const bool connections = unit == Unit::queue && row.socket->state == TcpState::listen;
  style.human && !connections ? append_human(out, value, unit) : append_number(out, value);
}

std::string SocketColumn::heading(const CellStyle& style) const {
  std::string heading(name == "recv_queue" ? "recv-q" : name == "send_queue" ? "send-q" : name);
  if (!style.human) heading += key_suffix(name, unit);
  for (char& c : heading) c = c == '_' ? '-' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return heading;
}

std::span<const SocketColumn> socket_columns() {
  static const std::vector<SocketColumn> columns = all_columns();
  return columns;
}

Result<const SocketColumn*> find_socket_column(std::string_view name) {
  const auto columns = socket_columns();
  const auto found = std::ranges::find(columns, name, &SocketColumn::name);
  if (found != columns.end()) return &*found;
  std::vector<std::string_view> names;
  for (const SocketColumn& column : columns) names.push_back(column.name);
  const std::string_view meant = did_you_mean(name, names);
  return make_error(
      Errc::invalid_input, "column '" + std::string(name) + "'",
      meant.empty() ? "there is none of that name" : "unknown; did you mean '" + std::string(meant) + "'?",
      "'tcpbox sockets --columns list' lists them");
}

Result<ColumnList> parse_columns(std::string_view list) {
  ColumnList columns;
  for (bool more = true; more;) {
    const auto comma = list.find(',');
    TCP_TRY_ASSIGN(column, find_socket_column(list.substr(0, comma)));
    columns.push_back(column);
    more = comma != std::string_view::npos;
    if (more) list.remove_prefix(comma + 1);
    if (columns.size() > kMostColumns) {
      return usage_error("columns", "at most " + std::to_string(kMostColumns) + " can be shown");
    }
  }
  return columns;
}

}  // namespace tcp::cmd
