// SPDX-License-Identifier: MIT
#include "cmd/scan_words.hpp"

#include <fmt/format.h>

#include "libtcp/base/parse.hpp"
#include "libtcp/ports/registry.hpp"

namespace tcp::cmd {

std::uint64_t number(const Value& value) {
  if (const auto* count = std::get_if<std::uint64_t>(&value.data)) return *count;
  if (const auto* count = std::get_if<std::int64_t>(&value.data)) return static_cast<std::uint64_t>(*count);
  return 0;
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::int64_t microseconds(Duration duration) noexcept {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

std::string rtt_text(const std::optional<Duration>& rtt) { return rtt ? format_duration(*rtt) : "-"; }

std::string service_text(std::uint16_t port) { return std::string(ports::service_name(port, ports::Protocol::tcp)); }

std::string name_of(const IpAddress& address, const scan::Targets& targets) {
  const auto name = targets.names.find(address);
  return name == targets.names.end() ? std::string() : name->second;
}

std::string title(const IpAddress& address, const std::string& name) {
  return name.empty() ? to_string(address) : to_string(address) + " (" + name + ")";
}

std::string explain(const scan::HostNote& note) {
  using Kind = scan::HostNote::Kind;
  switch (note.kind) {
    case Kind::rst_limited:
      return fmt::format("limits its resets to about {} a second: closed ports take long to tell from filtered ones",
                         note.value);
    case Kind::icmp_limited:
      return fmt::format("limits its ICMP errors to about {} a second: some silence is that limit", note.value);
    case Kind::answers_everything:
      return fmt::format("answers on nearly every port ({} so far): a proxy or a trap, not that many services",
                         note.value);
    case Kind::host_timeout:
      return fmt::format("given up after {}: the rest of its ports is not known",
                         format_duration(std::chrono::milliseconds(note.value)));
  }
  return {};
}

std::string_view kind_of(const ScanChange& change) noexcept {
  if (change.now == scan::PortState::open) return "opened";
  return change.before == scan::PortState::open ? "closed" : "changed";
}

std::string explain(const ScanChange& change) {
  return change.before ? "was " + std::string(to_string(*change.before)) : "was not open";
}

std::uint64_t left_out_hosts(const Record& summary) {
  return number(summary["hosts_silent"]) + number(summary["hosts_down"]);
}

std::string left_out_text(const Record& summary) {
  const std::uint64_t count = left_out_hosts(summary);
  return fmt::format("{} {} not scanned: {} silent, {} down", counted(count, "host"), count == 1 ? "was" : "were",
                     number(summary["hosts_silent"]), number(summary["hosts_down"]));
}

std::string sums(const Record& summary) {
  const std::uint64_t hosts = number(summary["targets"]);
  const std::uint64_t left_out = left_out_hosts(summary);
  std::string text = left_out > 0 ? fmt::format("{} of ", hosts - left_out) : "";
  text += counted(hosts, "host") + ", " + counted(number(summary["pairs"]) - number(summary["left_out"]), "port") + ":";
  text += fmt::format(" {} open,", number(summary["open"]));
  for (const auto& [key, words] :
       {std::pair{"open_filtered", "open|filtered"}, std::pair{"unfiltered", "unfiltered"}}) {
    if (number(summary[key]) > 0) text += fmt::format(" {} {},", number(summary[key]), words);
  }
  text += fmt::format(" {} closed, {} filtered;", number(summary["closed"]), number(summary["filtered"]));
  if (number(summary["errors"]) > 0) text += fmt::format(" {} not sent;", number(summary["errors"]));
  if (number(summary["unfinished"]) > 0) text += fmt::format(" {} unfinished;", number(summary["unfinished"]));
  const Duration elapsed = std::chrono::microseconds(number(summary["elapsed_us"]));
  text += fmt::format(" {} in {}", counted(number(summary["probes_sent"]), "probe"), format_duration(elapsed));
  const auto* loss = std::get_if<double>(&summary["loss"].data);
  text += loss != nullptr ? fmt::format(", loss {:.1f} %", *loss * 100) : ", loss not measured";
  if (summary["confidence"].is_null()) text += loss != nullptr ? ", confidence not measured" : ", nor confidence";
  return text;
}

Style style_of(scan::PortState state) noexcept {
  switch (state) {
    case scan::PortState::open:
    case scan::PortState::open_filtered:
    case scan::PortState::unfiltered: return Style::green;
    case scan::PortState::filtered: return Style::yellow;
    case scan::PortState::closed:
    case scan::PortState::error: break;
  }
  return Style::red;
}

}  // namespace tcp::cmd
