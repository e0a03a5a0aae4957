// SPDX-License-Identifier: MIT
// The few socket calls that the listener, the dialer and a plain channel have in common.
#pragma once

#include <cstddef>
#include <span>
#include <system_error>

#include "libtcp/base/endpoint.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/base/unique_fd.hpp"

namespace tcp::stream {

// The same socket with a number above 2: a standard descriptor that the caller closed must not become a connection.
[[nodiscard]] UniqueFd above_standard(UniqueFd fd);
// Non-blocking and close-on-exec. Never 0, 1 or 2.
[[nodiscard]] Result<UniqueFd> open_tcp_socket(Family family, bool multipath = false);
[[nodiscard]] Result<UniqueFd> open_unix_socket();
[[nodiscard]] Result<void> set_option(int fd, int level, int name, int value, const char* word);
[[nodiscard]] Result<void> bind_socket(int fd, const Endpoint& local);

// IPv4-mapped addresses become IPv4. 0.0.0.0:0 when there is none (AF_UNIX).
[[nodiscard]] Endpoint local_endpoint(int fd);

// SO_ERROR: what happened to the connection since the last call.
[[nodiscard]] std::error_code pending_error(int fd);

// The connection is gone; what had arrived before can still be read, and then its end.
[[nodiscard]] bool is_gone(std::error_code error);

// Bytes that the peer has not acknowledged, our FIN among them (tcp(7), SIOCOUTQ). Zero for what is no TCP, and once
// the connection is gone.
[[nodiscard]] int unacknowledged_bytes(int fd);

// Bytes that have arrived and have not been read (tcp(7), SIOCINQ).
[[nodiscard]] std::size_t waiting_bytes(int fd);

// The first bytes on a connection, so few that they fit. `more_follows` at once: it may share their segment.
[[nodiscard]] std::error_code send_first(int fd, std::span<const std::byte> bytes, bool more_follows) noexcept;

// Resets the connection now (connect(2), AF_UNSPEC); whoever waits for the socket is told of an error.
void reset_connection(int fd) noexcept;

// Closing it will be an abort (RFC 9293 §3.10.5): the peer gets a reset, and nothing of it stays in the kernel.
void set_abort(int fd) noexcept;

}  // namespace tcp::stream
