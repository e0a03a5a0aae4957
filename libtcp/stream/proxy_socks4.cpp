// SPDX-License-Identifier: MIT
// SOCKS4, and 4a with names: https://www.openssh.com/txt/socks4.protocol, socks4a.protocol.
#include "libtcp/stream/proxy_dialogue.hpp"

namespace tcp::stream {
namespace {

constexpr std::size_t kAnswerSize = 8;

class Socks4Dialogue final : public ProxyDialogue {
 public:
  Socks4Dialogue(const Proxy& proxy, HostTarget target) : target_(std::move(target)) {
    if (proxy.credentials) user_ = proxy.credentials->user;
  }

  Result<std::string> begin() override {
    std::string request = {4, 1, static_cast<char>(target_.port >> 8U), static_cast<char>(target_.port & 0xffU)};
    const auto address = parse_ip_address(target_.host);
    if (address) {
      for (const std::uint8_t byte : address->bytes()) request += static_cast<char>(byte);
    } else {
      request += std::string({0, 0, 0, 1});  // none: a name follows
    }
    request += user_ + '\0';
    if (!address) request += target_.host + '\0';
    return request;
  }

  ProxyTurn receive(std::string_view bytes) override {
    answer_ += bytes;
    if (!answer_.empty() && answer_[0] != 0) return proxy_failure(Errc::malformed, "its answer is not SOCKS4");
    if (answer_.size() < 2) return {};
    const auto code = static_cast<unsigned char>(answer_[1]);
    if (code != 90) return refusal(code);
    if (answer_.size() < kAnswerSize) return {};
    ProxyTurn turn;
    turn.state = ProxyTurn::State::open;
    turn.payload = answer_.substr(kAnswerSize);
    return turn;
  }

 private:
  static ProxyTurn refusal(unsigned code) {
    switch (code) {
      case 91:
        return proxy_failure(std::make_error_code(std::errc::connection_refused), "request rejected or failed (91)");
      case 92: return proxy_failure(Errc::not_permitted, "it could not ask an identd of this host who we are (92)");
      case 93: return proxy_failure(Errc::not_permitted, "the identd of this host names another user (93)");
      default: break;
    }
    return proxy_failure(Errc::malformed, "its answer has a code that SOCKS4 does not know: " + std::to_string(code));
  }

  HostTarget target_;
  std::string user_;
  std::string answer_;  // at most what is needed, and one piece
};

}  // namespace

std::unique_ptr<ProxyDialogue> make_socks4_dialogue(const Proxy& proxy, const HostTarget& target) {
  return std::make_unique<Socks4Dialogue>(proxy, target);
}

}  // namespace tcp::stream
