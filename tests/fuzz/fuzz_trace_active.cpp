// SPDX-License-Identifier: MIT
// Random segments, ICMP errors and waits for the state machine of a crafted handshake. Whatever comes: it never claims
// a connection that did not acknowledge our SYN, never sends without bound, and always ends.
#include <cstdint>
#include <cstdlib>

#include "libtcp/packet/bytes.hpp"
#include "libtcp/packet/sequence.hpp"
#include "libtcp/trace/active.hpp"

namespace {

using namespace tcp;
using namespace tcp::trace;
using namespace std::chrono_literals;
namespace control = tcp::packet::control;

constexpr std::uint32_t kIsn = 0xfffffff0;
constexpr std::size_t kMostSent = 8192;

void require(bool condition) {
  if (!condition) std::abort();
}

// A number near one that matters: few bits decide, so that the interesting ones are found.
std::uint32_t near(packet::Reader& reader, std::uint32_t ours, std::uint32_t theirs) {
  const std::uint8_t choice = reader.u8();
  const auto offset = static_cast<std::uint32_t>(static_cast<std::int8_t>(reader.u8()));
  switch (choice % 4) {
    case 0: return ours + offset;
    case 1: return theirs + offset;
    case 2: return offset;
    default: return reader.u32();
  }
}

class Fuzzed {
 public:
  explicit Fuzzed(packet::Bytes bytes) : reader_(bytes), options_(read_options(reader_)), machine_(options_, now_) {}

  void run() {
    drain();
    while (reader_.ok() && reader_.left() != 0 && !machine_.finished()) step();
    // Bounded: the opening, the closing and the hold each have their end.
    for (int i = 0; i < 200 && !machine_.finished(); ++i) {
      require(machine_.deadline() >= now_);
      now_ = machine_.deadline();
      machine_.on_deadline(now_);
      drain();
    }
    require(machine_.finished());
    const bool opened = machine_.outcome() == Outcome::established || machine_.outcome() == Outcome::half_open;
    require(!opened || (acknowledged_ && options_.shape.opens()));
    require(machine_.outcome() != Outcome::half_open || options_.half_open);
    require(machine_.outcome() != Outcome::established || !options_.half_open);
    require(machine_.outcome() == Outcome::established || machine_.closing() == Closing::none);
  }

 private:
  static ActiveOptions read_options(packet::Reader& reader) {
    ActiveOptions options;
    options.initial_sequence = kIsn;
    const std::uint8_t knobs = reader.u8();
    options.syn_retries = knobs & 7;
    options.linear_timeouts = (knobs >> 3) & 7;
    options.route_mss = reader.u16();
    read_shape(reader, options.shape);
    const std::uint8_t kind = reader.u8();
    options.half_open = (kind & 1) != 0;
    if ((kind & 2) != 0) options.payload.assign(reader.u16() % (kMostPayloadBytes + 1), 'x');
    return options;
  }

  static void read_shape(packet::Reader& reader, SynShape& shape) {
    const std::uint8_t kind = reader.u8();
    shape.window_shift = kind % 15;
    shape.window_scaling = (kind & 0x10) == 0;
    shape.timestamps = (kind & 0x20) == 0;
    shape.selective_ack = (kind & 0x40) == 0;
    shape.fast_open = shape.multipath = (kind & 0x80) != 0;
    const std::uint8_t more = reader.u8();
    shape.ecn = static_cast<Ecn>(more % 3);
    if ((more & 0x10) != 0) shape.mss = reader.u16();
    if ((more & 0x20) != 0) shape.window = reader.u16();
    if ((more & 0x40) != 0) shape.control_bits = reader.u8();
  }

  void step() {
    switch (reader_.u8() % 8) {
      case 0: now_ += std::chrono::milliseconds(reader_.u16()); break;
      case 1: icmp(); break;
      case 2:
        if (reader_.u8() == 0xff) machine_.abort(Outcome::interrupted, now_);
        break;
      default: segment(); break;
    }
    machine_.on_deadline(now_);
    drain();
  }

  void segment() {
    Segment segment;
    segment.header.control_bits = reader_.u8();
    segment.header.sequence = near(reader_, kIsn, peer_);
    segment.header.acknowledgment = near(reader_, kIsn, peer_);
    segment.payload_length = reader_.u8() % 4 == 0 ? reader_.u16() : 0;
    if (segment.payload_length % 2 != 0) (void)segment.options.push_back(packet::Timestamps{reader_.u32(), 0});
    if (segment.header.has(control::syn)) peer_ = segment.header.sequence;
    // What may open: anything that acknowledges exactly the SYN.
    acknowledged_ |= segment.header.has(control::ack) && segment.header.acknowledgment == kIsn + 1;
    const Outcome before = machine_.outcome();
    (void)machine_.on_segment(segment, now_);
    require(before != Outcome::established || machine_.outcome() == Outcome::established);
  }

  void icmp() {
    IcmpAnswer answer;
    answer.header.family = reader_.u8() % 2 == 0 ? Family::v4 : Family::v6;
    answer.header.type = reader_.u8() % 16;
    answer.header.code = reader_.u8() % 16;
    answer.quoted_sequence = near(reader_, kIsn, peer_);
    (void)machine_.on_icmp(answer, now_);
  }

  void drain() {
    const std::uint32_t end_of_ours = kIsn + 1 + static_cast<std::uint32_t>(options_.payload.size());
    for (const Outgoing& outgoing : machine_.take_outgoing()) {
      ++sent_;
      const auto& header = outgoing.segment.header;
      if (header.has(control::syn) || header.has(control::fin)) {
        require(packet::sequence_before_or_at(header.sequence, end_of_ours));
      }
      const bool first = outgoing.role == Role::syn || outgoing.role == Role::syn_again ||
                         outgoing.role == Role::probe || outgoing.role == Role::probe_again;
      if (header.has(control::fin) && !first) require(acknowledged_ && !options_.half_open);
      if (outgoing.segment.payload_length != 0) require(acknowledged_ && outgoing.role == Role::data);
      require(outgoing.segment.payload.size() == outgoing.segment.payload_length);
    }
    require(sent_ < kMostSent);
  }

  packet::Reader reader_;
  MonotonicTime now_{1000s};
  ActiveOptions options_;
  ActiveHandshake machine_;
  std::uint32_t peer_ = 77;
  bool acknowledged_ = false;
  std::size_t sent_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Fuzzed({data, size}).run();
  return 0;
}
