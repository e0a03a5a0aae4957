// SPDX-License-Identifier: MIT
#include "cmd/scan_outputs.hpp"

#include <fcntl.h>

#include <algorithm>

namespace tcp::cmd {
namespace {

constexpr int kFileMode = 0666;  // as the umask has it

std::unique_ptr<ScanView> make_view_of(ScanFormat format, bool stream, Output& out, const ScanViewOptions& options) {
  switch (format) {
    case ScanFormat::text: return stream ? make_scan_stream_view(out, options) : make_scan_text_view(out, options);
    case ScanFormat::json: return make_scan_record_view(make_json_view(out), options);
    case ScanFormat::ndjson: return make_scan_record_view(make_ndjson_view(out), options);
    case ScanFormat::csv: return make_scan_csv_view(out, options);
    case ScanFormat::xml: return make_scan_xml_view(out, options);
    case ScanFormat::greppable: return make_scan_greppable_view(out, options);
    case ScanFormat::html: break;
  }
  return make_scan_html_view(out, options);
}

}  // namespace

Result<std::unique_ptr<ScanOutputs>> ScanOutputs::open(const ScanOutputOptions& options, const ScanViewOptions& shared,
                                                       Output& out) {
  std::unique_ptr<ScanOutputs> outputs(new ScanOutputs(out));
  outputs->views_.push_back(make_view_of(options.format(), options.stream, out, shared));
  for (const ScanOutputFile& file : options.files) {
    UniqueFd fd(::open(file.path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kFileMode));
    if (!fd) return system_error("create " + file.path);
    auto written = std::make_unique<Output>(fd.get(), file.path);
    outputs->views_.push_back(make_view_of(file.format, false, *written, shared));
    outputs->files_.push_back({std::move(fd), std::move(written)});
  }
  return outputs;
}

void ScanOutputs::start(const Record& run) {
  for (const auto& view : views_) view->start(run);
}

void ScanOutputs::port(const scan::PortResult& result) {
  for (const auto& view : views_) view->port(result);
}

void ScanOutputs::change(const ScanChange& change) {
  for (const auto& view : views_) view->change(change);
}

void ScanOutputs::note(const scan::HostNote& note) {
  for (const auto& view : views_) view->note(note);
}

void ScanOutputs::host(const scan::HostFinding& finding) {
  for (const auto& view : views_) view->host(finding);
}

void ScanOutputs::summary(const Record& summary) {
  for (const auto& view : views_) view->summary(summary);
}

bool ScanOutputs::failed() const {
  return out_.failed() || std::ranges::any_of(files_, [](const File& file) { return file.out->failed(); });
}

Result<void> ScanOutputs::finish() {
  for (const File& file : files_) TCP_TRY(file.out->finish());
  return {};
}

}  // namespace tcp::cmd
