// SPDX-License-Identifier: MIT
// The files beneath a directory over HTTP/1.1 (RFC 9110, RFC 9112), for tests of clients: GET and HEAD, ranges,
// conditions, persistent connections and pipelining. Nobody waits for a client that is slow to ask or to take.
#pragma once

#include "libtcp/stream/client_service.hpp"
#include "libtcp/stream/served_directory.hpp"

namespace tcp::stream {

class HttpService final : public ClientService {
 public:
  // Errors: the directory cannot be served. The references must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<ClientService>> open(const Executor& executor, const ServeHttp& http,
                                                                   const ListenOptions& options, const Clock& clock);

  Awaitable<void> serve(Conversation& conversation) override;

 private:
  HttpService(const Executor& executor, ServedDirectory directory, const ServeHttp& http, const ListenOptions& options,
              const Clock& clock);

  Executor executor_;
  ServedDirectory directory_;
  ServeHttp options_;
  Duration delivery_patience_;
  const Clock& clock_;
};

}  // namespace tcp::stream
