// SPDX-License-Identifier: MIT
// --kill: shows what the filter selects, asks, closes it, and reports each.
#include <unistd.h>

#include <iostream>
#include <tuple>

#include "cmd/sockets_options.hpp"
#include "libtcp/net/capabilities.hpp"
#include "libtcp/sockets/destroy.hpp"

namespace tcp::cmd {
namespace {

constexpr std::size_t kMostClosed = 100000;

struct Doomed {
  sockets::SocketInfo socket;
  std::string network_namespace;
};

std::string ends_text(const sockets::SocketInfo& socket) {
  const bool remote = socket.remote.port != 0 || !socket.remote.address.is_any();
  return to_string(socket.local) + (remote ? " - " + to_string(socket.remote) : "");
}

Record closing_record(const Doomed& doomed, const Result<void>& closed) {
  const sockets::SocketInfo& socket = doomed.socket;
  const bool remote = socket.remote.port != 0 || !socket.remote.address.is_any();
  Record record("closing");
  record.add("netns", text_or_null(doomed.network_namespace));
  record.add("cookie", socket.cookie);
  record.add("state", to_string(socket.state));
  record.add("local_address", to_string(socket.local.address));
  record.add("local_port", socket.local.port);
  record.add("remote_address", remote ? Value(to_string(socket.remote.address)) : Value(nullptr));
  record.add("remote_port", remote ? Value(socket.remote.port) : Value(nullptr));
  record.add("closed", closed.has_value());
  return record.add("error", closed ? Value(nullptr) : Value(closed.error().message()));
}

class Killing {
 public:
  Killing(Context& context, const SocketsOptions& options, SocketsPass& pass)
      : context_(context), options_(options), pass_(pass), names_(options.selection.numeric()) {
    pass_.set_names(names_);
  }

  Result<ExitCode> run() {
    const auto view = options_.make_view(context_, names_);
    view->start(options_.run_record(context_));
    if (pass_.query().filter.needs().rates) TCP_TRY(pass_.look_before(context_.clock, kUsualRatePeriod));
    TCP_TRY(pass_.run(notes_, [&](const sockets::SocketRow& row) {
      view->row(row);
      doomed_.push_back({*row.socket, std::string(row.network_namespace)});
      return doomed_.size() <= kMostClosed;
    }));
    if (doomed_.size() > kMostClosed) {
      return make_error(Errc::unsupported, "--kill", "more than " + std::to_string(kMostClosed) + " sockets match");
    }
    if (options_.is_text()) view->summary(Record("summary"));  // the table is complete
    context_.out.flush();
    if (!doomed_.empty() && !options_.yes && !is_confirmed()) {
      context_.note("tcpbox: nothing was closed");
      return finish(*view, false);
    }
    for (const Doomed& doomed : doomed_) {
      if (auto closed = close(doomed, *view); !closed) {
        std::ignore = finish(*view, false);  // what was begun as JSON is ended as such
        return std::unexpected(std::move(closed).error());
      }
    }
    return finish(*view, true);
  }

 private:
  bool is_confirmed() {
    const std::string what =
        doomed_.size() == 1 ? "this socket" : "these " + std::to_string(doomed_.size()) + " sockets";
    context_.err.write("close " + what + "? [y/N] ");
    context_.err.flush();
    std::string answer;
    std::getline(std::cin, answer);
    return answer == "y" || answer == "Y" || answer == "yes";
  }

  // The destroyer of the namespace that the socket is in; sockets of one namespace come together.
  Result<void> enter(const std::string& label) {
    if (destroyer_ && label == entered_) return {};
    auto opened = sockets::SocketDestroyer::open();
    if (const auto* place = pass_.find(label)) {
      TCP_TRY(sockets::run_in(*place, [&] { opened = sockets::SocketDestroyer::open(); }));
    }
    if (!opened) return std::unexpected(std::move(opened).error());
    destroyer_.emplace(std::move(*opened));
    entered_ = label;
    return {};
  }

  Result<void> close(const Doomed& doomed, SocketsView& view) {
    TCP_TRY(enter(doomed.network_namespace));
    const auto closed = destroyer_->destroy(doomed.socket);
    // Without the privilege nothing at all can be closed, which is no answer about this socket.
    if (!closed && closed.error().is(Errc::not_permitted)) return closed;
    closed ? ++closed_ : ++failed_;
    view.result(closing_record(doomed, closed));
    if (!options_.is_text()) return {};
    if (closed) {
      context_.out.line("closed " + ends_text(doomed.socket));
    } else {
      context_.warn(closed.error().message());
    }
    return {};
  }

  Result<ExitCode> finish(SocketsView& view, bool complete) {
    if (!options_.is_text()) view.summary(notes_.summary(complete).add("closed", closed_).add("failed", failed_));
    if (doomed_.empty()) context_.note("tcpbox: no socket matches");
    return complete && !doomed_.empty() && failed_ == 0 ? ExitCode::done : ExitCode::negative;
  }

  Context& context_;
  const SocketsOptions& options_;
  SocketsPass& pass_;
  SocketNames names_;
  SocketsNotes notes_;
  std::vector<Doomed> doomed_;
  std::optional<sockets::SocketDestroyer> destroyer_;
  std::string entered_;
  std::uint64_t closed_ = 0;
  std::uint64_t failed_ = 0;
};

}  // namespace

Result<ExitCode> kill_sockets(Context& context, const SocketsOptions& options, SocketsPass& pass) {
  if (pass.query().filter.selects_everything()) {
    return usage_error("--kill", "needs a filter that leaves something out: every socket would be closed");
  }
  const bool can_ask = ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1;
  if (!options.yes && !can_ask) return usage_error("--kill", "needs --yes where nobody can be asked");
  return Killing(context, options, pass).run();
}

}  // namespace tcp::cmd
