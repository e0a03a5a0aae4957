// SPDX-License-Identifier: MIT
// One port's banner, from the first connection to the verdict: what to send and how long to wait, without a socket and
// without a clock.
//
// A port is listened to first, unless its usual protocol lets the client begin. Then it is asked, protocol by protocol,
// until an answer is understood; the first question goes out on the connection that was listened to, each further one
// on a new connection. All of it ends at the timeout and at kMostBytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/scan/banner.hpp"
#include "libtcp/scan/banner_protocols.hpp"
#include "libtcp/scan/tls_probe.hpp"

namespace tcp::scan {

struct BannerTask {
  std::uint16_t port = 0;
  std::string host;                // as HTTP and others ask for it; an address or a name
  std::string server_name;         // of TLS; empty: none
  std::optional<Duration> rtt;     // of the scan
  Duration timeout{};              // for everything
  const TlsProbes* tls = nullptr;  // null: no TLS
};

class BannerConversation {
 public:
  static constexpr std::size_t kMostBytes = 64 * 1024;  // that are read
  static constexpr std::size_t kMostKept = 4 * 1024;    // in the result

  BannerConversation(BannerTask task, MonotonicTime now);

  // What its owner does for it after every call: close the connection there is and make a new one, when it wants one;
  // send the output; call on_time() at the deadline. Until it is done.
  [[nodiscard]] bool take_wants_connection() noexcept { return std::exchange(wants_connection_, false); }
  [[nodiscard]] std::string take_output() { return std::exchange(output_, {}); }
  [[nodiscard]] MonotonicTime deadline() const noexcept { return std::min(step_deadline_, deadline_); }
  [[nodiscard]] bool is_done() const noexcept { return stage_ == Stage::done; }

  void on_connected(MonotonicTime now);
  void on_bytes(std::span<const std::uint8_t> bytes, MonotonicTime now);
  void on_ended(MonotonicTime now);
  void on_failed(const Error& error, MonotonicTime now);
  void on_time(MonotonicTime now);
  // Ends it; silence so far says nothing then.
  void interrupt(const std::string& why);

  // Once done; before that it is what is known so far.
  [[nodiscard]] Banner banner(MonotonicTime now) const;

 private:
  enum class Stage : std::uint8_t { connecting, listening, asking, handshake, done };
  // What it said, and to what.
  struct Answered {
    std::optional<Finding> finding;
    std::string bytes;
    std::string asked;
  };

  void connect_anew(const BannerProtocol* question);
  void ask(const BannerProtocol& question, MonotonicTime now);
  void ask_next(MonotonicTime now, bool on_this_connection);
  void start_tls(MonotonicTime now);
  void on_established(MonotonicTime now);
  void on_tls_bytes(std::span<const std::uint8_t> bytes, MonotonicTime now);
  void note_failed_tls(const std::string& why);
  void give_up_tls(MonotonicTime now);
  void say(std::string_view bytes);
  void hear(std::span<const std::uint8_t> bytes, MonotonicTime now);
  void judge(bool ended, MonotonicTime now);
  void accept(Finding finding, MonotonicTime now);
  void conclude(const std::string& service, MonotonicTime now);
  [[nodiscard]] const BannerProtocol* further_question(const Finding& finding) const;
  void on_silence(MonotonicTime now);
  void on_last_byte(MonotonicTime now);
  void finish() noexcept { stage_ = Stage::done; }
  [[nodiscard]] bool is_inside_tls() const noexcept { return tls_ != nullptr && stage_ != Stage::handshake; }
  [[nodiscard]] bool is_usual(std::string_view question) const;
  [[nodiscard]] Duration patience(const BannerProtocol& question) const;
  [[nodiscard]] Duration at_least_some_rtts(Duration duration) const;
  [[nodiscard]] BannerOutcome silent_outcome() const noexcept;

  BannerTask task_;
  BannerPlan plan_;
  MonotonicTime started_;
  MonotonicTime deadline_;
  MonotonicTime step_deadline_;
  Stage stage_ = Stage::connecting;
  bool wants_connection_ = true;
  std::string output_;

  // Of this connection.
  const BannerProtocol* pending_ = nullptr;  // asked as soon as it stands
  std::unique_ptr<TlsProbe> tls_;
  std::string asked_;
  std::string question_;
  std::string heard_;
  std::size_t judged_ = 0;  // of heard_, when it was last judged

  std::size_t next_question_ = 0;
  std::size_t received_ = 0;
  bool followed_up_ = false;
  bool asked_further_ = false;
  bool tried_tls_ = false;
  bool http_only_ = false;  // HTTP/2 was chosen before, and this is no HTTP/2 client

  // What is known.
  std::optional<Answered> best_;
  std::optional<Answered> unknown_;
  std::optional<TlsFacts> tls_facts_;
  bool speaks_tls_ = false;
  std::optional<std::string> tls_failure_;
  std::optional<std::string> connect_failure_;
  std::optional<std::string> interruption_;
  bool connected_ = false;
  bool hung_ = false;
  bool was_closed_ = false;
  bool was_reset_ = false;
};

}  // namespace tcp::scan
