// SPDX-License-Identifier: MIT
// What becomes of those who come: one service serves all clients of a run.
#pragma once

#include <memory>
#include <span>

#include "libtcp/stream/conversation.hpp"
#include "libtcp/stream/listen_options.hpp"

namespace tcp::stream {

class ClientService {
 public:
  virtual ~ClientService() = default;
  // Once, before anybody is served.
  virtual void on_listening(std::span<const Address> locals) { (void)locals; }
  // Until the conversation is over. Does not throw; the conversation is closed when it returns.
  [[nodiscard]] virtual Awaitable<void> serve(Conversation& conversation) = 0;
  // There is only one of what a client is joined with: the next one waits in the kernel's queue.
  [[nodiscard]] virtual bool one_at_a_time() const noexcept { return false; }
  // The event loop has stopped, perhaps in the middle of conversations: what runs on their behalf ends. May block.
  virtual void stop() {}
  // Nobody can be served any more.
  [[nodiscard]] virtual bool is_over() const noexcept { return false; }
};

// The one that the options ask for. The references must outlive it. Errors: what it joins clients with cannot be had.
[[nodiscard]] Result<std::unique_ptr<ClientService>> make_client_service(const Executor& executor,
                                                                         const ListenOptions& options,
                                                                         SessionObserver& observer, const Clock& clock);

}  // namespace tcp::stream
