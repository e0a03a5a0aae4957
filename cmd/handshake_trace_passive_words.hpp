// SPDX-License-Identifier: MIT
// What the summary of observed handshakes says in words, for every rendering of it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/output/record.hpp"
#include "cmd/output/terminal.hpp"

namespace tcp::cmd::passive {

struct OutcomeWords {
  std::string_view outcome;
  std::string_view words;
  Style style;
};
inline constexpr std::array kOutcomeWords{
    OutcomeWords{"established", "SYN, SYN-ACK and ACK", Style::green},
    OutcomeWords{"refused", "the server answered the SYN by RST", Style::red},
    OutcomeWords{"unreachable", "an ICMP error was the answer", Style::red},
    OutcomeWords{"unanswered", "no answer to any SYN", Style::yellow},
    OutcomeWords{"half_open", "the SYN-ACK was never acknowledged", Style::yellow},
    OutcomeWords{"rejected", "the client answered the SYN-ACK by RST", Style::red},
    OutcomeWords{"abandoned", "the client reset before an answer came", Style::yellow},
    OutcomeWords{"partial", "its beginning was not seen", Style::dim},
};

// "half_open" is for programs.
[[nodiscard]] std::string for_people(std::string word);

// 0 for what is no number.
[[nodiscard]] double number(const Value& value);
[[nodiscard]] std::uint64_t count(const Value& value);
// "1.5 ms"; "-" for null.
[[nodiscard]] std::string duration(const Value& microseconds);
[[nodiscard]] std::string plural(std::uint64_t number, std::string_view one, std::string_view many);
// With semicolons.
[[nodiscard]] std::string join(const std::vector<std::string>& parts);

// Of a summary. Empty: there is nothing to say.
[[nodiscard]] std::string left_out_words(const Record& summary);
[[nodiscard]] std::string ends_words(const Record& summary);
[[nodiscard]] std::string repeats_words(const Record& summary);
// What somebody must know who trusts the numbers.
[[nodiscard]] std::vector<std::string> reservations(const Record& summary);

}  // namespace tcp::cmd::passive
