// SPDX-License-Identifier: MIT
#include "cmd/sockets_json.hpp"

#include <array>
#include <vector>

#include "cmd/output/json_writer.hpp"
#include "cmd/sockets_cells.hpp"
#include "cmd/sockets_columns.hpp"
#include "cmd/sockets_info_text.hpp"

namespace tcp::cmd {
namespace {

using sockets::SocketInfo;
using sockets::SocketRow;

// Tens of thousands of addresses are written: into one buffer.
class AddressText {
 public:
  std::string_view operator()(const IpAddress& address) {
    text_.clear();
    append_address(text_, address);
    return text_;
  }

 private:
  std::string text_;
};

void write_ends(JsonWriter& json, const SocketInfo& socket, SocketNames& names) {
  AddressText text;
  json.field("family", to_string(socket.local.address.family()));
  json.field("local_address", text(socket.local.address));
  json.field("local_port", socket.local.port);
  const bool remote = socket.remote.port != 0 || !socket.remote.address.is_any();
  json.text_or_null("remote_address", remote ? text(socket.remote.address) : std::string_view());
  remote ? json.field("remote_port", socket.remote.port) : json.null("remote_port");
  const bool bound = socket.interface_index != 0;
  json.text_or_null("interface", bound ? std::string_view(names.interface(socket.interface_index)) : "");
}

void write_queues(JsonWriter& json, const SocketInfo& socket) {
  const auto queue = accept_queue_of(socket);
  const auto bytes = [&](std::uint32_t value) { return queue ? std::nullopt : std::optional(value); };
  json.field("recv_queue_bytes", bytes(socket.receive_queue));
  json.field("send_queue_bytes", bytes(socket.send_queue));
  if (!queue) {
    json.null("accept_queue");
    return;
  }
  json.begin_object("accept_queue");
  json.field("waiting", queue->waiting);
  json.field("limit", queue->limit);
  json.field("full", queue->full());
  json.end_object();
}

void write_timer(JsonWriter& json, const sockets::SocketTimer& timer) {
  if (timer.kind == sockets::TimerKind::none) {
    json.null("timer");
    return;
  }
  json.begin_object("timer");
  json.field("kind", to_string(timer.kind));
  json.field("expires_ms", timer.expires_ms);
  json.field("retransmissions", timer.retransmissions);
  json.end_object();
}

void write_memory(JsonWriter& json, const std::optional<sockets::SocketMemory>& memory) {
  if (!memory) {
    json.null("memory");
    return;
  }
  json.begin_object("memory");
  json.field("receive_allocated_bytes", memory->receive_allocated);
  json.field("receive_limit_bytes", memory->receive_limit);
  json.field("send_allocated_bytes", memory->send_allocated);
  json.field("send_limit_bytes", memory->send_limit);
  json.field("forward_allocated_bytes", memory->forward_allocated);
  json.field("send_queued_bytes", memory->send_queued);
  json.field("option_allocated_bytes", memory->option_allocated);
  json.field("backlog_bytes", memory->backlog);
  json.field("drops", memory->drops);
  json.end_object();
}

void write_flags(JsonWriter& json, const std::optional<sockets::SocketFlags>& flags) {
  if (!flags) {
    json.null("socket_options");
    return;
  }
  json.begin_object("socket_options");
  json.field("recverr", flags->recverr);
  json.field("recverr_rfc4884", flags->recverr_rfc4884);
  json.field("freebind", flags->freebind);
  json.field("hdrincl", flags->hdrincl);
  json.field("transparent", flags->transparent);
  json.field("nodefrag", flags->nodefrag);
  json.field("bind_address_no_port", flags->bind_address_no_port);
  json.field("defer_connect", flags->defer_connect);
  json.field("mc_loop", flags->mc_loop);
  json.field("mc_all", flags->mc_all);
  json.field("is_icsk", flags->is_icsk);
  json.end_object();
}

// The columns hold the fields with their units; the key of each is made once.
struct InfoKey {
  const sockets::TcpInfoField* field;
  std::string key;
};
const std::vector<InfoKey>& info_keys() {
  static const std::vector<InfoKey> keys = [] {
    std::vector<InfoKey> made;
    for (const SocketColumn& column : socket_columns()) {
      if (column.info == nullptr) continue;
      made.push_back({column.info, std::string(column.name).append(key_suffix(column.name, column.unit))});
    }
    return made;
  }();
  return keys;
}

void write_info_field(JsonWriter& json, const InfoKey& key, std::optional<std::uint64_t> value) {
  if (!value) return json.null(key.key);
  if (key.field->name == "ca_state") return json.field(key.key, congestion_state(*value));
  if (key.field->name != "options") return json.field(key.key, *value);
  json.begin_list(key.key);
  for (const std::string_view word : option_words(*value)) json.item(word);
  json.end_list();
}

void write_info(JsonWriter& json, const sockets::TcpInfo& info) {
  if (info.size() == 0) return json.null("tcp_info");
  json.begin_object("tcp_info");
  for (const InfoKey& key : info_keys()) write_info_field(json, key, info.get(*key.field));
  json.end_object();
}

void write_mptcp_info(JsonWriter& json, const sockets::MptcpInfo& info) {
  if (info.size() == 0) return json.null("mptcp_info");
  json.begin_object("mptcp_info");
  for (const sockets::TcpInfoField& field : sockets::mptcp_info_fields()) {
    json.field(std::string(field.name).append(key_suffix(field.name, unit_of(field))), info.get(field));
  }
  json.end_object();
}

void write_congestion(JsonWriter& json, const SocketInfo& socket) {
  json.text_or_null("congestion", socket.congestion.view());
  if (const auto& vegas = socket.vegas) {
    json.begin_object("vegas");
    json.field("enabled", vegas->enabled);
    json.field("round_trips", vegas->round_trips);
    json.field("rtt_us", vegas->rtt_us);
    json.field("min_rtt_us", vegas->min_rtt_us);
    json.end_object();
  } else {
    json.null("vegas");
  }
  if (const auto& dctcp = socket.dctcp) {
    json.begin_object("dctcp");
    json.field("enabled", dctcp->enabled);
    json.field("ce_state", dctcp->ce_state);
    json.field("alpha", dctcp->alpha);
    json.field("ecn_bytes", dctcp->ecn_bytes);
    json.field("total_bytes", dctcp->total_bytes);
    json.end_object();
  } else {
    json.null("dctcp");
  }
  if (const auto& bbr = socket.bbr) {
    json.begin_object("bbr");
    json.field("bandwidth_bytes_per_second", bbr->bandwidth_bytes_per_second);
    json.field("min_rtt_us", bbr->min_rtt_us);
    json.field("pacing_gain", bbr->pacing_gain / 256.0);
    json.field("cwnd_gain", bbr->cwnd_gain / 256.0);
    json.end_object();
  } else {
    json.null("bbr");
  }
}

void write_upper_layer(JsonWriter& json, const SocketInfo& socket) {
  json.text_or_null("upper_layer", socket.upper_layer.view());
  if (const auto& flow = socket.mptcp_subflow) {
    json.begin_object("mptcp_subflow");
    json.field("token_remote", flow->token_remote);
    json.field("token_local", flow->token_local);
    json.field("relative_write_sequence", flow->relative_write_sequence);
    json.field("map_sequence", flow->map_sequence);
    json.field("map_subflow_sequence", flow->map_subflow_sequence);
    json.field("subflow_sequence_offset", flow->subflow_sequence_offset);
    json.field("map_data_length_bytes", flow->map_data_length);
    json.field("flags", flow->flags);
    json.field("id_remote", flow->id_remote);
    json.field("id_local", flow->id_local);
    json.end_object();
  } else {
    json.null("mptcp_subflow");
  }
  if (const auto& tls = socket.tls) {
    json.begin_object("tls");
    json.field("version", tls->version);
    json.field("cipher", tls->cipher);
    json.field("send_configuration", tls->send_configuration);
    json.field("receive_configuration", tls->receive_configuration);
    json.field("zero_copy_send", tls->zero_copy_send);
    json.field("no_padding_on_receive", tls->no_padding_on_receive);
    json.end_object();
  } else {
    json.null("tls");
  }
}

void write_shutdown(JsonWriter& json, const std::optional<std::uint8_t>& shutdown) {
  if (!shutdown) return json.null("shutdown");
  json.begin_object("shutdown");
  json.field("receive", (*shutdown & 1U) != 0);
  json.field("send", (*shutdown & 2U) != 0);
  json.end_object();
}

void write_rates(JsonWriter& json, const std::optional<sockets::SocketRates>& rates) {
  if (!rates) return json.null("rates");
  json.begin_object("rates");
  json.field("sent_bytes_per_second", rates->sent_bytes_per_second);
  json.field("received_bytes_per_second", rates->received_bytes_per_second);
  json.field("retransmitted_segments_per_second", rates->retransmitted_segments_per_second);
  json.end_object();
}

// Null where the user or interface has no name here.
void write_user(JsonWriter& json, std::string_view key, std::uint32_t user_id, SocketNames& names) {
  const std::string& name = names.user(user_id);
  const bool number = name == std::to_string(user_id);
  json.text_or_null(key, number ? std::string_view() : name);
}

void write_holders(JsonWriter& json, const SocketRow& row, const SocketJsonOptions& options) {
  if (!options.holders) return json.null("holders");
  json.begin_list("holders");
  for (const sockets::Holder& holder : row.holders) {
    json.begin_object();
    json.field("process", holder.process->name);
    json.field("pid", holder.process->pid);
    json.field("fd", holder.descriptor);
    json.field("user_id", holder.process->user_id);
    write_user(json, "user", holder.process->user_id, *options.names);
    json.text_or_null("unit", holder.process->unit);
    json.text_or_null("container", holder.process->container);
    json.text_or_null("cgroup", holder.process->cgroup);
    json.end_object();
  }
  json.end_list();
}

}  // namespace

void append_json(std::string& out, const SocketRow& row, const SocketJsonOptions& options) {
  const SocketInfo& socket = *row.socket;
  JsonWriter json(out);
  json.begin_object();
  json.field("type", "socket");
  json.text_or_null("netns", row.network_namespace);
  json.field("protocol", socket.is_mptcp ? std::string_view("mptcp") : to_string(socket.protocol));
  json.field("state", to_string(socket.state));
  write_ends(json, socket, *options.names);
  write_queues(json, socket);
  json.field("user_id", socket.user_id);
  write_user(json, "user", socket.user_id, *options.names);
  write_holders(json, row, options);
  json.field("inode", socket.inode == 0 ? std::nullopt : std::optional(socket.inode));
  json.field("cookie", socket.cookie);
  json.field("cgroup_id", socket.cgroup_id);
  json.text_or_null("cgroup", row.cgroup);
  write_timer(json, socket.timer);
  json.field("v6_only", socket.v6_only);
  write_shutdown(json, socket.shutdown);
  json.field("tos", socket.tos);
  json.field("traffic_class", socket.traffic_class);
  json.field("mark", socket.mark);
  json.field("class_id", socket.class_id);
  json.field("md5_keys", socket.md5_keys);
  write_memory(json, socket.memory);
  write_flags(json, socket.flags);
  write_congestion(json, socket);
  write_upper_layer(json, socket);
  write_rates(json, row.rates);
  write_mptcp_info(json, socket.mptcp_info);
  write_info(json, socket.tcp_info);
  json.end_object();
}

}  // namespace tcp::cmd
