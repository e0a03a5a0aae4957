// SPDX-License-Identifier: MIT
// The addresses of a host, a look-up for each family, side by side (RFC 8305 §3).
#pragma once

#include <optional>
#include <vector>

#include "libtcp/stream/lookup.hpp"
#include "libtcp/stream/name_answers.hpp"

namespace tcp::stream {

class NameLookup {
 public:
  // AAAA first; one look-up when only one family is wanted. Errors: Lookup::start()'s.
  [[nodiscard]] static Result<NameLookup> start(const std::string& host, const net::ResolveOptions& options,
                                                const Resolver& resolver);
  // Nothing is asked: the addresses are known.
  NameLookup() : answers_(0) {}

  // Readable when there is an answer.
  [[nodiscard]] std::vector<int> descriptors() const;
  // The addresses of the answer that is there; nothing when the descriptor is none of these.
  [[nodiscard]] std::optional<std::vector<IpAddress>> take(int descriptor, MonotonicTime now);
  [[nodiscard]] const NameAnswers& answers() const noexcept { return answers_; }

 private:
  struct Question {
    std::optional<Family> family;
    Lookup lookup;
  };
  explicit NameLookup(std::vector<Question> questions)
      : questions_(std::move(questions)), answers_(questions_.size()) {}

  std::vector<Question> questions_;
  NameAnswers answers_;
};

}  // namespace tcp::stream
