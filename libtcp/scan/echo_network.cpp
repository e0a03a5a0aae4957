// SPDX-License-Identifier: MIT
#include "libtcp/scan/echo_network.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include "libtcp/net/frame_sender.hpp"
#include "libtcp/net/wait.hpp"
#include "libtcp/scan/not_sent.hpp"

namespace tcp::scan {
namespace {

constexpr std::size_t kMostMessages = 1024;  // taken before the prober gets its turn

}  // namespace

Result<std::unique_ptr<EchoNetwork>> EchoNetwork::open(const EchoNetworkOptions& options, const Clock& clock) {
  TCP_TRY_ASSIGN(key, make_cookie_key());
  std::unique_ptr<EchoNetwork> network(new EchoNetwork(key, clock));
  for (const auto& [wanted, family] : {std::pair{options.v4, Family::v4}, std::pair{options.v6, Family::v6}}) {
    if (!wanted) continue;
    net::EchoSocketOptions socket_options;
    socket_options.family = family;
    socket_options.raw = options.raw;
    socket_options.interface_index = options.interface_index;
    socket_options.source = options.source;
    socket_options.time_to_live = options.time_to_live;
    TCP_TRY_ASSIGN(socket, net::EchoSocket::open(socket_options));
    network->sockets_.push_back(std::move(socket));
  }
  return network;
}

net::Flushed EchoNetwork::send_run(net::EchoSocket& socket, std::span<const Probe> run) {
  messages_.clear();
  requests_.clear();
  for (const Probe& probe : run) messages_.push_back(codec_.make_request(probe.target.address, probe.attempt));
  for (std::size_t i = 0; i < run.size(); ++i) requests_.push_back({run[i].target.address, messages_[i]});
  return socket.send(requests_);
}

Result<std::size_t> EchoNetwork::send(std::span<const Probe> batch) {
  std::size_t taken = 0;
  while (taken < batch.size()) {
    const Family family = batch[taken].target.address.family();
    const auto left = batch.subspan(taken);
    const auto end =
        std::ranges::find_if(left, [family](const Probe& p) { return p.target.address.family() != family; });
    const auto socket = std::ranges::find(sockets_, family, &net::EchoSocket::family);
    const auto run = left.first(static_cast<std::size_t>(end - left.begin()));
    const net::Flushed flushed = socket == sockets_.end() ? net::Flushed{0, EAFNOSUPPORT} : send_run(*socket, run);
    taken += flushed.sent;
    if (flushed.error_number == 0) continue;
    if (net::is_full_queue(flushed.error_number)) break;
    refuse(batch[taken++], flushed.error_number);
  }
  return taken;
}

void EchoNetwork::refuse(const Probe& probe, int error_number) {
  refused_.push_back(not_sent(probe, error_number, clock_.now()));
}

Result<void> EchoNetwork::take_all() {
  for (net::EchoSocket& socket : sockets_) {
    TCP_TRY(socket.receive(kMostMessages, [this](const IpAddress& sender, packet::Bytes message) {
      auto answer = codec_.read(sender, message);
      if (answer) answers_.push_back(*answer);
    }));
  }
  const MonotonicTime now = clock_.now();
  for (Answer& answer : answers_) {
    if (answer.kind != AnswerKind::not_sent) answer.received = now;
  }
  return {};
}

Result<std::span<const Answer>> EchoNetwork::receive(MonotonicTime deadline) {
  answers_.clear();
  answers_.swap(refused_);
  TCP_TRY(take_all());
  while (answers_.empty() && clock_.now() < deadline) {
    std::array<int, 2> fds{-1, -1};
    std::ranges::transform(sockets_, fds.begin(), [](const net::EchoSocket& socket) { return socket.fd(); });
    TCP_TRY_ASSIGN(ready, net::wait_readable(fds, deadline));
    if (!ready) break;
    TCP_TRY(take_all());
  }
  return answers_;
}

std::uint64_t EchoNetwork::take_lost() {
  std::uint64_t lost = 0;
  for (net::EchoSocket& socket : sockets_) lost += socket.take_drop_count();
  return lost;
}

}  // namespace tcp::scan
