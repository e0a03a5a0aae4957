// SPDX-License-Identifier: MIT
#include "libtcp/net/tracepoint.hpp"

#include <linux/perf_event.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <ctime>

#include "libtcp/base/parse.hpp"
#include "libtcp/net/bpf_output.hpp"
#include "libtcp/net/tracefs.hpp"

namespace tcp::net {
namespace {

constexpr std::size_t kRingPages = 64;  // 256 KiB a processor: some 2,500 records
constexpr const char* kAttempt = "listen to tracepoint";

std::size_t page_bytes() { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

perf_event_attr event_of(perf_type_id type, std::uint64_t id) {
  perf_event_attr event{};
  event.type = type;
  event.size = sizeof event;
  event.config = id;
  event.sample_period = 1;
  event.sample_type = PERF_SAMPLE_TIME | PERF_SAMPLE_RAW;
  event.disabled = 1;
  event.wakeup_events = 1;
  event.use_clockid = 1;
  event.clockid = CLOCK_MONOTONIC;
  return event;
}

int processors() { return static_cast<int>(::sysconf(_SC_NPROCESSORS_CONF)); }

UniqueFd open_on(perf_event_attr event, int processor) {
  return UniqueFd(static_cast<int>(::syscall(SYS_perf_event_open, &event, -1, processor, -1, PERF_FLAG_FD_CLOEXEC)));
}

std::unexpected<Error> refused() {
  if (errno != EACCES && errno != EPERM) return system_error(kAttempt);
  return make_error(Errc::not_permitted, kAttempt, "it needs CAP_PERFMON", "run as root");
}

std::string without_newline(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace

Result<std::uint64_t> Tracepoint::find(const std::string& system, const std::string& name) {
  TCP_TRY_ASSIGN(tracefs, open_tracefs());
  const std::string directory = "events/" + system + "/" + name;
  TCP_TRY_ASSIGN(id_text, read_tracefs(tracefs.get(), directory + "/id"));
  const auto id = parse_unsigned<std::uint64_t>(without_newline(id_text));
  if (!id) return make_error(Errc::malformed, kAttempt, "its id is not a number");
  TCP_TRY_ASSIGN(format, read_tracefs(tracefs.get(), directory + "/format"));
  format_ = std::move(format);
  return *id;
}

Result<Tracepoint> Tracepoint::open(const std::string& system, const std::string& name, const std::string& filter) {
  Tracepoint tracepoint;
  TCP_TRY_ASSIGN(id, tracepoint.find(system, name));
  const auto set_filter = [&](int, int ring) -> Result<void> {
    if (filter.empty() || ::ioctl(ring, PERF_EVENT_IOC_SET_FILTER, filter.c_str()) == 0) return {};
    return system_error(kAttempt);
  };
  TCP_TRY(tracepoint.open_rings(event_of(PERF_TYPE_TRACEPOINT, id), set_filter));
  return tracepoint;
}

Result<Tracepoint> Tracepoint::open(const std::string& system, const std::string& name,
                                    const TracepointProgram& program) {
  Tracepoint tracepoint;
  TCP_TRY_ASSIGN(id, tracepoint.find(system, name));
  TCP_TRY_ASSIGN(map, make_bpf_output_map(static_cast<unsigned>(processors())));
  const auto put = [&](int processor, int ring) {
    return set_bpf_output(map.get(), static_cast<unsigned>(processor), ring);
  };
  TCP_TRY(tracepoint.open_rings(event_of(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_BPF_OUTPUT), put));
  TCP_TRY_ASSIGN(code, program.make(tracepoint.format_, map.get()));
  TCP_TRY_ASSIGN(loaded, load_tracepoint_program(code, program.license));
  TCP_TRY(tracepoint.run_program(id, loaded.get()));
  tracepoint.program_output_ = std::move(map);
  return tracepoint;
}

// Attached to the event of one processor, it runs for the samples of all; that event itself is never read.
Result<void> Tracepoint::run_program(std::uint64_t id, int program) {
  for (int processor = 0; processor < processors() && !program_event_; ++processor) {
    program_event_ = open_on(event_of(PERF_TYPE_TRACEPOINT, id), processor);
    if (!program_event_ && errno != ENODEV) return refused();
  }
  const int event = program_event_.get();
  if (::ioctl(event, PERF_EVENT_IOC_SET_BPF, program) != 0 || ::ioctl(event, PERF_EVENT_IOC_ENABLE, 0) != 0) {
    return system_error(kAttempt);
  }
  return {};
}

Result<void> Tracepoint::open_rings(const perf_event_attr& event,
                                    const std::function<Result<void>(int processor, int ring)>& prepare) {
  epoll_ = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_) return system_error(kAttempt);
  for (int processor = 0; processor < processors(); ++processor) {
    UniqueFd fd = open_on(event, processor);
    if (!fd && errno == ENODEV) continue;  // switched off
    if (!fd) return refused();
    TCP_TRY(prepare(processor, fd.get()));
    TCP_TRY(add_ring(std::move(fd)));
  }
  for (const Ring& ring : rings_) {
    if (::ioctl(ring.fd.get(), PERF_EVENT_IOC_ENABLE, 0) != 0) return system_error(kAttempt);
  }
  return {};
}

Result<void> Tracepoint::add_ring(UniqueFd fd) {
  TCP_TRY_ASSIGN(mapping, Mapping::make(fd.get(), (1 + kRingPages) * page_bytes(), 0, kAttempt));
  epoll_event wanted{};
  wanted.events = EPOLLIN;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &wanted) != 0) return system_error(kAttempt);
  rings_.push_back({std::move(fd), std::move(mapping), {}});
  return {};
}

void Tracepoint::drain(const std::function<void(const TracepointSample& sample)>& handler) {
  for (Ring& ring : rings_) {
    auto* page = reinterpret_cast<perf_event_mmap_page*>(ring.mapping.data());
    const std::span area(ring.mapping.data() + page_bytes(), kRingPages * page_bytes());
    const std::uint64_t head = std::atomic_ref(page->data_head).load(std::memory_order_acquire);
    read_perf_ring(area, head, ring.state, [&](const PerfSample& sample) {
      handler({MonotonicTime(Duration(static_cast<std::int64_t>(sample.time_ns))), sample.record});
    });
    std::atomic_ref(page->data_tail).store(ring.state.tail, std::memory_order_release);
  }
}

std::uint64_t Tracepoint::lost() const noexcept {
  std::uint64_t lost = 0;
  for (const Ring& ring : rings_) lost += ring.state.lost;
  return lost;
}

}  // namespace tcp::net
