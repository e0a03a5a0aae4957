// SPDX-License-Identifier: MIT
// Those who come through proxies, on their way to the door: each must first be told whose connection it is (see
// proxy_protocol.hpp).
#pragma once

#include <memory>
#include <optional>

#include "libtcp/base/clock.hpp"
#include "libtcp/stream/access_list.hpp"
#include "libtcp/stream/listener.hpp"
#include "libtcp/stream/proxy_protocol.hpp"
#include "libtcp/stream/proxy_protocol_options.hpp"
#include "libtcp/stream/ready_fd.hpp"
#include "libtcp/stream/vestibule.hpp"

namespace tcp::stream {

struct ProxiedArrival {
  ReadyFd ready;
  AddressPair addresses;
  [[nodiscard]] int socket() { return ready.get(); }
};

// A guest's header is read: the addresses are those that it says, and the socket is at its first byte of payload; one
// without a socket is nobody. A peer that is not trusted is reset without a look at what it sends, one whose header is
// wrong or late is reset as well, and both are reported.
class ProxyReception final : public Vestibule<Accepted, ProxiedArrival, Accepted> {
 public:
  // What is handed in by reference must outlive it. Errors: those of AccessList::load().
  [[nodiscard]] static Result<std::unique_ptr<ProxyReception>> open(const Executor& executor,
                                                                    const ProxyProtocolOptions& options, Accept accept,
                                                                    SessionObserver& observer, const Clock& clock);

  // Reads the files of those who are trusted again. Errors: the list stays what it was.
  [[nodiscard]] Result<void> reload();

 private:
  ProxyReception(const Executor& executor, const ProxyProtocolOptions& options, AccessList trusted, Accept accept,
                 SessionObserver& observer, const Clock& clock);
  std::optional<ProxiedArrival> admit(Accepted accepted) override;
  Awaitable<void> greet(Arrivals::iterator arrival) override;
  [[nodiscard]] bool is_trusted(const Address& peer) const;
  void welcome_client(Accepted client, ProxyHeader header);
  void turn_away(Accepted& accepted, Error error);

  const ProxyProtocolOptions& options_;
  AccessList trusted_;
  SessionObserver& observer_;
};

}  // namespace tcp::stream
