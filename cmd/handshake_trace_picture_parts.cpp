// SPDX-License-Identifier: MIT
#include "cmd/handshake_trace_picture_parts.hpp"

#include "cmd/handshake_trace_names.hpp"

namespace tcp::cmd {

double draw_lines(Svg& svg, double top, std::string_view words, const SvgType& type, std::string_view classes,
                  std::size_t most) {
  constexpr double kWidth = Svg::kWidth - 2 * Svg::kMargin;
  const double step = type.size + 4.5;
  for (const std::string& line : svg_wrap(words, kWidth, type, most)) {
    top += step;
    svg.text(Svg::kMargin, top - 5, line, type, classes);
  }
  return top;
}

std::string target_text(const Record& record) {
  const std::string target = record["target"].text();
  if (record["address"].is_null()) return target;
  const std::string address = record["address"].text();
  const bool named = !target.starts_with(address) && !target.starts_with('[');
  return endpoint_text(address, record["port"].text()) + (named ? " (" + target + ")" : "");
}

std::string tone(std::string_view outcome) {
  if (outcome == "established" || outcome == "half_open" || outcome == "open") return "good";
  const bool unsure = outcome == "filtered" || outcome == "incomplete" || outcome == "unanswered" ||
                      outcome == "reset" || outcome == "silent" || outcome == "interrupted";
  return unsure ? "warn" : "bad";
}

}  // namespace tcp::cmd
