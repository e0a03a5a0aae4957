// SPDX-License-Identifier: MIT
// What can be shown of a socket, one column each: what it is called, what it needs, and how its cell is written.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/sockets_cells.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/sockets/socket_dump.hpp"
#include "libtcp/sockets/socket_row.hpp"

namespace tcp::cmd {

// How cells are written.
struct CellStyle {
  bool human = false;  // "12.3 KiB"; otherwise the bare number, for programs
  SocketNames* names = nullptr;
};

// What must be known of a socket for a column.
enum class ColumnNeed : std::uint8_t { nothing, holders, cgroups, rates };

// Either a number or a text: exactly one of `number`, `text` and `info` is set.
struct SocketColumn {
  std::string_view name;
  std::string_view description;
  Unit unit = Unit::none;
  ColumnNeed need = ColumnNeed::nothing;
  sockets::DetailSet details = 0;
  std::optional<std::uint64_t> (*number)(const sockets::SocketRow&) = nullptr;
  void (*text)(std::string& out, const sockets::SocketRow&, const CellStyle&) = nullptr;  // appends nothing: "-"
  const sockets::TcpInfoField* info = nullptr;

  [[nodiscard]] bool is_number() const noexcept { return text == nullptr; }
  [[nodiscard]] std::optional<std::uint64_t> number_of(const sockets::SocketRow& row) const;
  void append(std::string& out, const sockets::SocketRow& row, const CellStyle& style) const;
  // Of a number that is known already.
  void append_number_of(std::string& out, std::uint64_t value, const sockets::SocketRow& row,
                        const CellStyle& style) const;
  // "RECV-Q"; in a table of bare numbers the unit is said: "RTT-US".
  [[nodiscard]] std::string heading(const CellStyle& style) const;
};

[[nodiscard]] Unit unit_of(const sockets::TcpInfoField& field);
// All, the fields of tcp_info last.
[[nodiscard]] std::span<const SocketColumn> socket_columns();
using ColumnList = std::vector<const SocketColumn*>;
// Errors: a name that there is not, with the one that was meant.
[[nodiscard]] Result<const SocketColumn*> find_socket_column(std::string_view name);
// "local,remote,rtt". Errors: as above, an empty list, more than kMostColumns.
[[nodiscard]] Result<ColumnList> parse_columns(std::string_view list);
inline constexpr std::size_t kMostColumns = 64;

}  // namespace tcp::cmd
