// SPDX-License-Identifier: MIT
#include "cmd/output/xml.hpp"

#include "libtcp/base/sanitize.hpp"

namespace tcp::cmd {
namespace {

constexpr std::string_view kReplacement = "\uFFFD";

std::string start_of(std::string_view name, const XmlAttributes& attributes) {
  std::string tag = "<" + std::string(name);
  for (const auto& [key, value] : attributes) tag += " " + std::string(key) + "=\"" + xml_escape(value) + "\"";
  return tag;
}

// U+FFFE and U+FFFF are valid in UTF-8 and no characters of XML.
bool is_noncharacter(std::string_view rest) {
  return rest.starts_with("\xef\xbf\xbe") || rest.starts_with("\xef\xbf\xbf");
}

}  // namespace

std::string xml_escape(std::string_view text) {
  const std::string valid = to_valid_utf8(text);
  std::string escaped;
  for (std::size_t i = 0; i < valid.size(); ++i) {
    const char c = valid[i];
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      case '\'': escaped += "&#39;"; break;
      case '\t':
      case '\n':
      case '\r': escaped += "&#" + std::to_string(static_cast<int>(c)) + ";"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          escaped += kReplacement;
        } else if (is_noncharacter(std::string_view(valid).substr(i))) {
          escaped += kReplacement;
          i += 2;
        } else {
          escaped += c;
        }
    }
  }
  return escaped;
}

std::string xml_open(std::string_view name, const XmlAttributes& attributes) {
  return start_of(name, attributes) + ">";
}

std::string xml_empty(std::string_view name, const XmlAttributes& attributes) {
  return start_of(name, attributes) + "/>";
}

}  // namespace tcp::cmd
