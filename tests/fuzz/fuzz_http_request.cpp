// SPDX-License-Identifier: MIT
// Heads of HTTP requests: the pieces that they come in change nothing, every view leads into the bytes, no bound is
// passed, and no path leads out.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "libtcp/stream/http_conditions.hpp"
#include "libtcp/stream/http_date.hpp"
#include "libtcp/stream/http_head.hpp"
#include "libtcp/stream/http_path.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace tcp::stream;
using tcp::fuzz::require;
using Found = std::expected<std::optional<std::size_t>, HttpFault>;

constexpr HttpLimits kLimits{.target_bytes = 100, .head_bytes = 1000, .fields = 10};

bool leads_into(std::string_view whole, std::string_view part) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

Found find_in_pieces(std::string_view bytes) {
  HttpHeadEnd end;
  Found found = std::nullopt;
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    found = end.find(bytes.substr(0, size), kLimits);
    if (!found || *found) break;
  }
  return found;
}

void check_path(std::string_view target) {
  const auto path = parse_http_path(target);
  if (!path) return;
  require(!path->name.starts_with('/') && path->name.find('\0') == std::string::npos);
  require(("/" + path->name + "/").find("/../") == std::string::npos);
  const auto again = parse_http_path("/" + encode_http_path(path->name));
  require(again && again->name == path->name);
}

void check_selection(const HttpRequestHead& head, std::uint64_t bytes) {
  const HttpSelection selection = select(head, {"\"tag\"", 784111777, bytes});
  require(selection.offset <= bytes && selection.bytes <= bytes - selection.offset);
  require(selection.status != 206 || selection.bytes > 0);
}

void check_head(std::string_view text) {
  const auto head = parse_http_request_head(text, kLimits);
  if (!head) return;
  require(is_http_token(head->method) && leads_into(text, head->method) && leads_into(text, head->target));
  require(!head->target.empty() && head->target.size() <= kLimits.target_bytes);
  require(head->fields.all().size() <= kLimits.fields);
  for (const HttpField& field : head->fields.all()) {
    require(is_http_token(field.name) && leads_into(text, field.name) && leads_into(text, field.value));
    require(field.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
  }
  const auto body = request_body(*head);
  require(!body || !body->is_chunked || head->fields.count("Content-Length") == 0);
  (void)head->keeps_alive();
  check_path(head->target);
  for (const std::uint64_t bytes : {std::uint64_t{0}, std::uint64_t{100}, UINT64_MAX}) check_selection(*head, bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Found found = HttpHeadEnd().find(bytes, kLimits);
  require(found == find_in_pieces(bytes));
  if (found && *found) {
    require(**found <= bytes.size() && **found <= kLimits.head_bytes);
    check_head(bytes.substr(0, **found));
  }
  check_head(bytes);
  check_path(bytes);
  (void)parse_http_date(bytes);
  return 0;
}
