// SPDX-License-Identifier: MIT
// Each client sends files into one directory.
#pragma once

#include <memory>

#include "libtcp/stream/client_service.hpp"
#include "libtcp/stream/transfer_options.hpp"

namespace tcp::stream {

// Errors: the directory cannot be written to. The references must outlive it.
[[nodiscard]] Result<std::unique_ptr<ClientService>> make_receive_service(const Executor& executor,
                                                                          const ReceiveOptions& options,
                                                                          const Clock& clock);

}  // namespace tcp::stream
