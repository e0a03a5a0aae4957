// SPDX-License-Identifier: MIT
// The pieces between whoever finds holders and HolderIndex: what is wanted, what was found, and the finished table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "libtcp/sockets/holders.hpp"

namespace tcp::sockets {

// A set of inodes that remembers which were met.
class InodeSet {
 public:
  explicit InodeSet(std::span<const std::uint32_t> inodes);

  // Is it one of them? Counts it as met.
  bool meet(std::uint32_t inode);
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool all_met() const noexcept { return met_ == size_; }

 private:
  struct Slot {
    std::uint32_t inode = 0;  // 0: free; no socket has it
    bool met = false;
  };
  [[nodiscard]] Slot& slot_of(std::uint32_t inode);

  std::vector<Slot> slots_;  // a power of two, at most half full
  std::size_t size_ = 0;
  std::size_t met_ = 0;
};

// Holders as they are found, in any order and possibly twice.
class HolderCollector {
 public:
  // Its index, good for add().
  [[nodiscard]] std::size_t add_process(Process process);
  void add(std::uint32_t inode, std::size_t process, int descriptor);
  [[nodiscard]] std::vector<Process>& processes() noexcept { return processes_; }

  // Leaves this empty.
  [[nodiscard]] HolderIndex finish(HolderCounts counts);

  struct Record {
    std::uint32_t inode = 0;
    std::uint32_t process = 0;
    std::int32_t descriptor = 0;
  };

 private:
  std::vector<Process> processes_;
  std::vector<Record> records_;
};

}  // namespace tcp::sockets
