// SPDX-License-Identifier: MIT
// Forwards each client to where it was going before the firewall brought it here: by TPROXY, REDIRECT or DNAT.
#pragma once

#include <set>

#include "libtcp/stream/client_service.hpp"

namespace tcp::stream {

class TransparentService final : public ClientService {
 public:
  // The references must outlive it.
  TransparentService(const Executor& executor, const ListenOptions& options, SessionObserver& observer,
                     const Clock& clock);

  void on_listening(std::span<const Address> locals) override;
  // A client that would be forwarded to this listener, directly or in a circle, is reset.
  Awaitable<void> serve(Conversation& conversation) override;

 private:
  [[nodiscard]] Result<Endpoint> destination_of(int socket) const;
  [[nodiscard]] Awaitable<bool> is_ourselves(Endpoint client);
  [[nodiscard]] DialOptions dial_to(const Endpoint& target) const;
  [[nodiscard]] std::vector<std::byte> header_of(Conversation& conversation) const;
  void refuse(Conversation& conversation, Error error);

  Executor executor_;
  const ForwardOptions& forward_;
  const RelayOptions& relay_;
  SessionObserver& observer_;
  const Clock& clock_;
  std::vector<Endpoint> listening_;
  std::multiset<Endpoint> dialled_;  // our ends of the connections with targets
  std::string last_warning_;
};

}  // namespace tcp::stream
