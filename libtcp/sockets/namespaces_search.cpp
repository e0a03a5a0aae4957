// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "libtcp/base/parse.hpp"
#include "libtcp/net/capabilities.hpp"
#include "libtcp/sockets/cgroup.hpp"
#include "libtcp/sockets/directory_reader.hpp"
#include "libtcp/sockets/namespaces.hpp"

namespace tcp::sockets {
namespace {

std::string attempt_for(std::string_view word) { return "network namespace '" + std::string(word) + "'"; }

// "net:[4026531840]"; errno says why there is none.
std::optional<std::uint64_t> read_namespace(int proc, const std::string& process) {
  constexpr std::string_view kPrefix = "net:[";
  std::array<char, 64> buffer{};
  const ssize_t length = ::readlinkat(proc, (process + "/ns/net").c_str(), buffer.data(), buffer.size());
  if (length < 0) return std::nullopt;
  const std::string_view link(buffer.data(), static_cast<std::size_t>(length));
  errno = ENOENT;
  if (!link.starts_with(kPrefix) || !link.ends_with(']')) return std::nullopt;
  return parse_unsigned<std::uint64_t>(link.substr(kPrefix.size(), link.size() - kPrefix.size() - 1));
}

class Finder {
 public:
  explicit Finder(const NamespacePlaces& places) : places_(places), proc_(open_directory(AT_FDCWD, places.proc)) {}

  Result<void> find_own() {
    const auto own = read_namespace(proc_.get(), "self");
    if (!own) return system_error("read this process's network namespace");
    own_ = *own;
    return {};
  }

  // Every process in the order of /proc, which is that of their IDs.
  template <class Visit>
  void for_each_process(const Visit& visit) {
    DirectoryReader reader;
    reader.open(open_directory(proc_.get(), "."));
    while (const char* name = reader.next()) {
      const auto pid = parse_unsigned<std::uint32_t>(name);
      if (!pid || !std::in_range<pid_t>(*pid)) continue;
      const auto inode = read_namespace(proc_.get(), name);
      if (!inode && (errno == EACCES || errno == EPERM)) ++list_.forbidden;
      if (inode) visit(static_cast<pid_t>(*pid), *inode);
    }
  }

  void add_process(pid_t pid, std::uint64_t inode) {
    NetworkNamespace& one = at(inode);
    if (one.pid != 0 && one.pid <= pid) return;
    one.pid = pid;
    one.container = one.own ? std::string() : container_of(pid);
  }

  // Only what is mounted there is a namespace; a file that was left behind is none.
  [[nodiscard]] std::optional<std::uint64_t> named(std::string_view name) const {
    struct stat some{};
    struct stat status{};
    if (name.empty() || name.starts_with('.') || name.find('/') != std::string_view::npos) return std::nullopt;
    if (::fstatat(proc_.get(), "self/ns/net", &some, 0) != 0) return std::nullopt;
    if (::stat((std::string(places_.names) + '/' + std::string(name)).c_str(), &status) != 0) return std::nullopt;
    return status.st_dev == some.st_dev ? std::optional<std::uint64_t>(status.st_ino) : std::nullopt;
  }

  void add_name(const std::string& name, std::uint64_t inode) {
    NetworkNamespace& one = at(inode);
    if (one.name.empty() || name < one.name) one.name = name;
  }

  void add_names() {
    DirectoryReader reader;
    reader.open(open_directory(AT_FDCWD, places_.names));
    while (const char* name = reader.next()) {
      if (const auto inode = named(name)) add_name(name, *inode);
    }
  }

  [[nodiscard]] std::string container_of(pid_t pid) const {
    return container_of_cgroup(cgroup_of_process(proc_.get(), pid));
  }
  [[nodiscard]] std::string whole_container_of(pid_t pid) const {
    return whole_container_of_cgroup(cgroup_of_process(proc_.get(), pid));
  }
  [[nodiscard]] std::optional<std::uint64_t> namespace_of(pid_t pid) const {
    return read_namespace(proc_.get(), std::to_string(pid));
  }

  [[nodiscard]] NamespaceList finish() {
    const auto order = [](const NetworkNamespace& one) {
      return std::tuple(!one.own, one.name.empty(), one.name, one.pid, one.inode);
    };
    std::ranges::sort(list_.namespaces, {}, order);
    return std::move(list_);
  }

 private:
  NetworkNamespace& at(std::uint64_t inode) {
    const auto [place, is_new] = index_.try_emplace(inode, list_.namespaces.size());
    if (is_new) {
      NetworkNamespace one;
      one.inode = inode;
      one.own = inode == own_;
      list_.namespaces.push_back(std::move(one));
    }
    return list_.namespaces[place->second];
  }

  NamespacePlaces places_;
  UniqueFd proc_;
  std::uint64_t own_ = 0;
  NamespaceList list_;
  std::unordered_map<std::uint64_t, std::size_t> index_;
};

Result<void> add_pid(Finder& finder, pid_t pid, std::string_view word) {
  const auto inode = finder.namespace_of(pid);
  if (!inode && (errno == EACCES || errno == EPERM))
    return net::privileged_call_error(attempt_for(word), net::Capability::sys_ptrace);
  if (!inode) return make_error(Errc::not_found, attempt_for(word), "no such process");
  finder.add_process(pid, *inode);
  return {};
}

// The processes of one container are usually, but not always, in one namespace. A whole name goes before the beginning
// of another.
Result<void> add_container(Finder& finder, std::string_view word) {
  std::map<std::string, std::vector<std::pair<pid_t, std::uint64_t>>, std::less<>> met;
  finder.for_each_process([&](pid_t pid, std::uint64_t inode) {
    std::string container = finder.whole_container_of(pid);
    if (container.starts_with(word)) met[std::move(container)].emplace_back(pid, inode);
  });
  auto meant = met.find(word);
  if (meant == met.end() && met.size() > 1) return usage_error(attempt_for(word), "several containers begin like that");
  if (meant == met.end()) meant = met.begin();
  if (meant == met.end())
    return make_error(Errc::not_found, attempt_for(word), "no namespace, process or container is called that");
  for (const auto& [pid, inode] : meant->second) finder.add_process(pid, inode);
  return {};
}

}  // namespace

Result<NamespaceList> list_network_namespaces(const NamespacePlaces& places) {
  Finder finder(places);
  TCP_TRY(finder.find_own());
  finder.add_names();
  finder.for_each_process([&](pid_t pid, std::uint64_t inode) { finder.add_process(pid, inode); });
  return finder.finish();
}

Result<NamespaceList> select_network_namespaces(std::string_view word, const NamespacePlaces& places) {
  if (word == "all") return list_network_namespaces(places);
  if (word.empty()) return usage_error("network namespace ''", "must be all, a name, a process ID or a container");
  Finder finder(places);
  TCP_TRY(finder.find_own());
  if (const auto inode = finder.named(word)) {
    finder.add_name(std::string(word), *inode);
    return finder.finish();
  }
  const auto pid = parse_unsigned<std::uint32_t>(word);
  if (pid && std::in_range<pid_t>(*pid)) {
    const auto added = add_pid(finder, static_cast<pid_t>(*pid), word);
    if (added) return finder.finish();
    if (!added.error().is(Errc::not_found)) return std::unexpected(added.error());
  }
  TCP_TRY(add_container(finder, word));
  return finder.finish();
}

}  // namespace tcp::sockets
