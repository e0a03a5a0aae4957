// SPDX-License-Identifier: MIT
#include "libtcp/scan/raw_network.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "libtcp/net/bpf.hpp"
#include "libtcp/net/interface.hpp"
#include "libtcp/scan/not_sent.hpp"

namespace tcp::scan {
namespace {

using namespace std::chrono_literals;

static_assert(FrameTemplate::kBytes <= net::kFrameBytes);

constexpr std::size_t kMostPackets = 1024;    // taken from the ring before the prober gets its turn
constexpr std::size_t kMostNextHops = 65536;  // remembered
constexpr Duration kWaysLast = 5s;            // then the routes are asked again
constexpr Duration kUnsentPause = 1ms;
constexpr std::size_t kWorthHelper = 128;  // frames at a time; fewer are sent sooner than a thread wakes
constexpr std::uint16_t kHighestVlan = 4094;

bool is_lost_link(int error_number) {
  return error_number == ENETDOWN || error_number == ENXIO || error_number == ENODEV;
}

Result<net::PortGuard> hold_ports(const RawNetworkOptions& options, Family family) {
  const auto count = static_cast<std::uint16_t>(options.tries);
  const IpAddress any = IpAddress::any(family);
  if (options.source_port) return net::PortGuard::hold_ports(any, *options.source_port, count);
  return net::PortGuard::hold_range(any, count);
}

Result<net::PortGuard> hold_ports(const RawNetworkOptions& options) {
  if (!options.v6) return hold_ports(options, Family::v4);
  auto both = hold_ports(options, Family::v6);
  const bool without_v6 = !both && both.error().is(std::errc::address_family_not_supported);
  return without_v6 ? hold_ports(options, Family::v4) : std::move(both);
}

bool is_ours(const IpAddress& address, const std::vector<net::Interface>& interfaces) {
  return std::ranges::any_of(interfaces, [&](const net::Interface& interface) {
    return std::ranges::any_of(interface.addresses, [&](const net::InterfaceAddress& own) {
      return own.address.without_scope() == address.without_scope();
    });
  });
}

Result<void> check(const RawNetworkOptions& options) {
  if (options.vlan && (*options.vlan == 0 || *options.vlan > kHighestVlan)) {
    return usage_error("VLAN " + std::to_string(*options.vlan), "must be 1 to 4094");
  }
  if (options.vlan && !options.gateway_mac) {
    return usage_error("VLAN " + std::to_string(*options.vlan),
                       "needs the link address of the next hop, which the kernel resolves only on interfaces it has");
  }
  if (!options.source || options.source->is_loopback()) return {};
  TCP_TRY_ASSIGN(interfaces, net::list_interfaces());
  if (is_ours(*options.source, interfaces)) return {};
  return usage_error("source " + to_string(*options.source), "is no address of this host");
}

}  // namespace

Result<std::unique_ptr<RawNetwork>> RawNetwork::open(const RawNetworkOptions& options, const Clock& clock) {
  TCP_TRY(check(options));
  TCP_TRY_ASSIGN(key, make_cookie_key());
  TCP_TRY_ASSIGN(guard, hold_ports(options));
  net::PacketRingOptions ring_options;
  // All interfaces: a host's own ICMP errors arrive on the loopback interface.
  ring_options.filter = net::tcp_ports_and_icmp_filter(guard.first_port(), guard.last_port(), net::kRingSnapshotBytes);
  TCP_TRY_ASSIGN(ring, net::PacketRing::open(ring_options));
  std::unique_ptr<RawNetwork> network(new RawNetwork(options, clock, key, std::move(guard), std::move(ring)));
  TCP_TRY(network->open_senders(options));
  return network;
}

RawNetwork::RawNetwork(const RawNetworkOptions& options, const Clock& clock, const CookieKey& key, net::PortGuard guard,
                       net::PacketRing ring)
    : clock_(clock),
      guard_(std::move(guard)),
      ring_(std::move(ring)),
      codec_({key, options.shape.control_bits, guard_.first_port(), static_cast<std::uint8_t>(options.tries),
              options.acknowledged_port}),
      ways_({options.shape, options.interface_index, options.source, options.gateway_mac, options.vlan}, neighbours_),
      arrival_(clock.now()),
      acknowledged_port_(options.acknowledged_port) {}

Result<void> RawNetwork::open_senders(const RawNetworkOptions& options) {
  for (const auto& [wanted, family] : {std::pair{options.v4, Family::v4}, std::pair{options.v6, Family::v6}}) {
    if (!wanted) continue;
    net::RawIpSocketOptions socket_options;
    socket_options.family = family;
    socket_options.interface_index = options.interface_index;
    TCP_TRY_ASSIGN(socket, net::RawIpSocket::open(socket_options));
    (family == Family::v4 ? v4_ : v6_).emplace(std::move(socket));
  }
  TCP_TRY_ASSIGN(frame_socket, net::FrameSocket::open());
  frame_socket_ = std::move(frame_socket);
  // Faster, and not to be had everywhere.
  if (auto xdp = net::XdpSocket::open()) xdp_ = std::move(*xdp);
  if (!net::FrameHelper::is_of_use()) return {};
  TCP_TRY_ASSIGN(helper, net::FrameHelper::open());
  helper_ = std::move(helper);
  return {};
}

// What may have changed around us since the last time.
Result<void> RawNetwork::look_around() {
  now_ = clock_.now();
  TCP_TRY(links_.check(now_));
  TCP_TRY(neighbours_.refresh(now_));
  if (now_ - ways_asked_ < kWaysLast && neighbours_.size() < kMostNextHops) return {};
  ways_asked_ = now_;
  ways_.forget();
  if (neighbours_.size() >= kMostNextHops) neighbours_.clear();
  return {};
}

RawNetwork::Plan RawNetwork::plan_for(const Endpoint& target, const Way& way) {
  Plan plan;
  plan.error_number = way.error_number;
  if (way.error_number != 0) return plan;
  plan.means = Means::packet;
  if (!way.framed) return plan;
  if (way.given_hop) {
    plan.means = Means::frame;
    plan.next_hop = *way.given_hop;
    return plan;
  }
  plan.hop = way.gateway != nullptr ? way.gateway : &neighbours_.find(way.interface_index, target.address);
  if (plan.hop->mac_address && !plan.hop->to_confirm) {
    plan.means = Means::frame;
    plan.next_hop = *plan.hop->mac_address;
  } else if (plan.hop->failed) {
    plan.means = Means::none;
    plan.error_number = EHOSTUNREACH;
  } else if (Neighbours::must_wait(*plan.hop, now_, way.gateway != nullptr)) {
    plan.means = Means::later;
  }
  return plan;
}

Result<net::FrameSender*> RawNetwork::sender_of(const Way& way) {
  if (xdp_ && !xdp_interface_) {
    xdp_interface_ = way.interface_index;
    if (!xdp_->bind(way.interface_index)) xdp_.reset();
  }
  if (xdp_ && *xdp_interface_ == way.interface_index) return xdp_.get();
  TCP_TRY(frame_socket_->use_interface(way.interface_index));
  return frame_socket_.get();
}

net::FrameHelper* RawNetwork::helper_of(const Way& way, std::size_t frames) {
  if (!helper_ || frames < kWorthHelper || !helper_->has_room()) return nullptr;
  note_unsent();
  return helper_ && helper_->use_interface(way.interface_index) ? helper_.get() : nullptr;
}

// Why, the next frame that leaves from here will tell.
void RawNetwork::note_unsent() noexcept {
  const net::FrameHelper::Failed failed = helper_->take_failed();
  unsent_ += failed.frames;
  if (failed.error_number != 0) helper_.reset();
}

const FrameTemplate& RawNetwork::form_of(const Probe& probe, const Way& way) const noexcept {
  return probe.target.port == acknowledged_port_ && acknowledged_port_ != 0 ? way.acknowledgment : way.probe;
}

Result<std::size_t> RawNetwork::send(std::span<const Probe> batch) {
  TCP_TRY(look_around());
  std::size_t taken = 0;
  while (taken < batch.size()) {
    TCP_TRY_ASSIGN(step, send_front(batch.subspan(taken)));
    taken += step.taken;
    if (step.full) break;
  }
  return taken;
}

Result<RawNetwork::Step> RawNetwork::send_front(std::span<const Probe> batch) {
  const Probe& probe = batch.front();
  const Way& way = ways_.to(probe.target.address);
  // Our own guard would swallow the probe, and silence would look like a filter.
  const bool guarded = probe.target.port >= guard_.first_port() && probe.target.port <= guard_.last_port();
  if (way.local && guarded) return judge(probe, way, EADDRINUSE);
  const Plan plan = plan_for(probe.target, way);
  if (plan.means != Means::none) links_.add(way.interface_index, way.interface_name);
  switch (plan.means) {
    case Means::frame: return send_frames(batch, way, plan);
    case Means::packet: return send_packet(probe, way, plan.hop);
    case Means::later: return Step{0, true};
    case Means::none: break;
  }
  return judge(probe, way, plan.error_number);
}

// As many from the front as leave through one interface.
Result<RawNetwork::Step> RawNetwork::send_frames(std::span<const Probe> batch, const Way& first, const Plan& plan) {
  net::FrameSender* sender = helper_of(first, batch.size());
  if (sender == nullptr) {
    TCP_TRY_ASSIGN(usual, sender_of(first));
    sender = usual;
  }
  const std::uint32_t interface_index = first.interface_index;
  const Way* way = &first;
  MacAddress next_hop = plan.next_hop;
  std::size_t count = 0;
  while (std::uint8_t* slot = sender->slot()) {
    const Probe& probe = batch[count];
    const FrameTemplate& form = form_of(probe, *way);
    form.write(slot, next_hop, probe.target, codec_.probe_numbers(probe.target, probe.attempt));
    sender->push(form.size());
    if (++count == batch.size()) break;
    way = &ways_.to(batch[count].target.address);
    const Plan next = plan_for(batch[count].target, *way);
    if (next.means != Means::frame || way->interface_index != interface_index) break;
    next_hop = next.next_hop;
  }
  const net::Flushed flushed = sender->flush();
  if (flushed.error_number != 0 && sender == helper_.get()) {
    helper_.reset();
    return Step{};
  }
  if (flushed.error_number != 0) {
    TCP_TRY_ASSIGN(step,
                   judge(batch[flushed.sent], ways_.to(batch[flushed.sent].target.address), flushed.error_number));
    return Step{flushed.sent + step.taken, step.full};
  }
  return Step{count, count == 0};
}

Result<RawNetwork::Step> RawNetwork::send_packet(const Probe& probe, const Way& way, NextHop* hop) {
  const SegmentNumbers numbers = codec_.probe_numbers(probe.target, probe.attempt);
  const int error_number = transmit(form_of(probe, way), probe.target, numbers, hop);
  if (error_number != 0) return judge(probe, way, error_number);
  return Step{1, false};
}

int RawNetwork::transmit(const FrameTemplate& form, const Endpoint& target, const SegmentNumbers& numbers,
                         NextHop* hop) {
  auto& socket = target.address.is_v4() ? v4_ : v6_;
  if (!socket) return EAFNOSUPPORT;
  std::array<std::uint8_t, FrameTemplate::kBytes> buffer;
  form.write(buffer.data(), {}, target, numbers);
  const packet::Bytes frame = std::span(buffer).first(form.size());
  const auto sent = socket->send(target.address, frame.subspan(form.link_size()));
  if (sent && hop != nullptr) neighbours_.passed_kernel(*hop, now_);
  return sent ? 0 : error_number_of(sent.error());
}

// What did not leave comes later, or ends the scan, or is answered by that.
Result<RawNetwork::Step> RawNetwork::judge(const Probe& probe, const Way& way, int error_number) {
  if (net::is_full_queue(error_number)) return Step{0, true};
  if (is_lost_link(error_number)) return system_error("send through " + way.interface_name, error_number);
  TCP_TRY(links_.check(now_, true));
  refuse(probe, error_number);
  return Step{1, false};
}

void RawNetwork::refuse(const Probe& probe, int error_number) {
  refused_.push_back(not_sent(probe, error_number, now_));
}

// Lost, the peer repeats its SYN-ACK and gets another one, from here or from the kernel.
void RawNetwork::send_resets() {
  net::FrameSender* last = nullptr;
  for (const auto& [target, numbers] : resets_) {
    const Way& way = ways_.to(target.address);
    const Plan plan = plan_for(target, way);
    if (plan.means == Means::packet) (void)transmit(way.reset, target, numbers, plan.hop);
    if (plan.means != Means::frame) continue;
    const auto sender = sender_of(way);
    if (!sender) continue;
    if (last != nullptr && last != *sender) (void)last->flush();
    last = *sender;
    std::uint8_t* slot = last->slot();
    if (slot == nullptr && last->flush().error_number == 0) slot = last->slot();
    if (slot == nullptr) continue;
    way.reset.write(slot, plan.next_hop, target, numbers);
    last->push(way.reset.size());
  }
  if (last != nullptr) (void)last->flush();
  resets_.clear();
}

void RawNetwork::take(const net::ReceivedPacket& packet) {
  auto answer = codec_.read_answer(packet.bytes, packet.checksum_pending);
  if (!answer) return;
  answer->received = arrival_.of(packet.time);
  if (answer->kind == AnswerKind::syn_ack) {
    Endpoint peer = answer->target;
    if (peer.address.is_link_local()) peer.address = peer.address.with_scope(packet.interface_index);
    resets_.push_back({peer, codec_.reset_numbers(*answer)});
  }
  answers_.push_back(*answer);
}

void RawNetwork::take_all() {
  now_ = clock_.now();
  arrival_.read(now_, clock_.wall_now());
  for (std::size_t i = 0; i < kMostPackets; ++i) {
    const auto packet = ring_.next();
    if (!packet) {
      arrival_.on_empty();
      break;
    }
    take(*packet);
  }
  if (!resets_.empty()) send_resets();
}

Result<std::span<const Answer>> RawNetwork::receive(MonotonicTime deadline) {
  TCP_TRY(look_around());
  answers_.clear();
  answers_.swap(refused_);
  if (xdp_ && xdp_interface_ && xdp_->has_unsent()) {
    (void)xdp_->flush();
    if (xdp_->has_unsent()) deadline = std::min(deadline, now_ + kUnsentPause);
  }
  for (take_all(); answers_.empty() && now_ < deadline; take_all()) {
    TCP_TRY_ASSIGN(ready, ring_.wait(deadline));
    if (!ready) break;
  }
  return answers_;
}

std::uint64_t RawNetwork::take_lost() {
  if (helper_) note_unsent();
  const auto count = ring_.take_drop_count();
  return std::exchange(unsent_, 0) + (count ? *count : 0);
}

}  // namespace tcp::scan
