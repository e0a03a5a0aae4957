// SPDX-License-Identifier: MIT
#include "cmd/handshake_trace_picture.hpp"

#include <CLI/CLI.hpp>

#include "cmd/handshake_trace_ladder_svg.hpp"
#include "cmd/handshake_trace_names.hpp"
#include "cmd/handshake_trace_path_svg.hpp"
#include "cmd/handshake_trace_picture_parts.hpp"

namespace tcp::cmd {
namespace {

constexpr double kBetween = 30;  // two traces

// One clause a trace, for those who cannot see the picture.
std::string spoken(const Record& trace) {
  const std::string of = target_text(trace) + ": ";
  if (trace.type() == "path") return "path to " + of + verdict_of(trace);
  const Record* meaning = trace["meaning"].record();
  const List* findings = meaning == nullptr ? nullptr : (*meaning)["findings"].list();
  for (std::size_t i = 0; findings != nullptr && i < findings->size(); ++i) {
    const Record& finding = *(*findings)[i].record();
    if (finding["topic"].text() == "result") return of + finding["statement"].text();
  }
  return of + trace["outcome"].text();
}

}  // namespace

std::string draw_traces(const KeptRun& run) {
  Svg svg;
  double y = Svg::kMargin;
  std::string description;
  std::vector<Record> hops;
  std::string title = "TCP handshake";
  for (const Record& record : run.results) {
    if (record.type() == "hop") {
      hops.push_back(record);
      continue;
    }
    if (!description.empty()) {
      svg.line(Svg::kMargin, y + kBetween / 2, Svg::kWidth - Svg::kMargin, y + kBetween / 2, "rule");
      y += kBetween;
    }
    title = record.type() == "path" ? "path of a TCP handshake" : "TCP handshake";
    y = record.type() == "path" ? draw_path(svg, hops, record, y) : draw_ladder(svg, record, y);
    hops.clear();
    description += (description.empty() ? "" : "; ") + spoken(record);
  }
  if (run.summary["complete"].text() == "no") y = draw_lines(svg, y + 8, "interrupted", kSvgBold, "warn", 1);
  return svg.document(title, description, y + Svg::kMargin);
}

void TracePicture::define(CLI::App& app) {
  app.add_option("--svg", path_, "Draw what was traced: the ladder of segments, or with --path the hops")
      ->type_name("FILE")
      ->group("Output");
}

Result<void> TracePicture::settle() const {
  if (path_ && (path_->empty() || *path_ == "-")) {
    return usage_error("--svg '" + *path_ + "'", "must be a file; standard output has the text");
  }
  return {};
}

Result<void> TracePicture::open() {
  if (!path_) return {};
  TCP_TRY_ASSIGN(file, WholeFile::open(*path_));
  file_ = std::move(file);
  return {};
}

std::unique_ptr<View> TracePicture::beside(std::unique_ptr<View> view) {
  if (!path_) return view;
  return std::make_unique<KeepingView>(std::move(view), kept_, KeepingView::Results::kept);
}

Result<void> TracePicture::finish() {
  if (!path_) return {};
  return file_->write(draw_traces(kept_));
}

}  // namespace tcp::cmd
