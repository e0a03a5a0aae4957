// SPDX-License-Identifier: MIT
#include "cmd/scan_progress.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cmd/output/progress.hpp"

namespace tcp::cmd {
namespace {

constexpr Duration kLineInterval = std::chrono::seconds(5);  // where lines pile up
constexpr Duration kLongestEta = std::chrono::hours(1000);   // nobody waits for more

}  // namespace

std::string progress_text(const scan::Progress& progress, std::size_t width) {
  const double part =
      progress.pairs > 0 ? static_cast<double>(progress.pairs_done) / static_cast<double>(progress.pairs) : 1;
  // Rounded down: 100 % is the end.
  std::string text = fmt::format("{} % of {} {}, {:.0f}/s", static_cast<int>(part * 100), progress.pairs,
                                 progress.discovery ? "questions to find hosts" : "ports", progress.rate);
  if (progress.loss) text += fmt::format(", loss {:.1f} %", *progress.loss * 100);
  if (!progress.discovery) text += fmt::format(", {} open", progress.open);
  if (progress.eta && *progress.eta < kLongestEta) text += fmt::format(", {} left", format_clock(*progress.eta));
  return text.substr(0, width);
}

void ScanProgress::update(const scan::Progress& progress) {
  const std::string text = progress_text(progress, std::max<std::size_t>(err_.terminal().width, 2) - 1);
  if (keys_.pressed()) {
    line_.clear();
    err_.line(text);
  }
  if (!shown_ || (!err_.terminal().is_terminal && progress.elapsed - drawn_at_ < kLineInterval)) return;
  drawn_at_ = progress.elapsed;
  line_.draw(text);
}

}  // namespace tcp::cmd
