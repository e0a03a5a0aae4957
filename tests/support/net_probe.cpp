// SPDX-License-Identifier: MIT
// What libtcp/net says about a host, in lines of "key value" for the tests that compare it with the host's own tools.
//
//   net_probe interfaces
//   net_probe route ADDRESS [SOURCE|-] [INTERFACE-INDEX]
//   net_probe neighbour INTERFACE-INDEX ADDRESS MILLISECONDS
//   net_probe hold ADDRESS|any4|any6 PORT          guards the port until standard input ends
//   net_probe syn guarded|bare GUARD LOCAL REMOTE PORT
//                                                  sends a crafted SYN, tells what came and went, resets politely
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "libtcp/base/parse.hpp"
#include "libtcp/net/interface.hpp"
#include "libtcp/net/neighbour.hpp"
#include "libtcp/net/packet_socket.hpp"
#include "libtcp/net/port_guard.hpp"
#include "libtcp/net/raw_ip_socket.hpp"
#include "libtcp/net/route.hpp"

using namespace tcp;
using namespace tcp::net;
using namespace std::chrono_literals;

namespace {

constexpr std::uint8_t kSyn = 0x02;
constexpr std::uint8_t kRst = 0x04;
constexpr std::uint8_t kAck = 0x10;
constexpr std::uint32_t kIsn = 0x11223344;

using Octets = std::vector<std::uint8_t>;

void put(Octets& to, std::uint32_t value, int size) {
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) to.push_back(static_cast<std::uint8_t>(value >> shift));
}

void put(Octets& to, const IpAddress& address) { to.insert(to.end(), address.bytes().begin(), address.bytes().end()); }

// RFC 1071.
std::uint16_t internet_checksum(const Octets& bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) sum += i % 2 == 0 ? std::uint32_t{bytes[i]} << 8 : bytes[i];
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

Octets tcp_segment(const Endpoint& from, const Endpoint& to, std::uint32_t sequence, std::uint8_t control_bits) {
  Octets segment;
  put(segment, from.port, 2);
  put(segment, to.port, 2);
  put(segment, sequence, 4);
  put(segment, 0, 4);
  put(segment, 0x5000U | control_bits, 2);
  put(segment, 64240, 2);
  put(segment, 0, 4);
  Octets summed;
  put(summed, from.address);
  put(summed, to.address);
  put(summed, 6, 2);
  put(summed, static_cast<std::uint32_t>(segment.size()), 2);
  summed.insert(summed.end(), segment.begin(), segment.end());
  const std::uint16_t checksum = internet_checksum(summed);
  segment[16] = static_cast<std::uint8_t>(checksum >> 8);
  segment[17] = static_cast<std::uint8_t>(checksum);
  return segment;
}

Octets ip_packet(const Endpoint& from, const Endpoint& to, const Octets& segment) {
  Octets packet;
  const auto length = static_cast<std::uint32_t>(segment.size());
  if (from.address.is_v4()) {
    put(packet, 0x45000000 | (20 + length), 4);
    put(packet, 0x00004000, 4);
    put(packet, 0x40060000, 4);  // the kernel computes the checksum
  } else {
    put(packet, 0x60000000, 4);
    put(packet, length << 16 | 0x0640, 4);
  }
  put(packet, from.address);
  put(packet, to.address);
  packet.insert(packet.end(), segment.begin(), segment.end());
  return packet;
}

[[noreturn]] void fail(const Error& error) {
  fmt::print("error {}\nhint {}\n", error.message(), error.hint);
  std::fflush(stdout);
  _exit(1);
}

