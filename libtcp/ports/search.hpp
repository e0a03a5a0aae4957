// SPDX-License-Identifier: MIT
// Finds services by part of their name or description, and names that were nearly typed.
#pragma once

#include <cstddef>
#include <cstdint>
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

struct Match {
  Assignment assignment;
  MatchRank rank;
};

// Every word of `text` must be found in the name, the description or the usual use of a record; a record ranks by its
// worst word. Any case. Equal ranks are ordered by how well known the port is, then by port.
[[nodiscard]] std::vector<Match> search(std::string_view text);

// Registered and usual names within two slips of the finger, nearest and best known first.
[[nodiscard]] std::vector<std::string_view> find_near_names(std::string_view word, std::size_t limit = 3);

}  // namespace tcp::ports
