// SPDX-License-Identifier: MIT
// SOCKS4, SOCKS4a and SOCKS5 (RFC 1928, RFC 1929) as the server speaks them.
#include <algorithm>
#include <array>

#include "libtcp/stream/proxy_server.hpp"

namespace tcp::stream {
namespace {

using State = ProxyServerTurn::State;

constexpr char kVersion4 = 4;
constexpr char kVersion5 = 5;
constexpr char kConnect = 1;
constexpr char kBind = 2;
constexpr std::size_t kMostWord = 255;  // bytes of a user or a name

constexpr char kNoAuthentication = 0;
constexpr char kUserPassword = 2;
constexpr char kNoMethod = static_cast<char>(0xff);

constexpr char kTypeV4 = 1;
constexpr char kTypeName = 3;
constexpr char kTypeV6 = 4;

struct Codes {
  ProxyRefusal refusal;
  unsigned v4;
  unsigned v5;
};
constexpr unsigned kRejected4 = 91;
constexpr unsigned kOtherUser4 = 93;
constexpr std::array<Codes, 12> kCodes{{
    {ProxyRefusal::malformed, kRejected4, 1},
    {ProxyRefusal::too_large, kRejected4, 1},
    {ProxyRefusal::too_slow, kRejected4, 1},
    {ProxyRefusal::unauthorized, kOtherUser4, 2},
    {ProxyRefusal::not_allowed, kRejected4, 2},
    {ProxyRefusal::unsupported_command, kRejected4, 7},
    {ProxyRefusal::unsupported_address, kRejected4, 8},
    {ProxyRefusal::refused, kRejected4, 5},
    {ProxyRefusal::host_unreachable, kRejected4, 4},
    {ProxyRefusal::network_unreachable, kRejected4, 3},
    {ProxyRefusal::timed_out, kRejected4, 6},
    {ProxyRefusal::failed, kRejected4, 1},
}};

unsigned byte_at(std::string_view text, std::size_t at) { return static_cast<unsigned char>(text[at]); }

std::uint16_t port_at(std::string_view text, std::size_t at) {
  return static_cast<std::uint16_t>(byte_at(text, at) << 8U | byte_at(text, at + 1));
}

void append_port(std::string& text, std::uint16_t port) {
  text += static_cast<char>(port >> 8U);
  text += static_cast<char>(port & 0xffU);
}

IpAddress v4_at(std::string_view text, std::size_t at) {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < 4; ++i) bits = bits << 8U | byte_at(text, at + i);
  return IpAddress::v4(bits);
}

IpAddress v6_at(std::string_view text, std::size_t at) {
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(byte_at(text, at + i));
  return IpAddress::v6(bytes).unmapped();
}

// It goes to a resolver, into records and onto terminals.
bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

void append_address(std::string& text, const IpAddress& address) {
  for (const std::uint8_t byte : address.bytes()) text += static_cast<char>(byte);
}

class SocksServer final : public ProxyServerDialogue {
 public:
  explicit SocksServer(const ProxyAuthentication* authentication) : authentication_(authentication) {}

  ProxyServerTurn receive(std::string_view bytes, MonotonicTime now) override;
  const ProxyRequest& request() const noexcept override { return request_; }
  ProxyReply granted(const Endpoint& here) const override;
  ProxyReply refused(ProxyRefusal refusal, std::string_view why) const override;

 private:
  enum class Step : std::uint8_t { greeting, password, request };

  // The bytes of the message that `held_` begins with, once all of them are there; 0: not yet.
  [[nodiscard]] std::size_t message_size() const;
  [[nodiscard]] std::size_t size4() const;
  [[nodiscard]] std::size_t size5() const;
  [[nodiscard]] ProxyServerTurn take(std::string_view message);
  [[nodiscard]] ProxyServerTurn take_request4(std::string_view message);
  [[nodiscard]] ProxyServerTurn take_greeting(std::string_view message);
  [[nodiscard]] ProxyServerTurn take_password(std::string_view message);
  [[nodiscard]] ProxyServerTurn take_request5(std::string_view message);
  [[nodiscard]] ProxyServerTurn settle(char command, HostTarget target);
  [[nodiscard]] ProxyServerTurn refuse(ProxyRefusal refusal, std::string why) const;
  [[nodiscard]] bool is_version4() const noexcept { return version_ == kVersion4; }