template <class T>
T must(Result<T> result) {
  if (!result) fail(result.error());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

std::uint32_t number(const std::string& text) {
  const auto value = parse_unsigned<std::uint32_t>(text);
  if (!value) fail({make_error_code(Errc::invalid_input), "number " + text, {}, {}});
  return *value;
}

IpAddress address_of(const std::string& text) {
  if (text == "any4") return IpAddress::any(Family::v4);
  if (text == "any6") return IpAddress::any(Family::v6);
  return must(parse_ip_address(text));
}

void print_interfaces() {
  for (const Interface& interface : must(list_interfaces())) {
    fmt::print("interface {} {} mtu {} up {} loopback {} mac {}", interface.index, interface.name, interface.mtu,
               interface.up, interface.loopback, interface.mac_address ? to_string(*interface.mac_address) : "-");
    for (const auto& [address, length] : interface.addresses) {
      fmt::print(" {}/{}", to_string(address.without_scope()), length);
    }
    fmt::print("\n");
  }
}

void print_route(const std::vector<std::string>& words) {
  RouteHints hints;
  if (words.size() > 2 && words[2] != "-") hints.source = address_of(words[2]);
  if (words.size() > 3) hints.interface_index = number(words[3]);
  const Route route = must(find_route(address_of(words.at(1)), hints));
  fmt::print("interface {}\nindex {}\nsource {}\ngateway {}\nmtu {}\nlocal {}\n", route.interface_name,
             route.interface_index, to_string(route.source), route.gateway ? to_string(*route.gateway) : "-", route.mtu,
             route.local);
}

void print_neighbour(const std::vector<std::string>& words) {
  const auto timeout = std::chrono::milliseconds(number(words.at(3)));
  fmt::print("mac {}\n", to_string(must(resolve_neighbour(number(words.at(1)), address_of(words.at(2)), timeout))));
}

void hold(const std::vector<std::string>& words) {
  const auto port = static_cast<std::uint16_t>(number(words.at(2)));
  const PortGuard guard = must(PortGuard::hold({address_of(words.at(1)), port}));
  fmt::print("port {}\n", guard.first_port());
  std::fflush(stdout);
  char byte;
  while (::read(STDIN_FILENO, &byte, 1) > 0) {
  }
}

// Segments that this kernel's TCP sent with RST (crafted ones do not count).
std::uint64_t out_resets() {
  std::ifstream file("/proc/thread-self/net/snmp");
  std::string names;
  std::string line;
  while (std::getline(file, line) && !(line.starts_with("Tcp:") && names.starts_with("Tcp:"))) names = line;
  std::istringstream keys(names);
  std::istringstream values(line);
  std::string key;
  std::string value;
  while (keys >> key && values >> value && key != "OutRsts") {
  }
  return number(value);
}

struct Seen {
  bool syn_ack = false;
  bool reset_sent = false;
  std::size_t packets = 0;
  bool timed = true;  // each packet had a time
};

void look_at(const ReceivedPacket& packet, const Endpoint& local, Seen& seen) {
  const std::size_t header = local.address.is_v4() ? 20 : 40;
  if (packet.bytes.size() < header + 20) return;
  const auto segment = packet.bytes.subspan(header);
  const auto source_port = static_cast<std::uint16_t>(segment[0] << 8 | segment[1]);
  const std::uint8_t bits = segment[13];
  ++seen.packets;
  seen.timed = seen.timed && packet.time > WallTime(1s);
  if (source_port != local.port && !packet.outgoing && (bits & (kSyn | kAck)) == (kSyn | kAck)) seen.syn_ack = true;
  if (source_port == local.port && packet.outgoing && (bits & kRst) != 0) seen.reset_sent = true;
}

// Until the SYN-ACK came; then a little longer, in which a kernel that is not kept quiet sends its RST.
Seen watch(PacketSocket& socket, const Endpoint& local) {
  Seen seen;
  MonotonicTime deadline = SystemClock().now() + 5s;
  while (SystemClock().now() < deadline && !seen.reset_sent) {
    const bool had_syn_ack = seen.syn_ack;
    const auto packet = must(socket.receive(deadline));
    if (packet) look_at(*packet, local, seen);
    if (seen.syn_ack && !had_syn_ack) deadline = SystemClock().now() + 200ms;
  }
  return seen;
}

void send_syn(const std::vector<std::string>& words) {
  const bool guarded = words.at(1) == "guarded";
  Endpoint local{address_of(words.at(3)), 40007};
  const Endpoint remote{address_of(words.at(4)), static_cast<std::uint16_t>(number(words.at(5)))};
  std::optional<PortGuard> guard;
  if (guarded) guard = must(PortGuard::hold({address_of(words.at(2)), 0}));
  if (guard) local.port = guard->first_port();
  PacketSocket packets = must(PacketSocket::open({.filter = tcp_ports_and_icmp_filter(local.port, local.port)}));
  RawIpSocket raw = must(RawIpSocket::open({.family = local.address.family()}));
  const std::uint64_t resets = out_resets();
  must(raw.send(remote.address, ip_packet(local, remote, tcp_segment(local, remote, kIsn, kSyn))));
  const Seen seen = watch(packets, local);
  const std::uint64_t resets_after = out_resets();
  must(raw.send(remote.address, ip_packet(local, remote, tcp_segment(local, remote, kIsn + 1, kRst))));
  fmt::print("port {}\nsyn_ack {}\nreset_sent {}\npackets {}\ntimed {}\nresets {}\ndrops {}\n", local.port,
             seen.syn_ack, seen.reset_sent, seen.packets, seen.timed, resets_after - resets,
             must(packets.take_drop_count()));
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const std::string what = words.empty() ? "" : words[0];
  if (what == "interfaces") print_interfaces();
  if (what == "route") print_route(words);
  if (what == "neighbour") print_neighbour(words);
  if (what == "hold") hold(words);
  if (what == "syn") send_syn(words);
  return 0;
}
