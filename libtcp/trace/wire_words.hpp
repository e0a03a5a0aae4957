// SPDX-License-Identifier: MIT
// What everybody needs who sends and receives segments of our own.
#pragma once

#include "libtcp/base/endpoint.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/packet/build.hpp"
#include "libtcp/trace/handshake.hpp"

namespace tcp::trace {

// Of an error of sending: a full queue is a lost segment, which comes again.
[[nodiscard]] inline bool is_passing(const Error& error) {
  return error.is(std::errc::no_buffer_space) || error.is(std::errc::resource_unavailable_try_again);
}

// A zone says which link an address is on; packets do not carry it.
[[nodiscard]] inline bool same_endpoint(const Endpoint& a, const Endpoint& b) {
  return a.port == b.port && a.address.without_scope() == b.address.without_scope();
}

[[nodiscard]] inline packet::IpFields ip_fields_of(const Segment& segment) {
  packet::IpFields ip;
  ip.time_to_live = segment.time_to_live;
  ip.dscp = segment.dscp;
  ip.ecn = segment.ecn;
  ip.identification = segment.identification;
  ip.dont_fragment = segment.dont_fragment;
  ip.flow_label = segment.flow_label;
  return ip;
}

}  // namespace tcp::trace
