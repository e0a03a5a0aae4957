// SPDX-License-Identifier: MIT
#include "cmd/sockets_order.hpp"

#include <algorithm>

namespace tcp::cmd {
namespace {

// Bytes that compare as the endpoint does.
std::string endpoint_bytes(const Endpoint& endpoint, bool with_port) {
  std::string bytes(1, endpoint.address.is_v4() ? '4' : '6');
  for (const std::uint8_t byte : endpoint.address.bytes()) bytes += static_cast<char>(byte);
  if (with_port) {
    bytes += static_cast<char>(endpoint.port >> 8);
    bytes += static_cast<char>(endpoint.port & 0xff);
  }
  return bytes;
}

}  // namespace

SortKey sort_key(const SocketColumn& column, const sockets::SocketRow& row, const CellStyle& style) {
  if (column.is_number()) {
    const auto number = column.number_of(row);
    return {number.has_value(), number.value_or(0), {}};
  }
  const bool whole = column.name == "local" || column.name == "remote";
  const bool local = column.name.starts_with("local");
  std::string text;
  column.append(text, row, style);
  const bool known = text != "-";
  if (!known || !(whole || column.name.ends_with("_address"))) return {known, 0, std::move(text)};
  return {true, 0, endpoint_bytes(local ? row.socket->local : row.socket->remote, whole)};
}

Result<SortWord> parse_sort_word(std::string_view word, bool descending_unless_told) {
  const auto colon = word.find(':');
  SortWord sort{std::string(word.substr(0, colon)), descending_unless_told};
  if (colon == std::string_view::npos) return sort;
  const std::string_view direction = word.substr(colon + 1);
  if (direction != "asc" && direction != "desc") {
    return usage_error("direction '" + std::string(direction) + "'", "must be asc or desc");
  }
  sort.descending = direction == "desc";
  return sort;
}

bool SortedRows::before(const Entry& a, const Entry& b) const {
  if (a.key.known != b.key.known) return a.key.known;
  if (a.key.number != b.key.number) return (a.key.number < b.key.number) != descending_;
  // std::string compares as unsigned bytes.
  if (const int order = a.key.text.compare(b.key.text); order != 0) return (order < 0) != descending_;
  return a.arrival < b.arrival;
}

void SortedRows::add(SortKey key, const std::function<void(std::string&)>& write) {
  const auto order = [this](const Entry& a, const Entry& b) { return before(a, b); };
  Entry entry{std::move(key), arrivals_++, {}};
  if (entries_.size() >= most_) {
    if (entries_.empty() || !before(entry, entries_.front())) return;
    std::ranges::pop_heap(entries_, order);
    entries_.pop_back();
  }
  write(entry.text);
  entries_.push_back(std::move(entry));
  if (most_ != std::numeric_limits<std::size_t>::max()) std::ranges::push_heap(entries_, order);
}

std::vector<std::string> SortedRows::take() {
  std::ranges::sort(entries_, [this](const Entry& a, const Entry& b) { return before(a, b); });
  std::vector<std::string> texts;
  texts.reserve(entries_.size());
  for (Entry& entry : entries_) texts.push_back(std::move(entry.text));
  entries_.clear();
  return texts;
}

}  // namespace tcp::cmd
