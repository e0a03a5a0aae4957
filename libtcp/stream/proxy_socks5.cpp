// SPDX-License-Identifier: MIT
// SOCKS5 (RFC 1928), also with user and password (RFC 1929).
#include "libtcp/stream/proxy_dialogue.hpp"

namespace tcp::stream {
namespace {

constexpr char kVersion = 5;
constexpr char kPasswordVersion = 1;
constexpr unsigned char kNoAuthentication = 0;
constexpr unsigned char kPassword = 2;
constexpr unsigned char kNoMethod = 0xff;

constexpr char kV4 = 1;
constexpr char kName = 3;
constexpr char kV6 = 4;

// RFC 1928 §6
ProxyTurn refusal(unsigned code) {
  switch (code) {
    case 1: return proxy_failure(std::make_error_code(std::errc::host_unreachable), "general failure (1)");
    case 2: return proxy_failure(Errc::not_permitted, "not allowed by its rules (2)");
    case 3: return proxy_failure(std::make_error_code(std::errc::network_unreachable), "network unreachable (3)");
    case 4: return proxy_failure(std::make_error_code(std::errc::host_unreachable), "host unreachable (4)");
    case 5: return proxy_failure(std::make_error_code(std::errc::connection_refused), "connection refused (5)");
    case 6: return proxy_failure(std::make_error_code(std::errc::timed_out), "TTL expired (6)");
    case 7: return proxy_failure(Errc::unsupported, "it does not support CONNECT (7)");
    case 8: return proxy_failure(Errc::unsupported, "it does not support this type of address (8)");
    default: break;
  }
  return proxy_failure(Errc::malformed, "its answer has a code that SOCKS5 does not know: " + std::to_string(code));
}

class Socks5Dialogue final : public ProxyDialogue {
 public:
  Socks5Dialogue(const Proxy& proxy, HostTarget target) : credentials_(proxy.credentials), target_(std::move(target)) {}

  Result<std::string> begin() override {
    if (credentials_) return std::string{kVersion, 2, kNoAuthentication, kPassword};
    return std::string{kVersion, 1, kNoAuthentication};
  }

  ProxyTurn receive(std::string_view bytes) override {
    answer_ += bytes;
    ProxyTurn all;
    for (;;) {  // a proxy that says more than it was asked is heard to the end
      const Step step = step_;
      ProxyTurn turn = advance();
      turn.output.insert(0, all.output);
      if (turn.state != ProxyTurn::State::more || step == step_) return turn;
      all = std::move(turn);
    }
  }

 private:
  enum class Step : std::uint8_t { method, password, request };

  ProxyTurn advance() {
    switch (step_) {
      case Step::method: return on_method();
      case Step::password: return on_password();
      case Step::request: break;
    }
    return on_reply();
  }

  [[nodiscard]] unsigned byte(std::size_t at) const { return static_cast<unsigned char>(answer_[at]); }

  ProxyTurn on_method() {
    if (!answer_.empty() && answer_[0] != kVersion) return proxy_failure(Errc::malformed, "its answer is not SOCKS5");
    if (answer_.size() < 2) return {};
    const unsigned method = byte(1);
    answer_.erase(0, 2);
    if (method == kNoMethod && !credentials_) {
      return proxy_failure(Errc::not_permitted, "it wants to know who we are, and no credentials were given");
    }
    if (method == kNoMethod) return proxy_failure(Errc::not_permitted, "it accepts no user and password");
    if (method == kNoAuthentication) return next(Step::request, request());
    if (method == kPassword && credentials_) return next(Step::password, password());
    return proxy_failure(Errc::malformed,
                         "it chose a way to authenticate that was not offered: " + std::to_string(method));
  }

  ProxyTurn on_password() {
    if (!answer_.empty() && answer_[0] != kPasswordVersion) {
      return proxy_failure(Errc::malformed, "its answer to the password is not that of SOCKS5");
    }
    if (answer_.size() < 2) return {};
    if (answer_[1] != 0) return proxy_failure(Errc::not_permitted, "it does not accept the user and password");
    answer_.erase(0, 2);
    return next(Step::request, request());
  }

  ProxyTurn on_reply() {
    if (!answer_.empty() && answer_[0] != kVersion) return proxy_failure(Errc::malformed, "its answer is not SOCKS5");
    if (answer_.size() < 2) return {};
    if (answer_[1] != 0) return refusal(byte(1));
    if (answer_.size() < 5) return {};
    std::size_t size = 4 + 2;  // what comes before the address, and its port
    switch (answer_[3]) {
      case kV4: size += 4; break;
      case kV6: size += 16; break;
      case kName: size += 1 + byte(4); break;
      default:
        return proxy_failure(Errc::malformed,
                             "its answer has a type of address that SOCKS5 does not know: " + std::to_string(byte(3)));
    }
    if (answer_.size() < size) return {};
    ProxyTurn turn;
    turn.state = ProxyTurn::State::open;
    turn.payload = answer_.substr(size);
    return turn;
  }

  ProxyTurn next(Step step, std::string output) {
    step_ = step;
    ProxyTurn turn;
    turn.output = std::move(output);
    return turn;
  }

  [[nodiscard]] std::string password() const {
    const auto& [user, password] = *credentials_;  // at most 255 bytes each
    return std::string{kPasswordVersion, static_cast<char>(user.size())} + user + static_cast<char>(password.size()) +
           password;
  }

  [[nodiscard]] std::string request() const {
    std::string text{kVersion, 1, 0};
    if (const auto address = parse_ip_address(target_.host)) {
      text += address->is_v4() ? kV4 : kV6;
      for (const std::uint8_t byte : address->bytes()) text += static_cast<char>(byte);
    } else {
      text += kName;
      text += static_cast<char>(target_.host.size());
      text += target_.host;
    }
    text += static_cast<char>(target_.port >> 8U);
    text += static_cast<char>(target_.port & 0xffU);
    return text;
  }

  std::optional<ProxyCredentials> credentials_;
  HostTarget target_;
  Step step_ = Step::method;
  std::string answer_;  // at most what is needed, and one piece
};

}  // namespace

std::unique_ptr<ProxyDialogue> make_socks5_dialogue(const Proxy& proxy, const HostTarget& target) {
  return std::make_unique<Socks5Dialogue>(proxy, target);
}

}  // namespace tcp::stream
