// SPDX-License-Identifier: MIT
// Heads of HTTP requests as they should be, as they should not be, in pieces and too long.
#include <doctest/doctest.h>

#include <string>

#include "libtcp/stream/http_head.hpp"

using namespace tcp::stream;

namespace {

std::expected<HttpRequestHead, HttpFault> parse(std::string_view text) { return parse_http_request_head(text, {}); }

// The status that a head is refused with; 0: it is not.
unsigned status_of(std::string_view text) {
  const auto head = parse(text);
  return head ? 0 : static_cast<unsigned>(head.error());
}

unsigned body_status_of(std::string_view text) {
  const auto body = request_body(*parse(text));
  return body ? 0 : static_cast<unsigned>(body.error());
}

}  // namespace

TEST_CASE("a request head and its fields") {
  const auto head = parse("GET /a?b=c HTTP/1.1\r\nHost: example.org\r\nX-Empty:\r\nx-blank: \t a b \t\r\n\r\n");
  REQUIRE(head);
  CHECK(head->method == "GET");
  CHECK(head->target == "/a?b=c");
  CHECK(head->minor_version == 1);
  REQUIRE(head->fields.all().size() == 3);
  CHECK(head->fields.find("HOST") == "example.org");
  CHECK(head->fields.find("x-empty") == "");
  CHECK(head->fields.find("X-Blank") == "a b");
  CHECK_FALSE(head->fields.find("X-Bl"));
}

TEST_CASE("line ends, empty lines before it, versions, forms of targets") {
  CHECK(parse("\r\n\nGET * HTTP/1.0\nA: b\n\n")->fields.find("a") == "b");
  CHECK(parse("CONNECT [::1]:443 HTTP/1.1\r\n\r\n")->target == "[::1]:443");
  CHECK(parse("GET http://user@host:1/%00?q HTTP/1.9\r\n\r\n")->minor_version == 9);
  CHECK(status_of("GET / HTTP/2.0\r\n\r\n") == 505);
  CHECK(status_of("GET / HTTP/0.9\r\n\r\n") == 505);
}

TEST_CASE("malformed request lines") {
  for (const char* line : {"GET /", "GET  HTTP/1.1", "GET", "", " / HTTP/1.1", "GET / HTTP/1.1 ", "G@T / HTTP/1.1",
                           "GET / HTTP/11", "GET / http/1.1", "GET / HTTP/1.1x", "GET /a b HTTP/1.1", "GET\t/ HTTP/1.1",
                           "GET /\x01 HTTP/1.1", "GET /\xc3\xa4 HTTP/1.1", "GET /\r HTTP/1.1", "GET / HTTP/1.1\r"}) {
    CAPTURE(line);
    CHECK(status_of(std::string(line) + "\r\n\r\n") == 400);
  }
}

TEST_CASE("malformed fields") {
  for (const std::string line : {"no colon", ": no name", "Name : blank", " Leading: blank", "\tfolded", "A\rB: c",
                                 "A: b\rc", "A: \x7f", "A: \x01", "N\xc3me: x"}) {
    CAPTURE(line);
    CHECK(status_of("GET / HTTP/1.1\r\nHost: h\r\n" + line + "\r\n\r\n") == 400);
  }
  CHECK(status_of(std::string("GET / HTTP/1.1\r\nA: b\0c\r\n\r\n", 27)) == 400);
  CHECK(status_of("GET / HTTP/1.1\r\nA: \xc3\xa4\r\n\r\n") == 0);
}

TEST_CASE("limits of a whole head") {
  std::string fields;
  for (int i = 0; i < 100; ++i) fields += "A: b\r\n";
  CHECK(status_of("GET / HTTP/1.1\r\n" + fields + "\r\n") == 0);
  CHECK(status_of("GET / HTTP/1.1\r\n" + fields + "A: b\r\n\r\n") == 431);
  CHECK(status_of("GET /" + std::string(7999, 'a') + " HTTP/1.1\r\n\r\n") == 0);
  CHECK(status_of("GET /" + std::string(8000, 'a') + " HTTP/1.1\r\n\r\n") == 414);
}

TEST_CASE("the end of a head that comes a byte at a time") {
  for (const std::string head :
       {"GET / HTTP/1.1\r\nA: b\r\n\r\n", "\r\n\r\nGET / HTTP/1.1\n\n", "GET / HTTP/1.1\nA: b\n\r\n"}) {
    CAPTURE(head);
    const std::string bytes = head + "\r\n\r\nnext";
    HttpHeadEnd end;
    for (std::size_t size = 0; size < head.size(); ++size) {
      const auto found = end.find(std::string_view(bytes).substr(0, size), {});
      REQUIRE(found);
      CHECK_FALSE(*found);
    }
    CHECK(end.find(bytes, {}) == head.size());
    CHECK(HttpHeadEnd().find(bytes, {}) == head.size());
  }
}

TEST_CASE("a head that does not end") {
  const HttpLimits limits{.target_bytes = 100, .head_bytes = 300, .fields = 100};
  const auto refused = [&](const std::string& begin) {
    HttpHeadEnd end;
    const std::string bytes = begin + std::string(300, 'x');
    for (std::size_t size = 0; size < 300; ++size) {
      const auto found = end.find(std::string_view(bytes).substr(0, size), limits);
      if (!found || *found) return 0U;
    }
    const auto found = end.find(std::string_view(bytes).substr(0, 300), limits);
    const auto at_once = HttpHeadEnd().find(bytes, limits);
    if (found || at_once || found.error() != at_once.error()) return 0U;
    return static_cast<unsigned>(found.error());
  };
  CHECK(refused("GET /") == 414);
  CHECK(refused("GET / HTTP/1.1\r\nA: ") == 431);
  CHECK(refused("") == 400);
  CHECK(refused("\n\n\n\nG/T ") == 400);
}

TEST_CASE("what keeps a connection open") {
  const auto keeps = [](const std::string& rest) { return parse("GET / HTTP/1." + rest + "\r\n\r\n")->keeps_alive(); };
  CHECK(keeps("1"));
  CHECK_FALSE(keeps("0"));
  CHECK(keeps("0\r\nConnection: Keep-Alive"));
  CHECK_FALSE(keeps("1\r\nConnection: te, CLOSE ,x"));
  CHECK_FALSE(keeps("1\r\nConnection: te\r\nConnection: close"));
  CHECK(keeps("1\r\nConnection: closed"));
}

TEST_CASE("bodies of requests") {
  const std::string post = "POST / HTTP/1.1\r\n";
  CHECK(request_body(*parse(post + "\r\n"))->bytes == 0);
  CHECK(request_body(*parse(post + "Content-Length: 18446744073709551615\r\n\r\n"))->bytes == UINT64_MAX);
  CHECK(request_body(*parse(post + "transfer-encoding: Chunked\r\n\r\n"))->is_chunked);
  for (const char* fields :
       {"Content-Length: 18446744073709551616", "Content-Length: -1", "Content-Length: +1", "Content-Length: 1,1",
        "Content-Length: 0x1", "Content-Length:", "Content-Length: 1\r\nContent-Length: 1",
        "Content-Length: 1\r\nTransfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "Transfer-Encoding: identity"}) {
    CAPTURE(fields);
    CHECK(body_status_of(post + fields + "\r\n\r\n") == 400);
  }
  CHECK(body_status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == 400);
}
