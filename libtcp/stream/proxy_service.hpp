// SPDX-License-Identifier: MIT
// A proxy server's clients, each served by a conversation: those whose bytes are not the payload itself (TLS) or are
// looked at, and those who want more than a tunnel.
#pragma once

#include <memory>

#include "libtcp/stream/client_service.hpp"
#include "libtcp/stream/proxy_server.hpp"

namespace tcp::stream {

class ProxyService : public ClientService {
 public:
  // One whose request is known already.
  [[nodiscard]] virtual Awaitable<void> resume(Conversation& conversation,
                                               std::unique_ptr<ProxyServerDialogue> dialogue) = 0;
  // Reads the files of the targets again. Errors: the list stays what it was.
  [[nodiscard]] virtual Result<void> reload() = 0;
};

// The references must outlive it; `options` have a proxy server. Errors: AccessList::load()'s; no random bytes.
[[nodiscard]] Result<std::unique_ptr<ProxyService>> make_proxy_service(const Executor& executor,
                                                                       const ListenOptions& options,
                                                                       SessionObserver& observer, const Clock& clock);

}  // namespace tcp::stream
