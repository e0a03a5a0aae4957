// SPDX-License-Identifier: MIT
// Who is let in, and how many at a time.
#pragma once

#include <cstddef>
#include <optional>
#include <unordered_map>

#include "libtcp/stream/access_list.hpp"
#include "libtcp/stream/door_options.hpp"
#include "libtcp/stream/session.hpp"

namespace tcp::stream {

class Door {
 public:
  // Errors: those of AccessList::load().
  [[nodiscard]] static Result<Door> open(const DoorOptions& options);

  // Otherwise nobody is to be accepted before somebody leaves.
  [[nodiscard]] bool accepts() const noexcept { return options_.when_full == WhenFull::refuse || !is_full(); }
  // Counts whoever is let in; nothing when it is.
  // A proxy's client without an address is let in as the proxy is.
  [[nodiscard]] std::optional<RejectReason> enter(const Address& remote,
                                                  const std::optional<Address>& via = std::nullopt);
  void leave(const Address& remote);

  // Reads the files again. Errors: the list stays what it was.
  [[nodiscard]] Result<void> reload();

 private:
  Door(DoorOptions options, AccessList access) : options_(std::move(options)), access_(std::move(access)) {}
  [[nodiscard]] bool is_full() const noexcept {
    return options_.max_connections > 0 && inside_ >= options_.max_connections;
  }
  [[nodiscard]] bool counts_hosts() const noexcept { return options_.max_per_host > 0; }

  DoorOptions options_;
  AccessList access_;
  std::size_t inside_ = 0;
  std::unordered_map<IpAddress, std::size_t> hosts_;
};

}  // namespace tcp::stream
