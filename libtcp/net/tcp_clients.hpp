// SPDX-License-Identifier: MIT
// Connections of the kernel, many at a time and none of them waited for alone: orders go in, events come out.
//
// An interface, so that a test can be the peers. All calls are made on one thread, but for wake().
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/endpoint.hpp"
#include "libtcp/base/error.hpp"

namespace tcp::net {

struct TcpClientsOptions {
  std::optional<std::uint32_t> interface_index;
  std::optional<IpAddress> source;
};

struct TcpEvent {
  enum class Kind : std::uint8_t { connected, bytes, ended, failed };

  Kind kind = Kind::connected;
  std::uint64_t client = 0;         // as connect() was told
  std::vector<std::uint8_t> bytes;  // at most kMostBytes
  std::optional<Error> error;       // of failed: the kernel's word
};

class TcpClients {
 public:
  static constexpr std::size_t kMostBytes = 16 * 1024;  // of one event

  virtual ~TcpClients() = default;

  // Starts a connection under a number that no open one has; connected or failed follows. False: no room for it now,
  // because descriptors, ports or memory are used up.
  [[nodiscard]] virtual bool connect(std::uint64_t client, const Endpoint& remote) = 0;
  // All of it, now or as the peer takes it. Of a connection that has failed: nothing.
  virtual void send(std::uint64_t client, std::span<const std::uint8_t> bytes) = 0;
  // With a reset: nothing of it stays behind on either side. No event of it follows.
  virtual void close(std::uint64_t client) = 0;

  // Returns as soon as there are events, with none at the deadline, after wake() or a signal. They are valid until the
  // next call. After ended and failed nothing more comes of a client; it is still to be closed.
  [[nodiscard]] virtual Result<std::span<const TcpEvent>> wait(MonotonicTime deadline) = 0;
  // Ends a wait(), also the next one; from any thread.
  virtual void wake() = 0;
};

// The kernel's. Errors: no descriptors. `clock` must outlive it.
[[nodiscard]] Result<std::unique_ptr<TcpClients>> open_tcp_clients(const TcpClientsOptions& options,
                                                                   const Clock& clock);

}  // namespace tcp::net
