// SPDX-License-Identifier: MIT
// Paths, dates, ranges and conditions of HTTP requests.
#include <doctest/doctest.h>

#include <array>
#include <string>

#include "libtcp/stream/http_conditions.hpp"
#include "libtcp/stream/http_content_type.hpp"
#include "libtcp/stream/http_date.hpp"
#include "libtcp/stream/http_listing.hpp"
#include "libtcp/stream/http_path.hpp"

using namespace tcp::stream;

namespace {

constexpr std::time_t kModified = 784111777;  // RFC 9110's example

std::string path_of(std::string_view target) {
  const auto path = parse_http_path(target);
  return path ? path->name + (path->names_directory ? "/" : "") : "none";
}

unsigned selected(const std::string& method, const std::string& fields) {
  const std::string text = method + " / HTTP/1.1\r\n" + fields + "\r\n";
  return select(*parse_http_request_head(text, {}), {"\"tag\"", kModified, 100}).status;
}

}  // namespace

TEST_CASE("paths are decoded once and stay beneath") {
  CHECK(path_of("/") == "/");
  CHECK(path_of("/a/b") == "a/b");
  CHECK(path_of("//a///b//") == "a/b/");
  CHECK(path_of("/a%20b%C3%A4?x=/..") == "a b\xc3\xa4");
  CHECK(path_of("/%2561") == "%61");
  CHECK(path_of("HTTP://host") == "/");
  CHECK(path_of("http://host?q") == "/");
  CHECK(path_of("http://host/x") == "x");
  CHECK(path_of("/.well-known/x") == ".well-known/x");
  for (const char* target : {"*", "host:80", "", "a", "/..", "/../x", "/a/../b", "/.", "/%2e%2E", "/.x", "/a/.b/c",
                             "/%", "/%4", "/%g0", "/%0g", "/a%2fb", "/a%00", "https://host/x", "/.well-known2"}) {
    CAPTURE(target);
    CHECK(path_of(target) == "none");
  }
}

TEST_CASE("what is encoded is decoded to the same") {
  std::string name;
  for (int c = 1; c < 256; ++c) {
    if (c != '/') name += static_cast<char>(c);
  }
  CHECK(path_of("/" + encode_http_path(name)) == name);
  CHECK(encode_http_path("a b/\xff~") == "a%20b/%FF~");
}

TEST_CASE("dates in all three forms") {
  CHECK(format_http_date(kModified) == "Sun, 06 Nov 1994 08:49:37 GMT");
  for (const char* text :
       {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"}) {
    CHECK(parse_http_date(text) == kModified);
  }
  for (const char* text : {"", "yesterday", "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 06 Nov 1994 08:49:37"}) {
    CHECK_FALSE(parse_http_date(text));
  }
  CHECK_FALSE(parse_http_date(std::string(10'000, ' ')));
}

TEST_CASE("ranges") {
  const auto check = [](std::string_view value, std::uint64_t offset, std::uint64_t bytes) {
    CAPTURE(value);
    const auto range = parse_http_range(value, 100);
    REQUIRE(range);
    CHECK(range->offset == offset);
    CHECK(range->bytes == bytes);
  };
  check("bytes=0-0", 0, 1);
  check("BYTES=10-", 10, 90);
  check("bytes=-5", 95, 5);
  check("bytes=-500", 0, 100);
  check("bytes=99-18446744073709551615", 99, 1);
  for (const char* value : {"bytes=100-", "bytes=-0", "bytes=18446744073709551615-"})
    CHECK(parse_http_range(value, 100)->bytes == 0);
  CHECK(parse_http_range("bytes=0-", 0)->bytes == 0);
  for (const char* value : {"bytes=1-0", "bytes=0-1,3-4", "bytes=", "bytes=-", "bytes=x-", "bytes=0-x", "bytes=0x1-",
                            "0-1", "bytes= 0-1", "bytes=0-18446744073709551616", "bytes=--1"}) {
    CAPTURE(value);
    CHECK_FALSE(parse_http_range(value, 100));
  }
}

TEST_CASE("conditions in their order") {
  CHECK(selected("GET", "") == 200);
  CHECK(selected("GET", "Range: bytes=0-9\r\n") == 206);
  CHECK(selected("HEAD", "Range: bytes=0-9\r\n") == 200);
  CHECK(selected("GET", "Range: bytes=0-9\r\nRange: bytes=0-9\r\n") == 200);
  CHECK(selected("GET", "Range: bytes=100-\r\n") == 416);
  CHECK(selected("GET", "If-None-Match: \"a\", W/\"tag\"\r\nRange: bytes=0-9\r\n") == 304);
  CHECK(selected("GET", "If-None-Match: \"a\r\n") == 200);
  CHECK(selected("GET", "If-None-Match: tag\r\n") == 200);
  CHECK(selected("GET", "If-Match: \"a\"\r\nIf-None-Match: \"tag\"\r\n") == 412);
  CHECK(selected("GET", "If-Match: \"a\"\r\nIf-Match: \"tag\"\r\n") == 200);
  CHECK(selected("GET", "If-Match: W/\"tag\"\r\n") == 412);
  CHECK(selected("GET", "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n") == 200);
  CHECK(selected("GET", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n") == 304);
  CHECK(selected("GET", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n") == 412);
  CHECK(selected("GET", "If-Range: \"tag\"\r\nRange: bytes=0-9\r\n") == 206);
  CHECK(selected("GET", "If-Range: W/\"tag\"\r\nRange: bytes=0-9\r\n") == 200);
}

TEST_CASE("content types and listings") {
  CHECK(content_type_of("a/b.HTML") == "text/html; charset=utf-8");
  CHECK(content_type_of("a.tar.gz") == "application/gzip");
  CHECK(content_type_of("html") == "application/octet-stream");
  const std::array entries{DirectoryEntry{"<a>&\"'", false}, DirectoryEntry{"javascript:x", true}};
  const std::string page = make_http_listing("d<", entries);
  CHECK(page.find("<h1>/d&lt;/</h1>") != std::string::npos);
  CHECK(page.find("<a href=\"./%3Ca%3E%26%22%27\">&lt;a&gt;&amp;&quot;'</a>") != std::string::npos);
  CHECK(page.find("<a href=\"./javascript%3Ax/\">javascript:x/</a>") != std::string::npos);
  CHECK(make_http_listing("", {}).find("../") == std::string::npos);
}
