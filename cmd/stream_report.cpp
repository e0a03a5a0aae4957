// SPDX-License-Identifier: MIT
#include "cmd/stream_report.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "cmd/stream_records.hpp"
#include "cmd/tls_records.hpp"
#include "cmd/transfer_records.hpp"
#include "libtcp/base/sanitize.hpp"

namespace tcp::cmd {
namespace {

std::string ready_lines(std::span<const stream::Address> locals) {
  std::string lines;
  for (const stream::Address& local : locals) lines += to_string(local) + "\n";
  return lines;
}

// What standard input will give; nothing when it is no regular file.
std::optional<std::uint64_t> input_bytes() {
  struct stat status{};
  if (::fstat(STDIN_FILENO, &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  const off_t position = ::lseek(STDIN_FILENO, 0, SEEK_CUR);
  if (position < 0 || position > status.st_size) return std::nullopt;
  return static_cast<std::uint64_t>(status.st_size - position);
}

// The default action, so that the caller sees how we ended.
void die_by(int signal) {
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

}  // namespace

StreamReport::StreamReport(std::string_view command, Context& context, const StreamOptions& options)
    : context_(context), listens_(command == "listen"), options_(options), started_(context.clock.now()) {
  if (options.output.format() == Format::text) return;
  json_output_.emplace(options.json_fd, "JSON");
  json_ = make_view(options.output.format(), *json_output_, nullptr);
  json_->start(make_run_record(command, 1, context.arguments, to_rfc3339(context.clock.wall_now())));
  json_output_->flush();
}

// A record is made only for somebody who reads it.
template <class Event>
void StreamReport::emit(const Event& event) {
  if (json_) json_->result(to_record(event));
}

void StreamReport::say(const std::string& line) {
  if (owns_standard_error()) return;
  clear_progress();
  context_.note(line);
}

// CR LF for LF sends more bytes than the file has: how many is not known before.
void StreamReport::show_progress(stream::RelayOptions& relay) {
  progress_.emplace(context_.err);
  relay.progress_interval = Progress::interval(context_.err.terminal());
  expected_received_bytes_ = relay.until_bytes;
  if (relay.direction != stream::Direction::receive_only && !relay.crlf) expected_sent_bytes_ = input_bytes();
}

Duration StreamReport::show_transfer_progress() {
  const bool somebody_looks = context_.err.terminal().is_terminal && !owns_standard_error();
  if (!options_.bytes.progress && !somebody_looks) return {};
  progress_.emplace(context_.err);
  return Progress::interval(context_.err.terminal());
}

void StreamReport::clear_progress() {
  if (progress_) progress_->clear();
}

ProgressState StreamReport::progress_state() const {
  ProgressState state;
  state.sent_bytes = total_.sent_bytes;
  state.received_bytes = total_.received_bytes;
  for (const auto& [id, traffic] : under_way_) {
    state.sent_bytes += traffic.sent_bytes;
    state.received_bytes += traffic.received_bytes;
  }
  state.expected_sent_bytes = expected_sent_bytes_;
  state.expected_received_bytes = expected_received_bytes_;
  if (first_connected_) state.elapsed = context_.clock.now() - *first_connected_;
  return state;
}

void StreamReport::on_progress(const stream::Progress& event) {
  if (!progress_) return;
  under_way_[event.id] = event.traffic;
  progress_->update(progress_state());
}

void StreamReport::on_listening(std::span<const stream::Address> locals) {
  for (const stream::Address& local : locals) {
    emit(local);
    if (options_.verbose || announces_listening_) say("listening on " + to_string(local));
  }
  if (!ready_fd_) return;
  Output ready(*ready_fd_, "--ready-fd");
  ready.write(ready_lines(locals));
  if (auto written = ready.finish(); !written) on_warning(written.error());
  if (*ready_fd_ > kStandardError) ::close(*ready_fd_);
}

void StreamReport::on_attempt_failed(const stream::AttemptFailed& event) {
  emit(event);
  if (options_.verbose) say(event.error.message());
}

void StreamReport::on_retry(const stream::RetryPlanned& event) {
  emit(event);
  if (options_.verbose) say(describe(event));
}

void StreamReport::on_port_checked(const stream::PortChecked& event) {
  emit(event);
  if (!json_) context_.out.line(describe(event));
}

void StreamReport::on_unchecked_peer(std::string option) {
  on_warning(Error{{}, std::move(option), "the peer's certificate is not checked", {}});
}

void StreamReport::on_code_made(const std::string& code) {
  if (json_) {
    Record record("code_made");
    record.add("code", code);
    json_->result(record);
    json_output_->flush();
  }
  say("the code is: " + code);
  context_.err.flush();
}

// A client needs it, so that it is told in any case.
void StreamReport::on_certificate_made(const stream::CertificateMade& event) {
  emit(event);
  say(describe(event));
}

void StreamReport::on_handshake_failed(const stream::HandshakeFailed& event) {
  emit(event);
  if (!owns_standard_error()) context_.warn(event.error.message());
}

void StreamReport::on_connected(const stream::Connected& event) {
  ++connections_;
  if (!first_connected_) first_connected_ = context_.clock.now();
  emit(event);
  if (!options_.verbose) return;
  say(describe(event));
  say_session(event.tls);
}

void StreamReport::say_session(const std::optional<stream::TlsSession>& session) {
  if (!session) return;
  for (const std::string& line : describe(*session)) say(line);
}

void StreamReport::on_forwarded(const stream::Forwarded& event) {
  emit(event);
  if (!options_.verbose) return;
  say(describe(event));
  say_session(event.tls);
}

void StreamReport::on_served(const stream::Served& event) {
  emit(event);
  if (options_.verbose) say(describe(event));
}

void StreamReport::on_http_answered(const stream::HttpAnswered& event) {
  emit(event);
  if (options_.verbose) say(describe(event));
}

void StreamReport::on_proxy_request(const stream::ProxyRequested& event) {
  emit(event);
  if (options_.verbose) say(describe(event));
}

void StreamReport::on_closed(const stream::Closed& event) {
  under_way_.erase(event.id);
  total_.sent_bytes += event.traffic.sent_bytes;
  total_.received_bytes += event.traffic.received_bytes;
  emit(event);
  if (!options_.verbose) return;
  say(describe(event));
  if (event.child) say(describe(*event.child));
  if (event.statistics) say(describe(*event.statistics));
}

void StreamReport::on_child_line(const stream::ChildLine& event) {
  emit(event);
  say(describe(event));
}

void StreamReport::on_rejected(const stream::Rejected& event) {
  ++rejected_;
  emit(event);
  if (options_.verbose) say(describe(event));
}

void StreamReport::on_transfer_planned(const stream::TransferPlanned& event) {
  (event.is_sender ? expected_sent_bytes_ : expected_received_bytes_) = event.bytes;
  emit(event);
}

void StreamReport::on_transferred(const stream::Transferred& event) {
  emit(event);
  const bool is_there =
      event.outcome == stream::TransferOutcome::stored || event.outcome == stream::TransferOutcome::unchanged;
  if (is_there && options_.verbose) say(describe(event));
  if (is_there || owns_standard_error()) return;
  clear_progress();
  context_.warn(describe(event));
}

void StreamReport::on_transfer_over(const stream::TransferTotals& event) {
  emit(event);
  if (options_.verbose) say(describe(event));
}

void StreamReport::on_warning(const Error& error) {
  if (json_) json_->result(to_warning_record(error));
  if (owns_standard_error()) return;
  clear_progress();
  context_.warn(error.message());
}

void StreamReport::write_summary(const StreamEnding& ending) {
  Record summary("summary");
  summary.add("complete", ending.signal == 0).add("connections", connections_);
  if (listens_) summary.add("rejected", rejected_);
  summary.add("sent_bytes", total_.sent_bytes)
      .add("received_bytes", total_.received_bytes)
      .add("duration_us", static_cast<double>((context_.clock.now() - started_).count()) / 1000.0)
      .add("error", ending.error ? Value(ending.error->message()) : Value(nullptr));
  json_->summary(summary);
  json_output_->flush();
}

ExitCode StreamReport::finish(const StreamEnding& ending) {
  if (json_) write_summary(ending);
  if (progress_ && first_connected_) progress_->finish(progress_state());
  if (ending.error && !owns_standard_error()) {
    context_.err.line(paint(context_.err.terminal(), Style::red, "tcpbox:") + " " + sanitize(ending.error->message()));
    if (!ending.error->hint.empty()) context_.err.line("hint: " + sanitize(ending.error->hint));
  }
  context_.err.flush();
  if (ending.signal != 0) die_by(ending.signal);
  return ending.code;
}

StreamEnding ending_of(const stream::Closed& closed) {
  switch (closed.reason) {
    case stream::CloseReason::finished:
    case stream::CloseReason::reset_on_purpose:
    case stream::CloseReason::interrupted: return {};
    case stream::CloseReason::idle:
    case stream::CloseReason::incomplete: return {ExitCode::negative, closed.error, 0};
    case stream::CloseReason::expectation_failed: return {ExitCode::unmet, closed.error, 0};
    case stream::CloseReason::output_failed:
      // Whoever read our output has seen enough: no error, and the end that a shell expects.
      if (closed.error && closed.error->is(std::errc::broken_pipe)) return {ExitCode::failed, std::nullopt, SIGPIPE};
      [[fallthrough]];
    default: return {ExitCode::failed, closed.error, 0};
  }
}

StreamEnding ending_of(Error error) {
  const bool is_answer =
      error.is(std::errc::connection_refused) || error.is(std::errc::timed_out) || error.is(Errc::timed_out);
  const ExitCode code = is_answer                       ? ExitCode::negative
                        : error.is(Errc::invalid_input) ? ExitCode::usage
                                                        : ExitCode::failed;
  return {code, std::move(error), 0};
}

}  // namespace tcp::cmd
