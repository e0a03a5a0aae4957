// SPDX-License-Identifier: MIT
// Sends files over one connection, and over another when it breaks.
#pragma once

#include <memory>
#include <optional>

#include "libtcp/stream/connect.hpp"
#include "libtcp/stream/conversation.hpp"
#include "libtcp/stream/transfer_sender.hpp"

namespace tcp::stream {

class SendFiles {
 public:
  // Looks through the files. The references must outlive it. Errors: TransferSource::open()'s.
  [[nodiscard]] static Result<std::unique_ptr<SendFiles>> open(const ConnectOptions& options, SessionObserver& observer,
                                                               const Clock& clock);

  // The last conversation is closed when it returns. Errors: what kept it from connecting.
  [[nodiscard]] Awaitable<Result<void>> send(Executor executor, std::optional<Conversation>& conversation);
  // The event loop has stopped, perhaps in the middle.
  void stop(std::optional<Conversation>& conversation);

 private:
  SendFiles(const ConnectOptions& options, SessionObserver& observer, const Clock& clock);
  [[nodiscard]] Awaitable<Result<std::optional<TransferError>>> send_once(Executor executor,
                                                                          std::optional<Conversation>& conversation);
  [[nodiscard]] std::optional<RetryPlanned> plan_retry(const TransferError& trouble);

  const ConnectOptions& options_;
  SessionObserver& observer_;
  const Clock& clock_;
  SendState state_;
  std::uint64_t connections_ = 0;
  std::uint64_t bytes_before_ = 0;  // this connection
  std::optional<RetryPolicy> policy_;
  bool is_over_ = false;
};

}  // namespace tcp::stream
