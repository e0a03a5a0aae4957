// SPDX-License-Identifier: MIT
#include "cmd/handshake_trace_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace tcp::cmd {
namespace {

struct Name {
  std::string_view word;
  std::string_view name;
};

constexpr std::array kTopicNames{
    Name{"round_trip", "round trip"},
    Name{"retransmission", "repeated"},
    Name{"segment_size", "segment size"},
    Name{"window", "window"},
    Name{"selective_ack", "selective ACK"},
    Name{"timestamps", "timestamps"},
    Name{"congestion", "ECN"},
    Name{"fast_open", "Fast Open"},
    Name{"multipath", "Multipath TCP"},
    Name{"syn_cookies", "SYN cookies"},
    Name{"distance", "distance"},
    Name{"reset_origin", "who reset"},
    Name{"simultaneous_open", "both at once"},
    Name{"split_handshake", "split answer"},
    Name{"data", "data"},
    Name{"closing", "close"},
    Name{"limits", "not visible"},
    Name{"result", "result"},
};

constexpr std::array kFieldNames{
    Name{"source_address", "source address (NAT)"},
    Name{"source_port", "source port (NAT)"},
    Name{"destination_address", "destination address (NAT)"},
    Name{"destination_port", "destination port (NAT)"},
    Name{"dscp", "DSCP"},
    Name{"ecn", "ECN field"},
    Name{"identification", "IP id"},
    Name{"dont_fragment", "don't fragment"},
    Name{"flow_label", "flow label"},
    Name{"time_to_live", "TTL where it expired"},
    Name{"sequence", "sequence number"},
    Name{"control_bits", "control bits"},
    Name{"window", "window"},
    Name{"mss", "MSS"},
    Name{"window_scale", "window scale"},
    Name{"selective_ack", "SACK permitted"},
    Name{"timestamps", "timestamps"},
    Name{"other_options", "other options"},
    Name{"option_order", "order of options"},
    Name{"payload", "payload"},
    Name{"checksum", "checksum"},
};

std::string_view name_in(const auto& names, std::string_view word) {
  const auto row = std::ranges::find(names, word, &Name::word);
  return row == names.end() ? word : row->name;
}

std::string rejection_of(const Record& path) {
  std::string who = path["sender"].text();
  if (path["sender"].text() == path["address"].text()) {
    who += ", the target itself";
  } else if (!path["sender_hop"].is_null()) {
    who += ", hop " + path["sender_hop"].text();
  }
  return fmt::format("rejected: {} says {}", who, path["rejection"].text());
}

}  // namespace

std::string_view topic_name(std::string_view topic) { return name_in(kTopicNames, topic); }

std::string_view field_name(std::string_view field) { return name_in(kFieldNames, field); }

std::string endpoint_text(const std::string& address, const std::string& port) {
  return address.find(':') == std::string::npos ? address + ':' + port : '[' + address + "]:" + port;
}

// A router quotes what came in, so that its own doing shows at the next hop.
std::string place_of(const Record& change) {
  const std::string last = change["last_hop_without"].text();
  const std::string first = change["first_hop_with"].text();
  if (last == "0") return "before hop " + first + " quotes it";
  if (std::stoul(last) + 1 == std::stoul(first)) return fmt::format("at hop {} or on the way to hop {}", last, first);
  return fmt::format("at hop {} or later, before hop {} quotes it", last, first);
}

std::string verdict_of(const Record& path) {
  const std::string outcome = path["outcome"].text();
  const std::string hop = path["last_hop"].text();
  if (outcome == "open") return fmt::format("open: the target accepts, at hop {}", hop);
  if (outcome == "closed") return fmt::format("closed: an RST in the target's name answers probes of TTL {}", hop);
  if (outcome == "rejected") return rejection_of(path);
  if (outcome == "failed") return "failed: " + path["error"].text();
  if (outcome == "interrupted") return "stopped before the end of the path was found";
  if (path["last_hop"].is_null()) return "silence: not one hop answers";
  return fmt::format("silence after hop {}, up to hop {}", hop, path["max_hops"].text());
}

}  // namespace tcp::cmd
