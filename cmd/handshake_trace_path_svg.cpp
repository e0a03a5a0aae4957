// SPDX-License-Identifier: MIT
#include "cmd/handshake_trace_path_svg.hpp"

#include <fmt/format.h>

#include <map>

#include "cmd/handshake_trace_names.hpp"
#include "cmd/handshake_trace_picture_parts.hpp"

namespace tcp::cmd {
namespace {

constexpr double kChain = 50;  // where the hops hang
constexpr double kRadius = 16;
constexpr double kBracket = 18;  // left of the chain: a change that may be at one of several hops
constexpr double kLeft = kChain + kRadius + 14;
constexpr double kRight = Svg::kWidth - Svg::kMargin;
constexpr double kNumbers = 172;  // the column at the right
constexpr double kLine = 19;
constexpr std::size_t kSilentRun = 3;  // so many hops without an answer are drawn as one
constexpr std::size_t kMostAddresses = 8;

std::string milliseconds(const Value& value) {
  const auto* number = std::get_if<double>(&value.data);
  return number == nullptr ? "-" : fmt::format("{:.3f} ms", *number / 1e3);
}

double percent(const Value& value) {
  const auto* number = std::get_if<double>(&value.data);
  return number == nullptr ? 0 : *number;
}

bool is_silent(const Record& hop) { return hop["addresses"].list()->empty(); }

class PathPicture {
 public:
  PathPicture(Svg& svg, const std::vector<Record>& hops, const Record& path, double top)
      : svg_(svg), hops_(hops), path_(path), y_(top) {}

  double draw() {
    svg_.open("path");
    header();
    if (!hops_.empty()) chain();
    verdict();
    svg_.close();
    return y_;
  }

 private:
  void header() {
    y_ = draw_lines(svg_, y_, "path to " + target_text(path_), kSvgHeading, {}, 4);
    y_ = draw_lines(svg_, y_, "hop by hop, " + path_["started"].text(), kSvgSmall, "soft", 2);
    y_ += 14;
  }

  void chain() {
    from_here();
    for (std::size_t i = 0; i < hops_.size();) {
      const std::size_t run = silent_run(i);
      for (std::size_t k = i; k < i + run; ++k) changes_before(hops_[k]["hop"].text());
      run >= kSilentRun ? silent_hops(i, run) : hop(hops_[i]);
      i += run >= kSilentRun ? run : 1;
    }
    if (path_["outcome"].text() == "silent") {
      svg_.line(kChain, below_ + 3, kChain, y_ + 20, "lifeline dashed");
      y_ += 28;
    }
  }

  [[nodiscard]] std::size_t silent_run(std::size_t begin) const {
    std::size_t end = begin;
    while (end < hops_.size() && is_silent(hops_[end])) ++end;
    return end - begin >= kSilentRun ? end - begin : 1;
  }

  void from_here() {
    const double centre = y_ + kRadius;
    svg_.open("host", "this host");
    circle(centre, {}, "client");
    svg_.text(kLeft, centre + 5, "this host", kSvgBold);
    if (!path_["local_address"].is_null()) {
      svg_.text(kLeft + 84, centre + 5, path_["local_address"].text(), kSvgFixed);
    }
    svg_.close();
    centres_["0"] = centre;
    below_ = centre + 5;
    y_ = centre + kRadius + 12;
  }

  // The line from the last node down to this one.
  void link(double centre) {
    svg_.line(kChain, below_, kChain, centre - kRadius, "lifeline");
    below_ = centre + kRadius;
  }

  void circle(double centre, std::string_view number, std::string_view classes) {
    svg_.circle(kChain, centre, number.empty() ? 5 : kRadius, classes);
    if (!number.empty()) svg_.text(kChain, centre + 5, number, kSvgSmall, "bold", Svg::Anchor::middle);
  }

  void hop(const Record& hop) {
    const std::string number = hop["hop"].text();
    const double centre = y_ + kRadius;
    const List& addresses = *hop["addresses"].list();
    svg_.open("hop", tooltip(hop));
    link(centre);
    circle(centre, number, addresses.empty() ? "dashed" : end_class(number));
    centres_[number] = centre;
    numbers(hop, y_);
    double y = y_ + 2;
    if (addresses.empty()) svg_.text(kLeft, centre + 5, "no answer", kSvgText, "warn");
    for (std::size_t i = 0; i < std::min(addresses.size(), kMostAddresses); ++i) y = address(*addresses[i].record(), y);
    if (addresses.size() > kMostAddresses) {
      y = detail(fmt::format("and {} more addresses", addresses.size() - kMostAddresses), y, "soft");
    }
    for (const Value& label : *hop["mpls_labels"].list()) y = detail(label_text(*label.record()), y, "soft");
    if (!hop["rejection"].is_null()) y = detail(hop["rejection"].text(), y, "bad");
    svg_.close();
    y_ = std::max({y, y_ + 2 * kRadius, y_ + numbers_height(hop)}) + 14;
  }

  // Left of the column of numbers.
  double address(const Record& address, double y) {
    svg_.text(kLeft, y + 14, address["address"].text(), kSvgFixed, "bold");
    return address["name"].is_null() ? y + kLine : detail(address["name"].text(), y + kLine, "soft");
  }

  double detail(std::string_view words, double y, std::string_view classes) {
    for (const std::string& line : svg_wrap(words, kRight - kNumbers - kLeft, kSvgSmall, 3)) {
      svg_.text(kLeft, y + 14, line, kSvgSmall, classes);
      y += kLine;
    }
    return y;
  }

