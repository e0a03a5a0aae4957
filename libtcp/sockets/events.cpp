// SPDX-License-Identifier: MIT
#include "libtcp/sockets/events.hpp"

#include <linux/sock_diag.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "libtcp/net/bpf_iterator.hpp"
#include "libtcp/net/wait.hpp"
#include "libtcp/sockets/socket_message.hpp"
#include "libtcp/sockets/state_program.hpp"

namespace tcp::sockets {
namespace {

bool is_opening(const StateChange& change) {
  return change.new_state == TcpState::established || change.new_state == TcpState::listen;
}

// Those of the network namespace of this thread: the tracepoint itself tells no namespace.
Result<net::Tracepoint> open_own_changes() {
  struct stat own{};
  if (::stat("/proc/thread-self/ns/net", &own) != 0) return system_error("look at /proc/thread-self/ns/net");
  const auto make = [&](const std::string& text, int output) -> Result<std::vector<bpf_insn>> {
    TCP_TRY_ASSIGN(format, StateRecordFormat::parse(text));
    TCP_TRY_ASSIGN(types, net::KernelTypeBytes::read("/sys/kernel/btf/vmlinux"));
    return make_state_program(types.bytes(), format, static_cast<std::uint32_t>(own.st_ino), output);
  };
  return net::Tracepoint::open("sock", "inet_sock_set_state", {make, kStateProgramLicense});
}

std::string in_words(const char* what, const Error& error) {
  std::string sentence = what + (": " + error.message());
  if (!error.hint.empty()) sentence += " (" + error.hint + ")";
  return sentence;
}

}  // namespace

std::string_view to_string(SocketEventKind kind) {
  switch (kind) {
    case SocketEventKind::opened: return "opened";
    case SocketEventKind::closed: return "closed";
    case SocketEventKind::state_changed: break;
  }
  return "state-changed";
}

Result<SocketEvents> SocketEvents::open(const Clock& clock, const EventOptions& options) {
  SocketEvents events(clock, options);
  Result<void> closes;
  Result<void> changes;
  if (options.closes) closes = events.open_closes();
  if (options.changes) changes = events.open_changes();
  if (!events.closes_ && !events.changes_) {
    if (!changes) return std::unexpected(std::move(changes).error());
    if (!closes) return std::unexpected(std::move(closes).error());
    return make_error(Errc::invalid_input, "listen to socket events", "nothing is asked for");
  }
  auto& limits = events.sources_.limits;
  if (!changes) limits.push_back(in_words("opened connections and changes of state are not seen", changes.error()));
  if (!closes) limits.push_back(in_words("closed connections are seen without their totals", closes.error()));
  if (events.changes_) {
    limits.emplace_back("SYN-RECEIVED is seen once the handshake is complete, the end of TIME-WAIT not at all");
  }
  return events;
}

Result<void> SocketEvents::open_closes() {
  constexpr std::array<unsigned, 2> kGroups{SKNLGRP_INET_TCP_DESTROY, SKNLGRP_INET6_TCP_DESTROY};
  std::span<const unsigned> groups(kGroups);
  if (options_.family) groups = groups.subspan(*options_.family == Family::v4 ? 0 : 1, 1);
  TCP_TRY_ASSIGN(opened, net::NetlinkGroups::open(NETLINK_SOCK_DIAG, groups));
  closes_ = std::move(opened);
  sources_.closes = true;
  return {};
}

Result<void> SocketEvents::open_changes() {
  auto opened = open_own_changes();
  if (!opened) {
    const Error why = std::move(opened).error();
    opened = net::Tracepoint::open("sock", "inet_sock_set_state", "protocol == 6");
    if (!opened) return std::unexpected(std::move(opened).error());
    sources_.changes_of_all_namespaces = true;
    sources_.limits.push_back(
        in_words("opened connections and changes of state are those of all network namespaces", why));
  }
  TCP_TRY_ASSIGN(format, StateRecordFormat::parse(opened->format()));
  format_ = format;
  changes_ = *std::move(opened);
  sources_.changes = true;
  return {};
}

EventLosses SocketEvents::losses() const noexcept {
  return {changes_ ? changes_->lost() : 0, closes_ ? closes_->overruns() : 0};
}

bool SocketEvents::wants(const IpAddress& address) const {
  return !options_.family || address.family() == *options_.family;
}

void SocketEvents::add_change(const net::TracepointSample& sample) {
  const auto change = format_.read(sample.record);
  if (!change || !wants(change->ends.local.address)) return;
  SocketEvent event;
  if (is_opening(*change)) event.kind = SocketEventKind::opened;
  if (!closes_ && change->new_state == TcpState::closed) event.kind = SocketEventKind::closed;
  event.at = sample.at;
  event.ends = change->ends;
  event.old_state = change->old_state;
  event.new_state = change->new_state;
  waiting_.push_back(std::move(event));
}

Result<void> SocketEvents::add_close(std::span<const std::uint8_t> message) {
  auto socket = std::make_unique<SocketInfo>();
  TCP_TRY(read_socket(message, ports::Protocol::tcp, false, *socket));
  SocketEvent event;
  event.kind = SocketEventKind::closed;
  event.at = clock_->now();
  event.ends = {socket->local, socket->remote};
  event.new_state = socket->state;
  event.totals = std::move(socket);
  waiting_.push_back(std::move(event));
  return {};
}

Result<void> SocketEvents::gather() {
  if (changes_) changes_->drain([this](const net::TracepointSample& sample) { add_change(sample); });
  if (closes_) {
    const auto take = [this](std::uint16_t type, std::span<const std::uint8_t> message) -> Result<void> {
      return type == SOCK_DIAG_BY_FAMILY ? add_close(message) : Result<void>();
    };
    TCP_TRY(closes_->receive(take));
  }
  std::ranges::stable_sort(waiting_, {}, &SocketEvent::at);
  std::ranges::reverse(waiting_);
  return {};
}

Result<std::optional<SocketEvent>> SocketEvents::next(MonotonicTime deadline) {
  if (waiting_.empty()) TCP_TRY(gather());
  while (waiting_.empty()) {
    const std::array fds{closes_ ? closes_->fd() : -1, changes_ ? changes_->fd() : -1};
    TCP_TRY_ASSIGN(readable, net::wait_readable(fds, deadline));
    if (!readable) return std::nullopt;
    TCP_TRY(gather());
    if (waiting_.empty() && clock_->now() >= deadline) return std::nullopt;
  }
  std::optional<SocketEvent> event(std::move(waiting_.back()));
  waiting_.pop_back();
  return event;
}

}  // namespace tcp::sockets
