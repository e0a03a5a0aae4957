// SPDX-License-Identifier: MIT
// A filter decided on one row, in three values: what is unknown of a socket stays unknown under "not".
#include <algorithm>
#include <cmath>
#include <limits>

#include "libtcp/sockets/filter_tree.hpp"

namespace tcp::sockets {
namespace {

constexpr std::size_t kProcessNameBytes = 15;  // TASK_COMM_LEN without its NUL

Truth truth(bool value) { return value ? Truth::yes : Truth::no; }

Truth inverted(Truth value) {
  if (value == Truth::unknown) return value;
  return value == Truth::yes ? Truth::no : Truth::yes;
}

template <class T>
bool compares(T left, Comparison comparison, T right) {
  switch (comparison) {
    case Comparison::equal: return left == right;
    case Comparison::less: return left < right;
    case Comparison::less_equal: return left <= right;
    case Comparison::greater: return left > right;
    case Comparison::greater_equal: return left >= right;
  }
  return false;
}

// Between the handshake and the end of the connection: before, the kernel's clocks of it do not run.
bool is_synchronized(TcpState state) {
  constexpr StateSet kSynchronized = state_bit(TcpState::established) | state_bit(TcpState::fin_wait_1) |
                                     state_bit(TcpState::fin_wait_2) | state_bit(TcpState::close_wait) |
                                     state_bit(TcpState::last_ack) | state_bit(TcpState::closing);
  return (kSynchronized & state_bit(state)) != 0;
}

// The values that stand for "no sample yet" in fields that are of use without one.
bool is_no_sample(const TcpInfoField& field, std::uint64_t value) {
  if (field.name == "rtt" || field.name == "rcv_rtt") return value == 0;
  return field.name == "min_rtt" && value == std::numeric_limits<std::uint32_t>::max();
}

// In the smallest unit. A listening socket's tcp_info is that of no connection.
std::optional<std::uint64_t> field_of(const SocketInfo& socket, const TcpInfoField& field) {
  if (socket.state == TcpState::listen) return std::nullopt;
  if (field.name.starts_with("last_") && !is_synchronized(socket.state)) return std::nullopt;
  const auto value = socket.tcp_info.get(field);
  if (!value || is_no_sample(field, *value)) return std::nullopt;
  return to_smallest_unit(field, *value);
}

std::optional<std::uint64_t> field_of(const SocketInfo& socket, std::string_view name) {
  return field_of(socket, *find_tcp_info_field(name));
}

std::optional<std::uint64_t> idle_time(const SocketInfo& socket) {
  const auto sent = field_of(socket, "last_data_sent");
  const auto received = field_of(socket, "last_data_recv");
  if (!sent || !received) return std::nullopt;
  return std::min(*sent, *received);
}

// The kernel does not tell when a connection was opened. It was before the last thing that happened to it: these clocks
// start with the handshake, and how long it was busy is within its life.
std::optional<std::uint64_t> least_age(const SocketInfo& socket) {
  if (!is_synchronized(socket.state)) return std::nullopt;
  std::optional<std::uint64_t> least;
  for (const std::string_view name : {"last_data_sent", "last_data_recv", "last_ack_recv", "busy_time"}) {
    const auto value = field_of(socket, name);
    if (value) least = std::max(least.value_or(0), *value);
  }
  return least;
}

std::optional<std::uint64_t> rate_of(const SocketRow& row, NumberSource source) {
  if (!row.rates) return std::nullopt;
  double rate = 0;
  if (source != NumberSource::received_rate) rate += row.rates->sent_bytes_per_second;
  if (source != NumberSource::sent_rate) rate += row.rates->received_bytes_per_second;
  if (!(rate > 0)) return 0;
  return rate > 9e18 ? std::numeric_limits<std::uint64_t>::max() : static_cast<std::uint64_t>(std::llround(rate));
}

// Of a listening socket the kernel tells connections in the place of bytes.
std::optional<std::uint64_t> queue_of(const SocketInfo& socket, NumberSource source) {
  const bool listens = socket.state == TcpState::listen;
  if (listens != (source == NumberSource::accept_queue)) return std::nullopt;
  return source == NumberSource::send_queue ? socket.send_queue : socket.receive_queue;
}

// One value of the socket; process IDs, of which it can have several, are no such thing.
std::optional<std::uint64_t> number_of(const SocketRow& row, const NumberTerm& term) {
  const SocketInfo& socket = *row.socket;
  switch (term.key->number) {
    case NumberSource::tcp_info: return field_of(socket, *term.key->field);
    case NumberSource::age: return least_age(socket);
    case NumberSource::idle: return idle_time(socket);
    case NumberSource::receive_queue:
    case NumberSource::send_queue:
    case NumberSource::accept_queue: return queue_of(socket, term.key->number);
    case NumberSource::user_id:  // the kernel tells 0 of what is owned by nobody
      return socket.inode == 0 ? std::nullopt : std::optional<std::uint64_t>(socket.user_id);
    case NumberSource::process_id: return std::nullopt;
    case NumberSource::sent_rate:
    case NumberSource::received_rate:
    case NumberSource::rate: return rate_of(row, term.key->number);
  }
  return std::nullopt;
}

// A name that is longer than the kernel keeps is looked for as far as it keeps it.
bool is_process_called(const Process& process, std::string_view pattern) {
  if (matches_pattern(pattern, process.name)) return true;
  if (process.name.size() < kProcessNameBytes || is_pattern(pattern)) return false;
  return std::string_view(unescape(pattern)).substr(0, kProcessNameBytes) == process.name;
}

// Of one holder. No unit or container is known to be none as far as the cgroup is known.
Truth holder_is_named(const Process& process, const NameTerm& term) {
  if (term.key->named == NameSource::process) return truth(is_process_called(process, term.pattern));
  const std::string& name = term.key->named == NameSource::unit ? process.unit : process.container;
  if (!name.empty()) return truth(matches_pattern(term.pattern, name));
  return process.cgroup.empty() ? Truth::unknown : Truth::no;
}

// Of any holder: unknown when there is none that may be seen.
template <class Decide>
Truth of_any_holder(const SocketRow& row, Decide decide_one) {
  Truth result = row.holders.empty() ? Truth::unknown : Truth::no;
  for (const Holder& holder : row.holders) result = std::max(result, decide_one(*holder.process));
  return result;
}

// The kernel counts the root of all cgroups in where there is none (TIME-WAIT, SYN-RECEIVED): such a socket is in no
// cgroup that can be named.
Truth cgroup_is_named(const SocketRow& row, std::string_view pattern) {
  if (!row.cgroup.empty()) return truth(matches_pattern(pattern, row.cgroup));
  return row.socket->inode == 0 && !row.socket->cgroup_id ? Truth::no : Truth::unknown;
}

class Decider {
 public:
  explicit Decider(const SocketRow& row) : row_(row), socket_(*row.socket) {}

