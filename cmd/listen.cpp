// SPDX-License-Identifier: MIT
// `tcpbox listen`: accepts a connection and joins it with standard input and output.
#include "libtcp/stream/listen.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>

#include "cmd/door_options.hpp"
#include "cmd/exec_options.hpp"
#include "cmd/fault_options.hpp"
#include "cmd/forward_options.hpp"
#include "cmd/hub_options.hpp"
#include "cmd/privilege_options.hpp"
#include "cmd/proxy_protocol_options.hpp"
#include "cmd/proxy_server_options.hpp"
#include "cmd/serve_options.hpp"
#include "cmd/socket_option_words.hpp"
#include "cmd/stream_options.hpp"
#include "cmd/stream_report.hpp"
#include "cmd/stream_taps.hpp"
#include "cmd/target_words.hpp"
#include "cmd/tls_options.hpp"
#include "cmd/transfer_options.hpp"
#include "libtcp/base/parse.hpp"
#include "libtcp/stream/descriptor_limit.hpp"
#include "libtcp/stream/inherited_sockets.hpp"

namespace tcp::cmd {
namespace {

// "8080", ":8080", "127.0.0.1:8080", "[::1]:8080", "localhost:http", "unix:/path"
Result<stream::ListenAddress> parse_listen_address(const std::string& word) {
  TCP_TRY_ASSIGN(name, settle_unix_name(word));
  if (name) return stream::ListenAddress{{}, 0, *name};
  const std::string rest = word.starts_with(':') && word.rfind(':') == 0 ? word.substr(1) : word;
  if (rest.find(':') == std::string::npos) {
    TCP_TRY_ASSIGN(port, settle_port(rest));
    return stream::ListenAddress{{}, port, {}};
  }
  TCP_TRY_ASSIGN(parts, parse_host_port(rest));
  if (parts.service.empty()) return usage_error("'" + word + "'", "a port is missing; IPv6 is written [ADDRESS]:PORT");
  TCP_TRY_ASSIGN(port, settle_port(parts.service));
  return stream::ListenAddress{parts.host, port, {}};
}

class ListenCommand final : public Command {
 public:
  void define(CLI::App& app) override {
    app.add_option("[ADDRESS:]PORT", words_, "Where to listen: also unix:/PATH; port 0 takes a free one");
    app.add_flag("-k,--keep-open", options_.keep_open, "Serve one client after another")->group("Clients");
    app.add_option("--accept-timeout", accept_timeout_, "End when no client has come for so long")
        ->type_name("DURATION")
        ->group("Clients");
    app.add_option("--ready-fd", ready_fd_text_, "Write ADDRESS:PORT to this open descriptor once it listens")
        ->type_name("FD")
        ->group("Clients");
    forward_.define(app);
    socket_.define(app);
    exec_.define(app);
    tls_.define(app);
    app.add_flag("--reuse-port", options_.reuse_port, "Share the port with other processes that do the same")
        ->group("Clients");
    door_.define(app);
    proxies_.define(app);
    hub_.define(app);
    privileges_.define(app);
    serve_.define(app);
    faults_.define(app);
    receive_.define(app);
    proxy_server_.define(app);
    common_.define(app);
  }

  std::vector<std::string> take_own_words(std::vector<std::string> arguments) override {
    return exec_.take_program(std::move(arguments));
  }
  std::string own_words_hint() const override { return std::string(ExecWords::kHint); }

