// SPDX-License-Identifier: MIT
#include "libtcp/stream/tls_words.hpp"

#include <algorithm>
#include <array>

#include "libtcp/base/ascii.hpp"
#include "libtcp/base/base64.hpp"

namespace tcp::stream {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::size_t kMostAlpnBytes = 255;
constexpr std::size_t kMostAlpnProtocols = 64;

constexpr std::array<std::string_view, 4> kVersions{"1.0", "1.1", "1.2", "1.3"};

bool parse_hex(std::string_view text, Sha256& hash) {
  for (std::uint8_t& byte : hash) {
    if (&byte != hash.data() && text.starts_with(':')) text.remove_prefix(1);
    const auto value = hex_byte(text);
    if (!value) return false;
    byte = *value;
    text.remove_prefix(2);
  }
  return text.empty();
}

// The bits that the last digit has beyond the 32 bytes must be zero.
bool parse_base64(std::string_view text, Sha256& hash) {
  const auto bytes = from_base64(text);
  if (!bytes || bytes->size() != hash.size() || to_base64(*bytes) != text) return false;
  std::ranges::copy(*bytes, hash.begin());
  return true;
}

}  // namespace

Result<TlsVersion> parse_tls_version(std::string_view text) {
  const auto* const found = std::ranges::find(kVersions, text);
  if (found == kVersions.end()) {
    return usage_error("TLS version '" + std::string(text) + "'", "must be 1.0, 1.1, 1.2 or 1.3");
  }
  return static_cast<TlsVersion>(found - kVersions.begin());
}

Result<Sha256> parse_tls_pin(std::string_view text) {
  constexpr std::string_view kHexPrefix = "sha256:";
  constexpr std::string_view kBase64Prefix = "sha256//";
  Sha256 hash{};
  if (text.starts_with(kHexPrefix) && parse_hex(text.substr(kHexPrefix.size()), hash)) return hash;
  if (text.starts_with(kBase64Prefix) && parse_base64(text.substr(kBase64Prefix.size()), hash)) return hash;
  return usage_error("pin '" + std::string(text) + "'",
                     "must be sha256: with 64 hexadecimal digits, or sha256// with base64");
}

std::string to_hex(const Sha256& hash) {
  std::string text;
  for (const std::uint8_t byte : hash) {
    text += kHexDigits[byte >> 4];
    text += kHexDigits[byte & 15];
  }
  return text;
}

std::string pin_to_string(const Sha256& hash) { return "sha256:" + to_hex(hash); }

Result<std::vector<std::string>> parse_alpn(std::string_view text) {
  const auto refuse = [&] {
    return usage_error("protocols '" + std::string(text) + "'", "must be names of 1 to 255 bytes, commas between");
  };
  std::vector<std::string> protocols;
  for (std::string_view rest = text;;) {
    const std::size_t comma = rest.find(',');
    const std::string_view name = rest.substr(0, comma);
    if (name.empty() || name.size() > kMostAlpnBytes || protocols.size() == kMostAlpnProtocols) return refuse();
    protocols.emplace_back(name);
    if (comma == std::string_view::npos) return protocols;
    rest.remove_prefix(comma + 1);
  }
}

std::string alpn_to_wire(const std::vector<std::string>& protocols) {
  std::string wire;
  for (const std::string& name : protocols) {
    wire += static_cast<char>(static_cast<unsigned char>(name.size()));
    wire += name;
  }
  return wire;
}

}  // namespace tcp::stream
