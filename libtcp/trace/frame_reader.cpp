// SPDX-License-Identifier: MIT
#include "libtcp/trace/frame_reader.hpp"

#include <algorithm>
#include <array>

namespace tcp::trace {
namespace {

using packet::LinkType;
using packet::ParseError;

bool is_decoded(std::uint16_t link_type) {
  constexpr std::array known{LinkType::null,      LinkType::ethernet, LinkType::ppp,   LinkType::fddi,
                             LinkType::raw,       LinkType::loop,     LinkType::ipv4,  LinkType::ieee802_11,
                             LinkType::linux_sll, LinkType::ipv6,     LinkType::nflog, LinkType::linux_sll2};
  return std::ranges::find(known, static_cast<LinkType>(link_type)) != known.end();
}

}  // namespace

void FrameReader::on_frame(packet::Bytes frame, std::uint16_t link_number, WallTime time) {
  if (counts_.frames++ == 0) counts_.first = time;
  counts_.last = std::max(counts_.last, time);
  const auto link_type = static_cast<LinkType>(link_number);
  if (packet::read_plain_segment(frame, link_type, tracker_.next_place())) {
    tracker_.take_place(time);
  } else {
    on_wrapped(frame, link_type, time);
  }
  tracker_.advance(time);
}

void FrameReader::on_wrapped(packet::Bytes frame, LinkType link_type, WallTime time) {
  if (!is_decoded(static_cast<std::uint16_t>(link_type))) {
    ++counts_.unknown_link;
    return;
  }
  packet::WayIn way;
  const packet::DecodedPacket packet = packet::decode_innermost(frame, link_type, way);
  const packet::WayIn* wrapped = way.plain() ? nullptr : &way;
  if (way.tunnel_count != 0 && packet.tcp() != nullptr) ++counts_.tunnelled;
  if (packet.icmp() != nullptr) {
    ++counts_.not_tcp;
    tracker_.on_icmp(packet, time, wrapped);
  } else if (packet.tcp() != nullptr) {
    if (packet.error == ParseError::truncated) ++counts_.cut;  // its options; the rest is there
    tracker_.on_segment(packet::to_flow_segment(packet), time, wrapped);
  } else if (packet.is_fragment) {
    ++counts_.fragments;
  } else if (packet.error == ParseError::truncated) {
    ++counts_.cut;
  } else if (packet.error == ParseError::none || packet.error == ParseError::unsupported) {
    ++counts_.not_tcp;
  } else {
    ++counts_.malformed;
  }
}

Result<void> read_savefile(net::ByteSource& source, const std::function<bool(const packet::SavefileFrame&)>& on_frame) {
  packet::SavefileReader reader;
  packet::SavefileFrame frame;
  packet::Bytes available;
  std::size_t used = 0;  // of the current view
  while (true) {
    switch (reader.next(available.subspan(used), frame)) {
      case packet::SavefileStep::frame:
        used += reader.consumed();
        if (!on_frame(frame)) return {};
        break;
      case packet::SavefileStep::skip: used += reader.consumed(); break;
      case packet::SavefileStep::more: {
        TCP_TRY_ASSIGN(view, source.view(used, reader.needed()));
        available = view;
        used = 0;
        if (available.size() >= reader.needed()) break;
        if (available.empty() && reader.begun()) return {};
        return make_error(Errc::malformed, source.attempt(),
                          reader.begun() ? "it breaks off in the middle of a frame" : "it is too short for a capture");
      }
      case packet::SavefileStep::broken:
        return make_error(Errc::malformed, source.attempt(), std::string(reader.reason()));
    }
  }
}

}  // namespace tcp::trace
