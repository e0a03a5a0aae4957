// SPDX-License-Identifier: MIT
// What the running kernel says of one Multipath TCP connection (RFC 8684): struct mptcp_info (linux/mptcp.h), of
// whatever length this kernel has it. Read by a table of its own, as struct tcp_info is.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "libtcp/sockets/tcp_info.hpp"

namespace tcp::sockets {

// In the kernel's order, the newest last; names without mptcpi_: "subflows", "token".
[[nodiscard]] std::span<const TcpInfoField> mptcp_info_fields();

class MptcpInfo {
 public:
  static constexpr std::size_t kMost = 192;  // bytes; what a later kernel adds beyond is not kept

  // Copies what fits; bytes of untrusted length.
  void assign(std::span<const std::uint8_t> bytes);
  [[nodiscard]] std::size_t size() const noexcept { return size_; }  // bytes; 0: the kernel told nothing
  // Nothing when this kernel's struct ends before the field.
  [[nodiscard]] std::optional<std::uint64_t> get(const TcpInfoField& field) const;
  [[nodiscard]] std::optional<std::uint64_t> get(std::string_view name) const;

 private:
  std::uint16_t size_ = 0;
  std::array<std::uint8_t, kMost> bytes_;  // the first size_ of them are set
};

}  // namespace tcp::sockets
