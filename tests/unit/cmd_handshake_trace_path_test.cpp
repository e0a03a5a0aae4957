// SPDX-License-Identifier: MIT
// A path as text.
#include <doctest/doctest.h>

#include "cmd/handshake_trace_path_record.hpp"
#include "cmd/handshake_trace_path_text.hpp"

using namespace tcp;
using namespace tcp::cmd;
using namespace std::chrono_literals;

namespace {

trace::Path one_hop(const IpAddress& sender, trace::PathAnswer answer) {
  trace::Path path;
  path.remote = {sender, 443};
  trace::PathProbe& probe = path.probes.emplace_back();
  probe.hop = 1;
  probe.sent = true;
  trace::PathReply reply;
  reply.answer = answer;
  reply.sender = sender;
  reply.time = WallTime(1234567us);
  reply.labels = {{16001, 0, true, 1}};
  probe.reply = reply;
  return path;
}

std::string render(const trace::Path& path, const AddressNames& names, std::optional<std::uint64_t> round,
                   unsigned width) {
  const TraceTarget target{"example", 443, path.remote.address, {}};
  trace::PathStatistics statistics;
  statistics.add(path);
  std::vector<Record> hops;
  for (const trace::Hop& hop : statistics.hops()) hops.push_back(to_hop_record(target, hop, names, round));
  Terminal terminal;
  terminal.width = width;
  return render_path(hops, to_path_record(target, path, statistics, round), terminal);
}

std::size_t widest(const std::string& text) {
  std::size_t most = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    most = std::max(most, end - begin);
    begin = end + 1;
  }
  return most;
}

}  // namespace

TEST_CASE("the longest address fits 80 columns, watched or not") {
  const IpAddress address = *parse_ip_address("2001:db8:1111:2222:3333:4444:5555:6666");
  for (const std::optional<std::uint64_t> round : {std::optional<std::uint64_t>(), std::optional<std::uint64_t>(7)}) {
    const std::string text = render(one_hop(address, trace::PathAnswer::open), {}, round, 80);
    CHECK(widest(text) <= 80);
    CHECK(text.find(to_string(address)) != std::string::npos);
    CHECK(text.find("1234.567") != std::string::npos);
    CHECK(text.find("MPLS label 16001") != std::string::npos);
  }
}

TEST_CASE("a name from the network cannot steer the terminal") {
  const IpAddress address = IpAddress::v4(0xc0000201);
  const std::string text = render(one_hop(address, trace::PathAnswer::open), {{address, "a\x1b[2Jb"}}, {}, 80);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("a\\x1b[2Jb") != std::string::npos);
}

TEST_CASE("the verdict says how it ends") {
  const IpAddress address = IpAddress::v4(0xc0000201);
  CHECK(render(one_hop(address, trace::PathAnswer::open), {}, {}, 80).find("open: ") != std::string::npos);
  CHECK(render(one_hop(address, trace::PathAnswer::closed), {}, {}, 80).find("closed: ") != std::string::npos);
  CHECK(render(one_hop(address, trace::PathAnswer::hop), {}, {}, 80).find("silence after hop 1") != std::string::npos);
}
