// SPDX-License-Identifier: MIT
#include "cmd/handshake_trace_ladder_svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cmd/handshake_trace_names.hpp"
#include "cmd/handshake_trace_picture_parts.hpp"
#include "cmd/handshake_trace_text.hpp"

namespace tcp::cmd {
namespace {

constexpr double kClient = 112;  // the lifelines; times stand left of the first
constexpr double kServer = Svg::kWidth - 26;
constexpr double kTextLeft = kClient + 12;
constexpr double kTextWidth = kServer - 10 - kTextLeft;
constexpr double kLine = 19;              // from one line of text to the next
constexpr double kLongPauseUs = 500'000;  // drawn as a gap
constexpr double kPauseHeight = 34;
constexpr double kLostUntil = kClient + 0.62 * (kServer - kClient);
constexpr double kRouter = kClient + 0.8 * (kServer - kClient);
constexpr double kNextToUs = kClient + 0.25 * (kServer - kClient);

double number(const Value& value) {
  const auto* real = std::get_if<double>(&value.data);
  return real == nullptr ? 0 : *real;
}

bool asks(const Record& event) {
  const std::string role = event["role"].text();
  return role == "syn" || role == "syn_again" || role == "probe" || role == "probe_again";
}

// The TSval or the TSecr of a segment; empty when it has no timestamps.
std::string timestamp(const Record& event, std::string_view which) {
  const Record* segment = event["segment"].record();
  if (segment == nullptr) return {};
  for (const Value& option : *(*segment)["options"].list()) {
    const std::string notation = (*option.record())["notation"].text();
    const auto begin = notation.find(which);
    if (begin == std::string::npos) continue;
    const std::string rest = notation.substr(begin + which.size());
    return rest.substr(0, rest.find_first_not_of("0123456789"));
  }
  return {};
}

class LadderPicture {
 public:
  LadderPicture(Svg& svg, const Record& handshake, double top) : svg_(svg), record_(handshake), y_(top) {
    for (const Value& event : *record_["events"].list()) events_.push_back(event.record());
  }

  double draw() {
    svg_.open("handshake");
    header();
    if (!events_.empty()) {
      ends();
      for (std::size_t i = 0; i < events_.size(); ++i) rung(i);
      lifelines(y_, y_ + 8);
      y_ += 8;
      legend();
    }
    findings();
    svg_.close();
    return y_;
  }

 private:
  void header() {
    y_ = draw_lines(svg_, y_, target_text(record_), kSvgHeading, {}, 4);
    std::string words = record_["technique"].text() == "connect"
                            ? "by the kernel's connect(): its segments are not shown"
                            : "a TCP handshake by crafted segments";
    if (!record_["started"].is_null()) words += ", " + record_["started"].text();
    y_ = draw_lines(svg_, y_, words, kSvgSmall, "soft", 3);
    const List* others = record_["other_addresses"].list();
    if (others != nullptr && !others->empty()) {
      y_ = draw_lines(svg_, y_, "the name has more addresses: " + record_["other_addresses"].text(), kSvgSmall, "soft",
                      3);
    }
  }

  // What stands at the top of the two lifelines.
  void ends() {
    constexpr double kWidth = (Svg::kWidth - 3 * Svg::kMargin) / 2;
    const auto client = endpoint_lines(record_["local_address"], record_["local_port"], kWidth);
    const auto server = endpoint_lines(record_["address"], record_["port"], kWidth);
    y_ += 12;
    svg_.text(Svg::kMargin, y_ + 15, "client", kSvgBold, "client");
    svg_.text(Svg::kWidth - Svg::kMargin, y_ + 15, "server", kSvgBold, "server", Svg::Anchor::end);
    for (std::size_t i = 0; i < std::max(client.size(), server.size()); ++i) {
      const double baseline = y_ + 15 + static_cast<double>(i + 1) * kLine;
      if (i < client.size()) svg_.text(Svg::kMargin, baseline, client[i], kSvgFixed);
      if (i < server.size()) {
        svg_.text(Svg::kWidth - Svg::kMargin, baseline, server[i], kSvgFixed, {}, Svg::Anchor::end);
      }
    }
    y_ += 26 + static_cast<double>(std::max(client.size(), server.size())) * kLine;
    lifelines(y_, y_ + 6);
    y_ += 6;
  }

