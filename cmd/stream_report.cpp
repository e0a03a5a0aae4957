// SPDX-License-Identifier: MIT
#include "cmd/stream_report.hpp"

#include <unistd.h>

#include <csignal>

#include "cmd/stream_records.hpp"
#include "libtcp/base/sanitize.hpp"

namespace tcp::cmd {
namespace {

std::string ready_lines(std::span<const stream::Address> locals) {
  std::string lines;
  for (const stream::Address& local : locals) lines += to_string(local) + "\n";
  return lines;
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

void StreamReport::emit(const Record& record) {
  if (json_) json_->result(record);
}

void StreamReport::say(const std::string& line) {
  if (!owns_standard_error()) context_.note(line);
}

void StreamReport::on_listening(std::span<const stream::Address> locals) {
  for (const stream::Address& local : locals) {
    emit(to_record(local));
    if (options_.verbose || announces_listening_) say("listening on " + to_string(local));
  }
  if (!ready_fd_) return;
  Output ready(*ready_fd_, "--ready-fd");
  ready.write(ready_lines(locals));
  if (auto written = ready.finish(); !written) on_warning(written.error());
  if (*ready_fd_ > kStandardError) ::close(*ready_fd_);
}

void StreamReport::on_attempt_failed(const stream::AttemptFailed& event) {
  emit(to_record(event));
  if (options_.verbose) say(event.error.message());
}

void StreamReport::on_connected(const stream::Connected& event) {
  ++connections_;
  emit(to_record(event));
  if (options_.verbose) say(describe(event));
}

void StreamReport::on_closed(const stream::Closed& event) {
  total_.sent_bytes += event.traffic.sent_bytes;
  total_.received_bytes += event.traffic.received_bytes;
  emit(to_record(event));
  if (!options_.verbose) return;
  say(describe(event));
  if (event.statistics) say(describe(*event.statistics));
}

void StreamReport::on_rejected(const stream::Rejected& event) {
  ++rejected_;
  emit(to_record(event));
  if (options_.verbose) say(describe(event));
}

void StreamReport::on_warning(const Error& error) {
  emit(to_warning_record(error));
  if (!owns_standard_error()) context_.warn(error.message());
}

ExitCode StreamReport::finish(const StreamEnding& ending) {
  if (json_) {
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
    case stream::CloseReason::interrupted: return {};
    case stream::CloseReason::idle: return {ExitCode::negative, closed.error, 0};
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
