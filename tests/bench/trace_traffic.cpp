// SPDX-License-Identifier: MIT
// Handshakes by the million with the truth about them: into a capture file, or onto an interface as fast as asked.
//
//   trace_traffic write FILE CONNECTIONS SEED     a pcap with nanoseconds; the truth as JSON on standard output
//   trace_traffic send INTERFACE RATE SECONDS     SYN, SYN-ACK, ACK, FIN, FIN, ACK each; how many on standard output
//   trace_traffic walk FILE                       the least that reading costs: every record's flags, mapped, no flows
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <queue>
#include <random>
#include <string>
#include <thread>

#include "libtcp/net/frame_socket.hpp"
#include "libtcp/net/interface.hpp"
#include "libtcp/packet/build.hpp"
#include "libtcp/packet/ethernet.hpp"

namespace {

using namespace tcp;
namespace control = packet::control;
using Nanoseconds = std::int64_t;

constexpr std::size_t kEthernetHeader = 14;
constexpr Nanoseconds kMicrosecond = 1000;
constexpr Nanoseconds kSecond = 1'000'000'000;
constexpr double kRate = 20'000;  // connections a second of the capture

enum class Kind {
  closed,
  refused,
  unanswered,
  half_open,
  reset_by_client,
  reset_by_server,
  simultaneous,
  rejected,
  open
};
constexpr std::array kKinds{std::pair{Kind::refused, 0.05},         std::pair{Kind::unanswered, 0.03},
                            std::pair{Kind::half_open, 0.02},       std::pair{Kind::reset_by_client, 0.05},
                            std::pair{Kind::reset_by_server, 0.05}, std::pair{Kind::simultaneous, 0.01},
                            std::pair{Kind::rejected, 0.02},        std::pair{Kind::open, 0.03}};

struct Step {
  Nanoseconds after = 0;  // the step before it
  bool from_client = true;
  std::uint16_t bits = 0;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgment = 0;
  std::uint16_t payload = 0;
};

struct Connection {
  Endpoint client;
  Endpoint server;
  std::vector<Step> steps;
  std::size_t position = 0;
  std::uint16_t identification = 0;
};

// What a reader must find.
using Truth = std::map<std::string, std::uint64_t>;

class Traffic {
 public:
  Traffic(std::uint64_t seed) : random_(seed) {}

  Connection make(std::uint64_t number) {
    Connection connection;
    const bool v6 = chance(0.3);
    const auto client = static_cast<std::uint32_t>(number / 28000 * 256 + random_() % 250 + 1);
    const auto server = static_cast<std::uint32_t>(random_() % 500 + 1);
    constexpr std::array<std::uint16_t, 10> kPorts{80, 443, 22, 25, 53, 3306, 5432, 6379, 8080, 8443};
    connection.client = {address(v6, 0x0a000000, client), static_cast<std::uint16_t>(32768 + number % 28000)};
    connection.server = {address(v6, 0xc0a80000, server), kPorts[random_() % kPorts.size()]};
    connection.identification = static_cast<std::uint16_t>(random_());
    ++truth["connections"];
    truth["ipv6"] += v6 ? 1 : 0;
    write_steps(connection);
    return connection;
  }

  Truth truth;

 private:
  bool chance(double share) { return std::uniform_real_distribution<>()(random_) < share; }
  static IpAddress address(bool v6, std::uint32_t net, std::uint32_t host) {
    if (!v6) return IpAddress::v4(net + host);
    std::array<std::uint8_t, 16> bytes{0xfd, static_cast<std::uint8_t>(net >> 24)};
    for (std::size_t i = 0; i < 4; ++i) bytes[12 + i] = static_cast<std::uint8_t>(host >> (24 - 8 * i));
    return IpAddress::v6(bytes);
  }
  Kind pick() {
    double left = std::uniform_real_distribution<>()(random_);
    for (const auto& [kind, share] : kKinds) {
      if (left < share) return kind;
      left -= share;
    }
    return Kind::closed;
  }