  static std::string label_text(const Record& label) {
    return fmt::format("MPLS label {}, class {}, TTL {}", label["label"].text(), label["traffic_class"].text(),
                       label["time_to_live"].text());
  }

  void numbers(const Record& hop, double y) {
    const auto put = [&](std::string_view text, std::string_view classes) {
      y += kLine;
      svg_.text(kRight, y - 3, text, kSvgText, classes, Svg::Anchor::end);
    };
    if (!hop["round_trip_shortest_us"].is_null()) {
      put("best " + milliseconds(hop["round_trip_shortest_us"]), {});
      put("average " + milliseconds(hop["round_trip_average_us"]), "soft");
    }
    if (loses(hop)) put(fmt::format("{:.0f} % lost", percent(hop["loss_percent"])), "warn");
  }
  static bool loses(const Record& hop) { return percent(hop["loss_percent"]) > 0 && !is_silent(hop); }
  static double numbers_height(const Record& hop) {
    return (hop["round_trip_shortest_us"].is_null() ? 0 : 2 * kLine) + (loses(hop) ? kLine : 0);
  }

  static std::string tooltip(const Record& hop) {
    return fmt::format("hop {}: {} of {} probes answered", hop["hop"].text(), hop["answered"].text(),
                       hop["sent"].text());
  }

  // The hop where the path ends has the colour of how it ends.
  [[nodiscard]] std::string end_class(const std::string& number) const {
    const std::string outcome = path_["outcome"].text();
    if (outcome == "rejected" && path_["sender_hop"].text() == number) return "bad";
    if (path_["last_hop"].text() != number || outcome == "silent" || outcome == "interrupted") return "";
    return outcome == "open" ? "good" : "bad";
  }

  void silent_hops(std::size_t begin, std::size_t count) {
    const std::string first = hops_[begin]["hop"].text();
    const std::string last = hops_[begin + count - 1]["hop"].text();
    const double centre = y_ + kRadius;
    svg_.open("hops", fmt::format("hops {} to {}: no answer", first, last));
    link(centre);
    circle(centre, "…", "dashed");
    for (std::size_t i = begin; i < begin + count; ++i) centres_[hops_[i]["hop"].text()] = centre;
    svg_.text(kLeft, centre + 5, fmt::format("hops {} to {}: no answer", first, last), kSvgText, "warn");
    svg_.close();
    y_ = centre + kRadius + 14;
  }

  // Marked above the first hop whose quote has it.
  void changes_before(const std::string& first_with) {
    for (const Value& value : *path_["changes"].list()) {
      const Record& change = *value.record();
      if (change["first_hop_with"].text() == first_with) mark(change);
    }
  }

  void mark(const Record& change) {
    const std::string what =
        fmt::format("{}: {} → {}", field_name(change["field"].text()), change["before"].text(), change["after"].text());
    constexpr double kWidth = kRight - kLeft - 20;
    const auto head = svg_wrap(what, kWidth, kSvgBold, 4);
    const auto place = svg_wrap(place_of(change), kWidth, kSvgSmall, 3);
    const double height = static_cast<double>(head.size() + place.size()) * kLine + 10;
    const double middle = y_ + height / 2;
    svg_.open("change", what + ", " + place_of(change));
    svg_.line(kChain, below_, kChain, y_ + height + 6, "lifeline");
    bracket(change, middle);
    svg_.line(kChain, middle, kLeft, middle, "warn");
    svg_.path(fmt::format("M{0} {2}L{1} {3}M{0} {3}L{1} {2}", kChain - 7, kChain + 7, middle - 7, middle + 7), "warn");
    svg_.box(kLeft, y_, kRight - kLeft, height, "note");
    double y = y_ + 3;
    for (const std::string& line : head) svg_.text(kLeft + 10, (y += kLine) - 3, line, kSvgBold);
    for (const std::string& line : place) svg_.text(kLeft + 10, (y += kLine) - 3, line, kSvgSmall, "warn");
    svg_.close();
    below_ = y_ + height + 6;
    y_ += height + 14;
  }

  // When hops in between say nothing of it, it may have happened at any of them.
  void bracket(const Record& change, double middle) {
    const auto last = centres_.find(change["last_hop_without"].text());
    const auto hops = std::stoul(change["first_hop_with"].text()) - std::stoul(change["last_hop_without"].text());
    if (last == centres_.end() || hops < 2) return;
    svg_.path(fmt::format("M{0} {1}H{2}V{3}H{4}", kChain - kRadius - 1, last->second, kBracket, middle, kChain - 9),
              "warn dashed");
  }

  void verdict() {
    y_ += 4;
    y_ = draw_lines(svg_, y_, verdict_of(path_), kSvgBold, tone(path_["outcome"].text()), 8);
    const bool seen = path_["technique"].text() != "connect";
    if (!seen) y_ = draw_lines(svg_, y_, kPathNotVisible, kSvgSmall, "soft", 4);
    if (seen && path_["changes"].list()->empty() && !hops_.empty()) {
      y_ = draw_lines(svg_, y_, "no change of our SYN is seen on the way", kSvgSmall, "soft", 2);
    }
  }

  Svg& svg_;
  const std::vector<Record>& hops_;
  const Record& path_;
  double y_;
  double below_ = 0;                       // where the chain has been drawn to
  std::map<std::string, double> centres_;  // of hops, by number
};

}  // namespace

double draw_path(Svg& svg, const std::vector<Record>& hops, const Record& path, double top) {
  return PathPicture(svg, hops, path, top).draw();
}

}  // namespace tcp::cmd
