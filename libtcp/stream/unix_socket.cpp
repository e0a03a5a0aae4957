// SPDX-License-Identifier: MIT
#include "libtcp/stream/unix_socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <limits>
#include <optional>
#include <utility>

#include "libtcp/stream/socket.hpp"

namespace tcp::stream {
namespace {

bool is_abstract(const UnixName& name) { return name.path.starts_with('@'); }

Result<void> bind_name(int fd, const UnixName& name) {
  const SocketAddress address = to_socket_address(name);
  if (::bind(fd, address.get(), address.length) != 0) return system_error("listen on " + to_string(name));
  return {};
}

std::optional<struct stat> look_at(const std::string& path) {
  struct stat file{};
  if (::lstat(path.c_str(), &file) != 0) return std::nullopt;
  return file;
}

bool is_same_file(const struct stat& a, const struct stat& b) { return a.st_dev == b.st_dev && a.st_ino == b.st_ino; }

// No socket stands behind the name any more. Asked as for datagrams, so that a listener that is alive gets no client
// out of it: it has the wrong type (EPROTOTYPE).
bool is_abandoned(const UnixName& name) {
  const UniqueFd probe(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const SocketAddress address = to_socket_address(name);
  return probe && ::connect(probe.get(), address.get(), address.length) != 0 && errno == ECONNREFUSED;
}

// Another listener may have replaced the file while it was looked at: then it is theirs.
Result<void> remove_abandoned(const UnixName& name) {
  const std::string attempt = "listen on " + to_string(name);
  const auto before = look_at(name.path);
  if (!before) return {};
  if (!S_ISSOCK(before->st_mode)) return make_error(Errc::unsupported, attempt, "another file is there, and no socket");
  if (!is_abandoned(name)) return system_error(attempt, EADDRINUSE);
  const auto now = look_at(name.path);
  if (now && !is_same_file(*before, *now)) return system_error(attempt, EADDRINUSE);
  if (::unlink(name.path.c_str()) != 0 && errno != ENOENT) return system_error(attempt);
  return {};
}

Result<void> claim_name(int fd, const UnixName& name) {
  auto bound = bind_name(fd, name);
  if (bound || is_abstract(name) || !bound.error().is(std::errc::address_in_use)) return bound;
  TCP_TRY(remove_abandoned(name));
  return bind_name(fd, name);
}

}  // namespace

SocketFile::SocketFile(const UnixName& name) {
  if (is_abstract(name)) return;
  const auto file = look_at(name.path);
  if (!file) return;
  path_ = name.path;
  device_ = file->st_dev;
  inode_ = file->st_ino;
}

SocketFile::SocketFile(SocketFile&& other) noexcept
    : path_(std::exchange(other.path_, {})), device_(other.device_), inode_(other.inode_) {}

SocketFile& SocketFile::operator=(SocketFile&& other) noexcept {
  if (this == &other) return *this;
  remove();
  path_ = std::exchange(other.path_, {});
  device_ = other.device_;
  inode_ = other.inode_;
  return *this;
}

void SocketFile::remove() noexcept {
  if (path_.empty()) return;
  const auto file = look_at(path_);
  if (file && file->st_dev == device_ && file->st_ino == inode_) ::unlink(path_.c_str());
}

Result<UnixListener> listen_on_unix(const UnixName& name, const SocketOptions& options) {
  TCP_TRY_ASSIGN(socket, open_unix_socket());
  TCP_TRY(apply(options, socket.get(), name, SocketRole::listening));
  TCP_TRY(claim_name(socket.get(), name));
  SocketFile file(name);
  constexpr int kBacklog = std::numeric_limits<int>::max();  // the kernel cuts it to net.core.somaxconn
  if (::listen(socket.get(), kBacklog) != 0) return system_error("listen on " + to_string(name));
  return UnixListener{std::move(socket), std::move(file)};
}

Result<UniqueFd> connect_unix(const UnixName& name, const SocketOptions& options) {
  TCP_TRY_ASSIGN(socket, open_unix_socket());
  TCP_TRY(apply(options, socket.get(), name, SocketRole::dialing));
  const SocketAddress address = to_socket_address(name);
  if (::connect(socket.get(), address.get(), address.length) != 0) return system_error("connect to " + to_string(name));
  return std::move(socket);
}

}  // namespace tcp::stream
