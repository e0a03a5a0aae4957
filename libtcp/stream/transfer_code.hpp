// SPDX-License-Identifier: MIT
// Spoken codes: words that two people tell each other, and both sides of a transfer make a key of.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "libtcp/base/error.hpp"
#include "libtcp/stream/tls_options.hpp"

namespace tcp::stream {

inline constexpr std::size_t kCodeWords = 1024;
inline constexpr int kWordsOfCode = 5;     // of one that is made here: 50 bits
inline constexpr int kLeastCodeBits = 40;  // of one that somebody has thought of

// All of them, a space between.
[[nodiscard]] std::string_view code_words();

// "acorn-violin-…": five words at random. Errors: a build without TLS.
[[nodiscard]] Result<std::string> make_code();

// Lower case, with one '-' for whatever stands between words. Errors: what is no code: nothing, control characters.
[[nodiscard]] std::optional<std::string> normalize_code(std::string_view code);

// How hard it is to guess, at least, in bits: 10 for each word of ours, and less for others, each counted once.
[[nodiscard]] int code_strength(std::string_view normalized);

// What TLS is keyed with. Takes its time. Errors: a build without TLS.
[[nodiscard]] Result<Sha256> code_key(std::string_view normalized);

}  // namespace tcp::stream
