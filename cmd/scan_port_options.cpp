// SPDX-License-Identifier: MIT
#include "cmd/scan_port_options.hpp"

#include <CLI/CLI.hpp>

#include <span>

#include "libtcp/base/parse.hpp"
#include "libtcp/ports/common.hpp"
#include "libtcp/ports/registry.hpp"
#include "libtcp/ports/service_pattern.hpp"

namespace tcp::cmd {
namespace {

Result<ports::PortSet> look_up(std::string_view name) { return ports::find_services(name, ports::Protocol::tcp); }

Result<ports::PortSet> parse_option(std::string_view option, const std::string& text) {
  auto set = ports::parse_port_set(text, look_up);
  if (!set) return in_option(option, std::move(set).error());
  return set;
}

Result<std::vector<std::uint16_t>> settle_ports(const std::string& text) {
  TCP_TRY_ASSIGN(set, parse_option("--ports", text));
  if (set.contains(0)) return usage_error("--ports: port 0", "nothing can listen there; must be 1 to 65535");
  return std::vector<std::uint16_t>(set.begin(), set.end());
}

Result<std::vector<std::uint16_t>> settle_top(const std::string& text) {
  const auto ranked = ports::ranked_scan_ports();
  const auto count = parse_unsigned<std::size_t>(text);
  if (!count || *count == 0 || *count > ranked.size()) {
    return usage_error("--top '" + text + "'", "must be a number from 1 to " + std::to_string(ranked.size()));
  }
  return std::vector<std::uint16_t>(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(*count));
}

}  // namespace

void ScanPortWords::define(CLI::App& app) {
  app.add_option("-p,--ports", ports, "Ports: 22,80,8000-8100,https,http* or - for all (default: a list of usual ones)")
      ->type_name("PORTS")
      ->group("Ports");
  app.add_option("--top", top, "The first N of our list of ports, those first that are worth most")
      ->type_name("N")
      ->group("Ports");
  app.add_option("--exclude-ports", excluded, "Never probe these")->type_name("PORTS")->group("Ports");
}

Result<std::vector<std::uint16_t>> ScanPortWords::settle() const {
  if (!ports.empty() && !top.empty()) return usage_error("--ports and --top", "choose one of them");
  const auto usual = ports::default_scan_ports();
  std::vector<std::uint16_t> chosen(usual.begin(), usual.end());
  if (!ports.empty()) {
    TCP_TRY_ASSIGN(written, settle_ports(ports));
    chosen = std::move(written);
  } else if (!top.empty()) {
    TCP_TRY_ASSIGN(best, settle_top(top));
    chosen = std::move(best);
  }
  if (excluded.empty()) return chosen;
  TCP_TRY_ASSIGN(never, parse_option("--exclude-ports", excluded));
  std::erase_if(chosen, [&](std::uint16_t port) { return never.contains(port); });
  if (chosen.empty()) return usage_error("--exclude-ports '" + excluded + "'", "no port is left to scan");
  return chosen;
}

}  // namespace tcp::cmd
