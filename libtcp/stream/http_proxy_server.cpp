// SPDX-License-Identifier: MIT
#include "libtcp/stream/http_proxy_server.hpp"

#include <algorithm>
#include <array>

#include "libtcp/base/ascii.hpp"
#include "libtcp/base/parse.hpp"

namespace tcp::stream {
namespace {

using State = ProxyServerTurn::State;

constexpr std::uint16_t kHttpPort = 80;
constexpr unsigned kMostChallenges = 4;  // on one connection
constexpr std::size_t kMostName = 255;

// Fields that are between two neighbours only (RFC 9110 §7.6.1), and those that older programs took for such.
constexpr std::array<std::string_view, 8> kHopFields{"connection", "proxy-connection",    "keep-alive",
                                                     "te",         "proxy-authorization", "proxy-authenticate",
                                                     "upgrade",    "http2-settings"};

struct Status {
  ProxyRefusal refusal;
  unsigned code;
};
constexpr std::array<Status, 12> kStatuses{{
    {ProxyRefusal::malformed, 400},
    {ProxyRefusal::too_large, 431},
    {ProxyRefusal::too_slow, 408},
    {ProxyRefusal::unauthorized, 407},
    {ProxyRefusal::not_allowed, 403},
    {ProxyRefusal::unsupported_command, 405},
    {ProxyRefusal::unsupported_address, 400},
    {ProxyRefusal::refused, 502},
    {ProxyRefusal::host_unreachable, 502},
    {ProxyRefusal::network_unreachable, 502},
    {ProxyRefusal::timed_out, 504},
    {ProxyRefusal::failed, 502},
}};

const Status& status_of(ProxyRefusal refusal) {
  return *std::ranges::find(kStatuses, refusal, [](const Status& each) { return each.refusal; });
}

ProxyRefusal refusal_of(HttpFault fault) {
  const bool is_long = fault == HttpFault::target_too_long || fault == HttpFault::fields_too_large;
  return is_long ? ProxyRefusal::too_large : ProxyRefusal::malformed;
}

// One line, whatever bytes of the request are in it.
std::string plain_line(std::string_view text) {
  std::string line(text);
  std::ranges::replace_if(line, [](char c) { return c < ' ' || c == 0x7f; }, '?');
  return line + "\n";
}

std::string answer(const Status& status, std::string_view why, bool keeps_open,
                   const std::vector<std::string>& fields) {
  const std::string body = plain_line(why);
  std::string text = "HTTP/1.1 " + std::to_string(status.code) + " " + std::string(http_reason(status.code)) + "\r\n";
  for (const std::string& each : fields) text += each + "\r\n";
  if (status.code == 405) text += "Allow: CONNECT, GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE\r\n";
  text += "Content-Type: text/plain; charset=utf-8\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  text += keeps_open ? "Connection: keep-alive\r\n" : "Connection: close\r\n";
  return text + "\r\n" + body;
}

// RFC 9110 §7.6.1: also what Connection names, unless it is needed to find the end of the message.
bool is_for_next_hop(const HttpFields& fields, std::string_view name) {
  const auto is_same = [&](std::string_view other) { return equals_ignoring_case(name, other); };
  if (std::ranges::any_of(kHopFields, is_same)) return false;
  if (is_same("host") || is_same("content-length") || is_same("transfer-encoding")) return true;
  return !fields.has_token("connection", name) && !fields.has_token("proxy-connection", name);
}

void add_field(std::string& text, std::string_view name, std::string_view value) {
  text.append(name).append(": ").append(value).append("\r\n");
}

bool wants_keep_open(const HttpRequestHead& head) {
  const bool closes =
      head.fields.has_token("connection", "close") || head.fields.has_token("proxy-connection", "close");
  return head.minor_version > 0 && !closes;
}

bool is_printable(char c) { return c > ' ' && c < 0x7f; }

bool is_host_name(std::string_view name) {
  return !name.empty() && name.size() <= kMostName && std::ranges::all_of(name, [](char c) {
    return is_printable(c) && !std::string_view("/?#@\\:[]%").contains(c);
  });
}

std::string origin_head_of(const HttpRequestHead& head, const HttpUri& uri) {
  const std::string version = std::to_string(head.minor_version);
  std::string text = std::string(head.method) + " " + uri.path + " HTTP/1." + version + "\r\n";
  add_field(text, "Host", uri.authority);
  for (const HttpField& each : head.fields.all()) {
    if (equals_ignoring_case(each.name, "host") || !is_for_next_hop(head.fields, each.name)) continue;
    add_field(text, each.name, each.value);
  }
  add_field(text, "Via", "1." + version + " tcpbox");
  if (head.minor_version == 0) add_field(text, "Connection", "close");
  return text + "\r\n";
}

}  // namespace

ProxyServerTurn HttpProxyServer::refuse(ProxyRefusal refusal, std::string why) const {
  ProxyServerTurn turn;
  turn.state = State::refused;
  turn.refusal = refusal;
  ProxyReply reply = refused(refusal, why);
  turn.output = std::move(reply.bytes);
  turn.code = reply.code;
  turn.why = std::move(why);
  return turn;
}

ProxyReply HttpProxyServer::refused(ProxyRefusal refusal, std::string_view why) const {
  const Status& status = status_of(refusal);
  return {answer(status, why, false, {}), status.code};
}

ProxyReply HttpProxyServer::granted(const Endpoint& here) const {
  (void)here;
  constexpr unsigned kOk = 200;
  return {"HTTP/1.1 200 Connection established\r\n\r\n", kOk};
}

void HttpProxyServer::begin_next() {
  head_.clear();
  end_ = {};
}

ProxyServerTurn HttpProxyServer::receive(std::string_view bytes, MonotonicTime now) {
  const std::size_t before = head_.size();
  head_ += bytes.substr(0, kProxyHttpLimits.head_bytes - before);
  const auto end = end_.find(head_, kProxyHttpLimits);
  ProxyServerTurn turn;
  if (!end) {
    turn = refuse(refusal_of(end.error()), "the request is refused: " + std::string(to_string(end.error())));
  } else if (*end) {
    head_.resize(**end);
    turn = judge(head_, now);
  }
  turn.taken = end && *end ? **end - before : bytes.size();
  if (end && *end && turn.state == State::more) begin_next();  // it was challenged
  return turn;
}

ProxyServerTurn HttpProxyServer::judge(std::string_view text, MonotonicTime now) {
  const auto head = parse_http_request_head(text, kProxyHttpLimits);
  if (!head) {
    return refuse(refusal_of(head.error()), "the request is malformed: " + std::string(to_string(head.error())));
  }
  request_ = {};
  request_.protocol = "http";
  request_.method = head->method;
  keeps_open_ = wants_keep_open(*head);
  const auto body = request_body(*head);
  if (!body) return refuse(ProxyRefusal::malformed, "the length of the request's body could be read in two ways");
  body_ = HttpBodyEnd(*body);
  if (auto refused = authenticate(*head, now)) return std::move(*refused);
  auto refused = head->method == "CONNECT" ? take_connect(*head) : take_forward(*head);
  if (refused) return std::move(*refused);
  ProxyServerTurn turn;
  turn.state = State::requested;
  return turn;
}

std::optional<ProxyServerTurn> HttpProxyServer::authenticate(const HttpRequestHead& head, MonotonicTime now) {
  if (authentication_ == nullptr) return std::nullopt;
  const auto said = head.fields.find("proxy-authorization");
  if (head.fields.count("proxy-authorization") > 1)
    return refuse(ProxyRefusal::malformed, "the request has several Proxy-Authorization lines");
  if (!said) return challenge(head, false, now);
  auto verdict = authentication_->check(*said, head.method, head.target, now);
  if (verdict == ProxyAuthentication::Verdict::refused) {  // clients disagree on what the URI of a digest is
    if (const auto uri = parse_http_uri(head.target)) {
      verdict = authentication_->check(*said, head.method, uri->path, now);
    }
  }
  if (verdict != ProxyAuthentication::Verdict::accepted) {
    return challenge(head, verdict == ProxyAuthentication::Verdict::stale, now);
  }
  request_.user = authentication_->user();
  return std::nullopt;
}

// The next try may come on the same connection, unless a body is on its way.
ProxyServerTurn HttpProxyServer::challenge(const HttpRequestHead& head, bool is_stale, MonotonicTime now) {
  const bool has_said = head.fields.find("proxy-authorization").has_value();
  const bool goes_on = wants_keep_open(head) && body_.is_over() && ++challenges_ < kMostChallenges;
  std::vector<std::string> fields;
  for (std::string& value : authentication_->challenges(now, is_stale)) {
    fields.push_back("Proxy-Authenticate: " + value);
  }
  ProxyServerTurn turn;
  turn.state = goes_on ? State::more : State::refused;
  turn.refusal = ProxyRefusal::unauthorized;
  turn.why = has_said && !is_stale ? "the user or the password is wrong" : "the proxy wants a user and a password";
  turn.code = status_of(ProxyRefusal::unauthorized).code;
  turn.output = answer(status_of(ProxyRefusal::unauthorized), turn.why, goes_on, fields);
  return turn;
}

std::optional<ProxyServerTurn> HttpProxyServer::take_connect(const HttpRequestHead& head) {
  auto target = parse_http_authority(head.target, std::nullopt);
  if (!target) return refuse(ProxyRefusal::malformed, "CONNECT wants HOST:PORT: " + target.error().detail);
  if (!body_.is_over()) return refuse(ProxyRefusal::malformed, "CONNECT has no body");
  request_.command = ProxyCommand::connect;
  request_.target = std::move(*target);
  return std::nullopt;
}

std::optional<ProxyServerTurn> HttpProxyServer::take_forward(const HttpRequestHead& head) {
  auto uri = parse_http_uri(head.target);
  if (!uri) return refuse(ProxyRefusal::malformed, "the request is none for a proxy: " + uri.error().detail);
  if (head.fields.count("host") > 1) return refuse(ProxyRefusal::malformed, "the request has several Host lines");
  request_.command = ProxyCommand::forward;
  request_.target = uri->host;
  origin_head_ = origin_head_of(head, *uri);
  return std::nullopt;
}

std::string response_for_client(const HttpResponseHead& head, bool keeps_open) {
  std::string text = "HTTP/1.1 " + std::to_string(head.status) + " " + std::string(head.reason) + "\r\n";
  for (const HttpField& each : head.fields.all()) {
    if (is_for_next_hop(head.fields, each.name)) add_field(text, each.name, each.value);
  }
  add_field(text, "Via", "1." + std::to_string(head.minor_version) + " tcpbox");
  if (head.status >= 200) add_field(text, "Connection", keeps_open ? "keep-alive" : "close");
  return text + "\r\n";
}

Result<HostTarget> parse_http_authority(std::string_view text, std::optional<std::uint16_t> default_port) {
  auto parts = parse_host_port(text);
  if (!parts) return make_error(Errc::malformed, {}, "its authority is not HOST:PORT");
  const bool is_literal = parse_ip_address(parts->host).has_value();
  if (!is_literal && !is_host_name(parts->host)) return make_error(Errc::malformed, {}, "its host is no name");
  if (parts->service.empty() && default_port) return HostTarget{std::move(parts->host), *default_port};
  const auto port = parse_unsigned<std::uint16_t>(parts->service);
  if (!port || *port == 0) return make_error(Errc::malformed, {}, "its port must be 1 to 65535");
  return HostTarget{std::move(parts->host), *port};
}

Result<HttpUri> parse_http_uri(std::string_view uri) {
  constexpr std::string_view kScheme = "http://";
  if (!equals_ignoring_case(uri.substr(0, kScheme.size()), kScheme)) {
    return make_error(Errc::malformed, {}, "its target is not http://HOST/PATH; https goes by CONNECT");
  }
  uri.remove_prefix(kScheme.size());
  const std::size_t end = std::min(uri.find_first_of("/?#"), uri.size());
  std::string_view authority = uri.substr(0, end);
  std::string_view path = uri.substr(end);
  path = path.substr(0, path.find('#'));
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) authority.remove_prefix(at + 1);
  TCP_TRY_ASSIGN(host, parse_http_authority(authority, kHttpPort));
  HttpUri parsed;
  parsed.host = std::move(host);
  parsed.authority = authority;
  parsed.path = path.starts_with('/') ? std::string(path) : "/" + std::string(path);
  return parsed;
}

}  // namespace tcp::stream
