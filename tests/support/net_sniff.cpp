// SPDX-License-Identifier: MIT
// What the packet socket and the live capture of libtcp/net see, a line a packet, for tests that cause the packets.
//
//   net_sniff packets INTERFACE-INDEX|- incoming|both FIRST-PORT LAST-PORT COUNT
//   net_sniff capture INTERFACE FILTER COUNT
//   net_sniff drops                          a socket with no room; counts what was lost until standard input ends
//
// Each says "ready" first, and gives up after ten seconds.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

#include "libtcp/base/parse.hpp"
#include "libtcp/net/capture.hpp"
#include "libtcp/net/packet_socket.hpp"

using namespace tcp;
using namespace tcp::net;
using namespace std::chrono_literals;

namespace {

template <class T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  fmt::print("error {}\nhint {}\n", result.error().message(), result.error().hint);
  std::fflush(stdout);
  ::_exit(1);
}

template <class T>
T number(const std::string& text) {
  return parse_unsigned<T>(text).value_or(0);
}

void say(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

MonotonicTime give_up_at() { return SystemClock().now() + 10s; }

void print_packet(const ReceivedPacket& packet) {
  say(fmt::format("packet interface {} outgoing {} time {} length {} of {} pending {} version {}",
                  packet.interface_index, packet.outgoing, packet.time.time_since_epoch().count(), packet.bytes.size(),
                  packet.original_length, packet.checksum_pending, packet.bytes.empty() ? 0 : packet.bytes[0] >> 4));
}

void sniff_packets(const std::vector<std::string>& words) {
  PacketSocketOptions options;
  if (words.at(1) != "-") options.interface_index = number<std::uint32_t>(words[1]);
  options.ignore_outgoing = words.at(2) == "incoming";
  options.filter = tcp_ports_and_icmp_filter(number<std::uint16_t>(words.at(3)), number<std::uint16_t>(words.at(4)));
  PacketSocket socket = must(PacketSocket::open(options));
  say("ready");
  const MonotonicTime deadline = give_up_at();
  for (auto left = number<unsigned>(words.at(5)); left > 0; --left) {
    const auto packet = must(socket.receive(deadline));
    if (!packet) return say("gave up");
    print_packet(*packet);
  }
}

void sniff_capture(const std::vector<std::string>& words) {
  Capture capture = must(Capture::open_live({.interface = words.at(1), .filter = words.at(2)}));
  say("ready");
  const MonotonicTime deadline = give_up_at();
  for (auto left = number<unsigned>(words.at(3)); left > 0; --left) {
    const auto frame = must(capture.next(deadline));
    if (!frame) return say("gave up");
    say(fmt::format("frame link {} time {} length {} of {}", capture.link_type(),
                    frame->time.time_since_epoch().count(), frame->bytes.size(), frame->original_length));
  }
  const CaptureStatistics statistics = capture.statistics();
  say(fmt::format("received {} dropped {}", statistics.received, statistics.dropped_by_kernel));
}

void count_drops() {
  PacketSocket socket = must(PacketSocket::open({.receive_buffer_bytes = 1}));
  say("ready");
  char byte;
  while (::read(STDIN_FILENO, &byte, 1) > 0) {
  }
  const std::uint64_t first = must(socket.take_drop_count());
  say(fmt::format("drops {} then {}", first, must(socket.take_drop_count())));
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const std::string what = words.empty() ? "" : words[0];
  if (what == "packets") sniff_packets(words);
  if (what == "capture") sniff_capture(words);
  if (what == "drops") count_drops();
  return 0;
}
