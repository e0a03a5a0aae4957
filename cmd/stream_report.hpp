// SPDX-License-Identifier: MIT
// What the stream engines report, as text on standard error and as JSON wherever it was asked for.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>

#include "cmd/command.hpp"
#include "cmd/output/progress.hpp"
#include "cmd/output/view.hpp"
#include "cmd/stream_options.hpp"
#include "libtcp/stream/session.hpp"

namespace tcp::cmd {

// How a run of `listen` or `connect` ended.
struct StreamEnding {
  ExitCode code = ExitCode::done;
  std::optional<Error> error;  // to be told
  int signal = 0;              // to be re-raised
};

class StreamReport final : public stream::SessionObserver {
 public:
  // `command`: "listen" or "connect". The references must outlive it.
  StreamReport(std::string_view command, Context& context, const StreamOptions& options);

  // The real addresses go there once it listens, a line each; then the descriptor is closed, unless it is a standard
  // one.
  void set_ready_fd(int fd) { ready_fd_ = fd; }
  // Say on standard error where it listens even without --verbose: a port was chosen by the kernel.
  void announce_listening() { announces_listening_ = true; }
  // Draw how far it has come, at the interval that is set in `relay`.
  void show_progress(stream::RelayOptions& relay);
  // Likewise of files, when that was asked for or somebody looks on; how often.
  [[nodiscard]] Duration show_transfer_progress();

  // What the sender has to be told.
  void on_code_made(const std::string& code);
  // Whoever answers is believed.
  void on_unchecked_peer(std::string option);

  bool wants_statistics() const override { return json_ || options_.verbose; }
  void on_listening(std::span<const stream::Address> locals) override;
  void on_attempt_failed(const stream::AttemptFailed& event) override;
  void on_retry(const stream::RetryPlanned& event) override;
  void on_port_checked(const stream::PortChecked& event) override;
  void on_certificate_made(const stream::CertificateMade& event) override;
  void on_handshake_failed(const stream::HandshakeFailed& event) override;
  void on_connected(const stream::Connected& event) override;
  void on_forwarded(const stream::Forwarded& event) override;
  void on_served(const stream::Served& event) override;
  void on_http_answered(const stream::HttpAnswered& event) override;
  void on_proxy_request(const stream::ProxyRequested& event) override;
  void on_progress(const stream::Progress& event) override;
  void on_closed(const stream::Closed& event) override;
  void on_child_line(const stream::ChildLine& event) override;
  void on_rejected(const stream::Rejected& event) override;
  void on_transfer_planned(const stream::TransferPlanned& event) override;
  void on_transferred(const stream::Transferred& event) override;
  void on_transfer_over(const stream::TransferTotals& event) override;
  void on_warning(const Error& error) override;

  // The summary, the error, the signal: the last thing of a run.
  [[nodiscard]] ExitCode finish(const StreamEnding& ending);

 private:
  [[nodiscard]] bool owns_standard_error() const noexcept { return json_ && options_.json_fd == kStandardError; }
  template <class Event>
  void emit(const Event& event);
  void say_session(const std::optional<stream::TlsSession>& session);
  void say(const std::string& line);
  void write_summary(const StreamEnding& ending);
  void clear_progress();
  [[nodiscard]] ProgressState progress_state() const;

  Context& context_;
  bool listens_;
  const StreamOptions& options_;
  std::optional<Output> json_output_;
  std::unique_ptr<View> json_;
  std::optional<int> ready_fd_;
  bool announces_listening_ = false;
  MonotonicTime started_;
  std::uint64_t connections_ = 0;
  std::uint64_t rejected_ = 0;
  stream::Traffic total_;  // of conversations that are over

  std::optional<Progress> progress_;
  std::map<std::uint64_t, stream::Traffic> under_way_;  // by conversation
  std::optional<MonotonicTime> first_connected_;
  std::optional<std::uint64_t> expected_sent_bytes_;
  std::optional<std::uint64_t> expected_received_bytes_;
};

// How a conversation that ended counts for the exit status.
[[nodiscard]] StreamEnding ending_of(const stream::Closed& closed);
// Nothing was connected: 1 when that is an answer (refused, timed out), otherwise 3.
[[nodiscard]] StreamEnding ending_of(Error error);

}  // namespace tcp::cmd
