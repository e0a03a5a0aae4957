// SPDX-License-Identifier: MIT
// Any server, against the recognizers and the whole conversation: it ends, reads no more than its bound, and what it
// finds has a name. The first byte picks the port, each further step is a byte of what happens and a length of bytes.
#include <string_view>

#include "libtcp/scan/banner_conversation.hpp"
#include "require.hpp"

using namespace tcp;
using namespace tcp::scan;
using namespace std::chrono_literals;

namespace {

// Hands what it is given on as payload, until it is given the end.
class MirrorTls final : public TlsProbe {
 public:
  void receive(std::span<const std::uint8_t> bytes) override {
    if (bytes.empty()) return;
    if (state_ == State::handshake) {
      state_ = bytes[0] == 0x16 ? State::established : State::failed;
      return;
    }
    if (bytes[0] == 0x15) state_ = State::ended;
    payload_.insert(payload_.end(), bytes.begin(), bytes.end());
  }
  void send(std::span<const std::uint8_t>) override {}
  Bytes take_output() override { return {1}; }
  Bytes take_payload() override { return std::exchange(payload_, {}); }
  State state() const override { return state_; }
  TlsFacts facts() const override {
    return {"TLSv1.3", "none", h2_ ? std::optional<std::string>("h2") : std::nullopt, {}};
  }
  std::string failure() const override { return "failed"; }
  void offer(std::size_t protocols) { h2_ = protocols == 2; }

 private:
  State state_ = State::handshake;
  Bytes payload_;
  bool h2_ = false;
};

class MirrorProbes final : public TlsProbes {
 public:
  std::unique_ptr<TlsProbe> make(const std::string&, std::span<const std::string> alpn) const override {
    auto probe = std::make_unique<MirrorTls>();
    probe->offer(alpn.size());
    return probe;
  }
};

void check_finding(const Heard& heard) {
  const auto finding = recognize(heard);
  if (!finding) return;
  fuzz::require(!finding->service.empty());
  fuzz::require(finding->product.size() <= kMostText && finding->version.size() <= kMostText);
  if (heard.ended) fuzz::require(finding->next != Finding::Next::wait && finding->next != Finding::Next::follow_up);
}

void check_recognizers(std::string_view text) {
  for (const BannerProtocol& row : banner_protocols()) {
    const std::string question = row.question != nullptr ? row.question("192.0.2.1") : std::string();
    check_finding({text, row.name, question, true});
    check_finding({text, row.name, question, false});
  }
  check_finding({text, {}, {}, true});
}

void converse(std::uint16_t port, std::span<const std::uint8_t> script) {
  static const MirrorProbes probes;
  BannerTask task;
  task.port = port;
  task.host = "192.0.2.1";
  task.timeout = 5s;
  task.tls = &probes;
  BannerConversation talk(std::move(task), MonotonicTime());
  MonotonicTime now{};
  std::size_t sent = 0;
  while (!talk.is_done()) {
    if (talk.take_wants_connection()) fuzz::require(talk.take_output().empty());
    sent += talk.take_output().size();
    const unsigned what = script.empty() ? 5U : script[0] % 6U;
    if (!script.empty()) script = script.subspan(1);
    const std::size_t length = script.empty() ? 0 : std::min<std::size_t>(script[0] * 16U, script.size());
    switch (what) {
      case 0: talk.on_connected(now); break;
      case 1:
      case 2:
        talk.on_bytes(script.first(length), now);
        script = script.subspan(length);
        break;
      case 3: talk.on_ended(now); break;
      case 4: talk.on_failed(system_error("x", ECONNRESET).error(), now); break;
      default:
        fuzz::require(talk.deadline() >= now || talk.deadline() <= MonotonicTime(5s));
        now = std::max(now, talk.deadline());
        talk.on_time(now);
        break;
    }
  }
  fuzz::require(now <= MonotonicTime(5s) && sent < 64 * 1024);
  const Banner banner = talk.banner(now);
  fuzz::require(banner.received_bytes <= BannerConversation::kMostBytes);
  fuzz::require((banner.outcome == BannerOutcome::identified) == !banner.service.empty());
  fuzz::require(!explain(banner).empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::uint16_t kPorts[] = {80, 443, 22, 25, 993, 5432, 6379, 3389, 53, 636, 40'001};
  if (size == 0) return 0;
  const std::span<const std::uint8_t> bytes(data + 1, size - 1);
  check_recognizers({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  converse(kPorts[data[0] % std::size(kPorts)], bytes);
  return 0;
}
