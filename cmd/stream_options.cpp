// SPDX-License-Identifier: MIT
#include "cmd/stream_options.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>

#include "libtcp/base/parse.hpp"
#include "libtcp/ports/port_set.hpp"
#include "libtcp/ports/registry.hpp"

namespace tcp::cmd {

void StreamOptions::define(CLI::App& app) {
  addresses.define(app);
  app.add_flag("--recv-only", recv_only, "Only receive: standard input is not read")->group("Moving bytes");
  app.add_flag("--send-only", send_only, "Only send, and end when all of it has been acknowledged")
      ->group("Moving bytes");
  app.add_option("--idle-timeout", idle_timeout, "End when no byte has passed for so long")
      ->type_name("DURATION")
      ->group("Moving bytes");
  bytes.define(app);
  app.add_flag("-v,--verbose", verbose, "Say on standard error what happens")->group("Output");
  output.define(app);
  app.get_option("--json")->description("Events as one JSON document on standard error");
  app.get_option("--ndjson")->description("Events as JSON on standard error, one a line");
  app.add_option("--json-fd", json_fd_text, "JSON goes to this open descriptor instead")
      ->type_name("FD")
      ->group("Output");
}

Result<void> StreamOptions::settle() {
  TCP_TRY(addresses.settle());
  TCP_TRY(output.settle());
  if (recv_only && send_only)
    return usage_error("--recv-only and --send-only", "choose one of them, or neither for both");
  TCP_TRY_ASSIGN(idle, settle_duration("--idle-timeout", idle_timeout, Duration()));
  relay.idle_timeout = idle;
  relay.direction = recv_only   ? stream::Direction::receive_only
                    : send_only ? stream::Direction::send_only
                                : stream::Direction::both;
  relay.finish_at_remote_end = ::isatty(STDIN_FILENO) == 1;
  TCP_TRY(settle_json_fd());
  return bytes.settle(relay, output.format() != Format::text && json_fd == kStandardError);
}

Result<void> StreamOptions::settle_json_fd() {
  if (json_fd_text.empty()) return {};
  if (output.format() == Format::text) return usage_error("--json-fd", "needs --json or --ndjson");
  TCP_TRY_ASSIGN(fd, settle_descriptor("--json-fd", json_fd_text));
  if (fd < kStandardError) return usage_error("--json-fd " + json_fd_text, "carries the payload; must be 2 or more");
  json_fd = fd;
  return {};
}

Result<std::uint16_t> settle_port(const std::string& word) {
  TCP_TRY_ASSIGN(parsed, ports::parse_port_word(word));
  if (const auto* range = std::get_if<ports::PortRange>(&parsed)) {
    if (range->first != range->last) return usage_error("port '" + word + "'", "must be a single one");
    return range->first;
  }
  auto found = ports::find_service_ports(std::get<std::string>(parsed), ports::Protocol::tcp);
  if (!found) {
    found.error().code = make_error_code(Errc::invalid_input);  // a word of the command line, not a question
    return std::unexpected(std::move(found).error());
  }
  if (found->count() != 1) return usage_error("port '" + word + "'", "stands for several: " + to_string(*found));
  return *found->begin();
}

Result<int> settle_descriptor(std::string_view option, const std::string& word) {
  const std::string what = std::string(option) + " '" + word + "'";
  const auto fd = parse_unsigned<std::uint16_t>(word);
  if (!fd) return usage_error(what, "must be the number of an open descriptor");
  if (::fcntl(*fd, F_GETFD) < 0) return usage_error(what, "is not an open descriptor");
  return *fd;
}

void fill_standard_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    const bool is_open = ::fcntl(fd, F_GETFD) >= 0;
    // Reading only, also for standard output: a write must fail rather than vanish.
    if (!is_open) (void)::open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY);  // takes the lowest free number
  }
}

std::vector<int> stop_signals() { return {SIGINT, SIGTERM, SIGHUP}; }

}  // namespace tcp::cmd
