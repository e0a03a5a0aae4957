// SPDX-License-Identifier: MIT
// One or many listening sockets behind one accept.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/unique_fd.hpp"
#include "libtcp/stream/address.hpp"
#include "libtcp/stream/asio.hpp"
#include "libtcp/stream/listen_options.hpp"
#include "libtcp/stream/ready_set.hpp"
#include "libtcp/stream/session.hpp"
#include "libtcp/stream/unix_socket.hpp"

namespace tcp::stream {

class Listener {
 public:
  // Resolves (blocking), binds and listens: the backlog is as long as the kernel allows, a port in TIME-WAIT is no
  // obstacle, an any-address takes both families, and the addresses of one name share the port that 0 stands for.
  // Errors: "listen on ADDRESS:PORT"; the resolver's.
  [[nodiscard]] static Result<Listener> open(const Executor& executor, const ListenOptions& options);

  // As bound: with the real ports.
  [[nodiscard]] std::span<const Address> locals() const noexcept { return locals_; }

  // The next client's socket, non-blocking, or none at the deadline. When the process is out of descriptors it says so
  // once and tries again, with pauses.
  [[nodiscard]] Awaitable<Result<UniqueFd>> accept(MonotonicTime deadline, SessionObserver& observer);

  // Those who come are refused from now on; an accept that is under way gives none.
  void close() noexcept;

 private:
  explicit Listener(ReadySet ready) : ready_(std::move(ready)) {}
  [[nodiscard]] Result<void> add(std::vector<UniqueFd> sockets);
  [[nodiscard]] Result<void> add_unix(const UnixName& name, const ListenOptions& options);

  ReadySet ready_;
  std::vector<UniqueFd> sockets_;
  std::vector<SocketFile> files_;
  std::vector<Address> locals_;
  bool warned_ = false;
};

}  // namespace tcp::stream
