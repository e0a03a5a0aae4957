// SPDX-License-Identifier: MIT
// Options of the kernel's sockets by the names that people give them: a table, and what was chosen from it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libtcp/base/endpoint.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/stream/address.hpp"

namespace tcp::stream {

// Options that mean something else before connect(2) than before listen(2), or nothing.
enum class SocketRole : std::uint8_t { dialing, listening };

// What setsockopt(2) is told.
struct KernelOption {
  int level = 0;
  int name = 0;
  friend bool operator==(const KernelOption&, const KernelOption&) = default;
};

enum class SocketValueKind : std::uint8_t {
  flag,          // no value: 1
  number,        //
  seconds,       // a duration of whole seconds
  milliseconds,  // a duration
  size,          // a byte count
  buffer,        // likewise, and the kernel may give less than asked for
  dscp,          // a name of RFC 2474, 2597, 3246, 5865, 8622, or a number, in the upper six bits
  text,          //
  linger,        // seconds, as struct linger
  keepalive,     // IDLE[,INTERVAL[,COUNT]]
};

// One row of the table.
struct SocketOptionRow {
  std::string_view name;
  SocketValueKind kind = SocketValueKind::flag;
  std::uint32_t least = 0;  // of a number, or of what a duration or size comes to
  std::uint32_t most = 0;
  KernelOption option;
  std::optional<KernelOption> v6 = {};      // on an IPv6 socket, which may carry IPv4 as well: both are set
  std::optional<SocketRole> only_for = {};  // nothing: the same for both
};

[[nodiscard]] std::span<const SocketOptionRow> socket_option_rows() noexcept;

// One call of setsockopt(2).
struct SocketSetting {
  std::string word;  // how an error names it: "--ttl 64"
  KernelOption option;
  std::optional<KernelOption> v6 = {};
  std::optional<SocketRole> only_for = {};
  std::string value = {};            // as the kernel takes it
  std::optional<int> at_least = {};  // read back and compared: the kernel gives less without saying so
};

struct SocketOptions {
  std::vector<SocketSetting> settings;
  bool multipath = false;              // MPTCP (RFC 8684) instead of plain TCP
  std::optional<std::string> md5_key;  // TCP MD5 signatures (RFC 2385); a listener demands them of everybody
};

constexpr std::size_t kLongestMd5Key = 80;  // TCP_MD5SIG_MAXKEYLEN

// What `--name text` asks for; every row of that name takes part. Errors: what is wrong with `text`, in words.
[[nodiscard]] Result<std::vector<SocketSetting>> make_socket_settings(std::string_view name, const std::string& text);

// "ef", "af41", "cs6", "le", "va", "default" in any case, or 0 to 63.
[[nodiscard]] Result<std::uint8_t> parse_dscp(std::string_view text);

// Before connect(2) or listen(2); an accepted socket inherits all of it. `address`: the remote one to be dialled, the
// local one to listen on. Errors: "set --OPTION VALUE" as the kernel put it.
[[nodiscard]] Result<void> apply(const SocketOptions& options, int fd, const Address& address, SocketRole role);

}  // namespace tcp::stream
