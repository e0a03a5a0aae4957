// SPDX-License-Identifier: MIT
#include "libtcp/ports/registry.hpp"

#include <algorithm>

#include "libtcp/ports/common.hpp"
#include "libtcp/ports/registry_data.hpp"
#include "libtcp/ports/search.hpp"
#include "libtcp/ports/text.hpp"

namespace tcp::ports {
namespace {

std::optional<Protocol> protocol_of(const data::Row& row) noexcept {
  if (row.protocol == 0) return std::nullopt;
  return static_cast<Protocol>(row.protocol - 1);
}

Assignment assignment_of(const data::Row& row, bool has_port) noexcept {
  const data::Remark& remark = data::remarks()[row.remark];
  Assignment assignment;
  assignment.name = data::text_at(row.name);
  if (has_port) assignment.ports = PortRange{row.first, row.last};
  assignment.protocol = protocol_of(row);
  assignment.description = data::text_at(row.description);
  assignment.note = data::text_at(remark.note);
  assignment.unauthorized_use = data::text_at(remark.unauthorized_use);
  assignment.reference = data::text_at(remark.reference);
  return assignment;
}

// Indices of the rows that cover a port, highest first: back from the last row that begins at or below it.
template <class Visit>
void for_each_row_of(std::uint16_t port, Visit visit) {
  const auto rows = data::rows_with_port();
  const auto after = std::ranges::upper_bound(rows, port, {}, &data::Row::first);
  for (auto i = static_cast<std::size_t>(after - rows.begin()); i > 0 && rows[i - 1].reach >= port; --i) {
    if (rows[i - 1].last >= port) visit(i - 1);
  }
}

std::string near_names_hint(std::string_view name) {
  const auto near = find_near_names(name, 1);
  return near.empty() ? "" : "; did you mean '" + std::string(near.front()) + "'?";
}

}  // namespace

std::string_view to_string(AssignmentStatus status) noexcept {
  switch (status) {
    case AssignmentStatus::assigned: return "assigned";
    case AssignmentStatus::reserved: return "reserved";
    case AssignmentStatus::unassigned: return "unassigned";
  }
  return "unknown";
}

// The registry has no column for it: ports without a name say it in their description.
AssignmentStatus Assignment::status() const noexcept {
  if (!name.empty() || description.starts_with("any private")) return AssignmentStatus::assigned;
  return description.starts_with("Reserved") ? AssignmentStatus::reserved : AssignmentStatus::unassigned;
}

bool Assignment::is_alias() const noexcept { return note.contains("This entry is an alias to"); }

bool Assignment::applies_to(Protocol other) const noexcept {
  if (protocol) return *protocol == other;
  return ports && (other == Protocol::tcp || other == Protocol::udp);
}

std::size_t record_count() noexcept { return data::rows().size(); }

Assignment record_at(std::size_t index) noexcept {
  return assignment_of(data::rows()[index], index < data::rows_with_port().size());
}

std::string_view registry_date() noexcept { return data::date(); }

std::vector<Assignment> find_by_port(std::uint16_t port) {
  std::vector<Assignment> found;
  for_each_row_of(port, [&](std::size_t i) { found.push_back(record_at(i)); });
  std::ranges::reverse(found);
  return found;
}

std::vector<Assignment> find_by_port(std::uint16_t port, Protocol protocol) {
  auto found = find_by_port(port);
  std::erase_if(found, [&](const Assignment& assignment) { return !assignment.applies_to(protocol); });
  return found;
}

std::string_view main_name(std::span<const Assignment> assignments) noexcept {
  std::string_view alias;
  for (const Assignment& assignment : assignments) {
    if (assignment.name.empty()) continue;
    if (!assignment.is_alias()) return assignment.name;
    if (alias.empty()) alias = assignment.name;
  }
  return alias;
}

std::vector<Assignment> find_by_name(std::string_view name) {
  struct Less {
    bool operator()(std::uint16_t row, std::string_view word) const { return compare(row, word) < 0; }
    bool operator()(std::string_view word, std::uint16_t row) const { return compare(row, word) > 0; }
    static int compare(std::uint16_t row, std::string_view word) {
      return compare_ignoring_case(data::text_at(data::rows()[row].name), word);
    }
  };
  const auto index = data::rows_by_name();
  const auto [begin, end] = std::equal_range(index.begin(), index.end(), name, Less{});
  std::vector<Assignment> found;
  for (auto row = begin; row != end; ++row) found.push_back(record_at(*row));
  return found;
}

std::string_view service_name(std::uint16_t port, Protocol protocol) {
  const CommonPort* common = find_common_port(port, protocol);
  return common != nullptr ? common->name : main_name(find_by_port(port, protocol));
}

PortSet ports_called(std::string_view name, Protocol protocol) {
  PortSet set;
  for (const CommonPort& common : common_ports()) {
    if (common.protocol == protocol && equal_ignoring_case(common.name, name)) set.insert({common.port, common.port});
  }
  for (const Assignment& assignment : find_by_name(name)) {
    if (assignment.ports && assignment.applies_to(protocol)) set.insert(*assignment.ports);
  }
  return set;
}

Result<PortSet> find_service_ports(std::string_view name, Protocol protocol) {
  auto set = ports_called(name, protocol);
  if (!set.empty()) return set;
  const std::string what = "service '" + std::string(name) + "'";
  if (find_by_name(name).empty()) return usage_error(what, "unknown" + near_names_hint(name));
  return usage_error(what, "has no " + std::string(to_string(protocol)) + " port");
}

}  // namespace tcp::ports
