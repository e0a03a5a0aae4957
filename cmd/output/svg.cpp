// SPDX-License-Identifier: MIT
#include "cmd/output/svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "cmd/output/xml.hpp"
#include "libtcp/base/sanitize.hpp"

namespace tcp::cmd {
namespace {

// No variables: renderers other than browsers do not know them. Those that ignore the media query show the light side.
constexpr std::string_view kStyle = R"css(
svg { background: #ffffff; }
text { fill: #1c2128; font-family: system-ui, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif; }
.heading { font-size: 19px; font-weight: 700; } .text { font-size: 15px; } .small { font-size: 14.5px; }
.fixed { font-size: 14.5px;
  font-family: ui-monospace, Menlo, Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace; }
.bold { font-weight: 700; }
text.soft { fill: #59636e; } text.good { fill: #116329; } text.warn { fill: #7d4e00; } text.bad { fill: #a40e26; }
text.client { fill: #0550ae; } text.server { fill: #116329; } text.router { fill: #a40e26; }
.page { fill: #ffffff; } .panel { fill: #f4f6f8; stroke: #d5dae0; } .note { fill: #fff8e6; stroke: #9a6700; }
rect.client { fill: #4a7fd0; } rect.server { fill: #3f9a56; }
line, path { fill: none; stroke-width: 2; stroke: #59636e; }
.lifeline { stroke: #9aa4af; } .rule { stroke: #d5dae0; stroke-width: 1; } .dashed { stroke-dasharray: 6 5; }
line.client, path.client { stroke: #0550ae; } line.server, path.server { stroke: #1a7f37; }
line.router, path.router { stroke: #cf222e; } line.warn, path.warn { stroke: #9a6700; }
path.head { stroke: none; } path.head.client { fill: #0550ae; } path.head.server { fill: #1a7f37; }
path.head.router { fill: #cf222e; }
circle { fill: #ffffff; stroke: #59636e; stroke-width: 2; } circle.client { stroke: #0550ae; fill: #0550ae; }
circle.router { stroke: #cf222e; fill: #cf222e; } circle.good { stroke: #1a7f37; } circle.bad { stroke: #cf222e; }
@media (prefers-color-scheme: dark) {
svg { background: #12161c; }
text { fill: #e2e6eb; }
text.soft { fill: #9aa4af; } text.good { fill: #5bd075; } text.warn { fill: #e3b341; } text.bad { fill: #ff8a80; }
text.client { fill: #79b8ff; } text.server { fill: #5bd075; } text.router { fill: #ff8a80; }
.page { fill: #12161c; } .panel { fill: #1b212a; stroke: #303842; } .note { fill: #2b2410; stroke: #e3b341; }
line, path { stroke: #9aa4af; } .lifeline { stroke: #59636e; } .rule { stroke: #303842; }
line.client, path.client { stroke: #79b8ff; } line.server, path.server { stroke: #5bd075; }
line.router, path.router { stroke: #ff8a80; } line.warn, path.warn { stroke: #e3b341; }
path.head.client { fill: #79b8ff; } path.head.server { fill: #5bd075; } path.head.router { fill: #ff8a80; }
circle { fill: #12161c; stroke: #9aa4af; } circle.client { stroke: #79b8ff; fill: #79b8ff; }
circle.router { stroke: #ff8a80; fill: #ff8a80; } circle.good { stroke: #5bd075; } circle.bad { stroke: #ff8a80; }
}
)css";

constexpr double kFixedAdvance = 0.605;  // of the size
constexpr double kBold = 1.12;
// From a to z in DejaVu Sans, which is wider than most.
constexpr std::array kLowercase{0.62, 0.64, 0.55, 0.64, 0.62, 0.36, 0.64, 0.64, 0.28, 0.28, 0.58, 0.28, 0.98,
                                0.64, 0.62, 0.64, 0.64, 0.42, 0.53, 0.40, 0.64, 0.60, 0.82, 0.60, 0.60, 0.53};

// Of the size, no less than in the widest of the usual fonts.
double advance(std::string_view glyph, bool fixed) {
  const auto c = static_cast<unsigned char>(glyph.front());
  if (c >= 0xe1) return 1.05;  // from U+1000 on: may be an ideograph, or from another font
  if (fixed) return kFixedAdvance;
  if (c >= 0x80) return 0.85;
  if (c >= 'a' && c <= 'z') return kLowercase[static_cast<std::size_t>(c - 'a')];
  if (std::string_view(" .,:;'/-|!I()[]").find(glyph) != std::string_view::npos) return 0.4;
  if (std::string_view("MWQO%@+<=>~#&").find(glyph) != std::string_view::npos) return 1.0;
  if (c >= 'A' && c <= 'Z') return 0.76;
  return 0.64;
}

std::string_view glyph_at(std::string_view text) {
  std::size_t bytes = 1;
  while (bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) ++bytes;
  return text.substr(0, bytes);
}

// How many bytes of the text fit, at least one glyph.
std::size_t fitting(std::string_view text, double width, const SvgType& type) {
  std::size_t bytes = 0;
  double used = 0;
  while (bytes < text.size()) {
    const std::string_view glyph = glyph_at(text.substr(bytes));
    used += svg_width(glyph, type);
    if (used > width && bytes != 0) break;
    bytes += glyph.size();
  }
  return bytes;
}

// A number as short as it can be written, to a tenth of a unit.
std::string unit(double value) { return fmt::format("{}", std::round(value * 10) / 10); }

std::string classes_of(std::string_view one, std::string_view more) {
  return xml_escape(more.empty() ? std::string(one) : std::string(one) + " " + std::string(more));
}

std::string_view word_for(Svg::Anchor anchor) {
  if (anchor == Svg::Anchor::middle) return " text-anchor=\"middle\"";
  return anchor == Svg::Anchor::end ? " text-anchor=\"end\"" : "";
}

std::string shown(std::string_view text) { return xml_escape(sanitize(text)); }

}  // namespace

double svg_width(std::string_view text, const SvgType& type) {
  double width = 0;
  while (!text.empty()) {
    const std::string_view glyph = glyph_at(text);
    width += advance(glyph, type.fixed);
    text.remove_prefix(glyph.size());
  }
  return width * type.size * (type.bold ? kBold : 1);
}

std::vector<std::string> svg_wrap(std::string_view text, double width, const SvgType& type, std::size_t most) {
  const std::string safe = sanitize(text);
  std::string_view rest = safe;
  std::vector<std::string> lines;
  while (!rest.empty()) {
    std::size_t cut = fitting(rest, width, type);
    if (cut < rest.size() && rest[cut] != ' ') {
      const auto space = rest.substr(0, cut).rfind(' ');
      if (space != std::string_view::npos && space != 0) cut = space;
    }
    lines.emplace_back(rest.substr(0, cut));
    rest.remove_prefix(cut);
    while (rest.starts_with(' ')) rest.remove_prefix(1);
    if (lines.size() == most && !rest.empty()) {
      std::string& last = lines.back();
      last.resize(fitting(last, width - svg_width("…", type), type));
      last += "…";
      break;
    }
  }
  return lines;
}

void Svg::text(double x, double baseline, std::string_view text, const SvgType& type, std::string_view classes,
               Anchor anchor) {
  body_ += fmt::format("<text x=\"{}\" y=\"{}\" class=\"{}\"{}>{}</text>\n", unit(x), unit(baseline),
                       classes_of(type.name, classes), word_for(anchor), shown(text));
}

void Svg::text_with_bold(double x, double baseline, std::string_view text, std::size_t bold, const SvgType& type) {
  body_ += fmt::format("<text x=\"{}\" y=\"{}\" class=\"{}\"><tspan class=\"bold\">{}</tspan>{}</text>\n", unit(x),
                       unit(baseline), type.name, shown(text.substr(0, bold)),
                       shown(text.substr(std::min(bold, text.size()))));
}

void Svg::line(double x1, double y1, double x2, double y2, std::string_view classes) {
  body_ += fmt::format("<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" class=\"{}\"/>\n", unit(x1), unit(y1), unit(x2),
                       unit(y2), xml_escape(classes));
}

void Svg::head(double x, double y, bool right, std::string_view classes) {
  constexpr double kLength = 11;
  constexpr double kHalf = 5.5;
  const double back = right ? x - kLength : x + kLength;
  path(fmt::format("M{} {}L{} {}L{} {}Z", unit(x), unit(y), unit(back), unit(y - kHalf), unit(back), unit(y + kHalf)),
       classes_of("head", classes));
}

void Svg::path(std::string_view data, std::string_view classes) {
  body_ += fmt::format("<path d=\"{}\" class=\"{}\"/>\n", xml_escape(data), xml_escape(classes));
}

void Svg::circle(double x, double y, double radius, std::string_view classes) {
  body_ += fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"{}\" class=\"{}\"/>\n", unit(x), unit(y), unit(radius),
                       xml_escape(classes));
}

void Svg::box(double x, double y, double width, double height, std::string_view classes, double corner) {
  body_ += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\" class=\"{}\"/>\n", unit(x),
                       unit(y), unit(width), unit(height), unit(corner), xml_escape(classes));
}

void Svg::open(std::string_view classes, std::string_view tooltip) {
  body_ += fmt::format("<g class=\"{}\">", xml_escape(classes));
  if (!tooltip.empty()) body_ += "<title>" + shown(tooltip) + "</title>";
  body_ += '\n';
}

std::string Svg::document(std::string_view title, std::string_view description, double height) const {
  const std::string size = fmt::format("{:.0f}", std::ceil(height));
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1}\" width=\"{0:.0f}\" height=\"{1}\" "
      "style=\"max-width:100%;height:auto\" role=\"img\" aria-labelledby=\"title description\">\n"
      "<title id=\"title\">{2}</title>\n<desc id=\"description\">{3}</desc>\n<style>{4}</style>\n"
      "<rect class=\"page\" width=\"{0:.0f}\" height=\"{1}\"/>\n{5}</svg>\n",
      kWidth, size, shown(title), shown(description), kStyle, body_);
}

std::string Svg::fragment(std::string_view title, double height) const {
  return fmt::format("<svg viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\">\n{}</svg>\n", kWidth,
                     std::ceil(height), shown(title), body_);
}

std::string_view Svg::style() { return kStyle; }

}  // namespace tcp::cmd
