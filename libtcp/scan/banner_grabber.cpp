// SPDX-License-Identifier: MIT
#include "libtcp/scan/banner_grabber.hpp"

#include <algorithm>

namespace tcp::scan {
namespace {

constexpr Duration kNoRoomPause = std::chrono::milliseconds(20);
constexpr std::size_t kMuteWorthRemembering = 16;  // ports of a host

std::span<const std::uint8_t> as_bytes(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

bool is_web_port(std::uint16_t port) { return port == 80 || port == 443; }

}  // namespace

BannerGrabber::BannerGrabber(const BannerOptions& options, const Clock& clock, net::TcpClients& clients,
                             const TlsProbes* tls, NameOf name_of, Sink sink)
    : options_(options),
      clock_(clock),
      clients_(clients),
      tls_(tls),
      name_of_(std::move(name_of)),
      sink_(std::move(sink)) {}

void BannerGrabber::report_unasked(PortResult result, std::string why) {
  Banner banner;
  banner.detail = std::move(why);
  result.banner = std::make_shared<const Banner>(std::move(banner));
  sink_(std::move(result));
}

void BannerGrabber::add(PortResult result) {
  if (waiting_ >= options_.most_waiting) {
    report_unasked(std::move(result), "too many open ports at once");
    return;
  }
  const IpAddress address = result.target.address;
  Host& host = hosts_[address];
  host.waiting.push_back(std::move(result));
  ++waiting_;
  list(address, host);
}

void BannerGrabber::list(const IpAddress& address, Host& host) {
  if (host.is_listed || host.waiting.empty() || host.active >= options_.most_per_host) return;
  host.is_listed = true;
  hosts_with_work_.push_back(address);
}

BannerTask BannerGrabber::make_task(const PortResult& result) const {
  BannerTask task;
  task.port = result.target.port;
  task.server_name = name_of_(result.target.address);
  const std::string address = to_string(result.target.address.without_scope());
  const bool v6 = result.target.address.family() == Family::v6;
  task.host = !task.server_name.empty() ? task.server_name : v6 ? "[" + address + "]" : address;
  if (!is_web_port(task.port)) task.host += ":" + std::to_string(task.port);
  task.rtt = result.rtt;
  task.timeout = options_.timeout;
  task.tls = tls_;
  return task;
}

// One of each host in turn. Nothing new begins while what has begun finds no room.
void BannerGrabber::start_conversations() {
  while (!hosts_with_work_.empty() && conversations_.size() < options_.most_conversations && starved_ == 0) {
    const IpAddress address = hosts_with_work_.front();
    hosts_with_work_.pop_front();
    Host& host = hosts_[address];
    host.is_listed = false;
    PortResult result = std::move(host.waiting.front());
    host.waiting.pop_front();
    --waiting_;
    if (!host.has_spoken && host.mute >= options_.most_mute) {
      list(address, host);
      report_unasked(std::move(result), "the host accepts on every port and says nothing");
      continue;
    }
    ++host.active;
    list(address, host);
    start(std::move(result));
  }
}

void BannerGrabber::start(PortResult result) {
  const Number number = next_number_++;
  BannerTask task = make_task(result);
  Conversation conversation{std::move(result), BannerConversation(std::move(task), clock_.now()), 0, false};
  advance(number, conversations_.emplace(number, std::move(conversation)).first->second);
}

void BannerGrabber::connect(Number number, Conversation& conversation) {
  const std::uint64_t client = next_client_++;
  const bool has_room = clients_.connect(client, conversation.result.target);
  if (has_room && conversation.needs_client) --starved_;
  if (!has_room && !conversation.needs_client) ++starved_;
  conversation.needs_client = !has_room;
  if (!has_room) return;
  conversation.client = client;
  by_client_[client] = number;
}

// Does what the conversation wants. It may be gone afterwards.
void BannerGrabber::advance(Number number, Conversation& conversation) {
  const bool is_done = conversation.talk.is_done();
  if (is_done || conversation.talk.take_wants_connection()) {
    if (conversation.client != 0) {
      clients_.close(conversation.client);
      by_client_.erase(std::exchange(conversation.client, 0));
    }
    if (!is_done) connect(number, conversation);
  }
  if (is_done) {
    hand_over(number, conversation);
    return;
  }
  const std::string output = conversation.talk.take_output();
  if (!output.empty() && conversation.client != 0) clients_.send(conversation.client, as_bytes(output));
}

void BannerGrabber::hand_over(Number number, const Conversation& conversation) {
  PortResult result = conversation.result;
  auto banner = std::make_shared<const Banner>(conversation.talk.banner(clock_.now()));
  if (conversation.needs_client) --starved_;
  const IpAddress address = result.target.address;
  Host& host = hosts_[address];
  --host.active;
  const bool is_mute = banner->outcome == BannerOutcome::mute || banner->outcome == BannerOutcome::closed ||
                       banner->outcome == BannerOutcome::reset;
  if (is_mute) ++host.mute;
  if (!is_mute && banner->outcome != BannerOutcome::not_asked) host.has_spoken = true;
  list(address, host);
  forget_if_idle(address, host);
  result.banner = std::move(banner);
  conversations_.erase(number);
  sink_(std::move(result));
}

// What is remembered of a host matters for those with many ports.
void BannerGrabber::forget_if_idle(const IpAddress& address, const Host& host) {
  if (host.active == 0 && host.waiting.empty() && host.mute < kMuteWorthRemembering) hosts_.erase(address);
}

void BannerGrabber::understand(const net::TcpEvent& event) {
  const auto client = by_client_.find(event.client);
  if (client == by_client_.end()) return;
  const Number number = client->second;
  Conversation& conversation = conversations_.at(number);
  const MonotonicTime now = clock_.now();
  switch (event.kind) {
    case net::TcpEvent::Kind::connected: conversation.talk.on_connected(now); break;
    case net::TcpEvent::Kind::bytes: conversation.talk.on_bytes(event.bytes, now); break;
    case net::TcpEvent::Kind::ended: conversation.talk.on_ended(now); break;
    case net::TcpEvent::Kind::failed: conversation.talk.on_failed(*event.error, now); break;
  }
  advance(number, conversation);
}

MonotonicTime BannerGrabber::next_deadline(MonotonicTime latest) const {
  if (starved_ > 0) latest = std::min(latest, clock_.now() + kNoRoomPause);
  for (const auto& [number, conversation] : conversations_) latest = std::min(latest, conversation.talk.deadline());
  return latest;
}

void BannerGrabber::on_deadlines() {
  const MonotonicTime now = clock_.now();
  std::vector<Number> due;
  for (const auto& [number, conversation] : conversations_) {
    if (conversation.talk.deadline() <= now) due.push_back(number);
  }
  for (const Number number : due) {
    Conversation& conversation = conversations_.at(number);
    if (conversation.needs_client) {
      conversation.talk.interrupt("no descriptor or local port was free for it");
    } else {
      conversation.talk.on_time(now);
    }
    advance(number, conversation);
  }
}

void BannerGrabber::retry_connections() {
  if (starved_ == 0) return;
  for (auto& [number, conversation] : conversations_) {
    if (conversation.needs_client) connect(number, conversation);
    if (conversation.needs_client) return;
  }
}

Result<void> BannerGrabber::step(MonotonicTime deadline) {
  retry_connections();
  start_conversations();
  TCP_TRY_ASSIGN(events, clients_.wait(next_deadline(deadline)));
  for (const net::TcpEvent& event : events) understand(event);
  on_deadlines();
  return {};
}

void BannerGrabber::abandon(const std::string& why) {
  std::vector<Number> all;
  for (const auto& [number, conversation] : conversations_) all.push_back(number);
  std::ranges::sort(all);
  for (const Number number : all) {
    Conversation& conversation = conversations_.at(number);
    conversation.talk.interrupt(why);
    advance(number, conversation);
  }
  for (auto& [address, host] : hosts_) {
    for (PortResult& result : host.waiting) report_unasked(std::move(result), why);
    host.waiting.clear();
    host.is_listed = false;
  }
  hosts_with_work_.clear();
  waiting_ = 0;
}

}  // namespace tcp::scan
