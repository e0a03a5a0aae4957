// SPDX-License-Identifier: MIT
#include "libtcp/stream/http_conversation.hpp"

#include <unistd.h>

#include <algorithm>

#include "libtcp/stream/mover.hpp"

namespace tcp::stream {
namespace {

constexpr std::size_t kReadBytes = 4096;
constexpr std::size_t kCopyBytes = std::size_t{64} * 1024;
constexpr std::uint64_t kSmallBytes = 16384;  // such a file goes with its head
constexpr unsigned kStepsAtATime = 16;        // then others have their turn
constexpr std::uint64_t kMostPerStep = std::uint64_t{1} << 20;
// A client that was refused in the middle of what it says is heard out, or a reset could cost it the answer.
constexpr std::chrono::seconds kHearOutPatience{2};
constexpr std::size_t kMostHeardOut = std::size_t{1} << 20;

}  // namespace

HttpConversation::HttpConversation(const Executor& executor, Conversation& conversation,
                                   const ServedDirectory& directory, const ServeHttp& options, const Clock& clock)
    : executor_(executor),
      conversation_(conversation),
      channel_(conversation.channel()),
      directory_(directory),
      options_(options),
      clock_(clock),
      deadline_(executor, channel_, clock),
      buffer_(kReadBytes) {}

Awaitable<HttpConversation::Ending> HttpConversation::run() {
  bool goes_on = true;
  for (unsigned answered = 1; goes_on; ++answered) {
    if (answered % kStepsAtATime == 0) co_await asio::post(executor_, kToken);
    const Next next = co_await next_head();
    switch (next) {
      case Next::request: goes_on = co_await answer_next(); break;
      case Next::late: goes_on = co_await refuse(408); break;
      case Next::refused: goes_on = co_await refuse(static_cast<unsigned>(fault_)); break;
      case Next::end:
      case Next::failed: goes_on = false; break;
    }
  }
  co_return ending_;
}

// A client that asks nothing is idle; one that has begun to ask has only so long to end.
Awaitable<HttpConversation::Next> HttpConversation::next_head() {
  HttpHeadEnd end;
  const std::span<std::byte> buffer(buffer_);
  bool has_begun = false;
  deadline_.set(options_.idle_timeout);
  for (;;) {
    const auto found = end.find(input_, options_.limits);
    if (!found) {
      fault_ = found.error();
      co_return Next::refused;
    }
    if (*found) {
      head_bytes_ = **found;
      co_return Next::request;
    }
    if (!input_.empty() && !std::exchange(has_begun, true)) deadline_.set(options_.head_timeout);
    const IoResult got = co_await channel_.receive(buffer);
    if (!got && deadline_.has_passed()) {
      if (has_begun) co_return Next::late;
      ending_.reason = CloseReason::idle;
      ending_.error = make_error_code(Errc::timed_out);
      co_return Next::end;
    }
    if (!got) {
      fail(got.error());
      co_return Next::failed;
    }
    if (*got == 0) co_return Next::end;
    conversation_.traffic().received_bytes += *got;
    input_.append(reinterpret_cast<const char*>(buffer_.data()), *got);
  }
}

Awaitable<bool> HttpConversation::answer_next() {
  const auto head = parse_http_request_head(std::string_view(input_).substr(0, head_bytes_), options_.limits);
  if (!head) {
    const bool goes_on = co_await refuse(static_cast<unsigned>(head.error()));
    co_return goes_on;
  }
  HttpAnswer answer = answer_http_request(*head, directory_, options_.lists);
  const bool sent = co_await send(answer);
  report(head->method, head->target, answer);
  input_.erase(0, head_bytes_);
  if (sent && !answer.keeps_alive) co_await hear_out();
  co_return sent&& answer.keeps_alive;
}

// What it asked for is not known, or not to be trusted.
Awaitable<bool> HttpConversation::refuse(unsigned status) {
  HttpAnswer answer = make_status_answer(status);
  answer.keeps_alive = false;
  const bool sent = co_await send(answer);
  report({}, {}, answer);
  if (sent) co_await hear_out();
  co_return false;
}

Awaitable<bool> HttpConversation::send(HttpAnswer& answer) {
  body_bytes_ = 0;
  std::string bytes = serialize_http_head(answer, clock_.wall_now());
  const std::size_t head_bytes = bytes.size();
  if (!answer.has_body) answer.file.reset();
  if (answer.has_body) bytes += answer.text;
  if (answer.file && answer.bytes <= kSmallBytes) {
    const std::size_t before = bytes.size();
    bytes.resize(before + answer.bytes);
    const ssize_t got =
        ::pread(answer.file.get(), bytes.data() + before, answer.bytes, static_cast<off_t>(answer.offset));
    if (got < 0 || static_cast<std::uint64_t>(got) != answer.bytes) co_return cut_short();
    answer.file.reset();
  }
  const bool sent = co_await send_bytes(bytes);
  body_bytes_ = sent ? bytes.size() - head_bytes : 0;
  if (!sent || !answer.file) co_return sent;
  const bool sent_file = co_await send_file(answer);
  co_return sent_file;
}

Awaitable<bool> HttpConversation::send_bytes(std::string_view bytes) {
  std::span<const std::byte> rest = std::as_bytes(std::span(bytes));
  while (!rest.empty()) {
    deadline_.set(options_.idle_timeout);
    const IoResult sent = co_await channel_.send(rest);
    if (!sent) co_return fail(sent.error());
    conversation_.traffic().sent_bytes += *sent;
    rest = rest.subspan(*sent);
  }
  co_return true;
}

Awaitable<bool> HttpConversation::send_file(HttpAnswer& answer) {
  const RawEnd sink = channel_.sink();
  bool sent = false;
  if (sink.ready != nullptr) {
    sent = co_await move_file(answer, sink);
  } else {
    sent = co_await copy_file(answer);
  }
  co_return sent;
}

Awaitable<bool> HttpConversation::move_file(HttpAnswer& answer, RawEnd sink) {
  if (::lseek(answer.file.get(), static_cast<off_t>(answer.offset), SEEK_SET) < 0) co_return cut_short();
  const auto mover = make_mover({answer.file.get(), DescriptorKind::file}, {sink.ready->get(), sink.kind});
  if (!mover) {
    const bool copied = co_await copy_file(answer);
    co_return copied;
  }
  unsigned steps = 0;
  while (body_bytes_ < answer.bytes) {
    const StepResult result = mover->step(std::min(answer.bytes - body_bytes_, kMostPerStep));
    body_bytes_ += result.bytes;
    conversation_.traffic().sent_bytes += result.bytes;
    if (result.step == Step::output_failed) co_return fail({result.error_number, std::generic_category()});
    const bool goes_on =
        result.step == Step::moved || result.step == Step::blocked || result.step == Step::output_blocked;
    if (!goes_on) co_return cut_short();
    if (result.step == Step::moved) {
      if (++steps % kStepsAtATime == 0) co_await asio::post(executor_, kToken);
      continue;
    }
    deadline_.set(options_.idle_timeout);
    const std::error_code error = co_await sink.ready->writable();
    if (error) co_return fail(error);
  }
  co_return true;
}

Awaitable<bool> HttpConversation::copy_file(HttpAnswer& answer) {
  std::vector<char> memory(kCopyBytes);
  while (body_bytes_ < answer.bytes) {
    const std::size_t most = std::min<std::uint64_t>(memory.size(), answer.bytes - body_bytes_);
    const ssize_t got =
        ::pread(answer.file.get(), memory.data(), most, static_cast<off_t>(answer.offset + body_bytes_));
    if (got <= 0) co_return cut_short();
    const bool sent = co_await send_bytes({memory.data(), static_cast<std::size_t>(got)});
    if (!sent) co_return false;
    body_bytes_ += static_cast<std::uint64_t>(got);
    co_await asio::post(executor_, kToken);
  }
  co_return true;
}

Awaitable<void> HttpConversation::hear_out() {
  const std::error_code error = co_await channel_.finish_sending();
  if (error) co_return;
  const std::span<std::byte> buffer(buffer_);
  deadline_.set(kHearOutPatience);
  for (std::size_t heard = 0; heard < kMostHeardOut && !deadline_.has_passed();) {
    const IoResult got = co_await channel_.receive(buffer);
    if (!got || *got == 0) co_return;
    conversation_.traffic().received_bytes += *got;
    heard += *got;
    co_await asio::post(executor_, kToken);
  }
}

void HttpConversation::report(std::string_view method, std::string_view target, const HttpAnswer& answer) {
  HttpAnswered event;
  event.id = conversation_.id();
  event.method = method;
  event.target = target;
  event.status = answer.status;
  event.body_bytes = body_bytes_;
  conversation_.observer().on_http_answered(event);
}

// False, for whoever returns it.
bool HttpConversation::fail(std::error_code error) {
  const bool is_late = deadline_.has_passed();
  if (is_late) channel_.abort();
  ending_.reason = is_late ? CloseReason::idle : CloseReason::connection_failed;
  ending_.error = is_late ? make_error_code(Errc::timed_out) : error;
  return false;
}

// The file has become shorter than was promised: what was sent must not be taken for all of it.
bool HttpConversation::cut_short() {
  channel_.abort();
  ending_.reason = CloseReason::input_failed;
  ending_.error = std::make_error_code(std::errc::io_error);
  return false;
}

}  // namespace tcp::stream
