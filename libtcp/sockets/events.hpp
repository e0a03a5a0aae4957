// SPDX-License-Identifier: MIT
// What happens to TCP sockets, as it happens, from two sources of the kernel's:
// - sock_diag's multicast of destroyed sockets: each socket of this network namespace that ends, with its totals;
// - the tracepoint sock:inet_sock_set_state: each change of state. It tells those of all network namespaces; a BPF
//   program picks this one's. Where that is not permitted or this kernel's types are not known, all are told.
//
// What neither tells: SYN-RECEIVED as long as it is a request only (the change is told once the handshake is complete),
// the end of TIME-WAIT (a connection counts as CLOSED when it enters TIME-WAIT, and its socket as destroyed), Multipath
// TCP connections (their subflows are told), and whatever was before. A connection reset by its own side has lost its
// remote end by the time it is told as closed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/net/netlink_groups.hpp"
#include "libtcp/net/tracepoint.hpp"
#include "libtcp/sockets/socket_info.hpp"
#include "libtcp/sockets/state_record.hpp"

namespace tcp::sockets {

enum class SocketEventKind : std::uint8_t {
  opened,         // it became ESTABLISHED, or LISTEN
  state_changed,  // any other change of state
  closed,         // it is gone
};
[[nodiscard]] std::string_view to_string(SocketEventKind kind);  // "opened", "state-changed", "closed"

struct SocketEvent {
  SocketEventKind kind = SocketEventKind::state_changed;
  MonotonicTime at;  // of a change when the kernel made it, of a close when it was read here
  FourTuple ends;
  std::optional<TcpState> old_state;  // not told of a close that comes with totals
  TcpState new_state = TcpState::closed;
  std::unique_ptr<SocketInfo> totals;  // of a socket that is gone, with its tcp_info; otherwise null
};

struct EventOptions {
  bool closes = true;   // the multicast
  bool changes = true;  // the tracepoint
  std::optional<Family> family = {};
};

struct EventSources {
  bool closes = false;
  bool changes = false;
  bool changes_of_all_namespaces = false;
  std::vector<std::string> limits;  // what cannot be seen and why, each a sentence without its full stop
};

struct EventLosses {
  std::uint64_t changes = 0;         // changes of state the kernel had no room to tell
  std::uint64_t close_overruns = 0;  // how often it had no room for closes; each time an unknown number is lost
};

class SocketEvents {
 public:
  // Opens what is asked for and permitted, in the network namespace of the calling thread, for good. Without the
  // multicast a change to CLOSED is told as `closed`, without totals. `clock` must outlive this. Errors: not_permitted
  // or the kernel's, when nothing of what was asked for can be seen.
  [[nodiscard]] static Result<SocketEvents> open(const Clock& clock, const EventOptions& options);

  [[nodiscard]] const EventSources& sources() const noexcept { return sources_; }
  [[nodiscard]] EventLosses losses() const noexcept;

  // The next event, in the order of time as far as it was told in time. Nothing at the deadline, or earlier when a
  // signal came. Errors: the kernel's, malformed.
  [[nodiscard]] Result<std::optional<SocketEvent>> next(MonotonicTime deadline);

 private:
  SocketEvents(const Clock& clock, const EventOptions& options) : clock_(&clock), options_(options) {}
  [[nodiscard]] Result<void> open_closes();
  [[nodiscard]] Result<void> open_changes();
  [[nodiscard]] Result<void> gather();
  void add_change(const net::TracepointSample& sample);
  [[nodiscard]] Result<void> add_close(std::span<const std::uint8_t> message);
  [[nodiscard]] bool wants(const IpAddress& address) const;

  const Clock* clock_;
  EventOptions options_;
  EventSources sources_;
  std::optional<net::NetlinkGroups> closes_;
  std::optional<net::Tracepoint> changes_;
  StateRecordFormat format_;
  std::vector<SocketEvent> waiting_;  // the latest first
};

}  // namespace tcp::sockets
