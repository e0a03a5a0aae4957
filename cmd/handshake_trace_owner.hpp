// SPDX-License-Identifier: MIT
// Which process of this host takes part in a handshake that passed by.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/sockets/socket_row.hpp"
#include "libtcp/trace/observed.hpp"

namespace tcp::cmd {

class LocalOwners {
 public:
  LocalOwners();

  // The client's process if that is here, otherwise the server's; nothing when neither is, or when the socket has gone.
  [[nodiscard]] std::optional<sockets::Process> find(const trace::ObservedHandshake& handshake);

  // Gives up every capability but those that let it look into other users' processes.
  [[nodiscard]] static Result<void> keep_what_it_needs();

 private:
  [[nodiscard]] bool is_local(const IpAddress& address) const;
  [[nodiscard]] std::optional<sockets::Process> owner_of(const Endpoint& local, const Endpoint& remote);

  std::vector<IpAddress> local_;
  SystemClock clock_;
  MonotonicTime window_begin_{};
  unsigned looked_ = 0;  // in this window
};

}  // namespace tcp::cmd
