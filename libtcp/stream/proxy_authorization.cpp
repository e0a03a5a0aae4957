// SPDX-License-Identifier: MIT
#include "libtcp/stream/proxy_authorization.hpp"

#include <algorithm>
#include <array>

#include "libtcp/base/ascii.hpp"
#include "libtcp/base/base64.hpp"
#include "libtcp/stream/http_digest.hpp"

namespace tcp::stream {
namespace {

constexpr std::size_t kMostChallenges = 16;
constexpr std::size_t kMostParameters = 32;

bool is_token(char c) {  // RFC 9110 §5.6.2, and what token68 has besides
  const bool is_letter = ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
  return is_letter || (c >= '0' && c <= '9') || std::string_view("!#$%&'*+-.^_`|~/").contains(c);
}

// Reads a header value from left to right.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}
  [[nodiscard]] bool is_at_end() const { return rest_.empty(); }
  void skip(std::string_view characters) {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(characters), rest_.size()));
  }
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string_view token() {
    const auto end = std::ranges::find_if_not(rest_, is_token);
    const auto size = static_cast<std::size_t>(end - rest_.begin());
    const std::string_view found = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return found;
  }
  // A token or a quoted string. Nothing: the string does not end.
  std::optional<std::string> value() {
    if (!take('"')) return std::string(token());
    std::string text;
    while (!rest_.empty()) {
      if (take('"')) return text;
      if (take('\\') && rest_.empty()) break;
      text += rest_.front();
      rest_.remove_prefix(1);
    }
    return std::nullopt;
  }
  // "=" that ends a token68, of which there may be more.
  [[nodiscard]] bool is_padding() const { return rest_.empty() || rest_.front() == '=' || rest_.front() == ','; }

 private:
  std::string_view rest_;
};

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + "\"";
}

// "md5", "sha-256", each also with "-sess".
std::optional<DigestHash> hash_of(const HttpChallenge& challenge) {
  std::string name = ascii_lower(challenge.parameter("algorithm"));
  if (name.ends_with("-sess")) name.resize(name.size() - std::string_view("-sess").size());
  if (name.empty() || name == "md5") return DigestHash::md5;
  if (name == "sha-256") return DigestHash::sha256;
  return std::nullopt;
}

bool offers_auth(std::string_view qop) {
  Reader words(qop);
  while (!words.is_at_end()) {
    words.skip(", \t");
    const std::string_view word = words.token();
    if (ascii_lower(word) == "auth") return true;
    if (word.empty()) return false;
  }
  return false;
}

// How much it is to be preferred; 0: it cannot be used.
int rank(const HttpChallenge& challenge) {
  if (challenge.scheme == "basic") return 1;
  if (challenge.scheme != "digest" || challenge.parameter("nonce").empty()) return 0;
  const std::string_view qop = challenge.parameter("qop");
  if (!qop.empty() && !offers_auth(qop)) return 0;
  const auto hash = hash_of(challenge);
  if (!hash) return 0;
  return *hash == DigestHash::md5 ? 2 : 3;
}

std::string names_of(const std::vector<HttpChallenge>& offered) {
  std::string names;
  for (const HttpChallenge& each : offered) names += (names.empty() ? "" : ", ") + each.scheme;
  return names.empty() ? "none" : names;
}

}  // namespace

std::string_view HttpChallenge::parameter(std::string_view name) const {
  const auto found = std::ranges::find(parameters, name, [](const auto& each) { return std::string_view(each.first); });
  return found == parameters.end() ? std::string_view() : std::string_view(found->second);
}

std::vector<HttpChallenge> parse_http_challenges(std::string_view value) {
  std::vector<HttpChallenge> challenges;
  Reader reader(value);
  for (;;) {
    reader.skip(", \t");
    const std::string_view word = reader.token();
    if (word.empty()) return challenges;
    reader.skip(" \t");
    if (!reader.take('=')) {  // no parameter: a scheme, or all of a token68, which no scheme that we know has
      if (challenges.size() >= kMostChallenges) return challenges;
      challenges.push_back({ascii_lower(word), {}});
      continue;
    }
    if (reader.is_padding()) {
      reader.skip("=");
      continue;
    }
    reader.skip(" \t");
    auto text = reader.value();
    if (!text || challenges.empty() || challenges.back().parameters.size() >= kMostParameters) return challenges;
    challenges.back().parameters.emplace_back(ascii_lower(word), std::move(*text));
  }
}

Result<void> ProxyAuthorization::answer(const std::vector<HttpChallenge>& offered) {
  if (!credentials_) {
    return make_error(Errc::not_permitted, {}, "it wants to know who we are (407), and no credentials were given");
  }
  const auto best = std::ranges::max_element(offered, {}, rank);
  if (best == offered.end() || rank(*best) == 0) {
    return make_error(Errc::unsupported, {},
                      "it offers no way to authenticate that is known here (407): " + names_of(offered));
  }
  // Only that a nonce has become too old is a reason to try once more (RFC 7616 §3.3).
  const bool is_stale = ascii_lower(best->parameter("stale")) == "true";
  if (challenges_ > (is_stale ? 1U : 0U)) {
    return make_error(Errc::not_permitted, {}, "it does not accept the user and password (407)");
  }
  ++challenges_;
  chosen_ = *best;
  uses_ = 0;
  return {};
}

Result<std::string> ProxyAuthorization::value(std::string_view authority) {
  if (!chosen_) return std::string();
  if (chosen_->scheme == "digest") return digest(authority);
  return "Basic " + to_base64(credentials_->user + ":" + credentials_->password);
}

// RFC 7616 §3.4
Result<std::string> ProxyAuthorization::digest(std::string_view authority) {
  const DigestHash hash = hash_of(*chosen_).value_or(DigestHash::md5);
  const std::string realm(chosen_->parameter("realm"));
  const std::string nonce(chosen_->parameter("nonce"));
  const std::string algorithm(chosen_->parameter("algorithm"));
  const bool has_qop = !chosen_->parameter("qop").empty();
  const bool is_session = ascii_lower(algorithm).ends_with("-sess");
  std::string count = std::to_string(++uses_);
  count.insert(0, 8 - std::min<std::size_t>(count.size(), 8), '0');  // hexadecimal; it never gets beyond 9
  const std::string_view shown_count = has_qop ? std::string_view(count) : std::string_view();
  const DigestWords words{hash, is_session, realm, nonce, client_nonce_, shown_count, "CONNECT", authority};
  TCP_TRY_ASSIGN(response, digest_response(words, *credentials_));
  std::string user = credentials_->user;
  const bool hashes_user = ascii_lower(chosen_->parameter("userhash")) == "true";
  if (hashes_user) {
    TCP_TRY_ASSIGN(hashed, hex_digest(hash, user + ":" + realm));
    user = std::move(hashed);
  }
  std::string value = "Digest username=" + quoted(user) + ", realm=" + quoted(realm) + ", nonce=" + quoted(nonce) +
                      ", uri=" + quoted(authority) + ", response=" + quoted(response);
  if (!algorithm.empty()) value += ", algorithm=" + algorithm;
  if (const auto opaque = chosen_->parameter("opaque"); !opaque.empty()) value += ", opaque=" + quoted(opaque);
  if (has_qop)
    value += ", qop=auth, nc=" + count + ", cnonce=" + quoted(client_nonce_);
  else if (is_session)
    value += ", cnonce=" + quoted(client_nonce_);
  if (hashes_user) value += ", userhash=true";
  return value;
}

}  // namespace tcp::stream
