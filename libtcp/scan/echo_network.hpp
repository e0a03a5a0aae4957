// SPDX-License-Identifier: MIT
// Probes as ICMP or ICMPv6 echo requests: a probe's port is kEchoPort.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/net/echo_socket.hpp"
#include "libtcp/scan/echo_codec.hpp"
#include "libtcp/scan/network.hpp"

namespace tcp::scan {

struct EchoNetworkOptions {
  bool raw = true;  // needs CAP_NET_RAW to open; else ping sockets, which show no errors
  bool v4 = true;   // the families that will be probed
  bool v6 = true;
  std::optional<std::uint32_t> interface_index;
  std::optional<IpAddress> source;  // for targets of its family
  std::uint8_t time_to_live = 64;
};

class EchoNetwork final : public Network {
 public:
  // `clock` must outlive it. Errors: those of net::EchoSocket::open().
  [[nodiscard]] static Result<std::unique_ptr<EchoNetwork>> open(const EchoNetworkOptions& options, const Clock& clock);

  [[nodiscard]] Result<std::size_t> send(std::span<const Probe> batch) override;
  [[nodiscard]] Result<std::span<const Answer>> receive(MonotonicTime deadline) override;
  [[nodiscard]] std::uint64_t take_lost() override;

 private:
  EchoNetwork(const CookieKey& key, const Clock& clock) : clock_(clock), codec_(key) {}
  [[nodiscard]] net::Flushed send_run(net::EchoSocket& socket, std::span<const Probe> run);
  void refuse(const Probe& probe, int error_number);
  [[nodiscard]] Result<void> take_all();

  const Clock& clock_;
  EchoCodec codec_;
  std::vector<net::EchoSocket> sockets_;  // one a family
  std::vector<EchoCodec::Request> messages_;
  std::vector<net::EchoRequest> requests_;
  std::vector<Answer> refused_;  // not yet handed out
  std::vector<Answer> answers_;  // handed out by the last receive()
};

}  // namespace tcp::scan
