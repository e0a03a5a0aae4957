// SPDX-License-Identifier: MIT
// The mirror of tcp_option_reader.cpp. A count that no such option can have is refused, never clamped.
#include "libtcp/packet/tcp_option_kind.hpp"
#include "libtcp/packet/tcp_options.hpp"

namespace tcp::packet {
namespace {

class OptionSerializer {
 public:
  explicit OptionSerializer(Writer& writer) : writer_(writer) {}

  void operator()(const EndOfOptions&) { writer_.u8(option_kind::end_of_options); }
  void operator()(const NoOperation&) { writer_.u8(option_kind::no_operation); }
  void operator()(const MaximumSegmentSize& option) {
    begin(option_kind::maximum_segment_size, 2);
    writer_.u16(option.bytes);
  }
  void operator()(const WindowScale& option) {
    begin(option_kind::window_scale, 1);
    writer_.u8(option.shift);
  }
  void operator()(const SackPermitted&) { begin(option_kind::sack_permitted, 0); }
  void operator()(const Sack& option) {
    if (!allow(option.count, option.blocks)) return;
    begin(option_kind::sack, option.count * std::size_t{8});
    for (std::size_t i = 0; i < option.count; ++i) {
      writer_.u32(option.blocks[i].left);
      writer_.u32(option.blocks[i].right);
    }
  }
  void operator()(const Timestamps& option) {
    begin(option_kind::timestamps, 8);
    writer_.u32(option.value);
    writer_.u32(option.echo_reply);
  }
  void operator()(const Md5Signature& option) {
    begin(option_kind::md5_signature, option.digest.size());
    writer_.bytes(option.digest);
  }
  void operator()(const AuthenticationOption& option) {
    if (!allow(option.mac_length, option.mac)) return;
    begin(option_kind::authentication, std::size_t{2} + option.mac_length);
    writer_.u8(option.key_id);
    writer_.u8(option.next_key_id);
    writer_.bytes(Bytes(option.mac).first(option.mac_length));
  }
  void operator()(const Mptcp& option) {
    if (!allow(option.data_length, option.data) || option.data_length == 0) return writer_.fail();
    begin(option_kind::mptcp, option.data_length);
    writer_.u8(static_cast<std::uint8_t>(option.subtype << 4 | (option.data[0] & 0x0f)));
    writer_.bytes(Bytes(option.data).subspan(1, option.data_length - std::size_t{1}));
  }
  void operator()(const FastOpen& option) {
    if (!allow(option.cookie_length, option.cookie)) return;
    const std::size_t identifier = option.experimental ? 2 : 0;
    begin(option.experimental ? option_kind::experiment : option_kind::fast_open, identifier + option.cookie_length);
    if (option.experimental) writer_.u16(option_kind::fast_open_experiment);
    writer_.bytes(Bytes(option.cookie).first(option.cookie_length));
  }
  void operator()(const AccurateEcn& option) {
    if (!allow(option.counter_count, option.counters)) return;
    begin(option.order_1 ? option_kind::accurate_ecn_1 : option_kind::accurate_ecn_0,
          option.counter_count * std::size_t{3});
    for (std::size_t i = 0; i < option.counter_count; ++i) writer_.u24(option.counters[i]);
  }
  void operator()(const UnknownOption& option) {
    if (!allow(option.data_length, option.data)) return;
    begin(option.kind, option.data_length);
    writer_.bytes(Bytes(option.data).first(option.data_length));
  }

 private:
  void begin(std::uint8_t kind, std::size_t data_length) {
    writer_.u8(kind);
    writer_.u8(static_cast<std::uint8_t>(data_length + 2));
  }

  template <class Array>
  bool allow(std::size_t count, const Array& array) {
    if (count > array.size()) writer_.fail();
    return writer_.ok();
  }

  Writer& writer_;
};

}  // namespace

bool serialize(Writer& writer, const TcpOptions& options) {
  OptionSerializer serializer(writer);
  for (const TcpOption& option : options) std::visit(serializer, option);
  return writer.ok();
}

}  // namespace tcp::packet
