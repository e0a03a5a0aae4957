// SPDX-License-Identifier: MIT
// `tcpbox connect`: opens a connection and joins it with standard input and output.
#include "libtcp/stream/connect.hpp"

#include <CLI/CLI.hpp>

#include "cmd/dial_words.hpp"
#include "cmd/exec_options.hpp"
#include "cmd/proxy_options.hpp"
#include "cmd/script_options.hpp"
#include "cmd/socket_option_words.hpp"
#include "cmd/stream_options.hpp"
#include "cmd/stream_report.hpp"
#include "cmd/stream_taps.hpp"
#include "cmd/target_words.hpp"
#include "cmd/tls_options.hpp"
#include "cmd/transfer_options.hpp"
#include "libtcp/stream/port_check.hpp"

namespace tcp::cmd {
namespace {

class ConnectCommand final : public Command {
 public:
  void define(CLI::App& app) override {
    app.add_option("HOST:PORT", words_, "Where to connect to: also HOST PORT, unix:/PATH, unix:@NAME")
        ->required()
        ->expected(1, 2);
    dial_.define(app);
    app.add_flag("-z,--zero", options_.zero, "Connect and report, send and receive nothing; PORT may be a list")
        ->group("Connecting");
    app.add_flag("--telnet", options_.telnet, "Speak TELNET: refuse all options, keep its commands out of the payload")
        ->group("Moving bytes");
    socket_.define(app);
    exec_.define(app);
    tls_.define(app);
    proxy_.define(app);
    script_.define(app);
    send_.define(app);
    common_.define(app);
  }

  std::vector<std::string> take_own_words(std::vector<std::string> arguments) override {
    return exec_.take_program(std::move(arguments));
  }
  std::string own_words_hint() const override { return std::string(ExecWords::kHint); }

  Result<void> settle() override {
    TCP_TRY(common_.settle());
    TCP_TRY(dial_.settle());
    TCP_TRY(settle_socket());
    TCP_TRY(settle_target());
    if (options_.zero && (common_.recv_only || common_.send_only || !common_.idle_timeout.empty())) {
      return usage_error("--zero", "moves no bytes: --recv-only, --send-only and --idle-timeout have no use");
    }
    TCP_TRY(tls_.settle());
    TCP_TRY(proxy_.settle(target_.target, tls_.settled().has_value()));
    if (proxy_.is_used() && target_.ports.count() > 1) {
      return usage_error("port '" + to_string(target_.ports) + "'", "must be a single one with --proxy");
    }
    TCP_TRY(settle_first_words());
    TCP_TRY(exec_.settle());
    options_.exec = exec_.settled();
    if (options_.exec && options_.exec->terminal && (common_.recv_only || common_.send_only)) {
      return usage_error("--pty", "is read and written: --recv-only and --send-only have no use");
    }
    if (options_.zero && options_.telnet) return usage_error("--zero", "moves no bytes: --telnet has no use");
    if (options_.zero && options_.exec) return usage_error("--zero", "runs no program: --exec and --shell have no use");
    if (options_.zero && !common_.bytes.first_given().empty()) {
      return usage_error("--zero", "moves no bytes: " + std::string(common_.bytes.first_given()) + " has no use");
    }
    TCP_TRY(settle_script());
    TCP_TRY(send_.settle({options_.exec      ? "--exec"
                          : options_.zero    ? "--zero"
                          : options_.telnet  ? "--telnet"
                          : script_.script() ? "--expect, --send or --until"
                                             : "",
                          common_, tls_.settled().has_value()}));
    options_.send = send_.send;
    assemble();
    return {};
  }

  Result<ExitCode> run(Context& context) override {
    fill_standard_descriptors();
    common_.output.apply(context);
    StreamReport report("connect", context, common_);
    if (auto loaded = load(); !loaded) return report.finish(ending_of(std::move(loaded).error()));
    if (target_.ports.count() > 1) return check_ports(context, report);
    StreamTaps taps;
    if (auto opened = taps.open(common_.bytes, context, report, options_.relay); !opened) {
      return report.finish(ending_of(std::move(opened).error()));
    }
    if (options_.send) {
      options_.send->progress_interval = report.show_transfer_progress();
    } else if (common_.bytes.progress) {
      report.show_progress(options_.relay);
    }
    if (options_.dial.tls && options_.dial.tls->insecure) report.on_unchecked_peer("--tls-insecure");
    if (proxy_.has_unchecked_peer()) report.on_unchecked_peer("--proxy-tls-insecure");
    auto outcome = stream::run_connect(options_, report, context.clock);
    if (!outcome) return report.finish(taps.judge(ending_of(std::move(outcome).error())));
    if (outcome->signal != 0) return report.finish({ExitCode::done, std::nullopt, outcome->signal});
    if (options_.zero && common_.output.format() == Format::text) {
      const std::string answered =
          proxy_.is_used() ? to_string(options_.dial.target) : to_string(outcome->closed->addresses.remote);
      context.out.line(answered + " connected");
    }
    return report.finish(taps.judge(ending_of(*outcome->closed)));
  }