  Truth operator()(const PortTerm& term) const {
    return truth(compares(end(term.end).port, term.comparison, term.port));
  }

  Truth operator()(const HostTerm& term) const {
    const Endpoint& at = end(term.end);
    if (term.port && *term.port != at.port) return Truth::no;
    const IpAddress address = term.prefix.address.is_v4() ? at.address.unmapped() : at.address.without_scope();
    return truth(address.family() == term.prefix.address.family() && term.prefix.contains(address));
  }

  Truth operator()(const FamilyTerm& term) const { return truth(socket_.local.address.family() == term.family); }

  // Whether the port is locked is not told: see Filter::matches.
  Truth operator()(const AutoboundTerm& term) const {
    return term.ephemeral.contains(socket_.local.port) ? Truth::unknown : Truth::no;
  }

  Truth operator()(const InterfaceTerm& term) const { return truth(socket_.interface_index == term.index); }

  Truth operator()(const MarkTerm& term) const {
    if (!socket_.mark && socket_.inode != 0) return Truth::unknown;
    return truth((socket_.mark.value_or(0) & term.mask) == term.mark);
  }

  Truth operator()(const CgroupTerm& term) const {
    if (!socket_.cgroup_id && socket_.inode != 0) return Truth::unknown;
    return truth(socket_.cgroup_id.value_or(0) == term.id);
  }

  // The kernel tells a socket that is bound and inactive as closed.
  Truth operator()(const StateTerm& term) const {
    StateSet met = state_bit(socket_.state);
    if (socket_.state == TcpState::closed) met |= state_bit(TcpState::bound_inactive);
    return truth((term.states & met) != 0);
  }

  Truth operator()(const NumberTerm& term) const {
    if (term.key->number == NumberSource::process_id) {
      return of_any_holder(row_, [&](const Process& process) {
        return truth(compares(static_cast<std::uint64_t>(process.pid), term.comparison, term.value));
      });
    }
    const auto value = number_of(row_, term);
    if (!value) return Truth::unknown;
    const bool holds = compares(*value, term.comparison, term.value);
    // An age that is known to be at least so much is never known to be less.
    if (term.key->number == NumberSource::age && !holds) return Truth::unknown;
    return truth(holds);
  }

  Truth operator()(const NameTerm& term) const {
    switch (term.key->named) {
      case NameSource::congestion:
        return socket_.congestion.empty() ? Truth::unknown
                                          : truth(matches_pattern(term.pattern, socket_.congestion.view()));
      case NameSource::network_namespace: return truth(matches_pattern(term.pattern, row_.network_namespace));
      case NameSource::cgroup: return cgroup_is_named(row_, term.pattern);
      default: return of_any_holder(row_, [&](const Process& process) { return holder_is_named(process, term); });
    }
  }

 private:
  [[nodiscard]] const Endpoint& end(End which) const { return which == End::local ? socket_.local : socket_.remote; }

  const SocketRow& row_;
  const SocketInfo& socket_;
};

Truth decide_term(const FilterNode& node, const SocketRow& row) {
  const Truth result = std::visit(Decider(row), node.term);
  if (std::holds_alternative<AutoboundTerm>(node.term) && result == Truth::unknown) return Truth::yes;
  return node.negated ? inverted(result) : result;
}

}  // namespace

Truth decide(const FilterNode& node, const SocketRow& row) {
  if (node.kind == NodeKind::term) return decide_term(node, row);
  const bool all = node.kind == NodeKind::all;
  Truth result = all ? Truth::yes : Truth::no;
  for (const FilterNode& child : node.children) {
    const Truth one = decide(child, row);
    result = all ? std::min(result, one) : std::max(result, one);
    if (result == (all ? Truth::no : Truth::yes)) break;
  }
  return result;
}

}  // namespace tcp::sockets
