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
  packet::FlowEnds ends;
  if (packet::read_plain_segment(frame, link_type, batch_->next(), ends)) {
    batch_->add_next(ends, time);
  } else {
    on_wrapped(frame, link_type, time);
  }
  if (batch_->full()) flush();
}

void FrameReader::flush() {
  if (batch_->size() == 0) return;
  if (thread_ != nullptr) {
    batch_ = thread_->give(std::move(batch_));
  } else {
    tracker_.follow(*batch_);
    batch_->clear();
    tracker_.take_gists(batch_->gists());
  }
  hand_on(batch_->gists());
}

void FrameReader::hand_on(std::vector<HandshakeGist>& gists) {
  if (on_gists_ && !gists.empty()) on_gists_(gists);
  gists.clear();
}

void FrameReader::finish() {
  flush();
  std::vector<HandshakeGist> left;
  if (thread_ != nullptr) {
    thread_->stop();
    thread_->take_gists(left);
  }
  tracker_.finish();
  tracker_.take_gists(left);
  hand_on(left);
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
    if (!packet.icmp()->header.is_error()) return;
    flush();  // the SYN that it quotes may be among those that wait
    if (thread_ != nullptr) thread_->drain();
    tracker_.on_icmp(packet, time, wrapped);
  } else if (packet.tcp() != nullptr) {
    if (packet.error == ParseError::truncated) ++counts_.cut;  // its options; the rest is there
    batch_->add(packet::to_flow_segment(packet), time, wrapped);
  } else if (packet.is_fragment) {
    ++counts_.fragments;
  } else if (packet.error == ParseError::truncated) {
    ++counts_.cut;
  } else if (packet.error == ParseError::none || packet.error == ParseError::unsupported || way.tunnel_count != 0) {
    ++counts_.not_tcp;
  } else {
    ++counts_.malformed;
  }
}

Result<bool> SavefileFrames::next_slowly(packet::SavefileFrame& frame) {
  while (true) {
    switch (reader_.next(available_.subspan(used_), frame)) {
      case packet::SavefileStep::frame: used_ += reader_.consumed(); return true;
      case packet::SavefileStep::skip: used_ += reader_.consumed(); break;
      case packet::SavefileStep::more: {
        if (before_waiting_) before_waiting_();
        TCP_TRY_ASSIGN(view, source_.view(used_, reader_.needed()));
        available_ = view;
        used_ = 0;
        if (available_.size() >= reader_.needed()) break;
        if (available_.empty() && reader_.begun()) return false;
        return make_error(Errc::malformed, source_.attempt(),
                          reader_.begun() ? "it breaks off in the middle of a frame" : "it is too short for a capture");
      }
      case packet::SavefileStep::broken:
        return make_error(Errc::malformed, source_.attempt(), std::string(reader_.reason()));
    }
  }
}

}  // namespace tcp::trace
