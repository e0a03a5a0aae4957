// SPDX-License-Identifier: MIT
#include "libtcp/stream/proxy_authentication.hpp"

#include <sys/random.h>

#include <algorithm>
#include <array>

#include "libtcp/base/ascii.hpp"
#include "libtcp/base/base64.hpp"
#include "libtcp/base/parse.hpp"
#include "libtcp/stream/http_digest.hpp"
#include "libtcp/stream/http_head.hpp"
#include "libtcp/stream/proxy_authorization.hpp"

namespace tcp::stream {
namespace {

constexpr std::string_view kRealm = "tcpbox";
constexpr std::uint64_t kNonceSeconds = 300;
constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kCountDigits = 8;

std::uint64_t seconds_of(MonotonicTime time) {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count());
}

struct Algorithm {
  std::string_view name;
  DigestHash hash;
};
constexpr std::array<Algorithm, 2> kAlgorithms{{{"SHA-256", DigestHash::sha256}, {"MD5", DigestHash::md5}}};

// Without one it is MD5 (RFC 7616 §3.4).
const Algorithm* algorithm_of(std::string_view name) {
  if (name.empty()) return &kAlgorithms.back();
  const auto found =
      std::ranges::find_if(kAlgorithms, [&](const auto& each) { return equals_ignoring_case(each.name, name); });
  return found == kAlgorithms.end() ? nullptr : &*found;
}

}  // namespace

bool is_same_secret(std::string_view given, std::string_view secret) noexcept {
  unsigned difference = given.size() == secret.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const char other = secret.empty() ? '\0' : secret[i % secret.size()];
    difference |= static_cast<unsigned>(static_cast<unsigned char>(given[i]) ^ static_cast<unsigned char>(other));
  }
  return difference == 0;
}

Result<std::string> make_proxy_secret() {
  std::string secret(kSecretBytes, '\0');
  if (::getrandom(secret.data(), secret.size(), 0) != static_cast<ssize_t>(secret.size())) {
    return system_error("draw a secret for nonces");
  }
  return secret;
}

Result<std::string> ProxyAuthentication::make_nonce(std::uint64_t seconds) const {
  const std::string time = std::to_string(seconds);
  TCP_TRY_ASSIGN(inner, hex_digest(DigestHash::sha256, secret_ + time));
  TCP_TRY_ASSIGN(seal, hex_digest(DigestHash::sha256, secret_ + inner));
  return time + "-" + seal;
}

bool ProxyAuthentication::is_ours(std::string_view nonce, std::uint64_t& seconds) const {
  const auto time = parse_unsigned<std::uint64_t>(nonce.substr(0, nonce.find('-')));
  if (!time) return false;
  seconds = *time;
  const auto expected = make_nonce(seconds);
  return expected && is_same_secret(nonce, *expected);
}

std::vector<std::string> ProxyAuthentication::challenges(MonotonicTime now, bool is_stale) const {
  std::vector<std::string> values;
  const std::string realm = "realm=\"" + std::string(kRealm) + "\"";
  if (const auto nonce = make_nonce(seconds_of(now))) {
    for (const Algorithm& each : kAlgorithms) {
      if (!hex_digest(each.hash, "")) continue;  // the library has it forbidden
      values.push_back("Digest " + realm + ", qop=\"auth\", algorithm=" + std::string(each.name) + ", nonce=\"" +
                       *nonce + "\"" + (is_stale ? ", stale=true" : ""));
    }
  }
  values.push_back("Basic " + realm + ", charset=\"UTF-8\"");
  return values;
}

bool ProxyAuthentication::accepts(std::string_view user, std::string_view password) const {
  const bool has_user = is_same_secret(user, credentials_.user);
  const bool has_password = is_same_secret(password, credentials_.password);
  return has_user && has_password;
}

ProxyAuthentication::Verdict ProxyAuthentication::check(std::string_view value, std::string_view method,
                                                        std::string_view target, MonotonicTime now) const {
  const std::size_t end = std::min(value.find(' '), value.size());
  const std::string_view scheme = value.substr(0, end);
  if (equals_ignoring_case(scheme, "basic")) return check_basic(value.substr(end));
  if (equals_ignoring_case(scheme, "digest")) return check_digest(value, method, target, now);
  return Verdict::refused;
}

ProxyAuthentication::Verdict ProxyAuthentication::check_basic(std::string_view value) const {
  value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
  const auto pair = from_base64(value);
  if (!pair) return Verdict::refused;
  const std::string_view text(*pair);
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return Verdict::refused;
  return accepts(text.substr(0, colon), text.substr(colon + 1)) ? Verdict::accepted : Verdict::refused;
}

ProxyAuthentication::Verdict ProxyAuthentication::check_digest(std::string_view value, std::string_view method,
                                                               std::string_view target, MonotonicTime now) const {
  const auto said = parse_http_challenges(value);
  if (said.size() != 1) return Verdict::refused;
  const HttpChallenge& digest = said.front();
  const Algorithm* const algorithm = algorithm_of(digest.parameter("algorithm"));
  const std::string_view count = digest.parameter("nc");
  const std::string_view uri = digest.parameter("uri");
  if (algorithm == nullptr || !equals_ignoring_case(digest.parameter("qop"), "auth")) return Verdict::refused;
  if (count.size() != kCountDigits || digest.parameter("cnonce").empty() || uri != target) {
    return Verdict::refused;
  }
  std::uint64_t made = 0;
  const std::string_view nonce = digest.parameter("nonce");
  const bool is_good_nonce = is_ours(nonce, made);
  const DigestWords words{algorithm->hash, false, kRealm, nonce, digest.parameter("cnonce"), count, method, uri};
  const auto expected = digest_response(words, credentials_);
  const bool is_right = expected && is_same_secret(digest.parameter("response"), *expected) &&
                        is_same_secret(digest.parameter("username"), credentials_.user);
  if (!is_right) return Verdict::refused;
  if (!is_good_nonce) return Verdict::stale;  // of another run, perhaps
  const std::uint64_t age = seconds_of(now) - std::min(seconds_of(now), made);
  return age > kNonceSeconds || made > seconds_of(now) ? Verdict::stale : Verdict::accepted;
}

}  // namespace tcp::stream
