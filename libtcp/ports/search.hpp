// SPDX-License-Identifier: MIT
// Finds services by part of their name or description, and names that were nearly typed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "libtcp/ports/registry.hpp"

namespace tcp::ports {

// Best first.
enum class MatchRank : std::uint8_t {
  exact_name,
  name_prefix,
  name_word,
  description_word,
  name_part,
  description_part
};

// A service that was found, registered or only common.
struct Match {
  std::string_view name;
  std::optional<PortRange> ports;    // absent: registered without a port
  std::optional<Protocol> protocol;  // absent: see Assignment
  MatchRank rank;
};

// Every word of `text` must be found in the name or the description of a record, or in the name or the use of a common
// port; a match ranks by its worst word. Any case. Among equal ranks common ports come first, names without a port
// last.
[[nodiscard]] std::vector<Match> search(std::string_view text);

// Registered and usual names within two slips of the finger, nearest and best known first.
[[nodiscard]] std::vector<std::string_view> find_near_names(std::string_view word, std::size_t limit = 3);

}  // namespace tcp::ports
