// SPDX-License-Identifier: MIT
// Who holds which sockets: through a BPF iterator over all open files where that is permitted (root, or CAP_BPF and
// CAP_PERFMON; Linux 5.11), otherwise through /proc/PID/fd, which costs some microseconds a descriptor and ends early
// once all wanted are found.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "libtcp/base/error.hpp"
#include "libtcp/sockets/socket_row.hpp"

namespace tcp::sockets {

enum class HolderSource : std::uint8_t { proc, bpf };

struct HolderOptions {
  const char* proc = "/proc";  // another directory in tests
  bool may_use_bpf = true;
  bool cgroups = false;  // fill Process::cgroup, unit and container
};

struct HolderCounts {
  HolderSource source = HolderSource::proc;
  std::size_t processes = 0;  // looked into; through BPF: that hold something wanted
  std::size_t forbidden = 0;  // processes that may not be looked into; those that hidepid hides cannot be counted
  std::size_t vanished = 0;   // ended while being looked into
  std::string bpf_obstacle;   // why BPF was not used although it was allowed: "needs CAP_BPF and CAP_PERFMON"
};

class HolderIndex {
 public:
  HolderIndex();
  HolderIndex(HolderIndex&&) noexcept;
  HolderIndex& operator=(HolderIndex&&) noexcept;
  ~HolderIndex();

  // Lowest process ID first, then descriptor; empty when nobody is known. Good as long as the index.
  [[nodiscard]] std::span<const Holder> holders_of(std::uint32_t inode) const;
  [[nodiscard]] const HolderCounts& counts() const noexcept;

  struct Table;
  explicit HolderIndex(std::unique_ptr<Table> table);

 private:
  std::unique_ptr<Table> table_;
};

// The holders of all sockets of all processes. A socket on its way in a message (unix(7), SCM_RIGHTS), or that only a
// mapping or io_uring holds, has no holder.
[[nodiscard]] HolderIndex index_all_holders(const HolderOptions& options);
// Of these inodes only; may end as soon as each has one holder, so that of a socket held by several processes not all
// need be named.
[[nodiscard]] HolderIndex index_holders(std::span<const std::uint32_t> inodes, const HolderOptions& options);

}  // namespace tcp::sockets
