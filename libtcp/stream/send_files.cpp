// SPDX-License-Identifier: MIT
#include "libtcp/stream/send_files.hpp"

#include <random>

#include "libtcp/stream/establish_with_retries.hpp"

namespace tcp::stream {

SendFiles::SendFiles(const ConnectOptions& options, SessionObserver& observer, const Clock& clock)
    : options_(options), observer_(observer), clock_(clock), state_(observer, clock, *options.send) {}

Result<std::unique_ptr<SendFiles>> SendFiles::open(const ConnectOptions& options, SessionObserver& observer,
                                                   const Clock& clock) {
  TCP_TRY_ASSIGN(source, TransferSource::open(options.send->paths));
  std::unique_ptr<SendFiles> files(new SendFiles(options, observer, clock));
  files->state_.planned = source.count();
  return files;
}

Awaitable<Result<void>> SendFiles::send(Executor executor, std::optional<Conversation>& conversation) {
  Timer pause(executor);
  for (;;) {
    auto sent = co_await send_once(executor, conversation);
    if (!sent) {
      is_over_ = true;
      state_.tally.finish(false);
      if (conversation) co_return Result<void>();  // why the last one was closed says more
      co_return std::unexpected(std::move(sent).error());
    }
    const auto planned = *sent ? plan_retry(**sent) : std::nullopt;
    if (!planned) {
      is_over_ = true;
      state_.tally.finish(!*sent);
      close_transfer(*conversation, state_.tally.totals(), *sent);
      co_return Result<void>();
    }
    close_transfer(*conversation, state_.tally.totals(), *sent);
    observer_.on_retry(*planned);
    pause.expires_after(planned->delay);
    auto [ignored] = co_await pause.async_wait(kToken);
    (void)ignored;
  }
}

Awaitable<Result<std::optional<TransferError>>> SendFiles::send_once(Executor executor,
                                                                     std::optional<Conversation>& conversation) {
  auto source = TransferSource::open(options_.send->paths);
  if (!source) co_return std::unexpected(std::move(source).error());
  auto established = co_await establish_with_retries(executor, options_.dial, options_.retry, observer_, clock_);
  if (!established) co_return std::unexpected(std::move(established).error());
  state_.tally.leave();
  established->connected.id = ++connections_;
  conversation.emplace(established->connected, std::move(established->channel), observer_, clock_);
  state_.tally.join(*conversation);
  if (connections_ == 1) state_.tally.plan(state_.planned.entries, state_.planned.bytes);
  bytes_before_ = state_.tally.totals().bytes;
  TransferSender sender(executor, *conversation, std::move(*source), state_, *options_.send, clock_);
  co_return co_await sender.run();
}

// A connection that has moved bytes starts the count of tries anew.
std::optional<RetryPlanned> SendFiles::plan_retry(const TransferError& trouble) {
  if (trouble.trouble != TransferTrouble::broken && trouble.trouble != TransferTrouble::idle) return std::nullopt;
  if (!policy_ || state_.tally.totals().bytes > bytes_before_) {
    policy_.emplace(options_.retry, clock_.now(), std::random_device()());
  }
  Error passing = trouble.error;
  passing.code = std::make_error_code(std::errc::connection_aborted);
  auto planned = policy_->after(passing, options_.dial.target, clock_.now());
  if (planned) planned->error = trouble.error;
  return planned;
}

void SendFiles::stop(std::optional<Conversation>& conversation) {
  if (is_over_ || !conversation) return;
  state_.tally.finish(false);
  conversation->close(CloseReason::interrupted);
}

}  // namespace tcp::stream
