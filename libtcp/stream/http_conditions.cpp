// SPDX-License-Identifier: MIT
#include "libtcp/stream/http_conditions.hpp"

#include <algorithm>

#include "libtcp/base/ascii.hpp"
#include "libtcp/base/parse.hpp"
#include "libtcp/stream/http_date.hpp"

namespace tcp::stream {
namespace {

// A weak tag is the same as a strong one where that is enough (RFC 9110 §8.8.3.2).
enum class Comparison : std::uint8_t { strong, weak };

// `list`: tags with commas between, or "*", which any state matches.
bool names_tag(std::string_view list, std::string_view tag, Comparison comparison) {
  if (list == "*") return true;
  while (!list.empty()) {
    list.remove_prefix(std::min(list.find_first_not_of(" \t,"), list.size()));
    const bool is_weak = list.starts_with("W/");
    if (is_weak) list.remove_prefix(2);
    if (!list.starts_with('"')) return false;
    const std::size_t end = list.find('"', 1);
    if (end == std::string_view::npos) return false;
    if (list.substr(0, end + 1) == tag && (!is_weak || comparison == Comparison::weak)) return true;
    list.remove_prefix(end + 1);
  }
  return false;
}

bool any_names_tag(const HttpFields& fields, std::string_view name, std::string_view tag, Comparison comparison) {
  return std::ranges::any_of(fields.all(), [&](const HttpField& field) {
    return equals_ignoring_case(field.name, name) && names_tag(field.value, tag, comparison);
  });
}

// Not changed since the date in that field; nothing: there is no such field, or no date in it.
std::optional<bool> is_unmodified(const HttpFields& fields, std::string_view name, const HttpValidators& file) {
  const auto value = fields.find(name);
  if (!value) return std::nullopt;
  const auto date = parse_http_date(*value);
  if (!date) return std::nullopt;
  return file.modified <= *date;
}

// 412, 304, or 0: the request goes on.
unsigned precondition(const HttpFields& fields, const HttpValidators& file) {
  if (fields.find("If-Match")) {
    if (!any_names_tag(fields, "If-Match", file.entity_tag, Comparison::strong)) return 412;
  } else if (is_unmodified(fields, "If-Unmodified-Since", file) == false) {
    return 412;
  }
  if (fields.find("If-None-Match")) {
    return any_names_tag(fields, "If-None-Match", file.entity_tag, Comparison::weak) ? 304 : 0;
  }
  return is_unmodified(fields, "If-Modified-Since", file) == true ? 304 : 0;
}

// The client has the rest of this very state.
bool range_counts(const HttpFields& fields, const HttpValidators& file) {
  const auto value = fields.find("If-Range");
  if (!value) return true;
  return *value == file.entity_tag || parse_http_date(*value) == file.modified;
}

}  // namespace

std::optional<HttpRange> parse_http_range(std::string_view value, std::uint64_t file_bytes) {
  constexpr std::string_view kUnit = "bytes=";
  if (!equals_ignoring_case(value.substr(0, kUnit.size()), kUnit)) return std::nullopt;
  value.remove_prefix(kUnit.size());
  const std::size_t dash = value.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto first = parse_unsigned<std::uint64_t>(value.substr(0, dash));
  const auto last = parse_unsigned<std::uint64_t>(value.substr(dash + 1));
  const bool has_first = dash > 0;
  const bool has_last = dash + 1 < value.size();
  if (has_first != first.has_value() || has_last != last.has_value() || (!first && !last)) return std::nullopt;
  if (!first) {
    const std::uint64_t bytes = std::min(*last, file_bytes);
    return HttpRange{file_bytes - bytes, bytes};
  }
  if (last && *last < *first) return std::nullopt;
  if (*first >= file_bytes) return HttpRange{};
  const std::uint64_t end = last ? std::min(*last, file_bytes - 1) : file_bytes - 1;
  return HttpRange{*first, end - *first + 1};
}

HttpSelection select(const HttpRequestHead& head, const HttpValidators& file) {
  if (const unsigned status = precondition(head.fields, file); status != 0) return {status, 0, 0};
  const auto value = head.fields.find("Range");
  if (!value || head.method != "GET" || head.fields.count("Range") > 1 || !range_counts(head.fields, file)) {
    return {200, 0, file.bytes};
  }
  const auto range = parse_http_range(*value, file.bytes);
  if (!range) return {200, 0, file.bytes};
  if (range->bytes == 0) return {416, 0, 0};
  return {206, range->offset, range->bytes};
}

}  // namespace tcp::stream