  Result<void> settle() override {
    TCP_TRY(common_.settle());
    TCP_TRY(socket_.settle());
    TCP_TRY(serve_.settle());
    TCP_TRY(settle_hub());
    TCP_TRY(settle_service());
    TCP_TRY(door_.settle());
    for (const std::string& word : words_) {
      TCP_TRY_ASSIGN(address, parse_listen_address(word));
      options_.addresses.push_back(std::move(address));
    }
    const bool has_unix = std::ranges::any_of(options_.addresses, [](const auto& each) { return !!each.unix_name; });
    if (has_unix && socket_.options.multipath) {
      return usage_error("--mptcp", "a Unix-domain socket has nothing of the kind");
    }
    TCP_TRY_ASSIGN(timeout, settle_duration("--accept-timeout", accept_timeout_, Duration()));
    options_.accept_timeout = timeout;
    if (!ready_fd_text_.empty()) {
      TCP_TRY_ASSIGN(fd, settle_descriptor("--ready-fd", ready_fd_text_));
      ready_fd_ = fd;
    }
    options_.family = common_.addresses.family();
    options_.numeric_only = common_.addresses.numeric;
    TCP_TRY(exec_.settle());
    options_.exec = exec_.settled();
    if (options_.exec && options_.exec->terminal && (common_.recv_only || common_.send_only)) {
      return usage_error("--pty", "is read and written: --recv-only and --send-only have no use");
    }
    TCP_TRY(tls_.settle());
    options_.tls = tls_.settled();
    options_.relay = common_.relay;
    TCP_TRY(settle_forward());
    TCP_TRY(settle_proxy_server());
    TCP_TRY(settle_joined());
    TCP_TRY(receive_.settle({options_.exec      ? "--exec"
                             : options_.forward ? "--forward"
                             : options_.hub     ? "--broker, --chat or --serve"
                             : options_.serve   ? "--serve"
                                                : "",
                             common_, options_.tls.has_value()}));
    options_.receive = receive_.receive;
    options_.door = door_.door;
    TCP_TRY_ASSIGN(faults, faults_.settle());
    options_.faults = faults;
    if (has_unix) TCP_TRY(check_unix());
    TCP_TRY_ASSIGN(proxy_protocol, proxies_.settle());
    options_.proxy_protocol = std::move(proxy_protocol);
    TCP_TRY_ASSIGN(identity, privileges_.settle());
    options_.identity = std::move(identity);
    options_.stop_signals = stop_signals();
    if (options_.has_access_files()) {
      std::erase(options_.stop_signals, SIGHUP);
      options_.reload_signals = {SIGHUP};
    }
    return settle_inherited();
  }

  Result<ExitCode> run(Context& context) override {
    fill_standard_descriptors();
    stream::raise_descriptor_limit();
    common_.output.apply(context);
    StreamReport report("listen", context, common_);
    if (auto loaded = socket_.load(); !loaded) return report.finish(ending_of(std::move(loaded).error()));
    options_.socket = socket_.options;
    if (auto loaded = load_code(report); !loaded) return report.finish(ending_of(std::move(loaded).error()));
    if (options_.proxy_server) {
      if (auto loaded = proxy_server_.load(*options_.proxy_server); !loaded) {
        return report.finish(ending_of(std::move(loaded).error()));
      }
    }
    if (ready_fd_) report.set_ready_fd(*ready_fd_);
    if (std::ranges::any_of(options_.addresses, [](const auto& each) { return each.port == 0 && !each.unix_name; })) {
      report.announce_listening();
    }
    StreamTaps taps;
    if (auto opened = taps.open(common_.bytes, context, report, options_.relay); !opened) {
      return report.finish(ending_of(std::move(opened).error()));
    }
    if (options_.receive) {
      options_.receive->progress_interval = report.show_transfer_progress();
    } else if (common_.bytes.progress) {
      report.show_progress(options_.relay);
    }
    if (forward_.has_unchecked_target()) report.on_unchecked_peer("--forward-tls-insecure");
    auto outcome = stream::run_listen(options_, report, context.clock);
    return report.finish(taps.judge(outcome ? ending(*outcome) : ending_of(std::move(outcome).error())));
  }

 private:
  Result<void> load_code(StreamReport& report) {
    if (!receive_.code.is_used()) return {};
    TCP_TRY_ASSIGN(key, receive_.code.load());
    options_.tls.emplace();
    options_.tls->common.code = key;
    if (receive_.code.is_made()) report.on_code_made(receive_.code.code());
    return {};
  }

  // A client is joined with one thing only.
  Result<void> settle_joined() const {
    const int ways = (options_.exec ? 1 : 0) + (options_.forward ? 1 : 0) + (options_.hub ? 1 : 0) +
                     (options_.serve ? 1 : 0) + (options_.proxy_server ? 1 : 0);
    if (ways < 2) return {};
    return usage_error("--exec, --shell, --forward, --transparent, --broker, --chat and --serve", "choose one of them");
  }

  // What a Unix-domain socket has nothing of.
  Result<void> check_unix() const {
    if (options_.faults.reset_after_bytes) return usage_error("--reset-after", "a Unix-domain socket knows no reset");
    if (options_.forward && options_.forward->transparent) {
      return usage_error("--transparent", "no firewall brings anybody to a Unix-domain socket");
    }
    return {};
  }

