// SPDX-License-Identifier: MIT
// Reads a netlink socket ahead in a thread of its own: the kernel makes the next part of a long dump while the one
// before it is looked at.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>

#include "libtcp/base/error.hpp"

namespace tcp::net {

// One datagram from the kernel, waited for if `may_wait`; empty when it came from another process and is to be ignored,
// nothing when there is none yet. Errors: the system's; timed_out after the socket's own patience.
[[nodiscard]] Result<std::optional<std::span<const std::uint8_t>>> receive_netlink_datagram(
    int fd, std::span<std::uint8_t> buffer, bool may_wait);

class DatagramsAhead {
 public:
  // `fd` stays the caller's, and nobody else reads it meanwhile. Throws std::system_error when there is no thread.
  DatagramsAhead(int fd, std::size_t most_bytes);
  ~DatagramsAhead();
  DatagramsAhead(const DatagramsAhead&) = delete;
  DatagramsAhead& operator=(const DatagramsAhead&) = delete;

  // The next one, good until the next call; nothing once the kernel had no more at hand. Errors: as above.
  [[nodiscard]] Result<std::optional<std::span<const std::uint8_t>>> next();

 private:
  struct Slot {
    std::unique_ptr<std::uint8_t[]> bytes;
    Result<std::optional<std::span<const std::uint8_t>>> datagram;
  };

  void work();

  int fd_;
  std::size_t most_bytes_;
  std::array<Slot, 4> slots_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t read_ = 0;   // so many have been read
  std::size_t taken_ = 0;  // so many are of no use any more
  bool ended_ = false;     // nothing comes behind those read
  bool stopping_ = false;
  bool holds_one_ = false;  // the slot at taken_ is being looked at
  std::thread thread_;
};

}  // namespace tcp::net
