// SPDX-License-Identifier: MIT
#include "cmd/handshake_trace_round_trip_plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "cmd/handshake_trace_passive_words.hpp"
#include "cmd/output/svg.hpp"

namespace tcp::cmd {
namespace {

constexpr double kLeft = Svg::kMargin;
constexpr double kRight = Svg::kWidth - Svg::kMargin;
constexpr double kBars = 96;   // height of the tallest
constexpr double kWords = 66;  // above the bars
constexpr double kAxis = 26;   // below them
constexpr double kLeastDecades = 1;
constexpr double kManyDecades = 2.5;  // more: a tick at powers of ten only
constexpr double kBetweenTicks = 66;
constexpr double kEdge = 2;  // between words and the end of the picture

// From time to place.
class Scale {
 public:
  Scale(double least_us, double most_us) : begin_(std::log10(least_us)), end_(std::log10(most_us)) {
    const double missing = std::max(0.0, kLeastDecades - (end_ - begin_));
    begin_ -= missing / 2;
    end_ += missing / 2;
  }
  [[nodiscard]] double decades() const { return end_ - begin_; }
  [[nodiscard]] double place(double us) const {
    return kLeft + (std::log10(us) - begin_) / (end_ - begin_) * (kRight - kLeft);
  }
  [[nodiscard]] std::vector<double> ticks() const {
    std::vector<double> times;
    for (auto power = static_cast<int>(std::floor(begin_)); power <= end_; ++power) {
      for (const double digit : {1.0, 2.0, 5.0}) {
        const double time = digit * std::pow(10, power);
        if (digit != 1 && decades() > kManyDecades) continue;
        if (std::log10(time) >= begin_ && std::log10(time) <= end_) times.push_back(time);
      }
    }
    return times;
  }

 private:
  double begin_;
  double end_;
};

// "200 µs", "5 ms", "1 s"
std::string tick_text(double us) {
  if (us >= 1e6) return fmt::format("{:g} s", us / 1e6);
  return us >= 1e3 ? fmt::format("{:g} ms", us / 1e3) : fmt::format("{:g} µs", us);
}

struct Side {
  const char* times;
  const char* histogram;
  const char* words;
  const char* style;
};
constexpr std::array kSides{Side{"server_side", "server_side_histogram", "to the server and back", "server"},
                            Side{"client_side", "client_side_histogram", "to the client and back", "client"}};

void draw_axis(Svg& svg, const Scale& scale, double y) {
  svg.line(kLeft, y, kRight, y, "lifeline");
  double last = -kBetweenTicks;
  for (const double time : scale.ticks()) {
    const double x = scale.place(time);
    svg.line(x, y, x, y + 5, "lifeline");
    const std::string text = tick_text(time);
    if (x - last < kBetweenTicks) continue;
    const double nearest = svg_width(text, kSvgSmall) / 2 + kEdge;
    svg.text(std::clamp(x, nearest, Svg::kWidth - nearest), y + 20, text, kSvgSmall, "soft", Svg::Anchor::middle);
    last = x;
  }
}

// A line at a percentile, its name beside it where there is room.
void mark(Svg& svg, const Scale& scale, const Value& time, const char* name, double baseline, double bottom) {
  const double x = scale.place(passive::number(time));
  const std::string text = fmt::format("{} {}", name, passive::duration(time));
  const bool right = x + 6 + svg_width(text, kSvgSmall) < kRight;
  svg.line(x, baseline - 11, x, bottom, "warn dashed");
  svg.text(right ? x + 6 : x - 6, baseline, text, kSvgSmall, "warn", right ? Svg::Anchor::start : Svg::Anchor::end);
}

// Classes are not equally wide on the axis: what is drawn is how many a class holds for its width.
double density(const Record& bar) {
  return passive::number(bar["count"]) / std::log10(passive::number(bar["end_us"]) / passive::number(bar["begin_us"]));
}

void draw_bars(Svg& svg, const Scale& scale, const List& classes, const Side& side, double bottom) {
  double most = 0;
  for (const Value& value : classes) most = std::max(most, density(*value.record()));
  for (const Value& value : classes) {
    const Record& bar = *value.record();
    const double from = scale.place(passive::number(bar["begin_us"]));
    const double to = scale.place(passive::number(bar["end_us"]));
    const double height = std::max(1.5, kBars * density(bar) / most);
    svg.open("bar", fmt::format("{} to {}: {}", passive::duration(bar["begin_us"]), passive::duration(bar["end_us"]),
                                bar["count"].text()));
    svg.box(from, bottom - height, std::max(1.5, to - from - 0.6), height, side.style, 0);
    svg.close();
  }
}

double draw_side(Svg& svg, const Scale& scale, const Record& summary, const Side& side, double top) {
  const Record& times = *summary[side.times].record();
  const double bottom = top + kWords + kBars;
  svg.open("histogram");
  svg.text(kLeft, top + 16, side.words, kSvgBold, side.style);
  svg.text(kRight, top + 16, passive::plural(passive::count(times["count"]), "round trip", "round trips"), kSvgSmall,
           "soft", Svg::Anchor::end);
  draw_bars(svg, scale, *summary[side.histogram].list(), side, bottom);
  mark(svg, scale, times["median_us"], "median", top + 38, bottom);
  mark(svg, scale, times["p99_us"], "99 %", top + 59, bottom);
  draw_axis(svg, scale, bottom);
  svg.close();
  return bottom + kAxis + 8;
}

}  // namespace

std::string plot_round_trips(const Record& summary) {
  double least = 1e12;
  double most = 0;
  for (const Side& side : kSides) {
    const List& classes = *summary[side.histogram].list();
    if (classes.empty()) continue;
    least = std::min(least, passive::number((*classes.front().record())["begin_us"]));
    most = std::max(most, passive::number((*classes.back().record())["end_us"]));
  }
  if (most == 0) return {};
  const Scale scale(least, most);
  Svg svg;
  double y = 0;
  for (const Side& side : kSides) {
    if (!summary[side.times].is_null()) y = draw_side(svg, scale, summary, side, y);
  }
  return svg.fragment("round-trip times, on a logarithmic axis", y);
}

}  // namespace tcp::cmd
