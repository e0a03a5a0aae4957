// SPDX-License-Identifier: MIT
// XML, written element by element.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tcp::cmd {

// For text and attribute values: markup is escaped, and what XML 1.0 (§2.2) has no place for becomes U+FFFD.
[[nodiscard]] std::string xml_escape(std::string_view text);

using XmlAttributes = std::vector<std::pair<std::string_view, std::string>>;

// "<name a="b">"
[[nodiscard]] std::string xml_open(std::string_view name, const XmlAttributes& attributes = {});
// "<name a="b"/>"
[[nodiscard]] std::string xml_empty(std::string_view name, const XmlAttributes& attributes = {});

}  // namespace tcp::cmd
