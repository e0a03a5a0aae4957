// SPDX-License-Identifier: MIT
#include "cmd/secret_arguments.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using tcp::cmd::wipe_secrets;
using tcp::cmd::without_secrets;
using Words = std::vector<std::string>;

namespace {

// As ps(1) shows them afterwards.
Words wiped(Words words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  wipe_secrets(static_cast<int>(pointers.size()), pointers.data());
  return words;
}

}  // namespace

TEST_CASE("what is secret is hidden, joined with its option or behind it, and nothing else") {
  const Words given{"connect", "--proxy", "http://me:pw@h:1", "--proxy=socks5://h:2", "--proxy-auth=me:pw",
                    "--code",  "a-b-c-d", "--code=a-b-c-d",   "--code-file",          "words",
                    "h:1"};
  CHECK(without_secrets(given) == Words{"connect", "--proxy", "http://*@h:1", "--proxy=socks5://h:2", "--proxy-auth=*",
                                        "--code", "*", "--code=*", "--code-file", "words", "h:1"});
  CHECK(wiped(given) == Words{"connect", "--proxy", "http://*****@h:1", "--proxy=socks5://h:2", "--proxy-auth=*****",
                              "--code", "*******", "--code=*******", "--code-file", "words", "h:1"});
}

TEST_CASE("an option behind --code is none of its words; behind --proxy-auth everything is taken for the password") {
  CHECK(without_secrets({"--code", "-k"}) == Words{"--code", "-k"});
  CHECK(without_secrets({"--code", "--json", "h:1"}) == Words{"--code", "--json", "h:1"});
  CHECK(without_secrets({"--code"}) == Words{"--code"});
  CHECK(without_secrets({"--proxy-auth", "-me:pw"}) == Words{"--proxy-auth", "*"});
}
