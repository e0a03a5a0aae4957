// SPDX-License-Identifier: MIT
#include "libtcp/sockets/holders.hpp"

#include <fcntl.h>

#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libtcp/base/unique_fd.hpp"
#include "libtcp/sockets/cgroup.hpp"
#include "libtcp/sockets/directory_reader.hpp"
#include "libtcp/sockets/holders_bpf.hpp"
#include "libtcp/sockets/holders_proc.hpp"
#include "libtcp/sockets/holders_table.hpp"

namespace tcp::sockets {
namespace {

constexpr std::size_t kWhole = std::numeric_limits<std::size_t>::max();
// For few sockets /proc is asked first. It may take about as long as BPF takes to begin, then BPF takes over: never
// more than twice the time of the better way.
constexpr std::size_t kFewSockets = 64;
constexpr std::size_t kFirstDescriptors = 1500;

void read_cgroups(std::vector<Process>& processes, const HolderOptions& options) {
  if (!options.cgroups) return;
  const UniqueFd proc = open_directory(AT_FDCWD, options.proc);
  for (Process& process : processes) {
    process.cgroup = cgroup_of_process(proc.get(), process.pid);
    process.unit = unit_of_cgroup(process.cgroup);
    process.container = container_of_cgroup(process.cgroup);
  }
}

HolderIndex finish(HolderCollector& found, HolderCounts counts, const HolderOptions& options) {
  read_cgroups(found.processes(), options);
  return found.finish(std::move(counts));
}

// Nothing when BPF was no good; `obstacle` says why.
std::optional<HolderIndex> index_by_bpf(std::optional<InodeSet> wanted, const HolderOptions& options,
                                        std::string& obstacle) {
  HolderCollector found;
  if (auto done = find_holders_by_bpf(wanted ? &*wanted : nullptr, found); !done) {
    obstacle = done.error().message();
    return std::nullopt;
  }
  HolderCounts counts;
  counts.source = HolderSource::bpf;
  counts.processes = found.processes().size();
  return finish(found, std::move(counts), options);
}

HolderIndex index(const std::optional<InodeSet>& sought, const HolderOptions& options) {
  std::optional<std::string> obstacle;
  if (options.may_use_bpf) obstacle = obstacle_to_bpf(options);
  const bool try_bpf = options.may_use_bpf && !obstacle;
  std::optional<InodeSet> wanted = sought;
  HolderCollector found;
  ProcWalk walk(options, wanted ? &*wanted : nullptr, found);
  const bool few = wanted && wanted->size() <= kFewSockets;
  const bool done = few && try_bpf && walk.run(kFirstDescriptors);
  if (!done && try_bpf) {
    if (auto by_bpf = index_by_bpf(sought, options, obstacle.emplace())) return std::move(*by_bpf);
  }
  if (!done) (void)walk.run(kWhole);
  HolderCounts counts = walk.counts();
  counts.bpf_obstacle = std::move(obstacle).value_or("");
  return finish(found, std::move(counts), options);
}

}  // namespace

HolderIndex index_all_holders(const HolderOptions& options) { return index(std::nullopt, options); }

HolderIndex index_holders(std::span<const std::uint32_t> inodes, const HolderOptions& options) {
  InodeSet wanted(inodes);
  if (wanted.size() == 0) return {};
  return index(std::move(wanted), options);
}

}  // namespace tcp::sockets
