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
#include "libtcp/net/tracefs.hpp"

namespace tcp::net {
namespace {

constexpr std::size_t kRingPages = 64;  // 256 KiB a processor: some 2,500 records
constexpr const char* kAttempt = "listen to tracepoint";

std::size_t page_bytes() { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

UniqueFd open_on(std::uint64_t id, int processor) {
  perf_event_attr attributes{};
  attributes.type = PERF_TYPE_TRACEPOINT;
  attributes.size = sizeof attributes;
  attributes.config = id;
  attributes.sample_period = 1;
  attributes.sample_type = PERF_SAMPLE_TIME | PERF_SAMPLE_RAW;
  attributes.disabled = 1;
  attributes.wakeup_events = 1;
  attributes.use_clockid = 1;
  attributes.clockid = CLOCK_MONOTONIC;
  return UniqueFd(
      static_cast<int>(::syscall(SYS_perf_event_open, &attributes, -1, processor, -1, PERF_FLAG_FD_CLOEXEC)));
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

Result<Tracepoint> Tracepoint::open(const std::string& system, const std::string& name, const std::string& filter) {
  TCP_TRY_ASSIGN(tracefs, open_tracefs());
  const std::string directory = "events/" + system + "/" + name;
  TCP_TRY_ASSIGN(id_text, read_tracefs(tracefs.get(), directory + "/id"));
  const auto id = parse_unsigned<std::uint64_t>(without_newline(id_text));
  if (!id) return make_error(Errc::malformed, kAttempt, "its id is not a number");
  Tracepoint tracepoint;
  TCP_TRY_ASSIGN(format, read_tracefs(tracefs.get(), directory + "/format"));
  tracepoint.format_ = std::move(format);
  TCP_TRY(tracepoint.open_rings(*id, filter));
  return tracepoint;
}

Result<void> Tracepoint::open_rings(std::uint64_t id, const std::string& filter) {
  epoll_ = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_) return system_error(kAttempt);
  const int processors = static_cast<int>(::sysconf(_SC_NPROCESSORS_CONF));
  for (int processor = 0; processor < processors; ++processor) {
    UniqueFd fd = open_on(id, processor);
    if (!fd && errno == ENODEV) continue;  // switched off
    if (!fd) return refused();
    TCP_TRY(add_ring(std::move(fd), filter));
  }
  for (const Ring& ring : rings_) {
    if (::ioctl(ring.fd.get(), PERF_EVENT_IOC_ENABLE, 0) != 0) return system_error(kAttempt);
  }
  return {};
}

Result<void> Tracepoint::add_ring(UniqueFd fd, const std::string& filter) {
  if (!filter.empty() && ::ioctl(fd.get(), PERF_EVENT_IOC_SET_FILTER, filter.c_str()) != 0) {
    return system_error(kAttempt);
  }
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
