// SPDX-License-Identifier: MIT
#include "libtcp/stream/transfer_paths.hpp"

#include <algorithm>
#include <cstdint>

namespace tcp::stream {
namespace {

constexpr std::string_view kPartSuffix = ".tcpbox-part";
constexpr std::size_t kChecksumDigits = 16;

// Takes the first component off.
std::string_view take_component(std::string_view& rest) {
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  const std::string_view component = rest.substr(0, slash);
  rest.remove_prefix(std::min(slash + 1, rest.size()));
  return component;
}

std::optional<std::string_view> check_component(std::string_view name) {
  if (name.empty()) return "has an empty component";
  if (name == "..") return "has '..' in it";
  if (name == ".") return "has '.' in it";
  if (name.size() > kMostTransferNameBytes) return "has a component longer than 255 bytes";
  if (name.starts_with('.') && name.ends_with(kPartSuffix)) return "is the name of a partial file";
  return std::nullopt;
}

// FNV-1a
std::string checksum(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::uint64_t sum = 0xcbf29ce484222325;
  for (const char byte : text) sum = (sum ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  std::string digits;
  for (std::size_t i = 0; i < kChecksumDigits; ++i) digits += kDigits[sum >> (60 - 4 * i) & 0xfU];
  return digits;
}

}  // namespace

std::optional<std::string_view> check_transfer_path(std::string_view path) {
  if (path.empty()) return "is empty";
  if (path.size() > kMostTransferPathBytes) return "is longer than 4095 bytes";
  if (path.find('\0') != std::string_view::npos) return "has a NUL in it";
  if (path.front() == '/') return "is absolute";
  if (path.back() == '/') return "has an empty component";
  std::size_t depth = 0;
  while (!path.empty()) {
    if (const auto reason = check_component(take_component(path))) return reason;
    if (++depth > kMostTransferDepth) return "is more than 100 directories deep";
  }
  return std::nullopt;
}

std::optional<std::string_view> check_link_target(std::string_view path, std::string_view target) {
  if (target.empty()) return "is empty";
  if (target.size() > kMostTransferPathBytes) return "is longer than 4095 bytes";
  if (target.find('\0') != std::string_view::npos) return "has a NUL in it";
  if (target.front() == '/') return "is absolute";
  auto room = std::ranges::count(path, '/');
  bool has_name = false;
  while (!target.empty()) {
    const std::string_view component = take_component(target);
    if (component.empty() || component == ".") continue;
    if (component != "..") {
      has_name = true;
    } else if (has_name) {
      return "leads up after a name";
    } else if (--room < 0) {
      return "leads out of the tree";
    }
  }
  return std::nullopt;
}

std::string partial_name(std::string_view name) {
  if (name.size() + 1 + kPartSuffix.size() <= kMostTransferNameBytes) {
    return "." + std::string(name) + std::string(kPartSuffix);
  }
  const std::size_t room = kMostTransferNameBytes - kPartSuffix.size() - kChecksumDigits - 2;
  return "." + std::string(name.substr(0, room)) + "~" + checksum(name) + std::string(kPartSuffix);
}

std::string_view last_component(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string_view parent_path(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

}  // namespace tcp::stream