 private:
  Result<void> settle_target() {
    TCP_TRY_ASSIGN(words, settle_targets(words_));
    if (words.ports.count() > 1 && !options_.zero) {
      return usage_error("port '" + to_string(words.ports) + "'", "must be a single one, or there must be --zero");
    }
    target_ = std::move(words);
    if (!std::holds_alternative<stream::UnixName>(target_.target)) return {};
    const std::string_view needs_ip = common_.addresses.family()  ? "-4 and -6"
                                      : socket_.options.multipath ? "--mptcp"
                                                                  : dial_.needs_ip();
    if (needs_ip.empty()) return {};
    return usage_error(std::string(needs_ip), "a Unix-domain socket has nothing of the kind");
  }

  // With data in the first segment, there is no connection before there is data.
  Result<void> settle_socket() {
    TCP_TRY(socket_.settle());
    if (!socket_.has("fastopen")) return {};
    if (options_.zero) return usage_error("--fastopen and --zero", "exclude each other: nothing is sent");
    if (common_.recv_only) return usage_error("--fastopen and --recv-only", "exclude each other: nothing is sent");
    return {};
  }

  // A SYN that waits for data of ours would never go out; to a proxy we speak first.
  [[nodiscard]] Result<void> settle_first_words() const {
    const auto& tls = tls_.settled();
    if (!socket_.has("fastopen") || proxy_.is_used()) return {};
    if (!tls || !tls->starttls || !stream::server_speaks_first(*tls->starttls)) return {};
    return usage_error("--fastopen and --starttls " + std::string(to_string(*tls->starttls)),
                       "exclude each other: the server speaks first");
  }

  Result<void> settle_script() {
    TCP_TRY(script_.settle());
    const std::string given(script_.first_given());
    if (given.empty()) return {};
    if (options_.zero) return usage_error("--zero", "moves no bytes: " + given + " has no use");
    if (options_.exec) return usage_error(given, "talks in place of standard input: --exec and --shell have no use");
    const bool is_spoken_to = tls_.settled().has_value() || proxy_.is_used();
    if (socket_.has("fastopen") && script_.waits_first() && !is_spoken_to) {
      return usage_error("--fastopen and --expect", "exclude each other when the server speaks first");
    }
    return check_directions();
  }

  [[nodiscard]] Result<void> check_directions() const {
    const bool sends_nothing = common_.recv_only && !script_.script()->steps.empty();
    if (sends_nothing) return usage_error("--recv-only", "sends nothing: --expect and --send have no use");
    if (!common_.send_only || script_.needs_receiving().empty()) return {};
    return usage_error("--send-only", "receives nothing: " + std::string(script_.needs_receiving()) + " has no use");
  }

  void assemble() {
    options_.dial = dial_.dial;
    options_.dial.target = target_.target;
    options_.dial.family = common_.addresses.family();
    options_.dial.numeric_only = common_.addresses.numeric;
    options_.dial.tls = tls_.settled();
    options_.retry = dial_.retry;
    options_.relay = common_.relay;
    options_.stop_signals = stop_signals();
  }

  Result<void> load() {
    TCP_TRY(socket_.load());
    TCP_TRY(proxy_.load(options_.dial));
    TCP_TRY(load_code());
    TCP_TRY(script_.load());
    options_.script = script_.script();
    auto& chosen = options_.dial.socket;  // the interface is among the settings already
    chosen.settings.insert(chosen.settings.end(), socket_.options.settings.begin(), socket_.options.settings.end());
    chosen.multipath = socket_.options.multipath;
    chosen.md5_key = socket_.options.md5_key;
    return {};
  }

  Result<void> load_code() {
    if (!send_.code.is_used()) return {};
    TCP_TRY_ASSIGN(key, send_.code.load());
    options_.dial.tls.emplace();
    options_.dial.tls->common.code = key;
    return {};
  }

  ExitCode check_ports(Context& context, StreamReport& report) {
    stream::PortCheckOptions check;
    check.dial = options_.dial;
    check.ports = target_.ports;
    check.retry = options_.retry;
    check.stop_signals = options_.stop_signals;
    const auto outcome = stream::run_port_check(check, report, context.clock);
    if (!outcome) return report.finish(ending_of(outcome.error()));
    const ExitCode code = outcome->open == check.ports.count() ? ExitCode::done : ExitCode::negative;
    return report.finish({code, std::nullopt, outcome->signal});
  }

  StreamOptions common_;
  ExecWords exec_;
  TlsConnectOptions tls_;
  ProxyWords proxy_;
  ScriptWords script_;
  SendWords send_;
  std::vector<std::string> words_;
  DialWords dial_;
  SocketOptionWords socket_;
  TargetWords target_;
  stream::ConnectOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_connect_command() { return std::make_unique<ConnectCommand>(); }

}  // namespace tcp::cmd
