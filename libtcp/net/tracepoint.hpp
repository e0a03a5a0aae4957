// SPDX-License-Identifier: MIT
// One of the kernel's tracepoints, listened to on all processors through perf_event_open(2): nothing is switched on in
// tracefs that would have to be switched off again, whatever becomes of this process.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/base/unique_fd.hpp"
#include "libtcp/net/mapping.hpp"
#include "libtcp/net/perf_ring.hpp"

namespace tcp::net {

struct TracepointSample {
  MonotonicTime at;                      // when the kernel passed the tracepoint
  std::span<const std::uint8_t> record;  // as format() describes it; good for the call only
};

class Tracepoint {
 public:
  // `filter`: the kernel's filter language ("protocol == 6"); empty: everything. Needs CAP_PERFMON or root, and tracefs
  // mounted or the right to mount it (it is mounted nowhere but in this process, for a moment).
  // Errors: not_permitted; not_found: no such tracepoint in this kernel; the kernel's.
  [[nodiscard]] static Result<Tracepoint> open(const std::string& system, const std::string& name,
                                               const std::string& filter);

  // The text of the tracepoint's `format` file.
  [[nodiscard]] const std::string& format() const noexcept { return format_; }
  // Readable when there are samples.
  [[nodiscard]] int fd() const noexcept { return epoll_.get(); }
  // Hands over what there is, processor after processor, each in the order of time.
  void drain(const std::function<void(const TracepointSample& sample)>& handler);
  // Samples that the kernel had no room for.
  [[nodiscard]] std::uint64_t lost() const noexcept;

 private:
  struct Ring {
    UniqueFd fd;
    Mapping mapping;
    PerfRingState state;
  };
  Tracepoint() = default;
  [[nodiscard]] Result<void> open_rings(std::uint64_t id, const std::string& filter);
  [[nodiscard]] Result<void> add_ring(UniqueFd fd, const std::string& filter);

  std::string format_;
  UniqueFd epoll_;
  std::vector<Ring> rings_;
};

}  // namespace tcp::net
