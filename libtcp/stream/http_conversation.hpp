// SPDX-License-Identifier: MIT
// One client of the HTTP service, from its first request to its last.
#pragma once

#include <string>
#include <vector>

#include "libtcp/stream/channel_deadline.hpp"
#include "libtcp/stream/conversation.hpp"
#include "libtcp/stream/http_answer.hpp"
#include "libtcp/stream/serve_options.hpp"
#include "libtcp/stream/served_directory.hpp"

namespace tcp::stream {

class HttpConversation {
 public:
  // The references must outlive it.
  HttpConversation(const Executor& executor, Conversation& conversation, const ServedDirectory& directory,
                   const ServeHttp& options, const Clock& clock);

  // Until the client ends it, is slow, or is refused; the conversation is still open then. Does not throw.
  struct Ending {
    CloseReason reason = CloseReason::finished;
    std::error_code error;
  };
  [[nodiscard]] Awaitable<Ending> run();

 private:
  enum class Next : std::uint8_t { request, end, late, refused, failed };

  [[nodiscard]] Awaitable<Next> next_head();
  [[nodiscard]] Awaitable<bool> answer_next();
  [[nodiscard]] Awaitable<bool> refuse(unsigned status);
  [[nodiscard]] Awaitable<bool> send(HttpAnswer& answer);
  [[nodiscard]] Awaitable<bool> send_bytes(std::string_view bytes);
  [[nodiscard]] Awaitable<bool> send_file(HttpAnswer& answer);
  [[nodiscard]] Awaitable<bool> move_file(HttpAnswer& answer, RawEnd sink);
  [[nodiscard]] Awaitable<bool> copy_file(HttpAnswer& answer);
  [[nodiscard]] Awaitable<void> hear_out();
  void report(std::string_view method, std::string_view target, const HttpAnswer& answer);
  bool fail(std::error_code error);
  bool cut_short();

  Executor executor_;
  Conversation& conversation_;
  Channel& channel_;
  const ServedDirectory& directory_;
  const ServeHttp& options_;
  const Clock& clock_;
  ChannelDeadline deadline_;
  std::vector<std::byte> buffer_;
  std::string input_;           // that has not been answered
  std::size_t head_bytes_ = 0;  // of the first request in it
  HttpFault fault_ = HttpFault::malformed;
  std::uint64_t body_bytes_ = 0;  // sent, of the answer under way
  Ending ending_;
};

}  // namespace tcp::stream
