// SPDX-License-Identifier: MIT
// HTTP's CONNECT (RFC 9110 §9.3.6, RFC 9112 §3.2.3).
#include <iterator>

#include "libtcp/base/ascii.hpp"
#include "libtcp/stream/http_message.hpp"
#include "libtcp/stream/proxy_dialogue.hpp"

namespace tcp::stream {
namespace {

constexpr std::size_t kMostReason = 100;  // bytes of a reason phrase that are repeated

std::string authority_of(const HostTarget& target) {
  const auto literal = parse_ip_address(target.host);
  if (!literal) return to_string(target);
  return to_string(Endpoint{literal->without_scope(), target.port});
}

bool may_begin(std::string_view text) {
  constexpr std::string_view kBegin = "HTTP/1.";
  return text.substr(0, kBegin.size()) == kBegin.substr(0, text.size());
}

std::error_code code_of(unsigned status) {
  if (status == 403 || status == 401 || status == 407) return Errc::not_permitted;
  if (status == 504 || status == 408) return std::make_error_code(std::errc::timed_out);
  if (status == 502 || status == 503 || status == 500) return std::make_error_code(std::errc::host_unreachable);
  return Errc::unsupported;
}

bool is_named(std::string_view line, std::string_view name) {
  return line.size() > name.size() && line[name.size()] == ':' &&
         equals_ignoring_case(line.substr(0, name.size()), name);
}

class HttpDialogue final : public ProxyDialogue {
 public:
  HttpDialogue(const HostTarget& target, ProxyAuthorization& authorization)
      : authority_(authority_of(target)), authorization_(authorization) {}

  Result<std::string> begin() override {
    TCP_TRY_ASSIGN(value, authorization_.value(authority_));
    std::string request = "CONNECT " + authority_ + " HTTP/1.1\r\nHost: " + authority_ + "\r\n";
    if (!value.empty()) request += "Proxy-Authorization: " + value + "\r\n";
    return request + "\r\n";
  }

  ProxyTurn receive(std::string_view bytes) override {
    // The empty line may have come in pieces.
    std::size_t from = answer_.size() < 2 ? 0 : answer_.size() - 2;
    answer_ += bytes;
    for (;;) {
      if (!may_begin(answer_)) return proxy_failure(Errc::malformed, "its answer is not HTTP/1");
      const std::size_t end = find_http_head_end(answer_, from);
      if (taken_ + (end == 0 ? answer_.size() : end) > kMostProxyAnswerBytes) {
        return proxy_failure(Errc::malformed, "the header of its answer does not end within 64 KiB");
      }
      if (end == 0) return {};
      const std::string header = answer_.substr(0, end);
      answer_.erase(0, end);
      taken_ += end;
      from = 0;
      std::string_view rest = header;
      const std::string_view line = take_http_line(rest);
      const unsigned status = http_status_of(line);
      if (status >= 200 || status == 0) return judge(status, line, rest);
    }
  }

 private:
  ProxyTurn judge(unsigned status, std::string_view line, std::string_view rest) {
    if (status == 0) return proxy_failure(Errc::malformed, "its answer has no status");
    if (status == 407) return challenge(rest);
    ProxyTurn turn;
    if (status < 300) {  // what such an answer says of a body does not count
      turn.state = ProxyTurn::State::open;
      turn.payload = std::move(answer_);
      return turn;
    }
    constexpr std::size_t kStatusBegin = 9;
    return proxy_failure(code_of(status), "it answers " + std::string(line.substr(kStatusBegin, kMostReason)));
  }

  ProxyTurn challenge(std::string_view rest) {
    std::vector<HttpChallenge> offered;
    while (!rest.empty()) {
      const std::string_view line = take_http_line(rest);
      constexpr std::string_view kName = "proxy-authenticate";
      if (!is_named(line, kName)) continue;
      auto some = parse_http_challenges(line.substr(kName.size() + 1));
      offered.insert(offered.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
    }
    auto answered = authorization_.answer(offered);
    ProxyTurn turn;
    turn.state = ProxyTurn::State::challenged;
    if (answered) return turn;
    turn.state = ProxyTurn::State::failed;
    turn.error = std::move(answered).error();
    return turn;
  }

  std::string authority_;
  ProxyAuthorization& authorization_;
  std::string answer_;
  std::size_t taken_ = 0;  // bytes of interim answers
};

}  // namespace

std::unique_ptr<ProxyDialogue> make_http_dialogue(const HostTarget& target, ProxyAuthorization& authorization) {
  return std::make_unique<HttpDialogue>(target, authorization);
}

}  // namespace tcp::stream
