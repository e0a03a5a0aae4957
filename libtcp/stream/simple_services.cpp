// SPDX-License-Identifier: MIT
#include "libtcp/stream/simple_services.hpp"

#include <array>
#include <ctime>

#include "libtcp/stream/hub.hpp"

namespace tcp::stream {
namespace {

constexpr std::size_t kLineCharacters = 72;
constexpr std::size_t kPrinting = 95;  // from space to tilde
constexpr std::size_t kAtATime = std::size_t{128} * 1024;

class Echo final : public HubBehaviour {
 public:
  void on_bytes(Hub& hub, HubClient& client, std::span<const std::byte> bytes) override { hub.send(client, bytes); }
};

class Discard final : public HubBehaviour {
 public:
  void on_bytes(Hub&, HubClient&, std::span<const std::byte>) override {}
};

struct Position final : HubMemory {
  std::size_t value = 0;
};

class Chargen final : public HubBehaviour {
 public:
  void on_joined(Hub&, HubClient& client) override {
    client.memory = std::make_unique<Position>();
    client.wants_output = true;
  }
  void on_bytes(Hub&, HubClient&, std::span<const std::byte>) override {}
  void on_end(Hub&, HubClient&) override {}  // "until the user terminates the connection"
  void on_writable(Hub& hub, HubClient& client) override {
    std::size_t& position = static_cast<Position&>(*client.memory).value;
    position = (position + hub.send_some(client, chargen_pattern(position))) % kChargenPeriod;
  }
  bool ends_by_reset() const noexcept override { return true; }
};

class Daytime final : public HubBehaviour {
 public:
  void on_joined(Hub& hub, HubClient& client) override {
    const std::string line = daytime_line(hub.clock().wall_now());
    hub.send(client, std::as_bytes(std::span(line)));
    if (!client.is_doomed) hub.finish(client);
  }
  void on_bytes(Hub&, HubClient&, std::span<const std::byte>) override {}
};

std::string make_pattern() {
  std::string pattern;
  while (pattern.size() < kChargenPeriod + kAtATime) {
    for (std::size_t line = 0; line < kPrinting; ++line) {
      for (std::size_t i = 0; i < kLineCharacters; ++i) pattern += static_cast<char>(' ' + (line + i) % kPrinting);
      pattern += "\r\n";
    }
  }
  return pattern;
}

}  // namespace

std::unique_ptr<HubBehaviour> make_echo() { return std::make_unique<Echo>(); }
std::unique_ptr<HubBehaviour> make_discard() { return std::make_unique<Discard>(); }
std::unique_ptr<HubBehaviour> make_chargen() { return std::make_unique<Chargen>(); }
std::unique_ptr<HubBehaviour> make_daytime() { return std::make_unique<Daytime>(); }

std::span<const std::byte> chargen_pattern(std::size_t position) {
  static const std::string pattern = make_pattern();
  return std::as_bytes(std::span(pattern)).subspan(position, kAtATime);
}

std::string daytime_line(WallTime now) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 80> line{};
  return {line.data(), std::strftime(line.data(), line.size(), "%A, %B %d, %Y %H:%M:%S-UTC\r\n", &parts)};
}

}  // namespace tcp::stream