  const ProxyAuthentication* authentication_;
  ProxyRequest request_{};
  std::string held_;  // of a message that is not complete
  Step step_ = Step::greeting;
  char version_ = 0;
};

ProxyServerTurn SocksServer::refuse(ProxyRefusal refusal, std::string why) const {
  ProxyReply reply = refused(refusal, why);
  ProxyServerTurn turn;
  turn.state = State::refused;
  turn.refusal = refusal;
  turn.output = std::move(reply.bytes);
  turn.code = reply.code;
  turn.why = std::move(why);
  return turn;
}

// A message at a time; the next one may be in the same piece.
ProxyServerTurn SocksServer::receive(std::string_view bytes, MonotonicTime now) {
  (void)now;
  ProxyServerTurn turn;
  std::string output;
  while (turn.state == State::more && turn.taken < bytes.size()) {
    held_ += bytes[turn.taken++];
    if (version_ == 0) {
      version_ = held_.front();
      if (version_ != kVersion4 && version_ != kVersion5) {
        turn.state = State::refused;
        turn.why = "the first byte is neither SOCKS4's nor SOCKS5's";
        return turn;
      }
    }
    const std::size_t size = message_size();
    if (size == 0 || held_.size() < size) continue;
    const std::size_t taken = turn.taken;
    turn = take(held_);
    turn.taken = taken;
    output += std::exchange(turn.output, {});
    held_.clear();
  }
  turn.output = std::move(output);
  return turn;
}

std::size_t SocksServer::message_size() const {
  if (is_version4()) return size4();
  constexpr std::size_t kShortest = 2;
  if (step_ == Step::request) return size5();
  if (held_.size() < kShortest) return 0;
  const std::size_t first = byte_at(held_, 1);
  if (step_ == Step::greeting) return 2 + first;
  return held_.size() < 3 + first ? 0 : 3 + first + byte_at(held_, 2 + first);
}

// Two words that end with a NUL byte, the second one only of SOCKS4a: complete as soon as the last of them is.
std::size_t SocksServer::size4() const {
  constexpr std::size_t kFixed = 8;
  if (held_.size() <= kFixed) return 0;
  const bool has_name = held_[4] == 0 && held_[5] == 0 && held_[6] == 0 && held_[7] != 0;
  const std::string_view words = std::string_view(held_).substr(kFixed);
  const std::size_t user_end = words.find('\0');
  if (user_end == std::string_view::npos) return words.size() > kMostWord ? held_.size() : 0;
  if (!has_name || words.find('\0', user_end + 1) != std::string_view::npos) return held_.size();
  return words.size() - user_end > kMostWord + 1 ? held_.size() : 0;
}

std::size_t SocksServer::size5() const {
  constexpr std::size_t kFixed = 4;
  if (held_.size() <= kFixed) return 0;
  switch (held_[3]) {
    case kTypeV4: return kFixed + 4 + 2;
    case kTypeV6: return kFixed + 16 + 2;
    case kTypeName: return kFixed + 1 + byte_at(held_, kFixed) + 2;
    default: return kFixed + 1;
  }
}

ProxyServerTurn SocksServer::take(std::string_view message) {
  if (is_version4()) return take_request4(message);
  switch (step_) {
    case Step::greeting: return take_greeting(message);
    case Step::password: return take_password(message);
    case Step::request: break;
  }
  return take_request5(message);
}

ProxyServerTurn SocksServer::take_request4(std::string_view message) {
  constexpr std::size_t kFixed = 8;
  request_.protocol = "socks4";
  if (message.back() != '\0') return refuse(ProxyRefusal::too_large, "a word is longer than 255 bytes");
  const std::string_view words = message.substr(kFixed, message.size() - kFixed - 1);
  const std::string_view user = words.substr(0, words.find('\0'));
  if (!user.empty()) request_.user = user;
  const std::uint16_t port = port_at(message, 2);
  HostTarget target{to_string(v4_at(message, 4)), port};
  if (user.size() < words.size()) {
    request_.protocol = "socks4a";
    target.host = words.substr(user.size() + 1);
    if (!is_name(target.host)) return refuse(ProxyRefusal::malformed, "the name is none");
  }
  // There is no password: whoever wants one does not get it this way.
  if (authentication_ != nullptr) {
    request_.target = std::move(target);
    return refuse(ProxyRefusal::unauthorized, "SOCKS4 has no passwords, and the proxy wants one");
  }
  return settle(message[1], std::move(target));
}

ProxyServerTurn SocksServer::take_greeting(std::string_view message) {
  request_.protocol = "socks5";
  const char wanted = authentication_ != nullptr ? kUserPassword : kNoAuthentication;
  const bool is_offered = message.substr(2).contains(wanted);
  ProxyServerTurn turn;
  turn.output = {kVersion5, is_offered ? wanted : kNoMethod};
  step_ = authentication_ != nullptr ? Step::password : Step::request;
  if (is_offered) return turn;
  turn.state = State::refused;
  turn.refusal = ProxyRefusal::unauthorized;
  turn.code = 0xff;
  turn.why = authentication_ != nullptr ? "the proxy wants a user and a password, and none is offered"
                                        : "the client does not offer to go without authentication";
  return turn;
}

ProxyServerTurn SocksServer::take_password(std::string_view message) {
  constexpr char kNegotiation = 1;  // version of RFC 1929
  const std::size_t user_size = byte_at(message, 1);
  const std::string_view user = message.substr(2, user_size);
  const std::string_view password = message.substr(3 + user_size);
  const bool is_right = message.front() == kNegotiation && authentication_->accepts(user, password);
  request_.user = user;
  step_ = Step::request;
  ProxyServerTurn turn;
  turn.output = {kNegotiation, is_right ? '\0' : '\1'};
  if (is_right) return turn;
  turn.state = State::refused;
  turn.refusal = ProxyRefusal::unauthorized;
  turn.code = 1;
  turn.why = "the user or the password is wrong";
  return turn;
}

ProxyServerTurn SocksServer::take_request5(std::string_view message) {
  constexpr std::size_t kFixed = 4;
  if (message.front() != kVersion5) return refuse(ProxyRefusal::malformed, "the request is not SOCKS5's");
  HostTarget target;
  switch (message[3]) {
    case kTypeV4: target.host = to_string(v4_at(message, kFixed)); break;
    case kTypeV6: target.host = to_string(v6_at(message, kFixed)); break;
    case kTypeName: target.host = message.substr(kFixed + 1, byte_at(message, kFixed)); break;
    default: return refuse(ProxyRefusal::unsupported_address, "the type of the address is unknown");
  }
  if (!is_name(target.host)) return refuse(ProxyRefusal::malformed, "the name is none");
  target.port = port_at(message, message.size() - 2);
  return settle(message[1], std::move(target));
}

ProxyServerTurn SocksServer::settle(char command, HostTarget target) {
  request_.command = command == kBind ? ProxyCommand::bind : ProxyCommand::connect;
  request_.method = command == kBind ? "BIND" : "CONNECT";
  request_.target = std::move(target);
  if (command != kConnect && command != kBind) {
    request_.method = "command " + std::to_string(static_cast<unsigned char>(command));
    return refuse(ProxyRefusal::unsupported_command, "only CONNECT and BIND are known");
  }
  if (command == kConnect && request_.target.port == 0) return refuse(ProxyRefusal::malformed, "port 0 is none");
  ProxyServerTurn turn;
  turn.state = State::requested;
  return turn;
}

// SOCKS4 has no room for an IPv6 address: 0.0.0.0.
ProxyReply SocksServer::granted(const Endpoint& here) const {
  constexpr unsigned kGranted4 = 90;
  std::string bytes;
  if (is_version4()) {
    bytes = {'\0', static_cast<char>(kGranted4)};
    append_port(bytes, here.port);
    append_address(bytes, here.address.is_v4() ? here.address : IpAddress::any(Family::v4));
    return {std::move(bytes), kGranted4};
  }
  bytes = {kVersion5, '\0', '\0', here.address.is_v4() ? kTypeV4 : kTypeV6};
  append_address(bytes, here.address);
  append_port(bytes, here.port);
  return {std::move(bytes), 0};
}

ProxyReply SocksServer::refused(ProxyRefusal refusal, std::string_view why) const {
  (void)why;
  const Codes& codes = *std::ranges::find(kCodes, refusal, [](const Codes& each) { return each.refusal; });
  constexpr std::size_t kReply4 = 8;
  constexpr std::size_t kReply5 = 10;
  const unsigned code = is_version4() ? codes.v4 : codes.v5;
  std::string bytes(is_version4() ? kReply4 : kReply5, '\0');
  bytes[1] = static_cast<char>(code);
  if (is_version4()) return {std::move(bytes), code};
  bytes[0] = kVersion5;
  bytes[3] = kTypeV4;
  // Too early for a reply to a request: there was none.
  if (step_ != Step::request) bytes.clear();
  return {std::move(bytes), code};
}

}  // namespace

std::unique_ptr<ProxyServerDialogue> make_socks_server(const ProxyAuthentication* authentication) {
  return std::make_unique<SocksServer>(authentication);
}

}  // namespace tcp::stream
