// SPDX-License-Identifier: MIT
// Unix-domain sockets and the files that name them (unix(7)).
#pragma once

#include <sys/types.h>

#include <string>

#include "libtcp/base/error.hpp"
#include "libtcp/base/unique_fd.hpp"
#include "libtcp/stream/address.hpp"
#include "libtcp/stream/socket_options.hpp"

namespace tcp::stream {

// The file of a listening socket; it is removed with its owner, unless another file has taken its place. An abstract
// name has none.
class SocketFile {
 public:
  SocketFile() = default;
  explicit SocketFile(const UnixName& name);
  SocketFile(SocketFile&& other) noexcept;
  SocketFile& operator=(SocketFile&& other) noexcept;
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;
  ~SocketFile() { remove(); }

 private:
  void remove() noexcept;

  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

struct UnixListener {
  UniqueFd socket;
  SocketFile file;
};

// A socket file that a dead listener left behind is replaced; anything else that is there stays. The umask decides who
// may connect. Errors: "listen on unix:NAME".
[[nodiscard]] Result<UnixListener> listen_on_unix(const UnixName& name, const SocketOptions& options);

// Never waits. Errors: "connect to unix:NAME", EAGAIN when the listener's queue is full.
[[nodiscard]] Result<UniqueFd> connect_unix(const UnixName& name, const SocketOptions& options);

}  // namespace tcp::stream
