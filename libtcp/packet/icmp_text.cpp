// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "libtcp/packet/icmp.hpp"
#include "libtcp/packet/icmp_types.hpp"

namespace tcp::packet {
namespace {

constexpr int kAnyCode = -1;

struct Meaning {
  std::uint8_t type;
  int code;
  std::string_view text;
};

constexpr Meaning kIcmp[] = {
    {icmpv4::echo_reply, kAnyCode, "echo reply"},
    {icmpv4::unreachable, 0, "network unreachable"},
    {icmpv4::unreachable, 1, "host unreachable"},
    {icmpv4::unreachable, 2, "protocol unreachable"},
    {icmpv4::unreachable, 3, "port unreachable"},
    {icmpv4::unreachable, icmpv4::fragmentation_needed, "fragmentation needed"},
    {icmpv4::unreachable, 5, "source route failed"},
    {icmpv4::unreachable, 6, "network unknown"},
    {icmpv4::unreachable, 7, "host unknown"},
    {icmpv4::unreachable, 8, "source host isolated"},
    {icmpv4::unreachable, 9, "network administratively prohibited"},
    {icmpv4::unreachable, 10, "host administratively prohibited"},
    {icmpv4::unreachable, 11, "network unreachable for the type of service"},
    {icmpv4::unreachable, 12, "host unreachable for the type of service"},
    {icmpv4::unreachable, 13, "administratively prohibited"},
    {icmpv4::unreachable, 14, "host precedence violation"},
    {icmpv4::unreachable, 15, "precedence cutoff"},
    {icmpv4::source_quench, kAnyCode, "source quench"},
    {icmpv4::redirect, 0, "redirect for the network"},
    {icmpv4::redirect, 1, "redirect for the host"},
    {icmpv4::redirect, 2, "redirect for the type of service and network"},
    {icmpv4::redirect, 3, "redirect for the type of service and host"},
    {icmpv4::echo_request, kAnyCode, "echo request"},
    {9, kAnyCode, "router advertisement"},
    {10, kAnyCode, "router solicitation"},
    {icmpv4::time_exceeded, 0, "time exceeded in transit"},
    {icmpv4::time_exceeded, 1, "fragment reassembly time exceeded"},
    {icmpv4::parameter_problem, 0, "parameter problem"},
    {icmpv4::parameter_problem, 1, "required option missing"},
    {icmpv4::parameter_problem, 2, "bad header length"},
    {13, kAnyCode, "timestamp request"},
    {14, kAnyCode, "timestamp reply"},
};

constexpr Meaning kIcmpv6[] = {
    {icmpv6::unreachable, 0, "no route to destination"},
    {icmpv6::unreachable, 1, "administratively prohibited"},
    {icmpv6::unreachable, 2, "beyond scope of source address"},
    {icmpv6::unreachable, 3, "address unreachable"},
    {icmpv6::unreachable, 4, "port unreachable"},
    {icmpv6::unreachable, 5, "source address failed policy"},
    {icmpv6::unreachable, 6, "reject route to destination"},
    {icmpv6::unreachable, 7, "error in source routing header"},
    {icmpv6::unreachable, 8, "headers too long"},
    {icmpv6::packet_too_big, kAnyCode, "packet too big"},
    {icmpv6::time_exceeded, 0, "time exceeded in transit"},
    {icmpv6::time_exceeded, 1, "fragment reassembly time exceeded"},
    {icmpv6::parameter_problem, 0, "erroneous header field"},
    {icmpv6::parameter_problem, 1, "unrecognized next header"},
    {icmpv6::parameter_problem, 2, "unrecognized option"},
    {icmpv6::parameter_problem, 3, "first fragment has incomplete header chain"},
    {icmpv6::parameter_problem, 4, "segment routing upper-layer header error"},
    {icmpv6::parameter_problem, 5, "unrecognized next header at intermediate node"},
    {icmpv6::parameter_problem, 6, "extension header too big"},
    {icmpv6::parameter_problem, 7, "extension header chain too long"},
    {icmpv6::parameter_problem, 8, "too many extension headers"},
    {icmpv6::parameter_problem, 9, "too many options in extension header"},
    {icmpv6::parameter_problem, 10, "option too big"},
    {icmpv6::echo_request, kAnyCode, "echo request"},
    {icmpv6::echo_reply, kAnyCode, "echo reply"},
    {133, kAnyCode, "router solicitation"},
    {134, kAnyCode, "router advertisement"},
    {135, kAnyCode, "neighbour solicitation"},
    {136, kAnyCode, "neighbour advertisement"},
    {137, kAnyCode, "redirect"},
};

}  // namespace

std::string to_string(const IcmpHeader& header) {
  const auto table = header.family == Family::v4 ? std::span<const Meaning>(kIcmp) : std::span<const Meaning>(kIcmpv6);
  const auto row = std::ranges::find_if(table, [&](const Meaning& meaning) {
    return meaning.type == header.type && (meaning.code == kAnyCode || meaning.code == header.code);
  });
  if (row != table.end()) return std::string(row->text);
  return fmt::format("type {} code {}", header.type, header.code);
}

}  // namespace tcp::packet
