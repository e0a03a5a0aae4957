// SPDX-License-Identifier: MIT
// Probes as segments of our own, from ports that a guard holds so that this host's kernel resets nothing. They leave as
// Ethernet frames, a batch with one system call (AF_XDP, else AF_PACKET; on a second core too when they are many), or
// as IP packets where there are no frames or the kernel has to find the next hop first; answers come through a packet
// ring. Needs CAP_NET_RAW to open, nothing afterwards.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/mac_address.hpp"
#include "libtcp/net/frame_helper.hpp"
#include "libtcp/net/frame_socket.hpp"
#include "libtcp/net/packet_ring.hpp"
#include "libtcp/net/port_guard.hpp"
#include "libtcp/net/raw_ip_socket.hpp"
#include "libtcp/net/xdp_socket.hpp"
#include "libtcp/scan/arrival_time.hpp"
#include "libtcp/scan/link_watch.hpp"
#include "libtcp/scan/neighbours.hpp"
#include "libtcp/scan/network.hpp"
#include "libtcp/scan/probe_codec.hpp"
#include "libtcp/scan/probe_shape.hpp"
#include "libtcp/scan/ways.hpp"

namespace tcp::scan {

struct RawNetworkOptions {
  ProbeShape shape;
  unsigned tries = 1;  // at most kMostTries
  bool v4 = true;      // the families that will be probed
  bool v6 = true;
  std::optional<std::uint32_t> interface_index;  // send through this one only
  std::optional<IpAddress> source;               // absent: the one that the route prefers
  std::optional<std::uint16_t> source_port;      // of the first try; absent: free ones
  std::optional<MacAddress> gateway_mac;         // frames go there, whatever the neighbours say
  std::optional<std::uint16_t> vlan;             // IEEE 802.1Q; needs gateway_mac
  std::uint16_t acknowledged_port = 0;           // probes to it are bare ACKs, whatever the shape says; 0: none
};

class RawNetwork final : public Network {
 public:
  // `clock` must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<RawNetwork>> open(const RawNetworkOptions& options, const Clock& clock);

  [[nodiscard]] Result<std::size_t> send(std::span<const Probe> batch) override;
  [[nodiscard]] Result<std::span<const Answer>> receive(MonotonicTime deadline) override;
  [[nodiscard]] std::uint64_t take_lost() override;

 private:
  enum class Means : std::uint8_t { frame, packet, later, none };
  // How one segment leaves.
  struct Plan {
    Means means = Means::none;
    int error_number = 0;  // none: why
    MacAddress next_hop;   // frame
    NextHop* hop = nullptr;
  };
  // What became of the front of a batch.
  struct Step {
    std::size_t taken = 0;
    bool full = false;
  };
  struct Reset {
    Endpoint target;
    SegmentNumbers numbers;
  };

  RawNetwork(const RawNetworkOptions& options, const Clock& clock, const CookieKey& key, net::PortGuard guard,
             net::PacketRing ring);
  [[nodiscard]] Result<void> open_senders(const RawNetworkOptions& options);

  [[nodiscard]] Result<void> look_around();
  [[nodiscard]] Plan plan_for(const Endpoint& target, const Way& way);
  [[nodiscard]] Result<net::FrameSender*> sender_of(const Way& way);
  // Null when it is busy, or not worth it.
  [[nodiscard]] net::FrameHelper* helper_of(const Way& way, std::size_t frames);
  void note_unsent() noexcept;
  [[nodiscard]] const FrameTemplate& form_of(const Probe& probe, const Way& way) const noexcept;
  [[nodiscard]] Result<Step> send_front(std::span<const Probe> batch);
  [[nodiscard]] Result<Step> send_frames(std::span<const Probe> batch, const Way& way, const Plan& plan);
  [[nodiscard]] Result<Step> send_packet(const Probe& probe, const Way& way, NextHop* hop);
  // 0, or the errno of what kept it from leaving.
  [[nodiscard]] int transmit(const FrameTemplate& form, const Endpoint& target, const SegmentNumbers& numbers,
                             NextHop* hop);
  [[nodiscard]] Result<Step> judge(const Probe& probe, const Way& way, int error_number);
  void refuse(const Probe& probe, int error_number);
  void send_resets();

  void take(const net::ReceivedPacket& packet);
  void take_all();

  const Clock& clock_;
  net::PortGuard guard_;
  net::PacketRing ring_;
  ProbeCodec codec_;
  Neighbours neighbours_;
  Ways ways_;
  LinkWatch links_;
  ArrivalTime arrival_;
  std::unique_ptr<net::FrameSocket> frame_socket_;
  std::unique_ptr<net::XdpSocket> xdp_;  // null where there is none, or none was to be had
  std::optional<std::uint32_t> xdp_interface_;
  std::unique_ptr<net::FrameHelper> helper_;  // null where there is one core
  std::uint64_t unsent_ = 0;                  // frames that it could not send, not yet told
  std::optional<net::RawIpSocket> v4_;
  std::optional<net::RawIpSocket> v6_;
  std::uint16_t acknowledged_port_;
  MonotonicTime now_{};          // when this send() or receive() began
  MonotonicTime ways_asked_{};   // when the routes were last forgotten
  std::vector<Reset> resets_;    // for the answers of this receive()
  std::vector<Answer> refused_;  // not yet handed out
  std::vector<Answer> answers_;  // handed out by the last receive()
};

}  // namespace tcp::scan
