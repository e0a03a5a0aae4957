// SPDX-License-Identifier: MIT
#include "libtcp/stream/socket_options.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "libtcp/base/ascii.hpp"
#include "libtcp/base/parse.hpp"
#include "libtcp/net/capabilities.hpp"

namespace tcp::stream {
namespace {

using enum SocketValueKind;

constexpr std::uint32_t kMostInt = std::numeric_limits<int>::max();
constexpr std::uint32_t kMostSeconds = 32767;   // MAX_TCP_KEEPIDLE and its like
constexpr std::uint32_t kMostProbes = 127;      // MAX_TCP_KEEPCNT
constexpr std::uint32_t kFastOpenQueue = 1024;  // requests of clients whose handshake is not complete yet

constexpr std::array kRows{
    SocketOptionRow{"nodelay", flag, 1, 1, {IPPROTO_TCP, TCP_NODELAY}},
    SocketOptionRow{"keepalive", keepalive, 1, kMostSeconds, {SOL_SOCKET, SO_KEEPALIVE}},
    SocketOptionRow{"user-timeout", milliseconds, 0, kMostInt, {IPPROTO_TCP, TCP_USER_TIMEOUT}},
    SocketOptionRow{"congestion", text, 0, 0, {IPPROTO_TCP, TCP_CONGESTION}},
    SocketOptionRow{"mss", number, 88, 32767, {IPPROTO_TCP, TCP_MAXSEG}},
    SocketOptionRow{"ttl", number, 1, 255, {IPPROTO_IP, IP_TTL}, KernelOption{IPPROTO_IPV6, IPV6_UNICAST_HOPS}},
    SocketOptionRow{"min-ttl", number, 1, 255, {IPPROTO_IP, IP_MINTTL}, KernelOption{IPPROTO_IPV6, IPV6_MINHOPCOUNT}},
    SocketOptionRow{"dscp", dscp, 0, 63, {IPPROTO_IP, IP_TOS}, KernelOption{IPPROTO_IPV6, IPV6_TCLASS}},
    SocketOptionRow{"mark", number, 0, std::numeric_limits<std::uint32_t>::max(), {SOL_SOCKET, SO_MARK}},
    SocketOptionRow{"fastopen", flag, 1, 1, {IPPROTO_TCP, TCP_FASTOPEN_CONNECT}, {}, SocketRole::dialing},
    SocketOptionRow{
        "fastopen", flag, kFastOpenQueue, kFastOpenQueue, {IPPROTO_TCP, TCP_FASTOPEN}, {}, SocketRole::listening},
    SocketOptionRow{"recv-buffer", buffer, 1, kMostInt / 2, {SOL_SOCKET, SO_RCVBUF}},
    SocketOptionRow{"send-buffer", buffer, 1, kMostInt / 2, {SOL_SOCKET, SO_SNDBUF}},
    SocketOptionRow{"notsent-lowat", size, 0, kMostInt, {IPPROTO_TCP, TCP_NOTSENT_LOWAT}},
    SocketOptionRow{"linger", linger, 0, kMostSeconds, {SOL_SOCKET, SO_LINGER}},
    SocketOptionRow{"interface", text, 0, 0, {SOL_SOCKET, SO_BINDTODEVICE}, {}, SocketRole::dialing},
};

template <class T>
std::string as_kernel_value(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

SocketSetting setting_of(const SocketOptionRow& row, const std::string& text, std::string value) {
  std::string word = "--" + std::string(row.name) + (text.empty() ? "" : " " + text);
  return {std::move(word), row.option, row.v6, row.only_for, std::move(value)};
}

Result<std::uint32_t> in_range(const SocketOptionRow& row, std::optional<std::uint64_t> value, std::string_view unit) {
  if (value && *value >= row.least && *value <= row.most) return static_cast<std::uint32_t>(*value);
  return usage_error(
      {}, "must be " + std::string(unit) + " from " + std::to_string(row.least) + " to " + std::to_string(row.most));
}

Result<std::uint32_t> parse_seconds(const SocketOptionRow& row, std::string_view word) {
  TCP_TRY_ASSIGN(duration, parse_duration(word));
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(duration);
  const bool is_whole = whole == duration;
  return in_range(row, is_whole ? std::optional<std::uint64_t>(whole.count()) : std::nullopt, "whole seconds");
}

Result<std::uint32_t> parse_milliseconds(const SocketOptionRow& row, std::string_view word) {
  TCP_TRY_ASSIGN(duration, parse_duration(word));
  // Rounded up: 0 would mean the kernel's own timeout.
  const auto count = std::chrono::ceil<std::chrono::milliseconds>(duration).count();
  return in_range(row, static_cast<std::uint64_t>(count), "milliseconds");
}

Result<std::uint32_t> parse_size(const SocketOptionRow& row, std::string_view word) {
  TCP_TRY_ASSIGN(bytes, parse_byte_count(word));
  return in_range(row, bytes, "bytes");
}

// The value of a row whose kernel option is an int.
Result<std::uint32_t> parse_int(const SocketOptionRow& row, const std::string& word) {
  switch (row.kind) {
    case flag: return row.least;
    case number: return in_range(row, parse_unsigned<std::uint64_t>(word), "a number");
    case seconds:
    case linger: return parse_seconds(row, word);
    case milliseconds: return parse_milliseconds(row, word);
    case size:
    case buffer: return parse_size(row, word);
    case dscp: {
      TCP_TRY_ASSIGN(code, parse_dscp(word));
      return static_cast<std::uint32_t>(code) << 2U;  // RFC 2474 §3: the lower two bits are ECN's
    }
    case text:
    case keepalive: break;
  }
  return usage_error(std::string(row.name), "is no number");
}

std::vector<std::string> split_at_commas(const std::string& word) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (std::size_t comma = 0; comma != std::string::npos; begin = comma + 1) {
    comma = word.find(',', begin);
    parts.push_back(word.substr(begin, comma == std::string::npos ? comma : comma - begin));
  }
  return parts;
}

Result<std::vector<SocketSetting>> keepalive_settings(const SocketOptionRow& row, const std::string& word) {
  static constexpr std::array kParts{
      SocketOptionRow{"keepalive", seconds, 1, kMostSeconds, {IPPROTO_TCP, TCP_KEEPIDLE}},
      SocketOptionRow{"keepalive", seconds, 1, kMostSeconds, {IPPROTO_TCP, TCP_KEEPINTVL}},
      SocketOptionRow{"keepalive", number, 1, kMostProbes, {IPPROTO_TCP, TCP_KEEPCNT}},
  };
  const std::vector<std::string> words = split_at_commas(word);
  if (words.size() > kParts.size()) return usage_error({}, "must be IDLE[,INTERVAL[,COUNT]]");
  std::vector<SocketSetting> settings{setting_of(row, word, as_kernel_value(1))};
  for (std::size_t i = 0; i < words.size(); ++i) {
    TCP_TRY_ASSIGN(value, parse_int(kParts[i], words[i]));
    settings.push_back(setting_of(kParts[i], word, as_kernel_value(value)));
  }
  return settings;
}

Result<std::vector<SocketSetting>> settings_of(const SocketOptionRow& row, const std::string& word) {
  if (row.kind == keepalive) return keepalive_settings(row, word);
  if (row.kind == text) {
    if (word.empty()) return usage_error({}, "a name is missing");
    return std::vector{setting_of(row, word, word)};
  }
  TCP_TRY_ASSIGN(value, parse_int(row, word));
  if (row.kind == linger) {
    const struct ::linger lingering{1, static_cast<int>(value)};
    return std::vector{setting_of(row, word, as_kernel_value(lingering))};
  }
  SocketSetting setting = setting_of(row, word, as_kernel_value(value));
  if (row.kind == buffer) setting.at_least = static_cast<int>(value);
  return std::vector{std::move(setting)};
}

std::unexpected<Error> refusal(const SocketSetting& setting) {
  auto error = system_error("set " + setting.word);
  if (error.error().is(std::errc::operation_not_permitted)) {
    error.error().hint = net::how_to_get(net::Capability::net_admin);
  }
  return error;
}

bool set(int fd, const KernelOption& option, const std::string& value) {
  return ::setsockopt(fd, option.level, option.name, value.data(), static_cast<socklen_t>(value.size())) == 0;
}

// The privileged twin of a buffer's option knows no limit.
bool force_buffer(int fd, const SocketSetting& setting) {
  const int name = setting.option.name == SO_RCVBUF ? SO_RCVBUFFORCE : SO_SNDBUFFORCE;
  return set(fd, {SOL_SOCKET, name}, setting.value);
}

Result<void> check_granted(int fd, const SocketSetting& setting) {
  int granted = 0;
  socklen_t length = sizeof granted;
  ::getsockopt(fd, setting.option.level, setting.option.name, &granted, &length);
  const int usable = granted / 2;  // the kernel doubles it for its own bookkeeping (socket(7))
  if (usable >= *setting.at_least) return {};
  const char* limit = setting.option.name == SO_RCVBUF ? "net.core.rmem_max" : "net.core.wmem_max";
  return make_error(Errc::not_permitted, "set " + setting.word,
                    "the kernel gives no more than " + std::to_string(usable) + " bytes",
                    "raise " + std::string(limit));
}

Result<void> apply_setting(const SocketSetting& setting, int fd, bool is_v6) {
  if (setting.at_least && force_buffer(fd, setting)) return {};
  if (is_v6 && setting.v6 && !set(fd, *setting.v6, setting.value)) return refusal(setting);
  if (!set(fd, setting.option, setting.value)) return refusal(setting);
  return setting.at_least ? check_granted(fd, setting) : Result<void>();
}

// With `prefix_length`, for every peer whose address begins like that.
Result<void> set_md5(int fd, const std::string& key, const Endpoint& peer, std::optional<std::uint8_t> prefix_length) {
  tcp_md5sig signature{};
  const SocketAddress address = to_socket_address(peer);
  std::memcpy(&signature.tcpm_addr, &address.storage, sizeof address.storage);
  signature.tcpm_keylen = static_cast<std::uint16_t>(key.size());
  std::copy_n(key.begin(), key.size(), signature.tcpm_key);
  if (prefix_length) {
    signature.tcpm_flags = TCP_MD5SIG_FLAG_PREFIX;
    signature.tcpm_prefixlen = *prefix_length;
  }
  const int option = prefix_length ? TCP_MD5SIG_EXT : TCP_MD5SIG;
  if (::setsockopt(fd, IPPROTO_TCP, option, &signature, sizeof signature) != 0) return system_error("set --md5");
  return {};
}

// IPv4 reaches an IPv6 listener from mapped addresses, which the kernel keeps apart.
Result<void> demand_md5(int fd, const std::string& key, Family family) {
  TCP_TRY(set_md5(fd, key, {IpAddress::any(family), 0}, std::uint8_t{0}));
  if (family == Family::v4) return {};
  constexpr std::array<std::uint8_t, 16> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};
  return set_md5(fd, key, {IpAddress::v6(kMapped), 0}, std::uint8_t{0});
}

Result<void> apply_md5(const std::string& key, int fd, const Address& address, SocketRole role) {
  const auto* endpoint = std::get_if<Endpoint>(&address);
  if (endpoint == nullptr) return system_error("set --md5", EOPNOTSUPP);
  if (role == SocketRole::listening) return demand_md5(fd, key, endpoint->address.family());
  return set_md5(fd, key, *endpoint, std::nullopt);
}

struct DscpName {
  std::string_view name;
  std::uint8_t code;
};

constexpr std::array kDscpNames{
    DscpName{"default", 0}, DscpName{"cs0", 0},   DscpName{"le", 1},    DscpName{"cs1", 8},   DscpName{"af11", 10},
    DscpName{"af12", 12},   DscpName{"af13", 14}, DscpName{"cs2", 16},  DscpName{"af21", 18}, DscpName{"af22", 20},
    DscpName{"af23", 22},   DscpName{"cs3", 24},  DscpName{"af31", 26}, DscpName{"af32", 28}, DscpName{"af33", 30},
    DscpName{"cs4", 32},    DscpName{"af41", 34}, DscpName{"af42", 36}, DscpName{"af43", 38}, DscpName{"cs5", 40},
    DscpName{"va", 44},     DscpName{"ef", 46},   DscpName{"cs6", 48},  DscpName{"cs7", 56},
};

}  // namespace

