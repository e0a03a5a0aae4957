// SPDX-License-Identifier: MIT
#include "cmd/secret_arguments.hpp"

#include <algorithm>
#include <span>
#include <string_view>

#include "libtcp/stream/proxy.hpp"

namespace tcp::cmd {
namespace {

constexpr std::string_view kProxy = "--proxy";
constexpr std::string_view kProxyAuth = "--proxy-auth";
constexpr std::string_view kCode = "--code";  // its value may be missing: then the next option follows

bool is_joined(std::string_view word, std::string_view option) {
  return word.starts_with(option) && word.substr(option.size()).starts_with('=');
}

// What is secret in a word, with the one before it; empty: nothing.
std::string_view secret_in(std::string_view word, std::string_view before) {
  if (before == kProxy || is_joined(word, kProxy)) return stream::userinfo_in(word);
  for (const std::string_view option : {kProxyAuth, kCode}) {
    if (is_joined(word, option)) return word.substr(option.size() + 1);
  }
  if (before == kProxyAuth || (before == kCode && !word.starts_with('-'))) return word;
  return {};
}

template <class Word, class Hide>
void visit_secrets(std::span<Word> words, const Hide& hide) {
  std::string before;
  for (Word& word : words) {
    const std::string text(word);
    const std::string_view secret = secret_in(text, before);
    if (!secret.empty()) hide(word, static_cast<std::size_t>(secret.data() - text.data()), secret.size());
    before = text;
  }
}

}  // namespace

std::vector<std::string> without_secrets(std::vector<std::string> arguments) {
  visit_secrets(std::span(arguments),
                [](std::string& word, std::size_t at, std::size_t size) { word.replace(at, size, "*"); });
  return arguments;
}

void wipe_secrets(int argc, char** argv) {
  visit_secrets(std::span(argv, static_cast<std::size_t>(argc)),
                [](char* word, std::size_t at, std::size_t size) { std::fill_n(word + at, size, '*'); });
}

}  // namespace tcp::cmd
