// SPDX-License-Identifier: MIT
// Each client gets a child process; all of them in parallel.
#pragma once

#include <memory>

#include "libtcp/stream/client_service.hpp"
#include "libtcp/stream/exec.hpp"

namespace tcp::stream {

class ExecService final : public ClientService {
 public:
  explicit ExecService(std::unique_ptr<Exec> exec) : exec_(std::move(exec)) {}

  Awaitable<void> serve(Conversation& conversation) override { return exec_->serve(conversation); }
  void stop() override { exec_->stop(); }

 private:
  std::unique_ptr<Exec> exec_;
};

}  // namespace tcp::stream
