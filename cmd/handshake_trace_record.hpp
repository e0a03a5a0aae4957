// SPDX-License-Identifier: MIT
// A handshake as the record that JSON shows and the text is made of.
#pragma once

#include <string>
#include <vector>

#include "cmd/output/record.hpp"
#include "libtcp/base/endpoint.hpp"
#include "libtcp/trace/handshake.hpp"

namespace tcp::cmd {

// What was asked for, and what it was found to mean.
struct TraceTarget {
  std::string name;  // as typed
  std::uint16_t port = 0;
  std::optional<IpAddress> address;        // absent: the name has none
  std::vector<IpAddress> other_addresses;  // of the same name, not traced
};

[[nodiscard]] Record icmp_record(const trace::IcmpAnswer& icmp);
[[nodiscard]] Record to_record(const TraceTarget& target, const trace::Handshake& handshake);

// "SYN-ACK": what an event is called on the wire.
[[nodiscard]] std::string name_of(const trace::HandshakeEvent& event);
// What the event at `index` does, in a few plain words.
[[nodiscard]] std::string explain_event(const trace::Handshake& handshake, std::size_t index);

}  // namespace tcp::cmd
