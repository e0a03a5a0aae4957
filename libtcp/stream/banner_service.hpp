// SPDX-License-Identifier: MIT
// Says the same to every client and then listens to whatever it says, until the client has had enough.
#pragma once

#include <string>

#include "libtcp/stream/client_service.hpp"

namespace tcp::stream {

class BannerService final : public ClientService {
 public:
  BannerService(const Executor& executor, std::string text, const RelayOptions& relay);

  Awaitable<void> serve(Conversation& conversation) override;

 private:
  Executor executor_;
  std::string text_;
  RelayOptions relay_;
};

}  // namespace tcp::stream
