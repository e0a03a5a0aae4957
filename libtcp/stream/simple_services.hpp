// SPDX-License-Identifier: MIT
// The services that come with every Internet host of old: echo, discard, character generator, daytime.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "libtcp/base/clock.hpp"
#include "libtcp/stream/hub_behaviour.hpp"

namespace tcp::stream {

[[nodiscard]] std::unique_ptr<HubBehaviour> make_echo();
[[nodiscard]] std::unique_ptr<HubBehaviour> make_discard();
[[nodiscard]] std::unique_ptr<HubBehaviour> make_chargen();
[[nodiscard]] std::unique_ptr<HubBehaviour> make_daytime();

// RFC 864's popular pattern: lines of 72 of the 95 printing characters, each line one character further, for ever.
inline constexpr std::size_t kChargenPeriod = std::size_t{95} * (72 + 2);
// At least 128 KiB of it from `position` on, which is below the period.
[[nodiscard]] std::span<const std::byte> chargen_pattern(std::size_t position);

// RFC 867's first example, in UTC: "Tuesday, February 22, 1982 17:37:43-UTC\r\n".
[[nodiscard]] std::string daytime_line(WallTime now);

}  // namespace tcp::stream
