// SPDX-License-Identifier: MIT
// A drawing (SVG) that holds all it needs, scales, and has a light and a dark side. Lengths are units of the drawing,
// which is kWidth wide; shown 400 pixels wide its smallest letters are still nine pixels high.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tcp::cmd {

// How a text is set; its classes in the style sheet have the same size.
struct SvgType {
  std::string_view name;
  double size;
  bool fixed;  // all letters equally wide
  bool bold;
};
inline constexpr SvgType kSvgHeading{"heading", 19, false, true};
inline constexpr SvgType kSvgText{"text", 15, false, false};
inline constexpr SvgType kSvgBold{"text bold", 15, false, true};
inline constexpr SvgType kSvgSmall{"small", 14.5, false, false};
inline constexpr SvgType kSvgFixed{"fixed", 14.5, true, false};

// An upper bound over the usual fonts.
[[nodiscard]] double svg_width(std::string_view text, const SvgType& type);
// Lines that are no wider, broken at spaces, and anywhere in a word that is too long. More than `most` lines: the last
// ends in "…".
[[nodiscard]] std::vector<std::string> svg_wrap(std::string_view text, double width, const SvgType& type,
                                                std::size_t most = 12);

class Svg {
 public:
  static constexpr double kWidth = 640;
  static constexpr double kMargin = 14;

  enum class Anchor : unsigned char { start, middle, end };

  // `classes` of the style sheet ("soft bold") say the colour: soft, good, warn, bad, client, server, router. Text is
  // escaped, and control characters in it are made visible.
  void text(double x, double baseline, std::string_view text, const SvgType& type, std::string_view classes = {},
            Anchor anchor = Anchor::start);
  // The first `bold` bytes of the text are bold.
  void text_with_bold(double x, double baseline, std::string_view text, std::size_t bold, const SvgType& type);
  // For lines: client, server, router, warn, lifeline; "dashed" besides.
  void line(double x1, double y1, double x2, double y2, std::string_view classes);
  // An arrow's head at its tip, pointing right or left.
  void head(double x, double y, bool right, std::string_view classes);
  // "M0 0…", stroked.
  void path(std::string_view data, std::string_view classes);
  void circle(double x, double y, double radius, std::string_view classes);
  void box(double x, double y, double width, double height, std::string_view classes, double corner = 5);

  // What belongs together; `tooltip` is shown by a pointer on it, and read out.
  void open(std::string_view classes, std::string_view tooltip = {});
  void close() { body_ += "</g>\n"; }

  // What has been drawn, `height` high, as a file of its own.
  [[nodiscard]] std::string document(std::string_view title, std::string_view description, double height) const;
  // To stand in an HTML page that has style() in its style sheet.
  [[nodiscard]] std::string fragment(std::string_view title, double height) const;
  [[nodiscard]] static std::string_view style();

 private:
  std::string body_;
};

}  // namespace tcp::cmd
