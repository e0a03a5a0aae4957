// SPDX-License-Identifier: MIT
// The sockets that a listener holds, and who comes to them.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/base/unique_fd.hpp"
#include "libtcp/stream/address.hpp"
#include "libtcp/stream/listen_options.hpp"
#include "libtcp/stream/ready_set.hpp"
#include "libtcp/stream/session.hpp"
#include "libtcp/stream/unix_socket.hpp"

namespace tcp::stream {

struct Accepted {
  UniqueFd socket;  // none: nobody came in time
  AddressPair addresses;
};

class Listener {
 public:
  // Bound and listening when it returns. Names are resolved here, before anybody is served.
  [[nodiscard]] static Result<Listener> open(const Executor& executor, const ListenOptions& options);
  Listener(Listener&&) = default;
  Listener& operator=(Listener&&) = delete;
  ~Listener();

  // With the ports that the kernel chose.
  [[nodiscard]] std::span<const Address> locals() const noexcept { return locals_; }

  // The next client. One who went away again is passed over; when descriptors run out, `observer` is told once, and
  // clients wait until some are free, or are reset where the options say so.
  [[nodiscard]] Awaitable<Result<Accepted>> accept(MonotonicTime deadline, SessionObserver& observer);

  // Not allowed to take what TPROXY hands over, which was asked for.
  [[nodiscard]] bool lacks_transparency() const noexcept { return lacks_transparency_; }

  // Those who come are refused from now on; an accept that is under way gives none.
  void close() noexcept;

 private:
  Listener(ReadySet ready, const ListenOptions& options);
  [[nodiscard]] Result<void> add(std::vector<UniqueFd> sockets);
  [[nodiscard]] Result<void> add_unix(const UnixName& name, const ListenOptions& options);
  [[nodiscard]] Result<void> set_transparent(const std::vector<UniqueFd>& sockets);
  [[nodiscard]] Result<void> adopt(int fd);
  // One who is there already.
  [[nodiscard]] Result<Accepted> take_due(SessionObserver& observer);
  [[nodiscard]] Result<Accepted> take(SessionObserver& observer);
  [[nodiscard]] Accepted accept_from(int fd) const;
  void run_out(int fd, int error_number, SessionObserver& observer);
  [[nodiscard]] bool turn_away(int fd, SessionObserver& observer);

  struct Inherited {
    int fd;
    int flags;  // before we made it non-blocking
  };

  ReadySet ready_;
  std::vector<UniqueFd> sockets_;
  std::vector<SocketFile> files_;
  std::vector<Inherited> inherited_;
  std::vector<Address> locals_;
  WhenFull when_full_;
  Duration accept_delay_;
  std::vector<int> due_;   // sockets, each for one who has waited for the accept delay
  UniqueFd spare_;         // given up when none is left, to reset whoever waits
  std::vector<int> busy_;  // sockets where more may be waiting
  unsigned batch_ = 0;     // attempts since the event loop had its turn
  unsigned alone_ = 0;     // who came alone, in a row
  bool warned_ = false;
  bool lacks_transparency_ = false;
  bool exhausted_ = false;
};

}  // namespace tcp::stream