  void write_steps(Connection& connection) {
    const Kind kind = pick();
    const auto ours = static_cast<std::uint32_t>(random_());
    const auto theirs = static_cast<std::uint32_t>(random_());
    const Nanoseconds trip = kMicrosecond * static_cast<Nanoseconds>(200 + random_() % 20'000);
    const Nanoseconds delay = kMicrosecond * static_cast<Nanoseconds>(20 + random_() % 300);
    auto& steps = connection.steps;
    const auto step = [&](Nanoseconds after, bool from_client, unsigned bits, std::uint32_t sequence,
                          std::uint32_t acknowledgment, std::uint16_t payload = 0) {
      steps.push_back({after, from_client, static_cast<std::uint16_t>(bits), sequence, acknowledgment, payload});
    };
    // SYNs, each a second, then two, then four after the one before.
    unsigned again = kind == Kind::unanswered ? 2 + static_cast<unsigned>(random_() % 4) : 0;
    if (kind != Kind::unanswered && kind != Kind::simultaneous && chance(0.03)) again = 1 + (chance(0.3) ? 1U : 0U);
    step(0, true, control::syn, ours, 0);
    for (unsigned i = 0; i < again; ++i) step(kSecond << i, true, control::syn, ours, 0);
    truth["syn_retransmissions"] += again;
    truth["with_syn_retransmissions"] += again != 0 ? 1 : 0;
    const auto outcome = [&](const char* name) { ++truth[name]; };
    if (kind == Kind::unanswered) return outcome("unanswered");
    if (kind == Kind::refused) {
      step(trip, false, control::rst | control::ack, 0, ours + 1);
      return outcome("refused");
    }
    if (kind == Kind::simultaneous) {
      ++truth["simultaneous_opens"];
      step(10 * kMicrosecond, false, control::syn, theirs, 0);
      step(trip, true, control::syn | control::ack, ours, theirs + 1);
      step(30 * kMicrosecond, false, control::syn | control::ack, theirs, ours + 1);
    } else {
      unsigned answers = kind == Kind::half_open ? 1 + static_cast<unsigned>(random_() % 4) : 0;
      if (kind != Kind::half_open && kind != Kind::rejected && chance(0.02)) answers = 1;
      step(trip, false, control::syn | control::ack, theirs, ours + 1);
      for (unsigned i = 0; i < answers; ++i) step(kSecond << i, false, control::syn | control::ack, theirs, ours + 1);
      truth["syn_ack_retransmissions"] += answers;
      truth["with_syn_ack_retransmissions"] += answers != 0 ? 1 : 0;
      if (kind == Kind::half_open) return outcome("half_open");
      if (kind == Kind::rejected) {
        step(delay, true, control::rst, ours + 1, 0);
        return outcome("rejected");
      }
      step(delay, true, control::ack, ours + 1, theirs + 1);
    }
    outcome("established");
    constexpr std::uint16_t kRequest = 80;
    constexpr std::uint16_t kResponse = 120;
    step(50 * kMicrosecond, true, control::psh | control::ack, ours + 1, theirs + 1, kRequest);
    if (chance(0.05)) {
      step(220'000 * kMicrosecond, true, control::psh | control::ack, ours + 1, theirs + 1, kRequest);
      ++truth["data_retransmissions"];
    }
    step(trip, false, control::psh | control::ack, theirs + 1, ours + 81, kResponse);
    step(delay, true, control::ack, ours + 81, theirs + 121);
    switch (kind) {
      case Kind::open: return outcome("not_closed");
      case Kind::reset_by_client:
        step(300 * kMicrosecond, true, control::rst | control::ack, ours + 81, theirs + 121);
        return outcome("reset_by_client");
      case Kind::reset_by_server:
        step(300 * kMicrosecond, false, control::rst | control::ack, theirs + 121, ours + 81);
        return outcome("reset_by_server");
      default: break;
    }
    step(300 * kMicrosecond, true, control::fin | control::ack, ours + 81, theirs + 121);
    step(trip, false, control::fin | control::ack, theirs + 121, ours + 82);
    step(delay, true, control::ack, ours + 82, theirs + 122);
    outcome("closed");
  }

  std::mt19937_64 random_;
};

// Returns the length of the frame.
std::size_t build(std::span<std::uint8_t> frame, Connection& connection, const Step& step, Nanoseconds time) {
  static const std::array<std::uint8_t, 2048> kPayload{};
  const bool v6 = connection.client.address.is_v6();
  packet::Writer writer(frame.first(kEthernetHeader));
  packet::EthernetHeader ethernet;
  ethernet.destination.bytes = {2, 0, 0, 0, 0, 2};
  ethernet.source.bytes = {2, 0, 0, 0, 0, 1};
  ethernet.ether_type = v6 ? packet::ethertype::ipv6 : packet::ethertype::ipv4;
  serialize(writer, ethernet);
  packet::TcpHeader header;
  header.sequence = step.sequence;
  header.acknowledgment = step.acknowledgment;
  header.control_bits = step.bits;
  header.window = 64240;
  const auto milliseconds = static_cast<std::uint32_t>(time / 1'000'000);
  const packet::TcpOptions options =
      (step.bits & control::syn) != 0
          ? packet::linux_syn_options(1460, milliseconds, 7)
          : packet::TcpOptions{packet::NoOperation{}, packet::NoOperation{}, packet::Timestamps{milliseconds, 1}};
  const bool bare = (step.bits & control::rst) != 0;
  packet::IpFields ip;
  ip.identification = ++connection.identification;
  const Endpoint& from = step.from_client ? connection.client : connection.server;
  const Endpoint& to = step.from_client ? connection.server : connection.client;
  return kEthernetHeader + packet::build_tcp_packet(frame.subspan(kEthernetHeader), from, to, ip, header,
                                                    bare ? packet::TcpOptions{} : options,
                                                    packet::Bytes(kPayload).first(step.payload))
                               .size();
}

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

struct Due {
  Nanoseconds time;
  std::uint32_t index;
  friend bool operator<(const Due& a, const Due& b) { return a.time > b.time; }
};

void write_file(const char* path, std::uint64_t connections, std::uint64_t seed) {
  std::FILE* file = std::fopen(path, "wb");
  if (file == nullptr) fail(std::string("cannot write ") + path);
  const std::array<std::uint32_t, 6> head{0xa1b23c4d, 0x00040002, 0, 0, 65535, 1};
  std::fwrite(head.data(), 1, sizeof head, file);
  Traffic traffic(seed);
  std::mt19937_64 gaps(seed + 1);
  std::exponential_distribution<> gap(kRate);
  std::priority_queue<Due> queue;
  std::vector<Connection> live;
  std::vector<std::uint32_t> free;
  Nanoseconds next = 1'700'000'000 * kSecond;
  std::uint64_t started = 0;
  std::uint64_t frames = 0;
  while (started < connections || !queue.empty()) {
    if (started < connections && (queue.empty() || next <= queue.top().time)) {
      std::uint32_t index = static_cast<std::uint32_t>(live.size());
      if (free.empty()) {
        live.emplace_back();
      } else {
        index = free.back();
        free.pop_back();
      }
      live[index] = traffic.make(started++);
      queue.push({next, index});
      next += static_cast<Nanoseconds>(gap(gaps) * 1e9) + 1;
      continue;
    }
    const Due due = queue.top();
    queue.pop();
    Connection& connection = live[due.index];
    std::array<std::uint8_t, 512> frame;
    const auto length =
        static_cast<std::uint32_t>(build(frame, connection, connection.steps[connection.position], due.time));
    const std::array<std::uint32_t, 4> record{static_cast<std::uint32_t>(due.time / kSecond),
                                              static_cast<std::uint32_t>(due.time % kSecond), length, length};
    std::fwrite(record.data(), 1, sizeof record, file);
    std::fwrite(frame.data(), 1, length, file);
    ++frames;
    if (++connection.position < connection.steps.size()) {
      queue.push({due.time + connection.steps[connection.position].after, due.index});
    } else {
      free.push_back(due.index);
    }
  }
  if (std::fclose(file) != 0) fail(std::string("cannot write ") + path);
  traffic.truth["total"] = frames;
  std::string json = "{";
  for (const auto& [key, value] : traffic.truth)
    json += (json.size() > 1 ? "," : "") + ("\"" + key + "\":") + std::to_string(value);
  std::printf("%s}\n", json.c_str());
}

void send_frames(const char* interface, double rate, double seconds) {
  const auto found = net::find_interface(interface);
  if (!found) fail(found.error().message());
  auto socket = net::FrameSocket::open();
  if (!socket) fail(socket.error().message());
  if (auto used = (*socket)->use_interface(found->index); !used) fail(used.error().message());
  const auto begin = std::chrono::steady_clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(); };
  std::uint64_t handshakes = 0;
  std::uint64_t lost = 0;
  std::uint64_t pushed = 0;
  const auto flush = [&] {
    const net::Flushed flushed = (*socket)->flush();
    lost += pushed - flushed.sent;
    pushed = 0;
  };
  while (elapsed() < seconds) {
    const auto due = static_cast<std::uint64_t>(elapsed() * rate);
    if (handshakes >= due) std::this_thread::sleep_for(std::chrono::microseconds(100));
    for (; handshakes < due; ++handshakes) {
      Connection connection;
      connection.client = {IpAddress::v4(0x0a000000 + static_cast<std::uint32_t>(handshakes / 60000)),
                           static_cast<std::uint16_t>(1024 + handshakes % 60000)};
      connection.server = {IpAddress::v4(0xc0a80001), 443};
      const auto isn = static_cast<std::uint32_t>(handshakes * 2654435761U);
      const std::array steps{Step{0, true, control::syn, isn, 0},
                             Step{0, false, control::syn | control::ack, 7, isn + 1},
                             Step{0, true, control::ack, isn + 1, 8},
                             Step{0, true, control::fin | control::ack, isn + 1, 8},
                             Step{0, false, control::fin | control::ack, 8, isn + 2},
                             Step{0, true, control::ack, isn + 2, 9}};
      for (const Step& step : steps) {
        std::uint8_t* slot = (*socket)->slot();
        if (slot == nullptr) {
          flush();
          slot = (*socket)->slot();
        }
        (*socket)->push(build({slot, net::kFrameBytes}, connection, step, 0));
        ++pushed;
      }
    }
    flush();
  }
  std::printf("{\"handshakes\":%llu,\"frames_lost\":%llu}\n", static_cast<unsigned long long>(handshakes),
              static_cast<unsigned long long>(lost));
}

void walk(const char* path) {
  const int fd = ::open(path, O_RDONLY);
  struct stat status{};
  if (fd < 0 || ::fstat(fd, &status) != 0) fail(std::string("cannot read ") + path);
  const auto size = static_cast<std::size_t>(status.st_size);
  void* mapped = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (mapped == MAP_FAILED) fail("cannot map it");
  ::madvise(mapped, size, MADV_SEQUENTIAL);
  const auto* bytes = static_cast<const std::uint8_t*>(mapped);
  std::array<std::uint64_t, 4> counts{};  // segments, SYN, SYN-ACK, RST
  for (std::size_t at = 24; at + 16 <= size;) {
    std::array<std::uint32_t, 4> record;
    std::memcpy(record.data(), bytes + at, sizeof record);
    const std::uint8_t* frame = bytes + at + 16;
    at += 16 + record[2];
    if (at > size || record[2] < 54) continue;
    const bool v6 = frame[12] == 0x86;
    const std::uint8_t bits = frame[kEthernetHeader + (v6 ? 40 : (frame[14] & 15U) * 4U) + 13];
    ++counts[0];
    if ((bits & 0x12) == 2) ++counts[1];
    if ((bits & 0x12) == 0x12) ++counts[2];
    if ((bits & 4) != 0) ++counts[3];
  }
  std::printf("%llu %llu %llu %llu\n", static_cast<unsigned long long>(counts[0]),
              static_cast<unsigned long long>(counts[1]), static_cast<unsigned long long>(counts[2]),
              static_cast<unsigned long long>(counts[3]));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "write" && argc == 5) {
    write_file(argv[2], std::strtoull(argv[3], nullptr, 10), std::strtoull(argv[4], nullptr, 10));
  } else if (mode == "send" && argc == 5) {
    send_frames(argv[2], std::atof(argv[3]), std::atof(argv[4]));
  } else if (mode == "walk" && argc == 3) {
    walk(argv[2]);
  } else {
    std::fprintf(stderr,
                 "usage: trace_traffic write FILE CONNECTIONS SEED | send INTERFACE RATE SECONDS | walk FILE\n");
    return 2;
  }
  return 0;
}
