// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>

#include <algorithm>

#include "libtcp/sockets/socket_dump.hpp"
#include "sockets_messages.hpp"

using namespace tcp;
using namespace tcp::sockets;
using namespace socket_messages;

namespace {

constexpr StateSet kConnected = state_bit(TcpState::established);

// A kernel with an answer for each question, in order; what is asked beyond them fails.
struct Script {
  struct Answer {
    std::vector<std::uint64_t> cookies;
    int error = 0;  // errno at the end
  };
  struct Question {
    std::uint16_t type;
    Octets payload;
  };
  std::vector<Answer> answers;
  std::vector<Question> questions;

  DumpAsk ask() {
    return [this](std::uint16_t type, std::uint16_t flags, std::span<const std::uint8_t> payload,
                  const net::NetlinkHandler& handler) -> Result<void> {
      CHECK(flags == NLM_F_DUMP);
      questions.push_back({type, {payload.begin(), payload.end()}});
      if (questions.size() > answers.size()) return system_error("netlink request", EPERM);
      const Answer& answer = answers[questions.size() - 1];
      for (const std::uint64_t cookie : answer.cookies) TCP_TRY(handler(type, octets_of(established(cookie))));
      if (answer.error != 0) return system_error("netlink dump", answer.error);
      return {};
    };
  }
};

struct Told {
  Result<DumpOutcome> outcome = DumpOutcome{};
  std::vector<std::uint64_t> cookies;
};

Told dump(Script& script, const DumpRequest& request) {
  Told told;
  const auto take = [&](const SocketInfo& socket) {
    told.cookies.push_back(socket.cookie);
    return true;
  };
  told.outcome = dump_sockets(request, take, script.ask());
  return told;
}

StateSet states_asked(const Octets& payload, std::size_t offset) {
  StateSet states = 0;
  std::memcpy(&states, payload.data() + offset, sizeof states);
  return states;
}

}  // namespace

TEST_CASE("both families are one walk, listeners one of their own") {
  Script script{{{{1, 2}}, {{3}}}, {}};
  const Told told = dump(script, {.states = kConnected | state_bit(TcpState::listen)});
  CHECK(told.cookies == std::vector<std::uint64_t>{1, 2, 3});
  REQUIRE(script.questions.size() == 2);
  CHECK(script.questions[0].type == TCPDIAG_GETSOCK);
  CHECK(states_asked(script.questions[0].payload, offsetof(inet_diag_req, idiag_states)) ==
        state_bit(TcpState::listen));
  CHECK(states_asked(script.questions[1].payload, offsetof(inet_diag_req, idiag_states)) == kConnected);
}

TEST_CASE("one family, the details, the bytecode and Multipath TCP are asked for") {
  Script script{{{{1}}}, {}};
  const Told told = dump(
      script,
      {.states = kConnected, .family = Family::v6, .mptcp = true, .details = kAllDetails, .bytecode = {1, 2, 3, 4}});
  CHECK(told.cookies.size() == 1);
  REQUIRE(script.questions.size() == 1);
  CHECK(script.questions[0].type == SOCK_DIAG_BY_FAMILY);
  inet_diag_req_v2 head{};
  std::memcpy(&head, script.questions[0].payload.data(), sizeof head);
  CHECK(head.sdiag_family == AF_INET6);
  CHECK(head.sdiag_protocol == IPPROTO_TCP);
  CHECK(head.idiag_ext == 0xff);
  CHECK(head.idiag_states == kConnected);
  const Octets attributes(script.questions[0].payload.begin() + sizeof head, script.questions[0].payload.end());
  CHECK(attributes == joined({attribute(INET_DIAG_REQ_PROTOCOL, octets_of(std::uint32_t{IPPROTO_MPTCP})),
                              attribute(INET_DIAG_REQ_BYTECODE, {1, 2, 3, 4})}));
}

TEST_CASE("an interrupted dump is asked again, and each socket told once") {
  Script script{{{{5, 9, 2}, EINTR}, {{2, 9, 7, 5, 1}}}, {}};
  const Told told = dump(script, {.states = kConnected});
  CHECK(told.cookies == std::vector<std::uint64_t>{5, 9, 2, 7, 1});
  REQUIRE(told.outcome);
  CHECK(told.outcome->sockets == 5);
  CHECK(told.outcome->interruptions == 1);
  CHECK(told.outcome->consistent);
}

TEST_CASE("many sockets of a repeated walk are each told once, those of an earlier walk too") {
  Script::Answer all;
  for (std::uint64_t cookie = 1000; cookie > 0; --cookie) all.cookies.push_back(cookie);
  Script::Answer cut = all;
  cut.error = EINTR;
  std::ranges::rotate(cut.cookies, cut.cookies.begin() + 300);
  Script script{{{{5000, 4000}}, cut, cut, all}, {}};
  const Told told = dump(script, {.states = kConnected | state_bit(TcpState::listen)});
  CHECK(told.cookies.size() == 1002);
  CHECK(told.outcome->interruptions == 2);
}

TEST_CASE("a socket that moved in the kernel's table between two datagrams is told once") {
  Script script{{{{1, 2, 3, 3, 4, 2, 5}}}, {}};
  CHECK(dump(script, {.states = kConnected}).cookies == std::vector<std::uint64_t>{1, 2, 3, 4, 5});
}

TEST_CASE("a dump that never comes to an end unbroken says so") {
  Script script{std::vector<Script::Answer>(20, {{1}, EINTR}), {}};
  const Told told = dump(script, {.states = kConnected});
  REQUIRE(told.outcome);
  CHECK_FALSE(told.outcome->consistent);
  CHECK(told.outcome->interruptions == 6);
  CHECK(script.questions.size() == 6);
  CHECK(told.cookies.size() == 1);
}

TEST_CASE("the caller ends a dump, and the walks that would follow it") {
  Script script{{{{1, 2, 3}}, {{4}}}, {}};
  unsigned seen = 0;
  const auto outcome = dump_sockets(
      {.states = kConnected | state_bit(TcpState::listen)}, [&](const SocketInfo&) { return ++seen < 2; },
      script.ask());
  REQUIRE(outcome);
  CHECK(outcome->sockets == 2);
  CHECK(script.questions.size() == 1);
}

TEST_CASE("the kernel's refusal and a broken message are the result") {
  Script refused;
  CHECK(dump(refused, {.states = kConnected}).outcome.error().is(std::errc::operation_not_permitted));
  const auto broken = dump_sockets(
      {.states = kConnected}, [](const SocketInfo&) { return true; },
      [](std::uint16_t type, std::uint16_t, std::span<const std::uint8_t>, const net::NetlinkHandler& handler) {
        return handler(type, Octets(10));
      });
  CHECK(broken.error().is(Errc::malformed));
  CHECK(broken.error().attempt == "list tcp sockets");
}