  Result<void> settle_forward() {
    stream::DialOptions dial;
    dial.family = options_.family;
    dial.numeric_only = options_.numeric_only;
    TCP_TRY_ASSIGN(forward, forward_.settle(dial));
    if (forward && (common_.recv_only || common_.send_only)) {
      return usage_error("--forward", "moves bytes both ways: --recv-only and --send-only have no use");
    }
    if (forward) {
      options_.relay.finish_at_remote_end = false;
      forward->outlives_clients = options_.keep_open;
    }
    options_.forward = std::move(forward);
    return {};
  }

  Result<void> settle_proxy_server() {
    stream::DialOptions dial;
    dial.family = options_.family;
    dial.numeric_only = options_.numeric_only;
    TCP_TRY(proxy_server_.settle(serve_.proxy, dial));
    options_.proxy_server = proxy_server_.settled();
    if (!options_.proxy_server) return {};
    if (common_.recv_only || common_.send_only) {
      return usage_error(common_.recv_only ? "--recv-only" : "--send-only", "has no use with a proxy");
    }
    if (common_.relay.idle_timeout > Duration()) {
      options_.proxy_server->response_timeout = common_.relay.idle_timeout;
    }
    options_.relay.finish_at_remote_end = false;
    options_.keep_open = true;
    return {};
  }

  Result<void> settle_hub() {
    TCP_TRY(hub_.settle(serve_.hub));
    if (!hub_.hub) return {};
    if (common_.recv_only || common_.send_only) {
      return usage_error(common_.recv_only ? "--recv-only" : "--send-only",
                         "is about standard input and output, which --broker, --chat and --serve leave alone");
    }
    if (const std::string_view given = common_.bytes.first_given(); !given.empty()) {
      return usage_error(std::string(given), "has no use with --broker, --chat and --serve");
    }
    options_.keep_open = options_.keep_open || hub_.implies_keep_open();
    options_.hub = hub_.hub;
    options_.hub->idle_timeout = common_.relay.idle_timeout;
    return {};
  }

  Result<void> settle_service() {
    if (!serve_.service) return {};
    if (common_.recv_only || common_.send_only) {
      return usage_error(common_.recv_only ? "--recv-only" : "--send-only",
                         "is about standard input and output, which --serve leaves alone");
    }
    if (const std::string_view given = common_.bytes.first_given(); !serve_.is_relayed() && !given.empty()) {
      return usage_error(std::string(given), "has no use with this --serve");
    }
    options_.keep_open = options_.keep_open || serve_.implies_keep_open();
    options_.serve = serve_.service;
    return {};
  }

  // A service manager has opened what we listen on, or the user says where.
  Result<void> settle_inherited() {
    TCP_TRY_ASSIGN(inherited, stream::take_inherited_sockets());
    options_.inherited = std::move(inherited);
    if (!words_.empty() || !options_.inherited.empty()) return {};
    auto missing = usage_error("[ADDRESS:]PORT", "is required");
    if (options_.exec) missing.error().hint = ExecWords::kHint;
    return missing;
  }

  // With --keep-open one client's trouble is no failure of the service; nobody coming any more is its regular end.
  [[nodiscard]] StreamEnding ending(const stream::ListenOutcome& outcome) const {
    if (outcome.signal != 0) return {ExitCode::done, std::nullopt, outcome.signal};
    if (outcome.connections == 0) {
      return {ExitCode::negative, make_error(Errc::timed_out, "listen", "no client came in time").error(), 0};
    }
    const bool is_over = !options_.keep_open || outcome.service_over;
    return is_over ? ending_of(*outcome.last) : StreamEnding{};
  }

  StreamOptions common_;
  ForwardWords forward_;
  SocketOptionWords socket_;
  ExecWords exec_;
  TlsListenOptions tls_;
  DoorWords door_;
  ProxyProtocolWords proxies_;
  HubWords hub_;
  PrivilegeWords privileges_;
  ServeWords serve_;
  FaultWords faults_;
  ReceiveWords receive_;
  ProxyServerWords proxy_server_;
  std::vector<std::string> words_;
  std::string accept_timeout_;
  std::string ready_fd_text_;
  std::optional<int> ready_fd_;
  stream::ListenOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_listen_command() { return std::make_unique<ListenCommand>(); }

}  // namespace tcp::cmd
