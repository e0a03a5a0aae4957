// SPDX-License-Identifier: MIT
// One of the kernel's tracepoints, listened to on all processors through perf_event_open(2): nothing is switched on in
// tracefs that would have to be switched off again, whatever becomes of this process.
#pragma once

#include <linux/bpf.h>

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

struct perf_event_attr;

namespace tcp::net {

struct TracepointSample {
  MonotonicTime at;                      // when the kernel passed the tracepoint
  std::span<const std::uint8_t> record;  // as format() describes it; good for the call only
};

// Makes the program that decides which samples are handed over: it runs for each, with the record as its context, hands
// over what it wants by bpf_perf_event_output() to the map `output`, and returns 1: 0 would hide the sample from
// everybody else who listens. `format` is the text of the tracepoint's format file.
struct TracepointProgram {
  std::function<Result<std::vector<bpf_insn>>(const std::string& format, int output)> make;
  const char* license = "";
};

class Tracepoint {
 public:
  // `filter`: the kernel's filter language ("protocol == 6"); empty: everything. Needs CAP_PERFMON or root, and tracefs
  // mounted or the right to mount it (it is mounted nowhere but in this process, for a moment).
  // Errors: not_permitted; not_found: no such tracepoint in this kernel; the kernel's.
  [[nodiscard]] static Result<Tracepoint> open(const std::string& system, const std::string& name,
                                               const std::string& filter);

  // The same through a BPF program; needs CAP_BPF as well, or root.
  [[nodiscard]] static Result<Tracepoint> open(const std::string& system, const std::string& name,
                                               const TracepointProgram& program);

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
  // What it is numbered by; takes its format.
  [[nodiscard]] Result<std::uint64_t> find(const std::string& system, const std::string& name);
  // On all processors; `prepare` is called for each ring before it is switched on.
  [[nodiscard]] Result<void> open_rings(const perf_event_attr& event,
                                        const std::function<Result<void>(int processor, int ring)>& prepare);
  [[nodiscard]] Result<void> add_ring(UniqueFd fd);
  [[nodiscard]] Result<void> run_program(std::uint64_t id, int program);

  std::string format_;
  UniqueFd epoll_;
  UniqueFd program_event_;   // what a program is attached to
  UniqueFd program_output_;  // its map: the kernel empties it once it is closed
  std::vector<Ring> rings_;
};

}  // namespace tcp::net
