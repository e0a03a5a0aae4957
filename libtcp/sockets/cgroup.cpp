// SPDX-License-Identifier: MIT
#include "libtcp/sockets/cgroup.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "libtcp/base/parse.hpp"

namespace tcp::sockets {
namespace {

constexpr std::size_t kIdLength = 64;
constexpr std::size_t kShortIdLength = 12;
constexpr std::size_t kLongestText = std::size_t{64} << 10U;  // a line each for a dozen of hierarchies

// The kinds of units that have processes.
constexpr std::array<std::string_view, 5> kUnitSuffixes{{".service", ".scope", ".socket", ".mount", ".swap"}};

// Takes the last component off the end of `path`; empty ones are passed over.
std::string_view take_last(std::string_view& path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  const std::string_view last = slash == std::string_view::npos ? path : path.substr(slash + 1);
  path.remove_suffix(last.size());
  return last;
}

std::string_view last_of(std::string_view path) { return take_last(path); }

bool is_unit(std::string_view name) {
  return std::ranges::any_of(
      kUnitSuffixes, [&](std::string_view suffix) { return name.size() > suffix.size() && name.ends_with(suffix); });
}

bool is_container_id(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  return text.size() == kIdLength && text.find_first_not_of(kDigits) == std::string_view::npos;
}

// What systemd escapes in the names of machines: "\x2d" is a hyphen, a hyphen a slash. Anything else stays.
std::string unescape(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    std::uint8_t byte = 0;
    const bool escaped = text.starts_with("\\x") && text.size() >= 4 &&
                         std::from_chars(text.data() + 2, text.data() + 4, byte, 16).ptr == text.data() + 4;
    result += escaped ? static_cast<char>(byte) : text.front();
    text.remove_prefix(escaped ? 4 : 1);
  }
  return result;
}

std::optional<std::string_view> between(std::string_view text, std::string_view prefix, std::string_view suffix) {
  if (text.size() <= prefix.size() + suffix.size() || !text.starts_with(prefix) || !text.ends_with(suffix))
    return std::nullopt;
  return text.substr(prefix.size(), text.size() - prefix.size() - suffix.size());
}

// An ID stands alone ("/docker/ID"), behind the name of what runs it ("docker-ID.scope", "cri-containerd-ID.scope",
// "libpod-ID") or behind colons ("kubepods-besteffort-podX.slice:cri-containerd:ID"). What watches a container is not
// in it ("libpod-conmon-ID.scope").
std::string_view id_in(std::string_view name) {
  if (const auto scope = between(name, "", ".scope")) name = *scope;
  if (name.size() < kIdLength || name.find("conmon") != std::string_view::npos) return {};
  const std::string_view id = name.substr(name.size() - kIdLength);
  if (!is_container_id(id)) return {};
  const std::string_view before = name.substr(0, name.size() - kIdLength);
  return before.empty() || before.ends_with('-') || before.ends_with(':') ? id : std::string_view();
}

// `name` and the directory it is in.
std::string container_in(std::string_view name, std::string_view parent) {
  if (const std::string_view id = id_in(name); !id.empty()) return std::string(id);
  if (const auto lxc = between(name, "lxc.payload.", "")) return std::string(*lxc);
  if (!name.empty() && (parent == "lxc" || parent == "lxc.payload")) return std::string(name);
  if (const auto machine = between(name, "machine-", ".scope")) return unescape(*machine);
  if (const auto machine = between(name, "systemd-nspawn@", ".service")) return unescape(*machine);
  return {};
}

}  // namespace

std::string_view unit_of_cgroup(std::string_view path) {
  while (!path.empty()) {
    std::string_view name = take_last(path);
    // systemd puts an underscore before names that the kernel could want for a file of its own.
    if (name.starts_with('_')) name.remove_prefix(1);
    if (is_unit(name)) return name;
  }
  return {};
}

std::string whole_container_of_cgroup(std::string_view path) {
  while (!path.empty()) {
    const std::string_view name = take_last(path);
    std::string container = container_in(name, last_of(path));
    if (!container.empty()) return container;
  }
  return {};
}

std::string container_of_cgroup(std::string_view path) {
  std::string container = whole_container_of_cgroup(path);
  if (is_container_id(container)) container.resize(kShortIdLength);
  return container;
}

std::string_view cgroup_from_text(std::string_view text) {
  constexpr std::string_view kRemoved = " (deleted)";
  std::string_view unified;
  std::string_view systemd;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with(kRemoved)) line.remove_suffix(kRemoved.size());
    if (line.starts_with("0::/")) unified = line.substr(3);
    // "ID:name=systemd:PATH"
    constexpr std::string_view kSystemd = ":name=systemd:";
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && line.substr(colon).starts_with(kSystemd))
      systemd = line.substr(colon + kSystemd.size());
  }
  const bool is_used = unified.size() > 1 || systemd.empty();
  return is_used ? unified : systemd;
}

std::string cgroup_of_process(int proc, pid_t pid) {
  const UniqueFd fd(::openat(proc, (std::to_string(pid) + "/cgroup").c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  std::array<char, 4096> buffer{};
  while (fd && text.size() < kLongestText) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return std::string(cgroup_from_text(text));
}

}  // namespace tcp::sockets
