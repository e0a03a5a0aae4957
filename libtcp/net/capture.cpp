// SPDX-License-Identifier: MIT
// The only file that knows libpcap.
#include "libtcp/net/capture.hpp"

#include <net/if.h>
#include <pcap/pcap.h>

#include <algorithm>
#include <array>

#include "libtcp/net/capabilities.hpp"
#include "libtcp/net/wait.hpp"

namespace tcp::net {
namespace {

struct PcapClose {
  void operator()(pcap_t* handle) const noexcept { pcap_close(handle); }
};
using PcapHandle = std::unique_ptr<pcap_t, PcapClose>;

constexpr int kLinkTypeRaw = 101;
constexpr int kLargestSnapshot = 262144;
constexpr std::int64_t kLargestSeconds = 4'500'000'000;  // year 2112: the difference of two fits 64 bits of nanoseconds
constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;

// LINKTYPE_ numbers are libpcap's DLT_ numbers but for those that systems disagree on.
int to_link_type(int dlt) { return dlt == DLT_RAW || dlt == 14 ? kLinkTypeRaw : dlt; }

// A file can hold any number for a time: it is bent into what a clock can say.
WallTime to_wall_time(const timeval& time, bool nanoseconds) {
  const std::int64_t unit = nanoseconds ? 1 : 1000;
  const auto seconds = std::clamp<std::int64_t>(time.tv_sec, -kLargestSeconds, kLargestSeconds);
  const auto fraction = std::clamp<std::int64_t>(time.tv_usec, 0, kNanosecondsPerSecond / unit - 1) * unit;
  return WallTime(std::chrono::seconds(seconds) + std::chrono::nanoseconds(fraction));
}

Result<void> set_filter(pcap_t* handle, const std::string& expression) {
  if (expression.empty()) return {};
  bpf_program program{};
  if (pcap_compile(handle, &program, expression.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0) {
    return usage_error("filter '" + expression + "'", pcap_geterr(handle));
  }
  const int set = pcap_setfilter(handle, &program);
  pcap_freecode(&program);
  if (set != 0) return usage_error("filter '" + expression + "'", pcap_geterr(handle));
  return {};
}

std::unexpected<Error> activation_error(pcap_t* handle, int status, const std::string& interface) {
  std::string attempt = "capture on " + interface;
  switch (status) {
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
      return make_error(Errc::not_permitted, std::move(attempt), "needs CAP_NET_RAW", how_to_get(Capability::net_raw));
    case PCAP_ERROR_IFACE_NOT_UP: return system_error(std::move(attempt), ENETDOWN);
    case PCAP_ERROR_NO_SUCH_DEVICE: return system_error(std::move(attempt), ENODEV);
    default: break;
  }
  const std::string reason = pcap_geterr(handle);
  return make_error(Errc::unsupported, std::move(attempt), reason.empty() ? pcap_statustostr(status) : reason);
}

Result<void> activate(pcap_t* handle, const LiveOptions& options) {
  const int snapshot_length =
      static_cast<int>(std::clamp<std::uint32_t>(options.snapshot_length, 64, kLargestSnapshot));
  pcap_set_snaplen(handle, snapshot_length);
  pcap_set_promisc(handle, options.promiscuous ? 1 : 0);
  pcap_set_immediate_mode(handle, 1);
  pcap_set_buffer_size(handle, static_cast<int>(std::min<std::uint32_t>(options.buffer_bytes, 1U << 30)));
  pcap_set_tstamp_precision(handle, PCAP_TSTAMP_PRECISION_NANO);  // refused: microseconds, as it tells afterwards
  const int status = pcap_activate(handle);
  if (status < 0) return activation_error(handle, status, options.interface);
  TCP_TRY(set_filter(handle, options.filter));
  std::array<char, PCAP_ERRBUF_SIZE> reason{};
  if (pcap_setnonblock(handle, 1, reason.data()) != 0) {
    return make_error(Errc::unsupported, "capture on " + options.interface, reason.data());
  }
  return {};
}

}  // namespace

struct Capture::Impl {
  PcapHandle handle;
  std::string attempt;  // for errors: "capture on INTERFACE"
  bool nanoseconds = false;
  bool ended = false;
};

struct PacketFilter::Program {
  bpf_program code{};
  ~Program() { pcap_freecode(&code); }
};

PacketFilter::PacketFilter(std::unique_ptr<Program> program) : program_(std::move(program)) {}
PacketFilter::PacketFilter(PacketFilter&&) noexcept = default;
PacketFilter& PacketFilter::operator=(PacketFilter&&) noexcept = default;
PacketFilter::~PacketFilter() = default;

Result<PacketFilter> PacketFilter::compile(const std::string& expression, int link_type) {
  const PcapHandle handle(pcap_open_dead(link_type == kLinkTypeRaw ? DLT_RAW : link_type, kLargestSnapshot));
  auto program = std::make_unique<Program>();
  if (!handle) return make_error(Errc::unsupported, "compile a filter", "no memory");
  if (pcap_compile(handle.get(), &program->code, expression.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0) {
    return usage_error("filter '" + expression + "'", pcap_geterr(handle.get()));
  }
  return PacketFilter(std::move(program));
}

bool PacketFilter::passes(std::span<const std::uint8_t> frame, std::uint32_t original_length) const {
  const pcap_pkthdr header{.ts = {}, .caplen = static_cast<bpf_u_int32>(frame.size()), .len = original_length};
  return pcap_offline_filter(&program_->code, &header, frame.data()) != 0;
}

std::unexpected<Error> Capture::end_error(const Impl& impl) {
  const std::string reason = pcap_geterr(impl.handle.get());
  auto lost = system_error(impl.attempt, ENETDOWN);
  lost.error().detail = reason;
  return lost;
}

Capture::Capture(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Capture::Capture(Capture&&) noexcept = default;
Capture& Capture::operator=(Capture&&) noexcept = default;
Capture::~Capture() = default;

Result<Capture> Capture::open_live(const LiveOptions& options) {
  // libpcap takes names of other worlds too (bluetooth0, usbmon1, dbus-system); frames of a network are meant here.
  if (options.interface != "any" && ::if_nametoindex(options.interface.c_str()) == 0) {
    return make_error(Errc::not_found, "capture on " + options.interface, "there is no such interface");
  }
  std::array<char, PCAP_ERRBUF_SIZE> reason{};
  PcapHandle handle(pcap_create(options.interface.c_str(), reason.data()));
  if (!handle) return make_error(Errc::unsupported, "capture on " + options.interface, reason.data());
  TCP_TRY(activate(handle.get(), options));
  const bool nanoseconds = pcap_get_tstamp_precision(handle.get()) == PCAP_TSTAMP_PRECISION_NANO;
  return Capture(std::make_unique<Impl>(
      Impl{.handle = std::move(handle), .attempt = "capture on " + options.interface, .nanoseconds = nanoseconds}));
}

Result<std::optional<CapturedFrame>> Capture::next(MonotonicTime deadline) {
  Impl& impl = *impl_;
  if (impl.ended) return std::nullopt;
  pcap_pkthdr* header = nullptr;
  const std::uint8_t* bytes = nullptr;
  int status = pcap_next_ex(impl.handle.get(), &header, &bytes);
  while (status == 0) {  // nothing there yet
    TCP_TRY_ASSIGN(ready, wait_readable(pcap_get_selectable_fd(impl.handle.get()), deadline));
    if (!ready) return std::nullopt;
    status = pcap_next_ex(impl.handle.get(), &header, &bytes);
    if (status == 0 && SystemClock().now() >= deadline) return std::nullopt;  // only frames that the filter drops
  }
  if (status != 1) {
    impl.ended = true;
    if (status == PCAP_ERROR_BREAK) return std::nullopt;
    return end_error(impl);
  }
  return CapturedFrame{.bytes = {bytes, header->caplen},
                       .original_length = std::max(header->len, header->caplen),
                       .time = to_wall_time(header->ts, impl.nanoseconds)};
}

int Capture::link_type() const noexcept { return to_link_type(pcap_datalink(impl_->handle.get())); }

CaptureStatistics Capture::statistics() const {
  pcap_stat counts{};
  if (pcap_stats(impl_->handle.get(), &counts) != 0) return {};
  return {.received = counts.ps_recv, .dropped_by_kernel = counts.ps_drop, .dropped_by_interface = counts.ps_ifdrop};
}

}  // namespace tcp::net
