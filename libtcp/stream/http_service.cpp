// SPDX-License-Identifier: MIT
#include "libtcp/stream/http_service.hpp"

#include "libtcp/stream/http_conversation.hpp"

namespace tcp::stream {
namespace {

constexpr std::chrono::hours kAsGoodAsForEver{24 * 365};

std::optional<Error> describe(const HttpConversation::Ending& ending, const Channel& channel) {
  switch (ending.reason) {
    case CloseReason::finished: return std::nullopt;
    case CloseReason::idle: return Error{ending.error, to_string(channel.addresses().remote), "idle for too long", {}};
    case CloseReason::input_failed:
      return Error{ending.error, "serve " + to_string(channel.addresses().remote), "a file has become shorter", {}};
    default: return channel.send_error(ending.error);
  }
}

}  // namespace

Result<std::unique_ptr<ClientService>> HttpService::open(const Executor& executor, const ServeHttp& http,
                                                         const ListenOptions& options, const Clock& clock) {
  TCP_TRY_ASSIGN(directory, ServedDirectory::open(http.directory));
  return std::unique_ptr<ClientService>(new HttpService(executor, std::move(directory), http, options, clock));
}

HttpService::HttpService(const Executor& executor, ServedDirectory directory, const ServeHttp& http,
                         const ListenOptions& options, const Clock& clock)
    : executor_(executor),
      directory_(std::move(directory)),
      options_(http),
      delivery_patience_(options.relay.delivery_patience),
      clock_(clock) {
  if (options.faults.stall_after_bytes) options_.idle_timeout = kAsGoodAsForEver;  // to stall is no idleness
  if (options.relay.idle_timeout > Duration()) options_.idle_timeout = options.relay.idle_timeout;
}

Awaitable<void> HttpService::serve(Conversation& conversation) {
  HttpConversation client(executor_, conversation, directory_, options_, clock_);
  HttpConversation::Ending ending = co_await client.run();
  Channel& channel = conversation.channel();
  if (ending.reason == CloseReason::finished) {
    ending.error = co_await channel.finish_sending();
    if (!ending.error) ending.error = co_await channel.confirm_delivery(delivery_patience_);
    if (ending.error) ending.reason = CloseReason::connection_failed;
  }
  auto error = describe(ending, channel);
  conversation.close(ending.reason, std::move(error));
}

}  // namespace tcp::stream
