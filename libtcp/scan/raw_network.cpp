// SPDX-License-Identifier: MIT
#include "libtcp/scan/raw_network.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "libtcp/net/bpf.hpp"

namespace tcp::scan {
namespace {

constexpr std::size_t kMostWays = 65536;    // remembered routes
constexpr std::size_t kMostPackets = 1024;  // taken from the socket before the prober gets its turn
constexpr std::uint32_t kReceiveBuffer = 16U << 20;

bool is_full_queue(int error_number) { return error_number == ENOBUFS || error_number == EAGAIN; }

// The kernel's number when it had one.
int number_of(const Error& error) {
  return error.code.category() == std::generic_category() ? error.code.value() : EIO;
}

Result<net::PortGuard> hold_ports(const RawNetworkOptions& options) {
  const auto count = static_cast<std::uint16_t>(options.tries);
  if (!options.v6) return net::PortGuard::hold_range(IpAddress::any(Family::v4), count);
  auto both = net::PortGuard::hold_range(IpAddress::any(Family::v6), count);
  const bool without_v6 = !both && both.error().is(std::errc::address_family_not_supported);
  return without_v6 ? net::PortGuard::hold_range(IpAddress::any(Family::v4), count) : std::move(both);
}

}  // namespace

Result<std::unique_ptr<RawNetwork>> RawNetwork::open(const RawNetworkOptions& options, const Clock& clock) {
  TCP_TRY_ASSIGN(key, make_cookie_key());
  TCP_TRY_ASSIGN(guard, hold_ports(options));
  net::PacketSocketOptions capture_options;
  // All interfaces: a host's own ICMP errors arrive on the loopback interface.
  capture_options.filter = net::tcp_ports_and_icmp_filter(guard.first_port(), guard.last_port());
  capture_options.ignore_outgoing = true;
  capture_options.receive_buffer_bytes = kReceiveBuffer;
  TCP_TRY_ASSIGN(capture, net::PacketSocket::open(capture_options));
  std::unique_ptr<RawNetwork> network(new RawNetwork(options, clock, key, std::move(guard), std::move(capture)));
  for (const auto& [wanted, family] : {std::pair{options.v4, Family::v4}, std::pair{options.v6, Family::v6}}) {
    if (!wanted) continue;
    net::RawIpSocketOptions socket_options;
    socket_options.family = family;
    socket_options.interface_index = options.interface_index;
    TCP_TRY_ASSIGN(socket, net::RawIpSocket::open(socket_options));
    (family == Family::v4 ? network->v4_ : network->v6_).emplace(std::move(socket));
  }
  return network;
}

RawNetwork::RawNetwork(const RawNetworkOptions& options, const Clock& clock, const CookieKey& key, net::PortGuard guard,
                       net::PacketSocket capture)
    : clock_(clock),
      interface_index_(options.interface_index),
      guard_(std::move(guard)),
      capture_(std::move(capture)),
      codec_({key, options.shape.control_bits, guard_.first_port(), static_cast<std::uint8_t>(options.tries)}) {}

const RawNetwork::Way& RawNetwork::way_to(const IpAddress& target) {
  const auto known = ways_.find(target);
  if (known != ways_.end()) return known->second;
  if (ways_.size() >= kMostWays) ways_.clear();
  Way way;
  net::RouteHints hints;
  hints.interface_index = interface_index_;
  if (const auto route = net::find_route(target, hints)) {
    way = {route->source, route->mtu, route->local, 0};
  } else {
    way.error_number = number_of(route.error());
  }
  return ways_.emplace(target, way).first->second;
}

int RawNetwork::transmit(const IpAddress& destination, packet::Bytes packet) {
  auto& socket = destination.is_v4() ? v4_ : v6_;
  if (!socket) return EAFNOSUPPORT;
  const auto sent = socket->send(destination, packet);
  return sent ? 0 : number_of(sent.error());
}

int RawNetwork::send_one(const Probe& probe) {
  const Way& way = way_to(probe.target.address);
  if (way.error_number != 0) return way.error_number;
  // Our own guard would swallow the probe, and silence would look like a filter.
  const bool guarded = probe.target.port >= guard_.first_port() && probe.target.port <= guard_.last_port();
  if (way.local && guarded) return EADDRINUSE;
  ProbeBuffer buffer;
  const packet::Bytes bytes = codec_.build_probe(buffer, probe.target, probe.attempt, way.source, way.mtu);
  return bytes.empty() ? EMSGSIZE : transmit(probe.target.address, bytes);
}

void RawNetwork::refuse(const Probe& probe, int error_number) {
  Answer answer;
  answer.kind = AnswerKind::not_sent;
  answer.target = probe.target;
  answer.attempt = probe.attempt;
  answer.received = clock_.now();
  answer.error_number = error_number;
  refused_.push_back(answer);
}

Result<std::size_t> RawNetwork::send(std::span<const Probe> batch) {
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const int error_number = send_one(batch[i]);
    if (is_full_queue(error_number)) return i;
    if (error_number != 0) refuse(batch[i], error_number);
  }
  return batch.size();
}

// The packet socket stamps with the wall clock; an answer is never from the future, whatever that clock does.
MonotonicTime RawNetwork::to_monotonic(WallTime time) const {
  const Duration age = clock_.wall_now() - time;
  const MonotonicTime now = clock_.now();
  return age < Duration(0) || age > std::chrono::seconds(10) ? now : now - age;
}

void RawNetwork::take(const net::ReceivedPacket& packet) {
  auto answer = codec_.read_answer(packet.bytes, packet.checksum_pending);
  if (!answer) return;
  answer->received = to_monotonic(packet.time);
  if (answer->kind == AnswerKind::syn_ack) {
    ProbeBuffer buffer;
    const packet::Bytes reset = codec_.build_reset(buffer, packet.bytes);
    IpAddress destination = answer->target.address;
    if (destination.is_link_local()) destination = destination.with_scope(packet.interface_index);
    // Lost, the peer repeats its SYN-ACK and gets another one, from here or from the kernel.
    if (!reset.empty()) (void)transmit(destination, reset);
  }
  answers_.push_back(*answer);
}

Result<std::span<const Answer>> RawNetwork::receive(MonotonicTime deadline) {
  answers_ = std::exchange(refused_, {});
  if (!answers_.empty()) deadline = clock_.now();
  for (std::size_t i = 0; i < kMostPackets; ++i) {
    TCP_TRY_ASSIGN(packet, capture_.receive(deadline));
    if (!packet) break;
    take(*packet);
    if (!answers_.empty()) deadline = clock_.now();
  }
  return answers_;
}

std::uint64_t RawNetwork::take_lost() {
  const auto count = capture_.take_drop_count();
  return count ? *count : 0;
}

}  // namespace tcp::scan
