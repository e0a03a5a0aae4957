// SPDX-License-Identifier: MIT
#include "libtcp/ports/services_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "libtcp/base/parse.hpp"
#include "libtcp/base/unique_fd.hpp"
#include "libtcp/ports/text.hpp"

namespace tcp::ports {
namespace {

constexpr std::size_t kLargestFile = 4U << 20;
constexpr std::size_t kMostLines = 100'000;
constexpr std::size_t kLongestName = 64;
constexpr std::size_t kMostAliases = 16;
constexpr std::string_view kBlanks = " \t\r";

// The next word of the line, which it is taken off; empty at the end.
std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(kBlanks));
  line.remove_prefix(word.size());
  return word;
}

bool is_name(std::string_view word) {
  const auto printable = [](char c) { return c > ' ' && c < '\x7f'; };
  return !word.empty() && word.size() <= kLongestName && std::ranges::all_of(word, printable);
}

// name port/protocol alias... # comment
std::optional<LocalService> parse_line(std::string_view line) {
  line = line.substr(0, line.find('#'));
  const std::string_view name = take_word(line);
  const std::string_view place = take_word(line);
  const std::size_t slash = place.find('/');
  if (!is_name(name) || slash == std::string_view::npos) return std::nullopt;
  const auto port = parse_unsigned<std::uint16_t>(place.substr(0, slash));
  const auto protocol = parse_protocol(place.substr(slash + 1));
  if (!port || !protocol) return std::nullopt;
  LocalService service{std::string(name), *port, *protocol, {}};
  for (std::string_view alias = take_word(line); !alias.empty(); alias = take_word(line)) {
    if (is_name(alias) && service.aliases.size() < kMostAliases) service.aliases.emplace_back(alias);
  }
  return service;
}

}  // namespace

bool LocalService::is_called(std::string_view word) const noexcept {
  if (equal_ignoring_case(name, word)) return true;
  return std::ranges::any_of(aliases, [&](const std::string& alias) { return equal_ignoring_case(alias, word); });
}

std::vector<LocalService> parse_services(std::string_view text) {
  std::vector<LocalService> services;
  services.reserve(512);  // Debian's has 335
  for (std::size_t lines = 0; !text.empty() && lines < kMostLines; ++lines) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (auto service = parse_line(line)) services.push_back(std::move(*service));
  }
  return services;
}

Result<std::vector<LocalService>> read_services(const char* path) {
  // O_NONBLOCK: a FIFO in its place must not make us wait.
  const UniqueFd fd(::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd && errno == ENOENT) return std::vector<LocalService>{};
  if (!fd) return system_error(std::string("open ") + path);
  std::string text;
  while (text.size() < kLargestFile) {
    char buffer[16384];
    const ssize_t count = ::read(fd.get(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error(std::string("read ") + path);
    if (count == 0) break;
    text.append(buffer, static_cast<std::size_t>(count));
  }
  return parse_services(text);
}

}  // namespace tcp::ports
