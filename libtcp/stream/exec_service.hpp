// SPDX-License-Identifier: MIT
// Each client gets a child process; all of them in parallel.
#pragma once

#include <memory>
#include <string>

#include "libtcp/stream/client_service.hpp"
#include "libtcp/stream/exec.hpp"

namespace tcp::stream {

class ExecService final : public ClientService {
 public:
  // `keep_open`: a program that cannot be run any more is no end of the service, but a warning.
  ExecService(std::unique_ptr<Exec> exec, bool keep_open) : exec_(std::move(exec)), keep_open_(keep_open) {}

  Awaitable<void> serve(Conversation& conversation) override;
  void stop() override { exec_->stop(); }

 private:
  void warn(Conversation& conversation, const Error& error);

  std::unique_ptr<Exec> exec_;
  bool keep_open_;
  std::string last_warning_;
};

}  // namespace tcp::stream
