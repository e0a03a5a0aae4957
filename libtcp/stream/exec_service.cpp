// SPDX-License-Identifier: MIT
#include "libtcp/stream/exec_service.hpp"

namespace tcp::stream {

Awaitable<void> ExecService::serve(Conversation& conversation) {
  co_await exec_->serve(conversation);
  const Closed& closed = conversation.closed();
  if (keep_open_ && closed.reason == CloseReason::program_failed) warn(conversation, *closed.error);
}

// What keeps one child from starting mostly keeps the next one too: it is said once.
void ExecService::warn(Conversation& conversation, const Error& error) {
  std::string message = error.message();
  if (message == last_warning_) return;
  last_warning_ = std::move(message);
  conversation.observer().on_warning(error);
}

}  // namespace tcp::stream
