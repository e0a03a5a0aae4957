// SPDX-License-Identifier: MIT
// Finds who holds sockets by reading the links of /proc/PID/fd. What a process is called and so on is read only of
// those that hold something wanted.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "libtcp/base/unique_fd.hpp"
#include "libtcp/sockets/directory_reader.hpp"
#include "libtcp/sockets/holders_table.hpp"

namespace tcp::sockets {

class ProcWalk {
 public:
  // `wanted`: null for all sockets. Everything must stay as long as this does.
  ProcWalk(const HolderOptions& options, InodeSet* wanted, HolderCollector& found);

  // Goes on where it ended, for so many descriptors at most. True: all has been seen, or all that is wanted was met.
  [[nodiscard]] bool run(std::size_t most_descriptors);
  [[nodiscard]] HolderCounts counts() const { return counts_; }

 private:
  [[nodiscard]] bool done() const { return wanted_ != nullptr && wanted_->all_met(); }
  [[nodiscard]] bool open_next_process();
  [[nodiscard]] bool open_process(pid_t pid, bool may_defer);
  void count_failure(int error_number);
  void look_at(const char* descriptor);
  void give_up();
  void add(std::uint32_t inode, int descriptor);

  const HolderOptions& options_;
  InodeSet* wanted_;
  HolderCollector& found_;
  HolderCounts counts_;
  UniqueFd proc_;
  DirectoryReader processes_;
  DirectoryReader descriptors_;
  std::vector<pid_t> deferred_;  // processes with very many descriptors, which come last
  std::size_t next_deferred_ = 0;
  pid_t pid_ = 0;                       // whose descriptors are being read
  std::optional<std::size_t> process_;  // once it holds something wanted
};

// Name and effective user ID of a process; empty and 0 when it has ended.
[[nodiscard]] Process read_process(int proc, pid_t pid);

}  // namespace tcp::sockets