std::span<const SocketOptionRow> socket_option_rows() noexcept { return kRows; }

Result<std::uint8_t> parse_dscp(std::string_view text) {
  const std::string lower = ascii_lower(text);
  const auto named = std::ranges::find(kDscpNames, lower, &DscpName::name);
  if (named != kDscpNames.end()) return named->code;
  const auto number = parse_unsigned<std::uint8_t>(text);
  if (number && *number <= 63) return *number;
  return usage_error({}, "must be 0 to 63 or a name: af11 to af43, cs0 to cs7, ef, va, le");
}

Result<std::vector<SocketSetting>> make_socket_settings(std::string_view name, const std::string& text) {
  std::vector<SocketSetting> all;
  for (const SocketOptionRow& row : kRows) {
    if (row.name != name) continue;
    TCP_TRY_ASSIGN(settings, settings_of(row, text));
    all.insert(all.end(), settings.begin(), settings.end());
  }
  return all;
}

Result<void> apply(const SocketOptions& options, int fd, const Address& address, SocketRole role) {
  const auto* endpoint = std::get_if<Endpoint>(&address);
  const bool is_v6 = endpoint != nullptr && endpoint->address.is_v6();
  for (const SocketSetting& setting : options.settings) {
    if (setting.only_for && *setting.only_for != role) continue;
    TCP_TRY(apply_setting(setting, fd, is_v6));
  }
  return options.md5_key ? apply_md5(*options.md5_key, fd, address, role) : Result<void>();
}

}  // namespace tcp::stream
