// SPDX-License-Identifier: MIT
// `tcpbox connect`: opens a connection and joins it with standard input and output.
#include "libtcp/stream/connect.hpp"

#include <CLI/CLI.hpp>

#include "cmd/stream_options.hpp"
#include "cmd/stream_report.hpp"
#include "cmd/tls_options.hpp"
#include "libtcp/base/parse.hpp"

namespace tcp::cmd {
namespace {

constexpr std::chrono::seconds kDefaultTimeout{30};

class ConnectCommand final : public Command {
 public:
  void define(CLI::App& app) override {
    app.add_option("HOST:PORT", words_, "Where to connect to; also as two words, HOST PORT")
        ->required()
        ->expected(1, 2);
    app.add_option("--timeout", timeout_, "How long to try, names, all addresses and TLS together (30s; 0: no limit)")
        ->type_name("DURATION")
        ->group("Connecting");
    app.add_flag("-z,--zero", options_.zero, "Connect and report, send and receive nothing")->group("Connecting");
    app.add_option("-s,--source", source_, "Connect from this address")->type_name("ADDRESS")->group("Connecting");
    app.add_option("--source-port", source_port_, "Connect from this port")->type_name("PORT")->group("Connecting");
    tls_.define(app);
    common_.define(app);
  }

  Result<void> settle() override {
    TCP_TRY(common_.settle());
    TCP_TRY(settle_target());
    TCP_TRY(settle_source());
    TCP_TRY(tls_.settle());
    TCP_TRY_ASSIGN(timeout, settle_duration("--timeout", timeout_, kDefaultTimeout));
    if (options_.zero && (common_.recv_only || common_.send_only || !common_.idle_timeout.empty())) {
      return usage_error("--zero", "moves no bytes: --recv-only, --send-only and --idle-timeout have no use");
    }
    options_.dial.timeout = timeout;
    options_.dial.tls = tls_.settled();
    options_.dial.family = common_.addresses.family();
    options_.dial.numeric_only = common_.addresses.numeric;
    options_.relay = common_.relay;
    options_.stop_signals = stop_signals();
    return {};
  }

  Result<ExitCode> run(Context& context) override {
    fill_standard_descriptors();
    common_.output.apply(context);
    StreamReport report("connect", context, common_);
    if (options_.dial.tls && options_.dial.tls->insecure) report.on_unchecked_peer();
    auto outcome = stream::run_connect(options_, report, context.clock);
    if (!outcome) return report.finish(ending_of(std::move(outcome).error()));
    if (outcome->signal != 0) return report.finish({ExitCode::done, std::nullopt, outcome->signal});
    if (options_.zero && common_.output.format() == Format::text) {
      context.out.line(to_string(outcome->closed->addresses.remote) + " connected");
    }
    return report.finish(ending_of(*outcome->closed));
  }

 private:
  Result<void> settle_target() {
    HostPort target;
    if (words_.size() == 2) {
      target = {words_[0], words_[1]};
      if (target.host.starts_with('[') && target.host.ends_with(']')) {
        target.host = target.host.substr(1, target.host.size() - 2);
      }
      if (target.host.empty()) return usage_error("host ''", "is empty");
    } else {
      TCP_TRY_ASSIGN(parsed, parse_host_port(words_[0]));
      target = std::move(parsed);
    }
    if (target.service.empty()) return usage_error("'" + words_[0] + "'", "a port is missing: HOST:PORT or HOST PORT");
    TCP_TRY_ASSIGN(port, settle_port(target.service));
    if (port == 0) return usage_error("port 0", "nothing can be connected to it; must be 1 to 65535");
    options_.dial.host = std::move(target.host);
    options_.dial.port = port;
    return {};
  }

  Result<void> settle_source() {
    if (!source_.empty()) {
      auto address = parse_ip_address(source_);
      if (!address) return in_option("--source", std::move(address).error());
      options_.dial.source_address = *address;
    }
    if (source_port_.empty()) return {};
    auto port = parse_port_number(source_port_);
    if (!port) return in_option("--source-port", std::move(port).error());
    options_.dial.source_port = *port;
    return {};
  }

  StreamOptions common_;
  TlsConnectOptions tls_;
  std::vector<std::string> words_;
  std::string timeout_;
  std::string source_;
  std::string source_port_;
  stream::ConnectOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_connect_command() { return std::make_unique<ConnectCommand>(); }

}  // namespace tcp::cmd