  static std::vector<std::string> endpoint_lines(const Value& address, const Value& port, double width) {
    if (address.is_null()) return {};
    return svg_wrap(endpoint_text(address.text(), port.text()), width, kSvgFixed);
  }

  void lifelines(double from, double to, std::string_view more = {}) {
    const std::string classes = "lifeline" + std::string(more);
    svg_.line(kClient, from, kClient, to, classes);
    svg_.line(kServer, from, kServer, to, classes);
  }

  void rung(std::size_t index) {
    const Record& event = *events_[index];
    if (index != 0) pause(number(event["offset_us"]) - number((*events_[index - 1])["offset_us"]));
    const double top = y_;
    const bool moves = !event["segment"].is_null() || !event["icmp"].is_null();
    const bool lost = moves && unanswered(index);
    const std::string from = event["from"].text();
    const std::string side = from == "network" ? "router" : from == "server" ? "server" : "client";
    svg_.open((moves ? "arrow " : "word ") + side + (lost ? " lost" : ""), tooltip(event, lost));
    words(event);
    const double arrow = y_ + 9;
    if (moves) y_ += 18;
    svg_.text(kClient - 10, (moves ? arrow : top + 15) + 5, time_of(event), kSvgFixed, "soft", Svg::Anchor::end);
    notation(event);
    y_ += 12;
    lifelines(top, y_);  // below the arrow and the dot
    if (moves) {
      draw_arrow(event, side, lost, arrow);
    } else {
      svg_.circle(kClient, top + 15, 5, "client");
    }
    svg_.close();
  }

  void pause(double microseconds) {
    if (microseconds < kLongPauseUs) return;
    lifelines(y_, y_ + kPauseHeight, " dashed");
    svg_.text((kClient + kServer) / 2, y_ + kPauseHeight / 2 + 5, fmt::format("{:.1f} s later", microseconds / 1e6),
              kSvgSmall, "soft", Svg::Anchor::middle);
    y_ += kPauseHeight + 4;
  }

  // The name in bold, then what it means.
  void words(const Record& event) {
    const std::string name = event["name"].text();
    bool first = true;
    for (const std::string& line : svg_wrap(name + " " + event["explanation"].text(), kTextWidth / 1.04, kSvgText)) {
      y_ += kLine;
      svg_.text_with_bold(kTextLeft, y_ - 4, line, first ? name.size() : 0, kSvgText);
      first = false;
    }
    if (event["error"].is_null()) return;
    for (const std::string& line : svg_wrap(event["error"].text(), kTextWidth, kSvgText)) {
      y_ += kLine;
      svg_.text(kTextLeft, y_ - 4, line, kSvgText, "router");
    }
  }

  [[nodiscard]] static std::string sender(const Record& event) { return (*event["icmp"].record())["sender"].text(); }

  void notation(const Record& event) {
    if (event["notation"].is_null()) return;
    const auto letters = static_cast<std::size_t>(kTextWidth / svg_width("0", kSvgFixed));
    for (const std::string& line : break_notation(event["notation"].text(), letters)) {
      y_ += kLine;
      svg_.text(kTextLeft, y_ - 4, line, kSvgFixed, "soft");
    }
  }

  void draw_arrow(const Record& event, const std::string& side, bool lost, double y) {
    if (lost) {
      svg_.line(kClient + 2, y, kLostUntil, y, "client dashed");
      svg_.path(fmt::format("M{0} {2}L{1} {3}M{0} {3}L{1} {2}", kLostUntil + 2, kLostUntil + 14, y - 6, y + 6), "warn");
      svg_.text(kLostUntil + 22, y + 5, "no answer", kSvgText, "warn");
      return;
    }
    if (side == "client") {
      svg_.line(kClient + 2, y, kServer - 9, y, "client");
      svg_.head(kServer - 1, y, true, "client");
      return;
    }
    const double begin = side == "server" ? kServer - 2 : origin(event);
    svg_.line(begin, y, kClient + 9, y, side);
    svg_.head(kClient + 1, y, false, side);
    if (begin == kServer - 2) return;
    svg_.circle(begin, y, 5, "router");
    svg_.text(begin + 11, y + 5, begin == kRouter ? "router" : "this host", kSvgText, "router");
  }

