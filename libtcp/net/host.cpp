// SPDX-License-Identifier: MIT
#include "libtcp/net/host.hpp"

#include <fcntl.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "libtcp/base/parse.hpp"
#include "libtcp/base/unique_fd.hpp"

namespace tcp::net {
namespace {

// The kernel gives a /proc/sys file to one read or not at all; the longest list of reserved ports has 196,606 bytes.
constexpr std::size_t kLongestText = std::size_t{256} * 1024;

std::string read_setting(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return {};
  std::string text;
  text.resize_and_overwrite(kLongestText, [&fd](char* data, std::size_t size) {  // touches only what was read
    return std::max<ssize_t>(::read(fd.get(), data, size), 0);
  });
  return text;
}

// Takes the next word off the front of `text`.
std::string_view take_word(std::string_view& text, std::string_view separators) {
  text.remove_prefix(std::min(text.find_first_not_of(separators), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(separators));
  text.remove_prefix(word.size());
  return word;
}

std::optional<PortInterval> make_interval(std::string_view first_text, std::string_view last_text) {
  const auto first = parse_unsigned<std::uint16_t>(first_text);
  const auto last = parse_unsigned<std::uint16_t>(last_text);
  if (!first || !last || *first > *last) return std::nullopt;
  return PortInterval{*first, *last};
}

std::optional<PortInterval> parse_range(std::string_view text) {
  const std::string_view first = take_word(text, " \t\n");
  return make_interval(first, take_word(text, " \t\n"));
}

// "8080,9148-9150"
std::vector<PortInterval> parse_intervals(std::string_view text) {
  std::vector<PortInterval> intervals;
  for (auto word = take_word(text, ", \t\n"); !word.empty(); word = take_word(text, ", \t\n")) {
    const auto dash = word.find('-');
    const auto last = dash == std::string_view::npos ? word : word.substr(dash + 1);
    if (const auto interval = make_interval(word.substr(0, dash), last)) intervals.push_back(*interval);
  }
  return intervals;
}

}  // namespace

HostPorts read_host_ports(const std::string& directory) {
  HostPorts ports;
  if (const auto range = parse_range(read_setting(directory + "/ip_local_port_range"))) ports.ephemeral = *range;
  ports.reserved = parse_intervals(read_setting(directory + "/ip_local_reserved_ports"));
  const std::string start_text = read_setting(directory + "/ip_unprivileged_port_start");
  std::string_view start(start_text);
  ports.first_unprivileged_port =
      parse_unsigned<std::uint16_t>(take_word(start, " \t\n")).value_or(ports.first_unprivileged_port);
  return ports;
}

}  // namespace tcp::net
