// SPDX-License-Identifier: MIT
#include "cmd/target_words.hpp"

#include "cmd/stream_options.hpp"
#include "libtcp/base/endpoint.hpp"
#include "libtcp/ports/registry.hpp"

namespace tcp::cmd {
namespace {

constexpr std::string_view kUnix = "unix:";

Result<HostPort> split(const std::vector<std::string>& words) {
  if (words.size() == 1) return parse_host_port(words[0]);
  HostPort target{words[0], words[1]};
  if (target.host.starts_with('[') && target.host.ends_with(']')) {
    target.host = target.host.substr(1, target.host.size() - 2);
  }
  if (target.host.empty()) return usage_error("host ''", "is empty");
  return target;
}

// A question that the registry cannot answer is a bad word here.
Result<ports::PortSet> find_service(std::string_view name) {
  auto found = ports::find_service_ports(name, ports::Protocol::tcp);
  if (!found) found.error().code = make_error_code(Errc::invalid_input);
  return found;
}

Result<ports::PortSet> settle_ports(const std::string& service) {
  TCP_TRY_ASSIGN(ports, ports::parse_port_set(service, find_service));
  if (ports.contains(0)) return usage_error("port 0", "nothing can be connected to it; must be 1 to 65535");
  return ports;
}

}  // namespace

Result<std::optional<stream::UnixName>> settle_unix_name(std::string_view word) {
  if (!word.starts_with(kUnix)) return std::nullopt;
  TCP_TRY_ASSIGN(name, stream::parse_unix_name(word.substr(kUnix.size())));
  return name;
}

Result<TargetWords> settle_targets(const std::vector<std::string>& words) {
  TCP_TRY_ASSIGN(name, settle_unix_name(words[0]));
  if (name) {
    if (words.size() > 1) return usage_error("'" + words[1] + "'", "a Unix-domain socket has no port");
    return TargetWords{*name, {}};
  }
  TCP_TRY_ASSIGN(parts, split(words));
  if (parts.service.empty()) return usage_error("'" + words[0] + "'", "a port is missing: HOST:PORT or HOST PORT");
  TCP_TRY_ASSIGN(ports, settle_ports(parts.service));
  return TargetWords{stream::HostTarget{parts.host, *ports.begin()}, ports};
}

Result<stream::Target> settle_target(const std::string& word) {
  TCP_TRY_ASSIGN(target, settle_targets({word}));
  if (target.ports.count() > 1) return usage_error("'" + word + "'", "must be a single port");
  return target.target;
}

}  // namespace tcp::cmd
