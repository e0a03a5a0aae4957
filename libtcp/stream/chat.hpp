// SPDX-License-Identifier: MIT
// A broker for people: whole lines, with who said them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libtcp/stream/hub_behaviour.hpp"

namespace tcp::stream {

// Cuts a stream of bytes into lines. A line without an end is cut where it becomes too long, between characters.
class LineSplitter {
 public:
  static constexpr std::size_t kLongestLine = 1024;  // bytes

  // The lines that are complete now, without their ends (LF or CR LF).
  [[nodiscard]] std::vector<std::string> push(std::string_view bytes);
  // What is left at the end.
  [[nodiscard]] std::optional<std::string> take_rest();

 private:
  void add(std::string_view bytes, std::vector<std::string>& lines);
  std::string partial_;
};

// "<user7> text\n": nothing in the text can move a terminal's cursor or pass for another line.
[[nodiscard]] std::string chat_line(std::uint64_t id, std::string_view text);

[[nodiscard]] std::unique_ptr<HubBehaviour> make_chat();

}  // namespace tcp::stream
