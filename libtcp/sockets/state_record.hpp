// SPDX-License-Identifier: MIT
// The record of the kernel's tracepoint sock:inet_sock_set_state, read as this kernel's format file says.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "libtcp/base/endpoint.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/base/tcp_state.hpp"

namespace tcp::sockets {

struct StateChange {
  std::uint64_t kernel_socket = 0;  // the same for all changes of one socket; used again after it ended
  FourTuple ends;                   // port 0 and the any-address where there is none (yet)
  TcpState old_state = TcpState::closed;
  TcpState new_state = TcpState::closed;
};

class StateRecordFormat {
 public:
  // `text`: the format file, lines such as "field:__u16 sport;	offset:24;	size:2;	signed:0;".
  // Errors: malformed, a field is missing or of another size.
  [[nodiscard]] static Result<StateRecordFormat> parse(std::string_view text);

  // Nothing when the record is too short, or of another protocol or family than TCP over IPv4 and IPv6.
  [[nodiscard]] std::optional<StateChange> read(std::span<const std::uint8_t> record) const;

  // Where the address of the kernel's socket stands, and how long a record is that holds all of it; bytes.
  [[nodiscard]] std::size_t socket_offset() const noexcept { return offsets_[socket]; }
  [[nodiscard]] std::size_t length() const noexcept { return end_; }

 private:
  enum Field : std::uint8_t {
    socket,
    old_state,
    new_state,
    local_port,
    remote_port,
    family,
    protocol,
    local_v4,
    remote_v4,
    local_v6,
    remote_v6
  };
  static constexpr std::size_t kFields = 11;
  struct Place {
    std::string_view name;
    std::uint16_t size;
  };
  static const std::array<Place, kFields> kPlaces;

  [[nodiscard]] std::span<const std::uint8_t> bytes_of(std::span<const std::uint8_t> record, Field field) const;
  template <class T>
  [[nodiscard]] T value_of(std::span<const std::uint8_t> record, Field field) const;
  [[nodiscard]] IpAddress address_of(std::span<const std::uint8_t> record, Field v4, Field v6) const;

  std::array<std::uint16_t, kFields> offsets_{};
  std::size_t end_ = 0;  // no record is shorter
};

}  // namespace tcp::sockets
