// SPDX-License-Identifier: MIT
#include "libtcp/stream/http_listing.hpp"

#include "libtcp/stream/http_path.hpp"

namespace tcp::stream {
namespace {

std::string escape_markup(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

std::string link(std::string_view target, std::string_view text) {
  return "<li><a href=\"" + std::string(target) + "\">" + escape_markup(text) + "</a></li>\n";
}

}  // namespace

// "./" keeps a name with a colon in it from being taken for a scheme.
std::string make_http_listing(std::string_view name, std::span<const DirectoryEntry> entries) {
  const std::string title = escape_markup("/" + std::string(name) + (name.empty() ? "" : "/"));
  std::string page = "<!DOCTYPE html>\n<html>\n<head><meta charset=\"utf-8\"><title>" + title +
                     "</title></head>\n<body>\n<h1>" + title + "</h1>\n<ul>\n";
  if (!name.empty()) page += link("../", "../");
  for (const DirectoryEntry& entry : entries) {
    const std::string slash = entry.is_directory ? "/" : "";
    page += link("./" + encode_http_path(entry.name) + slash, entry.name + slash);
  }
  return page + "</ul>\n</body>\n</html>\n";
}

}  // namespace tcp::stream
