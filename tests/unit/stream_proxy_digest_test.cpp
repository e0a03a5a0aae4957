// SPDX-License-Identifier: MIT
// Digest: the examples of RFC 7616 and RFC 2617 with CONNECT in place of GET, computed apart (Python hashlib).
#include <doctest/doctest.h>

#include "libtcp/stream/proxy_authorization.hpp"
#include "libtcp/stream/tls.hpp"

using namespace tcp;
using namespace tcp::stream;

namespace {

const ProxyCredentials kMufasa{"Mufasa", "Circle of Life"};

std::string value_after(std::string_view challenges,
                        const std::string& nonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ") {
  ProxyAuthorization authorization(kMufasa, nonce);
  REQUIRE(authorization.answer(parse_http_challenges(challenges)));
  const auto value = authorization.value("example.org:443");
  REQUIRE(value);
  return *value;
}

}  // namespace

TEST_CASE("the strongest way that is offered is taken" * doctest::skip(!has_tls())) {
  const std::string md5 = "Digest realm=r, nonce=n, algorithm=MD5, qop=auth";
  const std::string sha = "Digest realm=r, nonce=n, algorithm=SHA-256, qop=\"auth-int, auth\"";
  CHECK(value_after("Basic realm=r, " + md5 + ", " + sha).contains("algorithm=SHA-256"));
  CHECK(value_after(sha + ", " + md5).contains("algorithm=SHA-256"));
  CHECK(value_after("Basic realm=r, " + md5).contains("algorithm=MD5"));
  CHECK(value_after("Basic realm=r, Digest realm=r, nonce=n, algorithm=SHA-1").starts_with("Basic "));
  CHECK(value_after("Basic realm=r, Digest realm=r, nonce=n, qop=auth-int").starts_with("Basic "));
  ProxyAuthorization authorization(kMufasa, "c");
  const auto none = authorization.answer(parse_http_challenges("Negotiate, NTLM"));
  REQUIRE_FALSE(none);
  CHECK(none.error().message().contains("negotiate, ntlm"));
}

TEST_CASE("digest responses" * doctest::skip(!has_tls())) {
  const std::string rest =
      "Digest realm=\"http-auth@example.org\", nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", opaque=\"FQhe\"";
  const std::string sha = value_after(rest + ", qop=\"auth\", algorithm=SHA-256");
  CHECK(sha.contains("response=\"d202f3ddb3d5adc68adeedd5399a01b8f14fa6863459398febf4f9a6ec8eb172\""));
  CHECK(sha.contains("uri=\"example.org:443\""));
  CHECK(sha.contains("nc=00000001"));
  CHECK(sha.contains("opaque=\"FQhe\""));
  CHECK(value_after(rest + ", qop=\"auth\", algorithm=MD5").contains("response=\"0b6e5abc67db91dcd83de4ce7b169bc6\""));
  CHECK(value_after(rest).contains("response=\"4eb395dafae8430761370f96605f55ca\""));
  CHECK(value_after(rest + ", qop=auth, algorithm=MD5-sess").contains("response=\"5b39194f02781aca18a1fc7f903011d1\""));
  const std::string hashed = value_after(rest + ", qop=auth, algorithm=SHA-256, userhash=true");
  CHECK(hashed.contains("username=\"a947aad205e80e429958a387394944c6b496301e79f89d35a4cc23b6ee12b5b6\""));
  CHECK(hashed.contains("userhash=true"));
}

TEST_CASE("a nonce that is too old is renewed once" * doctest::skip(!has_tls())) {
  ProxyAuthorization authorization(kMufasa, "c");
  const auto stale = parse_http_challenges("Digest realm=r, nonce=m, stale=TRUE");
  CHECK(authorization.answer(parse_http_challenges("Digest realm=r, nonce=n")));
  CHECK(authorization.answer(stale));
  CHECK(authorization.value("a:1")->contains("nonce=\"m\""));
  CHECK_FALSE(authorization.answer(stale));
}
