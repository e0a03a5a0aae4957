// SPDX-License-Identifier: MIT
// The banners of many ports: a bounded number of conversations at a time, and few of them with one host.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/net/tcp_clients.hpp"
#include "libtcp/scan/answer.hpp"
#include "libtcp/scan/banner_conversation.hpp"

namespace tcp::scan {

struct BannerOptions {
  Duration timeout = std::chrono::seconds(5);  // of a port, from its first connection on
  std::size_t most_conversations = 256;
  std::size_t most_per_host = 4;
  std::size_t most_waiting = 65'536;  // ports; those beyond it are not asked
  // So many ports of a host that accept and say nothing, and none that says something: the rest is not asked. A middle
  // box answers for every port.
  std::size_t most_mute = 256;
};

class BannerGrabber {
 public:
  using Sink = std::function<void(PortResult)>;
  // What the user called an address; empty: nothing but the address.
  using NameOf = std::function<std::string(const IpAddress&)>;

  // The references must outlive it. `tls` may be null: then there is none.
  BannerGrabber(const BannerOptions& options, const Clock& clock, net::TcpClients& clients, const TlsProbes* tls,
                NameOf name_of, Sink sink);

  // An open port. It goes to the sink, with its banner, in this or a later call.
  void add(PortResult result);
  // Starts what may start, waits for what comes, but not past the deadline, and hands over what is done. Errors: those
  // of the clients; what is not done then has to be abandoned.
  [[nodiscard]] Result<void> step(MonotonicTime deadline);
  // Hands over everything that is left with what is known of it.
  void abandon(const std::string& why);
  [[nodiscard]] bool is_idle() const noexcept { return conversations_.empty() && waiting_ == 0; }

 private:
  struct Host {
    std::deque<PortResult> waiting;
    std::size_t active = 0;
    std::size_t mute = 0;  // ports, as long as none said anything
    bool has_spoken = false;
    bool is_listed = false;  // in hosts_with_work_
  };
  struct Conversation {
    PortResult result;
    BannerConversation talk;
    std::uint64_t client = 0;   // of the connection there is; 0: none
    bool needs_client = false;  // there was no room for one
  };
  using Number = std::uint64_t;

  void start_conversations();
  void start(PortResult result);
  void list(const IpAddress& address, Host& host);
  void advance(Number number, Conversation& conversation);
  void connect(Number number, Conversation& conversation);
  void hand_over(Number number, const Conversation& conversation);
  void forget_if_idle(const IpAddress& address, const Host& host);
  void understand(const net::TcpEvent& event);
  void on_deadlines();
  void retry_connections();
  [[nodiscard]] MonotonicTime next_deadline(MonotonicTime latest) const;
  void report_unasked(PortResult result, std::string why);
  [[nodiscard]] BannerTask make_task(const PortResult& result) const;

  BannerOptions options_;
  const Clock& clock_;
  net::TcpClients& clients_;
  const TlsProbes* tls_;
  NameOf name_of_;
  Sink sink_;
  std::unordered_map<IpAddress, Host> hosts_;
  std::deque<IpAddress> hosts_with_work_;  // in turn
  std::size_t waiting_ = 0;
  std::unordered_map<Number, Conversation> conversations_;
  std::unordered_map<std::uint64_t, Number> by_client_;
  Number next_number_ = 1;
  std::uint64_t next_client_ = 1;
  std::size_t starved_ = 0;  // conversations that found no room for a connection
};

}  // namespace tcp::scan
