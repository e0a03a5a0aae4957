// SPDX-License-Identifier: MIT
#include "cmd/sockets_own_columns.hpp"

#include <algorithm>
#include <cmath>

#include "cmd/command.hpp"
#include "libtcp/ports/registry.hpp"

namespace tcp::cmd {
namespace {

using sockets::Detail;
using sockets::DetailSet;
using sockets::SocketInfo;
using sockets::SocketRow;
using Number = std::optional<std::uint64_t>;

constexpr DetailSet bit(Detail detail) { return static_cast<DetailSet>(detail); }

const sockets::Process* first_process(const SocketRow& row) {
  return row.holders.empty() ? nullptr : row.holders.front().process;
}

bool has_remote(const SocketInfo& socket) { return socket.remote.port != 0 || !socket.remote.address.is_any(); }

template <std::uint32_t sockets::SocketMemory::* Member>
Number memory(const SocketRow& row) {
  if (!row.socket->memory) return std::nullopt;
  return (*row.socket->memory).*Member;
}

template <double sockets::SocketRates::* Member>
Number rate(const SocketRow& row) {
  if (!row.rates) return std::nullopt;
  return static_cast<std::uint64_t>(std::llround(std::max(0.0, (*row.rates).*Member)));
}

template <std::string sockets::Process::* Member>
void process_text(std::string& out, const SocketRow& row, const CellStyle& /*style*/) {
  if (const auto* process = first_process(row)) append_safe(out, process->*Member);
}

void write_pressure(std::string& out, const SocketRow& row, const CellStyle& style) {
  const auto queue = accept_queue_of(*row.socket);
  if (!queue) return;
  append_number(out, queue->waiting);
  out += '/';
  append_number(out, queue->limit);
  if (queue->full() && style.human) out += " full";
}

void write_local(std::string& out, const SocketRow& row, const CellStyle& style) {
  append_endpoint(out, row.socket->local, row.socket->interface_index, *style.names);
}

void write_remote(std::string& out, const SocketRow& row, const CellStyle& style) {
  if (has_remote(*row.socket)) append_endpoint(out, row.socket->remote, 0, *style.names);
}

void write_holders(std::string& out, const SocketRow& row, const CellStyle& /*style*/) { append_holders(out, row); }

// The port that says what a connection is for: the one that a service is registered at, the remote one first.
void write_service(std::string& out, const SocketRow& row, const CellStyle& /*style*/) {
  const auto name = [](std::uint16_t port) { return ports::service_name(port, ports::Protocol::tcp); };
  const std::string_view remote = has_remote(*row.socket) ? name(row.socket->remote.port) : std::string_view();
  append_safe(out, remote.empty() ? name(row.socket->local.port) : remote);
}

void write_timer(std::string& out, const SocketRow& row, const CellStyle& /*style*/) {
  if (row.socket->timer.kind != sockets::TimerKind::none) out += to_string(row.socket->timer.kind);
}

void write_shutdown(std::string& out, const SocketRow& row, const CellStyle& /*style*/) {
  if (!row.socket->shutdown || *row.socket->shutdown == 0) return;
  const bool receive = (*row.socket->shutdown & 1U) != 0;
  const bool send = (*row.socket->shutdown & 2U) != 0;
  out += receive && send ? "both" : receive ? "receive" : "send";
}

constexpr DetailSet kInfo = bit(Detail::tcp_info);
constexpr DetailSet kMemory = bit(Detail::socket_memory);

// Designated initializers leave what does not apply at its default, which -Wextra takes for forgotten.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
constexpr SocketColumn kOwn[] = {
    {.name = "netns",
     .description = "network namespace",
     .text = [](std::string& out, const SocketRow& row, const CellStyle&) { append_safe(out, row.network_namespace); }},
    {.name = "state",
     .description = "state of the connection (RFC 9293)",
     .text = [](std::string& out, const SocketRow& row, const CellStyle&) { out += to_string(row.socket->state); }},
    {.name = "recv_queue",
     .description = "received bytes that wait to be read; of a listener, connections that wait to be accepted",
     .unit = Unit::queue,
     .number = [](const SocketRow& row) -> Number { return row.socket->receive_queue; }},
    {.name = "send_queue",
     .description = "sent bytes that are not acknowledged; of a listener, how many connections may wait",
     .unit = Unit::queue,
     .number = [](const SocketRow& row) -> Number { return row.socket->send_queue; }},
    {.name = "local", .description = "local address and port", .text = write_local},
    {.name = "remote", .description = "remote address and port", .text = write_remote},
    {.name = "process",
     .description = "the process that holds it, and how many others do",
     .need = ColumnNeed::holders,
     .text = write_holders},
    {.name = "pid",
     .description = "process ID of the first process that holds it",
     .unit = Unit::id,
     .need = ColumnNeed::holders,
     .number = [](const SocketRow& row) -> Number {
       const auto* process = first_process(row);
       return process == nullptr ? Number() : Number(static_cast<std::uint64_t>(process->pid));
     }},
    {.name = "fd",
     .description = "descriptor of the first process that holds it",
     .unit = Unit::id,
     .need = ColumnNeed::holders,
     .number = [](const SocketRow& row) -> Number {
       return row.holders.empty() ? Number() : Number(static_cast<std::uint64_t>(row.holders.front().descriptor));
     }},
    {.name = "user",
     .description = "user that the socket belongs to",
     .text = [](std::string& out, const SocketRow& row,
                const CellStyle& style) { append_safe(out, style.names->user(row.socket->user_id)); }},
    {.name = "uid",
     .description = "user ID that the socket belongs to",
     .unit = Unit::id,
     .number = [](const SocketRow& row) -> Number { return row.socket->user_id; }},
    {.name = "unit",
     .description = "systemd unit of the process",
     .need = ColumnNeed::cgroups,
     .text = process_text<&sockets::Process::unit>},
    {.name = "container",
     .description = "container of the process",
     .need = ColumnNeed::cgroups,
     .text = process_text<&sockets::Process::container>},
    {.name = "cgroup",
     .description = "control group of the socket",
     .need = ColumnNeed::cgroups,
     .text = [](std::string& out, const SocketRow& row, const CellStyle&) { append_safe(out, row.cgroup); }},
    {.name = "accept",
     .description = "of a listener: connections that wait to be accepted, and how many may",
     .text = write_pressure},
    {.name = "local_address",
     .description = "local address",
     .text = [](std::string& out, const SocketRow& row,
                const CellStyle&) { append_address(out, row.socket->local.address); }},
    {.name = "local_port",
     .description = "local port",
     .unit = Unit::id,
     .number = [](const SocketRow& row) -> Number { return row.socket->local.port; }},
    {.name = "remote_address",
     .description = "remote address",
     .text =
         [](std::string& out, const SocketRow& row, const CellStyle&) {
           if (has_remote(*row.socket)) append_address(out, row.socket->remote.address);
         }},
    {.name = "remote_port",
     .description = "remote port",
     .unit = Unit::id,
     .number = [](const SocketRow& row) -> Number {
       return has_remote(*row.socket) ? Number(row.socket->remote.port) : Number();
     }},
    {.name = "service", .description = "what the remote or local port is registered for", .text = write_service},
    {.name = "interface",
     .description = "interface that the socket is bound to",
     .text =
         [](std::string& out, const SocketRow& row, const CellStyle& style) {
           if (row.socket->interface_index != 0) append_safe(out, style.names->interface(row.socket->interface_index));
         }},
    {.name = "timer", .description = "timer that runs: retransmission, keepalive, …", .text = write_timer},
    {.name = "timer_expires",
     .description = "when the timer fires",
     .unit = Unit::milliseconds,
     .number = [](const SocketRow& row) -> Number {
       return row.socket->timer.kind == sockets::TimerKind::none ? Number() : Number(row.socket->timer.expires_ms);
     }},
    {.name = "retransmissions",
     .description = "of what the timer is for, so far without an answer",
     .number = [](const SocketRow& row) -> Number { return row.socket->timer.retransmissions; }},
    {.name = "congestion",
     .description = "congestion control",
     .details = bit(Detail::congestion),
     .text = [](std::string& out, const SocketRow& row,
                const CellStyle&) { append_safe(out, row.socket->congestion.view()); }},
    {.name = "upper_layer",
     .description = "what the kernel does above TCP: tls, mptcp",
     .details = kInfo,
     .text = [](std::string& out, const SocketRow& row,
                const CellStyle&) { append_safe(out, row.socket->upper_layer.view()); }},
    {.name = "shutdown",
     .description = "the direction that was shut down",
     .details = bit(Detail::shutdown),
     .text = write_shutdown},
    {.name = "tos",
     .description = "IPv4 type of service",
     .details = bit(Detail::tos),
     .number = [](const SocketRow& row) -> Number { return row.socket->tos; }},
    {.name = "traffic_class",
     .description = "IPv6 traffic class",
     .details = bit(Detail::traffic_class),
     .number = [](const SocketRow& row) -> Number { return row.socket->traffic_class; }},
    {.name = "v6_only",
     .description = "an IPv6 socket that takes no IPv4",
     .text =
         [](std::string& out, const SocketRow& row, const CellStyle&) {
           if (row.socket->v6_only) out += *row.socket->v6_only ? "yes" : "no";
         }},
    {.name = "mark",
     .description = "firewall mark (told to CAP_NET_ADMIN only)",
     .unit = Unit::id,
     .number = [](const SocketRow& row) -> Number { return row.socket->mark; }},
    {.name = "class_id",
     .description = "traffic class of the control group, or the socket's priority",
     .unit = Unit::id,
     .details = bit(Detail::traffic_class),
     .number = [](const SocketRow& row) -> Number { return row.socket->class_id; }},
    {.name = "cgroup_id",
     .description = "number of the control group",
     .unit = Unit::id,
     .number = [](const SocketRow& row) -> Number { return row.socket->cgroup_id; }},
    {.name = "inode",
     .description = "inode of the socket",
     .unit = Unit::id,
     .number = [](const SocketRow& row) -> Number {
       return row.socket->inode == 0 ? Number() : Number(row.socket->inode);
     }},
    {.name = "cookie",
     .description = "number of the socket, unique as long as the kernel runs",
     .unit = Unit::id,
     .number = [](const SocketRow& row) -> Number { return row.socket->cookie; }},
    {.name = "receive_memory",
     .description = "memory taken by received data",
     .unit = Unit::bytes,
     .details = kMemory,
     .number = memory<&sockets::SocketMemory::receive_allocated>},
    {.name = "receive_buffer",
     .description = "how much that may be (SO_RCVBUF)",
     .unit = Unit::bytes,
     .details = kMemory,
     .number = memory<&sockets::SocketMemory::receive_limit>},
    {.name = "send_memory",
     .description = "memory taken by data to send, handed to the device",
     .unit = Unit::bytes,
     .details = kMemory,
     .number = memory<&sockets::SocketMemory::send_allocated>},
    {.name = "send_buffer",
     .description = "how much that may be (SO_SNDBUF)",
     .unit = Unit::bytes,
     .details = kMemory,
     .number = memory<&sockets::SocketMemory::send_limit>},
    {.name = "forward_memory",
     .description = "memory kept in advance",
     .unit = Unit::bytes,
     .details = kMemory,
     .number = memory<&sockets::SocketMemory::forward_allocated>},
    {.name = "queued_memory",
     .description = "memory taken by the send queue",
     .unit = Unit::bytes,
     .details = kMemory,
     .number = memory<&sockets::SocketMemory::send_queued>},
    {.name = "option_memory",
     .description = "memory taken by socket options",
     .unit = Unit::bytes,
     .details = kMemory,
     .number = memory<&sockets::SocketMemory::option_allocated>},
    {.name = "backlog",
     .description = "received while the process had the socket locked",
     .unit = Unit::bytes,
     .details = kMemory,
     .number = memory<&sockets::SocketMemory::backlog>},
    {.name = "drops",
     .description = "segments dropped; of a listener, also connections",
     .unit = Unit::segments,
     .details = kMemory,
     .number = memory<&sockets::SocketMemory::drops>},
    {.name = "send_rate",
     .description = "payload sent, between two looks",
     .unit = Unit::bytes_per_second,
     .need = ColumnNeed::rates,
     .details = kInfo,
     .number = rate<&sockets::SocketRates::sent_bytes_per_second>},
    {.name = "receive_rate",
     .description = "payload received, between two looks",
     .unit = Unit::bytes_per_second,
     .need = ColumnNeed::rates,
     .details = kInfo,
     .number = rate<&sockets::SocketRates::received_bytes_per_second>},
    {.name = "rate",
     .description = "payload sent and received, between two looks",
     .unit = Unit::bytes_per_second,
     .need = ColumnNeed::rates,
     .details = kInfo,
     .number = [](const SocketRow& row) -> Number {
       const auto sent = rate<&sockets::SocketRates::sent_bytes_per_second>(row);
       const auto received = rate<&sockets::SocketRates::received_bytes_per_second>(row);
       return sent && received ? Number(*sent + *received) : Number();
     }},
    {.name = "retransmit_rate",
     .description = "segments retransmitted a second, between two looks",
     .unit = Unit::segments,
     .need = ColumnNeed::rates,
     .details = kInfo,
     .number = rate<&sockets::SocketRates::retransmitted_segments_per_second>},
};
#pragma GCC diagnostic pop

}  // namespace

std::span<const SocketColumn> own_socket_columns() { return kOwn; }

}  // namespace tcp::cmd
