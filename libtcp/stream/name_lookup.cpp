// SPDX-License-Identifier: MIT
#include "libtcp/stream/name_lookup.hpp"

#include <algorithm>

namespace tcp::stream {

Result<NameLookup> NameLookup::start(const std::string& host, const net::ResolveOptions& options,
                                     const Resolver& resolver) {
  const auto families = options.family ? std::vector{*options.family} : std::vector{Family::v6, Family::v4};
  std::vector<Question> questions;
  for (const Family family : families) {
    net::ResolveOptions asked = options;
    asked.family = family;
    asked.whole_if_local = !options.family;
    TCP_TRY_ASSIGN(lookup, Lookup::start(host, asked, resolver));
    questions.push_back({family, std::move(lookup)});
  }
  return NameLookup(std::move(questions));
}

std::vector<int> NameLookup::descriptors() const {
  std::vector<int> descriptors;
  for (const Question& each : questions_) descriptors.push_back(each.lookup.descriptor());
  return descriptors;
}

std::optional<std::vector<IpAddress>> NameLookup::take(int descriptor, MonotonicTime now) {
  const auto question =
      std::ranges::find(questions_, descriptor, [](const Question& each) { return each.lookup.descriptor(); });
  if (question == questions_.end()) return std::nullopt;
  auto answer = question->lookup.take();
  answers_.note(question->family, answer, now);
  return answer ? std::move(*answer) : std::vector<IpAddress>();
}

}  // namespace tcp::stream