  // A router stands between the two; the target's own error comes from the target, that of our kernel from nearby.
  [[nodiscard]] double origin(const Record& event) const {
    if (sender(event) == record_["address"].text()) return kServer - 2;
    return sender(event) == record_["local_address"].text() ? kNextToUs : kRouter;
  }

  // A SYN that was not answered before the next one, or ever. Where timestamps say which SYN an answer is for, they
  // decide.
  [[nodiscard]] bool unanswered(std::size_t index) const {
    const Record& event = *events_[index];
    if (event["from"].text() != "client" || !asks(event)) return false;
    const std::string value = timestamp(event, "TS val ");
    bool next = true;
    for (std::size_t i = index + 1; i < events_.size(); ++i) {
      const Record& later = *events_[i];
      if (later["from"].text() == "client") {
        next = next && !asks(later);
        continue;
      }
      if (later["from"].text() == "kernel") continue;
      const std::string echo = timestamp(later, "ecr ");
      if (!value.empty() && !echo.empty() && echo != "0") {
        if (echo == value) return false;
        continue;
      }
      if (next) return false;
    }
    return true;
  }

  // To the microsecond, as far as there is room left of the lifeline.
  static std::string time_of(const Record& event) {
    constexpr int kDigits = 7;
    const double seconds = number(event["offset_us"]) / 1e6;
    const int whole = seconds < 10 ? 1 : static_cast<int>(std::log10(seconds)) + 1;
    return fmt::format("{}{:.{}f}", event["kernel_time"].text() == "no" ? '~' : '+', seconds,
                       std::max(0, kDigits - whole));
  }

  static std::string tooltip(const Record& event, bool lost) {
    std::string text = event["name"].text() + ", " + event["time"].text();
    if (const Record* segment = event["segment"].record()) {
      text += ", TTL " + (*segment)["time_to_live"].text() + ": " + event["notation"].text();
    }
    if (!event["icmp"].is_null()) text += ", from " + sender(event);
    return lost ? text + "; no answer" : text;
  }

  void legend() {
    if (const std::string omitted = record_["events_omitted"].text(); omitted != "0") {
      y_ = draw_lines(svg_, y_, fmt::format("and {} more", omitted), kSvgSmall, "soft", 1);
    }
    const bool guessed =
        std::ranges::any_of(events_, [](const Record* event) { return (*event)["kernel_time"].text() == "no"; });
    if (guessed) {
      y_ = draw_lines(svg_, y_, "~ a time by our own clock: the kernel did not see it pass", kSvgSmall, "soft", 2);
    }
  }

  void findings() {
    const Record* meaning = record_["meaning"].record();
    const List* list = meaning == nullptr ? nullptr : (*meaning)["findings"].list();
    if (list == nullptr) return;
    y_ += 10;
    svg_.open("findings");
    for (const Value& value : *list) {
      const Record& finding = *value.record();
      const bool result = finding["topic"].text() == "result";
      result ? outcome(finding) : entry(finding);
    }
    svg_.close();
  }

  void outcome(const Record& finding) {
    y_ = draw_lines(svg_, y_, finding["statement"].text(), kSvgBold, tone(record_["outcome"].text()), 6);
    y_ = draw_lines(svg_, y_, finding["evidence"].text(), kSvgSmall, "soft", 6);
    y_ += 6;
  }

  void entry(const Record& finding) {
    constexpr double kLeft = 146;
    constexpr double kWidth = Svg::kWidth - Svg::kMargin - kLeft;
    svg_.text(Svg::kMargin, y_ + 15, topic_name(finding["topic"].text()), kSvgSmall, "soft");
    for (const std::string& line : svg_wrap(finding["statement"].text(), kWidth, kSvgText, 6)) {
      y_ += kLine;
      svg_.text(kLeft, y_ - 4, line, kSvgText);
    }
    for (const std::string& line : svg_wrap(finding["evidence"].text(), kWidth, kSvgSmall, 4)) {
      y_ += kLine;
      svg_.text(kLeft, y_ - 4, line, kSvgSmall, "soft");
    }
    y_ += 3;
  }

  Svg& svg_;
  const Record& record_;
  std::vector<const Record*> events_;
  double y_;
};

}  // namespace

double draw_ladder(Svg& svg, const Record& handshake, double top) { return LadderPicture(svg, handshake, top).draw(); }

}  // namespace tcp::cmd
